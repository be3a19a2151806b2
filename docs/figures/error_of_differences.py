"""How far difference quotients are from the true slope, for steps of any size."""

import math

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.plots import GREEN, GREY, ORANGE, as_drawing, new_plot

POINT = 1.0
PLACES_OF_STEPS = [-14 + 0.25 * i for i in range(57)]  # a step is 10 to the power of this


def draw() -> Drawing:
    """The error of both quotients for exp, whose slope is known: it is exp again."""
    steps = [10.0**place for place in PLACES_OF_STEPS]
    slope = math.exp(POINT)
    central = [abs(minitorch.central_difference(math.exp, POINT, epsilon=step) - slope) for step in steps]
    one_sided = [abs((math.exp(POINT + step) - slope) / step - slope) for step in steps]

    figure, axes = new_plot(350)
    axes.loglog(steps, one_sided, color=ORANGE, linestyle="-.")
    axes.loglog(steps, central, color=GREEN)
    axes.axvline(1e-6, color=GREY, linestyle=":")
    axes.text(1.4e-6, 0.4, "the default", color=GREY, fontsize=16)
    axes.text(8e-6, 3e-2, "one side", color=ORANGE, fontsize=16, fontweight="bold")
    axes.text(2e-3, 1e-8, "both sides", color=GREEN, fontsize=16, fontweight="bold")
    axes.text(1e-13, 1e-8, "rounding", fontsize=16)
    axes.set_xlabel("size of the step")
    axes.set_ylabel("error of the slope")
    best = min(range(len(steps)), key=central.__getitem__)
    alt = (
        f"The error of the slope of exp at {POINT:g}, against the size of the step. To both sides, it is smallest near"
        f" a step of {steps[best]:.0e}: {central[best]:.0e}. Larger steps make it grow with the square of the step,"
        f" smaller ones make rounding grow: with a step of {steps[0]:.0e} it is {central[0]:.0e}. To one side only, the"
        f" smallest error is {min(one_sided):.0e}."
    )
    return as_drawing(figure, "error_of_differences", alt)
