"""Convolution in one and two dimensions: one kernel per rank, and the Functions that use it three times.

A window slides over the input; at every place, the numbers under it are multiplied by the weights and added up. The
window is anchored at its left end (its top left corner), and whatever it covers beyond the edge counts as zero:

    out[b, o, t] = sum over c and k of input[b, c, t + k] * weight[o, c, k]

The gradients are convolutions too, by the same kernel:

- An input cell t reached the outputs t, t - 1, ..., t - K + 1, through the weights 0, 1, ..., K - 1. So the gradient
  of the input is a convolution of the output's gradient with a window that reaches to the *left*: `reverse=True`.
- A weight k met the input cell t + k at every output t. So the gradient of the weight is a convolution of the input
  with the output's gradient as a very long window, and only the first K places of the result are wanted.

The upper half of this file holds the kernels, on bare storage, shapes and strides. The lower half holds `Conv1dFun`
and `Conv2dFun`, which check the sizes and call the kernels.

How the kernels get fast, in three steps:

1. The input is copied once into rows with zeros on the side that the window reaches over to. From then on no place
   needs a test for being inside.
2. Weight (i, j) of the window meets the padded rows i rows and j cells further on. If the padded rows lie one after
   the other in memory, `pitch` cells apart, that is simply `i * pitch + j` cells further on. So for every weight there
   is one long loop over neighbouring cells, which the processor handles several at a time. The last cells of each row
   then hold sums that ran over into the next row; they are left behind when the result is copied out.
3. When the window is longer than the wanted output, which happens in the gradient of the weight, the long loop must
   run along the window instead: `dot_shifted` in place of `add_shifted`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import prange

from . import memory
from .autodiff import Context, Function, Variable
from .errors import DTypeError, ShapeError, explain
from .inner_loops import CELLS, ROWS, TERMS, Array, add_dot_products, add_products
from .jit import diagnosed, njit
from .tensor_data import Shape, Storage, Strides
from .tensor_ops import result_type

if TYPE_CHECKING:
    from .tensor import Tensor

TASKS = 16
"""How many tasks there should be, at least, to be shared out evenly among the cores."""


# Step 1: zeros around the images


@njit
def copy_plane(
    task: int,
    planes: Array,
    size: int,
    pitch: int,
    top: int,
    left: int,
    storage: Storage,
    corner: int,
    shape: Shape,
    strides: Strides,
) -> None:
    """Fill a padded plane with zeros, and copy an image into it.

    Args:
        task: The number of the plane.
        planes: The padded planes, (batch * channels * size) and possibly more in a flat row.
        size: The number of cells of a padded plane.
        pitch: The number of cells from one padded row to the next.
        top: How many rows of zeros go above an image.
        left: How many zeros go before each of its rows.
        storage: Storage of the images, of shape (batch, channels, height, width).
        corner: Where in the storage the first cell of the first image lies.
        shape: The shape of the images.
        strides: Their strides; negative ones turn the images around.
    """
    _, channels, height, width = shape
    _, _, down, right = strides
    rows, columns = min(height, size // pitch - top), min(width, pitch - left)
    number = np.int64(task)  # numba counts prange without a sign, and mixing the two kinds of integers gives floats
    first = corner + number // channels * strides[0] + number % channels * strides[1]
    plane = planes[number * size : (number + 1) * size]
    plane[:] = 0
    for h in range(rows):
        begin, source = (top + h) * pitch + left, first + h * down
        row = plane[begin : begin + columns]
        if right == 1:
            cells = storage[source : source + columns]
            for w in range(columns):
                row[w] = cells[w]
        else:
            for w in range(columns):
                row[w] = storage[source + w * right]


def _copy_planes(
    tasks: int,
    planes: Array,
    size: int,
    pitch: int,
    top: int,
    left: int,
    storage: Storage,
    corner: int,
    shape: Shape,
    strides: Strides,
) -> None:
    for task in prange(tasks):
        copy_plane(task, planes, size, pitch, top, left, storage, corner, shape, strides)


copy_planes = njit(_copy_planes, parallel=True)


# Step 2: a window that is shorter than the output


@njit
def copy_out(
    row: Array,
    begin: int,
    columns: int,
    pitch: int,
    lines: int,
    out: Storage,
    first: int,
    shape: Shape,
    strides: Strides,
) -> None:
    """Copy a stretch of padded planes into the output, and leave behind what lies between the rows and the planes.

    Args:
        row: The stretch.
        begin: Where it begins, counted from the beginning of the first plane.
        columns: Its length.
        pitch: The number of cells from one padded row to the next.
        lines: The number of rows of a padded plane.
        out: Storage of the output, of shape (batch, out_channels, out_height, out_width).
        first: Where in it the first plane begins.
        shape: The shape of the output.
        strides: Its strides.
    """
    _, _, height, width = shape
    for line in range(begin // pitch, (begin + columns - 1) // pitch + 1):
        b, h = line // lines, line % lines
        if h >= height:
            continue
        w_first, w_last = max(begin - line * pitch, 0), min(begin + columns - line * pitch, width)
        length = w_last - w_first
        source, target = line * pitch + w_first - begin, first + b * strides[0] + h * strides[2] + w_first * strides[3]
        if strides[3] == 1:
            cells = out[target : target + length]
            for w in range(length):
                cells[w] = row[source + w]
        else:
            for w in range(length):
                out[target + w * strides[3]] = row[source + w]


@njit
def slide_task(
    task: int,
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    images: Array,
    size: int,
    pitch: int,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
) -> None:
    """Compute a stretch of four planes of the output.

    Args:
        task: The number of the stretch.
        out: Storage of the output, of shape (batch, out_channels, out_height, out_width).
        out_shape: Its shape.
        out_strides: Its strides.
        images: The padded images, (in_channels * batch * size) and a few cells more in a flat row.
        size: The number of cells of a padded plane.
        pitch: The number of cells from one padded row to the next.
        weights: Of shape (out_channels, and more to make blocks of four; terms).
        starts: For each term, how far from the cell of the output its cell of the input lies, of shape (terms,).
        together: Over how many images a stretch extends.
        length: The most cells that a stretch has.
    """
    batch, out_channels, out_height, out_width = out_shape
    left_over = size - (out_height - 1) * pitch - out_width  # the cells of a plane behind the last one that is wanted
    stretches = (together * size - left_over + length - 1) // length
    blocks = len(weights) // ROWS
    number = np.int64(task)
    block, begin, b = number % blocks, number // blocks % stretches * length, number // blocks // stretches * together
    cells = min(length, min(together, batch - b) * size - left_over - begin)
    columns = (cells + 7) // 8 * 8  # a multiple of what the processor handles at once

    total = np.empty((ROWS, CELLS), out.dtype)
    total[:, :columns] = 0
    add_products(total, columns, images[b * size + begin :], starts, weights[block * ROWS : (block + 1) * ROWS])
    for r in range(min(ROWS, out_channels - block * ROWS)):
        first = b * out_strides[0] + (block * ROWS + r) * out_strides[1]
        copy_out(total[r], begin, cells, pitch, size // pitch, out, first, out_shape, out_strides)


def _slide_tasks(
    tasks: int,
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    images: Array,
    size: int,
    pitch: int,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
) -> None:
    for task in prange(tasks):
        slide_task(task, out, out_shape, out_strides, images, size, pitch, weights, starts, together, length)


slide_tasks = njit(_slide_tasks, parallel=True)


@njit
def lay_out_weights(
    blocks: int,
    dtype: Any,
    channel: int,
    pitch: int,
    weight: Storage,
    corner: int,
    shape: Shape,
    strides: Strides,
) -> tuple[Array, Array]:
    """Lay out each window in a row, with rows of zeros behind them to make blocks of four.

    Returns:
        The weights, of shape (blocks * 4, in_channels * k_height * k_width). And for each column how far from the cell
        of the output its cell of the input lies, where `channel` is how far one channel lies from the next.
    """
    out_channels, in_channels, k_height, k_width = shape
    weights = np.zeros((blocks * ROWS, in_channels * k_height * k_width), dtype)
    starts = np.empty(in_channels * k_height * k_width, np.int64)
    for t in range(len(starts)):
        c, i, j = t // (k_height * k_width), t // k_width % k_height, t % k_width
        starts[t] = c * channel + i * pitch + j
        for o in range(out_channels):
            weights[o, t] = weight[corner + o * strides[0] + c * strides[1] + i * strides[2] + j * strides[3]]
    return weights, starts


def slide_windows(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    images: Array,
    size: int,
    pitch: int,
    weight: Storage,
    weight_corner: int,
    weight_shape: Shape,
    weight_strides: Strides,
) -> None:
    """Convolve padded images, (in_channels, batch, size), with windows that are shorter than the output.

    Four channels of the output are computed side by side. Small images are taken several at a time, and large ones in
    stretches, to have rows of about CELLS cells.
    """
    batch, out_channels, out_height, out_width = out_shape.tolist()
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    weights, starts = lay_out_weights(
        blocks, out.dtype, batch * size, pitch, weight, weight_corner, weight_shape, weight_strides
    )

    together = max(1, CELLS // size)
    cells = (together - 1) * size + (out_height - 1) * pitch + out_width
    stretches = -(-cells // CELLS)
    length = -(-cells // stretches // 8) * 8
    tasks = -(-batch // together) * -(-cells // length) * blocks
    slide_tasks(tasks, out, out_shape, out_strides, images, size, pitch, weights, starts, together, length)


# Step 3: a window that is longer than the output


@njit
def add_dot_products_by_rows(
    total: Array,
    first: int,
    windows: Array,
    distance: int,
    planes: int,
    size: int,
    pitch: int,
    k_height: int,
    k_width: int,
    cells: Array,
    starts: Array,
) -> None:
    """What `add_dot_products` does, row by row of the windows, without a look at what lies between the rows.

    There the windows hold zeros, which take no part in a sum as long as the cells are numbers; but 0 times NaN or
    infinity is NaN.
    """
    for r in range(ROWS):
        for k in range(TERMS):
            for plane in range(planes):
                for i in range(k_height):
                    row = plane * size + i * pitch
                    for p in range(row, row + k_width):
                        total[r, first + k] += windows[r * distance + p] * cells[starts[k] + p]


@njit
def slide_long_task(
    task: int, parts: Array, images: Array, windows: Array, size: int, pitch: int, out_shape: Shape, k_shape: Shape
) -> None:
    """Add up some of the channels, of four channels of the output.

    Args:
        task: Which channels.
        parts: Is filled with the sums, of shape (chunks, batch, out_channels / 4, 4, places and more to make threes).
        images: The padded images, (batch * in_channels * size) in a flat row.
        windows: The windows, laid out in the same way, (out_channels * in_channels * size) in a flat row.
        size: The number of cells of a padded plane.
        pitch: The number of cells from one padded row to the next.
        out_shape: The shape of the output.
        k_shape: The shape of the weight.
    """
    _, _, out_height, out_width = out_shape
    _, in_channels, k_height, k_width = k_shape
    chunks, batch, blocks, _, places = parts.shape
    number = np.int64(task)
    chunk, b, block = number // blocks // batch, number // blocks % batch, number % blocks
    part = parts[chunk, b, block]  # (4, places)
    plane = in_channels * size  # from one window to the next
    together = max(1, CELLS // size)  # small images are taken several at a time
    starts = np.empty(TERMS, np.int64)
    last = (chunk + 1) * in_channels // chunks
    for c in range(chunk * in_channels // chunks, last, together):
        image = images[(b * in_channels + c) * size :]
        window = windows[block * ROWS * plane + c * size :]
        planes = min(together, last - c)
        length = (planes - 1) * size + (k_height - 1) * pitch + k_width
        for first in range(0, places, TERMS):
            for k in range(TERMS):
                place = min(first + k, out_height * out_width - 1)  # the last place once more, to make threes
                starts[k] = place // out_width * pitch + place % out_width
            if not add_dot_products(part, first, window, plane, length, image, starts):
                add_dot_products_by_rows(
                    part, first, window, plane, planes, size, pitch, k_height, k_width, image, starts
                )


def _slide_long_tasks(
    tasks: int, parts: Array, images: Array, windows: Array, size: int, pitch: int, out_shape: Shape, k_shape: Shape
) -> None:
    for task in prange(tasks):
        slide_long_task(task, parts, images, windows, size, pitch, out_shape, k_shape)


slide_long_tasks = njit(_slide_long_tasks, parallel=True)


def slide_long_windows(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    images: Array,
    size: int,
    pitch: int,
    weight: Storage,
    weight_corner: int,
    weight_shape: Shape,
    weight_strides: Strides,
) -> None:
    """Convolve padded images, (batch, in_channels, size), with windows that are longer than the output.

    Four windows at three places are computed side by side. Where there are few of them, the channels are divided into
    chunks, to be shared out among the cores; their sums are added up in their order, whoever computed them.
    """
    batch, out_channels, out_height, out_width = out_shape.tolist()
    in_channels = int(weight_shape[1])
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    windows = memory.empty(blocks * ROWS * in_channels * size, out.dtype)
    planes = out_channels * in_channels
    windows[planes * size :] = 0  # windows of zeros, to make blocks of four
    copy_planes(planes, windows, size, pitch, 0, 0, weight, weight_corner, weight_shape, weight_strides)

    places = out_height * out_width
    chunks = min(in_channels, -(-TASKS // (batch * blocks)))
    parts = np.zeros((chunks, batch, blocks, ROWS, -(-places // TERMS) * TERMS), out.dtype)
    slide_long_tasks(chunks * batch * blocks, parts, images, windows, size, pitch, out_shape, weight_shape)
    sums = parts.sum(axis=0).reshape(batch, blocks * ROWS, -1)[:, :out_channels, :places]
    out_array = np.ndarray(out_shape, out.dtype, out, strides=out_strides * out.itemsize)
    out_array[...] = sums.reshape(batch, out_channels, out_height, out_width)


# The kernels


@diagnosed(slide_tasks, slide_task)
def tensor_conv2d(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    out_size: int,
    input: Storage,
    input_shape: Shape,
    input_strides: Strides,
    weight: Storage,
    weight_shape: Shape,
    weight_strides: Strides,
    reverse: bool,
) -> None:
    """Two-dimensional convolution. For each cell of the output:

        out[b, o, h, w] = sum over c, i and j of input[b, c, h + i, w + j] * weight[o, c, i, j]

    With `reverse`, input[b, c, h - i, w - j]. Cells outside of the input count as 0.

    Args:
        out: Storage of the output, of shape (batch, out_channels, out_height, out_width).
        out_shape: Its shape. Height and width may be any; the input may be smaller or larger.
        out_strides: Its strides.
        out_size: The number of its cells.
        input: Storage of the input, of shape (batch, in_channels, height, width).
        input_shape: Its shape.
        input_strides: Its strides.
        weight: Storage of the weight, of shape (out_channels, in_channels, k_height, k_width).
        weight_shape: Its shape.
        weight_strides: Its strides.
        reverse: Whether the window is anchored at its bottom right corner, instead of its top left, with weight
            (0, 0) at the anchor.
    """
    _, _, out_height, out_width = out_shape.tolist()
    batch, in_channels, _, _ = input_shape.tolist()
    _, _, k_height, k_width = weight_shape.tolist()
    pitch = out_width + k_width - 1  # cells from one padded row to the next
    size = (out_height + k_height - 1) * pitch  # cells of a padded plane
    top = k_height - 1 if reverse else 0  # how many of the zero rows go to the top
    left = k_width - 1 if reverse else 0  # how many of the zeros in each row go to the left
    corner = 0
    if reverse:  # the window is read from its last cell to its first
        corner = int((weight_shape[2:] - 1) @ weight_strides[2:])
        weight_strides = weight_strides * [1, 1, -1, -1]

    if k_height * k_width <= out_height * out_width:
        # All images of a channel lie one after the other: (in_channels, batch, size).
        slide, order = slide_windows, [1, 0, 2, 3]
    else:
        # All channels of an image lie one after the other: (batch, in_channels, size).
        slide, order = slide_long_windows, [0, 1, 2, 3]
    images = memory.empty(batch * in_channels * size + 8, out.dtype)
    images[-8:] = 0  # a few cells more, that may be read but not used
    planes = batch * in_channels
    copy_planes(planes, images, size, pitch, top, left, input, 0, input_shape[order], input_strides[order])
    slide(out, out_shape, out_strides, images, size, pitch, weight, corner, weight_shape, weight_strides)


@diagnosed(slide_tasks, slide_task)
def tensor_conv1d(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    out_size: int,
    input: Storage,
    input_shape: Shape,
    input_strides: Strides,
    weight: Storage,
    weight_shape: Shape,
    weight_strides: Strides,
    reverse: bool,
) -> None:
    """One-dimensional convolution. For each cell of the output:

        out[b, o, t] = sum over c and k of input[b, c, t + k] * weight[o, c, k]

    With `reverse`, input[b, c, t - k]. Cells outside of the input count as 0. A sequence is an image of a single row,
    so the kernel for images does it.

    Args:
        out: Storage of the output, of shape (batch, out_channels, out_width).
        out_shape: Its shape. The width may be any; the input may be shorter or longer.
        out_strides: Its strides.
        out_size: The number of its cells.
        input: Storage of the input, of shape (batch, in_channels, width).
        input_shape: Its shape.
        input_strides: Its strides.
        weight: Storage of the weight, of shape (out_channels, in_channels, k_width).
        weight_shape: Its shape.
        weight_strides: Its strides.
        reverse: Whether the window is anchored at its right end, instead of its left, with weight 0 at the anchor.
    """

    def insert(height: int, numbers: Array) -> Array:
        """(batch, channels, width) becomes (batch, channels, height, width)."""
        batch, channels, width = numbers.tolist()
        return np.array([batch, channels, height, width])

    tensor_conv2d(
        out,
        insert(1, out_shape),
        insert(0, out_strides),
        out_size,
        input,
        insert(1, input_shape),
        insert(0, input_strides),
        weight,
        insert(1, weight_shape),
        insert(0, weight_strides),
        reverse,
    )


# The Functions


def _check_sizes(rank: int, input: "Tensor", weight: "Tensor") -> None:
    """Refuse everything that a kernel could not compute, since a compiled kernel checks nothing itself."""
    window = ("width",) if rank == 1 else ("height", "width")
    expected = (
        f"input (batch, in_channels, {', '.join(window)}) and "
        f"weight (out_channels, in_channels, {', '.join('k_' + side for side in window)})"
    )
    for operand in (input, weight):
        if not isinstance(operand, Variable):
            raise DTypeError(
                explain(
                    f"conv{rank}d takes two tensors.",
                    got=type(operand).__name__,
                    expected=expected,
                    fix="make a tensor of it with minitorch.tensor(...)",
                )
            )
    got = f"input {input.shape} and weight {weight.shape}"
    if input.dims != rank + 2 or weight.dims != rank + 2:
        raise ShapeError(
            explain(
                f"conv{rank}d takes an input and a weight of {rank + 2} dimensions each.",
                got=got,
                expected=expected,
                fix="add the missing dimensions of size 1 with .view(...)",
            )
        )
    if input.shape[1] != weight.shape[1]:
        raise ShapeError(
            explain(
                f"conv{rank}d: input and weight have different numbers of channels.",
                got=f"{got}: in_channels {input.shape[1]} and {weight.shape[1]}",
                expected=expected,
                fix="build the layer with as many in_channels as the layer before it has out_channels",
            )
        )
    if 0 in weight.shape or 0 in input.shape[2:]:
        raise ShapeError(
            explain(
                f"conv{rank}d: there is nothing to slide, or nothing to slide over.",
                got=got,
                expected=f"{expected}, where only the batch may be 0",
                fix="use a kernel of size 1 or more on an input of size 1 or more",
            )
        )


def _run(
    kernel: Callable[..., None], out_shape: tuple[int, ...], input: "Tensor", weight: "Tensor", reverse: bool
) -> "Tensor":
    """Allocate the output, run the kernel and return the output."""
    out = input.zeros(out_shape, result_type(input, weight))
    kernel(*out.tuple(), out.size, *input.tuple(), *weight.tuple(), reverse)
    return out


class Conv1dFun(Function):
    """Convolution in one dimension, anchored at the left."""

    @staticmethod
    def forward(ctx: Context, input: "Tensor", weight: "Tensor") -> "Tensor":
        """Compute the convolution.

        Args:
            ctx: Keeps both tensors for `backward`.
            input: Of shape (batch, in_channels, width).
            weight: Of shape (out_channels, in_channels, k_width); k_width may be larger than width.

        Returns:
            A tensor of shape (batch, out_channels, width).

        Raises:
            ShapeError: A rank, or the number of channels, does not fit, or one of the sizes is 0.
        """
        _check_sizes(1, input, weight)
        ctx.save_for_backward(input, weight)
        batch, _, width = input.shape
        return _run(tensor_conv1d, (batch, weight.shape[0], width), input, weight, False)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """Compute the gradients of input and weight from that of the output, (batch, out_channels, width)."""
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            swapped = weight.permute(1, 0, 2)  # (in_channels, out_channels, k_width)
            grad_input = _run(tensor_conv1d, input.shape, grad_output, swapped, True)
        if needs_weight:
            # Every channel of the input plays the part of a batch, and the batch that of the channels.
            long_input = input.permute(1, 0, 2)  # (in_channels, batch, width)
            long_window = grad_output.permute(1, 0, 2)  # (out_channels, batch, width)
            out_channels, in_channels, k_width = weight.shape
            swapped = _run(tensor_conv1d, (in_channels, out_channels, k_width), long_input, long_window, False)
            grad_weight = swapped.permute(1, 0, 2)  # (out_channels, in_channels, k_width)
        return grad_input, grad_weight


class Conv2dFun(Function):
    """Convolution in two dimensions, anchored at the top left."""

    @staticmethod
    def forward(ctx: Context, input: "Tensor", weight: "Tensor") -> "Tensor":
        """Compute the convolution.

        Args:
            ctx: Keeps both tensors for `backward`.
            input: Of shape (batch, in_channels, height, width).
            weight: Of shape (out_channels, in_channels, k_height, k_width); the window may be larger than the input.

        Returns:
            A tensor of shape (batch, out_channels, height, width).

        Raises:
            ShapeError: A rank, or the number of channels, does not fit, or one of the sizes is 0.
        """
        _check_sizes(2, input, weight)
        ctx.save_for_backward(input, weight)
        batch, _, height, width = input.shape
        return _run(tensor_conv2d, (batch, weight.shape[0], height, width), input, weight, False)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """Compute the gradients of input and weight from that of the output, (batch, out_channels, height, width)."""
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            swapped = weight.permute(1, 0, 2, 3)  # (in_channels, out_channels, k_height, k_width)
            grad_input = _run(tensor_conv2d, input.shape, grad_output, swapped, True)
        if needs_weight:
            # Every channel of the input plays the part of a batch, and the batch that of the channels.
            long_input = input.permute(1, 0, 2, 3)  # (in_channels, batch, height, width)
            long_window = grad_output.permute(1, 0, 2, 3)  # (out_channels, batch, height, width)
            out_channels, in_channels, k_height, k_width = weight.shape
            shape = (in_channels, out_channels, k_height, k_width)
            swapped = _run(tensor_conv2d, shape, long_input, long_window, False)
            grad_weight = swapped.permute(1, 0, 2, 3)  # (out_channels, in_channels, k_height, k_width)
        return grad_input, grad_weight


conv1d = Conv1dFun.apply
conv2d = Conv2dFun.apply
