"""A step of Adam for all numbers at once: the kernel, and the function that prepares it (task 4.5)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import fast_adam
from minitorch.fast_adam import PIECE, adam_direction

from .checks import random_array, seeds
from .test_fast_ops import _threads, on_one_and_on_all_threads  # noqa: F401

pytestmark = pytest.mark.task4_5


def adam_by_numbers(gradients: list[Any], betas: tuple[float, float], eps: float) -> tuple[Any, Any, Any]:
    """The direction of the last of some steps, and both running means after it, number by number."""
    found = [np.zeros(gradients[0].shape) for _ in range(3)]
    for place in np.ndindex(gradients[0].shape):
        mean = square = 0.0
        for gradient in gradients:
            mean = betas[0] * mean + (1 - betas[0]) * float(gradient[place])
            square = betas[1] * square + (1 - betas[1]) * float(gradient[place]) ** 2
        steps = len(gradients)
        direction = (mean / (1 - betas[0] ** steps)) / ((square / (1 - betas[1] ** steps)) ** 0.5 + eps)
        for array, number in zip(found, (direction, mean, square)):
            array[place] = number
    return found[0], found[1], found[2]


def run(gradients: list[Any], betas: tuple[float, float], eps: float) -> tuple[Any, Any, Any]:
    """The same by the kernel."""
    direction, mean, square = 0.0, 0.0, 0.0
    for steps, gradient in enumerate(gradients, 1):
        direction, mean, square = adam_direction(gradient, mean, square, float(steps), betas, eps)
    return direction, mean, square


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", [(), (1,), (7,), (3, 5), (2, 3, 4), (0, 3)], ids=str)
@given(seed=seeds(), steps=st.integers(1, 4))
def test_several_steps(shape: tuple[int, ...], dtype: Any, seed: int, steps: int) -> None:
    rng = np.random.default_rng(seed)
    gradients = [random_array(rng, shape, dtype) for _ in range(steps)]
    betas, eps = (float(rng.uniform(0, 0.99)), float(rng.uniform(0, 0.999))), float(rng.uniform(0, 0.1))
    found, expected = run(gradients, betas, eps), adam_by_numbers(gradients, betas, eps)
    for array, wanted in zip(found, expected):
        assert array.shape == shape
        assert array.dtype == dtype
        np.testing.assert_allclose(array, wanted, rtol={np.float64: 1e-9, np.float32: 2e-3}[dtype], atol=1e-6)


def test_gradients_that_lie_anyhow() -> None:
    rng = np.random.default_rng(1)
    gradients = [rng.normal(size=(4, 3)).T, rng.normal(size=(6, 8))[::2, 1::2].reshape(3, 4), rng.normal(size=(3, 4))]
    for array, wanted in zip(run(gradients, (0.9, 0.999), 1e-8), adam_by_numbers(gradients, (0.9, 0.999), 1e-8)):
        np.testing.assert_allclose(array, wanted, rtol=1e-9)


def test_nothing_that_is_given_changes() -> None:
    rng = np.random.default_rng(2)
    given_arrays = [rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.uniform(size=(3, 4))]
    before = [array.copy() for array in given_arrays]
    results = adam_direction(*given_arrays, 3.0, (0.9, 0.999), 1e-8)
    for array, same in zip(given_arrays, before):
        np.testing.assert_array_equal(array, same)
        assert not any(np.shares_memory(array, result) for result in results)


def test_one_number_may_stand_for_all() -> None:
    # As in the state of an optimizer that another program has written.
    gradient = np.random.default_rng(3).normal(size=(3, 4))
    found = adam_direction(gradient, 0.5, 2, 3.0, (0.9, 0.999), 1e-8)
    full = adam_direction(gradient, np.full((3, 4), 0.5), np.full((3, 4), 2.0), 3.0, (0.9, 0.999), 1e-8)
    for array, wanted in zip(found, full):
        np.testing.assert_array_equal(array, wanted)


@pytest.mark.usefixtures("_threads")
def test_several_tasks_fill_every_number_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    # The arrays are larger than they need be, and what lies behind their end must stay as it is.
    gradient = np.random.default_rng(4).normal(size=2 * PIECE + 5)
    behind: list[Any] = []

    def longer(size: int, dtype: Any) -> Any:
        behind.append(np.full(size + 8, -7.0, dtype))
        return behind[-1][:size]

    monkeypatch.setattr(fast_adam.memory, "empty", longer)
    found = on_one_and_on_all_threads(lambda: np.stack(adam_direction(gradient, 0.0, 0.0, 1.0, (0.9, 0.999), 1e-8)))
    np.testing.assert_allclose(found[0], gradient / (np.abs(gradient) + 1e-8), rtol=1e-9)
    np.testing.assert_allclose(found[1], 0.1 * gradient, rtol=1e-9)
    np.testing.assert_allclose(found[2], 0.001 * gradient**2, rtol=1e-9)
    assert all((array[-8:] == -7.0).all() for array in behind)


def test_the_optimizer_gives_the_kernel_what_it_remembers() -> None:
    rng = np.random.default_rng(5)
    start, gradients = rng.normal(size=(2, 3)), [rng.normal(size=(2, 3)) for _ in range(3)]
    parameter = minitorch.Parameter(minitorch.tensor(start))
    optimizer = minitorch.Adam([parameter], lr=0.1, betas=(0.6, 0.8), eps=0.01)
    expected = start
    for number, gradient in enumerate(gradients, 1):
        parameter.value.grad = minitorch.tensor(gradient)
        optimizer.step()
        expected = expected - 0.1 * adam_by_numbers(gradients[:number], (0.6, 0.8), 0.01)[0]
    np.testing.assert_allclose(parameter.value.to_numpy(), expected, rtol=1e-9)
