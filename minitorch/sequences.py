"""Sequences of different lengths: a mask that says where each of them ends, and what is left of them over time.

Tensors are rectangular, and sentences are not. So short sequences are filled up with zeros at their end, and a mask
remembers what is real: 1 in each step of a sequence, 0 behind its end. A convolution with a bias makes numbers of zeros
too; so its output is multiplied by the mask before another window slides over it. Then filling up never changes a
result.
"""

from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError, ShapeError, explain
from .fast_pool import MaxOfRowsFun
from .tensor import Tensor
from .tensor_data import TensorData, as_whole_numbers


def sequence_mask(lengths: Any, width: int, like: Tensor) -> Tensor:
    """Which steps of filled-up sequences are real.

    Args:
        lengths: The number of steps of each sequence, from 1 to `width`: whole numbers, of shape (batch,).
        width: The number of steps that all were filled up to.
        like: The tensor whose backend and type to use.

    Returns:
        A constant of shape (batch, 1, width): 1 in the real steps, 0 behind them. It broadcasts over channels.

    Raises:
        ShapeError: The lengths are not a single row.
        ArgumentError: A length is not whole, less than 1 or more than `width`.

    Examples:
        >>> import minitorch
        >>> mask = minitorch.sequence_mask([3, 1], width=4, like=minitorch.zeros(1))
        >>> mask.shape
        (2, 1, 4)
        >>> mask.view(2, 4)
        tensor([[1., 1., 1., 0.],
                [1., 0., 0., 0.]], shape=(2, 4))
    """

    def refuse(found: str) -> ArgumentError:
        return ArgumentError(
            explain(
                "A sequence cannot have this length.",
                got=found,
                expected=f"whole numbers from 1 to {width}, the width that sequences are filled up to",
                fix="leave out empty sequences, and cut those that are too long",
            )
        )

    numbers = as_whole_numbers(lengths, 1, width, "length", refuse)
    if numbers.ndim != 1:
        raise ShapeError(
            explain(
                "Lengths come in a single row.",
                got=f"lengths of shape {numbers.shape}",
                expected="shape (batch,)",
                fix="pass one whole number for each sequence of the batch",
            )
        )
    mask = (np.arange(width) < numbers[:, None]).astype(like.dtype)  # (batch, width)
    return like._new(TensorData(mask.ravel(), (len(numbers), 1, width)))


def max_over_time(input: Tensor, mask: Tensor | None = None) -> Tensor:
    """The maximum of each channel over all steps: whether its window has found what it looks for, wherever that is.

    (Collobert et al., "Natural Language Processing (Almost) from Scratch", 2011)

    Args:
        input: Sequences, of shape (batch, channels, width).
        mask: 1 in the steps that count, 0 in the others: a constant, of shape (batch, 1, width); see `sequence_mask`.
            All count if it is left out.

    Returns:
        A tensor of shape (batch, channels).

    Raises:
        ShapeError: The shapes do not fit, or there are no steps.
        ArgumentError: The mask has other numbers, or leaves nothing of a sequence.
        DTypeError: The input or the mask is no tensor.

    Examples:
        >>> import minitorch
        >>> input = minitorch.tensor([[[-3, -1, 0]]])  # two steps, and one that only fills up
        >>> mask = minitorch.sequence_mask([2], width=3, like=input)
        >>> minitorch.max_over_time(input, mask)
        tensor([[-1.]], shape=(1, 1))
    """
    _check_sequences(input, mask)
    if mask is not None and not mask.numbers().all():
        # Minus infinity is no maximum, as long as there is anything else.
        input = input + mask.like(np.where(mask.numbers() == 0, -np.inf, 0))
    return MaxOfRowsFun.apply(input)


def mean_over_time(input: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean of each channel over all steps, or those that count.

    Args:
        input: Sequences, of shape (batch, channels, width).
        mask: 1 in the steps that count, 0 in the others, as for `max_over_time`.

    Returns:
        A tensor of shape (batch, channels).

    Raises:
        ShapeError: The shapes do not fit, or there are no steps.
        ArgumentError: The mask has other numbers, or leaves nothing of a sequence.
        DTypeError: The input or the mask is no tensor.

    Examples:
        >>> import minitorch
        >>> input = minitorch.tensor([[[2, 4, 0]]])  # two steps, and one that only fills up
        >>> mask = minitorch.sequence_mask([2], width=3, like=input)
        >>> minitorch.mean_over_time(input, mask)
        tensor([[3.]], shape=(1, 1))
    """
    _check_sequences(input, mask)
    if mask is None:
        return input.mean(2).view(*input.shape[:2])
    steps = mask.numbers()
    weights = mask.like(steps / steps.sum(2, keepdims=True))  # (batch, 1, width), of sum 1 for each sequence
    return (input * weights).sum(2).view(*input.shape[:2])


def _check_sequences(input: Tensor, mask: Tensor | None) -> None:
    for operand in (input, mask):
        if operand is not None and not isinstance(operand, Tensor):
            raise DTypeError(
                explain(
                    "Sequences and their mask are tensors.",
                    got=type(operand).__name__,
                    expected="input (batch, channels, width), and mask (batch, 1, width)",
                    fix="make a tensor with minitorch.tensor(...), and a mask with sequence_mask(...)",
                )
            )
    fits = input.dims == 3 and input.shape[2] > 0
    if not fits or (mask is not None and mask.shape != (input.shape[0], 1, input.shape[2])):
        raise ShapeError(
            explain(
                "There is nothing to take over time, or the mask does not belong to it.",
                got=f"input {input.shape}" + ("" if mask is None else f" and mask {mask.shape}"),
                expected="input (batch, channels, width), of at least one step, and mask (batch, 1, width)",
                fix="make the mask with sequence_mask(lengths, width, like=input)",
            )
        )
    if mask is not None:
        numbers = mask.numbers()
        empty = int((numbers == 0).all(2).sum())
        if empty or not ((numbers == 0) | (numbers == 1)).all():
            raise ArgumentError(
                explain(
                    "This is no mask.",
                    got=f"numbers from {numbers.min()} to {numbers.max()}, and {empty} rows of zeros",
                    expected="0 and 1 only, and in each row at least one 1",
                    fix="make the mask with sequence_mask(lengths, width, like=input)",
                )
            )
