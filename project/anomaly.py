"""Anomalies in a series of numbers: what a network that knows the normal course of things did not expect.

A network learns to predict each value from the values before it, in the normal part of a series, and in nothing else.
Where it later errs far more than it ever did there, something is not normal. Nobody has to know beforehand what an
anomaly looks like.

A series may be longer than the memory of the computer. So it goes through `Watch` in pieces, and what shall be drawn in
the end is kept by `Overview`, whose size is bounded.
"""

import itertools
import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

import minitorch
from minitorch import Conv1d, Flatten, Linear, ReLU, Sequential, TensorBackend
from minitorch.errors import ArgumentError, explain
from project.training import Array, slices

DTYPE = np.float32
FILTERS, WIDTH = 16, 7  # of each convolution
MAX_NORM = 1.0  # a series of somebody else may hold anything; a gradient that is cut short does no harm
SMOOTHING = 3  # errors of so many rows are averaged: a single odd value may be nothing but noise
FARTHEST = 1e6  # standard deviations; what the network makes of numbers far larger would not fit float32
MARGIN = 2.0  # how many times the highest score of the normal part it takes to raise the alarm
PIECE = 500  # rows that are predicted together
TOLERANCE = 10  # rows: where exactly an anomaly begins and ends is a matter of taste


def build_network(window: int, backend: TensorBackend) -> Sequential:
    """A network that predicts the next value from a window of values: (batch, 1, window) becomes (batch, 1)."""
    kind: Any = {"backend": backend, "dtype": DTYPE}
    return Sequential(
        Conv1d(1, FILTERS, WIDTH, **kind),  # (batch, filters, window)
        ReLU(),
        Conv1d(FILTERS, FILTERS, WIDTH, **kind),  # (batch, filters, window)
        ReLU(),
        Flatten(),  # (batch, filters * window): where in the window something is matters here
        Linear(FILTERS * window, 1, **kind),  # (batch, 1)
    )


@dataclass
class Scale:
    """Brings a series to mean 0 and standard deviation 1, as they are in its normal part.

    Attributes:
        mean: The mean of the normal part.
        deviation: Its standard deviation.
    """

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Array) -> "Scale":
        """Measure the normal part of a series, of shape (rows,).

        Raises:
            ArgumentError: All values are the same, or their deviation does not fit a float64.
        """
        with np.errstate(all="ignore"):  # squares of very large or small numbers do not fit
            mean, deviation = float(values.mean()), float(values.std())
        # Where all values are the same, rounding may make the deviation a little more than 0.
        if values.min() == values.max() or not 0 < deviation < math.inf:
            raise ArgumentError(
                explain(
                    "There is nothing to learn from the normal part of the series.",
                    got=f"{len(values)} values from {values.min()} to {values.max()}",
                    expected="values that change, and whose squares are finite numbers",
                    fix="choose another column or a longer normal part, or give the values in another unit",
                )
            )
        return cls(mean, deviation)

    def apply(self, values: Any) -> Array:
        """Scale values. How far beyond `FARTHEST` deviations one lies makes no difference: an alarm it is anyway."""
        return np.clip((np.asarray(values) - self.mean) / self.deviation, -FARTHEST, FARTHEST).astype(DTYPE)


def cut_windows(values: Array, window: int) -> tuple[Array, Array]:
    """Cut a series into what is to be predicted, and from what.

    Args:
        values: The series, of shape (rows,).
        window: The number of values that a prediction comes from.

    Returns:
        The windows, of shape (rows - window, 1, window), as a view; and the value that follows each of them, of shape
        (rows - window,).

    Raises:
        ArgumentError: The series has no value behind the first window.
    """
    if len(values) <= window:
        raise ArgumentError(
            explain(
                "The window is longer than the series.",
                got=f"a window of {window} values, and a series of {len(values)}",
                expected="at least one value more than the window",
                fix="choose a shorter window, or a longer series",
            )
        )
    windows = np.lib.stride_tricks.sliding_window_view(values[:-1], window)  # (rows - window, window)
    return windows[:, None, :], values[window:]


class Watch:
    """Watches a series, piece by piece: each value gets a score, how much the last values surprised the network.

    Args:
        model: Predicts the next value.
        backend: What computes with it.
        scale: Scales the series.
        window: The number of values that a prediction comes from.
    """

    def __init__(self, model: Sequential, backend: TensorBackend, scale: Scale, window: int) -> None:
        self.model, self.backend, self.scale, self.window = model, backend, scale, window
        self.before = np.empty(0, DTYPE)  # the values before the next piece, at most as many as a window has
        self.errors = np.full(SMOOTHING - 1, np.nan)  # the last errors before it; NaN stands for those not made yet

    def scores(self, values: Sequence[float] | Array) -> Array:
        """The scores of the next values of the series, in standard deviations of its normal part.

        A score is the mean of the last absolute errors. Before the first window is full there are none: NaN.

        Args:
            values: Some values, of shape (rows,).

        Returns:
            Of shape (rows,). How the series is cut into pieces makes no difference.
        """
        pieces = [self._scores_of_piece(values[chosen]) for chosen in slices(len(values), PIECE)]
        return np.concatenate([np.empty(0), *pieces])

    def _scores_of_piece(self, values: Sequence[float] | Array) -> Array:
        """The same for a few values, which the network looks at together."""
        together = np.concatenate([self.before, self.scale.apply(values)])
        self.before = together[-self.window :]
        scores = np.full(len(values), np.nan)
        if len(together) > self.window:
            windows, following = cut_windows(together, self.window)
            self.model.eval()
            predicted = self.model(minitorch.tensor(windows, backend=self.backend, dtype=DTYPE)).numbers()[:, 0]
            errors = np.concatenate([self.errors, np.abs(predicted - following)])
            self.errors = errors[len(errors) - SMOOTHING + 1 :]
            # One score for each new error: the mean of it and of those before it.
            smoothed = np.nanmean(np.lib.stride_tricks.sliding_window_view(errors, SMOOTHING), 1)
            scores[len(scores) - len(smoothed) :] = smoothed
        return scores


