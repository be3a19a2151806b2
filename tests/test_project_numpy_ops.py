"""The backend that NumPy computes on: the same results as those of the other backends, by the same contract."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import BroadcastError, ShapeError, SimpleBackend, Tensor, operators
from project.numpy_ops import NUMPY_HAS, NumpyBackend, NumpyOps

from .checks import check_function, lay_out, random_array, unbroadcast


def check_constant(out: Tensor, value: Any, *inputs: Tensor) -> None:
    """Check every cell of a result, and that it is a new tensor, row by row, on the backend."""
    assert out.shape == value.shape
    assert out.backend is NumpyBackend
    assert out.is_contiguous()
    assert not out.requires_grad()
    for x in inputs:
        assert not np.shares_memory(out._tensor._storage, x._tensor._storage)
    np.testing.assert_allclose(out.to_numpy(), value, rtol=1e-6 if out.dtype == np.float32 else 1e-12)


def stretch(x: float, y: float) -> float:
    """A function that NumPy does not have, and whose arguments cannot be swapped."""
    return 3 * x - y if x > 0 else y


# Map, zip and reduce

MAPS = [name for name in vars(SimpleBackend) if name.endswith("_map")]
ZIPS = [name for name in vars(SimpleBackend) if name.endswith("_zip")]
REDUCTIONS = [name for name in vars(SimpleBackend) if name.endswith("_reduce")]


@pytest.mark.task3_3
@pytest.mark.parametrize("layout", ["rows", "rotated"])
@pytest.mark.parametrize("name", MAPS)
def test_maps_agree_with_the_simple_backend(name: str, layout: str) -> None:
    array = abs(random_array(np.random.default_rng(1), (2, 3, 4)))  # log needs positive numbers
    x = lay_out(array, layout, NumpyBackend)
    check_constant(getattr(NumpyBackend, name)(x), getattr(SimpleBackend, name)(lay_out(array, "rows")).to_numpy(), x)


@pytest.mark.task3_3
@pytest.mark.parametrize("shapes", [((2, 3), (2, 3)), ((2, 1), (4, 1, 3)), ((1,), (3,)), ((2, 0), (1, 1))], ids=str)
@pytest.mark.parametrize("name", ZIPS)
def test_zips_agree_with_the_simple_backend(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    rng = np.random.default_rng(2)
    a, b = (abs(random_array(rng, shape)) for shape in shapes)
    x, y = lay_out(a, "reversed", NumpyBackend), lay_out(b, "rotated", NumpyBackend)
    value = getattr(SimpleBackend, name)(lay_out(a, "rows"), lay_out(b, "rows")).to_numpy()
    check_constant(getattr(NumpyBackend, name)(x, y), value, x, y)


@pytest.mark.task3_3
@pytest.mark.parametrize("dim", range(3))
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_agree_with_the_simple_backend(name: str, dim: int) -> None:
    array = random_array(np.random.default_rng(3), (2, 3, 4))
    x = lay_out(array, "rotated", NumpyBackend)
    value = getattr(SimpleBackend, name)(lay_out(array, "rows"), dim).to_numpy()
    check_constant(getattr(NumpyBackend, name)(x, dim), value, x)


@pytest.mark.task3_3
@pytest.mark.parametrize("fn", NUMPY_HAS, ids=lambda fn: fn.__name__)
def test_what_numpy_has_is_what_the_operators_compute(fn: Callable[..., float]) -> None:
    numbers = [-1.5, 0.25, 0.25, 2.0, np.nan]
    arguments = fn.__code__.co_argcount
    for x in numbers:
        for y in numbers if arguments == 2 else [0.0]:
            values = (x, y)[:arguments]
            np.testing.assert_allclose(NUMPY_HAS[fn](*values), fn(*values), rtol=1e-15)


@pytest.mark.task3_3
def test_own_functions_are_applied_cell_by_cell() -> None:
    rng = np.random.default_rng(4)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3,))
    x, y = lay_out(a, "reversed", NumpyBackend), lay_out(b, "rows", NumpyBackend)
    check_constant(NumpyOps.map(lambda x: x * x - 1)(x), a * a - 1, x)
    check_constant(NumpyOps.zip(stretch)(x, y), np.where(a > 0, 3 * a - b, b), x, y)

    expected = np.full((2, 1), 0.5)
    for j in range(3):
        expected = np.where(a[:, j : j + 1] > 0, 3 * a[:, j : j + 1] - expected, expected)
    check_constant(NumpyOps.reduce(stretch, 0.5)(x, 1), expected, x)


@pytest.mark.task3_3
def test_a_map_writes_into_the_output_that_it_is_given() -> None:
    x = lay_out(np.array([3.0, 4.0, 5.0]), "rows", NumpyBackend)
    out = lay_out(np.full((2, 3), 7.0), "reversed", NumpyBackend)
    assert NumpyOps.map(operators.neg)(x, out) is out
    assert out.to_numpy().tolist() == [[-3.0, -4.0, -5.0]] * 2


@pytest.mark.task3_3
def test_an_empty_dimension_folds_into_the_start_value() -> None:
    x = lay_out(np.zeros((2, 0, 3)), "rows", NumpyBackend)
    check_constant(NumpyOps.reduce(operators.mul, 5.0)(x, 1), np.full((2, 1, 3), 5.0))


@pytest.mark.task3_3
def test_results_keep_the_type_of_their_operands() -> None:
    single = lay_out(np.array([[0.1, 0.2]], np.float32), "rows", NumpyBackend)
    double = lay_out(np.array([[0.1], [0.2]]), "rows", NumpyBackend)
    assert NumpyBackend.sigmoid_map(single).dtype == NumpyBackend.neg_map(single).dtype == np.float32
    assert NumpyBackend.lt_zip(single, single).dtype == NumpyBackend.is_close_zip(single, single).dtype == np.float32
    assert NumpyBackend.add_zip(single, double).dtype == NumpyBackend.pow_zip(double, single).dtype == np.float64
    assert NumpyBackend.add_reduce(single, 1).dtype == np.float32


@pytest.mark.task3_3
def test_storage_with_gaps_is_read_right() -> None:
    x = Tensor(minitorch.TensorData(np.arange(12.0)[::2], (2, 3)), backend=NumpyBackend)
    check_constant(NumpyBackend.neg_map(x), -np.array([[0.0, 2.0, 4.0], [6.0, 8.0, 10.0]]), x)


@pytest.mark.task3_3
def test_the_left_operand_decides_about_the_backend() -> None:
    here, there = lay_out(np.array([1.0]), "rows", NumpyBackend), lay_out(np.array([2.0]), "rows", SimpleBackend)
    assert (here + there).backend is NumpyBackend
    assert (there + here).backend is SimpleBackend


@pytest.mark.task3_3
def test_gradients_agree_with_the_formula() -> None:
    rng = np.random.default_rng(5)
    x, w, b = random_array(rng, (4, 3)), random_array(rng, (3,)), random_array(rng, (4, 1))
    s = 1 / (1 + np.exp(-(x * w + b)))

    def gradients(upstream: Any) -> list[Any]:
        inner = upstream * s * (1 - s)
        return [inner * w, unbroadcast(inner * x, w.shape), unbroadcast(inner, b.shape)]

    check_function(
        lambda x, w, b: (x * w + b).sigmoid().sum(1),
        [x, w, b],
        s.sum(1, keepdims=True),
        gradients,
        layouts=["rotated", "rows", "reversed"],
        backend=NumpyBackend,
        rng=rng,
    )


@pytest.mark.task3_3
def test_shapes_that_do_not_fit_are_refused() -> None:
    x = lay_out(np.zeros((2, 3)), "rows", NumpyBackend)
    with pytest.raises(BroadcastError):
        x + np.zeros(2)
    with pytest.raises(ShapeError):
        NumpyBackend.id_map(x, lay_out(np.zeros(3), "rows", NumpyBackend))


# Matrix multiplication

PAIRS = [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (7, 3, 4)), ((2, 0), (0, 3))]


@pytest.mark.task3_4
@pytest.mark.parametrize(("a_shape", "b_shape"), PAIRS)
def test_products_of_matrices_agree_with_numpy(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(6)
    a, b = random_array(rng, a_shape), random_array(rng, b_shape)
    check_function(
        lambda x, y: x @ y,
        [a, b],
        np.matmul(a, b),
        lambda upstream: [
            unbroadcast(np.matmul(upstream, np.swapaxes(b, -1, -2)), a_shape),
            unbroadcast(np.matmul(np.swapaxes(a, -1, -2), upstream), b_shape),
        ],
        layouts=["reversed", "rotated"],
        backend=NumpyBackend,
        rng=rng,
    )


@pytest.mark.task3_4
def test_products_keep_the_type_of_their_operands() -> None:
    single = lay_out(np.ones((2, 2), np.float32), "rows", NumpyBackend)
    double = lay_out(np.ones((2, 2)), "rows", NumpyBackend)
    assert (single @ single).dtype == np.float32
    assert (single @ double).dtype == np.float64


@pytest.mark.task3_4
def test_what_are_no_matrices_is_refused() -> None:
    x = lay_out(np.zeros((2, 3)), "rows", NumpyBackend)
    for other in (np.zeros(3), np.zeros((2, 3))):
        with pytest.raises(ShapeError):
            x @ other
