"""`Tensor`: an array of numbers that remembers how it was computed. Each operation is one line onto a `Function`."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from . import memory
from .autodiff import History, Variable, backpropagate
from .errors import DTypeError, GraphError, IndexingError, ShapeError, explain
from .slicing import is_slicing
from .tensor_data import (
    KernelArguments,
    Sizes,
    TensorData,
    UserIndex,
    UserShape,
    UserStrides,
    as_sizes,
    find_layout,
    folds_to_undo,
    remembered_broadcast,
)
from .tensor_functions import (
    EQ,
    LT,
    Add,
    All,
    Copy,
    Exp,
    Inv,
    IsClose,
    Log,
    MatMul,
    Mul,
    Neg,
    Permute,
    Pow,
    ReLU,
    Sigmoid,
    Slice,
    Sum,
    View,
    as_dim,
)
from .tensor_ops import SimpleBackend, TensorBackend

_ids = itertools.count()

# Inside the class, `tuple` is the name of a method; so a type that needs it is named here.
Operands: TypeAlias = tuple[list[Variable], list[Any]]


class Tensor(Variable):
    """An array of numbers, seen through a shape and strides, in a graph. `minitorch.tensor(...)` makes one.

    Args:
        v: Storage, shape and strides.
        back: How the tensor came about. None, as usual, makes a constant.
        name: A name to show.
        backend: What computes with the tensor.

    Attributes:
        grad: The gradient that `backward` has collected so far, a constant tensor of the same shape, or None.
        backend: What computes with the tensor.

    Examples:
        >>> import minitorch
        >>> t = minitorch.tensor([[1, 2], [3, 4]], requires_grad=True)
        >>> (t * t).sum().backward()
        >>> t.grad
        tensor([[2., 4.],
                [6., 8.]], shape=(2, 2))
    """

    # What most tensors never change stands here, once for all of them: tensors are made by the thousand.
    grad: "Tensor | None" = None
    _name: str | None = None

    # NumPy shall leave `array + tensor` and `np.float64(2) * tensor` to the tensor.
    __array_ufunc__ = None

    def __init__(
        self,
        v: TensorData,
        back: History | None = None,
        name: str | None = None,
        backend: TensorBackend = SimpleBackend,
    ) -> None:
        if not isinstance(v, TensorData):
            raise DTypeError(
                explain(
                    "A Tensor is made from TensorData.",
                    got=type(v).__name__,
                    expected="TensorData(storage, shape)",
                    fix="use minitorch.tensor(...) for lists and arrays",
                )
            )
        self.unique_id = next(_ids)
        self._tensor = v
        self.history = back
        self.backend = backend
        if name is not None:
            self._name = name

    # About the tensor

    @property
    def name(self) -> str:
        """The name to show; a number unless another was given."""
        return str(self.unique_id) if self._name is None else self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name

    @property
    def f(self) -> TensorBackend:
        """The backend, under the short name that Functions use."""
        return self.backend

    @property
    def shape(self) -> Sizes:
        """The size of each dimension."""
        return self._tensor.shape

    @property
    def dims(self) -> int:
        """The number of dimensions."""
        return self._tensor.dims

    @property
    def size(self) -> int:
        """The number of cells."""
        return self._tensor.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers, float64 or float32."""
        return self._tensor._storage.dtype

    def is_contiguous(self) -> bool:
        """True if the cells lie in memory row by row, so that the tensor can be viewed under another shape."""
        return self._tensor.is_contiguous()

    def __repr__(self) -> str:
        extra = ", requires_grad=True" if self.requires_grad() else ""
        text = self._tensor.to_string().replace("\n", "\n       ")
        return f"tensor({text}, shape={self.shape}{extra})"

    def __len__(self) -> int:
        if not self.dims:
            raise TypeError("A tensor without dimensions has no length.")
        return self.shape[0]

    def __iter__(self) -> Iterator[float]:
        if self.dims != 1:
            raise TypeError(
                explain(
                    "Only a tensor of one dimension can be looped over: its numbers come one by one.",
                    got=f"shape {self.shape}",
                    expected="one dimension",
                    fix="loop over t.to_numpy(), which gives rows, or over the indices",
                )
            )
        return iter(self.to_numpy().tolist())

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ShapeError(
                explain(
                    "A tensor with several cells, or none, is neither true nor false.",
                    got=f"shape {self.shape}",
                    expected="exactly one cell",
                    fix="fold the cells into one first, for instance with .all()",
                )
            )
        return bool(self.item())

    # Cells

    def __getitem__(self, key: Any) -> Any:  # a number where numbers alone name a cell; else a Tensor, a view
        return Slice.apply(self, key) if is_slicing(key) else self._tensor.get(key)

    def __setitem__(self, key: int | UserIndex, val: float) -> None:
        if is_slicing(key):
            raise IndexingError(
                explain(
                    "A tensor is written into cell by cell.",
                    got="a part of it between the brackets",
                    expected="a number for each dimension, as in t[0, 1] = 5.0",
                    fix="make a new tensor, with concatenate(...) or by multiplying with a mask",
                )
            )
        self._tensor.set(key, val)

    def item(self) -> float:
        """The number in a tensor of one cell; ShapeError if it has several, or none."""
        if self.size != 1:
            raise ShapeError(
                explain(
                    "item() reads the only cell of a tensor.",
                    got=f"shape {self.shape} with {self.size} cells",
                    expected="exactly one cell",
                    fix="index a cell, t[i, j], or use .to_numpy() to get all of them",
                )
            )
        return self._tensor._storage[0].item()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def numbers(self) -> npt.NDArray[Any]:
        """The cells as a NumPy array that shares the storage, to be read only."""
        return self._tensor.array()

    def to_numpy(self) -> npt.NDArray[Any]:
        """A copy of the cells as a NumPy array of the same shape."""
        return self._tensor.array().copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return np.array(self._tensor.array(), dtype=dtype)

    def tuple(self) -> KernelArguments:
        """Storage, shape and strides as arrays, the way kernels take them."""
        return self._tensor.tuple()

    # New tensors of the same kind

    @staticmethod
    def make(
        storage: Any,
        shape: UserShape,
        strides: UserStrides | None = None,
        backend: TensorBackend = SimpleBackend,
    ) -> "Tensor":
        """Make a constant from flat storage; an array is shared, not copied."""
        return Tensor(TensorData(storage, shape, strides), backend=backend)

    def _new(self, tensor_data: TensorData) -> "Tensor":
        """A constant from TensorData, with the backend of this tensor."""
        return Tensor(tensor_data, None, None, self.backend)

    def zeros(self, shape: UserShape | None = None, dtype: npt.DTypeLike | None = None) -> "Tensor":
        """Zeros of the same backend; of the same shape and type too, unless others are given."""
        sizes = self.shape if shape is None else as_sizes(shape, "shape")
        layout = find_layout(sizes)
        return self._new(TensorData.of(memory.zeros(layout.size, self.dtype if dtype is None else dtype), layout))

    def empty(self, shape: Sizes, dtype: npt.DTypeLike) -> "Tensor":
        """A tensor of the same backend whose cells hold whatever was in memory, for a kernel to fill."""
        layout = find_layout(shape)
        return Tensor(TensorData.of(memory.empty(layout.size, dtype), layout), None, None, self.backend)

    def full(self, shape: Sizes, value: float) -> "Tensor":
        """A tensor of the same type and backend, with the same number in all cells."""
        made = self.empty(shape, self.dtype)
        made._tensor._storage.fill(value)
        return made

    def like(self, values: Any) -> "Tensor":
        """A constant of the same shape, type and backend with a copy of `values`; ShapeError if their shape differs."""
        array = np.asarray(values)
        if array.shape != self.shape:
            raise ShapeError(
                explain(
                    "The values do not have the shape of the tensor that they shall replace.",
                    got=array.shape,
                    expected=self.shape,
                    fix="pass an array of the same shape",
                )
            )
        made = self.empty(self.shape, self.dtype)
        made.numbers()[...] = array
        return made

    def detach(self) -> "Tensor":
        """A constant that shares the storage of this tensor."""
        return Tensor(self._tensor, None, None, self.backend)

    def _type_(self, backend: TensorBackend) -> None:
        """Change the backend in place."""
        self.backend = backend

    def _ensure_tensor(self, b: "TensorLike") -> "Tensor":
        """Read an operand: a tensor stays as it is; numbers and arrays become constants.

        A number takes the type of this tensor, so that `2 * t` is float32 where `t` is.
        """
        if isinstance(b, Tensor):
            return b
        if isinstance(b, (int, float, np.number, np.bool_)) and not isinstance(b, np.complexfloating):
            # One cell, in one dimension; or in none, to keep a tensor without dimensions as it is.
            return self.full((1,) if self.dims else (), b)
        if isinstance(b, np.ndarray) and b.dtype.kind in "fiub":
            kind = b.dtype if b.dtype in (np.float32, np.float64) else np.float64
            return self._new(TensorData(np.array(b, dtype=kind).ravel(), b.shape))
        raise DTypeError(
            explain(
                "A tensor can be combined with tensors, numbers and NumPy arrays only.",
                got=f"{type(b).__name__}",
                expected="a Tensor, an int, a float or an array of real numbers",
                fix="make a tensor of it with minitorch.tensor(...)",
            )
        )

    # Operators. A comment names the expression where it is not obvious.

    def __add__(self, b: "TensorLike") -> "Tensor":
        return Add.apply(self, self._ensure_tensor(b))

    def __radd__(self, b: "TensorLike") -> "Tensor":  # b + self
        return Add.apply(self, self._ensure_tensor(b))

    def __sub__(self, b: "TensorLike") -> "Tensor":
        return Add.apply(self, -self._ensure_tensor(b))

    def __rsub__(self, b: "TensorLike") -> "Tensor":  # b - self
        return Add.apply(-self, self._ensure_tensor(b))

    def __mul__(self, b: "TensorLike") -> "Tensor":
        return Mul.apply(self, self._ensure_tensor(b))

    def __rmul__(self, b: "TensorLike") -> "Tensor":  # b * self
        return Mul.apply(self, self._ensure_tensor(b))

    def __truediv__(self, b: "TensorLike") -> "Tensor":
        if isinstance(b, (int, float)) and b != 0:
            return Mul.apply(self, self._ensure_tensor(1 / b))
        return Mul.apply(self, Inv.apply(self._ensure_tensor(b)))

    def __rtruediv__(self, b: "TensorLike") -> "Tensor":  # b / self
        return Mul.apply(Inv.apply(self), self._ensure_tensor(b))

    def __matmul__(self, b: "Tensor") -> "Tensor":
        return MatMul.apply(self, self._ensure_tensor(b))

    def __rmatmul__(self, b: npt.NDArray[Any]) -> "Tensor":  # b @ self
        return MatMul.apply(self._ensure_tensor(b), self)

    def __pow__(self, exponent: float) -> "Tensor":
        if isinstance(exponent, Variable):
            return NotImplemented
        return Pow.apply(self, exponent)

    def __neg__(self) -> "Tensor":
        return Neg.apply(self)

    def __lt__(self, b: "TensorLike") -> "Tensor":  # type: ignore[misc]
        return LT.apply(self, self._ensure_tensor(b))

    def __gt__(self, b: "TensorLike") -> "Tensor":  # type: ignore[misc]
        return LT.apply(self._ensure_tensor(b), self)

    def __eq__(self, b: object) -> "Tensor":  # type: ignore[override]
        if not isinstance(b, (Tensor, int, float, np.number, np.bool_, np.ndarray)):
            return NotImplemented  # Python then goes by identity: no tensor equals None
        return EQ.apply(self, self._ensure_tensor(b))  # type: ignore[arg-type]

    def __ne__(self, b: object) -> "Tensor":  # type: ignore[override]
        equal = self.__eq__(b)
        return equal if equal is NotImplemented else 1.0 - equal

    # "Less, or equal", and not "not greater": for NaN neither is true.

    def __le__(self, b: "TensorLike") -> "Tensor":  # type: ignore[misc]
        return (self < b) + (self == b)

    def __ge__(self, b: "TensorLike") -> "Tensor":  # type: ignore[misc]
        return (self > b) + (self == b)

    # Tensors are compared cell by cell, but a set or a dict tells them apart by identity.
    __hash__ = object.__hash__

    # Functions, cell by cell

    def is_close(self, y: "TensorLike") -> "Tensor":
        """1 where the two differ by less than 0.01, else 0."""
        return IsClose.apply(self, self._ensure_tensor(y))

    def sigmoid(self) -> "Tensor":
        """1 / (1 + e^-self)"""
        return Sigmoid.apply(self)

    def relu(self) -> "Tensor":
        """max(self, 0)"""
        return ReLU.apply(self)

    def log(self) -> "Tensor":
        """ln(self + EPS)"""
        return Log.apply(self)

    def exp(self) -> "Tensor":
        """e to the power of self"""
        return Exp.apply(self)

    # Folding

    def sum(self, dim: int | None = None) -> "Tensor":
        """The sum along a dimension, which stays with size 1; or of all cells, of shape (1,)."""
        return Sum.apply(self._row(), 0) if dim is None else Sum.apply(self, dim)

    def mean(self, dim: int | None = None) -> "Tensor":
        """The mean along a dimension, which stays with size 1; or of all cells, of shape (1,).

        Raises:
            ShapeError: There is nothing to take the mean of.
        """
        count = self.size if dim is None else self.shape[as_dim(self, dim)]
        if count == 0:
            raise ShapeError(
                explain(
                    "There is no mean of no numbers.",
                    got=f"shape {self.shape}",
                    expected="at least one number to average",
                    fix="leave out empty batches",
                )
            )
        return self.sum(dim) / count

    def all(self, dim: int | None = None) -> "Tensor":
        """1 where no cell along a dimension is 0, else 0; or over all cells, of shape (1,)."""
        return All.apply(self._row(), 0) if dim is None else All.apply(self, dim)

    def _row(self) -> "Tensor":
        """All cells in one dimension, copied only where necessary."""
        rows = self if self.is_contiguous() else self.contiguous()
        return rows.view(self.size)

    # Layout

    def permute(self, *order: int) -> "Tensor":
        """The same storage with its dimensions in another order: dimension i of the result is dimension order[i]."""
        return Permute.apply(self, order)

    def view(self, *shape: int) -> "Tensor":
        """The same storage under another shape; one of the sizes may be -1.

        Raises:
            ContiguityError: The cells do not lie in memory row by row; use `.contiguous().view(...)`.

        Examples:
            >>> import minitorch
            >>> minitorch.arange(6).view(2, -1).shape
            (2, 3)
        """
        return View.apply(self, shape)

    def contiguous(self) -> "Tensor":
        """A copy whose cells lie in memory row by row."""
        return Copy.apply(self)

    # Differentiation

    def requires_grad(self) -> bool:
        """True if the tensor is a leaf that wants a gradient, or was computed from one."""
        return self.history is not None

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Turn this tensor into a leaf that collects its gradient, or, with False, into a constant. Returns itself."""
        self.history = History() if requires_grad else None
        return self

    def zero_grad_(self) -> None:
        """Forget the gradient."""
        self.grad = None

    def backward(self, grad_output: "TensorLike | None" = None) -> None:
        """Add to the `grad` of every leaf of the graph the gradient of this tensor with respect to it.

        Args:
            grad_output: The gradient of the final quantity with respect to this tensor, of the same shape. It may be
                left out for a tensor of one cell, and is then 1.

        Raises:
            GraphError: The tensor is a constant, or has several cells and no gradient is given.
            ShapeError: The gradient has another shape.

        Examples:
            >>> import minitorch
            >>> t = minitorch.tensor([2, 3], requires_grad=True)
            >>> (t * t).backward(minitorch.tensor([1, 10]))
            >>> t.grad
            tensor([ 4., 60.], shape=(2,))
        """
        if self.history is None:
            raise GraphError(
                explain(
                    "backward() was called on a constant, which has no graph.",
                    got=f"a tensor of shape {self.shape} that needs no gradient",
                    expected="a tensor computed from one with requires_grad=True",
                    fix="make the leaves with requires_grad=True, and do not detach() on the way",
                )
            )
        if grad_output is None:
            if self.size != 1:
                raise GraphError(
                    explain(
                        "backward() needs a single number to differentiate, or the gradient to start from.",
                        got=f"a tensor of shape {self.shape} and no gradient",
                        expected="a tensor of one cell, or a gradient of the tensor's shape",
                        fix="fold the tensor first, as in loss.sum().backward(), or pass backward(gradient)",
                    )
                )
            grad_output = self.full(self.shape, 1.0)
        gradient = self._new(self._ensure_tensor(grad_output)._tensor)  # on the backend of this tensor
        if gradient.shape != self.shape and not (gradient.size == self.size == 1):
            raise ShapeError(
                explain(
                    "The gradient to start from does not fit the tensor.",
                    got=f"a gradient of shape {gradient.shape}",
                    expected=f"shape {self.shape}",
                    fix="pass a gradient of the tensor's own shape",
                )
            )
        backpropagate(self, self._fit(gradient))

    def accumulate_derivative(self, x: Any) -> None:
        """Add `x` to the gradient of this leaf; GraphError if the tensor is none."""
        if not self.is_leaf():
            raise GraphError(
                explain(
                    "Only leaves collect a gradient.",
                    got="a constant" if self.is_constant() else "the result of a Function",
                    expected="a tensor made with requires_grad=True",
                    fix="call accumulate_derivative only where is_leaf() is True",
                )
            )
        # The first contribution is copied: it may share its storage with the gradient of another leaf.
        x = self._fit(x)
        self.grad = x.f.id_map(x) if self.grad is None else self.grad + x

    def keep_derivative(self, x: Any) -> None:
        """Add `x`, which nothing else refers to, to the gradient of this leaf; the first is kept without copying it."""
        x = self._fit(x)
        if self.grad is None and self.is_leaf() and x.is_contiguous():
            self.grad = x
        else:
            self.accumulate_derivative(x)

    def expand(self, other: "Tensor") -> "Tensor":
        """Bring a gradient into the shape of this tensor, by undoing what broadcasting did.

        A cell that was used several times gets the sum of all its gradients. A gradient that is smaller is broadcast.

        Args:
            other: The gradient; its shape and this tensor's must broadcast.
        """
        if other.shape == self.shape:
            return other
        shape = remembered_broadcast(self.shape, other.shape)
        rows = other
        if other.shape != shape or not other.is_contiguous():
            rows = other.f.id_map(other, other.empty(shape, other.dtype))
        sizes, repeated = folds_to_undo(shape, self.shape)
        rows = rows._new(rows._tensor.view(*sizes))
        for dim in repeated:
            rows = rows.f.add_reduce(rows, dim)
        return rows._new(rows._tensor.view(*self.shape))

    def _fit(self, derivative: Any) -> "Tensor":
        if type(derivative) is Tensor:
            own, other = self._tensor, derivative._tensor
            if own.shape == other.shape and own._storage.dtype == other._storage.dtype:
                return derivative  # as it nearly always is
        fitted = self.expand(self._ensure_tensor(derivative))
        if fitted.dtype == self.dtype:
            return fitted
        return fitted.f.id_map(fitted, fitted.empty(self.shape, self.dtype))

    def _operands(self, args: Sequence[Any]) -> Operands:
        inputs: list[Variable] = []
        values = []
        for a in args:
            if isinstance(a, Variable):
                inputs.append(a)
                if a.history is not None:
                    a = a.detach()  # forward computes on constants, so that it builds no graph of its own
            values.append(a)
        return inputs, values

    def _wrap(self, result: Any, history: History | None) -> "Tensor":
        if not isinstance(result, Tensor):
            raise DTypeError(
                explain(
                    "A Function of tensors did not return a tensor.",
                    got=type(result).__name__,
                    expected="a Tensor",
                    fix="let forward return what the backend's operations or tensor methods return",
                )
            )
        return Tensor(result._tensor, history, None, result.backend)


TensorLike: TypeAlias = float | int | npt.NDArray[Any] | Tensor
