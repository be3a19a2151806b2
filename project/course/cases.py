"""What a suite consists of: cases. A case has inputs, runs what the student wrote on them, and is judged by its result.

A case is divided in two, so that whoever runs the student's code needs not be trusted, and knows no answer:

- `run(**inputs)` calls the student's functions, in a process of its own, and hands back bare numbers and arrays.
- The oracle, a function of the same inputs in `project/course/oracles/`, says what the result should be. It knows
  nothing of the library. Students have its answers only, not the oracle.

Cases stand in `project/course/suites/`, one file for each task, from the smallest to the largest: the first one that
fails is the one to look at.
"""

import base64
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

STAGES = ("plain", "one thread", "threads")
"""How a suite is run: in plain Python; compiled, on one thread; compiled, on several."""

Values: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Something that the student's code must do.

    Attributes:
        task: The number of the task, such as "4_1".
        name: What is special about the case, in a few words.
        run: Calls the student's code. Takes the inputs, and returns a dictionary of numbers, texts and arrays.
        oracle: The name of the function in `project/course/oracles/` that says what the values should be.
        inputs: What both are given. NumPy arrays are copied for each.
        rtol: The relative tolerance.
        atol: The absolute tolerance.
        seconds: How long the case may take in plain Python.
        stages: In which of the STAGES it is run.
        drawing: The name of the function in `drawings.py` that shows where the result differs; or None.
    """

    task: str
    name: str
    run: Callable[..., Values]
    oracle: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    rtol: float = 1e-9
    atol: float = 1e-11
    seconds: float = 10.0
    stages: tuple[str, ...] = STAGES
    drawing: str | None = None

    @property
    def id(self) -> str:
        """The task and the name, which no two cases share."""
        return f"{self.task}: {self.name}"

    def copied_inputs(self) -> dict[str, Any]:
        """The inputs, so that whoever changes them changes nobody else's."""
        return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in self.inputs.items()}

    def compute(self) -> Values:
        """Call the student's code. Whatever it draws at random is the same each time."""
        random.seed(self.id)
        return self.run(**self.copied_inputs())


# Values on their way from one process to another: JSON, in which an array is written as its bytes

ARRAY_TYPE = re.compile(r"[<>|=][fiub]\d\d?")
"""How NumPy writes the types of arrays of numbers: "<f8"."""


def encode(value: Any) -> Any:
    """Write a value, or a tree of values, in terms of what JSON knows.

    Raises:
        TypeError: The value is neither a number, a text, an array, None nor a list or dictionary of such.
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, (int, float, np.number, np.bool_)):
        return {"number": float(value).hex()} if not isinstance(value, (int, np.integer)) else int(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"array": content, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, (list, tuple)):
        return {"list": [encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": {str(key): encode(item) for key, item in value.items()}}
    raise TypeError(f"A case returned something that is no number, text or array: {type(value).__name__}.")


def decode(written: Any) -> Any:
    """Read what `encode` has written.

    Raises:
        ValueError: It has been written by something else.
    """
    if written is None or isinstance(written, (bool, str, int)):
        return written
    if isinstance(written, dict):
        if written.keys() == {"number"}:
            return float.fromhex(written["number"])
        if written.keys() == {"array", "dtype", "shape"}:
            if not ARRAY_TYPE.fullmatch(written["dtype"]):  # NumPy would make a type of many a text
                raise ValueError("An array of another type was sent.")
            return np.frombuffer(base64.b64decode(written["array"]), written["dtype"]).reshape(written["shape"]).copy()
        if written.keys() == {"list"}:
            return [decode(item) for item in written["list"]]
        if written.keys() == {"dict"}:
            return {key: decode(item) for key, item in written["dict"].items()}
    raise ValueError("Something was sent that is no value of a case.")


# What came out of a case


@dataclass(frozen=True)
class Outcome:
    """What happened when a case was run.

    Attributes:
        status: "values"; or "missing", where a task is not written yet; "error", where an exception was raised;
            "crashed", where the process ended; "timeout", where it took too long.
        values: What the case returned.
        error: The exception, and where it was raised; or how the process ended.
        printed: The end of what the student's code printed.
    """

    status: str
    values: Values = field(default_factory=dict)
    error: str = ""
    printed: str = ""

    @property
    def trace(self) -> Values:
        """What tells this outcome from others: its values, or the error without the place where it was raised."""
        return self.values if self.status == "values" else {"error": self.error.splitlines()[0] if self.error else ""}


@dataclass(frozen=True)
class Difference:
    """Where a result is not as it should be.

    Attributes:
        where: The name of the value.
        what: In words, what is wrong with it.
        cell: The first cell that differs, where the value is an array of the right shape.
        wrong: How many cells differ.
        cells: How many there are.
    """

    where: str
    what: str
    cell: tuple[int, ...] | None = None
    wrong: int = 1
    cells: int = 1


SHOWN = 60
"""How many characters of a value are shown."""


def is_number(value: Any) -> bool:
    """Whether a value is a number, or an array of numbers."""
    return isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool)


def as_array(value: Any) -> Any:
    """A number or an array as an array that NumPy can compare. Python's ints may be larger than any of NumPy's."""
    if not isinstance(value, int):
        return np.asarray(value)
    try:
        return np.asarray(float(value))
    except OverflowError:
        return np.asarray(math.inf if value > 0 else -math.inf)


def short(value: Any) -> str:
    """A value as text, of which a long one is cut off."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def find_difference(got: Any, expected: Any, rtol: float, atol: float, where: str = "") -> Difference | None:
    """Compare two values, or trees of values. Returns the first difference, or None.

    Numbers and arrays must have the same shape, and each pair of cells must agree to within `atol` plus `rtol` times
    the expected number; NaN agrees with NaN. All else must be equal.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        for name, value in expected.items():
            path = f"{where}.{name}" if where else str(name)
            if name not in got:
                return Difference(path, "is missing")
            difference = find_difference(got[name], value, rtol, atol, path)
            if difference is not None:
                return difference
        extra = [name for name in got if name not in expected]
        return Difference(where, f"has {', '.join(map(str, extra))} besides what was expected") if extra else None
    if isinstance(expected, (list, tuple)) and isinstance(got, (list, tuple)):
        if len(got) != len(expected):
            return Difference(
                where, f"has {len(got)} entries, expected {len(expected)}: {short(got)}, not {short(expected)}"
            )
        for i, (one, other) in enumerate(zip(got, expected)):
            difference = find_difference(one, other, rtol, atol, f"{where}[{i}]")
            if difference is not None:
                return difference
        return None
    if is_number(expected) and is_number(got):
        ours, theirs = as_array(expected), as_array(got)
        if ours.shape != theirs.shape:
            return Difference(where, f"has shape {theirs.shape}, expected {ours.shape}")
        same = np.isclose(theirs, ours, rtol=rtol, atol=atol, equal_nan=True)
        if same.all():
            return None
        cell = tuple(int(i) for i in np.argwhere(~same)[0])
        what = f"is {theirs[cell]:.10g}, expected {ours[cell]:.10g}"
        return Difference(where, what, cell, int((~same).sum()), same.size)
    if type(got) is type(expected) and got == expected:
        return None
    return Difference(where, f"is {short(got)}, expected {short(expected)}")
