"""The fast backend: the same four operations as `tensor_ops.py`, compiled by numba and run on all cores.

Three ideas make it fast, and all of them keep the results independent of the number of threads, because every cell of
an output is computed by one thread, in one fixed order:

- A loop over `prange` is shared out among the cores.
- If input and output lie in memory the same way, cell number i of one belongs to cell number i of the other, and no
  index arithmetic is needed at all.
- Otherwise the index arithmetic is done once per *block*: the cells along the last dimension, or along the last two if
  there are enough of such blocks to share out. Within a block a tensor is walked through by adding its last strides
  again and again (0 where it is broadcast).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from .jit import broadcast_index, index_to_position, njit, to_index
from .tensor_data import Shape, Storage, Strides
from .tensor_ops import MapProto, TensorBackend, TensorOps, run_map, run_matrix_multiply, run_reduce, run_zip

if TYPE_CHECKING:
    from .tensor import Tensor


class FastOps(TensorOps):
    """Kernels compiled by numba, one for each scalar function, at their first use."""

    @staticmethod
    def map(fn: Callable[[float], float]) -> MapProto:
        """See `TensorOps.map`."""
        kernel = tensor_map(njit(fn))
        return lambda a, out=None: run_map(kernel, a, out)

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[["Tensor", "Tensor"], "Tensor"]:
        """See `TensorOps.zip`."""
        kernel = tensor_zip(njit(fn))
        return lambda a, b: run_zip(kernel, a, b)

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[["Tensor", int], "Tensor"]:
        """See `TensorOps.reduce`."""
        kernel = tensor_reduce(njit(fn))
        return lambda a, dim: run_reduce(kernel, a, dim, start)

    @staticmethod
    def matrix_multiply(a: "Tensor", b: "Tensor") -> "Tensor":
        """See `TensorOps.matrix_multiply`."""
        return run_matrix_multiply(tensor_matrix_multiply, a, b)


@njit
def count_cells(shape: Shape) -> int:
    """The number of cells of a tensor of this shape."""
    cells = 1
    for size in shape:
        cells *= size
    return cells


@njit
def same_layout(a_shape: Shape, a_strides: Strides, b_shape: Shape, b_strides: Strides) -> bool:
    """True if two tensors have the same shape and lie in memory the same way, row by row."""
    if len(a_shape) != len(b_shape):
        return False
    step = 1
    for i in range(len(a_shape) - 1, -1, -1):
        if a_shape[i] != b_shape[i] or (a_shape[i] > 1 and (a_strides[i] != step or b_strides[i] != step)):
            return False
        step *= a_shape[i]
    return True


@njit
def first_cell(ordinal: int, trailing: int, out_shape: Shape, shape: Shape, strides: Strides) -> int:
    """Where in the storage of a tensor a block of cells begins, after broadcasting.

    This is the work of to_index, broadcast_index and index_to_position in one go, without an array for the index.

    Args:
        ordinal: The number of the block, when blocks of the output are counted row by row.
        trailing: The number of last dimensions that a block extends over: 0 for single cells, 1 for rows.
        out_shape: The shape of the output.
        shape: The shape of the tensor, which broadcasts to the output's.
        strides: The strides of the tensor.
    """
    position = 0
    rest = np.int64(ordinal)  # numba counts prange without a sign, and mixing the two kinds of integers gives floats
    skipped = len(out_shape) - len(shape)
    for i in range(len(out_shape) - 1 - trailing, -1, -1):
        place = rest % out_shape[i]
        rest = rest // out_shape[i]
        if i >= skipped and shape[i - skipped] > 1:
            position += place * strides[i - skipped]
    return position


@njit
def last_size(from_end: int, shape: Shape) -> int:
    """The size of a dimension, counted from the end with 1; 1 if there is no such dimension."""
    return shape[-from_end] if len(shape) >= from_end else 1


@njit
def last_step(from_end: int, shape: Shape, strides: Strides) -> int:
    """The stride of a dimension, counted from the end with 1; 0 where broadcasting stretches a single cell."""
    return strides[-from_end] if last_size(from_end, shape) > 1 else 0


@njit
def rows_per_block(cells: int, shape: Shape) -> int:
    """How many rows to compute as one block: a whole plane, unless the planes are too few to share out evenly."""
    rows = last_size(2, shape)
    return rows if cells >= 64 * rows * last_size(1, shape) else 1


def tensor_map(fn: Callable[[float], float]) -> Callable[..., None]:
    """Raise fn(x) to tensors, on all cores; see `tensor_ops.tensor_map`.

    Args:
        fn: A function of one number, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output, then of the input, and fills the output.
    """
    fn = njit(fn)

    def _map(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        in_storage: Storage,
        in_shape: Shape,
        in_strides: Strides,
    ) -> None:
        cells = count_cells(out_shape)
        if same_layout(out_shape, out_strides, in_shape, in_strides):
            for i in prange(cells):
                out[i] = fn(in_storage[i])
        elif cells > 0:
            rows, columns = rows_per_block(cells, out_shape), out_shape[-1]
            o_down, o_right = last_step(2, out_shape, out_strides), last_step(1, out_shape, out_strides)
            i_down, i_right = last_step(2, in_shape, in_strides), last_step(1, in_shape, in_strides)
            for block in prange(cells // (rows * columns)):
                o = first_cell(block * rows, 1, out_shape, out_shape, out_strides)
                i = first_cell(block * rows, 1, out_shape, in_shape, in_strides)
                for row in range(rows):
                    for column in range(columns):
                        x = in_storage[i + row * i_down + column * i_right]
                        out[o + row * o_down + column * o_right] = fn(x)

    return njit(_map, parallel=True, calls=fn)


def tensor_zip(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Raise fn(x, y) to tensors, on all cores; see `tensor_ops.tensor_zip`.

    Args:
        fn: A function of two numbers, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output, of `a` and of `b`, and fills the output.
    """
    fn = njit(fn)

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
        cells = count_cells(out_shape)
        if same_layout(out_shape, out_strides, a_shape, a_strides) and same_layout(
            out_shape, out_strides, b_shape, b_strides
        ):
            for i in prange(cells):
                out[i] = fn(a_storage[i], b_storage[i])
        elif cells > 0:
            rows, columns = rows_per_block(cells, out_shape), out_shape[-1]
            o_down, o_right = last_step(2, out_shape, out_strides), last_step(1, out_shape, out_strides)
            a_down, a_right = last_step(2, a_shape, a_strides), last_step(1, a_shape, a_strides)
            b_down, b_right = last_step(2, b_shape, b_strides), last_step(1, b_shape, b_strides)
            for block in prange(cells // (rows * columns)):
                o = first_cell(block * rows, 1, out_shape, out_shape, out_strides)
                a = first_cell(block * rows, 1, out_shape, a_shape, a_strides)
                b = first_cell(block * rows, 1, out_shape, b_shape, b_strides)
                for row in range(rows):
                    for column in range(columns):
                        x = a_storage[a + row * a_down + column * a_right]
                        y = b_storage[b + row * b_down + column * b_right]
                        out[o + row * o_down + column * o_right] = fn(x, y)

    return njit(_zip, parallel=True, calls=fn)


def tensor_reduce(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Fold a dimension with fn(x, accumulated), on all cores; see `tensor_ops.tensor_reduce`.

    Args:
        fn: A function of a number and of what has been accumulated so far, compiled or plain.

    Returns:
        A kernel that takes storage, shape and strides of the output and of the input, then the dimension. The output
        must hold the start value in every cell.
    """
    fn = njit(fn)

    def _reduce(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        a_storage: Storage,
        a_shape: Shape,
        a_strides: Strides,
        reduce_dim: int,
    ) -> None:
        for ordinal in prange(count_cells(out_shape)):
            o = first_cell(ordinal, 0, out_shape, out_shape, out_strides)
            # The output has size 1 in the folded dimension, so this is where the cells to fold begin.
            first = first_cell(ordinal, 0, out_shape, out_shape, a_strides)
            step = a_strides[reduce_dim]
            accumulated = np.float64(out[o])  # in double precision, also when the storage is float32
            for j in range(a_shape[reduce_dim]):
                accumulated = fn(a_storage[first + j * step], accumulated)
            out[o] = accumulated

    return njit(_reduce, parallel=True, calls=fn)


def _tensor_matrix_multiply(
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
    """Multiply matrices (..., n, k) by (..., k, m), on all cores; see `tensor_ops.tensor_matrix_multiply`.

    A row of the output is a sum of rows of b, each times one number of a. Adding up whole rows keeps the innermost
    loop on neighbouring cells, which the processor handles several at a time:

        for k in range(...):
            out[i, :] += a[i, k] * b[k, :]
    """
    inner, columns = a_shape[-1], out_shape[-1]

    # Lay out the matrices of b row by row, whatever their strides: a copy costs far less than the product.
    b_matrices = count_cells(b_shape[:-2])
    b_packed = np.empty((b_matrices * inner, columns), out.dtype)  # (matrices of b * k, m)
    for packed_row in prange(b_matrices * inner):
        index = np.empty(len(b_shape), np.int64)
        to_index(packed_row, b_shape[:-1], index)
        index[-1] = 0
        first = index_to_position(index, b_strides)
        for j in range(columns):
            b_packed[packed_row, j] = b_storage[first + j * b_strides[-1]]

    # Broadcasting counts the matrices of b as if they lay one after the other, as they do now in b_packed.
    b_steps = np.empty(len(b_shape) - 2, np.int64)
    step = 1
    for i in range(len(b_steps) - 1, -1, -1):
        b_steps[i] = step
        step *= b_shape[i]

    for out_row in prange(count_cells(out_shape[:-1])):
        index = np.empty(len(out_shape), np.int64)
        a_index = np.empty(len(a_shape), np.int64)
        b_index = np.empty(len(b_shape) - 2, np.int64)
        to_index(out_row, out_shape[:-1], index)  # fills all but the last entry
        index[-1] = 0
        broadcast_index(index[:-2], out_shape[:-2], a_shape[:-2], a_index)  # fills all but the last two entries
        a_index[-2] = index[-2]
        a_index[-1] = 0
        broadcast_index(index[:-2], out_shape[:-2], b_shape[:-2], b_index)
        a_first = index_to_position(a_index, a_strides)
        b_first = index_to_position(b_index, b_steps) * inner
        row = np.zeros(columns, out.dtype)  # (m,)
        for k in range(inner):
            factor = a_storage[a_first + k * a_strides[-1]]
            for j in range(columns):
                row[j] += factor * b_packed[b_first + k, j]
        first = index_to_position(index, out_strides)
        for j in range(columns):
            out[first + j * out_strides[-1]] = row[j]


tensor_matrix_multiply = njit(_tensor_matrix_multiply, parallel=True)

FastBackend = TensorBackend(FastOps)
"""The backend to train with."""
