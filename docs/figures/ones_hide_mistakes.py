"""The gradient of a turned table, cell by cell: right and wrong, where ones arrive, and where different numbers do."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, number
from minitorch import Context, Function, Tensor

SHAPE = (2, 3)
UPSTREAM = {
    "all ones": [[1, 1], [1, 1], [1, 1]],
    "all different": [[1, 2], [3, 4], [5, 6]],
}
LEFT, STEP = 148, 200
ARRIVES, RIGHT, WRONG = 54, 204, 314  # where the tables begin


class Turn(Function):
    """A table with rows and columns exchanged; its gradient gets the right shape in the wrong way"""

    @staticmethod
    def forward(ctx: Context, a: Tensor) -> Tensor:
        """(rows, columns) becomes (columns, rows)."""
        ctx.save_for_backward(a.shape)
        return a._new(a._tensor.permute(1, 0))

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> Tensor:
        """The cells in their order, under the old shape: nothing is turned back."""
        (shape,) = ctx.saved_values
        return grad_output.contiguous().view(*shape)


def draw() -> Drawing:
    """What arrives, the right gradient, and the wrong one with a thick outline where it is wrong."""
    told = []
    drawn = []
    for place, (name, upstream) in enumerate(UPSTREAM.items()):
        gradients = []
        for turn in (lambda t: t.permute(1, 0), Turn.apply):
            table = minitorch.zeros(*SHAPE, requires_grad=True)
            turn(table).backward(np.array(upstream))
            assert table.grad is not None
            gradients.append(table.grad.to_numpy())
        right, wrong = gradients
        differs = {cell: "gradient strong" for cell in np.ndindex(SHAPE) if right[cell] != wrong[cell]}
        drawn.append((LEFT + STEP * place, name, upstream, right, wrong, differs))
        told.append(f"If what arrives is {name}, {len(differs)} of {right.size} cells of the wrong gradient are wrong.")
    drawing = Drawing(
        LEFT + STEP + SHAPE[1] * CELL + 92,
        WRONG + SHAPE[0] * CELL + 44,
        f"Gradients of a table of shape {SHAPE} that was turned. {' '.join(told)} The numbers"
        f" {UPSTREAM['all different']} give {shown(drawn[1][3])} if they are turned back, and"
        f" {shown(drawn[1][4])} if they are not.",
    )
    for y, words in ((ARRIVES + 66, "what arrives"), (RIGHT + 46, "right"), (WRONG + 46, "wrong")):
        drawing.text(LEFT - 14, y, words, "gradient strong", anchor="end")
    for x, name, upstream, right, wrong, differs in drawn:
        drawing.text(x + SHAPE[1] * CELL / 2, 26, name, "strong")
        drawing.cells(x + CELL / 2, ARRIVES, upstream, "gradient")
        drawing.cells(x, RIGHT, right, "gradient")
        drawing.cells(x, WRONG, wrong, "gradient", styles=differs)
        drawing.text(x + SHAPE[1] * CELL / 2, WRONG + SHAPE[0] * CELL + 28, f"{len(differs)} cells differ")
    return drawing


def shown(table: object) -> str:
    """A table as text."""
    return str([[number(value) for value in row] for row in np.asarray(table)]).replace("'", "")
