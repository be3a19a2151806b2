"""How tensors lie in memory: indices, strides, permutation and views (task 2.1), and broadcasting (task 2.2)."""

import contextlib
import itertools
import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import BroadcastError, ContiguityError, DTypeError, IndexingError, ShapeError, TensorData, tensor_data

SHAPES = [(), (1,), (5,), (2, 3), (3, 1), (1, 4), (4, 2, 3), (2, 3, 4, 5), (1, 1, 1)]


def shapes(smallest: int = 1) -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of up to four dimensions."""
    return st.lists(st.integers(smallest, 5), max_size=4).map(tuple)


def counting(shape: Sequence[int]) -> tuple[TensorData, Any]:
    """A tensor whose cells hold 0, 1, 2, ... row by row, and the NumPy array that should equal it."""
    array = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    return TensorData(array.ravel().copy(), tuple(shape)), array


def assert_cells(data: TensorData, expected: Any) -> None:
    """Read every cell by its index, and compare."""
    assert data.shape == expected.shape
    for cell in np.ndindex(*expected.shape):
        assert data.get(cell) == expected[cell], f"cell {cell}"


def index_array(index: Sequence[int]) -> Any:
    return np.array(index, dtype=np.int64)


# Index arithmetic


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "strides"),
    [((), ()), ((5,), (1,)), ((2, 3), (3, 1)), ((4, 2, 2), (4, 2, 1)), ((2, 3, 4, 5), (60, 20, 5, 1))],
)
def test_default_strides_are_row_by_row(shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
    assert minitorch.strides_from_shape(shape) == strides
    data, _ = counting(shape)
    assert data.strides == strides
    assert isinstance(data.strides, tuple)


@pytest.mark.task2_1
@given(shape=shapes(), data=st.data())
def test_index_to_position_adds_index_times_stride(shape: tuple[int, ...], data: st.DataObject) -> None:
    # Any strides, in no particular order, and 0 among them.
    strides = data.draw(st.lists(st.integers(0, 50), min_size=len(shape), max_size=len(shape)))
    for cell in np.ndindex(*shape):
        expected = int(np.dot(index_array(cell), index_array(strides)))
        assert minitorch.index_to_position(index_array(cell), index_array(strides)) == expected


@pytest.mark.task2_1
@given(shape=shapes())
def test_to_index_counts_the_cells_row_by_row(shape: tuple[int, ...]) -> None:
    for ordinal, cell in enumerate(np.ndindex(*shape)):
        out_index = np.full(len(shape), -1, dtype=np.int64)
        minitorch.to_index(ordinal, index_array(shape), out_index)
        assert tuple(out_index) == cell


# TensorData: making one


@pytest.mark.task2_1
def test_an_array_is_kept_and_shared() -> None:
    array = np.arange(6.0)
    data = TensorData(array, (2, 3))
    assert data._storage is array
    array[4] = 40.0
    assert data.get((1, 1)) == 40.0
    data.set((0, 2), 20.0)
    assert array[2] == 20.0


@pytest.mark.task2_1
def test_a_list_becomes_float64() -> None:
    data = TensorData([1, 2, 3], (3,))
    assert data._storage.dtype == np.float64
    assert data._storage.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.task2_1
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_an_array_of_floating_point_numbers_is_kept(dtype: type) -> None:
    array = np.array([0, 1, 1, 0], dtype=dtype)
    assert TensorData(array, (2, 2))._storage is array


@pytest.mark.task2_1
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint8, np.bool_, np.float16, ">f8"])
def test_other_numbers_are_copied_as_float64(dtype: Any) -> None:
    array = np.array([0, 1, 1, 0]).astype(dtype)
    data = TensorData(array, (2, 2))
    array[0] = 1
    assert data._storage.dtype == np.float64
    assert data._storage.dtype.isnative
    assert_cells(data, np.array([[0.0, 1.0], [1.0, 0.0]]))


@pytest.mark.task2_1
@pytest.mark.parametrize("shape", SHAPES)
def test_attributes(shape: tuple[int, ...]) -> None:
    data, array = counting(shape)
    assert data.shape == shape
    assert data.dims == array.ndim
    assert data.size == array.size
    storage, sizes, strides = data.tuple()
    assert storage is data._storage
    assert sizes.dtype == strides.dtype == np.int64
    assert (tuple(sizes), tuple(strides)) == (data.shape, data.strides)


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "strides"),
    [
        ((3, 5), (6,)),  # one stride too few
        ((3, 5), (5, 1, 1)),  # one too many
        ((15,), ()),
    ],
)
def test_shape_and_strides_of_different_length(shape: tuple[int, ...], strides: tuple[int, ...]) -> None:
    with pytest.raises(IndexingError, match="do not go together") as error:
        TensorData(np.zeros(15), shape, strides)
    assert f"shape {shape} and strides {strides}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
def test_a_layout_cannot_be_spoiled() -> None:
    # What follows from a shape is found once. A kernel that writes into a shape by mistake must spoil no other tensor.
    first, second = TensorData(np.zeros(6), (2, 3)), TensorData(np.zeros(6), (2, 3))
    for part in first.tuple()[1:]:
        with contextlib.suppress(ValueError):  # if it cannot be written to at all, the better
            part[:] = 77
    for data in (second, TensorData(np.zeros(6), (2, 3)), TensorData(np.zeros(6), (2, 3), (3, 1))):
        _, shape, strides = data.tuple()
        assert shape.tolist() == [2, 3]
        assert strides.tolist() == [3, 1]
    assert (first.shape, first.strides) == ((2, 3), (3, 1))


@pytest.mark.task2_1
def test_a_layout_is_not_mistaken_for_another() -> None:
    # Equal keys would be found again as one: 1 == True == 1.0, and sizes may be NumPy's.
    for shape in [(2, 3), (3, 2), [2, 3], np.array([2, 3]), (np.int32(2), np.int64(3)), (6, True), (True, 6), (6, 1)]:
        data = TensorData(np.zeros(6), shape)
        expected = tuple(int(size) for size in shape)
        assert data.shape == expected
        assert [type(size) for size in (*data.shape, *data.strides)] == [int] * 4
        assert data.strides == (expected[1], 1)
        assert data.dims == 2
        assert data.size == 6
    assert TensorData(np.zeros(6), (2, 3), (1, 2)).strides == (1, 2)
    assert not TensorData(np.zeros(6), (2, 3), (1, 2)).is_contiguous()
    assert TensorData(np.zeros(6), (2, 3), (3, 1)).is_contiguous()


@pytest.mark.task2_1
def test_too_many_dimensions() -> None:
    assert TensorData(np.zeros(1), (1,) * minitorch.MAX_DIMS).dims == 32
    with pytest.raises(IndexingError, match="at most 32 dimensions"):
        TensorData(np.zeros(1), (1,) * 33)


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("storage", "shape"),
    [
        (np.zeros(5), (2, 3)),
        (np.zeros(7), (2, 3)),
        (np.zeros(0), ()),
        (np.zeros(1), (0,)),
        (np.zeros((2, 3)), (2, 3)),  # not flat
    ],
)
def test_storage_of_the_wrong_size(storage: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="does not have the size") as error:
        TensorData(storage, shape)
    assert f"storage of shape {storage.shape} for tensor shape {shape}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("size", "shape"),
    [(6, (-2, -3)), (0, (0, -1)), (3, (-3,))],
    ids=["the product of the sizes would be right", "no cells", "one dimension"],
)
@pytest.mark.parametrize("with_strides", [False, True])
def test_negative_sizes(size: int, shape: tuple[int, ...], with_strides: bool) -> None:
    with pytest.raises(ShapeError, match="cannot have a negative size") as error:
        TensorData(np.zeros(size), shape, (1,) * len(shape) if with_strides else None)
    assert f"got:      shape {shape}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "strides", "reach"),
    [
        ((2, 3), (3, 2), 7),  # a column step too wide
        ((2, 3), (4, 1), 6),  # one cell too far
        ((2, 3), (6, 1), 8),
        ((6,), (2,), 10),
        ((2, 3), (-3, 1), -1),  # before the storage
        ((2, 3), (4, -1), 2),  # the last cell is inside, cell (0, 1) is not
    ],
)
def test_strides_that_lead_outside_the_storage(shape: tuple[int, ...], strides: tuple[int, ...], reach: int) -> None:
    with pytest.raises(ShapeError, match="outside of the storage") as error:
        TensorData(np.zeros(6), shape, strides)
    assert f"strides {strides} for shape {shape}: up to position {reach}" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
def test_strides_of_zero_and_strides_of_empty_tensors_lead_nowhere_bad() -> None:
    assert_cells(TensorData(np.arange(6.0), (2, 3), (0, 1)), np.array([[0.0, 1, 2], [0, 1, 2]]))
    assert_cells(TensorData(np.arange(3.0), (3, 1), (1, 99)), np.array([[0.0], [1], [2]]))
    assert TensorData(np.zeros(0), (0, 7), (7, 1)).size == 0


@pytest.mark.task2_1
@pytest.mark.parametrize("dtype", [np.complex128, object, "U1", "datetime64[s]"])
def test_storage_that_holds_no_real_numbers(dtype: Any) -> None:
    with pytest.raises(DTypeError, match="real numbers") as error:
        TensorData(np.zeros(2).astype(dtype), (2,))
    assert str(np.dtype(dtype)) in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.task2_1
@pytest.mark.parametrize("storage", [["a", "b"], [None, 1.0], [1j, 1.0]])
def test_lists_that_hold_no_real_numbers(storage: list[Any]) -> None:
    with pytest.raises(DTypeError, match="real numbers"):
        TensorData(storage, (2,))


@pytest.mark.task2_1
@pytest.mark.parametrize(("shape", "strides"), [((2.0, 3), None), (("2", "3"), None), ((2, 3), (3.0, 1.0))])
def test_sizes_that_are_not_whole_numbers(shape: Any, strides: Any) -> None:
    with pytest.raises(ShapeError, match="whole numbers"):
        TensorData(np.zeros(6), shape, strides)


@pytest.mark.task2_1
def test_sizes_may_be_numpy_integers_or_a_list() -> None:
    data = TensorData(np.arange(6.0), [np.int64(2), 3])
    assert data.shape == (2, 3)
    assert [type(size) for size in data.shape] == [int, int]


# Cells


@pytest.mark.task2_1
@given(shape=shapes(0), data=st.data())
def test_cells_of_permuted_tensors(shape: tuple[int, ...], data: st.DataObject) -> None:
    tensor, array = counting(shape)
    order = data.draw(st.permutations(range(len(shape))))
    permuted = tensor.permute(*order)
    assert_cells(permuted, np.transpose(array, order))
    np.testing.assert_array_equal(permuted.array(), np.transpose(array, order))


@pytest.mark.task2_1
def test_index_gives_a_position_in_the_storage() -> None:
    data = TensorData(np.arange(6.0), (2, 3), (1, 2))  # column by column
    assert data.index((1, 2)) == 5
    assert data.index((1, 0)) == 1
    assert data.index([0, 1]) == 2
    assert type(data.index((1, 2))) is int


@pytest.mark.task2_1
def test_one_dimension_takes_a_bare_number() -> None:
    data, _ = counting((4,))
    assert data.index(3) == data.index((3,)) == data.index(np.int64(3)) == 3


@pytest.mark.task2_1
@pytest.mark.parametrize(
    ("shape", "index"),
    [
        ((2, 3), (2, 0)),  # one beyond the last row
        ((2, 3), (0, 3)),  # inside the storage, but not inside the row
        ((2, 3), (-1, 0)),
        ((2, 3), (0, -1)),
        ((2, 3), (1,)),  # too short
        ((2, 3), (1, 1, 0)),  # too long
        ((2, 3), 1),
        ((3,), 3),
        ((3,), -1),
        ((), 0),
        ((0, 3), (0, 0)),  # an empty tensor has no cell at all
    ],
)
def test_index_that_the_tensor_does_not_have(shape: tuple[int, ...], index: Any) -> None:
    data, array = counting(shape)
    got = index if isinstance(index, tuple) else (index,)
    for use in (data.index, data.get, lambda cell: data.set(cell, 9.0)):
        with pytest.raises(IndexingError, match="no such cell") as error:
            use(index)
        assert f"index {got} for shape {shape}" in str(error.value)
        assert "fix:" in str(error.value)
    np.testing.assert_array_equal(data.array(), array)


@pytest.mark.task2_1
@pytest.mark.parametrize("index", [0.5, (1.0, 0), "a", (None, 1), slice(0, 1)])
def test_index_that_is_no_whole_number(index: Any) -> None:
    data, array = counting((2, 3))
    with pytest.raises(IndexingError, match="index must consist of whole numbers"):
        data.get(index)
    with pytest.raises(IndexingError, match="index must consist of whole numbers"):
        data.set(index, 9.0)
    np.testing.assert_array_equal(data.array(), array)


@pytest.mark.task2_1
@pytest.mark.parametrize("shape", [*SHAPES, (0,), (2, 0, 3)])
def test_indices_names_every_cell_once_row_by_row(shape: tuple[int, ...]) -> None:
    data, _ = counting(shape)
    found = list(data.indices())
    assert found == list(np.ndindex(*shape))
    assert len(set(found)) == data.size


@pytest.mark.task2_1
def test_get_gives_python_numbers() -> None:
    assert type(TensorData(np.array([0.25]), (1,)).get(0)) is float
    assert type(TensorData(np.array([0.25], dtype=np.float32), (1,)).get(0)) is float


@pytest.mark.task2_1
def test_sample_draws_every_cell() -> None:
    data, _ = counting((2, 3))
    drawn = {data.sample() for _ in range(200)}
    assert drawn == set(itertools.product(range(2), range(3)))
    random.seed(3)
    first = [data.sample() for _ in range(20)]
    random.seed(3)
    assert [data.sample() for _ in range(20)] == first


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
