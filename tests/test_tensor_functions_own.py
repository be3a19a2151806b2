"""Functions on tensors that users write themselves, and what the library promises them (tasks 2.3 and 2.4)."""

from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import Context, Function, Tensor, TensorBackend

from .checks import check_function, on_backends, random_array

pytestmark = pytest.mark.usefixtures("one_thread")

VALUES = on_backends(pytest.mark.task2_3, pytest.mark.task3_1)
GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_1)


class Scale(Function):
    """Multiply by a number that is no tensor."""

    @staticmethod
    def forward(ctx: Context, a: Tensor, factor: float) -> Tensor:
        ctx.save_for_backward(factor)
        return a * factor

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        (factor,) = ctx.saved_values
        return grad_output * factor


class CourseMax(Function):
    """The largest number along a dimension, the way the course writes Functions: the dimension travels as a tensor."""

    @staticmethod
    def forward(ctx: Context, a: Tensor, dim: Tensor) -> Tensor:
        out = a.f.max_reduce(a, int(dim.item()))
        ctx.save_for_backward(a, out)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, float]:
        a, out = ctx.saved_tensors
        return grad_output * (a == out), 0.0


class CourseSum(Function):
    """A sum whose backward returns a gradient smaller than the input, to be broadcast."""

    @staticmethod
    def forward(ctx: Context, a: Tensor, dim: Tensor) -> Tensor:
        return a.f.add_reduce(a, int(dim[0]))

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, float]:
        return grad_output, 0.0


@GRADIENTS
@pytest.mark.parametrize("dim", [0, 1, 2])
def test_functions_that_take_the_dimension_as_a_tensor(dim: int, backend: TensorBackend) -> None:
    rng = np.random.default_rng(18)
    x = rng.permutation(np.arange(24.0)).reshape(2, 3, 4)
    largest = x.max(dim, keepdims=True)
    check_function(
        lambda t: CourseMax.apply(t, t._ensure_tensor(dim)),
        [x],
        largest,
        lambda upstream: [upstream * (x == largest)],
        layouts=["rotated"],
        backend=backend,
        rng=rng,
    )
    check_function(
        lambda t: CourseSum.apply(t, t._ensure_tensor(dim)),
        [x],
        x.sum(dim, keepdims=True),
        lambda upstream: [np.broadcast_to(upstream, x.shape)],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
def test_the_functions_of_the_library_understand_settings_that_are_tensors(backend: TensorBackend) -> None:
    rng = np.random.default_rng(19)
    x = random_array(rng, (2, 3, 4))

    def settings(*numbers: int) -> Tensor:
        return minitorch.tensor(list(numbers), backend=backend)

    expected = [
        (lambda t: minitorch.Sum.apply(t, settings(1)), x.sum(1, keepdims=True), lambda u: u + 0 * x),
        (lambda t: minitorch.Permute.apply(t, settings(1, 2, 0)), x.transpose(1, 2, 0), lambda u: u.transpose(2, 0, 1)),
        (lambda t: minitorch.View.apply(t, settings(6, 4)), x.reshape(6, 4), lambda u: u.reshape(2, 3, 4)),
    ]
    for function, value, gradient in expected:
        check_function(function, [x], value, lambda u, g=gradient: [g(u)], backend=backend, rng=rng)


@GRADIENTS
def test_functions_that_take_plain_values(backend: TensorBackend) -> None:
    rng = np.random.default_rng(20)
    x = random_array(rng, (2, 3))
    check_function(lambda t: Scale.apply(t, 4.0), [x], 4 * x, lambda u: [4 * u], backend=backend, rng=rng)


@GRADIENTS
def test_no_graph_grows_inside_a_function(backend: TensorBackend) -> None:
    seen: list[Tensor] = []

    class Watched(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
            inside = a * b + a
            ctx.save_for_backward(a, b)
            seen.extend([a, b, inside])
            return inside

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, Tensor]:
            a, b = ctx.saved_values
            to_a, to_b = grad_output * (b + 1), grad_output * a
            seen.extend([grad_output, to_a, to_b])
            return to_a, to_b

    x = minitorch.tensor([2.0, 3.0], backend=backend, requires_grad=True)
    y = x * 5  # not a leaf
    out = Watched.apply(x, y)
    assert out.history.inputs[0] is x
    assert out.history.inputs[1] is y
    out.backward(np.array([1.0, 10.0]))
    assert len(seen) == 6
    assert all(t.is_constant() for t in seen)
    # d/dx of x * 5x + x
    assert x.grad.to_numpy().tolist() == [21.0, 310.0]
    assert x.grad.is_constant()


@GRADIENTS
def test_a_context_tells_whose_gradient_is_wanted(backend: TensorBackend) -> None:
    class Watched(Function):
        contexts: list[Context] = []

        @staticmethod
        def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
            ctx.save_for_backward(a)
            Watched.contexts.append(ctx)
            return a + b

    constant, leaf = minitorch.ones(2, backend=backend), minitorch.ones(2, backend=backend, requires_grad=True)
    assert Watched.apply(constant, constant).is_constant()
    Watched.apply(constant, leaf)
    nobody, second = Watched.contexts
    assert nobody.no_grad
    assert nobody.saved_values == ()
    assert not second.no_grad
    assert second.needs_input_grad == (False, True)
    assert second.saved_tensors[0].to_numpy().tolist() == [1.0, 1.0]


@GRADIENTS
def test_a_function_that_returns_too_many_gradients(backend: TensorBackend) -> None:
    class Greedy(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            return a + 1

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, Tensor]:
            return grad_output, grad_output

    class Lazy(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor, b: Tensor) -> Tensor:
            return a + b

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> Tensor:
            return grad_output

    leaf = minitorch.ones(2, backend=backend, requires_grad=True)
    with pytest.raises(minitorch.GraphError, match=r"Greedy.backward returned a wrong number") as error:
        Greedy.apply(leaf).sum().backward()
    assert "2 derivatives for 1 inputs" in str(error.value)
    with pytest.raises(minitorch.GraphError, match=r"Lazy.backward returned a wrong number") as error:
        Lazy.apply(leaf, leaf).sum().backward()
    assert "1 derivatives for 2 inputs" in str(error.value)
    assert leaf.grad is None


@VALUES
def test_a_function_that_returns_no_tensor(backend: TensorBackend) -> None:
    class Broken(Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Any:
            return a.to_numpy()

    with pytest.raises(minitorch.DTypeError, match="did not return a tensor") as error:
        Broken.apply(minitorch.ones(2, backend=backend))
    assert "ndarray" in str(error.value)


@VALUES
def test_a_function_of_no_tensor_at_all(backend: TensorBackend) -> None:
    with pytest.raises(TypeError, match="was given no variable"):
        minitorch.Add.apply(1.0, 2.0)
    assert minitorch.Add.apply(minitorch.ones(1, backend=backend), minitorch.ones(1, backend=backend)).item() == 2.0
