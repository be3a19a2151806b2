"""How the convolution of `fast_conv.py` slides its windows over the input, fast. It takes three steps:

1. The input is copied several times, once for each column of the window: the copy for column j is shifted j cells to
   the left, and zeros fill the columns that come in at the right. From then on weight (i, j) meets, for the output cell
   (h, w), the cell (h + i, w) of copy j; and when the rows of a copy lie one after the other, that is simply i rows
   further on. No place needs a test for being inside, and no index arithmetic is left.
2. So each weight is multiplied by one long stretch of neighbouring cells, and the products are added to an equally long
   stretch of the output. That is a matrix product, and `add_products` computes both.
3. When the window is longer than the wanted output, which happens in the gradient of the weight, the long loop must
   run along the window instead: `add_dot_products` in place of `add_products`.

A tensor travels through this file as one argument: the tuple of its storage, shape and strides.
"""

from typing import Any, TypeAlias

import numpy as np
from numba import prange

from . import memory
from .inner_loops import CELLS, ROWS, TERMS, Array, add_dot_products, add_products
from .jit import count_workers, njit
from .tensor_data import KernelArguments

Pair: TypeAlias = tuple[int, int]

TASKS = 8
"""How many tasks there should be, at least, to be shared out evenly among the cores."""

OWN_CACHE = 3 * 2**15
"""How many cells the cache of a single core can hold, about."""


# Step 1: the copies of the input


