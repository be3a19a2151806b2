"""Tensors as Python objects (task 2.3), and `backward` on graphs of them (task 2.4)."""

import copy
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import (
    DTypeError,
    FastBackend,
    GraphError,
    History,
    IndexingError,
    ShapeError,
    SimpleBackend,
    Tensor,
    TensorBackend,
    TensorData,
    tensor,
)

from .checks import lay_out, random_array

# Making and describing


@pytest.mark.task2_3
def test_a_tensor_is_made_from_tensor_data() -> None:
    data = TensorData([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], (2, 3))
    t = Tensor(data)
    assert t._tensor is data
    assert t.shape == (2, 3)
    assert t.dims == 2
    assert t.size == 6
    assert t.dtype == np.float64
    assert t.backend is t.f is SimpleBackend
    assert t.grad is None
    assert t.is_constant()
    assert Tensor(data, backend=FastBackend).backend is FastBackend
    assert Tensor(data, History()).is_leaf()


@pytest.mark.task2_3
@pytest.mark.parametrize("given", [[1.0], np.zeros(2), 1.0, None])
def test_a_tensor_is_made_from_nothing_else(given: Any) -> None:
    with pytest.raises(DTypeError, match="made from TensorData") as error:
        Tensor(given)
    assert type(given).__name__ in str(error.value)
    assert "minitorch.tensor(...)" in str(error.value)


@pytest.mark.task2_3
def test_make_shares_an_array() -> None:
    storage = np.arange(6.0)
    t = Tensor.make(storage, (3, 2), (1, 3), backend=FastBackend)
    assert t.to_numpy().tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert t._tensor._storage is storage
    assert t.backend is FastBackend
    assert t.is_constant()


@pytest.mark.task2_3
def test_names() -> None:
    a, b = tensor(1.0), tensor(1.0)
    assert a.unique_id != b.unique_id
    assert a.name == str(a.unique_id)
    a.name = "weight"
    assert a.name == "weight"
    assert Tensor(TensorData([1.0], (1,)), name="bias").name == "bias"


@pytest.mark.task2_3
def test_kernels_get_storage_shape_and_strides() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).permute(1, 0)
    storage, shape, strides = t.tuple()
    assert storage is t._tensor._storage
    assert shape.tolist() == [3, 2]
    assert strides.tolist() == [1, 3]


@pytest.mark.task2_3
@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tensor([1.0, 2.0, 3.0]), "tensor([1., 2., 3.], shape=(3,))"),
        (lambda: tensor([[1.0, 2.0], [3.0, 4.5]]), "tensor([[1. , 2. ],\n        [3. , 4.5]], shape=(2, 2))"),
        (
            lambda: tensor([[1.0, 2.0], [3.0, 4.5]]).permute(1, 0),
            "tensor([[1. , 3. ],\n        [2. , 4.5]], shape=(2, 2))",
        ),
        (lambda: tensor([math.nan, math.inf, -math.inf]), "tensor([ nan,  inf, -inf], shape=(3,))"),
        (lambda: minitorch.zeros(0, 3), "tensor([], shape=(0, 3))"),
        (lambda: tensor(5.0), "tensor(5., shape=())"),
        (lambda: tensor([1.0], requires_grad=True), "tensor([1.], shape=(1,), requires_grad=True)"),
        (lambda: tensor([1.0], requires_grad=True) * 2, "tensor([2.], shape=(1,), requires_grad=True)"),
        (lambda: tensor([1 / 3]), "tensor([0.3333], shape=(1,))"),
    ],
)
def test_repr(make: Callable[[], Tensor], text: str) -> None:
    assert repr(make()) == str(make()) == text


@pytest.mark.task2_3
def test_repr_of_a_large_tensor_is_short() -> None:
    assert len(repr(minitorch.rand(100, 1000))) < 2000


@pytest.mark.task2_3
def test_len() -> None:
    assert len(minitorch.zeros(3, 2)) == 3
    assert len(minitorch.zeros(0, 2)) == 0
    with pytest.raises(TypeError, match="without dimensions has no length"):
        len(tensor(5.0))


@pytest.mark.task2_3
def test_hash_goes_by_identity() -> None:
    a, b = tensor([1.0, 2.0]), tensor([1.0, 2.0])
    assert len({a, b}) == 2
    assert {a: "a", b: "b"}[a] == "a"
    assert hash(a) == hash(a)


