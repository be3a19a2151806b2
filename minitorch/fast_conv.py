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

1. The input is copied several times, once for each column of the window: the copy for column j is shifted j cells to
   the left, and zeros fill the columns that come in at the right. From then on weight (i, j) meets, for the output cell
   (h, w), the cell (h + i, w) of copy j; and when the rows of a copy lie one after the other, that is simply i rows
   further on. No place needs a test for being inside, and no index arithmetic is left.
2. So each weight is multiplied by one long stretch of neighbouring cells, and the products are added to an equally long
   stretch of the output. That is a matrix product, and `add_products` computes both.
3. When the window is longer than the wanted output, which happens in the gradient of the weight, the long loop must
   run along the window instead: `add_dot_products` in place of `add_products`.
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

SHARED_CACHE = 2**20
"""How many copied cells are made and used before the next ones: as many as the cache that all cores share can hold."""

OWN_CACHE = 3 * 2**15
"""How many copied cells the tasks that follow each other use: as many as the cache of a single core can hold."""


# Step 1: the copies of the input


@njit
def copy_task(
    task: int,
    copies: Array,
    room: int,
    size: int,
    pitch: int,
    shifts: int,
    top: int,
    left: int,
    storage: Storage,
    corner: int,
    shape: Shape,
    strides: Strides,
) -> None:
    """Copy an image several times, each time shifted by one more cell to the left, with zeros around.

    Copy j of image (n, m) begins at ((n * shifts + j) * room + m) * size. Its cell (h, w) is the cell (h - top,
    w + j - left) of the image, or 0 where the image has no such cell.

    Args:
        task: The number of the image.
        copies: Where the copies go, a flat row.
        room: How many copies lie one after the other before those of the next shift.
        size: The number of cells of a copy.
        pitch: The number of cells of each row of a copy.
        shifts: How many copies to make.
        top: How many rows of zeros go above the image.
        left: How many columns of zeros go to its left, in the first copy.
        storage: Storage of the images, of shape (n, m, height, width).
        corner: Where in the storage the first cell of the first image lies.
        shape: The shape of the images.
        strides: Their strides; negative ones turn the images around.
    """
    _, images, height, width = shape
    number = np.int64(task)  # numba counts prange without a sign, and mixing the two kinds of integers gives floats
    n, m = number // images, number % images
    first = corner + n * strides[0] + m * strides[1]
    _, _, down, right = strides
    rows = min(height, size // pitch - top)
    for j in range(shifts):
        begin = ((n * shifts + j) * room + m) * size
        copy = copies[begin : begin + size]
        shift = j - left
        w_first, w_last = max(0, -shift), min(pitch, width - shift)  # the columns that the image reaches
        if width == pitch and down == width and right == 1 and abs(shift) < width:
            # The rows follow each other in the image as in the copy: shift all of them at once. What runs over from
            # one row into the next is then replaced by zeros.
            begin, length = top * pitch + w_first, rows * width - abs(shift)
            target, source = copy[begin : begin + length], storage[first + max(0, shift) : first + rows * width]
            copy[:begin] = 0
            for p in range(length):
                target[p] = source[p]
            copy[begin + length :] = 0
            for row in range(top * pitch, (top + rows) * pitch, pitch):
                for w in range(w_first):
                    copy[row + w] = 0
                for w in range(w_last, pitch):
                    copy[row + w] = 0
        else:
            copy[:] = 0
            for h in range(rows):
                for w in range(w_first, w_last):
                    copy[(top + h) * pitch + w] = storage[first + h * down + (w + shift) * right]


def _copy_tasks(
    tasks: int,
    copies: Array,
    room: int,
    size: int,
    pitch: int,
    shifts: int,
    top: int,
    left: int,
    storage: Storage,
    corner: int,
    shape: Shape,
    strides: Strides,
) -> None:
    for task in prange(tasks):
        copy_task(task, copies, room, size, pitch, shifts, top, left, storage, corner, shape, strides)


copy_tasks = njit(_copy_tasks, parallel=True)


# Step 2: a window that is shorter than the output


@njit
def lay_out_weights(
    blocks: int, dtype: Any, copy: int, pitch: int, weight: Storage, corner: int, shape: Shape, strides: Strides
) -> tuple[Array, Array]:
    """Lay out each window in a row, with rows of zeros behind them to make blocks of four.

    Returns:
        The weights, of shape (blocks * 4, in_channels * k_height * k_width). And for each column how far from the cell
        of the output its cell of the input lies, where `copy` is how far one copy lies from the next.
    """
    out_channels, in_channels, k_height, k_width = shape
    weights = np.zeros((blocks * ROWS, in_channels * k_height * k_width), dtype)
    starts = np.empty(in_channels * k_height * k_width, np.int64)
    for t in range(len(starts)):
        c, i, j = t // (k_height * k_width), t // k_width % k_height, t % k_width
        starts[t] = (c * k_width + j) * copy + i * pitch
        for o in range(out_channels):
            weights[o, t] = weight[corner + o * strides[0] + c * strides[1] + i * strides[2] + j * strides[3]]
    return weights, starts


@njit
def slide_task(
    task: int,
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    first_image: int,
    images: int,
    copies: Array,
    size: int,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
) -> None:
    """Compute a stretch of four channels of the output.

    Args:
        task: The number of the stretch.
        out: Storage of the output, of shape (batch, out_channels, out_height, out_width).
        out_shape: Its shape.
        out_strides: Its strides.
        first_image: The first image of the batch that there are copies of.
        images: How many images there are copies of.
        copies: The copies, and a few cells more, in a flat row.
        size: The number of cells of a copy.
        weights: Of shape (out_channels, and more to make blocks of four; terms).
        starts: For each term, how far from the cell of the output its cell of the copies lies, of shape (terms,).
        together: Over how many images a stretch extends.
        length: The most cells that a stretch has.
    """
    _, out_channels, out_height, out_width = out_shape
    _, _, down, right = out_strides
    places = out_height * out_width
    stretches = ((together - 1) * size + places + length - 1) // length
    blocks = len(weights) // ROWS
    number = np.int64(task)
    block, begin, group = number % blocks, number // blocks % stretches * length, number // blocks // stretches
    image = group * together
    cells = min(length, (min(together, images - image) - 1) * size + places - begin)
    columns = (cells + 7) // 8 * 8  # a multiple of what the processor handles at once

    total = np.empty((ROWS, CELLS), out.dtype)
    total[:, :columns] = 0
    add_products(total, columns, copies[image * size + begin :], starts, weights[block * ROWS : (block + 1) * ROWS])

    # Copy the stretch into the output, without the cells between one image and the next.
    for n in range(begin // size, (begin + cells - 1) // size + 1):
        p_first, p_last = max(begin - n * size, 0), min(begin + cells - n * size, places)
        source = n * size - begin
        for r in range(min(ROWS, out_channels - block * ROWS)):
            first = (first_image + image + n) * out_strides[0] + (block * ROWS + r) * out_strides[1]
            row = total[r]
            if right == 1 and down == out_width:
                plane, sums = out[first + p_first : first + p_last], row[source + p_first : source + p_last]
                for p in range(p_last - p_first):
                    plane[p] = sums[p]
            else:
                for p in range(p_first, p_last):
                    out[first + p // out_width * down + p % out_width * right] = row[source + p]


def _slide_tasks(
    tasks: int,
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    first_image: int,
    images: int,
    copies: Array,
    size: int,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
) -> None:
    for task in prange(tasks):
        slide_task(
            task, out, out_shape, out_strides, first_image, images, copies, size, weights, starts, together, length
        )


slide_tasks = njit(_slide_tasks, parallel=True)


def slide_windows(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    input: Storage,
    input_shape: Shape,
    input_strides: Strides,
    weight: Storage,
    weight_shape: Shape,
    weight_strides: Strides,
    corner: int,
    reverse: bool,
) -> None:
    """Convolve with windows that are shorter than the output: four channels of the output side by side.

    Small images are taken several at a time, and large ones in stretches, to have rows of about CELLS cells.
    """
    batch, out_channels, out_height, out_width = out_shape.tolist()
    _, in_channels, height, width = input_shape.tolist()
    _, _, k_height, k_width = weight_shape.tolist()
    top, left = (k_height - 1, k_width - 1) if reverse else (0, 0)
    size, places = (out_height + k_height - 1) * out_width, out_height * out_width
    copies_of_image = in_channels * k_width
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here

    together = max(1, min(CELLS // size, -(-batch * blocks // TASKS)))
    cells = (together - 1) * size + places
    length = -(-cells // -(-cells // min(CELLS, max(OWN_CACHE // copies_of_image, 128))) // 8) * 8
    room = min(batch, max(1, SHARED_CACHE // (copies_of_image * size * together)) * together)  # images at a time
    copies = memory.empty(copies_of_image * room * size + 8, out.dtype)  # (c, j, room, size) and a few cells more
    copies[-8:] = 0
    arguments = (weight, corner, weight_shape, weight_strides)
    weights, starts = lay_out_weights(blocks, out.dtype, room * size, out_width, *arguments)
    channels_first = input_strides[[1, 0, 2, 3]]
    for first in range(0, batch, room):
        images = min(room, batch - first)
        shape = np.array([in_channels, images, height, width])
        begin = first * int(input_strides[0])
        arguments = (input, begin, shape, channels_first)
        copy_tasks(in_channels * images, copies, room, size, out_width, k_width, top, left, *arguments)
        tasks = -(-images // together) * -(-cells // length) * blocks
        arguments = (first, images, copies, size, weights, starts, together, length)
        slide_tasks(tasks, out, out_shape, out_strides, *arguments)


# Step 3: a window that is longer than the output


@njit
def add_dot_products_apart(
    total: Array,
    first: int,
    windows: Array,
    distance: int,
    planes: int,
    size: int,
    places: int,
    cells: Array,
    starts: Array,
) -> None:
    """What `add_dot_products` does, plane by plane of the windows, without a look at what lies between the planes.

    There the windows hold zeros, which take no part in a sum as long as the cells are numbers; but 0 times NaN or
    infinity is NaN.
    """
    for r in range(ROWS):
        for k in range(TERMS):
            for plane in range(planes):
                for p in range(plane * size, plane * size + places):
                    total[r, first + k] += windows[r * distance + p] * cells[starts[k] + p]


@njit
def slide_long_task(
    task: int,
    parts: Array,
    channels: int,
    copies: Array,
    windows: Array,
    room: int,
    size: int,
    out_width: int,
    k_width: int,
    out_places: int,
    k_places: int,
) -> None:
    """Add up the products of some channels, for four channels of the output.

    Args:
        task: Which channels.
        parts: The sums, of shape (shares, batch, out_channels / 4, 4, places and more to make threes).
        channels: How many channels there are copies of; each share of the sums gets some.
        copies: The copies of the input, (batch, out_width, room, size) in a flat row.
        windows: The windows, (out_channels and more to make fours, room, size) in a flat row.
        room: The number of channels that there is room for.
        size: The number of cells of a copy.
        out_width: The width of the output.
        k_width: The width of the window.
        out_places: The number of cells of a plane of the output.
        k_places: The number of cells of a window.
    """
    shares, batch, blocks, _, columns = parts.shape
    number = np.int64(task)
    share, b, block = number // blocks // batch, number // blocks % batch, number % blocks
    part = parts[share, b, block]  # (4, columns)
    together = max(1, CELLS // size)  # small images are taken several at a time
    starts = np.empty(TERMS, np.int64)
    last = (share + 1) * channels // shares
    for c in range(share * channels // shares, last, together):
        window = windows[(block * ROWS * room + c) * size :]
        planes = min(together, last - c)
        length = (planes - 1) * size + k_places
        for first in range(0, columns, TERMS):
            for k in range(TERMS):
                place = min(first + k, out_places - 1)  # the last place once more, to make threes
                i, j = place // out_width, place % out_width
                starts[k] = ((b * out_width + j) * room + c) * size + i * k_width
            if not add_dot_products(part, first, window, room * size, length, copies, starts):
                add_dot_products_apart(part, first, window, room * size, planes, size, k_places, copies, starts)


def _slide_long_tasks(
    tasks: int,
    parts: Array,
    channels: int,
    copies: Array,
    windows: Array,
    room: int,
    size: int,
    out_width: int,
    k_width: int,
    out_places: int,
    k_places: int,
) -> None:
    for task in prange(tasks):
        slide_long_task(task, parts, channels, copies, windows, room, size, out_width, k_width, out_places, k_places)


slide_long_tasks = njit(_slide_long_tasks, parallel=True)


def slide_long_windows(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    input: Storage,
    input_shape: Shape,
    input_strides: Strides,
    weight: Storage,
    weight_shape: Shape,
    weight_strides: Strides,
    corner: int,
    reverse: bool,
) -> None:
    """Convolve with windows that are longer than the output: four windows at three places side by side.

    Where there are few of them, the channels are divided into shares, to be handed out to the cores; their sums are
    added up in their order, whoever computed them.
    """
    batch, out_channels, out_height, out_width = out_shape.tolist()
    _, in_channels, height, width = input_shape.tolist()
    _, _, k_height, k_width = weight_shape.tolist()
    top, left = (k_height - 1, k_width - 1) if reverse else (0, 0)
    size = (out_height + k_height - 1) * k_width
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    places = out_height * out_width

    planes = batch * out_width + blocks * ROWS  # that each channel takes
    room = max(1, min(in_channels, SHARED_CACHE // (planes * size)))  # channels at a time
    copies = memory.empty(batch * out_width * room * size, out.dtype)  # (b, j, room, size)
    windows = memory.empty(blocks * ROWS * room * size, out.dtype)  # (o, room, size)
    windows[out_channels * room * size :] = 0  # windows of zeros, to make blocks of four
    shares = min(room, -(-TASKS // (batch * blocks)))
    parts = np.zeros((shares, batch, blocks, ROWS, -(-places // TERMS) * TERMS), out.dtype)
    for first in range(0, in_channels, room):
        channels = min(room, in_channels - first)
        shape = np.array([batch, channels, height, width])
        arguments = (input, first * int(input_strides[1]), shape, input_strides)
        copy_tasks(batch * channels, copies, room, size, k_width, out_width, top, left, *arguments)
        shape = np.array([out_channels, channels, k_height, k_width])
        arguments = (weight, corner + first * int(weight_strides[1]), shape, weight_strides)
        copy_tasks(out_channels * channels, windows, room, size, k_width, 1, 0, 0, *arguments)
        sizes = (room, size, out_width, k_width, places, k_height * k_width)
        slide_long_tasks(shares * batch * blocks, parts, channels, copies, windows, *sizes)

    sums = parts.sum(axis=0).reshape(batch, blocks * ROWS, -1)[:, :out_channels, :places]
    out_array = np.ndarray(out_shape, out.dtype, out, strides=out_strides * out.itemsize)
    out_array[...] = sums.reshape(batch, out_channels, out_height, out_width)


# The kernels


TURNED_AROUND = np.array([1, 1, -1, -1])
"""What to multiply strides by to read height and width backwards."""


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
    corner = 0
    if reverse:  # the window is read from its last cell to its first
        corner = int((weight_shape[2:] - 1) @ weight_strides[2:])
        weight_strides = weight_strides * TURNED_AROUND
    slide = slide_windows if weight_shape[2] * weight_shape[3] <= out_shape[2] * out_shape[3] else slide_long_windows
    arguments = (input, input_shape, input_strides, weight, weight_shape, weight_strides, corner, reverse)
    slide(out, out_shape, out_strides, *arguments)


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

    With `reverse`, input[b, c, t - k]. Cells outside of the input count as 0. A sequence is an image of a single
    column, so the kernel for images does it.

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

    def with_column(numbers: Array) -> Array:
        """(batch, channels, width) becomes (batch, channels, width, 1): the sequence runs from top to bottom."""
        return np.array([*numbers.tolist(), 1])

    tensor_conv2d(
        out,
        with_column(out_shape),
        with_column(out_strides),
        out_size,
        input,
        with_column(input_shape),
        with_column(input_strides),
        weight,
        with_column(weight_shape),
        with_column(weight_strides),
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
