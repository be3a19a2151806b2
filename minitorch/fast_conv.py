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
import numpy.typing as npt
from numba import prange

from .autodiff import Context, Function, Variable
from .errors import DTypeError, ShapeError, explain
from .jit import njit
from .tensor_data import Shape, Storage, Strides

if TYPE_CHECKING:
    from .tensor import Tensor

Array = npt.NDArray[Any]


# The two inner loops. Both walk through a slice from its first cell on: of an index that is a plain loop counter the
# compiler knows that it is not negative, and only then does it compute several cells at a time.


@njit
def add_shifted(total: Array, cells: Array, shift: int, factor: float) -> None:
    """total[p] += factor * cells[p + shift], for every p."""
    shifted = cells[shift : shift + len(total)]
    for p in range(len(total)):
        total[p] += factor * shifted[p]


def _dot_shifted(window: Array, cells: Array, shift: int) -> float:
    """The sum over p of window[p] * cells[p + shift]."""
    shifted = cells[shift : shift + len(window)]
    total = window[0] * 0  # a zero of the storage's own type
    for p in range(len(window)):
        total += window[p] * shifted[p]
    return total


dot_shifted = njit(_dot_shifted, reassociate=True)


# The kernels


def _tensor_conv1d(
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

    With `reverse`, input[b, c, t - k]. Cells outside of the input count as 0.

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
    batch, out_channels, out_width = out_shape
    _, in_channels, width = input_shape
    _, _, k_width = weight_shape
    padded_width = out_width + k_width - 1
    offset = k_width - 1 if reverse else 0  # how many of the zeros go to the left

    # Step 1: the input, with zeros on one side.
    padded = np.zeros((batch * in_channels, padded_width), out.dtype)  # (b * c, out_width + k_width - 1)
    for row in prange(batch * in_channels):
        b, c = row // in_channels, row % in_channels
        first = b * input_strides[0] + c * input_strides[1]
        for t in range(min(width, padded_width - offset)):
            padded[row, offset + t] = input[first + t * input_strides[2]]

    # The weights, read from left to right over the padded input.
    taps = np.zeros((out_channels * in_channels, k_width), out.dtype)  # (o * c, k_width)
    for row in prange(out_channels * in_channels):
        o, c = row // in_channels, row % in_channels
        first = o * weight_strides[0] + c * weight_strides[1]
        for k in range(k_width):
            place = k_width - 1 - k if reverse else k
            taps[row, place] = weight[first + k * weight_strides[2]]

    # Steps 2 and 3: each task computes one row of the output.
    for task in prange(batch * out_channels):
        b, o = task // out_channels, task % out_channels
        total = np.zeros(out_width, out.dtype)  # (out_width,)
        for c in range(in_channels):
            cells, window = padded[b * in_channels + c], taps[o * in_channels + c]
            if k_width <= out_width:
                for k in range(k_width):
                    add_shifted(total, cells, k, window[k])
            else:
                for t in range(out_width):
                    total[t] += dot_shifted(window, cells, t)
        first = b * out_strides[0] + o * out_strides[1]
        for t in range(out_width):
            out[first + t * out_strides[2]] = total[t]


def _tensor_conv2d(
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
    batch, out_channels, out_height, out_width = out_shape
    _, in_channels, height, width = input_shape
    _, _, k_height, k_width = weight_shape
    pitch = out_width + k_width - 1  # cells from one padded row to the next
    padded_height = out_height + k_height - 1
    top = k_height - 1 if reverse else 0  # how many of the zero rows go to the top
    left = k_width - 1 if reverse else 0  # how many of the zeros in each row go to the left

    # Step 1: the input, with zeros on two sides.
    padded = np.zeros((batch * in_channels, padded_height * pitch), out.dtype)  # (b * c, padded rows on end)
    for plane in prange(batch * in_channels):
        b, c = plane // in_channels, plane % in_channels
        first = b * input_strides[0] + c * input_strides[1]
        for h in range(min(height, padded_height - top)):
            for w in range(min(width, pitch - left)):
                cell = input[first + h * input_strides[2] + w * input_strides[3]]
                padded[plane, (top + h) * pitch + left + w] = cell

    # The weights, laid out like a corner of a padded plane: weight (i, j) stands at i * pitch + j.
    window_size = (k_height - 1) * pitch + k_width
    taps = np.zeros((out_channels * in_channels, window_size), out.dtype)  # (o * c, rows of taps, `pitch` apart)
    for plane in prange(out_channels * in_channels):
        o, c = plane // in_channels, plane % in_channels
        first = o * weight_strides[0] + c * weight_strides[1]
        for i in range(k_height):
            for j in range(k_width):
                place = (k_height - 1 - i) * pitch + k_width - 1 - j if reverse else i * pitch + j
                taps[plane, place] = weight[first + i * weight_strides[2] + j * weight_strides[3]]

    # Steps 2 and 3: each task computes one plane of the output.
    out_cells = (out_height - 1) * pitch + out_width
    for task in prange(batch * out_channels):
        b, o = task // out_channels, task % out_channels
        total = np.zeros(out_cells, out.dtype)  # (out rows, `pitch` apart, with leftovers between them)
        for c in range(in_channels):
            cells, window = padded[b * in_channels + c], taps[o * in_channels + c]
            if k_height * k_width <= out_height * out_width:
                for i in range(k_height):
                    for j in range(k_width):
                        shift = i * pitch + j
                        add_shifted(total, cells, shift, window[shift])
            else:
                for h in range(out_height):
                    for w in range(out_width):
                        for i in range(k_height):
                            tap_row = window[i * pitch : i * pitch + k_width]
                            total[h * pitch + w] += dot_shifted(tap_row, cells, (h + i) * pitch + w)
        first = b * out_strides[0] + o * out_strides[1]
        for h in range(out_height):
            for w in range(out_width):
                out[first + h * out_strides[2] + w * out_strides[3]] = total[h * pitch + w]


tensor_conv1d = njit(_tensor_conv1d, parallel=True)
tensor_conv2d = njit(_tensor_conv2d, parallel=True)


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
    out = input.zeros(out_shape, np.result_type(input.dtype, weight.dtype))
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
