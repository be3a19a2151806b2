"""Making tensors: from lists and arrays, of constants, of random numbers, and of other tensors.

All randomness of the library comes from one generator, that of Python's `random` module. `manual_seed` (or
`random.seed`, which is the same) makes everything that follows repeatable.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DTypeError, ShapeError, explain
from .tensor import Tensor
from .tensor_data import TensorData, as_sizes, as_storage
from .tensor_functions import Concatenate, as_dim
from .tensor_ops import SimpleBackend, TensorBackend


def manual_seed(seed: int) -> None:
    """Seed the generator behind `rand`, `randn`, `dropout`, the initial values of layers and the toy data sets.

    Args:
        seed: A whole number. The same one makes the same numbers follow.

    Examples:
        >>> import minitorch
        >>> minitorch.manual_seed(1)
        >>> first = minitorch.rand(3)
        >>> minitorch.manual_seed(1)
        >>> minitorch.rand(3) == first
        tensor([1., 1., 1.], shape=(3,))
    """
    random.seed(seed)


def _as_dtype(dtype: npt.DTypeLike | None) -> np.dtype[Any]:
    """Read the type of a tensor's numbers; None stands for float64."""
    kind = np.dtype(np.float64 if dtype is None else dtype)
    if kind not in (np.float32, np.float64):
        raise DTypeError(
            explain(
                "Tensors hold floating-point numbers of 32 or 64 bits.",
                got=f"dtype={kind}",
                expected="float64 or float32",
                fix='pass dtype="float64" or dtype="float32"',
            )
        )
    return kind


def _make(
    fill: Callable[[int], Any],
    shape: Sequence[Any],
    backend: TensorBackend | None,
    requires_grad: bool,
    dtype: npt.DTypeLike | None,
) -> Tensor:
    """Make a tensor from a function that returns a number of values.

    The course lets backend and requires_grad follow the shape without their names, rand((2, 3), backend, True); so
    they are looked for there.
    """
    if len(shape) > 1 and isinstance(shape[-1], bool):
        *shape, requires_grad = shape
    if shape and isinstance(shape[-1], TensorBackend):
        *shape, backend = shape
    sizes = as_sizes(shape, "shape")
    if min(sizes, default=0) < 0:
        raise ShapeError(
            explain(
                "A tensor cannot have a negative size.",
                got=sizes,
                expected="sizes of 0 or more",
                fix="check the shape",
            )
        )
    storage = np.array(fill(math.prod(sizes)), dtype=_as_dtype(dtype))
    made = Tensor(TensorData(storage, sizes), backend=backend or SimpleBackend)
    return made.requires_grad_(requires_grad)


def zeros(
    *shape: Any, backend: TensorBackend | None = None, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
) -> Tensor:
    """A tensor of zeros.

    Args:
        shape: The sizes, one by one or as one tuple: zeros(2, 3) or zeros((2, 3)).
        backend: What computes with the tensor; SimpleBackend if left out.
        requires_grad: Whether the tensor is a leaf that collects its gradient.
        dtype: float64, as usual, or float32.

    Raises:
        ShapeError: A size is negative, or not whole.
        DTypeError: The type is another one.

    Examples:
        >>> import minitorch
        >>> minitorch.zeros(2, 3)
        tensor([[0., 0., 0.],
                [0., 0., 0.]], shape=(2, 3))
    """
    return _make(np.zeros, shape, backend, requires_grad, dtype)


def ones(
    *shape: Any, backend: TensorBackend | None = None, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
) -> Tensor:
    """A tensor of ones; see `zeros`.

    Examples:
        >>> import minitorch
        >>> minitorch.ones((2,), requires_grad=True)
        tensor([1., 1.], shape=(2,), requires_grad=True)
    """
    return _make(np.ones, shape, backend, requires_grad, dtype)


def draw_words(n: int) -> npt.NDArray[np.uint32]:
    """The next `n` random numbers of 32 bits, all at once."""
    pieces = [random.randbytes(4 * min(n - first, 2**20)) for first in range(0, n, 2**20)]  # it makes no 2^28 at once
    return np.frombuffer(b"".join(pieces), "<u4")


