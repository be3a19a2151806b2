"""The pictures of the training scripts, drawn with matplotlib into files."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from project.anomaly import Overview

Array = npt.NDArray[Any]

# Two colours that the colour-blind can tell apart (Okabe and Ito, 2008).
BLUE, ORANGE = "#0072B2", "#D55E00"
GREY = "#666666"
MOST_MARKERS = 12
MOST_ON_A_SCALE = 50  # where the first loss is so many times the last, only logarithms show both
NEAR_BY = 150  # points to both sides, where a series is shown from nearer by


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=120, facecolor="white")


def draw_curves(log: Sequence[dict[str, float]], path: Path, held_out: str = "test", has_dropout: bool = True) -> None:
    """Loss and, if there is one, accuracy of each epoch, on the data trained on and on the part that is held out."""
    quantities = [("loss", "loss"), ("accuracy", "accuracy in %")]
    quantities = [(quantity, label) for quantity, label in quantities if f"train_{quantity}" in log[0]]
    figure = Figure(figsize=(4.5 * len(quantities), 3.8), layout="constrained")
    epochs = [line["epoch"] for line in log]
    for axes, (quantity, label) in zip(figure.subplots(1, len(quantities), squeeze=False)[0], quantities):
        for part, colour, marker in (("train", ORANGE, "s"), (held_out, BLUE, "o")):
            values = [line[f"{part}_{quantity}"] for line in log]
            # Many epochs make a line of their own; few are easier to read with a mark at each.
            marker = marker if len(epochs) <= MOST_MARKERS else ""
            axes.plot(epochs, values, color=colour, marker=marker, label=f"{part}: {values[-1]:.4g} at the end")
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        if quantity == "loss" and max(line["train_loss"] for line in log) > MOST_ON_A_SCALE * log[-1]["train_loss"]:
            axes.set_yscale("log")
        if len(epochs) <= MOST_MARKERS:
            axes.set_xticks(epochs)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    note = ". (Dropout is at work on the training data only, which makes the task harder there.)"
    figure.suptitle(f"Training{note if has_dropout else ''}")
    _save(figure, path)


def draw_confusion(
    labels: Array,
    scores: Array,
    path: Path,
    names: Sequence[str] = tuple("0123456789"),
    items: str = "digits",
) -> None:
    """How often each class was taken for which.

    Args:
        labels: The classes, of shape (items,).
        scores: A number for each class, the largest of which is the prediction, of shape (items, classes).
        path: The file to write.
        names: The names of the classes.
        items: What is counted.
    """
    classes = len(names)
    counts = np.zeros((classes, classes), int)
    np.add.at(counts, (labels, scores.argmax(1)), 1)
    mistakes = counts.copy()
    np.fill_diagonal(mistakes, 0)  # the colours show the mistakes; the right answers would outshine them

    figure = Figure(figsize=(6.4, 6), layout="constrained")
    axes = figure.subplots()
    top = max(int(mistakes.max()), 1)
    axes.imshow(mistakes, cmap="Blues", vmin=0, vmax=1.3 * top)
    for row in range(classes):
        for column in range(classes):
            if counts[row, column]:
                bold = "bold" if row == column else "normal"
                dark = mistakes[row, column] > 0.8 * top
                axes.text(
                    column, row, counts[row, column], ha="center", va="center", fontsize=9, fontweight=bold,
                    color="white" if dark else "black",
                )  # fmt: skip
    axes.set_xticks(range(classes), names)
    axes.set_yticks(range(classes), names)
    axes.set_xlabel("taken for")
    axes.set_ylabel("is")
    right = int(np.trace(counts))
    axes.set_title(f"{right} of {len(labels)} {items} recognised ({100 * right / len(labels):.2f} %)")
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


def draw_phrases(phrases: Sequence[tuple[str, float, int]], path: Path) -> None:
    """The phrases that move the verdict on a sentence most.

    Args:
        phrases: The words, how much they move the logit on average, and how often they were found; in order.
        path: The file to write.
    """
    figure = Figure(figsize=(8, 1.2 + 0.24 * len(phrases)), layout="constrained")
    axes = figure.subplots()
    places = range(len(phrases), 0, -1)  # the first stands at the top
    moved = [mean for _, mean, _ in phrases]
    axes.barh(places, moved, color=[BLUE if mean > 0 else ORANGE for mean in moved])
    for place, (phrase, mean, times) in zip(places, phrases):
        # Each name stands on the empty side of its bar.
        text = f"{phrase} ({times} x)" if times > 1 else phrase
        axes.annotate(
            text, (0, place), (-4 if mean > 0 else 4, 0), textcoords="offset points", va="center",
            ha="right" if mean > 0 else "left", fontsize=9,
        )  # fmt: skip
    axes.axvline(0, color="black", linewidth=0.8)
    limit = 1.1 * max([abs(mean) for mean in moved], default=1.0)
    axes.set_xlim(-limit, limit)
    axes.set_yticks([])
    axes.set_xlabel("added to the logit, on average: to the right for praise, to the left for blame")
    axes.set_title("The phrases in the test sentences that decide most")
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    _save(figure, path)


def draw_responses(recordings: Sequence[tuple[str, Array, Array]], path: Path) -> None:
    """What a recording sounds like, and when the first filters respond to it.

    Args:
        recordings: Of each a title, its values (channels, time), and the responses of the filters (filters, time).
        path: The file to write.
    """
    channels, filters = len(recordings[0][1]), len(recordings[0][2])
    figure = Figure(figsize=(3.6 * len(recordings) + 0.6, 7), layout="constrained")
    above, below = figure.subplots(2, len(recordings), height_ratios=[channels, filters], squeeze=False, sharex="col")
    limit = max(float(np.abs(values).max()) for _, values, _ in recordings)
    brightest = max(float(responses.max()) for _, _, responses in recordings)
    for (title, values, responses), top, bottom in zip(recordings, above, below):
        heard = top.imshow(values, aspect="auto", cmap="RdBu_r", vmin=-limit, vmax=limit)
        top.set_title(title)
        response = bottom.imshow(responses, aspect="auto", cmap="Blues", vmin=0, vmax=brightest)
        bottom.set_xlabel("step")
        for axes in (top, bottom):
            axes.set_yticks([])
        bottom.xaxis.set_major_locator(MaxNLocator(integer=True))
    above[0].set_ylabel(f"{channels} channels of the recording")
    below[0].set_ylabel(f"the {filters} filters that respond most")
    figure.colorbar(heard, ax=above[-1], label="standard deviations")
    figure.colorbar(response, ax=below[-1], label="response")
    figure.suptitle("What the first filters respond to over time")
    _save(figure, path)


def draw_anomalies(overview: Overview, threshold: float, top: int, normal_rows: int, path: Path) -> None:
    """A series, how much each of its values surprised the network, and where that raised the alarm.

    Args:
        overview: What is known of the series.
        threshold: The score that raises the alarm.
        top: The row with the highest score, which is shown from nearer by; -1 shows the end.
        normal_rows: How many rows at the beginning are the normal part.
        path: The file to write.
    """
    each, buckets = overview.rows_each, overview.buckets
    low, high, score = np.array([[b.low, b.high, b.score] for b in buckets]).T
    alarm, labelled = np.array([[b.alarm, b.labelled] for b in buckets]).T
    rows = each * np.arange(len(buckets))
    centre = (top if top >= 0 else int(rows[-1])) // each
    near = slice(max(0, centre - NEAR_BY), centre + NEAR_BY)

    figure = Figure(figsize=(12, 6), layout="constrained")
    grid = figure.subplots(2, 2, sharex="col", sharey="row", width_ratios=[2, 1])
    for (above, below), part in zip(grid.T, (slice(None), near)):
        x = rows[part]
        # Where a bucket stands for many rows, the line becomes a band from its lowest value to its highest.
        above.fill_between(x, low[part], high[part], color=GREY, linewidth=0)
        above.plot(x, (low[part] + high[part]) / 2, color=GREY, linewidth=0.8)
        below.plot(x, score[part], color=BLUE, linewidth=0.8, label="score")
        below.axhline(threshold, color="black", linestyle="--", linewidth=0.8, label=f"threshold, {threshold:.2f}")
        where = alarm[part]
        below.plot(x[where], score[part][where], "o", color=ORANGE, markersize=4, label="alarm")
        above.plot(x[where], high[part][where], "o", color=ORANGE, markersize=4)
        for axes in (above, below):
            height = axes.get_xaxis_transform()  # from the bottom of the axes to their top, whatever the numbers are
            axes.fill_between(
                x, 0, 1, where=labelled[part], transform=height, color=ORANGE, alpha=0.25, linewidth=0,
                label="known anomaly",
            )  # fmt: skip
            if x[0] < normal_rows:
                axes.axvspan(x[0], min(normal_rows, x[-1]), color=GREY, alpha=0.15, label="normal part")
        below.set_xlabel("row" if each == 1 else f"row ({each} rows in each point)")
    grid[0, 0].set_ylabel("value")
    grid[1, 0].set_ylabel("surprise, in standard deviations")
    grid[1, 0].set_ylim(bottom=0)
    grid[0, 0].set_title("the whole series")
    grid[0, 1].set_title("around the highest score" if top >= 0 else "the end")
    grid[1, 0].legend(frameon=False, loc="upper left")
    _save(figure, path)


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
