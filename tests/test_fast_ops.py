"""The kernels of the fast backend: map, zip and reduce (task 3.1) and matrix multiplication (task 3.2)."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

import minitorch
from minitorch import FastOps, ShapeError, fast_ops, jit, operators

from .checks import random_array, seeds
from .test_tensor_ops import (
    MAP_SHAPES,
    MATRIX_SHAPES,
    REDUCE_SHAPES,
    SEEDS,
    ZIP_SHAPES,
    check_map,
    check_matrix_multiply,
    check_reduce,
    check_zip,
    constant,
)

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


# Kernels, called directly on storage, shapes and strides


@pytest.mark.task3_1
@DTYPES
@SEEDS
@pytest.mark.parametrize("shapes", MAP_SHAPES, ids=str)
def test_map(shapes: Any, dtype: type, seed: int) -> None:
    check_map(fast_ops.tensor_map, shapes, dtype, seed)


@pytest.mark.task3_1
@DTYPES
@SEEDS
@pytest.mark.parametrize("shapes", ZIP_SHAPES, ids=str)
def test_zip(shapes: Any, dtype: type, seed: int) -> None:
    check_zip(fast_ops.tensor_zip, shapes, dtype, seed)


@pytest.mark.task3_1
@DTYPES
@SEEDS
@pytest.mark.parametrize("shapes", REDUCE_SHAPES, ids=str)
def test_reduce(shapes: Any, dtype: type, seed: int) -> None:
    check_reduce(fast_ops.tensor_reduce, shapes, dtype, seed)


@pytest.mark.task3_2
@DTYPES
@SEEDS
@pytest.mark.parametrize("shapes", MATRIX_SHAPES, ids=str)
def test_matrix_multiply(shapes: Any, dtype: type, seed: int) -> None:
    check_matrix_multiply(fast_ops.tensor_matrix_multiply, shapes, dtype, seed)


@pytest.mark.task3_1
def test_inputs_with_a_stride_of_zero() -> None:
    # The input has the output's shape, but its rows are all the same memory: no shortcut may take it for plain rows.
    row, shape = np.array([1.0, 2.0, 4.0]), np.array([2, 3])
    out = np.zeros(6)
    fast_ops.tensor_map(operators.exp)(out, shape, np.array([3, 1]), row, shape, np.array([0, 1]))
    np.testing.assert_allclose(out, np.exp(np.concatenate([row, row])), rtol=1e-12)


@pytest.mark.task3_1
def test_same_layout_wants_rows_in_both_tensors() -> None:
    def same(a_shape: Any, a_strides: Any, b_shape: Any, b_strides: Any) -> bool:
        return fast_ops.same_layout(*[np.array(x, np.int64) for x in (a_shape, a_strides, b_shape, b_strides)])

    assert same((2, 3), (3, 1), (2, 3), (3, 1))
    assert same((), (), (), ())
    assert same((3, 1), (1, 1), (3, 1), (1, 9))  # a dimension of size 1 is never walked along
    assert not same((3, 2), (1, 3), (3, 2), (2, 1))
    assert not same((3, 2), (2, 1), (3, 2), (1, 3))
    assert not same((2, 3), (3, 1), (2, 3), (0, 1))
    assert not same((2, 3), (3, 1), (2, 1), (1, 1))
    assert not same((2, 3), (3, 1), (3,), (1,))
    # Alike, but not row by row: there may be gaps between the cells, which must not be computed with.
    assert not same((2, 3), (6, 2), (2, 3), (6, 2))


# Compiled helpers


@pytest.mark.task3_1
@given(seed=seeds())
def test_compiled_index_arithmetic(seed: int) -> None:
    rng = np.random.default_rng(seed)
    big = rng.integers(1, 5, rng.integers(1, 5))
    small = np.where(rng.random(len(big)) < 0.5, big, 1)[rng.integers(0, len(big)) :]
    numbers = np.arange(np.prod(small)).reshape(small)
    stretched = np.broadcast_to(numbers, big)
    strides = np.array(numbers.strides) // numbers.itemsize
    for ordinal, cell in enumerate(np.ndindex(*big)):
        big_index, index = np.full(len(big), -1), np.full(len(small), -1)
        jit.to_index(ordinal, big, big_index)
        assert tuple(big_index) == cell
        jit.broadcast_index(big_index, big, small, index)
        assert jit.index_to_position(index, strides) == stretched[cell]


@pytest.mark.task3_1
def test_kernels_are_compiled_to_run_on_several_cores() -> None:
    kernels = [
        fast_ops.tensor_map(operators.neg),
        fast_ops.tensor_zip(operators.mul),
        fast_ops.tensor_reduce(operators.add),
        fast_ops.tensor_matrix_multiply,
    ]
    for kernel in kernels:
        # Without the JIT, kernels are plain Python on one core; nothing is left to check.
        assert numba.config.DISABLE_JIT or kernel.targetoptions.get("parallel")


@pytest.mark.task3_1
def test_functions_from_outside_the_library() -> None:
    def cube(x: float) -> float:
        return x * x * x

    x = minitorch.tensor([1.0, -2.0, 0.5])
    # A plain function and one that numba has compiled already, as the course's own scripts pass it.
    for fn in (cube, numba.njit(cube)):
        assert FastOps.map(fn)(x).to_numpy().tolist() == [1.0, -8.0, 0.125]


# Threads


@pytest.fixture
def _threads() -> Any:
    """Give back the number of threads that a test takes away."""
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


def on_one_and_on_all_threads(run: Callable[[], Any]) -> Any:
    """Check that a computation gives the same bits on one thread and on all, time after time; return its result."""
    numba.set_num_threads(1)
    alone = run()
    numba.set_num_threads(numba.config.NUMBA_NUM_THREADS)
    for _ in range(5):
        np.testing.assert_array_equal(run(), alone)
    return alone


# Sizes that every core gets a share of, and none an equal one. Plain Python has to do with less.
ROWS = 7 if numba.config.DISABLE_JIT else 203


@pytest.mark.task3_1
@pytest.mark.usefixtures("_threads")
def test_map_and_zip_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(ROWS, 5, 31)), rng.normal(size=(5, 1))
    x, y = constant(a, minitorch.FastBackend), constant(b, minitorch.FastBackend)
    turned = x.permute(1, 2, 0)
    found = on_one_and_on_all_threads(lambda: minitorch.FastBackend.exp_map(turned).to_numpy())
    np.testing.assert_allclose(found, np.exp(a.transpose(1, 2, 0)), rtol=1e-12)
    found = on_one_and_on_all_threads(lambda: minitorch.FastBackend.mul_zip(x, y).to_numpy())
    np.testing.assert_allclose(found, a * b, rtol=1e-12)


@pytest.mark.task3_1
@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_reduce_does_not_depend_on_the_number_of_threads(dim: int) -> None:
    a = np.random.default_rng(6).normal(size=(ROWS, 5, 31))
    x = constant(a, minitorch.FastBackend)
    found = on_one_and_on_all_threads(lambda: minitorch.FastBackend.add_reduce(x, dim).to_numpy())
    np.testing.assert_allclose(found, a.sum(dim, keepdims=True), rtol=1e-9, atol=1e-11)


@pytest.mark.task3_2
@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(("a_shape", "b_shape"), [((ROWS, 17), (17, 13)), ((2, ROWS, 11), (3, 1, 11, 7))])
def test_matrix_multiply_does_not_depend_on_the_number_of_threads(a_shape: Any, b_shape: Any) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=a_shape), rng.normal(size=b_shape)
    x, y = constant(a, minitorch.FastBackend), constant(b, minitorch.FastBackend)
    found = on_one_and_on_all_threads(lambda: FastOps.matrix_multiply(x, y).to_numpy())
    np.testing.assert_allclose(found, np.matmul(a, b), rtol=1e-9, atol=1e-11)


# Operations


@pytest.mark.task3_1
def test_a_sum_in_single_precision_is_accumulated_in_double() -> None:
    # 2^24 + 1 has no float32: adding the ones one by one to a float32 would lose each of them.
    values = np.array([2.0**24, 1, 1, 1, 1], dtype=np.float32)
    total = minitorch.FastBackend.add_reduce(constant(values, minitorch.FastBackend), 0)
    assert total.dtype == np.float32
    assert total.item() == 2.0**24 + 4


@pytest.mark.task3_1
def test_map_writes_into_a_given_output() -> None:
    out = minitorch.zeros(2, 3, backend=minitorch.FastBackend)
    returned = minitorch.FastBackend.neg_map(constant([1.0, 2.0, 3.0]), out)
    assert returned is out
    assert out.to_numpy().tolist() == [[-1.0, -2.0, -3.0], [-1.0, -2.0, -3.0]]


@pytest.mark.task3_1
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (3, 2)])
def test_map_into_an_output_that_is_too_small(shape: tuple[int, ...]) -> None:
    # Were it let through, the compiled kernel would write beyond the output's memory.
    out = minitorch.ones(*shape)
    with pytest.raises(ValueError, match=r"output of a map is too small|cannot be broadcast"):
        minitorch.FastBackend.neg_map(minitorch.zeros(2, 3), out)
    assert (out.to_numpy() == 1.0).all()


@pytest.mark.task3_1
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0, 3)])
def test_empty_tensors(shape: tuple[int, ...]) -> None:
    x = minitorch.zeros(*shape, backend=minitorch.FastBackend)
    assert minitorch.FastBackend.neg_map(x).shape == shape
    assert minitorch.FastBackend.mul_zip(x, minitorch.ones(1)).shape == shape
    for dim in range(len(shape)):
        expected = np.zeros(shape).sum(dim, keepdims=True)
        np.testing.assert_array_equal(minitorch.FastBackend.add_reduce(x, dim).to_numpy(), expected)


@pytest.mark.task3_1
def test_nan_and_infinity_pass_through() -> None:
    x = constant([math.nan, math.inf, -math.inf, 1.0])
    f = minitorch.FastBackend
    np.testing.assert_array_equal(f.neg_map(x).to_numpy(), [math.nan, -math.inf, math.inf, -1.0])
    np.testing.assert_array_equal(f.relu_map(x).to_numpy(), [math.nan, math.inf, 0.0, 1.0])
    np.testing.assert_array_equal(f.add_zip(x, x).to_numpy(), [math.nan, math.inf, -math.inf, 2.0])
    np.testing.assert_array_equal(f.eq_zip(x, x).to_numpy(), [0.0, 1.0, 1.0, 1.0])
    assert math.isnan(f.add_reduce(x, 0).item())


@pytest.mark.task3_2
@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (4, 3)), ((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((), (1, 1)), ((2, 1), (3, 4))]
)
def test_matrices_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="cannot be multiplied as matrices") as error:
        FastOps.matrix_multiply(minitorch.zeros(*a), minitorch.zeros(*b))
    assert f"{a} @ {b}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task3_2
def test_batches_that_do_not_fit() -> None:
    with pytest.raises(minitorch.BroadcastError, match="2 and 5"):
        FastOps.matrix_multiply(minitorch.zeros(2, 3, 4), minitorch.zeros(5, 4, 6))


@pytest.mark.task3_2
def test_matrix_multiply_of_other_number_types() -> None:
    a, b = random_array(np.random.default_rng(8), (3, 4)), random_array(np.random.default_rng(9), (4, 5), np.float32)
    product = FastOps.matrix_multiply(constant(a), constant(b))
    assert product.dtype == np.float64
    np.testing.assert_allclose(product.to_numpy(), a @ b.astype(np.float64), rtol=1e-12)
    counts = np.arange(6).reshape(2, 3)
    product = FastOps.matrix_multiply(constant(counts), constant(counts.T))
    assert product.dtype == np.float64
    assert product.to_numpy().tolist() == [[5.0, 14.0], [14.0, 50.0]]