def draw_uniform(n: int) -> npt.NDArray[np.float64]:
    """The next `n` numbers of `random.random()`, all at once.

    The generator gives words of 32 bits. Of two of them, `random()` takes the upper 27 and 26 bits, and reads these 53
    as a fraction, for so many a float64 can hold (Matsumoto and Nishimura, `genrand_res53`, 2002).
    """
    words = draw_words(2 * n).reshape(n, 2)  # (n, two words)
    return ((words[:, 0] >> 5) * 2.0**26 + (words[:, 1] >> 6)) / 2.0**53


def rand(
    *shape: Any, backend: TensorBackend | None = None, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
) -> Tensor:
    """A tensor of random numbers, uniform in [0, 1), drawn row by row; see `zeros`. (float32 may round one up to 1.)

    Examples:
        >>> import minitorch
        >>> t = minitorch.rand(100)
        >>> min(t) >= 0, max(t) < 1
        (True, True)
    """
    return _make(draw_uniform, shape, backend, requires_grad, dtype)


def randn(
    *shape: Any, backend: TensorBackend | None = None, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
) -> Tensor:
    """A tensor of random numbers from the normal distribution of mean 0 and variance 1; see `zeros`.

    Examples:
        >>> import minitorch
        >>> minitorch.manual_seed(1)
        >>> abs(minitorch.randn(10000).mean().item()) < 0.05
        True
    """
    return _make(lambda n: [random.gauss(0.0, 1.0) for _ in range(n)], shape, backend, requires_grad, dtype)


def arange(
    n: int, *, backend: TensorBackend | None = None, requires_grad: bool = False, dtype: npt.DTypeLike | None = None
) -> Tensor:
    """The tensor [0, 1, ..., n - 1]; see `zeros`.

    Args:
        n: How many numbers, 0 or more.
        backend: What computes with the tensor; SimpleBackend if left out.
        requires_grad: Whether the tensor is a leaf that collects its gradient.
        dtype: float64, as usual, or float32.

    Examples:
        >>> import minitorch
        >>> minitorch.arange(4)
        tensor([0., 1., 2., 3.], shape=(4,))
    """
    return _make(np.arange, (n,), backend, requires_grad, dtype)


def tensor(
    ls: Any,
    backend: TensorBackend = SimpleBackend,
    requires_grad: bool = False,
    dtype: npt.DTypeLike | None = None,
) -> Tensor:
    """A tensor with the given numbers.

    Args:
        ls: A number, a nested list or tuple of numbers, or a NumPy array, which is copied.
        backend: What computes with the tensor.
        requires_grad: Whether the tensor is a leaf that collects its gradient.
        dtype: float64 or float32. If left out, an array of float32 keeps its type, and all else becomes float64.

    Raises:
        ShapeError: The rows of a nested list have different lengths.
        DTypeError: Something in it is not a real number.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([[1, 2, 3], [4, 5, 6]])
        tensor([[1., 2., 3.],
                [4., 5., 6.]], shape=(2, 3))
        >>> minitorch.tensor([1, 2], dtype="float32").dtype
        dtype('float32')
    """
    try:
        listed = np.asarray(ls)
    except ValueError:
        _nested_shape(ls, "the list")  # finds the place where the rows differ, and says so
        raise
    values = as_storage(listed)  # of float64, or of float32 if that is what they are
    storage = np.array(values, dtype=values.dtype if dtype is None else _as_dtype(dtype)).ravel()
    made = Tensor(TensorData(storage, values.shape), backend=backend)
    return made.requires_grad_(requires_grad)


