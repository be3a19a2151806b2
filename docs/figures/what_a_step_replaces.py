"""A step of an optimizer: minitorch puts a new tensor into the parameter, PyTorch writes into the old one."""

from typing import Any

import minitorch
from docs.figures.drawing import Drawing, number

WEIGHT = [4, 8]
FACTORS = [2, 4]  # the loss is the sum of the weights times these, so these are its gradient
RATE = 0.5

SIZE = 44
SIDES = {"before step()": 12, "after step()": 296}


def draw() -> Drawing:
    """Above minitorch, below PyTorch; on the left before the step, on the right after it."""
    parameter = minitorch.Parameter(minitorch.tensor(WEIGHT))
    old = parameter.value
    (old * minitorch.tensor(FACTORS)).sum().backward()
    minitorch.SGD([parameter], lr=RATE).step()
    assert old.grad is not None
    assert parameter.value.grad is None
    before, gradient, after = (tensor.to_numpy() for tensor in (old, old.grad, parameter.value))
    told = [f"[{', '.join(number(value) for value in values)}]" for values in (before, gradient, after)]
    drawing = Drawing(
        546,
        446,
        f"In minitorch the parameter holds a tensor {told[0]} with the gradient {told[1]} before the step. After it,"
        f" it holds another tensor, {told[2]}, without a gradient; the first one is as it was. In PyTorch the"
        f" parameter is the tensor: its numbers change from {told[0]} to {told[2]}, and the gradient {told[1]} stays.",
    )
    for heading, x in SIDES.items():
        drawing.text(x, 60, heading, "strong code", anchor="start")
    left, right = SIDES.values()
    drawing.text(left, 28, "minitorch", "strong", anchor="start")
    for x, top in ((left, 80), (right, 80)):
        drawing.box(x, top, 104, SIZE, "plain")
        drawing.text(x + 52, top + SIZE / 2 + 6, "Parameter")
        drawing.arrow((x + 104, top + SIZE / 2), (x + 136, top + SIZE / 2))
    draw_tensor(drawing, left + 140, 80, before, gradient)
    draw_tensor(drawing, right + 140, 80, after, None)
    draw_tensor(drawing, right + 140, 184, before, gradient, faint=True)
    drawing.text(right + 100, 184 + SIZE / 2 + 6, "the old one", "faint", anchor="end")
    drawing.line([(12, 296), (534, 296)], "faint")
    drawing.text(left, 324, "PyTorch", "strong", anchor="start")
    for x, numbers in ((left, before), (right, after)):
        drawing.box(x, 336, 140 + 2 * SIZE + 8, 2 * SIZE + 16)
        drawing.text(x + 52, 344 + SIZE / 2 + 6, "Parameter")
        draw_tensor(drawing, x + 140, 344, numbers, gradient)
    return drawing


def draw_tensor(drawing: Drawing, x: float, y: float, numbers: Any, gradient: Any, faint: bool = False) -> None:
    """The numbers of a tensor, and its gradient below them."""
    drawing.cells(x, y, numbers, "faint" if faint else "weight", size=SIZE)
    drawing.text(x - 8, y + SIZE * 3 / 2 + 6, "grad", "faint" if faint else "gradient strong", anchor="end")
    if gradient is None:
        drawing.text(x + SIZE, y + SIZE * 3 / 2 + 6, "None", "code")
    else:
        drawing.cells(x, y + SIZE, gradient, "faint" if faint else "gradient", size=SIZE)
