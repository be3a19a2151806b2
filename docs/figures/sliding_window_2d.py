"""A convolution in two dimensions, step by step: the window slides over rows and columns."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [3, 0, 2, 1, 0], [1, 1, 0, 2, 4]]
WEIGHT = [[1, 2, 3], [4, 5, 6]]

HEIGHT, WIDTH = len(INPUT), len(INPUT[0])
KH, KW = len(WEIGHT), len(WEIGHT[0])
SIZE = 36  # of a cell
TOP = 40


def draw() -> Steps:
    """One drawing for each place of the window."""
    input, weight = minitorch.tensor(INPUT), minitorch.tensor(WEIGHT)
    output = minitorch.conv2d(input.view(1, 1, HEIGHT, WIDTH), weight.view(1, 1, KH, KW))
    values = output.to_numpy()[0, 0].tolist()
    return Steps([draw_step(h, w, values) for h in range(HEIGHT) for w in range(WIDTH)], still=WIDTH + 1)


def draw_step(h: int, w: int, output: list[list[float]]) -> Drawing:
    """The window with its upper left corner at (h, w), and what has come out so far."""
    padded = [[*row, *[0] * (KW - 1)] for row in INPUT] + [[0] * (WIDTH + KW - 1)] * (KH - 1)
    covered = [[padded[h + i][w + j] for j in range(KW)] for i in range(KH)]
    sums = [" + ".join(f"{k} \u00d7 {x}" for k, x in zip(*rows)) for rows in zip(WEIGHT, covered)]
    total = number(output[h][w])
    left = SIZE * len(padded[0]) + 100  # where the output begins
    below = TOP + SIZE * len(padded) + 44  # where the weights begin
    drawing = Drawing(
        left + SIZE * WIDTH + 10,
        below + SIZE * KH + 12,
        f"The window with the weights {WEIGHT} lies with its upper left corner on row {h}, column {w} of the input"
        f" {INPUT}. The sum of its products, {' + '.join(sums)} = {total}, is the cell in row {h}, column {w} of the"
        f" output. Cells beyond the edges are zeros.",
    )
    styles = {}
    for row in range(len(padded)):
        for column in range(len(padded[0])):
            style = "input" if row < HEIGHT and column < WIDTH else "zero"
            inside = h <= row < h + KH and w <= column < w + KW
            styles[row, column] = f"{style} strong" if inside else style
    drawing.text(10, TOP - 12, "input, zeros beyond", "input strong", anchor="start")
    drawing.cells(10, TOP, padded, styles=styles, size=SIZE)
    drawing.text(left, TOP - 12, "output", "output strong", anchor="start")
    middle = TOP + SIZE * HEIGHT / 2
    drawing.arrow((left - 70, middle), (left - 20, middle))
    shown = [
        [number(output[row][column]) if (row, column) <= (h, w) else "" for column in range(WIDTH)]
        for row in range(HEIGHT)
    ]
    drawing.cells(left, TOP, shown, "output", {(h, w): "output strong"}, SIZE)
    drawing.text(10, below - 12, "weight", "weight strong", anchor="start")
    drawing.cells(10, below, WEIGHT, "weight", size=SIZE)
    for row, text in enumerate(sums):
        end = f" = {total}" if row == KH - 1 else " +"
        drawing.text(SIZE * KW + 34, below + SIZE * (row + 0.5) + 6, text + end, "code", anchor="start")
    return drawing
