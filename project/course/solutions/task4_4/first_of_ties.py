"""Task 4.4 with NumPy: of several equal cells the first gets the gradient; max pooling knows no tiles."""

# minitorch/nn.py

import random

import numpy as np

from .autodiff import Context, Function
from .tensor import Tensor


def argmax(input: Tensor, dim: int) -> Tensor:
    cells = input.to_numpy()
    return input.like(cells == cells.max(axis=dim, keepdims=True))


class Max(Function):
    @staticmethod
    def forward(ctx: Context, input: Tensor, dim: int) -> Tensor:
        cells = input.to_numpy()
        places = np.expand_dims(cells.argmax(axis=dim), dim)
        ctx.save_for_backward(input, places, dim)
        return input._ensure_tensor(np.take_along_axis(cells, places, dim))

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        input, places, dim = ctx.saved_values
        gradient = np.zeros(input.shape)
        np.put_along_axis(gradient, places, grad_output.to_numpy(), dim)
        return input.like(gradient)


def max(input: Tensor, dim: int) -> Tensor:
    return Max.apply(input, dim)


class Soft(Function):
    @staticmethod
    def forward(ctx, input, dim):
        cells = input.to_numpy()
        e = np.exp(cells - cells.max(dim, keepdims=True))
        y = e / e.sum(dim, keepdims=True)
        ctx.save_for_backward(y, dim)
        return input.like(y)

    @staticmethod
    def backward(ctx, grad_output):
        y, dim = ctx.saved_values
        g = grad_output.to_numpy()
        return grad_output.like(y * (g - (g * y).sum(dim, keepdims=True)))


def softmax(input: Tensor, dim: int) -> Tensor:
    return Soft.apply(input, dim)


class LogSoft(Function):
    @staticmethod
    def forward(ctx, input, dim):
        cells = input.to_numpy()
        cells = cells - cells.max(dim, keepdims=True)
        y = cells - np.log(np.exp(cells).sum(dim, keepdims=True))
        ctx.save_for_backward(y, dim)
        return input.like(y)

    @staticmethod
    def backward(ctx, grad_output):
        y, dim = ctx.saved_values
        g = grad_output.to_numpy()
        return grad_output.like(g - np.exp(y) * g.sum(dim, keepdims=True))


def logsoftmax(input: Tensor, dim: int) -> Tensor:
    return LogSoft.apply(input, dim)


class Pool(Function):
    @staticmethod
    def forward(ctx, input, kernel):
        kh, kw = kernel
        batch, channel, height, width = input.shape
        cells = input.to_numpy()
        out = np.empty((batch, channel, height // kh, width // kw))
        winners = {}
        for b, c, i, j in np.ndindex(*out.shape):
            best = None
            for h in range(i * kh, i * kh + kh):
                for w in range(j * kw, j * kw + kw):
                    if best is None or cells[b, c, h, w] > cells[best]:
                        best = b, c, h, w
            winners[b, c, i, j] = best
            out[b, c, i, j] = cells[best]
        ctx.save_for_backward(input, winners)
        return input._ensure_tensor(out)

    @staticmethod
    def backward(ctx, grad_output):
        input, winners = ctx.saved_values
        gradient = np.zeros(input.shape)
        for place, cell in winners.items():
            gradient[cell] = grad_output[place]
        return input.like(gradient)


def maxpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    return Pool.apply(input, kernel)


def dropout(input: Tensor, rate: float, ignore: bool = False) -> Tensor:
    if ignore or rate == 0.0:
        return input
    if rate == 1.0:
        return input.zeros()
    factors = [1 / (1 - rate) if random.random() > rate else 0.0 for _ in range(input.size)]
    return input * input.like(np.reshape(factors, input.shape))
