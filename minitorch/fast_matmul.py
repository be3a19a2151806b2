"""Matrix multiplication of the fast backend: rows of `b`, each times a number of `a`, added up by `add_products`.

A product is planned in plain Python, from shapes and strides alone (`plan_product`), and divided into tasks: each
computes up to 32 rows and 512 columns of it. So many numbers fit into the cache of a core, and each of `b` that is
fetched into it is used 32 times.
"""

import math
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from . import memory
from .inner_loops import NEXT, ROWS, TASKS, Pair, add_products, copy_block
from .jit import njit
from .sharing import diagnosed, share_out
from .tensor_data import Shape, Sizes, Storage, Strides, remembered
from .tensor_ops import fills_output

Starts: TypeAlias = npt.NDArray[np.int64]

ROWS_TOGETHER = 32
"""How many rows of a product one task computes, at most; each number of `b` that it fetches is used as many times."""

COLUMNS_TOGETHER = 512
"""How many columns of a product one task computes, at most."""

TERMS_TOGETHER = 48
"""How many rows of `b` are used for all rows of a task before the next ones, as many as the second cache holds."""

GAP = 64
"""How many cells are left free behind each row of sums. Matrices often have a power of two as their width, and rows so
far apart drive each other out of the cache (see `inner_loops.CELLS`)."""

FEW_PRODUCTS = 2**15
"""Up to how many multiplications a product is not worth dividing into smaller pieces than 32 rows and 512 columns."""


class ProductPlan(NamedTuple):
    """What follows from the shapes and strides of a product: how it is divided into tasks, and where all numbers lie.

    Attributes:
        tasks: Into how many tasks it is divided.
        together: How many rows of the product a task computes, at most.
        sizes: Height and width of the product, and the number of terms of each of its cells.
        starts: Where in the storage the matrices of the product, of a and of b begin, of shape (3, matrices).
        out_steps: (down, right): how far below each other the cells of the product lie, and how far beside each other.
        a_steps: The same for a.
        b_down: How far the cells of b lie below each other; beside each other they are neighbours.
        packing: Where each matrix of b begins, and (down, right), if b has to be copied to make its rows contiguous.
            Then `starts` and `b_down` are those of the copy.
    """

    tasks: int
    together: int
    sizes: tuple[int, int, int]
    starts: Starts
    out_steps: Pair
    a_steps: Pair
    b_down: int
    packing: tuple[Starts, Pair] | None


def find_matrices(leading: Sizes, shape: Sizes, strides: Sizes) -> Starts:
    """Find where in the storage each matrix begins that takes part in a product.

    Args:
        leading: The leading dimensions of the product: one of its matrices for each of their cells.
        shape: The shape of an operand, or of the product: (..., height, width).
        strides: Its strides.

    Returns:
        Of shape (matrices,): for each matrix of the product the one that broadcasting puts there.
    """
    own = len(shape) - 2  # its leading dimensions
    steps = [stride if size > 1 else 0 for size, stride in zip(shape[:own], strides)]  # 0 where it is repeated
    index = np.indices(leading)[len(leading) - own :]  # (own, *leading): aligned at the right
    return np.tensordot(np.array(steps, np.int64), index, 1).reshape(-1)