@pytest.mark.task2_3
def test_a_tensor_equals_nothing_that_is_no_number() -> None:
    t = tensor([1.0, 2.0])
    for other in (None, "1", [1.0, 2.0], object()):
        assert (t == other) is False
        assert (t != other) is True


# Cells


@pytest.mark.task2_3
def test_getitem_reads_a_cell() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert t[1, 2] == t[(1, 2)] == t[np.int64(1), np.int64(2)] == 6.0
    assert t.permute(1, 0)[2, 1] == 6.0
    assert tensor([7.0, 8.0])[1] == tensor([7.0, 8.0])[np.int64(1)] == 8.0
    assert tensor(5.0)[()] == 5.0
    assert type(t[0, 0]) is float


@pytest.mark.task2_3
def test_setitem_is_seen_by_all_who_share_the_storage() -> None:
    t = minitorch.zeros(2, 3)
    turned, row, detached, separate = t.permute(1, 0), t.view(6), t.detach(), t.contiguous()
    turned[2, 1] = 7.0
    assert t[1, 2] == row[5] == detached[1, 2] == 7.0
    assert separate[1, 2] == 0.0
    assert t.to_numpy().sum() == 7.0


@pytest.mark.task2_3
@pytest.mark.parametrize("index", [(2, 0), (0, 3), (-1, 0), (0,), (0, 0, 0), 1])
def test_cells_that_are_not_there(index: Any) -> None:
    t = minitorch.zeros(2, 3)
    with pytest.raises(IndexingError, match="no such cell") as error:
        t[index]
    assert "shape (2, 3)" in str(error.value)
    with pytest.raises(IndexingError, match="no such cell"):
        t[index] = 1.0
    assert not t.to_numpy().any()


@pytest.mark.task2_3
def test_iterating_over_one_dimension_gives_the_numbers() -> None:
    assert list(tensor([1.0, 2.0, 3.0])) == [1.0, 2.0, 3.0]
    a, b = tensor([4.0, 5.0])
    assert (a, b) == (4.0, 5.0)


@pytest.mark.task2_3
@pytest.mark.parametrize("shape", [(), (2, 3), (0, 3), (1, 1)])
def test_iterating_over_anything_else_is_refused(shape: tuple[int, ...]) -> None:
    # Cells are read one at a time, so a row t[0] does not exist. A loop over the rows must say so, and not end at once.
    with pytest.raises(TypeError, match="Only a tensor of one dimension can be looped over") as error:
        list(minitorch.ones(*shape))
    assert f"shape {shape}" in str(error.value)


@pytest.mark.task2_3
def test_the_only_cell_as_a_number() -> None:
    for t in (tensor(2.5), tensor([2.5]), tensor([[2.5]]), tensor([2.5], dtype=np.float32)):
        assert t.item() == float(t) == 2.5
        assert type(t.item()) is type(float(t)) is float
        assert int(t) == 2
        assert bool(t) is True
        assert bool(t - 2.5) is False
    assert int(tensor(-2.5)) == -2
    assert math.exp(tensor(0.0)) == 1.0


@pytest.mark.task2_3
@pytest.mark.parametrize("shape", [(2,), (2, 3), (0,), (1, 0)])
def test_several_cells_are_no_number(shape: tuple[int, ...]) -> None:
    t = minitorch.ones(*shape)
    for convert in (Tensor.item, float, int):
        with pytest.raises(ShapeError, match="only cell") as error:
            convert(t)
        assert f"shape {shape} with {t.size} cells" in str(error.value)


@pytest.mark.task2_3
@pytest.mark.parametrize("shape", [(2,), (2, 3), (0,)])
def test_several_cells_are_neither_true_nor_false(shape: tuple[int, ...]) -> None:
    t = minitorch.ones(*shape)
    with pytest.raises(ShapeError, match="neither true nor false") as error:
        bool(t)
    assert str(shape) in str(error.value)
    assert ".all()" in str(error.value)
    with pytest.raises(ShapeError, match="neither true nor false"):
        assert t == t


# To and from NumPy


