"""Max pooling of images: the kernels themselves, and the function made from them (task 4.4)."""

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

import minitorch
from minitorch import Tensor, fast_pool
from minitorch.sharing import share_out

from . import oracles
from .checks import LAYOUTS, check_function, lay_out, random_array, seeds
from .test_fast_ops import _threads, on_one_and_on_all_threads  # noqa: F401

pytestmark = pytest.mark.task4_4

SIZES = [
    # images, tiles
    ((2, 3, 4, 6), (2, 3)),
    ((1, 1, 3, 4), (3, 2)),
    ((3, 1, 6, 5), (2, 5)),
    ((2, 2, 5, 7), (5, 1)),
    ((2, 1, 4, 3), (1, 3)),
    ((1, 4, 2, 3), (1, 1)),
    ((2, 3, 6, 8), (6, 8)),
    ((1, 2, 9, 4), (3, 4)),
    ((0, 3, 4, 6), (2, 3)),
    ((2, 0, 4, 6), (2, 3)),
    ((2, 3, 0, 6), (2, 3)),
    ((2, 3, 4, 0), (2, 3)),
]


def expected_maxima(images: Any, kernel: tuple[int, int]) -> Any:
    """The largest number of each tile; NaN if one of them is NaN."""
    return oracles.windows(images, kernel).max(-1)


def expected_gradient(images: Any, kernel: tuple[int, int], upstream: Any) -> Any:
    """The upstream gradient of each tile, in equal parts for the cells that are its maximum."""
    tiles = oracles.windows(images, kernel)
    winners = tiles == tiles.max(-1, keepdims=True)
    return oracles.unwindows(winners * (upstream / winners.sum(-1))[..., None], kernel)


def by_tiles(x: Tensor, kernel: tuple[int, int]) -> Tensor:
    """The same in the two lines that copy every cell."""
    tiles, height, width = minitorch.tile(x, kernel)
    return minitorch.max(tiles, 4).view(x.shape[0], x.shape[1], height, width)


def gradient_of(pool: Callable[..., Tensor], x: Tensor, kernel: tuple[int, int], upstream: Any) -> Any:
    """The gradient of a tensor from a single backward pass."""
    leaf = x.detach().requires_grad_()
    pool(leaf, kernel).backward(upstream)
    return leaf.grad.to_numpy()


def image_makers() -> dict[str, Callable[[np.random.Generator, Any], Any]]:
    """Images that pooling meets: of all kinds of numbers, of few, of digits that are mostly black."""
    return {
        "different": lambda rng, shape: random_array(rng, shape),
        "ties": lambda rng, shape: rng.integers(-1, 2, shape).astype(float),
        "all equal": lambda rng, shape: np.full(shape, -3.0),
        "zeros of both signs": lambda rng, shape: rng.choice([0.0, -0.0], shape),
        "some -inf": lambda rng, shape: np.where(rng.random(shape) < 0.6, -np.inf, random_array(rng, shape)),
        "all -inf": lambda rng, shape: np.full(shape, -np.inf),
        "some inf": lambda rng, shape: np.where(rng.random(shape) < 0.3, np.inf, random_array(rng, shape)),
        "negative": lambda rng, shape: -1e300 * rng.random(shape) - 1e299,
    }


