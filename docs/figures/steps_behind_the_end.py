"""A filled-up sequence on its way through a convolution: what stands behind its end, with a mask and without."""

from collections.abc import Sequence

import minitorch
from docs.figures.drawing import CELL, Drawing, number
from minitorch import Tensor, conv1d, max_over_time, sequence_mask

REAL = [-4, -7, -7, -6]
WIDTH = 6  # the number of steps that the sequence is filled up to
WEIGHT, BIAS = [1, 1], -1

LEFT = 132


def draw() -> Drawing:
    """The input, the output of a convolution with a bias, and the same masked; with the maximum beside each."""
    input = minitorch.tensor(REAL + [0] * (WIDTH - len(REAL))).view(1, 1, WIDTH)
    mask = sequence_mask([len(REAL)], WIDTH, like=input)
    output = conv1d(input, minitorch.tensor(WEIGHT).view(1, 1, len(WEIGHT))) + BIAS
    masked = output * mask
    maxima = [[max_over_time(x)[0, 0], max_over_time(x, mask)[0, 0]] for x in (input, output, masked)]
    told = [
        f"The largest of {name} is {number(plain)}, and {number(right)} if only real steps count."
        for name, (plain, right) in zip(("the input", "the output", "the masked output"), maxima)
    ]
    drawing = Drawing(
        558,
        344,
        f"The sequence {REAL} is filled up with zeros to {WIDTH} steps. A convolution with the weights {WEIGHT} and the"
        f" bias {BIAS} makes {shown(output)} of it; times the mask this is {shown(masked)}. {' '.join(told)}",
    )
    beyond = dict.fromkeys(range(len(REAL), WIDTH), "zero")
    drawing.text(LEFT + CELL * WIDTH + 42, 24, "max")
    drawing.text(LEFT + CELL * WIDTH + 114, 24, "with mask")
    for top, name, x, style in (
        (40, "input", input, "input"),
        (120, "convolved", output, "output"),
        (200, "mask", mask, "plain"),
        (280, "product", masked, "output"),
    ):
        drawing.text(LEFT - 12, top + 26, name, f"{style} strong", anchor="end")
        styles = beyond if style == "input" else {step: "zero" for step in beyond if shown(x)[step] == "0"}
        drawing.cells(LEFT, top, shown(x), style, styles=styles)
    for top, (plain, right) in zip((40, 120, 280), maxima):
        drawing.text(LEFT + CELL * WIDTH + 42, top + 26, number(plain), "" if plain == right else "strong")
        drawing.text(LEFT + CELL * WIDTH + 114, top + 26, number(right))
    edge = LEFT + CELL * len(REAL)
    drawing.line([(edge, 32), (edge, 328)], "strong dashed")
    drawing.text(edge - 8, 24, "real", anchor="end")
    drawing.text(edge + 8, 24, "filled up", anchor="start")
    return drawing


def shown(x: Tensor) -> Sequence[str]:
    """The numbers of a sequence, of shape (1, 1, width)."""
    return [number(value) for value in x.to_numpy().ravel()]
