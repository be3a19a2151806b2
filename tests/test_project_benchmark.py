"""The benchmark: fair turns, right figures, and nothing that fails in silence. PyTorch need not be installed."""

import itertools
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend, fast_conv
from project import mnist, run_mnist_multiclass
from project.benchmark import __main__ as benchmark
from project.benchmark import (
    cases,
    measure,
    memory,
    ours,
    peers,
    plots,
    processes,
    report,
    startup,
    targets,
    textbook,
    workload,
)
from project.benchmark.measure import Case, Contender, ContenderError, Plan, Task
from project.benchmark.workload import ConvShape

from . import oracles
from .checks import LAYOUTS, lay_out, random_array

pytestmark = pytest.mark.house("the benchmark is no task of the course")

QUICK = Plan(rounds=3, threads=2, quick=True)


@pytest.fixture(autouse=True)
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the benchmark believe that PyTorch is not installed, so that these tests do the same everywhere."""
    monkeypatch.setattr(peers, "torch_installed", lambda: False)


# Statistics


def measured(seconds: float) -> dict[str, Any]:
    return measure.summary([seconds])


def test_a_summary_holds_the_rounds_their_median_and_their_quartiles() -> None:
    assert measure.summary([4, 1, 3, 2, 10]) == {"rounds": [4, 1, 3, 2, 10], "median": 3, "quartiles": [2, 4]}
    assert measure.summary([7.0]) == {"rounds": [7.0], "median": 7.0, "quartiles": [7.0, 7.0]}


def test_the_ratio_is_against_the_fastest_peer() -> None:
    contenders = {
        "minitorch": measured(2.0),
        "PyTorch": measured(9.0),
        "PyTorch compiled": measured(3.0),
        "PyTorch channels_last": {"error": "no"},
        "textbook": measured(1.0),
    }
    assert measure.best_peer(contenders) == "PyTorch compiled"
    assert measure.ratio(contenders) == 3.0 / 2.0
    assert measure.ratio(contenders, against="PyTorch") == 9.0 / 2.0
    assert measure.ratio(contenders, against="textbook") == 1.0 / 2.0
    assert measure.ratio(contenders, against="PyTorch channels_last") is None


@pytest.mark.parametrize(
    "contenders",
    [
        {},
        {"minitorch": measured(1.0)},
        {"PyTorch": measured(1.0)},
        {"minitorch": measured(1.0), "textbook": measured(1.0)},
        {"minitorch": {"error": "no"}, "PyTorch": measured(1.0)},
        {"minitorch": measured(1.0), "PyTorch": {"error": "no"}},
    ],
)
def test_without_one_of_the_two_there_is_no_ratio(contenders: dict[str, Any]) -> None:
    assert measure.ratio(contenders) is None


def test_a_fitted_slope_is_the_power() -> None:
    x = [2.0, 4.0, 8.0]
    assert report.fitted_slope(x, [5 * value**3 for value in x]) == pytest.approx(3)


# Turns


def test_each_round_begins_with_another_contender() -> None:
    asked: list[str] = []

    def ask(name: str) -> int:
        asked.append(name)
        return len(asked)

    answers, errors = measure.interleave(["a", "b", "c"], 4, ask)
    assert "".join(asked) == "abc" + "bca" + "cab" + "abc"
    assert answers == {"a": [1, 6, 8, 10], "b": [2, 4, 9, 11], "c": [3, 5, 7, 12]}
    assert errors == {}


def test_who_fails_is_asked_no_more_and_counts_as_missing() -> None:
    asked: list[str] = []

    def ask(name: str) -> int:
        asked.append(name)
        if name == "b" and asked.count("b") == 2:
            raise ContenderError("out of breath")
        return 1

    answers, errors = measure.interleave(["a", "b"], 4, ask)
    assert asked.count("b") == 2
    assert answers == {"a": [1, 1, 1, 1]}
    assert errors == {"b": "out of breath"}


# Processes. What a process builds has to be a function of a module, so here are some.


def writes_its_name(name: str, file: str) -> Callable[[], None]:
    def work() -> None:
        with open(file, "a", encoding="utf-8") as log:
            log.write(name)
        time.sleep(0.002)

    return work


def sleeps() -> Callable[[], None]:
    return lambda: time.sleep(0.02)


def cannot_be_built() -> Callable[[], None]:
    raise RuntimeError("no such thing")


def fails_after(calls: int) -> Callable[[], None]:
    left = itertools.count(calls, -1)

    def work() -> None:
        time.sleep(0.1)  # longer than a round, so that a round is one call
        if next(left) <= 0:
            raise RuntimeError("tired")

    return work


def dies() -> Callable[[], None]:
    return lambda: os._exit(7)


def wants_threads(threads: str) -> Callable[[], None]:
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS")
    assert [os.environ.get(name) for name in names] == [threads, threads]
    assert "OMP_WAIT_POLICY" not in os.environ
    return lambda: None


def test_contenders_work_in_turn_in_processes_of_their_own(tmp_path: Path) -> None:
    log = tmp_path / "log"
    contenders = [Contender(name, writes_its_name, {"name": name, "file": str(log)}) for name in "abc"]
    found = measure.measure(Case("names", {"kind": "test"}, contenders), QUICK)
    text = log.read_text(encoding="utf-8")
    assert "".join(name for name, _ in itertools.groupby(text)) == "abc" + "abcbcacab"
    # At least three calls to warm up.
    assert all(len(list(calls)) >= 3 for _, calls in itertools.islice(itertools.groupby(text), 3))
    assert (found["name"], found["labels"], found["unit"]) == ("names", {"kind": "test"}, "s")
    assert {name: len(each["rounds"]) for name, each in found["contenders"].items()} == {"a": 3, "b": 3, "c": 3}
    assert not multiprocessing.active_children()


def test_times_are_those_of_one_operation() -> None:
    found = measure.measure(Case("sleep", {}, [Contender("sleeper", sleeps)], parts=4), QUICK)
    assert 0.005 <= found["contenders"]["sleeper"]["median"] < 0.02


def test_a_case_that_is_a_figure_by_itself_gets_more_rounds() -> None:
    found = measure.measure(Case("sleep", {}, [Contender("sleeper", sleeps)], patience=2), QUICK)
    assert len(found["contenders"]["sleeper"]["rounds"]) == 2 * QUICK.rounds
    plan = Plan(rounds=7, threads=2)
    patient = {
        case.name for build in (cases.training, cases.conv, cases.scaling) for case in build(plan) if case.patience > 1
    }
    assert patient == {
        *[f"batch {batch}" for batch in cases.BATCHES],
        *[f"{cases.TEXTBOOK_SHAPE} {dtype}" for dtype in cases.DTYPES],
        *[f"convolution {shape}, threads" for shape in cases.THREAD_SHAPES],
        f"training, batch {cases.THREAD_BATCH}, threads",
    }


def test_a_contender_that_fails_is_reported_and_the_others_go_on() -> None:
    contenders = [
        Contender("unbuilt", cannot_be_built),
        Contender("tired", fails_after, {"calls": 14}),
        Contender("dead", dies),
        Contender("fine", sleeps),
    ]
    # Warming up takes three calls or more, as long as times are unstable, and at most a second; then follow rounds.
    found = measure.measure(Case("failures", {}, contenders), Plan(rounds=16, threads=1, quick=True))["contenders"]
    assert "no such thing" in found["unbuilt"]["error"]
    assert "tired" in found["tired"]["error"]
    assert found["dead"]["error"] == "the process ended with exit code 7"
    assert len(found["fine"]["rounds"]) == 16
    assert [name for name, each in found.items() if "median" in each] == ["fine"]
    assert not multiprocessing.active_children()


def test_every_contender_gets_its_number_of_threads() -> None:
    before = dict(os.environ)
    contenders = [
        Contender("all", wants_threads, {"threads": "2"}),
        Contender("one", wants_threads, {"threads": "1"}, threads=1),
    ]
    found = measure.measure(Case("threads", {}, contenders), Plan(rounds=1, threads=2, quick=True))["contenders"]
    assert [each.get("error") for each in found.values()] == [None, None]
    assert dict(os.environ) == before


def test_processes_end_when_the_benchmark_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*arguments: Any) -> Any:
        assert len(multiprocessing.active_children()) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(measure, "interleave", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure.measure(Case("sleep", {}, [Contender("sleeper", sleeps)]), QUICK)
    assert not multiprocessing.active_children()


def test_a_process_that_is_not_needed_any_more_ends_in_peace(capfd: pytest.CaptureFixture[str]) -> None:
    worker = measure.Worker(Contender("sleeper", sleeps), QUICK)
    worker.connection.send("round")  # and nobody waits for the answer
    worker.end()
    assert worker.process.exitcode == 0
    assert capfd.readouterr().err == ""


# The textbook kernels

SIZES = {1: ((3, 2, 7), (4, 2, 3)), 2: ((2, 3, 5, 4), (4, 3, 2, 3))}  # of input and weight, by rank


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("rank", [1, 2])
def test_textbook_kernels_compute_what_the_fast_ones_do(rank: int, reverse: bool, layout: str) -> None:
    rng = np.random.default_rng(rank)
    input, weight = (random_array(rng, shape) for shape in SIZES[rank])
    oracle, kernel = {
        1: (oracles.conv1d, textbook.tensor_conv1d),
        2: (oracles.conv2d, textbook.tensor_conv2d),
    }[rank]
    places = tuple(range(2, rank + 2))
    # Looking to the left is looking to the right in a mirror.
    expected = np.flip(oracle(np.flip(input, places), weight), places) if reverse else oracle(input, weight)
    out = minitorch.zeros(expected.shape, backend=FastBackend)
    operands = [lay_out(array, layout, FastBackend) for array in (input, weight)]
    kernel(*out.tuple(), out.size, *operands[0].tuple(), *operands[1].tuple(), reverse)
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2])
def test_textbook_gradients_are_those_of_the_library(rank: int) -> None:
    rng = np.random.default_rng(rank)
    input, weight = (random_array(rng, shape) for shape in SIZES[rank])
    upstream = random_array(rng, (input.shape[0], weight.shape[0], *input.shape[2:]))
    tensors = [lay_out(array, "rotated", FastBackend) for array in (input, weight, upstream)]
    found = [tensor.to_numpy() for tensor in textbook.forward_and_backward(*tensors)]

    oracle, gradients = {
        1: (oracles.conv1d, oracles.conv1d_gradients),
        2: (oracles.conv2d, oracles.conv2d_gradients),
    }[rank]
    for got, expected in zip(found, (oracle(input, weight), *gradients(input, weight, upstream))):
        np.testing.assert_allclose(got, expected, rtol=1e-12)

    x, w = (minitorch.tensor(array, backend=FastBackend, requires_grad=True) for array in (input, weight))
    out = {1: fast_conv.conv1d, 2: fast_conv.conv2d}[rank](x, w)
    out.backward(minitorch.tensor(upstream, backend=FastBackend))
    for got, tensor in zip(found, (out, x.grad, w.grad)):
        np.testing.assert_allclose(got, tensor.to_numpy(), rtol=1e-12)


# The work


def test_flops_and_arrays_of_a_convolution() -> None:
    flat, image = ConvShape(2, 3, 4, 5, 3, rank=1), ConvShape(2, 3, 4, 5, 3)
    assert (str(flat), str(image)) == ("2x3x4x5x3 1-D", "2x3x4x5x3")
    assert flat.flops == 3 * 2 * 2 * 3 * 4 * 5 * 3
    assert image.flops == 3 * 2 * 2 * 3 * 4 * 25 * 9
    assert [array.shape for array in flat.arrays("float32")] == [(2, 3, 5), (4, 3, 3), (2, 4, 5)]
    assert [array.shape for array in image.arrays("float32")] == [(2, 3, 5, 5), (4, 3, 3, 3), (2, 4, 5, 5)]
    assert {array.dtype for array in image.arrays("float32")} == {np.dtype("float32")}


def test_the_training_of_the_peers_is_that_of_the_script() -> None:
    settings = run_mnist_multiclass.parse([])
    assert (settings.lr, settings.batch_size, settings.epochs, settings.seed) == (
        workload.LEARNING_RATE,
        workload.BATCH_SIZE,
        workload.EPOCHS,
        workload.SEED,
    )
    assert workload.MOMENTUM == run_mnist_multiclass.MOMENTUM
    assert workload.EVALUATION_BATCH == run_mnist_multiclass.EVALUATION_BATCH
    images, labels = workload.batch_of_digits(5)
    script_images, script_labels = mnist.load("t10k")
    np.testing.assert_array_equal(images, script_images[:5])
    np.testing.assert_array_equal(labels, script_labels[:5])
    pixels = run_mnist_multiclass.to_input(images, FastBackend).to_numpy()
    np.testing.assert_array_equal(workload.to_pixels(images), pixels)
    assert workload.to_pixels(images).dtype == pixels.dtype == np.float32


@pytest.mark.parametrize("name", cases.OPERATIONS)
def test_numpy_computes_the_same_as_the_library(name: str) -> None:
    shape = (3, 5) if " of " in name else (7,)
    got = np.asarray(ours.operation(name, shape, "float32")())
    expected = np.asarray(peers.numpy_operation(name, shape, "float32")())
    assert got.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(got.ravel(), expected.ravel(), rtol=1e-5)


def test_numpy_multiplies_the_same_matrices() -> None:
    np.testing.assert_allclose(
        np.asarray(ours.matrix_product(4, "float64")()), peers.numpy_matrix_product(4, "float64")(), rtol=1e-12
    )


def test_a_convolution_is_measured_with_both_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = ConvShape(2, 1, 2, 4, 3, rank=1)
    seen: list[tuple[Any, Any]] = []
    monkeypatch.setattr(minitorch, "conv1d", lambda *both: seen.append(both) or fast_conv.conv1d(*both))
    work = ours.convolution(shape, "float64")
    work()
    work()
    expected = oracles.conv1d_gradients(*shape.arrays("float64"))
    for tensor, gradient in zip(seen[-1], expected):
        np.testing.assert_allclose(tensor.grad.to_numpy(), gradient, rtol=1e-12)  # of the last call alone


def test_a_chain_is_as_long_as_it_says() -> None:
    x, w, b = (minitorch.tensor([number], requires_grad=True) for number in (0.5, 2.0, 1.0))
    gradients: list[float] = []
    monkey = x.accumulate_derivative
    x.accumulate_derivative = lambda d: (gradients.append(float(d)), monkey(d))  # type: ignore[method-assign]
    workload.chain("multiply", True, x, w, b)()
    assert gradients == [2.0**20]
    assert x.grad is None
    workload.chain("multiply", False, x, w, b)()
    assert len(gradients) == 1


def build_small_network(backend: minitorch.TensorBackend) -> minitorch.Sequential:
    return minitorch.Sequential(
        minitorch.MaxPool2d((7, 7)),
        minitorch.Flatten(),
        minitorch.Linear(16, 10, backend=backend, dtype=np.float32),
        minitorch.LogSoftmax(1),
    )


def test_a_training_step_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    models: list[minitorch.Sequential] = []
    monkeypatch.setattr(ours, "build_network", lambda backend: models.append(build_small_network(backend)) or models[0])
    work = ours.training_step(3)
    work()
    images, labels = workload.batch_of_digits(3)
    pixels = run_mnist_multiclass.to_input(images, FastBackend)
    first = float(minitorch.nll_loss(models[0](pixels), labels))
    for _ in range(5):
        work()
    assert float(minitorch.nll_loss(models[0](pixels), labels)) < 0.8 * first


def test_the_memory_of_a_process_is_known() -> None:
    now, peak = memory.resident_memory()
    block = np.ones(8 * 2**20)  # 64 MiB
    then, later = memory.resident_memory()
    del block
    assert 10 < now <= peak
    assert 60 < then - now < 80
    assert later >= max(then, peak) - 1
    assert memory.resident_memory()[1] > later - 1  # the system counts with a small delay


def test_the_programs_for_start_up_and_memory_report_what_they_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ours, "build_network", build_small_network)
    monkeypatch.setattr(run_mnist_multiclass, "build_network", build_small_network)
    monkeypatch.setattr(startup, "parse", lambda argv: run_mnist_multiclass.parse(["--batch-size", "2"]))
    assert memory.main(["minitorch", "2", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["peak"] > 10
    assert found["peak"] > found["growth"]
    assert startup.main([repr(time.time() - 100)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 100 < found["seconds"] < 200
    assert startup.main([repr(time.time())]) == 0
    assert json.loads(capsys.readouterr().out)["compilations"] == 0  # the first one has compiled all there is


def test_a_program_that_fails_says_why() -> None:
    assert processes.run_program("-c", "import os; print(os.environ['OMP_NUM_THREADS'])", threads=3) == "3\n"
    with pytest.raises(ContenderError, match="ValueError: too late"):
        processes.run_program("-c", "raise ValueError('too late')", threads=1)
    with pytest.raises(ContenderError, match="exit code 5"):
        processes.run_program("-c", "raise SystemExit(5)", threads=1)


def test_the_accuracy_is_read_from_the_last_line_that_tells() -> None:
    line = "epoch 1/1   train: accuracy 11.00 %   test: accuracy 50.00 %\n"
    assert processes.accuracy_of(line + "test accuracy 97.25 % after 5 epochs; weights are in x\n") == 97.25
    with pytest.raises(ContenderError, match="no test accuracy"):
        processes.accuracy_of(line)


def test_peers_that_are_not_installed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan(rounds=7, threads=2)
    every = [cases.training, cases.conv, cases.matmul, cases.elementwise, cases.small, cases.scaling]
    without = {contender.name for build in every for case in build(plan) for contender in case.contenders}
    assert not any("PyTorch" in name for name in without)
    monkeypatch.setattr(peers, "torch_installed", lambda: True)
    with_torch = {contender.name for build in every for case in build(plan) for contender in case.contenders}
    assert with_torch - without == {"PyTorch", "PyTorch channels_last", "PyTorch compiled"}
    assert processes.eager_variants() == ("PyTorch", "PyTorch channels_last")


def test_times_of_chains_are_those_of_an_operation() -> None:
    parts = {case.name: case.parts for case in cases.small(Plan(rounds=7, threads=2))}
    assert parts["multiply, forward"] == parts["sigmoid, forward + backward"] == 20
    assert parts["mixed, forward + backward"] == 60
    assert parts["creation from a number"] == 1


# Figures


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


# The command


def run_fakes(
    monkeypatch: pytest.MonkeyPatch, out: Path, names: list[str], seconds: float, *more: str, error: str = ""
) -> int:
    """Run the command with a group `one` and a group `two` of one case each."""

    def fake(name: str) -> Callable[[Plan], list[Task]]:
        answers = {} if error else {"minitorch": [seconds]}
        errors = {"minitorch": error} if error else {}
        found = measure.result(f"case of {name}", {"batch": 1}, ["minitorch"], answers, errors)
        return lambda plan: [Task("fake", lambda: [found])]

    monkeypatch.setattr(benchmark, "GROUPS", ("one", "two"))
    monkeypatch.setattr(benchmark, "PROCESSES", {"one": fake("one"), "two": fake("two")})
    monkeypatch.setattr(benchmark, "draw", lambda groups, out: None)
    return benchmark.main(["--only", *names, "--out", str(out), *more])


def results(out: Path) -> dict[str, Any]:
    return json.loads((out / "results.json").read_text(encoding="utf-8"))


def medians(out: Path) -> dict[str, float]:
    groups = results(out)["groups"]
    return {name: each["cases"][0]["contenders"]["minitorch"]["median"] for name, each in groups.items()}


def test_results_of_other_groups_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_fakes(monkeypatch, tmp_path, ["one", "two"], 1.0, "--rounds", "5") == 0
    assert run_fakes(monkeypatch, tmp_path, ["two"], 2.0) == 0
    assert medians(tmp_path) == {"one": 1.0, "two": 2.0}
    groups = results(tmp_path)["groups"]
    assert (groups["one"]["rounds"], groups["two"]["rounds"]) == (5, 7)
    assert groups["one"]["command"].endswith("--rounds 5")
    assert groups["two"]["command"].endswith(str(tmp_path))


def test_results_of_another_machine_are_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_fakes(monkeypatch, tmp_path, ["one"], 1.0) == 0
    assert "another machine" not in capsys.readouterr().out
    here = report.machine(1)
    monkeypatch.setattr(report, "machine", lambda threads: {**here, "NumPy": "0.1"})
    assert run_fakes(monkeypatch, tmp_path, ["two"], 2.0) == 0
    assert medians(tmp_path) == {"two": 2.0}
    assert "another machine or other versions" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["not json", "[]", "{}"])
def test_a_file_that_is_no_result_is_not_overwritten(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "results.json").write_text(text, encoding="utf-8")
    with pytest.raises(minitorch.DataFileError, match=r"(?s)cannot be read.*--out"):
        run_fakes(monkeypatch, tmp_path, ["one"], 1.0)
    assert (tmp_path / "results.json").read_text(encoding="utf-8") == text


def test_a_failure_is_shown_kept_and_told_by_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_fakes(monkeypatch, tmp_path, ["one"], 1.0, error="Traceback\nMemoryError: full") == 1
    assert "case of one: minitorch failed: MemoryError: full" in capsys.readouterr().err
    kept = results(tmp_path)["groups"]["one"]["cases"][0]["contenders"]["minitorch"]
    assert kept == {"error": "Traceback\nMemoryError: full"}


def test_a_quick_run_from_beginning_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--quick", "--only", "small", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "PyTorch is not installed" in said
    assert "proves nothing" in said
    assert "small 1/3: mixed, forward + backward" in said
    found = results(tmp_path)
    assert found["machine"]["threads"] == measure.available_threads()
    assert found["groups"]["small"]["quick"] is True
    assert len(found["groups"]["small"]["cases"]) == 3
    for each in found["groups"]["small"]["cases"]:
        assert list(each["contenders"]) == ["minitorch"]
        assert 0 < each["contenders"]["minitorch"]["median"] < 0.1
    assert len(found["targets"]) == len(EXPECTED)
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert table in said
    assert "| mixed, forward + backward |" in table
    assert (tmp_path / "benchmark.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_no_picture_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr("project.benchmark.plots")
    monkeypatch.delitem(sys.modules, "project.benchmark.plots")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    benchmark.draw({}, tmp_path)
    assert "No picture was drawn, for matplotlib" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [["--only", "speed"], ["--only"], ["--rounds", "0"], ["--rounds", "1.5"]])
def test_nonsense_on_the_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        benchmark.main(arguments)
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err
