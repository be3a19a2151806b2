"""Edges of a handwritten digit, found by windows that were made by hand."""

from typing import Any

import minitorch
from docs.figures.drawing import Drawing
from project import mnist

DIGIT = 0  # which image of the test data
WINDOWS = {
    "left edges": [[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]],
    "right edges": [[1, 0, -1], [1, 0, -1], [1, 0, -1]],
    "upper edges": [[-1, -1, -1], [0, 0, 0], [1, 1, 1]],
    "lower edges": [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
}


def draw() -> Drawing:
    """The digit, the four windows, and what each of them finds."""
    images, labels = mnist.load("t10k")
    digit = minitorch.tensor(images[DIGIT].astype(float)).view(1, 1, 28, 28)
    weight = minitorch.tensor(list(WINDOWS.values())).view(len(WINDOWS), 1, 3, 3)
    found = minitorch.conv2d(digit, weight).relu().to_numpy()[0]  # (windows, 28, 28)
    return draw_windows(
        images[DIGIT],
        list(WINDOWS),
        list(WINDOWS.values()),
        found,
        f"An image of the digit {labels[DIGIT]}, and four images of 28 x 28 pixels that a window each has made of it."
        f" The first is bright along the {', the second along the '.join(list(WINDOWS)[:2])} of the strokes;"
        f" the other two along the {' and the '.join(list(WINDOWS)[2:])}.",
    )


def draw_windows(digit: Any, names: list[str], windows: Any, maps: Any, alt: str) -> Drawing:
    """A digit above, below it four windows side by side, and below each the image that it makes of the digit."""
    size, step, cell = 128, 138, 32
    drawing = Drawing(4 * step + 4, 476, alt)
    drawing.text(206, 70, "input", "input strong", anchor="end")
    drawing.picture(216, 8, digit, size)
    for place, (name, window, feature_map) in enumerate(zip(names, windows, maps)):
        x = 7 + step * place
        drawing.text(x + size / 2, 172, name, "strong")
        drawing.cells(x + size / 2 - 1.5 * cell, 186, window, "weight", size=cell)
        drawing.arrow((x + size / 2, 290), (x + size / 2, 322))
        drawing.picture(x, 330, feature_map, size)
    return drawing
