"""map, zip and reduce, on small tables: which cells meet, and where the result goes."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number
from minitorch import SimpleOps, Tensor, operators, tensor

TABLE = [[1, -2, 3], [-4, 5, 6]]
ROW = [10, 20, 30]

LEFT, RIGHT = 20, 400
HIGH, WIDE = CELL * len(TABLE), CELL * len(TABLE[0])


def draw() -> Drawing:
    """A line for each of the three; the last one folds along either dimension."""
    table, row = tensor(TABLE), tensor(ROW)
    mapped = SimpleOps.map(operators.relu)(table)  # (2, 3)
    zipped = SimpleOps.zip(operators.add)(table, row)  # (2, 3) and (3,) -> (2, 3)
    fold = SimpleOps.reduce(operators.add, 0.0)
    along_rows, along_columns = fold(table, 1), fold(table, 0)  # (2, 1) and (1, 3)
    drawing = Drawing(
        540,
        536,
        f"map applies relu to each cell of {told(table)}: {told(mapped)}. zip adds the row {told(row)} to each row:"
        f" {told(zipped)}. reduce adds up along dimension 1, {told(along_rows)}, or along dimension 0,"
        f" {told(along_columns)}.",
    )
    line(drawing, 40, "map", "relu(x)", table, mapped)
    line(drawing, 180, "zip", "x + y", table, zipped)
    drawing.cells(LEFT + WIDE + 40, 180, ROW, "weight")
    drawing.text(LEFT + WIDE + 20, 206, "+", "strong")
    drawing.text(LEFT + WIDE + 40, 242, "for both rows", "weight", anchor="start")
    line(drawing, 340, "reduce", "x + accumulated", table, along_rows)
    drawing.text(RIGHT + CELL + 14, 386, "along 1", anchor="start")
    drawing.arrow((LEFT + WIDE / 2, 340 + HIGH + 6), (LEFT + WIDE / 2, 474))
    drawing.cells(LEFT, 478, along_columns.to_numpy(), "output")
    drawing.text(LEFT + WIDE + 14, 504, "along 0", anchor="start")
    return drawing


def line(drawing: Drawing, top: float, name: str, formula: str, table: Tensor, out: Tensor) -> None:
    """The name, the input on the left, and the output on the right."""
    drawing.text(LEFT, top - 14, name, "strong", anchor="start")
    drawing.text(LEFT + 84, top - 14, formula, "code", anchor="start")
    drawing.cells(LEFT, top, table.to_numpy(), "input")
    start = LEFT + WIDE + (180 if name == "zip" else 24)
    drawing.arrow((start, top + HIGH / 2), (RIGHT - 12, top + HIGH / 2))
    drawing.cells(RIGHT, top, out.to_numpy(), "output")


def told(values: Tensor) -> str:
    """The numbers of a tensor, to be read aloud."""
    rows = minitorch.tensor(values.to_numpy()).view(-1, values.shape[-1]).to_numpy()
    return "; ".join(" ".join(map(number, row)) for row in rows)
