"""A matrix product, cell by cell: a row of the left matrix meets a column of the right one."""

from docs.figures.drawing import CELL, Drawing, Steps, number
from minitorch import tensor

A = [[1, 2, 3], [4, 5, 6]]
B = [[1, 0, 2, 1], [0, 1, 1, 3], [2, 1, 0, 0]]

LEFT, TOP = 60, 30


def draw() -> Steps:
    """One drawing for each cell of the product."""
    rows, columns = len(A), len(B[0])
    return Steps([draw_cell(i, j) for i in range(rows) for j in range(columns)], still=5)


def draw_cell(i: int, j: int) -> Drawing:
    """The matrices, with `b` above the product and `a` to its left, so that row and column meet in the cell."""
    a, b = tensor(A), tensor(B)
    product = (a @ b).to_numpy()  # (2, 3) @ (3, 4) -> (2, 4)
    inner, columns = b.shape
    terms = [f"{number(a[i, k])} \u00d7 {number(b[k, j])}" for k in range(inner)]
    total = number(product[i, j])
    drawing = Drawing(
        LEFT + CELL * (inner + columns) + 100,
        TOP + CELL * (inner + len(A)) + 90,
        f"Cell ({i}, {j}) of the product of two matrices: row {i} of a and column {j} of b are multiplied number by"
        f" number, and added up: {' + '.join(terms)} = {total}.",
    )
    right, below = LEFT + CELL * inner + 24, TOP + CELL * inner + 24
    drawing.text(right - 14, TOP + 26, "b", "weight strong", anchor="end")
    drawing.cells(right, TOP, B, "faint", styles={(k, j): "weight strong" for k in range(inner)})
    drawing.text(LEFT - 14, below + 26, "a", "input strong", anchor="end")
    drawing.cells(LEFT, below, A, "faint", styles={(i, k): "input strong" for k in range(inner)})
    done = [
        [number(x) if (row, column) <= (i, j) else "" for column, x in enumerate(line)]
        for row, line in enumerate(product)
    ]
    drawing.cells(right, below, done, "output", styles={(i, j): "output strong"})
    drawing.text(right + CELL * columns + 14, below + 26, "a @ b", "output strong", anchor="start")
    drawing.text(LEFT, below + CELL * len(A) + 42, f"{' + '.join(terms)} = {total}", "code", anchor="start")
    return drawing
