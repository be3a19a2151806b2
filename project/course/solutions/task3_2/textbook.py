"""Task 3.2 as a student may write it: an iteration for each cell of the product; and the rule of the product twice."""

# minitorch/fast_matmul.py

import numpy as np
from numba import prange

from .jit import broadcast_index, index_to_position, to_index


@njit(parallel=True)
def tensor_matrix_multiply(
    out,
    out_shape,
    out_strides,
    a_storage,
    a_shape,
    a_strides,
    b_storage,
    b_shape,
    b_strides,
):
    inner = a_shape[-1]
    a_step, b_step = a_strides[-1], b_strides[-2]
    for ordinal in prange(len(out)):
        out_index = np.empty(len(out_shape), np.int64)
        to_index(ordinal, out_shape, out_index)
        # The first number of the row of a, and of the column of b.
        a_index = np.zeros(len(a_shape), np.int64)
        b_index = np.zeros(len(b_shape), np.int64)
        broadcast_index(out_index[:-2], out_shape[:-2], a_shape[:-2], a_index)
        broadcast_index(out_index[:-2], out_shape[:-2], b_shape[:-2], b_index)
        a_index[-2] = out_index[-2]
        b_index[-1] = out_index[-1]
        a = index_to_position(a_index, a_strides)
        b = index_to_position(b_index, b_strides)
        total = 0.0
        for k in range(inner):
            total += a_storage[a + k * a_step] * b_storage[b + k * b_step]
        out[index_to_position(out_index, out_strides)] = total


# minitorch/tensor_functions.py


class MatMul(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values
        multiply = grad_output.f.matrix_multiply

        def transpose(t):
            order = list(range(t.dims))
            order[-2], order[-1] = order[-1], order[-2]
            return t.permute(*order)

        # Where leading dimensions were broadcast, these are larger than a and b; the tensor adds them up.
        grad_a = multiply(grad_output, transpose(b))  # (..., n, m) @ (..., m, k)
        grad_b = multiply(transpose(a), grad_output)  # (..., k, n) @ (..., n, m)
        return grad_a, grad_b
