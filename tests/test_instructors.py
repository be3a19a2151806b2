"""The page for instructors: its commands are run, and what the README shows of a diagnosis is what students see."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from project.course.catalogue import misconceptions
from project.course.rehearsal import released
from project.course.sandbox import Limits
from project.course.source import plant
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
MATRIX, REHEARSE = ".venv/bin/python -m project.course matrix", ".venv/bin/python -m project.course rehearse"


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the page with this Python, in a folder, with the packages of that folder."""
    program, *arguments = shlex.split(command)
    assert program in ("python", ".venv/bin/python")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NUMBA")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def handouts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Two releases of the same tasks: that of a student, and a newer one beside it."""
    with released([tasks()["4_1"], tasks()["4_2"]]) as student, released([tasks()["4_1"], tasks()["4_2"]]) as newer:
        yield student, newer


def test_the_page_sets_up_as_the_readme_does() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{COMMANDS[0]} && " in readme


def test_the_command_that_hands_out_tasks_runs(tmp_path: Path) -> None:
    (command,) = [line for line in COMMANDS if "course release" in line]
    done = run(command.replace("--out handout", f"--out {tmp_path / 'handout'}"), ROOT)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "handout" / "minitorch" / "fast_conv.py").exists()


@pytest.mark.parametrize(
    ("words", "status", "shown"),
    [
        ("-m pytest", 1, "It is not written yet. Task 4.1"),
        ("course check", 1, "22 of 25 tasks are solved"),  # 4.5 builds on 4.2
        ("--reference", 1, "Convolution in one dimension"),
        ("course run", 1, "Task 4.1: write tensor_conv1d"),
    ],
)
def test_the_commands_of_students_run(handouts: tuple[Path, Path], words: str, status: int, shown: str) -> None:
    command = next(line for line in COMMANDS if words in line and line.startswith("python "))
    student, _ = handouts
    if "--reference" in command:  # the task of the example was not handed out in this release
        command = command.replace("2_3", "4_2")
    done = run(command, student)
    assert done.returncode == status, done.stdout + done.stderr
    assert shown in done.stdout + done.stderr


def test_the_command_that_updates_runs(handouts: tuple[Path, Path]) -> None:
    (command,) = [line for line in COMMANDS if "course update" in line]
    student, newer = handouts
    done = run(command.replace("../handout2", str(newer)), student)
    assert done.returncode == 0, done.stderr
    assert "0 files are new or newer" in done.stdout


def test_the_command_that_tries_the_catalogue_runs(tmp_path: Path) -> None:
    (command,) = [line for line in COMMANDS if line.startswith(MATRIX)]
    # Every thirtieth solution will do here; CI tries more of them.
    done = run(command.replace("--out matrix", f"--every 30 --out {tmp_path}"), ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 correct solutions are accepted." in done.stdout
    assert (tmp_path / "matrix.html").exists()
    assert (tmp_path / "matrix.json").exists()


@pytest.fixture(scope="module")
def submission(handouts: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a student named Ada hands in: a kernel that is flipped."""
    student, _ = handouts
    folder = tmp_path_factory.mktemp("submissions") / "ada"
    shutil.copytree(student, folder, ignore=shutil.ignore_patterns("data", "__pycache__"))
    (flipped,) = [wrong for wrong in misconceptions("4_1") if wrong.id == "conv1d-kernel-flipped"]
    plant(folder, flipped.solution)
    return folder


def test_the_commands_that_grade_run(submission: Path, tmp_path: Path) -> None:
    grade, again = [line for line in COMMANDS if "grade submissions/*" in line or "course replay" in line]
    walls = "" if shutil.which("bwrap") else " --no-sandbox"
    done = run(
        grade.replace("submissions/*", str(submission)).replace("--out graded", f"--out {tmp_path}") + walls, ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ada: 0 of " in done.stdout
    rows = re.findall(r"^\| `([\w/.]+)` \| ", PAGE.split("## Grade")[1].split("## Change")[0], re.M)
    assert len(rows) == 6
    assert all((tmp_path / row.replace("NAME", "ada")).is_file() for row in rows)
    done = run(again.replace("graded/", f"{tmp_path}/"), ROOT)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the kernel flipped" in done.stdout


def test_the_commands_for_gradescope_run(submission: Path, tmp_path: Path) -> None:
    grade, copy = [line for line in COMMANDS if "/autograder" in line]
    shutil.copytree(submission, tmp_path / "submission")
    (tmp_path / "results").mkdir()
    # One task is enough here.
    grade = grade.replace("/autograder", str(tmp_path)).replace("--task 4_2 --out graded", f"--out {tmp_path}/graded")
    done = run(grade, ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    words = shlex.split(copy.replace("/autograder", str(tmp_path)).replace("graded/", f"{tmp_path}/graded/"))
    subprocess.run(words, check=True)
    results = json.loads((tmp_path / "results" / "results.json").read_text(encoding="utf-8"))
    assert [(test["number"], test["status"]) for test in results["tests"]] == [("4.1", "failed")]
    assert "the kernel flipped" in results["tests"][0]["output"]


def test_the_limits_on_the_page_are_those_of_the_grader() -> None:
    limits = Limits()
    said = " ".join(PAGE.split())
    assert f"{limits.task // 60} minutes for a task; for each process {limits.memory >> 30} GiB of memory, " in said
    assert f"{limits.processes} processes and threads, files of {limits.file >> 20} MiB, " in said
    assert f"{limits.folder >> 20} MiB in all" in said


def test_ci_runs_the_rehearsal() -> None:
    assert REHEARSE in COMMANDS
    assert REHEARSE in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_no_command_of_the_page_is_left_out() -> None:
    tried = ("venv", "release", "pytest", "check", "course run", "update", "matrix", "rehearse", "grade", "replay")
    assert all(any(words in command for words in tried) for command in COMMANDS)


def test_the_readme_shows_what_students_see(handouts: tuple[Path, Path]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(.*?)```", readme, re.S)
    (flipped,) = [wrong for wrong in misconceptions("4_1") if wrong.id == "conv1d-kernel-flipped"]
    student, _ = handouts
    plant(student, flipped.solution)
    done = run("python -m pytest -m task4_1", student)
    assert shown in done.stdout
