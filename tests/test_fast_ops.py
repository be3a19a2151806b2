"""The fast backend: map, zip and reduce (task 3.1), and how all of its kernels run on several cores."""

import math
import re
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

import minitorch
from minitorch import FastOps, fast_ops, jit, operators, sharing

from .checks import LAYOUTS, lay_out, random_array, seeds
from .test_tensor_ops import (
    MAP_SHAPES,
    REDUCE_SHAPES,
    SEEDS,
    ZIP_SHAPES,
    Raw,
    check_map,
    check_reduce,
    check_zip,
    constant,
    kernel_of,
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


@pytest.mark.task3_1
def test_inputs_with_a_stride_of_zero() -> None:
    # The input has the output's shape, but its rows are all the same memory: no shortcut may take it for plain rows.
    row, shape = np.array([1.0, 2.0, 4.0]), np.array([2, 3])
    out = np.zeros(6)
    fast_ops.tensor_map(operators.exp)(out, shape, np.array([3, 1]), row, shape, np.array([0, 1]))
    np.testing.assert_allclose(out, np.exp(np.concatenate([row, row])), rtol=1e-12)


# The walk through several tensors


def positions(shape: Any, strides: Any, stretched: Any) -> Any:
    """Where in the storage each cell of a tensor lies, as an array that is stretched to another shape."""
    cells = np.indices(shape).reshape(len(shape), math.prod(shape))  # (dimensions, cells)
    found = (cells * np.reshape(strides, (-1, 1))).sum(0).reshape(shape)
    return np.broadcast_to(found, stretched).ravel()


def walk(piece: int, *layouts: Any) -> tuple[list[tuple[int, int, int]], list[int]]:
    """The places that the tasks of a plan visit in the output, in a and in b; and how many cells each task has."""
    tasks, plan = fast_ops.plan_walk(piece, *[tuple(np.asarray(part).tolist()) for part in layouts])
    visited, sizes = [], []
    for task in range(tasks):
        o, a, b, rows, columns = fast_ops.find_task(task, plan, piece)
        for row in range(rows):
            starts = np.array([o, a, b]) + row * plan[1:, -2]
            visited += [tuple((starts + p * plan[1:, -1]).tolist()) for p in range(columns)]
        sizes.append(rows * columns)
    return visited, sizes


@pytest.mark.task3_1
@given(seed=seeds())
def test_a_walk_visits_every_cell_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(10):
        shape = rng.choice([0, 1, 1, 2, 3, 4, 5], rng.integers(0, 5), p=[0.04, *[0.16] * 6])
        layouts, expected = [], []
        for own in range(3):
            sizes = shape
            if own > 0:  # a and b may be stretched, or lack dimensions
                sizes = np.where(rng.random(len(shape)) < 0.3, 1, shape)[rng.integers(0, len(shape) + 1) // 2 :]
            # Cells lie row by row, or in any order of the dimensions, with gaps.
            order, gap = list(range(len(sizes))), 1
            if rng.random() < 0.5:
                order, gap = [int(i) for i in rng.permutation(len(sizes))], int(rng.integers(1, 4))
            strides = np.zeros(len(sizes), np.int64)
            for i in order[::-1]:
                strides[i], gap = gap, gap * max(sizes[i], 1)
            if own > 0 and len(sizes) > 0 and rng.random() < 0.2:
                strides[rng.integers(len(sizes))] = 0  # another way to stretch a dimension
            layouts += [sizes, strides]
            expected.append(positions(sizes, strides, shape))
        for piece in (1, 2, 3, 7, 4096):
            visited, cells = walk(piece, *layouts)
            assert sorted(visited) == sorted(zip(*[found.tolist() for found in expected], strict=True))
            assert all(0 < n <= piece for n in cells)
            assert sum(cells) == math.prod(shape)


@pytest.mark.task3_1
def test_the_plan_of_a_walk_is_as_simple_as_can_be() -> None:
    def plan(*layouts: Any) -> Any:
        tasks, found = fast_ops.plan_walk(1000, *layouts)
        assert tasks == 1
        return found.tolist()  # sizes, and steps through the output, a and b

    rows = ((2, 3, 4), (12, 4, 1))
    assert plan(*rows, *rows, *rows) == [[1, 24], [0, 1], [0, 1], [0, 1]]
    assert plan(*[(), ()] * 3) == [[1, 1], [0, 0], [0, 0], [0, 0]]
    # Dimensions of size 1 are never walked along, whatever their stride.
    assert plan((2, 1, 3), (3, 9, 1), *[(2, 1, 3), (3, 7, 1)] * 2) == [[1, 6], [0, 1], [0, 1], [0, 1]]
    # A bias for each column; one for each row; a single number.
    assert plan(*rows, *rows, (4,), (1,)) == [[6, 4], [4, 1], [4, 1], [0, 1]]
    assert plan(*rows, *rows, (2, 1, 1), (1, 1, 1)) == [[2, 12], [12, 1], [12, 1], [1, 0]]
    assert plan(*rows, *rows, (1,), (1,)) == [[1, 24], [0, 1], [0, 1], [0, 0]]
    # Alike in all three, but with gaps between the cells, which must not be computed with.
    assert plan(*[(2, 3), (8, 2)] * 3) == [[2, 3], [8, 2], [8, 2], [8, 2]]
    assert plan(*[(2, 3), (6, 2)] * 3) == [[1, 6], [0, 2], [0, 2], [0, 2]]
    # One tensor whose dimensions cannot be joined keeps them apart for all.
    assert plan((2, 3), (3, 1), (2, 3), (1, 2), (2, 3), (3, 1)) == [[2, 3], [3, 1], [1, 2], [3, 1]]


@pytest.mark.task3_1
def test_a_plan_is_that_of_the_shapes_at_hand() -> None:
    # The same kernel, over and over: with new arrays, with the same arrays after a change, and with those of tensors,
    # many of which share their arrays.
    kernel = fast_ops.tensor_map(operators.neg)
    numbers, shape, strides, rows = np.arange(6.0), np.array([2, 3]), np.array([3, 1]), np.array([3, 1])
    for sizes in ((2, 3), (3, 2), (2, 3), (1, 6), (2, 2)):
        for turned in (False, True):
            shape[:] = sizes
            strides[:] = (1, sizes[0]) if turned else (sizes[1], 1)
            rows[0] = sizes[1]
            out = np.full(6, 50.0)
            kernel(out, shape, rows, numbers, shape, strides)
            expected = -numbers[: math.prod(sizes)].reshape(sizes, order="F" if turned else "C")
            np.testing.assert_array_equal(out[: math.prod(sizes)], expected.ravel())
            assert (out[math.prod(sizes) :] == 50.0).all()
            x = constant(numbers[: math.prod(sizes)].reshape(sizes), minitorch.FastBackend)
            found = minitorch.FastBackend.neg_map(x.permute(1, 0) if turned else x).to_numpy()
            expected = -numbers[: math.prod(sizes)].reshape(sizes)
            np.testing.assert_array_equal(found, expected.T if turned else expected)


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


def make_kernel(name: str) -> Any:
    """A kernel of each kind."""
    return {
        "map": lambda: fast_ops.tensor_map(operators.neg),
        "zip": lambda: fast_ops.tensor_zip(operators.mul),
        "reduce": lambda: fast_ops.tensor_reduce(operators.log_back),
        "long row": lambda: fast_ops.tensor_reduce(operators.add),
        "matmul": lambda: fast_ops.tensor_matrix_multiply,
    }[name]()


def run_on(kernel: Callable[..., None], name: str, large: bool) -> Any:
    """Run a kernel on tensors of a few cells, or of enough for several cores; return what it found and should find."""
    rng = np.random.default_rng(4)
    if name == "matmul":
        a, b = random_array(rng, (37 if large else 3, 5)), random_array(rng, (5, 7))
        x, y, out = constant(a), constant(b), minitorch.zeros(a.shape[0], 7)
        kernel(*out.tuple(), *x.tuple(), *y.tuple())
        return out.to_numpy(), a @ b
    if name == "reduce":
        a = random_array(rng, (50, 2011) if large else (5, 3))
        out = minitorch.ones(1, a.shape[1])
        kernel(*out.tuple(), *constant(a).tuple(), 0)
        return out.to_numpy(), 1 / (a + 1e-6).prod(0, keepdims=True)
    a = random_array(rng, (9001 if large else 10,))
    out = minitorch.zeros(1 if name == "long row" else len(a))
    arguments = {"map": constant(a).tuple(), "zip": constant(a).tuple() * 2, "long row": (*constant(a).tuple(), 0)}
    kernel(*out.tuple(), *arguments[name])
    return out.to_numpy(), {"map": -a, "zip": a * a, "long row": a.sum(keepdims=True)}[name]


@pytest.mark.task3_1
@pytest.mark.parametrize(
    "name", ["map", "zip", "reduce", "long row", pytest.param("matmul", marks=pytest.mark.task3_2)]
)
def test_kernels_run_on_several_cores_if_that_is_worth_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel, run, tasks_run = make_kernel(name), sharing.run, []
    # Without the JIT, kernels are plain Python on one core.
    assert numba.config.DISABLE_JIT or run.targetoptions["parallel"]

    def spy(workers: int, tasks: int, *arguments: Any) -> int:
        tasks_run.append(tasks)
        return run(workers, tasks, *arguments)

    monkeypatch.setattr(sharing, "run", spy)
    for large in (False, True):
        found, expected = run_on(kernel, name, large)
        np.testing.assert_allclose(found, expected, rtol=1e-9)
        assert len(tasks_run) == large, "a single task is not worth waking the other cores"
    assert tasks_run[0] > 1


@pytest.mark.task3_5
@pytest.mark.parametrize("name", ["map", "reduce", "matmul"])
@pytest.mark.parametrize("large", [False, True])
def test_numba_can_tell_how_a_kernel_runs_in_parallel(
    name: str, large: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    if numba.config.DISABLE_JIT:
        return  # nothing is compiled, so there is nothing to tell
    kernel = make_kernel(name)
    run_on(kernel, name, large)
    kernel.parallel_diagnostics(level=1)
    text = capsys.readouterr().out
    assert "for worker in prange(workers)" in text
    assert re.search(r"for worker in prange\(workers\):-+\| #\d+", text), "no loop that runs on several cores"


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


# Tensors that are divided into many tasks. Plain Python has to do with as few as possible.
MANY = 23 if numba.config.DISABLE_JIT else 300
ORDERS = pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)], ids=str)


