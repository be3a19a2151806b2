"""Windows laid out in the open, pooling, and maximum."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch

from . import oracles
from .checks import LAYOUTS, check_function, lay_out, random_array, seeds

on_both_backends = pytest.mark.parametrize("backend", [minitorch.SimpleBackend, minitorch.FastBackend], ids=repr)
layouts = st.sampled_from(LAYOUTS)


# Windows laid out in the open: unroll


def windows_of(cells: Any, window: tuple[int, ...]) -> Any:
    """(..., sides) becomes (..., sides, window): the cells under the window at each place, zeros past the edge."""
    first = cells.ndim - len(window)
    out = np.zeros((*cells.shape, *window))
    for place in np.ndindex(*cells.shape):
        for tap in np.ndindex(*window):
            cell = (*place[:first], *(p + t for p, t in zip(place[first:], tap)))
            if all(i < size for i, size in zip(cell, cells.shape)):
                out[(*place, *tap)] = cells[cell]
    return out


def windows_gradient(shape: tuple[int, ...], window: tuple[int, ...], upstream: Any) -> Any:
    """Each copy of a cell hands its gradient to the cell."""
    first = len(shape) - len(window)
    out = np.zeros(shape)
    for place in np.ndindex(*shape):
        for tap in np.ndindex(*window):
            cell = (*place[:first], *(p + t for p, t in zip(place[first:], tap)))
            if all(i < size for i, size in zip(cell, shape)):
                out[cell] += upstream[(*place, *tap)]
    return out


@pytest.mark.task4_1
def test_unroll_of_the_docstring() -> None:
    np.testing.assert_array_equal(minitorch.unroll(minitorch.tensor([1, 2, 3]), 2).to_numpy(), [[1, 2], [2, 3], [3, 0]])


@pytest.mark.task4_1
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(seed=seeds(), dims=st.integers(1, 4), layout=layouts)
def test_unroll(dtype: type, seed: int, dims: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    *shape, k = [int(size) for size in rng.permutation(6)[: dims + 1] + 1]
    array = random_array(rng, shape, dtype)
    check_function(
        lambda x: minitorch.unroll(x, k),
        [array],
        windows_of(array, (k,)),
        lambda upstream: [windows_gradient(array.shape, (k,), upstream)],
        layouts=[layout],
        rng=rng,
        rtol=1e-9 if dtype is np.float64 else 1e-5,
        atol=1e-11 if dtype is np.float64 else 1e-6,
    )


@pytest.mark.task4_2
@given(seed=seeds(), dims=st.integers(2, 4), layout=layouts)
def test_unroll2d(seed: int, dims: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    *shape, kh, kw = [int(size) for size in rng.permutation(6)[: dims + 2] + 1]
    array = random_array(rng, shape)
    check_function(
        lambda x: minitorch.unroll2d(x, (kh, kw)),
        [array],
        windows_of(array, (kh, kw)),
        lambda upstream: [windows_gradient(array.shape, (kh, kw), upstream)],
        layouts=[layout],
        rng=rng,
    )


@pytest.mark.task4_2
def test_unroll2d_takes_one_number_for_a_square() -> None:
    images = minitorch.rand(2, 4, 5)
    square = minitorch.unroll2d(images, 3)
    assert square.shape == (2, 4, 5, 3, 3)
    np.testing.assert_array_equal(square.to_numpy(), minitorch.unroll2d(images, (3, 3)).to_numpy())


@pytest.mark.task4_1
@pytest.mark.parametrize("shape", [(0, 5), (3, 0)], ids=["empty batch", "empty width"])
def test_unroll_of_nothing_is_nothing(shape: tuple[int, ...]) -> None:
    x = minitorch.zeros(shape, requires_grad=True)
    out = minitorch.unroll(x, 2)
    assert out.shape == (*shape, 2)
    out.backward(np.zeros(out.shape))
    assert x.grad.shape == shape


@pytest.mark.task4_1
@pytest.mark.parametrize(
    ("shape", "k", "got"),
    [((), 1, "input () and window (1,)"), ((2, 3), 0, "0"), ((2, 3), -1, "-1"), ((3,), (2, 2), "(2, 2)")],
)
def test_unroll_refuses_bad_windows(shape: tuple[int, ...], k: Any, got: str) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        minitorch.unroll(minitorch.zeros(shape), k)
    assert f"got:      {got}\n" in str(caught.value)


@pytest.mark.task4_2
@pytest.mark.parametrize(("shape", "kernel"), [((3,), (2, 2)), ((2, 3), (0, 2)), ((2, 3), (1, 2, 3))])
def test_unroll2d_refuses_bad_windows(shape: tuple[int, ...], kernel: tuple[int, ...]) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        minitorch.unroll2d(minitorch.zeros(shape), kernel)
    assert str(kernel) in str(caught.value)


# Convolution is unrolling, then a matrix product


@pytest.mark.task4_1
@given(seed=seeds(), width=st.integers(1, 9), k=st.integers(1, 9))
def test_guide_convolution_by_unrolling(seed: int, width: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    input, weight = minitorch.tensor(random_array(rng, width)), minitorch.tensor(random_array(rng, k))
    by_unrolling = minitorch.unroll(input, k) @ weight.view(k, 1)
    convolved = minitorch.conv1d(input.view(1, 1, width), weight.view(1, 1, k))
    np.testing.assert_allclose(by_unrolling.to_numpy()[:, 0], convolved.to_numpy()[0, 0], rtol=1e-9, atol=1e-11)


@pytest.mark.task4_1
def test_guide_convolution_of_channels_by_unrolling() -> None:
    in_channels, out_channels, T, K = 2, 4, 7, 3
    input, weight = minitorch.rand(in_channels, T), minitorch.rand(out_channels, in_channels, K)
    rows = minitorch.unroll(input, K).permute(0, 2, 1).contiguous().view(in_channels * K, T)
    by_unrolling = weight.view(out_channels, in_channels * K) @ rows
    convolved = minitorch.conv1d(input.view(1, in_channels, T), weight)
    assert by_unrolling.shape == (out_channels, T)
    np.testing.assert_allclose(by_unrolling.to_numpy(), convolved.to_numpy()[0], rtol=1e-9)


@pytest.mark.task4_1
def test_guide_forgotten_contiguous_is_named() -> None:
    turned = minitorch.unroll(minitorch.rand(2, 7), 3).permute(0, 2, 1)
    with pytest.raises(minitorch.ContiguityError, match=r"fix: .*\.contiguous\(\)"):
        turned.view(2 * 3, 7)


@pytest.mark.parametrize(
    "rank", [pytest.param(1, marks=pytest.mark.task4_1), pytest.param(2, marks=pytest.mark.task4_2)]
)
@given(seed=seeds())
def test_convolution_is_unrolling_and_a_matrix_product(rank: int, seed: int) -> None:
    """With batches and channels, in value and in both gradients."""
    rng = np.random.default_rng(seed)
    batch, in_channels, out_channels, *sizes = [int(size) for size in rng.integers(1, 5, 3 + 2 * rank)]
    sides, window = sizes[:rank], sizes[rank:]
    input = random_array(rng, (batch, in_channels, *sides))
    weight = random_array(rng, (out_channels, in_channels, *window))
    upstream = rng.normal(size=(batch, out_channels, *sides))
    convolve = {1: minitorch.conv1d, 2: minitorch.conv2d}[rank]
    unroll = {1: lambda x: minitorch.unroll(x, *window), 2: lambda x: minitorch.unroll2d(x, window)}[rank]

    def by_unrolling(x: Any, w: Any) -> Any:
        places, taps = math.prod(sides), math.prod(window)
        windows = unroll(x).view(batch, in_channels, places, taps)
        rows = windows.permute(0, 2, 1, 3).contiguous().view(batch, places, in_channels * taps)
        out = rows @ w.view(out_channels, in_channels * taps).permute(1, 0)  # (batch, places, out_channels)
        return out.permute(0, 2, 1).contiguous().view(batch, out_channels, *sides)

    results = []
    for function in (convolve, by_unrolling):
        x, w = minitorch.tensor(input, requires_grad=True), minitorch.tensor(weight, requires_grad=True)
        out = function(x, w)
        out.backward(upstream)
        results.append([out.to_numpy(), x.grad.to_numpy(), w.grad.to_numpy()])
    for one, other in zip(*results):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


# Pooling


def images_and_kernel(rng: np.random.Generator) -> tuple[Any, tuple[int, int]]:
    """Images and a tile that divides them. No two of the sizes that could be mixed up are alike."""
    batch, channel = rng.permutation([2, 3])
    rows, columns, kh, kw = [int(size) for size in rng.permutation(4) + 1]
    return random_array(rng, (batch, channel, rows * kh, columns * kw)), (kh, kw)


@pytest.mark.task4_3
def test_tile_by_hand() -> None:
    image = minitorch.tensor([[[[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]]])
    tiles, height, width = minitorch.tile(image, (2, 3))
    assert (height, width) == (1, 2)
    np.testing.assert_array_equal(tiles.to_numpy(), [[[[[1, 2, 3, 7, 8, 9], [4, 5, 6, 10, 11, 12]]]]])


@pytest.mark.task4_3
@on_both_backends
@given(seed=seeds(), layout=layouts)
def test_tile(backend: minitorch.TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    images, kernel = images_and_kernel(rng)
    tiles = oracles.windows(images, kernel)
    assert minitorch.tile(minitorch.tensor(images), kernel)[1:] == tiles.shape[2:4]
    check_function(
        lambda x: minitorch.tile(x, kernel)[0],
        [images],
        tiles,
        lambda upstream: [oracles.unwindows(upstream, kernel)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


def check_avgpool2d(images: Any, kernel: tuple[int, int], rng: np.random.Generator, **settings: Any) -> None:
    tiles = oracles.windows(images, kernel)

    def gradient(upstream: Any) -> list[Any]:
        shares = np.broadcast_to(upstream[..., None], tiles.shape) / (kernel[0] * kernel[1])
        return [oracles.unwindows(shares, kernel)]

    check_function(lambda x: minitorch.avgpool2d(x, kernel), [images], tiles.mean(-1), gradient, rng=rng, **settings)


def check_maxpool2d(images: Any, kernel: tuple[int, int], rng: np.random.Generator, **settings: Any) -> None:
    tiles = oracles.windows(images, kernel)
    winners = tiles == tiles.max(-1, keepdims=True)

    def gradient(upstream: Any) -> list[Any]:
        return [oracles.unwindows(winners * (upstream / winners.sum(-1))[..., None], kernel)]

    check_function(lambda x: minitorch.maxpool2d(x, kernel), [images], tiles.max(-1), gradient, rng=rng, **settings)


@pytest.mark.task4_3
@on_both_backends
@given(seed=seeds(), layout=layouts)
def test_avgpool2d(backend: minitorch.TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    check_avgpool2d(*images_and_kernel(rng), rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), layout=layouts)
def test_maxpool2d(backend: minitorch.TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    check_maxpool2d(*images_and_kernel(rng), rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@given(seed=seeds())
def test_maxpool2d_of_ties(seed: int) -> None:
    """Images of few different values, as those of digits are: the cells that tie share the gradient."""
    rng = np.random.default_rng(seed)
    images, kernel = images_and_kernel(rng)
    check_maxpool2d(rng.integers(-2, 1, images.shape).astype(float), kernel, rng)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check_avgpool2d, marks=pytest.mark.task4_3),
        pytest.param(check_maxpool2d, marks=pytest.mark.task4_4),
    ],
)
@pytest.mark.parametrize(
    ("shape", "kernel"),
    [((2, 3, 4, 5), (1, 1)), ((2, 3, 4, 5), (4, 5)), ((0, 3, 4, 6), (2, 3)), ((2, 5, 1, 4), (1, 2))],
    ids=["tiles of one cell", "one tile", "empty batch", "height of 1"],
)
def test_pooling_of_edge_sizes(check: Any, shape: tuple[int, ...], kernel: tuple[int, int]) -> None:
    rng = np.random.default_rng(1)
    check(random_array(rng, shape), kernel, rng)


@pytest.mark.parametrize(
    "check",
    [
        pytest.param(check_avgpool2d, marks=pytest.mark.task4_3),
        pytest.param(check_maxpool2d, marks=pytest.mark.task4_4),
    ],
)
@on_both_backends
def test_pooling_in_single_precision(check: Any, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(2)
    check(random_array(rng, (2, 3, 4, 9), np.float32), (2, 3), rng, backend=backend, rtol=1e-5, atol=1e-6)


POOLINGS = [
    pytest.param(minitorch.tile, marks=pytest.mark.task4_3),
    pytest.param(minitorch.avgpool2d, marks=pytest.mark.task4_3),
    pytest.param(minitorch.maxpool2d, marks=pytest.mark.task4_4),
]


@pytest.mark.parametrize("pool", POOLINGS)
@pytest.mark.parametrize(
    ("shape", "kernel"),
    [
        ((2, 3, 5, 4), (2, 2)),
        ((2, 3, 4, 5), (2, 2)),
        ((2, 3, 4, 6), (8, 3)),
        ((3, 4, 6), (2, 3)),
        ((1, 2, 3, 4, 6), (2, 3)),
    ],
    ids=["height not divided", "width not divided", "tile higher than image", "too few dimensions", "too many"],
)
def test_pooling_refuses_what_it_cannot_cut(pool: Any, shape: tuple[int, ...], kernel: tuple[int, int]) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        pool(minitorch.zeros(shape), kernel)
    assert f"input {shape} and tiles {kernel}" in str(caught.value)


@pytest.mark.parametrize("pool", POOLINGS)
@pytest.mark.parametrize("kernel", [(0, 2), (2, -2), (1, 2, 3), ()])
def test_pooling_refuses_bad_kernels(pool: Any, kernel: tuple[int, ...]) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        pool(minitorch.zeros(2, 3, 4, 6), kernel)
    assert str(kernel) in str(caught.value)


# Maximum


def check_max(array: Any, dim: int, rng: np.random.Generator, **settings: Any) -> None:
    winners = array == array.max(axis=dim, keepdims=True)
    check_function(
        lambda x: minitorch.max(x, dim),
        [array],
        array.max(axis=dim, keepdims=True),
        lambda upstream: [winners * upstream / winners.sum(axis=dim, keepdims=True)],
        rng=rng,
        **settings,
    )


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("dim", range(-3, 3))
@given(seed=seeds(), layout=layouts)
def test_max_along_each_dimension(backend: minitorch.TensorBackend, dim: int, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    check_max(random_array(rng, (2, 3, 5)), dim, rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), dim=st.integers(0, 2))
def test_max_of_ties_shares_the_gradient(backend: minitorch.TensorBackend, seed: int, dim: int) -> None:
    rng = np.random.default_rng(seed)
    check_max(rng.integers(-2, 1, (2, 7, 4)).astype(float), dim, rng, backend=backend)


@pytest.mark.task4_4
def test_max_gradient_by_hand() -> None:
    """Two cells tie in the first row: each gets half of what arrives. Nothing reaches the others."""
    x = minitorch.tensor([[-4, -1, -1], [7, 2, 6]], requires_grad=True)
    out = minitorch.max(x, 1)
    np.testing.assert_array_equal(out.to_numpy(), [[-1], [7]])
    out.backward(np.array([[10.0], [3.0]]))
    np.testing.assert_array_equal(x.grad.to_numpy(), [[0, 5, 5], [3, 0, 0]])


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("value", [-1e30, -1e9, -1e-9, 0.0, 1e30])
def test_max_of_numbers_of_any_size(backend: minitorch.TensorBackend, value: float) -> None:
    """No start value may stand above the numbers themselves."""
    x = minitorch.tensor([[value, value - 1.0, value - 2.0]], backend=backend)
    assert minitorch.max(x, 1).item() == value


@pytest.mark.task4_4
def test_max_of_minus_infinity() -> None:
    assert minitorch.max(minitorch.tensor([-np.inf, -np.inf]), 0).item() == -np.inf


@pytest.mark.task4_4
def test_max_of_an_empty_batch() -> None:
    assert minitorch.max(minitorch.zeros(0, 3), 1).shape == (0, 1)


@pytest.mark.task4_4
@pytest.mark.parametrize("function", [minitorch.max, minitorch.argmax, minitorch.softmax, minitorch.logsoftmax])
@pytest.mark.parametrize(
    ("shape", "dim"), [((2, 3), 2), ((2, 3), -3), ((), 0), ((2, 0), 1)], ids=["too large", "too small", "none", "empty"]
)
def test_dimensions_without_maximum_are_refused(function: Any, shape: tuple[int, ...], dim: int) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        function(minitorch.zeros(shape), dim)
    assert f"dimension {dim} of" in str(caught.value)
    assert f"shape {shape}" in str(caught.value)


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), dim=st.integers(-3, 2), layout=layouts)
def test_argmax_marks_every_maximum(backend: minitorch.TensorBackend, seed: int, dim: int, layout: str) -> None:
    array = np.random.default_rng(seed).integers(-4, 0, (2, 3, 5)) * 1e-6  # with ties, and with others close behind
    marked = minitorch.argmax(lay_out(array, layout, backend), dim)
    assert marked.backend is backend
    np.testing.assert_array_equal(marked.to_numpy(), array == array.max(axis=dim, keepdims=True))


@pytest.mark.task4_4
def test_argmax_is_constant() -> None:
    assert minitorch.argmax(minitorch.rand(2, 3, requires_grad=True), 1).is_constant()
