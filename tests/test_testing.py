"""The checks themselves are checked: they must find planted errors, and must pass what is right.

Then the tables of small functions that the course tests its arithmetic with.
"""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import minitorch
from minitorch import Context, Function, MathTest, MathTestVariable, Scalar, ScalarFunction, Tensor
from minitorch.testing import derivative_check, grad_check

from .checks import LAYOUTS, lay_out, random_array, seeds

pytestmark = pytest.mark.task2_4


# grad_check finds what is wrong


def planted(backward: Callable[[Any, Any, Any], Any]) -> Any:
    """The function a * b on tensors, with a derivative of the test's own.

    Args:
        backward: From the arrays a, b and the upstream gradient, the two gradients.
    """

    class Product(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> Any:
            a, b = ctx.saved_values
            gradients = backward(a.to_numpy(), b.to_numpy(), grad_output.to_numpy())
            return tuple(minitorch.tensor(gradient) for gradient in gradients)

    return Product.apply


def two_tensors(seed: int, shape: tuple[int, ...] = (2, 3)) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    return minitorch.tensor(random_array(rng, shape)), minitorch.tensor(random_array(rng, shape))


def but_one_cell(gradient: Any, cell: tuple[int, ...]) -> Any:
    """A gradient with an error of 0.1 % in a single cell."""
    gradient = gradient.copy()
    gradient[cell] *= 1.001
    return gradient


@given(seed=seeds())
def test_grad_check_passes_the_right_derivative(seed: int) -> None:
    """So that the failures below are due to the planted errors."""
    grad_check(planted(lambda a, b, d: (d * b, d * a)), *two_tensors(seed))


@pytest.mark.parametrize(
    ("backward", "message"),
    [
        pytest.param(lambda a, b, d: (1.001 * d * b, 1.001 * d * a), "argument 0 is wrong", id="0.1 % too much"),
        pytest.param(lambda a, b, d: (d * b, 0.999 * d * a), "argument 1 is wrong", id="0.1 % in one input only"),
        pytest.param(
            lambda a, b, d: (but_one_cell(d * b, (1, 2)), d * a), "argument 0 is wrong", id="0.1 % in one cell"
        ),
        pytest.param(
            lambda a, b, d: (d * b, but_one_cell(d * a, (0, 0))), "argument 1 is wrong", id="0.1 % in another cell"
        ),
        pytest.param(lambda a, b, d: (b, a), "argument 0 is wrong", id="upstream factor dropped"),
        pytest.param(lambda a, b, d: (d.mean() * b, d.mean() * a), "argument 0 is wrong", id="upstream averaged"),
        pytest.param(lambda a, b, d: (d * b, d[:, ::-1] * a), "argument 1 is wrong", id="upstream mirrored"),
        pytest.param(lambda a, b, d: (d * a, d * b), "argument 0 is wrong", id="inputs swapped"),
        pytest.param(lambda a, b, d: (-d * b, -d * a), "argument 0 is wrong", id="sign"),
        pytest.param(lambda a, b, d: (0 * d, d * a), "argument 0 is wrong", id="zero"),
        pytest.param(lambda a, b, d: (d * b, np.nan * d), "argument 1 is wrong", id="NaN"),
        pytest.param(lambda a, b, d: (d * b, np.inf * d), "argument 1 is wrong", id="infinity"),
        pytest.param(
            lambda a, b, d: (np.where(a < 0, 1.001, 1) * d * b, d * a),
            "argument 0 is wrong",
            id="where an input is negative",
        ),
    ],
)
@given(seed=seeds())
def test_grad_check_finds_wrong_derivatives(backward: Any, message: str, seed: int) -> None:
    a, b = two_tensors(seed)
    a[0, 0] = -abs(a[0, 0])
    with pytest.raises(AssertionError, match=message):
        grad_check(planted(backward), a, b)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_grad_check_finds_derivatives_that_are_no_numbers(wrong: float) -> None:
    """A tolerance in proportion to an infinite gradient is infinite too, and must not excuse it."""
    with pytest.raises(AssertionError, match="argument 0 is wrong"):
        grad_check(planted(lambda a, b, d: (wrong + 0 * d, d * a)), *two_tensors(1, (1,)))


def test_grad_check_says_what_is_wrong() -> None:
    with pytest.raises(AssertionError, match=r"(?s)got: +backward gives a slope of -?\d.*expected: -?\d.*fix:"):
        grad_check(planted(lambda a, b, d: (2 * d * b, d * a)), *two_tensors(1))


def test_grad_check_finds_a_cut_graph() -> None:
    """A result computed from detached tensors: no gradient arrives at one of the inputs, or at any."""
    a, b = two_tensors(2)
    with pytest.raises(AssertionError, match=r"(?s)No derivative arrived at argument 1.*got:.*expected:.*fix:"):
        grad_check(lambda x, y: x * y.detach(), a, b)
    with pytest.raises(minitorch.GraphError):
        grad_check(lambda x: x.detach() * 2, a)


def test_grad_check_finds_a_partly_cut_graph() -> None:
    """One of two paths to the same input is cut."""
    with pytest.raises(AssertionError, match="argument 0 is wrong"):
        grad_check(lambda x: x * x.detach(), two_tensors(3)[0])


def test_grad_check_finds_a_gradient_of_another_shape() -> None:
    class Transposed(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            return a * 2

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> Tensor:
            return (grad_output * 2).permute(1, 0)

    with pytest.raises(minitorch.BroadcastError, match=r"\(2, 3\) and \(3, 2\)"):
        grad_check(Transposed.apply, two_tensors(4)[0])


def test_grad_check_refuses_random_functions() -> None:
    x = minitorch.ones(2, 3)
    with pytest.raises(AssertionError, match=r"(?s)different results.*got:.*expected:.*fix: +seed the generator"):
        grad_check(lambda x: x + minitorch.rand(2, 3), x)


def test_grad_check_finds_errors_behind_large_constants() -> None:
    """The tolerance follows the size of the derivative, not that of the value."""
    product = planted(lambda a, b, d: (1.001 * d * b, d * a))
    with pytest.raises(AssertionError, match="argument 0 is wrong"):
        grad_check(lambda a, b: product(a, b) + 1000.0, *two_tensors(5))


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_grad_check_finds_errors_at_any_scale(scale: float) -> None:
    product = planted(lambda a, b, d: (1.001 * d * b, d * a))
    with pytest.raises(AssertionError, match="argument 0 is wrong"):
        grad_check(lambda a, b: product(a, b) * scale, *two_tensors(6))


def test_grad_check_refuses_coarse_numbers() -> None:
    """Differences of float32 numbers are mostly rounding."""
    coarse = Tensor.make(np.ones(3, np.float32), (3,))
    with pytest.raises(minitorch.DTypeError, match=r"(?s)got: +argument 1 of .*expected: float64.*fix:"):
        grad_check(lambda a, b: a + b, minitorch.ones(3), coarse)


# grad_check passes what is right


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda a, b: a + b * 3, id="linear"),
        pytest.param(lambda a, b: a * b + a / b, id="products and quotients"),
        pytest.param(lambda a, b: (a * b).sigmoid() * b.exp(), id="smooth"),
        pytest.param(lambda a, b: (a * a + 1).log() + b, id="logarithm"),
        pytest.param(lambda a, b: a.relu() - (-b).relu(), id="bent, away from the bend"),
        pytest.param(lambda a, b: (a < b) * a, id="with steps, away from the step"),
        pytest.param(lambda a, b: (a < b) + 0 * a + 0 * b, id="flat"),
        pytest.param(lambda a, b: a - a + b, id="contributions that cancel"),
        pytest.param(lambda a, b: (a + b).sum(), id="one number"),
        pytest.param(lambda a, b: (a * b).sum(0), id="sum along a dimension"),
        pytest.param(lambda a, b: a.mean(1) * b, id="broadcast"),
        pytest.param(lambda a, b: a.permute(1, 0) * b.permute(1, 0), id="permuted"),
        pytest.param(lambda a, b: 1e6 * a * b + 1e6, id="large"),
        pytest.param(lambda a, b: 1e-6 * a * b, id="small"),
    ],
)
@given(seed=seeds(), layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS)))
def test_grad_check_passes_right_functions(function: Any, seed: int, layouts: tuple[str, str]) -> None:
    """The cells are at least 0.1 from every bend or step: from 0, and from each other."""
    rng = np.random.default_rng(seed)
    cells = (rng.permutation(12) - 6).reshape(2, 2, 3) * 0.25 + 0.125
    grad_check(function, *[lay_out(array, layout) for array, layout in zip(cells, layouts)])