@pytest.mark.task3_1
@DTYPES
@ORDERS
def test_map_of_many_cells(order: tuple[int, ...], dtype: type) -> None:
    rng = np.random.default_rng(10)
    a = random_array(rng, (MANY, 7, 50), dtype)
    x = constant(a, minitorch.FastBackend).permute(*order)
    found = minitorch.FastBackend.inv_map(x)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found.to_numpy(), 1 / a.transpose(order))
    # Into an output that lies in memory in an order of its own, and is larger.
    out = minitorch.zeros(50, 2, MANY, 7, dtype=dtype).permute(1, 2, 3, 0)
    x = constant(a[:, :1], minitorch.FastBackend)
    minitorch.FastBackend.inv_map(x, out)
    np.testing.assert_array_equal(out.to_numpy(), np.broadcast_to(1 / a[:, :1], (2, MANY, 7, 50)))


@pytest.mark.task3_1
@ORDERS
@pytest.mark.parametrize(
    "shape", [(50,), (7, 1), (MANY, 1, 1), (1, 7, 50), (MANY, 1, 50), (1,), (MANY, 7, 50)], ids=str
)
def test_zip_of_many_cells(shape: tuple[int, ...], order: tuple[int, ...]) -> None:
    rng = np.random.default_rng(11)
    a, b = random_array(rng, (MANY, 7, 50)), random_array(rng, shape)
    whole = b.reshape((1,) * (3 - b.ndim) + b.shape)  # so that both can be turned
    x, y = [constant(array, minitorch.FastBackend).permute(*order) for array in (a, whole)]
    expected = (-whole / (a * a)).transpose(order)
    np.testing.assert_allclose(minitorch.FastBackend.inv_back_zip(x, y).to_numpy(), expected, rtol=1e-14)
    if order == (0, 1, 2):
        y = constant(b, minitorch.FastBackend)  # with the dimensions that it has
        np.testing.assert_allclose(minitorch.FastBackend.inv_back_zip(x, y).to_numpy(), expected, rtol=1e-14)
    expected = (-a / (whole * whole)).transpose(order)
    np.testing.assert_allclose(minitorch.FastBackend.inv_back_zip(y, x).to_numpy(), expected, rtol=1e-14)


