"""Embedding: looking up rows and scattering their gradients, the kernels themselves, and the layer."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import ArgumentError, DTypeError, Embedding, IndexingError, ShapeError, TensorBackend, embedding
from minitorch import fast_embedding as kernels

from .checks import LAYOUTS, check_function, lay_out, random_array, seeds
from .test_fast_ops import _threads, on_one_and_on_all_threads  # noqa: F401
from .test_slicing_operations import middle, surround

pytestmark = pytest.mark.task4_5

DTYPES = pytest.mark.parametrize("dtype", [np.float64, np.float32])
TOLERANCE: dict[Any, float] = {np.float64: 1e-12, np.float32: 1e-5}
SHAPES = [(), (1,), (7,), (2, 5), (3, 2, 4), (0,), (2, 0, 3)]


def rows_of(table: Any, indices: Any) -> Any:
    """Look up word by word, cell by cell."""
    out = np.zeros((*indices.shape, table.shape[1]), table.dtype)
    for place in np.ndindex(indices.shape):
        for d in range(table.shape[1]):
            out[(*place, d)] = table[indices[place], d]
    return out


def gradient_of_table(shape: tuple[int, int], indices: Any, upstream: Any, padding_idx: int | None = None) -> Any:
    """Add up the gradients of each word, place by place."""
    gradient = np.zeros(shape)
    for place in np.ndindex(indices.shape):
        if indices[place] != padding_idx:
            for d in range(shape[1]):
                gradient[indices[place], d] += upstream[(*place, d)]
    return gradient


# The function


@DTYPES
@pytest.mark.parametrize("padding_idx", [None, 0, 2])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_and_gradients(
    shape: tuple[int, ...], layout: str, padding_idx: int | None, dtype: Any, backend: TensorBackend
) -> None:
    rng = np.random.default_rng(1)
    table = random_array(rng, (4, 3), dtype)  # with fewer words than places: most of them stand at several
    indices = np.array(rng.integers(0, 4, shape))
    check_function(
        lambda weight: embedding(indices, weight, padding_idx),
        [table],
        rows_of(table, indices),
        lambda upstream: [gradient_of_table((4, 3), indices, upstream, padding_idx)],
        layouts=[layout],
        backend=backend,
        rng=rng,
        rtol=TOLERANCE[dtype],
        atol=TOLERANCE[dtype],
    )


@given(seed=seeds(), layout=st.sampled_from(LAYOUTS), words=st.integers(1, 9), width=st.integers(1, 5))
def test_it_is_the_same_as_multiplying_by_a_matrix_of_ones(seed: int, layout: str, words: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    table, indices = random_array(rng, (words, width)), rng.integers(0, words, 11)
    ones = np.zeros((11, words))
    ones[np.arange(11), indices] = 1
    check_function(
        lambda weight: embedding(indices, weight),
        [table],
        ones @ table,
        lambda upstream: [ones.T @ upstream],
        layouts=[layout],
        backend=minitorch.FastBackend,
        rng=rng,
    )


@DTYPES
@pytest.mark.parametrize("layout", LAYOUTS)
def test_tables_whose_rows_lie_apart(layout: str, dtype: Any, backend: TensorBackend) -> None:
    rng = np.random.default_rng(2)
    table, indices = random_array(rng, (5, 3), dtype), np.array([[4, 0, 4], [1, 2, 0]])

    def gradient(upstream: Any) -> Any:
        large = np.zeros(surround(table).shape)
        large[middle(table)] = gradient_of_table((5, 3), indices, upstream)
        return large

    check_function(
        lambda large: embedding(indices, large[middle(table)]),
        [surround(table)],
        rows_of(table, indices),
        lambda upstream: [gradient(upstream)],
        layouts=[layout],
        backend=backend,
        rng=rng,
        rtol=TOLERANCE[dtype],
        atol=TOLERANCE[dtype],
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda indices: indices.tolist(),
        lambda indices: tuple(map(tuple, indices.tolist())),
        lambda indices: indices.astype(np.uint8),
        lambda indices: indices.astype(np.float32),
        lambda indices: np.asfortranarray(indices),
        lambda indices: np.repeat(indices, 2, 1)[:, ::2],
        lambda indices: minitorch.tensor(indices),
        lambda indices: minitorch.tensor(indices.T.copy(), dtype="float32").permute(1, 0),
        lambda indices: minitorch.tensor(np.repeat(indices, 3, 0))[1::3],
    ],
    ids=["list", "tuple", "uint8", "float32", "columns", "gaps", "tensor", "turned tensor", "sliced tensor"],
)
def test_indices_may_be_lists_arrays_or_tensors(make: Callable[[Any], Any], backend: TensorBackend) -> None:
    rng = np.random.default_rng(3)
    table, indices = random_array(rng, (6, 4)), rng.integers(0, 6, (2, 5))
    check_function(
        lambda weight: embedding(make(indices), weight, 3),
        [table],
        rows_of(table, indices),
        lambda upstream: [gradient_of_table((6, 4), indices, upstream, 3)],
        backend=backend,
        rng=rng,
    )


def test_indices_may_change_afterwards(backend: TensorBackend) -> None:
    rng = np.random.default_rng(4)
    table, upstream = random_array(rng, (4, 3)), rng.normal(size=(3, 3))
    indices = np.array([2, 0, 2])
    weight = lay_out(table, "rows", backend).requires_grad_()
    out = embedding(indices, weight)
    indices[:] = 1  # as a loader may, which fills one array with batch after batch
    out.backward(upstream)
    expected = gradient_of_table((4, 3), np.array([2, 0, 2]), upstream)
    np.testing.assert_allclose(weight.grad.to_numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_upstream_gradients_that_lie_anyhow(layout: str, backend: TensorBackend) -> None:
    rng = np.random.default_rng(5)
    table, indices = random_array(rng, (5, 3)), rng.integers(0, 5, (2, 4))
    upstream = rng.normal(size=(2, 4, 3))
    weight = lay_out(table, "rows", backend).requires_grad_()
    embedding(indices, weight).backward(lay_out(upstream, layout, backend))
    expected = gradient_of_table((5, 3), indices, upstream)
    np.testing.assert_allclose(weight.grad.to_numpy(), expected, rtol=1e-12)
    # What comes behind turns its gradient around, as before a convolution; cuts it; or makes all of it equal.
    for use, upstream in [
        (lambda t: t.permute(0, 2, 1), rng.normal(size=(2, 3, 4)).transpose(0, 2, 1)),
        (lambda t: t[:, 1::2], rng.normal(size=(2, 2, 3))),
        (lambda t: t.sum(), np.ones((2, 4, 3))),
    ]:
        weight = lay_out(table, layout, backend).requires_grad_()
        out, full = use(embedding(indices, weight)), upstream
        if out.shape == (2, 3, 4):
            out.backward(upstream.transpose(0, 2, 1))
        elif out.shape == (1,):
            out.backward()
        else:
            out.backward(upstream)
            full = np.zeros((2, 4, 3))
            full[:, 1::2] = upstream
        expected = gradient_of_table((5, 3), indices, full)
        np.testing.assert_allclose(weight.grad.to_numpy(), expected, rtol=1e-12)


def test_the_table_may_be_the_result_of_something(backend: TensorBackend) -> None:
    rng = np.random.default_rng(6)
    table, indices = random_array(rng, (3, 5)), rng.integers(0, 5, 7)
    check_function(
        lambda weight: embedding(indices, (weight * weight).permute(1, 0), 4),
        [table],
        rows_of((table * table).T, indices),
        lambda upstream: [2 * table * gradient_of_table((5, 3), indices, upstream, 4).T],
        layouts=["reversed"],
        backend=backend,
        rng=rng,
    )


def test_two_look_ups_in_one_table_add_up(backend: TensorBackend) -> None:
    rng = np.random.default_rng(7)
    table, first, second = random_array(rng, (4, 3)), np.array([0, 3, 3]), np.array([3, 1, 0])
    check_function(
        lambda weight: embedding(first, weight) - 2 * embedding(second, weight, 1),
        [table],
        rows_of(table, first) - 2 * rows_of(table, second),
        lambda upstream: [
            gradient_of_table((4, 3), first, upstream) - 2 * gradient_of_table((4, 3), second, upstream, 1)
        ],
        backend=backend,
        rng=rng,
    )


def test_gradients_in_single_precision_are_added_up_in_double(backend: TensorBackend) -> None:
    # 2^24 + 1 has no float32: adding the ones one by one to a float32 would lose each of them.
    weight = minitorch.zeros(2, 1, dtype="float32", backend=backend).requires_grad_()
    embedding([1, 1, 1, 1, 1], weight).backward(np.array([[2.0**24], [1], [1], [1], [1]], np.float32))
    assert weight.grad.dtype == np.float32
    assert weight.grad.to_numpy().tolist() == [[0.0], [2.0**24 + 4]]


# The kernels on raw storage


SIZES = [
    # words, width, places
    (3000, 7, 5000),
    (4, 5000, 3),
    (2, 3, 3000),
    (5000, 1, 2),
    (1, 1, 1),
]


@DTYPES
@pytest.mark.parametrize("layout", LAYOUTS[:2])
@pytest.mark.parametrize(("words", "width", "places"), SIZES)
def test_kernels_fill_every_cell_and_no_other(words: int, width: int, places: int, layout: str, dtype: Any) -> None:
    rng = np.random.default_rng(8)
    table, indices = random_array(rng, (words, width), dtype), rng.integers(0, words, places)
    indices[-1] = words - 1
    # Behind the cells there is room that nobody may touch.
    out, grad = np.full(places * width + 9, 77, dtype), np.full(words * width + 9, 77, dtype)
    shape, strides = np.array([places, width]), np.array([width, 1])
    weight = lay_out(table, layout).tuple()
    kernels.tensor_embedding(out, shape, strides, *weight, indices)
    np.testing.assert_array_equal(out[: places * width].reshape(places, width), table[indices])
    assert (out[places * width :] == 77).all()

    upstream = random_array(rng, (places, width), dtype)
    rows = upstream.ravel().copy(), shape, strides
    kernels.tensor_embedding_back(grad, np.array([words, width]), strides, *rows, indices)
    expected = np.zeros((words, width))
    np.add.at(expected, indices, upstream)
    np.testing.assert_allclose(grad[: words * width].reshape(words, width), expected, TOLERANCE[dtype], 1e-4)
    assert (grad[words * width :] == 77).all()
    np.testing.assert_array_equal(rows[0], upstream.ravel())
    np.testing.assert_array_equal(weight[0], lay_out(table, layout).tuple()[0])


@DTYPES
@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(("words", "width", "places"), SIZES[:3])
def test_it_does_not_depend_on_the_number_of_threads(words: int, width: int, places: int, dtype: Any) -> None:
    rng = np.random.default_rng(9)
    # One word stands at every other place, as words like "the" do.
    indices = np.where(rng.random(places) < 0.5, words // 2, rng.integers(0, words, places))
    table, upstream = random_array(rng, (words, width), dtype), rng.normal(size=(places, width)).astype(dtype)
    weight = lay_out(table, "reversed", minitorch.FastBackend)

    def gradient() -> Any:
        leaf = weight.detach().requires_grad_()
        embedding(indices, leaf, 0).backward(upstream)
        return leaf.grad.to_numpy()

    found = on_one_and_on_all_threads(lambda: embedding(indices, weight).to_numpy())
    np.testing.assert_array_equal(found, table[indices])
    found = on_one_and_on_all_threads(gradient)
    expected = np.zeros((words, width))
    np.add.at(expected, indices, upstream)
    expected[0] = 0
    np.testing.assert_allclose(found, expected, rtol=TOLERANCE[dtype], atol=1e-12)


# The layer


@DTYPES
def test_initial_values(dtype: Any, backend: TensorBackend) -> None:
    """Normal, with mean 0: within five standard deviations of the mean, and of the standard deviation."""
    layer = Embedding(200, 30, padding_idx=7, std=0.25, backend=backend, dtype=dtype)
    assert [(name, p.value.shape) for name, p in layer.named_parameters()] == [("weight", (200, 30))]
    assert layer.weight.value.dtype == dtype
    assert layer.weight.value.backend is backend
    assert layer.weight.value.is_leaf()
    values = layer.weight.value.to_numpy()
    assert not values[7].any()
    drawn = np.delete(values, 7, 0)
    assert drawn.all()
    assert abs(drawn.mean()) < 5 * 0.25 / math.sqrt(drawn.size)
    assert abs(drawn.std() / 0.25 - 1) < 5 / math.sqrt(2 * drawn.size)
    assert 0.6 < (abs(drawn) < 0.25).mean() < 0.75  # 68 of 100 lie within one standard deviation


def test_initial_values_follow_the_seed_and_the_standard_deviation() -> None:
    def draw(seed: int, **settings: Any) -> Any:
        minitorch.manual_seed(seed)
        return Embedding(4, 3, **settings).weight.value.to_numpy()

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).all()
    np.testing.assert_array_equal(draw(1, std=0.5), 0.5 * draw(1, std=1.0))
    np.testing.assert_array_equal(draw(1), draw(1, std=1.0))
    without = draw(1)
    without[2] = 0
    np.testing.assert_array_equal(draw(1, padding_idx=2), without)
    assert not draw(1, std=0.0).any()


def test_the_layer_looks_up_its_weights(backend: TensorBackend) -> None:
    rng = np.random.default_rng(10)
    layer, table = Embedding(5, 3, padding_idx=0, backend=backend), random_array(rng, (5, 3))
    layer.load_state_dict({"weight": table})
    indices = np.array([[1, 4, 0], [0, 1, 2]])
    out = layer(indices)
    np.testing.assert_array_equal(out.to_numpy(), rows_of(table, indices))
    upstream = rng.normal(size=(2, 3, 3))
    out.backward(upstream)
    expected = gradient_of_table((5, 3), indices, upstream, 0)
    np.testing.assert_allclose(layer.weight.value.grad.to_numpy(), expected, rtol=1e-12)
    other = Embedding(5, 3)
    other.load_state_dict(layer.state_dict())
    np.testing.assert_array_equal(other([4, 0]).to_numpy(), table[[4, 0]])
    assert list(layer.state_dict()) == ["weight"]


def test_the_layer_shows_its_settings() -> None:
    assert repr(Embedding(5, 3)) == "Embedding(5, 3)"
    assert repr(Embedding(np.int64(5), 3, padding_idx=0)) == "Embedding(5, 3, padding_idx=0)"


@pytest.mark.parametrize("padding_idx", [0, 4])
def test_training_leaves_padding_at_zero(padding_idx: int, backend: TensorBackend) -> None:
    layer = Embedding(6, 3, padding_idx=padding_idx, backend=backend)
    before = layer.weight.value.to_numpy()
    optimizer = minitorch.Adam(layer.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        (layer([[0, 1, 4], [4, 2, 0]]) ** 2).sum().backward()
        optimizer.step()
    after = layer.weight.value.to_numpy()
    trained = {0, 1, 2, 4} - {padding_idx}
    assert not after[padding_idx].any()
    for word in range(6):
        assert (after[word] != before[word]).all() == (word in trained)
        assert (after[word] == before[word]).all() == (word not in trained)


# What is refused


@pytest.mark.parametrize(
    ("numbers", "got"),
    [
        ([0, 4], "number 4 at place 1\n"),
        ([[0, 1, 2], [3, -1, 0]], "number -1 at place (1, 1) of shape (2, 3)"),
        ([0.5], "number 0.5 at place 0\n"),
        ([0.0, math.nan], "number nan at place 1\n"),
        ([math.inf], "number inf at place 0\n"),
        ([-math.inf], "number -inf at place 0\n"),
        (-1, "number -1 at place () of shape ()"),
        (np.array([2**63], np.uint64), f"number {2**63} at place 0\n"),
        (minitorch.tensor([[1.0, 4.0]]), "number 4.0 at place (0, 1)"),
        (["the"], "values of type <U3"),
        ("the", "values of type <U3"),
        ([None], "values of type object"),
        (None, "values of type object"),
        ([1j], "values of type complex128"),
        ([2**70], "values of type object"),
        ([[1], [1, 2]], "rows of different lengths"),
        (np.array([], "U1"), "values of type <U1"),
    ],
    ids=str,
)
def test_words_that_are_not_in_the_table(numbers: Any, got: str, backend: TensorBackend) -> None:
    weight = minitorch.zeros(4, 3, backend=backend, requires_grad=True)
    layer = Embedding(4, 3, backend=backend)
    for look_up in (lambda: embedding(numbers, weight), lambda: layer(numbers)):
        with pytest.raises(IndexingError, match=r"(?s)expected: whole numbers.*fix: +.") as caught:
            look_up()
        assert f"got:      {got}" in str(caught.value)


@pytest.mark.parametrize("padding_idx", [-1, 4, 100, math.nan, 0.5, 1.0, True, "a"])
def test_padding_that_is_not_in_the_table(padding_idx: Any) -> None:
    for build in (
        lambda: embedding([0], minitorch.zeros(4, 3), padding_idx),
        lambda: Embedding(4, 3, padding_idx=padding_idx),
    ):
        with pytest.raises(ArgumentError, match=rf"got: +padding_idx={padding_idx!r} for 4 words\n") as caught:
            build()
        assert "expected: a whole number from 0 to 3, or None\n" in str(caught.value)
        assert "\n  fix:      " in str(caught.value)


@pytest.mark.parametrize("shape", [(), (4,), (4, 3, 2), (0, 3), (4, 0), (0, 0)], ids=str)
def test_tables_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r"(?s)got: +a table of shape .*expected: shape \(words, width\).*fix:") as e:
        embedding([0], minitorch.zeros(shape))
    assert f"a table of shape {shape}" in str(e.value)


@pytest.mark.parametrize(
    "table",
    [np.zeros((4, 3)), [[1.0, 2.0]], [0], None, minitorch.Scalar(1.0)],
    ids=["array", "rows", "list", "None", "Scalar"],
)
def test_tables_that_are_no_tensors(table: Any) -> None:
    with pytest.raises(DTypeError, match=rf"(?s)got: +{type(table).__name__}\n  expected: embedding\(.*fix:"):
        embedding([0], table)


def test_the_numbers_come_first() -> None:
    with pytest.raises(DTypeError, match="pass the numbers first"):
        embedding(minitorch.zeros(4, 3), [0, 1])


@pytest.mark.parametrize("std", [-1.0, math.nan, math.inf])
def test_the_spread_of_the_layer(std: float) -> None:
    with pytest.raises(ArgumentError, match=rf"(?s)got: +std={std}\n.*expected:.*fix:"):
        Embedding(4, 3, std=std)


@pytest.mark.parametrize(
    ("sizes", "got"),
    [((0, 3), "num_embeddings=0"), ((4, -1), "embedding_dim=-1"), ((2.0, 3), r"num_embeddings=2\.0")],
)
def test_sizes_of_the_layer(sizes: Any, got: str) -> None:
    with pytest.raises(ArgumentError, match=rf"(?s)got: .*{got}.*expected:.*fix:"):
        Embedding(*sizes)
