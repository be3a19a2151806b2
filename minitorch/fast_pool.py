"""Max pooling of images, and of whole rows: the kernels, and the Functions that use them.

Images are cut into tiles, and of each tile only the largest cell goes on. `nn.tile` and `nn.max` can say so in two
lines, but they copy all cells into the order of the tiles, and back again for the gradient. Here a tile is read where
it lies. Down the rows of a tile, whole rows of the image are compared at once, cell by cell; only what is left of
them, one row for each row of tiles, has to be gone through tile by tile.

Of sequences, the maximum over all steps is taken. They are many, and short; so a task takes many of them.
"""

from typing import TYPE_CHECKING

import numpy as np

from . import operators
from .autodiff import Context, Function
from .inner_loops import ROWS, Array
from .jit import njit
from .sharing import share_out
from .tensor_data import Storage

if TYPE_CHECKING:
    from .tensor import Tensor


larger = njit(operators.max)


@njit
def rows_of_tile(image: Storage, top: int, width: int, row: int, kh: int) -> tuple[Array, Array, Array, Array]:
    """Four rows of a row of tiles; where there are no four any more, the last one is given more than once.

    Short loops take longer to begin than to run. So rows are not compared two by two, but four at a time.

    Args:
        image: The images, row by row.
        top: Where in them the first of the rows begins.
        width: The length of the rows.
        row: The number of the first row that is wanted.
        kh: The number of rows.
    """
    a, b = top + row * width, top + min(row + 1, kh - 1) * width
    c, d = top + min(row + 2, kh - 1) * width, top + min(row + 3, kh - 1) * width
    return image[a : a + width], image[b : b + width], image[c : c + width], image[d : d + width]


@njit
def pool_task(task: int, out: Storage, image: Storage, height: int, width: int, kh: int, kw: int) -> None:
    """Find the maximum of each tile of an image.

    Args:
        task: The number of the image.
        out: Is filled with the maxima, (images, height / kh, width / kw) row by row.
        image: The images, (images, height, width) row by row.
        height: The height of an image.
        width: Its width.
        kh: The height of a tile.
        kw: The width of a tile.
    """
    tiles_down, tiles_right = height // kh, width // kw
    largest = np.empty(width, image.dtype)  # of each column of a row of tiles
    # In the loops over tiles the numbers have no sign, for then nobody tests whether a place is negative; they are
    # short, so that this makes them twice as fast. See also inner_loops.copy_block.
    for i in range(tiles_down):
        for row in range(0, kh, ROWS):
            a, b, c, d = rows_of_tile(image, (task * height + i * kh) * width, width, row, kh)
            if row == 0:
                for w in range(width):
                    largest[w] = larger(larger(a[w], b[w]), larger(c[w], d[w]))
            else:
                for w in range(width):
                    largest[w] = larger(largest[w], larger(larger(a[w], b[w]), larger(c[w], d[w])))
        for j in range(np.uintp(tiles_right)):
            first = j * np.uintp(kw)
            y = largest[first]
            for w in range(np.uintp(1), np.uintp(kw)):
                y = larger(largest[first + w], y)
            out[np.uintp((task * tiles_down + i) * tiles_right) + j] = y