@pytest.mark.task2_3
def test_to_numpy_copies() -> None:
    for t in (tensor([[1.0, 2.0], [3.0, 4.0]]), tensor([[1.0, 3.0], [2.0, 4.0]]).permute(1, 0)):
        array = t.to_numpy()
        assert array.tolist() == [[1.0, 2.0], [3.0, 4.0]]
        array[0, 0] = 9.0
        assert t[0, 0] == 1.0
    assert tensor(5.0).to_numpy().shape == ()
    assert minitorch.zeros(0, 3).to_numpy().shape == (0, 3)
    assert tensor([1.0], dtype=np.float32).to_numpy().dtype == np.float32


@pytest.mark.task2_3
def test_numpy_takes_tensors_as_arrays() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True).permute(1, 0)
    array = np.asarray(t)
    assert array.tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    array[0, 0] = 9.0
    assert t[0, 0] == 1.0
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert np.asarray(tensor([1.0], dtype=np.float32)).dtype == np.float32
    assert np.array(t).tolist() == [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]
    assert np.stack([t, t]).shape == (2, 3, 2)
    np.testing.assert_array_equal(t, t.to_numpy())


@pytest.mark.task2_3
def test_to_a_list_and_back() -> None:
    t = lay_out(random_array(np.random.default_rng(1), (2, 3, 4)), "rotated")
    again = tensor(t.to_numpy().tolist())
    assert (again == t).all().item() == 1.0


# New tensors of the same kind


@pytest.mark.task2_3
def test_zeros_like_a_tensor() -> None:
    t = Tensor.make(np.ones(6, np.float32), (2, 3), backend=FastBackend).requires_grad_()
    zeros = t.zeros()
    assert zeros.shape == (2, 3)
    assert zeros.dtype == np.float32
    assert zeros.backend is FastBackend
    assert zeros.is_constant()
    assert not zeros.to_numpy().any()
    assert t.zeros((4,)).shape == (4,)
    assert t.zeros(dtype=np.float64).dtype == np.float64


@pytest.mark.task2_3
def test_like_replaces_the_values() -> None:
    t = tensor([[1.0, 2.0, 3.0]], dtype=np.float32, backend=FastBackend)
    values = np.array([[4.0, 5.0, 6.0]])
    new = t.like(values)
    values[0, 0] = 9.0
    assert new.to_numpy().tolist() == [[4.0, 5.0, 6.0]]
    assert new.dtype == np.float32
    assert new.backend is FastBackend
    with pytest.raises(ShapeError, match="do not have the shape") as error:
        t.like(np.zeros((3, 1)))
    assert "(3, 1)" in str(error.value)
    assert "(1, 3)" in str(error.value)


@pytest.mark.task2_3
def test_detach_is_a_constant_on_the_same_storage() -> None:
    leaf = tensor([1.0, 2.0], requires_grad=True, backend=FastBackend)
    constant = (leaf * 1).detach()
    assert constant.is_constant()
    shared = leaf.detach()
    assert shared._tensor._storage is leaf._tensor._storage
    assert shared.backend is FastBackend
    assert leaf.is_leaf(), "detach() changed the tensor itself"


@pytest.mark.task2_3
def test_view_permute_and_detach_share_the_storage() -> None:
    t = minitorch.zeros(2, 3)
    for shared in (t.view(6), t.view(-1), t.permute(1, 0), t.detach()):
        assert np.shares_memory(shared._tensor._storage, t._tensor._storage)


@pytest.mark.task2_3
def test_change_of_backend() -> None:
    t = tensor([1.0, 2.0])
    t._type_(FastBackend)
    assert t.backend is t.f is (t + 1).backend is FastBackend


# Leaves, constants and intermediate results


@pytest.mark.task2_4
def test_kinds_of_tensors() -> None:
    constant, leaf = tensor([1.0]), tensor([1.0], requires_grad=True)
    result = leaf * constant
    for t, kind in ((constant, (True, False)), (leaf, (False, True)), (result, (False, False))):
        assert (t.is_constant(), t.is_leaf()) == kind
        assert t.requires_grad() is not t.is_constant()
    assert (constant * 2).is_constant()
    assert result.parents[0] is leaf
    assert result.parents[1] is constant
    assert not constant.parents
    assert not leaf.parents


