"""A column and a row are added: each is stretched to the shape of the result, and no number is copied for it."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

COLUMN = [[10], [20], [30]]
ROW = [[1, 2]]

LEFT, TOP, GAP = 24, 70, 46


def draw() -> Steps:
    """One drawing for each cell of the result."""
    column, row = minitorch.tensor(COLUMN), minitorch.tensor(ROW)
    out = column + row
    return Steps([draw_step(column, row, out, cell) for cell in out._tensor.indices()], still=out.size - 1)


def read_at(tensor: minitorch.Tensor, shape: tuple[int, ...], cell: tuple[int, ...]) -> tuple[int, ...]:
    """The cell of a smaller tensor that broadcasting puts at a cell of the result."""
    found = np.zeros(tensor.dims, np.int64)
    minitorch.broadcast_index(np.array(cell), np.array(shape), np.array(tensor.shape), found)
    return tuple(found.tolist())


def draw_step(column: minitorch.Tensor, row: minitorch.Tensor, out: minitorch.Tensor, cell: tuple[int, ...]) -> Drawing:
    """The cell of the result, and the cells that it is computed from."""
    height, width = out.shape
    cells = list(out._tensor.indices())
    reads = [read_at(tensor, out.shape, cell) for tensor in (column, row)]
    text = f"out{list(cell)} = a{list(reads[0])} + b{list(reads[1])} = {number(out[cell])}"
    pace = CELL * width + GAP
    drawing = Drawing(
        2 * LEFT + 2 * pace + CELL * width,
        TOP + CELL * height + 56,
        f"a of shape {column.shape} and b of shape {row.shape}, both stretched to {out.shape}; what is stretched is"
        f" dashed, for it is not stored. {text}.",
    )
    tables = (("a", column, "input"), ("b", row, "weight"), ("out", out, "output"))
    for place, (name, tensor, style) in enumerate(tables):
        left = LEFT + place * pace
        middle = left + CELL * width / 2
        drawing.text(middle, TOP - 42, name, f"{style} strong")
        drawing.text(middle, TOP - 16, str(tensor.shape), "code")
        # Every cell shows what is read there: a number of its own, or, dashed, one that lies elsewhere.
        stored = {big: read_at(tensor, out.shape, big) for big in cells}
        shown = [[tensor[stored[i, j]] for j in range(width)] for i in range(height)]
        styles = {big: style if big == small else "zero" for big, small in stored.items()}
        for big in (cell, stored[cell]):
            styles[big] += "" if "strong" in styles[big] else " strong"
        drawing.cells(left, TOP, shown, styles=styles)
    for place, sign in enumerate("+="):
        drawing.text(LEFT + (place + 1) * pace - GAP / 2, TOP + CELL * height / 2 + 6, sign, "code strong")
    drawing.text(drawing.width / 2, TOP + CELL * height + 36, text, "code strong")
    return drawing
