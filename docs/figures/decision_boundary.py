"""What a network says of every place in the square, before, during and after its training."""

from collections.abc import Iterator

import numpy as np

import minitorch
from docs.figures.drawing import Drawing, Steps
from docs.figures.plots import BLUE, GREY, INK, ORANGE, as_drawing, new_plot
from minitorch import SGD, FastBackend, Linear, Module, ReLU, Sequential
from minitorch.datasets import Graph

POINTS, HIDDEN, SEED = 80, 32, 2
RATE, STEPS = 0.5, 1000
SHOWN = (0, 50, 200, 300, 500, 1000)  # how many steps of training a frame has behind it
FINENESS = 60  # places along each side of the square


def train(data: Graph) -> Iterator[tuple[int, Module]]:
    """The training of the chapter; yields the network before each step, and after the last."""
    model = Sequential(Linear(2, HIDDEN, backend=FastBackend), ReLU(), Linear(HIDDEN, 1, backend=FastBackend))
    points = minitorch.tensor(data.X, backend=FastBackend)  # (points, 2)
    labels = np.array(data.y).reshape(-1, 1)  # (points, 1)
    optimizer = SGD(model.parameters(), lr=RATE)
    for step in range(STEPS):
        yield step, model
        optimizer.zero_grad()
        loss = minitorch.binary_cross_entropy_with_logits(model(points), labels)
        loss.backward()
        optimizer.step()
    yield STEPS, model


def draw() -> Steps:
    """One drawing for each number of steps in `SHOWN`."""
    minitorch.manual_seed(SEED)
    data = minitorch.datasets["Circle"](POINTS)
    frames = [draw_step(step, model, data) for step, model in train(data) if step in SHOWN]
    return Steps(frames, still=len(frames) - 1)


def draw_step(step: int, model: Module, data: Graph) -> Drawing:
    """The points, and the network's probability of label 1 at every place."""
    side = np.linspace(0, 1, FINENESS)
    places = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)  # (places, 2)
    logits = model(minitorch.tensor(places, backend=FastBackend)).detach()
    chance = logits.sigmoid().to_numpy().reshape(FINENESS, FINENESS)  # a row for each x2
    points, labels = np.array(data.X), np.array(data.y)
    said = model(minitorch.tensor(points, backend=FastBackend)).to_numpy().ravel() > 0
    right = int((said == labels).sum())

    figure, axes = new_plot(height=500, width=480)
    for low, colour, alpha in ((0, BLUE, 0.34), (0.25, BLUE, 0.12), (0.5, ORANGE, 0.12), (0.75, ORANGE, 0.34)):
        axes.contourf(side, side, chance, levels=[low, low + 0.25], colors=[colour], alpha=alpha)
    if chance.min() < 0.5 < chance.max():
        axes.contour(side, side, chance, levels=[0.5], colors=[INK], linewidths=2)
    for label, colour, marker in ((0, BLUE, "o"), (1, ORANGE, "^")):
        hit, missed = points[(labels == label) & (said == labels)], points[(labels == label) & (said != labels)]
        axes.scatter(hit[:, 0], hit[:, 1], s=42, color=colour, marker=marker, label=f"label {label}")
        # Points on the wrong side are hollow.
        axes.scatter(missed[:, 0], missed[:, 1], s=60, facecolors="none", edgecolors=colour, marker=marker)
    axes.scatter([], [], s=60, facecolors="none", edgecolors=GREY, label="wrong side")
    axes.set(xlabel="x1", ylabel="x2", xlim=(0, 1), ylim=(0, 1), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.set_title(f"after {step} steps: {right} of {len(labels)} right", fontsize=16)
    axes.set_aspect("equal")
    figure.legend(loc="outside lower center", ncols=3, handletextpad=0.1, columnspacing=1, fontsize=16, frameon=False)
    return as_drawing(
        figure,
        f"decision_boundary_{step}",
        f"{len(labels)} points in a square; label 0 inside of a circle, label 1 outside. After {step} steps the network"
        f" has {right} on the right side. It says label 1 for {100 * (chance > 0.5).mean():.0f} % of the square,"
        f" and for {100 * (chance > 0.75).mean():.0f} % with a probability of more than 3/4.",
    )
