"""The same input through dropout: three times in training, on average over many times, and in evaluation."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

INPUT = [1, 2, 3, 4, 5, 6, 7, 8]
RATE, SEED, PASSES = 0.5, 0, 2000

LEFT, ROW = 176, 62


def draw() -> Drawing:
    """A row of cells for each pass; what was dropped is dashed."""
    minitorch.manual_seed(SEED)
    layer = minitorch.Dropout(RATE)
    input = minitorch.tensor(INPUT)
    passes = [layer(input).to_numpy() for _ in range(PASSES)]
    mean = sum(passes) / PASSES
    layer.eval()
    rows = [
        ("input", INPUT, "input"),
        *[(f"training, pass {place + 1}", passes[place], "output") for place in range(3)],
        (f"mean of {PASSES}", [f"{x:.1f}" for x in mean], "plain"),
        ("evaluation", layer(input).to_numpy(), "output"),
    ]
    told = [f"{name}: {', '.join(number(x) for x in cells)}" for name, cells, style in rows if style == "output"]
    average = ", ".join(f"{x:.1f}" for x in mean)
    drawing = Drawing(
        LEFT + CELL * len(INPUT) + 12,
        ROW * len(rows) - 4,
        f"The input {INPUT} through dropout at rate {RATE:g}; {'; '.join(told)}. In training some cells are zero, and"
        f" the others are multiplied by {number(1 / (1 - RATE))}. The mean of {PASSES} passes is {average}.",
    )
    for place, (name, cells, style) in enumerate(rows):
        top = 8 + ROW * place
        drawing.text(LEFT - 12, top + 26, name, f"{style} strong" if style != "plain" else "strong", anchor="end")
        dropped = {column: "zero" for column, cell in enumerate(cells) if cell == 0}
        drawing.cells(LEFT, top, cells, style, styles=dropped)
    return drawing
