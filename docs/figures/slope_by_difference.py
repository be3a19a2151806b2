"""The slope of a curve at a point, and of two straight lines that come close to it."""

import minitorch
from docs.figures.drawing import Drawing, number
from docs.figures.plots import BLUE, GREEN, GREY, INK, ORANGE, as_drawing, new_plot

POINT = 1.0
STEP = 1.0  # far too large, so that the lines can be told apart


def cube(x: float) -> float:
    """The curve."""
    return x**3


def draw() -> Drawing:
    """The curve, its tangent, and the lines through two of its points."""
    here, left, right = cube(POINT), cube(POINT - STEP), cube(POINT + STEP)
    x = minitorch.Scalar(POINT)
    (x * x * x).backward()
    tangent = x.derivative
    assert tangent is not None
    both = minitorch.central_difference(cube, POINT, epsilon=STEP)
    one = (right - here) / STEP

    figure, axes = new_plot(330)
    places = [POINT + STEP * (-1.25 + 0.05 * i) for i in range(50)]
    axes.plot(places, [cube(place) for place in places], color=GREY)
    ends = [POINT - 1.2 * STEP, POINT + 1.2 * STEP]
    axes.plot(ends, [here + tangent * (end - POINT) for end in ends], color=INK, linestyle="--")
    axes.plot([POINT - STEP, POINT + STEP], [left, right], color=GREEN, marker="o", markersize=8)
    axes.plot([POINT, POINT + STEP], [here, right], color=ORANGE, marker="s", markersize=8, linestyle="-.")
    axes.plot([POINT], [here], color=BLUE, marker="D", markersize=9)
    axes.set_xlabel("x")
    axes.set_ylabel("x \u00d7 x \u00d7 x")
    labels = (
        (f"tangent: slope {number(tangent)}", INK, 7.6),
        (f"to both sides: slope {number(both)}", GREEN, 6.2),
        (f"to one side: slope {number(one)}", ORANGE, 4.8),
    )
    for text, colour, height in labels:
        axes.text(POINT - 1.2 * STEP, height, text, color=colour, fontsize=16, fontweight="bold")
    alt = (
        f"The curve x \u00d7 x \u00d7 x and three lines at x = {number(POINT)}. The tangent has the slope"
        f" {number(tangent)}. The line through the points at a distance of {number(STEP)} to both sides has the slope"
        f" {number(both)}, the one to the right side only {number(one)}."
    )
    return as_drawing(figure, "slope_by_difference", alt)
