"""Checking gradients, and the small functions that the course tests its arithmetic with.

A gradient is checked against the definition of the derivative. Moving the inputs a little along a direction must
change the result by as much as the gradient says; both numbers are computed and compared.
"""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import operators
from .autodiff import central_difference
from .errors import DTypeError, explain
from .scalar import Scalar
from .tensor import Tensor
from .tensor_data import TensorData

RELATIVE_TOLERANCE = 1e-5
"""How far gradient and difference may lie apart, compared to the size of the gradient."""


def _compare(
    name: str, gradient: float, f: Callable[[float], float], scale: float, size: float, epsilon: float
) -> None:
    """Raise AssertionError unless a gradient agrees with the difference quotient.

    Args:
        name: What is checked, for the message.
        gradient: The slope that the gradient promises.
        f: The function to differentiate at 0.
        scale: The sum of the sizes of all contributions to `gradient`, which may cancel each other.
        size: The sum of the sizes of the values that were subtracted: each is rounded, and that is seen as a change.
        epsilon: Half the distance between the two evaluations.
    """
    rounding = 16 * np.finfo(np.float64).eps * size / epsilon
    tolerance = RELATIVE_TOLERANCE * scale + rounding
    difference = central_difference(f, 0.0, epsilon=epsilon)
    if math.isfinite(gradient) and abs(gradient - difference) <= tolerance:
        return
    # Rounding inside of the function, and its curvature, are not known beforehand. They show in how much the
    # difference quotient itself changes with the size of the step.
    others = [central_difference(f, 0.0, epsilon=factor * epsilon) for factor in (2, 3, 4)]
    tolerance += 3 * max(abs(other - difference) for other in others)
    # Written so that NaN and infinity fail, on either side.
    if not (math.isfinite(gradient) and math.isfinite(difference) and abs(gradient - difference) <= tolerance):
        raise AssertionError(
            explain(
                f"The derivative with respect to {name} is wrong.",
                got=f"backward gives a slope of {gradient:.9g}",
                expected=f"{difference:.9g}, from central differences (they may differ by {tolerance:.2g})",
                fix="check backward: does it use the gradient that arrives, every input, and every path?",
            )
        )


def derivative_check(f: Callable[..., Scalar], *scalars: Scalar) -> None:
    """Check the derivatives of a function of Scalars against central differences.

    Args:
        f: The function.
        scalars: The point at which to check it.

    Raises:
        AssertionError: A derivative is missing or wrong.

    Examples:
        >>> import minitorch
        >>> minitorch.derivative_check(lambda x, y: x * y + x, minitorch.Scalar(2), minitorch.Scalar(3))
        >>> minitorch.derivative_check(lambda x: x * x.detach(), minitorch.Scalar(2))
        Traceback (most recent call last):
            ...
        AssertionError: The derivative with respect to argument 0 is wrong.
          got:      backward gives a slope of 2
          expected: 4, from central differences (they may differ by 2e-05)
          fix:      check backward: does it use the gradient that arrives, every input, and every path?
    """
    leaves = [Scalar(x.data) for x in scalars]
    out = f(*leaves)
    out.backward()
    for i, leaf in enumerate(leaves):
        if leaf.derivative is None:
            raise AssertionError(_missing(f"argument {i}"))

        def along(step: float, i: int = i) -> float:
            return f(*[x + step if j == i else x for j, x in enumerate(scalars)]).data

        _compare(f"argument {i}", leaf.derivative, along, abs(leaf.derivative), abs(out.data), 1e-6)


def _missing(name: str) -> str:
    return explain(
        f"No derivative arrived at {name}.",
        got="None",
        expected="a derivative, even if it is zero",
        fix="check that the graph is not cut: compute with Scalars and Tensors all the way, and do not detach()",
    )


