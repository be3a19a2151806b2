"""What students are told: the numbers behind the first wrong cell, and the misconception that it looks like."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project.course import answers, diagnosis
from project.course.answers import Known, expected
from project.course.cases import Case, Outcome, encode
from project.course.check import check, progress_line
from project.course.diagnosis import describe, first_failing, report
from project.course.drawings import cells, conv1d, conv2d
from project.course.judging import Verdict, judge
from project.course.runner import _read_outcome
from project.course.suites import cases_of
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

SMALL, *OTHERS = [case for case in cases_of("4_1") if case.oracle == "kernel"]


def flipped(case: Case) -> Outcome:
    """What a kernel that turns the weights around makes of a case."""
    inputs = case.copied_inputs()
    inputs["weight"] = inputs["weight"][:, :, ::-1]
    turned = Case(case.task, case.name, case.run, case.oracle, inputs)
    return Outcome("values", answers.expected(turned))


@pytest.fixture
def verdicts() -> dict[str, Verdict]:
    return {case.id: judge(case, "plain", flipped(case)) for case in (SMALL, *OTHERS)}


@pytest.fixture
def catalogue(verdicts: dict[str, Verdict], monkeypatch: pytest.MonkeyPatch) -> list[Known]:
    failing = [verdict for verdict in verdicts.values() if not verdict.passed][:4]
    traces = {verdict.case.id: verdict.outcome.trace for verdict in failing}
    nearly = {id: {"output": trace["output"] + (i > 1)} for i, (id, trace) in enumerate(traces.items())}
    known = [
        Known("nearly", "4_1", "something similar", "No.", nearly),
        Known("flipped", "4_1", "the kernel flipped", "Which weight meets the first cell?", traces),
    ]
    monkeypatch.setattr(diagnosis, "known", lambda task: known)
    return known


def test_the_smallest_failing_case_is_told_as_a_story(verdicts: dict[str, Verdict], catalogue: list[Known]) -> None:
    first = first_failing(verdicts, "4_1")
    assert first is not None
    assert first.case.name == "two taps"
    assert report(first, verdicts) == (
        'Task 4.1, convolution in one dimension. The case "two taps", in plain Python:\n'
        "\n"
        "  output[0, 0, 0] is 21, expected 12. 3 of 3 cells differ.\n"
        "\n"
        "    place             0  1  2\n"
        "    input[0, 0, :]    1  2  3\n"
        "    weight[0, 0, :]  10  1\n"
        "    products         10  2\n"
        "\n"
        "    The window of output[0, 0, 0] is anchored at its left end; over the edge it meets zeros.\n"
        "    Sum of all products: 12; got 21.\n"
        "\n"
        "  Your result equals that of *the kernel flipped* in every cell.\n"
        "  Which weight meets the first cell?\n"
        "\n"
        '  To run this case alone: python -m project.course run "4_1: two taps"'
    )


def test_a_result_that_is_alike_in_some_cases_only_is_told_so(
    verdicts: dict[str, Verdict], catalogue: list[Known]
) -> None:
    del catalogue[1]
    first = first_failing(verdicts, "4_1")
    assert first is not None
    assert "*something similar* here, and in 2 of 4 cases like this." in report(first, verdicts)


def test_a_result_that_nobody_knows_has_no_name(verdicts: dict[str, Verdict], catalogue: list[Known]) -> None:
    first = first_failing(verdicts, "4_1")
    assert first is not None
    other = judge(first.case, "plain", Outcome("values", {"output": np.full((1, 1, 3), 7.0)}))
    text = report(other, verdicts)
    assert "7, expected 12" in text
    assert "equals" not in text


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (Outcome("missing", error="Task 4.1: write it."), "It is not written yet. Task 4.1: write it."),
        (Outcome("missing", error="Task 2.3: write it."), "borrow the reference: --reference 2_3"),
        (Outcome("error", error="IndexError: 3"), "It raised IndexError: 3"),
        (Outcome("timeout", error="It did not come to an end within 10 seconds."), "come to an end"),
        (Outcome("values", {"output": np.zeros((1, 3))}), "has shape (1, 3), expected (1, 1, 6)"),
        (Outcome("values", {"output": None}), "is None"),
        (Outcome("values", {}), "is missing"),
    ],
)
def test_whatever_happens_is_told_in_a_sentence(outcome: Outcome, words: str) -> None:
    verdict = judge(SMALL, "plain", outcome)
    assert not verdict.passed
    assert words in describe(verdict)
    assert words.splitlines()[0] in report(verdict, {SMALL.id: verdict})


def test_complaints_are_told_one_by_one() -> None:
    (watched,) = [case for case in cases_of("4_1") if case.oracle == "no_complaints"][:1]
    verdict = judge(watched, "plain", Outcome("values", {"complaints": ["the kernel reads from place -1", "two"]}))
    assert describe(verdict) == "The kernel reads from place -1.\nTwo."
    assert "input =" not in report(verdict, {watched.id: verdict})


@pytest.mark.parametrize("forged", [5, [], [""], [[1]], [{"a": 1}], "text", None, [1.5, "x"]])
def test_forged_complaints_are_told_as_what_they_are(forged: Any) -> None:
    (watched,) = [case for case in cases_of("4_1") if case.oracle == "no_complaints"][:1]
    verdict = judge(watched, "plain", Outcome("values", {"complaints": forged}))
    assert verdict.passed == (forged == [])
    if forged != []:
        assert "complaints" in describe(verdict)
        assert "complaints" in report(verdict, {watched.id: verdict})


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text()
    | st.sampled_from(
        [np.zeros((1, 1, 6)), np.full((1, 1, 6), np.nan), np.zeros((0, 3)), np.array(True), np.zeros(3, "u1")]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["output", "complaints", "x"]), inner),
    max_leaves=8,
)
"""What a process may answer with, if it is not the one that was started."""


@given(st.sampled_from([case for number in tasks() for case in cases_of(number)[::9]]), ANYTHING, st.data())
def test_whatever_is_answered_can_be_judged_and_told(case: Case, answer: Any, data: st.DataObject) -> None:
    values = dict(expected(case))
    name = data.draw(st.sampled_from(sorted(values)))
    line = {"task": case.task, "name": case.name, "status": "values", "values": encode(values | {name: answer})}
    verdict = judge(case, "plain", _read_outcome(json.dumps(line), case))
    if not verdict.passed:
        assert describe(verdict)
        assert report(verdict, {case.id: verdict})


def test_what_the_code_printed_is_shown() -> None:
    verdict = judge(SMALL, "plain", Outcome("error", error="ValueError: x", printed="t = 3\n"))
    assert "Your code printed:\n    t = 3" in report(verdict, {SMALL.id: verdict})


def test_every_case_can_be_drawn() -> None:
    """Whatever is wrong, the story can be told: here, a number in each value of each case is."""
    for case in [case for number in tasks() for case in cases_of(number)]:
        for name, value in answers.expected(case).items():
            if isinstance(value, np.ndarray) and value.size and value.dtype.kind == "f":
                spoilt = value.copy()
                last = np.nan_to_num(spoilt.flat[-1], posinf=0, neginf=0)
                spoilt.flat[-1] = last + abs(last) + 1.0
                verdict = judge(case, "plain", Outcome("values", answers.expected(case) | {name: spoilt}))
                assert not verdict.passed
                lines = report(verdict, {case.id: verdict}).splitlines()
                assert max(map(len, lines)) < 180, case.id


def test_the_drawn_products_add_up() -> None:
    """What the drawings say about gradients is right: the products add up to what is expected."""
    for task, drawing in (("4_1", conv1d), ("4_2", conv2d)):
        cases = [case for case in cases_of(task) if "upstream" in case.inputs and case.drawing]
        for case in cases[:6]:
            expected = answers.expected(case)
            for name in ("gradient of the input", "gradient of the weight"):
                if expected.get(name) is None:
                    continue
                wrong = expected | {name: expected[name] + 1.0}
                verdict = judge(case, "plain", Outcome("values", wrong))
                assert verdict.difference is not None
                lines = drawing(case.copied_inputs(), wrong, expected, verdict.difference)
                products = [float(line.split("=")[-1]) for line in lines if "  *  " in line]
                if not any(line.startswith("... and") for line in lines):
                    (total,) = [line.split()[-1] for line in lines if line.startswith("sum, expected")]
                    assert sum(products) == pytest.approx(float(total), abs=0.02)


def test_large_arrays_are_shown_by_their_shape() -> None:
    expected = {"output": np.zeros((10, 10))}
    got = {"output": np.eye(10)}
    case = Case("4_1", "large", lambda: {}, "kernel", {"input": np.zeros((20, 20))})
    verdict = judge_with(case, got, expected)
    assert verdict.difference is not None
    lines = cells(case.copied_inputs(), got, expected, verdict.difference)
    assert "input: of shape (20, 20)" in lines
    assert any(line.startswith("expected output[0, 0:6]") for line in lines)


def judge_with(case: Case, got: dict[str, np.ndarray], expected: dict[str, np.ndarray]) -> Verdict:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("project.course.judging.expected", lambda case: expected)
        return judge(case, "plain", Outcome("values", got))


def test_progress_is_told_in_a_line(verdicts: dict[str, Verdict]) -> None:
    line = progress_line(tasks()["4_1"], verdicts)
    assert line.startswith("4.1  Convolution in one dimension")
    assert line.endswith('wrong: "two taps"')
    missing = {SMALL.id: judge(SMALL, "plain", Outcome("missing", error="Task 4.1: write it."))}
    assert progress_line(tasks()["4_1"], missing).endswith("0/1    not written yet")
    other = {SMALL.id: judge(SMALL, "plain", Outcome("missing", error="Task 2.1: write it."))}
    assert progress_line(tasks()["4_1"], other).endswith("needs task 2.1, which is not written yet")
    fine = {SMALL.id: judge(SMALL, "plain", Outcome("values", answers.expected(SMALL)))}
    assert progress_line(tasks()["4_1"], fine).endswith("####################    1/1    solved")


def test_check_tells_the_progress_of_the_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(["1_1", "2_2"]) == 0
    printed = capsys.readouterr().out
    assert "2 of 2 tasks are solved: 15 of 15 points." in printed
