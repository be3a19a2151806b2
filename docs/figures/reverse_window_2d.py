"""The gradient of the input, step by step: a window that is anchored at its lower right corner."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

WEIGHT = [[1, 2, 3], [4, 5, 6]]
UPSTREAM = [[1, 0, 2, 0, 1], [0, 3, 0, 1, 0], [2, 0, 1, 0, 0], [0, 1, 0, 0, 2]]

HEIGHT, WIDTH = len(UPSTREAM), len(UPSTREAM[0])
KH, KW = len(WEIGHT), len(WEIGHT[0])
SIZE = 36  # of a cell
TOP = 40


def draw() -> Steps:
    """One drawing for each place of the window."""
    # The gradient does not depend on the numbers of the input, so zeros will do.
    input = minitorch.zeros(1, 1, HEIGHT, WIDTH, requires_grad=True)
    output = minitorch.conv2d(input, minitorch.tensor(WEIGHT).view(1, 1, KH, KW))
    output.backward(minitorch.tensor(UPSTREAM).view(1, 1, HEIGHT, WIDTH))
    assert input.grad is not None
    gradient = input.grad.to_numpy()[0, 0].tolist()
    return Steps([draw_step(h, w, gradient) for h in range(HEIGHT) for w in range(WIDTH)], still=WIDTH + 2)


def draw_step(h: int, w: int, gradient: list[list[float]]) -> Drawing:
    """The window with its lower right corner at (h, w), and what has come out so far."""
    above, before = KH - 1, KW - 1  # how many rows and columns of zeros the window can reach
    padded = [[0] * (WIDTH + before)] * above + [[*[0] * before, *row] for row in UPSTREAM]
    turned = [row[::-1] for row in WEIGHT[::-1]]  # as the weights lie in the window, whose anchor is weight (0, 0)
    covered = [[padded[h + i][w + j] for j in range(KW)] for i in range(KH)]
    sums = [" + ".join(f"{k} \u00d7 {x}" for k, x in zip(*rows)) for rows in zip(turned, covered)]
    total = number(gradient[h][w])
    left = SIZE * len(padded[0]) + 100  # where the gradient of the input begins
    below = TOP + SIZE * len(padded) + 44  # where the weights begin
    drawing = Drawing(
        left + SIZE * WIDTH + 10,
        below + SIZE * KH + 12,
        f"The window lies with its lower right corner on row {h}, column {w} of the gradient of the output {UPSTREAM}."
        f" In it the weights {WEIGHT} lie turned, {turned}. The sum of the products, {' + '.join(sums)} = {total}, is"
        f" the gradient of the input in row {h}, column {w}. Cells above and to the left of the edges are zeros.",
    )
    styles = {}
    for row in range(len(padded)):
        for column in range(len(padded[0])):
            style = "gradient" if row >= above and column >= before else "zero"
            inside = h <= row < h + KH and w <= column < w + KW
            styles[row, column] = f"{style} strong" if inside else style
    drawing.text(10, TOP - 12, "gradient of the output", "gradient strong", anchor="start")
    drawing.cells(10, TOP, padded, styles=styles, size=SIZE)
    drawing.text(left, TOP - 12, "gradient of input", "gradient strong", anchor="start")
    middle = TOP + SIZE * HEIGHT / 2
    drawing.arrow((left - 70, middle), (left - 20, middle))
    shown = [
        [number(gradient[row][column]) if (row, column) <= (h, w) else "" for column in range(WIDTH)]
        for row in range(HEIGHT)
    ]
    drawing.cells(left, TOP, shown, "gradient", {(h, w): "gradient strong"}, SIZE)
    drawing.text(10, below - 12, "weight, turned", "weight strong", anchor="start")
    drawing.cells(10, below, turned, "weight", {(above, before): "weight strong"}, SIZE)
    for row, text in enumerate(sums):
        end = f" = {total}" if row == KH - 1 else " +"
        drawing.text(SIZE * KW + 34, below + SIZE * (row + 0.5) + 6, text + end, "code", anchor="start")
    return drawing