def test_grad_check_passes_tensors_that_share_cells() -> None:
    """A stride of 0 makes a row of one number; it is copied, so that its cells can be moved one by one."""
    row = Tensor(minitorch.TensorData(np.array([2.0, 0.0, 0.0]), (3,), (0,)))
    grad_check(lambda x: x * x * minitorch.tensor([1, 2, 3]), row)
    assert row.to_numpy().tolist() == [2, 2, 2]


def test_grad_check_on_both_backends(backend: minitorch.TensorBackend) -> None:
    used = []

    def function(x: Tensor) -> Tensor:
        used.append(x.backend)
        return x * x

    grad_check(function, minitorch.tensor(random_array(np.random.default_rng(7), (2, 3)), backend=backend))
    assert all(b is backend for b in used)


def test_grad_check_passes_functions_that_seed_themselves() -> None:
    def seeded(x: Tensor) -> Tensor:
        minitorch.manual_seed(8)
        return x * minitorch.rand(2, 3)

    grad_check(seeded, two_tensors(8)[0])


def test_grad_check_changes_nothing() -> None:
    """Its inputs keep their values, their gradients and their place in the graph."""
    a, b = two_tensors(9)
    a.requires_grad_(True)
    before = a.to_numpy(), b.to_numpy()
    grad_check(lambda x, y: x * y, a, b)
    np.testing.assert_array_equal(a.to_numpy(), before[0])
    np.testing.assert_array_equal(b.to_numpy(), before[1])
    assert a.is_leaf()
    assert b.is_constant()
    assert a.grad is None
    assert b.grad is None


