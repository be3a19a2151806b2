"""All windows of an input, laid out as the rows of a matrix, and multiplied with the weights."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

INPUT = [1, 2, 3, 4, 5, 6]
WEIGHT = [5, 2, 3]

TOP = 44


def draw() -> Drawing:
    """The matrix of windows, the column of weights, and their product."""
    length, width = len(INPUT), len(WEIGHT)
    windows = minitorch.unroll(minitorch.tensor(INPUT), width)  # (length, width)
    product = windows @ minitorch.tensor(WEIGHT).view(width, 1)  # (length, 1)
    drawing = Drawing(
        420,
        TOP + length * CELL + 14,
        f"The {length} windows of {INPUT} as the rows of a matrix, zeros beyond the edge included, times the column of"
        f" weights {WEIGHT}, is the column {[number(x) for x in product.to_numpy().ravel()]}.",
    )
    beyond = {(row, column): "zero" for row in range(length) for column in range(width) if row + column >= length}
    middle = TOP + length * CELL / 2
    drawing.text(90, 26, "unroll(input, 3)", "input strong code")
    drawing.cells(30, TOP, windows.to_numpy(), "input", styles=beyond)
    drawing.text(185, middle + 6, "@", "code strong")
    drawing.text(235, middle - width * CELL / 2 - 12, "weight", "weight strong")
    drawing.cells(215, middle - width * CELL / 2, [[weight] for weight in WEIGHT], "weight")
    drawing.text(292, middle + 6, "=", "code strong")
    drawing.text(345, 26, "output", "output strong")
    drawing.cells(325, TOP, product.to_numpy(), "output")
    return drawing
