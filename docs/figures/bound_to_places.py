"""The same pattern at two places: what a linear layer and a convolution make of it."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

PATTERN = [1, 3, 1]
LENGTH = 8
PLACES = (1, 4)  # where the pattern stands in the first input, and in the second

LEFT, BLOCK = 130, 190


def draw() -> Drawing:
    """Two inputs, one below the other, with what comes out of both layers."""
    rows = []
    for place in PLACES:
        cells = [0] * place + PATTERN + [0] * (LENGTH - place - len(PATTERN))
        rows.append(minitorch.tensor(cells))
    # A linear layer that was made for the first place: a weight for each cell of the input.
    linear = rows[0]
    window = minitorch.tensor(PATTERN).view(1, 1, len(PATTERN))
    answers = [(row * linear).sum().item() for row in rows]
    slid = [minitorch.conv1d(row.view(1, 1, LENGTH), window).to_numpy().ravel().tolist() for row in rows]
    drawing = Drawing(
        LEFT + LENGTH * CELL + 12,
        2 * BLOCK - 24,
        f"The pattern {PATTERN} at place {PLACES[0]} and at place {PLACES[1]} of the input. A linear layer made for the"
        f" first place answers {number(answers[0])} and {number(answers[1])}. The convolution answers"
        f" {number(max(slid[0]))} in both cases, at the place where the pattern stands.",
    )
    for block, (place, row, answer, output) in enumerate(zip(PLACES, rows, answers, slid)):
        top = block * BLOCK + 10
        pattern = dict.fromkeys(range(place, place + len(PATTERN)), "input strong")
        drawing.text(LEFT - 12, top + 26, "input", "input strong", anchor="end")
        drawing.cells(LEFT, top, row.to_numpy(), "input", styles=pattern)
        drawing.text(LEFT - 12, top + 78, "linear layer", "strong", anchor="end")
        drawing.cells(LEFT, top + 52, [number(answer)], "output strong")
        drawing.text(LEFT + CELL + 14, top + 78, f"one sum, made for place {PLACES[0]}", anchor="start")
        drawing.text(LEFT - 12, top + 130, "convolution", "output strong", anchor="end")
        drawing.cells(LEFT, top + 104, output, "output", styles={place: "output strong"})
    return drawing