@njit
def copy_image(
    copies: Array,
    begin: int,
    distance: int,
    size: int,
    pitch: int,
    shifts: int,
    margins: Pair,
    images: KernelArguments,
    first: int,
) -> None:
    """Copy an image several times, each time shifted by one more cell to the left, with zeros around.

    Cell (h, w) of copy j is the cell (h - top, w + j - left) of the image, or 0 where the image has no such cell.

    Args:
        copies: Where the copies go, a flat row.
        begin: Where the first of them begins.
        distance: How far one copy lies from the next.
        size: The number of cells of a copy.
        pitch: The number of cells of each row of a copy.
        shifts: How many copies to make.
        margins: (top, left): how many rows of zeros go above the image, and columns to its left in the first copy.
        images: The batch that the image belongs to, of shape (..., ..., height, width). Negative strides turn it
            around.
        first: Where in the storage the first cell of the image lies.
    """
    storage, (_, _, height, width), (_, _, down, right) = images
    top, left = margins
    rows = min(height, size // pitch - top)
    for j in range(shifts):
        copy = copies[begin + j * distance : begin + j * distance + size]
        shift = j - left
        w_first, w_last = max(0, -shift), min(pitch, width - shift)  # the columns that the image reaches
        if width == pitch and down == width and right == 1 and abs(shift) < width:
            # The rows follow each other in the image as in the copy: shift all of them at once. What runs over from
            # one row into the next is then replaced by zeros.
            start, length = top * pitch + w_first, rows * width - abs(shift)
            target, source = copy[start : start + length], storage[first + max(0, shift) : first + rows * width]
            copy[:start] = 0
            for p in range(length):
                target[p] = source[p]
            copy[start + length :] = 0
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


# Step 2: a window that is shorter than the output


@njit
def lay_out_weights(
    blocks: int, dtype: Any, distance: int, pitch: int, weight: KernelArguments, corner: int
) -> tuple[Array, Array]:
    """Lay out each window in a row, with rows of zeros behind them to make blocks of four.

    Args:
        blocks: The number of blocks.
        dtype: The type of the numbers.
        distance: How far one copy of the input lies from the next.
        pitch: The number of cells of each row of a copy.
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        corner: Where in the storage the first cell of the first window lies.

    Returns:
        The weights, of shape (blocks * 4, in_channels * k_height * k_width). And for each column how far from the cell
        of the output its cell of the input lies.
    """
    storage, (out_channels, in_channels, k_height, k_width), strides = weight
    weights = np.zeros((blocks * ROWS, in_channels * k_height * k_width), dtype)
    starts = np.empty(in_channels * k_height * k_width, np.int64)
    for t in range(len(starts)):
        c, i, j = t // (k_height * k_width), t // k_width % k_height, t % k_width
        starts[t] = (c * k_width + j) * distance + i * pitch
        for o in range(out_channels):
            weights[o, t] = storage[corner + o * strides[0] + c * strides[1] + i * strides[2] + j * strides[3]]
    return weights, starts


@njit
def slide_stretch(
    out: KernelArguments,
    image: int,
    block: int,
    begin: int,
    cells: int,
    copies: Array,
    size: int,
    weights: Array,
    starts: Array,
) -> None:
    """Compute a stretch of four channels of the output.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        image: The first of the images that there are copies of.
        block: Which four channels.
        begin: Where the stretch begins, counted in cells from the beginning of the first image.
        cells: Its length.
        copies: The copies, and a few cells more, in a flat row.
        size: The number of cells of a copy.
        weights: See `lay_out_weights`.
        starts: See `lay_out_weights`.
    """
    storage, (_, out_channels, out_height, out_width), strides = out
    _, _, down, right = strides
    places = out_height * out_width
    columns = (cells + 7) // 8 * 8  # a multiple of what the processor handles at once
    total = np.empty((ROWS, CELLS), storage.dtype)
    total[:, :columns] = 0
    add_products(total, columns, copies[begin:], starts, weights[block * ROWS : (block + 1) * ROWS])

    # Copy the stretch into the output, without the cells between one image and the next.
    for n in range(begin // size, (begin + cells - 1) // size + 1):
        p_first, p_last = max(begin - n * size, 0), min(begin + cells - n * size, places)
        source = n * size - begin
        for r in range(min(ROWS, out_channels - block * ROWS)):
            first = (image + n) * strides[0] + (block * ROWS + r) * strides[1]
            row = total[r]
            if right == 1 and down == out_width:
                plane, sums = storage[first + p_first : first + p_last], row[source + p_first : source + p_last]
                for p in range(p_last - p_first):
                    plane[p] = sums[p]
            else:
                for p in range(p_first, p_last):
                    storage[first + p // out_width * down + p % out_width * right] = row[source + p]


@njit
def slide_task(
    task: int,
    out: KernelArguments,
    input: KernelArguments,
    copies: Array,
    size: int,
    shifts: int,
    margins: Pair,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
    shares: int,
) -> None:
    """Compute the output for some images that follow each other, or a share of its channels.

    Args:
        task: Which images, and which share.
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        copies: Room for the copies of these images.
        size: The number of cells of a copy.
        shifts: How many copies of each image are needed.
        margins: See `copy_image`.
        weights: See `lay_out_weights`.
        starts: See `lay_out_weights`.
        together: How many images.
        length: The most cells that a stretch of the output has.
        shares: Into how many shares the channels are divided.
    """
    _, (batch, in_channels, _, _), strides = input
    _, (_, _, out_height, out_width), _ = out
    image, share = task // shares * together, task % shares
    images = min(together, batch - image)
    for c in range(in_channels):
        for n in range(images):
            begin, first = (c * shifts * together + n) * size, (image + n) * strides[0] + c * strides[1]
            copy_image(copies, begin, together * size, size, out_width, shifts, margins, input, first)
    blocks = len(weights) // ROWS
    cells = (images - 1) * size + out_height * out_width
    for begin in range(0, cells, length):
        stretch = min(length, cells - begin)
        for block in range(share * blocks // shares, (share + 1) * blocks // shares):
            slide_stretch(out, image, block, begin, stretch, copies, size, weights, starts)


def _slide_tasks(
    tasks: int,
    out: KernelArguments,
    input: KernelArguments,
    copies: Array,
    size: int,
    shifts: int,
    margins: Pair,
    weights: Array,
    starts: Array,
    together: int,
    length: int,
    shares: int,
) -> None:
    """Each worker has room for copies of its own, (workers, room), which it uses again for each of its tasks."""
    workers = len(copies)
    for worker in prange(workers):
        w = np.int64(worker)  # numba counts prange without a sign, and mixing the two kinds of integers gives floats
        for task in range(w * tasks // workers, (w + 1) * tasks // workers):
            slide_task(task, out, input, copies[w], size, shifts, margins, weights, starts, together, length, shares)


slide_tasks = njit(_slide_tasks, parallel=True)


def slide_windows(
    out: KernelArguments, input: KernelArguments, weight: KernelArguments, corner: int, margins: Pair
) -> None:
    """Convolve with windows that are shorter than the output: four channels of the output side by side.

    Small images are taken several at a time, and large ones in stretches, to have rows of about CELLS cells.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        corner: Where in its storage the first cell of the first window lies.
        margins: How many rows of zeros go above the input, and how many columns to its left.
    """
    batch, out_channels, out_height, out_width = out[1].tolist()
    _, in_channels, k_height, k_width = weight[1].tolist()
    size = (out_height + k_height - 1) * out_width
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here

    together = max(1, min(CELLS // size, -(-batch // TASKS)))
    cells = (together - 1) * size + out_height * out_width
    longest = min(CELLS, max(OWN_CACHE // (in_channels * k_width), 128))
    length = -(-cells // -(-cells // longest) // 8) * 8
    groups = -(-batch // together)
    shares = min(blocks, -(-TASKS // max(groups, 1)))
    room = in_channels * k_width * together * size + 8  # a few cells more, that may be read but not used
    copies = memory.zeros(count_workers() * room, out[0].dtype).reshape(-1, room)  # (workers, room)
    weights, starts = lay_out_weights(blocks, out[0].dtype, together * size, out_width, weight, corner)
    tasks = groups * shares
    slide_tasks(tasks, out, input, copies, size, k_width, margins, weights, starts, together, length, shares)


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
    tasks: int,
    part: Array,
    out_sides: Pair,
    input: KernelArguments,
    weight: KernelArguments,
    corner: int,
    margins: Pair,
    copies: Array,
    size: int,
    together: int,
) -> None:
    """Add up the products of some channels, for all of the output.

    Args:
        task: Which channels.
        tasks: Into how many parts the channels are divided.
        part: The sums, zeros at first, of shape (batch, out_channels / 4, 4, places and more to make threes).
        out_sides: Height and width of the output.
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        corner: Where in its storage the first cell of the first window lies.
        margins: See `copy_image`.
        copies: Room for the copies of some channels of the input, and of the windows.
        size: The number of cells of a copy.
        together: How many channels are taken at a time.
    """
    batch, blocks, _, columns = part.shape
    out_height, out_width = out_sides
    _, _, input_strides = input
    _, (out_channels, in_channels, k_height, k_width), weight_strides = weight
    distance = together * size  # from one copy to the next, and from one window to the next
    windows = copies[batch * out_width * distance :]
    windows[out_channels * distance :] = 0  # windows of zeros, to make blocks of four
    starts = np.empty(TERMS, np.int64)
    last = (task + 1) * in_channels // tasks
    for channel in range(task * in_channels // tasks, last, together):
        channels = min(together, last - channel)
        for c in range(channels):
            for b in range(batch):
                begin, first = b * out_width * distance, b * input_strides[0] + (channel + c) * input_strides[1]
                copy_image(copies, begin + c * size, distance, size, k_width, out_width, margins, input, first)
            for o in range(out_channels):
                first = corner + o * weight_strides[0] + (channel + c) * weight_strides[1]
                copy_image(windows, o * distance + c * size, distance, size, k_width, 1, (0, 0), weight, first)
        length = (channels - 1) * size + k_height * k_width
        for b in range(batch):
            for block in range(blocks):
                window, sums = windows[block * ROWS * distance :], part[b, block]
                for first in range(0, columns, TERMS):
                    for k in range(TERMS):
                        place = min(first + k, out_height * out_width - 1)  # the last once more, to make threes
                        i, j = place // out_width, place % out_width
                        starts[k] = (b * out_width + j) * distance + i * k_width
                    if not add_dot_products(sums, first, window, distance, length, copies, starts):
                        places = k_height * k_width
                        add_dot_products_apart(sums, first, window, distance, channels, size, places, copies, starts)


def _slide_long_tasks(
    parts: Array,
    out_sides: Pair,
    input: KernelArguments,
    weight: KernelArguments,
    corner: int,
    margins: Pair,
    copies: Array,
    size: int,
    together: int,
) -> None:
    """Each worker has room for copies of its own, (workers, room), which it uses again for each of its tasks."""
    workers, tasks = len(copies), len(parts)
    for worker in prange(workers):
        w = np.int64(worker)
        for task in range(w * tasks // workers, (w + 1) * tasks // workers):
            part, own_copies = parts[task], copies[w]
            slide_long_task(task, tasks, part, out_sides, input, weight, corner, margins, own_copies, size, together)


slide_long_tasks = njit(_slide_long_tasks, parallel=True)


def slide_long_windows(
    out: KernelArguments, input: KernelArguments, weight: KernelArguments, corner: int, margins: Pair
) -> None:
    """Convolve with windows that are longer than the output: four windows at three places side by side.

    The channels are divided among the tasks; their sums are added up in their order, whoever computed them.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        corner: Where in its storage the first cell of the first window lies.
        margins: How many rows of zeros go above the input, and how many columns to its left.
    """
    storage, shape, strides = out
    batch, out_channels, out_height, out_width = shape.tolist()
    _, in_channels, k_height, k_width = weight[1].tolist()
    size = (out_height + k_height - 1) * k_width
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    places = out_height * out_width

    tasks = max(1, min(in_channels, TASKS))
    together = max(1, min(CELLS // size, -(-in_channels // tasks)))  # small images are taken several at a time
    room = (batch * out_width + blocks * ROWS) * together * size
    copies = memory.empty(count_workers() * room, storage.dtype).reshape(-1, room)  # (workers, room)
    parts = np.zeros((tasks, batch, blocks, ROWS, -(-places // TERMS) * TERMS), storage.dtype)
    slide_long_tasks(parts, (out_height, out_width), input, weight, corner, margins, copies, size, together)

    sums = parts.sum(axis=0).reshape(batch, blocks * ROWS, -1)[:, :out_channels, :places]
    out_array = np.ndarray(shape, storage.dtype, storage, strides=strides * storage.itemsize)
    out_array[...] = sums.reshape(batch, out_channels, out_height, out_width)
