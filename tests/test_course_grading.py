"""Grading: valid from the first second, interrupted and resumed, safe from what it runs, and replayed in one line."""

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from minitorch.errors import ArgumentError, StateError
from project.course import assignment, grading, sandbox
from project.course.__main__ import main
from project.course.assignment import Assignment, dependents, key_of, make_base, plant_references, prepare
from project.course.cases import Case
from project.course.classroom import CLASS, TASKS, WRONG, Pupil, Surroundings, as_is, attack, hand_in, rehearse_grading
from project.course.grading import RUN, Grading
from project.course.inputs import rng_for, seeded
from project.course.judging import judge_all
from project.course.marking import SUBMITTED, Job, replay
from project.course.planting import planted
from project.course.records import RECORD, Record, as_json, read_record, write_whole
from project.course.reports import gradescope
from project.course.runner import PATIENCE, ROOT
from project.course.sandbox import SYSTEM, Limits, Sandbox, bubblewrap, python_folders, try_out
from project.course.suites import all_cases, cases_of
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

WALLS = shutil.which("bwrap") is not None
"""Whether there is a sandbox on this machine. What is true without one is tested without one."""

SMALL = [tasks()["0_1"], tasks()["1_1"]]
"""Two tasks without kernels, which are graded fast."""

SEED = 77
QUICK = Limits(task=60)