@pytest.mark.task2_4
def test_requires_grad_turns_the_gradient_on_and_off() -> None:
    t = tensor([1.0])
    assert t.requires_grad_() is t
    assert t.is_leaf()
    assert t.requires_grad_(False) is t
    assert t.is_constant()
    assert t.requires_grad_(True).is_leaf()
    # An intermediate result, too, can be cut off from what it was computed from.
    result = t * 2
    assert result.requires_grad_(False).is_constant()
    assert result.requires_grad_(True).is_leaf()


@pytest.mark.task2_4
def test_a_constant_gets_no_gradient() -> None:
    constant, leaf = tensor([2.0]), tensor([3.0], requires_grad=True)
    (constant * leaf).backward()
    assert constant.grad is None
    assert leaf.grad.item() == 2.0


@pytest.mark.task2_4
def test_detach_cuts_the_graph() -> None:
    x = tensor([3.0], requires_grad=True)
    (x * (x * x).detach()).backward()
    assert x.grad.item() == 9.0  # and not 27


@pytest.mark.task2_4
def test_gradients_add_up_until_they_are_forgotten() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    for factor in (1, 2):
        (x * x).sum().backward()
        assert x.grad.to_numpy().tolist() == [2.0 * factor, 4.0 * factor]
    x.zero_grad_()
    assert x.grad is None
    (x * 3).sum().backward()
    assert x.grad.to_numpy().tolist() == [3.0, 3.0]


@pytest.mark.task2_4
def test_intermediate_results_collect_no_gradient() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x * x
    y.sum().backward()
    assert y.grad is None


@pytest.mark.task2_4
def test_accumulate_derivative() -> None:
    x = tensor([[1.0, 2.0]], requires_grad=True)
    first = np.array([[3.0, 4.0]])
    x.accumulate_derivative(first)
    first[0, 0] = 99.0
    x.accumulate_derivative(tensor([[10.0, 20.0]]))
    assert x.grad.to_numpy().tolist() == [[13.0, 24.0]]
    assert x.grad.is_constant()
    for other, what in ((tensor([1.0]), "a constant"), (x * 2, "the result of a Function")):
        with pytest.raises(GraphError, match="Only leaves collect a gradient") as error:
            other.accumulate_derivative(1.0)
        assert what in str(error.value)
        assert other.grad is None


@pytest.mark.task2_4
def test_chain_rule_of_one_function() -> None:
    x, y = tensor([2.0, 3.0], requires_grad=True), tensor([5.0, 7.0], requires_grad=True)
    (first, to_x), (second, to_y) = (x * y).chain_rule(tensor([1.0, 10.0]))
    assert first is x
    assert second is y
    assert to_x.to_numpy().tolist() == [5.0, 70.0]
    assert to_y.to_numpy().tolist() == [2.0, 30.0]
    for t, what in ((x, "a leaf"), (tensor([1.0]), "a constant")):
        with pytest.raises(GraphError, match="chain rule needs a variable that a Function computed") as error:
            t.chain_rule(1.0)
        assert what in str(error.value)


# Where backward starts


@pytest.mark.task2_4
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (1, 1, 1)])
def test_one_cell_needs_no_gradient_to_start_from(shape: tuple[int, ...], backend: TensorBackend) -> None:
    x = minitorch.ones(*shape, backend=backend, requires_grad=True)
    y = x * x.view(1)
    y.view(*shape).backward()
    assert x.grad.shape == shape
    assert x.grad.item() == 2.0


@pytest.mark.task2_4
def test_a_leaf_is_its_own_gradient() -> None:
    x = tensor([2.0], requires_grad=True)
    x.backward()
    assert x.grad.item() == 1.0
    y = tensor([2.0, 3.0], requires_grad=True)
    upstream = np.array([5.0, 7.0])
    y.backward(upstream)
    upstream[0] = 99.0
    assert y.grad.to_numpy().tolist() == [5.0, 7.0]


@pytest.mark.task2_4
def test_no_graph_to_go_back_through() -> None:
    for t in (tensor([1.0]), tensor([1.0], requires_grad=True).detach(), tensor([1.0]) * 2):
        with pytest.raises(GraphError, match="called on a constant") as error:
            t.backward()
        assert "shape (1,)" in str(error.value)
        assert "requires_grad=True" in str(error.value)
        assert t.grad is None


