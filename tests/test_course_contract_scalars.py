"""Programs of the MiniTorch course that compute with Scalars, written the way students write them."""

import copy
import dataclasses
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch as mt
from minitorch import (
    Context,
    MathTestVariable,
    Scalar,
    ScalarFunction,
    ScalarHistory,
    derivative_check,
    operators,
)

# Scalars (module 1)


class Affine(ScalarFunction):
    """3 a + 5 b + 1, the way students write it: static methods and a context."""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        return 3 * a + 5 * b + 1

    @staticmethod
    def backward(ctx: Context, d: float) -> tuple[float, float]:
        return 3 * d, 5 * d


class Product(ScalarFunction):
    """a b, with saved values."""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Context, d: float) -> tuple[float, float]:
        a, b = ctx.saved_values
        return d * b, d * a


class Twice(ScalarFunction):
    """2 a, whose backward returns a bare number."""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        return 2 * a

    @staticmethod
    def backward(ctx: Context, d: float) -> float:
        return 2 * d


@pytest.mark.task1_1
def test_central_difference_of_each_argument() -> None:
    def volume(a: float, b: float, c: float) -> float:
        return a * b * b * c

    for arg, slope in enumerate((9 * 4, 2 * 2 * 3 * 4, 2 * 9)):
        assert mt.central_difference(volume, 2.0, 3.0, 4.0, arg=arg) == pytest.approx(slope, rel=1e-6)
    assert mt.central_difference(operators.exp, 2) == pytest.approx(math.exp(2), rel=1e-6)


@pytest.mark.task1_2
def test_central_difference_of_scalars_has_data() -> None:
    slope = mt.central_difference(lambda a, b: a * b, Scalar(2.0), Scalar(7.0), arg=0)
    assert slope.data == pytest.approx(7.0, rel=1e-6)


@pytest.mark.task1_2
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_mathtest_computes_the_same_on_floats_and_scalars(kind: int) -> None:
    for name, on_floats, on_scalars in MathTestVariable._comp_testing()[kind]:
        numbers = [2.25, -0.375][: kind + 1]
        result = on_scalars(*[Scalar(x) for x in numbers])
        assert result.data == pytest.approx(on_floats(*numbers), rel=1e-12), name


@pytest.mark.task1_2
def test_a_scalar_keeps_the_name_it_is_given() -> None:
    x = Scalar(1.0, name="width")
    assert x.name == "width"
    x.name = "height"
    assert x.name == "height"
    assert isinstance(Scalar(1.0).name, str)


@pytest.mark.task1_2
def test_forward_must_return_a_float() -> None:
    class Whole(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, a: float) -> Any:
            return 2

    class NumPys(Whole):
        @staticmethod
        def forward(ctx: Context, a: float) -> Any:
            return np.float64(2)

    with pytest.raises(TypeError, match="float"):
        Whole.apply(Scalar(1.0))
    assert NumPys.apply(Scalar(1.0)).data == 2.0


@pytest.mark.task1_2
def test_numpy_numbers_beside_a_scalar_leave_it_a_scalar() -> None:
    # NumPy asks the left operand first, and would make a bare number of the Scalar: the graph would be cut.
    x = Scalar(3.0)
    for y in (np.float64(2) * x, np.float32(2) + x, np.int64(2) - x, np.float64(2) / x):
        assert isinstance(y, Scalar)
    (np.float64(2) * x).backward()
    assert x.derivative == 2.0


@pytest.mark.task1_2
@pytest.mark.parametrize("other", ["2", [2.0], None, 1j], ids=repr)
def test_a_scalar_is_combined_with_numbers_only(other: Any) -> None:
    with pytest.raises(TypeError):
        _ = Scalar(1.0) + other


@pytest.mark.task1_3
def test_the_history_is_the_second_argument() -> None:
    inputs = [Scalar(4.0), Scalar(6.0)]
    y = Scalar(0.0, ScalarHistory(Affine, Context(), inputs))
    assert [(v.unique_id, d) for v, d in y.chain_rule(d_output=2.0)] == [
        (inputs[0].unique_id, 6.0),
        (inputs[1].unique_id, 10.0),
    ]
    y = Scalar(0.0, ScalarHistory(last_fn=Twice, ctx=Context(), inputs=inputs[:1]))
    ((_, d),) = y.chain_rule(d_output=5)
    assert d == 10.0


@pytest.mark.task1_3
def test_the_chain_rule_has_an_entry_for_a_plain_number_too() -> None:
    x = Scalar(6.0)
    y = Product.apply(10, x)
    assert y.data == 60.0
    (number, d_number), (variable, d_variable) = y.chain_rule(d_output=5)
    assert (variable is x, d_variable) == (True, 50.0)
    assert (number.is_leaf(), number.data, d_number) == (True, 10.0, 30.0)


