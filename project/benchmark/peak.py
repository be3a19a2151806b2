"""How many multiplications and additions a second the processor can do at most, on all cores."""

from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from numba import prange

from project.benchmark.measure import Work

Array = npt.NDArray[Any]

TASKS = 64  # shared out among the cores
LINES, CELLS = 4, 256  # of a task; they stay in the fastest cache of a core
PASSES, STEPS = 1000, 8
FLOPS = TASKS * PASSES * LINES * CELLS * STEPS * 2  # a step is a multiplication and an addition


@numba.njit(parallel=True, cache=True, fastmath={"contract"})
def multiply_and_add(cells: Array, a: float, b: float) -> None:
    """Replace every cell x by x * a + b, again and again.

    "contract" allows the processor to multiply and add in one instruction, and neighbouring cells do not depend on each
    other, so that it handles many of them at a time. It needs a few cycles for each step; meanwhile it works on the
    other three lines. Memory is touched only once in STEPS steps.

    Args:
        cells: Of shape (TASKS, LINES, CELLS).
        a: A factor.
        b: A summand.
    """
    for task in prange(len(cells)):
        first, second, third, fourth = cells[task, 0], cells[task, 1], cells[task, 2], cells[task, 3]
        for _ in range(PASSES):
            for p in range(len(first)):
                w, x, y, z = first[p], second[p], third[p], fourth[p]
                for _ in range(STEPS):
                    w = w * a + b
                    x = x * a + b
                    y = y * a + b
                    z = z * a + b
                first[p], second[p], third[p], fourth[p] = w, x, y, z


def multiplications_and_additions(dtype: str) -> Work:
    """FLOPS multiplications and additions."""
    cells = np.ones((TASKS, LINES, CELLS), dtype)
    half = cells.dtype.type(0.5)  # of the same type, or all would be computed in float64
    return lambda: multiply_and_add(cells, half, half)
