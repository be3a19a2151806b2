"""Programs of the MiniTorch course that compute with tensors, against what NumPy says about the same computation."""

import copy
import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch as mt
from minitorch import (
    Context,
    MathTestVariable,
    Scalar,
    Tensor,
    TensorBackend,
    TensorData,
    grad_check,
    tensor,
)

from .checks import lay_out, random_array, seeds

# Tensors: storage and layout (module 2)


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, ...]:
    return tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))


@st.composite
def tensor_data(draw: st.DrawFn) -> tuple[TensorData, Any]:
    """TensorData of a list in some order of the dimensions, and the array that it should be."""
    shape = draw(shapes())
    numbers = draw(st.lists(st.floats(-100, 100), min_size=math.prod(shape), max_size=math.prod(shape)))
    order = draw(st.permutations(range(len(shape))))
    stored = tuple(shape[i] for i in order)
    back = [order.index(i) for i in range(len(shape))]
    array = np.array(numbers).reshape(stored).transpose(back)
    return TensorData(numbers, stored).permute(*back), array


@pytest.mark.task2_1
@given(drawn=tensor_data())
def test_tensor_data_holds_the_cells_of_the_array(drawn: tuple[TensorData, Any]) -> None:
    data, array = drawn
    assert (data.shape, data.size, data.dims) == (array.shape, array.size, array.ndim)
    cells = list(data.indices())
    assert len(set(cells)) == len(cells) == data.size
    for cell in cells:
        assert data.get(cell) == array[cell]
        assert data._storage[data.index(cell)] == array[cell]
    sampled = data.sample()
    assert sampled in cells
    # The same storage under the same strides, built anew, is the same tensor.
    again = TensorData(list(data._storage), data.shape, data.strides)
    assert [again.get(cell) for cell in cells] == [data.get(cell) for cell in cells]
    assert isinstance(data.to_string(), str)


@pytest.mark.task2_1
def test_strides_and_contiguity() -> None:
    data = TensorData([0.0] * 16, (4, 2, 2))
    assert data.strides == (4, 2, 1)
    assert TensorData([0.0] * 15, (3, 5), (5, 1)).is_contiguous()
    assert not TensorData([0.0] * 15, (5, 3), (1, 5)).is_contiguous()
    assert TensorData([0.0] * 15, (3, 5), (5, 1)).index((1, 2)) == 7
    assert TensorData([0.0] * 15, (5, 3), (1, 5)).index((1, 2)) == 11
    storage, shape, strides = data.tuple()
    assert (len(storage), list(shape), list(strides)) == (16, [4, 2, 2], [4, 2, 1])


@pytest.mark.task2_1
@pytest.mark.parametrize("index", [(-1, 0), (0, -1), (3, 0), (0, 5), (0,), (0, 0, 0), 1], ids=repr)
def test_a_cell_that_is_not_there_is_an_indexing_error(index: Any) -> None:
    data = TensorData([0.0] * 15, (3, 5))
    with pytest.raises(mt.IndexingError):
        data.index(index)
    with pytest.raises(mt.IndexingError):
        _ = Tensor(data, backend=mt.SimpleBackend)[index]


@pytest.mark.task2_1
def test_strides_of_another_length_are_refused() -> None:
    with pytest.raises(mt.IndexingError):
        TensorData([0.0] * 15, (3, 5), (6,))


@pytest.mark.task2_1
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_can_be_stored_and_printed(number: float) -> None:
    t = Tensor(TensorData([1.0, number], (2,)), backend=mt.SimpleBackend)
    np.testing.assert_array_equal(t.to_numpy(), [1.0, number])
    assert str(number).lstrip("-") in str(t)


@pytest.mark.task2_1
def test_an_array_is_kept_as_storage_and_a_list_becomes_float64() -> None:
    array = np.arange(6.0)
    data = TensorData(array, (2, 3))
    assert data._storage is array
    data.set((1, 2), 70.0)
    assert array[5] == 70.0
    assert TensorData([1, 2], (2,))._storage.dtype == np.float64


