"""Two cores that share one index array: how a cell is lost."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number
from minitorch import Storage, tensor

TABLE = [[1, 2, 3], [4, 5, 6]]
CELLS = {"A": 1, "B": 5}  # the cell, counted row by row, that each core is to negate

LEFT = 120


def draw() -> Steps:
    """Four moments, in an order that cores may well come in."""
    table = tensor(TABLE)
    storage, shape, strides = table.tuple()
    out = np.zeros(table.size)
    index = np.zeros(table.dims, np.int64)  # one for both
    frames = []

    def show(core: str, reads: bool, told: str, more: str) -> None:
        frames.append(draw_moment(core, reads, told, more, index.tolist(), out.copy()))

    for core, ordinal in CELLS.items():
        minitorch.to_index(ordinal, shape, index)
        more = "what A wrote is gone" if frames else ""
        show(core, False, f"{core} writes the index of its cell, {tuple(index.tolist())}", more)
    for core, ordinal in CELLS.items():
        place = minitorch.index_to_position(index, strides)
        out[place] = -storage[place]
        if place == ordinal:
            more = f"cell {CELLS['A']} keeps the zero that was there before"
        else:
            more = f"it should have been cell {ordinal}"
        show(core, True, f"{core} reads the index, and writes cell {place}", more)
    return Steps(frames, still=len(frames) - 1)


def draw_moment(core: str, reads: bool, told: str, more: str, index: list[int], out: Storage) -> Drawing:
    """What the shared index and the output hold, while a core writes the index or reads it."""
    drawing = Drawing(
        480,
        330,
        f"{told}{'; ' * bool(more)}{more}. The shared index holds {index}, and the output {out.tolist()}."
        f" A is to negate cell {CELLS['A']}, B cell {CELLS['B']}.",
    )
    for place, (name, ordinal) in enumerate(CELLS.items()):
        left = LEFT + place * 160
        drawing.box(left, 20, 140, 44, "weight strong" if name == core else "plain")
        drawing.text(left + 70, 48, f"core {name}: cell {ordinal}")
        ends = [(left + 70, 66), (LEFT + 150 + (place - 0.5) * CELL, 106)]
        if name == core:
            start, end = reversed(ends) if reads else ends
            drawing.arrow(start, end, "weight strong")
    drawing.text(LEFT - 14, 136, "index", "weight strong", anchor="end")
    drawing.cells(LEFT + 150 - CELL, 110, index, "weight")
    drawing.text(LEFT - 14, 196, "input", "input strong", anchor="end")
    drawing.cells(LEFT, 170, tensor(TABLE).to_numpy().ravel(), "input")
    drawing.text(LEFT - 14, 246, "output", "output strong", anchor="end")
    drawing.cells(LEFT, 220, [number(x) for x in out], "output", styles={CELLS["A"]: "output strong"})
    drawing.text(240, 290, told)
    drawing.text(240, 316, more, "strong")
    return drawing
