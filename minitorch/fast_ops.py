"""The fast backend: the same four operations as `tensor_ops.py`, compiled by numba and run on all cores.

Three ideas make it fast:

- The work is divided into *tasks* of some thousand cells, which `sharing.share_out` has done on all cores. What a task
  computes, and the order in which the parts of a long sum are added up, follow from the shapes alone; so the results do
  not depend on who does it.
- The index arithmetic is done once per task, or row, and not for every cell. Most tensors lie in memory row by row,
  and then all their dimensions are as good as one long row (`plan_walk`).
- The innermost loops run over neighbouring cells, which the processor can handle several at a time.
"""

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from . import operators
from .fast_matmul import tensor_matrix_multiply
from .jit import njit
from .sharing import diagnosed, share_out
from .tensor_data import Shape, Sizes, Storage, Strides, remembered
from .tensor_ops import (
    MapProto,
    TensorBackend,
    TensorOps,
    fills_output,
    run_map,
    run_matrix_multiply,
    run_reduce,
    run_zip,
)

if TYPE_CHECKING:
    from .tensor import Tensor

Plan: TypeAlias = npt.NDArray[np.int64]


class FastOps(TensorOps):
    """Kernels compiled by numba, one for each scalar function, at their first use; see `TensorOps`.

    The functions must be such that numba can compile them.

    Examples:
        >>> import minitorch
        >>> negate = minitorch.FastOps.map(minitorch.operators.neg)
        >>> negate(minitorch.tensor([1, -2]))
        tensor([-1.,  2.], shape=(2,))
    """

    @staticmethod
    def map(fn: Callable[[float], float]) -> MapProto:
        """See `TensorOps.map`."""
        kernel = functools.cache(lambda: tensor_map(njit(fn)))  # made when it is first needed
        return lambda a, out=None: run_map(kernel(), a, out)

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[["Tensor", "Tensor"], "Tensor"]:
        """See `TensorOps.zip`."""
        kernel = functools.cache(lambda: tensor_zip(njit(fn)))  # made when it is first needed
        return lambda a, b: run_zip(kernel(), a, b)

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[["Tensor", int], "Tensor"]:
        """See `TensorOps.reduce`."""
        kernel = functools.cache(lambda: tensor_reduce(njit(fn)))  # made when it is first needed
        return lambda a, dim: run_reduce(kernel(), a, dim, start)

    @staticmethod
    def matrix_multiply(a: "Tensor", b: "Tensor") -> "Tensor":
        """See `TensorOps.matrix_multiply`."""
        return run_matrix_multiply(tensor_matrix_multiply, a, b)


PIECE = np.int64(4096)
"""How many cells a task has, about; less would not be worth waking another core for. (Of NumPy's type for the same
reason as `inner_loops.NEXT`.)"""

LANES = 64
"""How many partial maxima of a long row are kept side by side, at first."""

REORDERABLE = (operators.add, operators.mul, operators.max)
"""The functions whose folds may be computed in any order. (Rounding makes the last digits of sums and products
depend on it; and so may a product that overflows on the way.)"""


# How to walk through several tensors at once


