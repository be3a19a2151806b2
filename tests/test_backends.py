"""A backend of our own: everything that tensors compute must go through the four operations of the contract.

The backend has NumPy compute, and counts its calls. While it is tested, the backends of the library refuse to work, so
that nobody computes with them behind its back.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import Tensor, TensorBackend, TensorOps, operators
from project.numpy_ops import NumpyOps

from .checks import check_function, lay_out, random_array, unbroadcast

calls: Counter[str] = Counter()


class CountingOps(TensorOps):
    """The contract, filled by NumPy."""

    @staticmethod
    def map(fn: Callable[[float], float]) -> minitorch.MapProto:
        compute = NumpyOps.map(fn)

        def run(a: Tensor, out: Tensor | None = None) -> Tensor:
            calls[f"map {fn.__name__}"] += 1
            return compute(a, out)

        return run

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Callable[[Tensor, Tensor], Tensor]:
        compute = NumpyOps.zip(fn)

        def run(a: Tensor, b: Tensor) -> Tensor:
            calls[f"zip {fn.__name__}"] += 1
            return compute(a, b)

        return run

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Callable[[Tensor, int], Tensor]:
        compute = NumpyOps.reduce(fn, start)

        def run(a: Tensor, dim: int) -> Tensor:
            calls[f"reduce {fn.__name__}"] += 1
            return compute(a, dim)

        return run

    @staticmethod
    def matrix_multiply(a: Tensor, b: Tensor) -> Tensor:
        calls["matrix_multiply"] += 1
        return NumpyOps.matrix_multiply(a, b)


COUNTING = TensorBackend(CountingOps)


@pytest.fixture(autouse=True)
def _no_other_backend(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the backends of the library fail when they are asked to compute, and start counting from 0."""

    def refuse(*args: Any) -> Tensor:
        raise AssertionError("a backend of the library was used in place of the tensor's own")

    for backend in (minitorch.SimpleBackend, minitorch.FastBackend):
        for name, value in vars(backend).items():
            if callable(value):
                monkeypatch.setattr(backend, name, refuse)
    calls.clear()
    yield
    calls.clear()


def kinds() -> set[str]:
    """Which of the four operations were called."""
    return {name.split()[0] for name in calls}


# Each operation on tensors a (2, 3) and b (3,): what it calls at least, the function, and what NumPy makes of it.
OPERATIONS: dict[str, tuple[set[str], Callable[[Any, Any], Any], Callable[[Any, Any], Any]]] = {
    "-a": ({"map neg"}, lambda a, b: -a, lambda a, b: -a),
    "a + b": ({"zip add"}, lambda a, b: a + b, lambda a, b: a + b),
    "a - b": ({"zip add"}, lambda a, b: a - b, lambda a, b: a - b),
    "a * b": ({"zip mul"}, lambda a, b: a * b, lambda a, b: a * b),
    "a / b": ({"map inv", "zip mul"}, lambda a, b: a / b, lambda a, b: a / b),
    "2 / a": ({"map inv", "zip mul"}, lambda a, b: 2 / a, lambda a, b: 2 / a),
    "a ** 3": ({"zip pow"}, lambda a, b: a**3, lambda a, b: a**3),
    "a < b": ({"zip lt"}, lambda a, b: a < b, lambda a, b: (a < b) * 1.0),
    "a > b": ({"zip lt"}, lambda a, b: a > b, lambda a, b: (a > b) * 1.0),
    "a <= b": ({"zip lt", "zip eq"}, lambda a, b: a <= b, lambda a, b: (a <= b) * 1.0),
    "a >= b": ({"zip lt", "zip eq"}, lambda a, b: a >= b, lambda a, b: (a >= b) * 1.0),
    "a == b": ({"zip eq"}, lambda a, b: a == b, lambda a, b: (a == b) * 1.0),
    "a != b": ({"zip eq"}, lambda a, b: a != b, lambda a, b: (a != b) * 1.0),
    "is_close": ({"zip is_close"}, lambda a, b: a.is_close(b), lambda a, b: (abs(a - b) < 0.01) * 1.0),
    "sigmoid": ({"map sigmoid"}, lambda a, b: a.sigmoid(), lambda a, b: 1 / (1 + np.exp(-a))),
    "relu": ({"map relu"}, lambda a, b: a.relu(), lambda a, b: np.maximum(a, 0)),
    "log": ({"map log"}, lambda a, b: (a * a).log(), lambda a, b: np.log(a * a + 1e-6)),
    "exp": ({"map exp"}, lambda a, b: a.exp(), lambda a, b: np.exp(a)),
    "sum()": ({"reduce add"}, lambda a, b: a.sum(), lambda a, b: a.sum().reshape(1)),
    "sum(1)": ({"reduce add"}, lambda a, b: a.sum(1), lambda a, b: a.sum(1, keepdims=True)),
    "mean(0)": ({"reduce add"}, lambda a, b: a.mean(0), lambda a, b: a.mean(0, keepdims=True)),
    "all()": ({"reduce add", "zip eq"}, lambda a, b: (a < b).all(), lambda a, b: (a < b).all().reshape(1) * 1.0),
    "contiguous": ({"map id"}, lambda a, b: a.permute(1, 0).contiguous(), lambda a, b: a.T),
}


