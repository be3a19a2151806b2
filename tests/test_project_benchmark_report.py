"""The figures and the report of the benchmark: right, complete, and open about what was not measured."""

from pathlib import Path
from typing import Any

import pytest

from project.benchmark import __main__ as benchmark
from project.benchmark import (
    cases,
    measure,
    plots,
    report,
    targets,
    workload,
)

pytestmark = pytest.mark.house("the benchmark is no task of the course")

# Figures


def measured(seconds: float) -> dict[str, Any]:
    return measure.summary([seconds])


def group(found: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"command": "made up", "rounds": 1, "quick": False, "library": "0", "cases": found, **more}


def case(labels: dict[str, Any], seconds: dict[str, float], unit: str = "s") -> dict[str, Any]:
    contenders = {name: measured(value) for name, value in seconds.items()}
    return {"name": str(labels), "labels": labels, "unit": unit, "contenders": contenders}


THREADS = {"threads 1": 1.75, "threads 2": 1.0, "arithmetic, threads 1": 1.9, "arithmetic, threads 2": 1.0}


def made_up(speed: float = 2.0) -> dict[str, Any]:
    """Results in which the library is `speed` times as fast as everything else, and the textbook 60 times slower."""
    both = {"minitorch": 1.0, "PyTorch": speed, "PyTorch channels_last": 3 * speed}
    numpy = {"minitorch": 1.0, "NumPy": speed}
    conv = [
        case({"shape": str(s), "dtype": d, "flops": s.flops}, {**both, "textbook": 60.0})
        for d in cases.DTYPES
        for s in cases.CONV_SHAPES
    ]
    conv.append(case({"peak": "float32", "flops": 10**12}, {"processor": 1.0}))
    elementwise = [
        case({"operation": name, "kind": kind, "size": size, "dtype": dtype}, numpy)
        for name, kind in cases.OPERATIONS.items()
        for size in cases.ELEMENTWISE_SIZES
        for dtype in cases.DTYPES
    ]
    works = [*[f"convolution {shape}" for shape in cases.THREAD_SHAPES], f"training, batch {cases.THREAD_BATCH}"]
    scaling = [
        case({"along": "batch"}, {f"batch {n}": float(n) for n in cases.SCALING_BATCHES}),
        case({"along": "size"}, {f"size {n}": n**2.0 for n in cases.SCALING_SIZES}),
        case({"along": "channels"}, {f"channels {n}": n**2.0 for n in cases.SCALING_CHANNELS}),
        *[case({"along": "threads", "work": work}, THREADS) for work in works],
    ]
    imports = {"numba": 0.5, "numba and minitorch": 0.625, "minitorch after numba": 0.125, "PyTorch": 1.0}
    return {
        "training": group([case({"batch": batch}, both) for batch in cases.BATCHES]),
        "sequences": group([case({"network": network}, both) for network in cases.SEQUENCE_NETWORKS]),
        "conv": group(conv),
        "matmul": group([case({"size": s, "dtype": d}, numpy) for s in cases.MATRIX_SIZES for d in cases.DTYPES]),
        "elementwise": group(elementwise),
        "small": group([case({"link": link, "backward": b}, both) for link in workload.LINKS for b in (True, False)]),
        "startup": group(
            [
                case({"quantity": "import"}, imports),
                case({"quantity": "warm seconds"}, {"minitorch": 2.0}),
                case({"quantity": "warm compilations"}, {"minitorch": 0.0}, "kernels"),
                case({"quantity": "cold seconds"}, {"minitorch": 30.0}),
            ]
        ),
        "memory": group([case({"quantity": "peak", "batch": 512, "steps": 20}, both, "MiB")]),
        "scaling": group(scaling),
        "full": group([case({"quantity": "seconds", "epochs": 5}, both)]),
    }


def figures(groups: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in targets.evaluate(groups)}


def find(groups: dict[str, Any], name: str, **labels: Any) -> dict[str, Any]:
    """The contenders of one made-up case, to change them."""
    (found,) = [c["contenders"] for c in groups[name]["cases"] if labels.items() <= c["labels"].items()]
    return found


