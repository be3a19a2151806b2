"""What networks are made of, as functions: pooling, softmax, dropout, losses, and windows laid out in the open."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import operators
from .autodiff import Context, Function
from .creation import draw_words, tensor
from .errors import ArgumentError, ShapeError, explain
from .fast_pool import MaxPool2dFun
from .tensor import Tensor
from .tensor_data import TensorData, as_sizes, as_whole_numbers
from .tensor_functions import as_dim

# Pooling


def as_pair(kernel: int | Sequence[int]) -> tuple[int, int]:
    """Read the size of a window, (height, width), where one number stands for both; or raise ShapeError."""
    sizes = as_sizes(kernel, "kernel")
    sizes = sizes * 2 if len(sizes) == 1 else sizes
    if len(sizes) != 2 or min(sizes) < 1:
        raise ShapeError(
            explain(
                "A window has a height and a width.",
                got=kernel,
                expected="two whole numbers of at least 1, as in (2, 2), or one number for both",
                fix="correct the kernel size",
            )
        )
    return sizes[0], sizes[1]


def as_width(kernel: int | Sequence[int]) -> tuple[int]:
    """Read the width of a window over sequences, a number or a sequence of one; or raise ShapeError."""
    sizes = as_sizes(kernel, "kernel")
    if len(sizes) != 1 or sizes[0] < 1:
        raise ShapeError(
            explain(
                "A window over sequences has a width, and nothing else.",
                got=kernel,
                expected="one whole number of at least 1",
                fix="correct the kernel size",
            )
        )
    return (sizes[0],)


def tile(input: Tensor, kernel: tuple[int, int]) -> tuple[Tensor, int, int]:
    """Cut images into tiles, one window of pooling each.

    Args:
        input: Images, of shape (batch, channel, height, width).
        kernel: Height and width of a tile, (kh, kw); they must divide those of the images.

    Returns:
        The tiles, of shape (batch, channel, new_height, new_width, kh * kw), then new_height and new_width.

    Raises:
        ShapeError: The input is no batch of images, or the tiles do not divide it.

    Examples:
        >>> import minitorch
        >>> minitorch.tile(minitorch.arange(8).view(1, 1, 2, 4), (2, 2))[0]
        tensor([[[[[0., 1., 4., 5.],
                   [2., 3., 6., 7.]]]]], shape=(1, 1, 1, 2, 4))
    """
    kh, kw = _check_tiles(input, kernel)
    batch, channel, height, width = input.shape
    new_height, new_width = height // kh, width // kw
    rows = input if input.is_contiguous() else input.contiguous()
    cut = rows.view(batch, channel, new_height, kh, new_width, kw)
    tiles = cut.permute(0, 1, 2, 4, 3, 5).contiguous()  # (batch, channel, new_height, new_width, kh, kw)
    return tiles.view(batch, channel, new_height, new_width, kh * kw), new_height, new_width


def _check_tiles(input: Tensor, kernel: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a tile, (kh, kw), if images can be cut into such tiles; else raise ShapeError."""
    kh, kw = as_pair(kernel)
    if input.dims != 4 or input.shape[2] % kh != 0 or input.shape[3] % kw != 0:
        raise ShapeError(
            explain(
                "The images cannot be cut into tiles of this size.",
                got=f"input {input.shape} and tiles ({kh}, {kw})",
                expected="input (batch, channel, height, width), where tiles divide height and width without rest",
                fix="choose tiles that divide the images, or pad the images",
            )
        )
    return kh, kw


def avgpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    """The mean of each tile: (batch, channel, height, width) becomes (batch, channel, height / kh, width / kw).

    Tiles are as in `tile`, and so is the ShapeError that they may raise.

    Examples:
        >>> import minitorch
        >>> minitorch.avgpool2d(minitorch.arange(8).view(1, 1, 2, 4), (2, 2))
        tensor([[[[2.5, 4.5]]]], shape=(1, 1, 1, 2))
    """
    tiles, height, width = tile(input, kernel)
    return tiles.mean(4).view(input.shape[0], input.shape[1], height, width)


