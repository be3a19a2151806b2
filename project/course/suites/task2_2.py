"""The cases of task 2.2, broadcasting."""

from typing import Any

import numpy as np

import minitorch
from minitorch import broadcast_index, shape_broadcast
from minitorch.tensor_data import Sizes
from project.course.cases import Case, Values
from project.course.inputs import Array

TASK = "2_2"


def join_shapes(first: Sizes, second: Sizes) -> Values:
    """What two shapes broadcast to, and the type of the answer; or the type of the error."""
    try:
        shape = shape_broadcast(first, second)
    except minitorch.IndexingError:
        return {"type": "IndexingError", "sizes": []}
    return {"type": type(shape).__name__, "sizes": [int(size) for size in shape]}


def find_cell(big_index: Array, big_shape: Sizes, shape: Sizes, spare: int = 0) -> Values:
    """The cell of the smaller tensor that meets one cell of the larger one. The index for it may have spare places."""
    index = np.full(len(shape) + spare, -1, np.int64)
    broadcast_index(big_index, np.array(big_shape, np.int64), np.array(shape, np.int64), index)
    return {"cell": index, "the larger index afterwards": big_index}


def find_all_cells(big_shape: Sizes, shape: Sizes) -> Values:
    """For each cell of the larger tensor, row by row, that of the smaller one. The same index is filled every time."""
    sizes, small_sizes = np.array(big_shape, np.int64), np.array(shape, np.int64)
    index = np.full(len(shape), -1, np.int64)
    cells = []
    for big_cell in np.ndindex(*big_shape):
        broadcast_index(np.array(big_cell, np.int64), sizes, small_sizes, index)
        cells.append(index.copy())
    return {"cells": np.array(cells)}


def shape_case(name: str, first: Sizes, second: Sizes) -> Case:
    """A case for two shapes."""
    return Case(TASK, f"shapes: {name}", join_shapes, "shapes", {"first": first, "second": second})


def cell_case(name: str, big_index: list[int], big_shape: Sizes, shape: Sizes, **settings: Any) -> Case:
    """A case for one cell."""
    inputs = {"big_index": np.array(big_index, np.int64), "big_shape": big_shape, "shape": shape}
    return Case(TASK, f"cells: {name}", find_cell, "cell", inputs | settings)


def all_cells_case(name: str, big_shape: Sizes, shape: Sizes) -> Case:
    """A case for all cells of the larger tensor."""
    inputs = {"big_shape": big_shape, "shape": shape}
    return Case(TASK, f"cells: {name}", find_all_cells, "all_cells", inputs)


CASES = [
    shape_case("two that are equal", (2, 3), (2, 3)),
    shape_case("a row of size 1", (1,), (4,)),
    shape_case("a row, and one of size 1", (4,), (1,)),
    shape_case("a column is stretched", (2, 1), (2, 3)),
    shape_case("the second one is stretched", (2, 3), (1, 3)),
    shape_case("both are stretched", (2, 1), (1, 3)),
    shape_case("a bias for a batch", (3,), (2, 3)),
    shape_case("a batch and a bias", (2, 3), (3,)),
    shape_case("sizes that would fit at the left", (5, 2), (5,)),
    shape_case("sizes that would fit at the left, the short one first", (5,), (5, 2)),
    shape_case("a column and a row", (4, 1), (3,)),
    shape_case("several dimensions are missing", (4,), (2, 3, 1)),
    shape_case("stretched and missing at once", (5, 1, 3, 1), (7, 1, 4)),
    shape_case("no dimensions and some", (), (2, 3)),
    shape_case("no dimensions at all", (), ()),
    shape_case("rows of different sizes", (2,), (3,)),
    shape_case("sizes that differ in the middle", (2, 3, 4), (2, 5, 4)),
    shape_case("sizes of which one is a multiple of the other", (2, 3), (4, 3)),
    shape_case("an empty batch and a bias", (0, 3), (3,)),
    shape_case("an empty batch and a batch of one", (1, 3), (0, 3)),
    cell_case("shapes that are equal", [1, 2], (2, 3), (2, 3)),
    cell_case("a stretched column", [1, 2], (2, 3), (2, 1)),
    cell_case("a stretched row", [1, 2], (2, 3), (1, 3)),
    cell_case("a single cell, stretched twice", [1, 2], (2, 3), (1, 1)),
    cell_case("a bias for a batch", [1, 2], (2, 3), (3,)),
    cell_case("a missing dimension and a stretched one", [3, 1, 2], (4, 2, 3), (2, 1)),
    cell_case("no dimensions", [1, 2], (2, 3), ()),
    cell_case("a larger tensor that has sizes of 1 itself", [0, 1, 0, 2], (1, 2, 1, 3), (2, 1, 3)),
    all_cells_case("all of a stretched column", (2, 3), (2, 1)),
    all_cells_case("all of a bias for a batch", (2, 3), (3,)),
    all_cells_case("all of three dimensions, the middle one stretched", (2, 3, 4), (2, 1, 4)),
    all_cells_case("all of four dimensions, one missing, one stretched", (2, 3, 4, 2), (3, 1, 2)),
    cell_case("an index with a spare place", [1, 2], (2, 3), (2, 1), spare=1),
    cell_case("an index with two spare places", [4, 1, 2], (5, 2, 3), (1, 3), spare=2),
]