def _nested_shape(ls: Any, where: str) -> tuple[int, ...]:
    """The shape of a nested list, checked to be regular. `where` names the part of the list that `ls` is."""
    if not isinstance(ls, (list, tuple)):
        return np.shape(ls)
    shapes = [_nested_shape(row, f"{where}[{i}]" if where != "the list" else f"row [{i}]") for i, row in enumerate(ls)]
    for i, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise ShapeError(
                explain(
                    f"The nested list is ragged: entries 0 and {i} of {where} have different shapes.",
                    got=f"shapes {shapes[0]} and {shape}",
                    expected="rows of equal length at every level",
                    fix="fill up the shorter rows, for instance with zeros",
                )
            )
    return (len(ls), *(shapes[0] if shapes else ()))


def concatenate(tensors: Iterable[Tensor], dim: int = 0) -> Tensor:
    """Tensors one behind the other: (..., n, ...) and (..., m, ...) become (..., n + m, ...).

    Args:
        tensors: One tensor or more, of the same sizes but in dimension `dim`.
        dim: The dimension along which they follow each other.

    Raises:
        ShapeError: There are no tensors, or their shapes do not fit.
        DTypeError: One of them is no tensor.

    Examples:
        >>> import minitorch
        >>> minitorch.concatenate([minitorch.zeros(2, 1), minitorch.ones(2, 2)], dim=1)
        tensor([[0., 1., 1.],
                [0., 1., 1.]], shape=(2, 3))
    """
    tensors = _as_list(tensors, "concatenate")
    dim = as_dim(tensors[0], dim)
    others = {(*t.shape[:dim], *t.shape[dim + 1 :]) for t in tensors}
    if len(others) > 1 or len({t.dims for t in tensors}) > 1:
        raise ShapeError(
            explain(
                "The tensors cannot be put one behind the other.",
                got=f"shapes {', '.join(str(t.shape) for t in tensors)}, along dimension {dim}",
                expected="shapes that differ in that dimension only",
                fix="choose another dimension, or cut the tensors to the same sizes",
            )
        )
    return Concatenate.apply(dim, *tensors)


def stack(tensors: Iterable[Tensor], dim: int = 0) -> Tensor:
    """Tensors side by side, along a new dimension: two of shape (n, m) become (2, n, m) for dimension 0.

    Args:
        tensors: One tensor or more, all of the same shape.
        dim: Where the new dimension stands in the shape of the result.

    Raises:
        ShapeError: There are no tensors, or their shapes differ.
        DTypeError: One of them is no tensor.

    Examples:
        >>> import minitorch
        >>> minitorch.stack([minitorch.tensor([1, 2]), minitorch.tensor([3, 4])], dim=1)
        tensor([[1., 3.],
                [2., 4.]], shape=(2, 2))
    """
    tensors = _as_list(tensors, "stack")
    dim = as_dim(tensors[0][None], dim)  # which has as many dimensions as the result
    if len({t.shape for t in tensors}) > 1:
        raise ShapeError(
            explain(
                "Only tensors of the same shape can be stacked.",
                got=f"shapes {', '.join(str(t.shape) for t in tensors)}",
                expected="equal shapes",
                fix="use concatenate(...) for tensors that differ in one dimension",
            )
        )
    new_dimension = (*[slice(None)] * dim, None)
    return concatenate([t[new_dimension] for t in tensors], dim)


def _as_list(tensors: Iterable[Tensor], name: str) -> list[Tensor]:
    """The tensors to join: one or more, and nothing but tensors."""
    is_several = isinstance(tensors, Iterable) and not isinstance(tensors, Tensor)
    listed = list(tensors) if is_several else []
    others = sorted({type(t).__name__ for t in listed if not isinstance(t, Tensor)})
    if not is_several or others:
        raise DTypeError(
            explain(
                f"{name}(...) takes a list of tensors.",
                got=f"{', '.join(others)} among them" if is_several else f"a single {type(tensors).__name__}",
                expected=f"{name}([a, b]), of tensors only",
                fix="put the tensors into a list, and make tensors of all else with minitorch.tensor(...)",
            )
        )
    if not listed:
        raise ShapeError(
            explain(
                f"{name}(...) was given no tensors.",
                got="an empty list",
                expected="at least one tensor",
                fix="leave out the call where there is nothing to join",
            )
        )
    return listed
