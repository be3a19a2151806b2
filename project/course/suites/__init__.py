"""The cases of each task, one file a task. What they should give is not said here: see `project/course/oracles/`."""

import importlib
import importlib.util
from collections.abc import Iterable

from project.course.cases import Case
from project.course.tasks import tasks


def cases_of(task: str) -> list[Case]:
    """The cases of a task, from the smallest to the largest."""
    name = f"{__name__}.task{task}"
    if importlib.util.find_spec(name) is None:
        return []
    return importlib.import_module(name).CASES


def all_cases(numbers: Iterable[str] | None = None) -> list[Case]:
    """The cases of some tasks, or of all, in the order of the course."""
    return [case for number in (tasks() if numbers is None else numbers) for case in cases_of(number)]
