"""How the convolution of `fast_conv.py` slides its windows over the input, fast. It takes step 1, then 2 or 3:

1. The input is copied, image by image, into planes that have zeros on the side that the window reaches over to. From
   then on no place needs a test for being inside.
2. In a plane, the rows lie one after the other, `pitch` cells apart. So weight (i, j) of the window meets, for every
   cell of the output, the cell of the plane that lies i * pitch + j further on; and one weight after the other is
   multiplied by one long stretch of neighbouring cells. That is a matrix product, and `add_products` computes both.
   (Where a row ends, the stretch runs over into the next one. What comes out there is left behind.)
3. When the window is longer than the wanted output, which happens in the gradient of the weight, the long loop must
   run along the window instead: `add_dot_products` in place of `add_products`.

A tensor travels through this file as one argument: the tuple of its storage, shape and strides.
"""

import functools
import math
from typing import Any, TypeAlias

import numpy as np
from numba import prange

from . import memory
from .inner_loops import CELLS, NEXT, ROWS, TASKS, TERMS, Array, Pair, add_dot_products, add_products, copy_block
from .jit import count_workers, njit
from .sharing import deal_out, next_task
from .tensor_data import KernelArguments, Sizes, Storage

Division: TypeAlias = tuple[int, int, int, int, int, int]

OWN_CACHE = 3 * 2**15
"""How many cells the cache of a single core can hold, about."""

LONGEST = 3 * CELLS
"""How many cells of small windows are laid out one after the other, at most: a longer loop is not faster any more."""

NO_MARGINS = (np.int64(0), np.int64(0))
"""No zeros above an image, nor to its left. (Of NumPy's type for the same reason as NEXT.)"""


# Step 1: zeros around the images


