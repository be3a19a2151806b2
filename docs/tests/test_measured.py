"""What pages say of the benchmark: only what was measured, in words that fit any number."""

import json
from pathlib import Path
from typing import Any

import pytest

from docs.figures import ladder, measured
from project.benchmark.cases import CONV_SHAPES, DTYPES
from project.benchmark.ladder import QUANTITIES, STEPS
from project.benchmark.measure import summary

pytestmark = pytest.mark.house("the guide is no task of the course")

MACHINE = {"processor": "Some Processor", "cores": 2, "threads": 2, "numba": "0.68.1", "PyTorch": None}


def case(labels: dict[str, Any], seconds: dict[str, float]) -> dict[str, Any]:
    return {"labels": labels, "contenders": {name: summary([value]) for name, value in seconds.items()}}


def group(cases: list[dict[str, Any]]) -> dict[str, Any]:
    return {"quick": False, "cases": cases}


def made_up() -> dict[str, Any]:
    """Each step takes half of the time of the step before; PyTorch takes twice as long as the library."""
    times = {name: 16 / 2**place for place, name in enumerate([*STEPS, "minitorch"])}
    times |= {"PyTorch": 1.0, "PyTorch channels_last": 2 * times["minitorch"]}
    steps = [case({"shape": str(shape)}, times) for shape in measured.LADDERS.values()]
    counts = [case({"quantity": quantity}, {"rows": 8.0}) for quantity in QUANTITIES]
    both = {"minitorch": 1.0, "PyTorch": 1.5, "textbook": 60.0}
    conv = [case({"shape": str(shape), "dtype": dtype}, both) for shape in CONV_SHAPES for dtype in DTYPES]
    training = case({"batch": 64}, {"minitorch": 1.0, "PyTorch": 3.0, "PyTorch compiled": 2.0})
    groups = {"ladder": group(steps + counts), "conv": group(conv), "training": group([training])}
    return {"machine": MACHINE, "groups": groups}


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    """Made-up results, to change; `keep` writes them to where the pages take theirs from."""
    monkeypatch.setattr(measured, "RESULTS", tmp_path / "benchmark.json")
    found = made_up()
    keep(found)
    return found


def keep(results: dict[str, Any]) -> None:
    measured.RESULTS.write_text(json.dumps(results), encoding="utf-8")


def test_what_was_measured_has_a_name(results: dict[str, Any]) -> None:
    said = {name: words.replace("\u00a0", " ") for name, words in measured.substitutions().items()}
    expected = {
        "machine_processor": "Some Processor",
        "machine_cores": "2",
        "machine_numba": "0.68.1",
        "ladder_shape": "16x4x8x28x3",
        "ladder_loops_time": "16.0 s",
        "ladder_loops_product": "4.43 µs",
        "ladder_one_row_time": "250 ms",
        "ladder_one_row_gain": "2.00 x",
        "ladder_rows_packed": "8",
        "ladder_minitorch_gain": "2.00 x",
        "ladder_pytorch_time": "125 ms",
        "ladder_all_gain": "256 x",
        "ladder_textbook_gain": "64.0 x",
        "ladder_pytorch_gain": "2.00 x",
        "large_ladder_shape": "16x4x8x280x3",
        "conv_float32_gain": "1.50 x",
        "conv_float64_worst_gain": "1.50 x",
        "conv_textbook_gain": "60.0 x",
        "training_64_gain": "2.00 x",
        "training_64_peer": "PyTorch compiled",
    }
    assert {name: said.get(name) for name in expected} == expected
    assert "| rows | 1.00 s | 2.00 x | 8 | 8 | 8 |" in said["ladder_table"]
    assert "| PyTorch channels_last | 125 ms |  |  |  |  |" in said["ladder_table"]


def test_what_was_not_measured_has_none(results: dict[str, Any]) -> None:
    said = measured.substitutions()
    absent = {"machine_pytorch", "ladder_loops_gain", "ladder_loops_packed", "training_16_gain", "sentiment_gain"}
    assert not absent & set(said)
    del results["groups"]["conv"]["cases"][0]  # a mean of some shapes would mislead
    results["groups"]["ladder"]["quick"] = True  # and a quick run proves nothing
    keep(results)
    assert not {name for name in measured.substitutions() if "ladder" in name or name == "conv_float32_gain"}


def test_a_step_that_failed_leaves_a_gap(results: dict[str, Any]) -> None:
    for each in results["groups"]["ladder"]["cases"]:
        each["contenders"]["nested"] = {"error": "no"}
    keep(results)
    said = measured.substitutions()
    assert not {name for name in said if "_nested_" in name}
    assert "ladder_rows_time" in said
    assert "ladder_rows_gain" not in said


def test_numbers_are_as_short_as_they_can_be() -> None:
    ratios = [measured.times(ratio).replace("\u00a0", " ") for ratio in (0.771, 1.9, 61.73, 378.2, 10295)]
    assert ratios == ["0.77 x", "1.90 x", "61.7 x", "378 x", "10,300 x"]
    assert measured.time(0.000283).replace("\u00a0", " ") == "283 µs"


def test_the_figure_says_the_same(results: dict[str, Any]) -> None:
    alt = ladder.draw().alt.replace("\u00a0", " ")
    assert "loops 16.0 s; compiled 8.00 s, a gain of 2.00 x;" in alt
    assert "PyTorch, a dashed line across all bars, 125 ms" in alt
    for each in results["groups"]["ladder"]["cases"]:
        for name in ("PyTorch", "PyTorch channels_last"):
            each["contenders"].pop(name, None)
    keep(results)
    assert "PyTorch" not in ladder.draw().alt


def test_the_results_that_are_kept_can_be_read() -> None:
    assert measured.substitutions()["ladder_table"]
