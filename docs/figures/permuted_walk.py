"""The same storage, walked through by a permuted tensor."""

import minitorch
from docs.figures.drawing import Steps
from docs.figures.storage_walk import walk

NUMBERS = [[11, 12, 13], [21, 22, 23]]
ORDER = (1, 0)


def draw() -> Steps:
    """One drawing for each cell of the permuted tensor, row by row."""
    return walk(minitorch.tensor(NUMBERS).permute(*ORDER), "p")
