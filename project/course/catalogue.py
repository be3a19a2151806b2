"""Solutions of the tasks: a textbook solution of each, other correct ones, and the catalogue of wrong ones.

- `solutions/taskN_M/textbook.py` solves a task the way a student may; the other files there are correct too.
- `misconceptions/taskN_M.toml` lists wrong solutions, each as a few changes to the textbook solution.
"""

import functools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from project.course.cases import Case, Outcome
from project.course.runner import ROOT, run_cases
from project.course.source import edit, plant, read_solution
from project.course.suites import cases_of
from project.course.tasks import tasks, tomllib

SOLUTIONS = Path(__file__).with_name("solutions")
MISCONCEPTIONS = Path(__file__).with_name("misconceptions")

NEEDED = ("minitorch", "project")
"""The folders that a process needs to run cases."""

LEFT_OUT = shutil.ignore_patterns("__pycache__", "data", "runs", "benchmark", "oracles", "solutions", "misconceptions")
"""What of them it does not need. Above all the answers: what is not there cannot be peeked at."""


@dataclass(frozen=True)
class Misconception:
    """A wrong solution.

    Attributes:
        id: A short name for programs.
        task: The number of the task that it gets wrong.
        name: What was done, in a few words that complete "your result equals that of ...".
        symptom: What one sees of it.
        hint: A sentence that helps, without the solution.
        row: Its row in the study of the course's tests, if it is one of those.
        solution: The wrong solution, by the files that it is for.
    """

    id: str
    task: str
    name: str
    symptom: str
    hint: str
    row: int | None
    solution: Mapping[str, str]


@functools.cache
def textbook(task: str) -> str:
    """The text of a task's textbook solution."""
    return (SOLUTIONS / f"task{task}" / "textbook.py").read_text(encoding="utf-8")


def alternatives(task: str) -> dict[str, Mapping[str, str]]:
    """The correct solutions of a task, by name; the textbook solution is one of them."""
    files = sorted((SOLUTIONS / f"task{task}").glob("*.py"))
    return {file.stem: read_solution(file.read_text(encoding="utf-8")) for file in files}


def misconceptions(task: str) -> list[Misconception]:
    """The wrong solutions of a task."""
    file = MISCONCEPTIONS / f"task{task}.toml"
    if not file.is_file():
        return []
    found = []
    for id, entry in tomllib.loads(file.read_text(encoding="utf-8")).items():
        solution = read_solution(edit(textbook(task), entry["edits"]))
        found.append(
            Misconception(id, task, entry["name"], entry["symptom"], entry["hint"], entry.get("row"), solution)
        )
    return found


def catalogue(numbers: Sequence[str] | None = None) -> list[Misconception]:
    """The wrong solutions of some tasks, or of all."""
    return [wrong for number in (tasks() if numbers is None else numbers) for wrong in misconceptions(number)]


@contextmanager
def planted(*solutions: Mapping[str, str], root: Path = ROOT) -> Iterator[Path]:
    """A copy of the repository, as far as cases need it, in which some solutions stand. It is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="minitorch-") as folder:
        tree = Path(folder)
        for name in NEEDED:
            shutil.copytree(root / name, tree / name, ignore=LEFT_OUT)
        for solution in solutions:
            plant(tree, solution)
        yield tree


def run_suite(
    task: str,
    tree: Path,
    stages: Sequence[str] = ("plain",),
    each: Callable[[Case, Outcome], None] | None = None,
) -> dict[str, dict[str, Outcome]]:
    """Run the suite of a task in a folder. Returns the outcomes, by the stage and the id of the case."""
    return {stage: run_cases(cases_of(task), stage, tree, each) for stage in stages}
