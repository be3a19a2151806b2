"""The same work done by NumPy and by PyTorch. PyTorch is imported where it is used, for it may not be installed."""

import importlib.util
import os
from typing import Any

import numpy as np

from project.benchmark import workload
from project.benchmark.measure import Work
from project.benchmark.workload import CHANNELS_LAST, COMPILED, ConvShape


def torch_installed() -> bool:
    """Whether PyTorch can be imported."""
    return importlib.util.find_spec("torch") is not None


def configured_torch() -> Any:
    """PyTorch, with as many threads as the environment says."""
    import torch

    if "OMP_NUM_THREADS" in os.environ:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    return torch


# PyTorch


def torch_network() -> Any:
    """The network of `run_mnist_multiclass.build_network`.

    Our convolution keeps the size of the image by reading zeros past its right and bottom edge; PyTorch is given as
    many zeros, spread over all edges, which costs the same.
    """
    nn = configured_torch().nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),  # (batch, 4, 28, 28)
        nn.ReLU(),
        nn.Conv2d(4, 8, 3, padding=1),  # (batch, 8, 28, 28)
        nn.ReLU(),
        nn.MaxPool2d(4),  # (batch, 8, 7, 7)
        nn.Flatten(),  # (batch, 392)
        nn.Linear(392, 64),  # (batch, 64)
        nn.ReLU(),
        nn.Dropout(0.25),
        nn.Linear(64, 10),  # (batch, 10)
        nn.LogSoftmax(1),
    )


def torch_training_step(batch: int, variant: str) -> Work:
    """A step of training the network of the course, on a batch that is in memory already."""
    torch = configured_torch()
    images, digits = workload.batch_of_digits(batch)
    torch.manual_seed(workload.SEED)
    model = torch_network()
    optimizer = torch.optim.SGD(model.parameters(), lr=workload.LEARNING_RATE, momentum=workload.MOMENTUM)
    pixels = torch.from_numpy(workload.to_pixels(images))  # (batch, 1, 28, 28)
    labels = torch.from_numpy(digits.astype(np.int64))  # (batch,)
    if variant == CHANNELS_LAST:
        model = model.to(memory_format=torch.channels_last)
        pixels = pixels.to(memory_format=torch.channels_last)
    if variant == COMPILED:
        model = torch.compile(model)

    def work() -> None:
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(model(pixels), labels)
        loss.backward()
        optimizer.step()

    return work


def _torch_operands(shape: ConvShape, dtype: str, variant: str) -> tuple[Any, ...]:
    """The function of PyTorch for a convolution; and its input, its weight, and the gradient of its output."""
    torch = configured_torch()
    tensors = [torch.from_numpy(array) for array in shape.arrays(dtype)]
    if variant == CHANNELS_LAST:
        tensors = [tensor.to(memory_format=torch.channels_last) for tensor in tensors]
    return torch.nn.functional.conv1d if shape.rank == 1 else torch.nn.functional.conv2d, *tensors


def torch_convolution(shape: ConvShape, dtype: str, variant: str) -> Work:
    """A convolution and the gradients of its input and weight, of the size of ours; the kernel must be odd."""
    convolve, input, weight, upstream = _torch_operands(shape, dtype, variant)
    input.requires_grad_()
    weight.requires_grad_()

    def work() -> None:
        input.grad = weight.grad = None
        convolve(input, weight, padding=shape.kernel // 2).backward(upstream)

    return work


def torch_convolution_forward(shape: ConvShape, dtype: str, variant: str) -> Work:
    """A convolution alone, of tensors that need no gradient, of the size of ours; the kernel must be odd."""
    convolve, input, weight, _ = _torch_operands(shape, dtype, variant)
    return lambda: convolve(input, weight, padding=shape.kernel // 2)


def torch_chain(link: str, backward: bool) -> Work:
    """A chain of operations on tensors of one number."""
    torch = configured_torch()
    x, w, b = [torch.tensor([number], dtype=torch.float64, requires_grad=True) for number in workload.CHAIN_START]
    return workload.chain(link, backward, x, w, b)


def torch_creation() -> Work:
    """A tensor made of one Python number."""
    torch = configured_torch()
    return lambda: torch.tensor(workload.CHAIN_START[0], dtype=torch.float64)


# NumPy


def numpy_matrix_product(size: int, dtype: str) -> Work:
    """The product of two square matrices."""
    a, b = (workload.random_array((size, size), dtype, seed) for seed in (1, 2))
    return lambda: a @ b


def numpy_operation(name: str, shape: tuple[int, ...], dtype: str) -> Work:
    """An operation on arrays; each result is a new array, as it is with tensors."""
    x, y = (workload.random_array(shape, dtype, seed) for seed in (1, 2))
    return {
        "neg": lambda: np.negative(x),
        "relu": lambda: np.maximum(x, 0),
        "exp": lambda: np.exp(x),
        "add": lambda: x + y,
        "mul": lambda: x * y,
        "sum": lambda: x.sum(),
        "max": lambda: x.max(),
        "sum of columns": lambda: x.sum(0),
        "sum of rows": lambda: x.sum(1),
    }[name]
