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

import math
from typing import NamedTuple, TypeAlias

import numpy as np

from . import memory
from .inner_loops import CELLS, NEXT, ROWS, TASKS, TERMS, Array, Pair, add_dot_products, add_products, copy_block
from .jit import njit
from .sharing import share_out
from .tensor_data import KernelArguments, Sizes, Storage, remembered

Division: TypeAlias = tuple[int, int, int, int, int, int]

OWN_CACHE = 3 * 2**15
"""How many cells the cache of a single core can hold, about."""

LONGEST = 3 * CELLS
"""How many cells of small windows are laid out one after the other, at most; a longer loop is not faster any more."""

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
def slide_task(
    task: int,
    out: KernelArguments,
    input: KernelArguments,
    weight: KernelArguments,
    division: Division,
    margins: Pair,
    starts: Array,
    places: Array,
) -> None:
    """Compute the output for some images that follow each other, or a share of its channels.

    Args:
        task: Which images, and which share.
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        division: See `WindowPlan`, as for the others.
        margins: How many zeros go around an image.
        starts: Where the cells under the window lie.
        places: Where its weights lie.
    """
    lines, pitch, together, rows, columns, shares = division
    in_storage, (batch, in_channels, height, width), (in_batch, in_channel, in_down, in_right) = input
    storage, (_, out_channels, out_height, out_width), (out_batch, out_channel, down, right) = out
    weights, _, w_strides = weight
    size = lines * pitch
    # The planes, (in_channels, together, size) in a flat row. A few cells more may be read, but are not used.
    planes = np.zeros(in_channels * together * size + 8, storage.dtype)
    image, share = task // shares * together, task % shares
    images = min(together, batch - image)
    for c in range(in_channels):
        for n in range(images):
            plane = planes[(c * together + n) * size : (c * together + n + 1) * size]
            first = (image + n) * in_batch + c * in_channel
            copy_image(plane, pitch, margins, in_storage, first, (height, width), (in_down, in_right))

    corners = np.empty(ROWS, np.int64)
    blocks = (out_channels + ROWS - 1) // ROWS
    last_line = (images - 1) * lines + out_height
    total = np.empty((ROWS, CELLS), storage.dtype)
    if in_channels == 0:  # then there is nothing that could replace what it holds
        total[:] = 0
    for line in range(0, last_line, rows):
        for column in range(0, out_width, columns):
            own_rows, own_columns = min(rows, last_line - line), min(columns, out_width - column)
            cells = ((own_rows - 1) * pitch + own_columns + 7) // 8 * 8  # a multiple of what is handled at once
            for block in range(share * blocks // shares, (share + 1) * blocks // shares):
                for r in range(ROWS):  # where there are no four channels any more, the last one is computed again
                    corners[r] = min(block * ROWS + r, out_channels - 1) * w_strides[0]
                add_products(total, cells, planes[line * pitch + column :], starts, weights, corners, places, True)
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


class WindowPlan(NamedTuple):
    """What follows from the shapes of a convolution, and from how its weight lies in memory.

    Attributes:
        tasks: Into how many tasks it is divided.
        division: Six numbers:

            - lines and pitch: the number of rows of a plane, and of the cells in each;
            - together: how many images a task takes;
            - rows and columns: how many rows of the planes, and columns of the output, a stretch extends over at most;
            - shares: into how many shares the channels of the output are divided.
        margins: See `copy_image`.
        starts: For each weight of a window, how far the cell under it lies from the first cell of the planes, if the
            window is at their corner; of shape (in_channels * k_height * k_width,).
        places: For the same weights, how far each lies from the first one in the storage.
    """

    tasks: int
    division: Division
    margins: Pair
    starts: Array
    places: Array


@remembered
def plan_windows(out_sizes: Sizes, weight_sizes: Sizes, weight_strides: Sizes, reverse: bool) -> WindowPlan:
    """Plan a convolution.

    Small images are taken several at a time, and large ones in stretches, to have rows of about CELLS cells.

    Args:
        out_sizes: The shape of the output, (batch, out_channels, out_height, out_width).
        weight_sizes: The shape of the weight, (out_channels, in_channels, k_height, k_width).
        weight_strides: Its strides.
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
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

    _, *steps = weight_strides
    channel, i, j = np.indices((in_channels, k_height, k_width), np.int64).reshape(3, -1)  # of each weight
    places = channel * steps[0] + i * steps[1] + j * steps[2]
    if reverse:  # the first weight meets the last cell under the window
        i, j = k_height - 1 - i, k_width - 1 - j
    starts = channel * (together * size) + i * pitch + j
    margins = (k_height - 1, k_width - 1) if reverse else (0, 0)
    return WindowPlan(groups * shares, (lines, pitch, together, rows, columns, shares), margins, starts, places)


def slide_windows(out: KernelArguments, input: KernelArguments, weight: KernelArguments, reverse: bool) -> None:
    """Convolve with windows that are shorter than the output: four channels of the output side by side.

    Args:
        out: The output, of shape (batch, out_channels, out_height, out_width).
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
    """
    tasks, *plan = plan_windows(out[1], weight[1], weight[2], reverse)
    share_out(slide_task, tasks, out, input, weight, *plan)


# Step 3: a window that is longer than the output


@njit
def slide_long_task(
    task: int,
    parts: Array,
    out_sides: Pair,
    input: KernelArguments,
    weight: KernelArguments,
    reverse: bool,
    size: int,
    together: int,
) -> None:
    """Add up the products of some channels, for all of the output.

    Args:
        task: Which channels.
        parts: Is filled, in the place of the task, with its sums; see `plan_long_windows` for the shape.
        out_sides: Height and width of the output.
        input: The input, of shape (batch, in_channels, height, width).
        weight: The weight, of shape (out_channels, in_channels, k_height, k_width).
        reverse: Whether the window is anchored at its bottom right corner, with its first weight.
        size: The number of cells of a plane.
        together: How many channels are taken at a time.
    """
    part = parts[task]
    tasks, blocks, _, columns = parts.shape
    out_height, out_width = out_sides
    in_storage, (batch, _, height, width), (in_batch, in_channel, in_down, in_right) = input
    w_storage, (out_channels, in_channels, k_height, k_width), (w_out, w_in, down, right) = weight
    pitch = out_width + k_width - 1
    distance = together * size  # from the planes of one image to those of the next, and of one window to the next
    margins, corner = (0, 0), 0
    if reverse:  # the window is read from its last cell to its first, and reaches over the other edges
        margins, corner = (k_height - 1, k_width - 1), (k_height - 1) * down + (k_width - 1) * right
        down, right = -down, -right
    # The planes of some channels: those of the input, (batch, together, size), and behind them those of the windows,
    # (blocks * 4, together, size), in a flat row. There are windows of zeros, to make blocks of four.
    planes = np.zeros((batch + blocks * ROWS) * distance, part.dtype)
    windows = planes[batch * distance :]
    for block in range(blocks):
        for r in range(ROWS):
            for column in range(columns):
                part[block, r, column] = 0

    starts = np.empty(TERMS, np.int64)
    places = out_height * out_width
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
            for first in range(0, columns, TERMS):
                for k in range(TERMS):
                    column = min(first + k, batch * places - 1)  # the last once more, to make threes
                    b, place = column // places, column % places
                    starts[k] = b * distance + place // out_width * pitch + place % out_width
                add_dot_products(part[block], first, window, distance, length, planes, starts)


@njit
def add_parts(parts: Array, out: KernelArguments) -> bool:
    """Fill the output with the sums of the parts that the tasks left, added up in their order.

    Returns:
        Whether all results are finite numbers.
    """
    storage, (batch, out_channels, out_height, out_width), strides = out
    tasks, blocks, _, columns = parts.shape
    total = parts[0].reshape(blocks * ROWS, columns)  # (out_channels and more, places of all images and more)
    sums = total.reshape(total.size)
    for task in range(1, tasks):
        own = parts[task].reshape(total.size)
        for p in range(total.size):
            sums[p] += own[p]
    finite = True
    for b in range(batch):
        for o in range(out_channels):
            for row in range(out_height):
                place = b * strides[0] + o * strides[1] + row * strides[2]
                for column in range(out_width):
                    result = total[o, (b * out_height + row) * out_width + column]
                    finite = finite and abs(result) < np.inf  # which is true neither of infinity nor of NaN
                    storage[place + column * strides[3]] = result
    return finite


@remembered
def plan_long_windows(out_sizes: Sizes, weight_sizes: Sizes) -> tuple[int, int, Pair, Sizes]:
    """Divide the channels of the input among tasks, whose sums are added up in the end.

    Args:
        out_sizes: The shape of the output, (batch, out_channels, out_height, out_width).
        weight_sizes: The shape of the weight, (out_channels, in_channels, k_height, k_width).

    Returns:
        How many cells a plane has. How many channels are taken at a time: small images are taken several at a time.
        Height and width of the output. And the shape of the sums, (tasks, out_channels / 4, 4, places), with more
        channels to make fours; the places of all images follow each other, with more of them to make threes.
    """
    batch, out_channels, out_height, out_width = out_sizes
    _, in_channels, k_height, k_width = weight_sizes
    size = (out_height + k_height - 1) * (out_width + k_width - 1)
    size = -(-size // 8) * 8  # with zeros at the end, since a window is lengthened to a multiple of 8
    blocks = -(-out_channels // ROWS)  # rounded up, as all quotients here
    places = -(-batch * out_height * out_width // TERMS) * TERMS

    tasks = max(1, min(in_channels, TASKS))
    images = batch + blocks * ROWS
    fitting = min(LONGEST // size, OWN_CACHE // (images * size))
    together = max(1, min(fitting, -(-in_channels // tasks)))
    return size, together, (out_height, out_width), (tasks, blocks, ROWS, places)


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
    size, together, out_sides, sums = plan_long_windows(out[1], weight[1])
    parts = memory.empty(math.prod(sums), out[0].dtype).reshape(sums)
    share_out(slide_long_task, len(parts), parts, out_sides, input, weight, reverse, size, together)
    if not add_parts(parts, out):
        slide_windows(out, input, weight, reverse)