def grad_check(f: Callable[..., Tensor], *vals: Tensor, epsilon: float = 1e-6) -> None:
    """Check the gradients of a function of tensors against central differences, weighing every cell.

    The result is folded into one number with random weights (a random upstream gradient), so that each of its cells
    counts. Each input is moved along two directions in which every cell takes part: first uphill, as the gradient
    sees it, so that no two contributions cancel; then a random one.

    Args:
        f: The function; it must give the same result each time.
        vals: The float64 tensors at which to check it; they are not changed.
        epsilon: Half the distance between the two evaluations of a difference.

    Raises:
        AssertionError: A gradient is missing or wrong, or the function is random.
        DTypeError: An input is not float64, which is too coarse for differences.

    Examples:
        >>> import minitorch
        >>> minitorch.grad_check(lambda a, b: (a * b).sum(1), minitorch.rand(2, 3), minitorch.rand(3))
        >>> minitorch.grad_check(lambda a: minitorch.dropout(a, 0.5), minitorch.ones(100))
        Traceback (most recent call last):
            ...
        AssertionError: The function gives different results for the same input, so it has no gradient to check.
          got:      two different results
          expected: a function without randomness
          fix:      seed the generator inside the function
    """
    for i, x in enumerate(vals):
        if x.dtype != np.float64:
            raise DTypeError(
                explain(
                    "grad_check needs inputs of double precision.",
                    got=f"argument {i} of {x.dtype}",
                    expected="float64",
                    fix="make the tensor without dtype=",
                )
            )
    rng = np.random.default_rng(random.getrandbits(32))

    def weights(shape: tuple[int, ...]) -> Any:
        """Random numbers of random sign, none of them close to zero."""
        return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)

    leaves = [_moved(x, 0.0).requires_grad_(True) for x in vals]
    out = f(*leaves)
    if not np.array_equal(out.to_numpy(), f(*vals).to_numpy(), equal_nan=True):
        raise AssertionError(
            explain(
                "The function gives different results for the same input, so it has no gradient to check.",
                got="two different results",
                expected="a function without randomness",
                fix="seed the generator inside the function",
            )
        )
    upstream = weights(out.shape)
    out.backward(upstream)
    size = float(np.abs(upstream * out.to_numpy()).sum())
    for i, leaf in enumerate(leaves):
        if leaf.grad is None:
            raise AssertionError(_missing(f"argument {i}"))
        gradient = leaf.grad.to_numpy()
        if gradient.shape != leaf.shape:
            raise AssertionError(
                explain(
                    f"The gradient of argument {i} has the wrong shape.",
                    got=gradient.shape,
                    expected=leaf.shape,
                    fix="return gradients of the shapes of the inputs",
                )
            )
        uphill = np.where(gradient < 0, -1.0, 1.0) * np.abs(weights(leaf.shape))
        for direction in (uphill, weights(leaf.shape)):

            def along(step: float, i: int = i, direction: Any = direction) -> float:
                moved = [_moved(x, step * direction) if j == i else x for j, x in enumerate(vals)]
                return float((upstream * f(*moved).to_numpy()).sum())

            with np.errstate(invalid="ignore"):  # infinities may cancel to NaN, which is found wrong below
                slope = float((gradient * direction).sum())
                scale = float(np.abs(gradient * direction).sum())
            _compare(f"argument {i}", slope, along, scale, size, epsilon)


def _moved(x: Tensor, change: Any) -> Tensor:
    """A constant that equals x + change and lies in memory the same way, so that other strides are checked too."""
    # Where strides make several cells share one number, they cannot be moved one by one.
    strides = x._tensor.strides if len(set(_positions(x))) == x.size else None
    moved = x._new(TensorData(np.zeros(x.size), x.shape, strides))
    moved._tensor.array()[...] = x.to_numpy() + change
    return moved


def _positions(x: Tensor) -> Sequence[int]:
    return [x._tensor.index(cell) for cell in x._tensor.indices()]


