"""Copies of the repository in which some solutions stand: for wrong solutions that are tried, and for references."""

import json
import lzma
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from minitorch.errors import ArgumentError, explain
from project.course.runner import ROOT
from project.course.source import plant, read_solution
from project.course.tasks import find_task

NEEDED = ("minitorch", "project")
"""The folders that a process needs to run cases."""

LEFT_OUT = ("__pycache__", "*.pyc", "runs", "benchmark", "oracles", "solutions", "misconceptions")
"""What of them is left out of every copy. Above all the answers: what is not there cannot be peeked at."""

SOLUTIONS = Path(__file__).with_name("solutions")

SEALED = Path(__file__).with_name("reference.json.xz")
"""Where students have the reference solutions: compressed, so that nobody reads them by accident."""

WORKSPACE = ".course"
"""The folder in which code with references in it is kept between runs, so that its kernels are compiled only once."""


def copy_tree(root: Path, folder: Path) -> None:
    """Copy what is needed to run cases. Compiled kernels that lie in the folder stay."""
    for name in NEEDED:
        for old in (folder / name).rglob("*.py"):
            old.unlink()
        shutil.copytree(
            root / name, folder / name, ignore=shutil.ignore_patterns(*LEFT_OUT, "data"), dirs_exist_ok=True
        )


def keep_only(folder: Path, names: Sequence[str]) -> None:
    """Remove all that is in a folder, but for some of it."""
    for path in folder.iterdir():
        if path.name in names:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def planted(*solutions: Mapping[str, str], root: Path = ROOT) -> Iterator[Path]:
    """A copy of the repository, as far as cases need it, in which some solutions stand. It is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="minitorch-") as folder:
        tree = Path(folder)
        copy_tree(root, tree)
        for solution in solutions:
            plant(tree, solution)
        yield tree


def textbook(task: str) -> str:
    """The text of a task's textbook solution, which is its reference too.

    Raises:
        ArgumentError: There is none; students may have been given the repository without references.
    """
    file = SOLUTIONS / f"task{task}" / "textbook.py"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    sealed = json.loads(lzma.decompress(SEALED.read_bytes())) if SEALED.is_file() else {}
    if task not in sealed:
        raise ArgumentError(
            explain(
                "There is no reference for this task.",
                got=task,
                expected=f"one of {', '.join(sealed) or '(no task has one here)'}",
                fix="ask whoever gave you this repository",
            )
        )
    return sealed[task]


def seal(file: Path, numbers: Sequence[str]) -> None:
    """Write the reference solutions of some tasks into one file."""
    texts = {number: textbook(number) for number in numbers}
    file.write_bytes(lzma.compress(json.dumps(texts, sort_keys=True).encode()))


def with_references(numbers: Sequence[str], root: Path = ROOT) -> Path:
    """The folder to run cases in: the repository itself, or a copy in which the references of some tasks stand."""
    if not numbers:
        return root
    folder = root / WORKSPACE
    copy_tree(root, folder)
    for number in numbers:
        plant(folder, read_solution(textbook(find_task(number).id)))
    return folder
