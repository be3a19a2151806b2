"""Operations on slices, whose cells lie apart in memory: values and gradients, and as if they lay row by row."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
import scipy.special

import minitorch
from minitorch import Tensor, TensorBackend

from . import oracles
from .checks import LAYOUTS, check_function, lay_out, random_array, unbroadcast

pytestmark = pytest.mark.usefixtures("one_thread")

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])


def with_gaps(array: Any, layout: str, backend: TensorBackend) -> Tensor:
    """A constant that holds `array`; its cells lie among others, which hold NaN."""
    return lay_out(surround(array), layout, backend)[middle(array)]


def middle(array: Any) -> Any:
    """Every second cell, from the second on."""
    return tuple([slice(1, 2 * size, 2) for size in array.shape])


def surround(array: Any) -> Any:
    """A larger array of NaN, with `array` in its middle."""
    large = np.full([2 * size + 2 for size in array.shape], np.nan, array.dtype)
    large[middle(array)] = array
    return large


class Case(NamedTuple):
    """An operation, and what it should compute."""

    function: Callable[..., Tensor]
    shapes: list[tuple[int, ...]]
    value: Callable[..., Any]
    gradients: Callable[..., list[Any]]  # takes the upstream gradient first


def reduction(function: Callable[[Tensor], Tensor], dim: int) -> Case:
    return Case(
        function,
        [(3, 4, 5)],
        lambda a: a.sum(dim, keepdims=True),
        lambda up, a: [np.broadcast_to(up, a.shape)],
    )


def maximum(dim: int) -> Case:
    return Case(
        lambda a: minitorch.max(a, dim),
        [(3, 4, 5)],
        lambda a: a.max(dim, keepdims=True),
        lambda up, a: [up * (a == a.max(dim, keepdims=True))],
    )


def softmax_gradient(up: Any, a: Any) -> list[Any]:
    s = scipy.special.softmax(a, axis=1)
    return [s * (up - (up * s).sum(1, keepdims=True))]


CELLS, PRODUCT = (pytest.mark.task2_4, pytest.mark.task3_1), (pytest.mark.task2_4, pytest.mark.task3_2)
CONV1D, CONV2D = (pytest.mark.task4_1,) * 2, (pytest.mark.task4_2,) * 2
MEANS, MAXIMA = (pytest.mark.task4_3,) * 2, (pytest.mark.task4_4,) * 2

CASES = {
    "map": (
        CELLS,
        Case(
            lambda a: a.sigmoid(),
            [(3, 4, 5)],
            scipy.special.expit,
            lambda up, a: [up * scipy.special.expit(a) * scipy.special.expit(-a)],
        ),
    ),
    "inverse": (CELLS, Case(lambda a: 1 / a, [(4, 5)], lambda a: 1 / a, lambda up, a: [-up / a**2])),
    "copy": (CELLS, Case(lambda a: a.contiguous(), [(2, 3, 4)], lambda a: a, lambda up, a: [up])),
    "zip": (CELLS, Case(lambda a, b: a + b, [(3, 5), (3, 5)], lambda a, b: a + b, lambda up, a, b: [up, up])),
    "zip, right one broadcast": (
        CELLS,
        Case(
            lambda a, b: a * b,
            [(3, 4, 5), (4, 1)],
            lambda a, b: a * b,
            lambda up, a, b: [up * b, unbroadcast(up * a, b.shape)],
        ),
    ),
    "zip, both broadcast": (
        CELLS,
        Case(
            lambda a, b: a * b,
            [(3, 1, 5), (2, 1, 4, 1)],
            lambda a, b: a * b,
            lambda up, a, b: [unbroadcast(up * b, a.shape), unbroadcast(up * a, b.shape)],
        ),
    ),
    "sum 0": (CELLS, reduction(lambda a: a.sum(0), 0)),
    "sum 1": (CELLS, reduction(lambda a: a.sum(1), 1)),
    "sum 2": (CELLS, reduction(lambda a: a.sum(2), 2)),
    "sum": (
        CELLS,
        Case(lambda a: a.sum(), [(2, 3, 4)], lambda a: np.array([a.sum()]), lambda up, a: [up * np.ones(a.shape)]),
    ),
    "matmul": (
        PRODUCT,
        Case(
            lambda a, b: a @ b,
            [(2, 3, 4), (4, 5)],
            lambda a, b: a @ b,
            lambda up, a, b: [up @ b.T, unbroadcast(a.transpose(0, 2, 1) @ up, b.shape)],
        ),
    ),
    "matmul, left one broadcast": (
        PRODUCT,
        Case(
            lambda a, b: a @ b,
            [(1, 3, 4), (2, 4, 5)],
            lambda a, b: a @ b,
            lambda up, a, b: [unbroadcast(up @ b.transpose(0, 2, 1), a.shape), a.transpose(0, 2, 1) @ up],
        ),
    ),
    "conv1d": (
        CONV1D,
        Case(
            minitorch.conv1d,
            [(2, 3, 6), (4, 3, 2)],
            oracles.conv1d,
            lambda up, a, b: list(oracles.conv1d_gradients(a, b, up)),
        ),
    ),
    "conv2d": (
        CONV2D,
        Case(
            minitorch.conv2d,
            [(2, 3, 4, 5), (4, 3, 2, 3)],
            oracles.conv2d,
            lambda up, a, b: list(oracles.conv2d_gradients(a, b, up)),
        ),
    ),
    "avgpool2d": (
        MEANS,
        Case(
            lambda a: minitorch.avgpool2d(a, (2, 3)),
            [(2, 3, 4, 6)],
            lambda a: oracles.windows(a, (2, 3)).mean(-1),
            lambda up, a: [oracles.unwindows(np.repeat(up[..., None] / 6, 6, -1), (2, 3))],
        ),
    ),
    "maxpool2d": (
        MAXIMA,
        Case(
            lambda a: minitorch.maxpool2d(a, (2, 3)),
            [(2, 3, 4, 6)],
            lambda a: oracles.windows(a, (2, 3)).max(-1),
            lambda up, a: [
                oracles.unwindows(
                    up[..., None] * (oracles.windows(a, (2, 3)) == oracles.windows(a, (2, 3)).max(-1)[..., None]),
                    (2, 3),
                )
            ],
        ),
    ),
    "max 0": (MAXIMA, maximum(0)),
    "max 1": (MAXIMA, maximum(1)),
    "max 2": (MAXIMA, maximum(2)),
    "softmax": (
        MAXIMA,
        Case(
            lambda a: minitorch.softmax(a, 1),
            [(3, 4, 5)],
            lambda a: scipy.special.softmax(a, axis=1),
            softmax_gradient,
        ),
    ),
    "nll_loss": (
        MAXIMA,
        Case(
            lambda a: minitorch.nll_loss(a, [3, 0]),
            [(2, 5)],
            lambda a: np.array([-(a[0, 3] + a[1, 0]) / 2]),
            lambda up, a: [-np.array([[0, 0, 0, 1, 0], [1, 0, 0, 0, 0]]) / 2 * up],
        ),
    ),
}


@DTYPES
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("case", "backend"),
    [
        pytest.param(case, backend, marks=mark, id=f"{name}-{kind}")
        for name, (marks, case) in CASES.items()
        for mark, kind, backend in zip(
            marks, ["simple", "fast"], [minitorch.SimpleBackend, minitorch.FastBackend], strict=True
        )
    ],
)
def test_operations_on_slices(case: Case, backend: TensorBackend, layout: str, dtype: Any) -> None:
    rng = np.random.default_rng(8)
    arrays = [random_array(rng, shape, dtype) for shape in case.shapes]
    exact = [array.astype(np.float64) for array in arrays]
    cuts = [middle(array) for array in arrays]

    def gradients(upstream: Any) -> list[Any]:
        found = []
        for array, gradient in zip(arrays, case.gradients(upstream, *exact), strict=True):
            large = np.zeros(surround(array).shape)  # the cells in between get no gradient
            large[middle(array)] = gradient
            found.append(large)
        return found

    settings: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-5} if dtype == np.float32 else {}
    check_function(
        lambda *large: case.function(*[t[cut] for t, cut in zip(large, cuts, strict=True)]),
        [surround(array) for array in arrays],
        case.value(*exact),
        gradients,
        layouts=[layout] * len(arrays),
        backend=backend,
        rng=rng,
        **settings,
    )
    # And the same as for operands that lie row by row.
    found = case.function(*[with_gaps(array, layout, backend) for array in arrays])
    copied = case.function(*[lay_out(array, "rows", backend) for array in arrays])
    np.testing.assert_allclose(found.to_numpy(), copied.to_numpy(), rtol=1e-5 if dtype == np.float32 else 1e-13)


MANY = 11 if numba.config.DISABLE_JIT else 160  # with the JIT, so many that there is work for several cores


@pytest.mark.task3_2
@DTYPES
@pytest.mark.parametrize("layout", LAYOUTS)
def test_operations_on_slices_with_many_cells(layout: str, dtype: Any) -> None:
    rng = np.random.default_rng(9)
    a, b = random_array(rng, (MANY, 5, 33), dtype), random_array(rng, (5, 1), dtype)
    m, n = random_array(rng, (MANY, 67), dtype), random_array(rng, (67, 90 if MANY > 50 else 9), dtype)
    x, y, left, right = [with_gaps(array, layout, minitorch.FastBackend) for array in (a, b, m, n)]
    tolerance = {"rtol": 1e-4, "atol": 1e-3} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-11}
    np.testing.assert_array_equal((-x).to_numpy(), -a)
    np.testing.assert_array_equal((x * y).to_numpy(), a * b)
    np.testing.assert_array_equal((y + x).to_numpy(), a + b)
    for dim in range(3):
        np.testing.assert_allclose(x.sum(dim).to_numpy(), a.sum(dim, keepdims=True), **tolerance)
    np.testing.assert_allclose(x.sum().item(), a.astype(np.float64).sum(), **tolerance)
    np.testing.assert_allclose((left @ right).to_numpy(), m @ n, **tolerance)
    turned = right.permute(1, 0) @ left.permute(1, 0)
    np.testing.assert_allclose(turned.to_numpy(), n.T @ m.T, **tolerance)
    # Into cells that lie apart; those in between are left as they are.
    large = lay_out(surround(a), layout, minitorch.FastBackend)
    minitorch.FastBackend.neg_map(lay_out(a, "rows", minitorch.FastBackend), large[middle(a)])
    np.testing.assert_array_equal(large.to_numpy(), -surround(a))
