"""Tensors as Python objects (task 2.3), and `backward` on graphs of them (task 2.4)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import (
    DTypeError,
    FastBackend,
    History,
    IndexingError,
    ShapeError,
    SimpleBackend,
    Tensor,
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
