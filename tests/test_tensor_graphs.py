"""Where gradients arrive: leaves, where backward starts, and graphs."""

import copy
import time
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import (
    FastBackend,
    GraphError,
    ShapeError,
    TensorBackend,
    tensor,
)

from .checks import lay_out, random_array

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
