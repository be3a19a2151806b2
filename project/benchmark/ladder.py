"""From the textbook loop to the fast kernel, one idea at a time: the forward pass of a convolution in two dimensions.

All steps compute the same. They take an input (batch, in_channels, height, width) and a weight (out_channels,
in_channels, k_height, k_width), both row by row in memory, and return an output (batch, out_channels, height, width).
As in `minitorch.fast_conv`, a window is anchored at its top left, and past the bottom and right edge there are zeros.

The first three steps are one kernel, that of `textbook.py`: in plain Python, compiled, and on all cores. From then on,
each differs from the one before by one idea; and the last of them stands beside `minitorch.conv2d`.

All of them share out the images of the batch among the cores. The compiler may fuse ("contract"): compute a * b + c in
one step, which rounds once instead of twice. It may not add in another order than is written here; so it handles
several cells at once only where that leaves the order of each sum as it is. The library has its innermost loop of a
convolution compiled in the same way.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import prange

from project.benchmark import textbook
from project.benchmark.measure import Work
from project.benchmark.workload import ConvShape

Array = npt.NDArray[Any]
Convolution = Callable[[Array, Array], Array]


def _described(array: Array) -> tuple[Array, Array, Array]:
    """Storage, shape and strides of an array, as a tensor has them."""
    return array.ravel(), np.array(array.shape), np.array(array.strides) // array.itemsize


def _of_textbook(kernel: Callable[..., None]) -> Convolution:
    """A kernel with the signature of the course, as a function of arrays."""

    def convolve(input: Array, weight: Array) -> Array:
        out = np.empty((len(input), len(weight), *input.shape[2:]), input.dtype)
        storage, *layout = _described(out)
        kernel(storage, *layout, out.size, *_described(input), *_described(weight), False)
        return out

    return convolve


loops = _of_textbook(getattr(textbook.tensor_conv2d, "py_func", textbook.tensor_conv2d))
compiled = _of_textbook(textbook.tensor_conv2d)


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def nested(input: Array, weight: Array) -> Array:
    """A loop for each dimension: no index is worked out from the number of a cell."""
    batch, in_channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    out = np.empty((batch, out_channels, height, width), input.dtype)
    for b in prange(batch):
        for o in range(out_channels):
            for h in range(height):
                for w in range(width):
                    total = 0.0  # which is a float64, as in the textbook
                    for c in range(in_channels):
                        for i in range(k_height):
                            for j in range(k_width):
                                if h + i < height and w + j < width:
                                    total += input[b, c, h + i, w + j] * weight[o, c, i, j]
                    out[b, o, h, w] = total
    return out


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def rows(input: Array, weight: Array) -> Array:
    """The innermost loop runs along a row: one weight times all that it meets there."""
    batch, in_channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    out = np.zeros((batch, out_channels, height, width), input.dtype)
    for b in prange(batch):
        for o in range(out_channels):
            for h in range(height):
                sums = out[b, o, h]  # (width,)
                for c in range(in_channels):
                    for i in range(min(k_height, height - h)):
                        for j in range(min(k_width, width)):
                            factor = weight[o, c, i, j]
                            cells = input[b, c, h + i, j:]  # (width - j,)
                            for w in range(width - j):
                                sums[w] += factor * cells[w]
    return out


@numba.njit(cache=True)
def between_zeros(image: Array, k_height: int, k_width: int) -> Array:
    """Copy an image (channels, height, width) into planes, with zeros past its edge."""
    channels, height, width = image.shape
    planes = np.zeros((channels, height + k_height - 1, width + k_width - 1), image.dtype)
    for c in range(channels):
        for h in range(height):
            for w in range(width):
                planes[c, h, w] = image[c, h, w]
    return planes


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def padded(input: Array, weight: Array) -> Array:
    """Zeros around the image: no edge to look out for, and all rows have one length."""
    batch, in_channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    out = np.zeros((batch, out_channels, height, width), input.dtype)
    for b in prange(batch):
        planes = between_zeros(input[b], k_height, k_width)
        for o in range(out_channels):
            for h in range(height):
                sums = out[b, o, h]  # (width,)
                for c in range(in_channels):
                    for i in range(k_height):
                        for j in range(k_width):
                            factor = weight[o, c, i, j]
                            cells = planes[c, h + i, j : j + width]  # (width,)
                            for w in range(width):
                                sums[w] += factor * cells[w]
    return out


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def one_row(input: Array, weight: Array) -> Array:
    """All rows of a plane are one: weight (i, j) meets cell p + i * pitch + j.

    Where a row of the image ends, the long row runs on through the zeros into the
    next one. The sums that begin there belong to no place, and are left behind.
    """
    batch, in_channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    pitch = width + k_width - 1
    size = (height + k_height - 1) * pitch  # of a plane
    length = height * pitch - (k_width - 1)  # from the first place to the last
    out = np.empty((batch, out_channels, height, width), input.dtype)
    for b in prange(batch):
        planes = between_zeros(input[b], k_height, k_width).ravel()  # (in_channels * size,)
        sums = np.empty(length, input.dtype)
        for o in range(out_channels):
            sums.fill(0)
            for c in range(in_channels):
                for i in range(k_height):
                    for j in range(k_width):
                        factor = weight[o, c, i, j]
                        first = c * size + i * pitch + j
                        cells = planes[first : first + length]  # (length,)
                        for p in range(length):
                            sums[p] += factor * cells[p]
            for h in range(height):
                for w in range(width):
                    out[b, o, h, w] = sums[h * pitch + w]
    return out


@numba.njit(cache=True)
def as_terms(weight: Array, pitch: int, size: int) -> tuple[Array, Array]:
    """Lay out all weights of a channel of the output side by side, filled up with zeros to make fours and threes.

    (A zero times an infinite cell is not zero, so all cells have to be finite. The loops of the library have no such
    weights, but a second part for the one or two that are left over.)

    Returns:
        The factors (out_channels or up to 3 more, terms), and where in the planes of an image, as one row, the cells
        begin that each of them meets (terms,).
    """
    out_channels, in_channels, k_height, k_width = weight.shape
    terms = (in_channels * k_height * k_width + 2) // 3 * 3
    factors = np.zeros(((out_channels + 3) // 4 * 4, terms), weight.dtype)
    starts = np.zeros(terms, np.int64)
    for c in range(in_channels):
        for i in range(k_height):
            for j in range(k_width):
                t = (c * k_height + i) * k_width + j
                starts[t] = c * size + i * pitch + j
                for o in range(out_channels):
                    factors[o, t] = weight[o, c, i, j]
    return factors, starts


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def side_by_side(input: Array, weight: Array) -> Array:
    """Four channels, and three weights of each, at a time: what was fetched is used again."""
    batch, _, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    pitch = width + k_width - 1
    size = (height + k_height - 1) * pitch
    length = height * pitch - (k_width - 1)
    factors, starts = as_terms(weight, pitch, size)
    out = np.empty((batch, out_channels, height, width), input.dtype)
    for b in prange(batch):
        planes = between_zeros(input[b], k_height, k_width).ravel()  # (in_channels * size,)
        sums = np.empty((4, length), input.dtype)
        row0, row1, row2, row3 = sums[0], sums[1], sums[2], sums[3]
        for o in range(0, out_channels, 4):
            sums.fill(0)
            for t in range(0, len(starts), 3):
                a0, a1, a2 = factors[o, t], factors[o, t + 1], factors[o, t + 2]
                b0, b1, b2 = factors[o + 1, t], factors[o + 1, t + 1], factors[o + 1, t + 2]
                c0, c1, c2 = factors[o + 2, t], factors[o + 2, t + 1], factors[o + 2, t + 2]
                d0, d1, d2 = factors[o + 3, t], factors[o + 3, t + 1], factors[o + 3, t + 2]
                stretch0 = planes[starts[t] : starts[t] + length]
                stretch1 = planes[starts[t + 1] : starts[t + 1] + length]
                stretch2 = planes[starts[t + 2] : starts[t + 2] + length]
                # From left to right, each term is a multiplication and an addition in one.
                # With +=, the three products would be added up by themselves first.
                for p in range(length):
                    x, y, z = stretch0[p], stretch1[p], stretch2[p]  # fetched once, used four times
                    row0[p] = row0[p] + a0 * x + a1 * y + a2 * z
                    row1[p] = row1[p] + b0 * x + b1 * y + b2 * z
                    row2[p] = row2[p] + c0 * x + c1 * y + c2 * z
                    row3[p] = row3[p] + d0 * x + d1 * y + d2 * z
            for r in range(min(4, out_channels - o)):
                for h in range(height):
                    for w in range(width):
                        out[b, o + r, h, w] = sums[r, h * pitch + w]
    return out


STEPS: Mapping[str, Convolution] = {
    "loops": loops,
    "compiled": compiled,
    "parallel": compiled,
    "nested": nested,
    "rows": rows,
    "padded": padded,
    "one row": one_row,
    "side by side": side_by_side,
}
"""All steps, in their order. Each runs on as many cores as it is given; "compiled" is given one."""

TEXTBOOK_STEPS = ("loops", "compiled", "parallel")
"""Those that are the textbook kernel."""

QUANTITIES = {
    "packed": ("packed instructions of arithmetic", "instructions"),
    "scalar": ("scalar instructions of arithmetic", "instructions"),
    "at_once": ("numbers that one of them takes", "numbers"),
}
"""What is told of the machine code of each step, and its unit; see `assembly.py`."""


def step(name: str, shape: ConvShape) -> Work:
    """One step of the ladder, in float32."""
    input, weight, _ = shape.arrays("float32")
    convolve = STEPS[name]
    return lambda: convolve(input, weight)
