"""What is needed to grade an assignment, prepared once for all submissions.

For each task there is a *base*: the repository as it was handed out, without any answer, and with the reference
solutions of all other tasks in it. Put a student's functions of that task into it, and whatever is wrong with it then
is wrong with those. So a mistake in one task costs no other one.
"""

import functools
import hashlib
import json
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np

from minitorch.errors import StateError, explain
from project.course.cases import STAGES
from project.course.judging import judge_all
from project.course.planting import copy_tree, keep_only, textbook
from project.course.release import release
from project.course.runner import ROOT
from project.course.sandbox import Limits, Sandbox, try_out
from project.course.source import read_solution, rewrite
from project.course.suites import cases_of
from project.course.tasks import Task

JUDGES = ("__init__.py", "cases.py", "child.py", "inputs.py", "tasks.py", "tasks.toml", "watched.py", "suites")
"""What a process needs of `project/course` to run cases. Nothing else of it is near a student's code: no answers."""


@dataclass(frozen=True)
class Assignment:
    """What is graded, and with what.

    Attributes:
        tasks: The tasks.
        handed_out: The folder with the repository as it was handed out.
        bases: For each task, its base.
        seed: The seed of the numbers that students do not know.
        limits: What a student's process may use.
        walls: Whether there is a sandbox.
        key: A number that changes with anything of this, and with any file of this repository.
    """

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


def plant_references(handed_out: Path, folder: Path, chosen: Sequence[Task], without: str = "") -> None:
    """Put the references of tasks into the files that they are for.

    Args:
        handed_out: Where the files are taken from.
        folder: Where they are written to.
        chosen: The tasks.
        without: The task that is left out. If there is one, only files are written that it has a part in.
    """
    texts: dict[str, str] = {}
    for name in dict.fromkeys(name for task in chosen for name in sections_of(task.id)):
        if without and name not in sections_of(without):
            continue
        texts[name] = (handed_out / name).read_text(encoding="utf-8")
        for task in chosen:
            if task.id != without and name in sections_of(task.id):
                texts[name] = rewrite(texts[name], sections_of(task.id)[name])
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def check_references(tree: Path, chosen: Sequence[Task], sandbox: Sandbox, seed: int) -> Iterator[Task]:
    """Make sure that the reference solutions are right on this machine, which also compiles their kernels.

    Yields:
        Each task whose suite was run.

    Raises:
        StateError: One is not right. Students' solutions would not be either.
    """
    for task in chosen:
        until = time.monotonic() + sandbox.limits.task
        verdicts = judge_all(cases_of(task.id), tree, STAGES, None, sandbox, seed, until)
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
    handed_out, whole = folder / "handed_out", folder / "whole"
    release(list(chosen), handed_out)
    copy_tree(handed_out, whole)
    keep_only(whole / "project" / "course", JUDGES)
    plant_references(handed_out, whole, chosen)
    sandbox = Sandbox(walls, limits)
    try_out(sandbox, whole)
    tell("the copy that was handed out")
    judged = chosen if judged is None else judged
    for task in check_references(whole, judged, sandbox, seed):
        tell(f"the reference of task {task.number}")
    bases = {}
    for task in judged:
        bases[task.id] = folder / task.id
        shutil.copytree(whole, bases[task.id])  # with the compiled kernels
        plant_references(handed_out, bases[task.id], chosen, task.id)
    return Assignment(tuple(judged), handed_out, bases, seed, limits, walls, key_of(chosen, seed, limits, walls))