@pytest.mark.task3_1
@DTYPES
@ORDERS
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_reduce_of_many_cells(dim: int, order: tuple[int, ...], dtype: type) -> None:
    a = random_array(np.random.default_rng(12), (MANY, 7, 50), dtype)
    x, turned = constant(a, minitorch.FastBackend).permute(*order), a.transpose(order)
    f, tolerance = minitorch.FastBackend, {np.float64: 1e-12, np.float32: 1e-6}[dtype]
    found = f.add_reduce(x, dim)
    assert found.dtype == dtype
    expected = turned.astype(np.float64).sum(dim, keepdims=True)
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=tolerance, atol=tolerance)
    np.testing.assert_array_equal(f.max_reduce(x, dim).to_numpy(), turned.max(dim, keepdims=True))
    near_one = constant(1 + a / 1000, minitorch.FastBackend).permute(*order)
    expected = (1 + turned.astype(np.float64) / 1000).prod(dim, keepdims=True)
    np.testing.assert_allclose(f.mul_reduce(near_one, dim).to_numpy(), expected, rtol=max(tolerance, 1e-5))


@pytest.mark.task3_1
@DTYPES
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_maxima_see_nan_and_infinity_wherever_they_are(dim: int, dtype: type) -> None:
    rng = np.random.default_rng(17)
    a = random_array(rng, (11, 13, 600 if dim == 2 else 17), dtype)
    for value in (math.nan, math.inf, -math.inf):
        a[rng.random(a.shape) < 0.02] = value
    a[tuple(slice(None) if i == dim else 0 for i in range(3))] = -math.inf
    for order in [(0, 1, 2), (2, 0, 1), (2, 1, 0)]:
        x = constant(a, minitorch.FastBackend).permute(*order)
        turned, place = a.transpose(order), order.index(dim)
        found = minitorch.FastBackend.max_reduce(x, place)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.to_numpy(), turned.max(place, keepdims=True))