@njit
def copy_image(plane: Array, pitch: int, margins: Pair, images: Storage, first: int, sides: Pair, steps: Pair) -> None:
    """Copy an image into a plane of zeros, or over another image of the same size that was copied there before.

    Args:
        plane: The plane, a flat row.
        pitch: The number of cells of each row of the plane; what does not fit into a row is left out.
        margins: How many rows of zeros go above the image, and how many columns to its left.
        images: The storage of the image.
        first: Where in it the first cell of the image lies.
        sides: Height and width of the image.
        steps: How far below each other its cells lie in the storage, and how far beside each other. Negative numbers
            turn the image around.
    """
    top, left = margins
    rows, columns = min(sides[0], len(plane) // pitch - top), min(sides[1], pitch - left)
    copy_block(plane, top * pitch + left, (pitch, NEXT), images, first, steps, rows, columns)


# Step 2: a window that is shorter than the output


@njit
def lay_out_weights(
    blocks: int, dtype: Any, distance: int, pitch: int, weight: KernelArguments, reverse: bool
) -> tuple[Array, Array]:
    """Lay out each window in a row, with rows of zeros behind them to make blocks of four.

    Args:
        blocks: The number of blocks.
        dtype: The type of the numbers.
        distance: How far the planes of one channel lie from those of the next.
        pitch: The number of cells of each row of a plane.
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether to read each window from its last cell to its first.

    Returns:
        The weights, (blocks * 4, in_channels * k_height * k_width) in a flat row. And for each place in a window how
        far from the cell of the output its cell of the input lies.
    """
    storage, (out_channels, in_channels, k_height, k_width), strides = weight
    terms = in_channels * k_height * k_width
    weights, starts = np.zeros(blocks * ROWS * terms, dtype), np.empty(terms, np.int64)
    for t in range(terms):
        c, i, j = t // (k_height * k_width), t // k_width % k_height, t % k_width
        starts[t] = c * distance + i * pitch + j
        if reverse:
            i, j = k_height - 1 - i, k_width - 1 - j
        for o in range(out_channels):
            weights[o * terms + t] = storage[o * strides[0] + c * strides[1] + i * strides[2] + j * strides[3]]
    return weights, starts


@njit
def slide_task(
    task: int,
    out: KernelArguments,
    input: KernelArguments,
    planes: Array,
    margins: Pair,
    weights: Array,
    starts: Array,
    division: Division,
) -> None:
    """Compute the output for some images that follow each other, or a share of its channels.

    Args:
        task: Which images, and which share.
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        planes: The planes of these images, (in_channels, together, plane) in a flat row and a few cells more.
        margins: See `copy_image`.
        weights: See `lay_out_weights`.
        starts: See `lay_out_weights`.
        division: See `divide_windows`.
    """
    lines, pitch, together, rows, columns, shares = division
    in_storage, (batch, in_channels, height, width), (in_batch, in_channel, in_down, in_right) = input
    storage, (_, out_channels, out_height, out_width), (out_batch, out_channel, down, right) = out
    size = lines * pitch
    image, share = task // shares * together, task % shares
    images = min(together, batch - image)
    for c in range(in_channels):
        for n in range(images):
            plane = planes[(c * together + n) * size : (c * together + n + 1) * size]
            first = (image + n) * in_batch + c * in_channel
            copy_image(plane, pitch, margins, in_storage, first, (height, width), (in_down, in_right))

    terms, corners = len(starts), np.empty(ROWS, np.int64)
    blocks = (out_channels + ROWS - 1) // ROWS
    last_line = (images - 1) * lines + out_height
    total = np.empty((ROWS, CELLS), storage.dtype)
    for line in range(0, last_line, rows):
        for column in range(0, out_width, columns):
            own_rows, own_columns = min(rows, last_line - line), min(columns, out_width - column)
            cells = ((own_rows - 1) * pitch + own_columns + 7) // 8 * 8  # a multiple of what is handled at once
            for block in range(share * blocks // shares, (share + 1) * blocks // shares):
                for r in range(ROWS):
                    corners[r] = (block * ROWS + r) * terms
                    for p in range(cells):
                        total[r, p] = 0
                add_products(total, cells, planes[line * pitch + column :], starts, weights, corners, NEXT)
                for n in range(line // lines, (line + own_rows - 1) // lines + 1):
                    # The rows of the stretch that belong to image n; what lies between the images is left behind.
                    h_first, h_last = max(line - n * lines, 0), min(line + own_rows - n * lines, out_height)
                    for r in range(min(ROWS, out_channels - block * ROWS)):
                        first = (image + n) * out_batch + (block * ROWS + r) * out_channel
                        target = first + h_first * down + column * right
                        source, found = (n * lines + h_first - line) * pitch, total[r]
                        copy_block(
                            storage, target, (down, right), found, source, (pitch, NEXT), h_last - h_first, own_columns
                        )


def _slide_tasks(
    tasks: int,
    out: KernelArguments,
    input: KernelArguments,
    planes: Array,
    weight: KernelArguments,
    reverse: bool,
    division: Division,
) -> None:
    """Each worker has planes of its own, (workers, room), which it uses again for each of its tasks.

    It fills them with zeros by itself: what another core wrote last has to be fetched from there.
    """
    lines, pitch, together, _, _, _ = division
    workers, blocks, distance = len(planes), (out[1][1] + ROWS - 1) // ROWS, together * lines * pitch
    weights, starts = lay_out_weights(blocks, out[0].dtype, distance, pitch, weight, reverse)
    _, (_, _, k_height, k_width), _ = weight
    margins = (k_height - 1, k_width - 1) if reverse else NO_MARGINS
    tickets = deal_out(tasks, workers)
    for worker in prange(workers):
        w = np.int64(worker)  # numba counts prange without a sign, and mixing the two kinds of integers gives floats
        own = planes[w]
        own[:] = 0
        task = next_task(tickets, w, tasks)
        while task < tasks:
            slide_task(task, out, input, own, margins, weights, starts, division)
            task = next_task(tickets, w, tasks)


slide_tasks = njit(_slide_tasks, parallel=True)


@functools.lru_cache(maxsize=4096)
def divide_windows(out_sizes: Sizes, weight_sizes: Sizes) -> tuple[int, int, Division]:
    """Divide the work among tasks. A network asks for the same few divisions over and over again.

    Small images are taken several at a time, and large ones in stretches, to have rows of about CELLS cells.

    Args:
        out_sizes: The shape of the output, (batch, out_channels, out_height, out_width).
        weight_sizes: The shape of the weight, (out_channels, in_channels, k_height, k_width).

    Returns:
        The number of tasks. How many cells the planes of one worker have. And the division, six numbers:

        - lines and pitch: the number of rows of a plane, and of the cells in each;
        - together: how many images a task takes;
        - rows and columns: how many rows of the planes, and columns of the output, a stretch extends over at most;
        - shares: into how many shares the channels of the output are divided.
    """
    batch, out_channels, out_height, out_width = out_sizes
    _, in_channels, k_height, k_width = weight_sizes
    pitch, lines = out_width + k_width - 1, out_height + k_height - 1
    size = lines * pitch
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here

    together = max(1, min(CELLS // size, -(-batch // TASKS)))
    groups = -(-batch // together)
    shares = min(blocks, -(-TASKS // max(groups, 1)))
    longest = min(CELLS, max(OWN_CACHE // max(in_channels, 1), 128))
    all_rows = (together - 1) * lines + out_height
    rows = -(-all_rows // -(-all_rows // max(1, longest // pitch)))  # of about the same number for all stretches
    columns = out_width if pitch <= longest else longest
    # A few cells more, and planes for which there is no image, may be read, but are not used.
    room = in_channels * together * size + 8
    return groups * shares, room, (lines, pitch, together, rows, columns, shares)


def slide_windows(out: KernelArguments, input: KernelArguments, weight: KernelArguments, reverse: bool) -> None:
    """Convolve with windows that are shorter than the output: four channels of the output side by side.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
    """
    tasks, room, division = divide_windows(tuple(out[1].tolist()), tuple(weight[1].tolist()))
    planes = memory.empty(count_workers(tasks) * room, out[0].dtype).reshape(-1, room)  # (workers, room)
    slide_tasks(tasks, out, input, planes, weight, reverse, division)


# Step 3: a window that is longer than the output


@njit
def slide_long_task(
    task: int,
    parts: Array,
    out_sides: Pair,
    input: KernelArguments,
    weight: KernelArguments,
    reverse: bool,
    planes: Array,
    size: int,
    together: int,
) -> None:
    """Add up the products of some channels, for all of the output.

    Args:
        task: Which channels.
        parts: Is filled, in the place of the task, with its sums; see `divide_long_windows` for the shape.
        out_sides: Height and width of the output.
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
        planes: The planes of some channels: those of the input, (batch, together, size), and behind them those of the
            windows, (blocks * 4, together, size), in a flat row. There are windows of zeros, to make blocks of four.
        size: The number of cells of a plane.
        together: How many channels are taken at a time.
    """
    part = parts[task]
    tasks, batch, blocks, _, columns = parts.shape
    out_height, out_width = out_sides
    in_storage, (_, _, height, width), (in_batch, in_channel, in_down, in_right) = input
    w_storage, (out_channels, in_channels, k_height, k_width), (w_out, w_in, down, right) = weight
    pitch = out_width + k_width - 1
    distance = together * size  # from the planes of one image to those of the next, and of one window to the next
    margins, corner = (0, 0), 0
    if reverse:  # the window is read from its last cell to its first, and reaches over the other edges
        margins, corner = (k_height - 1, k_width - 1), (k_height - 1) * down + (k_width - 1) * right
        down, right = -down, -right
    windows = planes[batch * distance :]
    for b in range(batch):
        for block in range(blocks):
            for r in range(ROWS):
                for place in range(columns):
                    part[b, block, r, place] = 0

    starts = np.empty(TERMS, np.int64)
    last = (task + 1) * in_channels // tasks
    for channel in range(task * in_channels // tasks, last, together):
        channels = min(together, last - channel)
        for c in range(channels):
            for b in range(batch):
                plane = planes[b * distance + c * size : b * distance + (c + 1) * size]
                first = b * in_batch + (channel + c) * in_channel
                copy_image(plane, pitch, margins, in_storage, first, (height, width), (in_down, in_right))
            for o in range(out_channels):
                plane = windows[o * distance + c * size : o * distance + (c + 1) * size]
                first = corner + o * w_out + (channel + c) * w_in
                copy_image(plane, pitch, NO_MARGINS, w_storage, first, (k_height, k_width), (down, right))
        length = (channels - 1) * size + (k_height - 1) * pitch + k_width
        length = (length + 7) // 8 * 8  # a multiple of what is handled at once; there are zeros behind the window
        for block in range(blocks):  # four windows stay in the nearest cache, while the images pass by
            window = windows[block * ROWS * distance :]
            for b in range(batch):
                for first in range(0, columns, TERMS):
                    for k in range(TERMS):
                        place = min(first + k, out_height * out_width - 1)  # the last once more, to make threes
                        starts[k] = b * distance + place // out_width * pitch + place % out_width
                    add_dot_products(part[b, block], first, window, distance, length, planes, starts)


def _slide_long_tasks(
    parts: Array,
    out: KernelArguments,
    input: KernelArguments,
    weight: KernelArguments,
    reverse: bool,
    planes: Array,
    size: int,
    together: int,
) -> bool:
    """Each worker has planes of its own, as in `_slide_tasks`. In the end the parts are added up in their order.

    Returns:
        Whether all results are finite numbers.
    """
    storage, (batch, out_channels, out_height, out_width), strides = out
    workers, tasks = len(planes), len(parts)
    tickets = deal_out(tasks, workers)
    for worker in prange(workers):
        w = np.int64(worker)
        own = planes[w]
        own[:] = 0
        task = next_task(tickets, w, tasks)
        while task < tasks:
            slide_long_task(task, parts, (out_height, out_width), input, weight, reverse, own, size, together)
            task = next_task(tickets, w, tasks)
    finite = True
    for b in range(batch):
        for o in range(out_channels):
            for place in range(out_height * out_width):
                total = parts[0, b, o // ROWS, o % ROWS, place]
                for task in range(1, tasks):
                    total += parts[task, b, o // ROWS, o % ROWS, place]
                finite = finite and abs(total) < np.inf  # which is true neither of infinity nor of NaN
                row, column = place // out_width, place % out_width
                storage[b * strides[0] + o * strides[1] + row * strides[2] + column * strides[3]] = total
    return finite


slide_long_tasks = njit(_slide_long_tasks, parallel=True)


@functools.lru_cache(maxsize=4096)
def divide_long_windows(out_sizes: Sizes, weight_sizes: Sizes) -> tuple[int, int, int, Sizes]:
    """Divide the channels of the input among tasks, whose sums are added up in the end.

    Args:
        out_sizes: The shape of the output, (batch, out_channels, out_height, out_width).
        weight_sizes: The shape of the weight, (out_channels, in_channels, k_height, k_width).

    Returns:
        How many cells a plane has. How many channels are taken at a time: small images are taken several at a time.
        How many cells the planes of one worker have. And the shape of the sums, (tasks, batch, out_channels / 4, 4,
        places), with more channels to make fours, and more places to make threes.
    """
    batch, out_channels, out_height, out_width = out_sizes
    _, in_channels, k_height, k_width = weight_sizes
    size = (out_height + k_height - 1) * (out_width + k_width - 1)
    size = -(-size // 8) * 8  # with zeros at the end, since a window is lengthened to a multiple of 8
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    places = -(-out_height * out_width // TERMS) * TERMS

    tasks = max(1, min(in_channels, TASKS))
    images = batch + blocks * ROWS
    fitting = min(LONGEST // size, OWN_CACHE // (images * size))
    together = max(1, min(fitting, -(-in_channels // tasks)))
    return size, together, images * together * size, (tasks, batch, blocks, ROWS, places)


def slide_long_windows(out: KernelArguments, input: KernelArguments, weight: KernelArguments, reverse: bool) -> None:
    """Convolve with windows that are longer than the output: four windows at three places side by side.

    Between the rows of a window lie zeros. They add nothing to a sum as long as the cells that they meet are numbers;
    but 0 times NaN, or infinity, is NaN. So if there is a result that is no finite number, which hardly ever happens,
    all of it is computed once more by `slide_windows`, where every weight meets its own cells only.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
    """
    size, together, room, sums = divide_long_windows(tuple(out[1].tolist()), tuple(weight[1].tolist()))
    planes = memory.empty(count_workers(sums[0]) * room, out[0].dtype).reshape(-1, room)  # (workers, room)
    parts = memory.empty(math.prod(sums), out[0].dtype).reshape(sums)
    if not slide_long_tasks(parts, out, input, weight, reverse, planes, size, together):
        slide_windows(out, input, weight, reverse)