def maxpool2d(input: Tensor, kernel: tuple[int, int]) -> Tensor:
    """The maximum of each tile: (batch, channel, height, width) becomes (batch, channel, height / kh, width / kw).

    It is the same as `max(tile(input, kernel)[0], 4)`, without the copy that `tile` makes.

    Examples:
        >>> import minitorch
        >>> minitorch.maxpool2d(minitorch.arange(8).view(1, 1, 2, 4), (2, 2))
        tensor([[[[5., 7.]]]], shape=(1, 1, 1, 2))
    """
    return MaxPool2dFun.apply(input, _check_tiles(input, kernel))


# Maximum and softmax


def _check_cells(input: Tensor, dim: int) -> None:
    """Raise ShapeError if a dimension is empty."""
    if input.shape[dim] == 0:
        raise ShapeError(
            explain(
                "There is no maximum of no numbers.",
                got=f"dimension {dim} of shape {input.shape}",
                expected="a dimension of size 1 or more",
                fix="leave out empty dimensions",
            )
        )


class Max(Function):
    """The maximum along a dimension, which stays with size 1

    Examples:
        >>> import minitorch
        >>> t = minitorch.tensor([5, 2, 5], requires_grad=True)
        >>> minitorch.Max.apply(t, 0).backward()
        >>> t.grad
        tensor([0.5, 0. , 0.5], shape=(3,))
    """

    @staticmethod
    def forward(ctx: Context, input: Tensor, dim: int) -> Tensor:
        """(..., n, ...) becomes (..., 1, ...)."""
        dim = as_dim(input, dim)
        _check_cells(input, dim)
        out = input.f.max_reduce(input, dim)
        ctx.save_for_backward(input, out, dim)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        """The gradient goes to the cell that was the maximum; cells that tie share it in equal parts."""
        input, out, dim = ctx.saved_values
        winners = input.f.eq_zip(input, out)  # the shape of the input
        ties = winners.f.add_reduce(winners, dim)  # size 1 in the dimension
        return winners * (grad_output / ties)


def max(input: Tensor, dim: int) -> Tensor:
    """The maximum along a dimension, which stays with size 1; or a ShapeError, if there are no numbers.

    Examples:
        >>> import minitorch
        >>> minitorch.max(minitorch.tensor([[1, 3, 2]]), 1)
        tensor([[3.]], shape=(1, 1))
    """
    return Max.apply(input, dim)


def argmax(input: Tensor, dim: int) -> Tensor:
    """1 where the maximum along a dimension stands, else 0. If several cells tie, each of them is 1.

    Returns:
        A constant of the shape of the input.

    Examples:
        >>> import minitorch
        >>> minitorch.argmax(minitorch.tensor([5, 2, 5]), 0)
        tensor([1., 0., 1.], shape=(3,))
    """
    constant = input.detach()
    return constant == max(constant, dim)


def softmax(input: Tensor, dim: int) -> Tensor:
    """e^x along a dimension, divided by its sum: numbers become probabilities.

    The maximum is subtracted first. That changes nothing in the result, and keeps e^x from overflowing; and since it
    changes nothing, the maximum may count as a constant in the gradient.

    Examples:
        >>> import minitorch
        >>> minitorch.softmax(minitorch.tensor([1000, 1000, -1000]), 0)
        tensor([0.5, 0.5, 0. ], shape=(3,))
    """
    e = (input - max(input.detach(), dim)).exp()
    return e / e.sum(dim)


