"""The slope of relu near its bend: by backward, and by central differences."""

import numpy as np

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.plots import GREEN, GREY, PINK, as_drawing, new_plot

STEP = 0.25  # far larger than in a check, so that it can be seen
NEAREST = 0.5  # how close to the bend the numbers of tests come


def draw() -> Drawing:
    """Both slopes, and where the tests draw no numbers."""
    x = np.linspace(-1, 1, 401)
    leaf = minitorch.tensor(x, requires_grad=True)
    leaf.relu().backward(np.ones(len(x)))
    assert leaf.grad is not None
    by_backward = leaf.grad.to_numpy()
    differences = minitorch.central_difference(lambda t: t.relu(), minitorch.tensor(x), epsilon=STEP).to_numpy()

    figure, axes = new_plot(300)
    axes.axvspan(-NEAREST, NEAREST, color=GREY, alpha=0.15, linewidth=0)
    axes.text(0, 1.1, "not tested", ha="center", color=GREY, fontsize=16)
    axes.plot(x[x <= 0], by_backward[x <= 0], color=PINK)
    axes.plot(x[x > 0], by_backward[x > 0], color=PINK)
    axes.plot(x, differences, color=GREEN, linestyle="--")
    axes.text(-0.95, 0.08, "backward", color=PINK, fontsize=16, fontweight="bold")
    axes.text(-0.2, 0.55, "difference", color=GREEN, fontsize=16, fontweight="bold", ha="right")
    axes.set_xticks([-1, -NEAREST, 0, NEAREST, 1])
    axes.set_xlabel("x")
    axes.set_ylabel("slope of relu")
    axes.set_ylim(-0.1, 1.25)
    bend = len(x) // 2
    alt = (
        f"The slope of relu from x = -1 to 1. By backward it is 0 up to {x[bend]:g}, and 1 behind it. By differences"
        f" with a step of {STEP:g} it rises from 0 to 1 in a straight line, between {-STEP:g} and {STEP:g}; at the bend"
        f" it is {differences[bend]:.2g}. Between {-NEAREST:g} and {NEAREST:g}, which is shaded, the tests draw no"
        " numbers."
    )
    return as_drawing(figure, "slope_at_a_bend", alt)
