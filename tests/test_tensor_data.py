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
from minitorch import DTypeError, IndexingError, ShapeError, TensorData

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