@pytest.mark.parametrize("kind", image_makers())
@pytest.mark.parametrize(("shape", "kernel"), SIZES, ids=str)
def test_maxima_and_gradients(shape: Any, kernel: tuple[int, int], kind: str, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(1)
    images = image_makers()[kind](rng, shape)
    for layout in LAYOUTS:
        check_function(
            lambda x: minitorch.maxpool2d(x, kernel),
            [images],
            expected_maxima(images, kernel),
            lambda upstream: [expected_gradient(images, kernel, upstream)],
            layouts=[layout],
            backend=backend,
            rng=rng,
        )


@given(seed=seeds())
def test_it_is_the_same_as_the_maximum_of_tiles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    shape = (*rng.integers(1, 4, 2), kernel[0] * rng.integers(1, 4), kernel[1] * rng.integers(1, 4))
    for dtype in (np.float64, np.float32):
        images = rng.integers(-2, 3, shape).astype(dtype)
        x = lay_out(images, LAYOUTS[rng.integers(3)], minitorch.FastBackend)
        found, other = minitorch.maxpool2d(x, kernel), by_tiles(x, kernel)
        assert found.dtype == dtype
        np.testing.assert_array_equal(found.to_numpy(), other.to_numpy())
        upstream = rng.integers(-50, 50, other.shape).astype(dtype)
        gradient = gradient_of(minitorch.maxpool2d, x, kernel, upstream)
        assert gradient.dtype == dtype
        # Dividing by the number of ties is done in one step here, and there by multiplying with its inverse.
        tolerance = {np.float64: 1e-14, np.float32: 1e-6}[dtype]
        np.testing.assert_allclose(gradient, gradient_of(by_tiles, x, kernel, upstream), rtol=tolerance)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upstream_gradients_that_lie_anyhow(layout: str, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(2)
    images, upstream = random_array(rng, (2, 3, 4, 9)), random_array(rng, (2, 3, 2, 3))
    leaf = lay_out(images, layout, backend).requires_grad_()
    minitorch.maxpool2d(leaf, (2, 3)).backward(lay_out(upstream, "reversed", backend))
    np.testing.assert_allclose(leaf.grad.to_numpy(), expected_gradient(images, (2, 3), upstream), rtol=1e-12)
    # What comes after the pooling turns its gradient around, and stretches it.
    factors = random_array(rng, (3, 2, 3, 2))
    leaf = lay_out(images, layout, backend).requires_grad_()
    turned = minitorch.maxpool2d(leaf, (2, 3)).permute(3, 0, 1, 2)  # (3, 2, 3, 2)
    (turned * lay_out(factors, "rotated", backend)).sum().backward()
    expected = expected_gradient(images, (2, 3), factors.transpose(1, 2, 3, 0))
    np.testing.assert_allclose(leaf.grad.to_numpy(), expected, rtol=1e-12)
    leaf = lay_out(images, layout, backend).requires_grad_()
    minitorch.maxpool2d(leaf, (2, 3)).sum().backward()
    np.testing.assert_allclose(leaf.grad.to_numpy(), expected_gradient(images, (2, 3), np.ones((2, 3, 2, 3))))


def test_the_images_may_be_the_result_of_something(backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(3)
    images, upstream = random_array(rng, (3, 2, 6, 4)), rng.normal(size=(2, 3, 2, 2))
    leaf = lay_out(images, "rows", backend).requires_grad_()
    squares = (leaf * leaf).permute(1, 0, 3, 2)  # (2, 3, 4, 6)
    minitorch.maxpool2d(squares, (2, 3)).backward(upstream)
    inner = expected_gradient((images * images).transpose(1, 0, 3, 2), (2, 3), upstream)
    np.testing.assert_allclose(leaf.grad.to_numpy(), inner.transpose(1, 0, 3, 2) * 2 * images, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kernel", [(1, 4), (4, 1), (2, 2), (2, 4), (4, 4)])
def test_nan_in_any_cell_of_a_tile(kernel: tuple[int, int], dtype: Any, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(4)
    kh, kw = kernel
    images = random_array(rng, (1, 2, 4, 8), dtype)
    for i, j in np.ndindex(kh, kw):
        broken = images.copy()
        broken[0, 1, i, kw + j] = np.nan  # in the second tile of the first row of tiles
        expected = expected_maxima(broken, kernel)
        upstream = rng.normal(size=expected.shape).astype(dtype)
        with np.errstate(all="ignore"):
            x = lay_out(broken, "rows", backend).requires_grad_()
            out = minitorch.maxpool2d(x, kernel)
            out.backward(upstream)
        np.testing.assert_array_equal(out.to_numpy(), expected)
        assert np.isnan(expected).sum() == 1
        # No cell of that tile equals the maximum; all others get their gradient as ever.
        gradient = x.grad.to_numpy()
        clean = expected_gradient(images, kernel, upstream)
        clean[0, 1, :kh, kw : 2 * kw] = gradient[0, 1, :kh, kw : 2 * kw]
        np.testing.assert_allclose(gradient, clean, rtol=1e-6)


def test_a_tile_of_nan_spoils_its_gradient(backend: minitorch.TensorBackend) -> None:
    """Nothing equals NaN, so nobody could say where the gradient goes."""
    with np.errstate(all="ignore"):
        x = lay_out(np.array([[[[np.nan, 1.0, 2.0, 3.0]]]]), "rows", backend).requires_grad_()
        minitorch.maxpool2d(x, (1, 2)).backward(np.array([[[[1.0, 5.0]]]]))
    np.testing.assert_array_equal(x.grad.to_numpy(), [[[[np.nan, np.nan, 0.0, 5.0]]]])


def test_two_nans_and_infinity() -> None:
    images = np.array([[[[np.inf, np.nan], [-np.inf, 1.0], [np.inf, 2.0], [np.inf, -np.inf]]]])
    found = minitorch.maxpool2d(minitorch.tensor(images), (2, 2)).to_numpy()
    np.testing.assert_array_equal(found, [[[[np.nan], [np.inf]]]])
    found = minitorch.maxpool2d(minitorch.tensor(images), (1, 2)).to_numpy()
    np.testing.assert_array_equal(found, [[[[np.nan], [1.0], [np.inf], [np.inf]]]])


def test_inputs_are_left_alone_and_results_are_new(backend: minitorch.TensorBackend) -> None:
    images = random_array(np.random.default_rng(5), (2, 1, 3, 4))
    x = lay_out(images, "rows", backend)
    out = minitorch.maxpool2d(x, (1, 1))
    assert not np.shares_memory(out._tensor._storage, x._tensor._storage)
    assert out.is_constant()
    assert out.is_contiguous()
    np.testing.assert_array_equal(x.to_numpy(), images)


def test_storage_that_is_no_plain_row() -> None:
    """NumPy arrays are kept and shared as storage, also if there are gaps between their numbers, or are read-only."""
    images = random_array(np.random.default_rng(6), (1, 2, 4, 6))
    wide = np.full((images.size, 3), np.nan)
    wide[:, 1] = images.ravel()
    fixed = images.ravel().copy()
    fixed.flags.writeable = False
    for storage in (wide[:, 1], fixed):
        x = Tensor(minitorch.TensorData(storage, images.shape), backend=minitorch.FastBackend).requires_grad_()
        out = minitorch.maxpool2d(x, (2, 3))
        np.testing.assert_array_equal(out.to_numpy(), expected_maxima(images, (2, 3)))
        out.sum().backward()
        expected = expected_gradient(images, (2, 3), np.ones(out.shape))
        np.testing.assert_array_equal(x.grad.to_numpy(), expected)


# The kernels on raw storage


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("shape", "kernel"), SIZES[:8], ids=str)
def test_kernels_fill_every_cell_and_no_other(shape: Any, kernel: tuple[int, int], dtype: Any) -> None:
    rng = np.random.default_rng(7)
    images = rng.integers(-1, 2, shape).astype(dtype)
    tasks, maxima = shape[0] * shape[1], expected_maxima(images, kernel)
    upstream = rng.normal(size=maxima.shape).astype(dtype)
    # Behind the cells there is room that nobody may touch.
    out, grad = np.full(maxima.size + 9, 77.0, dtype), np.full(images.size + 9, 77.0, dtype)
    cells = images.ravel().copy()
    share_out(fast_pool.pool_task, tasks, out, cells, *shape[2:], *kernel)
    np.testing.assert_array_equal(out[: maxima.size], maxima.ravel())
    share_out(fast_pool.pool_back_task, tasks, grad, upstream.ravel(), out, cells, *shape[2:], *kernel)
    expected = expected_gradient(images, kernel, upstream)
    np.testing.assert_allclose(grad[: images.size], expected.ravel(), rtol=1e-6 if dtype == np.float32 else 1e-14)
    assert (out[maxima.size :] == 77).all()
    assert (grad[images.size :] == 77).all()
    np.testing.assert_array_equal(cells, images.ravel())
    assert np.array_equal(out[: maxima.size], maxima.ravel()), "the backward pass changed the maxima"


@pytest.mark.usefixtures("_threads")
def test_pooling_does_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(8)
    images = rng.integers(-3, 4, (3, 5, 4, 6) if numba.config.DISABLE_JIT else (13, 7, 14, 15)).astype(float)
    upstream = rng.normal(size=(*images.shape[:2], images.shape[2] // 2, images.shape[3] // 3))
    x = lay_out(images, "rows", minitorch.FastBackend)
    found = on_one_and_on_all_threads(lambda: minitorch.maxpool2d(x, (2, 3)).to_numpy())
    np.testing.assert_array_equal(found, expected_maxima(images, (2, 3)))
    found = on_one_and_on_all_threads(lambda: gradient_of(minitorch.maxpool2d, x, (2, 3), upstream))
    np.testing.assert_allclose(found, expected_gradient(images, (2, 3), upstream), rtol=1e-14)
    assert math.isclose(found.sum(), upstream.sum(), rel_tol=1e-9), "all of the gradient arrives"


# The maximum of whole rows


def expected_of_rows(rows: Any, upstream: Any) -> Any:
    """The upstream gradient of each row, in equal parts for the cells that are its maximum."""
    winners = rows == rows.max(-1, keepdims=True)
    return winners * (upstream / winners.sum(-1))[..., None]


@pytest.mark.parametrize("kind", image_makers())
@pytest.mark.parametrize("shape", [(7,), (1,), (5, 1), (3, 4), (2, 3, 9), (0, 4), (2, 0, 3)], ids=str)
def test_maxima_of_rows_and_gradients(shape: Any, kind: str, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(9)
    rows = image_makers()[kind](rng, shape)
    for layout in LAYOUTS:
        check_function(
            fast_pool.MaxOfRowsFun.apply,
            [rows],
            rows.max(-1),
            lambda upstream: [expected_of_rows(rows, upstream)],
            layouts=[layout],
            backend=backend,
            rng=rng,
        )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_kernels_of_rows_fill_every_cell_and_no_other(dtype: Any) -> None:
    rng = np.random.default_rng(10)
    cells, upstream = random_array(rng, (7, 5), dtype), random_array(rng, 7, dtype)
    for rows in (1, 2, 3, 7, 8):  # in each task
        tasks = -(-7 // rows)
        out, grad = np.full(7 + 4, 77, dtype), np.full(35 + 4, 77, dtype)
        share_out(fast_pool.row_task, tasks, rows, out[:7], cells.ravel(), 5)
        np.testing.assert_array_equal(out, [*cells.max(1), 77, 77, 77, 77])
        share_out(fast_pool.row_back_task, tasks, rows, grad, upstream, out[:7], cells.ravel(), 5)
        np.testing.assert_array_equal(grad[:35], expected_of_rows(cells, upstream).ravel())
        assert (grad[35:] == 77).all()


@pytest.mark.usefixtures("_threads")
def test_maxima_of_rows_do_not_depend_on_the_number_of_threads() -> None:
    rng = np.random.default_rng(11)
    rows = rng.integers(-3, 4, (7, 5) if numba.config.DISABLE_JIT else (1203, 17)).astype(float)
    upstream = rng.normal(size=len(rows))
    x = lay_out(rows, "rows", minitorch.FastBackend)
    found = on_one_and_on_all_threads(lambda: fast_pool.MaxOfRowsFun.apply(x).to_numpy())
    np.testing.assert_array_equal(found, rows.max(1))

    def gradient() -> Any:
        leaf = x.detach().requires_grad_()
        fast_pool.MaxOfRowsFun.apply(leaf).backward(upstream)
        return leaf.grad.to_numpy()

    np.testing.assert_allclose(on_one_and_on_all_threads(gradient), expected_of_rows(rows, upstream), rtol=1e-14)


def test_a_row_with_nan_has_no_maximum(backend: minitorch.TensorBackend) -> None:
    rows = minitorch.tensor([[1.0, math.nan, 2.0], [5.0, 3.0, 4.0]], backend=backend)
    found = fast_pool.MaxOfRowsFun.apply(rows).to_numpy()
    assert math.isnan(found[0])
    assert found[1] == 5.0
