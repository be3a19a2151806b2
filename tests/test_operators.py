"""The operators on numbers, their properties, and map, zipWith and reduce."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

from minitorch import operators

NAN = float("nan")
numbers = st.floats(-100, 100, allow_nan=False)
whole = st.integers(-1000, 1000)  # sums and products of these are exact, so properties hold exactly
lists = st.lists(numbers, max_size=8)


def slope(f: Callable[[Any], Any], x: float) -> float:
    """The derivative of `f` by a step along the imaginary axis, which is exact: nothing is subtracted."""
    return f(x + 1e-30j).imag / 1e-30


# Arithmetic and comparison

TWO_ARGUMENTS: dict[str, tuple[Callable, Callable]] = {
    "mul": (operators.mul, lambda x, y: x * y),
    "add": (operators.add, lambda x, y: x + y),
    "lt": (operators.lt, lambda x, y: float(x < y)),
    "eq": (operators.eq, lambda x, y: float(x == y)),
    "max": (operators.max, lambda x, y: float(np.maximum(x, y))),
    "is_close": (operators.is_close, lambda x, y: -0.01 < x - y < 0.01),
}

ONE_ARGUMENT: dict[str, tuple[Callable, Callable]] = {
    "id": (operators.id, lambda x: x),
    "neg": (operators.neg, lambda x: -x),
    "relu": (operators.relu, lambda x: float(np.maximum(x, 0.0))),
    "exp": (operators.exp, np.exp),
    "sigmoid": (operators.sigmoid, scipy.special.expit),
}


@pytest.mark.task0_1
@pytest.mark.parametrize(("mine", "right"), TWO_ARGUMENTS.values(), ids=TWO_ARGUMENTS)
@given(x=numbers, y=numbers)
def test_operator_of_two_numbers(mine: Callable, right: Callable, x: float, y: float) -> None:
    for a, b in [(x, y), (y, x), (x, x)]:
        assert mine(a, b) == right(a, b)


@pytest.mark.task0_1
@pytest.mark.parametrize(("mine", "right"), ONE_ARGUMENT.values(), ids=ONE_ARGUMENT)
@given(x=numbers)
def test_operator_of_one_number(mine: Callable, right: Callable, x: float) -> None:
    for a in (x, -x, 0.0):
        assert mine(a) == pytest.approx(right(a), rel=1e-12, abs=0)


@pytest.mark.task0_1
@pytest.mark.parametrize("comparison", [operators.lt, operators.eq])
def test_comparisons_give_floats(comparison: Callable) -> None:
    # Later they become cells of tensors, where True and False have no place.
    assert type(comparison(1.0, 2.0)) is float
    assert type(comparison(2.0, 2.0)) is float


@pytest.mark.task0_1
def test_lt_is_strict() -> None:
    assert operators.lt(2.0, 2.0) == 0.0


@pytest.mark.task0_1
@pytest.mark.parametrize(("x", "y"), [(1, 2), (2, -1), (0.5, -2), (-3, 3), (7, 0)])
def test_pow(x: float, y: float) -> None:
    assert operators.pow(x, y) == math.pow(x, y)


@pytest.mark.task0_1
@pytest.mark.parametrize("x", [1.0, -1.0, 4.0, -0.125, 1e-6, 1e6])
def test_inv(x: float) -> None:
    assert operators.inv(x) == pytest.approx(x**-1, rel=1e-15)


@pytest.mark.task0_1
def test_inv_of_zero_is_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        operators.inv(0.0)


@pytest.mark.task0_1
def test_log_is_shifted_by_a_little() -> None:
    assert operators.EPS == 1e-6
    for x in (0.0, 1e-6, 0.5, 1.0, 100.0):
        assert operators.log(x) == pytest.approx(math.log(x + 1e-6), rel=1e-14)


@pytest.mark.task0_1
@pytest.mark.parametrize(("difference", "close"), [(0.0, True), (0.0099, True), (0.0101, False), (1.0, False)])
def test_is_close_looks_at_the_distance_in_both_directions(difference: float, close: bool) -> None:
    for x in (0.0, -4.0, 40.0):
        assert bool(operators.is_close(x, x + difference)) is close
        assert bool(operators.is_close(x + difference, x)) is close


@pytest.mark.task0_1
def test_is_close_at_exactly_one_hundredth_is_false() -> None:
    assert not operators.is_close(0.0, 1e-2)


# NaN, "not a number", must neither vanish nor pass a comparison: it is how a student notices that training has failed.


@pytest.mark.task0_1
def test_nan_survives() -> None:
    results = [
        operators.max(NAN, 1.0),
        operators.max(1.0, NAN),
        operators.relu(NAN),
        operators.sigmoid(NAN),
        operators.log(NAN),
    ]
    assert all(math.isnan(x) for x in results)


@pytest.mark.task0_1
def test_nan_compares_false() -> None:
    for x, y in [(NAN, 1.0), (1.0, NAN), (NAN, NAN)]:
        assert operators.lt(x, y) == 0.0
        assert operators.eq(x, y) == 0.0
        assert not operators.is_close(x, y)


# Derivatives

BACKWARD: dict[str, tuple[Callable, Callable]] = {
    "inv_back": (operators.inv_back, lambda x: 1 / x),
    "log_back": (operators.log_back, lambda x: np.log(x + 1e-6)),
}


@pytest.mark.task0_1
@pytest.mark.parametrize(("back", "f"), BACKWARD.values(), ids=BACKWARD)
@given(x=st.floats(1e-3, 100), d=numbers)
def test_back_is_the_derivative_times_d(back: Callable, f: Callable, x: float, d: float) -> None:
    assert back(x, d) == pytest.approx(d * slope(f, x), rel=1e-9, abs=1e-300)


@pytest.mark.task0_1
def test_inv_back_of_a_negative_number() -> None:
    assert operators.inv_back(-4.0, 32.0) == -2.0


@pytest.mark.task0_1
@given(x=st.floats(-30, 30), d=numbers)
def test_sigmoid_back_takes_the_output(x: float, d: float) -> None:
    y = float(scipy.special.expit(x))
    expected = d * slope(lambda z: 1 / (1 + np.exp(-z)), x)
    assert operators.sigmoid_back(y, d) == pytest.approx(expected, rel=1e-9, abs=1e-13)


@pytest.mark.task0_1
@given(x=st.floats(1e-300, 100), d=numbers)
def test_relu_back(x: float, d: float) -> None:
    assert operators.relu_back(x, d) == d
    assert operators.relu_back(-x, d) == 0.0
    assert operators.relu_back(0.0, d) == 0.0  # at the bend itself we choose 0


# Properties


@pytest.mark.task0_2
@given(x=numbers)
def test_sigmoid_lies_between_0_and_1(x: float) -> None:
    assert 0.0 <= operators.sigmoid(x) <= 1.0


@pytest.mark.task0_2
@given(x=numbers)
def test_sigmoid_is_symmetric(x: float) -> None:
    assert 1.0 - operators.sigmoid(x) == pytest.approx(operators.sigmoid(-x), abs=1e-15)


@pytest.mark.task0_2
def test_sigmoid_crosses_one_half_at_zero() -> None:
    assert operators.sigmoid(0.0) == 0.5


@pytest.mark.task0_2
@given(x=st.floats(-30, 30), step=st.floats(0.01, 10))
def test_sigmoid_increases(x: float, step: float) -> None:
    # On the right of 30, neighbouring results are too close to 1 to be told apart.
    assert operators.sigmoid(x) < operators.sigmoid(min(x + step, 30.02))


@pytest.mark.task0_2
@pytest.mark.parametrize(("x", "y"), [(1000.0, 1.0), (-1000.0, 0.0), (math.inf, 1.0), (-math.inf, 0.0)])
def test_sigmoid_of_huge_numbers_does_not_overflow(x: float, y: float) -> None:
    assert operators.sigmoid(x) == y


@pytest.mark.task0_2
@pytest.mark.parametrize("x", [-40.0, -700.0, -720.0])  # e^720 is too large for a float
def test_sigmoid_of_a_very_negative_number_is_small_but_not_zero(x: float) -> None:
    assert operators.sigmoid(x) == pytest.approx(math.exp(x), rel=1e-12, abs=0)


@pytest.mark.task0_2
@given(x=whole, y=whole, z=whole)
def test_lt_is_transitive(x: int, y: int, z: int) -> None:
    a, b, c = sorted([x, y, z])
    if operators.lt(a, b) and operators.lt(b, c):
        assert operators.lt(a, c) == 1.0
    assert operators.lt(a, b) + operators.eq(a, b) == 1.0


@pytest.mark.task0_2
@given(x=whole, y=whole, z=whole)
def test_mul_and_add(x: int, y: int, z: int) -> None:
    assert operators.mul(x, y) == operators.mul(y, x)
    assert operators.add(x, y) == operators.add(y, x)
    assert operators.mul(z, operators.add(x, y)) == operators.add(operators.mul(z, x), operators.mul(z, y))


@pytest.mark.task0_2
@given(x=numbers)
def test_inverses(x: float) -> None:
    assert operators.neg(operators.neg(x)) == x
    assert operators.add(x, operators.neg(x)) == 0.0
    assert operators.log(operators.exp(x / 10)) == pytest.approx(x / 10, abs=0.03)  # EPS moves it: e^-10 is tiny
    assert operators.inv(operators.inv(x + 101.0)) == pytest.approx(x + 101.0, rel=1e-15)


@pytest.mark.task0_2
@given(x=numbers, y=numbers)
def test_max_is_the_smallest_bound(x: float, y: float) -> None:
    larger = operators.max(x, y)
    assert larger >= x
    assert larger >= y
    assert larger in (x, y)


@pytest.mark.task0_2
@given(x=numbers)
def test_relu_is_max_with_zero(x: float) -> None:
    assert operators.relu(x) == operators.max(x, 0.0)


# Functions on lists


@pytest.mark.task0_3
@given(values=lists)
def test_map(values: list[float]) -> None:
    assert list(operators.map(lambda x: 2 * x + 1)(values)) == [2 * x + 1 for x in values]


@pytest.mark.task0_3
@given(pairs=st.lists(st.tuples(numbers, numbers), max_size=8))
def test_zip_with_keeps_the_order_of_its_lists(pairs: list[tuple[float, float]]) -> None:
    left, right = [x for x, _ in pairs], [y for _, y in pairs]
    assert list(operators.zipWith(lambda x, y: x - 3 * y)(left, right)) == [x - 3 * y for x, y in pairs]


@pytest.mark.task0_3
@given(values=lists)
def test_reduce_folds_from_the_left(values: list[float]) -> None:
    # The function tells its two arguments apart, so their order is seen, and that of the list.
    result = operators.reduce(lambda x, folded: f"({x} after {folded})", "start")(values)
    expected = "start"
    for x in values:
        expected = f"({x} after {expected})"
    assert result == expected


@pytest.mark.task0_3
@given(pairs=st.lists(st.tuples(numbers, numbers), max_size=8))
def test_functions_on_lists(pairs: list[tuple[float, float]]) -> None:
    left, right = [x for x, _ in pairs], [y for _, y in pairs]
    assert list(operators.negList(left)) == [-x for x in left]
    assert list(operators.addLists(left, right)) == [x + y for x, y in pairs]
    assert operators.sum(left) == pytest.approx(math.fsum(left), rel=1e-12, abs=1e-11)
    assert operators.prod(left) == pytest.approx(math.prod(left), rel=1e-12, abs=0)


@pytest.mark.task0_3
def test_functions_on_empty_lists() -> None:
    assert list(operators.map(operators.neg)([])) == []
    assert list(operators.zipWith(operators.add)([], [])) == []
    assert list(operators.negList([])) == []
    assert list(operators.addLists([], [])) == []
    assert operators.sum([]) == 0.0
    assert operators.prod([]) == 1.0


@pytest.mark.task0_3
@given(pairs=st.lists(st.tuples(whole, whole), max_size=8))
def test_sum_distributes_over_lists(pairs: list[tuple[int, int]]) -> None:
    left, right = [x for x, _ in pairs], [y for _, y in pairs]
    assert operators.sum(left) + operators.sum(right) == operators.sum(operators.addLists(left, right))


@pytest.mark.task0_3
def test_functions_on_lists_can_be_used_again() -> None:
    # What map, zipWith and reduce return must carry nothing over from one list to the next.
    double, subtract = operators.map(lambda x: 2 * x), operators.zipWith(lambda x, y: x - y)
    total = operators.reduce(operators.add, 100.0)
    for _ in range(2):
        assert list(double([1, 2, 3])) == [2, 4, 6]
        assert list(subtract([5, 7], [1, 2])) == [4, 5]
        assert total([1, 2, 3]) == 106.0


@pytest.mark.task0_3
def test_functions_on_lists_leave_the_lists_alone() -> None:
    left, right = [1.0, -2.0, 3.0], [4.0, 5.0, 6.0]
    operators.negList(left)
    operators.addLists(left, right)
    operators.sum(left)
    operators.prod(right)
    assert left == [1.0, -2.0, 3.0]
    assert right == [4.0, 5.0, 6.0]


@pytest.mark.task0_3
def test_functions_on_lists_take_anything_that_can_be_walked() -> None:
    assert list(operators.negList(x for x in (1.0, 2.0))) == [-1.0, -2.0]
    assert list(operators.addLists((1.0, 2.0), range(2))) == [1.0, 3.0]
    assert operators.prod(range(1, 6)) == 120.0


@pytest.mark.task0_3
@pytest.mark.parametrize(("left", "right"), [([1.0, 2.0], [1.0]), ([1.0], [1.0, 2.0]), ([], [1.0])])
def test_lists_of_different_lengths_are_refused(left: list[float], right: list[float]) -> None:
    with pytest.raises(ValueError, match=r"zip\(\) argument 2 is (shorter|longer) than argument 1"):
        operators.addLists(left, right)
