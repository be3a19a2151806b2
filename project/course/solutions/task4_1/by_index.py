"""Task 4.1, cell by cell in the order of memory, with the index functions of task 2.1; gradients only where wanted."""

# minitorch/fast_conv.py

import numpy as np
from numba import prange

from .jit import index_to_position, njit, to_index


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
    direction = -1 if reverse else 1
    for place in prange(out_size):
        out_index = np.empty(3, np.int64)
        input_index = np.empty(3, np.int64)
        weight_index = np.empty(3, np.int64)
        to_index(place, out_shape, out_index)
        input_index[0] = out_index[0]
        weight_index[0] = out_index[1]
        position = index_to_position(out_index, out_strides)
        for k in range(weight_shape[2]):
            input_index[2] = out_index[2] + direction * k
            if input_index[2] < 0 or input_index[2] >= input_shape[2]:
                continue
            weight_index[2] = k
            for c in range(input_shape[1]):
                input_index[1] = c
                weight_index[1] = c
                x = input[index_to_position(input_index, input_strides)]
                out[position] += x * weight[index_to_position(weight_index, weight_strides)]


class Conv1dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        needs_input, needs_weight = ctx.needs_input_grad
        grad_input = grad_weight = None
        if needs_input:
            grad_input = input.zeros()
            swapped = weight.permute(1, 0, 2)
            tensor_conv1d(*grad_input.tuple(), grad_input.size, *grad_output.tuple(), *swapped.tuple(), True)
        if needs_weight:
            # The kernel writes into the permuted view, and so the cells come to lie where they belong.
            grad_weight = weight.zeros()
            view = grad_weight.permute(1, 0, 2)
            long_input, window = input.permute(1, 0, 2), grad_output.permute(1, 0, 2)
            tensor_conv1d(*view.tuple(), view.size, *long_input.tuple(), *window.tuple(), False)
        return grad_input, grad_weight
