"""Task 4.2, cell by cell in the order of memory, with the index functions of task 2.1; gradients only where wanted."""

# minitorch/fast_conv.py

import numpy as np
from numba import prange

from .jit import index_to_position, njit, to_index


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
    for place in prange(out_size):
        at = np.empty(4, np.int64)
        seen = np.empty(4, np.int64)
        tap = np.empty(4, np.int64)
        to_index(place, out_shape, at)
        seen[0], tap[0] = at[0], at[1]
        position = index_to_position(at, out_strides)
        for i in range(weight_shape[2]):
            for j in range(weight_shape[3]):
                tap[2], tap[3] = i, j
                if reverse:
                    seen[2], seen[3] = at[2] - i, at[3] - j
                else:
                    seen[2], seen[3] = at[2] + i, at[3] + j
                if seen[2] < 0 or seen[2] >= input_shape[2] or seen[3] < 0 or seen[3] >= input_shape[3]:
                    continue
                for c in range(input_shape[1]):
                    seen[1] = tap[1] = c
                    x = input[index_to_position(seen, input_strides)]
                    out[position] += x * weight[index_to_position(tap, weight_strides)]


class Conv2dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            grad_input = input.zeros()
            swapped = weight.permute(1, 0, 2, 3)
            tensor_conv2d(*grad_input.tuple(), grad_input.size, *grad_output.tuple(), *swapped.tuple(), True)
        if needs_weight:
            # The kernel writes into the permuted view, and so the cells come to lie where they belong.
            grad_weight = weight.zeros()
            view = grad_weight.permute(1, 0, 2, 3)
            long_input, window = input.permute(1, 0, 2, 3), grad_output.permute(1, 0, 2, 3)
            tensor_conv2d(*view.tuple(), view.size, *long_input.tuple(), *window.tuple(), False)
        return grad_input, grad_weight
