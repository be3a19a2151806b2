"""Slicing: the part of a tensor that t[...] names, as a view of the same storage.

Between the brackets stands, for each dimension, which places of it are wanted. A slice `start:stop:step` keeps the
dimension, a number takes one place of it and drops the dimension, `None` puts a new dimension of size 1 there, and
`...` stands for all the dimensions that are not named. (NumPy calls this basic indexing.)

No number is moved. Take a tensor of shape (4, 6), whose strides are (6, 1), and of its columns every second one,
t[:, 1::2]. The first cell lies at number 1 of the storage, and neighbours along the rows now lie 2 apart: shape (4, 3),
strides (6, 2). All of slicing is such arithmetic: where to start, and how far to step.
"""

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, TypeAlias

import numpy as np

from .errors import IndexingError, explain
from .tensor_data import Sizes, TensorData, find_layout

Part: TypeAlias = int | slice | EllipsisType | None
Key: TypeAlias = tuple[Part, ...]


def is_slicing(key: Any) -> bool:
    """Whether what stands between the brackets names a part of a tensor; numbers alone name a single cell."""
    parts = key if type(key) is tuple else (key,)
    return any(part is None or part is Ellipsis or isinstance(part, slice) for part in parts)


def slice_data(data: TensorData, key: Any) -> TensorData:
    """Return a view of the part of a tensor that `key` names.

    Args:
        data: The tensor.
        key: What stands between the brackets: slices, numbers, None and `...`, in a tuple if there are several.

    Raises:
        IndexingError: The key names more dimensions than there are, or a place that is not there; a slice goes
            backwards; or something else stands in the key.
    """
    parts = key if type(key) is tuple else (key,)
    _check_parts(parts, data.shape)
    named = sum([part is not None and part is not Ellipsis for part in parts])
    others = data.dims - named
    if not any(part is Ellipsis for part in parts):
        parts = (*parts, ...)  # dimensions that are not named stay whole

    start, dim = 0, 0
    sizes: list[int] = []
    steps: list[int] = []
    for part in parts:
        if part is None:
            sizes.append(1)
            steps.append(0)
        elif part is Ellipsis:
            sizes += data.shape[dim : dim + others]
            steps += data.strides[dim : dim + others]
            dim += others
        elif isinstance(part, slice):
            places = range(*_bounds(part, data.shape, dim))
            sizes.append(len(places))
            steps.append(places.step * data.strides[dim])
            start += places.start * data.strides[dim]
            dim += 1
        else:
            start += _place(int(part), data.shape, dim) * data.strides[dim]
            dim += 1
    layout = find_layout(tuple(sizes), tuple(steps))
    # Of the storage, the view keeps what lies between its first cell and its last.
    return TensorData.of(data._storage[start : start + layout.reach], layout)


def _check_parts(parts: Sequence[Any], shape: Sizes) -> None:
    """Refuse what is no slicing, and slicing that asks for more dimensions than there are."""
    for part in parts:
        is_number = isinstance(part, (int, np.integer)) and not isinstance(part, bool)
        if not (part is None or part is Ellipsis or isinstance(part, slice) or is_number):
            raise IndexingError(
                explain(
                    "A tensor is sliced with slices, whole numbers, None and `...` only.",
                    got=f"{type(part).__name__} between the brackets",
                    expected="for instance t[:, 2:5], t[0, ...] or t[:, None]",
                    fix="to pick rows one by one, use minitorch.embedding; to pick cells, multiply by a mask",
                )
            )
    dots = sum([part is Ellipsis for part in parts])
    named = sum([part is not None and part is not Ellipsis for part in parts])
    if dots > 1 or named > len(shape):
        raise IndexingError(
            explain(
                "The tensor does not have the dimensions that the slicing names.",
                got=f"{named} dimensions and {dots} times `...`, for shape {shape}",
                expected=f"at most {len(shape)} dimensions, and `...` at most once",
                fix="leave dimensions out: those at the end stay whole",
            )
        )


def _bounds(part: slice, shape: Sizes, dim: int) -> tuple[int, int, int]:
    """Start, stop and step of a slice, as a range has them; what lies beyond the end is left out, as in Python."""
    size = shape[dim]
    try:
        start, stop, step = part.indices(size)
    except (TypeError, ValueError):
        step = 0
    if step < 1:
        raise IndexingError(
            explain(
                "A slice goes forward, from one whole number to another.",
                got=f"{part} for dimension {dim} of shape {shape}",
                expected="start:stop or start:stop:step, of whole numbers, with a step of at least 1",
                fix="to turn a tensor around, make a new one of t.to_numpy()[::-1]",
            )
        )
    return start, stop, min(step, max(size, 1))  # one step leads out already; a larger one may not fit a stride


def _place(number: int, shape: Sizes, dim: int) -> int:
    """The place that a number in a slicing names; a negative one counts from the end."""
    if not -shape[dim] <= number < shape[dim]:
        raise IndexingError(
            explain(
                "The tensor has no such place.",
                got=f"{number} for dimension {dim} of shape {shape}",
                expected=f"a number from {-shape[dim]} to {shape[dim] - 1}" if shape[dim] else "nothing: it is empty",
                fix="places are counted from 0, and negative ones from the end",
            )
        )
    return number % shape[dim]
