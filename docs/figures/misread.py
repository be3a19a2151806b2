"""The digits that the trained network misreads with the most confidence."""

import numpy as np

from docs.figures.drawing import Drawing
from docs.figures.trained import trained

SHOWN = 10
SIZE, STEP = 102, 111  # the width of an image, and the way to the next one
IN_A_ROW = 5


def draw() -> Drawing:
    """Images in two rows; below each, what it is, and what it was taken for."""
    network = trained()
    answers, confidence = network.probabilities.argmax(1), network.probabilities.max(1)
    wrong = np.flatnonzero(answers != network.labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:SHOWN]
    told = [f"{network.labels[i]} read as {answers[i]}" for i in worst]
    drawing = Drawing(
        STEP * IN_A_ROW + 1,
        142 * -(-len(worst) // IN_A_ROW),
        f"Of {len(wrong)} misread digits the {len(worst)} that the network was most certain of: {', '.join(told)}."
        f" It gave each of these wrong answers a probability of at least {100 * confidence[worst].min():.0f} %.",
    )
    for place, i in enumerate(worst):
        row, column = divmod(place, IN_A_ROW)
        x, y = 5 + STEP * column, 6 + 142 * row
        drawing.picture(x, y, network.images[i], SIZE)
        drawing.text(x + SIZE / 2, y + SIZE + 22, told[place].replace("read as", "as"))
    return drawing
