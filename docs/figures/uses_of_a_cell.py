"""Which outputs of a convolution use one cell of the input, and through which weight."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

INPUT = [1, 2, 3, 4, 5, 6]
WEIGHT = [5, 2, 3]
CHOSEN = 2

LEFT = 100
TOP, BOTTOM = 10, 140


def draw() -> Drawing:
    """The input above, the output below, and a line for each use of the chosen cell."""
    input = minitorch.tensor(INPUT, requires_grad=True)
    weight = minitorch.tensor(WEIGHT).view(1, 1, len(WEIGHT))
    uses = {}
    for place in range(len(INPUT)):
        # How much does this output change with the chosen cell? That is the weight between them, or 0.
        input.zero_grad_()
        output = minitorch.conv1d(input.view(1, 1, len(INPUT)), weight)
        output[0, 0, place : place + 1].sum().backward()
        assert input.grad is not None
        if slope := input.grad[CHOSEN]:
            uses[place] = slope
    values = output.to_numpy().ravel()
    told = ", ".join(f"output {place} through the weight {number(slope)}" for place, slope in uses.items())
    drawing = Drawing(
        LEFT + CELL * len(INPUT) + 20,
        BOTTOM + CELL + 36,
        f"Cell {CHOSEN} of the input reaches {told}; and no other output.",
    )
    drawing.text(LEFT - 12, TOP + 26, "input", "input strong", anchor="end")
    drawing.cells(LEFT, TOP, INPUT, "faint", styles={CHOSEN: "input strong"})
    drawing.text(LEFT - 12, BOTTOM + 26, "output", "output strong", anchor="end")
    drawing.text(LEFT - 12, BOTTOM + CELL + 24, "weight", "weight strong", anchor="end")
    drawing.cells(LEFT, BOTTOM, values, "faint", styles=dict.fromkeys(uses, "output strong"))
    start = LEFT + CELL * (CHOSEN + 0.5)
    for place, slope in uses.items():
        end = LEFT + CELL * (place + 0.5)
        drawing.arrow((start, TOP + CELL + 2), (end, BOTTOM - 4), "weight")
        drawing.text(end, BOTTOM + CELL + 24, f"\u00d7 {number(slope)}", "weight strong")
    return drawing
