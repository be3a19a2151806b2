"""Convolution: kernels and Functions, in one and two dimensions.

Most tests run for both ranks, marked with the task of each. In the names of sizes, `sides` are the dimensions that the
window slides over: (width,), or (height, width).
"""

from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest
import scipy.signal
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import Tensor, TensorData

from . import oracles
from .checks import LAYOUTS, check_function, lay_out, random_array, seeds

FUNCTIONS = {1: minitorch.conv1d, 2: minitorch.conv2d}
KERNELS = {1: minitorch.fast_conv.tensor_conv1d, 2: minitorch.fast_conv.tensor_conv2d}
VALUES = {1: oracles.conv1d, 2: oracles.conv2d}
GRADIENTS = {1: oracles.conv1d_gradients, 2: oracles.conv2d_gradients}

in_both_ranks = pytest.mark.parametrize(
    "rank", [pytest.param(1, marks=pytest.mark.task4_1), pytest.param(2, marks=pytest.mark.task4_2)]
)


def check_convolution(rank: int, input: Any, weight: Any, rng: np.random.Generator, **settings: Any) -> None:
    """Compare every cell of the value and of both gradients with loops over the definition."""
    check_function(
        FUNCTIONS[rank],
        [input, weight],
        VALUES[rank](input, weight),
        lambda upstream: GRADIENTS[rank](input, weight, upstream),
        rng=rng,
        **settings,
    )


def distinct_shapes(rank: int, rng: np.random.Generator) -> tuple[list[int], list[int]]:
    """Shapes of input and weight with no two sizes alike, so that none can stand in for another.

    The window is larger than the input as often as it is smaller.
    """
    sizes = rng.permutation(7) + 1
    batch, in_channels, out_channels = sizes[:3]
    sides, window = sizes[3 : 3 + rank], sizes[3 + rank : 3 + 2 * rank]
    return [batch, in_channels, *sides], [out_channels, in_channels, *window]


# Values and gradients


@pytest.mark.task4_1
def test_conv1d_of_the_guide() -> None:
    """At the right end, the window covers fewer and fewer cells; the rest counts as 0."""
    input = minitorch.tensor([[[1, 2, 3, 4, 5, 6]]])
    weight = minitorch.tensor([[[5, 2, 3]]])
    np.testing.assert_array_equal(minitorch.conv1d(input, weight).to_numpy(), [[[18, 28, 38, 48, 37, 30]]])


@pytest.mark.task4_2
def test_conv2d_by_hand() -> None:
    input = minitorch.tensor([[[[1, 2, 3], [4, 5, 6]]]])
    weight = minitorch.tensor([[[[1, 10], [100, 1000]]]])
    # The top left cell: 1 * 1 + 2 * 10 + 4 * 100 + 5 * 1000.
    np.testing.assert_array_equal(minitorch.conv2d(input, weight).to_numpy(), [[[[5421, 6532, 603], [54, 65, 6]]]])


@in_both_ranks
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(seed=seeds(), layouts=st.tuples(st.sampled_from(LAYOUTS), st.sampled_from(LAYOUTS)))
def test_convolution_of_any_sizes_and_layouts(rank: int, dtype: type, seed: int, layouts: tuple[str, str]) -> None:
    rng = np.random.default_rng(seed)
    input_shape, weight_shape = distinct_shapes(rank, rng)
    precise = dtype is np.float64
    check_convolution(
        rank,
        random_array(rng, input_shape, dtype),
        random_array(rng, weight_shape, dtype),
        rng,
        layouts=layouts,
        rtol=1e-9 if precise else 1e-4,
        atol=1e-11 if precise else 1e-3,
    )


