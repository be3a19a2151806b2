"""How far central differences are from the true slope, in numbers of single and of double precision."""

import math

import numpy as np

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.plots import BLUE, GREY, ORANGE, as_drawing, new_plot

POINT = 1.0
PLACES_OF_STEPS = [-10 + 0.25 * i for i in range(41)]  # a step is 10 to the power of this
TYPES = {"float32": np.float32, "float64": np.float64}


def draw() -> Drawing:
    """The error for exp, whose slope is known: it is exp again."""
    steps = [10.0**place for place in PLACES_OF_STEPS]
    errors = {}
    for name, dtype in TYPES.items():
        x = minitorch.tensor([POINT], dtype=dtype)
        slopes = [minitorch.central_difference(lambda t: t.exp(), x, epsilon=step)[0] for step in steps]
        errors[name] = [abs(slope - math.exp(POINT)) for slope in slopes]

    figure, axes = new_plot(350)
    axes.loglog(steps, errors["float32"], color=ORANGE, linestyle="-.")
    axes.loglog(steps, errors["float64"], color=BLUE)
    axes.axvline(1e-6, color=GREY, linestyle=":")
    axes.text(1.4e-6, 1e-6, "the default", color=GREY, fontsize=16)
    axes.text(3e-10, 8e-2, "float32", color=ORANGE, fontsize=16, fontweight="bold")
    axes.text(3e-10, 1e-5, "float64", color=BLUE, fontsize=16, fontweight="bold")
    axes.set_xlabel("size of the step")
    axes.set_ylabel("error of the slope")
    best = {name: int(np.argmin(values)) for name, values in errors.items()}
    default = PLACES_OF_STEPS.index(-6)
    told = " ".join(
        f"In {name}, the smallest error is {errors[name][place]:.0e}, with a step of {steps[place]:.0e}; with a step of"
        f" 1e-06 it is {errors[name][default]:.0e}."
        for name, place in best.items()
    )
    alt = f"The error of the slope of exp at {POINT:g}, against the size of the step, for two types of numbers. {told}"
    return as_drawing(figure, "error_of_types", alt)
