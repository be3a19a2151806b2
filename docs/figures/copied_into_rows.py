"""What `contiguous` does: it copies the cells of a permuted tensor into the order in which they are counted."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

NUMBERS = [[11, 12, 13], [21, 22, 23]]
ORDER = (1, 0)

LEFT, TOP, BOTTOM = 84, 46, 176


def draw() -> Drawing:
    """The storage of a permuted tensor above, that of the copy below, and an arrow for each cell."""
    permuted = minitorch.tensor(NUMBERS).permute(*ORDER)
    copy = permuted.contiguous()
    old, new = permuted.tuple()[0], copy.tuple()[0]
    drawing = Drawing(
        LEFT + CELL * len(old) + 176,
        BOTTOM + CELL + 44,
        f"The storage of p, with strides {permuted._tensor.strides}, holds {[number(x) for x in old]}. The storage of"
        f" p.contiguous(), with strides {copy._tensor.strides}, holds {[number(x) for x in new]}. An arrow leads from"
        f" each cell to its copy; most of them cross.",
    )
    right = LEFT + CELL * len(old) + 20
    for name, tensor, y, style in (("p", permuted, TOP, "input"), ("copy", copy, BOTTOM, "output")):
        drawing.text(LEFT - 14, y + 26, name, f"{style} strong", anchor="end")
        drawing.cells(LEFT, y, tensor.tuple()[0], style)
        drawing.text(right, y + 14, f"shape {tensor.shape}", "code", anchor="start")
        drawing.text(right, y + 38, f"strides {tensor._tensor.strides}", "code", anchor="start")
    for place in range(len(old)):
        drawing.text(LEFT + CELL * (place + 0.5), TOP - 12, str(place), "faint")
        drawing.text(LEFT + CELL * (place + 0.5), BOTTOM + CELL + 24, str(place), "faint")
    for cell in permuted._tensor.indices():
        start, end = permuted._tensor.index(cell), copy._tensor.index(cell)
        drawing.arrow((LEFT + CELL * (start + 0.5), TOP + CELL + 4), (LEFT + CELL * (end + 0.5), BOTTOM - 4))
    return drawing
