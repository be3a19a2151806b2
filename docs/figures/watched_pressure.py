"""A blood pressure, watched by a network that knows its normal course: how much each value surprised it."""

import functools

import matplotlib
import numpy as np

from docs.figures.drawing import Drawing, Steps
from docs.figures.plots import BLUE, GREY, INK, ORANGE, SETTINGS, as_drawing, new_plot
from project import series
from project.anomaly import MARGIN
from project.run_anomaly import LABEL, VALUE, AnomalySettings, AnomalyTraining
from project.training import Array, train_epoch

NORMAL = 1200  # rows at the beginning
WINDOW, EPOCHS = 64, 14
NEAR_BY = 90  # rows around the highest score


@functools.cache
def scored() -> tuple[Array, Array, Array]:
    """The series, the score of each of its values, and where an anomaly is known; each of shape (rows,)."""
    values, labels = np.array(list(series.read_columns(series.TEST, [VALUE, LABEL]))).T
    settings = AnomalySettings(EPOCHS, 32, 0.002, 0, "fast", "", VALUE, NORMAL, WINDOW)
    run = AnomalyTraining(settings, values[:NORMAL])
    for epoch in range(EPOCHS):
        run.epoch = epoch  # the order of the windows depends on it
        for _ in train_epoch(run.batches(), run.objective, run.optimizer, run.schedule):
            pass
    return values, run.watch().scores(values), labels != 0


def draw() -> Steps:
    """The whole series, and then what lies around the highest score."""
    values, scores, known = scored()
    threshold = MARGIN * float(np.nanmax(scores[:NORMAL]))
    top = int(np.nanargmax(scores))
    alarms = np.flatnonzero(scores > threshold)
    alarms = alarms[alarms >= NORMAL]
    anomaly = np.flatnonzero(known)
    about = (
        f"The threshold is {threshold:.2f}, {MARGIN:g} times the highest score of the first {NORMAL} rows. The highest"
        f" score, {scores[top]:.2f}, stands in row {top}; the known anomaly takes rows {anomaly[0]} to {anomaly[-1]}."
        f" {len(alarms)} rows raise the alarm, the first is row {alarms[0]} and the last is row {alarms[-1]}."
    )
    whole = slice(0, len(values))
    near = slice(max(0, top - NEAR_BY), top + NEAR_BY)
    return Steps(
        [
            draw_rows("whole", whole, values, scores, threshold, known, f"The blood pressure in all rows. {about}"),
            draw_rows("near", near, values, scores, threshold, known, f"The rows around the highest score. {about}"),
        ],
        still=1,
    )


def draw_rows(
    name: str, part: slice, values: Array, scores: Array, threshold: float, known: Array, alt: str
) -> Drawing:
    """Some rows: the values above, and their scores below, with the threshold and the alarms."""
    rows = np.arange(len(values))[part]
    raised = rows[(scores[part] > threshold) & (rows >= NORMAL)]
    figure, axes = new_plot(440)
    axes.remove()
    with matplotlib.rc_context(SETTINGS):
        above, below = figure.subplots(2, 1, sharex=True)
        for axes in (above, below):
            first, last = np.flatnonzero(known)[[0, -1]]
            axes.axvspan(first, last, color=ORANGE, alpha=0.3, linewidth=0, label="known anomaly")
        above.plot(rows, values[part], color=INK, linewidth=1.2)
        above.set_ylabel("pressure")
        above.set_title("the whole series" if name == "whole" else "around the highest score")
        below.plot(rows, scores[part], color=BLUE, linewidth=1.2)
        below.plot(raised, scores[raised], "o", color=ORANGE, markersize=6, label="alarm")
        below.axhline(threshold, color=GREY, linestyle="--", linewidth=1.5, label="threshold")
        below.set_ylabel("score")
        below.set_xlabel("row")
        below.set_ylim(bottom=0)
        below.legend(loc="upper left")
        above.locator_params("x", nbins=5)
    return as_drawing(figure, f"watched_pressure-{name}", alt)