@pytest.mark.task3_3
@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation_goes_through_the_contract(name: str) -> None:
    needed, function, oracle = OPERATIONS[name]
    rng = np.random.default_rng(1)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3,))
    a[1, 2] = b[2]  # for the comparisons
    out = function(lay_out(a, "reversed", COUNTING), lay_out(b, "rows", COUNTING))
    assert needed <= set(calls), "computed by somebody else"
    assert "matrix_multiply" not in calls
    assert out.backend is COUNTING
    assert out.shape == oracle(a, b).shape
    np.testing.assert_allclose(out.to_numpy(), oracle(a, b), rtol=1e-12)


@pytest.mark.task3_3
def test_permute_and_view_need_no_computation() -> None:
    x = lay_out(np.arange(6.0).reshape(2, 3), "rows", COUNTING)
    for out in (x.permute(1, 0), x.view(3, 2), x.view(-1), x.detach()):
        assert out.backend is COUNTING
    assert not calls


@pytest.mark.task3_3
def test_gradients_go_through_the_contract() -> None:
    rng = np.random.default_rng(2)
    x, w, b = random_array(rng, (4, 3)), random_array(rng, (3,)), random_array(rng, (4, 1))
    s = 1 / (1 + np.exp(-(x * w + b)))

    def gradients(upstream: Any) -> list[Any]:
        inner = (upstream * 2 * s) * s * (1 - s)
        return [inner * w, unbroadcast(inner * x, w.shape), unbroadcast(inner, b.shape)]

    check_function(
        lambda x, w, b: (x * w + b).sigmoid() ** 2,
        [x, w, b],
        s**2,
        gradients,
        layouts=["rotated", "rows", "reversed"],
        backend=COUNTING,
        rng=rng,
    )
    assert kinds() == {"map", "zip", "reduce"}


# Each function, and what its backward pass must ask the backend for.
BACKWARDS: dict[str, tuple[str, Callable[[Tensor], Tensor], Callable[[Any], Any]]] = {
    "neg": ("map neg", lambda a: -a, lambda a: -np.ones_like(a)),
    "inv": ("zip inv_back", lambda a: 1 / a, lambda a: -1 / a**2),
    "mul": ("zip mul", lambda a: a * a, lambda a: 2 * a),
    "pow": ("zip pow", lambda a: a**3, lambda a: 3 * a**2),
    "sigmoid": ("zip sigmoid_back", lambda a: a.sigmoid(), lambda a: np.exp(-a) / (1 + np.exp(-a)) ** 2),
    "relu": ("zip relu_back", lambda a: a.relu(), lambda a: (a > 0) * 1.0),
    "log": ("zip log_back", lambda a: (a * a).log(), lambda a: 2 * a / (a * a + 1e-6)),
    "exp": ("zip mul", lambda a: a.exp(), lambda a: np.exp(a)),
    "sum": ("map id", lambda a: a.sum(0), lambda a: np.ones_like(a)),
    "copy": ("map id", lambda a: a.contiguous(), lambda a: np.ones_like(a)),
}


@pytest.mark.task3_3
@pytest.mark.parametrize("name", BACKWARDS)
def test_each_backward_goes_through_the_contract(name: str) -> None:
    needed, function, slope = BACKWARDS[name]
    a = random_array(np.random.default_rng(3), (2, 3))
    leaf = lay_out(a, "reversed", COUNTING).requires_grad_()
    out = function(leaf)
    calls.clear()
    upstream = np.random.default_rng(4).normal(size=out.shape)
    out.backward(upstream)
    assert needed in calls, "computed by somebody else"
    assert leaf.grad.backend is COUNTING
    np.testing.assert_allclose(leaf.grad.to_numpy(), upstream * slope(a), rtol=1e-9)


@pytest.mark.task3_3
def test_adding_up_gradients_goes_through_the_contract() -> None:
    leaf = lay_out(np.array([1.0, 2.0]), "rows", COUNTING).requires_grad_()
    out = leaf + leaf
    calls.clear()
    out.backward(np.array([1.0, 10.0]))
    assert calls["zip add"] == 1
    calls.clear()
    out.backward(np.array([1.0, 10.0]))  # once more for the second path, and once for the gradient that is there
    assert calls["zip add"] == 2
    assert leaf.grad.to_numpy().tolist() == [4.0, 40.0]


@pytest.mark.task3_3
def test_results_keep_the_backend_of_the_left_operand() -> None:
    here = lay_out(np.array([1.0, 2.0]), "rows", COUNTING)
    other = lay_out(np.array([3.0, 4.0]), "rows", minitorch.SimpleBackend)
    assert (here + other).backend is COUNTING
    assert (here * np.array([1.0, 2.0])).backend is COUNTING
    assert (np.array([1.0, 2.0]) - here).backend is COUNTING
    assert (2.0 - here).backend is COUNTING
    assert other.backend is minitorch.SimpleBackend, "an operand was changed"