class MathTest:
    """Functions of numbers. A name that ends in 2 takes two, one that ends in red takes a list, all others one.

    Constants that are no whole numbers are written as fractions. A property-based test draws numbers that it finds in
    the source, and would hit a bend or a pole of these functions exactly.

    Examples:
        >>> import minitorch
        >>> minitorch.MathTest.addConstant(1), minitorch.MathTest.mul2(3, 4), minitorch.MathTest.sum_red([1, 2, 3])
        (6, 12, 6.0)
    """

    @staticmethod
    def neg(a: Any) -> Any:
        """-a"""
        return -a

    @staticmethod
    def addConstant(a: Any) -> Any:
        """5 + a"""
        return 5 + a

    @staticmethod
    def subConstant(a: Any) -> Any:
        """a - 5"""
        return a - 5

    @staticmethod
    def multConstant(a: Any) -> Any:
        """5 a"""
        return 5 * a

    @staticmethod
    def div(a: Any) -> Any:
        """a / 5"""
        return a / 5

    @staticmethod
    def inv(a: Any) -> Any:
        """1 / (a + 7/2)"""
        return operators.inv(a + 7 / 2)

    @staticmethod
    def square(a: Any) -> Any:
        """a^2"""
        return a * a

    @staticmethod
    def cube(a: Any) -> Any:
        """a^3"""
        return a * a * a

    @staticmethod
    def sig(a: Any) -> Any:
        """sigmoid(a)"""
        return operators.sigmoid(a)

    @staticmethod
    def log(a: Any) -> Any:
        """ln(a + 100000)"""
        return operators.log(a + 100000)

    @staticmethod
    def exp(a: Any) -> Any:
        """e^(a - 200)"""
        return operators.exp(a - 200)

    @staticmethod
    def explog(a: Any) -> Any:
        """ln(a + 100000) + e^(a - 200)"""
        return operators.log(a + 100000) + operators.exp(a - 200)

    @staticmethod
    def relu(a: Any) -> Any:
        """relu(a + 11/2)"""
        return operators.relu(a + 11 / 2)

    @staticmethod
    def complex(a: Any) -> Any:
        """ln(sigmoid(10 relu(6 relu(10 a + 7) + 5))) / 50"""
        inner = operators.relu(10 * a + 7)
        return operators.log(operators.sigmoid(10 * operators.relu(6 * inner + 5))) / 50

    @staticmethod
    def add2(a: Any, b: Any) -> Any:
        """a + b"""
        return a + b

    @staticmethod
    def mul2(a: Any, b: Any) -> Any:
        """a b"""
        return a * b

    @staticmethod
    def div2(a: Any, b: Any) -> Any:
        """a / (b + 11/2)"""
        return a / (b + 11 / 2)

    @staticmethod
    def gt2(a: Any, b: Any) -> Any:
        """a + 6/5 > b"""
        return operators.lt(b, a + 6 / 5)

    @staticmethod
    def lt2(a: Any, b: Any) -> Any:
        """a + 6/5 < b"""
        return operators.lt(a + 6 / 5, b)

    @staticmethod
    def eq2(a: Any, b: Any) -> Any:
        """a == b + 11/2"""
        return operators.eq(a, b + 11 / 2)

    @staticmethod
    def sum_red(a: Any) -> Any:
        """The sum"""
        return operators.sum(a)

    @staticmethod
    def mean_red(a: Any) -> Any:
        """The mean"""
        return operators.sum(a) / len(a)

    @staticmethod
    def mean_full_red(a: Any) -> Any:
        """The mean"""
        return operators.sum(a) / len(a)

    @classmethod
    def _tests(cls) -> tuple[list[Any], list[Any], list[Any]]:
        """Pairs (name, function): those of one number, those of two, and those of a list."""
        one: list[Any] = []
        two: list[Any] = []
        red: list[Any] = []
        for name in dir(cls):
            if not name.startswith("_"):
                kind = two if name.endswith("2") else red if name.endswith("red") else one
                kind.append((name, getattr(cls, name)))
        return one, two, red

    @classmethod
    def _comp_testing(cls) -> tuple[list[Any], list[Any], list[Any]]:
        """Triples (name, function of floats, function of variables), sorted as in `_tests`."""
        floats, variables = MathTest._tests(), cls._tests()
        return tuple(  # type: ignore[return-value]
            [(name, f, g) for (name, f), (_, g) in zip(kind_f, kind_g)] for kind_f, kind_g in zip(floats, variables)
        )


class MathTestVariable(MathTest):
    """The same functions on Scalars and tensors, whose functions are methods.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(3)
        >>> minitorch.MathTestVariable.cube(x).backward()
        >>> x.derivative
        27.0
    """

    @staticmethod
    def inv(a: Any) -> Any:
        """1 / (a + 7/2)"""
        return 1.0 / (a + 7 / 2)

    @staticmethod
    def sig(a: Any) -> Any:
        """sigmoid(a)"""
        return a.sigmoid()

    @staticmethod
    def log(a: Any) -> Any:
        """ln(a + 100000)"""
        return (a + 100000).log()

    @staticmethod
    def exp(a: Any) -> Any:
        """e^(a - 200)"""
        return (a - 200).exp()

    @staticmethod
    def explog(a: Any) -> Any:
        """ln(a + 100000) + e^(a - 200)"""
        return (a + 100000).log() + (a - 200).exp()

    @staticmethod
    def relu(a: Any) -> Any:
        """relu(a + 11/2)"""
        return (a + 11 / 2).relu()

    @staticmethod
    def complex(a: Any) -> Any:
        """ln(sigmoid(10 relu(6 relu(10 a + 7) + 5))) / 50"""
        inner = (10 * a + 7).relu()
        return (10 * (6 * inner + 5).relu()).sigmoid().log() / 50

    @staticmethod
    def gt2(a: Any, b: Any) -> Any:
        """a + 6/5 > b"""
        return a + 6 / 5 > b

    @staticmethod
    def lt2(a: Any, b: Any) -> Any:
        """a + 6/5 < b"""
        return a + 6 / 5 < b

    @staticmethod
    def eq2(a: Any, b: Any) -> Any:
        """a == b + 11/2"""
        return a == b + 11 / 2

    @staticmethod
    def sum_red(a: Any) -> Any:
        """The sum along dimension 0"""
        return a.sum(0)

    @staticmethod
    def mean_red(a: Any) -> Any:
        """The mean along dimension 0"""
        return a.mean(0)

    @staticmethod
    def mean_full_red(a: Any) -> Any:
        """The mean of all cells"""
        return a.mean()