class LogSoftmax(Function):
    """The logarithm of softmax, as one Function: its gradient is far simpler than the chain of its parts"""

    @staticmethod
    def forward(ctx: Context, input: Tensor, dim: int) -> Tensor:
        """x - max - ln(sum of e^(x - max)): subtracting the maximum changes nothing, and keeps e^x from overflowing."""
        f, dim = input.f, as_dim(input, dim)
        _check_cells(input, dim)
        shifted = f.add_zip(input, f.neg_map(f.max_reduce(input, dim)))
        total = f.add_reduce(f.exp_map(shifted), dim)  # 1 or more, for the maximum adds e^0
        log_total = f.log_map(f.add_zip(total, input._ensure_tensor(-operators.EPS)))  # exactly; log_map adds EPS again
        out = f.add_zip(shifted, f.neg_map(log_total))
        ctx.save_for_backward(out, dim)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        """d logsoftmax(x) = g - softmax(x) * (sum of g)"""
        out, dim = ctx.saved_values
        f = grad_output.f
        share = f.mul_zip(f.exp_map(out), f.add_reduce(grad_output, dim))
        return f.add_zip(grad_output, f.neg_map(share))


def logsoftmax(input: Tensor, dim: int) -> Tensor:
    """The logarithm of `softmax`: x minus the logarithm of the sum of e^x along a dimension.

    Taking the logarithm of the finished softmax would fail for small probabilities, which round to 0.

    Examples:
        >>> import minitorch
        >>> minitorch.logsoftmax(minitorch.tensor([1000, 0]), 0)
        tensor([    0., -1000.], shape=(2,))
    """
    return LogSoftmax.apply(input, dim)


def _log_of_at_least_one(x: Tensor) -> Tensor:
    """ln(x), exactly. `Tensor.log` adds EPS for the sake of zeros; where x is 1 or more, it can be taken off first."""
    return (x - operators.EPS).log()


# Dropout