def test_checks_are_public() -> None:
    assert minitorch.grad_check is grad_check
    assert minitorch.derivative_check is derivative_check


# derivative_check


def planted_scalar(backward: Callable[[float, float, float], Any]) -> Any:
    """The function a * b on Scalars, with a derivative of the test's own."""

    class Product(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, a: float, b: float) -> float:
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Context, d_output: float) -> Any:
            return backward(*ctx.saved_values, d_output)

    return Product.apply


@pytest.mark.task1_4
@pytest.mark.parametrize(
    ("backward", "message"),
    [
        pytest.param(lambda a, b, d: (1.001 * d * b, d * a), "argument 0 is wrong", id="0.1 % in the first"),
        pytest.param(lambda a, b, d: (d * b, 0.999 * d * a), "argument 1 is wrong", id="0.1 % in the second"),
        pytest.param(lambda a, b, d: (b, a), "argument 0 is wrong", id="upstream factor dropped"),
        pytest.param(lambda a, b, d: (d * a, d * b), "argument 0 is wrong", id="inputs swapped"),
        pytest.param(lambda a, b, d: (0.0, d * a), "argument 0 is wrong", id="zero"),
        pytest.param(lambda a, b, d: (d * b, math.nan), "argument 1 is wrong", id="NaN"),
        pytest.param(lambda a, b, d: (d * b, math.inf), "argument 1 is wrong", id="infinity"),
    ],
)
@given(a=st.floats(0.5, 2), b=st.floats(-4, -2.5))
def test_derivative_check_finds_wrong_derivatives(backward: Any, message: str, a: float, b: float) -> None:
    product = planted_scalar(backward)
    with pytest.raises(AssertionError, match=message):
        derivative_check(lambda x, y: 3 * product(x, y), Scalar(a), Scalar(b))


