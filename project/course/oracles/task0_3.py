"""The oracles of task 0.3, functions of lists."""

import math
from typing import Any

import numpy as np

ORDINALS = ("first", "second", "third")


def one(function: str, x: Any) -> Any:
    """A function of a number or of an array, by what it computes."""
    return {"2 x": 2 * x, "x - 1": x - 1, "x x": x * x}[function]


def two(function: str, x: Any, y: Any) -> Any:
    """A function of two numbers or of two arrays, by what it computes."""
    return {"x - y": x - y, "x + 10 y": x + 10 * y, "x - y / 2": x - y / 2}[function]


def mapped(function: str, lists: Any) -> Any:
    """The function of each number."""
    results = {f"{ordinal} result": one(function, np.array(values)) for ordinal, values in zip(ORDINALS, lists)}
    return results | {"lists afterwards": lists}


def zipped(function: str, pairs: Any) -> Any:
    """The function of each number of the left list and the one at the same place of the right list."""
    results = {
        f"{ordinal} result": two(function, np.array(left), np.array(right))
        for ordinal, (left, right) in zip(ORDINALS, pairs)
    }
    return results | {"lists afterwards": pairs}


def reduced(function: str, start: float, lists: Any) -> Any:
    """From the left to the right: the function of the next number and of what there is already."""
    results = {}
    for ordinal, values in zip(ORDINALS, lists):
        result = start
        for value in values:
            result = two(function, value, result)
        results[f"{ordinal} result"] = result
    return results | {"lists afterwards": lists}


def built(function: str, lists: Any) -> Any:
    """The same by NumPy and `math`."""
    first, *others = [np.array(values, dtype=float) for values in lists]
    results: dict[str, Any] = {
        "negList": -first,
        "addLists": first + others[0] if others else None,
        "sum": math.fsum(first),
        "prod": math.prod(first.tolist()),
    }
    return {"result": results[function], "lists afterwards": lists}
