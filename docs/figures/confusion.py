"""Which digits the trained network takes for which."""

import numpy as np

from docs.figures.drawing import Drawing
from docs.figures.trained import trained

OFTEN = 10  # from how many times on a mistake is marked
SIZE = 46  # of a cell
LEFT, TOP = 70, 66


def draw() -> Drawing:
    """A row for each digit, a column for each answer."""
    network = trained()
    answers = network.probabilities.argmax(1)
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (network.labels, answers), 1)
    mistakes = counts - np.diag(np.diag(counts))
    row, column = np.unravel_index(mistakes.argmax(), mistakes.shape)
    styles = {(digit, digit): "output" for digit in range(10)}
    styles.update({(int(r), int(c)): "gradient strong" for r, c in np.argwhere(mistakes >= OFTEN)})
    drawing = Drawing(
        LEFT + 10 * SIZE + 12,
        TOP + 10 * SIZE + 12,
        f"A table of 10 rows, what the digit is, and 10 columns, what it is taken for. {np.trace(counts)} of"
        f" {counts.sum()} test images stand on the diagonal, read correctly. The most frequent mistake: {row} is taken"
        f" for {column} {mistakes.max()} times.",
    )
    drawing.text(LEFT + 5 * SIZE, 24, "taken for", "strong")
    drawing.text(8, TOP + 5 * SIZE + 6, "is", "strong", anchor="start")
    for digit in range(10):
        drawing.text(LEFT + SIZE * (digit + 0.5), TOP - 12, str(digit), "strong")
        drawing.text(LEFT - 18, TOP + SIZE * (digit + 0.5) + 6, str(digit), "strong")
    shown = [[str(count) if count else "" for count in line] for line in counts]
    drawing.cells(LEFT, TOP, shown, "faint", styles, SIZE)
    return drawing
