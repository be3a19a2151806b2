"""Matrix multiplication of the fast backend (task 3.2)."""

import math
from typing import Any

import numba
import numpy as np
import pytest

import minitorch
from minitorch import FastOps, ShapeError, fast_ops

from .checks import lay_out, random_array
from .test_fast_ops import DTYPES, ROWS, _threads, on_one_and_on_all_threads  # noqa: F401
from .test_tensor_ops import MATRIX_SHAPES, SEEDS, check_matrix_multiply, constant


@pytest.mark.task3_2
@DTYPES
@SEEDS
@pytest.mark.parametrize("shapes", MATRIX_SHAPES, ids=str)
def test_matrix_multiply(shapes: Any, dtype: type, seed: int) -> None:
    check_matrix_multiply(fast_ops.tensor_matrix_multiply, shapes, dtype, seed)


@pytest.mark.task3_2
@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(("a_shape", "b_shape"), [((ROWS, 17), (17, 13)), ((2, ROWS, 11), (3, 1, 11, 7))])
def test_matrix_multiply_does_not_depend_on_the_number_of_threads(a_shape: Any, b_shape: Any) -> None:
    rng = np.random.default_rng(7)
    a, b = rng.normal(size=a_shape), rng.normal(size=b_shape)
    x, y = constant(a, minitorch.FastBackend), constant(b, minitorch.FastBackend)
    found = on_one_and_on_all_threads(lambda: FastOps.matrix_multiply(x, y).to_numpy())
    np.testing.assert_allclose(found, np.matmul(a, b), rtol=1e-9, atol=1e-11)


# Products of matrices around the borders of the blocks: 32 rows, 48 terms, 512 columns

BLOCKS = [((33, 49), (49, 513))]
if not numba.config.DISABLE_JIT:
    BLOCKS += [((n, k), (k, m)) for n in (31, 32, 33, 65) for k in (47, 48, 49, 97) for m in (3, 511, 512, 513)]
    BLOCKS += [((5, 3), (3, 1030)), ((1, 1), (1, 1024)), ((64, 144), (144, 512)), ((4, 0), (0, 6))]
    BLOCKS += [
        ((2, 1, 33, 49), (3, 49, 513)),
        ((3, 33, 49), (49, 50)),
        ((33, 49), (3, 49, 50)),
        ((4, 33, 5), (4, 5, 6)),
    ]


@pytest.mark.task3_2
@DTYPES
@pytest.mark.parametrize("shapes", BLOCKS, ids=str)
def test_matrix_multiply_around_the_borders_of_its_blocks(shapes: Any, dtype: type) -> None:
    rng = np.random.default_rng(15)
    a, b = [random_array(rng, shape, dtype) for shape in shapes]
    expected = np.matmul(a.astype(np.float64), b.astype(np.float64))
    tolerance = {np.float64: 1e-11, np.float32: 2e-4}[dtype]  # the sums have up to 144 terms of size 1
    # Rows in memory, one operand transposed, and both.
    for layouts in [("rows", "rows"), ("reversed", "rows"), ("rows", "reversed"), ("rotated", "reversed")][
        : 1 if numba.config.DISABLE_JIT else 4
    ]:
        x, y = [lay_out(m, layout, minitorch.FastBackend) for m, layout in zip((a, b), layouts, strict=True)]
        found = FastOps.matrix_multiply(x, y)
        assert found.dtype == dtype
        np.testing.assert_allclose(found.to_numpy(), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.task3_2
@pytest.mark.parametrize("rows", [1, 4, 5, 18])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_nan_and_infinity_in_a_product_stay_in_their_rows_and_columns(value: float, rows: int) -> None:
    rng = np.random.default_rng(16)
    a, b = random_array(rng, (rows, 5)), random_array(rng, (5, 6))
    a[rows - 1, 3] = value
    b[1, 2] = value
    with np.errstate(invalid="ignore"):  # in plain Python, NumPy warns of infinity times 0
        found = FastOps.matrix_multiply(constant(a), constant(b)).to_numpy()
        expected = (a[:, :, None] * b[None]).sum(1)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.isfinite(found).sum() == (rows - 1) * 5


# Operands that do not fit, and other types of numbers


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
