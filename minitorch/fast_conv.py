"""Convolution in one and two dimensions: one kernel per rank, and the Functions that use it three times.

A window slides over the input; at every place, the numbers under it are multiplied by the weights and added up. The
window is anchored at its left end (its top left corner), and whatever it covers beyond the edge counts as zero:

    out[b, o, t] = sum over c and k of input[b, c, t + k] * weight[o, c, k]

The gradients are convolutions too, by the same kernel:

- An input cell t reached the outputs t, t - 1, ..., t - K + 1, through the weights 0, 1, ..., K - 1. So the gradient
  of the input is a convolution of the output's gradient with a window that reaches to the *left*: `reverse=True`.
- A weight k met the input cell t + k at every output t. So the gradient of the weight is a convolution of the input
  with the output's gradient as a very long window, and only the first K places of the result are wanted.

The upper half of this file holds the kernels, on bare storage, shapes and strides; what makes them fast stands in
`sliding.py`. The lower half holds `Conv1dFun` and `Conv2dFun`, which check the sizes and call the kernels.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .autodiff import Context, Function, Variable
from .errors import DTypeError, ShapeError, explain
from .sharing import diagnosed
from .sliding import slide_long_task, slide_long_windows, slide_task, slide_windows
from .tensor_data import KernelArguments, Shape, Sizes, Storage, Strides, remembered
from .tensor_ops import fills_output, output_for, result_type

if TYPE_CHECKING:
    from .tensor import Tensor

# The kernels


@fills_output
@diagnosed(slide_task, slide_long_task)
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
        out_shape: Its shape. Height and width may be any from 1 on; the input may be smaller or larger.
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
    outputs, inputs = (out, out_shape, out_strides), (input, input_shape, input_strides)
    _slide(outputs, inputs, (weight, weight_shape, weight_strides), reverse)


@fills_output
@diagnosed(slide_task, slide_long_task)
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
    row, and computed as one.

    Args:
        out: Storage of the output, of shape (batch, out_channels, out_width).
        out_shape: Its shape. The width may be any from 1 on; the input may be shorter or longer.
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
    outputs = out, _with_height(out_shape), _with_height(out_strides)
    inputs = input, _with_height(input_shape), _with_height(input_strides)
    _slide(outputs, inputs, (weight, _with_height(weight_shape), _with_height(weight_strides)), reverse)


def _slide(outputs: KernelArguments, inputs: KernelArguments, weights: KernelArguments, reverse: bool) -> None:
    """Slide windows over images; which way is the faster one depends on their size."""
    _, _, out_height, out_width = outputs[1].tolist()
    _, _, k_height, k_width = weights[1].tolist()
    slide = slide_windows if k_height * k_width <= out_height * out_width else slide_long_windows
    slide(outputs, inputs, weights, reverse)


@remembered
def _with_height(numbers: Sizes) -> Shape:
    """(batch, channels, width) becomes (batch, channels, 1, width)."""
    batch, channels, width = numbers
    array = np.array([batch, channels, 1, width])
    array.flags.writeable = False  # the next call gets the same one
    return array


# The Functions


_EXPECTED = {
    1: "input (batch, in_channels, width) and weight (out_channels, in_channels, k_width)",
    2: "input (batch, in_channels, height, width) and weight (out_channels, in_channels, k_height, k_width)",
}


def _seen(input: "Tensor", weight: "Tensor") -> str:
    return f"input {input.shape} and weight {weight.shape}"


def _check_sizes(rank: int, input: "Tensor", weight: "Tensor") -> None:
    """Refuse everything that a kernel could not compute, since a compiled kernel checks nothing itself."""
    for operand in (input, weight):
        if not isinstance(operand, Variable):
            raise DTypeError(
                explain(
                    f"conv{rank}d takes two tensors.",
                    got=type(operand).__name__,
                    expected=_EXPECTED[rank],
                    fix="make a tensor of it with minitorch.tensor(...)",
                )
            )
    if input.dims != rank + 2 or weight.dims != rank + 2:
        raise ShapeError(
            explain(
                f"conv{rank}d takes an input and a weight of {rank + 2} dimensions each.",
                got=_seen(input, weight),
                expected=_EXPECTED[rank],
                fix="add the missing dimensions of size 1 with .view(...)",
            )
        )
    if input.shape[1] != weight.shape[1]:
        raise ShapeError(
            explain(
                f"conv{rank}d: input and weight have different numbers of channels.",
                got=f"{_seen(input, weight)}: in_channels {input.shape[1]} and {weight.shape[1]}",
                expected=_EXPECTED[rank],
                fix="build the layer with as many in_channels as the layer before it has out_channels",
            )
        )
    if 0 in weight.shape or 0 in input.shape[2:]:
        raise ShapeError(
            explain(
                f"conv{rank}d: there is nothing to slide, or nothing to slide over.",
                got=_seen(input, weight),
                expected=f"{_EXPECTED[rank]}, where only the batch may be 0",
                fix="use a kernel of size 1 or more on an input of size 1 or more",
            )
        )


def _output(kernel: Callable[..., None], shape: tuple[int, ...], input: "Tensor", weight: "Tensor") -> "Tensor":
    """Allocate the output of a convolution."""
    return output_for(kernel, input, shape, result_type(input, weight))


def _run(kernel: Callable[..., None], out: "Tensor", input: "Tensor", weight: "Tensor", reverse: bool) -> None:
    """Run the kernel, which fills the output."""
    kernel(*out.tuple(), out.size, *input.tuple(), *weight.tuple(), reverse)


def _swapped(a: "Tensor") -> "Tensor":
    """A tensor with its first two dimensions, batch and channels, in each other's place."""
    return a._new(a._tensor.permute(1, 0, *range(2, a.dims)))


