"""The gradient of the weights: the output's gradient as a long window over the input, at the first few places."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [1, 2, 3, 4, 5, 6]
UPSTREAM = [2, 1, 0, 3, 1, 2]  # the gradient of the output
WIDTH = 3  # of the window in the forward pass

LEFT, SIZE = 172, 38


def draw() -> Steps:
    """One drawing for each weight."""
    length = len(INPUT)
    weight = minitorch.tensor([1] * WIDTH, requires_grad=True)  # any will do, for a convolution is linear
    output = minitorch.conv1d(minitorch.tensor(INPUT).view(1, 1, length), weight.view(1, 1, WIDTH))
    output.backward(minitorch.tensor(UPSTREAM).view(1, 1, length))
    assert weight.grad is not None
    gradient = weight.grad.to_numpy().tolist()
    return Steps([draw_step(place, gradient) for place in range(WIDTH)], still=1)


def draw_step(place: int, gradient: list[float]) -> Drawing:
    """The long window at one place, and the gradients that are known so far."""
    padded = INPUT + [0] * (WIDTH - 1)
    products = [f"{padded[place + cell]}\u00d7{slope}" for cell, slope in enumerate(UPSTREAM)]
    total = number(gradient[place])
    drawing = Drawing(
        LEFT + SIZE * len(padded) + 12,
        250,
        f"The gradient of the output, {UPSTREAM}, lies over the input {INPUT} from cell {place} on. The products are"
        f" {', '.join(products)}; their sum, {total}, is the gradient of weight {place}.",
    )
    drawing.text(LEFT - 12, 34, "grad of output", "gradient strong", anchor="end")
    drawing.text(LEFT - 12, 90, "input", "input strong", anchor="end")
    drawing.text(LEFT - 12, 212, "grad of weight", "gradient strong", anchor="end")
    drawing.cells(LEFT + SIZE * place, 9, UPSTREAM, "gradient", size=SIZE)
    styles = {cell: "zero" if cell >= len(INPUT) else "input" for cell in range(len(padded))}
    covered = {cell: f"{styles[cell]} strong" for cell in range(place, place + len(UPSTREAM))}
    drawing.cells(LEFT, 65, padded, styles={**styles, **covered}, size=SIZE)
    drawing.text((LEFT + SIZE * len(padded)) / 2, 138, f"{' + '.join(products)} = {total}", "code", size=15)
    drawing.arrow((LEFT + SIZE * (place + 0.5), 148), (LEFT + SIZE * (place + 0.5), 182))
    shown = [number(value) if cell <= place else "" for cell, value in enumerate(gradient)]
    drawing.cells(LEFT, 187, shown, "gradient", styles={place: "gradient strong"}, size=SIZE)
    return drawing