@pytest.mark.parametrize(
    ("rank", "input_shape", "weight_shape"),
    [
        pytest.param(rank, input_shape, weight_shape, id=name, marks=getattr(pytest.mark, f"task4_{rank}"))
        for rank, name, input_shape, weight_shape in [
            (1, "kernel of 1", (2, 3, 5), (4, 3, 1)),
            (1, "width of 1", (2, 3, 1), (4, 3, 1)),
            (1, "kernel as wide as the input", (2, 3, 5), (4, 3, 5)),
            (1, "kernel wider than the input", (2, 3, 4), (5, 3, 9)),
            (1, "kernel on a width of 1", (2, 3, 1), (4, 3, 5)),
            (1, "everything of size 1", (1, 1, 1), (1, 1, 1)),
            (1, "empty batch", (0, 3, 5), (4, 3, 2)),
            (2, "kernel of 1 x 1", (2, 3, 5, 4), (6, 3, 1, 1)),
            (2, "height of 1", (2, 3, 1, 5), (4, 3, 1, 2)),
            (2, "width of 1", (2, 3, 5, 1), (4, 3, 2, 1)),
            (2, "kernel as large as the input", (2, 3, 5, 4), (1, 3, 5, 4)),
            (2, "kernel higher than the input", (2, 3, 2, 5), (4, 3, 7, 1)),
            (2, "kernel wider than the input", (2, 3, 5, 2), (4, 3, 1, 7)),
            (2, "kernel higher and wider than the input", (2, 3, 4, 1), (5, 3, 6, 7)),
            (2, "everything of size 1", (1, 1, 1, 1), (1, 1, 1, 1)),
            (2, "empty batch", (0, 3, 5, 4), (6, 3, 2, 1)),
        ]
    ],
)
def test_convolution_of_edge_sizes(rank: int, input_shape: tuple[int, ...], weight_shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(1)
    check_convolution(rank, random_array(rng, input_shape), random_array(rng, weight_shape), rng)


@in_both_ranks
@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")], ids=" x ".join)
def test_convolution_of_mixed_types_is_double(rank: int, dtypes: tuple[str, str]) -> None:
    """The result is as precise as the more precise of the two; each gradient has the type of its tensor."""
    rng = np.random.default_rng(2)
    input_shape, weight_shape = distinct_shapes(rank, rng)
    input, weight = random_array(rng, input_shape, dtypes[0]), random_array(rng, weight_shape, dtypes[1])
    check_convolution(rank, input, weight, rng, rtol=1e-5, atol=1e-5)
    value = FUNCTIONS[rank](minitorch.tensor(input), minitorch.tensor(weight))
    np.testing.assert_allclose(value.to_numpy(), VALUES[rank](input, weight), rtol=1e-12)


@in_both_ranks
def test_convolution_keeps_the_backend(rank: int) -> None:
    rng = np.random.default_rng(3)
    input_shape, weight_shape = distinct_shapes(rank, rng)
    input, weight = random_array(rng, input_shape), random_array(rng, weight_shape)
    check_convolution(rank, input, weight, rng, backend=minitorch.FastBackend)


def stretched(array: Any, shape: list[int]) -> Tensor:
    """`array`, broadcast to `shape` by strides of 0. The rest of the storage is NaN, and must never be read."""
    storage = np.full(int(np.prod(shape)), np.nan)
    storage[: array.size] = array.ravel()
    strides = [0 if size == 1 else step // array.itemsize for size, step in zip(array.shape, array.strides)]
    return Tensor(TensorData(storage, shape, strides))


@in_both_ranks
@given(seed=seeds(), layout=st.sampled_from([*LAYOUTS, "stretched"]))
def test_upstream_gradient_in_any_layout(rank: int, seed: int, layout: str) -> None:
    """The gradient that arrives lies in memory as it likes, for instance after a permute behind the convolution."""
    rng = np.random.default_rng(seed)
    input_shape, weight_shape = distinct_shapes(rank, rng)
    input, weight = random_array(rng, input_shape), random_array(rng, weight_shape)
    x, w = minitorch.tensor(input, requires_grad=True), minitorch.tensor(weight, requires_grad=True)
    out = FUNCTIONS[rank](x, w)

    if layout == "stretched":
        upstream = rng.normal(size=[rng.choice([1, size]) for size in out.shape])
        out.backward(stretched(upstream, list(out.shape)))
    else:
        upstream = rng.normal(size=out.shape)
        out.backward(lay_out(upstream, layout))

    grad_input, grad_weight = GRADIENTS[rank](input, weight, np.broadcast_to(upstream, out.shape))
    np.testing.assert_allclose(x.grad.to_numpy(), grad_input, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(w.grad.to_numpy(), grad_weight, rtol=1e-9, atol=1e-11)


@in_both_ranks
@given(seed=seeds())
def test_convolution_of_stretched_tensors(rank: int, seed: int) -> None:
    """Cells that share memory, with strides of 0, are told apart in the gradients."""
    rng = np.random.default_rng(seed)
    shapes = distinct_shapes(rank, rng)
    arrays = [random_array(rng, [rng.choice([1, size]) for size in shape]) for shape in shapes]
    tensors = [stretched(a, shape).requires_grad_(True) for a, shape in zip(arrays, shapes)]
    arrays = [np.broadcast_to(a, shape) for a, shape in zip(arrays, shapes)]

    out = FUNCTIONS[rank](*tensors)
    np.testing.assert_allclose(out.to_numpy(), VALUES[rank](*arrays), rtol=1e-9, atol=1e-11)
    upstream = rng.normal(size=out.shape)
    out.backward(upstream)
    for leaf, gradient in zip(tensors, GRADIENTS[rank](*arrays, upstream)):
        np.testing.assert_allclose(leaf.grad.to_numpy(), gradient, rtol=1e-9, atol=1e-11)


@in_both_ranks
def test_convolution_agrees_with_scipy(rank: int) -> None:
    """A second opinion, on an input of realistic size: whole rows are computed several cells at a time."""
    rng = np.random.default_rng(4)
    input = random_array(rng, (2, 3, 29, 23)[: rank + 2])
    weight = random_array(rng, (4, 3, 5, 6)[: rank + 2])
    x, w = minitorch.tensor(input, requires_grad=True), minitorch.tensor(weight, requires_grad=True)
    out = FUNCTIONS[rank](x, w)
    upstream = rng.normal(size=out.shape)
    out.backward(upstream)

    sides, window = input.shape[2:], weight.shape[2:]
    past_the_edge = [(0, size - 1) for size in window]
    whole = tuple(slice(0, size) for size in sides)
    value, grad_input, grad_weight = np.zeros(out.shape), np.zeros(input.shape), np.zeros(weight.shape)
    for b, o, c in np.ndindex(2, 4, 3):
        padded = np.pad(input[b, c], past_the_edge)
        value[b, o] += scipy.signal.correlate(padded, weight[o, c], mode="valid")
        grad_input[b, c] += scipy.signal.convolve(upstream[b, o], weight[o, c], mode="full")[whole]
        grad_weight[o, c] += scipy.signal.correlate(padded, upstream[b, o], mode="valid")
    np.testing.assert_allclose(out.to_numpy(), value, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(x.grad.to_numpy(), grad_input, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(w.grad.to_numpy(), grad_weight, rtol=1e-9, atol=1e-11)


# Only what is needed is computed


@in_both_ranks
@pytest.mark.parametrize(
    ("needs_input", "needs_weight", "calls"), [(True, True, 2), (False, True, 1), (True, False, 1)]
)
def test_backward_runs_the_kernel_only_for_gradients_that_are_needed(
    rank: int, needs_input: bool, needs_weight: bool, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first layer of a network convolves images, whose gradient nobody asks for."""
    counted = []

    def count(*args: Any) -> None:
        counted.append(args)
        KERNELS[rank](*args)

    monkeypatch.setattr(minitorch.fast_conv, f"tensor_conv{rank}d", count)
    rng = np.random.default_rng(5)
    input_shape, weight_shape = distinct_shapes(rank, rng)
    x = minitorch.tensor(random_array(rng, input_shape), requires_grad=needs_input)
    w = minitorch.tensor(random_array(rng, weight_shape), requires_grad=needs_weight)

    out = FUNCTIONS[rank](x, w)
    assert len(counted) == 1
    out.sum().backward()
    assert len(counted) == 1 + calls


@in_both_ranks
def test_convolution_of_constants_is_constant(rank: int) -> None:
    ones = minitorch.ones(*[1] * (rank + 2))
    assert FUNCTIONS[rank](ones, ones).is_constant()


# Kernels, called directly: what they read and write in memory


def by_definition(input: Any, weight: Any, sides: list[int], reverse: bool) -> Any:
    """Each cell of the output is the sum of input[place + tap] * weight[tap], or of input[place - tap] in reverse."""
    batch, out_channels, window = input.shape[0], weight.shape[0], weight.shape[2:]
    out = np.zeros((batch, out_channels, *sides))
    for b, o, *place in np.ndindex(*out.shape):
        for tap in np.ndindex(*window):
            cell = tuple(p - t if reverse else p + t for p, t in zip(place, tap))
            if all(0 <= i < size for i, size in zip(cell, input.shape[2:])):
                for c in range(input.shape[1]):
                    out[(b, o, *place)] += input[(b, c, *cell)] * weight[(o, c, *tap)]
    return out


MARGIN = 200
CANARY = 12345.0


def with_margins(shape: list[int], order: list[int], gap: int, fill: float) -> tuple[Any, Any, Any, Any]:
    """Memory for a tensor between two margins, filled with one number.

    Args:
        shape: The shape of the tensor.
        order: Its dimensions, from that of the largest stride to that of the smallest.
        gap: The smallest stride; whatever lies between the cells is a margin too.
        fill: The number.

    Returns:
        The whole memory; then storage (without the margins), shape and strides, as kernels take them.
    """
    strides = [0] * len(shape)
    step = gap
    for dim in reversed(order):
        strides[dim] = step
        step *= shape[dim]
    whole = np.full(2 * MARGIN + step, fill)
    return whole, whole[MARGIN:-MARGIN], np.array(shape), np.array(strides)


def cells_of(storage: Any, shape: Any, strides: Any) -> Any:
    """The cells of a tensor, as an array that shares its memory."""
    return np.lib.stride_tricks.as_strided(storage, shape, strides * storage.itemsize)


@in_both_ranks
@pytest.mark.parametrize("reverse", [False, True])
@given(seed=seeds())
def test_kernel_follows_strides_and_keeps_inside_its_memory(rank: int, reverse: bool, seed: int) -> None:
    """Input and weight lie among NaNs: one that was read would show. The output lies among numbers that must stay.

    The output may be smaller or larger than the input, as it is when gradients are computed.
    """
    rng = np.random.default_rng(seed)
    sizes = [int(size) for size in rng.integers(1, 5, 3 + 3 * rank)]
    batch, in_channels, out_channels = sizes[:3]
    sides, window, out_sides = sizes[3 : 3 + rank], sizes[3 + rank : 3 + 2 * rank], sizes[3 + 2 * rank :]

    def memory(shape: list[int], fill: float) -> tuple[Any, Any, Any, Any]:
        order = [int(dim) for dim in rng.permutation(len(shape))]
        return with_margins(shape, order, int(rng.integers(1, 3)), fill)

    out = memory([batch, out_channels, *out_sides], CANARY)
    input = memory([batch, in_channels, *sides], np.nan)
    weight = memory([out_channels, in_channels, *window], np.nan)
    for tensor in (input, weight):
        cells_of(*tensor[1:])[...] = random_array(rng, tensor[2])
    before = input[0].copy(), weight[0].copy()

    KERNELS[rank](*out[1:], int(np.prod(out[2])), *input[1:], *weight[1:], reverse)

    expected = np.full_like(out[0], CANARY)
    value = by_definition(cells_of(*input[1:]), cells_of(*weight[1:]), out_sides, reverse)
    cells_of(expected[MARGIN:-MARGIN], *out[2:])[...] = value
    np.testing.assert_allclose(out[0], expected, rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(input[0], before[0])
    np.testing.assert_array_equal(weight[0], before[1])


@pytest.mark.task4_1
def test_reverse_anchors_the_window_at_its_right_end() -> None:
    """Only the direction of the window changes, not which weight is at the anchor: out[t] = sum of in[t - k] w[k]."""
    input, weight = np.array([1.0, 10, 100, 1000]), np.array([2.0, 3, 5])
    out = np.zeros(4)
    shape, strides = np.array([1, 1, 4]), np.array([4, 4, 1])
    window, window_strides = np.array([1, 1, 3]), np.array([3, 3, 1])
    minitorch.fast_conv.tensor_conv1d(
        out, shape, strides, 4, input, shape, strides, weight, window, window_strides, True
    )
    np.testing.assert_array_equal(out, [2, 23, 235, 2350])


@pytest.fixture
def thread_counts() -> Iterator[list[int]]:
    """Numbers of threads to try; afterwards, the number is what it was."""
    before = numba.get_num_threads()
    yield list(range(1, before + 1))
    numba.set_num_threads(before)


@in_both_ranks
def test_results_do_not_depend_on_the_number_of_threads(rank: int, thread_counts: list[int]) -> None:
    """Not by a single bit: each cell is computed by one thread, in one order."""
    rng = np.random.default_rng(6)
    input, weight = rng.normal(size=(3, 5, 11, 13)[: rank + 2]), rng.normal(size=(7, 5, 4, 3)[: rank + 2])
    upstream = rng.normal(size=(3, 7, 11, 13)[: rank + 2])
    results = []
    for threads in [*thread_counts, *thread_counts]:
        numba.set_num_threads(threads)
        x, w = minitorch.tensor(input, requires_grad=True), minitorch.tensor(weight, requires_grad=True)
        out = FUNCTIONS[rank](x, w)
        out.backward(upstream)
        results.append([out.to_numpy(), x.grad.to_numpy(), w.grad.to_numpy()])
    for other in results[1:]:
        for first, again in zip(results[0], other):
            np.testing.assert_array_equal(first, again)


# Errors


@pytest.mark.parametrize(
    ("rank", "input_shape", "weight_shape", "what"),
    [
        pytest.param(rank, input_shape, weight_shape, what, marks=getattr(pytest.mark, f"task4_{rank}"))
        for rank, input_shape, weight_shape, what in [
            (1, (2, 3, 5), (4, 2, 3), "different numbers of channels"),
            (1, (2, 1, 5), (4, 3, 2), "different numbers of channels"),
            (1, (2, 3, 5), (4, 1, 2), "different numbers of channels"),
            (1, (3, 5), (4, 3, 2), "3 dimensions each"),
            (1, (2, 3, 5), (3, 2), "3 dimensions each"),
            (1, (2, 3, 5, 4), (6, 3, 2, 1), "3 dimensions each"),
            (1, (2, 3, 5), (4, 3, 0), "nothing to slide"),
            (1, (2, 3, 5), (0, 3, 4), "nothing to slide"),
            (1, (2, 0, 5), (4, 0, 3), "nothing to slide"),
            (1, (2, 3, 0), (4, 3, 1), "nothing to slide"),
            (2, (2, 3, 5, 4), (6, 2, 3, 1), "different numbers of channels"),
            (2, (2, 1, 5, 4), (6, 3, 7, 8), "different numbers of channels"),
            (2, (2, 3, 5), (4, 3, 1), "4 dimensions each"),
            (2, (2, 3, 5, 4), (6, 3, 2), "4 dimensions each"),
            (2, (2, 3, 5, 4), (6, 3, 0, 1), "nothing to slide"),
            (2, (2, 3, 5, 4), (6, 3, 1, 0), "nothing to slide"),
            (2, (2, 3, 0, 4), (6, 3, 1, 5), "nothing to slide"),
            (2, (2, 3, 5, 0), (6, 3, 4, 1), "nothing to slide"),
            (2, (2, 0, 5, 4), (6, 0, 3, 1), "nothing to slide"),
        ]
    ],
)
def test_sizes_that_do_not_fit_are_refused(
    rank: int, input_shape: tuple[int, ...], weight_shape: tuple[int, ...], what: str
) -> None:
    with pytest.raises(minitorch.ShapeError, match=what) as caught:
        FUNCTIONS[rank](minitorch.zeros(input_shape), minitorch.zeros(weight_shape))
    message = str(caught.value)
    assert f"conv{rank}d" in message
    got, expected = message.split("got:")[1].split("expected:")
    assert str(input_shape) in got
    assert str(weight_shape) in got
    assert "(batch, in_channels" in expected
    assert "(out_channels, in_channels" in expected
    assert "fix:" in expected


@in_both_ranks
def test_gradient_of_another_shape_is_refused(rank: int) -> None:
    """A compiled kernel checks no bounds: a gradient of the wrong size must never reach it."""
    x = minitorch.zeros((2, 3, 5, 4)[: rank + 2], requires_grad=True)
    out = FUNCTIONS[rank](x, minitorch.ones((6, 3, 2, 1)[: rank + 2]))
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*\(2, 3.*expected:.*\(2, 6"):
        out.backward(np.ones(x.shape))
    assert x.grad is None


@pytest.mark.task4_2
def test_a_missing_number_reaches_only_the_windows_that_cover_it() -> None:
    # The window is larger than the image, so that the kernel sums along the window.
    image = np.ones((1, 1, 3, 3))
    image[0, 0, 1, 0] = np.nan
    out = minitorch.conv2d(minitorch.tensor(image), minitorch.ones(1, 1, 4, 4)).to_numpy()[0, 0]
    # Anchored at the top left, only the windows at (0, 0) and (1, 0) cover the cell (1, 0).
    np.testing.assert_array_equal(out, [[np.nan, 6, 3], [np.nan, 4, 2], [3, 2, 1]])


@pytest.mark.task4_1
def test_a_weight_that_is_no_tensor_is_refused() -> None:
    with pytest.raises(minitorch.DTypeError, match=r"(?s)conv1d takes two tensors.*got: +ndarray.*minitorch.tensor"):
        minitorch.conv1d(minitorch.ones(1, 1, 4), np.ones((1, 1, 2)))


@pytest.mark.task4_2
@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 3)])
@pytest.mark.parametrize("sides", [(2, 2), (4, 5)])
def test_an_empty_batch_has_a_gradient_of_zeros(sides: tuple[int, int], window: tuple[int, int]) -> None:
    for rank, convolve in ((1, minitorch.conv1d), (2, minitorch.conv2d)):
        input = minitorch.zeros((0, 3, *sides[:rank]), requires_grad=True)
        weight = minitorch.ones((5, 3, *window[:rank]), requires_grad=True)
        used = minitorch.zeros(weight.size).full(weight.shape, 7.0)  # what may lie in memory
        del used
        out = convolve(input, weight)
        assert out.shape == (0, 5, *sides[:rank])
        out.backward(np.zeros(out.shape))
        assert input.grad.shape == input.shape
        np.testing.assert_array_equal(weight.grad.to_numpy(), np.zeros(weight.shape))
