"""The gradient of the input: a convolution of the output's gradient, anchored at the other end of the window."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

WEIGHT = [5, 2, 3]
UPSTREAM = [2, 1, 0, 3, 1, 2]  # the gradient of the output

LEFT = 196


def draw() -> Steps:
    """One drawing for each cell of the input."""
    length, width = len(UPSTREAM), len(WEIGHT)
    input = minitorch.tensor([1] * length, requires_grad=True)  # any will do, for a convolution is linear
    output = minitorch.conv1d(input.view(1, 1, length), minitorch.tensor(WEIGHT).view(1, 1, width))
    output.backward(minitorch.tensor(UPSTREAM).view(1, 1, length))
    assert input.grad is not None
    return Steps([draw_step(cell, input.grad.to_numpy()) for cell in range(length)], still=2)


def draw_step(cell: int, gradient: np.ndarray) -> Drawing:
    """The window whose right end lies at a cell, and the gradients that are known so far."""
    before = len(WEIGHT) - 1  # zeros on the left
    padded = [0] * before + UPSTREAM
    covered = range(cell, cell + len(WEIGHT))  # counted in `padded`
    lying = WEIGHT[::-1]
    products = [f"{weight} \u00d7 {padded[place]}" for weight, place in zip(lying, covered)]
    total = number(gradient[cell])
    drawing = Drawing(
        LEFT + CELL * len(padded) + 12,
        260,
        f"The window with the reversed weights {lying} ends at cell {cell} of the output's gradient {UPSTREAM}. The"
        f" products are {', '.join(products)}; their sum, {total}, is the gradient of input cell {cell}. Cells to the"
        f" left of the edge are zeros.",
    )
    drawing.text(LEFT - 12, 36, "weight, reversed", "weight strong", anchor="end")
    drawing.text(LEFT - 12, 96, "grad of output", "gradient strong", anchor="end")
    drawing.text(LEFT - 12, 222, "grad of input", "gradient strong", anchor="end")
    drawing.cells(LEFT + CELL * cell, 10, lying, "weight")
    styles = {place: "zero" if place < before else "gradient" for place in range(len(padded))}
    drawing.cells(LEFT, 70, padded, styles={**styles, **{place: f"{styles[place]} strong" for place in covered}})
    drawing.text(LEFT + CELL * len(padded) / 2, 146, f"{' + '.join(products)} = {total}", "code")
    anchor = LEFT + CELL * (cell + before + 0.5)
    drawing.arrow((anchor, 156), (anchor, 192))
    shown = [number(value) if place <= cell else "" for place, value in enumerate(gradient)]
    drawing.cells(LEFT + CELL * before, 196, shown, "gradient", styles={cell: "gradient strong"})
    return drawing
