"""An image between zeros, and the same cells as one long row: the window meets the same numbers in both."""

import numpy as np

import minitorch
from docs.figures.drawing import WIDEST, Drawing, Steps, number

IMAGE = np.arange(1, 13).reshape(3, 4)
WEIGHT = np.array([[1, 0], [2, 3]])
PLACES = (0, 1, 4, 6)  # of the window's first cell in the long row

SIZE, SMALL = 40, 26  # of a cell above, and of a cell in the long row
LEFT, TOP = 14, 44


def draw() -> Steps:
    """One drawing for each of some places of the window."""
    (height, width), (k_height, k_width) = IMAGE.shape, WEIGHT.shape
    plane = np.pad(IMAGE, ((0, k_height - 1), (0, k_width - 1)))
    output = minitorch.conv2d(
        minitorch.tensor(IMAGE).view(1, 1, height, width), minitorch.tensor(WEIGHT).view(1, 1, k_height, k_width)
    ).to_numpy()[0, 0]
    return Steps([draw_step(place, plane, output) for place in PLACES], still=1)


def draw_step(place: int, plane: np.ndarray, output: np.ndarray) -> Drawing:
    """The window at one place, in the plane and in the long row."""
    pitch, cells = plane.shape[1], plane.ravel()
    (h, w), (height, width) = divmod(place, pitch), IMAGE.shape
    taps = {(i, j): place + i * pitch + j for i, j in np.ndindex(WEIGHT.shape)}
    terms = {tap: (cells[at], WEIGHT[tap]) for tap, at in taps.items()}
    total = sum(cell * weight for cell, weight in terms.values())
    belongs = w < width
    if belongs:
        assert total == output[h, w]
    products = " + ".join(f"{cell}\u00d7{weight}" for cell, weight in terms.values())
    meaning = f"is output ({h}, {w})" if belongs else "belongs to no place of the output: left behind"
    drawing = Drawing(
        WIDEST,
        420,
        f"An image of {height} rows and {width} columns with zeros to its right and below, so that a row has {pitch}"
        f" cells. Below, the same {cells.size} cells as one long row. The window begins at cell {place}; its weights"
        f" meet the cells {', '.join(map(str, taps.values()))}: place + i \u00d7 {pitch} + j. The sum {products} ="
        f" {number(total)} {meaning}.",
    )
    zeros = {(r, c): "zero" for r, c in np.ndindex(plane.shape) if r >= height or c >= width}
    covered = [divmod(at, pitch) for at in taps.values()]
    styles = {(r, c): zeros.get((r, c), "input") + (" strong" if (r, c) in covered else "")
              for r, c in np.ndindex(plane.shape)}  # fmt: skip
    drawing.text(LEFT, 28, "the image between zeros", "input strong", "start")
    drawing.cells(LEFT, TOP, plane, styles=styles, size=SIZE)
    beside = LEFT + pitch * SIZE + 84
    drawing.text(beside, 28, "weight", "weight strong", "start")
    drawing.cells(beside, TOP, WEIGHT, "weight", size=SIZE)
    drawing.text(beside, TOP + 2 * SIZE + 36, f"pitch: {pitch} cells a row", "", "start")
    drawing.text(beside, TOP + 2 * SIZE + 62, "weight (i, j) meets", "", "start")
    drawing.text(beside, TOP + 2 * SIZE + 88, f"cell {place} + i \u00d7 {pitch} + j", "code", "start")
    top = TOP + plane.shape[0] * SIZE + 62
    drawing.text(LEFT, top - 16, "the same, as one long row", "input strong", "start")
    drawing.cells(LEFT, top, cells, styles={r * pitch + c: kind for (r, c), kind in styles.items()}, size=SMALL)
    for (i, j), at in taps.items():
        x = LEFT + (at + 0.5) * SMALL
        drawing.arrow((x, top + 54), (x, top + SMALL + 3), "weight")
        drawing.text(x, top + 72, number(WEIGHT[i, j]), "weight strong")
    drawing.text(WIDEST / 2, top + 112, f"{products} = {number(total)}", "code", size=16)
    drawing.text(WIDEST / 2, top + 138, meaning, "output strong" if belongs else "faint")
    return drawing
