"""A third backend, in which NumPy computes: whatever keeps the contract `TensorOps` can take the place of the others.

The kernels of the other backends walk through storage, cell by cell. These compute whole arrays at once, and NumPy
finds the cells: it follows the strides, and it broadcasts.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from minitorch import MapProto, Tensor, TensorBackend, TensorOps, operators
from minitorch.tensor_ops import run_map, run_matrix_multiply, run_reduce, run_zip

Array: TypeAlias = npt.NDArray[Any]

NUMPY_HAS: dict[Callable[..., float], Callable[..., Any]] = {
    operators.id: np.positive,
    operators.neg: np.negative,
    operators.exp: np.exp,
    operators.inv: np.reciprocal,
    operators.add: np.add,
    operators.mul: np.multiply,
    operators.max: np.maximum,
    operators.lt: np.less,
    operators.eq: np.equal,
}
"""The functions that NumPy has too: it computes them for a whole array, in compiled code."""


def on_arrays(fn: Callable[..., float], arguments: int) -> Callable[..., Any]:
    """Turn a function of numbers into one of arrays, which broadcasts.

    Args:
        fn: The function. Unless it is one of `NUMPY_HAS`, it is called for one cell after the other.
        arguments: How many arguments it takes.
    """
    return NUMPY_HAS.get(fn) or np.frompyfunc(fn, arguments, 1)


def arrays_of(*arguments: Array) -> list[Array]:
    """The arguments of a kernel as arrays: of each storage, shape and strides, one array that shares the storage."""
    triples = zip(arguments[0::3], arguments[1::3], arguments[2::3])
    return [
        np.lib.stride_tricks.as_strided(storage, shape, strides * storage.strides[0])
        for storage, shape, strides in triples
    ]


def kernel_of(function: Callable[..., Any]) -> Callable[..., None]:
    """The kernel that fills its output with what a function of arrays makes of its inputs."""

    def kernel(*arguments: Array) -> None:
        out, *inputs = arrays_of(*arguments)
        out[...] = function(*inputs)

    return kernel


class NumpyOps(TensorOps):
    """The four operations, on whole arrays."""

    @staticmethod
    def map(fn: Callable[[float], float]) -> MapProto:
        """See `TensorOps.map`."""
        kernel = kernel_of(on_arrays(fn, 1))
        return lambda a, out=None: run_map(kernel, a, out)

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[[Tensor, Tensor], Tensor]:
        """See `TensorOps.zip`."""
        kernel = kernel_of(on_arrays(fn, 2))
        return lambda a, b: run_zip(kernel, a, b)

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[[Tensor, int], Tensor]:
        """See `TensorOps.reduce`."""
        function = on_arrays(fn, 2)

        def kernel(*arguments: Any) -> None:
            *storages, dim = arguments
            out, cells = arrays_of(*storages)
            accumulated: Any = out.astype(np.float64)  # in double precision, also when the storage is float32
            for j in range(cells.shape[dim]):
                accumulated = function(cells.take([j], dim), accumulated)
            out[...] = accumulated

        return lambda a, dim: run_reduce(kernel, a, dim, start)

    @staticmethod
    def matrix_multiply(a: Tensor, b: Tensor) -> Tensor:
        """See `TensorOps.matrix_multiply`."""
        return run_matrix_multiply(kernel_of(np.matmul), a, b)


NumpyBackend = TensorBackend(NumpyOps)
"""The backend on which NumPy computes."""
