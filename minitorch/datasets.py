"""The toy problems: labelled points in the unit square, from trivial to twisted.

Each function takes the number of points and, optionally, a seed. Without a seed the points come from Python's
`random` module, which `minitorch.manual_seed` seeds.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .errors import ArgumentError, explain

Point = tuple[float, float]


@dataclass
class Graph:
    """A labelled point set.

    Attributes:
        N: The number of points.
        X: The points, N pairs of numbers in [0, 1).
        y: The labels, N times 0 or 1.
    """

    N: int
    X: list[Point]
    y: list[int]


def _check_count(N: int) -> None:
    if not isinstance(N, (int, np.integer)) or isinstance(N, bool) or N < 0:
        raise ArgumentError(
            explain(
                "A data set needs a number of points.",
                got=N,
                expected="a whole number, 0 or more",
                fix="pass for instance 50",
            )
        )


def make_pts(N: int, seed: int | None = None) -> list[Point]:
    """Draw N points uniformly from the unit square."""
    _check_count(N)
    draw = random.random if seed is None else random.Random(seed).random
    return [(draw(), draw()) for _ in range(N)]


def _label(N: int, seed: int | None, is_one: Callable[[float, float], bool]) -> Graph:
    """Draw N points and give label 1 to those for which `is_one` holds."""
    X = make_pts(N, seed)
    return Graph(N, X, [int(is_one(x1, x2)) for x1, x2 in X])


def simple(N: int, seed: int | None = None) -> Graph:
    """Label 1 in the left half: one vertical line separates the classes."""
    return _label(N, seed, lambda x1, x2: x1 < 0.5)


def diag(N: int, seed: int | None = None) -> Graph:
    """Label 1 in one corner, below a diagonal line; only about one point in eight."""
    return _label(N, seed, lambda x1, x2: x1 + x2 < 0.5)


def split(N: int, seed: int | None = None) -> Graph:
    """Label 1 in a strip at the left and a strip at the right: one line is not enough."""
    return _label(N, seed, lambda x1, x2: x1 < 0.2 or x1 > 0.8)


def xor(N: int, seed: int | None = None) -> Graph:
    """Label 1 in the upper left and the lower right quarter."""
    return _label(N, seed, lambda x1, x2: (x1 < 0.5) != (x2 < 0.5))


def circle(N: int, seed: int | None = None) -> Graph:
    """Label 1 outside a circle around the middle, of squared radius 0.1."""
    return _label(N, seed, lambda x1, x2: (x1 - 0.5) ** 2 + (x2 - 0.5) ** 2 > 0.1)


def spiral(N: int, seed: int | None = None) -> Graph:
    """Two arms that wind around each other, the first with label 0 and the second with label 1.

    The points are not random, so the seed changes nothing; it is accepted to keep all data sets alike. With an odd
    number of points the second arm has one more.
    """
    _check_count(N)

    def arm(count: int, turn: float) -> list[Point]:
        points = []
        for i in range(count):
            along = (i + 1) / (count + 1)  # 0 in the middle of the square, 1 at the end of the arm
            angle, radius = 10 * along + turn, 0.48 * along
            points.append((0.5 + radius * math.cos(angle), 0.5 + radius * math.sin(angle)))
        return points

    first, second = N // 2, N - N // 2
    return Graph(N, arm(first, 0.0) + arm(second, math.pi), [0] * first + [1] * second)


datasets = {"Simple": simple, "Diag": diag, "Split": split, "Xor": xor, "Circle": circle, "Spiral": spiral}
"""The toy problems by name, as functions of a number of points, and perhaps of a seed, that each make a `Graph`.

Examples:
    >>> import minitorch
    >>> graph = minitorch.datasets["Spiral"](4)
    >>> graph.N, graph.y
    (4, [0, 0, 1, 1])
"""
