"""Cases run in a process of their own: what crashes, hangs, floods or lies costs its own case, and no other."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from project.course.cases import Case, Outcome
from project.course.judging import judge, judge_all
from project.course.planting import planted
from project.course.runner import WORDS, _read_outcome, run_cases
from project.course.suites import cases_of

pytestmark = pytest.mark.house("the course tool is no task of the course")

TASK = "1_1"
CASES = cases_of(TASK)[:3]


def run_with(body: str, cases: list[Case] | None = None) -> list[Outcome]:
    """The outcomes of three cases of central differences, where the function has this body."""
    lines = "\n".join([f"    {line}" for line in body.splitlines()])
    solution = f"def central_difference(f, *vals, arg=0, epsilon=1e-6):\n{lines}\n"
    with planted({"minitorch/autodiff.py": solution}) as tree:
        outcomes = run_cases(cases or CASES, "plain", tree)
    return list(outcomes.values())


def test_the_library_gives_values() -> None:
    assert [outcome.status for outcome in run_cases(CASES, "plain").values()] == ["values"] * 3
    assert all(verdict.passed for verdict in judge_all(CASES, stages=("plain",)).values())


def test_an_error_is_told_with_its_place() -> None:
    for outcome in run_with("left = 1\nreturn left / 0"):
        assert outcome.status == "error"
        assert "ZeroDivisionError: division by zero" in outcome.error
        assert "minitorch/autodiff.py" in outcome.error
        assert "return left / 0" in outcome.error


def test_what_is_not_written_yet_is_told_apart() -> None:
    assert {o.status for o in run_with('raise NotImplementedError("Task 1.1: write it.")')} == {"missing"}
    assert {o.status for o in run_with("raise NotImplementedError")} == {"error"}


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("import os\nos._exit(0)", "exit status 0"),
        ("import sys\nsys.exit(3)", "exit status 3"),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "signal SIGSEGV"),
    ],
)
def test_a_process_that_ends_is_a_crash_of_each_case(body: str, how: str) -> None:
    outcomes = run_with(body)
    assert [outcome.status for outcome in outcomes] == ["crashed"] * 3
    assert all(how in outcome.error for outcome in outcomes)


def test_only_the_case_that_crashes_is_lost() -> None:
    first = "global calls\ncalls = globals().get('calls', 0) + 1\n"
    body = first + "if calls == 1:\n    import os\n    os._exit(1)\nraise ValueError(str(calls))"
    # Each process crashes at its first case, so no case survives; but each is told.
    assert [outcome.status for outcome in run_with(body)] == ["crashed"] * 3
    body = first + "if calls == 2:\n    import os\n    os._exit(1)\nraise ValueError(str(calls))"
    assert [outcome.status for outcome in run_with(body)] == ["error", "crashed", "error"]


def test_an_endless_loop_is_ended() -> None:
    hurried = [Case(TASK, case.name, case.run, case.oracle, case.inputs, seconds=0.5) for case in CASES]
    outcomes = run_with("while True:\n    pass", hurried[:1])
    assert [outcome.status for outcome in outcomes] == ["timeout"]


def test_what_is_printed_is_kept_apart() -> None:
    body = "import os\nprint('by print')\nos.system('echo by another program')\nreturn 1.0"
    for outcome in run_with(body):
        assert outcome.status == "values"
        assert "by print" in outcome.printed
        assert "by another program" in outcome.printed


def test_a_flood_is_cut_off() -> None:
    for outcome in run_with("for _ in range(100_000):\n    print('x' * 50)\nreturn 1.0"):
        assert outcome.status == "values"
        assert len(outcome.printed) == 2000


def test_forged_answers_are_crashes() -> None:
    """Whoever finds the channel can say what values came out, but nothing that breaks the reader."""
    lines = ["import os", "for fd in range(3, 20):", "    try:", "        os.write(fd, b'[]' + bytes([10]))"]
    body = "\n".join([*lines, "    except OSError:", "        pass", "return 1.0"])
    statuses = [outcome.status for outcome in run_with(body)]
    assert statuses[0] == "crashed"
    assert set(statuses) <= {"crashed", "values"}


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "3",
        "[" * 100_000,
        '{"task": "1_1", "name": "another", "status": "values", "values": {"dict": {}}}',
        '{"task": "1_1", "name": "NAME", "status": "passed", "values": {"dict": {}}}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"list": []}, "error": 3}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"list": [1]}}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"array": "A", "dtype": "x", "shape": 3}}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"array": "A", "dtype": "f8,(", "shape": [0]}}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"dict": {"x": {"number": "0x1p9999999"}}}}',
        '{"task": "1_1", "name": "NAME", "status": "values", "values": {"dict": {"difference": 1' + "0" * 4000 + "}}}",
        '{"task": "1_1", "name": "NAME", "status": ["values"]}',
        '{"task": "1_1", "name": "NAME"}',
    ],
)
def test_whatever_is_said_can_be_read(line: str) -> None:
    """Nothing that a process says ends the one that listens; and none of this is a right answer."""
    outcome = _read_outcome(line.replace("NAME", CASES[0].name), CASES[0])
    assert not judge(CASES[0], "plain", outcome).passed


def test_no_text_that_is_said_is_kept_as_a_whole() -> None:
    long = {"error": "e" * 100_000, "where": "w" * 100_000, "printed": "p" * 100_000}
    outcome = _read_outcome(json.dumps({"task": TASK, "name": CASES[0].name, "status": "error"} | long), CASES[0])
    assert len(outcome.error) + len(outcome.printed) < 3 * WORDS + 10


CHANNELS = "import os, time\nfor fd in range(3, 30):\n    try:\n        {}\n    except OSError:\n        pass\n"


@pytest.mark.parametrize(
    "body",
    [
        CHANNELS.format("os.close(fd)") + "time.sleep(60)",  # lives on, and cannot say anything any more
        CHANNELS.format("while fd != 3 or os.write(fd, b'x' * 65536): pass"),  # says a line without an end
        CHANNELS.format("os.write(fd, b'x' * 65536 * 40)"),
    ],
)
def test_who_does_not_answer_as_agreed_is_ended(body: str) -> None:
    began = time.monotonic()
    hurried = [replace(case, seconds=2.0) for case in CASES[:1]]
    (outcome,) = run_with(body, hurried)
    assert outcome.status in ("crashed", "timeout")
    assert time.monotonic() - began < 20


def test_nobody_waits_for_a_process_that_does_not_listen() -> None:
    """The list of what is wanted can be longer than what a pipe holds."""
    wordy = [replace(case, name=case.name + "x" * 100_000) for case in CASES]
    with planted() as tree:
        (tree / "minitorch" / "errors.py").write_text("import os\nos._exit(3)\n", encoding="utf-8")
        outcomes = list(run_cases(wordy, "plain", tree).values())
    assert [outcome.status for outcome in outcomes] == ["crashed"] * 3
    assert "exit status 3" in outcomes[0].error


def test_a_process_that_stays_and_holds_on_is_not_waited_for() -> None:
    """Outside of a sandbox, it gets away; and it keeps the other end of the pipes open."""
    script = "import time; time.sleep(25)"
    body = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {script!r}], start_new_session=True, "
    began = time.monotonic()
    run_with(f"{body}close_fds=False)\nreturn 1.0", list(CASES[:1]))
    assert time.monotonic() - began < 20


def test_a_syntax_error_is_a_crash_that_says_so() -> None:
    with planted() as tree:
        (tree / "minitorch" / "autodiff.py").write_text("def broken(:\n", encoding="utf-8")
        outcomes = list(run_cases(CASES, "plain", tree).values())
    assert [outcome.status for outcome in outcomes] == ["crashed"] * 3
    assert all("SyntaxError" in outcome.error for outcome in outcomes)


def test_a_script_that_cannot_be_imported_costs_its_own_cases() -> None:
    cases = [*cases_of("0_5")[:2], *CASES[:1]]
    with planted() as tree:
        (tree / "project" / "run_manual.py").write_text("1 / 0\n", encoding="utf-8")
        outcomes = list(run_cases(cases, "plain", tree).values())
    assert [outcome.status for outcome in outcomes] == ["error", "error", "values"]
    assert "ZeroDivisionError" in outcomes[0].error


def test_cases_of_other_stages_are_left_out() -> None:
    case = Case(TASK, CASES[0].name, CASES[0].run, CASES[0].oracle, CASES[0].inputs, stages=("threads",))
    assert run_cases([case], "plain") == {}


def test_each_outcome_is_told_at_once() -> None:
    told: list[str] = []
    run_cases(CASES, "plain", each=lambda case, outcome: told.append(case.id))
    assert told == [case.id for case in CASES]


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    """What a student's code starts ends with it."""
    flag = tmp_path / "alive"
    script = f"import time, pathlib; time.sleep(4); pathlib.Path({str(flag)!r}).touch()"
    run_with(f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {script!r}])\nreturn 1.0")
    time.sleep(5)
    assert not flag.exists()


def test_what_is_drawn_at_random_is_the_same_in_every_process() -> None:
    body = "import random\nreturn random.random()"
    once, again = run_with(body), run_with(body)
    assert [outcome.values for outcome in once] == [outcome.values for outcome in again]
    assert len({str(outcome.values) for outcome in once}) == 3
