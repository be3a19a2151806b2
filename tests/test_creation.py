"""Making tensors: from lists and arrays, of constants, and of random numbers."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import (
    DTypeError,
    FastBackend,
    ShapeError,
    SimpleBackend,
    Tensor,
    arange,
    ones,
    rand,
    randn,
    tensor,
    zeros,
)

pytestmark = pytest.mark.task2_3

MAKERS = [zeros, ones, rand, randn]


# From lists and arrays


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        (5.0, ()),
        (True, ()),
        (np.float64(5.0), ()),
        ([5.0], (1,)),
        ([1, 2, 3], (3,)),
        ((1, 2, 3), (3,)),
        (range(3), (3,)),
        ([[1, 2, 3], [4, 5, 6]], (2, 3)),
        (((1, 2), (3, 4)), (2, 2)),
        ([[[1.5], [2]], [[3], [-4]], [[5], [6]]], (3, 2, 1)),
        ([], (0,)),
        ([[], []], (2, 0)),
        ([np.arange(3), [4, 5, 6]], (2, 3)),
    ],
)
def test_nested_lists(given: Any, shape: tuple[int, ...]) -> None:
    t = tensor(given)
    assert t.shape == shape
    assert t.dtype == np.float64
    assert t.backend is SimpleBackend
    assert t.is_constant()
    np.testing.assert_array_equal(t.to_numpy(), np.array(given, dtype=np.float64))


def test_a_list_and_back() -> None:
    numbers = [[0.1, -1e300, 3.0], [1e-300, 2.0, -0.0]]
    t = tensor(numbers)
    assert t.to_numpy().tolist() == numbers
    assert tensor(t.to_numpy().tolist()).to_numpy().tolist() == numbers


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6.0).reshape(2, 3).T,
        np.arange(24).reshape(2, 3, 4)[:, ::2, 1:],
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.array(3.0),
        np.zeros((0, 3)),
        np.array([True, False]),
        np.broadcast_to(np.arange(3.0), (2, 3)),
    ],
)
def test_arrays_of_any_layout(array: Any) -> None:
    t = tensor(array)
    assert t.dtype == np.float64
    assert t.shape == array.shape
    assert t.is_contiguous()
    np.testing.assert_array_equal(t.to_numpy(), array)


def test_an_array_is_copied() -> None:
    array = np.array([1.0, 2.0])
    t = tensor(array)
    array[0] = 9.0
    assert t[0] == 1.0
    t[1] = 8.0
    assert array[1] == 2.0


def test_a_tensor_is_copied() -> None:
    old = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    new = tensor(old.permute(1, 0))
    assert new.to_numpy().tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert new.is_constant()
    new[0, 0] = 9.0
    assert old[0, 0] == 1.0


@pytest.mark.parametrize(
    ("given", "dtype", "result"),
    [
        ([1, 2], None, np.float64),
        ([1, 2], np.float32, np.float32),
        ([1, 2], "float32", np.float32),
        (np.zeros(2, np.float32), None, np.float32),
        (np.zeros(2, np.float32), np.float64, np.float64),
        (np.zeros(2, np.float16), None, np.float64),
        (np.zeros(2, np.int8), None, np.float64),
    ],
)
def test_number_type(given: Any, dtype: Any, result: type) -> None:
    assert tensor(given, dtype=dtype).dtype == result


@pytest.mark.parametrize(
    ("ragged", "where", "sizes"),
    [
        ([[1, 2], [3]], "entries 0 and 1 of the list", r"\(2,\) and \(1,\)"),
        ([[1, 2], [3, 4], [5, 6, 7]], "entries 0 and 2 of the list", r"\(2,\) and \(3,\)"),
        ([1, [2]], "entries 0 and 1 of the list", r"\(\) and \(1,\)"),
        ([[1], 2], "entries 0 and 1 of the list", r"\(1,\) and \(\)"),
        ([[[1, 2], [3, 4]], [[5, 6], [7]]], r"entries 0 and 1 of row \[1\]", r"\(2,\) and \(1,\)"),
        ([np.zeros(2), np.zeros(3)], "entries 0 and 1 of the list", r"\(2,\) and \(3,\)"),
        ([[], [1]], "entries 0 and 1 of the list", r"\(0,\) and \(1,\)"),
    ],
)
def test_ragged_lists(ragged: Any, where: str, sizes: str) -> None:
    with pytest.raises(ShapeError, match=f"ragged: {where} have different shapes") as error:
        tensor(ragged)
    error.match(f"got: +shapes {sizes}")
    error.match("fix:")


@pytest.mark.parametrize("given", ["abc", ["1", "2"], [None], [1j], {}, [object()], np.zeros(2, complex), [10**400]])
def test_values_that_are_no_real_numbers(given: Any) -> None:
    with pytest.raises(DTypeError, match="real numbers only") as error:
        tensor(given)
    assert "fix:" in str(error.value)


# Of constants


def test_constants() -> None:
    assert zeros(2, 3).to_numpy().tolist() == [[0.0] * 3] * 2
    assert ones(2, 3).to_numpy().tolist() == [[1.0] * 3] * 2
    assert arange(4).to_numpy().tolist() == [0.0, 1.0, 2.0, 3.0]
    assert arange(0).shape == (0,)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 3), (4, 2, 3), (0, 3)])
def test_the_shape_may_be_given_as_a_tuple_or_one_by_one(make: Callable[..., Tensor], shape: tuple[int, ...]) -> None:
    for made in (make(shape), make(*shape), make(list(shape)), make(tuple(np.int64(size) for size in shape))):
        assert made.shape == shape
        assert made.size == np.prod(shape)
        assert made.dtype == np.float64
        assert made.is_contiguous()
        assert made.backend is SimpleBackend


@pytest.mark.parametrize("make", [*MAKERS, lambda *shape, **options: arange(6, **options)])
def test_options(make: Callable[..., Tensor]) -> None:
    assert make(6).is_constant()
    assert make(6, requires_grad=False).is_constant()
    leaf = make(6, requires_grad=True)
    assert leaf.is_leaf()
    assert leaf.requires_grad()
    assert leaf.grad is None
    assert make(6, dtype=np.float32).dtype == make(6, dtype="float32").dtype == np.float32
    assert make(6, backend=FastBackend).backend is FastBackend


@pytest.mark.parametrize("make", MAKERS)
def test_the_backend_may_follow_the_shape(make: Callable[..., Tensor]) -> None:
    # Course code writes rand((2, 3), backend), without the name.
    for made in (make((2, 3), FastBackend), make(2, 3, FastBackend)):
        assert made.shape == (2, 3)
        assert made.backend is FastBackend


@pytest.mark.parametrize("make", MAKERS)
def test_requires_grad_may_follow_the_backend(make: Callable[..., Tensor]) -> None:
    made = make((2, 3), FastBackend, True)
    assert made.shape == (2, 3)
    assert made.backend is FastBackend
    assert made.is_leaf()
    assert make((2, 3), FastBackend, False).is_constant()


def test_options_of_tensor() -> None:
    # The course's order of arguments: the list, the backend, requires_grad.
    t = tensor([1.0, 2.0], FastBackend, True)
    assert t.backend is FastBackend
    assert t.is_leaf()


@pytest.mark.parametrize("make", [*MAKERS, lambda size: arange(size)])
def test_negative_sizes(make: Callable[..., Tensor]) -> None:
    with pytest.raises(ShapeError, match=r"negative size") as error:
        make(-2)
    assert "(-2,)" in str(error.value)
    assert "fix:" in str(error.value)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("shape", [(2.5,), ("3",), (None,), ((2, 3), 4), ((2.0, 3),)])
def test_sizes_that_are_not_whole_numbers(make: Callable[..., Tensor], shape: Any) -> None:
    with pytest.raises(ShapeError, match="shape must consist of whole numbers") as error:
        make(*shape)
    assert "fix:" in str(error.value)


@pytest.mark.parametrize(
    "make", [*MAKERS, lambda n, dtype: arange(n, dtype=dtype), lambda n, dtype: tensor([1.0] * n, dtype=dtype)]
)
@pytest.mark.parametrize("dtype", [np.int64, "int32", np.float16, bool, complex])
def test_number_types_that_the_library_does_not_compute_in(make: Callable[..., Tensor], dtype: Any) -> None:
    with pytest.raises(DTypeError, match=f"dtype={np.dtype(dtype)}") as error:
        make(2, dtype=dtype)
    assert "float64 or float32" in str(error.value)


# Of random numbers


def test_rand_draws_row_by_row_from_pythons_generator() -> None:
    random.seed(11)
    expected = [random.random() for _ in range(6)]
    random.seed(11)
    assert rand(2, 3).to_numpy().ravel().tolist() == expected


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("shape", [(), (0,), (1,), (3, 0, 2), (17,), (11, 7, 13)], ids=str)
def test_rand_draws_what_random_would_one_by_one(shape: tuple[int, ...], seed: int) -> None:
    # All numbers come at once, but they are the same bits, and the generator stands where it would have stood: also if
    # it is in the middle of its 624 words, and goes through them more than once.
    random.seed(seed)
    random.getrandbits(32)  # one word, so that the two words of a number may lie on both sides of an end
    start = random.getstate()
    expected = [random.random() for _ in range(math.prod(shape))]
    end = random.getstate()
    random.setstate(start)
    found = rand(*shape).to_numpy()
    assert found.shape == shape
    np.testing.assert_array_equal(found.ravel(), expected)
    assert random.getstate() == end
    assert found.size == 0 or found.max() < 1
    random.setstate(start)
    np.testing.assert_array_equal(rand(*shape, dtype=np.float32).to_numpy().ravel(), np.array(expected, np.float32))


def test_randn_draws_row_by_row_from_pythons_generator() -> None:
    random.seed(11)
    expected = [random.gauss(0.0, 1.0) for _ in range(6)]
    random.seed(11)
    assert randn(2, 3).to_numpy().ravel().tolist() == expected


@pytest.mark.parametrize("make", [rand, randn])
def test_manual_seed_repeats_the_numbers(make: Callable[..., Tensor]) -> None:
    minitorch.manual_seed(5)
    first, second = make(3, 4).to_numpy(), make(3, 4).to_numpy()
    assert (first != second).all(), "the generator stands still"
    minitorch.manual_seed(5)
    np.testing.assert_array_equal(make(3, 4).to_numpy(), first)
    np.testing.assert_array_equal(make(12).to_numpy(), second.ravel())  # the shape makes no difference
    random.seed(5)  # and manual_seed is random.seed
    np.testing.assert_array_equal(make(3, 4).to_numpy(), first)
    minitorch.manual_seed(6)
    assert (make(3, 4).to_numpy() != first).all()


def test_distribution_of_rand() -> None:
    x = rand(10000).to_numpy()
    assert x.min() >= 0
    assert x.max() < 1
    # Mean 1/2 and variance 1/12, within six standard errors.
    assert abs(x.mean() - 1 / 2) < 6 * (1 / 12) ** 0.5 / 100
    assert abs(x.var() - 1 / 12) < 6 * (1 / 180) ** 0.5 / 100


def test_distribution_of_randn() -> None:
    x = randn(10000).to_numpy()
    assert abs(x.mean()) < 6 / 100
    assert abs(x.var() - 1) < 6 * 2**0.5 / 100
    assert abs((np.abs(x) < 1).mean() - 0.6827) < 6 * (0.6827 * 0.3173) ** 0.5 / 100
