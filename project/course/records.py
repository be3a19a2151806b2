"""What a grading writes down: one record for each submission, from which every report is made.

A record is there, and valid, before anything is run: it says then that each task is still waiting. It is written anew
after each task, so whatever happens, what is on disk is a whole record.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RECORD = "record.json"
"""The name of the file of a record, in the folder of its submission."""

STATES = ("waiting", "solved", "wrong", "missing")
"""What a task can be: not judged yet; right in all cases; wrong; or not written yet."""


@dataclass(frozen=True)
class CaseGrade:
    """What was said about a case.

    Attributes:
        name: The name of the case.
        stage: The stage in which it failed, or the last one in which it passed.
        status: What came out: "values", "missing", "error", "crashed" or "timeout" (`cases.Outcome`).
        passed: Whether it is right.
        what: What is wrong, in a sentence or two; empty if nothing is.
        seed: The seed of its random numbers; 0 for those that students know.
    """

    name: str
    stage: str
    status: str
    passed: bool
    what: str = ""
    seed: int = 0


@dataclass(frozen=True)
class TaskGrade:
    """What was said about a task.

    Attributes:
        task: Its number, such as "4_1".
        state: One of the STATES.
        points: The points that it got: all or none.
        most: The points that it is worth.
        cases: The cases, from the smallest to the largest; none as long as it is waiting.
        seconds: How long it took.
        failing: The name of the smallest case that failed, or an empty text.
        report: The whole story of that case, in plain text of several lines.
        misconception: The misconception that the result is that of: its `id`, `name` and `hint`; or None.
        replay: The command that runs the failing case again, for the instructor.
    """

    task: str
    state: str
    points: float
    most: float
    cases: tuple[CaseGrade, ...] = ()
    seconds: float = 0.0
    failing: str = ""
    report: str = ""
    misconception: Mapping[str, str] | None = None
    replay: str = ""

    @property
    def passed(self) -> int:
        """How many cases are right."""
        return sum([case.passed for case in self.cases])


@dataclass(frozen=True)
class Record:
    """What was said about a submission.

    Attributes:
        student: The name of the submission, which is that of its folder or file.
        source: Where it was read from.
        fingerprint: A number that changes with anything that the result depends on.
        tasks: The tasks, in the order of the course.
        notes: What the student should know besides: files that cannot be read, changes that were not used.
        made_with: With what it was graded: seed, versions, limits, whether there was a sandbox.
    """

    student: str
    source: str
    fingerprint: str
    tasks: tuple[TaskGrade, ...]
    notes: tuple[str, ...] = ()
    made_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """The points of all tasks."""
        return sum([task.points for task in self.tasks])

    @property
    def most(self) -> float:
        """The points that all tasks are worth."""
        return sum([task.most for task in self.tasks])

    @property
    def seconds(self) -> float:
        """How long it took."""
        return sum([task.seconds for task in self.tasks])

    @property
    def is_done(self) -> bool:
        """Whether every task has been judged."""
        return all(task.state != "waiting" for task in self.tasks)


def write_whole(file: Path, text: str) -> None:
    """Write a file so that at each moment either the old contents or the new ones are there, and never a part."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_name(f".{file.name}.new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)


def as_json(record: Record) -> str:
    """A record as text."""
    return json.dumps(asdict(record), indent=1) + "\n"


def read_record(text: str) -> Record:
    """Read a record that `as_json` wrote."""
    entries = json.loads(text)
    tasks = [
        TaskGrade(**task | {"cases": tuple([CaseGrade(**case) for case in task["cases"]])}) for task in entries["tasks"]
    ]
    return Record(**entries | {"tasks": tuple(tasks), "notes": tuple(entries["notes"])})


def read_if_whole(file: Path) -> Record | None:
    """Read a record; None, if there is none, or one of another version."""
    try:
        return read_record(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def stuck_at(record: Record) -> TaskGrade | None:
    """The first task that is not solved; None if all are, or as long as one before it is still waiting."""
    first = next((task for task in record.tasks if task.state != "solved"), None)
    return None if first is None or first.state == "waiting" else first


def by_student(records: Sequence[Record]) -> list[Record]:
    """Records in the order of the students' names."""
    return sorted(records, key=lambda record: record.student.casefold())