# The long rows of a fold

LENGTHS = [63, 64, 97, 511, 512, 513, 1023, 4096, 8191, 8192, 8193, 3 * 4096, 3 * 4096 + 1, 3 * 4096 + 77]


def fold_raw(fn: Any, row: Any, start: float, gap: int) -> Any:
    """Fold a row whose cells lie `gap` apart, with NaN between them."""
    raw, out = Raw(row, [0], gap), np.full(1, start, row.dtype)
    kernel_of(fast_ops.tensor_reduce, fn)(out, np.array([1]), np.array([1]), *raw.arguments, 0)
    np.testing.assert_array_equal(raw.cells, row, err_msg="the kernel changed its input")
    return out[0]


@pytest.mark.task3_1
@DTYPES
@pytest.mark.parametrize("gap", [1, 3])
@pytest.mark.parametrize("length", LENGTHS)
def test_folding_a_long_row(length: int, gap: int, dtype: type) -> None:
    row = random_array(np.random.default_rng(length), (length,), dtype)
    double = row.astype(np.float64)
    tolerance = {np.float64: 1e-12, np.float32: 1e-6}[dtype]
    # The start value counts, and counts once.
    np.testing.assert_allclose(fold_raw(operators.add, row, 100.0, gap), 100 + math.fsum(double), tolerance, 1e-9)
    expected = 3 * np.prod(1 + (row / 1000).astype(np.float64))
    found = fold_raw(operators.mul, (1 + row / 1000).astype(dtype), 3.0, gap)
    np.testing.assert_allclose(found, expected, rtol={np.float64: 1e-11, np.float32: 1e-4}[dtype])
    assert fold_raw(operators.max, row, -math.inf, gap) == row.max()
    assert fold_raw(operators.max, row, 7.0, gap) == 7.0


