"""What the cases should give, and what known misconceptions make of them.

Where the oracles are, as in the repository that the course is made in, they are asked. Students have a file instead,
`answers.json.xz`, that holds the results alone; the misconceptions are in that file in either place, for to run all of
them takes minutes. `python -m project.course matrix --write` writes it.
"""

import functools
import importlib
import importlib.util
import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.course.cases import Case, Values, decode, encode

FILE = Path(__file__).with_name("answers.json.xz")
ORACLES = "project.course.oracles"

MOST_OUTCOMES = 4
"""Of how many cases the results of a misconception are kept: the smallest ones tell it from others."""


@dataclass(frozen=True)
class Known:
    """A misconception, as far as it is needed to recognise it.

    Attributes:
        id: Its short name.
        task: The number of the task that it gets wrong.
        name: What was done, in a few words.
        hint: A sentence that helps.
        traces: What comes out of the first cases that it gets wrong (`Outcome.trace`), by the id of the case.
    """

    id: str
    task: str
    name: str
    hint: str
    traces: Mapping[str, Values]


@functools.cache
def _stored() -> dict[str, Any]:
    """The contents of the file; nothing, if there is none yet."""
    return json.loads(lzma.decompress(FILE.read_bytes())) if FILE.is_file() else {"expected": {}, "known": []}


def expected(case: Case) -> Values:
    """What a case should return."""
    if importlib.util.find_spec(ORACLES) is not None:
        return importlib.import_module(ORACLES).expected(case)
    return decode(_stored()["expected"][case.id])


@functools.cache
def known(task: str) -> tuple[Known, ...]:
    """The known misconceptions of a task."""
    return tuple(
        [
            Known(**entry | {"traces": {id: decode(trace) for id, trace in entry["traces"].items()}})
            for entry in _stored()["known"]
            if entry["task"] == task
        ]
    )


def write(file: Path, expected_values: Mapping[str, Values], misconceptions: list[Known]) -> None:
    """Write the file.

    Args:
        file: Where to.
        expected_values: What each case should return, by its id; nothing, where the oracles are at hand.
        misconceptions: The misconceptions.
    """
    content = {
        "expected": {id: encode(values) for id, values in expected_values.items()},
        "known": [
            {"id": m.id, "task": m.task, "name": m.name, "hint": m.hint}
            | {"traces": {id: encode(trace) for id, trace in m.traces.items()}}
            for m in misconceptions
        ],
    }
    file.write_bytes(lzma.compress(json.dumps(content, sort_keys=True).encode()))
