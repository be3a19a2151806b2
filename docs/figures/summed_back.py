"""The gradients of a column and a row that were added: each cell gets the sum over all its uses."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

COLUMN = [[10], [20], [30]]
ROW = [[1, 2]]
UPSTREAM = [[1, 2], [3, 4], [5, 7]]

LEFT, TOP, ARROW = 40, 44, 60


def draw() -> Drawing:
    """The upstream gradient, and beside and below it what each operand gets."""
    a, b = minitorch.tensor(COLUMN, requires_grad=True), minitorch.tensor(ROW, requires_grad=True)
    (a + b).backward(minitorch.tensor(UPSTREAM))
    assert a.grad is not None
    assert b.grad is not None
    height, width = len(COLUMN), len(ROW[0])
    right, bottom = LEFT + CELL * width + ARROW, TOP + CELL * height + ARROW
    listed = [[number(x) for x in grad.numbers().ravel()] for grad in (a.grad, b.grad)]
    drawing = Drawing(
        right + CELL + 170,
        bottom + CELL + 20,
        f"The upstream gradient {UPSTREAM} of shape {(height, width)}. Summed along its rows it is {listed[0]}, the"
        f" gradient of a, of shape {a.shape}; summed down its columns it is {listed[1]}, the gradient of b, of shape"
        f" {b.shape}.",
    )
    drawing.text(LEFT, TOP - 16, "upstream gradient", "gradient strong", anchor="start")
    drawing.cells(LEFT, TOP, UPSTREAM, "gradient")
    for row in range(height):
        y = TOP + CELL * (row + 0.5)
        drawing.arrow((right - ARROW + 6, y), (right - 6, y))
    for column in range(width):
        x = LEFT + CELL * (column + 0.5)
        drawing.arrow((x, bottom - ARROW + 6), (x, bottom - 6))
    drawing.cells(right, TOP, a.grad.numbers(), "gradient strong")
    drawing.cells(LEFT, bottom, b.grad.numbers(), "gradient strong")
    labels = (
        (right + CELL + 16, TOP + 40, ("a.grad", f"shape {a.grad.shape}", "rows summed")),
        (right, bottom - 18, ("b.grad", f"shape {b.grad.shape}", "columns summed")),
    )
    for x, y, lines in labels:
        for line, text in enumerate(lines):
            style = "gradient strong code" if line == 0 else "code" if line == 1 else ""
            drawing.text(x, y + 26 * line, text, style, anchor="start")
    return drawing