@pytest.mark.task3_1
@pytest.mark.parametrize("length", [97, 700, 8193, 3 * 4096 + 77])
def test_the_maximum_of_a_long_row_sees_every_cell(length: int) -> None:
    places = {
        0,
        1,
        31,
        32,
        64,
        95,
        96,
        255 % length,
        512 % length,
        length // 2,
        length - 2,
        length - 1,
        4095 % length,
        4096 % length,
    }
    for place in sorted(places):
        row = np.full(length, -2.0)
        row[place] = -1.0
        assert fold_raw(operators.max, row, -math.inf, 1) == -1.0, f"cell {place}"
        row[place] = math.nan
        assert math.isnan(fold_raw(operators.max, row, -math.inf, 1)), f"NaN in cell {place}"
        assert math.isnan(fold_raw(operators.add, row, 0.0, 1)), f"NaN in cell {place}"
        row[:] = -math.inf
        assert fold_raw(operators.max, row, -math.inf, 1) == -math.inf
        row[place] = -1e300
        assert fold_raw(operators.max, row, -math.inf, 1) == -1e300


@pytest.mark.task3_1
def test_a_long_sum_in_single_precision_is_accumulated_in_double() -> None:
    # In every one of the partial sums, a float32 would lose the ones.
    row = np.ones(4 * 4096 + 5, np.float32)
    row[: 2 * 4096 : 2] = 2.0**25
    assert fold_raw(operators.add, row, 0.0, 1) == np.float32(4096 * 2.0**25 + 3 * 4096 + 5)
    row[1::2] = -row[::2][: len(row[1::2])]
    row[-1] = 3.0
    assert fold_raw(operators.add, row, 0.0, 1) == 3.0


@pytest.mark.task3_1
@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("fn", [operators.add, operators.mul, operators.max], ids=lambda fn: fn.__name__)
def test_a_long_row_does_not_depend_on_the_number_of_threads(fn: Any) -> None:
    row = 1 + random_array(np.random.default_rng(13), (5 * 4096 + 77,)) / 1000
    found = on_one_and_on_all_threads(lambda: fold_raw(fn, row, 1.0, 1))
    assert math.isclose(found, {"add": 1 + math.fsum(row), "mul": np.prod(row), "max": row.max()}[fn.__name__])


def _difference(x: float, accumulated: float) -> float:
    return x - accumulated


def _decay(x: float, accumulated: float) -> float:
    return 0.5 * accumulated + x


def _own_sum(x: float, accumulated: float) -> float:
    return x + accumulated  # computes what operators.add does, but nobody has said that its order is free


@pytest.mark.task3_1
@pytest.mark.parametrize("fn", [_difference, _decay, _own_sum], ids=lambda fn: fn.__name__)
@pytest.mark.parametrize(
    ("shape", "dim"), [((3 * 4096 + 77,), 0), ((1, 8193), 1), ((3, 700), 1), ((700, 3), 0), ((2, 300, 5), 1)], ids=str
)
def test_other_functions_fold_from_the_first_cell_to_the_last(fn: Any, shape: tuple[int, ...], dim: int) -> None:
    a = random_array(np.random.default_rng(14), shape)
    expected = np.full([1 if i == dim else size for i, size in enumerate(shape)], 0.25)
    for j in range(shape[dim]):
        expected = fn(a.take([j], dim), expected)
    fold = FastOps.reduce(fn, 0.25)
    for layout in LAYOUTS:
        x = lay_out(a, layout, minitorch.FastBackend)
        np.testing.assert_array_equal(fold(x, dim).to_numpy(), expected)


# Operations


@pytest.mark.task3_1
def test_a_sum_in_single_precision_is_accumulated_in_double() -> None:
    # 2^24 + 1 has no float32: adding the ones one by one to a float32 would lose each of them.
    values = np.array([2.0**24, 1, 1, 1, 1], dtype=np.float32)
    total = minitorch.FastBackend.add_reduce(constant(values, minitorch.FastBackend), 0)
    assert total.dtype == np.float32
    assert total.item() == 2.0**24 + 4
    columns = constant(np.stack([values, values, -values], 1), minitorch.FastBackend)  # folded side by side
    total = minitorch.FastBackend.add_reduce(columns, 0)
    assert total.dtype == np.float32
    assert total.to_numpy().tolist() == [[2.0**24 + 4, 2.0**24 + 4, -(2.0**24) - 4]]


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