def pupils(*words: str) -> list[Pupil]:
    """Some of the class, by words of their names."""
    return [pupil for pupil in CLASS if any(word in pupil.name for word in words)]


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What three students hand in: one right, one with an early mistake, one who ends the process."""
    folder = tmp_path_factory.mktemp("class")
    (folder / "victim").mkdir()
    some = pupils("right, as in a textbook", "an early mistake", "ends with 0")
    return hand_in(folder, Surroundings(folder / "victim", 1), some)


def start(handed_in: dict[str, Path], out: Path, **settings: Any) -> Grading:
    """A grading of the two small tasks."""
    return Grading(list(handed_in.values()), SMALL, out, WALLS, **{"seed": SEED, "limits": QUICK} | settings)


def finish(grading: Grading, stopped: Any = lambda: False) -> list[str]:
    """Run a grading, and return what was told."""
    told: list[str] = []
    grading.run(told.append, stopped, 2)
    return told


def states(grading: Grading) -> dict[str, list[str]]:
    """What became of the tasks of each submission."""
    return {name: [grade.state for grade in record.tasks] for name, record in grading.records.items()}


RESULTS = {
    "right, as in a textbook": ["solved", "solved"],
    "wrong, an early mistake": ["wrong", "solved"],
    "hostile, ends with 0": ["solved", "wrong"],
}


def records_on_disk(out: Path) -> dict[str, Record]:
    """All records of a folder, read from disk."""
    files = out.glob(f"students/*/{RECORD}")
    return {file.parent.name: read_record(file.read_text(encoding="utf-8")) for file in files}


# The whole


def test_a_class_gets_what_it_deserves() -> None:
    """A part of the class, and two of the tasks: `rehearse` grades them all."""
    some = pupils(
        "right, with helpers", "right, from Windows", "a zip file without", "too large", "edited tests", "linked"
    )
    told: dict[str, list[str]] = {}
    fine = rehearse_grading(lambda name, wrong: told.update({name: wrong}), some, WALLS, ("0_1", "1_1"))
    assert told == {name: [] for name in [*[pupil.name for pupil in some], "the grader itself"]}
    assert fine


def test_the_rehearsal_notices_what_goes_wrong() -> None:
    """Planted: a wrong expectation; and a spy, who without a sandbox reaches the network and the solutions."""
    told: dict[str, list[str]] = {}
    some = [Pupil("expected to be wrong", as_is, {"1_1": WRONG}), *pupils("a spy")]
    assert not rehearse_grading(lambda name, wrong: told.update({name: wrong}), some, False, ("1_1",))
    assert told["expected to be wrong"] == ["task 1_1 is solved, and should be wrong: "]
    assert told["hostile, a spy"] == ["task 1_1 is solved, and should be wrong: "]
    assert told["the grader itself"] == ["somebody has reached the network"]


def test_there_are_forty_and_more_and_some_of_each_kind() -> None:
    assert len(CLASS) >= 40
    kinds = [pupil.name.split(",")[0] for pupil in CLASS]
    assert {"right", "wrong", "hostile"} <= set(kinds)
    assert min(kinds.count(kind) for kind in ("right", "wrong", "hostile")) >= 10
    assert len({pupil.name for pupil in CLASS}) == len(CLASS)
    assert all(set(pupil.wrong) <= set(TASKS) for pupil in CLASS)


# From the first second to the last


def test_results_are_valid_before_anything_is_run(handed_in: dict[str, Path], tmp_path: Path) -> None:
    start(handed_in, tmp_path)
    schema = json.loads((ROOT / "project" / "course" / "gradescope.schema.json").read_text(encoding="utf-8"))
    assert set(records_on_disk(tmp_path)) == set(handed_in)
    for name, record in records_on_disk(tmp_path).items():
        assert [grade.state for grade in record.tasks] == ["waiting"] * 2
        results = json.loads((tmp_path / "students" / name / "results.json").read_text(encoding="utf-8"))
        jsonschema.validate(results, schema)
        assert results["score"] == 0
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8").count("\n") == 1 + len(handed_in)
    assert (tmp_path / "index.html").is_file()


def test_an_interrupted_grading_goes_on_where_it_was(
    handed_in: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[str] = []
    really_judge = grading.judge_job

    def judge_job(job: Job, *others: Any) -> Any:
        judged.append(f"{job.submission.name} {job.task.id}")
        return really_judge(job, *others)

    monkeypatch.setattr(grading, "judge_job", judge_job)
    first = start(handed_in, tmp_path)
    finish(first, lambda: len(judged) >= 2)
    waiting = [grade.state for record in records_on_disk(tmp_path).values() for grade in record.tasks].count("waiting")
    assert 0 < waiting < 6
    assert len(judged) == 6 - waiting

    second = start(handed_in, tmp_path, seed=None)  # the seed is that of the first
    assert second.seed == SEED
    assert not second.is_done()
    told = finish(second)
    assert len(told) == second.steps
    assert sorted(judged) == sorted(f"{name} {task.id}" for name in handed_in for task in SMALL)  # each once
    assert states(second) == RESULTS
    for name, record in second.records.items():
        assert records_on_disk(tmp_path)[name] == read_record(as_json(record)) == record
        results = json.loads((second.folder(name) / "results.json").read_text(encoding="utf-8"))
        assert results == gradescope(record)
        assert results["score"] == record.points
    assert {
        name: [grade.state for grade in record.tasks] for name, record in records_on_disk(tmp_path).items()
    } == RESULTS
    assert start(handed_in, tmp_path).is_done()

    # Who has changed something is graded again, and nobody else. Late submissions come to those that were there.
    late = tmp_path / "late"
    shutil.copytree(handed_in["wrong, an early mistake"], late / "wrong, an early mistake")
    shutil.copytree(handed_in["right, as in a textbook"], late / "somebody new")
    file = late / "wrong, an early mistake" / "minitorch" / "operators.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(
        text.replace("def mul(x, y):\n    return x + y", "def mul(x, y):\n    return x * y"), encoding="utf-8"
    )
    assert file.read_text(encoding="utf-8") != text
    judged.clear()
    third = start({path.name: path for path in late.iterdir()}, tmp_path)
    finish(third)
    assert len(judged) == 4
    assert states(third) == {"wrong, an early mistake": ["solved"] * 2, "somebody new": ["solved"] * 2}
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8").count("\n") == 1 + 4


def test_an_error_of_the_grader_costs_no_points_and_is_told(
    handed_in: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_judge = grading.judge_job

    def judge_job(job: Job, *others: Any) -> Any:
        if job.task.id == "1_1":
            raise RuntimeError("out of luck")
        return really_judge(job, *others)

    monkeypatch.setattr(grading, "judge_job", judge_job)
    run = start(handed_in, tmp_path)
    finish(run)
    assert [grades[1] for grades in states(run).values()] == ["waiting"] * 3
    assert [grades[0] for grades in states(run).values()] == [grades[0] for grades in RESULTS.values()]
    assert len(run.failures) == 3
    assert all("out of luck" in failure for failure in run.failures)


def test_a_grade_can_be_traced_and_replayed(handed_in: dict[str, Path], tmp_path: Path) -> None:
    run = start({name: path for name, path in handed_in.items() if "mistake" in name}, tmp_path)
    finish(run)
    (record,) = run.records.values()
    grade = record.tasks[0]
    assert record.made_with["seed"] == SEED
    assert set(record.made_with) == {"seed", "python", "numpy", "numba", "sandbox", "limits"}
    assert grade.failing == "mul: one product"
    place = f"'{run.folder(record.student)}'"  # there are spaces in it
    assert grade.replay == f'python -m project.course replay {place} "0_1: mul: one product"'
    assert replay(run.folder(record.student), "0_1: mul: one product") == grade.report
    assert replay(run.folder(record.student), "0_1: add: one sum") == ""
    submitted = json.loads((run.folder(record.student) / SUBMITTED).read_text(encoding="utf-8"))
    assert "minitorch/operators.py" in submitted
    with pytest.raises(ArgumentError, match="not graded"):
        replay(run.folder(record.student), "0_1: no such case")
    with pytest.raises(ArgumentError, match="not graded"):
        replay(tmp_path / "students" / "nobody", "0_1: mul: one product")


def test_the_command_grades(
    handed_in: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = [str(path) for path in handed_in.values()]
    walls = [] if WALLS else ["--no-sandbox"]
    command = ["grade", *sources, "--task", "0_1", "--out", str(tmp_path / "out"), "--seed", "5", *walls]
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "right, as in a textbook: 10 of 10 points: 1 of 1 task solved." in out
    assert "wrong, an early mistake: 0 of 10 points: 0 of 1 task solved." in out
    assert json.loads((tmp_path / "out" / RUN).read_text(encoding="utf-8"))["seed"] == 5
    monkeypatch.setattr(Grading, "run", lambda *others: pytest.fail("there was nothing to do"))
    assert main(command) == 0
    failing = tmp_path / "out" / "students" / "wrong, an early mistake"
    assert main(["replay", str(failing), "0_1: mul: one product"]) == 1
    assert "result[0] is 5, expected 6." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere", "--task", "0_1"], "there is no nowhere"),
        ([".", "--task", "9_9"], "no such task"),
        (["."], "choose tasks"),
        ([".", "--task", "0_1", "--at-once", "0"], "--at-once"),
        ([".", "--task", "0_1", "--seed", "-1"], "--seed"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_written(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    try:
        assert main(["grade", *arguments, "--out", str(out)]) == 2
        told = capsys.readouterr().err
    except SystemExit as error:
        told = f"{error} {capsys.readouterr().err}"
    assert said in told
    assert not out.exists()


def test_reports_of_other_tasks_are_not_overwritten(handed_in: dict[str, Path], tmp_path: Path) -> None:
    start(handed_in, tmp_path)
    before = (tmp_path / "index.html").read_text(encoding="utf-8")
    with pytest.raises(ArgumentError, match="other tasks"):
        Grading(list(handed_in.values()), SMALL[:1], tmp_path)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == before
    for damaged in ("", "[]", "{}", '{"tasks": ["0_1", "1_1"], "seed": "x"}'):
        (tmp_path / RUN).write_text(damaged, encoding="utf-8")
        with pytest.raises(ArgumentError, match="choose another --out"):
            start(handed_in, tmp_path)


# Records


def test_a_record_that_cannot_be_read_is_made_again(handed_in: dict[str, Path], tmp_path: Path) -> None:
    start(handed_in, tmp_path)
    file = tmp_path / "students" / "hostile, ends with 0" / RECORD
    for damaged in ("", "[]", '{"student": 3}', file.read_text(encoding="utf-8")[:100]):
        file.write_text(damaged, encoding="utf-8")
        assert states(start(handed_in, tmp_path))["hostile, ends with 0"] == ["waiting"] * 2


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "deep" / "file"
    write_whole(file, "old")
    monkeypatch.setattr(os, "replace", lambda *names: pytest.fail("interrupted"))
    with pytest.raises(pytest.fail.Exception):
        write_whole(file, "new, and longer")
    assert file.read_text(encoding="utf-8") == "old"


# What is prepared


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The two small tasks, prepared."""
    return prepare(SMALL, tmp_path_factory.mktemp("prepared"), SEED, WALLS, QUICK)


