"""What the suites of the first tasks share: results that are plain numbers, or lists of them."""

from collections.abc import Iterable
from typing import Any

import numpy as np

NUMBERS = (bool, int, float, np.number, np.bool_)


def as_array(values: Any) -> Any:
    """The numbers of a list, a tuple or a generator as an array of floats.

    A number stays as it is, and so does a list of other things. What no case can hand back becomes its description.
    """
    if values is None or isinstance(values, (str, *NUMBERS)):
        return values
    if not isinstance(values, Iterable):
        return f"a {type(values).__name__}"
    listed = list(values)
    if all(isinstance(value, NUMBERS) for value in listed):
        return np.array([float(value) for value in listed])
    return listed
