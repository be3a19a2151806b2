"""Max pooling in two dimensions: the kernels, and the Function that uses them.

Images are cut into tiles, and of each tile only the largest cell goes on. `nn.tile` and `nn.max` can say so in two
lines, but they copy all cells into the order of the tiles, and back again for the gradient. Here a tile is read where
it lies. Down the rows of a tile, whole rows of the image are compared at once, cell by cell; only what is left of
them, one row for each row of tiles, has to be gone through tile by tile.
"""

from typing import TYPE_CHECKING

import numpy as np
from numba import prange

from .autodiff import Context, Function
from .inner_loops import Array
from .jit import njit
from .tensor_data import Storage

if TYPE_CHECKING:
    from .tensor import Tensor


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
    largest, larger = np.empty((2, width), image.dtype)  # of each column of a row of tiles
    for i in range(tiles_down):
        first = (task * height + i * kh) * width
        for w in range(width):
            largest[w] = image[first + w]
        for row in range(1, kh):
            cells = image[first + row * width : first + (row + 1) * width]
            for w in range(width):
                x, y = cells[w], largest[w]
                larger[w] = x if x > y or x != x else y  # as in operators.max: NaN, and only NaN, differs from itself
            largest, larger = larger, largest  # taking turns; see the same in fast_ops.tensor_reduce
        for j in range(tiles_right):
            y = largest[j * kw]
            for w in range(j * kw + 1, (j + 1) * kw):
                x = largest[w]
                y = x if x > y or x != x else y
            out[(task * tiles_down + i) * tiles_right + j] = y


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
    tiles_down, tiles_right = height // kh, width // kw
    largest, share = np.empty(width, image.dtype), np.empty(width, image.dtype)
    zero, one = image.dtype.type(0), image.dtype.type(1)  # plain 0 and 1 would turn float32 into float64
    for i in range(tiles_down):
        first = (task * height + i * kh) * width
        tile = (task * tiles_down + i) * tiles_right
        for j in range(tiles_right):  # the maximum of its tile, for each column
            for w in range(j * kw, (j + 1) * kw):
                largest[w] = out[tile + j]
        share[:] = 0  # first how often the maximum stands in each column, then the part of the gradient for each
        for row in range(kh):
            cells = image[first + row * width : first + (row + 1) * width]
            for w in range(width):
                share[w] += one if cells[w] == largest[w] else zero
        for j in range(tiles_right):
            ties = share[j * kw]
            for w in range(j * kw + 1, (j + 1) * kw):
                ties += share[w]
            part = grad_out[tile + j] / ties
            for w in range(j * kw, (j + 1) * kw):
                share[w] = part
        for row in range(kh):
            begin = first + row * width
            cells, gradients = image[begin : begin + width], grad_image[begin : begin + width]
            for w in range(width):
                gradients[w] = share[w] * (one if cells[w] == largest[w] else zero)


def _pool_tasks(tasks: int, out: Storage, image: Storage, height: int, width: int, kh: int, kw: int) -> None:
    for task in prange(tasks):
        pool_task(np.int64(task), out, image, height, width, kh, kw)


def _pool_back_tasks(
    tasks: int,
    grad_image: Array,
    grad_out: Storage,
    out: Storage,
    image: Storage,
    height: int,
    width: int,
    kh: int,
    kw: int,
) -> None:
    for task in prange(tasks):
        pool_back_task(np.int64(task), grad_image, grad_out, out, image, height, width, kh, kw)


pool_tasks = njit(_pool_tasks, parallel=True)
pool_back_tasks = njit(_pool_back_tasks, parallel=True)


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
        pool_tasks(batch * channel, out._tensor._storage, cells, height, width, kh, kw)
        ctx.save_for_backward(cells, out, input.shape, kernel)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The gradient goes to the cell that was the maximum; cells that tie share it in equal parts."""
        cells, out, shape, (kh, kw) = ctx.saved_values
        batch, channel, height, width = shape
        grad = grad_output.empty(shape, out.dtype)
        maxima = out._tensor._storage
        pool_back_tasks(
            batch * channel, grad._tensor._storage, _rows(grad_output), maxima, cells, height, width, kh, kw
        )
        return grad
