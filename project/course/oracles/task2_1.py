"""The oracles of task 2.1, strides, indexing and permutation."""

import math
from typing import Any

import numpy as np


def position(index: Any, strides: Any) -> Any:
    """A step along a dimension goes as far as its stride says."""
    return {"position": sum(int(i) * int(stride) for i, stride in zip(index, strides))}


def read(array: Any, layout: str) -> Any:
    """However the numbers lie in memory, the cells are those of the array."""
    return {"cells": array}


def cell(ordinal: int, shape: Any) -> Any:
    """NumPy counts row by row too."""
    return {"cell": np.array(np.unravel_index(ordinal, shape), np.int64)}


def count(shape: Any) -> Any:
    """All cells, row by row; the shape stays as it is."""
    cells = np.array(list(np.ndindex(*shape)), np.int64).reshape(math.prod(shape), len(shape))
    return {"cells": cells, "shape afterwards": np.array(shape, np.int64)}


def permute(array: Any, order: Any, layout: str) -> Any:
    """No number moves: a cell of the permuted tensor lies where the original has it."""
    axes = list(range(array.ndim))
    outer_to_inner = {"rows": axes, "reversed": axes[::-1], "rotated": axes[1:] + axes[:1]}[layout]
    stored_shape = [array.shape[axis] for axis in outer_to_inner]
    stored = np.arange(array.size).reshape(stored_shape)
    positions = np.moveaxis(stored, range(array.ndim), outer_to_inner)  # of the shape of the array
    turned = np.transpose(positions, order)
    return {
        "shape": list(turned.shape),
        "positions": turned,
        "cells": np.transpose(array, order),
        "shares the storage": True,
        "the original afterwards": array,
    }


def refusal(**inputs: Any) -> Any:
    """Every dimension has to be named exactly once."""
    return {"refused": True}
