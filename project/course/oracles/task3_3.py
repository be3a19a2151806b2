"""The oracles of task 3.3, map, zip and reduce of a backend that NumPy computes on.

The numbers are those of task 3.1, whatever computes them.
"""

from typing import Any

import numpy as np

from project.course.oracles import task3_1


def mapped(function: str, a: Any, layout: str = "rows") -> Any:
    """However the input lies in memory makes no difference."""
    return task3_1.mapped(function, a, a.shape, 0.0)


def mapped_into(function: str, a: Any, out_shape: Any, layout: str = "rows", out_layout: str = "rows") -> Any:
    """The input is broadcast, and the output handed back."""
    return task3_1.mapped(function, a, out_shape, 7.0) | {"the output is returned": True}


def zipped(function: str, a: Any, b: Any, a_layout: str = "rows", b_layout: str = "rows") -> Any:
    """Both inputs are broadcast."""
    return task3_1.zipped(function, a, b, np.broadcast_shapes(a.shape, b.shape))


def reduced(function: str, a: Any, dim: int, start: float, layout: str = "rows") -> Any:
    """The dimension stays, with size 1."""
    return task3_1.reduced(function, a, dim, start)


def facts(a: Any, b: Any = None, **settings: Any) -> Any:
    """A new tensor, row by row, on the backend of the first operand; float32 only where all operands are."""
    inputs = [a] if b is None else [a, b]
    single = all(array.dtype == np.float32 for array in inputs)
    return {
        "type of the result": "float32" if single else "float64",
        "result on the backend of a": True,
        "result lies in memory row by row": True,
        "result shares its memory with an input": False,
        "inputs afterwards": inputs,
    }


def gradients(x: Any, w: Any, b: Any, upstream: Any) -> Any:
    """The chain rule, step by step; what broadcasting repeated is added up."""
    s = 1 / (1 + np.exp(-(x * w + b)))
    inner = upstream * s * (1 - s)  # (4, 3)
    return {
        "output": s.sum(1, keepdims=True),
        "gradient of x": inner * w,
        "gradient of w": (inner * x).sum(0),
        "gradient of b": inner.sum(1, keepdims=True),
    }
