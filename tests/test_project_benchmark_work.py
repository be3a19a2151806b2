"""What the benchmark measures: the same work for all, and the same results."""

import json
import time
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend, fast_conv
from project import mnist, run_mnist_multiclass
from project.benchmark import (
    cases,
    memory,
    ours,
    peers,
    processes,
    startup,
    textbook,
    workload,
)
from project.benchmark.measure import ContenderError, Plan
from project.benchmark.workload import ConvShape

from . import oracles
from .checks import LAYOUTS, lay_out, random_array

pytestmark = pytest.mark.house("the benchmark is no task of the course")

# The textbook kernels

SIZES = {1: ((3, 2, 7), (4, 2, 3)), 2: ((2, 3, 5, 4), (4, 3, 2, 3))}  # of input and weight, by rank


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("rank", [1, 2])
def test_textbook_kernels_compute_what_the_fast_ones_do(rank: int, reverse: bool, layout: str) -> None:
    rng = np.random.default_rng(rank)
    input, weight = (random_array(rng, shape) for shape in SIZES[rank])
    oracle, kernel = {
        1: (oracles.conv1d, textbook.tensor_conv1d),
        2: (oracles.conv2d, textbook.tensor_conv2d),
    }[rank]
    places = tuple(range(2, rank + 2))
    # Looking to the left is looking to the right in a mirror.
    expected = np.flip(oracle(np.flip(input, places), weight), places) if reverse else oracle(input, weight)
    out = minitorch.zeros(expected.shape, backend=FastBackend)
    operands = [lay_out(array, layout, FastBackend) for array in (input, weight)]
    kernel(*out.tuple(), out.size, *operands[0].tuple(), *operands[1].tuple(), reverse)
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("rank", [1, 2])
def test_textbook_gradients_are_those_of_the_library(rank: int) -> None:
    rng = np.random.default_rng(rank)
    input, weight = (random_array(rng, shape) for shape in SIZES[rank])
    upstream = random_array(rng, (input.shape[0], weight.shape[0], *input.shape[2:]))
    tensors = [lay_out(array, "rotated", FastBackend) for array in (input, weight, upstream)]
    found = [tensor.to_numpy() for tensor in textbook.forward_and_backward(*tensors)]

    oracle, gradients = {
        1: (oracles.conv1d, oracles.conv1d_gradients),
        2: (oracles.conv2d, oracles.conv2d_gradients),
    }[rank]
    for got, expected in zip(found, (oracle(input, weight), *gradients(input, weight, upstream))):
        np.testing.assert_allclose(got, expected, rtol=1e-12)

    x, w = (minitorch.tensor(array, backend=FastBackend, requires_grad=True) for array in (input, weight))
    out = {1: fast_conv.conv1d, 2: fast_conv.conv2d}[rank](x, w)
    out.backward(minitorch.tensor(upstream, backend=FastBackend))
    for got, tensor in zip(found, (out, x.grad, w.grad)):
        np.testing.assert_allclose(got, tensor.to_numpy(), rtol=1e-12)


# The work


def test_flops_and_arrays_of_a_convolution() -> None:
    flat, image = ConvShape(2, 3, 4, 5, 3, rank=1), ConvShape(2, 3, 4, 5, 3)
    assert (str(flat), str(image)) == ("2x3x4x5x3 1-D", "2x3x4x5x3")
    assert flat.flops == 3 * 2 * 2 * 3 * 4 * 5 * 3
    assert image.flops == 3 * 2 * 2 * 3 * 4 * 25 * 9
    assert [array.shape for array in flat.arrays("float32")] == [(2, 3, 5), (4, 3, 3), (2, 4, 5)]
    assert [array.shape for array in image.arrays("float32")] == [(2, 3, 5, 5), (4, 3, 3, 3), (2, 4, 5, 5)]
    assert {array.dtype for array in image.arrays("float32")} == {np.dtype("float32")}


def test_the_training_of_the_peers_is_that_of_the_script() -> None:
    settings = run_mnist_multiclass.parse([])
    assert (settings.lr, settings.batch_size, settings.epochs, settings.seed) == (
        workload.LEARNING_RATE,
        workload.BATCH_SIZE,
        workload.EPOCHS,
        workload.SEED,
    )
    assert workload.MOMENTUM == run_mnist_multiclass.MOMENTUM
    assert workload.EVALUATION_BATCH == run_mnist_multiclass.EVALUATION_BATCH
    images, labels = workload.batch_of_digits(5)
    script_images, script_labels = mnist.load("t10k")
    np.testing.assert_array_equal(images, script_images[:5])
    np.testing.assert_array_equal(labels, script_labels[:5])
    pixels = run_mnist_multiclass.to_input(images, FastBackend).to_numpy()
    np.testing.assert_array_equal(workload.to_pixels(images), pixels)
    assert workload.to_pixels(images).dtype == pixels.dtype == np.float32


@pytest.mark.parametrize("name", cases.OPERATIONS)
def test_numpy_computes_the_same_as_the_library(name: str) -> None:
    shape = (3, 5) if " of " in name else (7,)
    got = np.asarray(ours.operation(name, shape, "float32")())
    expected = np.asarray(peers.numpy_operation(name, shape, "float32")())
    assert got.dtype == expected.dtype == np.float32
    np.testing.assert_allclose(got.ravel(), expected.ravel(), rtol=1e-5)


