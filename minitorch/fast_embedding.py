"""Embedding: a table with a row of numbers for each word, in which words are looked up.

A network computes with numbers, and a word is none. So each word of a vocabulary has a number, which says nothing but
where it stands in a list, and a row of weights, which says what the word is like, and which is learned:

    out[..., d] = weight[indices[...], d]

Looking up gathers rows. The gradient goes the other way, and scatters: the row of a word gets the sum of the gradients
of all places at which the word stands. If each place added its gradient to the row of its word, two cores might add to
the same row at the same time, and lose one of both. So the places are sorted by their words first, and then each row is
added up by one core, in the order of its places: the result is the same, bit for bit, whoever does it.

It is the same as multiplying with a matrix that has a one in each row, at the number of the word, and else zeros; but
of the products with zeros, none is computed.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .autodiff import Context, Function, Variable
from .errors import ArgumentError, DTypeError, IndexingError, ShapeError, explain
from .jit import njit
from .sharing import share_out
from .tensor_data import Shape, Storage, Strides, as_whole_numbers
from .tensor_ops import fills_output, output_for

if TYPE_CHECKING:
    from .tensor import Tensor

Numbers = npt.NDArray[np.int64]

PIECE = 4096
"""How many cells a task has, about; less would not be worth waking another core for."""

# The kernels


@njit
def gather_task(
    task: int, places: int, out: Storage, weight: Storage, down: int, right: int, width: int, indices: Numbers
) -> None:
    """Look up the words at some places.

    Args:
        task: The number of the task.
        places: How many places each task has.
        out: Is filled with a row of `width` cells for each place.
        weight: The storage of the table.
        down: How far apart in it rows lie.
        right: How far apart in it the cells of a row lie.
        width: The number of cells of a row.
        indices: The number of the word at each place.
    """
    for place in range(task * places, min((task + 1) * places, len(indices))):
        row, first = out[place * width : (place + 1) * width], indices[place] * down
        for d in range(width):
            row[d] = weight[first + d * right]


@njit
def scatter_task(
    task: int, rows: int, out: Storage, grad: Storage, width: int, order: Numbers, begins: Numbers
) -> None:
    """Add up the gradients of some words.

    Args:
        task: The number of the task.
        rows: How many words each task has.
        out: Is filled with a row of `width` cells for each word.
        grad: A row of `width` cells for each place.
        width: The number of cells of a row.
        order: The places, sorted by their words.
        begins: Where in `order` the places of each word begin; and, last, where those of the last word end.
    """
    total = np.empty(width)  # in double precision, also when the gradients are float32
    for word in range(task * rows, min((task + 1) * rows, len(begins) - 1)):
        if begins[word] == begins[word + 1]:  # as for most words of a large vocabulary
            out[word * width : (word + 1) * width] = 0
            continue
        total[:] = 0
        for place in order[begins[word] : begins[word + 1]]:
            row = grad[place * width : (place + 1) * width]
            for d in range(width):
                total[d] += row[d]
        for d in range(width):
            out[word * width + d] = total[d]


@fills_output
def tensor_embedding(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    weight: Storage,
    weight_shape: Shape,
    weight_strides: Strides,
    indices: Numbers,
) -> None:
    """Look up words. For each place and each cell of a row:

        out[place, d] = weight[indices[place], d]

    Args:
        out: Storage of the output, of shape (places, width), row by row.
        out_shape: Its shape.
        out_strides: Its strides.
        weight: Storage of the table, of shape (words, width).
        weight_shape: Its shape.
        weight_strides: Its strides.
        indices: The number of the word at each place, of shape (places,).
    """
    width = int(weight_shape[1])
    down, right = weight_strides.tolist()
    places = max(1, PIECE // width)  # in each task
    share_out(gather_task, -(-len(indices) // places), places, out, weight, down, right, width, indices)


@fills_output
def tensor_embedding_back(
    out: Storage,
    out_shape: Shape,
    out_strides: Strides,
    grad: Storage,
    grad_shape: Shape,
    grad_strides: Strides,
    indices: Numbers,
) -> None:
    """Add up the gradients of each word. For each word and each cell of a row:

        out[word, d] = sum of grad[place, d] over all places with indices[place] == word

    Args:
        out: Storage of the output, of shape (words, width), row by row.
        out_shape: Its shape.
        out_strides: Its strides.
        grad: Storage of the gradients of all places, of shape (places, width), row by row.
        grad_shape: Its shape.
        grad_strides: Its strides.
        indices: The number of the word at each place, of shape (places,).
    """
    words, width = out_shape.tolist()
    order = np.argsort(indices, kind="stable")  # places of the same word stay in their order
    begins = np.zeros(words + 1, np.int64)
    np.cumsum(np.bincount(indices, minlength=words), out=begins[1:])
    rows = max(1, PIECE // width)  # in each task
    share_out(scatter_task, -(-words // rows), rows, out, grad, width, order, begins)


# The Function


class EmbeddingFun(Function):
    """The rows of a table, at given numbers

    Examples:
        >>> import minitorch
        >>> weight = minitorch.ones(3, 2, requires_grad=True)
        >>> minitorch.embedding([2, 0, 2], weight).sum().backward()
        >>> weight.grad
        tensor([[1., 1.],
                [0., 0.],
                [2., 2.]], shape=(3, 2))
    """

    makes_derivatives = True

    @staticmethod
    def forward(ctx: Context, weight: "Tensor", indices: Numbers, padding_idx: int | None) -> "Tensor":
        """(words, width) and whole numbers of shape (...) become (..., width)."""
        ctx.save_for_backward(weight.shape, indices, padding_idx)
        shape = (*indices.shape, weight.shape[1])
        out = output_for(tensor_embedding, weight, (indices.size, weight.shape[1]), weight.dtype)
        tensor_embedding(*out.tuple(), *weight.tuple(), indices.ravel())
        return out._new(out._tensor.view(*shape))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The row of a word gets the gradients of all places at which the word stands; padding gets none."""
        shape, indices, padding_idx = ctx.saved_values
        rows = grad_output if grad_output.is_contiguous() else grad_output.f.id_map(grad_output)
        grad = output_for(tensor_embedding_back, rows, shape, rows.dtype)
        tensor_embedding_back(*grad.tuple(), *rows.tuple(), indices.ravel())
        if padding_idx is not None:
            grad.numbers()[padding_idx] = 0
        return grad


