"""The Functions of Scalars one by one, and what a Function of one's own must keep to."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from minitorch import Context, DTypeError, GraphError, Scalar, ScalarFunction, scalar_functions
from minitorch.scalar_functions import EQ, LT, Add, Exp, Inv, Log, Mul, Neg, ReLU, Sigmoid

from .checks import seeds

# The Function, its value, and its derivatives times d; all on plain numbers. Arguments lie between 0.1 and 3 in size.
RIGHT: dict[type[ScalarFunction], tuple[Callable[..., Any], Callable[..., tuple]]] = {
    Add: (lambda a, b: a + b, lambda d, a, b: (d, d)),
    Mul: (lambda a, b: a * b, lambda d, a, b: (d * b, d * a)),
    Neg: (lambda a: -a, lambda d, a: (-d,)),
    Inv: (lambda a: 1 / a, lambda d, a: (-d / a**2,)),
    Log: (lambda a: np.log(abs(a) + 1e-6), lambda d, a: (d / (abs(a) + 1e-6),)),
    Exp: (np.exp, lambda d, a: (d * np.exp(a),)),
    Sigmoid: (lambda a: 1 / (1 + np.exp(-a)), lambda d, a: (d / (2 + np.exp(a) + np.exp(-a)),)),
    ReLU: (lambda a: np.maximum(a, 0), lambda d, a: (d * (a > 0),)),
    LT: (lambda a, b: a < b, lambda d, a, b: (0, 0)),
    EQ: (lambda a, b: a == b, lambda d, a, b: (0, 0)),
}


def arguments(function: type[ScalarFunction], seed: int) -> tuple[list[float], float]:
    """Random arguments for a Function, and a random derivative to hand back through it."""
    rng = np.random.default_rng(seed)
    size = 2 if function in (Add, Mul, LT, EQ) else 1
    point = rng.uniform(0.1, 3.0, size)
    if function is not Log:  # which is for positive numbers
        point *= rng.choice([-1.0, 1.0], size)
    return [float(x) for x in point], float(rng.normal())


@pytest.mark.task1_2
@pytest.mark.parametrize("function", RIGHT)
@given(seed=seeds())
def test_forward(function: type[ScalarFunction], seed: int) -> None:
    point, _ = arguments(function, seed)
    out = function.apply(*[Scalar(x) for x in point])
    assert type(out.data) is float
    assert out.data == pytest.approx(float(RIGHT[function][0](*point)), rel=1e-12)


@pytest.mark.task1_4
@pytest.mark.parametrize("function", RIGHT)
@given(seed=seeds())
def test_backward(function: type[ScalarFunction], seed: int) -> None:
    point, d = arguments(function, seed)
    leaves = [Scalar(x) for x in point]
    pairs = list(function.apply(*leaves).chain_rule(d))
    assert [v is leaf for (v, _), leaf in zip(pairs, leaves, strict=True)] == [True] * len(point)
    assert [derivative for _, derivative in pairs] == pytest.approx(RIGHT[function][1](d, *point), rel=1e-9)


@pytest.mark.task1_2
def test_every_function_is_in_the_table() -> None:
    known = [f for f in vars(scalar_functions).values() if isinstance(f, type) and issubclass(f, ScalarFunction)]
    assert set(known) == {ScalarFunction, *RIGHT}


@pytest.mark.task1_4
def test_two_calls_of_a_function_do_not_mix_up_what_they_keep() -> None:
    x, y = Scalar(2.0), Scalar(3.0)
    first, second = x.exp(), y.exp()
    first.backward()
    second.backward()
    assert (x.derivative, y.derivative) == pytest.approx((np.exp(2.0), np.exp(3.0)))


# A Function of one's own


class Hypotenuse(ScalarFunction):
    """f(x, y) = the root of x^2 + y^2"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        assert type(x) is type(y) is float, "forward computes with floats"
        length = (x * x + y * y) ** 0.5
        ctx.save_for_backward(x, y, length)
        return length

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        x, y, length = ctx.saved_values
        return d_output * x / length, d_output * y / length


@pytest.mark.task1_3
@pytest.mark.parametrize("call", [(Scalar(3), Scalar(4)), (3, Scalar(4)), (Scalar(3), 4.0), (np.float32(3), Scalar(4))])
def test_numbers_and_scalars_can_be_mixed(call: tuple) -> None:
    out = Hypotenuse.apply(*call)
    assert out.data == 5.0
    assert len(out.parents) == 2
    for parent, argument, number in zip(out.parents, call, (3.0, 4.0)):
        assert isinstance(parent, Scalar)
        assert parent.data == number
        assert parent is argument or not isinstance(argument, Scalar)


@pytest.mark.task1_4
def test_a_function_of_ones_own_is_differentiated() -> None:
    x = Scalar(3.0)
    (2 * Hypotenuse.apply(x, 4)).backward()
    assert x.derivative == pytest.approx(2 * 3 / 5)


@pytest.mark.task1_3
@pytest.mark.parametrize("value", [1, True, None, "1.0", np.float32(1.0), np.array([1.0])], ids=repr)
def test_forward_must_return_a_float(value: Any) -> None:
    class Wrong(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> Any:
            return value

    kind = type(value).__name__
    with pytest.raises(DTypeError, match=rf"Wrong\.forward did not(.|\n)*of type {kind}\n  expected: a float\n  fix: "):
        Wrong.apply(Scalar(2.0))
    with pytest.raises(DTypeError):
        Wrong.apply(Scalar(2.0, None))  # also where no graph is recorded


@pytest.mark.task1_3
def test_a_numpy_float_is_a_float() -> None:
    class Sine(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            return np.sin(x)

    assert type(Sine.apply(Scalar(0.0)).data) is float


@pytest.mark.task1_3
def test_arguments_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(DTypeError, match=r"got: +'a' of type str"):
        Hypotenuse.apply(Scalar(1.0), "a")


@pytest.mark.task1_4
def test_a_wrong_number_of_derivatives_stops_the_backward_pass() -> None:
    class Forgetful(Hypotenuse):
        @staticmethod
        def backward(ctx: Context, d_output: float) -> float:
            return d_output

    x = Scalar(3.0)
    with pytest.raises(GraphError, match=r"Forgetful\.backward(.|\n)*got: +1 derivatives for 2 inputs"):
        Forgetful.apply(x, 4).backward()
    assert x.derivative is None