@remembered
def plan_product(
    out_shape: Sizes, out_strides: Sizes, a_shape: Sizes, a_strides: Sizes, b_shape: Sizes, b_strides: Sizes
) -> ProductPlan:
    """Plan a product of matrices."""
    *leading, height, width = out_shape
    matrices, inner = math.prod(leading), a_shape[-1]
    operands = (out_shape, out_strides), (a_shape, a_strides), (b_shape, b_strides)
    starts = np.array([find_matrices(tuple(leading), *operand) for operand in operands])  # (3, matrices)
    *_, out_down, out_right = out_strides
    *_, a_down, a_right = a_strides
    *_, b_down, b_right = b_strides
    packing = None
    if b_right != 1:  # a copy costs far less than the product
        own_starts, numbers = np.unique(starts[2], return_inverse=True)  # what broadcasting repeats is copied once
        packing = own_starts, (b_down, b_right)
        starts[2], b_down = numbers * (inner * width), width
    pieces = -(-width // COLUMNS_TOGETHER)  # rounded up, as all quotients here
    together = ROWS_TOGETHER
    if matrices * height * width * inner > FEW_PRODUCTS:  # enough for every core to have something to do
        together = min(together, ROWS * -(-height * matrices * pieces // (ROWS * TASKS)))
    tasks = matrices * pieces * -(-height // together)
    sizes = height, width, inner
    return ProductPlan(tasks, together, sizes, starts, (out_down, out_right), (a_down, a_right), b_down, packing)


@njit
def pack(packed: Storage, storage: Storage, starts: Starts, sizes: Pair, steps: Pair) -> None:
    """Lay out matrices row by row, whatever their strides.

    That is done in blocks of 8 rows and 8 columns. A processor fetches neighbouring cells together; so the cells that
    lie beside those of a block, in the one order and in the other, are used before they are forgotten again.

    Args:
        packed: Is filled with the matrices, a flat row.
        storage: Where the matrices lie.
        starts: Where in it each of them begins.
        sizes: Their height and width.
        steps: How far below each other their cells lie, and how far beside each other.
    """
    (height, width), (down, right) = sizes, steps
    for matrix in range(len(starts)):
        source, target = starts[matrix], matrix * height * width
        for first_row in range(0, height, 8):
            for first_column in range(0, width, 8):
                for row in range(first_row, min(first_row + 8, height)):
                    for column in range(first_column, min(first_column + 8, width)):
                        # Unsigned, for then nobody tests whether the place is negative; see inner_loops.copy_block.
                        place = np.uintp(source + row * down + column * right)
                        packed[np.uintp(target + row * width + column)] = storage[place]


@njit
def multiply_task(
    task: int,
    together: int,
    sizes: tuple[int, int, int],
    starts: Starts,
    out: Storage,
    out_steps: Pair,
    a_storage: Storage,
    a_steps: Pair,
    b_storage: Storage,
    b_down: int,
) -> None:
    """Compute some rows of one matrix of a product, up to 512 cells of each. The rows of b must be contiguous.

    Args:
        task: Which rows of which matrix, and which cells of them.
        together: How many rows, at most.
        sizes: Height and width of the product, and the number of terms of each of its cells.
        starts: Where the matrices of the product, of a and of b begin, of shape (3, matrices).
        out: The storage of the product.
        out_steps: (down, right): how far below each other its cells lie there, and how far beside each other.
        a_storage: The storage of a.
        a_steps: The same for a.
        b_storage: The storage of b.
        b_down: How far the cells of b lie below each other; beside each other they are neighbours.
    """
    height, width, inner = sizes
    row_groups = (height + together - 1) // together
    pieces = (width + COLUMNS_TOGETHER - 1) // COLUMNS_TOGETHER
    first_column, first_row = task % pieces * COLUMNS_TOGETHER, task // pieces % row_groups * together
    matrix = task // pieces // row_groups
    rows, columns = min(together, height - first_row), min(COLUMNS_TOGETHER, width - first_column)
    o = starts[0, matrix] + first_row * out_steps[0] + first_column * out_steps[1]
    a = starts[1, matrix] + first_row * a_steps[0]
    b = starts[2, matrix] + first_column

    distance = columns + GAP  # from one row of sums to the next
    total = np.zeros(((rows + ROWS - 1) // ROWS * ROWS, distance), out.dtype)
    stretches, places = np.empty(TERMS_TOGETHER, np.int64), np.empty(TERMS_TOGETHER, np.int64)
    corners = np.empty(ROWS, np.int64)
    for k in range(0, inner, TERMS_TOGETHER):
        terms = min(TERMS_TOGETHER, inner - k)
        for t in range(terms):
            stretches[t], places[t] = b + (k + t) * b_down, t * a_steps[1]
        for first in range(0, rows, ROWS):
            for r in range(ROWS):  # where there are no four rows any more, the last one is computed more than once
                corners[r] = a + min(first + r, rows - 1) * a_steps[0] + k * a_steps[1]
            sums = total[first : first + ROWS]
            add_products(sums, columns, b_storage, stretches[:terms], a_storage, corners, places, False)
    copy_block(out, o, out_steps, total.reshape(total.size), np.int64(0), (distance, NEXT), rows, columns)


@fills_output
@diagnosed(multiply_task)
def tensor_matrix_multiply(
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
    loop, that of `add_products`, on neighbouring cells:

        for k in range(...):
            out[i, :] += a[i, k] * b[k, :]
    """
    plan: ProductPlan = plan_product(out_shape, out_strides, a_shape, a_strides, b_shape, b_strides)
    if plan.packing is not None:
        starts, steps = plan.packing
        _, width, inner = plan.sizes
        packed = memory.empty(len(starts) * inner * width, b_storage.dtype)
        pack(packed, b_storage, starts, (inner, width), steps)
        b_storage = packed
    share_out(
        multiply_task,
        plan.tasks,
        plan.together,
        plan.sizes,
        plan.starts,
        out,
        plan.out_steps,
        a_storage,
        plan.a_steps,
        b_storage,
        plan.b_down,
    )
