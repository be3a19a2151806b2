"""The innermost loops of matrix multiplication and convolution, called directly."""

import math
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

from minitorch import inner_loops
from minitorch.inner_loops import add_products, copy_block

from .checks import random_array, seeds

pytestmark = pytest.mark.task3_2

TOLERANCE: dict[Any, float] = {np.float64: 1e-13, np.float32: 1e-5}


def check_add_products(rng: np.random.Generator, terms: int, columns: int, width: int, starts: Any, dtype: Any) -> None:
    """Compare with NumPy, and see that nothing but the sums is written to.

    Args:
        rng: Where the numbers come from.
        terms: How many stretches are added.
        columns: Their length.
        width: How many cells a row of the sums has, of which the first `columns` are used.
        starts: Where the stretches begin.
        dtype: The type of the numbers.
    """
    cells = random_array(rng, max([0, *starts]) + columns, dtype)
    weights, before = random_array(rng, (4, terms), dtype), random_array(rng, (4, width), dtype)
    # The weights lie somewhere in a larger storage, in any order of rows and of terms.
    places, corners = rng.permutation(2 * terms + 1)[:terms], rng.permutation(4) * (2 * terms + 2) + 2
    storage = np.full(8 * (terms + 2), np.nan, dtype)
    for r in range(4):
        storage[corners[r] + places] = weights[r]
    read = cells, np.array(starts, np.int64), storage, corners, places
    total, arguments = before.copy(), [array.copy() for array in read]
    add_products(total, columns, *arguments, False)

    stretches = np.array([cells[start : start + columns] for start in starts]).reshape(terms, columns)
    expected = before.astype(np.float64)
    expected[:, :columns] += weights.astype(np.float64) @ stretches.astype(np.float64)
    size = np.abs(before).max() + 4.0 * terms  # what rounding errors are measured by
    np.testing.assert_allclose(total, expected, rtol=0, atol=TOLERANCE[dtype] * size)
    np.testing.assert_array_equal(total[:, columns:], before[:, columns:], err_msg="it wrote behind the columns")
    if terms > 0:  # and once more, in place of whatever was there before
        total[:, :columns] = np.nan
        add_products(total, columns, *arguments, True)
        expected[:, :columns] -= before[:, :columns]
        np.testing.assert_allclose(total, expected, rtol=0, atol=TOLERANCE[dtype] * size)
    for found, given_ in zip(arguments, read, strict=True):
        np.testing.assert_array_equal(found, given_, err_msg="it changed what it reads")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("terms", range(8))
@pytest.mark.parametrize(("columns", "width"), [(0, 3), (1, 1), (1, 4), (7, 7), (33, 40)])
def test_sums_of_any_number_of_terms(terms: int, columns: int, width: int, dtype: Any) -> None:
    rng = np.random.default_rng(terms)
    rows = [t * columns for t in range(terms)]  # the rows of a matrix
    check_add_products(rng, terms, columns, width, rows, dtype)
    check_add_products(rng, terms, columns, width, rows[::-1], dtype)
    check_add_products(rng, terms, columns, width, list(range(terms)), dtype)  # a window that slides
    check_add_products(rng, terms, columns, width, [5] * terms, dtype)  # the same stretch over and over again


@given(seed=seeds())
def test_stretches_anywhere(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype in (np.float64, np.float32):
        terms, columns = int(rng.integers(0, 14)), int(rng.integers(0, 50))
        starts = [int(start) for start in rng.integers(0, 60, terms)]
        check_add_products(rng, terms, columns, columns + int(rng.integers(0, 5)), starts, dtype)


def test_a_row_of_the_longest_length() -> None:
    columns = 40 if numba.config.DISABLE_JIT else inner_loops.CELLS
    check_add_products(np.random.default_rng(1), 5, columns, columns, [3, 0, 7, 1, 2], np.float64)


def test_sums_may_be_part_of_a_larger_array() -> None:
    # As in matrix multiplication: 4 rows of many; of the weights, the last row is used twice to make them four.
    rng = np.random.default_rng(2)
    total, weights, cells = np.zeros((16, 20)), random_array(rng, (16, 48)), random_array(rng, 100)
    starts = np.array([60, 3, 31, 0, 17, 99, 99])
    rows = [13, 14, 15, 15]
    add_products(total[4:8], 9, cells, starts[:5], weights.ravel(), np.array(rows) * 48 + 7, np.arange(5), False)
    expected = np.zeros((16, 20))
    for t in range(5):
        expected[4:8, :9] += np.outer(weights[rows, 7 + t], cells[starts[t] : starts[t] + 9])
    np.testing.assert_allclose(total, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("terms", [1, 3, 5])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_touch_only_their_own_sums(value: float, terms: int) -> None:
    rng = np.random.default_rng(3)
    for place in range(terms):
        cells, weights = random_array(rng, 8 * terms), random_array(rng, (4, terms))
        cells[8 * place + 2] = value  # column 2 of stretch `place`
        weights[1, place] = value
        total = np.zeros((4, 8))
        with np.errstate(invalid="ignore"):
            starts, corners, places = np.arange(terms) * 8, np.arange(4) * terms, np.arange(terms)
            add_products(total, 8, cells, starts, weights.ravel(), corners, places, False)
            expected = (weights[:, :, None] * cells.reshape(1, terms, 8)).sum(1)
        np.testing.assert_allclose(total, expected, rtol=1e-12)
        assert np.isfinite(total).sum() == 3 * 7


def test_two_runs_give_the_same_bits() -> None:
    rng = np.random.default_rng(4)
    cells, weights, starts = random_array(rng, 90), random_array(rng, (4, 7)), rng.integers(0, 50, 7)
    results = []
    for _ in range(2):
        total = np.zeros((4, 37))
        add_products(total, 37, cells, starts, weights.ravel(), np.arange(4) * 7, np.arange(7), False)
        results.append(total)
    np.testing.assert_array_equal(*results)


# Blocks


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("columns", [-1, 0, 1, 7, 8, 9, 15, 16, 28, 33])
@pytest.mark.parametrize("rows", [-1, 0, 1, 3])
@pytest.mark.parametrize("steps", [((40, 1), (35, 1)), ((40, 1), (100, 2)), ((1, 5), (33, 1)), ((40, 1), (-35, -1))])
def test_a_block_is_copied_and_nothing_else(steps: Any, rows: int, columns: int, dtype: Any) -> None:
    rng = np.random.default_rng(columns + 1)
    (to_down, to_right), (from_down, from_right) = steps
    target, source = random_array(rng, 500, dtype), random_array(rng, 500, dtype)
    expected, before = target.copy(), source.copy()
    begin, first = 11, 120
    for h in range(rows):
        for w in range(columns):
            expected[begin + h * to_down + w * to_right] = source[first + h * from_down + w * from_right]
    copy_block(target, begin, (to_down, to_right), source, first, (from_down, from_right), rows, columns)
    np.testing.assert_array_equal(target, expected)
    np.testing.assert_array_equal(source, before)
