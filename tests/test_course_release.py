"""What students get: the library without the answers to some tasks. (`rehearse` tries it for all tasks.)"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from project.course import rehearsal
from project.course import release as release_module
from project.course.__main__ import main
from project.course.judging import judge_all
from project.course.rehearsal import leaks, released, run_robot, suites_without
from project.course.release import release
from project.course.runner import ROOT
from project.course.suites import cases_of
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")


@pytest.fixture(scope="module")
def handout() -> Iterator[Path]:
    """A release of the convolutions."""
    with released([tasks()["4_1"], tasks()["4_2"]]) as folder:
        yield folder


def test_functions_are_stubs_and_helpers_are_gone(handout: Path) -> None:
    source = (handout / "minitorch" / "fast_conv.py").read_text(encoding="utf-8")
    for name in ("tensor_conv1d", "Conv1dFun.backward", "tensor_conv2d", "Conv2dFun.backward"):
        assert f"write {name} in minitorch/fast_conv.py" in source
    assert "Task 4.1: Convolution in one dimension" in source
    assert "out_strides: Its strides." in source  # how to call it is still said
    assert "slide_windows" not in source
    assert not (handout / "minitorch" / "sliding.py").exists()
    assert (handout / "minitorch" / "fast_matmul.py").exists()


def test_nothing_else_is_changed(handout: Path) -> None:
    changed = {
        file.name
        for file in (handout / "minitorch").glob("*.py")
        if file.read_bytes() != (ROOT / "minitorch" / file.name).read_bytes()
    }
    assert changed == {"fast_conv.py", "inner_loops.py"}


def test_students_have_a_readme_of_their_own(handout: Path) -> None:
    text = (handout / "README.md").read_text(encoding="utf-8")
    assert "| 4.1 | Convolution in one dimension | 15 | `minitorch/fast_conv.py` |" in text
    assert "-m pytest -m task4_1\n" in text
    assert 'run "4_1: one tap"' in text
    assert "{" not in text


def test_the_students_copy_can_be_installed(handout: Path) -> None:
    asked = subprocess.run(
        [sys.executable, "setup.py", "--name"], cwd=handout, capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "minitorch"


def test_answers_are_not_handed_out(handout: Path) -> None:
    course = handout / "project" / "course"
    for name in ("oracles", "solutions", "misconceptions", "catalogue.py", "release.py"):
        assert not (course / name).exists()
    assert sorted(path.name for path in (handout / "tests").glob("*.py")) == [
        "__init__.py",
        "conftest.py",
        "test_tasks.py",
    ]
    assert not (handout / ".git").exists()
    assert not list(handout.rglob("__pycache__"))


def test_the_students_copy_works_and_says_what_is_missing(handout: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "task4_1"],
        cwd=handout,
        env={"PATH": "", "PYTHONPATH": str(handout)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "It is not written yet. Task 4.1: write" in run.stdout
    assert "passed" not in run.stdout


def test_the_reference_can_be_borrowed(handout: Path) -> None:
    command = [sys.executable, "-m", "project.course", "check", "--task", "4_1"]
    settings = {"cwd": handout, "env": {"PATH": "", "PYTHONPATH": str(handout)}, "capture_output": True, "text": True}
    alone = subprocess.run(command, check=False, **settings)
    assert alone.returncode == 1
    assert "not written yet" in alone.stdout
    borrowed = subprocess.run([*command, "--reference", "4_1"], check=False, **settings)
    assert borrowed.returncode == 0, borrowed.stdout
    assert "1 of 1 tasks are solved: 15 of 15 points." in borrowed.stdout


def test_exactly_the_suites_that_need_a_task_are_red() -> None:
    red, silent = suites_without(tasks()["1_1"])
    assert red == {"1_1"}
    assert silent == []


def test_the_robot_solves_the_first_task() -> None:
    told: list[tuple[str, list[str]]] = []
    assert run_robot(lambda step, complaints: told.append((step, complaints)), ["0_1"])
    assert told == [("the beginning", []), ("0_1", [])]


def test_a_suite_that_stays_red_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker is checked: here the robot writes nothing."""
    monkeypatch.setattr(rehearsal, "textbook", lambda number: "# minitorch/operators.py\n")
    told: list[list[str]] = []
    assert not run_robot(lambda step, complaints: told.append(complaints), ["0_1"])
    (complaint,) = told[1]
    assert complaint.startswith("the suite of 0_1 is red\n")


def test_no_line_of_an_answer_is_left() -> None:
    assert leaks(tasks()["2_2"]) == []


def test_a_line_of_an_answer_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker is checked: a test that quotes the solution gives it away."""
    for name in ("minitorch", "project", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "data", "runs"))
    answer = "return (f(*right) - f(*left)) / (2 * epsilon)"
    assert answer in (tmp_path / "minitorch" / "autodiff.py").read_text(encoding="utf-8")
    with (tmp_path / "tests" / "conftest.py").open("a", encoding="utf-8") as file:
        file.write(f"\n\ndef difference(f, left, right, epsilon):\n    {answer}\n")
    assert leaks(tasks()["1_1"], tmp_path) == [f"tests/conftest.py: {answer}"]


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "precious.txt").write_text("x", encoding="utf-8")
    with pytest.raises(FileExistsError, match="not empty"):
        release([tasks()["1_1"]], tmp_path)
    assert main(["release", "--task", "1_1", "--out", str(tmp_path)]) == 2
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["precious.txt"]


@pytest.mark.parametrize(
    ("options", "count"), [(["--task", "4.1", "--task", "task4_2"], 2), (["--module", "4"], 5), (["--all"], 25)]
)
def test_tasks_are_chosen_by_number_by_module_or_all(
    tmp_path: Path,
    options: list[str],
    count: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chosen: list[str] = []
    monkeypatch.setattr(release_module, "release", lambda wanted, folder: chosen.extend(wanted) or [])
    assert main(["release", *options, "--out", str(tmp_path / "out")]) == 0
    assert len(chosen) == count
    assert f"{count} tasks" in capsys.readouterr().out


def test_an_unknown_task_is_told_in_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--task", "9_9"]) == 2
    assert "error: There is no such task." in capsys.readouterr().err
    assert main(["check", "--task", "1_1", "--reference", "9_9"]) == 2


@pytest.mark.parametrize("options", [[], ["--module", "7"]])
def test_a_choice_of_nothing_is_refused(tmp_path: Path, options: list[str]) -> None:
    with pytest.raises(SystemExit, match="error"):
        main(["release", *options, "--out", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_the_library_itself_is_right() -> None:
    verdicts = judge_all(cases_of("2_2"), stages=("plain",))
    assert all(verdict.passed for verdict in verdicts.values())
