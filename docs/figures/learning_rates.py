"""The loss of one network, trained three times from the same start, with three learning rates."""

import numpy as np

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.plots import BLUE, GREEN, ORANGE, as_drawing, new_plot
from minitorch import SGD, FastBackend, Linear, ReLU, Sequential

POINTS, HIDDEN, SEED, STEPS = 80, 32, 2, 500
RATES = {20.0: (ORANGE, "-"), 0.02: (BLUE, ":"), 0.5: (GREEN, "-")}  # each with a colour and a kind of line
HIGHEST = 1.6  # losses above are not shown


def losses(rate: float) -> list[float]:
    """The loss before each step."""
    minitorch.manual_seed(SEED)
    data = minitorch.datasets["Circle"](POINTS)
    points = minitorch.tensor(data.X, backend=FastBackend)  # (points, 2)
    labels = np.array(data.y).reshape(-1, 1)  # (points, 1)
    model = Sequential(Linear(2, HIDDEN, backend=FastBackend), ReLU(), Linear(HIDDEN, 1, backend=FastBackend))
    optimizer = SGD(model.parameters(), lr=rate)
    told = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = minitorch.binary_cross_entropy_with_logits(model(points), labels)
        loss.backward()
        optimizer.step()
        told.append(loss.item())
    return told


def draw() -> Drawing:
    """A curve for each rate, with its name at its end."""
    figure, axes = new_plot(height=340)
    told = []
    for rate, (colour, line) in RATES.items():
        curve = losses(rate)
        is_wild = max(curve[STEPS // 2 :]) > curve[0]
        axes.plot(curve, line, color=colour, linewidth=0.8 if is_wild else 2.5)
        height = (max(curve[-20:]) + min(curve[-20:])) / 2
        axes.text(STEPS * 1.02, height, f"lr {rate:g}", color=colour, va="center", fontsize=16)
        told.append(f"with {rate:g} it goes from {curve[0]:.2f} over at most {max(curve):.2f} to {curve[-1]:.2f}")
    axes.set(xlabel="step", ylabel="loss", xlim=(0, STEPS), ylim=(0, HIGHEST), yticks=[0, 0.5, 1, 1.5])
    return as_drawing(
        figure, "learning_rates", f"The loss in {STEPS} steps, for three learning rates: {'; '.join(told)}."
    )
