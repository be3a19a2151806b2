"""The oracles of task 2.2, broadcasting."""

import math
from typing import Any

import numpy as np


def shapes(first: Any, second: Any) -> Any:
    """NumPy broadcasts in the same way."""
    try:
        return {"type": "tuple", "sizes": list(np.broadcast_shapes(first, second))}
    except ValueError:
        return {"type": "IndexingError", "sizes": []}


def all_cells(big_shape: Any, shape: Any) -> Any:
    """Number the cells of the smaller tensor, stretch it, and see which number meets which cell."""
    stretched = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), big_shape)
    cells = [np.unravel_index(int(number), shape) for number in stretched.ravel()]
    return {"cells": np.array(cells, np.int64)}


def cell(big_index: Any, big_shape: Any, shape: Any, spare: int = 0) -> Any:
    """One of these cells; spare places keep what stood there."""
    place = np.ravel_multi_index([int(i) for i in big_index], big_shape)
    found = all_cells(big_shape, shape)["cells"][place]
    return {"cell": np.concatenate([found, np.full(spare, -1)]), "the larger index afterwards": big_index}
