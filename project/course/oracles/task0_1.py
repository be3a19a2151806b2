"""The oracles of task 0.1, operators on numbers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

EPS = 1e-6

FUNCTIONS: dict[str, Callable[..., float]] = {
    "mul": lambda x, y: x * y,
    "id": lambda x: x,
    "add": lambda x, y: x + y,
    "neg": lambda x: -x,
    "lt": lambda x, y: x < y,
    "eq": lambda x, y: x == y,
    "max": lambda x, y: max(x, y),
    "is_close": lambda x, y: -0.01 < x - y < 0.01,
    "sigmoid": lambda x: math.exp(-np.logaddexp(0.0, -x)),  # no exponential of a large number is taken
    "relu": lambda x: max(x, 0.0),
    "relu_back": lambda x, d: d if x > 0 else 0.0,
    "log": lambda x: math.log(x + EPS),
    "log_back": lambda x, d: d / (x + EPS),
    "exp": math.exp,
    "inv": lambda x: 1.0 / x,
    "inv_back": lambda x, d: -d / x**2,
}


def result(function: str, **arguments: Any) -> Any:
    """Each number, or each pair, on its own."""
    return {"result": np.array([float(FUNCTIONS[function](*numbers)) for numbers in zip(*arguments.values())])}


def floats(**inputs: Any) -> Any:
    """All results are floats."""
    return {"types": ["float"]}


def no_calls() -> Any:
    """No function calls another one."""
    return {name: [] for name in FUNCTIONS}
