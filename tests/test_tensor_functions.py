"""The functions of tensors that compute cell by cell, or fold: values (task 2.3) and gradients (task 2.4)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import ShapeError, Tensor, TensorBackend

from .checks import LAYOUTS, check_function, lay_out, on_backends, random_array, unbroadcast

pytestmark = pytest.mark.usefixtures("one_thread")

VALUES = on_backends(pytest.mark.task2_3, pytest.mark.task3_1)
GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_1)


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


# One tensor, cell by cell: the function, its value, and its slope.
ONE: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Any], Any], Callable[[Any], Any]]] = {
    "neg": (lambda t: -t, lambda x: -x, lambda x: -np.ones_like(x)),
    "inv": (lambda t: 1 / t, lambda x: 1 / x, lambda x: -1 / x**2),
    "sigmoid": (lambda t: t.sigmoid(), sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))),
    "relu": (lambda t: t.relu(), lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
    "log": (lambda t: (t * t).log(), lambda x: np.log(x**2 + 1e-6), lambda x: 2 * x / (x**2 + 1e-6)),
    "exp": (lambda t: t.exp(), np.exp, np.exp),
    "contiguous": (lambda t: t.contiguous(), lambda x: x, np.ones_like),
    "square": (lambda t: t**2, lambda x: x**2, lambda x: 2 * x),
    "cube": (lambda t: t**3, lambda x: x**3, lambda x: 3 * x**2),
    "power -2": (lambda t: t**-2, lambda x: x**-2.0, lambda x: -2 * x**-3.0),
    "power 1": (lambda t: t**1, lambda x: x, np.ones_like),
    "power 0": (lambda t: t**0, np.ones_like, np.zeros_like),
    "root": (lambda t: (t * t) ** 0.5, np.abs, np.sign),
    "t + 3": (lambda t: t + 3, lambda x: x + 3, np.ones_like),
    "3 + t": (lambda t: 3 + t, lambda x: x + 3, np.ones_like),
    "t - 3": (lambda t: t - 3, lambda x: x - 3, np.ones_like),
    "3 - t": (lambda t: 3 - t, lambda x: 3 - x, lambda x: -np.ones_like(x)),
    "t * 3": (lambda t: t * 3, lambda x: x * 3, lambda x: np.full_like(x, 3)),
    "3 * t": (lambda t: 3 * t, lambda x: x * 3, lambda x: np.full_like(x, 3)),
    "t / 4": (lambda t: t / 4, lambda x: x / 4, lambda x: np.full_like(x, 0.25)),
    "4 / t": (lambda t: 4 / t, lambda x: 4 / x, lambda x: -4 / x**2),
    "t < 1": (lambda t: t < 1, lambda x: (x < 1) * 1.0, np.zeros_like),
    "t > 1": (lambda t: t > 1, lambda x: (x > 1) * 1.0, np.zeros_like),
    "t <= 1": (lambda t: t <= 1, lambda x: (x <= 1) * 1.0, np.zeros_like),
    "t >= 1": (lambda t: t >= 1, lambda x: (x >= 1) * 1.0, np.zeros_like),
    "t == 1": (lambda t: t == 1, lambda x: (x == 1) * 1.0, np.zeros_like),
    "t != 1": (lambda t: t != 1, lambda x: (x != 1) * 1.0, np.zeros_like),
}

# Two tensors: the function, its value, and its slopes.
ARITHMETIC: dict[str, tuple[Callable[..., Any], Callable[[Any, Any], Any], Callable[[Any, Any], tuple[Any, Any]]]] = {
    "+": (lambda s, t: s + t, lambda x, y: x + y, lambda x, y: (1, 1)),
    "-": (lambda s, t: s - t, lambda x, y: x - y, lambda x, y: (1, -1)),
    "*": (lambda s, t: s * t, lambda x, y: x * y, lambda x, y: (y, x)),
    "/": (lambda s, t: s / t, lambda x, y: x / y, lambda x, y: (1 / y, -x / y**2)),
}

# Comparisons: the same; being steps, they are flat.
COMPARISONS: dict[str, tuple[Callable[..., Any], Callable[[Any, Any], Any], Callable[[Any, Any], tuple[Any, Any]]]] = {
    "<": (lambda s, t: s < t, lambda x, y: (x < y) * 1.0, lambda x, y: (0, 0)),
    ">": (lambda s, t: s > t, lambda x, y: (x > y) * 1.0, lambda x, y: (0, 0)),
    "<=": (lambda s, t: s <= t, lambda x, y: (x <= y) * 1.0, lambda x, y: (0, 0)),
    ">=": (lambda s, t: s >= t, lambda x, y: (x >= y) * 1.0, lambda x, y: (0, 0)),
    "==": (lambda s, t: s == t, lambda x, y: (x == y) * 1.0, lambda x, y: (0, 0)),
    "!=": (lambda s, t: s != t, lambda x, y: (x != y) * 1.0, lambda x, y: (0, 0)),
}

TWO = ARITHMETIC | COMPARISONS

CASES = [((2, 3, 4), "rotated"), ((2, 3), "reversed"), ((5,), "rows"), ((1, 1), "rows"), ((0, 2), "rows")]

PAIRS = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),  # a bias
    ((3,), (2, 3)),
    ((2, 3), (2, 1)),
    ((2, 1), (1, 3)),  # both are stretched
    ((4, 2, 3), (2, 1)),
    ((1,), (2, 3)),
    ((5, 1, 3), (4, 1)),
    ((1, 1), (1,)),
    ((0, 3), (1, 3)),  # an empty batch: the gradient of what meets it is 0
    ((3,), (0, 3)),
]


def two_arrays(seed: int, a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Two arrays that have some numbers in common, for the sake of the comparisons."""
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, a_shape), random_array(rng, b_shape)
    a[rng.random(a_shape) < 0.3] = b[rng.random(b_shape) < 2][0] if b.size else 1.0
    return a, b


