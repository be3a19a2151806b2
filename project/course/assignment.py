"""What is needed to grade an assignment, prepared once for all submissions.

For each task there is a *base*: the repository as it was handed out, with the reference solutions of the tasks before
it, and no other answer. Put a student's functions of that task into it, and whatever is wrong with it then is wrong
with those: a mistake in one task costs no later one. Of later tasks there is no reference, which could do the work of
this one.
"""

import functools
import hashlib
import json
import platform
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numba
import numpy as np

from minitorch.errors import StateError, explain
from project.course.judging import judge_all
from project.course.planting import copy_tree, keep_only, textbook
from project.course.release import release
from project.course.runner import ROOT
from project.course.sandbox import Limits, Sandbox, try_out
from project.course.source import read_solution, rewrite
from project.course.suites import cases_of
from project.course.tasks import Task

FIRST = ("plain", "one thread")
"""The stages in which a solution is tried on the random numbers that students know."""

AGAIN = ("plain", "threads")
"""The stages in which it is then tried on random numbers that nobody has seen."""

JUDGES = ("__init__.py", "cases.py", "child.py", "inputs.py", "tasks.py", "tasks.toml", "watched.py", "suites")
"""What a process needs of `project/course` to run cases. Nothing else of it is near a student's code: no answers."""


@dataclass(frozen=True)
class Assignment:
    """What is graded, and with what.

    Attributes:
        chosen: The tasks that were handed out together.
        tasks: Those of them that are judged.
        handed_out: The folder with the repository as it was handed out.
        bases: For each task, its base.
        seed: The seed of the numbers that students do not know.
        limits: What a student's process may use.
        walls: Whether there is a sandbox.
        key: A number that changes with anything of this, and with any file of this repository.
    """

    chosen: tuple[Task, ...]
    tasks: tuple[Task, ...]
    handed_out: Path
    bases: Mapping[str, Path]
    seed: int
    limits: Limits
    walls: bool
    key: str

    @property
    def made_with(self) -> dict[str, Any]:
        """What a record keeps of it, for whoever wants to grade the same again."""
        return {
            "seed": self.seed,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "numba": numba.__version__,
            "sandbox": self.walls,
            "limits": asdict(self.limits),
        }


