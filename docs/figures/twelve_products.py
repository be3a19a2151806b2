"""What the innermost loop of a convolution fetches, and what it computes of that: four sums of three terms each."""

import numpy as np

import minitorch
from docs.figures.drawing import WIDEST, Drawing, number

CELLS = [4, 1, 5]  # three neighbouring cells of the input
WEIGHTS = [[1, 0, 2], [3, 1, 0], [0, 2, 1], [2, 1, 1]]  # of four channels of the output
BEFORE = [7, 0, 9, 5]  # what the sums hold already

SIZE = 52
LEFT, TOP = 120, 92


def draw() -> Drawing:
    """A table of products: a column for each cell that was fetched, a row for each sum."""
    window, weights = minitorch.tensor(CELLS), minitorch.tensor(WEIGHTS)
    products = (weights * window.view(1, len(CELLS))).to_numpy()  # (4, 3)
    channels, terms = products.shape
    slid = minitorch.conv1d(window.view(1, 1, terms), weights.view(channels, 1, terms)).to_numpy()[0, :, 0]
    after = np.array(BEFORE) + slid
    computed = channels * terms
    drawing = Drawing(
        WIDEST,
        TOP + channels * SIZE + 100,
        f"Three cells of the input, {CELLS}, each met by one weight of four channels: {WEIGHTS}. The products are"
        f" {products.astype(int).tolist()}. They are added to the sums {BEFORE}, which become"
        f" {after.astype(int).tolist()}. {terms} cells and {channels} sums are fetched for {computed} multiplications.",
    )
    drawing.text(LEFT - 12, 54, "cells", "input strong", "end")
    drawing.cells(LEFT, 22, CELLS, "input", size=SIZE)
    drawing.text(LEFT + terms * SIZE + 16, 54, f"fetched once, used {channels} times", "", "start")
    for channel in range(channels):
        y = TOP + channel * SIZE
        drawing.text(LEFT - 12, y + 32, f"channel {channel}", "output strong", "end")
    drawing.cells(
        LEFT,
        TOP,
        [[f"{number(weight)}\u00d7{number(cell)}" for weight, cell in zip(row, CELLS)] for row in WEIGHTS],
        "weight",
        size=SIZE,
    )
    x = LEFT + terms * SIZE + 34
    for channel in range(channels):
        drawing.text(x - 12, TOP + channel * SIZE + 32, "+", "strong")
        drawing.arrow((x + SIZE + 8, TOP + (channel + 0.5) * SIZE), (x + SIZE + 44, TOP + (channel + 0.5) * SIZE))
    drawing.cells(x, TOP, [[value] for value in BEFORE], "faint", size=SIZE)
    drawing.cells(x + SIZE + 50, TOP, [[value] for value in after], "output", size=SIZE)
    bottom = TOP + channels * SIZE
    drawing.text(x + SIZE / 2, bottom + 24, "sums before", "faint")
    drawing.text(x + SIZE * 1.5 + 64, bottom + 24, "after", "output strong")
    drawing.text(WIDEST / 2, bottom + 60, f"fetched: {terms} cells and {channels} sums, for {computed} multiplications")
    drawing.text(WIDEST / 2, bottom + 86, f"one by one: a cell and a sum for each, {2 * computed} in all")
    return drawing
