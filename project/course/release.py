"""Writes the repository that students get: this one, without the answers to some tasks."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from project.course import answers
from project.course.planting import LEFT_OUT, copy_tree, keep_only, seal
from project.course.prune import prune
from project.course.runner import ROOT
from project.course.stubs import put_stubs
from project.course.suites import all_cases
from project.course.tasks import Task, kept_names, tasks
from project.course.update import keep_record

COPIED = (
    "LICENSE",
    "setup.py",
    "pyproject.toml",
    "requirements.txt",
    ".gitattributes",
    ".gitignore",
    "minitorch",
    "project",
)
"""What of this repository students get as a whole, but for what is left out."""

TESTS = ("__init__.py", "conftest.py", "test_tasks.py")
"""Which of the tests they get: those of the tasks. The others test the solution, and would give parts of it away."""

README = Path(__file__).with_name("handout.md")
"""The README of students, in which the tasks are still to be filled in."""

TOOL = (
    *("__init__.py", "__main__.py", "answers.py", "cases.py", "check.py", "child.py", "diagnosis.py", "drawings.py"),
    *("inputs.py", "judging.py", "options.py", "planting.py", "runner.py", "source.py", "suites", "tasks.py"),
    *("tasks.toml", "update.py", "watched.py"),
)
"""What students get of `project/course`. The rest is for instructors, and much of it knows answers."""


def copy_repository(root: Path, folder: Path) -> None:
    """Copy what students get, with the answers still in it."""
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT))
        elif source.exists():
            shutil.copy2(source, folder / name)
    (folder / "tests").mkdir()
    for name in TESTS:
        shutil.copy2(root / "tests" / name, folder / "tests" / name)
    keep_only(folder / "project" / "course", TOOL)


def write_readme(chosen: Sequence[Task], file: Path) -> None:
    """Write the README of a release."""
    lines = ["| task | | points | files |", "|---|---|---|---|"]
    for task in chosen:
        files = ", ".join([f"`{module}`" for module in dict.fromkeys(target.module for target in task.targets)])
        lines.append(f"| {task.number} | {task.title} | {task.points:g} | {files} |")
    case = all_cases([chosen[0].id])[0].id
    text = README.read_text(encoding="utf-8")
    filled = text.replace("{tasks}", "\n".join(lines)).replace("{first}", chosen[0].id).replace("{case}", case)
    file.write_text(filled, encoding="utf-8")


def release(chosen: Sequence[Task], folder: Path, root: Path = ROOT) -> list[str]:
    """Write a repository for students.

    Args:
        chosen: The tasks whose functions students are to write.
        folder: Where to; it must not exist, or be empty.
        root: The repository with all answers.

    Returns:
        Which helpers were removed, besides the functions of the tasks.

    Raises:
        FileExistsError: The folder has something in it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty. Choose a folder that does not exist yet.")
    folder.mkdir(parents=True, exist_ok=True)
    copy_repository(root, folder)
    with tempfile.TemporaryDirectory(prefix="minitorch-") as before:
        copy_tree(folder, Path(before))
        for task in chosen:
            put_stubs(folder, task)
        removed = prune(folder, Path(before), kept_names())
    write_readme(chosen, folder / "README.md")
    expected = {case.id: answers.expected(case) for case in all_cases()}
    known = [misconception for number in tasks() for misconception in answers.known(number)]
    answers.write(folder / "project" / "course" / "answers.json.xz", expected, known)
    seal(folder / "project" / "course" / "reference.json.xz", [task.id for task in chosen])
    keep_record(folder)
    return removed
