"""Programs of the MiniTorch course on the fast backend, and its networks for images."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given

import minitorch as mt
from minitorch import (
    Tensor,
    TensorBackend,
    grad_check,
    tensor,
)

from .checks import lay_out, random_array, seeds
from .test_course_contract_tensors import MatrixNetwork, TensorNetwork, train_as_in_the_course

# The fast backend (module 3)


@pytest.mark.task3_1
def test_backends_are_built_from_operations() -> None:
    simple, fast = TensorBackend(mt.SimpleOps), TensorBackend(mt.FastOps)
    for name in (
        *("neg_map", "sigmoid_map", "relu_map", "log_map", "exp_map", "id_map", "inv_map", "add_zip", "mul_zip"),
        *("lt_zip", "eq_zip", "is_close_zip", "relu_back_zip", "log_back_zip", "inv_back_zip", "add_reduce"),
        *("mul_reduce", "matrix_multiply"),
    ):
        assert callable(getattr(simple, name))
        assert callable(getattr(fast, name))
    assert not simple.cuda
    assert not fast.cuda
    a, b = mt.tensor([[1, 2], [3, 4]], backend=fast), mt.rand((2, 2), backend=fast)
    for result in (a + b, a.sum(1), a @ b, -a, a.permute(1, 0).contiguous(), a.view(4), a.mean(), a.detach()):
        assert result.backend is fast


# Functions compiled by numba itself, or by the library; a function from elsewhere is compiled anew in each process.
NEG = mt.fast_ops.tensor_map(numba.njit()(mt.operators.neg))
LESS = mt.fast_ops.tensor_zip(mt.fast_ops.njit(mt.operators.lt))
ADD = mt.fast_ops.tensor_reduce(mt.fast_ops.njit(mt.operators.add))


@pytest.mark.task3_1
@given(seed=seeds())
def test_kernels_can_be_made_from_compiled_functions(seed: int) -> None:
    # As the course's check of parallel code does it: kernels straight from numba, on storage, shape and strides.
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, (3, 4)), random_array(rng, (3, 4))
    x, y = lay_out(a, "reversed"), tensor(b)

    out = mt.zeros((3, 4))
    NEG(*out.tuple(), *x.tuple())
    np.testing.assert_array_equal(out.to_numpy(), -a)
    LESS(*out.tuple(), *x.tuple(), *y.tuple())
    np.testing.assert_array_equal(out.to_numpy(), a < b)
    out = mt.zeros((3, 1))
    ADD(*out.tuple(), *x.tuple(), 1)
    np.testing.assert_allclose(out.to_numpy(), a.sum(1, keepdims=True), rtol=1e-9, atol=1e-12)


@pytest.mark.task3_2
@given(seed=seeds())
def test_the_matrix_kernel_can_be_called_by_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, (2, 3, 4)), random_array(rng, (1, 4, 5))
    out = mt.zeros((2, 3, 5))
    mt.fast_ops.tensor_matrix_multiply(*out.tuple(), *lay_out(a, "rotated").tuple(), *lay_out(b, "reversed").tuple())
    np.testing.assert_allclose(out.to_numpy(), a @ b, rtol=1e-9, atol=1e-12)


@pytest.mark.task3_2
def test_numba_can_tell_how_the_matrix_product_runs_in_parallel() -> None:
    # In a process of its own, twice: the second finds the compiled kernel on disk.
    code = (
        "import minitorch as mt\n"
        "out, a, b = mt.zeros((1, 3, 5)), mt.zeros((1, 3, 4)), mt.zeros((1, 4, 5))\n"
        "mt.fast_ops.tensor_matrix_multiply(*out.tuple(), *a.tuple(), *b.tuple())\n"
        "mt.fast_ops.tensor_matrix_multiply.parallel_diagnostics(level=3)\n"
    )
    env = {**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(Path(mt.__file__).parent.parent)}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Parallel" in done.stdout


@pytest.mark.task3_2
def test_products_of_matrices_and_of_batches(backend: TensorBackend) -> None:
    rng = np.random.default_rng(0)
    a, b, batch = random_array(rng, (2, 3)), random_array(rng, (3, 4)), random_array(rng, (5, 2, 3))
    x, y, z = [lay_out(array, "reversed", backend) for array in (a, b, batch)]
    np.testing.assert_allclose((x @ y).to_numpy(), a @ b, rtol=1e-9)
    by_hand = (x.contiguous().view(2, 3, 1) * y.contiguous().view(1, 3, 4)).sum(1).view(2, 4)
    np.testing.assert_allclose(by_hand.to_numpy(), a @ b, rtol=1e-9)
    np.testing.assert_allclose((z @ y).to_numpy(), batch @ b, rtol=1e-9)
    with pytest.raises(mt.ShapeError):
        _ = x @ x


@pytest.mark.task3_5
@pytest.mark.parametrize("network", [TensorNetwork, MatrixNetwork])
def test_training_with_the_fast_backend(network: type[TensorNetwork]) -> None:
    backend = TensorBackend(mt.FastOps)
    train_as_in_the_course(network(4, backend), backend, epochs=5)


# Networks (module 4)


@pytest.mark.task4_1
def test_convolution_of_a_line() -> None:
    line = tensor([0, 1, 2, 3]).view(1, 1, 4)
    window = tensor([[1, 2, 3]]).view(1, 1, 3)
    line.requires_grad_(True)
    window.requires_grad_(True)
    out = mt.Conv1dFun.apply(line, window)
    # Anchored at the left, not flipped, zeros past the right end.
    assert [out[0, 0, i] for i in range(4)] == [0 + 2 + 6, 1 + 4 + 9, 2 + 6, 3]
    out.backward(tensor([[[1.0, 10.0, 100.0, 1000.0]]]))
    np.testing.assert_array_equal(line.grad.to_numpy(), [[[1, 12, 123, 1230]]])
    np.testing.assert_array_equal(window.grad.to_numpy(), [[[3210, 321, 32]]])


@pytest.mark.task4_1
def test_grad_check_of_convolution_in_one_dimension() -> None:
    grad_check(mt.Conv1dFun.apply, mt.rand((2, 2, 6)), mt.rand((3, 2, 2)))


@pytest.mark.task4_2
def test_grad_check_of_convolution_in_two_dimensions() -> None:
    grad_check(mt.Conv2dFun.apply, mt.rand((2, 2, 3, 5)), mt.rand((3, 2, 2, 4)))


@pytest.mark.task4_2
def test_weights_without_a_gradient() -> None:
    image = mt.rand((1, 1, 2, 3), requires_grad=True)
    weight = tensor([[[[1.0, 10.0]]]])
    mt.Conv2dFun.apply(image, weight).sum().backward()
    np.testing.assert_array_equal(image.grad.to_numpy(), [[[[1, 11, 11], [1, 11, 11]]]])
    assert weight.grad is None


@pytest.mark.task4_3
@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 2), (3, 2)], ids=str)
def test_average_pooling(kernel: tuple[int, int]) -> None:
    array = random_array(np.random.default_rng(1), (2, 3, 6, 4))
    t = lay_out(array, "reversed")
    kh, kw = kernel
    expected = array.reshape(2, 3, 6 // kh, kh, 4 // kw, kw).mean((3, 5))
    np.testing.assert_allclose(mt.avgpool2d(t, kernel).to_numpy(), expected, rtol=1e-9)
    grad_check(lambda x: mt.avgpool2d(x, kernel), t)


@pytest.mark.task4_4
@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 2), (3, 2)], ids=str)
def test_maximum_pooling(kernel: tuple[int, int]) -> None:
    array = random_array(np.random.default_rng(2), (2, 3, 6, 4))
    t = lay_out(array, "reversed")
    kh, kw = kernel
    expected = array.reshape(2, 3, 6 // kh, kh, 4 // kw, kw).max((3, 5))
    np.testing.assert_array_equal(mt.maxpool2d(t, kernel).to_numpy(), expected)
    grad_check(lambda x: mt.maxpool2d(x, kernel), t)


@pytest.mark.task4_4
def test_softmax_and_its_logarithm() -> None:
    array = 100 * random_array(np.random.default_rng(3), (1, 2, 3, 4))
    t = tensor(array)
    q = mt.softmax(t, 3)
    np.testing.assert_allclose(q.sum(dim=3).to_numpy(), np.ones((1, 2, 3, 1)), rtol=1e-12)
    cell = q._tensor.sample()
    row = np.exp(array[cell[:3]] - array[cell[:3]].max())
    assert q[cell] == pytest.approx(row[cell[3]] / row.sum(), rel=1e-9)
    np.testing.assert_allclose(mt.logsoftmax(t, 3).exp().to_numpy(), q.to_numpy(), rtol=1e-9, atol=1e-300)
    grad_check(lambda x: mt.softmax(x, dim=2), t / 100)
    grad_check(lambda x: mt.logsoftmax(x, dim=2), t / 100)


@pytest.mark.task4_4
def test_dropout_at_its_ends() -> None:
    t = mt.rand((3, 4))
    np.testing.assert_array_equal(mt.dropout(t, 0.0).to_numpy(), t.to_numpy())
    np.testing.assert_array_equal(mt.dropout(t, 1.0).to_numpy(), np.zeros((3, 4)))
    np.testing.assert_array_equal(mt.dropout(t, 1.0, ignore=True).to_numpy(), t.to_numpy())


@pytest.mark.task4_4
def test_nan_wins_every_maximum() -> None:
    array = np.array([[math.nan, 1.0], [1.0, math.nan], [2.0, 1.0]])
    np.testing.assert_array_equal(mt.max(tensor(array), 1).to_numpy(), [[math.nan], [math.nan], [2.0]])


class ImageNetwork(mt.Module):
    """A small network on images, put together from parameters and functions as in module 4."""

    def __init__(self, backend: TensorBackend) -> None:
        super().__init__()
        self.window = mt.Parameter(0.1 * (mt.rand((3, 1, 2, 3), backend=backend) - 0.5))
        self.offset = mt.Parameter(0.1 * (mt.rand((3, 1, 1), backend=backend) - 0.5))
        self.weight = mt.Parameter(0.1 * (mt.rand((12, 5), backend=backend) - 0.5))

    def forward(self, x: Tensor) -> Tensor:
        h = (mt.conv2d(x, self.window.value) + self.offset.value).relu()
        h = mt.maxpool2d(h, (2, 3)).view(x.shape[0], 12)
        h = mt.dropout(h @ self.weight.value, 0.25, ignore=not self.training)
        return mt.logsoftmax(h, 1)


@pytest.mark.task4_5
def test_a_network_on_images_that_never_calls_zero_grad() -> None:
    backend = TensorBackend(mt.FastOps)
    model = ImageNetwork(backend)
    model.eval()  # without dropout, so that every step can be computed again
    optimizer = mt.SGD(model.parameters(), lr=2.0)
    images = mt.rand((4, 1, 4, 6), backend=backend)
    y = mt.zeros((4, 5), backend=backend)
    for i, label in enumerate([0, 3, 1, 4]):
        y[i, label] = 1.0

    def loss_of(values: list[Any]) -> float:
        """The loss in NumPy, of given parameters."""
        window, offset, weight = values
        padded = np.pad(images.to_numpy(), ((0, 0), (0, 0), (0, 1), (0, 2)))
        h = np.zeros((4, 3, 4, 6)) + offset
        for row, column in np.ndindex(2, 3):
            h = h + window[:, 0, row, column][:, None, None] * padded[:, :, row : row + 4, column : column + 6]
        pooled = np.maximum(h, 0).reshape(4, 3, 2, 2, 2, 3).max((3, 5)).reshape(4, 12)
        out = pooled @ weight
        log_probability = out - np.log(np.exp(out).sum(1, keepdims=True))
        return float(-(log_probability * y.to_numpy()).sum() / 4)

    losses = []
    for _ in range(3):
        before = [p.value.to_numpy() for p in model.parameters()]
        out = model.forward(images.view(4, 1, 4, 6)).view(4, 5)
        prob = (out * y).sum(1)
        loss = -(prob / y.shape[0]).sum()
        assert loss.backend is backend
        loss.view(1).backward()
        optimizer.step()
        losses.append(loss[0])
        assert losses[-1] == pytest.approx(loss_of(before), rel=1e-9)

        # Every number of every parameter has moved against the slope of the loss, seen from both sides.
        for i, parameter in enumerate(model.parameters()):
            moved = (before[i] - parameter.value.to_numpy()) / 2.0
            for cell in np.ndindex(*moved.shape):
                step = np.zeros(moved.shape)
                step[cell] = 1e-5
                right, left = [[b + s * step if j == i else b for j, b in enumerate(before)] for s in (1, -1)]
                assert moved[cell] == pytest.approx((loss_of(right) - loss_of(left)) / 2e-5, rel=1e-5, abs=1e-8)
    assert losses[2] < losses[0]


@pytest.mark.task4_5
def test_a_network_counts_its_right_answers_cell_by_cell() -> None:
    model = ImageNetwork(mt.SimpleBackend)
    model.train()
    out = model(mt.rand((2, 1, 4, 6))).view(2, 5)
    best = [max(range(5), key=lambda j, i=i: out[i, j]) for i in range(2)]
    np.testing.assert_array_equal(best, out.to_numpy().argmax(1))
    np.testing.assert_array_equal(mt.nn.argmax(out, 1).to_numpy().argmax(1), best)
    assert model.training