@pytest.mark.task1_4
@given(a=st.floats(0.5, 2), b=st.floats(-4, -2.5))
def test_derivative_check_passes_the_right_derivative(a: float, b: float) -> None:
    product = planted_scalar(lambda a, b, d: (d * b, d * a))
    derivative_check(lambda x, y: 3 * product(x, y), Scalar(a), Scalar(b))


@pytest.mark.task1_4
def test_derivative_check_finds_a_cut_graph() -> None:
    with pytest.raises(AssertionError, match=r"(?s)No derivative arrived at argument 1.*got:.*expected:.*fix:"):
        derivative_check(lambda x, y: x * y.data, Scalar(2), Scalar(3))


@pytest.mark.task1_4
def test_derivative_check_changes_nothing() -> None:
    x = Scalar(2)
    derivative_check(lambda x: x * x, x)
    assert (x.data, x.derivative) == (2, None)


@pytest.mark.task1_4
@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda x: x.relu(), id="bent"),
        pytest.param(lambda x: (x < 0.25) * x, id="with a step"),
        pytest.param(lambda x: x.exp() + x.sigmoid() * (x * x + 1).log(), id="smooth"),
        pytest.param(lambda x: 1e6 * x + 1e6, id="large"),
        pytest.param(lambda x: x - x, id="contributions that cancel"),
    ],
)
@given(x=st.floats(0.5, 3), sign=st.sampled_from([-1, 1]))
def test_derivative_check_passes_right_functions(function: Any, x: float, sign: int) -> None:
    """Away from the bend at 0 and the step at a quarter."""
    derivative_check(function, Scalar(sign * x))


# The tables of functions

ONE = {
    "addConstant": lambda a: 5 + a,
    "complex": lambda a: math.log(1 / (1 + math.exp(-10 * max(6 * max(10 * a + 7, 0) + 5, 0))) + 1e-6) / 50,
    "cube": lambda a: a**3,
    "div": lambda a: a / 5,
    "exp": lambda a: math.exp(a - 200),
    "explog": lambda a: math.log(a + 100000 + 1e-6) + math.exp(a - 200),
    "inv": lambda a: 1 / (a + 7 / 2),
    "log": lambda a: math.log(a + 100000 + 1e-6),
    "multConstant": lambda a: 5 * a,
    "neg": lambda a: -a,
    "relu": lambda a: max(a + 11 / 2, 0),
    "sig": lambda a: 1 / (1 + math.exp(-a)),
    "square": lambda a: a**2,
    "subConstant": lambda a: a - 5,
}
TWO = {
    "add2": lambda a, b: a + b,
    "div2": lambda a, b: a / (b + 11 / 2),
    "eq2": lambda a, b: float(a == b + 11 / 2),
    "gt2": lambda a, b: float(a + 6 / 5 > b),
    "lt2": lambda a, b: float(a + 6 / 5 < b),
    "mul2": lambda a, b: a * b,
}
RED = {
    "mean_full_red": lambda a: math.fsum(a) / len(a),
    "mean_red": lambda a: math.fsum(a) / len(a),
    "sum_red": math.fsum,
}


@pytest.mark.task0_1
def test_tables_list_all_functions_in_order() -> None:
    """The course parametrizes its tests with these names."""
    names = [[name for name, _ in table] for table in MathTest._tests()]
    assert names == [list(ONE), list(TWO), list(RED)]
    for table, of_variables in zip(MathTest._tests(), MathTestVariable._comp_testing()):
        assert [name for name, _, _ in of_variables] == [name for name, _ in table]
        assert [f for _, f, _ in of_variables] == [f for _, f in table]