def embedding(input: Any, weight: "Tensor", padding_idx: int | None = None) -> "Tensor":
    """Look up the rows of a table.

    Args:
        input: Whole numbers from 0 to words - 1, in an array, a list or a tensor, of any shape (...).
        weight: The table, of shape (words, width).
        padding_idx: A number that stands for no word, but fills up short sentences. Its row is looked up like any
            other, but gets no gradient.

    Returns:
        A tensor of shape (..., width).

    Raises:
        IndexingError: A number is none of the table, or not whole.
        ArgumentError: The padding is none of the table.
        ShapeError: The table does not have two dimensions, or no cells.
        DTypeError: The table is no tensor.

    Examples:
        >>> import minitorch
        >>> table = minitorch.tensor([[0, 0], [1, 10], [2, 20]])
        >>> minitorch.embedding([2, 1, 2], table)
        tensor([[ 2., 20.],
                [ 1., 10.],
                [ 2., 20.]], shape=(3, 2))
    """
    if not isinstance(weight, Variable) or not hasattr(weight, "dims"):  # a Scalar is a Variable too
        raise DTypeError(
            explain(
                "The table of an embedding is a tensor.",
                got=type(weight).__name__,
                expected="embedding(numbers, table), with a table of shape (words, width)",
                fix="pass the numbers first, and then the table",
            )
        )
    if weight.dims != 2 or weight.size == 0:
        raise ShapeError(
            explain(
                "The table of an embedding has a row for each word.",
                got=f"a table of shape {weight.shape}",
                expected="shape (words, width), both of at least 1",
                fix="bring the table into that shape with .view(...)",
            )
        )
    words = weight.shape[0]
    check_padding(padding_idx, words)

    def refuse(found: str) -> IndexingError:
        return IndexingError(
            explain(
                "The table has no such word.",
                got=found,
                expected=f"whole numbers from 0 to {words - 1}",
                fix="make the table as long as the vocabulary, and give unknown words a number of their own",
            )
        )

    return EmbeddingFun.apply(weight, as_whole_numbers(input, 0, words - 1, "number", refuse), padding_idx)


def check_padding(padding_idx: int | None, words: int) -> None:
    """Raise ArgumentError unless the number that stands for padding is one of the table, or there is none."""
    is_number = isinstance(padding_idx, (int, np.integer)) and not isinstance(padding_idx, bool)
    if padding_idx is not None and not (is_number and 0 <= padding_idx < words):
        raise ArgumentError(
            explain(
                "The number that stands for padding is none of the table.",
                got=f"padding_idx={padding_idx!r} for {words} words",
                expected=f"a whole number from 0 to {words - 1}, or None",
                fix="keep a row of the table for padding, usually row 0",
            )
        )
