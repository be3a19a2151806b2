"""Softmax of the same logits, divided by three temperatures."""

import minitorch
from docs.figures.drawing import Drawing, number

LOGITS = [2, 1, 0, -1]
TEMPERATURES = [0.5, 1, 4]

LEFT, PANEL, BAR = 12, 184, 40
BOTTOM, TALLEST = 232, 170


def draw() -> Drawing:
    """A row of bars for each temperature."""
    logits = minitorch.tensor(LOGITS)
    rows = {t: minitorch.softmax(logits / t, 0).to_numpy().tolist() for t in TEMPERATURES}
    told = "; ".join(f"{', '.join(f'{p:.2f}' for p in row)} at temperature {number(t)}" for t, row in rows.items())
    drawing = Drawing(
        LEFT * 2 + PANEL * len(rows) - 16,
        BOTTOM + 64,
        f"The probabilities that softmax makes of the logits {LOGITS}, divided by a temperature: {told}.",
    )
    for place, (temperature, row) in enumerate(rows.items()):
        left = LEFT + PANEL * place
        drawing.text(left + 2 * BAR, 24, f"temperature {number(temperature)}", "strong")
        for column, (logit, p) in enumerate(zip(LOGITS, row)):
            x, height = left + BAR * column, TALLEST * p
            drawing.box(x + 4, BOTTOM - height, BAR - 8, height, "output")
            drawing.text(x + BAR / 2, BOTTOM - height - 6, f"{p:.2f}", size=15)
            drawing.text(x + BAR / 2, BOTTOM + 22, number(logit), "input")
        drawing.line([(left, BOTTOM), (left + BAR * len(row), BOTTOM)], "faint")
        drawing.text(left + 2 * BAR, BOTTOM + 50, "logits", "input strong")
    return drawing
