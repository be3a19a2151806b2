"""Solutions of the tasks: a textbook solution of each, other correct ones, and the catalogue of wrong ones.

- `solutions/taskN_M/textbook.py` solves a task the way a student may; the other files there are correct too.
- `misconceptions/taskN_M.toml` lists wrong solutions, each as a few changes to the textbook solution.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from project.course.planting import SOLUTIONS, textbook
from project.course.source import edit, read_solution
from project.course.tasks import tomllib

MISCONCEPTIONS = Path(__file__).with_name("misconceptions")


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
        varies: Whether its results are others in each process, so that nobody can recognise it by them.
    """

    id: str
    task: str
    name: str
    symptom: str
    hint: str
    row: int | None
    solution: Mapping[str, str]
    varies: bool = False


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
            Misconception(
                id,
                task,
                entry["name"],
                entry["symptom"],
                entry["hint"],
                entry.get("row"),
                solution,
                entry.get("varies", False),
            )
        )
    return found
