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

import pytest

import minitorch
from project.benchmark import __main__ as benchmark
from project.benchmark import (
    cases,
    measure,
    peers,
    report,
)
from project.benchmark.measure import Case, Contender, ContenderError, Plan, Task

from .test_project_benchmark_report import EXPECTED, measured

pytestmark = pytest.mark.house("the benchmark is no task of the course")

QUICK = Plan(rounds=3, threads=2, quick=True)


@pytest.fixture(autouse=True)
def no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the benchmark believe that PyTorch is not installed, so that these tests do the same everywhere."""
    monkeypatch.setattr(peers, "torch_installed", lambda: False)


# Statistics


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
