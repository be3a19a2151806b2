"""How tensor data lies in memory: permutation, views, broadcasting, and what is remembered of it."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import BroadcastError, ContiguityError, IndexingError, ShapeError, TensorData, tensor_data

from .test_tensor_data import assert_cells, counting, index_array, shapes

# Permutation


@pytest.mark.task2_1
def test_permute_moves_no_number() -> None:
    data, _ = counting((2, 3, 4))
    # A cyclic order, which differs from its inverse.
    permuted = data.permute(1, 2, 0)
    assert permuted.shape == (3, 4, 2)
    assert permuted.strides == (4, 1, 12)
    assert permuted._storage is data._storage
    permuted.set((2, 3, 1), 99.0)
    assert data.get((1, 2, 3)) == 99.0


@pytest.mark.task2_1
@given(shape=shapes(), data=st.data())
def test_permute_there_and_back(shape: tuple[int, ...], data: st.DataObject) -> None:
    tensor, _ = counting(shape)
    order = data.draw(st.permutations(range(len(shape))))
    back = tensor.permute(*order).permute(*[int(i) for i in np.argsort(order)])
    assert (back.shape, back.strides) == (tensor.shape, tensor.strides)


@pytest.mark.task2_1
@pytest.mark.parametrize("order", [(0, 0, 1), (0, 1), (0, 1, 2, 3), (0, 1, 3), (0, 1, -1), ()])
def test_permute_needs_every_dimension_once(order: tuple[int, ...]) -> None:
    data, _ = counting((2, 3, 4))
    with pytest.raises(ShapeError, match="cannot be put into this order") as error:
        data.permute(*order)
    assert f"order {order} for shape (2, 3, 4)" in str(error.value)
    assert "numbers 0 to 2" in str(error.value)


# Contiguity and views


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "strides", "contiguous"),
    [
        ((2, 5), (5, 1), True),
        ((5, 2), (1, 5), False),
        ((5,), (1,), True),
        ((), (), True),
        ((3, 1), (1, 3), True),  # a dimension of size 1 is never walked along
        ((1, 3), (7, 1), True),
        ((2, 1, 3), (3, 9, 1), True),
        ((2, 3), (0, 1), False),  # both rows lie on top of each other
        ((3, 3), (1, 1), False),
        ((2, 2, 2), (2, 4, 1), False),  # the strides do not fall
        ((0, 3), (1, 5), True),
    ],
)
def test_is_contiguous(shape: tuple[int, ...], strides: tuple[int, ...], contiguous: bool) -> None:
    assert TensorData(np.zeros(math.prod(shape)), shape, strides).is_contiguous() is contiguous


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "view", "result"),
    [
        ((2, 6), (3, 4), (3, 4)),
        ((2, 6), (12,), (12,)),
        ((2, 6), (-1,), (12,)),
        ((2, 6), (3, -1), (3, 4)),
        ((2, 6), (-1, 2, 2), (3, 2, 2)),
        ((12,), (1, 12, 1), (1, 12, 1)),
        ((1, 1), (), ()),
        ((), (-1,), (1,)),
        ((0, 3), (3, 0), (3, 0)),
        ((0, 3), (-1, 3), (0, 3)),
    ],
)
def test_view_keeps_the_order_of_the_cells(
    shape: tuple[int, ...], view: tuple[int, ...], result: tuple[int, ...]
) -> None:
    data, array = counting(shape)
    seen = data.view(*view)
    assert_cells(seen, array.reshape(result))
    assert seen._storage is data._storage


@pytest.mark.task2_1
@pytest.mark.parametrize("view", [(5,), (2, 7), (-1, 5), (-1, -1), (-2, -6), (-12,), (0, -1), (), (-1, -2)])
def test_view_with_another_number_of_cells(view: tuple[int, ...]) -> None:
    data, _ = counting((2, 6))
    with pytest.raises(ShapeError, match="number of cells differs") as error:
        data.view(*view)
    assert f"shape (2, 6) with 12 cells, to be viewed as {view}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
def test_view_of_permuted_cells() -> None:
    data, _ = counting((2, 3))
    with pytest.raises(ContiguityError, match=r"\.contiguous\(\)\.view") as error:
        data.permute(1, 0).view(6)
    assert "shape (3, 2) with strides (1, 3)" in str(error.value)


# Ways out


@pytest.mark.task2_1
def test_array_shares_the_storage() -> None:
    data, array = counting((2, 3))
    seen = data.permute(1, 0).array()
    np.testing.assert_array_equal(seen, array.T)
    seen[2, 1] = 50.0
    assert data.get((1, 2)) == 50.0


@pytest.mark.task2_1
def test_array_of_storage_that_has_gaps_itself() -> None:
    every_other = np.arange(12.0)[::2]
    np.testing.assert_array_equal(TensorData(every_other, (2, 3)).array(), every_other.reshape(2, 3))


@pytest.mark.task2_1
def test_to_string_shows_the_cells_in_order() -> None:
    assert TensorData([0.0, 1.0, 2.0, 3.0, 4.0, 0.25], (3, 2)).permute(1, 0).to_string() == (
        "[[0.  , 2.  , 4.  ],\n [1.  , 3.  , 0.25]]"
    )
    assert TensorData([math.nan, math.inf, -math.inf], (3,)).to_string() == "[ nan,  inf, -inf]"
    assert TensorData([], (0,)).to_string() == "[]"
    assert TensorData([2.0], ()).to_string() == "2."


@pytest.mark.task2_1
def test_to_string_shortens_what_is_long() -> None:
    text = TensorData(np.zeros(100000), (100, 1000)).to_string()
    assert "..." in text
    assert len(text) < 2000


@pytest.mark.task2_1
def test_there_is_no_graphics_card() -> None:
    data, _ = counting((2,))
    with pytest.raises(NotImplementedError, match="no CUDA backend"):
        data.to_cuda_()


# Broadcasting


@st.composite
def broadcast_shapes(draw: st.DrawFn) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A shape, and one that broadcasts to it: leading dimensions missing, others of size 1."""
    big = draw(shapes(0))
    small = [draw(st.sampled_from([size, 1])) for size in big]
    return big, tuple(small[draw(st.integers(0, len(big))) :])


