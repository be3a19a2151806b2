"""The table of tasks, the cases, and how results are written down and compared."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch.errors import ArgumentError
from project.course import answers, oracles
from project.course.cases import Case, decode, encode, find_difference
from project.course.drawings import DRAWINGS
from project.course.rehearsal import find_function
from project.course.suites import all_cases, cases_of
from project.course.tasks import find_task, tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

ROOT = Path(__file__).parents[1]
COURSE = ROOT / "project" / "course"


def test_the_tasks_are_those_of_the_markers() -> None:
    registered = re.findall(r'^    "task(\d_\d): ', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    assert list(tasks()) == registered


def test_each_function_of_the_table_exists() -> None:
    for task in tasks().values():
        assert task.targets
        for target in task.targets:
            source = (ROOT / target.module).read_text(encoding="utf-8")
            assert find_function(ast.parse(source), target.path) is not None, (task.id, target)


def test_no_function_belongs_to_two_tasks() -> None:
    everything = [(target.module, target.path) for task in tasks().values() for target in task.targets]
    assert len(everything) == len(set(everything))


@pytest.mark.parametrize("number", ["4_1", "4.1", "task4_1"])
def test_a_task_can_be_named_in_several_ways(number: str) -> None:
    assert find_task(number).id == "4_1"


def test_an_unknown_task_is_refused() -> None:
    with pytest.raises(ArgumentError, match="no such task"):
        find_task("9_9")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (
            '[task.0_1]\ntitle="t"\npoints=1\nbuilds_on=["0_2"]\nwhat="a"\napproach="a"\nexample="a"\nhints="a"',
            "builds on",
        ),
        ('[task.0_1]\ntitle="t"\npoints=1\nbuilds_on=[]\nwhat="a"\napproach="a"\nexample="a"', "without hints"),
    ],
)
def test_a_table_with_mistakes_is_refused(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "tasks.toml").write_text(text + "\n[task.0_1.functions]\n", encoding="utf-8")
    with pytest.raises(ArgumentError, match=match):
        tasks(tmp_path / "tasks.toml")


def test_each_task_has_a_suite_with_names_of_its_own() -> None:
    for number in tasks():
        cases = cases_of(number)
        assert cases, number
        assert {case.task for case in cases} == {number}
        assert len({case.name for case in cases}) == len(cases)
        assert all(case.drawing is None or case.drawing in DRAWINGS for case in cases)


def test_every_case_has_an_oracle_that_gives_the_same_twice() -> None:
    for case in all_cases():
        once, again = oracles.expected(case), oracles.expected(case)
        assert find_difference(again, once, 0.0, 0.0) is None, case.id


def test_oracles_know_nothing_of_the_library() -> None:
    for file in (COURSE / "oracles").glob("*.py"):
        imported = [
            node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        assert not [name for name in imported if name.startswith("minitorch")], file.name


def test_suites_know_nothing_of_the_answers() -> None:
    for file in (COURSE / "suites").glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert "course.oracles" not in source
        assert "course.solutions" not in source


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        -0.1,
        float("inf"),
        "a text",
        [1, 2.5, "x"],
        {"a": {"b": [None]}},
        np.arange(6, dtype=np.float32).reshape(2, 3).T,
        np.array(7 / 2),
        np.zeros((0, 2)),
        np.array([True, False]),
    ],
)
def test_values_survive_the_way_between_processes(value: Any) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    if isinstance(value, np.ndarray):
        assert back.dtype == value.dtype
        np.testing.assert_array_equal(back, value)
    else:
        assert back == value


def test_what_is_no_number_is_not_sent() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})
    with pytest.raises(TypeError, match="ndarray"):
        encode(np.array([object()]))


@pytest.mark.parametrize(
    "written",
    [
        {"pickle": "x"},
        {"array": "", "dtype": "O", "shape": [0]},
        {"array": "", "dtype": "(,)f8", "shape": [0]},
        {"array": "", "dtype": "f8,f8", "shape": [0]},
        {"array": "", "dtype": "<M8[s]", "shape": [0]},
        [1],
        1.5,
    ],
)
def test_what_encode_did_not_write_is_not_read(written: Any) -> None:
    with pytest.raises(ValueError, match="sent"):
        decode(written)


def test_the_first_cell_that_differs_is_found() -> None:
    expected = {"output": np.arange(6.0).reshape(2, 3)}
    got = {"output": expected["output"].copy()}
    assert find_difference(got, expected, 1e-9, 0.0) is None
    got["output"][1, 0] = 4.0
    got["output"][1, 2] = 4.0
    difference = find_difference(got, expected, 1e-9, 0.0)
    assert difference is not None
    assert (difference.where, difference.cell, difference.wrong, difference.cells) == ("output", (1, 0), 2, 6)
    assert difference.what == "is 4, expected 3"


@pytest.mark.parametrize(
    ("got", "expected", "what"),
    [
        ({"a": np.zeros(3)}, {"a": np.zeros((3, 1))}, "has shape (3,), expected (3, 1)"),
        ({"a": None}, {"a": 1.0}, "is None, expected 1.0"),
        ({}, {"a": 1.0}, "is missing"),
        ({"a": [1, 2]}, {"a": [1]}, "has 2 entries"),
        ({"a": True}, {"a": 1.0}, "is True, expected 1.0"),
        ({"a": "x"}, {"a": "y"}, "is 'x', expected 'y'"),
        ({"a": float("nan")}, {"a": 1.0}, "is nan"),
        ({"a": 1.0, "b": 2.0}, {"a": 1.0}, "besides"),
        ({"a": 10**30}, {"a": 1.0}, "is 1e+30"),
        ({"a": 2**70}, {"a": 2**71}, "is 1.180591621e+21"),
        ({"a": 10**400}, {"a": 1.0}, "is inf, expected 1"),
        ({"a": -(10**400)}, {"a": np.zeros(3)}, "has shape (), expected (3,)"),
    ],
)
def test_differences_are_told(got: Any, expected: Any, what: str) -> None:
    difference = find_difference(got, expected, 1e-9, 0.0)
    assert difference is not None
    assert what in difference.what


def test_a_tenth_of_a_percent_is_a_difference() -> None:
    """The checker is checked: an error of 0.1 % in one cell of a value is noticed in every case with numbers."""
    by_chance = [case for case in all_cases() if case.atol > 0.01]
    words = ("dropout: how many", "dropout: each row", "Dropout: in training", "Conv2d: where weights start")
    assert all(case.name.startswith(words) for case in by_chance)
    for case in [case for case in all_cases() if case not in by_chance]:
        expected = oracles.expected(case)
        for name, value in expected.items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f" and np.abs(value).max(initial=0.0) > 0.01:
                spoilt = value.copy()
                cell = np.unravel_index(np.argmax(np.where(np.isfinite(value), np.abs(value), 0)), value.shape)
                spoilt[cell] *= 1.001
                assert find_difference(expected | {name: spoilt}, expected, case.rtol, case.atol) is not None, case.id


def test_nan_agrees_with_nan_only() -> None:
    assert find_difference(float("nan"), float("nan"), 0.0, 0.0) is None
    assert find_difference(1.0, float("nan"), 0.0, 0.0) is not None


def test_answers_can_be_stored_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Students have a file in place of the oracles."""
    case = Case("4_1", "a case", lambda: {}, "nothing")
    known = answers.Known("wrong", "4_1", "a mistake", "think", {case.id: {"output": np.ones(2)}})
    file = tmp_path / "answers.json.xz"
    answers.write(file, {case.id: {"output": np.zeros(2)}}, [known])
    monkeypatch.setattr(answers, "FILE", file)
    monkeypatch.setattr(answers, "ORACLES", "project.course.no_oracles")
    answers._stored.cache_clear()
    answers.known.cache_clear()
    try:
        np.testing.assert_array_equal(answers.expected(case)["output"], np.zeros(2))
        (read,) = answers.known("4_1")
        assert (read.id, read.name, read.hint) == ("wrong", "a mistake", "think")
        np.testing.assert_array_equal(read.traces[case.id]["output"], np.ones(2))
        assert answers.known("4_2") == ()
    finally:
        answers._stored.cache_clear()
        answers.known.cache_clear()
