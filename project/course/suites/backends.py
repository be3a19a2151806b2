"""What the suites of backends share: functions of numbers, and storage the way that tensors hand it to kernels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from project.course.inputs import Array, strided

# Functions of numbers, to be raised to tensors


def double_plus_one(x: float) -> float:
    """A function that makes something of zeros too."""
    return 2.0 * x + 1.0


def minus_double(x: float, y: float) -> float:
    """A function whose arguments cannot be swapped."""
    return x - 2.0 * y


def add(x: float, accumulated: float) -> float:
    """Folds a dimension into its sum."""
    return x + accumulated


def multiply(x: float, accumulated: float) -> float:
    """Folds a dimension into its product."""
    return x * accumulated


def larger(x: float, accumulated: float) -> float:
    """Folds a dimension into its largest number."""
    return x if x > accumulated else accumulated


def add_to_half(x: float, accumulated: float) -> float:
    """Folds a dimension in a way that depends on the order."""
    return x + accumulated / 2.0


FUNCTIONS: dict[str, Callable[..., float]] = {
    "2 x + 1": double_plus_one,
    "x - 2 y": minus_double,
    "x + accumulated": add,
    "x * accumulated": multiply,
    "the larger of x and accumulated": larger,
    "x + accumulated / 2": add_to_half,
}


# Bare storage


def bare(array: Any, layout: str = "rows") -> tuple[Array, Array, Array]:
    """Storage, shape and strides of an array. As with tensors, nobody may write to the shape and the strides."""
    storage, shape, strides = strided(array, layout)
    shape.flags.writeable = strides.flags.writeable = False
    return storage, shape, strides


def cells_of(storage: Array, shape: Array, strides: Array) -> Array:
    """The cells that lie in a storage, as an array."""
    steps = [int(stride) * storage.itemsize for stride in strides]
    return np.array(np.lib.stride_tricks.as_strided(storage, shape.tolist(), steps))


def tolerance(array: Array) -> float:
    """How much results may differ from what they should be, for numbers of such a type."""
    return 1e-5 if array.dtype == np.float32 else 1e-9
