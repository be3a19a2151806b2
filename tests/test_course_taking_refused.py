"""What is taken out of submissions that no parser can read, or that reach for the checker: as little as need be."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from project.course.runner import ROOT
from project.course.taking import Taken, answer, files_for, take
from project.course.tasks import tasks

from .test_course_taking import HANDED_OUT, MODULES, MUL, NUMBERS, STUB, body, hand_out, run, take_changed

pytestmark = pytest.mark.house("the course tool is no task of the course")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return hand_out(tmp_path)


# Files that cannot be read


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def helper(:\n", 1),
        ("x = 1\nx = (\n", 2),
        ("def f():\n\treturn 1\n        return 2\n", 3),
        ("x = 1\nreturn x\n", 2),
        ("x = 1\n\nbreak\n", 3),
        ("def f(a, a): pass\n", 1),
        ("x = 'a\n", 1),
        ("'''\n", 1),
        ("print 'hello'\n", 1),
        ("<<<<<<< HEAD\n", 1),
        ("x = 1\nfrom __future__ import annotations\n", 2),
    ],
)
def test_a_syntax_error_costs_the_tasks_of_its_file_only(base: Path, text: str, line: int) -> None:
    train = HANDED_OUT[MODULES].replace(body(MODULES, "train"), "def train(self):\n        return 'on'")
    files = HANDED_OUT | {NUMBERS: text, MODULES: train}
    taken = take(files, HANDED_OUT, [tasks()[number] for number in ("0_1", "0_4")])
    found, problem = files_for(tasks()["0_1"], taken, base)
    assert found == {}
    assert problem.startswith("Its file cannot be read.\n")
    assert f"{NUMBERS}, line {line}: " in problem
    found, problem = files_for(tasks()["0_4"], taken, base)
    assert list(found) == [MODULES]
    assert problem == ""


def test_a_character_that_no_file_has_is_told(base: Path) -> None:
    taken = take(HANDED_OUT | {NUMBERS: "x = 1\0\n"}, HANDED_OUT, [tasks()["0_1"]])
    assert "null bytes" in files_for(tasks()["0_1"], taken, base)[1]


DEEP = {
    "parentheses": "x = " + "(" * 5000 + ")" * 5000,
    "sum": "x = 1" + " + 1" * 50_000,
    "lists": "x = " + "[" * 50_000 + "]" * 50_000,
    "signs": "x = " + "-" * 50_000 + "1",
    "attributes": "x = a" + ".a" * 50_000,
    "calls": "x = a" + "()" * 50_000,
    "functions": "".join([f"{' ' * i}def f():\n" for i in range(90)]) + " " * 90 + "pass",
    "conditions": "if a: pass\n" + "elif a: pass\n" * 5000,
    "middling sum": f"{MUL[1]}\n\n\ndef helper():\n    return 1" + " + 1" * 700,
}


def test_no_nesting_ends_what_reads_the_others(base: Path) -> None:
    # In a process of its own, for what parses such a file may end.
    requests = [
        {"files": HANDED_OUT | {NUMBERS: f"{text}\n"}, "handed_out": str(base)}
        | {"tasks": ["0_1", "0_4"], "bases": dict.fromkeys(["0_1", "0_4"], str(base))}
        for text in DEEP.values()
    ]
    code = "import json, sys; from project.course.taking import answer\n"
    code += "for request in json.load(sys.stdin): print(json.dumps(answer(request)), flush=True)"
    lines = ask(["-c", code], requests)
    assert len(lines) == len(DEEP), f"{list(DEEP)[len(lines)]} ends the process"
    for what, line in zip(DEEP, lines):
        found = json.loads(line)["tasks"]
        assert "cannot be read" in found["0_1"]["problem"] or what == "functions", what
        assert found["0_4"]["problem"] == "", what


def ask(arguments: list[str], request: Any) -> list[str]:
    """Run Python, and return the lines that it prints."""
    done = subprocess.run(
        [sys.executable, *arguments], input=json.dumps(request), cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.stdout.splitlines()


def test_the_process_that_takes_answers_for_each_task(base: Path) -> None:
    files = HANDED_OUT | {NUMBERS: HANDED_OUT[NUMBERS].replace(*MUL) + "print('hello')\n", MODULES: "x = ("}
    request = {"files": files, "handed_out": str(base), "tasks": ["0_4", "0_1"]}
    request["bases"] = dict.fromkeys(["0_4", "0_1"], str(base))
    (line,) = ask(["-m", "project.course.taking"], request)
    said = json.loads(line)
    assert set(said) == {"tasks", "notes"}
    assert list(said["tasks"]) == ["0_4", "0_1"]
    assert said["tasks"]["0_4"]["files"] == {}
    assert "'(' was never closed" in said["tasks"]["0_4"]["problem"]
    assert "return x * y" in said["tasks"]["0_1"]["files"][NUMBERS]
    assert said["tasks"]["0_1"]["problem"] == ""
    assert len(said["notes"]) == 1


@pytest.mark.parametrize(
    "instead", ["from .mine import mul", "mul = lambda x, y: x * y", "def product(x, y): return x * y"]
)
def test_who_writes_no_function_is_told_so(base: Path, instead: str) -> None:
    stub = f'def mul(x: float, y: float) -> float:\n    """Multiply."""\n    {STUB}'
    assert stub in HANDED_OUT[NUMBERS]
    request = {
        "files": HANDED_OUT | {NUMBERS: HANDED_OUT[NUMBERS].replace(stub, instead)},
        "handed_out": str(base),
        "tasks": ["0_1", "0_3", "0_4"],
        "bases": dict.fromkeys(["0_1", "0_3", "0_4"], str(base)),
    }
    found = {number: task["remark"] for number, task in answer(request)["tasks"].items()}
    assert found["0_1"].startswith("There is no function mul, id, add, lt, eq, ... in minitorch/operators.py: ")
    assert found["0_3"].startswith("There is no function zipWith, ")
    assert found["0_4"] == ""
    untouched = answer(request | {"files": HANDED_OUT})["tasks"]
    assert {task["remark"] for task in untouched.values()} == {""}


def test_a_reference_and_a_function_together_may_be_too_deep(base: Path) -> None:
    deep = "1" + " + 1" * 700
    taken = Taken(own={"0_1": {NUMBERS: [f"def mul(x, y):\n    return {deep}\n"]}})
    assert files_for(tasks()["0_1"], taken, base) == ({}, f"{NUMBERS} is nested too deep.")


# Who reaches for the checker


REACHES = [
    "import project.course.cases",
    "from project.course import cases",
    "from project import course",
    "import_module('project.course.answers')",
    "project . course",
]


@pytest.mark.parametrize("code", REACHES)
def test_who_mentions_the_checker_in_a_task_is_refused_there(base: Path, code: str) -> None:
    inside = f"def mul(x, y):\n    {code}"
    taken = take_changed((MUL[0], inside), numbers=("0_1", "0_3"))
    files, problem = files_for(tasks()["0_1"], taken, base)
    assert files == {}
    assert "mentions project.course" in problem
    assert files_for(tasks()["0_3"], taken, base)[1] == ""


@pytest.mark.parametrize("code", REACHES[:4])
def test_who_mentions_the_checker_elsewhere_is_refused_everywhere(base: Path, code: str) -> None:
    for text in (f"def helper():\n    {code}\n", f"X = [\n    '''{code}'''\n]\n", f"class A:\n    {code}\n"):
        taken = take_changed(MUL, ("", text), numbers=("0_1", "0_3", "0_4"))
        for number in ("0_1", "0_3", "0_4"):
            files, problem = files_for(tasks()[number], taken, base)
            assert files == {}
            assert "mentions project.course" in problem


def test_imports_of_the_checker_are_refused(base: Path) -> None:
    for code in REACHES[:3]:
        taken = take_changed(("import math\n", f"import math\n{code}\n"))
        assert "mentions project.course" in files_for(tasks()["0_1"], taken, base)[1]


@pytest.mark.parametrize("code", REACHES)
def test_a_file_that_mentions_the_checker_is_left_out(base: Path, code: str) -> None:
    taken = take_changed(MUL)
    files = HANDED_OUT | {"project/mine.py": code + "\n"}
    taken = take(files, HANDED_OUT, [tasks()["0_1"]])
    assert taken.files == {}
    assert taken.notes[0].startswith("project/mine.py was not used: it mentions project.course")
    assert files_for(tasks()["0_1"], taken, base) == ({}, "")


def test_a_comment_may_say_how_to_run_the_checker(base: Path) -> None:
    taken = take_changed((MUL[0], MUL[1] + "  # see: python -m project.course check --task 0_1"))
    assert run(taken, base)["mul"](2, 3) == 6