# Cell by cell: values


@VALUES
@pytest.mark.parametrize("name", ONE)
def test_value_of_one(name: str, backend: TensorBackend) -> None:
    function, value, _ = ONE[name]
    for shape, layout in CASES:
        x = random_array(np.random.default_rng(1), shape)
        x[x > 1.7] = 1.0  # for the comparisons
        out = function(lay_out(x, layout, backend))
        assert out.shape == shape
        np.testing.assert_allclose(out.to_numpy(), value(x), rtol=1e-12)


@VALUES
@pytest.mark.parametrize(("a_shape", "b_shape"), PAIRS)
@pytest.mark.parametrize("name", TWO)
def test_value_of_two(name: str, a_shape: tuple[int, ...], b_shape: tuple[int, ...], backend: TensorBackend) -> None:
    function, value, _ = TWO[name]
    a, b = two_arrays(2, a_shape, b_shape)
    for a_layout, b_layout in (("rows", "rows"), ("reversed", "rotated"), ("rotated", "rows")):
        out = function(lay_out(a, a_layout, backend), lay_out(b, b_layout, backend))
        assert out.shape == np.broadcast_shapes(a_shape, b_shape)
        np.testing.assert_allclose(out.to_numpy(), value(a, b), rtol=1e-12)


@VALUES
@pytest.mark.parametrize(
    "operand",
    [
        2,
        2.0,
        True,
        np.float64(2.0),
        np.float32(2.0),
        np.int64(2),
        np.uint8(2),
        np.bool_(True),
        np.array([2.0, -1.0, 4.0]),
        np.array([[2], [1]]),
        np.array([[2.0, 1.0, 4.0], [8.0, 16.0, -2.0]], dtype=np.float32),
        np.array(2.0),
        np.array([True, False, True]),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", TWO)
def test_numbers_and_arrays_on_both_sides(name: str, operand: Any, backend: TensorBackend) -> None:
    function, value, _ = TWO[name]
    a = np.array([[1.0, 2.0, 4.0], [-1.0, 0.5, 8.0]])
    t = lay_out(a, "reversed", backend)
    y = np.asarray(operand, dtype=np.float64)
    if name != "/" or y.all():
        assert isinstance(function(t, operand), Tensor)
        np.testing.assert_allclose(function(t, operand).to_numpy(), value(a, y), rtol=1e-12)
    assert isinstance(function(operand, t), Tensor)
    np.testing.assert_allclose(function(operand, t).to_numpy(), value(y, a), rtol=1e-12)
    np.testing.assert_array_equal(t.to_numpy(), a)


@VALUES
@pytest.mark.parametrize("operand", [None, "2", [1.0, 2.0], (1.0, 2.0), 1j, np.array([1j]), np.array(["a"]), object()])
def test_operands_that_are_no_numbers(operand: Any, backend: TensorBackend) -> None:
    t = minitorch.ones(2, backend=backend)
    for operation in (
        lambda: t + operand,
        lambda: t - operand,
        lambda: t * operand,
        lambda: t / operand,
        lambda: t @ operand,
        lambda: t < operand,
        lambda: t >= operand,
        lambda: t.is_close(operand),
    ):
        with pytest.raises(minitorch.DTypeError, match="tensors, numbers and NumPy arrays only") as error:
            operation()
        assert type(operand).__name__ in str(error.value)


@VALUES
def test_a_power_takes_a_number_only(backend: TensorBackend) -> None:
    t = minitorch.ones(2, backend=backend)
    with pytest.raises(TypeError, match=r"unsupported operand"):
        t**t
    with pytest.raises(TypeError, match=r"unsupported operand"):
        2**t
    np.testing.assert_allclose(((t + 2) ** np.float64(2.0)).to_numpy(), [9.0, 9.0])


@VALUES
def test_far_from_zero(backend: TensorBackend) -> None:
    t = minitorch.tensor([-1000.0, -40.0, 0.0, 40.0, 1000.0], backend=backend)
    np.testing.assert_allclose(t.sigmoid().to_numpy(), [0.0, math.exp(-40.0), 0.5, 1.0, 1.0], rtol=1e-12)
    np.testing.assert_array_equal(t.relu().to_numpy(), [0.0, 0.0, 0.0, 40.0, 1000.0])
    assert minitorch.tensor([-1000.0], backend=backend).exp().item() == 0.0
    np.testing.assert_allclose(minitorch.zeros(1, backend=backend).log().item(), math.log(1e-6))


@VALUES
def test_not_a_number(backend: TensorBackend) -> None:
    t = minitorch.tensor([math.nan, 1.0, math.inf], backend=backend)
    np.testing.assert_array_equal(t.relu().to_numpy(), [math.nan, 1.0, math.inf])
    np.testing.assert_array_equal((t == t).to_numpy(), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal((t != t).to_numpy(), [1.0, 0.0, 0.0])
    np.testing.assert_array_equal((t <= t).to_numpy(), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal((t >= 1).to_numpy(), [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(t.is_close(1.0).to_numpy(), [0.0, 1.0, 0.0])


@VALUES
def test_is_close(backend: TensorBackend) -> None:
    t = minitorch.tensor([[1.0, 1.009, 1.011], [0.991, 0.989, -1.0]], backend=backend)
    expected = [[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    assert t.is_close(1.0).to_numpy().tolist() == expected
    assert t.is_close(minitorch.ones(3, backend=backend)).to_numpy().tolist() == expected
    assert t.is_close(np.ones((2, 1))).to_numpy().tolist() == expected
    # The distance counts, not the ratio.
    assert minitorch.tensor([1e6], backend=backend).is_close(1e6 + 1).item() == 0.0


@VALUES
def test_shapes_that_do_not_broadcast(backend: TensorBackend) -> None:
    a, b = minitorch.ones(2, 3, backend=backend), minitorch.ones(2, backend=backend)
    for operation in (lambda: a + b, lambda: a * b, lambda: a / b, lambda: a < b, lambda: b == a, lambda: a - b):
        with pytest.raises(minitorch.BroadcastError, match="cannot be broadcast"):
            operation()


# Folding: values


@VALUES
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (4, 2, 3), (1, 7), (2, 3, 4, 5), (0, 3)])
def test_sum_and_mean(shape: tuple[int, ...], layout: str, backend: TensorBackend) -> None:
    x = random_array(np.random.default_rng(3), shape)
    t = lay_out(x, layout, backend)
    for dim in range(-len(shape), len(shape)):
        assert t.sum(dim).shape == x.sum(dim, keepdims=True).shape
        np.testing.assert_allclose(t.sum(dim).to_numpy(), x.sum(dim, keepdims=True), rtol=1e-9, atol=1e-12)
        if shape[dim]:
            assert t.mean(dim).shape == x.mean(dim, keepdims=True).shape
            np.testing.assert_allclose(t.mean(dim).to_numpy(), x.mean(dim, keepdims=True), rtol=1e-9, atol=1e-12)
    assert t.sum(dim=0).shape == (1, *shape[1:])
    assert t.sum().shape == (1,)
    np.testing.assert_allclose(t.sum().item(), x.sum(), rtol=1e-9, atol=1e-12)
    if x.size:
        assert t.mean().shape == (1,)
        np.testing.assert_allclose(t.mean().item(), x.sum() / x.size, rtol=1e-9, atol=1e-12)


@VALUES
def test_fold_a_single_number(backend: TensorBackend) -> None:
    t = minitorch.tensor(5.0, backend=backend)
    assert t.sum().to_numpy().tolist() == t.mean().to_numpy().tolist() == [5.0]
    assert minitorch.tensor(1.0, backend=backend).all().to_numpy().tolist() == [1.0]


@VALUES
@pytest.mark.parametrize("layout", LAYOUTS)
def test_all(layout: str, backend: TensorBackend) -> None:
    x = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
    t = lay_out(x, layout, backend)
    assert t.all().to_numpy().tolist() == [0.0]
    assert t.all(0).to_numpy().tolist() == [[1.0, 1.0, 0.0]]
    assert t.all(1).to_numpy().tolist() == [[0.0], [1.0]]
    assert t.all(-1).to_numpy().tolist() == [[0.0], [1.0]]
    assert (t > -1).all().to_numpy().tolist() == [1.0]
    assert minitorch.zeros(0, backend=backend).all().item() == 1.0


@VALUES
def test_all_asks_for_anything_but_zero(backend: TensorBackend) -> None:
    # As in NumPy. The product of the cells would be 6, or 0, or NaN.
    for cells in ([2.0, 3.0], [1e-200, 1e-200], [math.inf, -1.0], [math.nan, 1.0]):
        assert minitorch.tensor(cells, backend=backend).all().item() == 1.0
    for cells in ([2.0, 0.0], [math.inf, 0.0], [math.nan, -0.0]):
        assert minitorch.tensor(cells, backend=backend).all().item() == 0.0


@VALUES
@pytest.mark.parametrize("fold", [Tensor.sum, Tensor.mean, Tensor.all])
@pytest.mark.parametrize(("shape", "dim"), [((2, 3), 2), ((2, 3), -3), ((), 0), ((5,), 1)])
def test_fold_a_dimension_that_is_not_there(
    fold: Callable[..., Tensor], shape: tuple[int, ...], dim: int, backend: TensorBackend
) -> None:
    with pytest.raises(ShapeError, match="no such dimension") as error:
        fold(minitorch.ones(*shape, backend=backend), dim)
    assert f"dimension {dim} of a tensor of shape {shape}" in str(error.value)


@VALUES
def test_mean_of_nothing(backend: TensorBackend) -> None:
    t = minitorch.zeros(2, 0, backend=backend)
    for average in (lambda: t.mean(), lambda: t.mean(1)):
        with pytest.raises(ShapeError, match="no mean of no numbers") as error:
            average()
        assert "(2, 0)" in str(error.value)
    assert t.mean(0).shape == (1, 0)


# Cell by cell and folding: gradients


@GRADIENTS
@pytest.mark.parametrize("name", ONE)
def test_gradient_of_one(name: str, backend: TensorBackend) -> None:
    function, value, slope = ONE[name]
    rng = np.random.default_rng(4)
    for shape, layout in CASES:
        x = random_array(rng, shape)
        gradients = lambda upstream, x=x: [upstream * slope(x)]  # noqa: E731
        check_function(function, [x], value(x), gradients, layouts=[layout], backend=backend, rng=rng)


@GRADIENTS
@pytest.mark.parametrize(
    ("name", "a_shape", "b_shape"),
    [(name, *pair) for name in ARITHMETIC for pair in PAIRS] + [(name, *PAIRS[5]) for name in COMPARISONS],
)
def test_gradient_of_two(name: str, a_shape: tuple[int, ...], b_shape: tuple[int, ...], backend: TensorBackend) -> None:
    function, value, slopes = TWO[name]
    a, b = two_arrays(5, a_shape, b_shape)

    def gradients(upstream: Any) -> list[Any]:
        return [unbroadcast(upstream * slope, x.shape) for slope, x in zip(slopes(a, b), (a, b), strict=True)]

    check_function(
        function,
        [a, b],
        value(a, b),
        gradients,
        layouts=["reversed", "rotated"],
        backend=backend,
        rng=np.random.default_rng(6),
    )


@GRADIENTS
@pytest.mark.parametrize("seed", range(8))
def test_gradient_of_three_broadcast_tensors(seed: int, backend: TensorBackend) -> None:
    rng = np.random.default_rng(seed)
    big = tuple(int(size) for size in rng.integers(1, 6, rng.integers(2, 5)))
    arrays = []
    for _ in range(3):
        shape = tuple(1 if rng.random() < 0.4 else size for size in big)
        arrays.append(random_array(rng, shape[rng.integers(0, len(big)) :]))
    x, y, z = arrays

    def gradients(upstream: Any) -> list[Any]:
        slopes = y / z, x / z, -x * y / z**2
        return [unbroadcast(upstream * slope, array.shape) for slope, array in zip(slopes, arrays, strict=True)]

    check_function(
        lambda x, y, z: x * y / z,
        arrays,
        x * y / z,
        gradients,
        layouts=[str(layout) for layout in rng.choice(LAYOUTS, 3)],
        backend=backend,
        rng=rng,
        atol=1e-9,
    )


@GRADIENTS
@pytest.mark.parametrize("layout", ["rows", "rotated"])
@pytest.mark.parametrize("dim", [None, 0, 1, 2, -1])
def test_gradient_of_sum_and_mean(dim: int | None, layout: str, backend: TensorBackend) -> None:
    rng = np.random.default_rng(7)
    x = random_array(rng, (2, 3, 5))
    total = x.sum().reshape(1) if dim is None else x.sum(dim, keepdims=True)
    # The count is written out: the mean must divide by all cells, or by those along the dimension.
    count = {None: 30, 0: 2, 1: 3, 2: 5, -1: 5}[dim]

    def ones_times(upstream: Any) -> Any:
        return np.broadcast_to(upstream, x.shape)

    arrangement = [layout]
    check_function(
        lambda t: t.sum(dim), [x], total, lambda u: [ones_times(u)], layouts=arrangement, backend=backend, rng=rng
    )
    check_function(
        lambda t: t.mean(dim),
        [x],
        total / count,
        lambda u: [ones_times(u) / count],
        layouts=arrangement,
        backend=backend,
        rng=rng,
    )


@GRADIENTS
def test_gradient_of_a_power_at_zero(backend: TensorBackend) -> None:
    slopes = {0: 0.0, 1: 1.0, 2: 0.0, 3: 0.0}
    for exponent, slope in slopes.items():
        t = minitorch.tensor([0.0], backend=backend, requires_grad=True)
        (t**exponent).backward()
        assert t.grad.item() == slope, f"0 to the power of {exponent}"


@GRADIENTS
def test_gradient_at_the_bend_of_relu_is_zero(backend: TensorBackend) -> None:
    t = minitorch.tensor([-1e-300, -0.0, 0.0, 1e-300], backend=backend, requires_grad=True)
    t.relu().backward(np.array([2.0, 3.0, 4.0, 5.0]))
    assert t.grad.to_numpy().tolist() == [0.0, 0.0, 0.0, 5.0]


@GRADIENTS
def test_gradient_of_an_empty_batch(backend: TensorBackend) -> None:
    x = minitorch.zeros(0, 3, backend=backend, requires_grad=True)
    w = minitorch.tensor([[1.0, 2.0, 3.0]], backend=backend, requires_grad=True)
    ((x * w).sigmoid() + w).sum().backward()
    assert x.grad.shape == (0, 3)
    assert w.grad.to_numpy().tolist() == [[0.0, 0.0, 0.0]]


@GRADIENTS
def test_no_gradient_through_all_and_is_close(backend: TensorBackend) -> None:
    t = minitorch.ones(3, backend=backend, requires_grad=True)
    for out in (t.all(), t.is_close(t).sum()):
        with pytest.raises(minitorch.GraphError, match="has no derivative"):
            out.backward()
    assert t.grad is None


@VALUES
def test_values_without_dimensions(backend: TensorBackend) -> None:
    x, y = minitorch.tensor(3.0, backend=backend), minitorch.tensor(-2.0, backend=backend)
    results = {x + y: 1.0, x - y: 5.0, x * y: -6.0, x / y: -1.5, -x: -3.0, y.relu(): 0.0, x.contiguous(): 3.0}
    for out, value in results.items():
        assert out.shape == ()
        assert out.item() == value
    row = minitorch.tensor([1.0, 10.0], backend=backend)
    assert (x * row).to_numpy().tolist() == (row * x).to_numpy().tolist() == [3.0, 30.0]
    for out, value in ((2 * x, 6.0), (x - 1, 2.0), (1 / x, 1 / 3), (x**2, 9.0), (x > 2, 1.0), (x.is_close(3), 1.0)):
        assert out.shape == ()  # numbers do not add a dimension
        assert out.item() == value
    assert x.view(1, 1).shape == (1, 1)
    assert x.permute().shape == ()


@GRADIENTS
def test_gradients_without_dimensions(backend: TensorBackend) -> None:
    x = minitorch.tensor(3.0, backend=backend, requires_grad=True)
    row = minitorch.tensor([1.0, 10.0], backend=backend, requires_grad=True)
    (x * row * x.view(1, 1)).sum().backward()
    assert x.grad.shape == ()
    assert x.grad.item() == 66.0  # 2 x (1 + 10)
    assert row.grad.to_numpy().tolist() == [9.0, 9.0]


# Number types


@GRADIENTS
@pytest.mark.parametrize("name", ["+", "*", "/", "<="])
def test_single_precision(name: str, backend: TensorBackend) -> None:
    function, value, slopes = TWO[name]
    rng = np.random.default_rng(15)
    a, b = random_array(rng, (2, 3), np.float32), random_array(rng, (3,), np.float32)

    def gradients(upstream: Any) -> list[Any]:
        return [unbroadcast(upstream * slope, x.shape) for slope, x in zip(slopes(a, b), (a, b), strict=True)]

    check_function(
        function, [a, b], value(a, b).astype(np.float32), gradients, backend=backend, rng=rng, rtol=1e-4, atol=1e-4
    )


@GRADIENTS
def test_each_leaf_gets_a_gradient_of_its_own_number_type(backend: TensorBackend) -> None:
    rng = np.random.default_rng(16)
    a, b = random_array(rng, (2, 3), np.float32), random_array(rng, (3,))
    # check_function wants the result in double precision, and each gradient in the precision of its leaf.
    check_function(
        lambda x, y: x * y,
        [a, b],
        a * b,
        lambda upstream: [upstream * b, (upstream * a).sum(0)],
        backend=backend,
        rng=rng,
        rtol=1e-4,
        atol=1e-5,
    )


@VALUES
def test_numbers_take_the_type_of_the_tensor(backend: TensorBackend) -> None:
    t = minitorch.ones(2, backend=backend, dtype=np.float32)
    for out in (t + 1, 2.0 * t, t / 3, 1 - t, t**2, t < 1, t.mean(), t.sum(0), t.exp(), t * np.float64(2)):
        assert out.dtype == np.float32
    assert (t + np.ones(2)).dtype == np.float64
    assert (t + np.ones(2, np.float32)).dtype == np.float32


@VALUES
@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
def test_whole_numbers_give_results_in_double_precision(dtype: type, backend: TensorBackend) -> None:
    cells = np.array([[100, 0, 7], [99, 90, 0]]).astype(dtype)
    t = Tensor.make(cells.ravel(), (2, 3), backend=backend)
    x = cells.astype(np.float64)
    results = [
        (t + t, x + x),
        (t * t, x * x),  # too large for 8 bits
        (-t, -x),  # and below 0
        (t - 1.5, x - 1.5),
        (t.sum(1) / 4, x.sum(1, keepdims=True) / 4),
        (t.permute(1, 0).contiguous(), x.T),
        (t * minitorch.tensor([0.5, 0.25, 2.0], backend=backend), x * [0.5, 0.25, 2.0]),
    ]
    for out, expected in results:
        assert out.dtype == np.float64
        np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12)
