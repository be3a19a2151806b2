"""Task 3.4 in another way: the sum over k, written down."""

# project/numpy_ops.py

import numpy as np


class NumpyOps(TensorOps):
    @staticmethod
    def matrix_multiply(a, b):
        x, y = a._tensor.array(), b._tensor.array()
        leading = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
        out = a.zeros((*leading, x.shape[-2], y.shape[-1]), np.result_type(x, y))
        out._tensor.array()[...] = np.einsum("...nk,...km->...nm", x, y)
        return out
