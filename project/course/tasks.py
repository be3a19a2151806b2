"""The table of tasks, `tasks.toml`: everything else about the course is derived from it."""

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from minitorch.errors import ArgumentError, explain

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = Path(__file__).with_name("tasks.toml")

PARTS = ("what", "approach", "example", "hints")
"""The four parts of what a student is told about a task."""


@dataclass(frozen=True)
class Target:
    """A function that students write.

    Attributes:
        module: The file that it stands in, such as "minitorch/fast_conv.py".
        path: Its name within the file, with those of the class or the function around it: "Conv1dFun.backward".
        what: One sentence that says what it computes.
        skeleton: How it looks before it is written, where its signature alone would not do; or None.
    """

    module: str
    path: str
    what: str
    skeleton: str | None = None

    @property
    def outermost(self) -> str:
        """The name of the function, or of the method with its class, that contains the whole target."""
        names = self.path.split(".")
        return ".".join(names[: 2 if names[0].lstrip("_")[0].isupper() else 1])


@dataclass(frozen=True)
class Task:
    """A task of the course.

    Attributes:
        id: Its number, such as "4_1".
        title: What it is about.
        points: What it is worth.
        builds_on: All tasks without which its suite cannot be green.
        uses_later: Later tasks that this library's own solution uses, though a student's need not.
        parts: What students are told, by the names in `PARTS`.
        targets: The functions to be written.
        compiled: Whether the suite is run a second and a third time with compiled kernels.
    """

    id: str
    title: str
    points: float
    builds_on: tuple[str, ...]
    uses_later: tuple[str, ...]
    parts: Mapping[str, str]
    targets: tuple[Target, ...]
    compiled: bool

    @property
    def before(self) -> set[str]:
        """The tasks that a solution of this one may rely on: those that come before it, and the later ones it uses."""
        earlier = [other for other in tasks() if other < self.id]
        return {*earlier, *self.builds_on, *self.uses_later}

    @property
    def number(self) -> str:
        """The number as people write it: "4.1"."""
        return self.id.replace("_", ".")

    @property
    def marker(self) -> str:
        """The marker of its tests: "task4_1"."""
        return f"task{self.id}"


def read_target(name: str, entry: Any) -> Target:
    """Read a line of the table: a qualified name, and a sentence or a table with the keys `what` and `skeleton`."""
    module, _, path = name.partition(":")
    entry = {"what": entry} if isinstance(entry, str) else entry
    return Target(module, path, entry["what"], entry.get("skeleton"))


@functools.cache
def tasks(table: Path = TABLE) -> dict[str, Task]:
    """Read the table: the tasks by their numbers, in the order of the course.

    Raises:
        ArgumentError: A task builds on one that does not come before it, or lacks a part of its text.
    """
    entries = tomllib.loads(table.read_text(encoding="utf-8"))["task"]
    found: dict[str, Task] = {}
    for number, entry in entries.items():
        missing = [part for part in PARTS if not entry.get(part, "").strip()]
        later = [other for other in entry["builds_on"] if other not in found]
        if missing or later:
            raise ArgumentError(
                explain(
                    f"Task {number} is not described well in {table.name}.",
                    got=f"without {', '.join(missing)}" if missing else f"it builds on {', '.join(later)}",
                    expected=f"the parts {', '.join(PARTS)}" if missing else "tasks that come before it",
                    fix="complete the table",
                )
            )
        targets = tuple([read_target(name, target) for name, target in entry["functions"].items()])
        parts = {part: entry[part].strip() for part in PARTS}
        found[number] = Task(
            number,
            entry["title"],
            entry["points"],
            tuple(entry["builds_on"]),
            tuple(entry.get("uses_later", [])),
            parts,
            targets,
            entry.get("compiled", False),
        )
    return found


@functools.cache
def module_docstrings(table: Path = TABLE) -> dict[str, str]:
    """What the files are about in which solutions stand, without saying how those work: by the names of the files.

    Files whose own first lines give nothing away are not among them.
    """
    return tomllib.loads(table.read_text(encoding="utf-8")).get("files", {})


@functools.cache
def kept_names(table: Path = TABLE) -> frozenset[str]:
    """Names that no release removes: of the functions to be written, and of what belongs to the contract with them."""
    targets = {name for task in tasks(table).values() for target in task.targets for name in target.path.split(".")}
    return frozenset(targets | set(tomllib.loads(table.read_text(encoding="utf-8")).get("contract", [])))


def find_task(number: str) -> Task:
    """Return a task by its number, written "4_1", "4.1" or "task4_1".

    Raises:
        ArgumentError: There is no such task.
    """
    plain = number.removeprefix("task").replace(".", "_")
    if plain not in tasks():
        raise ArgumentError(
            explain(
                "There is no such task.",
                got=number,
                expected=f"one of {', '.join(tasks())}",
                fix="choose a task of the table",
            )
        )
    return tasks()[plain]
