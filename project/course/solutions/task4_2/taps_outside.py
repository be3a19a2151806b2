"""Task 4.2, one weight after the other: each adds a shifted copy of the input. Gradients by loops of their own."""

# minitorch/fast_conv.py

import numpy as np
from numba import prange

from .jit import njit


@njit(parallel=True)
def tensor_conv2d(
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
    s, u, v = out_strides, input_strides, weight_strides
    for o in prange(out_shape[1]):
        for i in range(weight_shape[2]):
            down = -i if reverse else i
            # The outputs for which this row of the window lies on the input; the same for columns below.
            top, bottom = max(0, -down), min(out_shape[2], input_shape[2] - down)
            for j in range(weight_shape[3]):
                aside = -j if reverse else j
                left, right = max(0, -aside), min(out_shape[3], input_shape[3] - aside)
                for c in range(input_shape[1]):
                    tap = weight[o * v[0] + c * v[1] + i * v[2] + j * v[3]]
                    for b in range(out_shape[0]):
                        for h in range(top, bottom):
                            for w in range(left, right):
                                seen = input[b * u[0] + c * u[1] + (h + down) * u[2] + (w + aside) * u[3]]
                                out[b * s[0] + o * s[1] + h * s[2] + w * s[3]] += seen * tap


@njit(parallel=True)
def spread_upstream(grad_input, upstream, weight):
    """Each output hands its gradient to the input cells that it saw, for one image per core."""
    batch, out_channels, height, width = upstream.shape
    _, in_channels, k_height, k_width = weight.shape
    for b in prange(batch):
        for o in range(out_channels):
            for h in range(height):
                for w in range(width):
                    for i in range(min(k_height, height - h)):
                        for j in range(min(k_width, width - w)):
                            for c in range(in_channels):
                                grad_input[b, c, h + i, w + j] += upstream[b, o, h, w] * weight[o, c, i, j]


@njit(parallel=True)
def correlate(grad_weight, upstream, input):
    """Each weight multiplied an input cell for every output, for one output channel per core."""
    batch, out_channels, height, width = upstream.shape
    _, in_channels, k_height, k_width = grad_weight.shape
    for o in prange(out_channels):
        for c in range(in_channels):
            for i in range(k_height):
                for j in range(k_width):
                    total = 0.0
                    for b in range(batch):
                        for h in range(height - i):
                            for w in range(width - j):
                                total += upstream[b, o, h, w] * input[b, c, h + i, w + j]
                    grad_weight[o, c, i, j] = total


class Conv2dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        upstream = grad_output.to_numpy()
        grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
        spread_upstream(grad_input, upstream, weight.to_numpy())
        correlate(grad_weight, upstream, input.to_numpy())
        return input.like(grad_input), weight.like(grad_weight)