class Conv1dFun(Function):
    """Convolution in one dimension, anchored at the left.

    The window of output t begins at input cell t and reaches to the right; past the end it meets zeros. `conv1d` is its
    `apply`.

    Examples:
        >>> import minitorch
        >>> input = minitorch.tensor([[[1, 2, 3]]], requires_grad=True)
        >>> weight = minitorch.tensor([[[10, 1]]], requires_grad=True)
        >>> minitorch.Conv1dFun.apply(input, weight).sum().backward()
        >>> input.grad, weight.grad
        (tensor([[[10., 11., 11.]]], shape=(1, 1, 3)), tensor([[[6., 5.]]], shape=(1, 1, 2)))
    """

    makes_derivatives = True

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
        out = _output(tensor_conv1d, (batch, weight.shape[0], width), input, weight)
        _run(tensor_conv1d, out, input, weight, False)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """Compute the gradients of input and weight from that of the output, (batch, out_channels, width)."""
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            swapped = _swapped(weight)  # (in_channels, out_channels, k_width)
            grad_input = _output(tensor_conv1d, input.shape, grad_output, swapped)
            _run(tensor_conv1d, grad_input, grad_output, swapped, True)
        if needs_weight:
            # Every channel of the input plays the part of a batch, and the batch that of the channels.
            long_input = _swapped(input)  # (in_channels, batch, width)
            long_window = _swapped(grad_output)  # (out_channels, batch, width)
            grad_weight = _output(tensor_conv1d, weight.shape, input, grad_output)
            swapped = _swapped(grad_weight)  # (in_channels, out_channels, k_width)
            _run(tensor_conv1d, swapped, long_input, long_window, False)
        return grad_input, grad_weight


class Conv2dFun(Function):
    """Convolution in two dimensions, anchored at the top left.

    The window of output (h, w) has its top left corner at input cell (h, w); past the right and the bottom edge it
    meets zeros. `conv2d` is its `apply`.

    Examples:
        >>> import minitorch
        >>> input = minitorch.ones(1, 1, 2, 2)
        >>> weight = minitorch.tensor([[[[1, 10], [100, 1000]]]], requires_grad=True)
        >>> minitorch.Conv2dFun.apply(input, weight).sum().backward()
        >>> weight.grad
        tensor([[[[4., 2.],
                  [2., 1.]]]], shape=(1, 1, 2, 2))
    """

    makes_derivatives = True

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
        out = _output(tensor_conv2d, (batch, weight.shape[0], height, width), input, weight)
        _run(tensor_conv2d, out, input, weight, False)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """Compute the gradients of input and weight from that of the output, (batch, out_channels, height, width)."""
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            swapped = _swapped(weight)  # (in_channels, out_channels, k_height, k_width)
            grad_input = _output(tensor_conv2d, input.shape, grad_output, swapped)
            _run(tensor_conv2d, grad_input, grad_output, swapped, True)
        if needs_weight:
            # Every channel of the input plays the part of a batch, and the batch that of the channels.
            long_input = _swapped(input)  # (in_channels, batch, height, width)
            long_window = _swapped(grad_output)  # (out_channels, batch, height, width)
            grad_weight = _output(tensor_conv2d, weight.shape, input, grad_output)
            swapped = _swapped(grad_weight)  # (in_channels, out_channels, k_height, k_width)
            _run(tensor_conv2d, swapped, long_input, long_window, False)
        return grad_input, grad_weight


conv1d = Conv1dFun.apply
"""Convolution in one dimension, `conv1d(input, weight)`, anchored at the left, with zeros past the right end.

Args:
    input: Of shape (batch, in_channels, width).
    weight: Of shape (out_channels, in_channels, k_width); k_width may be larger than width.

Returns:
    A tensor of shape (batch, out_channels, width).

Raises:
    ShapeError: A rank, or the number of channels, does not fit, or one of the sizes is 0.
    DTypeError: One of the two is no tensor.

Examples:
    >>> import minitorch
    >>> minitorch.conv1d(minitorch.tensor([[[1, 2, 3]]]), minitorch.tensor([[[10, 1]]]))
    tensor([[[12., 23., 30.]]], shape=(1, 1, 3))
"""

conv2d = Conv2dFun.apply
"""Convolution in two dimensions, `conv2d(input, weight)`, anchored at the top left, with zeros past the other edges.

Args:
    input: Of shape (batch, in_channels, height, width).
    weight: Of shape (out_channels, in_channels, k_height, k_width); the window may be larger than the input.

Returns:
    A tensor of shape (batch, out_channels, height, width).

Raises:
    ShapeError: A rank, or the number of channels, does not fit, or one of the sizes is 0.
    DTypeError: One of the two is no tensor.

Examples:
    >>> import minitorch
    >>> image = minitorch.tensor([[[[1, 2, 3], [4, 5, 6]]]])
    >>> minitorch.conv2d(image, minitorch.tensor([[[[1, 10], [100, 1000]]]]))
    tensor([[[[5421., 6532.,  603.],
              [  54.,   65.,    6.]]]], shape=(1, 1, 2, 3))
"""
