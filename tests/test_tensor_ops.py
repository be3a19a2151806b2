"""The readable kernels, called directly on storage, shapes and strides, and the operations built from them.

`check_map`, `check_zip`, `check_reduce` and `check_matrix_multiply` are used for the fast kernels as well.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import ShapeError, SimpleOps, TensorData, TensorOps, operators, tensor_ops

from .checks import random_array

TOLERANCE: dict[Any, dict[str, float]] = {
    np.float64: {"rtol": 1e-9, "atol": 1e-12},
    np.float32: {"rtol": 1e-4, "atol": 1e-5},
}

MAP_SHAPES = [
    # output, input
    ((), ()),
    ((1,), ()),
    ((5,), (5,)),
    ((5,), (1,)),
    ((2, 3), (3,)),
    ((2, 3), (2, 1)),
    ((3, 1), (3, 1)),
    ((4, 2, 3), (4, 2, 3)),
    ((4, 2, 3), (2, 1)),
    ((2, 3, 4, 5), (3, 1, 5)),
    ((0, 3), (0, 3)),
    ((2, 0, 3), (1, 3)),
    ((70, 2, 3), (70, 2, 3)),  # many small planes
    ((8, 9, 3, 2), (9, 1, 2)),
]

ZIP_SHAPES = [
    # output, left, right
    ((), (), ()),
    ((1,), (), (1,)),
    ((5,), (5,), (1,)),
    ((5,), (), (5,)),
    ((2, 3), (2, 3), (2, 3)),
    ((2, 3), (2, 3), (3,)),
    ((2, 3), (3,), (2, 1)),
    ((3, 4), (3, 1), (1, 4)),
    ((4, 2, 3), (2, 1), (4, 1, 3)),
    ((2, 3, 4, 5), (3, 1, 5), (2, 1, 4, 1)),
    ((0, 3), (1, 3), (0, 1)),
    ((70, 2, 3), (70, 1, 3), (2, 1)),  # many small planes
    ((8, 9, 3, 2), (8, 1, 3, 1), (9, 1, 2)),
]

REDUCE_SHAPES = [
    # input, dimension
    ((5,), 0),
    ((1,), 0),
    ((2, 3), 0),
    ((2, 3), 1),
    ((4, 2, 3), 0),
    ((4, 2, 3), 1),
    ((4, 2, 3), 2),
    ((2, 3, 4, 5), 1),
    ((3, 1, 2), 1),
    ((2, 0, 3), 1),  # nothing to fold: the start value stays
    ((2, 0, 3), 0),  # no cells at all
]

MATRIX_SHAPES = [
    # left, right
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((1, 5), (5, 1)),
    ((5, 1), (1, 7)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),
    ((3, 4), (2, 4, 5)),
    ((1, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (1, 4, 5)),
    ((2, 3, 4, 5), (2, 3, 5, 7)),
    ((2, 1, 4, 5), (3, 5, 7)),
    ((4, 5), (2, 3, 5, 7)),
    ((1, 3, 4, 5), (2, 1, 5, 7)),
    ((0, 3, 4), (4, 5)),  # an empty batch
    ((2, 0, 4), (2, 4, 5)),
    ((3, 0), (0, 5)),  # a sum of nothing
    ((3, 4), (4, 0)),
]


# Seed 0 stands for rows without gaps, where kernels may take a shortcut; the others for cells that lie anyhow.
SEEDS = pytest.mark.parametrize("seed", range(5))


class Raw:
    """An array in storage that is wider than necessary, with its dimensions in any order.

    Attributes:
        cells: The array, as a NumPy view of the storage: what a kernel writes is seen here.
        arguments: Storage, shape and strides, the way kernels take them.
    """

    def __init__(self, array: Any, order: Sequence[int], gap: int) -> None:
        inverse = [list(order).index(axis) for axis in range(array.ndim)]
        # The last dimension is a gap between neighbours. It holds NaN, which shows in a result if it is ever read.
        self._memory = np.full((*np.transpose(array, order).shape, gap), math.nan, dtype=array.dtype)
        self.cells = self._memory[..., 0].transpose(inverse)
        self.cells[...] = array
        strides = [stride // array.itemsize for stride in self.cells.strides]
        self.arguments = (
            self._memory.reshape(-1),
            np.array(array.shape, dtype=np.int64),
            np.array(strides, dtype=np.int64),
        )

    def assert_gaps_untouched(self) -> None:
        assert np.isnan(self._memory[..., 1:]).all(), "the kernel wrote between the cells"


def lay_raw(rng: np.random.Generator, array: Any, seed: int) -> Raw:
    """Lay an array out row by row without gaps if the seed is 0, else in a random order with gaps."""
    order = list(range(array.ndim))
    return Raw(array, order, 1) if seed == 0 else Raw(array, [int(i) for i in rng.permutation(order)], 3)


@functools.cache
def kernel_of(make: Callable[..., Callable[..., None]], fn: Callable[..., float]) -> Callable[..., None]:
    """Make a kernel once for all examples: loading a compiled one takes a while."""
    return make(fn)


def _run(kernel: Callable[..., None], output: Any, inputs: Sequence[Any], extra: Sequence[int], seed: int) -> Any:
    """Run a kernel on arrays that lie in memory anyhow, and return its output."""
    rng = np.random.default_rng(seed)
    out = lay_raw(rng, output, seed)
    laid = [lay_raw(rng, array, seed) for array in inputs]
    kernel(*out.arguments, *[part for raw in laid for part in raw.arguments], *extra)
    out.assert_gaps_untouched()
    for raw, array in zip(laid, inputs, strict=True):
        np.testing.assert_array_equal(raw.cells, array, err_msg="the kernel changed its input")
    return np.array(out.cells)


def check_map(make: Callable[..., Callable[..., None]], shapes: Any, dtype: Any, seed: int) -> None:
    """Check `tensor_map` with a function that NumPy has too."""
    out_shape, in_shape = shapes
    x = random_array(np.random.default_rng(seed), in_shape, dtype)
    found = _run(kernel_of(make, operators.exp), np.full(out_shape, -7.0, dtype), [x], [], seed)
    np.testing.assert_allclose(found, np.broadcast_to(np.exp(x), out_shape), **TOLERANCE[dtype])


def check_zip(make: Callable[..., Callable[..., None]], shapes: Any, dtype: Any, seed: int) -> None:
    """Check `tensor_zip` with -d / x^2, in which left and right differ."""
    out_shape, left, right = shapes
    rng = np.random.default_rng(seed)
    x, d = random_array(rng, left, dtype), random_array(rng, right, dtype)
    found = _run(kernel_of(make, operators.inv_back), np.full(out_shape, -7.0, dtype), [x, d], [], seed)
    np.testing.assert_allclose(found, np.broadcast_to(-d / (x * x), out_shape), **TOLERANCE[dtype])


def check_reduce(make: Callable[..., Callable[..., None]], shapes: Any, dtype: Any, seed: int) -> None:
    """Check `tensor_reduce` with a sum, and with d / (x + EPS), in which a number and the accumulated one differ."""
    shape, dim = shapes
    x = random_array(np.random.default_rng(seed), shape, dtype)
    folded = tuple(1 if i == dim else size for i, size in enumerate(shape))

    found = _run(kernel_of(make, operators.add), np.full(folded, 100.0, dtype), [x], [dim], seed)
    np.testing.assert_allclose(found, 100.0 + x.sum(dim, keepdims=True), **TOLERANCE[dtype])

    found = _run(kernel_of(make, operators.log_back), np.full(folded, 3.0, dtype), [x], [dim], seed)
    np.testing.assert_allclose(found, 3.0 / np.prod(x + 1e-6, dim, keepdims=True), **TOLERANCE[dtype])


def check_matrix_multiply(kernel: Callable[..., None], shapes: Any, dtype: Any, seed: int) -> None:
    """Check `tensor_matrix_multiply` against `np.matmul`."""
    rng = np.random.default_rng(seed)
    a, b = [random_array(rng, shape, dtype) for shape in shapes]
    expected = np.matmul(a, b)
    found = _run(kernel, np.full(expected.shape, -7.0, dtype), [a, b], [], seed)
    np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])


def constant(array: Any, backend: minitorch.TensorBackend = minitorch.SimpleBackend) -> minitorch.Tensor:
    """A constant tensor with the cells of an array, row by row."""
    return minitorch.Tensor(TensorData(np.array(array).ravel(), np.shape(array)), backend=backend)


# Kernels


@pytest.mark.task2_3
@SEEDS
@pytest.mark.parametrize("shapes", MAP_SHAPES, ids=str)
def test_map(shapes: Any, seed: int) -> None:
    check_map(tensor_ops.tensor_map, shapes, np.float64, seed)


@pytest.mark.task2_3
@SEEDS
@pytest.mark.parametrize("shapes", ZIP_SHAPES, ids=str)
def test_zip(shapes: Any, seed: int) -> None:
    check_zip(tensor_ops.tensor_zip, shapes, np.float64, seed)


@pytest.mark.task2_3
@SEEDS
@pytest.mark.parametrize("shapes", REDUCE_SHAPES, ids=str)
def test_reduce(shapes: Any, seed: int) -> None:
    check_reduce(tensor_ops.tensor_reduce, shapes, np.float64, seed)


@pytest.mark.task2_3
@SEEDS
@pytest.mark.parametrize("shapes", MATRIX_SHAPES, ids=str)
def test_matrix_multiply(shapes: Any, seed: int) -> None:
    check_matrix_multiply(tensor_ops.tensor_matrix_multiply, shapes, np.float64, seed)


@pytest.mark.task2_3
def test_single_precision() -> None:
    check_map(tensor_ops.tensor_map, ((2, 3), (2, 1)), np.float32, 1)
    check_zip(tensor_ops.tensor_zip, ((2, 3), (3,), (2, 1)), np.float32, 2)
    check_reduce(tensor_ops.tensor_reduce, ((4, 2, 3), 1), np.float32, 3)
    check_matrix_multiply(tensor_ops.tensor_matrix_multiply, ((3, 4), (2, 4, 5)), np.float32, 4)


@pytest.mark.task2_3
def test_reduce_folds_from_the_first_cell_to_the_last() -> None:
    # fn(x, accumulated) writes down the digits that it meets, so the order can be read off.
    fold = SimpleOps.reduce(lambda x, accumulated: 10 * accumulated + x, 9.0)
    assert fold(constant([[1.0, 2], [3, 4], [5, 6]]), 0).to_numpy().tolist() == [[9135.0, 9246.0]]
    assert fold(constant([[1.0, 2], [3, 4], [5, 6]]), 1).to_numpy().tolist() == [[912.0], [934.0], [956.0]]


@pytest.mark.task2_3
@pytest.mark.parametrize("stride", [0, 1])
def test_inputs_with_a_stride_of_zero(stride: int) -> None:
    # A stride of 0 is another way to stretch a row; the shape then says 2, and both rows are the same memory.
    row = np.array([1.0, 2.0, 4.0, 8.0])
    out, shape = np.zeros(6), np.array([2, 3])
    tensor_ops.tensor_map(operators.neg)(out, shape, np.array([3, 1]), row, shape, np.array([stride, 1]))
    np.testing.assert_array_equal(out, -np.concatenate([row[:3], row[stride : stride + 3]]))


# Operations


@pytest.mark.task2_3
def test_a_sum_in_single_precision_is_accumulated_in_double() -> None:
    # 2^24 + 1 has no float32: adding the ones one by one to a float32 would lose each of them.
    values = np.array([2.0**24, 1, 1, 1, 1], dtype=np.float32)
    total = SimpleOps.reduce(operators.add)(constant(values), 0)
    assert total.dtype == np.float32
    assert total.item() == 2.0**24 + 4


@pytest.mark.task2_3
def test_every_operation_makes_a_new_tensor() -> None:
    x = constant(np.array([[1.0, 2.0], [3.0, 4.0]]))
    results = [
        SimpleOps.map(operators.id)(x),
        SimpleOps.zip(operators.mul)(x, x),
        SimpleOps.reduce(operators.add)(x, 0),
        SimpleOps.matrix_multiply(x, x),
    ]
    for out in results:
        assert not np.shares_memory(out._tensor._storage, x._tensor._storage)
        assert out.is_contiguous()
        assert out.is_constant()


@pytest.mark.task2_3
def test_map_writes_into_a_given_output() -> None:
    out = minitorch.zeros(2, 3)
    returned = SimpleOps.map(operators.neg)(constant([1.0, 2.0, 3.0]), out)
    assert returned is out
    assert out.to_numpy().tolist() == [[-1.0, -2.0, -3.0], [-1.0, -2.0, -3.0]]


@pytest.mark.task2_3
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (3, 2), (2, 4)])
def test_map_into_an_output_that_is_too_small(shape: tuple[int, ...]) -> None:
    out = minitorch.ones(*shape)
    with pytest.raises(ValueError, match=r"output of a map is too small|cannot be broadcast") as error:
        SimpleOps.map(operators.neg)(minitorch.zeros(2, 3), out)
    assert "(2, 3)" in str(error.value)
    assert str(shape) in str(error.value)
    assert (out.to_numpy() == 1.0).all()


@pytest.mark.task2_3
@pytest.mark.parametrize("start", [0.0, 1.0, -math.inf])
def test_reduce_of_nothing_is_the_start_value(start: float) -> None:
    out = SimpleOps.reduce(operators.add, start)(minitorch.zeros(2, 0, 3), 1)
    np.testing.assert_array_equal(out.to_numpy(), np.full((2, 1, 3), start))


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("a", "b"), [((2, 3), (4, 3)), ((2, 3), (2, 3)), ((3,), (3, 2)), ((2, 3), (3,)), ((), (1, 1)), ((2, 1), (3, 4))]
)
def test_matrices_that_do_not_fit(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="cannot be multiplied as matrices") as error:
        SimpleOps.matrix_multiply(minitorch.zeros(*a), minitorch.zeros(*b))
    assert f"{a} @ {b}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_3
def test_batches_that_do_not_fit() -> None:
    with pytest.raises(minitorch.BroadcastError, match="2 and 5"):
        SimpleOps.matrix_multiply(minitorch.zeros(2, 3, 4), minitorch.zeros(5, 4, 6))


@pytest.mark.task2_3
def test_the_contract_itself_computes_nothing() -> None:
    for call in (
        lambda: TensorOps.map(operators.neg),
        lambda: TensorOps.zip(operators.add),
        lambda: TensorOps.reduce(operators.add),
        lambda: TensorOps.matrix_multiply(minitorch.zeros(1, 1), minitorch.zeros(1, 1)),
    ):
        with pytest.raises(NotImplementedError):
            call()
    assert TensorOps.cuda is False


@pytest.mark.task2_3
def test_a_backend_offers_each_function_that_tensors_need() -> None:
    backend = minitorch.TensorBackend(SimpleOps)
    assert repr(backend) == "TensorBackend(SimpleOps)"
    assert backend.cuda is False
    x, y = constant([0.5, 2.0]), constant([2.0, 2.0])
    expected = {
        "neg_map": [-0.5, -2.0],
        "sigmoid_map": [1 / (1 + math.exp(-0.5)), 1 / (1 + math.exp(-2.0))],
        "relu_map": [0.5, 2.0],
        "log_map": [math.log(0.5 + 1e-6), math.log(2.0 + 1e-6)],
        "exp_map": [math.exp(0.5), math.exp(2.0)],
        "id_map": [0.5, 2.0],
        "inv_map": [2.0, 0.5],
        "add_zip": [2.5 + 0.0, 4.0],
        "mul_zip": [1.0, 4.0],
        "lt_zip": [1.0, 0.0],
        "eq_zip": [0.0, 1.0],
        "is_close_zip": [0.0, 1.0],
        "pow_zip": [0.25, 4.0],
        "sigmoid_back_zip": [0.5, -4.0],  # d * y * (1 - y)
        "relu_back_zip": [2.0, 2.0],
        "log_back_zip": [2.0 / (0.5 + 1e-6), 2.0 / (2.0 + 1e-6)],
        "inv_back_zip": [-8.0, -0.5],
        "add_reduce": [2.5],
        "mul_reduce": [1.0],
        "max_reduce": [2.0],
    }
    for name, values in expected.items():
        operation = getattr(backend, name)
        kind = name.rpartition("_")[2]
        out = operation(x) if kind == "map" else operation(x, y) if kind == "zip" else operation(x, 0)
        np.testing.assert_allclose(out.to_numpy(), values, rtol=1e-12, err_msg=name)


@pytest.mark.task2_3
def test_the_largest_of_negative_numbers_is_negative() -> None:
    out = minitorch.SimpleBackend.max_reduce(constant([[-3.0, -1e12], [-2.0, -2e12]]), 0)
    assert out.to_numpy().tolist() == [[-2.0, -1e12]]


# Outputs


def _dirty(*shape: int) -> minitorch.Tensor:
    """A tensor so large that the memory of its results is used again, after memory of that size was filled with NaN."""
    a = minitorch.tensor(np.full(shape, 2.0))
    used = [a.full(shape, math.nan) for _ in range(3)]
    del used
    return a


@pytest.mark.task2_3
def test_a_kernel_may_add_to_its_output() -> None:
    def add_twice(out: Any, *arguments: Any) -> None:
        out += 3.0
        out += 4.0

    a = _dirty(100, 100)
    square = _dirty(100, 100)
    for result in (
        tensor_ops.run_map(add_twice, a, None),
        tensor_ops.run_zip(add_twice, a, a),
        tensor_ops.run_matrix_multiply(add_twice, a, square),
    ):
        assert (result.to_numpy() == 7.0).all()


@pytest.mark.task3_1
def test_a_kernel_that_fills_its_output_is_given_whatever_was_in_memory() -> None:
    @tensor_ops.fills_output
    def nothing(*arguments: Any) -> None:
        pass

    assert np.isnan(tensor_ops.run_map(nothing, _dirty(100, 100), None).to_numpy()).all()


@pytest.mark.task3_1
def test_the_kernels_of_the_fast_backend_fill_their_outputs() -> None:
    kernels = [
        minitorch.fast_ops.tensor_map(operators.neg),
        minitorch.fast_ops.tensor_zip(operators.add),
        minitorch.fast_ops.tensor_matrix_multiply,
        minitorch.fast_conv.tensor_conv1d,
        minitorch.fast_conv.tensor_conv2d,
    ]
    assert all(hasattr(kernel, "fills_output") for kernel in kernels)
