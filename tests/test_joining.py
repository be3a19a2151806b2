"""Joining tensors: concatenate and stack against NumPy, values and gradients."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import DTypeError, Scalar, ShapeError, Tensor, TensorBackend, concatenate, stack

from .checks import LAYOUTS, check_function, lay_out, on_backends, random_array, seeds
from .test_slicing_operations import with_gaps

pytestmark = pytest.mark.usefixtures("one_thread")

VALUES = on_backends(pytest.mark.task2_3, pytest.mark.task3_1)
GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_1)
both_joins = pytest.mark.parametrize("join", [concatenate, stack])
some_layouts = st.lists(st.sampled_from(LAYOUTS), min_size=4, max_size=4)
some_types = st.lists(st.sampled_from([np.float64, np.float32]), min_size=4, max_size=4)


def parts_of(upstream: Any, lengths: list[int], dim: int) -> list[Any]:
    """Cut an array into pieces of these lengths, in plain steps."""
    pieces, start = [], 0
    for length in lengths:
        pieces.append(np.take(upstream, np.arange(start, start + length), dim))
        start += length
    assert start == upstream.shape[dim]
    return pieces


# Values


@VALUES
@given(seed=seeds(), data=st.data(), count=st.integers(1, 4), layouts=some_layouts, dtypes=some_types)
def test_values_of_concatenate(
    backend: TensorBackend, seed: int, data: st.DataObject, count: int, layouts: list[str], dtypes: list[Any]
) -> None:
    rng = np.random.default_rng(seed)
    shape = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=4))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    arrays = []
    for dtype in dtypes[:count]:
        shape[dim] = data.draw(st.integers(0, 3))
        arrays.append(random_array(rng, shape, dtype))
    tensors = [lay_out(array, layout, backend) for array, layout in zip(arrays, layouts)]
    expected = np.concatenate(arrays, dim)
    for given_so in (tensors, tuple(tensors)):
        found = concatenate(given_so, dim)
        assert found.shape == expected.shape
        assert found.dtype == expected.dtype  # float32 only if all are
        assert found.backend is backend
        assert found.is_constant()
        assert found.is_contiguous()
        np.testing.assert_array_equal(found.to_numpy(), expected)
        assert not any(np.shares_memory(found._tensor._storage, t._tensor._storage) for t in tensors)
    for tensor, array in zip(tensors, arrays):
        np.testing.assert_array_equal(tensor.to_numpy(), array)
    if dim == 0:
        np.testing.assert_array_equal(concatenate(tensors).to_numpy(), expected)


@VALUES
@given(seed=seeds(), data=st.data(), count=st.integers(1, 4), layouts=some_layouts, dtypes=some_types)
def test_values_of_stack(
    backend: TensorBackend, seed: int, data: st.DataObject, count: int, layouts: list[str], dtypes: list[Any]
) -> None:
    rng = np.random.default_rng(seed)
    shape = data.draw(st.lists(st.integers(0, 4), max_size=4))
    dim = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = [random_array(rng, shape, dtype) for dtype in dtypes[:count]]
    tensors = [lay_out(array, layout, backend) for array, layout in zip(arrays, layouts)]
    expected = np.stack(arrays, dim)
    found = stack(tensors, dim)
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.backend is backend
    assert found.is_constant()
    np.testing.assert_array_equal(found.to_numpy(), expected)
    assert not any(np.shares_memory(found._tensor._storage, t._tensor._storage) for t in tensors)
    if dim == 0:
        np.testing.assert_array_equal(stack(tensors).to_numpy(), expected)


@both_joins
@pytest.mark.task3_1
def test_the_backend_is_that_of_the_first(join: Any) -> None:
    x, y = np.arange(6.0).reshape(2, 3), np.arange(6.0, 12.0).reshape(2, 3)
    for first, second in [
        (minitorch.SimpleBackend, minitorch.FastBackend),
        (minitorch.FastBackend, minitorch.SimpleBackend),
    ]:
        a, b = lay_out(x, "reversed", first).requires_grad_(), lay_out(y, "rows", second).requires_grad_()
        out = join([a, b])
        assert out.backend is first
        np.testing.assert_array_equal(out.to_numpy(), {concatenate: np.concatenate, stack: np.stack}[join]([x, y]))
        upstream = np.random.default_rng(1).normal(size=out.shape)
        out.backward(upstream)
        np.testing.assert_array_equal(a.grad.to_numpy(), upstream.reshape(2, 2, 3)[0])
        np.testing.assert_array_equal(b.grad.to_numpy(), upstream.reshape(2, 2, 3)[1])


@VALUES
def test_slices_can_be_joined_again(backend: TensorBackend) -> None:
    x = random_array(np.random.default_rng(2), (4, 5, 3))
    for layout in LAYOUTS:
        t = with_gaps(x, layout, backend)
        np.testing.assert_array_equal(concatenate([t[:, :2], t[:, 2:3], t[:, 3:]], 1).to_numpy(), x)
        np.testing.assert_array_equal(concatenate([t[2:], t[:2]]).to_numpy(), np.roll(x, 2, 0))
        np.testing.assert_array_equal(stack([t[..., 0], t[..., 1], t[..., 2]], -1).to_numpy(), x)


# Gradients


@GRADIENTS
@given(seed=seeds(), data=st.data(), count=st.integers(1, 4), layouts=some_layouts, dtypes=some_types)
def test_gradients_of_concatenate(
    backend: TensorBackend, seed: int, data: st.DataObject, count: int, layouts: list[str], dtypes: list[Any]
) -> None:
    rng = np.random.default_rng(seed)
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    lengths = data.draw(st.lists(st.integers(0, 3), min_size=count, max_size=count))
    arrays = []
    for length, dtype in zip(lengths, dtypes):
        shape[dim] = length
        arrays.append(random_array(rng, shape, dtype))
    check_function(
        lambda *tensors: concatenate(tensors, dim),
        arrays,
        np.concatenate(arrays, dim),
        lambda upstream: parts_of(upstream, lengths, dim),
        layouts=layouts[:count],
        backend=backend,
        rng=rng,
        rtol=1e-6 if np.float32 in dtypes[:count] else 1e-12,
    )


@GRADIENTS
@given(seed=seeds(), data=st.data(), count=st.integers(1, 4), layouts=some_layouts, dtypes=some_types)
def test_gradients_of_stack(
    backend: TensorBackend, seed: int, data: st.DataObject, count: int, layouts: list[str], dtypes: list[Any]
) -> None:
    rng = np.random.default_rng(seed)
    shape = data.draw(st.lists(st.integers(0, 4), max_size=3))
    dim = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = [random_array(rng, shape, dtype) for dtype in dtypes[:count]]
    check_function(
        lambda *tensors: stack(tensors, dim),
        arrays,
        np.stack(arrays, dim),
        lambda upstream: [np.take(upstream, number, dim) for number in range(count)],
        layouts=layouts[:count],
        backend=backend,
        rng=rng,
        rtol=1e-6 if np.float32 in dtypes[:count] else 1e-12,
    )


@GRADIENTS
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_the_same_tensor_several_times(backend: TensorBackend, dim: int, layout: str) -> None:
    rng = np.random.default_rng(3)
    x, y = random_array(rng, (2, 3, 4)), random_array(rng, (2, 3, 4))
    size = x.shape[dim]

    def gradients(upstream: Any) -> list[Any]:
        first, second, third, fourth = parts_of(upstream, [size] * 4, dim)
        return [first + third - 2 * fourth, second]

    check_function(
        lambda a, b: concatenate([a, b, a, -2 * a], dim),
        [x, y],
        np.concatenate([x, y, x, -2 * x], dim),
        gradients,
        layouts=[layout, "rows"],
        backend=backend,
        rng=rng,
    )
    check_function(
        lambda a: stack([a, a], dim),
        [x],
        np.stack([x, x], dim),
        lambda upstream: [np.take(upstream, 0, dim) + np.take(upstream, 1, dim)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


def spans_apart(tensors: list[Tensor]) -> bool:
    """Whether no two tensors share any of their memory."""
    storages = [t._tensor._storage for t in tensors]
    return not any(np.shares_memory(a, b) for i, a in enumerate(storages) for b in storages[i + 1 :])


@GRADIENTS
@pytest.mark.parametrize("join", [concatenate, stack])
@pytest.mark.parametrize("dim", [0, 1])
def test_no_two_gradients_share_memory(backend: TensorBackend, dim: int, join: Any) -> None:
    """Neither where the gradient that arrives was newly made, as that of a slice is."""
    rng = np.random.default_rng(4)
    x, y = random_array(rng, (3, 4)), random_array(rng, (3, 4))
    for use in (lambda t: t[1:], lambda t: t[...], lambda t: t.permute(*reversed(range(t.dims))), lambda t: t):
        a, b, c = [lay_out(array, "rows", backend).requires_grad_() for array in (x, y, x)]
        out = use(join([a, b, c, a], dim))
        upstream = rng.normal(size=out.shape)
        out.backward(upstream)
        assert spans_apart([a.grad, b.grad, c.grad, a, b, c, out])
        # Whatever happens to one of them, the others stay.
        before = b.grad.to_numpy()
        for cell in np.ndindex(3, 4):
            a.grad[cell] = c.grad[cell] = math.nan
        np.testing.assert_array_equal(b.grad.to_numpy(), before)
        b.zero_grad_()
        out.backward(upstream)
        np.testing.assert_array_equal(b.grad.to_numpy(), before)


@GRADIENTS
@both_joins
def test_a_gradient_that_arrives_is_not_kept(backend: TensorBackend, join: Any) -> None:
    # The same gradient goes to both sides of a sum, and still belongs to whoever made it.
    rng = np.random.default_rng(6)
    arrays = [random_array(rng, (2, 3)) for _ in range(4)]
    check_function(
        lambda a, b, c, d: join([a, b]) + join([c, d]),
        arrays,
        {concatenate: np.concatenate, stack: np.stack}[join]([arrays[0] + arrays[2], arrays[1] + arrays[3]]),
        lambda upstream: [*upstream.reshape(2, 2, 3), *upstream.reshape(2, 2, 3)],
        backend=backend,
        rng=rng,
    )
    a, b = [lay_out(array, "rows", backend).requires_grad_() for array in arrays[:2]]
    out = join([a, b])
    upstream = lay_out(rng.normal(size=out.shape), "rows", backend)
    out.backward(upstream)
    assert spans_apart([a.grad, b.grad, upstream])


@GRADIENTS
def test_gradients_through_joined_and_cut_tensors(backend: TensorBackend) -> None:
    # What a residual block or a U-Net does: join what was computed with what it was computed from, and cut it again.
    rng = np.random.default_rng(5)
    x, y = random_array(rng, (2, 3)), random_array(rng, (2, 4))

    def gradients(upstream: Any) -> list[Any]:
        whole = np.zeros((2, 7))
        whole[:, 1::2] = upstream
        return [whole[:, :3] * 2 * x, -whole[:, 3:]]

    check_function(
        lambda a, b: concatenate([a * a, -b], 1)[:, 1::2],
        [x, y],
        np.concatenate([x * x, -y], 1)[:, 1::2],
        gradients,
        layouts=["reversed", "rows"],
        backend=backend,
        rng=rng,
    )


# What is refused


@pytest.mark.task2_3
@both_joins
@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ([], r"was given no tensors\.\n  got: +an empty list\n  expected: at least one tensor\n"),
        ((), r"was given no tensors\."),
    ],
    ids=str,
)
def test_nothing_cannot_be_joined(join: Any, tensors: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=rf"{join.__name__}\(\.\.\.\) {message}(?s:.*)fix: +."):
        join(tensors)


@pytest.mark.task2_3
@both_joins
@pytest.mark.parametrize(
    ("tensors", "got"),
    [
        (minitorch.zeros(3), "a single Tensor"),
        ([minitorch.zeros(3), np.zeros(3)], "ndarray among them"),
        ([np.zeros(3), minitorch.zeros(3)], "ndarray among them"),
        ([minitorch.zeros(3), [0.0, 0.0, 0.0], 1.0], "float, list among them"),
        ([minitorch.zeros(3), None], "NoneType among them"),
        ([Scalar(1.0)], "Scalar among them"),
        (np.zeros((2, 3)), "ndarray among them"),
        ([1.0, 2.0], "float among them"),
        ("ab", "str among them"),
        (minitorch.zeros(2, 3), "a single Tensor"),
        (5, "a single int"),
        (None, "a single NoneType"),
    ],
    ids=str,
)
def test_only_tensors_can_be_joined(join: Any, tensors: Any, got: str) -> None:
    with pytest.raises(DTypeError, match=rf"{join.__name__}\(\.\.\.\) takes a list of tensors") as caught:
        join(tensors)
    assert f"\n  got:      {got}\n  expected: {join.__name__}([a, b])" in str(caught.value)
    assert "\n  fix:      " in str(caught.value)


@pytest.mark.task2_3
@pytest.mark.parametrize("join", [concatenate, stack])
def test_an_iterator_of_tensors_is_read_once(join: Any) -> None:
    rows = np.arange(6.0).reshape(2, 3)
    joined = join(minitorch.tensor(row) for row in rows)
    np.testing.assert_array_equal(joined.to_numpy().ravel(), rows.ravel())


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("shapes", "dim"),
    [
        ([(2, 3), (2, 4)], 0),
        ([(2, 3), (4, 3)], 1),
        ([(2, 3), (4, 3)], -1),
        ([(2, 3), (2, 3), (2, 3, 1)], 0),
        ([(3,), (1, 3)], 0),
        ([(2, 1), (2, 3)], 0),
        ([(0, 3), (2, 4)], 0),
        ([(2, 3, 4), (2, 4, 3)], 0),
        ([(2, 3), (2,)], 1),
        ([(3,), ()], 0),
    ],
    ids=str,
)
def test_shapes_that_do_not_follow_each_other(shapes: list[tuple[int, ...]], dim: int) -> None:
    tensors = [minitorch.zeros(shape) for shape in shapes]
    with pytest.raises(ShapeError, match="one behind the other") as caught:
        concatenate(tensors, dim)
    listed = ", ".join(str(shape) for shape in shapes)
    assert f"got:      shapes {listed}, along dimension {dim % len(shapes[0])}\n" in str(caught.value)
    assert "\n  fix:      " in str(caught.value)


@pytest.mark.task2_3
@pytest.mark.parametrize(
    "shapes", [[(2, 3), (2, 4)], [(2, 3), (1, 3)], [(3,), (3, 1)], [(), (1,)], [(2, 3), (2, 3), (3, 2)]], ids=str
)
def test_shapes_that_cannot_be_stacked(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ShapeError, match="same shape") as caught:
        stack([minitorch.zeros(shape) for shape in shapes])
    assert f"got:      shapes {', '.join(str(shape) for shape in shapes)}\n" in str(caught.value)
    assert "use concatenate(...)" in str(caught.value)


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("join", "shape", "dim", "message"),
    [
        (concatenate, (2, 3), 2, r"got: +dimension 2 of a tensor of shape \(2, 3\)\n  expected: a number from -2 to 1"),
        (concatenate, (2, 3), -3, r"got: +dimension -3 .*\n  expected: a number from -2 to 1"),
        (concatenate, (), 0, r"got: +dimension 0 .*\n  expected: a tensor with dimensions"),
        (concatenate, (2, 3), 1.0, "whole numbers"),
        (concatenate, (2, 3), None, "whole numbers"),
        (stack, (2, 3), 3, r"got: +dimension 3 .*\n  expected: a number from -3 to 2"),
        (stack, (2, 3), -4, r"got: +dimension -4 .*\n  expected: a number from -3 to 2"),
        (stack, (), 1, r"got: +dimension 1 .*\n  expected: a number from -1 to 0"),
        (stack, (2, 3), 0.5, "whole numbers"),
    ],
)
def test_dimensions_that_are_not_there(join: Any, shape: tuple[int, ...], dim: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=rf"{message}(?s:.*)fix: "):
        join([minitorch.zeros(shape), minitorch.zeros(shape)], dim)