@dataclass
class Bucket:
    """Some neighbouring rows of a series.

    Attributes:
        low: The lowest value.
        high: The highest value.
        score: The highest score; NaN if there is none.
        alarm: Whether there was an alarm.
        labelled: Whether an anomaly is labelled.
    """

    low: float
    high: float
    score: float
    alarm: bool
    labelled: bool

    def join(self, other: "Bucket") -> "Bucket":
        """The rows of both."""
        return Bucket(
            min(self.low, other.low),
            max(self.high, other.high),
            float(np.fmax(self.score, other.score)),  # NaN only if both are
            self.alarm or other.alarm,
            self.labelled or other.labelled,
        )


class Overview:
    """What is to be drawn of a series, however long it is: whenever there are too many buckets, neighbours are joined.

    Args:
        most: The number of buckets that there are at most, an even number.

    Attributes:
        rows_each: How many rows a bucket stands for.
    """

    def __init__(self, most: int = 8192) -> None:
        self.most, self.rows_each = most, 1
        self.full: list[Bucket] = []
        self.filling: Bucket | None = None  # the bucket that comes next
        self.filled = 0  # the number of its rows

    def add(self, row: Bucket) -> None:
        """Add the next row of the series."""
        self.filling = row if self.filling is None else self.filling.join(row)
        self.filled += 1
        if self.filled == self.rows_each:
            self.full.append(self.filling)
            self.filling, self.filled = None, 0
        if len(self.full) == self.most:
            self.full = [a.join(b) for a, b in zip(self.full[::2], self.full[1::2])]
            self.rows_each *= 2

    @property
    def buckets(self) -> list[Bucket]:
        """All buckets, in the order of the series; the last may stand for fewer rows."""
        return self.full if self.filling is None else [*self.full, self.filling]


@dataclass
class Findings:
    """What was found in a series. Rows are counted from 0, at the first row behind the header.

    Attributes:
        threshold: The score that raises the alarm.
        rows: How many rows there were.
        top: The row with the highest score behind the normal part; -1 if there is none.
        top_score: Its score.
        top_is_near: Whether an anomaly is labelled in it, or near it.
        alarms: How many alarms there were: rows that follow each other count as one.
        false_rows: How many rows raised the alarm, but have no labelled anomaly near.
        overview: What is to be drawn.
    """

    threshold: float
    rows: int = 0
    top: int = -1
    top_score: float = -math.inf
    top_is_near: bool = False
    alarms: int = 0
    false_rows: int = 0
    overview: Overview = field(default_factory=Overview)


class Row(NamedTuple):
    """A row of a series, with its score."""

    value: float
    score: float
    labelled: bool


def find_anomalies(watch: Watch, rows: Iterable[Sequence[float]], threshold: float, normal_rows: int) -> Findings:
    """Go through a series, and tell of each alarm behind the normal part as soon as it ends.

    Args:
        watch: What watches the series, from its beginning on.
        rows: Of each row the value, and the label if there is one, 0 for normal.
        threshold: The score that raises the alarm.
        normal_rows: How many rows at the beginning are the normal part.
    """
    found = Findings(threshold)
    first, highest = -1, 0.0  # the first row of the current alarm, or -1; and its highest score
    for number, (row, is_near) in enumerate(_with_neighbours(_score(watch, rows))):
        is_watched = number >= normal_rows
        is_alarm = is_watched and row.score > threshold
        if is_alarm:
            if first < 0:
                first, highest = number, row.score
                found.alarms += 1
            highest = max(highest, row.score)
            found.false_rows += not is_near
        elif first >= 0:
            print(f"alarm in rows {first} to {number - 1}, score {highest:.2f}", flush=True)
            first = -1
        if is_watched and row.score > found.top_score:
            found.top, found.top_score, found.top_is_near = number, row.score, is_near
        found.rows = number + 1
        found.overview.add(Bucket(row.value, row.value, row.score, is_alarm, row.labelled))
    if first >= 0:
        print(f"alarm from row {first} to the end, score {highest:.2f}", flush=True)
    return found


def _score(watch: Watch, rows: Iterable[Sequence[float]]) -> Iterator[Row]:
    """Add the scores to a stream of rows."""
    stream = iter(rows)
    while piece := list(itertools.islice(stream, PIECE)):
        scores = watch.scores([row[0] for row in piece])
        for row, score in zip(piece, scores.tolist()):
            yield Row(row[0], score, len(row) > 1 and row[1] != 0)


def _with_neighbours(rows: Iterator[Row]) -> Iterator[tuple[Row, bool]]:
    """Add to each row of a stream whether an anomaly is labelled in it, or in one of the `TOLERANCE` rows around it."""
    ahead = deque(itertools.islice(rows, TOLERANCE + 1))  # the row, and those behind it
    since_label = TOLERANCE + 1
    while ahead:
        row = ahead.popleft()
        since_label = 0 if row.labelled else since_label + 1
        yield row, since_label <= TOLERANCE or any(other.labelled for other in ahead)
        ahead.extend(itertools.islice(rows, 1))
