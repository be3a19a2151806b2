"""What a backend must be able to compute, and the readable backend that shows how.

All the arithmetic of tensors comes down to four operations: map (one cell at a time), zip (two cells at a time),
reduce (a whole dimension into one cell) and matrix multiplication. A backend is one implementation of these four.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from . import operators
from .errors import ShapeError, explain
from .tensor_data import (
    Index,
    Shape,
    Sizes,
    Storage,
    Strides,
    broadcast_index,
    index_to_position,
    remembered_broadcast,
    to_index,
)

if TYPE_CHECKING:
    from .tensor import Tensor

Kernel = TypeVar("Kernel", bound=Callable[..., None])


class MapProto(Protocol):
    """The function that `TensorOps.map` returns.

    Examples:
        >>> import minitorch
        >>> double = minitorch.SimpleOps.map(lambda x: 2 * x)
        >>> double(minitorch.tensor([3, 4]))
        tensor([6., 8.], shape=(2,))
        >>> double(minitorch.tensor([3, 4]), minitorch.zeros(2, 2))
        tensor([[6., 8.],
                [6., 8.]], shape=(2, 2))
    """

    def __call__(self, x: "Tensor", out: "Tensor | None" = ..., /) -> "Tensor":
        """Apply to each cell of `x`, and write into `out` if one is given."""
        ...


class TensorOps:
    """The contract of a backend: three ways to turn a function of numbers into one of tensors, and one product.

    Attributes:
        cuda: Whether the backend computes on a graphics card.

    Examples:
        >>> import minitorch
        >>> add = minitorch.SimpleOps.zip(lambda x, y: x + y)
        >>> add(minitorch.tensor([[10], [20]]), minitorch.tensor([1, 2]))
        tensor([[11., 12.],
                [21., 22.]], shape=(2, 2))
    """

    cuda = False

    @staticmethod
    def map(fn: Callable[[float], float]) -> MapProto:
        """Turn fn(x) into a function of a tensor, applied to each cell.

        Args:
            fn: A function of one number.

        Returns:
            A function that takes the tensor and, optionally, an `out` tensor to write into, whose shape may be larger:
            the input is then broadcast. It raises ShapeError if `out` is too small.
        """
        raise NotImplementedError

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[["Tensor", "Tensor"], "Tensor"]:
        """Turn fn(x, y) into a function of two tensors, applied to each pair of cells after broadcasting.

        Args:
            fn: A function of two numbers.

        Returns:
            A function of two tensors. It raises BroadcastError if their shapes do not go together.
        """
        raise NotImplementedError

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[["Tensor", int], "Tensor"]:
        """Turn fn(x, accumulated) into a function of a tensor and a dimension, which it folds into size 1.

        Args:
            fn: A function of a number and of what has been accumulated so far.
            start: What to begin with.

        Returns:
            A function of a tensor and a dimension, a number from 0 on.
        """
        raise NotImplementedError

    @staticmethod
    def matrix_multiply(a: "Tensor", b: "Tensor") -> "Tensor":
        """Multiply matrices (..., n, k) by (..., k, m) into (..., n, m); leading dimensions are broadcast.

        Raises:
            ShapeError: A tensor has fewer than two dimensions, or the two sizes k differ.
            BroadcastError: The leading dimensions do not go together.
        """
        raise NotImplementedError


class TensorBackend:
    """A set of operations, ready for use: each scalar function that tensors need, raised to tensors.

    Args:
        ops: The implementation, `SimpleOps` or `FastOps`.

    Examples:
        >>> import minitorch
        >>> backend = minitorch.TensorBackend(minitorch.SimpleOps)
        >>> backend.max_reduce(minitorch.tensor([[1, 3], [4, 2]]), 1)
        tensor([[3.],
                [4.]], shape=(2, 1))
    """

    def __init__(self, ops: type[TensorOps]) -> None:
        self.neg_map = ops.map(operators.neg)
        self.sigmoid_map = ops.map(operators.sigmoid)
        self.relu_map = ops.map(operators.relu)
        self.log_map = ops.map(operators.log)
        self.exp_map = ops.map(operators.exp)
        self.id_map = ops.map(operators.id)
        self.inv_map = ops.map(operators.inv)

        self.add_zip = ops.zip(operators.add)
        self.mul_zip = ops.zip(operators.mul)
        self.lt_zip = ops.zip(operators.lt)
        self.eq_zip = ops.zip(operators.eq)
        self.is_close_zip = ops.zip(operators.is_close)
        self.pow_zip = ops.zip(operators.pow)
        self.sigmoid_back_zip = ops.zip(operators.sigmoid_back)
        self.relu_back_zip = ops.zip(operators.relu_back)
        self.log_back_zip = ops.zip(operators.log_back)
        self.inv_back_zip = ops.zip(operators.inv_back)

        self.add_reduce = ops.reduce(operators.add, 0.0)
        self.mul_reduce = ops.reduce(operators.mul, 1.0)
        self.max_reduce = ops.reduce(operators.max, -np.inf)

        self.matrix_multiply = ops.matrix_multiply
        self.cuda = ops.cuda
        self.name = ops.__name__

    def __deepcopy__(self, memo: dict[int, object]) -> "TensorBackend":
        return self  # a copied tensor computes with the same backend

    def __repr__(self) -> str:
        return f"TensorBackend({self.name})"


# What every backend on the processor does before and after its kernels


def result_type(a: "Tensor", b: "Tensor") -> np.dtype[Any]:
    """The type of what is computed from two tensors: float32 only if both are."""
    kind, other = a._tensor._storage.dtype, b._tensor._storage.dtype
    return kind if kind == other else np.result_type(kind, other)


def fills_output(kernel: Kernel) -> Kernel:
    """Mark a kernel that writes every cell of its output, and so can be given one that holds whatever was in memory.

    To fill an output with zeros first takes about as long as a simple kernel.
    """
    kernel.fills_output = True  # type: ignore[attr-defined]
    return kernel


def output_for(kernel: Callable[..., None], a: "Tensor", shape: Sizes, dtype: np.dtype[Any]) -> "Tensor":
    """Allocate the output of a kernel: zeros, which a kernel may add to, unless it is known to write every cell."""
    return a.empty(shape, dtype) if hasattr(kernel, "fills_output") else a.zeros(shape, dtype)


def run_map(kernel: Callable[..., None], a: "Tensor", out: "Tensor | None") -> "Tensor":
    """Allocate the output of a map, if there is none yet, and run the kernel."""
    if out is None:
        out = output_for(kernel, a, a.shape, a.dtype)
    elif remembered_broadcast(a.shape, out.shape) != out.shape:
        raise ShapeError(
            explain(
                "The output of a map is too small.",
                got=f"an input of shape {a.shape} and an output of shape {out.shape}",
                expected="an output whose shape is that of the input, or larger by broadcasting",
                fix="leave out the output to have one made",
            )
        )
    kernel(*out.tuple(), *a.tuple())
    return out


def run_zip(kernel: Callable[..., None], a: "Tensor", b: "Tensor") -> "Tensor":
    """Allocate the output of a zip and run the kernel."""
    x, y = a._tensor, b._tensor
    shape = x.shape if x.shape == y.shape else remembered_broadcast(x.shape, y.shape)
    out = output_for(kernel, a, shape, result_type(a, b))
    kernel(*out._tensor.tuple(), *x.tuple(), *y.tuple())
    return out


def run_reduce(kernel: Callable[..., None], a: "Tensor", dim: int, start: float) -> "Tensor":
    """Allocate the output of a reduction, fill it with the start value and run the kernel."""
    shape = list(a.shape)
    shape[dim] = 1
    out = a.empty(tuple(shape), a.dtype)
    out._tensor._storage.fill(start)
    kernel(*out.tuple(), *a.tuple(), dim)
    return out


def run_matrix_multiply(kernel: Callable[..., None], a: "Tensor", b: "Tensor") -> "Tensor":
    """Check the sizes of a matrix product, allocate its output and run the kernel."""
    if a.dims < 2 or b.dims < 2 or a.shape[-1] != b.shape[-2]:
        raise ShapeError(
            explain(
                "These tensors cannot be multiplied as matrices.",
                got=f"{a.shape} @ {b.shape}",
                expected="(..., n, k) @ (..., k, m): two dimensions or more, and the same k",
                fix="turn one with .permute(...), or make a vector a matrix with .view(n, 1)",
            )
        )
    shape = (*remembered_broadcast(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    out = output_for(kernel, a, shape, result_type(a, b))
    kernel(*out.tuple(), *a.tuple(), *b.tuple())
    return out


# The readable backend


class SimpleOps(TensorOps):
    """Plain Python loops: slow, and easy to follow.

    Outside of its domain a function does what Python's `math` does: the logarithm of a negative number raises
    ValueError, where the fast backend, like NumPy, gives NaN.

    Examples:
        >>> import minitorch
        >>> count = minitorch.SimpleOps.reduce(lambda x, so_far: so_far + 1)
        >>> count(minitorch.zeros(2, 3), 1)
        tensor([[3.],
                [3.]], shape=(2, 1))
    """

    @staticmethod
    def map(fn: Callable[[float], float]) -> MapProto:
        """See `TensorOps.map`."""
        kernel = tensor_map(fn)
        return lambda a, out=None: run_map(kernel, a, out)

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[["Tensor", "Tensor"], "Tensor"]:
        """See `TensorOps.zip`."""
        kernel = tensor_zip(fn)
        return lambda a, b: run_zip(kernel, a, b)

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[["Tensor", int], "Tensor"]:
        """See `TensorOps.reduce`."""
        kernel = tensor_reduce(fn)
        return lambda a, dim: run_reduce(kernel, a, dim, start)

    @staticmethod
    def matrix_multiply(a: "Tensor", b: "Tensor") -> "Tensor":
        """See `TensorOps.matrix_multiply`."""
        return run_matrix_multiply(tensor_matrix_multiply, a, b)


def _new_index(shape: Shape) -> Index:
    """An index for a tensor of this shape, to be filled."""
    return np.zeros(len(shape), dtype=np.int64)


def tensor_map(fn: Callable[[float], float]) -> Callable[..., None]:
    """Raise fn(x) to tensors. For each cell, in two dimensions without broadcasting:

        out[i, j] = fn(a[i, j])

    Args:
        fn: A function of one number.

    Returns:
        A kernel that takes storage, shape and strides of the output, then of the input, and fills the output. The
        input's shape may be smaller, if it broadcasts to that of the output.
    """

    def _map(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        in_storage: Storage,
        in_shape: Shape,
        in_strides: Strides,
    ) -> None:
        out_index, in_index = _new_index(out_shape), _new_index(in_shape)
        for ordinal in range(int(np.prod(out_shape))):
            to_index(ordinal, out_shape, out_index)
            broadcast_index(out_index, out_shape, in_shape, in_index)
            x = in_storage[index_to_position(in_index, in_strides)]
            out[index_to_position(out_index, out_strides)] = fn(x)

    return _map


def tensor_zip(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Raise fn(x, y) to tensors. For each cell, in two dimensions without broadcasting:

        out[i, j] = fn(a[i, j], b[i, j])

    Args:
        fn: A function of two numbers.

    Returns:
        A kernel that takes storage, shape and strides of the output, of `a` and of `b`, and fills the output. Both
        inputs may be smaller, if they broadcast to the shape of the output.
    """

    def _zip(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        a_storage: Storage,
        a_shape: Shape,
        a_strides: Strides,
        b_storage: Storage,
        b_shape: Shape,
        b_strides: Strides,
    ) -> None:
        out_index, a_index, b_index = _new_index(out_shape), _new_index(a_shape), _new_index(b_shape)
        for ordinal in range(int(np.prod(out_shape))):
            to_index(ordinal, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            broadcast_index(out_index, out_shape, b_shape, b_index)
            x = a_storage[index_to_position(a_index, a_strides)]
            y = b_storage[index_to_position(b_index, b_strides)]
            out[index_to_position(out_index, out_strides)] = fn(x, y)

    return _zip


def tensor_reduce(fn: Callable[[float, float], float]) -> Callable[..., None]:
    """Fold a dimension with fn(x, accumulated). For each cell of the output, along dimension 1 of two:

        for j in range(a.shape[1]):
            out[i, 0] = fn(a[i, j], out[i, 0])

    Args:
        fn: A function of a number and of what has been accumulated so far.

    Returns:
        A kernel that takes storage, shape and strides of the output and of the input, then the dimension. The output
        has size 1 in that dimension, and must hold the start value in every cell.
    """

    def _reduce(
        out: Storage,
        out_shape: Shape,
        out_strides: Strides,
        a_storage: Storage,
        a_shape: Shape,
        a_strides: Strides,
        reduce_dim: int,
    ) -> None:
        index = _new_index(out_shape)
        for ordinal in range(int(np.prod(out_shape))):
            to_index(ordinal, out_shape, index)
            position = index_to_position(index, out_strides)
            accumulated = float(out[position])  # in double precision, also when the storage is float32
            for j in range(a_shape[reduce_dim]):
                index[reduce_dim] = j
                accumulated = fn(float(a_storage[index_to_position(index, a_strides)]), accumulated)
            out[position] = accumulated

    return _reduce


def tensor_matrix_multiply(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    a_storage: Storage,
    a_shape: Shape,
    a_strides: Strides,
    b_storage: Storage,
    b_shape: Shape,
    b_strides: Strides,
) -> None:
    """Multiply matrices. For each cell of the output, without leading dimensions:

        out[i, j] = sum over k of a[i, k] * b[k, j]

    Args:
        out: Storage of the output, of shape (..., n, m).
        out_shape: Its shape.
        out_strides: Its strides.
        a_storage: Storage of the left operand, of shape (..., n, k); leading dimensions broadcast to the output's.
        a_shape: Its shape.
        a_strides: Its strides.
        b_storage: Storage of the right operand, of shape (..., k, m).
        b_shape: Its shape.
        b_strides: Its strides.
    """
    out_index, a_index, b_index = _new_index(out_shape), _new_index(a_shape), _new_index(b_shape)
    for ordinal in range(int(np.prod(out_shape))):
        to_index(ordinal, out_shape, out_index)
        # The leading dimensions: which matrix of a, and which of b.
        broadcast_index(out_index[:-2], out_shape[:-2], a_shape[:-2], a_index)
        broadcast_index(out_index[:-2], out_shape[:-2], b_shape[:-2], b_index)
        a_index[-2] = out_index[-2]
        b_index[-1] = out_index[-1]
        total = 0.0
        for k in range(a_shape[-1]):
            a_index[-1] = b_index[-2] = k
            x = a_storage[index_to_position(a_index, a_strides)]
            y = b_storage[index_to_position(b_index, b_strides)]
            total += float(x) * float(y)
        out[index_to_position(out_index, out_strides)] = total


SimpleBackend = TensorBackend(SimpleOps)
"""The backend that a tensor computes with unless another is named."""
