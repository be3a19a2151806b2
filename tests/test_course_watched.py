"""The watch that finds reads out of bounds and races, without waiting for luck. It is tested with planted mistakes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.house("the course tool is no task of the course")

# The kernels add up pairs of neighbours: out[i] = a[i] + a[i + 1]. They run in a process without compiled code.
HEAD = """
import numpy as np
from numba import prange
from project.course.watched import complaints_about

def run(kernel):
    print(complaints_about(kernel, [np.zeros(3), np.arange(4.0)], {0: "out", 1: "a"}))
"""

RIGHT = """
def kernel(out, a):
    for i in prange(len(out)):
        pair = np.empty(2)
        pair[0], pair[1] = a[i], a[i + 1]
        out[i] += pair[0]
        out[i] += pair[1]
"""

RACE = """
def kernel(out, a):
    for k in prange(2):
        for i in range(len(out)):
            out[i] += a[i + k]
"""

SHARED = """
def kernel(out, a):
    pair = np.empty(2)
    for i in prange(len(out)):
        pair[0], pair[1] = a[i], a[i + 1]
        out[i] = pair[0] + pair[1]
"""

BEFORE = """
def kernel(out, a):
    for i in prange(len(out)):
        out[i] = a[i] + a[i + 1] + 0 * a[i - 1]
"""

BEHIND = """
def kernel(out, a):
    for i in prange(len(out)):
        out[i] = a[i] + a[i + 2]
"""

WRITES = """
def kernel(out, a):
    for i in range(len(out)):
        out[i - 1] = a[i]
"""

SLICE = """
def kernel(out, a):
    for i in prange(len(out)):
        rest = out[i:]
        rest[0] = a[i]
        if i < 2:
            rest[1] = 0.0
"""

INNER = """
def kernel(out, a):
    for i in prange(len(out)):
        for k in prange(2):
            out[i] += a[i + k]
"""

OWN_TABLE = """
def kernel(out, a):
    sums = np.zeros((2, 3))
    for k in prange(2):
        for i in range(3):
            sums[-1, i] += a[i + k]
    out[:] = sums[-1]
"""

FROM_THE_END = """
def kernel(out, a):
    for i in prange(3):
        index = np.zeros(2, np.int64)
        index[-1] = i
        out[index[-1]] = a[i] + a[i + 1]
"""


def complaints(kernel: str) -> str:
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, "-c", f"{HEAD}{kernel}\nrun(kernel)"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


@pytest.mark.parametrize("kernel", [RIGHT, INNER, FROM_THE_END])
def test_nothing_is_said_about_a_right_kernel(kernel: str) -> None:
    assert complaints(kernel) == "[]"


@pytest.mark.parametrize(
    ("kernel", "words"),
    [
        (RACE, "two iterations of the same prange write into cell 0 of out"),
        (SHARED, "two iterations of the same prange write into cell 0 of an array of your own"),
        (OWN_TABLE, "two iterations of the same prange write into cell 3 of an array of your own"),
        (BEFORE, "the kernel reads from place -1 of a, which has places 0 to 3"),
        (BEHIND, "the kernel reads from place 4 of a, which has places 0 to 3"),
        (WRITES, "the kernel writes to place -1 of out"),
        (SLICE, "two iterations of the same prange write into cell 1 of out"),
    ],
)
def test_mistakes_are_told_even_where_the_result_is_right(kernel: str, words: str) -> None:
    assert words in complaints(kernel)
