"""Which gradients a leaf keeps as they are, and which it copies: no two tensors may ever share a gradient."""

from typing import Any

import numpy as np
import pytest

from minitorch import FastBackend, Function, GraphError, SimpleBackend, Tensor, TensorBackend, conv1d, conv2d, tensor
from minitorch.fast_conv import Conv1dFun, Conv2dFun
from minitorch.fast_embedding import EmbeddingFun
from minitorch.tensor_functions import Concatenate, MatMul, Permute, Slice, View

from .checks import random_array

pytestmark = pytest.mark.task2_4

BACKENDS = pytest.mark.parametrize("backend", [SimpleBackend, FastBackend], ids=["simple", "fast"])


def storage(a: Any) -> Any:
    return a._tensor._storage


def leaves(*shapes: tuple[int, ...], backend: TensorBackend = SimpleBackend) -> list[Tensor]:
    rng = np.random.default_rng(0)
    return [tensor(random_array(rng, shape), backend=backend, requires_grad=True) for shape in shapes]


def matrices() -> tuple[Tensor, Tensor, Tensor]:
    """Two square leaves, and an upstream gradient of their sum or product."""
    a, b = leaves((3, 3), (3, 3))
    return a, b, tensor(random_array(np.random.default_rng(1), (3, 3)))


@BACKENDS
@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (MatMul, ((2, 3), (3, 4))),
        (MatMul, ((5, 2, 3), (5, 3, 4))),
        (Conv1dFun, ((2, 3, 5), (4, 3, 2))),
        (Conv2dFun, ((2, 3, 4, 5), (4, 3, 2, 3))),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_what_is_said_to_be_newly_made_is(function: type[Function], shapes: Any, backend: TensorBackend) -> None:
    assert function.makes_derivatives
    inputs = leaves(*shapes, backend=backend)
    out = function.apply(*inputs)
    upstream = tensor(random_array(np.random.default_rng(2), out.shape), backend=backend)
    derivatives = function.backward(out.history.ctx, upstream)
    others = [*inputs, out, upstream]
    for i, derivative in enumerate(derivatives):
        for other in [*others, *derivatives[i + 1 :]]:
            assert not np.shares_memory(storage(derivative), storage(other))


def test_nobody_else_says_so() -> None:
    """A Function that keeps what it got, or gives it to two inputs, must not; nor one of somebody else, by default."""

    def subclasses(cls: type) -> set[type]:
        return {cls}.union(*[subclasses(sub) for sub in cls.__subclasses__()])

    ours = {fn for fn in subclasses(Function) if fn.__module__.startswith("minitorch.")}
    assert {fn for fn in ours if fn.makes_derivatives} == {MatMul, Conv1dFun, Conv2dFun, Slice, EmbeddingFun}
    assert {fn for fn in ours if fn.hands_on_derivatives} == {Permute, View, Concatenate}


@BACKENDS
def test_a_leaf_keeps_a_gradient_that_was_made_for_it(backend: TensorBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Tensor] = []

    def spy(ctx: Any, d_output: Tensor, backward: Any = MatMul.backward) -> tuple[Tensor, ...]:
        made[:] = backward(ctx, d_output)
        return tuple(made)

    monkeypatch.setattr(MatMul, "backward", staticmethod(spy))
    a, b = leaves((2, 3), (3, 4), backend=backend)
    product = a @ b
    upstream = random_array(np.random.default_rng(2), (2, 4))
    product.backward(upstream)
    assert storage(a.grad) is storage(made[0])
    assert storage(b.grad) is storage(made[1])
    assert a.grad.is_constant()
    first, second = a.grad.to_numpy(), b.grad.to_numpy()
    product.backward(upstream)  # from then on, gradients add up
    np.testing.assert_array_equal(a.grad.to_numpy(), 2 * first)
    np.testing.assert_array_equal(b.grad.to_numpy(), 2 * second)


def test_a_gradient_that_others_know_is_copied() -> None:
    a, b, upstream = matrices()
    (a + b).backward(upstream)  # addition hands what arrives on to both of them
    all_storages = [storage(t) for t in (a.grad, b.grad, upstream, a, b)]
    for i, one in enumerate(all_storages):
        assert not any(np.shares_memory(one, other) for other in all_storages[i + 1 :])


@BACKENDS
def test_a_gradient_that_was_made_for_a_view_of_a_leaf_is_kept(
    backend: TensorBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Tensor] = []

    def spy(ctx: Any, d_output: Tensor, backward: Any = MatMul.backward) -> tuple[Tensor, ...]:
        made[:] = backward(ctx, d_output)
        return tuple(made)

    monkeypatch.setattr(MatMul, "backward", staticmethod(spy))
    a, weight = leaves((6,), (4, 3), backend=backend)  # the weight lies as that of a Linear layer does
    upstream = tensor(random_array(np.random.default_rng(1), (2, 4)), backend=backend)
    (a.view(2, 3) @ weight.permute(1, 0)).backward(upstream)
    x, w, g = a.to_numpy().reshape(2, 3), weight.to_numpy(), upstream.to_numpy()
    np.testing.assert_allclose(a.grad.to_numpy().reshape(2, 3), g @ w, rtol=1e-12)
    np.testing.assert_allclose(weight.grad.to_numpy(), g.T @ x, rtol=1e-12)
    assert storage(a.grad) is storage(made[0])
    assert storage(weight.grad) is storage(made[1])
    assert weight.grad.is_contiguous()


