"""Task 4.5 as a student may write it: each layer in a line or two, and the network as a list of its layers."""

# minitorch/layers.py

import math

from . import nn
from .fast_conv import conv2d
from .module import Module
from .tensor import Tensor


class _Conv(Module):
    def __init__(self, in_channels, out_channels, window, bias, backend, dtype):
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = window
        inputs = in_channels * math.prod(window)  # how many numbers one output is computed from
        weight_shape = (out_channels, in_channels, *window)
        bias_shape = (out_channels,) + (1,) * len(window)  # broadcasts over all places
        self.weight = _uniform(weight_shape, inputs, backend, dtype)
        self.bias = None
        if bias:
            self.bias = _uniform(bias_shape, inputs, backend, dtype)


class Conv2d(_Conv):
    def forward(self, x: Tensor) -> Tensor:
        out = conv2d(x, self.weight.value)
        if self.bias is not None:
            out = out + self.bias.value
        return out


class Dropout(Module):
    def forward(self, x: Tensor) -> Tensor:
        return nn.dropout(x, self.rate, ignore=not self.training)


class Flatten(Module):
    def forward(self, x: Tensor) -> Tensor:
        batch, features = x.shape[0], math.prod(x.shape[1:])
        return x.contiguous().view(batch, features)


class Sequential(Module):
    def forward(self, x):
        for layer in self.modules():
            x = layer(x)
        return x


# project/run_mnist_multiclass.py

import numpy as np

import minitorch
from minitorch import Conv2d, Dropout, Flatten, Linear, LogSoftmax, MaxPool2d, ReLU, Sequential, Tensor


def build_network(backend):
    settings = {"backend": backend, "dtype": DTYPE}
    return Sequential(
        Conv2d(1, 4, (3, 3), **settings),
        ReLU(),
        Conv2d(4, 8, (3, 3), **settings),
        ReLU(),
        MaxPool2d((4, 4)),  # (batch, 8, 7, 7)
        Flatten(),
        Linear(8 * 7 * 7, 64, **settings),
        ReLU(),
        Dropout(0.25),
        Linear(64, 10, **settings),
        LogSoftmax(1),
    )


def to_input(images, backend) -> Tensor:
    pixels = images.astype(DTYPE)
    pixels = (pixels - PIXEL_MEAN) / PIXEL_DEVIATION
    batch, height, width = pixels.shape
    return minitorch.tensor(pixels.reshape(batch, 1, height, width), backend=backend, dtype=DTYPE)


def evaluate(model, images, labels, backend) -> Evaluation:
    model.eval()
    totals = Totals()
    parts = []
    for start in range(0, len(labels), EVALUATION_BATCH):
        some = images[start : start + EVALUATION_BATCH]
        right_answers = labels[start : start + EVALUATION_BATCH]
        said = model(to_input(some, backend)).detach()
        count = len(right_answers)
        loss = minitorch.nll_loss(said, right_answers)
        probabilities = np.exp(said.to_numpy())
        answers = probabilities.argmax(axis=1)
        totals.loss += loss.item() * count
        totals.correct += int((answers == right_answers).sum())
        totals.count += count
        parts.append(probabilities)
    return Evaluation(totals, np.concatenate(parts))
