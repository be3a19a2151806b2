"""Scalars: their operators forwards and backwards, beside plain numbers, and the rest of their behaviour."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import DTypeError, MathTestVariable, Scalar, ScalarHistory

numbers = st.floats(-20, 20)
positive = st.floats(0.01, 20)
either_sign = st.builds(lambda x, negative: -x if negative else x, positive, st.booleans())  # never close to zero


def sigmoid(x: Any) -> Any:
    """In terms of exp, which takes complex numbers too; good for moderate x."""
    return 1 / (1 + np.exp(-x))


# name: the function on Scalars, the same on numbers, and where each of its arguments may lie.
FUNCTIONS: dict[str, tuple[Callable[..., Any], Callable[..., Any], list[Any]]] = {
    "add": (lambda a, b: a + b, lambda a, b: a + b, [numbers, numbers]),
    "sub": (lambda a, b: a - b, lambda a, b: a - b, [numbers, numbers]),
    "mul": (lambda a, b: a * b, lambda a, b: a * b, [numbers, numbers]),
    "div": (lambda a, b: a / b, lambda a, b: a / b, [numbers, either_sign]),
    "neg": (lambda a: -a, lambda a: -a, [numbers]),
    "log": (lambda a: a.log(), lambda a: np.log(a + 1e-6), [positive]),
    "exp": (lambda a: a.exp(), np.exp, [numbers]),
    "sigmoid": (lambda a: a.sigmoid(), sigmoid, [numbers]),
    "relu": (lambda a: a.relu(), lambda a: a if np.real(a) > 0 else 0 * a, [either_sign]),
    "add_number": (lambda a: a + 5, lambda a: a + 5, [numbers]),
    "number_add": (lambda a: 5 + a, lambda a: 5 + a, [numbers]),
    "sub_number": (lambda a: a - 5, lambda a: a - 5, [numbers]),
    "number_sub": (lambda a: 5 - a, lambda a: 5 - a, [numbers]),
    "mul_number": (lambda a: a * 5, lambda a: a * 5, [numbers]),
    "number_mul": (lambda a: 5 * a, lambda a: 5 * a, [numbers]),
    "div_number": (lambda a: a / 5, lambda a: a / 5, [numbers]),
    "number_div": (lambda a: 5 / a, lambda a: 5 / a, [either_sign]),
    "numpy_number": (lambda a: a * np.float32(0.5) + np.int64(3), lambda a: a * 0.5 + 3, [numbers]),
    "square": (lambda a: a * a, lambda a: a * a, [numbers]),
    "quotient_of_itself": (lambda a: a / a, lambda a: a / a, [either_sign]),
    "mixed": (
        lambda a, b, c: (a * b + c).sigmoid() - b / (a.exp() + 1.0) * c,
        lambda a, b, c: sigmoid(a * b + c) - b / (np.exp(a) + 1.0) * c,
        [st.floats(-4, 4)] * 3,
    ),
}

COMPARISONS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "lt": (lambda a, b: a < b, lambda a, b: a < b),
    "gt": (lambda a, b: a > b, lambda a, b: a > b),
    "eq": (lambda a, b: a == b, lambda a, b: a == b),
}


@pytest.mark.task1_2
@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data())
def test_value(name: str, data: st.DataObject) -> None:
    function, right, domains = FUNCTIONS[name]
    point = [data.draw(domain) for domain in domains]
    out = function(*[Scalar(x) for x in point])
    assert isinstance(out, Scalar)
    assert type(out.data) is float
    assert out.data == pytest.approx(float(right(*point)), rel=1e-12, abs=1e-13)


@pytest.mark.task1_4
@pytest.mark.parametrize("name", FUNCTIONS)
@given(data=st.data(), upstream=st.floats(-3, 3))
def test_derivatives(name: str, data: st.DataObject, upstream: float) -> None:
    function, right, domains = FUNCTIONS[name]
    point = [data.draw(domain) for domain in domains]
    leaves = [Scalar(x) for x in point]
    function(*leaves).backward(upstream)
    for i, leaf in enumerate(leaves):
        # A step along the imaginary axis gives the derivative exactly: nothing is subtracted, so nothing cancels.
        moved = [complex(x, 1e-30) if i == j else complex(x) for j, x in enumerate(point)]
        expected = upstream * (np.imag(right(*moved)) / 1e-30)
        assert leaf.derivative is not None
        assert leaf.derivative == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.task1_2
@pytest.mark.parametrize("name", COMPARISONS)
@given(x=st.integers(-3, 3), y=st.integers(-3, 3))
def test_comparisons(name: str, x: int, y: int) -> None:
    compare, right = COMPARISONS[name]
    expected = float(right(x, y))
    for out in (compare(Scalar(x), Scalar(y)), compare(Scalar(x), y), compare(x, Scalar(y))):
        assert isinstance(out, Scalar)
        assert type(out.data) is float
        assert out.data == expected


@pytest.mark.task1_4
@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("y", [1.0, 2.0, 3.0])
def test_comparisons_have_derivatives_of_zero(name: str, y: float) -> None:
    a, b = Scalar(2.0), Scalar(y)
    COMPARISONS[name][0](a, b).backward(7.0)
    assert (a.derivative, b.derivative) == (0.0, 0.0)


@pytest.mark.task1_2
@pytest.mark.parametrize("x", [-1000.0, -40.0, 0.0, 40.0, 1000.0])
def test_sigmoid_of_huge_numbers(x: float) -> None:
    assert Scalar(x).sigmoid().data == pytest.approx(scipy.special.expit(x), rel=1e-12, abs=0)


@pytest.mark.task1_4
@pytest.mark.parametrize("x", [-1000.0, 1000.0])
def test_sigmoid_is_flat_far_from_zero(x: float) -> None:
    a = Scalar(x)
    a.sigmoid().backward(7.0)
    assert a.derivative == 0.0


@pytest.mark.task1_2
def test_log_of_zero_is_finite() -> None:
    assert Scalar(0.0).log().data == pytest.approx(math.log(1e-6), rel=1e-12)


@pytest.mark.task1_4
def test_relu_at_its_bend_has_derivative_zero() -> None:
    a = Scalar(0.0)
    a.relu().backward()
    assert a.derivative == 0.0


@pytest.mark.task1_2
@pytest.mark.parametrize(
    "divide", [lambda: Scalar(1.0) / Scalar(0.0), lambda: Scalar(1.0) / 0, lambda: 1 / Scalar(0.0)]
)
def test_division_by_zero(divide: Callable[[], Scalar]) -> None:
    with pytest.raises(ZeroDivisionError):
        divide()


# The functions that the course compares Scalars and floats with: what they are, in NumPy

COURSE: dict[str, Callable[..., Any]] = {
    "neg": lambda a: -a,
    "addConstant": lambda a: 5 + a,
    "subConstant": lambda a: a - 5,
    "multConstant": lambda a: 5 * a,
    "div": lambda a: a / 5,
    "inv": lambda a: 1 / (a + 7 / 2),
    "square": lambda a: a**2,
    "cube": lambda a: a**3,
    "sig": scipy.special.expit,
    "log": lambda a: np.log(a + 100000 + 1e-6),
    "exp": lambda a: np.exp(a - 200),
    "explog": lambda a: np.log(a + 100000 + 1e-6) + np.exp(a - 200),
    "relu": lambda a: np.maximum(a + 11 / 2, 0),
    "complex": lambda a: np.log(scipy.special.expit(10 * np.maximum(6 * np.maximum(10 * a + 7, 0) + 5, 0)) + 1e-6) / 50,
    "add2": lambda a, b: a + b,
    "mul2": lambda a, b: a * b,
    "div2": lambda a, b: a / (b + 11 / 2),
    "gt2": lambda a, b: a + 6 / 5 > b,
    "lt2": lambda a, b: a + 6 / 5 < b,
    "eq2": lambda a, b: a == b + 11 / 2,
}


@pytest.mark.task1_2
@pytest.mark.parametrize("name", COURSE)
@given(x=positive, y=positive)
def test_functions_of_the_course(name: str, x: float, y: float) -> None:
    point = [x, y] if name.endswith("2") else [x]
    expected = float(COURSE[name](*point))
    for kind in MathTestVariable._comp_testing()[:2]:
        for found, on_floats, on_scalars in kind:
            if found == name:
                assert float(on_floats(*point)) == pytest.approx(expected, rel=1e-12, abs=1e-13)
                assert on_scalars(*[Scalar(z) for z in point]).data == pytest.approx(expected, rel=1e-12, abs=1e-13)


@pytest.mark.task1_2
def test_the_functions_of_the_course_are_complete() -> None:
    one, two, _ = MathTestVariable._comp_testing()
    assert {name for name, _, _ in one + two} == set(COURSE)


# What a Scalar is


@pytest.mark.task1_2
def test_data_is_always_a_float() -> None:
    for x in (3, True, np.float32(3.0), np.int64(3), Fraction(3)):
        assert type(Scalar(x).data) is float


@pytest.mark.task1_2
def test_history_makes_the_kind() -> None:
    leaf, constant, also_leaf = Scalar(1.0), Scalar(1.0, None), Scalar(1.0, ScalarHistory())
    assert leaf.is_leaf()
    assert also_leaf.is_leaf()
    assert constant.is_constant()
    assert leaf.derivative is None


@pytest.mark.task1_2
def test_name() -> None:
    named, unnamed = Scalar(1.0, name="weight"), Scalar(1.0)
    assert named.name == "weight"
    assert unnamed.name == str(unnamed.unique_id)
    unnamed.name = "bias"
    assert unnamed.name == "bias"


@pytest.mark.task1_2
def test_every_scalar_has_its_own_id() -> None:
    x = Scalar(1.0)
    assert len({v.unique_id for v in (x, Scalar(1.0), x + 1.0, x.detach(), x.like(1.0))}) == 5


@pytest.mark.task1_2
def test_repr_shows_the_number() -> None:
    assert repr(Scalar(2.5)) == str(Scalar(2.5)) == "Scalar(2.5)"


@pytest.mark.task1_2
def test_conversions() -> None:
    x = Scalar(2.5)
    assert float(x) == 2.5
    assert np.asarray(x).shape == ()
    assert np.asarray(x) == 2.5
    assert np.asarray(x, dtype=np.float32).dtype == np.float32
    assert bool(Scalar(-1.0))
    assert not Scalar(0.0)


@pytest.mark.task1_2
def test_scalars_can_be_keys() -> None:
    # Equal numbers in different places of a graph are different variables.
    x, y = Scalar(1.0), Scalar(1.0)
    assert {x: "x", y: "y"}[y] == "y"
    assert len({x, y, x}) == 2


@pytest.mark.task1_2
def test_not_equal_and_foreign_types() -> None:
    x = Scalar(1.0)
    assert isinstance(x != 2.0, Scalar)
    assert (x != 2.0).data == 1.0
    assert (x != 1.0).data == 0.0
    assert (x == None) is False  # noqa: E711
    assert (x != None) is True  # noqa: E711
    assert (x == "1.0") is False


@pytest.mark.task1_2
def test_like_and_detach_are_constants() -> None:
    x = Scalar(1.0)
    for made in (x.like(np.array(1.0)), x.detach()):
        assert isinstance(made, Scalar)
        assert made.data == 1.0
        assert made.is_constant()
    assert x.is_leaf(), "the original stays as it was"


@pytest.mark.task1_2
def test_requires_grad() -> None:
    x = Scalar(1.0, None)
    assert x.requires_grad_() is x
    assert x.is_leaf()
    assert x.requires_grad_(False) is x
    assert x.is_constant()


@pytest.mark.task1_4
def test_operators_leave_their_operands_alone() -> None:
    x, y = Scalar(2.0), Scalar(3.0)
    ((x + y) * x / y - x).relu().backward()
    assert (x.data, y.data) == (2.0, 3.0)
    assert x.is_leaf()


# Wrong operands

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


@pytest.mark.task1_2
@pytest.mark.parametrize("operator", OPERATORS.values(), ids=OPERATORS)
@pytest.mark.parametrize("other", [None, "five", [1.0], {}], ids=repr)
def test_wrong_operands_are_type_errors(operator: Callable, other: object) -> None:
    with pytest.raises(TypeError):
        operator(Scalar(1.0), other)
    with pytest.raises(TypeError):
        operator(other, Scalar(1.0))


@pytest.mark.task1_2
@pytest.mark.parametrize("other", [None, "five", [1.0, 2.0]], ids=repr)
def test_a_wrong_operand_is_named(other: object) -> None:
    kind = type(other).__name__
    with pytest.raises(DTypeError, match=rf"got: .* of type {kind}\n  expected: a float, an int or a Scalar\n  fix: "):
        Scalar(1.0) + other


@pytest.mark.task1_2
def test_text_is_no_number_even_if_it_looks_like_one() -> None:
    with pytest.raises(DTypeError, match=r"got: +'5' of type str"):
        Scalar(1.0) + "5"


@pytest.mark.task1_2
@pytest.mark.parametrize("values", [[3.0], [3.0, 4.0]], ids=["one cell", "two cells"])
def test_a_tensor_beside_a_scalar_is_refused(values: list[float]) -> None:
    # Taking the number out of it in silence would cut the graph: the tensor would never get a gradient.
    with pytest.raises(DTypeError, match=r"got: .* of type Tensor\n.*\n  fix: .*\.item\(\)"):
        Scalar(2.0) * minitorch.tensor(values, requires_grad=True)


@pytest.mark.task1_4
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize(
    ("operator", "result", "slope"), [("+", 9, 1), ("-", 1, -1), ("*", 20, 5), ("/", 1.25, -0.3125)]
)
def test_numpy_numbers_on_the_left_stay_in_the_graph(kind: type, operator: str, result: float, slope: float) -> None:
    # NumPy would gladly turn the Scalar into a number of its own, and nobody would notice that the graph is cut.
    x = Scalar(4.0)
    out = OPERATORS[operator](kind(5), x)
    assert isinstance(out, Scalar)
    assert out.data == result
    out.backward()
    assert x.derivative == slope
