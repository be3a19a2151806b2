"""Where the zeros lie that keep the size of an image: past right and bottom in minitorch, all around in PyTorch."""

import numpy as np

import minitorch
from docs.figures.drawing import Drawing

IMAGE = np.arange(1, 13).reshape(3, 4)
WEIGHT = np.array([[1, 0, 0], [0, 2, 0], [0, 0, 3]])

SIZE = 36  # of a cell
LEFT, GAP, TOP = 12, 84, 70


def draw() -> Drawing:
    """On the left the anchored window, on the right the centred one; below each, what comes out."""
    (height, width), (k_height, k_width) = IMAGE.shape, WEIGHT.shape
    # The zeros in front of the image and behind it, down and across.
    ways = {
        "anchored": [(0, k_height - 1), (0, k_width - 1)],
        "centred": [(k_height // 2, k_height // 2), (k_width // 2, k_width // 2)],
    }
    weight = minitorch.tensor(WEIGHT).view(1, 1, k_height, k_width)
    outputs = {}
    for name, zeros in ways.items():
        padded = minitorch.tensor(np.pad(IMAGE, zeros)).view(1, 1, height + k_height - 1, width + k_width - 1)
        outputs[name] = minitorch.conv2d(padded, weight)[0, 0, :height, :width].to_numpy()
    down, across = k_height // 2, k_width // 2
    assert (outputs["anchored"][:-down, :-across] == outputs["centred"][down:, across:]).all()
    columns = width + k_width - 1
    below = TOP + SIZE * (height + k_height - 1) + 42
    first, second = [output.astype(int).tolist() for output in outputs.values()]
    drawing = Drawing(
        LEFT + 2 * columns * SIZE + GAP + LEFT,
        below + SIZE * height + 14,
        f"An image of {height} rows and {width} columns, twice. Anchored: {k_height - 1} rows of zeros below it and"
        f" {k_width - 1} columns to its right; with the weights {WEIGHT.tolist()}, the output is {first}. Centred: a"
        f" border of zeros all around; the output is {second}. The numbers that both have in common stand {down} row"
        f" further down and {across} column further right in the second.",
    )
    between = LEFT + (width + columns) * SIZE / 2 + GAP / 2  # the middle between both outputs
    drawing.text(between, below - 14, "weight", "weight strong")
    drawing.cells(between - k_width * SIZE / 2, below, WEIGHT, "weight", size=SIZE)
    for place, (name, zeros) in enumerate(ways.items()):
        x = LEFT + place * (columns * SIZE + GAP)
        (above, _), (before, _) = zeros
        cells = np.pad(IMAGE, zeros)
        styles = {}
        for row, column in np.ndindex(cells.shape):
            inside = 0 <= row - above < height and 0 <= column - before < width
            covered = row < k_height and column < k_width  # by the window at the first place
            styles[row, column] = ("input" if inside else "zero") + (" strong" if covered else "")
        drawing.text(x + columns * SIZE / 2, 24, name, "strong")
        drawing.text(x + columns * SIZE / 2, 52, "minitorch" if place == 0 else "PyTorch, padding=1")
        drawing.cells(x, TOP, cells, styles=styles, size=SIZE)
        in_common = np.s_[:-down, :-across] if place == 0 else np.s_[down:, across:]
        common = np.zeros(IMAGE.shape, bool)
        common[in_common] = True
        drawing.text(x, below - 14, "output", "output strong", anchor="start")
        kinds = {(row, column): "output" if common[row, column] else "faint" for row, column in np.ndindex(IMAGE.shape)}
        drawing.cells(x, below, outputs[name], styles=kinds, size=SIZE)
    return drawing