@BACKENDS
def test_what_a_view_hands_on_is_no_newer_than_before(backend: TensorBackend) -> None:
    """A view, or a sum, gets what others know too, and so does the leaf behind it."""
    a, b = leaves((2, 3), (3, 2), backend=backend)
    upstream = tensor(random_array(np.random.default_rng(1), (3, 2)), backend=backend)
    (a.permute(1, 0) + b).backward(upstream)
    a.view(6).backward(upstream.contiguous().view(6))
    (a_again,) = leaves((2, 3), backend=backend)
    a_again.view(3, 2).backward(upstream)
    all_storages = [storage(t) for t in (a.grad, b.grad, upstream, a_again.grad)]
    for i, one in enumerate(all_storages):
        assert not any(np.shares_memory(one, other) for other in all_storages[i + 1 :])
    np.testing.assert_array_equal(a.grad.to_numpy(), upstream.to_numpy().T + upstream.to_numpy().reshape(2, 3))


@pytest.mark.parametrize("order", [1, -1])
def test_each_view_is_asked_by_itself(order: int) -> None:
    """The product makes gradients; the view beside it only hands on what the sum gave to both."""
    a, b, upstream = matrices()
    (c,) = leaves((9,))
    first, second = [a @ b, c.view(3, 3)][::order]
    (first + second).backward(upstream)
    assert not np.shares_memory(storage(c.grad), storage(upstream))
    np.testing.assert_array_equal(c.grad.to_numpy(), upstream.to_numpy().ravel())


@BACKENDS
def test_two_views_of_one_leaf_add_up(backend: TensorBackend) -> None:
    (a,) = leaves((3, 3), backend=backend)
    upstream = tensor(random_array(np.random.default_rng(1), (3, 3)), backend=backend)
    (a.permute(1, 0) @ a.view(3, 3)).backward(upstream)
    x, g = a.to_numpy(), upstream.to_numpy()
    np.testing.assert_allclose(a.grad.to_numpy(), x @ g.T + x @ g, rtol=1e-12)


@pytest.mark.parametrize("order", [1, -1])
def test_gradients_along_several_paths_add_up(order: int) -> None:
    """Along one path the gradient is made for the leaf, and along the other it is not."""
    a, b, upstream = matrices()
    first, second = [a @ b, a + b][::order]
    (first + second).backward(upstream)
    g = upstream.to_numpy()
    np.testing.assert_allclose(a.grad.to_numpy(), g @ b.to_numpy().T + g, rtol=1e-12)
    np.testing.assert_allclose(b.grad.to_numpy(), a.to_numpy().T @ g + g, rtol=1e-12)
    assert not np.shares_memory(storage(a.grad), storage(b.grad))


def test_a_leaf_that_is_used_twice_in_one_product() -> None:
    a, _, upstream = matrices()
    (a @ a).backward(upstream)
    g = upstream.to_numpy()
    np.testing.assert_allclose(a.grad.to_numpy(), g @ a.to_numpy().T + a.to_numpy().T @ g, rtol=1e-12)


def test_a_gradient_is_brought_into_the_shape_and_type_of_its_leaf() -> None:
    b = tensor(np.ones((3, 2), np.float32), requires_grad=True)
    (tensor(np.ones((4, 2, 3))) @ b).backward(np.ones((4, 2, 2)))  # b is used for four matrices
    assert b.grad.shape == (3, 2)
    assert b.grad.dtype == np.float32
    assert (b.grad.to_numpy() == 8).all()


def test_a_gradient_whose_cells_do_not_lie_row_by_row_is_laid_out_so() -> None:
    a, _, upstream = matrices()
    a.keep_derivative(upstream.permute(1, 0))
    assert a.grad.is_contiguous()
    np.testing.assert_array_equal(a.grad.to_numpy(), upstream.to_numpy().T)
    assert not np.shares_memory(storage(a.grad), storage(upstream))


@pytest.mark.parametrize("rank", [1, 2])
def test_the_gradients_of_a_convolution_lie_row_by_row(rank: int) -> None:
    convolve, function = (conv1d, Conv1dFun) if rank == 1 else (conv2d, Conv2dFun)
    input, weight = leaves((2, 3, 4, 5)[: rank + 2], (4, 3, 2, 2)[: rank + 2], backend=FastBackend)
    out = convolve(input, weight)
    for gradient in function.backward(out.history.ctx, tensor(np.ones(out.shape), backend=FastBackend)):
        assert gradient.is_contiguous()  # so that a leaf need not copy it


def test_only_leaves_keep_a_gradient() -> None:
    a, b, upstream = matrices()
    for other in (upstream, a @ b):
        with pytest.raises(GraphError, match="Only leaves collect a gradient"):
            other.keep_derivative(upstream)
        assert other.grad is None
