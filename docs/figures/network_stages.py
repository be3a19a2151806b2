"""All stages of the trained network for one digit: from the pixels to the probabilities."""

import numpy as np

from docs.figures.drawing import WIDEST, Drawing
from docs.figures.trained import stages, trained

DIGIT = 33  # which image of the test data
SHOWN = {  # which stages, by the number of layers that they come after, and what stands above each
    0: "the image: 1 \u00d7 28 \u00d7 28",
    2: "after Conv2d(1, 4, (3, 3)) and ReLU: 4 \u00d7 28 \u00d7 28",
    4: "after Conv2d(4, 8, (3, 3)) and ReLU: 8 \u00d7 28 \u00d7 28",
    5: "after MaxPool2d((4, 4)): 8 \u00d7 7 \u00d7 7",
    8: "after Flatten, Linear(392, 64) and ReLU: 64",
    11: "after Linear(64, 10) and LogSoftmax: 10",
}
LEFT, GAP = 6, 6
TALLEST = 96  # the height of the images of the first stages
BAR = 90  # the height of a bar of probability 1


def draw() -> Drawing:
    """The stages from top to bottom."""
    network = trained()
    made = stages(network.model, network.images[DIGIT])
    probabilities = np.exp(made[-1])
    best = int(probabilities.argmax())
    drawing = Drawing(
        WIDEST,
        744,
        f"What the layers of a trained network make of an image of the digit {network.labels[DIGIT]}: 4 feature maps,"
        f" then 8, the same 8 made smaller, a row of 64 numbers, of which {int((made[8] > 0).sum())} are above 0, and"
        f" the probabilities of ten digits. The most probable is {best}, with {100 * probabilities[best]:.0f} %.",
    )
    y = 24.0
    for after, name in SHOWN.items():
        drawing.text(LEFT, y, name, "strong", anchor="start")
        y += 10
        stage = made[after]
        if stage.ndim == 3:
            # As many maps as there are share the width.
            size = min(TALLEST, (WIDEST - 2 * LEFT - GAP * (len(stage) - 1)) / len(stage))
            for place, feature_map in enumerate(stage):
                drawing.picture(LEFT + (size + GAP) * place, y, feature_map, size)
            y += size + 34
        elif after < len(made) - 1:
            strip = np.repeat(stage[None], 3, 0)  # three rows that are alike, so that the strip has a height
            drawing.picture(LEFT, y, strip, WIDEST - 2 * LEFT)
            y += (WIDEST - 2 * LEFT) * 3 / len(stage) + 34
    step = (WIDEST - 2 * LEFT) / len(probabilities)
    for digit, probability in enumerate(probabilities):
        x = LEFT + step * (digit + 0.5)
        style = "output strong" if digit == best else "plain"
        drawing.box(x - 16, y + 22 + BAR * (1 - probability), 32, max(1.0, BAR * probability), style)
        drawing.text(x, y + BAR + 44, str(digit), "strong" if digit == best else "")
        if digit == best:
            drawing.text(x, y + 14 + BAR * (1 - probability), f"{100 * probability:.0f} %", "output strong")
    return drawing