def test_nothing_that_knows_answers_is_near_a_student(prepared: Assignment) -> None:
    secret = ("answers", "reference", "oracles", "solutions", "misconceptions", "judging", "diagnosis")
    for base in prepared.bases.values():
        names = [path.relative_to(base).as_posix() for path in base.rglob("*")]
        assert not [name for name in names if any(word in Path(name).name for word in secret)]


def test_a_base_has_the_solutions_of_the_tasks_before(prepared: Assignment) -> None:
    for number, base in prepared.bases.items():
        verdicts = judge_all(all_cases(prepared.bases), base, ("plain",))
        red = {verdict.case.task for verdict in verdicts.values() if not verdict.passed}
        assert red == {other for other in prepared.bases if other >= number}
        assert {verdict.outcome.status for verdict in verdicts.values() if not verdict.passed} == {"missing"}


def test_nothing_is_graded_where_a_reference_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sections = assignment.sections_of("1_1")
    broken = {name: text.replace("(2 * epsilon)", "epsilon") for name, text in sections.items()}
    monkeypatch.setattr(assignment, "sections_of", lambda number: broken)
    with pytest.raises(StateError, match="the reference solution fails"):
        prepare([tasks()["1_1"]], tmp_path, SEED, WALLS, QUICK)


def test_the_key_changes_with_all_that_grades_depend_on() -> None:
    keys = [
        key_of(SMALL, SEED, QUICK, WALLS),
        key_of(SMALL[:1], SEED, QUICK, WALLS),
        key_of(SMALL, SEED + 1, QUICK, WALLS),
        key_of(SMALL, SEED, replace(QUICK, memory=1), WALLS),
        key_of(SMALL, SEED, QUICK, not WALLS),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == key_of(SMALL, SEED, QUICK, WALLS)


def test_references_stand_in_place_of_stubs_only(prepared: Assignment, tmp_path: Path) -> None:
    (tmp_path / "minitorch").mkdir()
    remembered: dict[Any, str] = {}
    for solved in (SMALL, SMALL[:1], SMALL):
        plant_references(prepared.handed_out, tmp_path, SMALL, solved, remembered)
        for task, name in zip(SMALL, ("operators.py", "autodiff.py")):
            text = (tmp_path / "minitorch" / name).read_text(encoding="utf-8")
            assert ('NotImplementedError("Task' in text) == (task not in solved)


def test_what_was_compiled_from_a_reference_is_not_near_a_student(prepared: Assignment, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(prepared.bases["1_1"], whole)
    plant_references(prepared.handed_out, whole, SMALL, SMALL, {})
    cache = whole / "minitorch" / "__pycache__"
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    # `scalar.py` imports `autodiff.py`, and `operators.py` does not.
    for name in ("autodiff.cpython-311.pyc", "autodiff.f-3.py311.nbi", "scalar.g-4.py311.1.nbc", "operators.h-5.nbc"):
        (cache / name).touch()
    make_base(whole, tmp_path / "base", prepared.handed_out, SMALL, tasks()["1_1"], {})
    assert [file.name for file in (tmp_path / "base" / "minitorch" / "__pycache__").iterdir()] == ["operators.h-5.nbc"]


def test_dependents_are_found_over_several_files(tmp_path: Path) -> None:
    texts = {
        "a": "import b\n",
        "b": "from . import c, d\n",
        "c": "from .d import x\n",
        "d": "",
        "e": "from .b import y\n",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    assert dependents(tmp_path, {"d"}) == {"d", "c", "b", "e"}
    assert dependents(tmp_path, {"c"}) == {"c", "b", "e"}
    assert dependents(tmp_path, {"a"}) == {"a"}


# Other numbers


def test_other_numbers_are_the_same_cases() -> None:
    known, others, again = all_cases(), all_cases(seed=SEED), all_cases(seed=SEED)
    assert [case.id for case in known] == [case.id for case in others]
    assert [describe_inputs(case) for case in others] == [describe_inputs(case) for case in again]
    changed = {case.task for case, other in zip(known, others) if describe_inputs(case) != describe_inputs(other)}
    assert changed >= {number for number in tasks() if number[0] in "234"} - {"2_2"}


def test_other_numbers_of_one_thread_are_not_those_of_another() -> None:
    inside, checked = threading.Event(), threading.Event()
    drawn: list[float] = []

    def draw() -> None:
        with seeded(SEED):
            inside.set()
            checked.wait(10)
            drawn.append(rng_for("a case").random())

    thread = threading.Thread(target=draw)
    thread.start()
    inside.wait(10)
    here = rng_for("a case").random()
    checked.set()
    thread.join()
    assert rng_for("a case").random() == here
    with seeded(SEED):
        assert rng_for("a case").random() == drawn[0] != here


def describe_inputs(case: Case) -> str:
    """The inputs of a case as a text."""
    return str({name: getattr(value, "tolist", lambda value=value: value)() for name, value in case.inputs.items()})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_library_is_right_on_other_numbers(seed: int) -> None:
    verdicts = judge_all(all_cases(), stages=(), again=("plain",), seed=seed)
    assert len(verdicts) > 1000
    assert [verdict.case.id for verdict in verdicts.values() if not verdict.passed] == []
    assert {verdict.seed for verdict in verdicts.values()} == {seed}


# The sandbox


def run_inside(box: Sandbox, tree: Path, code: str) -> tuple[int, str]:
    """Run Python code in a sandbox. Returns the exit status, and what was printed."""
    command = box.command(tree, ["-c", code])
    done = subprocess.run(command, env=box.environment(tree), cwd=tree, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder to run something in."""
    folder = tmp_path / "tree"
    folder.mkdir()
    return folder


def test_limits_hold(tree: Path) -> None:
    box = Sandbox(WALLS, Limits(memory=1 << 30, file=1 << 20, open_files=20, seconds=1))
    assert "MemoryError" in run_inside(box, tree, "bytes(1 << 31)")[1]
    assert "File too large" in run_inside(box, tree, "open('f', 'wb').write(bytes(1 << 21))")[1]
    assert "Too many open files" in run_inside(box, tree, "all = [open('f', 'w') for _ in range(50)]")[1]
    status, _ = run_inside(box, tree, "while True: pass")
    assert box.ending(status) == "by signal SIGKILL"


def test_what_is_secret_does_not_get_inside(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "12345")
    assert "12345" not in run_inside(Sandbox(WALLS), tree, "import os; print(os.environ)")[1]


def test_inside_of_the_sandbox_there_is_nothing_to_reach(tree: Path, tmp_path: Path) -> None:
    """Where there is no sandbox, nobody claims that there is one."""
    if not WALLS:
        with pytest.raises(StateError, match="apt install bubblewrap"):
            try_out(Sandbox(), tree)
        return
    try_out(Sandbox(), tree)
    (tmp_path / "secret").write_text("12345", encoding="utf-8")
    for place in (ROOT / "project", ROOT / ".git", tmp_path / "secret", Path.home() / ".bashrc", Path("/etc/passwd")):
        assert "False" in run_inside(Sandbox(), tree, f"import os; print(os.path.exists({str(place)!r}))")[1]
    assert "Read-only" in run_inside(Sandbox(), tree, "open('/usr/x', 'w')")[1]
    assert "Read-only" in run_inside(Sandbox(), tree, "open('/x', 'w')")[1]
    (tree / "mine").write_text("old", encoding="utf-8")
    assert run_inside(Sandbox(), tree, "print(open('mine').read()); open('mine', 'w').write('new')") == (0, "old\n")
    assert (tree / "mine").read_text(encoding="utf-8") == "old"  # it was a copy
    seen = run_inside(Sandbox(), tree, "import glob; print(len(glob.glob('/proc/[0-9]*')))")[1]
    assert int(seen) <= 3  # bubblewrap and itself
    network = "import socket; print([name for _, name in socket.if_nameindex()])"
    assert run_inside(Sandbox(), tree, network)[1] == "['lo']\n"
    forks = "import os, time\nn = 0\ntry:\n    while n < 500:\n        n += 1\n        os.fork() or time.sleep(9)\n"
    many = run_inside(Sandbox(limits=Limits(processes=20)), tree, f"{forks}except OSError:\n    print(n)")[1]
    assert int(many.split()[0]) <= 25


def test_without_bubblewrap_it_says_what_to_do(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tree))
    with pytest.raises(StateError, match="--no-sandbox"):
        try_out(Sandbox(), tree)
    try_out(Sandbox(walls=False), tree)


def test_answers_are_out_of_reach_wherever_they_stand(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of the system, or in one that Python is told to look for packages in."""
    monkeypatch.syspath_prepend(str(ROOT / "project"))
    assert not [folder for folder in python_folders() if folder.is_relative_to(ROOT) and ".venv" not in folder.parts]
    folders = python_folders()
    place = tmp_path / "place"
    library = place / "repository" / "minitorch" / "operators.py"
    library.parent.mkdir(parents=True)
    library.touch()
    beside = place / "package"
    beside.touch()
    monkeypatch.setattr(sandbox, "ROOT", place / "repository")
    for system, packages in (((*SYSTEM, str(place)), folders), (SYSTEM, [*folders, place])):
        monkeypatch.setattr(sandbox, "SYSTEM", system)
        monkeypatch.setattr(sandbox, "python_folders", lambda packages=packages: packages)
        command = bubblewrap(tree, Limits())
        hidden = command.index(str(place / "repository"))
        assert command[hidden - 1] == "--tmpfs"
        assert hidden > command.index(str(place))
    if WALLS:
        try_out(Sandbox(), tree)
        seen = f"import os; print([os.path.exists(place) for place in ({str(beside)!r}, {str(library)!r})])"
        assert run_inside(Sandbox(), tree, seen)[1] == "[True, False]\n"


def test_nothing_is_graded_where_answers_are_in_reach(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is installed where Python finds it, and for once nobody has hidden it."""
    folders = python_folders()
    monkeypatch.setattr(sandbox, "python_folders", lambda: [*folders, ROOT])
    monkeypatch.setattr(sandbox, "ROOT", tree)
    with pytest.raises(StateError, match="could read the answers" if WALLS else "apt install bubblewrap"):
        try_out(Sandbox(), tree)


def outcomes_of(body: str, box: Sandbox, cases: Sequence[Case], until: float | None = None) -> list[Any]:
    """What comes out of a central difference with this body."""
    lines = "\n".join([f"    {line}" for line in body.splitlines()])
    solution = f"def central_difference(f, *vals, arg=0, epsilon=1e-6):\n{lines}\n"
    with planted({"minitorch/autodiff.py": solution}) as folder:
        return [v.outcome for v in judge_all(cases, folder, ("plain",), None, box, until=until).values()]


def test_a_folder_holds_only_so_much(tree: Path) -> None:
    body = "for i in range(9):\n    open(f'f{i}', 'wb').write(bytes(1 << 20))"
    said = run_inside(Sandbox(WALLS, Limits(folder=4 << 20)), tree, body)[1]
    assert ("No space left on device" in said) == WALLS
    said = (
        run_inside(Sandbox(WALLS, Limits(scratch=4 << 20)), tree, f"import os; os.chdir('/tmp')\n{body}")
        if WALLS
        else said
    )
    assert ("No space left on device" in str(said)) == WALLS


def test_after_some_endless_loops_the_others_are_not_tried() -> None:
    cases = [replace(case, seconds=0.5) for case in cases_of("1_1")]
    outcomes = outcomes_of("while True:\n    pass", Sandbox(WALLS), cases)
    assert [outcome.status for outcome in outcomes] == ["timeout"] * len(cases)
    assert sum("come to an end within" in outcome.error for outcome in outcomes) == PATIENCE
    assert sum("was not run" in outcome.error for outcome in outcomes) == len(cases) - PATIENCE


def test_all_cases_together_have_only_so_much_time() -> None:
    began = time.monotonic()
    outcomes = outcomes_of("import time\ntime.sleep(1.5)\nreturn 0.0", Sandbox(WALLS), cases_of("1_1"), began + 4)
    assert time.monotonic() - began < 8
    assert outcomes[0].status == "values"
    assert "all the time that there is" in outcomes[-1].error


def test_an_attack_is_written_into_its_function(tree: Path) -> None:
    """The hostile ones do what they say, or their grades would prove nothing."""
    (tree / "minitorch").mkdir()
    file = tree / "minitorch" / "autodiff.py"
    file.write_text("def central_difference(f, *vals, arg=0, epsilon=1e-6):\n    return 1.0\n", encoding="utf-8")
    attack("return 'VICTIM', PORT")(tree, Surroundings(tree, 4))
    scope: dict[str, Any] = {}
    exec(file.read_text(encoding="utf-8"), scope)
    assert scope["central_difference"](None) == (str(tree), 4)
