"""The oracles of task 3.1, map, zip and reduce in parallel."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

FUNCTIONS: dict[str, Callable[..., float]] = {
    "2 x + 1": lambda x: 2 * x + 1,
    "x - 2 y": lambda x, y: x - 2 * y,
    "x + accumulated": lambda x, accumulated: x + accumulated,
    "x * accumulated": lambda x, accumulated: x * accumulated,
    "the larger of x and accumulated": lambda x, accumulated: max(x, accumulated),
    "x + accumulated / 2": lambda x, accumulated: x + accumulated / 2,
}


def mapped(
    function: str, input: Any, out_shape: Any, before: float, layout: str = "rows", out_layout: str = "rows"
) -> Any:
    """Whatever the output held before, and however both lie in memory, makes no difference."""
    cells = np.broadcast_to(input.astype(float), out_shape)
    return {"output": np.array([FUNCTIONS[function](x) for x in cells.flat]).reshape(out_shape)}


def zipped(
    function: str,
    a: Any,
    b: Any,
    out_shape: Any,
    a_layout: str = "rows",
    b_layout: str = "rows",
    out_layout: str = "rows",
) -> Any:
    """Each cell is computed from the pair of cells that broadcasting brings together."""
    xs, ys = np.broadcast_to(a.astype(float), out_shape), np.broadcast_to(b.astype(float), out_shape)
    cells = [FUNCTIONS[function](xs.flat[i], ys.flat[i]) for i in range(math.prod(out_shape))]
    return {"output": np.array(cells).reshape(out_shape)}


def reduced(function: str, input: Any, dim: int, start: float, layout: str = "rows", out_layout: str = "rows") -> Any:
    """From the first cell along the dimension to the last."""
    shape = [1 if i == dim else size for i, size in enumerate(input.shape)]
    out = np.full(shape, start, float)
    for index in np.ndindex(*shape):
        for j in range(input.shape[dim]):
            cell = (*index[:dim], j, *index[dim + 1 :])
            out[index] = FUNCTIONS[function](float(input[cell]), out[index])
    return {"output": out}


def no_complaints(**inputs: Any) -> Any:
    """Whoever watches has nothing to say."""
    return {"complaints": []}
