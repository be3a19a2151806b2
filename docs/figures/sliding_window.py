"""A convolution in one dimension, step by step: the window slides over the input."""

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

INPUT = [1, 2, 3, 4, 5, 6]
WEIGHT = [5, 2, 3]

LEFT = 96  # where the cells begin, to the right of their names


def draw() -> Steps:
    """One drawing for each place of the window."""
    input, weight = minitorch.tensor(INPUT), minitorch.tensor(WEIGHT)
    output = minitorch.conv1d(input.view(1, 1, len(INPUT)), weight.view(1, 1, len(WEIGHT)))
    values = output.to_numpy().ravel().tolist()
    return Steps([draw_step(place, values) for place in range(len(INPUT))])


def draw_step(place: int, output: list[float]) -> Drawing:
    """The window at one place, and what has come out so far."""
    covered = range(place, place + len(WEIGHT))
    padded = INPUT + [0] * (len(WEIGHT) - 1)
    products = [f"{weight} \u00d7 {padded[cell]}" for weight, cell in zip(WEIGHT, covered)]
    total = number(output[place])
    drawing = Drawing(
        LEFT + CELL * len(padded) + 12,
        260,
        f"The window with the weights {WEIGHT} lies over the cells {covered[0]} to {covered[-1]} of the input {INPUT}."
        f" The products are {', '.join(products)}; their sum, {total}, is cell {place} of the output."
        f" Cells beyond the edge are zeros.",
    )
    for name, y, style in (("weight", 36, "weight"), ("input", 96, "input"), ("output", 222, "output")):
        drawing.text(LEFT - 12, y, name, f"{style} strong", anchor="end")
    drawing.cells(LEFT + CELL * place, 10, WEIGHT, "weight")
    styles = {cell: "zero" if cell >= len(INPUT) else "input" for cell in range(len(padded))}
    drawing.cells(LEFT, 70, padded, styles={**styles, **{cell: f"{styles[cell]} strong" for cell in covered}})
    drawing.text(LEFT + CELL * len(padded) / 2, 146, f"{' + '.join(products)} = {total}", "code")
    drawing.arrow((LEFT + CELL * (place + 0.5), 156), (LEFT + CELL * (place + 0.5), 192))
    shown = [number(value) if cell <= place else "" for cell, value in enumerate(output)]
    drawing.cells(LEFT, 196, shown, "output", styles={place: "output strong"})
    return drawing