@pytest.mark.task2_4
@pytest.mark.parametrize("shape", [(2,), (2, 3), (0,), (1, 2)])
def test_several_cells_need_a_gradient_to_start_from(shape: tuple[int, ...]) -> None:
    x = minitorch.ones(*shape, requires_grad=True)
    with pytest.raises(GraphError, match="single number to differentiate") as error:
        (x * 2).backward()
    assert f"shape {shape}" in str(error.value)
    assert "loss.sum().backward()" in str(error.value)
    assert x.grad is None


@pytest.mark.task2_4
@pytest.mark.parametrize("shape", [(3,), (2, 1), (1, 3), (3, 2), (1,), (), (1, 2, 3)])
def test_gradient_to_start_from_of_the_wrong_shape(shape: tuple[int, ...]) -> None:
    # Even where it could be broadcast: more likely it is a mistake.
    x = minitorch.ones(2, 3, requires_grad=True)
    for gradient in (np.ones(shape), minitorch.ones(*shape)):
        with pytest.raises(ShapeError, match="does not fit the tensor") as error:
            (x * 2).backward(gradient)
        assert f"a gradient of shape {shape}" in str(error.value)
        assert "shape (2, 3)" in str(error.value)
    assert x.grad is None


@pytest.mark.task2_4
@pytest.mark.parametrize("gradient", [3, 3.0, np.float64(3.0), np.array(3.0), np.array([[3.0]]), lambda: tensor([3.0])])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_cell_takes_any_single_number_to_start_from(shape: tuple[int, ...], gradient: Any) -> None:
    x = minitorch.ones(*shape, requires_grad=True)
    x.contiguous().backward(gradient() if callable(gradient) else gradient)
    assert x.grad.shape == shape
    assert x.grad.item() == 3.0


@pytest.mark.task2_4
def test_the_gradient_to_start_from_is_not_changed(backend: TensorBackend) -> None:
    x = minitorch.ones(2, 3, backend=backend, requires_grad=True)
    upstream = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], backend=backend, requires_grad=True)
    (x + x).backward(upstream)
    assert x.grad.to_numpy().tolist() == [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]]
    assert x.grad.is_constant()
    assert x.grad.backend is backend
    assert upstream.grad is None
    assert upstream.to_numpy().tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


# Bringing gradients into shape


@pytest.mark.task2_4
@pytest.mark.parametrize(
    ("shape", "other"),
    [
        ((2, 3), (2, 3)),
        ((3,), (2, 3)),
        ((2, 1), (2, 3)),
        ((1,), (2, 3)),
        ((1, 3), (4, 2, 3)),
        ((2, 1, 1), (4, 2, 3, 5)),
        ((1, 3), (0, 3)),
    ],
)
def test_expand_adds_up_what_broadcasting_repeated(
    shape: tuple[int, ...], other: tuple[int, ...], backend: TensorBackend
) -> None:
    gradient = random_array(np.random.default_rng(2), other)
    out = minitorch.zeros(*shape, backend=backend).expand(lay_out(gradient, "rotated", backend))
    assert out.shape == shape
    for cell in np.ndindex(*shape):
        total = 0.0
        for place in np.ndindex(*other):
            source = place[len(other) - len(shape) :]
            if all(size == 1 or i == j for size, i, j in zip(shape, cell, source, strict=True)):
                total += gradient[place]
        assert out[cell] == pytest.approx(total, rel=1e-9, abs=1e-12)


@pytest.mark.task2_4
def test_expand_broadcasts_a_smaller_gradient(backend: TensorBackend) -> None:
    t = minitorch.zeros(2, 3, backend=backend)
    assert t.expand(tensor([5.0], backend=backend)).to_numpy().tolist() == [[5.0] * 3] * 2
    assert t.expand(tensor([[1.0], [2.0]], backend=backend)).to_numpy().tolist() == [[1.0] * 3, [2.0] * 3]


# Graphs


@pytest.mark.task2_4
def test_every_use_of_a_tensor_counts(backend: TensorBackend) -> None:
    x = tensor([2.0, 3.0], backend=backend, requires_grad=True)
    (x * x * x + x + x).backward(np.array([1.0, 10.0]))
    assert x.grad.to_numpy().tolist() == [14.0, 290.0]  # 3 x^2 + 2


