"""Task 4.4 as a student may write it: everything from reductions, comparisons and products of tensors."""

# minitorch/nn.py

from .autodiff import Context, Function
from .creation import rand
from .tensor import Tensor


def argmax(input: Tensor, dim: int) -> Tensor:
    largest = input.f.max_reduce(input, dim)
    return input.detach() == largest


class Max(Function):
    @staticmethod
    def forward(ctx: Context, input: Tensor, dim: int) -> Tensor:
        largest = input.f.max_reduce(input, dim)
        ctx.save_for_backward(input, largest, dim)
        return largest

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        input, largest, dim = ctx.saved_values
        winners = input == largest
        share = grad_output / winners.sum(dim)  # cells that tie get equal parts
        return winners * share


def max(input: Tensor, dim: int) -> Tensor:
    return Max.apply(input, dim)


def softmax(input: Tensor, dim: int) -> Tensor:
    shifted = input - max(input, dim)
    powers = shifted.exp()
    return powers / powers.sum(dim)


def logsoftmax(input: Tensor, dim: int) -> Tensor:
    distance = input - max(input, dim)
    total = distance.exp().sum(dim)
    return distance - total.log()


def maxpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    batch, channel, height, width = input.shape
    tiles, new_height, new_width = tile(input, kernel)
    largest_cells = max(tiles, 4)  # (batch, channel, new_height, new_width, 1)
    return largest_cells.view(batch, channel, new_height, new_width)


def dropout(input: Tensor, rate: float, ignore: bool = False) -> Tensor:
    check_rate(rate)
    if ignore:
        return input
    if rate == 1:
        return input * 0.0
    draws = rand(input.shape, backend=input.backend)
    kept = (draws < rate) == 0.0
    return input * kept * (1 / (1 - rate))
