"""Clipping the gradient of all parameters together, against NumPy."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import ArgumentError, Parameter, Scalar, StateError, TensorBackend, clip_grad_norm_

from .checks import LAYOUTS, lay_out, seeds

pytestmark = pytest.mark.task4_5

on_both_backends = pytest.mark.parametrize("backend", [minitorch.SimpleBackend, minitorch.FastBackend], ids=repr)
SHAPES: list[tuple[int, ...]] = [(2, 3), (4,), (), (1, 2, 5), (0, 3)]


def make(gradients: list[Any], backend: TensorBackend = minitorch.SimpleBackend) -> list[Parameter]:
    """Parameters with these gradients: of tensors where it is an array, of a Scalar where it is a float."""
    parameters = []
    for gradient in gradients:
        if isinstance(gradient, np.ndarray):
            value = minitorch.tensor(np.ones(gradient.shape, gradient.dtype), backend=backend)
            parameters.append(Parameter(value))
            value.grad = minitorch.tensor(gradient, backend=backend)
        else:
            parameters.append(Parameter(Scalar(1.0)))
            parameters[-1].value.derivative = gradient
    return parameters


def kept(parameters: list[Parameter]) -> list[Any]:
    """What stands where gradients stand: the very objects."""
    return [p.value.derivative if isinstance(p.value, Scalar) else p.value.grad for p in parameters]


def read(parameters: list[Parameter]) -> list[Any]:
    return [np.array(gradient) for gradient in kept(parameters)]


def length(arrays: list[Any]) -> float:
    """The root of the sum of all squares, in double precision."""
    return float(np.linalg.norm(np.concatenate([np.ravel(a).astype(np.float64) for a in arrays])))


@on_both_backends
@given(seed=seeds(), factor=st.sampled_from([0.001, 0.5, 0.999]), scale=st.sampled_from([1e-3, 1.0, 1e6]))
def test_a_long_gradient_is_shortened(backend: TensorBackend, seed: int, factor: float, scale: float) -> None:
    rng = np.random.default_rng(seed)
    arrays = [scale * rng.normal(size=shape) for shape in SHAPES if shape] + [float(scale * rng.normal())]
    parameters = make(arrays, backend)
    held = kept(parameters)
    norm = length(arrays)
    found = clip_grad_norm_(parameters, factor * norm)
    assert type(found) is float
    assert found == pytest.approx(norm, rel=1e-12), "the length before clipping"
    # The length of all together is the greatest that is allowed, and no parameter's own length is.
    for clipped, array in zip(read(parameters), arrays):
        np.testing.assert_allclose(clipped, factor * np.array(array), rtol=1e-12)
    assert length(read(parameters)) == pytest.approx(factor * norm, rel=1e-12)
    for parameter, old, array in zip(parameters, held, arrays):
        np.testing.assert_array_equal(np.array(parameter.value), 1.0)
        assert parameter.value.is_leaf()
        if not isinstance(parameter.value, Scalar):
            assert parameter.value.grad.shape == array.shape
            assert parameter.value.grad.dtype == array.dtype
            assert parameter.value.grad.backend is backend
            assert parameter.value.grad.is_constant()
            np.testing.assert_array_equal(old.to_numpy(), array, err_msg="a gradient that others hold was changed")


@on_both_backends
@given(seed=seeds(), factor=st.sampled_from([1.0, 1.001, 50.0, math.inf]))
def test_a_short_gradient_is_left_alone(backend: TensorBackend, seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    parameters = make([rng.normal(size=shape) for shape in SHAPES] + [float(rng.normal())], backend)
    before, norm = kept(parameters), length(read(parameters))
    limit = clip_grad_norm_(parameters, math.inf) if factor == 1.0 else factor * norm  # exactly as long is not longer
    assert clip_grad_norm_(parameters, limit) == pytest.approx(norm, rel=1e-12)
    assert all(new is old for new, old in zip(kept(parameters), before))


def test_numbers_by_hand(backend: TensorBackend) -> None:
    parameters = make([np.array([[3.0, 0.0]]), np.array([0.0, 4.0])], backend)
    assert clip_grad_norm_(parameters, 1.0) == 5.0
    np.testing.assert_allclose(read(parameters)[0], [[0.6, 0.0]], rtol=1e-15)
    np.testing.assert_allclose(read(parameters)[1], [0.0, 0.8], rtol=1e-15)
    assert clip_grad_norm_(make([-3.0, 4.0]), 10) == 5.0
    assert clip_grad_norm_(make([np.array(-2.0)]), np.float32(10.0)) == 2.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_that_lie_anyhow(layout: str, backend: TensorBackend) -> None:
    gradient = np.random.default_rng(1).normal(size=(3, 4, 2))
    parameter = Parameter(minitorch.ones(3, 4, 2, backend=backend))
    parameter.value.grad = lay_out(gradient, layout, backend)
    assert clip_grad_norm_([parameter], 0.25) == pytest.approx(length([gradient]), rel=1e-12)
    np.testing.assert_allclose(np.array(parameter.value.grad), gradient * (0.25 / length([gradient])), rtol=1e-12)


def test_a_gradient_of_a_backward_pass(backend: TensorBackend) -> None:
    rng = np.random.default_rng(2)
    layer = minitorch.Linear(3, 2, backend=backend)
    x, upstream = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    layer(minitorch.tensor(x, backend=backend)).backward(upstream)
    expected = [upstream.T @ x, upstream.sum(0)]
    found = clip_grad_norm_(iter(layer.parameters()), 0.5)
    assert found == pytest.approx(length(expected), rel=1e-12)
    for parameter, gradient in zip(layer.parameters(), expected):
        np.testing.assert_allclose(np.array(parameter.value.grad), gradient * 0.5 / found, rtol=1e-10)
    # The next step walks along it, and gradients of further passes are added to it.
    before = layer.bias.value.to_numpy()
    layer(minitorch.tensor(x, backend=backend)).backward(upstream)
    together = expected[1] * (1 + 0.5 / found)
    minitorch.SGD(layer.parameters(), lr=0.1).step()
    np.testing.assert_allclose(layer.bias.value.to_numpy(), before - 0.1 * together, rtol=1e-10)


def test_parameters_without_a_gradient_do_not_count(backend: TensorBackend) -> None:
    bare = [Parameter(minitorch.ones(2, backend=backend)), Parameter(Scalar(1.0)), Parameter(2.0), Parameter(None)]
    (parameter,) = make([np.array([6.0, 8.0])], backend)
    assert clip_grad_norm_([*bare[:2], parameter, *bare[2:]], 5.0) == 10.0
    np.testing.assert_allclose(np.array(parameter.value.grad), [3.0, 4.0], rtol=1e-15)
    assert bare[0].value.grad is None
    assert bare[1].value.derivative is None
    assert clip_grad_norm_(bare, 1.0) == 0.0
    assert clip_grad_norm_([], 1.0) == 0.0
    assert clip_grad_norm_(make([np.zeros((0, 3))]), 1.0) == 0.0


def test_a_gradient_of_zero(backend: TensorBackend) -> None:
    parameters = make([np.zeros((2, 3)), 0.0], backend)
    assert clip_grad_norm_(parameters, 1e-300) == 0.0
    assert not any(gradient.any() for gradient in read(parameters))


def test_an_iterator_of_parameters_is_read_once(backend: TensorBackend) -> None:
    parameters = make([np.array([6.0]), np.array([8.0]), 0.0], backend)
    assert clip_grad_norm_((p for p in parameters), 1.0) == 10.0
    np.testing.assert_allclose(np.concatenate([np.ravel(g) for g in read(parameters)]), [0.6, 0.8, 0.0], rtol=1e-15)


@pytest.mark.parametrize("limit", [0.25, np.float64(0.25)], ids=["float", "float64"])
def test_each_gradient_keeps_its_type(limit: Any, backend: TensorBackend) -> None:
    rng = np.random.default_rng(3)
    arrays = [rng.normal(size=(2, 3)).astype(np.float32), rng.normal(size=4), 3.0]
    parameters = make(arrays, backend)
    norm = clip_grad_norm_(parameters, limit)
    assert [gradient.dtype for gradient in read(parameters)] == [np.float32, np.float64, np.float64]
    assert type(parameters[2].value.derivative) in (float, np.float64)
    assert norm == pytest.approx(length(arrays), rel=1e-12)
    for gradient, array, tolerance in zip(read(parameters), arrays, [1e-6, 1e-12, 1e-12]):
        np.testing.assert_allclose(gradient, array * (0.25 / norm), rtol=tolerance)


def test_squares_of_large_numbers_do_not_overflow(backend: TensorBackend) -> None:
    # 1e30 squared is no float32. (A warning would fail the test too.)
    arrays = [np.array([3e30, -4e30], np.float32), np.full((2, 2), 6e30, np.float32)]
    parameters = make(arrays, backend)
    assert clip_grad_norm_(parameters, 1.0) == pytest.approx(13e30, rel=1e-6)
    np.testing.assert_allclose(read(parameters)[0], [3 / 13, -4 / 13], rtol=1e-6)
    np.testing.assert_allclose(read(parameters)[1], 6 / 13, rtol=1e-6)


def test_squares_of_small_numbers_are_not_lost(backend: TensorBackend) -> None:
    parameters = make([np.array([3e-30, 4e-30], np.float32)], backend)
    assert clip_grad_norm_(parameters, 1e-30) == pytest.approx(5e-30, rel=1e-6)
    np.testing.assert_allclose(read(parameters)[0], [6e-31, 8e-31], rtol=1e-6)


def test_the_largest_and_smallest_numbers_there_are(backend: TensorBackend) -> None:
    # Squares of these are no float64. The limit is a number of any kind, and the factor may be too small for float32.
    for size in (1e200, 1e-200):
        parameters = make([np.array([3 * size, 4 * size]), 12 * size], backend)
        assert clip_grad_norm_(parameters, np.float32(1e-30 if size < 1 else 1)) == pytest.approx(13 * size, rel=1e-12)
        wanted = 1.0 if size > 1 else 13 * size
        np.testing.assert_allclose(read(parameters)[0], [3 / 13 * wanted, 4 / 13 * wanted], rtol=1e-6)
    parameters = make([np.array([3e37, 4e37], np.float32)], backend)
    clip_grad_norm_(parameters, 1e-6)
    np.testing.assert_allclose(read(parameters)[0], [6e-7, 8e-7], rtol=1e-6)


def test_a_parameter_that_is_listed_twice_counts_once(backend: TensorBackend) -> None:
    parameters = make([np.array([3.0, 4.0]), 12.0], backend)
    assert clip_grad_norm_([*parameters, *parameters], 6.5) == 13.0
    np.testing.assert_allclose(np.concatenate([np.ravel(g) for g in read(parameters)]), [1.5, 2.0, 6.0], rtol=1e-15)


# What is refused


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_gradient_that_is_not_finite_changes_nothing(place: int, bad: float, backend: TensorBackend) -> None:
    arrays: list[Any] = [np.full((2, 3), 5.0), np.full(4, 5.0, np.float32), 5.0]
    if place == 2:
        arrays[2] = bad
    else:
        arrays[place][-1] = bad
    parameters = make(arrays, backend)
    before = kept(parameters)
    with pytest.raises(StateError, match=rf"(?s)not finite.*got: .* {math.sqrt(bad * bad)}\n.*expected:.*fix: +."):
        clip_grad_norm_(parameters, 1.0)
    assert all(new is old for new, old in zip(kept(parameters), before))
    for gradient, array in zip(read(parameters), arrays):
        np.testing.assert_array_equal(gradient, array)


@pytest.mark.parametrize("limit", [0, 0.0, -1.0, -math.inf, math.nan])
def test_lengths_that_are_refused(limit: float) -> None:
    parameters = make([np.array([3.0, 4.0]), 5.0])
    before = kept(parameters)
    with pytest.raises(ArgumentError, match=rf"(?s)got: +max_norm={limit}\n.*expected: a number more than 0\n.*fix:"):
        clip_grad_norm_(parameters, limit)
    assert all(new is old for new, old in zip(kept(parameters), before))


def test_a_single_parameter_will_do(backend: TensorBackend) -> None:
    (parameter,) = make([np.array([3.0, 4.0])], backend)
    assert clip_grad_norm_(parameter, 1.0) == 5.0
    np.testing.assert_allclose(read([parameter])[0], [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize(
    "other", [minitorch.ones(2), Scalar(1.0), 1.0, None], ids=["Tensor", "Scalar", "float", "None"]
)
def test_only_gradients_of_parameters_are_clipped(other: Any) -> None:
    (parameter,) = make([np.array([3.0, 4.0])])
    with pytest.raises(minitorch.DTypeError, match=rf"(?s)got: +{type(other).__name__} among them\n.*fix: +."):
        clip_grad_norm_([parameter, other], 1.0)
    np.testing.assert_array_equal(read([parameter])[0], [3.0, 4.0])
