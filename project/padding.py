"""Sequences of different lengths, side by side in one array."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch.errors import ArgumentError, explain

Array = npt.NDArray[Any]


def pad(sequences: Sequence[Array]) -> tuple[Array, npt.NDArray[np.int64]]:
    """Bring sequences to one length, with zeros behind the end of each.

    Args:
        sequences: Arrays that differ only in the last dimension, for instance of shape (length,) or (channels, length).

    Returns:
        The padded sequences, of shape (batch, ..., width), where width is the greatest length; and the lengths,
        of shape (batch,).

    Raises:
        ArgumentError: There are no sequences, one has no values, or they differ in more than the last dimension.
    """
    shapes = [sequence.shape for sequence in sequences]
    if not shapes or any(not shape or shape[-1] == 0 or shape[:-1] != shapes[0][:-1] for shape in shapes):
        raise ArgumentError(
            explain(
                "These sequences cannot be padded.",
                got=f"arrays of shapes {sorted(set(shapes))}" if shapes else "no sequences",
                expected="one or more arrays that differ only in the last dimension, which is at least 1",
                fix="leave out empty sequences, and give all of them the same number of channels",
            )
        )
    lengths = np.array([shape[-1] for shape in shapes], dtype=np.int64)
    dtype = np.result_type(*{sequence.dtype for sequence in sequences})
    padded = np.zeros((len(shapes), *shapes[0][:-1], lengths.max()), dtype)
    for row, sequence in zip(padded, sequences):
        row[..., : sequence.shape[-1]] = sequence
    return padded, lengths