NUMBERS = [-8.25, -2.75, -1.0, -0.25, 0.0, 0.125, 1.0, 4.0, 50.0]
"""On both sides of every bend, and of every step by pairs."""


@pytest.mark.task0_1
@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("a", NUMBERS)
def test_functions_of_one_number(name: str, a: float) -> None:
    assert getattr(MathTest, name)(a) == pytest.approx(ONE[name](a), rel=1e-12)


@pytest.mark.task0_1
@pytest.mark.parametrize("name", TWO)
@given(a=st.integers(-10, 10), b=st.integers(-20, 20))
def test_functions_of_two_numbers(name: str, a: int, b: int) -> None:
    """Multiples of a half, so that the two sides of `eq2` do meet."""
    assert getattr(MathTest, name)(a / 2, b / 2 + 1 / 4) == pytest.approx(TWO[name](a / 2, b / 2 + 1 / 4), rel=1e-12)
    if b != -11:
        assert getattr(MathTest, name)(a / 2, b / 2) == pytest.approx(TWO[name](a / 2, b / 2), rel=1e-12)


@pytest.mark.task0_3
@pytest.mark.parametrize("name", RED)
@given(a=st.lists(st.floats(-100, 100), min_size=1, max_size=9))
def test_functions_of_a_list(name: str, a: list[float]) -> None:
    assert getattr(MathTest, name)(a) == pytest.approx(RED[name](a), rel=1e-9, abs=1e-9)


@pytest.mark.task1_2
@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("a", NUMBERS)
def test_functions_of_a_scalar(name: str, a: float) -> None:
    out = getattr(MathTestVariable, name)(Scalar(a))
    assert isinstance(out, Scalar)
    assert out.data == pytest.approx(ONE[name](a), rel=1e-9)


@pytest.mark.task1_2
@pytest.mark.parametrize("name", TWO)
@given(a=st.integers(-10, 10), b=st.integers(-10, 10), gap=st.sampled_from([-11 / 2, 0, 1]))
def test_functions_of_two_scalars(name: str, a: int, b: int, gap: float) -> None:
    """`gap` makes the two sides of `eq2` meet now and then."""
    numbers = (a / 2, a / 2 + gap if gap else b / 2 + 1 / 4)
    assume(name != "div2" or numbers[1] != -11 / 2)  # its pole
    out = getattr(MathTestVariable, name)(*[Scalar(x) for x in numbers])
    assert isinstance(out, Scalar)
    assert out.data == pytest.approx(TWO[name](*numbers), rel=1e-9)


@pytest.mark.task2_3
@pytest.mark.parametrize("name", [*ONE, *TWO])
def test_functions_of_tensors(name: str) -> None:
    rng = np.random.default_rng(10)
    arrays = [rng.uniform(-3, 5, (2, 3)) for _ in range(1 if name in ONE else 2)]
    expected = np.vectorize({**ONE, **TWO}[name])(*arrays)
    out = getattr(MathTestVariable, name)(*[minitorch.tensor(array) for array in arrays])
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-9)


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("name", "expected"),
    [("sum_red", [[5, 7, 9]]), ("mean_red", [[5 / 2, 7 / 2, 9 / 2]]), ("mean_full_red", [7 / 2])],
)
def test_reductions_of_tensors(name: str, expected: list[Any]) -> None:
    out = getattr(MathTestVariable, name)(minitorch.tensor([[1, 2, 3], [4, 5, 6]]))
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("name", [*ONE, *TWO, *RED])
def test_gradients_of_the_table(name: str) -> None:
    """Where the functions bend or step is left out: `a` lies above all bends, and far from `b`."""
    rng = np.random.default_rng(random.getrandbits(32))
    tensors = [minitorch.tensor(rng.uniform(low, low + 1, (2, 3))) for low in ([1, 4] if name in TWO else [1])]
    grad_check(getattr(MathTestVariable, name), *tensors)
