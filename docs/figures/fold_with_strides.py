"""A reduction, cell by cell: which places of the storage a stride leads to."""

import itertools

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number
from minitorch import SimpleOps, Storage, operators, tensor

TABLE = [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]
DIM = 0

LEFT = 40
TABLE_TOP, STORAGE_TOP = 60, 290


def draw() -> Steps:
    """One drawing for each cell of the output."""
    out = SimpleOps.reduce(operators.add, 0.0)(tensor(TABLE), DIM)
    return Steps([draw_cell(ordinal, out.to_numpy()) for ordinal in range(out.size)], still=1)


def draw_cell(ordinal: int, out: Storage) -> Drawing:
    """The cells that are folded into one of the output."""
    table = tensor(TABLE)
    storage, shape, strides = table.tuple()
    index = np.zeros(len(shape), np.int64)
    minitorch.to_index(ordinal, np.array(out.shape), index)
    cells, places = [], []
    for j in range(shape[DIM]):
        index[DIM] = j
        cells.append(tuple(index.tolist()))
        places.append(int(minitorch.index_to_position(index, strides)))
    values = [number(storage[place]) for place in places]
    step = int(strides[DIM])
    result = number(out.flat[ordinal])
    drawing = Drawing(
        2 * LEFT + CELL * len(storage),
        STORAGE_TOP + 140,
        f"A table of shape {table.shape} with strides {tuple(strides.tolist())}, folded along dimension {DIM}. For cell"
        f" {ordinal} of the output, the places {', '.join(map(str, places))} of the storage are read, {step} apart, and"
        f" added up: {' + '.join(values)} = {result}.",
    )
    rows, columns = table.shape
    drawing.text(LEFT, TABLE_TOP - 32, f"input, strides {tuple(strides.tolist())}", "input strong", anchor="start")
    drawing.cells(LEFT, TABLE_TOP, TABLE, "faint", styles=dict.fromkeys(cells, "input strong"))
    drawing.text(LEFT + CELL * columns + 90, TABLE_TOP - 32, f"output, along {DIM}", "output strong", anchor="start")
    done = np.array([[number(x) if i <= ordinal else "" for i, x in enumerate(out.flat)]]).reshape(out.shape)
    here = tuple(int(i) for i in np.unravel_index(ordinal, out.shape))
    drawing.cells(LEFT + CELL * columns + 90, TABLE_TOP, done, "output", styles={here: "output strong"})
    drawing.text(LEFT, TABLE_TOP + CELL * rows + 40, f"0 + {' + '.join(values)} = {result}", "code", anchor="start")

    drawing.text(LEFT, STORAGE_TOP - 12, "storage", "input strong", anchor="start")
    chosen = dict.fromkeys(places, "input strong")
    drawing.cells(LEFT, STORAGE_TOP, storage, "faint", styles=chosen)
    for place in range(len(storage)):
        drawing.text(LEFT + CELL * (place + 0.5), STORAGE_TOP + CELL + 20, str(place), "faint", size=15)
    for start, end in itertools.pairwise(places):
        x1, x2, y = LEFT + CELL * (start + 0.5), LEFT + CELL * (end + 0.5), STORAGE_TOP + CELL + 54
        drawing.line([(x1 + 3, y - 26), (x1 + 3, y), (x2 - 3, y)], "input")
        drawing.arrow((x2 - 3, y), (x2 - 3, y - 28), "input")
        drawing.text((x1 + x2) / 2, y + 20, f"+ {step}", "input strong")
    return drawing
