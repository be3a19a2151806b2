"""The pictures of the training scripts, drawn with matplotlib into files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

Array = npt.NDArray[Any]

# Two colours that the colour-blind can tell apart (Okabe and Ito, 2008).
BLUE, ORANGE = "#0072B2", "#D55E00"


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=120, facecolor="white")


def draw_curves(log: Sequence[dict[str, float]], path: Path) -> None:
    """Loss and accuracy of each epoch, on training and test data."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    epochs = [line["epoch"] for line in log]
    for axes, quantity, label in zip(figure.subplots(1, 2), ("loss", "accuracy"), ("loss", "accuracy in %")):
        for part, colour, marker in (("train", ORANGE, "s"), ("test", BLUE, "o")):
            values = [line[f"{part}_{quantity}"] for line in log]
            axes.plot(epochs, values, color=colour, marker=marker, label=f"{part}: {values[-1]:.4g} at the end")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    figure.suptitle("Training. (Dropout is at work on the training data only, which makes the task harder there.)")
    _save(figure, path)


def draw_confusion(labels: Array, probabilities: Array, path: Path) -> None:
    """How often each digit was read as which."""
    counts = np.zeros((10, 10), int)
    np.add.at(counts, (labels, probabilities.argmax(1)), 1)
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)  # the colours show the mistakes; the right answers would outshine them

    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    top = max(int(mistakes.max()), 1)
    axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=1.3 * top)
    for row in range(10):
        for column in range(10):
            if counts[row, column]:
                bold = "bold" if row == column else "normal"
                dark = mistakes[row, column] > 0.8 * top
                axes.text(
                    column, row, counts[row, column], ha="center", va="center", fontsize=9, fontweight=bold,
                    color="white" if dark else "black",
                )  # fmt: skip
    axes.set_xticks(range(10))
    axes.set_yticks(range(10))
    axes.set_xlabel("read as")
    axes.set_ylabel("is")
    right = int(np.trace(counts))
    axes.set_title(f"{right} of {len(labels)} digits read correctly ({100 * right / len(labels):.2f} %)")
    _save(figure, path)


def draw_mistakes(images: Array, labels: Array, probabilities: Array, path: Path, count: int = 24) -> None:
    """The digits that were read wrongly with the most confidence."""
    read_as = probabilities.argmax(1)
    confidence = probabilities.max(1)
    wrong = np.flatnonzero(read_as != labels)
    worst = wrong[np.argsort(-confidence[wrong], kind="stable")][:count]

    rows, columns = 4, 6
    figure = Figure(figsize=(9, 7.2), layout="constrained")
    for place, axes in enumerate(figure.subplots(rows, columns).ravel()):
        axes.set_axis_off()
        if place < len(worst):
            i = worst[place]
            axes.imshow(images[i], cmap="gray_r", vmin=0, vmax=255)
            axes.set_title(f"{labels[i]} read as {read_as[i]}, {100 * confidence[i]:.0f} %", fontsize=9)
    figure.suptitle(f"The most confident of {len(wrong)} mistakes")
    _save(figure, path)


def draw_features(digit: Array, kernels: Sequence[Array], stages: Sequence[Array], path: Path) -> None:
    """The weights of two convolution layers, and what each makes of one digit.

    Args:
        digit: The image, of shape (28, 28).
        kernels: The weights of both layers, of shapes (4, 1, 3, 3) and (8, 4, 3, 3).
        stages: The outputs of both layers after ReLU, of shapes (4, 28, 28) and (8, 28, 28).
        path: The file to write.
    """
    figure = Figure(figsize=(12, 7.6), layout="constrained")
    figure.suptitle("What the two convolution layers have learned, and what they see in one digit")
    sides: Any = figure.subfigures(1, 2, width_ratios=[1, 5])
    left, right = sides
    picture, legend = left.subplots(2, 1)
    _framed(picture, digit, cmap="gray_r").set_title("the digit", fontsize=10)
    legend.set_axis_off()
    explanation = (
        "Windows: red weights\nare positive, blue ones\nnegative.\n\n"
        "Under each window:\nwhere it responds to\nthe digit (after ReLU)."
    )
    legend.text(0, 0.5, explanation, va="center")

    titles = (
        f"first layer: {len(kernels[0])} windows, and what they see in the image",
        f"second layer: {len(kernels[1])} windows, each with a square for every channel of the first layer",
    )
    for panel, title, weights, maps in zip(right.subfigures(2, 1), titles, kernels, stages):
        panel.suptitle(title, fontsize=10)
        limit = float(np.abs(weights).max())
        above, below = panel.subplots(2, len(weights), height_ratios=[1, 1.6], squeeze=False)
        for window, feature_map, top, bottom in zip(weights, maps, above, below):
            _framed(top, _mosaic(window), cmap="RdBu_r", vmin=-limit, vmax=limit)
            _framed(bottom, feature_map, cmap="gray_r", vmin=0)
    _save(figure, path)


def _framed(axes: Any, image: Array, **settings: Any) -> Any:
    """Show an image within a thin frame, so that its edges can be seen where it is white."""
    axes.imshow(image, **settings)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_color("#BBBBBB")
    return axes


def _mosaic(window: Array) -> Array:
    """(1, 3, 3) becomes (3, 3); (4, 3, 3) becomes four squares in two rows, with an empty line between them."""
    if len(window) == 1:
        return window[0]
    size = window.shape[1]
    canvas = np.full((2 * size + 1, 2 * size + 1), np.nan)
    for channel, square in enumerate(window):
        row, column = (size + 1) * (channel // 2), (size + 1) * (channel % 2)
        canvas[row : row + size, column : column + size] = square
    return canvas


def draw_boundary(
    points: Sequence[tuple[float, float]],
    labels: Sequence[int],
    probability: Callable[[Sequence[tuple[float, float]]], Array],
    path: Path,
) -> None:
    """What a model says of every place in the unit square, under the points it was trained on.

    Args:
        points: The points.
        labels: Their labels, 0 or 1.
        probability: Returns the probability of label 1 for each of a list of points.
        path: The file to write.
    """
    side = 40
    ticks = (np.arange(side) + 0.5) / side
    grid = [(float(x), float(y)) for y in ticks for x in ticks]
    shades = np.asarray(probability(grid)).reshape(side, side)

    figure = Figure(figsize=(5.6, 4.8), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shades, origin="lower", extent=(0, 1, 0, 1), cmap="PuOr_r", vmin=0, vmax=1, alpha=0.8)
    figure.colorbar(image, label="probability of label 1")
    for label, marker, colour in ((0, "x", "black"), (1, "o", "white")):
        chosen = np.array([point for point, y in zip(points, labels) if y == label]).reshape(-1, 2)
        edge = "black" if marker == "o" else None
        x, y = chosen[:, 0], chosen[:, 1]
        axes.scatter(x, y, s=36, c=colour, marker=marker, edgecolors=edge, label=f"label {label}", clip_on=False)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.01), ncols=2, frameon=False)
    _save(figure, path)
