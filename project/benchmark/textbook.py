"""Convolution kernels as the course teaches them: the starting point, against which `minitorch.fast_conv` is measured.

They say exactly what a convolution is. Each cell of the output is computed by itself: from its number follows its
index, and from there every place under the window is looked up, tested for being inside, multiplied by its weight, and
added. The cells are shared out among the processor's cores, and that is all there is of speed.

They have the signature of the kernels in `minitorch.fast_conv`, and give the same results.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import prange

import minitorch
from minitorch import FastBackend, Tensor
from project.benchmark.measure import Work
from project.benchmark.workload import ConvShape

Array = npt.NDArray[Any]


# As in minitorch/tensor_data.py. It stands here once more because numba keeps a compiled kernel until the file that
# the kernel stands in changes; a change of another file would go unnoticed.
@numba.njit(cache=True)
def to_index(ordinal: int, shape: Array, out_index: Array) -> None:
    """Turn the number of a cell, counted row by row, into its index."""
    rest = ordinal + 0
    for i in range(len(shape) - 1, -1, -1):
        out_index[i] = rest % shape[i]
        rest = rest // shape[i]


def _tensor_conv1d(
    out: Array,
    out_shape: Array,
    out_strides: Array,
    out_size: int,
    input: Array,
    input_shape: Array,
    input_strides: Array,
    weight: Array,
    weight_shape: Array,
    weight_strides: Array,
    reverse: bool,
) -> None:
    """One-dimensional convolution; see `minitorch.fast_conv`."""
    _, in_channels, width = input_shape
    _, _, k_width = weight_shape
    for ordinal in prange(out_size):
        index = np.empty(3, np.int64)
        to_index(ordinal, out_shape, index)
        b, o, t = index
        total = 0.0
        for c in range(in_channels):
            for k in range(k_width):
                place = t - k if reverse else t + k
                if 0 <= place < width:
                    total += (
                        input[b * input_strides[0] + c * input_strides[1] + place * input_strides[2]]
                        * weight[o * weight_strides[0] + c * weight_strides[1] + k * weight_strides[2]]
                    )
        out[b * out_strides[0] + o * out_strides[1] + t * out_strides[2]] = total


def _tensor_conv2d(
    out: Array,
    out_shape: Array,
    out_strides: Array,
    out_size: int,
    input: Array,
    input_shape: Array,
    input_strides: Array,
    weight: Array,
    weight_shape: Array,
    weight_strides: Array,
    reverse: bool,
) -> None:
    """Two-dimensional convolution; see `minitorch.fast_conv`."""
    _, in_channels, height, width = input_shape
    _, _, k_height, k_width = weight_shape
    s, r = input_strides, weight_strides
    for ordinal in prange(out_size):
        index = np.empty(4, np.int64)
        to_index(ordinal, out_shape, index)
        b, o, h, w = index
        total = 0.0
        for c in range(in_channels):
            for i in range(k_height):
                for j in range(k_width):
                    row = h - i if reverse else h + i
                    column = w - j if reverse else w + j
                    if 0 <= row < height and 0 <= column < width:
                        total += (
                            input[b * s[0] + c * s[1] + row * s[2] + column * s[3]]
                            * weight[o * r[0] + c * r[1] + i * r[2] + j * r[3]]
                        )
        out[b * out_strides[0] + o * out_strides[1] + h * out_strides[2] + w * out_strides[3]] = total


tensor_conv1d = numba.njit(parallel=True, cache=True)(_tensor_conv1d)
tensor_conv2d = numba.njit(parallel=True, cache=True)(_tensor_conv2d)


def _run(
    kernel: Callable[..., None], out_shape: tuple[int, ...], input: Tensor, weight: Tensor, reverse: bool
) -> Tensor:
    """Allocate the output, run the kernel and return the output."""
    out = minitorch.zeros(out_shape, backend=FastBackend, dtype=input.dtype)
    kernel(*out.tuple(), out.size, *input.tuple(), *weight.tuple(), reverse)
    return out


def forward_and_backward(input: Tensor, weight: Tensor, upstream: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A convolution, and the gradients of input and weight, each by the same kernel, as in `Conv2dFun`.

    Args:
        input: Of shape (batch, in_channels, width) or (batch, in_channels, height, width).
        weight: Of shape (out_channels, in_channels, ...).
        upstream: The gradient of the output.

    Returns:
        The output, the gradient of the input, and that of the weight.
    """
    kernel = tensor_conv1d if input.dims == 3 else tensor_conv2d
    swap = (1, 0, *range(2, input.dims))  # channels in the place of the batch, and the other way round
    out = _run(kernel, upstream.shape, input, weight, False)
    grad_input = _run(kernel, input.shape, upstream, weight.permute(*swap), True)
    swapped_shape = (weight.shape[1], weight.shape[0], *weight.shape[2:])
    swapped = _run(kernel, swapped_shape, input.permute(*swap), upstream.permute(*swap), False)
    return out, grad_input, swapped.permute(*swap)


def convolution(shape: ConvShape, dtype: str) -> Work:
    """A convolution and the gradients of its input and weight."""
    input, weight, upstream = [minitorch.tensor(array, backend=FastBackend) for array in shape.arrays(dtype)]
    return lambda: forward_and_backward(input, weight, upstream)