@njit
def pool_back_task(
    task: int,
    grad_image: Array,
    grad_out: Storage,
    out: Storage,
    image: Storage,
    height: int,
    width: int,
    kh: int,
    kw: int,
) -> None:
    """Hand the gradient of each maximum to the cells that are the maximum, in equal parts.

    Args:
        task: The number of the image.
        grad_image: Is filled with the gradient of the images, (images, height, width) row by row.
        grad_out: The gradient of the maxima, (images, height / kh, width / kw) row by row.
        out: The maxima, in the same order.
        image: The images.
        height: The height of an image.
        width: Its width.
        kh: The height of a tile.
        kw: The width of a tile.
    """
    tiles_down, tiles_right = np.uintp(height // kh), np.uintp(width // kw)
    tile_width = np.uintp(kw)
    largest, share = np.empty(width, image.dtype), np.empty(width, image.dtype)
    zero, one = image.dtype.type(0), image.dtype.type(1)  # plain 0 and 1 would turn float32 into float64
    for i in range(tiles_down):
        top, tile = (task * height + np.int64(i) * kh) * width, (np.uintp(task) * tiles_down + i) * tiles_right
        for j in range(tiles_right):  # the maximum of its tile, for each column
            for w in range(tile_width):
                largest[j * tile_width + w] = out[tile + j]
        # First how often the maximum stands in each column, then the part of the gradient for each.
        share[:] = 0
        for row in range(0, kh, ROWS):
            a, b, c, d = rows_of_tile(image, top, width, row, kh)
            # A row that is not there is the last one again, and must not be counted once more.
            b_one, c_one, d_one = (
                one if row + 1 < kh else zero,
                one if row + 2 < kh else zero,
                one if row + 3 < kh else zero,
            )
            for w in range(width):
                y = largest[w]
                found = (one if a[w] == y else zero) + (b_one if b[w] == y else zero)
                share[w] += found + (c_one if c[w] == y else zero) + (d_one if d[w] == y else zero)
        for j in range(tiles_right):
            first = j * tile_width
            ties = share[first]
            for w in range(np.uintp(1), tile_width):
                ties += share[first + w]
            part = grad_out[tile + j] / ties
            for w in range(tile_width):
                share[first + w] = part
        for row in range(kh):
            begin = top + row * width
            cells, gradients = image[begin : begin + width], grad_image[begin : begin + width]
            for w in range(width):
                gradients[w] = share[w] * (one if cells[w] == largest[w] else zero)


PIECE = 4096
"""How many cells of rows a task has, about; less would not be worth waking another core for."""


@njit
def row_task(task: int, rows: int, out: Storage, cells: Storage, width: int) -> None:
    """Find the maximum of some rows.

    Args:
        task: The number of the task.
        rows: How many rows each task has.
        out: Is filled with the maximum of each row.
        cells: The rows, one after the other.
        width: The length of a row.
    """
    for row in range(task * rows, min((task + 1) * rows, len(out))):
        own = cells[row * width : (row + 1) * width]
        y = own[0]
        for w in range(np.uintp(1), np.uintp(width)):
            y = larger(own[w], y)
        out[row] = y


@njit
def row_back_task(
    task: int, rows: int, grad_cells: Array, grad_out: Storage, out: Storage, cells: Storage, width: int
) -> None:
    """Hand the gradient of each maximum to the cells of its row that are the maximum, in equal parts.

    Args:
        task: The number of the task.
        rows: How many rows each task has.
        grad_cells: Is filled with the gradient of the rows.
        grad_out: The gradient of the maxima.
        out: The maxima.
        cells: The rows, one after the other.
        width: The length of a row.
    """
    zero, one = out.dtype.type(0), out.dtype.type(1)  # plain 0 and 1 would turn float32 into float64
    for row in range(task * rows, min((task + 1) * rows, len(out))):
        own, gradients = cells[row * width : (row + 1) * width], grad_cells[row * width : (row + 1) * width]
        y, ties = out[row], zero
        for w in range(width):
            ties += one if own[w] == y else zero
        part = grad_out[row] / ties
        for w in range(width):
            gradients[w] = part * (one if own[w] == y else zero)


def _rows(a: "Tensor") -> Storage:
    """The storage of a tensor whose cells lie row by row; copied if they do not."""
    return (a if a.is_contiguous() else a.f.id_map(a))._tensor._storage


class MaxPool2dFun(Function):
    """The maximum of each tile of images"""

    @staticmethod
    def forward(ctx: Context, input: "Tensor", kernel: tuple[int, int]) -> "Tensor":
        """(batch, channel, height, width) becomes (batch, channel, height / kh, width / kw).

        The size of a tile, (kh, kw), must divide that of the images.
        """
        batch, channel, height, width = input.shape
        kh, kw = kernel
        cells = _rows(input)
        out = input.empty((batch, channel, height // kh, width // kw), input.dtype)
        share_out(pool_task, batch * channel, out._tensor._storage, cells, height, width, kh, kw)
        ctx.save_for_backward(cells, out, input.shape, kernel)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The gradient goes to the cell that was the maximum; cells that tie share it in equal parts."""
        cells, out, shape, (kh, kw) = ctx.saved_values
        batch, channel, height, width = shape
        grad = grad_output.empty(shape, out.dtype)
        maxima, gradients = out._tensor._storage, _rows(grad_output)
        arguments = (grad._tensor._storage, gradients, maxima, cells, height, width, kh, kw)
        share_out(pool_back_task, batch * channel, *arguments)
        return grad


class MaxOfRowsFun(Function):
    """The maximum of each row, along the last dimension"""

    @staticmethod
    def forward(ctx: Context, input: "Tensor") -> "Tensor":
        """(..., width) becomes (...); the width must be at least 1."""
        *shape, width = input.shape
        cells = _rows(input)
        out = input.empty(tuple(shape), input.dtype)
        rows = max(1, PIECE // width)
        share_out(row_task, -(-out.size // rows), rows, out._tensor._storage, cells, width)
        ctx.save_for_backward(cells, out, input.shape)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The gradient goes to the cell that was the maximum; cells that tie share it in equal parts."""
        cells, out, shape = ctx.saved_values
        width = shape[-1]
        grad = grad_output.empty(shape, out.dtype)
        rows = max(1, PIECE // width)
        arguments = (grad._tensor._storage, _rows(grad_output), out._tensor._storage, cells, width)
        share_out(row_back_task, -(-out.size // rows), rows, *arguments)
        return grad