@pytest.mark.task3_3
def test_the_first_gradient_may_come_from_another_backend() -> None:
    leaf = lay_out(np.array([[1.0, 2.0, 3.0]]), "rows", COUNTING).requires_grad_()
    upstream = minitorch.tensor([[1.0, 10.0, 100.0]])  # on SimpleBackend, which refuses to compute
    (leaf * leaf).backward(upstream)
    assert leaf.grad.to_numpy().tolist() == [[2.0, 40.0, 600.0]]
    assert leaf.grad.backend is COUNTING
    assert upstream.backend is minitorch.SimpleBackend


@pytest.mark.task3_3
def test_new_tensors_are_made_on_the_backend_that_is_asked_for() -> None:
    made = [
        minitorch.zeros(2, 3, backend=COUNTING),
        minitorch.ones((2, 3), COUNTING),
        minitorch.rand((2, 3), COUNTING),
        minitorch.randn(2, 3, backend=COUNTING),
        minitorch.arange(4, backend=COUNTING),
        minitorch.tensor([1.0, 2.0], backend=COUNTING),
        Tensor.make([1.0, 2.0], (2,), backend=COUNTING),
    ]
    for t in made:
        assert t.backend is t.f is COUNTING
        assert t.zeros().backend is t.zeros((5,)).backend is t.detach().backend is COUNTING
        assert t.like(np.zeros(t.shape)).backend is COUNTING


@pytest.mark.task3_3
def test_a_backend_takes_its_operations_from_the_class_it_is_given() -> None:
    assert repr(COUNTING) == "TensorBackend(CountingOps)"
    COUNTING.max_reduce(lay_out(np.array([-4.0, -3.0]), "rows", COUNTING), 0)
    COUNTING.relu_back_zip(*[lay_out(np.array([-4.0, 3.0]), "rows", COUNTING)] * 2)
    assert calls == {"reduce max": 1, "zip relu_back": 1}

    class Half(TensorOps):
        map = CountingOps.map

    with pytest.raises(NotImplementedError):
        TensorBackend(Half)

    class OnACard(CountingOps):
        cuda = True

    assert TensorBackend(OnACard).cuda is True


@pytest.mark.task3_3
def test_own_functions_can_be_raised_to_tensors() -> None:
    square = CountingOps.map(lambda x: x * x)
    assert square(lay_out(np.array([3.0, 4.0]), "rows", COUNTING)).to_numpy().tolist() == [9.0, 16.0]
    out = minitorch.zeros(2, 2, backend=COUNTING)
    assert CountingOps.map(operators.neg)(lay_out(np.array([3.0, 4.0]), "rows", COUNTING), out) is out
    assert out.to_numpy().tolist() == [[-3.0, -4.0], [-3.0, -4.0]]


# Matrix multiplication

PAIRS = [((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (7, 3, 4))]


@pytest.mark.task3_4
@pytest.mark.parametrize(("a_shape", "b_shape"), PAIRS)
def test_matrix_multiplication_goes_through_the_contract(a_shape: tuple[int, ...], b_shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    a, b = random_array(rng, a_shape), random_array(rng, b_shape)
    x, y = lay_out(a, "reversed", COUNTING).requires_grad_(), lay_out(b, "rotated", COUNTING).requires_grad_()
    out = x @ y
    assert calls == {"matrix_multiply": 1}
    assert out.backend is COUNTING
    np.testing.assert_allclose(out.to_numpy(), np.matmul(a, b), rtol=1e-12)

    upstream = rng.normal(size=out.shape)
    calls.clear()
    out.backward(upstream)
    assert calls["matrix_multiply"] == 2, "one product for each gradient"
    expected = np.matmul(upstream, np.swapaxes(b, -1, -2)), np.matmul(np.swapaxes(a, -1, -2), upstream)
    for leaf, gradient in zip((x, y), expected, strict=True):
        assert leaf.grad.backend is COUNTING
        np.testing.assert_allclose(leaf.grad.to_numpy(), unbroadcast(gradient, leaf.shape), rtol=1e-9, atol=1e-11)


@pytest.mark.task3_4
def test_no_product_is_computed_for_a_gradient_that_nobody_wants() -> None:
    rng = np.random.default_rng(6)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3, 4))
    out = lay_out(a, "rows", COUNTING) @ lay_out(b, "rows", COUNTING).requires_grad_()
    calls.clear()
    out.backward(np.ones((2, 4)))
    assert calls["matrix_multiply"] == 1


@pytest.mark.task3_4
def test_products_with_arrays_stay_on_the_backend() -> None:
    rng = np.random.default_rng(7)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3, 4))
    for out in (lay_out(a, "rows", COUNTING) @ b, a @ lay_out(b, "rows", COUNTING)):
        assert out.backend is COUNTING
        np.testing.assert_allclose(out.to_numpy(), a @ b, rtol=1e-12)
    assert calls == {"matrix_multiply": 2}
