"""The errors of the library, and the one helper that words them.

Every message answers four questions, in this order: what happened, what was given, what was expected, and how to
mend it. All errors share the base class `MinitorchError`, and each is also the built-in error that a Python
programmer would expect in its place, so that `except ValueError` or `except IndexError` catches it too.
"""


class MinitorchError(Exception):
    """The base of every error that the library raises on purpose."""


class IndexingError(MinitorchError, RuntimeError, IndexError):
    """An index that a tensor does not have (wrong length, negative, out of range), or a slicing that names no part."""


class BroadcastError(IndexingError, ValueError):
    """Two shapes that broadcasting cannot bring together."""


class ShapeError(MinitorchError, ValueError):
    """A tensor of the wrong rank or the wrong sizes."""


class ContiguityError(ShapeError):
    """A view of a tensor whose cells do not lie one after the other in its storage."""


class DTypeError(MinitorchError, TypeError):
    """Values that are no real numbers, or a number type that the library does not compute in."""


class ArgumentError(MinitorchError, ValueError):
    """A setting outside its range, such as a negative learning rate or a label without a class."""


class GraphError(MinitorchError, RuntimeError):
    """A gradient that was asked for where no graph leads to it."""


class StateError(MinitorchError, KeyError, ValueError):
    """A state dictionary whose names or shapes are not those of the module that shall load it."""

    # KeyError shows the repr of its argument, which would put the whole message on one line between quotes.
    __str__ = Exception.__str__


class DataFileError(MinitorchError, OSError):
    """A data file or a checkpoint that is missing, cut short, or not what was once written."""


def explain(what: str, *, got: object, expected: object, fix: str) -> str:
    """Return the text of an error in the form that all of them share.

    Args:
        what: What happened, as a sentence.
        got: The sizes or values that were seen.
        expected: The sizes or values that would have been right.
        fix: What the reader can do about it.
    """
    return f"{what}\n  got:      {got}\n  expected: {expected}\n  fix:      {fix}"