def dropout(input: Tensor, rate: float, ignore: bool = False) -> Tensor:
    """Set random cells to zero, each with probability `rate`, and scale up the rest so that the mean stays the same.

    The scale is 1 / (1 - rate), so that nothing needs to be done in evaluation (Srivastava et al., 2014, "inverted").

    Args:
        input: Any tensor.
        rate: The probability of being dropped, from 0 to 1.
        ignore: If True, return the input as it is; used in evaluation.

    Raises:
        ArgumentError: The rate is not a probability.

    Examples:
        >>> import minitorch
        >>> minitorch.dropout(minitorch.ones(3), 0.5, ignore=True)
        tensor([1., 1., 1.], shape=(3,))
    """
    check_rate(rate)
    if ignore or rate == 0:
        return input
    if rate == 1:
        return input * 0.0
    # A random number of 16 bits is less than rate * 2^16 with probability `rate`, to within 2^-17. That is fine enough,
    # but for rates near 0 and 1; and a word of 32 bits gives two of them, for drawing takes longer than all the rest.
    bits = 16 if 1 / 16 <= rate <= 15 / 16 else 32
    numbers = draw_words(-(-input.size * bits // 32)).view(f"<u{bits // 8}")[: input.size]
    keep = numbers.reshape(input.shape) >= round(rate * 2**bits)
    scales = np.multiply(keep, 1 / (1 - rate), dtype=input.dtype)
    return input * input._new(TensorData(scales.reshape(-1), input.shape))


def check_rate(rate: float) -> None:
    """Raise ArgumentError unless `rate` is a probability."""
    _check_probability("dropout rate", f"rate={rate}", rate, "pass for instance 0.25 to drop one cell in four")


def _check_probability(name: str, got: str, value: float, fix: str) -> None:
    if not 0 <= value <= 1:
        raise ArgumentError(
            explain(f"The {name} must be a probability.", got=got, expected="a number from 0 to 1", fix=fix)
        )


# Losses. Each returns the mean over the batch, of shape (1,).


def _as_labels(labels: Any, classes: int) -> npt.NDArray[np.int64]:
    """Read labels: whole numbers from 0 to classes - 1, in a list, an array or a tensor of shape (batch,)."""

    def refuse(found: str) -> ArgumentError:
        return ArgumentError(
            explain(
                "A label does not belong to any class.",
                got=found,
                expected=f"whole numbers from 0 to {classes - 1}",
                fix="count classes from 0, and give the last layer one output for each class",
            )
        )

    numbers = as_whole_numbers(labels, 0, classes - 1, "label", refuse)
    if numbers.ndim != 1:
        raise ShapeError(
            explain(
                "Labels come in a single row.",
                got=f"labels of shape {numbers.shape}",
                expected="shape (batch,)",
                fix="pass one whole number for each item of the batch",
            )
        )
    return numbers


def one_hot(labels: Any, classes: int, like: Tensor) -> Tensor:
    """Rows that are 1 at the label and 0 elsewhere: a constant of shape (batch, classes).

    Args:
        labels: Whole numbers from 0 to classes - 1: a list, an array or a tensor of shape (batch,).
        classes: The number of columns.
        like: The tensor whose backend and type to use.

    Raises:
        ArgumentError: A label is no whole number, or out of range.
        ShapeError: The labels are not a single row.

    Examples:
        >>> import minitorch
        >>> minitorch.one_hot([2, 0], 3, like=minitorch.zeros(1))
        tensor([[0., 0., 1.],
                [1., 0., 0.]], shape=(2, 3))
    """
    return _one_in_each_row(1.0, _as_labels(labels, classes), classes, like)


def _one_in_each_row(value: float, columns: npt.NDArray[np.int64], classes: int, like: Tensor) -> Tensor:
    """Rows of zeros, with `value` in one column each; of shape (batch, classes)."""
    rows = np.zeros((len(columns), classes), like.dtype)
    rows[np.arange(len(columns)), columns] = value
    return like._new(TensorData(rows.reshape(-1), rows.shape))


class NLLLoss(Function):
    """Minus the mean of one cell of each row; with smoothing, all cells of a row have a small part in it"""

    @staticmethod
    def forward(ctx: Context, rows: Tensor, columns: npt.NDArray[np.int64], smoothing: float) -> Tensor:
        """(batch, classes) becomes (1,): of row i the cell in column columns[i] counts."""
        ctx.save_for_backward(rows, columns, smoothing)
        cells = rows.numbers()
        picked = cells[np.arange(len(columns)), columns]  # (batch,)
        mean = (1 - smoothing) * picked.mean(dtype=np.float64)
        if smoothing:
            mean += smoothing * cells.mean(dtype=np.float64)
        return rows.full((1,), -mean)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        """Each cell gets minus its part of the gradient: equal parts of the smoothing, and the rest where picked."""
        rows, columns, smoothing = ctx.saved_values
        share = -grad_output.item() / len(columns)  # of a row
        grad = _one_in_each_row((1 - smoothing) * share, columns, rows.shape[1], rows)
        if smoothing:
            grad.numbers()[...] += smoothing * share / rows.shape[1]
        return grad


def nll_loss(log_probabilities: Tensor, labels: Any) -> Tensor:
    """Negative log likelihood: minus the log-probability of the right class, averaged over the batch; of shape (1,).

    Args:
        log_probabilities: Of shape (batch, classes), for instance from `logsoftmax`.
        labels: Whole numbers from 0 to classes - 1, of shape (batch,).

    Raises:
        ShapeError: The shapes do not fit, or the batch is empty.
        ArgumentError: A label is out of range.

    Examples:
        >>> import minitorch
        >>> minitorch.nll_loss(minitorch.tensor([[-1, -2], [-3, -4]]), [0, 1])
        tensor([2.5], shape=(1,))
    """
    return _mean_loss(log_probabilities, labels, 0.0)


def _mean_loss(log_probabilities: Tensor, labels: Any, smoothing: float) -> Tensor:
    """See `nll_loss`, and `cross_entropy` for the smoothing."""
    are_rows = log_probabilities.dims == 2
    columns = _as_labels(labels, log_probabilities.shape[1]) if are_rows else np.asarray(labels)
    if not are_rows or len(columns) != log_probabilities.shape[0]:
        raise ShapeError(
            explain(
                "Predictions and labels do not belong together.",
                got=f"predictions {log_probabilities.shape} and labels {columns.shape}",
                expected="predictions (batch, classes) and labels (batch,)",
                fix="pass one row of predictions and one label for each item of the batch",
            )
        )
    if len(columns) == 0:
        raise ShapeError(
            explain(
                "There is no mean of no numbers.",
                got=f"predictions {log_probabilities.shape} and no labels",
                expected="at least one item in the batch",
                fix="leave out empty batches",
            )
        )
    return NLLLoss.apply(log_probabilities, columns, smoothing)


def cross_entropy(logits: Tensor, labels: Any, label_smoothing: float = 0.0) -> Tensor:
    """`nll_loss` of `logsoftmax`, for the bare outputs of a network; of shape (1,).

    Args:
        logits: Of shape (batch, classes).
        labels: Whole numbers from 0 to classes - 1, of shape (batch,).
        label_smoothing: The probability that is taken from the labels and given to all classes in equal parts, from 0
            to 1, so that the network does not strive for certainty (Szegedy et al., 2016).

    Raises:
        ShapeError: The shapes do not fit, or the batch is empty.
        ArgumentError: A label is out of range, or the smoothing is not a probability.

    Examples:
        >>> import minitorch
        >>> minitorch.cross_entropy(minitorch.tensor([[0, 1000], [1000, 0]]), [0, 0])
        tensor([500.], shape=(1,))
    """
    got = f"label_smoothing={label_smoothing}"
    _check_probability("label smoothing", got, label_smoothing, "pass for instance 0.1 to smooth a little")
    return _mean_loss(logsoftmax(logits, -1), labels, label_smoothing)


def _as_target(prediction: Tensor, target: Any) -> Tensor:
    """Read a target of exactly the prediction's shape: broadcasting here would hide a mistake."""
    target = prediction._ensure_tensor(tensor(target) if isinstance(target, (list, tuple)) else target)
    if target.shape != prediction.shape:
        raise ShapeError(
            explain(
                "Predictions and targets have different shapes.",
                got=f"predictions {prediction.shape} and targets {target.shape}",
                expected="two equal shapes",
                fix="bring one into the shape of the other with .view(...)",
            )
        )
    return target


def binary_cross_entropy_with_logits(logits: Tensor, targets: Any) -> Tensor:
    """The cross entropy of two classes, ln(1 + e^x) - t x for the logit x of class 1: the mean over all cells, (1,).

    Args:
        logits: Of any shape.
        targets: Probabilities t of class 1, from 0 to 1, of the same shape.

    Raises:
        ShapeError: The shapes differ, or there are no cells.
        ArgumentError: A target is not a probability.

    Examples:
        >>> import minitorch
        >>> minitorch.binary_cross_entropy_with_logits(minitorch.tensor([-1000, 1000]), [1, 1])
        tensor([500.], shape=(1,))
    """
    targets = _as_target(logits, targets)
    values = targets.to_numpy()
    if not ((values >= 0) & (values <= 1)).all():
        raise ArgumentError(
            explain(
                "A target is not a probability.",
                got=f"targets from {values.min()} to {values.max()}",
                expected="numbers from 0 to 1",
                fix="use 0 and 1 for the two classes",
            )
        )
    # ln(1 + e^x) is the logsoftmax trick for the two logits 0 and x: with m = max(0, x), m + ln(e^-m + e^(x-m)).
    m = logits.detach().relu()
    log_sum = m + _log_of_at_least_one((-m).exp() + (logits - m).exp())
    return (log_sum - targets * logits).mean()


def mse_loss(predictions: Tensor, targets: Any) -> Tensor:
    """The mean squared error over all cells, of shape (1,).

    Args:
        predictions: Of any shape.
        targets: Of the same shape.

    Raises:
        ShapeError: The shapes differ, or there are no cells.

    Examples:
        >>> import minitorch
        >>> minitorch.mse_loss(minitorch.tensor([1, 2]), [4, 3])
        tensor([5.], shape=(1,))
    """
    difference = predictions - _as_target(predictions, targets)
    return (difference * difference).mean()


# Windows laid out in the open: what convolution does without ever storing it


class Unroll(Function):
    """All windows of a tensor's last dimensions, side by side"""

    @staticmethod
    def forward(ctx: Context, input: Tensor, window: tuple[int, ...]) -> Tensor:
        """(..., sides) becomes (..., sides, window): the cells under the window at each place, zeros past the edge."""
        ctx.save_for_backward(input, window)
        cells = input.to_numpy()
        first = input.dims - len(window)  # the first of the dimensions that the window slides over
        margins = [(0, 0)] * first + [(0, size - 1) for size in window]
        padded = np.pad(cells, margins)
        if input.size == 0:
            return input.zeros((*input.shape, *window))  # NumPy refuses to slide over nothing
        windows = np.lib.stride_tricks.sliding_window_view(padded, window, axis=tuple(range(first, input.dims)))
        return tensor(windows, backend=input.backend, dtype=input.dtype)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        """A cell was copied once for every window that covers it, and gets the sum of the gradients of its copies."""
        input, window = ctx.saved_values
        gradient = grad_output.to_numpy()  # (..., sides, window)
        sides = input.shape[input.dims - len(window) :]
        total = np.zeros(input.shape, gradient.dtype)  # (..., sides)
        for offset in np.ndindex(*window):
            # The copies at this place of the window came from the cells `offset` further on, as far as there are any.
            reached: Any = (..., *[slice(o, None) for o in offset])
            places: Any = (..., *[slice(0, side - o if side > o else 0) for side, o in zip(sides, offset)], *offset)
            total[reached] += gradient[places]
        return tensor(total, backend=grad_output.backend)


def _unroll(input: Tensor, window: tuple[int, ...]) -> Tensor:
    if input.dims < len(window) or min(window) < 1:
        raise ShapeError(
            explain(
                "The windows of this tensor cannot be laid out.",
                got=f"input {input.shape} and window {window}",
                expected=f"at least {len(window)} dimensions, and window sizes of at least 1",
                fix="add the missing dimensions with .view(...), or choose a larger window",
            )
        )
    return Unroll.apply(input, window)


def unroll(input: Tensor, K: int) -> Tensor:
    """All windows of width K over the last dimension, with zeros past the edge: (..., T) becomes (..., T, K).

    A window starts at each place. Convolution is this, followed by a matrix product with the weights, without the
    windows ever being stored.

    Args:
        input: Of shape (..., T).
        K: The width of the window; it may be larger than T.

    Raises:
        ShapeError: The input has no dimension, or K is less than 1.

    Examples:
        >>> import minitorch
        >>> minitorch.unroll(minitorch.tensor([1, 2, 3]), 2)
        tensor([[1., 2.],
                [2., 3.],
                [3., 0.]], shape=(3, 2))
    """
    return _unroll(input, as_width(K))


def unroll2d(input: Tensor, kernel: int | Sequence[int]) -> Tensor:
    """All windows of height KH and width KW over the last two dimensions: (..., H, W) becomes (..., H, W, KH, KW).

    Args:
        input: Of shape (..., H, W).
        kernel: The size of the window, (KH, KW); see `unroll`.

    Raises:
        ShapeError: The input has fewer than two dimensions, or the window is empty.

    Examples:
        >>> import minitorch
        >>> minitorch.unroll2d(minitorch.tensor([[1, 2], [3, 4]]), (2, 2))[0, 1, :, :]
        tensor([[2., 0.],
                [4., 0.]], shape=(2, 2))
    """
    return _unroll(input, as_pair(kernel))
