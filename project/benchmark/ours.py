"""The work of the library itself."""

from typing import Any

import minitorch
from minitorch import SGD, FastBackend
from project.benchmark import workload
from project.benchmark.measure import Work
from project.benchmark.workload import ConvShape
from project.run_mnist_multiclass import build_network, to_input


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
