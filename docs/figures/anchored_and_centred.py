"""The same weights over the same input, anchored at the left as in minitorch, and centred as in PyTorch."""

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

INPUT = [1, 2, 3, 4, 5, 6]
WEIGHT = [5, 2, 3]
BEFORE = len(WEIGHT) // 2  # how many zeros a centred window needs in front

LEFT = 172  # where the cells begin, to the right of their names


def draw() -> Steps:
    """One drawing for each place of the window."""
    input = minitorch.tensor(INPUT).view(1, 1, len(INPUT))
    weight = minitorch.tensor(WEIGHT).view(1, 1, len(WEIGHT))
    anchored = minitorch.conv1d(input, weight)
    # With zeros in front, a window that is anchored at the left of place t has its middle over cell t of the input.
    shifted = minitorch.concatenate([minitorch.zeros(1, 1, BEFORE), input], 2)
    centred = minitorch.conv1d(shifted, weight)[:, :, : len(INPUT)]
    outputs = [output.to_numpy().ravel().tolist() for output in (anchored, centred)]
    return Steps([draw_step(place, *outputs) for place in range(len(INPUT))], still=len(INPUT) - 1)


def draw_step(place: int, anchored: list[float], centred: list[float]) -> Drawing:
    """Both windows at one place, and what has come out so far."""
    padded = [0] * BEFORE + INPUT + [0] * (len(WEIGHT) - 1)
    drawing = Drawing(
        LEFT + CELL * len(padded) + 12,
        282,
        f"The weights {WEIGHT} at place {place} of the input {INPUT}. Anchored at the left, the window covers the cells"
        f" {place} to {place + len(WEIGHT) - 1}, and the output is {number(anchored[place])}. Centred, it covers the"
        f" cells {place - BEFORE} to {place - BEFORE + len(WEIGHT) - 1}, and the output is {number(centred[place])}."
        f" All outputs, anchored: {', '.join(map(number, anchored))}; centred: {', '.join(map(number, centred))}.",
    )
    first = LEFT + CELL * BEFORE  # where cell 0 of the input is
    for name, y, style in (("anchored", 36, "weight"), ("input", 92, "input"), ("centred", 148, "weight")):
        drawing.text(LEFT - 12, y, name, f"{style} strong", anchor="end")
    drawing.cells(first + CELL * place, 10, WEIGHT, "weight")
    inside = range(BEFORE, BEFORE + len(INPUT))
    styles = {cell: "input" if cell in inside else "zero" for cell in range(len(padded))}
    drawing.cells(LEFT, 66, padded, styles={**styles, BEFORE + place: "input strong"})
    drawing.cells(first + CELL * (place - BEFORE), 122, WEIGHT, "weight")
    for name, values, y in (("anchored output", anchored, 184), ("centred output", centred, 232)):
        drawing.text(LEFT - 12, y + 26, name, "output strong", anchor="end")
        shown = [number(value) if cell <= place else "" for cell, value in enumerate(values)]
        drawing.cells(first, y, shown, "output", styles={place: "output strong"})
    return drawing
