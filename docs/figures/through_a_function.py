"""What goes through a Function: values on the way there, gradients on the way back, and what it keeps in between."""

import minitorch
from docs.figures.drawing import Drawing, number
from minitorch import Tensor, tensor
from minitorch.tensor_functions import Mul

A = [1, 2, 3]
B = [4, 5, 6]
UPSTREAM = [1, 10, 100]

SIZE = 44
LEFT, RIGHT = 20, 396  # where inputs and outputs begin
BOX = (206, 136)  # the left edge of the Function, and its width


def draw() -> Drawing:
    """`Mul`, above on the way there and below on the way back."""
    a, b = tensor(A, requires_grad=True), tensor(B, requires_grad=True)
    out = Mul.apply(a, b)
    assert out.history is not None
    assert out.history.ctx is not None
    kept = out.history.ctx.saved_values
    out.backward(tensor(UPSTREAM))
    assert a.grad is not None
    assert b.grad is not None
    drawing = Drawing(
        RIGHT + SIZE * len(A) + 24,
        424,
        f"Mul. forward gets a = {A} and b = {B}, and returns {told(out)}. The context keeps"
        f" {' and '.join(told(value) for value in kept)}. backward gets the upstream gradient {UPSTREAM}, and returns"
        f" {told(a.grad)} for a and {told(b.grad)} for b.",
    )
    row(drawing, LEFT, 40, "a", A, "input")
    row(drawing, LEFT, 120, "b", B, "input")
    row(drawing, RIGHT, 80, "a \u00d7 b", out, "output")
    function(drawing, 40, "forward")
    for top in (62, 142):
        drawing.arrow((LEFT + SIZE * len(A) + 6, top), (BOX[0] - 4, top))
    drawing.arrow((BOX[0] + BOX[1] + 4, 102), (RIGHT - 6, 102))

    drawing.box(BOX[0], 188, BOX[1], 40, "zero")
    drawing.text(BOX[0] + BOX[1] / 2, 214, "ctx keeps a, b")
    drawing.arrow((BOX[0] + BOX[1] / 2, 166), (BOX[0] + BOX[1] / 2, 186))
    drawing.arrow((BOX[0] + BOX[1] / 2, 230), (BOX[0] + BOX[1] / 2, 270))

    row(drawing, LEFT, 272, "upstream \u00d7 b", a.grad, "gradient")
    row(drawing, LEFT, 352, "upstream \u00d7 a", b.grad, "gradient")
    row(drawing, RIGHT, 312, "upstream", UPSTREAM, "gradient")
    function(drawing, 272, "backward")
    for top in (294, 374):
        drawing.arrow((BOX[0] - 4, top), (LEFT + SIZE * len(A) + 6, top), "gradient")
    drawing.arrow((RIGHT - 6, 334), (BOX[0] + BOX[1] + 4, 334), "gradient")
    return drawing


def told(values: Tensor) -> str:
    """The numbers of a tensor, to be read aloud."""
    return f"[{', '.join(map(number, values))}]"


def row(drawing: Drawing, left: float, top: float, name: str, values: Tensor | list[int], style: str) -> None:
    """A row of cells below its name."""
    drawing.text(left, top - 10, name, f"{style} strong", anchor="start")
    drawing.cells(left, top, minitorch.tensor(list(values)).to_numpy(), style, size=SIZE)


def function(drawing: Drawing, top: float, name: str) -> None:
    """The box of a Function."""
    left, width = BOX
    drawing.box(left, top, width, 124)
    drawing.text(left + width / 2, top + 56, f"Mul.{name}", "code strong")
