"""The first image of each digit in the training data."""

import numpy as np

from docs.figures.drawing import Drawing
from project import mnist

SIZE, STEP = 102, 111  # the width of an image, and the way to the next one
IN_A_ROW = 5


def draw() -> Drawing:
    """Ten images in two rows, with what they are below."""
    images, labels = mnist.load("train")
    first = [int(np.flatnonzero(labels == digit)[0]) for digit in range(10)]
    drawing = Drawing(
        STEP * IN_A_ROW + 1,
        2 * 142,
        f"Ten handwritten digits, white on black, the first of each kind in the training data: images"
        f" {', '.join(f'{place} ({digit})' for digit, place in enumerate(first))}.",
    )
    for digit, place in enumerate(first):
        row, column = divmod(digit, IN_A_ROW)
        x, y = 5 + STEP * column, 6 + 142 * row
        drawing.picture(x, y, images[place], SIZE)
        drawing.text(x + SIZE / 2, y + SIZE + 22, str(digit), "strong")
    return drawing
