"""The loss of each batch while the network learns, and what it would be if it guessed."""

import math

import numpy as np

from docs.figures.drawing import Drawing
from docs.figures.plots import BLUE, GREY, INK, as_drawing, new_plot
from docs.figures.trained import EPOCHS, TRAIN_SIZE, trained

AVERAGED = 25  # batches


def draw() -> Drawing:
    """A thin line for the batches, and a thick one for the mean of several."""
    losses = np.array(trained().losses)
    means = np.convolve(losses, np.ones(AVERAGED) / AVERAGED, "valid")  # of the batches up to each
    figure, axes = new_plot()
    axes.plot(losses, color=GREY, linewidth=1, alpha=0.6, label="each batch")
    axes.plot(np.arange(len(means)) + AVERAGED - 1, means, color=BLUE, label=f"mean of {AVERAGED} batches")
    axes.axhline(math.log(10), color=INK, linewidth=1.5, linestyle="--")
    axes.text(len(losses), math.log(10) - 0.05, "guessing: ln 10", ha="right", va="top", fontsize=16)
    axes.set_xlabel("step")
    axes.set_ylabel("loss")
    axes.set_ylim(bottom=0)
    axes.legend(loc="center right", fontsize=16, frameon=False)
    return as_drawing(
        figure,
        "training_loss",
        f"The loss over {len(losses)} steps, in {EPOCHS} epochs of {TRAIN_SIZE} images. It begins at {losses[0]:.2f},"
        f" near the logarithm of 10, falls below 1 on average after {int((means < 1).argmax()) + AVERAGED} steps, and"
        f" ends at {means[-1]:.2f} on average. Single batches jump up and down.",
    )
