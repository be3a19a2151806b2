"""A slice of a table: where in the storage it begins, and how far its steps go."""

import minitorch
from docs.figures.drawing import Drawing

NUMBERS = [[11, 12, 13, 14, 15], [21, 22, 23, 24, 25], [31, 32, 33, 34, 35]]
KEY = (slice(1, None), slice(1, None, 2))
WRITTEN = "wide[1:, 1::2]"  # the key, as it stands between brackets

CELL = 30  # a little smaller than elsewhere, for the storage is long
LEFT, TOP = 12, 34


def draw() -> Drawing:
    """The table above, the storage below, and the steps of the slice as arrows."""
    table = minitorch.tensor(NUMBERS)
    part = table[KEY]
    data, storage = part._tensor, table.tuple()[0]
    down, right = data.strides
    # Addresses in memory tell how many numbers of the storage lie before the first cell of the slice.
    start = (part.tuple()[0].ctypes.data - storage.ctypes.data) // storage.itemsize
    places = [start + data.index(cell) for cell in data.indices()]
    columns, below = len(NUMBERS[0]), TOP + CELL * len(NUMBERS) + 68
    drawing = Drawing(
        LEFT + CELL * len(storage) + 12,
        below + CELL + 152,
        f"The slice {WRITTEN} of a table of shape {table.shape} takes {len(places)} of its cells. In the storage of"
        f" {len(storage)} numbers it begins at position {start}; its right neighbour lies {right} further, the one"
        f" below {down} further. So the slice has shape {part.shape} and strides {data.strides}.",
    )
    drawing.text(LEFT, TOP - 10, "wide", "input strong", anchor="start")
    chosen = {divmod(place, columns): "output strong" for place in places}
    drawing.cells(LEFT, TOP, NUMBERS, "input", styles=chosen, size=CELL)
    for line, text in enumerate((WRITTEN, f"shape {part.shape}", f"strides {data.strides}")):
        style = "output strong code" if line == 0 else "code"
        drawing.text(LEFT + CELL * columns + 36, TOP + 26 + 30 * line, text, style, anchor="start")

    def middle(place: int) -> float:
        return LEFT + CELL * (place + 0.5)

    first, last = LEFT + CELL * start, LEFT + CELL * (places[-1] + 1)
    drawing.text(LEFT, below - 16, "storage of wide", "input strong", anchor="start")
    drawing.text((first + last) / 2, below - 26, "storage of the slice", "output strong")
    drawing.line([(first, below - 6), (first, below - 14), (last, below - 14), (last, below - 6)], "output")
    drawing.cells(LEFT, below, storage, "input", styles=dict.fromkeys(places, "output strong"), size=CELL)
    for place in range(len(storage)):
        drawing.text(middle(place), below + CELL + 20, str(place), "faint", size=15)
    for line, (begin, step, text) in enumerate(
        ((0, start, f"begins at {start}"), (start, right, f"{right} to the right"), (start, down, f"{down} down"))
    ):
        y = below + CELL + 56 + 40 * line
        drawing.line([(middle(begin), y - 6), (middle(begin), y + 6)])
        drawing.arrow((middle(begin), y), (middle(begin + step), y))
        drawing.text(middle(begin + step) + 10, y + 6, text, anchor="start")
    return drawing
