"""The errors of the library, and the one helper that words them.

Every message answers four questions, in this order: what happened, what was given, what was expected, and how to
mend it. All errors share the base class `MinitorchError`, and each is also the built-in error that a Python
programmer would expect in its place, so that `except ValueError` or `except IndexError` catches it too.
"""


class MinitorchError(Exception):
    """The base of every error that the library raises on purpose.

    Examples:
        >>> import minitorch
        >>> try:
        ...     minitorch.zeros(2, 3) @ minitorch.zeros(2, 3)
        ... except minitorch.MinitorchError as error:
        ...     print(error)
        These tensors cannot be multiplied as matrices.
          got:      (2, 3) @ (2, 3)
          expected: (..., n, k) @ (..., k, m): two dimensions or more, and the same k
          fix:      turn one with .permute(...), or make a vector a matrix with .view(n, 1)
    """


class IndexingError(MinitorchError, RuntimeError, IndexError):
    """An index that a tensor does not have (wrong length, negative, out of range), or a slicing that names no part.

    Examples:
        >>> import minitorch
        >>> minitorch.zeros(2, 3)[2, 0]
        Traceback (most recent call last):
            ...
        minitorch.errors.IndexingError: The tensor has no such cell.
          got:      index (2, 0) for shape (2, 3)
          expected: 2 numbers, each at least 0 and less than the size in its place
          fix:      index every dimension, counting from 0
    """


class BroadcastError(IndexingError, ValueError):
    """Two shapes that broadcasting cannot bring together.

    Examples:
        >>> import minitorch
        >>> minitorch.zeros(2, 3) + minitorch.zeros(2)
        Traceback (most recent call last):
            ...
        minitorch.errors.BroadcastError: Two shapes cannot be broadcast together.
          got:      (2, 3) and (2,), which meet with sizes 3 and 2
          expected: aligned at the right, equal sizes, or one of the two of size 1
          fix:      give one tensor a dimension of size 1 in that place with .view(...)
    """


class ShapeError(MinitorchError, ValueError):
    """A tensor of the wrong rank or the wrong sizes.

    Examples:
        >>> import minitorch
        >>> minitorch.zeros(2, 3).view(4)
        Traceback (most recent call last):
            ...
        minitorch.errors.ShapeError: The tensor cannot be viewed under this shape: the number of cells differs.
          got:      shape (2, 3) with 6 cells, to be viewed as (4,)
          expected: sizes that multiply to 6 (one of them may be -1)
          fix:      choose sizes with the same product
    """


class ContiguityError(ShapeError):
    """A view of a tensor whose cells do not lie one after the other in its storage.

    Examples:
        >>> import minitorch
        >>> turned = minitorch.zeros(2, 3).permute(1, 0)
        >>> try:
        ...     turned.view(6)
        ... except minitorch.ContiguityError:
        ...     print(turned.contiguous().view(6))
        tensor([0., 0., 0., 0., 0., 0.], shape=(6,))
    """


class DTypeError(MinitorchError, TypeError):
    """Values that are no real numbers, or a number type that the library does not compute in.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor(["1", "2"])
        Traceback (most recent call last):
            ...
        minitorch.errors.DTypeError: A tensor holds real numbers only.
          got:      values of type <U1
          expected: ints and floats
          fix:      convert the values to numbers first
    """


class ArgumentError(MinitorchError, ValueError):
    """A setting outside its range, such as a negative learning rate or a label without a class.

    Examples:
        >>> import minitorch
        >>> minitorch.Dropout(25)
        Traceback (most recent call last):
            ...
        minitorch.errors.ArgumentError: The dropout rate must be a probability.
          got:      rate=25
          expected: a number from 0 to 1
          fix:      pass for instance 0.25 to drop one cell in four
    """


class GraphError(MinitorchError, RuntimeError):
    """A gradient that was asked for where no graph leads to it.

    Examples:
        >>> import minitorch
        >>> minitorch.ones(1).backward()
        Traceback (most recent call last):
            ...
        minitorch.errors.GraphError: backward() was called on a constant, which has no graph.
          got:      a tensor of shape (1,) that needs no gradient
          expected: a tensor computed from one with requires_grad=True
          fix:      make the leaves with requires_grad=True, and do not detach() on the way
    """


class StateError(MinitorchError, KeyError, ValueError):
    """A state dictionary whose names or shapes are not those of the module that shall load it.

    Examples:
        >>> import minitorch
        >>> minitorch.Linear(2, 1).load_state_dict({"weight": [[3, 4]]})
        Traceback (most recent call last):
            ...
        minitorch.errors.StateError: The state does not belong to this Linear: its names differ.
          got:      missing: bias; unknown: none
          expected: exactly the names weight, bias
          fix:      build the model with the same layers as the one that was saved
    """

    # KeyError shows the repr of its argument, which would put the whole message on one line between quotes.
    __str__ = Exception.__str__


class DataFileError(MinitorchError, OSError):
    """A data file or a checkpoint that is missing, cut short, or not what was once written.

    Examples:
        >>> import minitorch
        >>> minitorch.load("nowhere.npz")
        Traceback (most recent call last):
            ...
        minitorch.errors.DataFileError: There is no such file.
          got:      nowhere.npz
          expected: an .npz file that minitorch.save wrote
          fix:      check the path
    """


def explain(what: str, *, got: object, expected: object, fix: str) -> str:
    """Return the text of an error in the form that all of them share.

    Args:
        what: What happened, as a sentence.
        got: The sizes or values that were seen.
        expected: The sizes or values that would have been right.
        fix: What the reader can do about it.

    Examples:
        >>> import minitorch
        >>> print(minitorch.errors.explain("It is too long.", got=5, expected="at most 3", fix="cut it"))
        It is too long.
          got:      5
          expected: at most 3
          fix:      cut it
    """
    return f"{what}\n  got:      {got}\n  expected: {expected}\n  fix:      {fix}"