EXPECTED = {  # value, must and aim, and whether they are met, when the library is twice as fast
    **{f"training throughput against PyTorch, batch {batch}": (2.0, 1.0, 1.5, True, True) for batch in cases.BATCHES},
    **{
        f"training throughput against PyTorch, {network}": (2.0, 1.0, 1.5, True, True)
        for network in ("sentiment", "speech", "anomaly")
    },
    "convolution and gradients against PyTorch, float32, geometric mean of 8 shapes": (2.0, 1.0, 1.5, True, True),
    "convolution and gradients against PyTorch, float32, worst shape": (2.0, 0.5, 1.0, True, True),
    "convolution and gradients against PyTorch, float64, geometric mean of 8 shapes": (2.0, 1.0, 1.5, True, True),
    "convolution and gradients against the textbook kernel, 16x4x8x28x3": (60.0, 50.0, 100.0, True, False),
    "matrix product against NumPy, float32, worst of 256 to 1024": (2.0, 0.4, 0.8, True, True),
    **{
        f"{kind} against NumPy, 1e+05 elements and more, geometric mean": (2.0, 1.0, 2.0, True, True)
        for kind in ("map", "zip", "reduce")
    },
    "small operation, forward + backward: our time / PyTorch's": (0.5, 3.0, 1.0, True, True),
    "import minitorch, beyond import numba": (0.125, 0.15, 0.05, True, False),
    "first training step of a warm process, with 0 compilations": (2.0, 3.0, 1.5, True, False),
    "first training step on a cold machine": (30.0, 40.0, 20.0, True, False),
    "peak memory, batch 512: ours / PyTorch's": (0.5, 1.0, 0.7, True, True),
    "two threads against one, convolution 16x16x32x28x3": (1.75, 1.6, 1.9, True, False),
    "two threads against one, convolution 128x4x8x28x3": (1.75, 1.6, 1.9, True, False),
    "two threads against one, training, batch 128": (1.75, 1.6, 1.9, True, False),
    "full training run: our time / PyTorch's": (0.5, 1.0, 0.7, True, True),
}


def test_figures_follow_from_the_results() -> None:
    rows = figures(made_up())
    assert set(rows) == set(EXPECTED)
    for name, (value, *rest) in EXPECTED.items():
        row = rows[name]
        assert row["value"] == pytest.approx(value), name
        assert [row[key] for key in ("must", "aim", "must_met", "aim_met")] == rest, name
    assert rows["two threads against one, training, batch 128"]["detail"] == "arithmetic alone: 1.90 x"


def test_without_results_nothing_was_measured_and_nothing_met() -> None:
    quick = {name: {**each, "quick": True} for name, each in made_up().items()}
    for groups in ({}, quick):
        for row in targets.evaluate(groups):
            assert (row["value"], row["must_met"], row["aim_met"]) == (None, None, None)


@pytest.mark.parametrize(
    ("name", "bound", "at_most"),
    [("must", 1.0, False), ("aim", 1.5, False), ("must", 3.0, True), ("aim", 1.0, True)],
)
def test_just_short_of_a_bound_is_not_enough(name: str, bound: float, at_most: bool) -> None:
    worse = 1e-9 if at_most else -1e-9
    for value, met in ((bound, True), (bound + worse, False), (bound - worse, True)):
        row = targets.Target("a figure", value, bound, bound, at_most).as_row()
        assert row[f"{name}_met"] is met


def test_a_mean_is_geometric_and_the_worst_case_stands_beside_it() -> None:
    groups = made_up()
    find(groups, "elementwise", operation="exp", size=10**6, dtype="float64")["NumPy"] = measured(0.5)
    row = figures(groups)["map against NumPy, 1e+05 elements and more, geometric mean"]
    assert row["value"] == pytest.approx((2.0**17 * 0.5) ** (1 / 18))
    assert row["detail"] == "worst: 0.50 (exp, 1e+06, float64)"
    find(groups, "elementwise", operation="neg", size=10**3, dtype="float64")["NumPy"] = measured(0.001)
    assert figures(groups)[row["name"]] == row  # small tensors do not count

    find(groups, "conv", shape="16x64x64x28x3", dtype="float32")["PyTorch"] = measured(0.25)
    rows = figures(groups)
    worst = rows["convolution and gradients against PyTorch, float32, worst shape"]
    assert (worst["value"], worst["must_met"]) == (0.25, False)
    assert worst["detail"] == "worst: 0.25 (16x64x64x28x3)"
    mean = rows["convolution and gradients against PyTorch, float32, geometric mean of 8 shapes"]["value"]
    assert mean == pytest.approx((2.0**7 / 4) ** (1 / 8))


