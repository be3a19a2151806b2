"""The catalogue of right and wrong solutions, and the matrix of which case notices which mistake."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from project.course import answers, matrix
from project.course.__main__ import main
from project.course.catalogue import Misconception, alternatives, misconceptions
from project.course.matrix import Job, Trial, as_data, as_html, known_from, make_jobs, try_all
from project.course.planting import textbook
from project.course.source import read_solution
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

EVERYTHING = [wrong for number in tasks() for wrong in misconceptions(number)]
RIGHT = read_solution(textbook("1_1"))
WRONG = {
    "minitorch/autodiff.py": "def central_difference(f, *vals, arg=0, epsilon=1e-6):\n    return f(*vals)\n",
}


def wrong(solution: dict[str, str], id: str = "nothing-subtracted") -> Misconception:
    return Misconception(id, "1_1", "a <difference>", "It is large.", "Think.", 104, solution)


def test_the_catalogue_covers_the_study_and_every_task() -> None:
    assert len(EVERYTHING) >= 160
    assert {misconception.row for misconception in EVERYTHING} >= set(range(1, 111))
    assert {misconception.task for misconception in EVERYTHING} == set(tasks())
    assert max(Counter([misconception.id for misconception in EVERYTHING]).values()) == 1


def test_each_misconception_says_what_and_helps_without_the_solution() -> None:
    for misconception in EVERYTHING:
        assert misconception.name.strip()
        assert misconception.symptom.strip().endswith((".", "?"))
        assert misconception.hint.strip().endswith((".", "?", ")"))
        assert not misconception.name.strip().endswith(".")
        assert misconception.solution != read_solution(textbook(misconception.task))


def test_there_are_other_correct_solutions_of_every_task() -> None:
    others = {number: [name for name in alternatives(number) if name != "textbook"] for number in tasks()}
    assert sum(map(len, others.values())) >= 25
    assert all(others.values())


def test_solutions_are_for_the_files_of_their_tasks() -> None:
    for number, task in tasks().items():
        own = {target.module for target in task.targets}
        for name, solution in alternatives(number).items():
            assert set(solution) <= own, (number, name)


def test_what_is_stored_belongs_to_the_catalogue() -> None:
    """`matrix --all --write` has been run since a misconception was added, renamed or removed."""
    stored = {known.id: (known.task, known.name, known.hint) for number in tasks() for known in answers.known(number)}
    assert stored == {wrong.id: (wrong.task, wrong.name, wrong.hint) for wrong in EVERYTHING}


def test_results_are_stored_of_all_that_can_be_recognised() -> None:
    stored = {known.id: known.traces for number in tasks() for known in answers.known(number)}
    assert {wrong.id for wrong in EVERYTHING if wrong.varies} == {"operators-id-builtin"}  # addresses in memory
    assert {wrong.id for wrong in EVERYTHING if not stored[wrong.id]} == {"operators-id-builtin"}
    trial = Trial(Job("1_1", "wrong", WRONG, replace(wrong(WRONG), varies=True), ("plain",)), {})
    assert known_from([trial])[0].traces == {}


def test_a_wrong_solution_is_noticed_and_a_right_one_accepted() -> None:
    told: list[Trial] = []
    jobs = [Job("1_1", "right", RIGHT, None, ("plain",)), Job("1_1", "wrong", WRONG, wrong(WRONG), ("plain",))]
    right, noticed = try_all(jobs, told.append)
    assert told == [right, noticed]
    assert right.is_fine
    assert right.failing == []
    assert noticed.is_fine
    assert noticed.failing
    (known,) = known_from([right, noticed])
    assert known.id == "nothing-subtracted"
    assert list(known.traces) == [verdict.case.id for verdict in noticed.failing[:4]]


def test_a_wrong_solution_that_passes_and_a_right_one_that_fails_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker is checked: a suite with a hole would be noticed."""
    jobs = [
        Job("1_1", "not-really-wrong", RIGHT, wrong(RIGHT, "not-really-wrong"), ("plain",)),
        Job("1_1", "not-really-right", WRONG, None, ("plain",)),
    ]
    monkeypatch.setattr(matrix, "make_jobs", lambda numbers, compiled: jobs)
    assert main(["matrix", "--task", "1_1", "--out", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "task 1_1, not-really-wrong: a wrong solution passes" in printed
    assert "task 1_1, not-really-right: a correct solution is rejected" in printed
    assert "0 of 1 wrong solutions are noticed." in printed
    assert "0 of 1 correct solutions are accepted." in printed
    data = json.loads((tmp_path / "matrix.json").read_text(encoding="utf-8"))
    assert (data["noticed"], data["accepted"]) == (0, 0)
    page = (tmp_path / "matrix.html").read_text(encoding="utf-8")
    assert "not-really-right (rejected)" in page
    assert '<td title="It is large." class="bad">a &lt;difference&gt; <small>(104)</small></td>' in page


def test_stored_results_that_are_out_of_date_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    trials = try_all([Job("1_1", "wrong", WRONG, wrong(WRONG), ("plain",))], lambda trial: None)
    fresh = known_from(trials)
    monkeypatch.setattr(answers, "known", lambda task: tuple(fresh))
    assert matrix.outdated(trials) == []
    traces = dict(fresh[0].traces)
    first = next(iter(traces))
    traces[first] = dict.fromkeys(traces[first], 0.0)
    monkeypatch.setattr(answers, "known", lambda task: (replace(fresh[0], traces=traces),))
    assert matrix.outdated(trials) == ["nothing-subtracted"]
    monkeypatch.setattr(answers, "known", lambda task: ())
    assert matrix.outdated(trials) == ["nothing-subtracted"]


@pytest.mark.parametrize("options", [["--task", "1_1", "--write"], ["--every", "2", "--write"], ["--every", "0"]])
def test_results_are_not_stored_of_a_part_of_the_catalogue(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = answers.FILE.read_bytes()
    with pytest.raises(SystemExit) as ended:
        main(["matrix", *options])
    assert "--write needs all" in str(ended.value) or "of at least 1" in capsys.readouterr().err
    assert answers.FILE.read_bytes() == before


def test_the_matrix_shows_which_case_notices_what() -> None:
    trials = try_all([Job("1_1", "wrong", WRONG, wrong(WRONG), ("plain",))], lambda trial: None)
    (entry,) = as_data(trials)["trials"]
    assert entry["failing"] == [verdict.case.name for verdict in trials[0].failing]
    assert as_html(trials).count('class="cell kill"') == len(trials[0].failing)
    assert "52 of 142" in as_html(trials)


def test_correct_solutions_come_first_and_can_be_compiled() -> None:
    jobs = make_jobs(["4_1"], compiled=True)
    kinds = [job.misconception is None for job in jobs]
    assert kinds == sorted(kinds, reverse=True)
    assert {job.stages for job in jobs if job.misconception is None} == {("plain", "one thread", "threads")}
    assert {job.stages for job in jobs if job.misconception is not None} == {("plain",)}
