"""The cases of task 2.1, strides, indexing and permutation."""

import math
from typing import Any

import numpy as np

from minitorch import Tensor, TensorData, index_to_position, to_index
from minitorch.tensor_data import Sizes
from project.course.cases import Case, Values
from project.course.inputs import LAYOUTS, Array, lay_out, numbers, random_array, rng_for, strided

TASK = "2_1"


def find_position(index: Array, strides: Array) -> Values:
    """Where one cell lies."""
    return {"position": index_to_position(index, strides)}


def read_cells(array: Array, layout: str) -> Values:
    """Every cell of an array, read from its storage by way of its position."""
    storage, shape, strides = strided(array, layout)
    cells = [storage[index_to_position(np.array(cell, np.int64), strides)] for cell in np.ndindex(*shape.tolist())]
    return {"cells": np.array(cells).reshape(array.shape)}


def find_cell(ordinal: int, shape: Sizes) -> Values:
    """Which cell comes at one place of the count."""
    index = np.full(len(shape), -1, np.int64)
    to_index(ordinal, np.array(shape, np.int64), index)
    return {"cell": index}


def count_cells(shape: Sizes) -> Values:
    """All cells in the order of the count, one a row. The same index is filled again and again."""
    size, sizes = math.prod(shape), np.array(shape, np.int64)
    index = np.full(len(shape), -1, np.int64)
    cells = np.zeros((size, len(shape)), np.int64)
    for ordinal in range(size):
        to_index(ordinal, sizes, index)
        cells[ordinal] = index
    return {"cells": cells, "shape afterwards": sizes}


def run_permute(array: Array, order: Sizes, layout: str) -> Values:
    """A permuted tensor: where each of its cells lies, and what it holds; and what became of the original."""
    data = lay_out(array, layout)._tensor
    turned = data.permute(*order)
    positions = [turned.index(cell) for cell in np.ndindex(*turned.shape)]
    return {
        "shape": list(turned.shape),
        "positions": np.array(positions).reshape(turned.shape),
        "cells": numbers(Tensor(turned)),
        "shares the storage": bool(np.shares_memory(turned._storage, data._storage)),
        "the original afterwards": numbers(Tensor(data)),
    }


def try_to_permute(shape: Sizes, order: Sizes) -> Values:
    """Whether an order is refused. A check by `assert` counts as well."""
    data = TensorData(np.zeros(math.prod(shape)), shape)
    try:
        data.permute(*order)
    except (AssertionError, ValueError, IndexError):
        return {"refused": True}
    return {"refused": False}


def position_case(name: str, index: list[int], strides: list[int]) -> Case:
    """A case for the position of one cell."""
    inputs = {"index": np.array(index, np.int64), "strides": np.array(strides, np.int64)}
    return Case(TASK, name, find_position, "position", inputs)


def permute_case(name: str, shape: Sizes, order: Sizes, layout: str = "rows") -> Case:
    """A case for a tensor of random numbers, permuted."""
    inputs = {"array": random_array(rng_for(name), shape), "order": order, "layout": layout}
    return Case(TASK, name, run_permute, "permute", inputs)


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    cases = [
        position_case("position: a row of numbers", [4], [1]),
        position_case("position: every second number", [4], [2]),
        position_case("position: a table that lies row by row", [1, 2], [3, 1]),
        position_case("position: a table that lies column by column", [1, 2], [1, 5]),
        position_case("position: three dimensions", [1, 2, 3], [12, 4, 1]),
        position_case("position: strides in no order", [3, 1, 2, 4], [7, 300, 1, 40]),
        position_case("position: a stretched dimension, whose stride is 0", [5, 2], [0, 3]),
        position_case("position: no dimensions", [], []),
    ]
    for layout in LAYOUTS:
        inputs: dict[str, Any] = {"array": random_array(rng, (2, 3, 4)), "layout": layout}
        cases.append(Case(TASK, f"position: every cell, memory in the order '{layout}'", read_cells, "read", inputs))
    found: list[tuple[str, int, Sizes]] = [
        ("a row of numbers", 3, (5,)),
        ("a table", 4, (2, 3)),
        ("three dimensions", 17, (2, 3, 4)),
        ("a large tensor", 123_456_789, (301, 1009, 503)),
    ]
    for what, ordinal, shape in found:
        cases.append(Case(TASK, f"index: one cell of {what}", find_cell, "cell", {"ordinal": ordinal, "shape": shape}))
    counted: list[tuple[str, Sizes]] = [
        ("a row of numbers", (3,)),
        ("a table", (2, 3)),
        ("a single column", (3, 1)),
        ("three dimensions", (2, 3, 4)),
        ("four dimensions, some of size 1", (1, 3, 1, 2)),
        ("no dimensions", ()),
    ]
    for what, shape in counted:
        cases.append(Case(TASK, f"index: every cell of {what}", count_cells, "count", {"shape": shape}))
    cases += [
        permute_case("permute: the order that changes nothing", (2, 3), (0, 1)),
        permute_case("permute: a column becomes a row", (3, 1), (1, 0)),
        permute_case("permute: a square table turned around", (2, 2), (1, 0)),
        permute_case("permute: a table turned around", (2, 3), (1, 0)),
        permute_case("permute: two of three dimensions swapped", (2, 3, 4), (0, 2, 1)),
        permute_case("permute: three dimensions, each moves on by one", (2, 3, 4), (1, 2, 0)),
        permute_case("permute: three dimensions, each moves back by one", (2, 3, 4), (2, 0, 1)),
        permute_case("permute: what was permuted before", (2, 3, 4), (1, 2, 0), "reversed"),
        permute_case("permute: five dimensions", (2, 3, 1, 4, 2), (3, 0, 4, 1, 2), "rotated"),
    ]
    refused: list[tuple[str, Sizes, Sizes]] = [
        ("forgets a dimension", (3, 1), (0,)),
        ("names a dimension twice", (2, 3), (1, 1)),
        ("names a dimension that does not exist", (2, 3), (0, 2)),
    ]
    for what, shape, order in refused:
        inputs = {"shape": shape, "order": order}
        cases.append(Case(TASK, f"permute: an order that {what}", try_to_permute, "refusal", inputs))
    return cases


CASES = _cases()
