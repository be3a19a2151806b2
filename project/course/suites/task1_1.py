"""The cases of task 1.1, central differences."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from minitorch import autodiff
from project.course.cases import Case, Values

TASK = "1_1"

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "3 x - 1": lambda x: 3 * x - 1,
    "x x": lambda x: x * x,
    "e^x": math.exp,
    "x y y z": lambda x, y, z: x * y * y * z,
    "x x + 4 y": lambda x, y: x * x + 4 * y,
}


class Measured:
    """A number of a kind of its own, as Scalars will be: it can be combined with numbers, and nothing else.

    Args:
        value: The number.
    """

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value

    def __neg__(self) -> "Measured":
        return Measured(-self.value)

    def __add__(self, other: Any) -> "Measured":
        return Measured(self.value + float(other))

    def __sub__(self, other: Any) -> "Measured":
        return Measured(self.value - float(other))

    def __rsub__(self, other: Any) -> "Measured":
        return Measured(float(other) - self.value)

    def __mul__(self, other: Any) -> "Measured":
        return Measured(self.value * float(other))

    def __truediv__(self, other: Any) -> "Measured":
        return Measured(self.value / float(other))

    __radd__ = __add__
    __rmul__ = __mul__


def run_difference(function: str, point: Sequence[float], arg: int, epsilon: float) -> Values:
    """The difference of a function of numbers."""
    return {"difference": autodiff.central_difference(FUNCTIONS[function], *point, arg=arg, epsilon=epsilon)}


def run_defaults(function: str, point: Sequence[float]) -> Values:
    """The difference where neither the argument nor epsilon is given."""
    return {"difference": autodiff.central_difference(FUNCTIONS[function], *point)}


def run_watched(point: Sequence[float], arg: int, epsilon: float) -> Values:
    """Where the function is evaluated. The places lie around the point, and as far apart as epsilon says."""
    seen: list[tuple[float, ...]] = []

    def watched(*place: float) -> float:
        seen.append(place)
        return 0.0

    autodiff.central_difference(watched, *point, arg=arg, epsilon=epsilon)
    lowest, highest = [min(axis) for axis in zip(*seen)], [max(axis) for axis in zip(*seen)]
    widths = [high - low for low, high in zip(lowest, highest)]
    return {
        "the middle of all places": [(low + high) / 2 for low, high in zip(lowest, highest)],
        "the arguments that are moved": [i for i, width in enumerate(widths) if width > 0],
        "the step is of the size of epsilon": epsilon <= max(widths) <= 4 * epsilon,
    }


def run_measured(function: str, point: Sequence[float], arg: int, epsilon: float) -> Values:
    """The difference of a function of numbers of another kind."""
    numbers = [Measured(x) for x in point]
    result = autodiff.central_difference(FUNCTIONS[function], *numbers, arg=arg, epsilon=epsilon)
    return {
        "difference": float(result),
        "it is a number of that kind": isinstance(result, Measured),
        "the point afterwards": [x.value for x in numbers],
    }


def case(name: str, function: str, point: Sequence[float], arg: int = 0, epsilon: float = 0.5) -> Case:
    """A case for functions of numbers. For squares, a central difference is exact however large the step."""
    inputs = {"function": function, "point": point, "arg": arg, "epsilon": epsilon}
    return Case(TASK, name, run_difference, "difference", inputs)


CASES = [
    case("a straight line", "3 x - 1", (2.0,), epsilon=0.25),
    case("a straight line, a step of 1", "3 x - 1", (-1.0,), epsilon=1.0),
    case("a parabola, a large step", "x x", (1.5,)),
    case("a parabola, to the left of its lowest point", "x x", (-0.5,), epsilon=0.75),
    case("a parabola, a whole number", "x x", (3,)),
    case("the first of two arguments", "x x + 4 y", (1.5, 2.5), arg=0),
    case("the second of two arguments", "x x + 4 y", (1.5, 2.5), arg=1),
    case("the first of three arguments", "x y y z", (2.0, 3.0, 5.0), arg=0),
    case("the second of three arguments", "x y y z", (2.0, 3.0, 5.0), arg=1),
    case("the last of three arguments", "x y y z", (2.0, 3.0, 5.0), arg=2),
    Case(
        TASK,
        "the places where the function is evaluated",
        run_watched,
        "watched",
        {"point": (4.0, 8.0, 16.0), "arg": 1, "epsilon": 0.5},
    ),
    Case(TASK, "a curve, the usual step", run_defaults, "defaults", {"function": "e^x", "point": (0.75,)}, rtol=1e-7),
    Case(
        TASK,
        "numbers of another kind",
        run_measured,
        "measured",
        {"function": "x y y z", "point": (2.0, 3.0, 5.0), "arg": 1, "epsilon": 0.5},
    ),
]
