"""The gradient of cross-entropy at the logits: the probabilities less the label."""

import math

import minitorch
from docs.figures.drawing import Drawing, number

LOGITS = [0, math.log(2), math.log(5)]  # so that the probabilities are 1/8, 2/8 and 5/8
LABEL = 1

LEFT, BAR, GAP = 14, 50, 28
AXIS, TALLEST = 176, 120


def draw() -> Drawing:
    """Bars of the probabilities, of the label, and of the gradient, which is their difference."""
    logits = minitorch.tensor([LOGITS], requires_grad=True)  # (1, classes)
    minitorch.cross_entropy(logits, [LABEL]).backward()
    assert logits.grad is not None
    panels = (
        ("probabilities", minitorch.softmax(logits.detach(), 1), "output"),
        ("one-hot label", minitorch.one_hot([LABEL], len(LOGITS), logits), "weight"),
        ("gradient", logits.grad, "gradient"),
    )
    told = ", ".join(f"{name} {' and '.join(number(x) for x in values.to_numpy()[0])}" for name, values, _ in panels)
    width = BAR * len(LOGITS)
    drawing = Drawing(
        LEFT * 2 + 3 * width + 2 * GAP,
        AXIS + TALLEST + 24,
        f"Bars for {len(LOGITS)} classes: {told}. The gradient is the probability, less 1 for the right class.",
    )
    for place, (name, values, style) in enumerate(panels):
        left = LEFT + (width + GAP) * place
        drawing.text(left + width / 2, 24, name, f"{style} strong")
        for column, value in enumerate(values.to_numpy()[0].tolist()):
            x, height = left + BAR * column, TALLEST * abs(value)
            drawing.box(x + 7, AXIS - height if value > 0 else AXIS, BAR - 14, height, style)
            above = value >= 0
            drawing.text(x + BAR / 2, AXIS - height - 7 if above else AXIS + height + 20, number(value), size=15)
        drawing.line([(left, AXIS), (left + width, AXIS)], "faint")
        if place:
            drawing.text(left - GAP / 2, AXIS + 6, "\u2212" if place == 1 else "=", "strong")
    return drawing
