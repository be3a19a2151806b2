"""The windows of an image as the rows of a matrix: each window, read row by row, becomes one row."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [[1, 2, 0, 3], [0, 1, 4, 1]]
WEIGHT = [[1, 2, 3], [4, 5, 6]]

HEIGHT, WIDTH = len(INPUT), len(INPUT[0])
KH, KW = len(WEIGHT), len(WEIGHT[0])
SIZE = 32  # of a cell
TOP = 40


def draw() -> Steps:
    """One drawing for each window."""
    windows = minitorch.unroll2d(minitorch.tensor(INPUT), (KH, KW))  # (HEIGHT, WIDTH, KH, KW)
    rows = windows.view(HEIGHT * WIDTH, KH * KW)
    product = rows @ minitorch.tensor(WEIGHT).view(KH * KW, 1)  # (HEIGHT * WIDTH, 1)
    matrix, output = rows.to_numpy().tolist(), product.to_numpy().ravel().tolist()
    return Steps([draw_step(place, matrix, output) for place in range(HEIGHT * WIDTH)], still=WIDTH - 2)


def draw_step(place: int, matrix: list[list[float]], output: list[float]) -> Drawing:
    """The window at one place, and its row."""
    h, w = divmod(place, WIDTH)
    padded = [[*row, *[0] * (KW - 1)] for row in INPUT] + [[0] * (WIDTH + KW - 1)] * (KH - 1)
    left = SIZE * len(padded[0]) + 42  # where the matrix begins
    column = left + SIZE * KH * KW + 30  # where the weights begin
    end = column + SIZE + 30  # where the output begins
    drawing = Drawing(
        end + SIZE + 8,
        TOP + SIZE * HEIGHT * WIDTH + 10,
        f"The window with its upper left corner on row {h}, column {w} of the image {INPUT} is row {place} of the"
        f" matrix: {[int(x) for x in matrix[place]]}. Times the column of the weights {WEIGHT}, read row by row, it is"
        f" {number(output[place])}.",
    )
    styles, beyond = {}, {}
    for row in range(len(padded)):
        for k in range(len(padded[0])):
            style = "input" if row < HEIGHT and k < WIDTH else "zero"
            inside = h <= row < h + KH and w <= k < w + KW
            styles[row, k] = f"{style} strong" if inside else style
    for row in range(HEIGHT * WIDTH):
        for k in range(KH * KW):
            at = row // WIDTH + k // KW, row % WIDTH + k % KW  # which cell of the image it is
            style = "input" if at[0] < HEIGHT and at[1] < WIDTH else "zero"
            beyond[row, k] = f"{style} strong" if row == place else style
    middle = TOP + SIZE * HEIGHT * WIDTH / 2
    above = middle - SIZE * KH * KW / 2
    drawing.text(10, TOP - 12, "image", "input strong", anchor="start")
    drawing.cells(10, TOP, padded, styles=styles, size=SIZE)
    drawing.text(left, TOP - 12, "its windows as rows", "input strong", anchor="start")
    drawing.cells(left, TOP, matrix, styles=beyond, size=SIZE)
    drawing.text(column - 15, middle + 6, "@", "code strong")
    drawing.text(column + SIZE / 2, above - 12, "weight", "weight strong")
    drawing.cells(column, above, [[k] for row in WEIGHT for k in row], "weight", size=SIZE)
    drawing.text(end - 15, middle + 6, "=", "code strong")
    drawing.text(end + SIZE + 4, TOP - 12, "output", "output strong", anchor="end")
    drawing.cells(end, TOP, [[number(x)] for x in output], "output", {(place, 0): "output strong"}, SIZE)
    return drawing
