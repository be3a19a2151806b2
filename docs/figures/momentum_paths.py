"""The way down a long valley: SGD with and without momentum, at the same learning rate."""

import numpy as np

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.plots import BLUE, GREY, INK, ORANGE, as_drawing, new_plot
from minitorch import SGD, Parameter

START = [9, 2]
STEEPNESS = [1, 25]  # the second direction is so many times as steep as the first
RATE, STEPS = 0.02, 40
MOMENTA = {0.0: (BLUE, "o"), 0.8: (ORANGE, "^")}  # each with a colour and a mark


def walk(momentum: float) -> np.ndarray:
    """All places on the way, of shape (steps + 1, 2)."""
    place = Parameter(minitorch.tensor(START))
    optimizer = SGD([place], lr=RATE, momentum=momentum)
    way = [place.value.to_numpy()]
    for _ in range(STEPS):
        optimizer.zero_grad()
        height = (minitorch.tensor(STEEPNESS) * place.value * place.value).sum() / 2
        height.backward()
        optimizer.step()
        way.append(place.value.to_numpy())
    return np.array(way)


def draw() -> Drawing:
    """Lines of equal height, and both ways from the same start."""
    figure, axes = new_plot(height=330)
    x, y = np.meshgrid(np.linspace(-3, 10, 90), np.linspace(-2.4, 2.6, 60))
    height = (STEEPNESS[0] * x**2 + STEEPNESS[1] * y**2) / 2
    axes.contour(x, y, height, levels=[1, 4, 10, 20, 40, 70], colors=[GREY], linewidths=1)
    told = []
    for momentum, (colour, mark) in MOMENTA.items():
        way = walk(momentum)
        axes.plot(*way.T, "-", marker=mark, color=colour, linewidth=1.5, markersize=5, label=f"momentum {momentum:g}")
        told.append(f"with momentum {momentum:g} they end at ({way[-1, 0]:.1f}, {way[-1, 1]:.1f})")
    axes.plot(0, 0, "x", color=INK, markersize=12, markeredgewidth=3)
    axes.set(xlabel="first weight", ylabel="second weight", xlim=(-3, 10), ylim=(-2.4, 2.6), yticks=[-2, 0, 2])
    figure.legend(loc="outside upper center", ncols=2, handletextpad=0.4, fontsize=16, frameon=False)
    return as_drawing(
        figure,
        "momentum_paths",
        f"A valley that is {STEEPNESS[1] // STEEPNESS[0]} times as steep across as along, and two ways of {STEPS} steps"
        f" each from ({START[0]}, {START[1]}) towards its lowest place, (0, 0): {'; '.join(told)}.",
    )