@pytest.mark.task1_3
def test_a_context_without_gradients_keeps_nothing() -> None:
    quiet, keeping = Context(no_grad=True), Context()
    quiet.save_for_backward(1.0, 2.0)
    keeping.save_for_backward(1.0, 2.0)
    assert (quiet.saved_values, keeping.saved_values, keeping.saved_tensors) == ((), (1.0, 2.0), (1.0, 2.0))
    assert dataclasses.is_dataclass(Context)
    assert dataclasses.is_dataclass(ScalarHistory)


@pytest.mark.task1_4
def test_derivatives_of_all_paths_are_added() -> None:
    x = Scalar(0.5)
    left, right = Twice.apply(x), Affine.apply(x, 0.0)
    Affine.apply(left, right).backward(d_output=5)
    assert x.derivative == 5 * (3 * 2 + 5 * 3)
    assert left.derivative is None  # only leaves collect


@pytest.mark.task1_4
def test_a_variable_used_at_different_depths_is_expanded_once() -> None:
    x = Scalar(1.0)
    near = Twice.apply(x)
    far = Twice.apply(Twice.apply(Twice.apply(near)))
    Affine.apply(far, near).backward()
    assert x.derivative == 3 * 16 + 5 * 2


@pytest.mark.task1_4
def test_backward_again_adds_up() -> None:
    x = Scalar(3.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.derivative == 12.0


@pytest.mark.task1_4
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_derivative_check_accepts_every_function_of_mathtest(kind: int) -> None:
    for _, _, function in MathTestVariable._comp_testing()[kind]:
        derivative_check(function, *[Scalar(2.25), Scalar(-0.375)][: kind + 1])


@pytest.mark.task1_4
def test_derivative_check_notices_a_wrong_derivative() -> None:
    class Wrong(Twice):
        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            return 2.002 * d

    derivative_check(Twice.apply, Scalar(2.0))
    with pytest.raises(AssertionError):
        derivative_check(Wrong.apply, Scalar(2.0))


class ScalarNeuron(mt.Module):
    """A network of one neuron, with parameters under computed names."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = [self.add_parameter(f"weight_{i}", Scalar(2 * (random.random() - 0.5))) for i in range(2)]
        self.bias = self.add_parameter("offset", Scalar(0.25))

    def forward(self, x: tuple[Scalar, Scalar]) -> Scalar:
        return (x[0] * self.weights[0].value + x[1] * self.weights[1].value + self.bias.value).sigmoid()


@pytest.mark.task1_4
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_scalar_is_a_variable_of_its_own(duplicate: Callable[[Scalar], Scalar]) -> None:
    a = Scalar(2.0)
    b = duplicate(a)
    (a * 10.0 + b * 100.0).backward()
    assert (a.derivative, b.derivative) == (10.0, 100.0)


@pytest.mark.task1_5
def test_training_with_scalars() -> None:
    data = mt.datasets["Simple"](20)
    model = ScalarNeuron()
    optimizer = mt.SGD(model.parameters(), 0.5)
    numbers = np.array([p.value.data for p in model.parameters()])
    points, labels = np.array(data.X), np.array(data.y)
    first_loss = last_loss = 0.0

    for epoch in range(15):
        optimizer.zero_grad()
        total = 0.0
        for (a, b), label in zip(data.X, data.y, strict=True):
            out = model.forward((Scalar(a, name="a"), Scalar(b, name="b")))
            likelihood = out if label == 1 else -out + 1.0
            loss = -likelihood.log()
            (loss / data.N).backward()
            total += loss.data
        optimizer.step()
        first_loss, last_loss = first_loss or total, total

        # The same step by hand. Of the likelihood p, the loss -ln(p + EPS) has the derivative -1 / (p + EPS).
        out = 1 / (1 + np.exp(-(points @ numbers[:2] + numbers[2])))
        likelihood = np.where(labels == 1, out, 1 - out)
        slope = -1 / (likelihood + 1e-6) * np.where(labels == 1, 1, -1) * out * (1 - out) / len(labels)
        numbers = numbers - 0.5 * np.array([*(slope @ points), slope.sum()])
        np.testing.assert_allclose([p.value.data for p in model.parameters()], numbers, rtol=1e-9, err_msg=str(epoch))

    assert last_loss < first_loss


@pytest.mark.task1_5
def test_sgd_puts_in_a_fresh_leaf_without_a_derivative() -> None:
    parameter, idle = mt.Parameter(Scalar(2.0)), mt.Parameter(Scalar(9.0))
    before, resting = parameter.value, idle.value
    (parameter.value * parameter.value).backward()
    mt.SGD([parameter, idle], lr=0.25).step()
    assert parameter.value.data == 2.0 - 0.25 * 4.0
    assert (parameter.value.derivative, parameter.value.is_leaf()) == (None, True)
    assert parameter.value is not before
    assert before.data == 2.0
    assert idle.value is resting  # no derivative, no step
