"""Task 4.1, one tap after the other: each adds a shifted copy of the input. Gradients by loops of their own."""

# minitorch/fast_conv.py

import numpy as np
from numba import prange

from .jit import njit


@njit(parallel=True)
def tensor_conv1d(
    out,
    out_shape,
    out_strides,
    out_size,
    input,
    input_shape,
    input_strides,
    weight,
    weight_shape,
    weight_strides,
    reverse,
):
    for b in prange(out_shape[0]):
        for k in range(weight_shape[2]):
            shift = -k if reverse else k
            first = max(0, -shift)  # the outputs for which this tap lies on the input
            last = min(out_shape[2], input_shape[2] - shift)
            for o in range(out_shape[1]):
                for c in range(input_shape[1]):
                    w = weight[o * weight_strides[0] + c * weight_strides[1] + k * weight_strides[2]]
                    for t in range(first, last):
                        x = input[b * input_strides[0] + c * input_strides[1] + (t + shift) * input_strides[2]]
                        out[b * out_strides[0] + o * out_strides[1] + t * out_strides[2]] += w * x


@njit(parallel=True)
def spread_upstream(grad_input, upstream, weight):
    """Each output hands its gradient to the input cells that it saw, for one sample per core."""
    batch, out_channels, width = upstream.shape
    _, in_channels, k_width = weight.shape
    for b in prange(batch):
        for o in range(out_channels):
            for t in range(width):
                for k in range(min(k_width, width - t)):
                    for c in range(in_channels):
                        grad_input[b, c, t + k] += upstream[b, o, t] * weight[o, c, k]


@njit(parallel=True)
def correlate(grad_weight, upstream, input):
    """Each weight multiplied an input cell for every output, for one output channel per core."""
    batch, out_channels, width = upstream.shape
    _, in_channels, k_width = grad_weight.shape
    for o in prange(out_channels):
        for c in range(in_channels):
            for k in range(k_width):
                total = 0.0
                for b in range(batch):
                    for t in range(width - k):
                        total += upstream[b, o, t] * input[b, c, t + k]
                grad_weight[o, c, k] = total


class Conv1dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        upstream = grad_output.to_numpy()
        grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
        spread_upstream(grad_input, upstream, weight.to_numpy())
        correlate(grad_weight, upstream, input.to_numpy())
        return input.like(grad_input), weight.like(grad_weight)