@pytest.mark.task2_2
@given(a=shapes(0), data=st.data())
def test_shape_broadcast_is_that_of_numpy(a: tuple[int, ...], data: st.DataObject) -> None:
    # Mostly sizes that fit those of `a`, and now and then one that may not.
    b = tuple(data.draw(st.sampled_from([size, 1, size, 1, 2])) for size in a)[data.draw(st.integers(0, len(a))) :]
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        for left, right in ((a, b), (b, a)):
            with pytest.raises(BroadcastError):
                minitorch.shape_broadcast(left, right)
        return
    assert minitorch.shape_broadcast(a, b) == minitorch.shape_broadcast(b, a) == expected


@pytest.mark.task2_2
@pytest.mark.parametrize(
    ("a", "b", "result"),
    [
        ((1,), (5, 5), (5, 5)),
        ((2, 3), (3,), (2, 3)),
        ((1, 5, 1), (7, 1, 6), (7, 5, 6)),
        ((2, 1), (1, 4), (2, 4)),
        ((), (2, 3), (2, 3)),
        ((), (), ()),
        ((1,), (0,), (0,)),  # 1 stretches to nothing as well
        ((0, 1), (3,), (0, 3)),
    ],
)
def test_shape_broadcast(a: tuple[int, ...], b: tuple[int, ...], result: tuple[int, ...]) -> None:
    assert minitorch.shape_broadcast(a, b) == minitorch.shape_broadcast(b, a) == result
    assert TensorData.shape_broadcast(a, b) == result
    assert isinstance(minitorch.shape_broadcast(a, b), tuple)


@pytest.mark.task2_2
@pytest.mark.parametrize(
    ("a", "b", "sizes"),
    [
        ((5, 2), (5,), "2 and 5"),  # would fit, were shapes aligned at the left
        ((2, 3), (2, 4), "3 and 4"),
        ((2, 3, 4), (2, 1, 1, 5), "4 and 5"),
        ((0,), (2,), "0 and 2"),
    ],
)
def test_shapes_that_do_not_broadcast(a: tuple[int, ...], b: tuple[int, ...], sizes: str) -> None:
    with pytest.raises(BroadcastError, match="cannot be broadcast") as error:
        minitorch.shape_broadcast(a, b)
    assert f"{a} and {b}, which meet with sizes {sizes}" in str(error.value)
    assert "fix:" in str(error.value)
    with pytest.raises(IndexingError):
        minitorch.shape_broadcast(b, a)


@pytest.mark.task2_2
@given(pair=broadcast_shapes())
def test_broadcast_index_finds_the_cell_that_numpy_finds(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    big, small = pair
    numbers = np.arange(math.prod(small)).reshape(small)
    stretched = np.broadcast_to(numbers, big)
    for cell in np.ndindex(*big):
        big_index, out_index = index_array(cell), np.full(len(small), -1, dtype=np.int64)
        minitorch.broadcast_index(big_index, index_array(big), index_array(small), out_index)
        assert numbers[tuple(out_index)] == stretched[cell]
        assert tuple(big_index) == cell, "the larger index was changed"


@pytest.mark.task2_2
def test_broadcast_index_of_a_bias() -> None:
    # The bias (3,) of a layer is added to a batch (2, 3): column j meets entry j, whatever the row.
    out_index = index_array([-1])
    minitorch.broadcast_index(index_array([1, 2]), index_array([2, 3]), index_array([3]), out_index)
    assert tuple(out_index) == (2,)


# What follows from shapes and strides is remembered


@pytest.mark.house("how plans are remembered is no task of the course")
def test_a_plan_is_made_once_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensor_data, "MOST_PLANS", 5)
    made: list[Any] = []

    @tensor_data.remembered
    def plan(shape: Any, setting: int) -> tuple[Any, int]:
        made.append((shape, setting))
        return shape, setting

    def array_of(*shape: int) -> Any:
        return tensor_data.find_layout(shape).shape_array

    for _ in range(3):
        for sizes in ((2, 3), (3, 2)):
            for setting in (True, False):
                assert plan(array_of(*sizes), setting) == (sizes, setting)
    assert made == [((2, 3), True), ((2, 3), False), ((3, 2), True), ((3, 2), False)]
    for _ in range(2):  # more than are remembered
        for i in range(20):
            assert plan(array_of(4, i), True) == ((4, i), True)
    assert plan(array_of(2, 3), True) == ((2, 3), True)


@pytest.mark.house("how plans are remembered is no task of the course")
def test_a_plan_for_an_array_that_changes_changes_too() -> None:
    plan = tensor_data.remembered(lambda shape: shape)
    shape = np.array([2, 3])
    for _ in range(2):
        assert plan(shape) == tuple(shape.tolist())
        shape += 1
    for i in range(300):  # an array that is gone may leave its id to the next one
        fixed = np.array([i, i])
        fixed.flags.writeable = False
        assert plan(fixed) == (i, i)
