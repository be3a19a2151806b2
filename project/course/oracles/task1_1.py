"""The oracles of task 1.1, central differences."""

import math
from collections.abc import Callable, Sequence
from typing import Any

SLOPES: dict[str, list[Callable[..., float]]] = {
    "3 x - 1": [lambda x: 3.0],
    "x x": [lambda x: 2.0 * x],
    "e^x": [math.exp],
    "x y y z": [lambda x, y, z: y * y * z, lambda x, y, z: 2 * x * y * z, lambda x, y, z: x * y * y],
    "x x + 4 y": [lambda x, y: 2 * x, lambda x, y: 4.0],
}
"""The derivative of each function by each of its arguments."""


def difference(function: str, point: Sequence[float], arg: int, epsilon: float) -> Any:
    """Along a line or a parabola, a central difference equals the derivative, whatever epsilon is."""
    return {"difference": SLOPES[function][arg](*point)}


def defaults(function: str, point: Sequence[float]) -> Any:
    """The usual step is so small that the difference is close to the derivative."""
    return {"difference": SLOPES[function][0](*point)}


def watched(point: Sequence[float], arg: int, epsilon: float) -> Any:
    """The point is in the middle, and one argument is moved."""
    return {
        "the middle of all places": list(point),
        "the arguments that are moved": [arg],
        "the step is of the size of epsilon": True,
    }


def measured(function: str, point: Sequence[float], arg: int, epsilon: float) -> Any:
    """As for plain numbers."""
    return {
        "difference": SLOPES[function][arg](*point),
        "it is a number of that kind": True,
        "the point afterwards": list(point),
    }
