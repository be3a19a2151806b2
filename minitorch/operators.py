"""The scalar functions that everything else is built from.

They are plain Python on purpose: the very same functions run on floats, are mapped over tensors one cell at a time,
and are compiled by numba into parallel kernels. Each therefore stands on its own and calls nothing but `math`.

A function whose name ends in `_back` takes the derivative `d` of some final result with respect to the function's
output, and returns the derivative with respect to its input (the chain rule for one step).
"""

import math
from collections.abc import Callable, Iterable

EPS = 1e-6
"""Added inside `log`, so that the logarithm of a probability of exactly zero stays finite."""


# Arithmetic


def mul(x: float, y: float) -> float:
    """f(x, y) = x * y"""
    return x * y


def id(x: float) -> float:
    """f(x) = x"""
    return x


def add(x: float, y: float) -> float:
    """f(x, y) = x + y"""
    return x + y


def neg(x: float) -> float:
    """f(x) = -x"""
    return -x


def inv(x: float) -> float:
    """f(x) = 1 / x"""
    return 1.0 / x


def inv_back(x: float, d: float) -> float:
    """d * f'(x) for f(x) = 1 / x, with f'(x) = -1 / x^2"""
    return -d / (x * x)


def pow(x: float, y: float) -> float:
    """f(x, y) = x to the power of y"""
    return x**y


# Comparison


def lt(x: float, y: float) -> float:
    """f(x, y) = 1.0 if x is less than y, else 0.0"""
    return 1.0 if x < y else 0.0


def eq(x: float, y: float) -> float:
    """f(x, y) = 1.0 if x equals y, else 0.0"""
    return 1.0 if x == y else 0.0


def max(x: float, y: float) -> float:
    """f(x, y) = the larger of x and y; NaN if either is NaN"""
    # Only NaN differs from itself. Without that test a NaN would vanish or survive depending on its place.
    return x if x > y or x != x else y


def is_close(x: float, y: float) -> bool:
    """f(x, y) = whether x and y differ by less than 0.01"""
    return abs(x - y) < 1e-2


# Functions with a bend


def sigmoid(x: float) -> float:
    """f(x) = 1 / (1 + e^-x), in the form whose exponential cannot overflow: e^x / (1 + e^x) where x is negative"""
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def sigmoid_back(y: float, d: float) -> float:
    """d * f'(x) for f = sigmoid, from the output y = f(x): f'(x) = y * (1 - y)"""
    return d * y * (1.0 - y)


def relu(x: float) -> float:
    """f(x) = x if x is positive, else 0.0 (a NaN stays NaN)"""
    return 0.0 if x <= 0 else x


def relu_back(x: float, d: float) -> float:
    """d * f'(x) for f = relu: d if x is positive, else 0.0 (at the bend itself we choose 0)"""
    return d if x > 0 else 0.0


def log(x: float) -> float:
    """f(x) = ln(x + EPS)"""
    return math.log(x + EPS)


def log_back(x: float, d: float) -> float:
    """d * f'(x) for f(x) = ln(x + EPS), with f'(x) = 1 / (x + EPS)"""
    return d / (x + EPS)


def exp(x: float) -> float:
    """f(x) = e^x"""
    return math.exp(x)


# Functions on lists: the three shapes of computation that tensors generalise


def map(fn: Callable[[float], float]) -> Callable[[Iterable[float]], list[float]]:
    """Turn a function of one number into a function of a list: [x1, x2, ...] becomes [fn(x1), fn(x2), ...].

    Examples:
        >>> import minitorch
        >>> minitorch.operators.map(abs)([1, -2])
        [1, 2]
    """

    def apply(values: Iterable[float]) -> list[float]:
        return [fn(x) for x in values]

    return apply


def zipWith(fn: Callable[[float, float], float]) -> Callable[[Iterable[float], Iterable[float]], list[float]]:
    """Turn a function of two numbers into one of two lists of the same length: [fn(x1, y1), fn(x2, y2), ...].

    The function of two lists raises ValueError when one of them is longer.

    Examples:
        >>> import minitorch
        >>> minitorch.operators.zipWith(minitorch.operators.mul)([1, 2], [10, 100])
        [10, 200]
    """

    def apply(left: Iterable[float], right: Iterable[float]) -> list[float]:
        return [fn(x, y) for x, y in zip(left, right, strict=True)]

    return apply


def reduce(fn: Callable[[float, float], float], start: float) -> Callable[[Iterable[float]], float]:
    """Turn a function of two numbers into one that folds a list: fn(x3, fn(x2, fn(x1, start))).

    An empty list gives `start`.

    Examples:
        >>> import minitorch
        >>> fold = minitorch.operators.reduce(lambda x, so_far: 10 * so_far + x, 0)
        >>> fold([1, 2, 3])
        123
    """

    def apply(values: Iterable[float]) -> float:
        result = start
        for x in values:
            result = fn(x, result)
        return result

    return apply


def negList(values: Iterable[float]) -> list[float]:
    """Negate each value of a list."""
    return map(neg)(values)


def addLists(left: Iterable[float], right: Iterable[float]) -> list[float]:
    """Add two lists of the same length, cell by cell."""
    return zipWith(add)(left, right)


def sum(values: Iterable[float]) -> float:
    """Add up a list; the sum of no values is 0.0."""
    return reduce(add, 0.0)(values)


def prod(values: Iterable[float]) -> float:
    """Multiply a list; the product of no values is 1.0.

    Examples:
        >>> import minitorch
        >>> minitorch.prod([2, 3, 4]), minitorch.prod([])
        (24.0, 1.0)
    """
    return reduce(mul, 1.0)(values)