@pytest.mark.task2_4
@pytest.mark.parametrize("short_first", [True, False])
def test_paths_of_unequal_length(short_first: bool, backend: TensorBackend) -> None:
    # A skip connection: h is used at once, and again after three more steps. Its gradient is complete, and may be
    # carried on, only when both have arrived.
    x = tensor([0.5, -0.25], backend=backend, requires_grad=True)
    h = x * x
    long = ((h * 3 + 1) * h).exp()
    out = h + long if short_first else long + h
    upstream = np.array([2.0, 7.0])
    out.backward(upstream)
    a = np.array([0.5, -0.25])
    square = a * a
    slope = 1 + np.exp((3 * square + 1) * square) * (6 * square + 1)
    np.testing.assert_allclose(x.grad.to_numpy(), upstream * slope * 2 * a, rtol=1e-12)


@pytest.mark.task2_4
def test_a_chain_of_5000_steps() -> None:
    x = tensor([1.0, 2.0], requires_grad=True)
    y = x
    for _ in range(5000):
        y = y + x
    y.backward(np.array([1.0, 3.0]))
    assert x.grad.to_numpy().tolist() == [5001.0, 15003.0]


@pytest.mark.task2_4
def test_a_diamond_of_40_layers() -> None:
    # There are 2^40 paths from the result to the leaf; a walk along each of them would not end.
    x = tensor([1.0, 3.0], requires_grad=True)
    y = x
    for _ in range(40):
        y = y + y
    start = time.perf_counter()
    y.backward(np.array([1.0, 5.0]))
    assert time.perf_counter() - start < 10
    assert x.grad.to_numpy().tolist() == [2.0**40, 5 * 2.0**40]


@pytest.mark.task2_4
def test_leaves_that_the_result_does_not_depend_on() -> None:
    x, y = tensor([2.0], requires_grad=True), tensor([3.0], requires_grad=True)
    (x * 2).backward()
    assert y.grad is None
    # A comparison is flat: a gradient arrives, and it is zero.
    (y < 5).backward()
    assert y.grad.item() == 0.0


@pytest.mark.task2_4
def test_a_copy_is_a_leaf_of_its_own() -> None:
    x = tensor([2.0, 3.0], requires_grad=True, backend=FastBackend)
    for twin in (copy.copy(x), copy.deepcopy(x)):
        assert twin.backend is FastBackend
        x.zero_grad_()
        (x * 10 + twin * 100).backward(np.array([1.0, 2.0]))
        assert x.grad.to_numpy().tolist() == [10.0, 20.0]
        assert twin.grad.to_numpy().tolist() == [100.0, 200.0]


@pytest.mark.task2_4
def test_two_results_of_one_graph() -> None:
    x = tensor([2.0], requires_grad=True)
    square = x * x
    square.backward()
    (square * x).backward()
    assert x.grad.item() == 4.0 + 12.0


@pytest.mark.task2_4
def test_a_small_network(backend: TensorBackend) -> None:
    # Broadcasting, folding, views and products, one after the other, against the same derivation in NumPy.
    rng = np.random.default_rng(3)
    x, w, b = random_array(rng, (5, 3)), random_array(rng, (3, 4)), random_array(rng, (4,))
    leaves = [lay_out(array, "reversed", backend).requires_grad_() for array in (x, w, b)]
    tx, tw, tb = leaves
    # Layer, sigmoid, mean over the batch, and the sum of the squares.
    h = (tx.contiguous().view(5, 3, 1) * tw).sum(1).view(5, 4) + tb
    loss = (h.sigmoid().mean(0) ** 2).sum()
    loss.backward()

    s = 1 / (1 + np.exp(-(x @ w + b)))
    mean = s.mean(0, keepdims=True)
    to_h = 2 * mean / 5 * s * (1 - s)
    np.testing.assert_allclose(loss.item(), (mean**2).sum(), rtol=1e-12)
    for leaf, gradient in zip(leaves, (to_h @ w.T, x.T @ to_h, to_h.sum(0)), strict=True):
        assert leaf.grad.shape == leaf.shape
        np.testing.assert_allclose(leaf.grad.to_numpy(), gradient, rtol=1e-9, atol=1e-12)
