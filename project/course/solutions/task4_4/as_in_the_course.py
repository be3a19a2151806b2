"""Task 4.4 in the style of the course: dimensions travel as tensors, and softmax is the power of its logarithm."""

# minitorch/nn.py

from .autodiff import Context, Function
from .creation import rand
from .operators import max as larger
from .tensor import Tensor


def argmax(input: Tensor, dim: int) -> Tensor:
    return max(input, dim) == input


class Max(Function):
    @staticmethod
    def forward(ctx: Context, input: Tensor, dim: Tensor) -> Tensor:
        out = input.f.max_reduce(input, int(dim.item()))
        ctx.save_for_backward(input, out, int(dim.item()))
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, float]:
        input, out, dim = ctx.saved_values
        where = input == out
        return where * grad_output / where.sum(dim), 0.0


def max(input: Tensor, dim: int) -> Tensor:
    return Max.apply(input, input._ensure_tensor(dim))


def logsoftmax(input: Tensor, dim: int) -> Tensor:
    m = max(input, dim)
    return input - ((input - m).exp().sum(dim).log() + m)


def softmax(input: Tensor, dim: int) -> Tensor:
    return logsoftmax(input, dim).exp()


def maxpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    # The maximum of rows, then that of columns.
    (kh, kw), (batch, channel, height, width) = kernel, input.shape
    cut = input.contiguous().view(batch, channel, height // kh, kh, width // kw, kw)
    return max(max(cut, 5), 3).view(batch, channel, height // kh, width // kw)


class Drop(Function):
    @staticmethod
    def forward(ctx, input, factors):
        ctx.save_for_backward(factors)
        return input * factors

    @staticmethod
    def backward(ctx, grad_output):
        (factors,) = ctx.saved_values
        return grad_output * factors


def dropout(input: Tensor, rate: float, ignore: bool = False) -> Tensor:
    if ignore:
        return input
    kept = rand(input.shape, backend=input.backend) > rate
    return Drop.apply(input, kept * (1 / larger(1 - rate, 1e-9)))
