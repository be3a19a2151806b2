"""Slicing: t[...] against NumPy's basic indexing, values and gradients."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import ContiguityError, IndexingError, Tensor, TensorBackend

from .checks import LAYOUTS, check_function, lay_out, on_backends, random_array, seeds
from .test_slicing_operations import with_gaps

pytestmark = pytest.mark.usefixtures("one_thread")

VALUES = on_backends(pytest.mark.task2_3, pytest.mark.task3_1)
GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_1)
layouts = st.sampled_from(LAYOUTS)
dtypes = st.sampled_from([np.float64, np.float32])
TOLERANCE: dict[Any, float] = {np.float64: 1e-9, np.float32: 1e-6}


# Keys


def random_shape(rng: np.random.Generator) -> tuple[int, ...]:
    """Up to four dimensions; now and then, one of them is empty."""
    sizes = rng.integers(1, 6, rng.integers(0, 5))
    return tuple((sizes * (rng.random(sizes.shape) < 0.95)).tolist())


def random_slice(rng: np.random.Generator, size: int) -> slice:
    """Mostly a slice that keeps some places; else one with bounds that are anywhere, also far outside."""
    step = rng.choice([None, None, 1, 2, 2, 3, size + 2])
    if rng.random() < 0.8:
        start = int(rng.integers(0, size // 2 + 1))
        stop = int(rng.integers(start + 1, size + 3))
        bounds: list[Any] = [bound - size if bound < size and rng.random() < 0.3 else bound for bound in (start, stop)]
    else:
        bounds = [int(bound) for bound in rng.integers(-size - 2, size + 3, 2)]
        bounds = [bound * 10**30 if rng.random() < 0.2 else bound for bound in bounds]
    return slice(*[None if rng.random() < 0.2 else bound for bound in bounds], step)


def random_key(rng: np.random.Generator, shape: Sequence[int]) -> Any:
    """What may stand between the brackets for a tensor of this shape, with a slice, None or `...` in it."""
    named = int(rng.integers(len(shape) // 2, len(shape) + 1))
    dots = rng.random() < 0.4
    split = int(rng.integers(0, named + 1)) if dots else named  # how many dimensions are named before the `...`
    parts: list[Any] = []
    for size in (*shape[:split], *shape[len(shape) - (named - split) :]):
        take_one = size > 0 and rng.random() < 0.3
        parts.append(int(rng.integers(-size, size)) if take_one else random_slice(rng, size))
    if dots:
        parts.insert(split, ...)
    for _ in range(rng.choice([0, 0, 1, 2])):
        parts.insert(int(rng.integers(0, len(parts) + 1)), None)
    if all(isinstance(part, int) for part in parts):  # that would name a cell
        parts.append(...)
    return parts[0] if len(parts) == 1 and rng.random() < 0.5 else tuple(parts)


def places_of(shape: Sequence[int]) -> Any:
    """An array that holds, in each cell, the number of the cell."""
    return np.arange(math.prod(shape)).reshape(shape)


def scattered(shape: Sequence[int], places: Any, upstream: Any) -> Any:
    """Zeros, but for the upstream gradients: each in the cell whose number stands in `places`."""
    flat = np.zeros(math.prod(shape))
    for place, gradient in zip(places.ravel(), np.ravel(upstream), strict=True):
        flat[place] += gradient
    return flat.reshape(shape)


# Against NumPy


@VALUES
@given(seed=seeds(), layout=layouts, dtype=dtypes)
def test_values(backend: TensorBackend, seed: int, layout: str, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x = np.array(random_array(rng, random_shape(rng), dtype))
    t = lay_out(x, layout, backend)
    for _ in range(5):
        key = random_key(rng, x.shape)
        found, expected = t[key], x[key]
        assert isinstance(found, Tensor)
        assert found.shape == expected.shape, key
        assert found.dtype == dtype
        assert found.backend is backend
        assert found.is_constant()
        np.testing.assert_array_equal(found.to_numpy(), expected, err_msg=str(key))
        np.testing.assert_array_equal((-found).to_numpy(), -expected, err_msg=str(key))  # as a kernel reads it
        for cell in np.ndindex(expected.shape):
            assert found[cell] == expected[cell], key


@GRADIENTS
@given(seed=seeds(), layout=layouts, dtype=dtypes)
def test_gradients(backend: TensorBackend, seed: int, layout: str, dtype: Any) -> None:
    rng = np.random.default_rng(seed)
    x = np.array(random_array(rng, random_shape(rng), dtype))
    for _ in range(2):
        key = random_key(rng, x.shape)
        check_function(
            lambda t, key=key: t[key],
            [x],
            x[key],
            lambda upstream, key=key: [scattered(x.shape, places_of(x.shape)[key], upstream)],
            layouts=[layout],
            backend=backend,
            rng=rng,
            rtol=TOLERANCE[dtype],
        )


@VALUES
def test_every_start_stop_and_step(backend: TensorBackend) -> None:
    x = np.arange(10.0, 15.0)
    t = lay_out(x, "rows", backend)
    bounds = [None, *range(-8, 9)]
    for start, stop, step in itertools.product(bounds, bounds, [None, 1, 2, 3, 4, 5, 7]):
        key = slice(start, stop, step)
        assert t[key].to_numpy().tolist() == x[key].tolist(), key


@GRADIENTS
@given(seed=seeds(), layout=layouts)
def test_slices_of_turned_slices(backend: TensorBackend, seed: int, layout: str) -> None:
    rng, shape = np.random.default_rng(seed), (3, 5, 4)
    first, x = random_key(rng, shape), random_array(rng, shape)
    places = places_of(shape)[first]
    order = rng.permutation(places.ndim).tolist()
    places = places.transpose(order)
    second = random_key(rng, places.shape)
    places = places[second]
    check_function(
        lambda t: t[first].permute(*order)[second],
        [x],
        x.ravel()[places],
        lambda upstream: [scattered(shape, places, upstream)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
@pytest.mark.parametrize("layout", LAYOUTS)
def test_slices_that_overlap_add_up_their_gradients(backend: TensorBackend, layout: str) -> None:
    rng = np.random.default_rng(1)
    x, shape = random_array(rng, (5, 4)), (5, 4)
    cuts = [np.s_[:3, 1:], np.s_[1:4, :3], np.s_[2:, :3], np.s_[::2, -3:]]

    def gradient(upstream: Any) -> Any:
        return sum(scattered(shape, places_of(shape)[cut], upstream) for cut in cuts)

    check_function(
        lambda t: t[cuts[0]] + t[cuts[1]] + t[cuts[2]] + t[cuts[3]],
        [x],
        sum(x[cut] for cut in cuts),
        lambda upstream: [gradient(upstream)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
def test_upstream_gradients_that_lie_anyhow(backend: TensorBackend) -> None:
    rng = np.random.default_rng(2)
    x, key = random_array(rng, (4, 7, 3)), np.s_[1:, ::3, None]
    for layout, upstream_layout in itertools.product(LAYOUTS, LAYOUTS):
        leaf, upstream = lay_out(x, layout, backend).requires_grad_(), rng.normal(size=(3, 3, 1, 3))
        leaf[key].backward(lay_out(upstream, upstream_layout, backend))
        np.testing.assert_array_equal(leaf.grad.to_numpy(), scattered(x.shape, places_of(x.shape)[key], upstream))
        # One that is a slice itself, of a tensor with NaN in between, and one that is the same number everywhere.
        leaf = lay_out(x, layout, backend).requires_grad_()
        leaf[key].backward(with_gaps(upstream, upstream_layout, backend))
        np.testing.assert_array_equal(leaf.grad.to_numpy(), scattered(x.shape, places_of(x.shape)[key], upstream))
        leaf = lay_out(x, layout, backend).requires_grad_()
        leaf[key].sum().backward()
        np.testing.assert_array_equal(leaf.grad.to_numpy(), scattered(x.shape, places_of(x.shape)[key], np.ones(27)))


@pytest.mark.task2_3
def test_numbers_may_be_numpys() -> None:
    x = random_array(np.random.default_rng(3), (3, 4))
    t = minitorch.tensor(x)
    np.testing.assert_array_equal(t[np.int64(-2), :].to_numpy(), x[-2])
    np.testing.assert_array_equal(t[np.int32(1) :, : np.uint8(3)].to_numpy(), x[1:, :3])


# Views


@VALUES
@given(seed=seeds(), layout=layouts)
def test_a_slice_shares_its_cells(backend: TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    x = np.array(random_array(rng, random_shape(rng)))
    t, key = lay_out(x, layout, backend), random_key(rng, x.shape)
    view, expected = t[key], x[key]  # expected is a view of x
    for number, cell in enumerate(np.ndindex(expected.shape)):
        view[cell] = expected[cell] = 100.0 + number
    np.testing.assert_array_equal(t.to_numpy(), x)
    for number, cell in enumerate(np.ndindex(x.shape)):
        t[cell] = x[cell] = -float(number)
    np.testing.assert_array_equal(view.to_numpy(), expected)


@VALUES
@given(seed=seeds(), layout=layouts)
def test_slices_that_lie_row_by_row_can_be_viewed(backend: TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    x = places_of(random_shape(rng)).astype(float)
    axes = list(range(x.ndim))
    order = {"rows": axes, "reversed": axes[::-1], "rotated": axes[1:] + axes[:1]}[layout]
    lying_so = np.array(x.transpose(order), order="C").transpose(np.argsort(order).astype(int))
    t, key = lay_out(x, layout, backend), random_key(rng, x.shape)
    found, expected = t[key], lying_so[key]
    rows = bool(expected.flags.c_contiguous)
    assert found.is_contiguous() is rows
    if rows:
        np.testing.assert_array_equal(found.view(1, expected.size).to_numpy(), expected.reshape(1, -1))
    else:
        with pytest.raises(ContiguityError):
            found.view(expected.size)
    np.testing.assert_array_equal(
        found.contiguous().view(expected.size, 1).to_numpy(), expected.reshape(expected.size, 1)
    )


@VALUES
def test_which_slices_can_be_viewed(backend: TensorBackend) -> None:
    x = random_array(np.random.default_rng(4), (4, 6))
    t = lay_out(x, "rows", backend)
    for key in (np.s_[1:3], np.s_[2], np.s_[..., 1:2, 3:5], np.s_[None, 3:], np.s_[2:2]):
        key = (key, ...) if isinstance(key, int) else key
        np.testing.assert_array_equal(t[key].view(-1 if x[key].size else 0).to_numpy(), x[key].ravel())
    for key in (np.s_[:, 1:], np.s_[::2], np.s_[:, 0], np.s_[..., ::3], np.s_[1:3, :5]):
        with pytest.raises(ContiguityError, match=r"contiguous\(\)"):
            t[key].view(-1)


@GRADIENTS
def test_views_of_slices_hand_their_gradients_on(backend: TensorBackend) -> None:
    rng = np.random.default_rng(5)
    x = random_array(rng, (4, 6))
    check_function(
        lambda t: t[1:3].view(3, 4)[:, 1::2].contiguous().view(6),
        [x],
        x[1:3].reshape(3, 4)[:, 1::2].ravel(),
        lambda upstream: [scattered((4, 6), places_of((4, 6))[1:3].reshape(3, 4)[:, 1::2], upstream)],
        backend=backend,
        rng=rng,
    )


@VALUES
def test_what_tensors_tell_about_themselves_holds_for_slices(backend: TensorBackend) -> None:
    x = random_array(np.random.default_rng(6), (3, 4, 5))
    t = lay_out(x, "rows", backend)
    part, row = t[1:, ::3, 2], t[2, ::2, 3]
    assert (part.shape, part.dims, part.size, len(part)) == ((2, 2), 2, 4, 2)
    assert list(row) == x[2, ::2, 3].tolist()
    assert t[2, 1:2, -1:].item() == x[2, 1, 4]
    assert float(t[..., 0, 0][1:2]) == x[1, 0, 0]
    np.testing.assert_array_equal(np.array(part), x[1:, ::3, 2])
    assert repr(part) == repr(minitorch.tensor(x[1:, ::3, 2]))
    np.testing.assert_array_equal(part.detach().to_numpy(), x[1:, ::3, 2])


@pytest.mark.task3_1
def test_a_slice_keeps_its_memory() -> None:
    # Large results are computed in memory that is used again as soon as nobody needs it any more.
    rng = np.random.default_rng(7)
    for key in (np.s_[3:40, 5::7], np.s_[:, 17], np.s_[20:21]):
        x = lay_out(rng.normal(size=(50, 400)), "rows", minitorch.FastBackend)
        whole = -x
        part, expected = whole[key], whole.to_numpy()[key]
        del whole
        others = [x + float(number) for number in range(4)]
        np.testing.assert_array_equal(part.to_numpy(), expected)
        del others


# What is refused


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("key", "got", "expected"),
    [
        (np.s_[::-1], "slice(None, None, -1) for dimension 0 of shape (3, 4)", "a step of at least 1"),
        (np.s_[:, 3:0:-2], "slice(3, 0, -2) for dimension 1 of shape (3, 4)", "a step of at least 1"),
        (np.s_[0, ..., ::0], "slice(None, None, 0) for dimension 1", "a step of at least 1"),
        (np.s_["a":], "slice('a', None, None) for dimension 0", "whole numbers"),
        (np.s_[:, 0.5:], "slice(0.5, None, None) for dimension 1", "whole numbers"),
        (np.s_[: np.float64(2.0)], "for dimension 0 of shape (3, 4)", "whole numbers"),
        (np.s_[::1.0], "slice(None, None, 1.0)", "whole numbers"),
        (np.s_[[1] :], "slice([1], None, None)", "whole numbers"),
        (np.s_[: np.arange(2)], "for dimension 0", "whole numbers"),
        (np.s_[:, :, 0], "3 dimensions and 0 times `...`, for shape (3, 4)", "at most 2 dimensions"),
        (np.s_[0, ..., 1, :], "3 dimensions and 1 times `...`", "at most 2 dimensions"),
        (np.s_[:, :, :, None], "3 dimensions", "at most 2 dimensions"),
        (np.s_[..., ...], "0 dimensions and 2 times `...`", "`...` at most once"),
        (np.s_[..., 0, ...], "1 dimensions and 2 times `...`", "`...` at most once"),
        (np.s_[:, 4], "4 for dimension 1 of shape (3, 4)", "a number from -4 to 3"),
        (np.s_[-4, :], "-4 for dimension 0 of shape (3, 4)", "a number from -3 to 2"),
        (np.s_[..., -5], "-5 for dimension 1", "a number from -4 to 3"),
        (np.s_[:, 10**30], f"{10**30} for dimension 1", "a number from -4 to 3"),
        (np.s_[:, True], "bool between the brackets", "t[0, ...]"),
        (np.s_[:, np.True_], "bool", "t[0, ...]"),
        (np.s_[:, [0, 1]], "list between the brackets", "t[0, ...]"),
        (np.s_[[0, 1], :], "list between the brackets", "t[0, ...]"),
        (np.s_[:, np.arange(2)], "ndarray between the brackets", "t[0, ...]"),
        (np.s_[:, np.array(1)], "ndarray between the brackets", "t[0, ...]"),
        (np.s_[:, minitorch.tensor([1.0])], "Tensor between the brackets", "t[0, ...]"),
        (np.s_[:, 1.0], "float between the brackets", "t[0, ...]"),
        (np.s_[None, 0, 1.0], "float between the brackets", "t[0, ...]"),
        (np.s_[:, "a"], "str between the brackets", "t[0, ...]"),
        (np.s_[:, (0, 1)], "tuple between the brackets", "t[0, ...]"),
    ],
    ids=str,
)
def test_slicing_that_is_refused(key: Any, got: str, expected: str) -> None:
    t = minitorch.zeros(3, 4, requires_grad=True)
    with pytest.raises(IndexingError, match=r"(?s)\n  got: .*\n  expected: .*\n  fix: .") as caught:
        t[key]
    received, wanted = str(caught.value).partition("\n  expected: ")[::2]
    assert got in received
    assert expected in wanted


@pytest.mark.task2_3
@pytest.mark.parametrize("step", [10**30, 2**62, 2**31, 5])
def test_steps_that_lead_out_of_the_tensor_at_once(step: int) -> None:
    x = np.arange(12.0).reshape(3, 4)
    for key in (np.s_[::step], np.s_[1:, 2::step], np.s_[3::step]):
        np.testing.assert_array_equal(minitorch.tensor(x)[key].to_numpy(), x[key])


@pytest.mark.task2_3
def test_an_empty_dimension_has_no_places() -> None:
    t = minitorch.zeros(3, 0)
    with pytest.raises(IndexingError, match="0 for dimension 1 of shape") as caught:
        t[:, 0]
    assert "nothing: it is empty" in str(caught.value)
    assert t[1, :].shape == (0,)
    with pytest.raises(IndexingError, match="at most 0 dimensions"):
        minitorch.tensor(3.0)[:]


@VALUES
def test_numbers_alone_name_a_cell(backend: TensorBackend) -> None:
    x = random_array(np.random.default_rng(10), (3, 4))
    t, row, bare = [lay_out(array, "rows", backend) for array in (x, x[0], np.array(2.0))]
    for found, expected in [
        (t[1, 2], x[1, 2]),
        (t[(2, 3)], x[2, 3]),
        (t[[0, 1]], x[0, 1]),
        (t[np.array([1, 0])], x[1, 0]),
        (t[np.int64(2), np.int32(1)], x[2, 1]),
        (row[3], x[0, 3]),
        (row[(1,)], x[0, 1]),
        (bare[()], 2.0),
    ]:
        assert type(found) is float
        assert found == expected
    # Cells are counted from 0 only, and every dimension has its number.
    for tensor, key in [(t, 0), (t, (0,)), (t, (1, -1)), (t, (0, 0, 0)), (t, (3, 0)), (row, -1), (row, 4), (bare, 0)]:
        with pytest.raises(IndexingError, match=r"(?s)no such cell.*\n  got: .*\n  expected: .*\n  fix: ."):
            tensor[key]
    # Negative numbers are understood where the key is one of a slicing.
    np.testing.assert_array_equal(row[..., -1].to_numpy(), x[0, -1])
    with pytest.raises(IndexingError):
        t[[slice(None)]]


@pytest.mark.task2_1
def test_cells_outside_of_the_storage_are_still_refused() -> None:
    # The strides of a slice go with the storage that it was cut from, and with no smaller one.
    part = minitorch.zeros(4, 6)[:, ::2]
    assert (part.shape, part._tensor.strides) == ((4, 3), (6, 2))
    for shape, strides in [((4, 3), (6, 2)), ((4, 3), (3, 2)), ((2, 6), (12, 1))]:
        with pytest.raises(minitorch.ShapeError, match="outside of the storage"):
            minitorch.TensorData(np.zeros(12), shape, strides)


@pytest.mark.task2_3
def test_a_part_cannot_be_written_into() -> None:
    t = minitorch.zeros(2, 3)
    for key in (np.s_[0, :], np.s_[...], np.s_[None], np.s_[:, 1]):
        with pytest.raises(IndexingError, match=r"(?s)cell by cell.*got: .*expected: .*fix: .*concatenate"):
            t[key] = 5.0
    assert not t.to_numpy().any()
