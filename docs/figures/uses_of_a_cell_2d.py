"""Which outputs of a convolution in two dimensions use one cell of the input, and through which weight."""

import minitorch
from docs.figures.drawing import Drawing, number

INPUT = [[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [3, 0, 2, 1, 0], [1, 1, 0, 2, 4]]
WEIGHT = [[1, 2, 3], [4, 5, 6]]
CHOSEN = (2, 3)

HEIGHT, WIDTH = len(INPUT), len(INPUT[0])
KH, KW = len(WEIGHT), len(WEIGHT[0])
SIZE = 36  # of a cell
TOP = 40


def draw() -> Drawing:
    """The input, the output and the weight, side by side."""
    input = minitorch.tensor(INPUT, requires_grad=True)
    weight = minitorch.tensor(WEIGHT).view(1, 1, KH, KW)
    uses = {}
    for h in range(HEIGHT):
        for w in range(WIDTH):
            # How much does this output change with the chosen cell? That is the weight between them, or 0.
            input.zero_grad_()
            output = minitorch.conv2d(input.view(1, 1, HEIGHT, WIDTH), weight)
            output[0, 0, h : h + 1, w : w + 1].sum().backward()
            assert input.grad is not None
            if slope := input.grad[CHOSEN]:
                uses[h, w] = number(slope)
    told = ", ".join(f"{place} through the weight {slope}" for place, slope in uses.items())
    second = 10 + SIZE * WIDTH + 36
    third = second + SIZE * WIDTH + 36
    drawing = Drawing(
        third + SIZE * KW + 8,
        TOP + SIZE * HEIGHT + 12,
        f"The input cell in row {CHOSEN[0]}, column {CHOSEN[1]} reaches these cells of the output: {told}; and no"
        f" others.",
    )
    drawing.text(10, TOP - 12, "input", "input strong", anchor="start")
    drawing.cells(10, TOP, INPUT, "faint", {CHOSEN: "input strong"}, SIZE)
    drawing.text(second, TOP - 12, "output", "output strong", anchor="start")
    shown = [[uses.get((h, w), "") for w in range(WIDTH)] for h in range(HEIGHT)]
    drawing.cells(second, TOP, shown, "faint", dict.fromkeys(uses, "output strong"), SIZE)
    drawing.text(third, TOP - 12, "weight", "weight strong", anchor="start")
    drawing.cells(third, TOP, WEIGHT, "weight", size=SIZE)
    return drawing