def plan_walk(
    piece: int,
    out_shape: Sizes,
    out_strides: Sizes,
    a_shape: Sizes,
    a_strides: Sizes,
    b_shape: Sizes,
    b_strides: Sizes,
) -> tuple[int, Plan]:
    """Find the simplest way to visit all cells of an output, and with each those of `a` and `b` that belong to it.

    Where broadcasting repeats a cell, a step of 0 stays on it. Neighbouring dimensions that all three tensors run
    through in even steps become one: tensors that lie in memory row by row become single long rows.

    Returns:
        Into how many tasks, of about `piece` cells each, the walk is divided. And the plan, of shape (4, dimensions),
        with two dimensions or more: the sizes, and the steps through the output, a and b.
    """

    def steps(shape: Sizes, strides: Sizes) -> list[int]:
        """The steps of an operand, 0 where it is repeated; aligned at the right with the output."""
        own = [stride if size > 1 else 0 for size, stride in zip(shape, strides)]
        return [0] * (len(out_shape) - len(own)) + own

    dimensions: list[list[int]] = []  # [size, step through the output, through a, through b], from the outermost on
    ways = out_strides, steps(a_shape, a_strides), steps(b_shape, b_strides)
    for size, *own_steps in zip(out_shape, *ways):
        if size == 1:
            continue  # nowhere to go
        if dimensions and dimensions[-1][1:] == [size * step for step in own_steps]:
            dimensions[-1] = [dimensions[-1][0] * size, *own_steps]
        else:
            dimensions.append([size, *own_steps])
    dimensions = [[1, 0, 0, 0]] * (2 - len(dimensions)) + dimensions
    plan = np.array(dimensions, np.int64).T.copy()  # (4, dimensions)

    *outer, rows, columns = [dimension[0] for dimension in dimensions]
    if rows == 0 or columns == 0:
        return 0, plan
    rows_together = max(1, piece // columns)
    return math.prod(outer) * -(-rows // rows_together) * -(-columns // piece), plan  # the quotients are rounded up


remembered_walk = remembered(plan_walk)


@remembered
def plan_fold(
    out_shape: Sizes, out_strides: Sizes, a_shape: Sizes, a_strides: Sizes, dim: int
) -> tuple[int, Plan, int, int, int]:
    """Find the simplest way to fold dimension `dim` of `a`.

    Returns:
        What `plan_walk` returns, for a walk that visits with each cell of the output the first one that is folded into
        it. How many cells of the output each task has, about. How far the cells that are folded lie from each other in
        the storage, and how many they are.
    """
    step, length = a_strides[dim], a_shape[dim]
    # Where neighbours are folded side by side, there should not be too few of them.
    piece = max(8 if step == 1 else 512, 2 * PIECE // max(length, 1))
    # The output has size 1 in the folded dimension.
    tasks, plan = plan_walk(piece, out_shape, out_strides, out_shape, a_strides, out_shape, out_strides)
    return tasks, plan, piece, step, length


@njit
def find_task(task: int, plan: Plan, piece: int) -> tuple[int, int, int, int, int]:
    """Find where a task begins, and how large it is.

    Returns:
        The first cell in the storage of the output, of a and of b; the number of rows; and the number of columns.
    """
    rows, columns = plan[0, -2], plan[0, -1]
    rows_together = max(1, piece // columns)
    pieces = (columns + piece - 1) // piece
    row_groups = (rows + rows_together - 1) // rows_together
    column, rest = task % pieces * piece, task // pieces
    row, rest = rest % row_groups * rows_together, rest // row_groups
    o = row * plan[1, -2] + column * plan[1, -1]
    a = row * plan[2, -2] + column * plan[2, -1]
    b = row * plan[3, -2] + column * plan[3, -1]
    for i in range(plan.shape[1] - 3, -1, -1):
        place, rest = rest % plan[0, i], rest // plan[0, i]
        o, a, b = o + place * plan[1, i], a + place * plan[2, i], b + place * plan[3, i]
    return o, a, b, min(rows_together, rows - row), min(piece, columns - column)


# The kernels


def tensor_map(fn: Callable[[float], float]) -> Callable[..., None]:
    """Raise fn(x) to tensors, on all cores; see `tensor_ops.tensor_map`.

    Args:
        fn: A function of one number, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output, then of the input, and fills the output.
    """
    fn = njit(fn)

    def _map_task(task: int, plan: Plan, out: Storage, in_storage: Storage) -> None:
        o_first, i_first, _, rows, columns = find_task(task, plan, PIECE)
        o_right, i_right = plan[1, -1], plan[2, -1]
        for row in range(rows):
            o, i = o_first + row * plan[1, -2], i_first + row * plan[2, -2]
            if o_right == 1 and i_right == 1:
                results, cells = out[o : o + columns], in_storage[i : i + columns]
                for p in range(columns):
                    results[p] = fn(cells[p])
            else:
                for p in range(columns):
                    out[o + p * o_right] = fn(in_storage[i + p * i_right])

    map_task = njit(_map_task, calls=fn)

    @fills_output
    @diagnosed(map_task)
    def _map(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        in_storage: Storage,
        in_shape: Shape,
        in_strides: Strides,
    ) -> None:
        # There is no second input here; the output stands in for it.
        tasks, plan = remembered_walk(PIECE, out_shape, out_strides, in_shape, in_strides, out_shape, out_strides)
        share_out(map_task, tasks, plan, out, in_storage)

    return _map


def tensor_zip(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Raise fn(x, y) to tensors, on all cores; see `tensor_ops.tensor_zip`.

    Args:
        fn: A function of two numbers, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output, of `a` and of `b`, and fills the output.
    """
    fn = njit(fn)

    def _zip_task(task: int, plan: Plan, out: Storage, a_storage: Storage, b_storage: Storage) -> None:
        o_first, a_first, b_first, rows, columns = find_task(task, plan, PIECE)
        o_right, a_right, b_right = plan[1, -1], plan[2, -1], plan[3, -1]
        for row in range(rows):
            o, a, b = o_first + row * plan[1, -2], a_first + row * plan[2, -2], b_first + row * plan[3, -2]
            if o_right == 1 and a_right == 1 and b_right == 1:
                results, xs, ys = out[o : o + columns], a_storage[a : a + columns], b_storage[b : b + columns]
                for p in range(columns):
                    results[p] = fn(xs[p], ys[p])
            elif o_right == 1 and a_right == 1 and b_right == 0:  # one number for the whole row, such as a bias
                results, xs, y = out[o : o + columns], a_storage[a : a + columns], b_storage[b]
                for p in range(columns):
                    results[p] = fn(xs[p], y)
            else:
                for p in range(columns):
                    out[o + p * o_right] = fn(a_storage[a + p * a_right], b_storage[b + p * b_right])

    zip_task = njit(_zip_task, calls=fn)

    @fills_output
    @diagnosed(zip_task)
    def _zip(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        a_storage: Storage,
        a_shape: Shape,
        a_strides: Strides,
        b_storage: Storage,
        b_shape: Shape,
        b_strides: Strides,
    ) -> None:
        tasks, plan = remembered_walk(PIECE, out_shape, out_strides, a_shape, a_strides, b_shape, b_strides)
        share_out(zip_task, tasks, plan, out, a_storage, b_storage)

    return _zip


def tensor_reduce(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Fold a dimension with fn(x, accumulated), on all cores; see `tensor_ops.tensor_reduce`.

    Args:
        fn: A function of a number and of what has been accumulated so far, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output and of the input, then the dimension. The output
        must hold the start value in every cell.
    """
    plain = getattr(fn, "py_func", fn)
    reorderable = plain in REORDERABLE
    exact = plain is operators.max  # nothing is rounded; all else is computed in double precision
    # A chain of additions, each waiting for the one before, is slow. Where their order is free, the compiler keeps
    # several chains side by side.
    fn = njit(plain, reassociate=True) if reorderable and not exact else njit(fn)

    def _fold(cells: Storage, first: int, step: int, length: int, accumulated: float) -> float:
        """Fold `length` cells that lie `step` apart."""
        if step != 1:
            for j in range(length):
                accumulated = fn(cells[first + j * step], accumulated)
            return accumulated
        row = cells[first : first + length]
        done = 0
        if exact and length >= 2 * LANES:
            # That max may be computed in any order the compiler does not know; so the chains are written out.
            lanes, folded = np.empty((2, LANES), cells.dtype)
            for lane in range(LANES):
                lanes[lane] = row[lane]
            for j in range(LANES, length - LANES + 1, LANES):
                group = row[j : j + LANES]
                for lane in range(LANES):
                    folded[lane] = fn(group[lane], lanes[lane])
                # Taking turns, and not writing back in place: from a function such as max the compiler would make a
                # loop that writes only where something changes, which cannot handle several cells at a time.
                lanes, folded = folded, lanes
            done = length - length % LANES
            for lane in range(LANES):
                accumulated = fn(lanes[lane], accumulated)
        for j in range(done, length):
            accumulated = fn(row[j], accumulated)
        return accumulated

    fold = njit(_fold, calls=fn)

    def _reduce_task(
        task: int, piece: int, plan: Plan, out: Storage, a_storage: Storage, step: int, length: int
    ) -> None:
        """Fold the dimension for some cells of the output."""
        o_first, a_first, _, rows, columns = find_task(task, plan, piece)
        o_right, a_right = plan[1, -1], plan[2, -1]
        for row in range(rows):
            o, a = o_first + row * plan[1, -2], a_first + row * plan[2, -2]
            if a_right == 1 and columns > 1:
                # Neighbouring cells of the output are folded side by side.
                accumulated, folded = np.empty((2, columns), out.dtype if exact else np.float64)
                for p in range(columns):
                    accumulated[p] = out[o + p * o_right]
                for j in range(length):
                    cells = a_storage[a + j * step : a + j * step + columns]
                    for p in range(columns):
                        folded[p] = fn(cells[p], accumulated[p])
                    accumulated, folded = folded, accumulated
                for p in range(columns):
                    out[o + p * o_right] = accumulated[p]
            else:
                for p in range(columns):
                    place = o + p * o_right
                    out[place] = fold(a_storage, a + p * a_right, step, length, np.float64(out[place]))

    reduce_task = njit(_reduce_task, calls=fn)

    def _fold_part(task: int, parts: Storage, a_storage: Storage, step: int, length: int) -> None:
        """Fold a part of a single long row."""
        first = task * PIECE
        behind = min(PIECE, length - first) - 1
        parts[task] = fold(a_storage, (first + 1) * step, step, behind, np.float64(a_storage[first * step]))

    fold_part = njit(_fold_part, calls=fn)

    @diagnosed(reduce_task, fold_part)
    def _reduce(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        a_storage: Storage,
        a_shape: Shape,
        a_strides: Strides,
        reduce_dim: int,
    ) -> None:
        tasks, plan, piece, step, length = plan_fold(out_shape, out_strides, a_shape, a_strides, reduce_dim)
        if reorderable and len(out) == 1 and length >= 2 * PIECE:
            parts = np.empty(-(-length // PIECE))  # rounded up
            share_out(fold_part, len(parts), parts, a_storage, step, length)
            out[0] = fold(parts, 0, 1, len(parts), np.float64(out[0]))  # in their order
            return
        share_out(reduce_task, tasks, piece, plan, out, a_storage, step, length)

    return _reduce


FastBackend = TensorBackend(FastOps)
"""The backend to train with."""
