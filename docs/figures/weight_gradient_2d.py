"""The gradient of the weights, step by step: the gradient of the output slides over the input as one large window."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [[1, 2, 0, 3, 1], [0, 1, 4, 1, 2], [3, 0, 2, 1, 0], [1, 1, 0, 2, 4]]
UPSTREAM = [[1, 0, 2, 0, 1], [0, 3, 0, 1, 0], [2, 0, 1, 0, 0], [0, 1, 0, 0, 2]]
KH, KW = 2, 3  # height and width of the weight

HEIGHT, WIDTH = len(INPUT), len(INPUT[0])
SIZE = 36  # of a cell
TOP = 40


def draw() -> Steps:
    """One drawing for each weight."""
    # The gradient does not depend on the weights themselves, so zeros will do.
    weight = minitorch.zeros(1, 1, KH, KW, requires_grad=True)
    output = minitorch.conv2d(minitorch.tensor(INPUT).view(1, 1, HEIGHT, WIDTH), weight)
    output.backward(minitorch.tensor(UPSTREAM).view(1, 1, HEIGHT, WIDTH))
    assert weight.grad is not None
    gradient = weight.grad.to_numpy()[0, 0].tolist()
    return Steps([draw_step(i, j, gradient) for i in range(KH) for j in range(KW)], still=1)


def draw_step(i: int, j: int, gradient: list[list[float]]) -> Drawing:
    """The cells that weight (i, j) met, and the gradients of the outputs it met them for."""
    padded = [[*row, *[0] * (KW - 1)] for row in INPUT] + [[0] * (WIDTH + KW - 1)] * (KH - 1)
    met = [[padded[h + i][w + j] for w in range(WIDTH)] for h in range(HEIGHT)]
    products = [
        f"{g} \u00d7 {x}"
        for row, other in zip(UPSTREAM, met)
        for g, x in zip(row, other)
        if g  # where the gradient is 0, so is the product
    ]
    total = number(gradient[i][j])
    right = SIZE * len(padded[0]) + 100
    below = TOP + SIZE * len(padded) + 44
    drawing = Drawing(
        right + SIZE * WIDTH + 10,
        below + SIZE * KH + 12,
        f"Weight ({i}, {j}) met the cells of the input that lie {i} rows below and {j} columns to the right of its"
        f" outputs. So the gradient of the output, {UPSTREAM}, lies over the input {INPUT} with its upper left corner"
        f" on row {i}, column {j}. The products other than 0 are {', '.join(products)}; their sum is {total}.",
    )
    styles = {}
    for row in range(len(padded)):
        for column in range(len(padded[0])):
            style = "input" if row < HEIGHT and column < WIDTH else "zero"
            inside = i <= row < i + HEIGHT and j <= column < j + WIDTH
            styles[row, column] = f"{style} strong" if inside else style
    drawing.text(10, TOP - 12, "input, zeros beyond", "input strong", anchor="start")
    drawing.cells(10, TOP, padded, styles=styles, size=SIZE)
    drawing.text(right, TOP - 12, "gradient of output", "gradient strong", anchor="start")
    drawing.cells(right, TOP, UPSTREAM, "gradient", size=SIZE)
    drawing.text(10, below - 12, "gradient of weight", "gradient strong", anchor="start")
    shown = [[number(gradient[row][k]) if (row, k) <= (i, j) else "" for k in range(KW)] for row in range(KH)]
    drawing.cells(10, below, shown, "gradient", {(i, j): "gradient strong"}, SIZE)
    half = (len(products) + 1) // 2
    for row, part in enumerate((products[:half], products[half:])):
        end = f" = {total}" if row else " +"
        y = below + SIZE * (row + 0.5) + 6
        drawing.text(SIZE * KW + 34, y, " + ".join(part) + end, "code", anchor="start", size=15)
    return drawing
