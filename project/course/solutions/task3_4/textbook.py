"""Task 3.4 as a student may write it: NumPy multiplies matrices, batches of them too."""

# project/numpy_ops.py

import numpy as np

from minitorch import TensorData


class NumpyOps(TensorOps):
    @staticmethod
    def matrix_multiply(a, b):
        cells = np.matmul(a.to_numpy(), b.to_numpy())
        return Tensor(TensorData(cells.ravel(), cells.shape), backend=a.backend)
