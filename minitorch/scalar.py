"""`Scalar`: a number that remembers how it was computed, so that it can be differentiated."""

import itertools
import numbers
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from .autodiff import History, Variable, backpropagate
from .errors import DTypeError, GraphError, explain
from .scalar_functions import EQ, LT, Add, Exp, Inv, Log, Mul, Neg, ReLU, Sigmoid

ScalarHistory = History
"""How a Scalar came about; Scalars and tensors keep the same kind of history."""

_ids = itertools.count()


class Scalar(Variable):
    """A number in a graph.

    Args:
        data: The number.
        history: How it was computed. Left out, the Scalar is a leaf that collects its derivative; None makes a
            constant.
        name: A name to show.

    Attributes:
        data: The number, a float.
        derivative: The derivative that `backward` has collected so far, or None.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(3)
        >>> y = x * x + 2
        >>> y.backward()
        >>> y, x.derivative
        (Scalar(11.0), 6.0)
    """

    # NumPy numbers leave arithmetic with a Scalar to the Scalar, instead of turning it into an array.
    __array_ufunc__ = None

    def __init__(self, data: float, history: History | None = History(), name: str | None = None) -> None:
        self.unique_id = next(_ids)
        self.data = float(data)
        self.history = history
        self.derivative: float | None = None
        self.name = str(self.unique_id) if name is None else name

    def __repr__(self) -> str:
        return f"Scalar({self.data})"

    # Operators. A comment names the expression where it is not obvious.

    def __add__(self, b: "ScalarLike") -> "Scalar":
        return Add.apply(self, b)

    def __radd__(self, b: "ScalarLike") -> "Scalar":  # b + self
        return Add.apply(b, self)

    def __sub__(self, b: "ScalarLike") -> "Scalar":
        return Add.apply(self, -b)

    def __rsub__(self, b: "ScalarLike") -> "Scalar":  # b - self
        return Add.apply(b, -self)

    def __mul__(self, b: "ScalarLike") -> "Scalar":
        return Mul.apply(self, b)

    def __rmul__(self, b: "ScalarLike") -> "Scalar":  # b * self
        return Mul.apply(b, self)

    def __truediv__(self, b: "ScalarLike") -> "Scalar":
        return Mul.apply(self, Inv.apply(b) if isinstance(b, Scalar) else 1.0 / _as_float(b))

    def __rtruediv__(self, b: "ScalarLike") -> "Scalar":  # b / self
        return Mul.apply(b, Inv.apply(self))

    def __neg__(self) -> "Scalar":
        return Neg.apply(self)

    def __lt__(self, b: "ScalarLike") -> "Scalar":
        return LT.apply(self, b)

    def __gt__(self, b: "ScalarLike") -> "Scalar":
        return LT.apply(b, self)

    def __eq__(self, b: object) -> "Scalar":  # type: ignore[override]
        if not isinstance(b, (Scalar, int, float, np.number)):
            return NotImplemented  # Python then goes by identity: no Scalar equals None
        return EQ.apply(self, b)

    def __ne__(self, b: object) -> "Scalar":  # type: ignore[override]
        equal = self.__eq__(b)
        return equal if equal is NotImplemented else 1.0 - equal

    # Scalars are compared by value, but a set or a dict tells them apart by identity.
    __hash__ = object.__hash__

    def __bool__(self) -> bool:
        return bool(self.data)

    def __float__(self) -> float:
        return self.data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype)

    def log(self) -> "Scalar":
        """ln(self + EPS)"""
        return Log.apply(self)

    def exp(self) -> "Scalar":
        """e to the power of self"""
        return Exp.apply(self)

    def sigmoid(self) -> "Scalar":
        """1 / (1 + e^-self)"""
        return Sigmoid.apply(self)

    def relu(self) -> "Scalar":
        """max(self, 0)"""
        return ReLU.apply(self)

    # Differentiation

    def backward(self, d_output: float | None = None) -> None:
        """Add to the `derivative` of every leaf of the graph the derivative of this Scalar with respect to it.

        Args:
            d_output: The derivative of the final quantity with respect to this Scalar; 1 if left out.

        Raises:
            GraphError: The Scalar is a constant.

        Examples:
            >>> import minitorch
            >>> x = minitorch.Scalar(3)
            >>> for _ in range(2):  # derivatives add up
            ...     (5 * x).backward()
            >>> x.derivative
            10.0
        """
        if self.is_constant():
            raise GraphError(
                explain(
                    "backward() was called on a constant, which has no graph.",
                    got=repr(self),
                    expected="a Scalar that was computed from others",
                    fix="do not detach() it, and compute it from Scalars rather than floats",
                )
            )
        backpropagate(self, 1.0 if d_output is None else d_output)

    def accumulate_derivative(self, x: float) -> None:
        """Add `x` to the derivative of this leaf.

        Raises:
            GraphError: The Scalar is not a leaf.
        """
        if not self.is_leaf():
            raise GraphError(
                explain(
                    "Only leaves collect a derivative.",
                    got="a constant" if self.is_constant() else "the result of a Function",
                    expected="a Scalar made by Scalar(x)",
                    fix="call accumulate_derivative only where is_leaf() is True",
                )
            )
        self.derivative = (self.derivative or 0.0) + x

    def requires_grad_(self, requires_grad: bool = True) -> "Scalar":
        """Turn this Scalar into a leaf, or, with False, into a constant. Returns itself.

        Examples:
            >>> import minitorch
            >>> x, y = minitorch.Scalar(3), minitorch.Scalar(4).requires_grad_(False)
            >>> (x * y).backward()
            >>> print(x.derivative, y.derivative)
            4.0 None
        """
        self.history = History() if requires_grad else None
        return self

    def detach(self) -> "Scalar":
        """A constant with the same value."""
        return Scalar(self.data, None)

    def numbers(self) -> np.ndarray:
        """The value as a NumPy array without dimensions."""
        return np.array(self.data)

    def like(self, values: Any) -> "Scalar":
        """A constant Scalar with the value of a one-element array."""
        return Scalar(float(values), None)

    def _fit(self, derivative: Any) -> float:
        return derivative

    def _operands(self, args: Sequence[Any]) -> tuple[list[Variable], list[Any]]:
        scalars = [a if isinstance(a, Scalar) else Scalar(_as_float(a)) for a in args]
        return list(scalars), [s.data for s in scalars]

    def _wrap(self, result: float, history: History | None) -> "Scalar":
        return Scalar(result, history)


ScalarLike: TypeAlias = float | int | Scalar
"""What Scalars can be combined with."""


def _as_float(x: Any) -> float:
    """Read a plain number that stands beside a Scalar."""
    # Not all that float() accepts: it would also read text, and cut the graph of a tensor.
    if isinstance(x, (numbers.Real, np.bool_)):
        return float(x)
    raise DTypeError(
        explain(
            "A Scalar can be combined with numbers and Scalars only.",
            got=f"{x!r} of type {type(x).__name__}",
            expected="a float, an int or a Scalar",
            fix="take single numbers out of a tensor with .item()",
        )
    )