@pytest.mark.task2_1
def test_numpy_numbers_are_indices() -> None:
    t = tensor([[1.0, 2.0], [3.0, 4.0]])
    assert t[np.int64(1), np.int32(0)] == 3.0
    assert tensor([5.0, 6.0])[np.int64(1)] == 6.0


@pytest.mark.task2_1
def test_views_share_storage_and_copies_do_not() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    views = [t.view(6), t.permute(1, 0), t.detach()]
    copies = [t.contiguous(), t + 0.0, t * 1.0]
    t[1, 2] = 60.0
    assert [views[0][5], views[1][2, 1], views[2][1, 2]] == [60.0] * 3
    assert [copy[1, 2] for copy in copies] == [6.0] * 3
    copied = t.to_numpy()
    copied[0, 0] = 9.0
    assert t[0, 0] == 1.0


@pytest.mark.task2_1
def test_adding_in_place_binds_a_new_tensor() -> None:
    t = same = tensor([1.0, 2.0])
    t += 1.0
    assert t is not same
    np.testing.assert_array_equal(same.to_numpy(), [1.0, 2.0])


@pytest.mark.task2_1
def test_only_rows_can_be_viewed() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(t.view(3, 2).to_numpy(), [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(mt.ContiguityError):
        t.permute(1, 0).view(6)
    with pytest.raises(mt.ShapeError):
        t.view(5)
    np.testing.assert_array_equal(t.permute(1, 0).contiguous().view(6).to_numpy(), [1, 4, 2, 5, 3, 6])


@pytest.mark.task2_1
def test_a_loop_over_a_matrix_is_never_silently_empty() -> None:
    # Python builds a loop from t[0], t[1], ... and takes an IndexError as the end: of a matrix it would see nothing.
    with pytest.raises(TypeError, match="one dimension"):
        list(tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert list(tensor([1.0, 2.0, 3.0])) == [1.0, 2.0, 3.0]


@pytest.mark.task2_2
@given(data=st.data())
def test_shapes_broadcast_as_in_numpy(data: st.DataObject) -> None:
    one, other = data.draw(shapes()), data.draw(shapes())
    try:
        expected = np.broadcast_shapes(one, other)
    except ValueError:
        for pair in ((one, other), (other, one)):
            with pytest.raises(mt.IndexingError):
                mt.shape_broadcast(*pair)
        return
    for pair in ((one, other), (other, one)):
        result = mt.shape_broadcast(*pair)
        assert isinstance(result, tuple)
        assert result == expected


# Tensors: values (module 2)


@pytest.mark.task2_3
def test_nested_lists_numbers_and_arrays_become_tensors() -> None:
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    t = tensor(rows)
    assert t.shape == (2, 3)
    np.testing.assert_array_equal(t.to_numpy(), rows)
    np.testing.assert_array_equal(tensor(t.to_numpy().tolist()).to_numpy(), rows)
    np.testing.assert_array_equal(tensor(((1, 2), (3, 4))).to_numpy(), [[1, 2], [3, 4]])
    array = np.arange(6).reshape(3, 2).T
    made = tensor(array)
    assert (made.shape, made.dtype) == ((2, 3), np.float64)
    np.testing.assert_array_equal(made.to_numpy(), array)
    array[0, 0] = 99
    assert made[0, 0] == 0.0  # a copy
    assert tensor(5.0).shape == ()
    assert tensor(5.0)[()] == 5.0
    with pytest.raises(mt.IndexingError):
        _ = tensor(5.0)[0]


@pytest.mark.task2_3
def test_ragged_lists_are_refused() -> None:
    with pytest.raises(mt.ShapeError):
        tensor([[1.0, 2.0], [3.0]])


@pytest.mark.task2_3
@given(drawn=tensor_data())
def test_a_tensor_of_tensor_data_computes_what_numpy_does(drawn: tuple[TensorData, Any]) -> None:
    data, array = drawn
    t = Tensor(data, backend=mt.SimpleBackend)
    np.testing.assert_allclose((5 + t * t - t / 4).to_numpy(), 5 + array * array - array / 4, rtol=1e-12)
    np.testing.assert_array_equal((t < 3).to_numpy(), array < 3)
    np.testing.assert_array_equal((t > 3).to_numpy(), array > 3)
    np.testing.assert_array_equal(t.relu().to_numpy(), np.maximum(array, 0))
    np.testing.assert_allclose(t.sigmoid().to_numpy(), 1 / (1 + np.exp(-array)), rtol=1e-12)
    for dim in range(array.ndim):
        folded = t.sum(dim)
        np.testing.assert_allclose(folded.to_numpy(), array.sum(dim, keepdims=True), atol=1e-9)
    assert t.sum().shape == t.mean().shape == t.all().shape == (1,)
    assert t.sum()[0] == pytest.approx(array.sum(), abs=1e-9)
    assert t.mean()[0] == pytest.approx(array.mean(), abs=1e-9)
    assert t.is_close(t + 0.005).all().item() == 1.0
    assert t.is_close(t + 0.015).sum().item() == 0.0


@pytest.mark.task2_3
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_mathtest_computes_the_same_on_floats_and_tensors(kind: int, backend: TensorBackend) -> None:
    numbers = np.array([[2.25, -0.375, 0.0], [7.0, -1.5, 20.0]])
    for name, on_floats, on_tensors in MathTestVariable._comp_testing()[kind]:
        arrays = [numbers, numbers[::-1]][: kind + 1]
        expected = [on_floats(*[float(x) for x in cell]) for cell in zip(*[a.ravel() for a in arrays], strict=True)]
        result = on_tensors(*[lay_out(a, "reversed", backend) for a in arrays])
        np.testing.assert_allclose(result.to_numpy().ravel(), expected, rtol=1e-12, err_msg=name)


@pytest.mark.task2_3
def test_all_looks_at_every_cell_of_a_permuted_tensor(backend: TensorBackend) -> None:
    cells = np.ones((2, 3, 4))
    assert lay_out(cells, "rotated", backend).all().item() == 1.0
    cells[1, 0, 2] = 0
    t = lay_out(cells, "rotated", backend)
    assert t.all().item() == 0.0
    np.testing.assert_array_equal(t.all(1).to_numpy(), cells.all(1, keepdims=True))


@pytest.mark.task2_3
def test_all_is_one_for_any_numbers_but_zero(backend: TensorBackend) -> None:
    assert tensor([2.0, -3.0, 1e-200, 1e-200], backend=backend).all().item() == 1.0
    assert tensor([2.0, 0.0], backend=backend).all().item() == 0.0


@pytest.mark.task2_3
def test_comparisons_are_cell_by_cell() -> None:
    a, b = tensor([[1.0, 2.0], [3.0, math.nan]]), tensor([[1.0, 5.0], [3.0, math.nan]])
    np.testing.assert_array_equal((a == b).to_numpy(), [[1, 0], [1, 0]])
    np.testing.assert_array_equal((a != b).to_numpy(), [[0, 1], [0, 1]])
    np.testing.assert_array_equal((a == 3).to_numpy(), [[0, 0], [1, 0]])
    assert (a == None) is False  # noqa: E711
    assert (a != None) is True  # noqa: E711


@pytest.mark.task2_3
@pytest.mark.parametrize("one", [1, True, np.float32(1), np.int64(1), np.bool_(True), np.ones(2)], ids=repr)
def test_ones_of_all_kinds_can_be_compared_with(one: Any) -> None:
    t = tensor([1.0, 0.0])
    np.testing.assert_array_equal(np.asarray(t == one), [1, 0])
    np.testing.assert_array_equal(np.asarray(t != one), [0, 1])
    np.testing.assert_array_equal(np.asarray(t < one), [0, 1])


@pytest.mark.task2_3
def test_tensors_and_scalars_can_be_kept_in_a_dict() -> None:
    t, s = tensor([1.0, 2.0]), Scalar(1.0)
    known = {t: "t", s: "s"}
    assert (known[t], known[s]) == ("t", "s")
    assert tensor([1.0, 2.0]) not in known
    assert tensor([0.0]).unique_id != tensor([0.0]).unique_id


@pytest.mark.task2_3
def test_the_truth_of_several_cells_is_refused() -> None:
    assert bool(tensor([2.0]))
    assert not bool(tensor([[0.0]]))
    with pytest.raises(mt.ShapeError):
        bool(tensor([1.0, 1.0]))


@pytest.mark.task2_3
@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array([2.0])], ids=repr)
def test_numbers_of_all_kinds_stand_beside_a_tensor(two: Any) -> None:
    t = tensor([4.0, 8.0], requires_grad=True)
    for result, expected in [
        *((two + t, [6, 10]), (t + two, [6, 10]), (two * t, [8, 16]), (t * two, [8, 16])),
        *((two - t, [-2, -6]), (t - two, [2, 6]), (two / t, [0.5, 0.25]), (t / two, [2, 4])),
    ]:
        assert isinstance(result, Tensor)
        assert result.requires_grad()
        np.testing.assert_allclose(result.to_numpy(), expected)


@pytest.mark.task2_3
def test_a_number_beside_a_tensor_becomes_a_constant_of_one_cell() -> None:
    backend = TensorBackend(mt.SimpleOps)
    t = tensor([1.0, 2.0], backend=backend, requires_grad=True)
    _, number = (t * 3.0).history.inputs  # type: ignore[union-attr]
    assert isinstance(number, Tensor)
    assert (number.shape, number.history, number.backend) == ((1,), None, backend)


@pytest.mark.task2_3
def test_integer_storage_is_never_computed_in_small_integers(backend: TensorBackend) -> None:
    # Pixels come as uint8, where 1 - 2 would be 255.
    a = Tensor.make(np.array([200, 1, 100], dtype=np.uint8), (3,), backend=backend)
    b = Tensor.make(np.array([100, 2, 100], dtype=np.uint8), (3,), backend=backend)
    np.testing.assert_array_equal((a + b).to_numpy(), [300, 3, 200])
    np.testing.assert_array_equal((a - b).to_numpy(), [100, -1, 0])
    np.testing.assert_array_equal((a * b).to_numpy(), [20000, 2, 10000])
    np.testing.assert_array_equal((-a).to_numpy(), [-200, -1, -100])


@pytest.mark.task2_3
def test_the_left_backend_wins_and_the_right_operand_keeps_its_own() -> None:
    left, right = TensorBackend(mt.SimpleOps), TensorBackend(mt.SimpleOps)
    a, b = tensor([1.0], backend=left), tensor([2.0], backend=right)
    assert (a + b).backend is left
    assert (b.backend, a.backend) == (right, left)


@pytest.mark.task2_3
def test_nan_is_not_swallowed(backend: TensorBackend) -> None:
    t = tensor([math.nan, 1.0], backend=backend)
    for result in (t.relu(), t.sigmoid(), t.exp(), t * 0.0, t + 1.0):
        assert math.isnan(result[0])
    assert math.isnan(t.sum().item())
    assert t.is_close(t)[0] == 0.0


@pytest.mark.task2_3
def test_random_tensors_come_from_pythons_generator() -> None:
    random.seed(7)
    drawn = mt.rand((2, 3)).to_numpy()
    random.seed(7)
    np.testing.assert_array_equal(drawn.ravel(), [random.random() for _ in range(6)])


@pytest.mark.task2_3
def test_the_arguments_of_rand_have_places() -> None:
    t = mt.rand((2, 3), mt.SimpleBackend, True)
    assert (t.shape, t.requires_grad()) == ((2, 3), True)
    z = mt.zeros((2, 3), mt.SimpleBackend)
    assert (z.shape, z.to_numpy().any()) == ((2, 3), False)


# Tensors: gradients (module 2)


class FoldAndScale(mt.Function):
    """k times the sum along a dimension; dimension and factor travel as tensors, as the course has it."""

    @staticmethod
    def forward(ctx: Context, a: Tensor, dim: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(a.shape, factor)
        return a.f.mul_zip(a.f.add_reduce(a, int(dim.item())), factor)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, float, float]:
        _, factor = ctx.saved_values
        return grad_output.f.mul_zip(grad_output, factor), 0.0, 0.0


@pytest.mark.task2_4
@given(seed=seeds())
def test_a_function_of_a_student_that_passes_settings_as_tensors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    array, upstream = random_array(rng, (2, 3, 4)), rng.normal(size=(2, 1, 4))
    t = lay_out(array, "rotated").requires_grad_(True)
    out = FoldAndScale.apply(t, tensor([1]), tensor([2.5]))
    np.testing.assert_allclose(out.to_numpy(), 2.5 * array.sum(1, keepdims=True), rtol=1e-9)
    out.backward(tensor(upstream))
    # The gradient that backward returns is smaller than the input, and is broadcast.
    np.testing.assert_allclose(t.grad.to_numpy(), np.broadcast_to(2.5 * upstream, (2, 3, 4)), rtol=1e-9)


@pytest.mark.task2_4
def test_dimensions_shapes_and_orders_may_be_tensors() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    np.testing.assert_array_equal(mt.Sum.apply(t, tensor([0])).to_numpy(), [[5, 7, 9]])
    np.testing.assert_array_equal(mt.View.apply(t, tensor([3, 2])).to_numpy(), [[1, 2], [3, 4], [5, 6]])
    permuted = mt.Permute.apply(t, tensor([1, 0]))
    np.testing.assert_array_equal(permuted.to_numpy(), [[1, 4], [2, 5], [3, 6]])
    permuted.backward(tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    np.testing.assert_array_equal(t.grad.to_numpy(), [[1, 3, 5], [2, 4, 6]])


@pytest.mark.task2_4
def test_forward_sees_constants_and_knows_whether_a_gradient_is_wanted() -> None:
    seen = []

    class Look(mt.Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            seen.append((a.is_constant(), ctx.no_grad))
            return a.f.id_map(a)

    Look.apply(tensor([1.0], requires_grad=True))
    Look.apply(tensor([1.0]))
    assert seen == [(True, False), (True, True)]


@pytest.mark.task2_4
def test_requires_grad_means_what_it_says() -> None:
    kinds = {flag: tensor([1.0, 2.0], requires_grad=flag) for flag in (True, False)}
    assert {flag: t.requires_grad() for flag, t in kinds.items()} == {True: True, False: False}
    assert (kinds[True].is_leaf(), kinds[False].is_constant()) == (True, True)
    for t in (mt.rand((2,)), mt.zeros((2,)), Tensor.make([1.0, 2.0], (2,)), kinds[True].detach()):
        assert t.is_constant()
        for result in (t.view(1, 2), t.permute(0), t.sum(), t + 1, t.contiguous()):
            assert result.is_constant()
    constant = kinds[True]
    constant.requires_grad_(False)
    assert (constant * 2).is_constant()
    with pytest.raises(mt.GraphError):
        (constant * 2).sum().backward()


@pytest.mark.task2_4
def test_only_leaves_collect_and_they_add_up() -> None:
    t = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    middle = t * t
    loss = middle.sum()
    loss.backward()
    loss.backward()
    np.testing.assert_allclose(t.grad.to_numpy(), [[4, 8], [12, 16]])
    assert middle.grad is None
    with pytest.raises(mt.GraphError):
        middle.accumulate_derivative(mt.zeros((2, 2)))
    t.zero_grad_()
    assert t.grad is None
    assert not hasattr(t, "derivative")  # by that name an optimizer tells a Scalar


@pytest.mark.task2_4
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_tensor_is_a_variable_of_its_own(duplicate: Callable[[Tensor], Tensor]) -> None:
    # Students copy whole models. A copy that the graph took for its original would swap gradients with it.
    a = tensor([2.0, 3.0], requires_grad=True)
    b = duplicate(a)
    (a * 10.0 + b * 100.0).sum().backward()
    np.testing.assert_array_equal(a.grad.to_numpy(), [10, 10])
    np.testing.assert_array_equal(b.grad.to_numpy(), [100, 100])
    assert b.backend is a.backend


@pytest.mark.task2_4
@given(seed=seeds())
def test_gradients_of_broadcast_operands_have_their_shapes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, upstream = random_array(rng, (3, 1)), random_array(rng, (2, 3, 4)), rng.normal(size=(2, 3, 4))
    x, y = lay_out(a, "reversed").requires_grad_(True), lay_out(b, "rotated").requires_grad_(True)
    (x * y).backward(upstream)
    np.testing.assert_allclose(x.grad.to_numpy(), (upstream * b).sum((0, 2))[:, None], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(y.grad.to_numpy(), upstream * a, rtol=1e-9)


@pytest.mark.task2_4
@given(seed=seeds())
def test_the_gradient_of_a_view_that_was_permuted_afterwards(seed: int) -> None:
    # The gradient arrives in another order than the rows that the view was made of.
    rng = np.random.default_rng(seed)
    array, upstream = random_array(rng, (4, 6)), rng.normal(size=(3, 2, 4))
    t = tensor(array, requires_grad=True)
    t.view(2, 4, 3).permute(2, 0, 1).backward(upstream)
    np.testing.assert_array_equal(t.grad.to_numpy(), upstream.transpose(1, 2, 0).reshape(4, 6))


@pytest.mark.task2_4
def test_expand_brings_a_gradient_into_shape() -> None:
    t = mt.zeros((2, 1))
    same = tensor([[1.0], [2.0]])
    np.testing.assert_array_equal(t.expand(same).to_numpy(), same.to_numpy())
    np.testing.assert_array_equal(t.expand(tensor([3.0])).to_numpy(), [[3], [3]])
    larger = np.arange(24.0).reshape(4, 2, 3)
    np.testing.assert_array_equal(t.expand(tensor(larger)).to_numpy(), larger.sum((0, 2))[:, None])


@pytest.mark.task2_4
@pytest.mark.parametrize("kind", [0, 1, 2], ids=["one", "two", "reduce"])
def test_grad_check_accepts_every_function_of_mathtest(kind: int) -> None:
    a, b = tensor([[2.25, -0.375], [7.0, -1.5]]), tensor([[0.625, 11.0], [-2.0, 3.0]])
    for _, _, function in MathTestVariable._comp_testing()[kind]:
        inputs = [a, b] if kind == 1 else [a]
        grad_check(function, *inputs)
        if kind == 1:
            grad_check(function, a.sum(0), b)
            grad_check(function, a, b.sum(0))
    grad_check(lambda t: t.permute(1, 0), a)


@pytest.mark.task2_4
@pytest.mark.parametrize("error", [1.001, 0.0, -1.0])
def test_grad_check_notices_a_wrong_gradient_in_one_cell(error: float) -> None:
    class Wrong(mt.Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            return a.f.id_map(a)

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> Tensor:
            gradient = grad_output.contiguous()
            gradient[1, 2] = gradient[1, 2] * error
            return gradient

    with pytest.raises(AssertionError):
        grad_check(Wrong.apply, tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


class TensorNetwork(mt.Module):
    """Two layers, the first with a ReLU, built of products and sums as in module 2."""

    def __init__(self, hidden: int, backend: TensorBackend) -> None:
        super().__init__()
        self.first = mt.Parameter(2 * (mt.rand((2, hidden), backend=backend) - 0.5))
        self.shift = mt.Parameter(2 * (mt.rand((hidden,), backend=backend) - 0.5))
        self.second = mt.Parameter(2 * (mt.rand((hidden, 1), backend=backend) - 0.5))

    def forward(self, x: Tensor) -> Tensor:
        points, inputs = x.shape
        hidden = self.shift.value.shape[0]
        terms = self.first.value.view(1, inputs, hidden) * x.view(points, inputs, 1)
        h = (terms.sum(1).view(points, hidden) + self.shift.value.view(hidden)).relu()
        products = self.second.value.view(1, hidden, 1) * h.view(points, hidden, 1)
        return products.sum(1).view(points, 1).sigmoid()


class MatrixNetwork(TensorNetwork):
    """The same, with matrix products as in module 3."""

    def forward(self, x: Tensor) -> Tensor:
        return ((x @ self.first.value + self.shift.value).relu() @ self.second.value).sigmoid()


def numpy_gradients(first: Any, shift: Any, second: Any, points: Any, labels: Any) -> tuple[float, list[Any]]:
    """The summed loss -ln(p + EPS) of those networks, and the gradients of the mean loss."""
    before = points @ first + shift
    hidden = np.maximum(before, 0)
    out = 1 / (1 + np.exp(-(hidden @ second)))[:, 0]
    likelihood = np.where(labels == 1, out, 1 - out)
    slope = (-1 / (likelihood + 1e-6) * np.where(labels == 1, 1, -1) * out * (1 - out) / len(labels))[:, None]
    back = slope @ second.T * (before > 0)
    return float(-np.log(likelihood + 1e-6).sum()), [points.T @ back, back.sum(0), hidden.T @ slope]


def train_as_in_the_course(model: TensorNetwork, backend: TensorBackend, epochs: int) -> None:
    """Train on points, and compare loss, accuracy and every parameter with NumPy after every step."""
    data = mt.datasets["Xor"](16)
    points, labels = np.array(data.X), np.array(data.y)
    optimizer = mt.SGD(model.parameters(), lr=0.5)
    numbers = [p.value.to_numpy() for p in model.parameters()]
    for _ in range(epochs):
        optimizer.zero_grad()
        x, y = tensor(data.X, backend=backend), tensor(data.y, backend=backend)
        out = model.forward(x).view(data.N)
        likelihood = (out * y) + (out - 1.0) * (y - 1.0)
        loss = -likelihood.log()
        (loss / data.N).sum().view(1).backward()
        total = loss.sum().view(1)[0]
        optimizer.step()
        correct = int(((out.detach() > 0.5) == y).sum()[0])

        expected_loss, gradients = numpy_gradients(*numbers, points, labels)
        assert total == pytest.approx(expected_loss, rel=1e-9)
        assert correct == ((out.to_numpy() > 0.5) == (labels == 1)).sum()
        numbers = [number - 0.5 * gradient for number, gradient in zip(numbers, gradients, strict=True)]
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            np.testing.assert_allclose(parameter.value.to_numpy(), number, rtol=1e-9, atol=1e-12)


@pytest.mark.task2_5
def test_training_with_tensors() -> None:
    train_as_in_the_course(TensorNetwork(3, mt.SimpleBackend), mt.SimpleBackend, epochs=4)


@pytest.mark.task2_5
def test_a_loop_that_never_calls_zero_grad_does_not_pile_up_gradients() -> None:
    # After each step the parameters are fresh leaves, and loops of the course rely on that.
    x, y = tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]]), tensor([[1.0], [0.0], [2.0]])
    parameter = mt.Parameter(tensor([[0.5], [-0.25]]))
    optimizer = mt.SGD([parameter], lr=0.1)
    number = parameter.value.to_numpy()
    for _ in range(3):
        prob = (((x * parameter.value.view(1, 2)).sum(1)) - y) * (((x * parameter.value.view(1, 2)).sum(1)) - y)
        loss = -(-prob / y.shape[0]).sum()
        loss.backward()
        optimizer.step()
        number = number - 0.1 * 2 * x.to_numpy().T @ (x.to_numpy() @ number - y.to_numpy()) / 3
        np.testing.assert_allclose(parameter.value.to_numpy(), number, rtol=1e-9)
        assert parameter.value.grad is None
        assert parameter.value.is_leaf()
