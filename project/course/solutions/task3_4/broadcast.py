"""Task 3.4 in another way: all products of two numbers at once, then their sums."""

# project/numpy_ops.py

import numpy as np

from minitorch import TensorData
from minitorch.tensor_ops import result_type


class NumpyOps(TensorOps):
    @staticmethod
    def matrix_multiply(a, b):
        left = a.to_numpy()[..., :, :, np.newaxis]  # (..., n, k, 1)
        right = b.to_numpy()[..., np.newaxis, :, :]  # (..., 1, k, m)
        cells = (left * right).sum(-2).astype(result_type(a, b))
        return a._new(TensorData(cells.reshape(-1), cells.shape))
