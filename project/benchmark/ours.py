"""The work of the library itself."""

from collections.abc import Callable
from typing import Any

import minitorch
from minitorch import SGD, Adam, FastBackend, Module, Optimizer, Tensor
from project import anomaly
from project.benchmark import workload
from project.benchmark.measure import Work
from project.benchmark.workload import ConvShape
from project.run_mnist_multiclass import build_network, to_input
from project.run_speech import LABEL_SMOOTHING, SpeechNetwork
from project.sentiment import MEMBERS, Committee
from project.training import Clipped


def training_step(batch: int) -> Work:
    """A step of training the network of the course, on a batch that is in memory already."""
    images, labels = workload.batch_of_digits(batch)
    minitorch.manual_seed(workload.SEED)
    model = build_network(FastBackend)
    optimizer = SGD(model.parameters(), lr=workload.LEARNING_RATE, momentum=workload.MOMENTUM)
    pixels = to_input(images, FastBackend)  # (batch, 1, 28, 28)

    def work() -> None:
        optimizer.zero_grad()
        loss = minitorch.nll_loss(model(pixels), labels)
        loss.backward()
        optimizer.step()

    return work


def sequence_training_step(network: str) -> Work:
    """A step of training the network of `run_sentiment.py`, `run_speech.py` or `run_anomaly.py`."""
    minitorch.manual_seed(workload.SEED)
    return {"sentiment": _sentiment, "speech": _speech, "anomaly": _anomaly}[network]()


def _step(model: Module, loss: Callable[[], Tensor], optimizer: Optimizer | None = None) -> Work:
    optimizer = optimizer or Adam(model.parameters())

    def work() -> None:
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return work


def _sentiment() -> Work:
    numbers, lengths, targets = workload.batch_of_sentences()
    model = Committee(workload.WORDS, FastBackend)
    wanted = targets[:, None].repeat(MEMBERS, 1)  # (sentences, members)
    return _step(model, lambda: minitorch.binary_cross_entropy_with_logits(model.opinions(numbers, lengths), wanted))


def _speech() -> Work:
    values, lengths, labels = workload.batch_of_recordings()
    model = SpeechNetwork(workload.RECORDED_CHANNELS, workload.SPEAKERS, FastBackend)
    return _step(model, lambda: minitorch.cross_entropy(model(values, lengths), labels, LABEL_SMOOTHING))


def _anomaly() -> Work:
    windows, following = workload.batch_of_windows()
    model = anomaly.build_network(workload.WINDOW, FastBackend)
    x = minitorch.tensor(windows, backend=FastBackend)
    optimizer = Clipped(Adam(model.parameters()), anomaly.MAX_NORM)
    return _step(model, lambda: minitorch.mse_loss(model(x), following), optimizer)


def convolution(shape: ConvShape, dtype: str) -> Work:
    """A convolution and the gradients of its input and weight."""
    input_array, weight_array, upstream_array = shape.arrays(dtype)
    input = minitorch.tensor(input_array, backend=FastBackend, requires_grad=True)
    weight = minitorch.tensor(weight_array, backend=FastBackend, requires_grad=True)
    upstream = minitorch.tensor(upstream_array, backend=FastBackend)
    convolve = minitorch.conv1d if shape.rank == 1 else minitorch.conv2d

    def work() -> None:
        input.grad = weight.grad = None
        convolve(input, weight).backward(upstream)

    return work


def convolution_forward(shape: ConvShape, dtype: str) -> Work:
    """A convolution alone, of tensors that need no gradient."""
    input, weight = [minitorch.tensor(array, backend=FastBackend) for array in shape.arrays(dtype)[:2]]
    convolve = minitorch.conv1d if shape.rank == 1 else minitorch.conv2d
    return lambda: convolve(input, weight)


def matrix_product(size: int, dtype: str) -> Work:
    """The product of two square matrices."""
    a, b = (minitorch.tensor(workload.random_array((size, size), dtype, seed), backend=FastBackend) for seed in (1, 2))
    return lambda: a @ b


def operation(name: str, shape: tuple[int, ...], dtype: str) -> Work:
    """An operation of the backend on constant tensors; see `peers.numpy_operation`."""
    x, y = (minitorch.tensor(workload.random_array(shape, dtype, seed), backend=FastBackend) for seed in (1, 2))
    return {
        "neg": lambda: FastBackend.neg_map(x),
        "relu": lambda: FastBackend.relu_map(x),
        "exp": lambda: FastBackend.exp_map(x),
        "add": lambda: FastBackend.add_zip(x, y),
        "mul": lambda: FastBackend.mul_zip(x, y),
        "sum": lambda: FastBackend.add_reduce(x, 0),
        "max": lambda: FastBackend.max_reduce(x, 0),
        "sum of columns": lambda: FastBackend.add_reduce(x, 0),
        "sum of rows": lambda: FastBackend.add_reduce(x, 1),
    }[name]


def chain(link: str, backward: bool) -> Work:
    """A chain of operations on tensors of one number."""
    x, w, b = [minitorch.tensor([number], FastBackend, requires_grad=True) for number in workload.CHAIN_START]
    return workload.chain(link, backward, x, w, b)


def creation() -> Work:
    """A tensor made of one Python number."""
    make: Any = minitorch.tensor
    return lambda: make(workload.CHAIN_START[0], FastBackend)