def key_of(chosen: Sequence[Task], seed: int, limits: Limits, walls: bool) -> str:
    """The key of an assignment: a hash of all that its grades depend on, besides the submissions."""
    settings = [[task.id for task in chosen], seed, asdict(limits), walls]
    versions = [platform.python_version(), np.__version__, numba.__version__]
    digest = hashlib.sha256(json.dumps([settings, versions]).encode())
    for folder in ("minitorch", "project"):
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in (".py", ".toml"):
                digest.update(file.relative_to(ROOT).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@functools.cache
def sections_of(number: str) -> dict[str, str]:
    """The reference solution of a task: what is to stand in which file."""
    return read_solution(textbook(number))


def plant_references(
    handed_out: Path, folder: Path, chosen: Sequence[Task], planted: Sequence[Task], remembered: dict[Any, str]
) -> None:
    """Write the files of all tasks: some with the reference solution, the others as they were handed out.

    Args:
        handed_out: Where the files are taken from.
        folder: Where they are written to.
        chosen: The tasks.
        planted: Those of them that are solved.
        remembered: Files that were made before. Many copies have the same, and it takes long to make one.
    """
    for name in dict.fromkeys([name for task in chosen for name in sections_of(task.id)]):
        text, done = (handed_out / name).read_text(encoding="utf-8"), [name]
        for task in planted:
            if name in sections_of(task.id):
                done.append(task.id)
                if tuple(done) not in remembered:
                    remembered[tuple(done)] = rewrite(text, sections_of(task.id)[name])
                text = remembered[tuple(done)]
        (folder / name).write_text(text, encoding="utf-8")


def dependents(library: Path, changed: set[str]) -> set[str]:
    """The files of the library that import one of some files, directly or not, and those files themselves, by name."""
    imported = {}
    for file in library.glob("*.py"):
        pattern = r"^from \. import ([\w, ]+)|^from \.(\w+) import"
        found = re.findall(pattern, file.read_text(encoding="utf-8"), re.M)
        imported[file.stem] = {word for names in found for word in re.findall(r"\w+", " ".join(names))}
    reached = set(changed)
    while more := {stem for stem, names in imported.items() if names & reached} - reached:
        reached |= more
    return reached


def make_base(whole: Path, folder: Path, handed_out: Path, chosen: Sequence[Task], task: Task, remembered: Any) -> None:
    """Make the base of a task out of the copy in which all tasks are solved.

    Compiled code is taken along where it can be used. What was compiled from the reference of the task itself, or
    together with it, is not: whoever found it there could run it in the place of a solution.
    """
    shutil.copytree(whole, folder)
    planted = [other for other in chosen if other.id in task.before and other.id != task.id]
    plant_references(handed_out, folder, chosen, planted, remembered)
    names = {name for other in chosen for name in sections_of(other.id)}
    changed = {Path(name).stem for name in names if (folder / name).read_bytes() != (whole / name).read_bytes()}
    for stem in dependents(folder / "minitorch", changed):
        for package in ("minitorch", "project"):
            for compiled in (folder / package / "__pycache__").glob(f"{stem}.*"):
                compiled.unlink()


def check_references(tree: Path, chosen: Sequence[Task], sandbox: Sandbox, seed: int) -> Iterator[Task]:
    """Make sure that the reference solutions are right on this machine, which also compiles their kernels.

    Yields:
        Each task whose suite was run.

    Raises:
        StateError: One is not right. Students' solutions would not be either.
    """
    for task in chosen:
        # Outside of the sandbox, what is compiled is kept.
        judge_all(cases_of(task.id), tree, FIRST[1:], None, replace(sandbox, walls=False))
        until = time.monotonic() + sandbox.limits.task
        verdicts = judge_all(cases_of(task.id), tree, FIRST, None, sandbox, AGAIN, seed, until)
        for verdict in verdicts.values():
            if not verdict.passed:
                raise StateError(
                    explain(
                        "Nothing can be graded here: the reference solution fails.",
                        got=f'"{verdict.case.id}", {verdict.stage}: {verdict.outcome.error or verdict.difference}',
                        expected="that all cases of all references are right",
                        fix="run python -m project.course check; if that is well, raise the limits, or take another "
                        "--seed",
                    )
                )
        yield task


def prepare(
    chosen: Sequence[Task],
    folder: Path,
    seed: int,
    walls: bool = True,
    limits: Limits = Limits(),
    each: Callable[[str], None] | None = None,
    judged: Sequence[Task] | None = None,
) -> Assignment:
    """Prepare an assignment.

    Args:
        chosen: The tasks that were handed out together.
        folder: An empty folder for the bases, which is needed as long as anything is graded.
        seed: The seed of the numbers that students do not know.
        walls: Whether there is to be a sandbox.
        limits: What a student's process may use.
        each: Is told what is done, step by step; there are as many steps as tasks that are judged, and one.
        judged: Those of the tasks that are judged; all of them, if left out.

    Raises:
        StateError: There is no sandbox, or a reference solution fails here.
    """
    tell = each or (lambda step: None)
    judged = chosen if judged is None else judged
    handed_out, whole = folder / "handed_out", folder / "whole"
    release(list(chosen), handed_out)
    copy_tree(handed_out, whole)
    keep_only(whole / "project" / "course", JUDGES)
    remembered: dict[Any, str] = {}
    plant_references(handed_out, whole, chosen, chosen, remembered)
    sandbox = Sandbox(walls, limits)
    try_out(sandbox, whole)
    tell("the copy that was handed out")
    for task in check_references(whole, judged, sandbox, seed):
        tell(f"the reference of task {task.number}")
    bases = {task.id: folder / task.id for task in judged}
    for task in judged:
        make_base(whole, bases[task.id], handed_out, chosen, task, remembered)
    key = key_of(chosen, seed, limits, walls)
    return Assignment(tuple(chosen), tuple(judged), handed_out, bases, seed, limits, walls, key)
