"""The oracles of task 3.2, matrix multiplication in parallel."""

from collections.abc import Iterator
from typing import Any

import numpy as np


def products(a: Any, b: Any) -> Iterator[tuple[tuple[int, ...], Any, Any]]:
    """The number of each matrix of a product, the one of a and the one of b that it is made of."""
    leading = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    for number in np.ndindex(*leading):
        yield number, place(number, a), place(number, b)


def place(number: tuple[int, ...], operand: Any) -> tuple[int, ...]:
    """Which matrix of an operand belongs to a matrix of the product."""
    own = operand.shape[:-2]
    return tuple([i if size > 1 else 0 for i, size in zip(number[len(number) - len(own) :], own)])


def kernel(a: Any, b: Any, a_layout: str = "rows", b_layout: str = "rows", out_layout: str = "rows") -> Any:
    """Each cell is the sum of the products of a row of a and a column of b."""
    a, b = a.astype(float), b.astype(float)
    out = np.zeros((*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1]))
    for number, left, right in products(a, b):
        for i in range(a.shape[-2]):
            for j in range(b.shape[-1]):
                out[number][i, j] = sum([x * y for x, y in zip(a[left][i], b[right][:, j])])
    return {"output": out}


def function(
    a: Any, b: Any, upstream: Any, backend: str, wanted: str, a_layout: str = "rows", b_layout: str = "rows"
) -> Any:
    """Each product of two numbers hands the upstream gradient of its cell, times the one number, to the other."""
    grad_a, grad_b = np.zeros(a.shape), np.zeros(b.shape)
    for number, left, right in products(a, b):
        for i, j in np.ndindex(a.shape[-2], b.shape[-1]):
            grad_a[left][i] += upstream[number][i, j] * b[right][:, j]
            grad_b[right][:, j] += upstream[number][i, j] * a[left][i]
    return {
        "gradient of a": grad_a if "a" in wanted else None,
        "gradient of b": grad_b if "b" in wanted else None,
    }


def no_complaints(**inputs: Any) -> Any:
    """Whoever watches has nothing to say."""
    return {"complaints": []}
