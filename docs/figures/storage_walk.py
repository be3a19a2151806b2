"""A table, cell by cell, and where in the storage each cell lies."""

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

NUMBERS = [[11, 12, 13], [21, 22, 23]]

LEFT, TOP = 96, 40  # where the cells of the table and of the storage begin, to the right of their names


def draw() -> Steps:
    """One drawing for each cell, row by row."""
    return walk(minitorch.tensor(NUMBERS), "t")


def walk(tensor: minitorch.Tensor, name: str) -> Steps:
    """Visit all cells of a tensor of two dimensions, in the order of counting."""
    frames = [draw_step(tensor, name, count) for count in range(tensor.size)]
    return Steps(frames, still=len(frames) - 1)


def draw_step(tensor: minitorch.Tensor, name: str, count: int) -> Drawing:
    """The cell at one place of the count, in the table above and in the storage below."""
    data = tensor._tensor
    storage = tensor.tuple()[0]
    cells = list(data.indices())
    cell, position = cells[count], data.index(cells[count])
    counted = {data.index(earlier): place for place, earlier in enumerate(cells[: count + 1])}
    sum_of_steps = " + ".join(f"{i} \u00d7 {stride}" for i, stride in zip(cell, data.strides))
    rows, columns = data.shape
    below = TOP + max(CELL * rows, 100) + 24  # the upper edge of the storage
    drawing = Drawing(
        LEFT + CELL * (columns + len(storage)) / 2 + 230,
        below + CELL + 64,
        f"The table {name} of shape {data.shape} has strides {data.strides}. Its cell {cell}, number {count} of the"
        f" count, lies at position {sum_of_steps} = {position} of the storage {[number(x) for x in storage]}.",
    )
    drawing.text(LEFT - 30, TOP + CELL * rows / 2 + 6, name, "input strong", anchor="end")
    for column in range(columns):
        drawing.text(LEFT + CELL * (column + 0.5), TOP - 10, str(column), "faint")
    for row in range(rows):
        drawing.text(LEFT - 12, TOP + CELL * (row + 0.5) + 6, str(row), "faint")
    drawing.cells(LEFT, TOP, tensor.numbers(), "input", styles={cell: "input strong"})

    right = LEFT + CELL * columns + 28
    told = (f"shape {data.shape}", f"strides {data.strides}", f"cell {cell}", f"{sum_of_steps} = {position}")
    for line, text in enumerate(told):
        drawing.text(right, TOP + 14 + 28 * line, text, "code strong" if line > 1 else "code", anchor="start")

    drawing.text(LEFT - 12, below + 26, "storage", "strong", anchor="end")
    drawing.cells(LEFT, below, storage, styles={position: "input strong"})
    for label, y in (("position", below + CELL + 24), ("count", below + CELL + 52)):
        drawing.text(LEFT - 12, y, label, "faint", anchor="end")
    for place in range(len(storage)):
        middle = LEFT + CELL * (place + 0.5)
        drawing.text(middle, below + CELL + 24, str(place), "strong" if place == position else "faint")
        if place in counted:
            drawing.text(middle, below + CELL + 52, str(counted[place]), "input strong")
    return drawing
