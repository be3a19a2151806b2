"""Task 3.2 in another way: operands are copied into rows first, and each matrix of the product is a task of its own."""

# minitorch/fast_matmul.py

import numpy as np
from numba import prange

from .jit import broadcast_index, index_to_position, to_index


@njit
def copy_rows(number, out_shape, storage, shape, strides):
    """One matrix of an operand, row by row."""
    leading = out_shape[:-2]
    out_index = np.zeros(len(leading), np.int64)
    index = np.zeros(len(shape), np.int64)
    to_index(number, leading, out_index)
    broadcast_index(out_index, leading, shape[:-2], index)
    matrix = np.empty((shape[-2], shape[-1]), np.float64)
    for i in range(shape[-2]):
        for j in range(shape[-1]):
            index[-2], index[-1] = i, j
            matrix[i, j] = storage[index_to_position(index, strides)]
    return matrix


@njit(parallel=True)
def tensor_matrix_multiply(
    out, out_shape, out_strides, a_storage, a_shape, a_strides, b_storage, b_shape, b_strides
):
    matrices = 1
    for d in range(len(out_shape) - 2):
        matrices *= out_shape[d]
    for number in prange(matrices):
        a = copy_rows(number, out_shape, a_storage, a_shape, a_strides)
        b = copy_rows(number, out_shape, b_storage, b_shape, b_strides)
        index = np.zeros(len(out_shape), np.int64)
        to_index(number, out_shape[:-2], index)
        for i in range(a.shape[0]):
            for j in range(b.shape[1]):
                total = 0.0
                for k in range(a.shape[1] - 1, -1, -1):
                    total += a[i, k] * b[k, j]
                index[-2], index[-1] = i, j
                out[index_to_position(index, out_strides)] = total


# minitorch/tensor_functions.py


class MatMul(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values

        def turned(t):
            return t.permute(*range(t.dims - 2), t.dims - 1, t.dims - 2)

        def added_up(grad, like):
            # The leading dimensions that broadcasting repeated.
            extra = grad.dims - like.dims
            for d in range(grad.dims - 2):
                if d < extra or like.shape[d - extra] < grad.shape[d]:
                    grad = grad.sum(d)
            return grad if grad.shape == like.shape else grad.view(*like.shape)

        grad_a = turned(b @ turned(grad_output))  # (g b^T)^T = b g^T
        grad_b = turned(turned(grad_output) @ a)  # (a^T g)^T = g^T a
        return added_up(grad_a.contiguous(), a), added_up(grad_b.contiguous(), b)
