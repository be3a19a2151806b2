"""What convolution and pooling should compute, in plain loops over NumPy arrays, independent of the library."""

import itertools
from typing import Any

import numpy as np


def conv1d(input: Any, weight: Any) -> Any:
    """(b, c, t) and (o, c, k) give (b, o, t): out[b, o, t] = sum of input[b, c, t + k] * weight[o, c, k]."""
    return conv2d(input[:, :, None, :], weight[:, :, None, :])[:, :, 0, :]


def conv1d_gradients(input: Any, weight: Any, upstream: Any) -> tuple[Any, Any]:
    """The gradients of input and weight, from that of the output."""
    grad_input, grad_weight = conv2d_gradients(input[:, :, None, :], weight[:, :, None, :], upstream[:, :, None, :])
    return grad_input[:, :, 0, :], grad_weight[:, :, 0, :]


def _terms(input: Any, weight: Any) -> Any:
    """Every product of a convolution: the place of the output, of the input and of the weight that it joins."""
    batch, _, height, width = input.shape
    for b, h, w in itertools.product(range(batch), range(height), range(width)):
        for o, c, i, j in itertools.product(*[range(size) for size in weight.shape]):
            if h + i < height and w + j < width:
                yield (b, o, h, w), (b, c, h + i, w + j), (o, c, i, j)


def conv2d(input: Any, weight: Any) -> Any:
    """(b, c, h, w) and (o, c, i, j) give (b, o, h, w): sums of input[b, c, h + i, w + j] * weight[o, c, i, j]."""
    out = np.zeros((input.shape[0], weight.shape[0], *input.shape[2:]))
    for place, cell, tap in _terms(input, weight):
        out[place] += input[cell] * weight[tap]
    return out


def conv2d_gradients(input: Any, weight: Any, upstream: Any) -> tuple[Any, Any]:
    """The gradients of input and weight: each product hands the upstream gradient to its two factors."""
    grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
    for place, cell, tap in _terms(input, weight):
        grad_input[cell] += upstream[place] * weight[tap]
        grad_weight[tap] += upstream[place] * input[cell]
    return grad_input, grad_weight


def windows(input: Any, kernel: tuple[int, int]) -> Any:
    """(b, c, h, w) cut into tiles: (b, c, h / kh, w / kw, kh * kw)."""
    kh, kw = kernel
    batch, channel, height, width = input.shape
    out = np.zeros((batch, channel, height // kh, width // kw, kh * kw))
    for b, c, h, w in itertools.product(range(batch), range(channel), range(height), range(width)):
        out[b, c, h // kh, w // kw, (h % kh) * kw + w % kw] = input[b, c, h, w]
    return out


def unwindows(tiles: Any, kernel: tuple[int, int]) -> Any:
    """The way back from `windows`."""
    kh, kw = kernel
    batch, channel, rows, columns, _ = tiles.shape
    out = np.zeros((batch, channel, rows * kh, columns * kw))
    for b, c, h, w in itertools.product(range(batch), range(channel), range(rows * kh), range(columns * kw)):
        out[b, c, h, w] = tiles[b, c, h // kh, w // kw, (h % kh) * kw + w % kw]
    return out