def test_numpy_multiplies_the_same_matrices() -> None:
    np.testing.assert_allclose(
        np.asarray(ours.matrix_product(4, "float64")()), peers.numpy_matrix_product(4, "float64")(), rtol=1e-12
    )


def test_a_convolution_is_measured_with_both_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = ConvShape(2, 1, 2, 4, 3, rank=1)
    seen: list[tuple[Any, Any]] = []
    monkeypatch.setattr(minitorch, "conv1d", lambda *both: seen.append(both) or fast_conv.conv1d(*both))
    work = ours.convolution(shape, "float64")
    work()
    work()
    expected = oracles.conv1d_gradients(*shape.arrays("float64"))
    for tensor, gradient in zip(seen[-1], expected):
        np.testing.assert_allclose(tensor.grad.to_numpy(), gradient, rtol=1e-12)  # of the last call alone


def test_a_chain_is_as_long_as_it_says() -> None:
    x, w, b = (minitorch.tensor([number], requires_grad=True) for number in (0.5, 2.0, 1.0))
    gradients: list[float] = []
    monkey = x.accumulate_derivative
    x.accumulate_derivative = lambda d: (gradients.append(float(d)), monkey(d))  # type: ignore[method-assign]
    workload.chain("multiply", True, x, w, b)()
    assert gradients == [2.0**20]
    assert x.grad is None
    workload.chain("multiply", False, x, w, b)()
    assert len(gradients) == 1


def build_small_network(backend: minitorch.TensorBackend) -> minitorch.Sequential:
    return minitorch.Sequential(
        minitorch.MaxPool2d((7, 7)),
        minitorch.Flatten(),
        minitorch.Linear(16, 10, backend=backend, dtype=np.float32),
        minitorch.LogSoftmax(1),
    )


def test_a_training_step_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    models: list[minitorch.Sequential] = []
    monkeypatch.setattr(ours, "build_network", lambda backend: models.append(build_small_network(backend)) or models[0])
    work = ours.training_step(3)
    work()
    images, labels = workload.batch_of_digits(3)
    pixels = run_mnist_multiclass.to_input(images, FastBackend)
    first = float(minitorch.nll_loss(models[0](pixels), labels))
    for _ in range(5):
        work()
    assert float(minitorch.nll_loss(models[0](pixels), labels)) < 0.8 * first


def test_the_memory_of_a_process_is_known() -> None:
    now, peak = memory.resident_memory()
    block = np.ones(8 * 2**20)  # 64 MiB
    then, later = memory.resident_memory()
    del block
    assert 10 < now <= peak
    assert 60 < then - now < 80
    assert later >= max(then, peak) - 1
    assert memory.resident_memory()[1] > later - 1  # the system counts with a small delay


def test_the_programs_for_start_up_and_memory_report_what_they_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ours, "build_network", build_small_network)
    monkeypatch.setattr(run_mnist_multiclass, "build_network", build_small_network)
    monkeypatch.setattr(startup, "parse", lambda argv: run_mnist_multiclass.parse(["--batch-size", "2"]))
    assert memory.main(["minitorch", "2", "1"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["peak"] > 10
    assert found["peak"] > found["growth"]
    assert startup.main([repr(time.time() - 100)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert 100 < found["seconds"] < 200
    assert startup.main([repr(time.time())]) == 0
    assert json.loads(capsys.readouterr().out)["compilations"] == 0  # the first one has compiled all there is


def test_a_program_that_fails_says_why() -> None:
    assert processes.run_program("-c", "import os; print(os.environ['OMP_NUM_THREADS'])", threads=3) == "3\n"
    with pytest.raises(ContenderError, match="ValueError: too late"):
        processes.run_program("-c", "raise ValueError('too late')", threads=1)
    with pytest.raises(ContenderError, match="exit code 5"):
        processes.run_program("-c", "raise SystemExit(5)", threads=1)


def test_the_accuracy_is_read_from_the_last_line_that_tells() -> None:
    line = "epoch 1/1   train: accuracy 11.00 %   test: accuracy 50.00 %\n"
    assert processes.accuracy_of(line + "test accuracy 97.25 % after 5 epochs; weights are in x\n") == 97.25
    with pytest.raises(ContenderError, match="no test accuracy"):
        processes.accuracy_of(line)


def test_peers_that_are_not_installed_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "torch_installed", lambda: False)
    plan = Plan(rounds=7, threads=2)
    every = [cases.training, cases.conv, cases.matmul, cases.elementwise, cases.small, cases.scaling]
    without = {contender.name for build in every for case in build(plan) for contender in case.contenders}
    assert not any("PyTorch" in name for name in without)
    monkeypatch.setattr(peers, "torch_installed", lambda: True)
    with_torch = {contender.name for build in every for case in build(plan) for contender in case.contenders}
    assert with_torch - without == {"PyTorch", "PyTorch channels_last", "PyTorch compiled"}
    assert processes.eager_variants() == ("PyTorch", "PyTorch channels_last")


def test_times_of_chains_are_those_of_an_operation() -> None:
    parts = {case.name: case.parts for case in cases.small(Plan(rounds=7, threads=2))}
    assert parts["multiply, forward"] == parts["sigmoid, forward + backward"] == 20
    assert parts["mixed, forward + backward"] == 60
    assert parts["creation from a number"] == 1