@pytest.mark.parametrize(
    ("name", "labels", "figure"),
    [
        ("conv", {"shape": "16x64x64x28x3", "dtype": "float64"}, "float64, geometric mean"),
        ("conv", {"shape": "16x64x64x28x3", "dtype": "float32"}, "float32, worst shape"),
        ("elementwise", {"operation": "mul", "size": 10**7, "dtype": "float32"}, "zip against NumPy"),
        ("small", {"link": "add", "backward": True}, "small operation"),
        ("matmul", {"size": 512, "dtype": "float32"}, "matrix product"),
    ],
)
def test_a_mean_of_some_cases_is_no_figure(name: str, labels: dict[str, Any], figure: str) -> None:
    groups = made_up()
    find(groups, name, **labels)["minitorch"] = {"error": "no"}
    incomplete = [row for title, row in figures(groups).items() if figure in title]
    assert [row["value"] for row in incomplete] == [None]


def test_a_warm_process_may_not_compile_anything() -> None:
    groups = made_up()
    find(groups, "startup", quantity="warm compilations")["minitorch"] = measure.summary([0, 0, 1])
    row = figures(groups)["first training step of a warm process, with 0 compilations"]
    assert (row["value"], row["must_met"], row["detail"]) == (2.0, False, "compilations: 1")


# The report


def test_numbers_are_shown_in_units_for_people() -> None:
    found = {"median": 0.00152, "quartiles": [0.0015, 0.00161]}
    assert report.spread(found, "s") == "1.52 ms [1.50, 1.61]"
    assert report.spread(found, "images/s", report.images_per_second(16)) == "10,526 images/s [9,938, 10,667]"
    assert report.spread(measured(2.5e-6), "s") == "2.50 us [2.50, 2.50]"
    assert report.spread(measured(312.0), "MiB") == "312 MiB [312, 312]"
    assert report.spread({"error": "no"}, "s") == "failed"
    assert report.spread(None, "s") == ""


def test_the_document_shows_figures_and_failures() -> None:
    groups = made_up()
    find(groups, "training", batch=64)["PyTorch"] = {"error": "Traceback\nRuntimeError: no compiler"}
    del groups["small"]
    for name in ("arithmetic, threads 1", "arithmetic, threads 2"):  # left out by an earlier run
        del find(groups, "scaling", along="threads", work="training, batch 128")[name]
    text = report.document(report.machine(2), groups, targets.evaluate(groups))
    assert "| training throughput against PyTorch, batch 16 | 2.000 x | >= 1 x | yes | >= 1.5 x | yes |" in text
    (line,) = [line for line in text.splitlines() if line.startswith("| small operation")]
    assert "not measured" in line
    assert "yes" not in line
    assert "RuntimeError: no compiler" in text
    assert "| {'shape': '16x4x8x28x3', 'dtype': 'float32'" in text
    assert "The time grows with the power 2.00." in text
    assert "Two threads are 1.75 times as fast as one, and 1.90 times at arithmetic that touches no memory." in text
    assert "Two threads are 1.75 times as fast as one." in text
    assert "proves nothing" not in text
    assert "compare their stamps" not in text
    groups["conv"].update(quick=True, library="1")
    text = report.document(report.machine(2), groups, targets.evaluate(groups))
    assert "proves nothing" in text
    assert "compare their stamps" in text


def test_the_picture_is_drawn_from_whatever_there_is(tmp_path: Path) -> None:
    groups = made_up()
    find(groups, "training", batch=64)["PyTorch"] = {"error": "no"}
    for name, results in {"all": groups, "some": {"conv": groups["conv"]}}.items():
        plots.draw(results, tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_every_group_has_a_table() -> None:
    assert set(report.TITLES) == set(benchmark.GROUPS)
