"""Anomalies in a series: the scores, the alarms, what is kept for the picture, and the script."""

import csv
import gc
import itertools
import math
import os
import re
import signal
import tracemalloc
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend, TensorBackend
from project import anomaly, pictures, run_anomaly, series
from project.anomaly import Bucket, Findings, Overview, Scale, Watch, build_network, cut_windows, find_anomalies
from project.run_anomaly import AnomalySettings, AnomalyTraining, main, read_normal, report
from project.training import INTERRUPTED, settings_from

from . import oracles

pytestmark = pytest.mark.task4_5

# Two epochs of two batches: of 20 windows, the last few are held out.
SMALL = ["--epochs", "2", "--batch-size", "8", "--window", "6", "--train-size", "26", "--test-size", "60"]

draw_real_pictures = run_anomaly.draw_pictures


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script train a smaller network and draw nothing, so that these tests are quick, also in plain Python."""
    monkeypatch.setattr(anomaly, "FILTERS", 2)
    monkeypatch.setattr(anomaly, "WIDTH", 3)
    monkeypatch.setattr(run_anomaly, "draw_pictures", lambda *given: None)


# The network and its windows


def test_the_network_is_what_numpy_computes(backend: TensorBackend) -> None:
    model = build_network(5, backend)
    rng = np.random.default_rng(1)
    model.load_state_dict({name: rng.normal(size=array.shape) for name, array in model.state_dict().items()})
    x = rng.normal(size=(3, 1, 5))
    first, second, output = (
        (state["weight"], state["bias"]) for state in (model.modules()[i].state_dict() for i in (0, 2, 5))
    )
    hidden = np.maximum(oracles.conv1d(x, first[0]) + first[1], 0)
    hidden = np.maximum(oracles.conv1d(hidden, second[0]) + second[1], 0)
    expected = hidden.reshape(3, -1) @ output[0].T + output[1]
    found = model(minitorch.tensor(x, backend=backend, dtype=np.float32))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.to_numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("rows", "window"), [(2, 1), (5, 3), (9, 2), (6, 5)])
def test_windows_are_followed_by_their_values(rows: int, window: int) -> None:
    values = np.random.default_rng(2).normal(size=rows)
    windows, following = cut_windows(values, window)
    assert windows.shape == (rows - window, 1, window)
    assert following.tolist() == values[window:].tolist()
    for start in range(rows - window):
        assert windows[start, 0].tolist() == values[start : start + window].tolist()


@pytest.mark.parametrize("rows", [0, 3, 4])
def test_a_window_that_is_longer_than_the_series_is_refused(rows: int) -> None:
    with pytest.raises(minitorch.ArgumentError, match=f"window of 4 values, and a series of {rows}"):
        cut_windows(np.zeros(rows), 4)


def test_a_series_is_scaled_by_its_normal_part() -> None:
    normal = np.random.default_rng(3).normal(7 / 2, 2, 50)
    scale = Scale.of(normal)
    mean = sum(normal) / 50
    deviation = (sum((normal - mean) ** 2) / 50) ** 0.5
    scaled = scale.apply([1.0, 40.0])
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, [(1 - mean) / deviation, (40 - mean) / deviation], rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 2.0, 70.3])
def test_a_series_that_never_changes_is_refused(value: float) -> None:
    with pytest.raises(minitorch.ArgumentError, match=f"1200 values from {value} to {value}"):
        Scale.of(np.full(1200, value))


# Watching


class Guess:
    """A network that expects 3 times the last value minus the first one of each window."""

    def __init__(self) -> None:
        self.is_watching = False

    def eval(self) -> None:
        self.is_watching = True

    def __call__(self, x: Any) -> Any:
        assert self.is_watching
        return minitorch.tensor(3 * x.to_numpy()[:, :, -1] - x.to_numpy()[:, :, 0], dtype=np.float32)


def scores_of(values: Sequence[float], scale: Scale, window: int) -> list[float]:
    """The scores of a series under `Guess`, row by row."""
    scaled = [(value - scale.mean) / scale.deviation for value in values]
    errors: list[float] = []
    scores = []
    for row, value in enumerate(scaled):
        if row >= window:
            errors.append(abs(value - (3 * scaled[row - 1] - scaled[row - window])))
        last = errors[-anomaly.SMOOTHING :]
        scores.append(sum(last) / len(last) if last else math.nan)
    return scores


def watch_with(model: Any, window: int) -> Watch:
    return Watch(model, FastBackend, Scale(1.5, 0.5), window)


def in_pieces(watch: Watch, values: Any, cuts: Sequence[int]) -> Any:
    bounds = [0, *sorted(cuts), len(values)]
    return np.concatenate([watch.scores(values[start:end]) for start, end in itertools.pairwise(bounds)])


@pytest.mark.parametrize("window", [1, 2, 5])
@pytest.mark.parametrize("smoothing", [1, 2, 3, 6])
def test_scores_are_the_same_however_the_series_is_cut(
    monkeypatch: pytest.MonkeyPatch, window: int, smoothing: int
) -> None:
    monkeypatch.setattr(anomaly, "SMOOTHING", smoothing)
    rng = np.random.default_rng(4)
    values = rng.normal(size=23)
    expected = scores_of(values.tolist(), Scale(1.5, 0.5), window)
    assert np.isnan(expected[:window]).all()
    assert np.isfinite(expected[window:]).all()
    cuts = [[], range(1, 23), [window], [window + 1], [1, 1], [22], *(rng.integers(0, 24, 4) for _ in range(20))]
    for cut in cuts:
        found = in_pieces(watch_with(Guess(), window), values, list(cut))
        np.testing.assert_allclose(found, expected, rtol=1e-4, err_msg=str(cut))


def test_scores_of_the_real_network_are_the_same_however_the_series_is_cut(backend: TensorBackend) -> None:
    model = build_network(4, backend)
    values = np.random.default_rng(5).normal(size=14)
    whole = Watch(model, backend, Scale(0.0, 1.0), 4).scores(values)
    errors = []
    for row in range(4, 14):
        window = minitorch.tensor(values[None, None, row - 4 : row], backend=backend, dtype=np.float32)
        errors.append(abs(float(model(window)) - values[row]))
    smooth = [np.mean(errors[max(0, i - anomaly.SMOOTHING + 1) : i + 1]) for i in range(10)]
    np.testing.assert_allclose(whole, [math.nan] * 4 + smooth, rtol=1e-4)
    for cuts in (range(1, 14), [3, 4, 5], [9]):
        found = in_pieces(Watch(model, backend, Scale(0.0, 1.0), 4), values, list(cuts))
        np.testing.assert_allclose(found, whole, rtol=1e-4)


def test_a_series_shorter_than_the_window_has_no_scores() -> None:
    watch = watch_with(Guess(), 9)
    assert np.isnan(in_pieces(watch, np.arange(9.0), [4])).all()
    assert np.isfinite(watch.scores([1.0])).all()


def test_a_value_that_float32_cannot_hold_raises_the_alarm_and_does_not_blind_the_watch() -> None:
    # It is a number, and a file may hold it. Nothing may be printed about it but the alarm.
    scores = watch_with(Guess(), 3).scores([1.0, 2.0, 1.0, 2.0, 1e39, 1.0, 2.0, 1.0, 2.0, 1.0])
    assert scores[4] > 1000
    assert not np.isnan(scores[3:]).any()


# What is kept for the picture


def joined(rows: list[Bucket]) -> Bucket:
    scores = [row.score for row in rows if not math.isnan(row.score)]
    return Bucket(
        min(row.low for row in rows),
        max(row.high for row in rows),
        max(scores) if scores else math.nan,
        any(row.alarm for row in rows),
        any(row.labelled for row in rows),
    )


@pytest.mark.parametrize("most", [2, 4, 10])
def test_an_overview_of_any_length_keeps_what_is_extreme(most: int) -> None:
    rng = np.random.default_rng(6)
    overview = Overview(most)
    assert overview.buckets == []
    rows: list[Bucket] = []
    for number in range(90):
        value = float(rng.normal())
        score = math.nan if number < 7 else float(rng.exponential())
        rows.append(Bucket(value, value, score, bool(rng.random() < 0.03), bool(rng.random() < 0.03)))
        overview.add(rows[-1])
        each, buckets = overview.rows_each, overview.buckets
        assert len(buckets) <= most
        assert len(rows) < most or len(buckets) >= most // 2
        assert len(buckets) == -(-len(rows) // each)
        assert each & (each - 1) == 0, "a power of two"
        expected = [joined(rows[start : start + each]) for start in range(0, len(rows), each)]
        assert repr(buckets) == repr(expected)  # NaN is not equal to itself, but looks the same


def test_an_overview_of_any_length_takes_the_same_memory() -> None:
    def alive() -> int:
        return sum(type(found) is Bucket for found in gc.get_objects())  # to ask a dead weak reference would fail

    gc.collect()
    before, most = alive(), 0
    overview = Overview(8)
    for number in range(3000):
        overview.add(Bucket(number, number, 0.0, False, False))
        if number % 500 == 400:
            most = max(most, alive() - before)
    assert most <= 8 + 2


# Alarms

# Stands in for what watches a series: each value is its own score.
SEES_VALUES: Any = SimpleNamespace(scores=lambda values: np.array(values, float))


def find(scores: Sequence[float], labels: Sequence[int] | None = None, threshold: float = 1.0, normal: int = 0) -> Any:
    rows = [(score,) for score in scores] if labels is None else list(zip(scores, labels))
    return find_anomalies(SEES_VALUES, iter(rows), threshold, normal)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("piece", [1, 3, 500])
def test_what_is_found_is_what_plain_loops_find(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], seed: int, piece: int
) -> None:
    monkeypatch.setattr(anomaly, "PIECE", piece)
    monkeypatch.setattr(anomaly, "TOLERANCE", seed % 4)
    rng = np.random.default_rng(seed)
    count, normal = 40 + seed, int(rng.integers(0, 15))
    scores = rng.exponential(1.0, count)
    scores[: rng.integers(0, 20)] = math.nan
    labels = (rng.random(count) < 0.07).astype(int).tolist()
    found = find(scores.tolist(), labels, 1.0, normal)

    alarm = [row >= normal and bool(scores[row] > 1) for row in range(count)]
    near = [any(labels[max(0, row - seed % 4) : row + seed % 4 + 1]) for row in range(count)]
    runs = [(key, [row for row, _ in group]) for key, group in itertools.groupby(enumerate(alarm), lambda x: x[1])]
    alarms = [rows for key, rows in runs if key]
    top = max((row for row in range(normal, count) if scores[row] >= 0), key=lambda row: scores[row])
    assert (found.rows, found.threshold, found.alarms) == (count, 1.0, len(alarms))
    assert found.false_rows == sum(a and not n for a, n in zip(alarm, near))
    assert (found.top, found.top_score, found.top_is_near) == (top, scores[top], near[top])
    expected = ""
    for rows in alarms:
        where = "alarm from row {} to the end" if rows[-1] == count - 1 else "alarm in rows {} to {}"
        expected += f"{where.format(rows[0], rows[-1])}, score {max(scores[rows]):.2f}\n"
    assert capsys.readouterr().out == expected
    buckets = [Bucket(s, s, s, a, bool(label)) for s, a, label in zip(scores.tolist(), alarm, labels)]
    assert repr(found.overview.buckets) == repr(buckets)


def test_an_alarm_is_told_soon_after_it_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(anomaly, "PIECE", 4)
    text, told = "", {}

    def rows() -> Iterator[tuple[float, ...]]:
        nonlocal text
        for number in range(90):
            text += capsys.readouterr().out
            told[number] = text.count("alarm")
            yield (9.0 if 20 <= number < 30 or number == 60 else 0.0,)

    find_anomalies(SEES_VALUES, rows(), 1.0, 0)
    ahead = anomaly.TOLERANCE + 4 + 1
    assert told[29] == 0
    assert told[30 + ahead] == 1
    assert told[61 + ahead] == 2


@pytest.mark.parametrize("distance", [0, 1, 9, 10, 11, 12])
def test_an_alarm_near_an_anomaly_is_no_false_one(distance: int) -> None:
    near = distance <= anomaly.TOLERANCE
    for place in (50 - distance, 50 + distance):
        scores, labels = [0.0] * 100, [0] * 100
        scores[place], labels[50] = 4.0, 1
        found = find(scores, labels)
        assert (found.false_rows, found.top, found.top_is_near) == (1 - near, place, near)


def test_without_labels_every_alarm_is_far_from_an_anomaly() -> None:
    found = find([0.0, 2.0, 3.0, 1.0, 2.0])  # what is as high as the threshold raises no alarm
    assert (found.alarms, found.false_rows, found.top, found.top_is_near) == (2, 3, 2, False)


def test_the_normal_part_raises_no_alarm() -> None:
    found = find([9.0, 9.0, 9.0, 2.0, 0.0], normal=3)
    assert (found.alarms, found.top, found.top_score) == (1, 3, 2.0)
    found = find([9.0, 9.0], normal=3)
    assert (found.rows, found.alarms, found.top, found.top_score) == (2, 0, -1, -math.inf)
    assert find([]).rows == 0


def test_a_long_stream_takes_no_more_memory_than_a_short_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly, "Findings", lambda threshold: Findings(threshold, overview=Overview(64)))
    monkeypatch.setattr(anomaly, "PIECE", 50)

    def endless() -> Iterator[tuple[float, float]]:
        for number in itertools.count():
            yield math.sin(number), float(number % 1000 == 999)

    peaks = []
    for count in (3_000, 60_000):
        watch = Watch(Guess(), FastBackend, Scale(0.0, 1.0), 4)  # type: ignore[arg-type]
        tracemalloc.start()
        found = find_anomalies(watch, itertools.islice(endless(), count), 100.0, 10)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert found.rows == count
    assert peaks[1] < peaks[0] + 500_000  # with 10 bytes more for each row, it would be more


# The normal part


def write_csv(path: Path, columns: dict[str, Sequence[Any]]) -> Path:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values()))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def waves(count: int, seed: int = 0) -> list[float]:
    return (np.sin(np.arange(count)) + 0.05 * np.random.default_rng(seed).normal(size=count)).tolist()


def test_the_normal_part_is_read_and_no_more(tmp_path: Path) -> None:
    values = waves(9)
    path = write_csv(tmp_path / "x.csv", {"value": values, "label": [0] * 6 + [1] * 3})
    assert read_normal(path, ["value"], "utf-8", 9).tolist() == values
    assert read_normal(path, ["value", "label"], "utf-8", 6).tolist() == values[:6]
    with pytest.raises(minitorch.ArgumentError, match=r"not normal(.|\n)*row 6 of(.|\n)*first 8 rows"):
        read_normal(path, ["value", "label"], "utf-8", 8)
    with pytest.raises(minitorch.ArgumentError, match=r"9 rows in .*x\.csv(.|\n)*10 rows or more"):
        read_normal(path, ["value"], "utf-8", 10)


def training(values: Sequence[float], *more: str) -> AnomalyTraining:
    options = run_anomaly.parse([*SMALL, *more])
    return AnomalyTraining(settings_from(AnomalySettings, options), np.array(values))


def test_the_end_of_the_normal_part_is_held_out() -> None:
    values = waves(26)
    run = training(values)
    scaled = (np.array(values) - np.mean(values)) / np.std(values)
    assert len(run.following) == 20
    assert 20 - run.count == math.ceil(20 / run_anomaly.VALIDATION)
    windows, following = run.take(np.array([3, 0]), np.random.default_rng(0))
    np.testing.assert_allclose(windows[:, 0], [scaled[3:9], scaled[0:6]], rtol=1e-5)
    np.testing.assert_allclose(following, scaled[[9, 6]], rtol=1e-5)
    # The mean squared error on the last windows, one after the other.
    losses = []
    for start in range(run.count, 20):
        window = minitorch.tensor(scaled[None, None, start : start + 6], backend=FastBackend, dtype=np.float32)
        losses.append((float(run.model(window)) - scaled[start + 6]) ** 2)
    totals = run.test()
    assert totals.count == len(losses)
    assert totals.mean_loss == pytest.approx(np.mean(losses), rel=1e-5)


@pytest.mark.parametrize(("rows", "match"), [(6, "longer than the series"), (7, "too short(.|\n)*8 rows or more")])
def test_a_normal_part_that_is_too_short_is_refused(rows: int, match: str) -> None:
    with pytest.raises(minitorch.ArgumentError, match=match):
        training(waves(rows))
    assert training(waves(8)).count == 1


def test_the_watch_of_a_training_knows_the_scale_and_the_window() -> None:
    run = training(waves(26))
    scores = run.watch().scores(waves(26))
    assert np.isnan(scores[:6]).all()
    (first,) = run.windows[:1, 0]
    window = minitorch.tensor(first[None, None, :], backend=FastBackend)
    assert scores[6] == pytest.approx(abs(float(run.model(window)) - run.following[0]), rel=1e-4)


# The script


def run(out: Path, *more: str) -> int:
    return main([*SMALL, "--out", str(out), *more])


def losses_of(out: Path) -> list[list[float]]:
    with open(out / "log.csv", encoding="utf-8") as file:
        return [[float(line["train_loss"]), float(line["validation_loss"])] for line in csv.DictReader(file)]


def test_a_run_on_the_series_that_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_anomaly, "draw_pictures", draw_real_pictures)
    out = tmp_path / "new" / "folder"
    assert run(out) == 0
    files = {"checkpoint.npz", "weights.npz", "log.csv", "curves.png", "anomalies.png"}
    assert {path.name for path in out.iterdir()} == files
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in files if name.endswith("png"))
    text = capsys.readouterr()
    held_out = math.ceil(20 / run_anomaly.VALIDATION)
    assert f"{20 - held_out} windows to train on, {held_out} to know when to stop, backend fast" in text.out
    assert "\n60 rows, " in text.out
    assert "false alarm" in text.out  # anomalies are known there
    assert "accuracy" not in text.out
    assert not set("\r\x1b") & set(text.out + text.err)

    # The threshold is a multiple of the highest score of the normal part, under the network that is kept.
    lines = series.TRAIN.read_text(encoding="utf-8").splitlines()[:27]
    normal = np.array([float(row["value"]) for row in csv.DictReader(lines)])
    model = build_network(6, FastBackend)
    model.load_state_dict(minitorch.load(out / "weights.npz"))
    scores = Watch(model, FastBackend, Scale(normal.mean(), normal.std()), 6).scores(normal)
    assert f"the alarm is raised at {anomaly.MARGIN * max(scores[6:]):.2f}, " in text.out


def test_a_spike_in_a_file_of_somebody_else_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values, labels = waves(80), [0] * 80
    values[60], labels[60] = 50.0, 2
    path = write_csv(tmp_path / "x.csv", {"time": range(80), "level": values, "known": labels})
    arguments = ["--csv", str(path), "--column", "level", "--test-size", "80"]
    assert run(tmp_path / "a", *arguments) == 0
    text = capsys.readouterr().out
    assert "80 rows, 1 alarms; highest score" in text
    (first, last) = re.findall(r"alarm in rows (\d+) to (\d+)", text)[0]
    assert 60 <= int(first) <= 61
    assert int(last) <= 60 + 6 + anomaly.SMOOTHING
    assert "known anomaly" not in text
    assert run(tmp_path / "b", *arguments, "--label", "known", "--target-alarms", "0") == 0
    text = capsys.readouterr().out
    assert ", at the known anomaly" in text
    assert "0 rows raised a false alarm" in text
    assert "reached" in text
    assert run(tmp_path / "c", *arguments, "--test-size", "59", "--label", "known", "--target-alarms", "0") == 1
    text = capsys.readouterr().out
    assert "59 rows, " in text
    assert "missed" in text


@pytest.mark.parametrize("size", ["1", "3", "26", "27"])
def test_so_few_rows_that_nothing_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], size: str
) -> None:
    monkeypatch.setattr(run_anomaly, "draw_pictures", draw_real_pictures)
    assert run(tmp_path, "--test-size", size, "--epochs", "1") == 0
    assert ("nothing behind the normal part" in capsys.readouterr().out) == (int(size) <= 26)
    assert (tmp_path / "anomalies.png").stat().st_size > 5000


@pytest.mark.parametrize(
    ("rows", "more", "error", "match"),
    [
        ({20: "nan"}, [], minitorch.DataFileError, r"missing(.|\n)*line 22"),
        ({20: ""}, [], minitorch.DataFileError, r"missing(.|\n)*line 22"),
        ({20: "inf"}, [], minitorch.DataFileError, r"infinite(.|\n)*line 22"),
        ({20: "high"}, [], minitorch.DataFileError, r"not a number(.|\n)*line 22"),
        ({40: "nan"}, [], minitorch.DataFileError, r"missing(.|\n)*line 42"),
        ({}, ["--column", "other"], minitorch.DataFileError, "column is missing"),
        ({}, ["--label", "other"], minitorch.DataFileError, "column is missing"),
        ({}, ["--csv", "nowhere.csv"], minitorch.DataFileError, "cannot be opened"),
        ({}, ["--target-alarms", "0"], minitorch.ArgumentError, "--target-alarms without --label"),
        ({}, ["--train-size", "61"], minitorch.ArgumentError, "shorter than its normal part"),
        ({}, ["--window", "26"], minitorch.ArgumentError, "window is longer"),
        (dict.fromkeys(range(26), 2.0), [], minitorch.ArgumentError, "nothing to learn"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    tmp_path: Path, rows: dict[int, Any], more: list[str], error: type[Exception], match: str
) -> None:
    values: list[Any] = waves(60)
    for row, value in rows.items():
        values[row] = value
    path = write_csv(tmp_path / "x.csv", {"row": range(60), "value": values})
    with pytest.raises(error, match=match):
        run(tmp_path / "out", "--csv", str(path), *more)
    is_trained = 40 in rows  # that is seen only when the series is watched
    assert (tmp_path / "out").exists() == is_trained


@pytest.mark.parametrize("arguments", ["--window 0", "--train-size 0", "--test-size 0", "--target-alarms -1"])
def test_nonsense_on_the_command_line_is_refused(arguments: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit:
        run(tmp_path / "out", *arguments.split())
    assert exit.value.code == 2


@pytest.mark.parametrize(
    ("near", "false_rows", "target", "status"),
    [(True, 2, None, 0), (True, 2, 2, 0), (True, 3, 2, 1), (False, 0, 2, 1), (False, 0, None, 0)],
)
def test_the_exit_status_tells_of_the_target(near: bool, false_rows: int, target: int | None, status: int) -> None:
    found = Findings(1.0, rows=9, top=5, top_score=2.0, top_is_near=near, alarms=1, false_rows=false_rows)
    assert report(found, True, target) == status


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("first", "3"), ("second", "3"), ("other", "4")):
        run(tmp_path / name, "--seed", seed)
    assert losses_of(tmp_path / "first") == losses_of(tmp_path / "second") != losses_of(tmp_path / "other")
    first, second = (minitorch.load(tmp_path / name / "weights.npz") for name in ("first", "second"))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first | second)


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path / "whole") == 0
    original, seen = AnomalyTraining.objective, []

    def objective(self: AnomalyTraining, batch: Any) -> Any:
        seen.append(None)
        if len(seen) == 4:  # the first of the second epoch: two batches, and one of those held out, came before
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(AnomalyTraining, "objective", objective)
        assert run(tmp_path / "parts") == INTERRUPTED
    assert run(tmp_path / "parts", "--resume") == 0
    for name in ("weights.npz", "checkpoint.npz"):
        whole, parts = (minitorch.load(tmp_path / part / name) for part in ("whole", "parts"))
        assert all(whole[key].tobytes() == parts[key].tobytes() for key in whole | parts)
    with pytest.raises(minitorch.ArgumentError, match="column=other"):
        run(tmp_path / "parts", "--resume", "--csv", str(write_csv(tmp_path / "x.csv", {"other": waves(60)})),
            "--column", "other")  # fmt: skip


def test_the_simple_backend_computes_the_same(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x.csv", {"value": waves(18)})
    for backend in ("fast", "simple"):
        more = ["--backend", backend, "--csv", str(path), "--train-size", "12", "--epochs", "1"]
        assert run(tmp_path / backend, *more) == 0
    np.testing.assert_allclose(losses_of(tmp_path / "fast"), losses_of(tmp_path / "simple"), rtol=1e-4)


def test_gradients_are_clipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []
    original = minitorch.clip_grad_norm_
    monkeypatch.setattr(
        minitorch, "clip_grad_norm_", lambda given, length: lengths.append(length) or original(given, length)
    )  # fmt: skip
    assert run(tmp_path) == 0
    assert lengths == [anomaly.MAX_NORM] * 4


# Pictures


def test_alarms_and_anomalies_are_drawn_where_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(pictures, "_save", lambda figure, path: figures.append(figure))
    monkeypatch.setattr(pictures, "NEAR_BY", 5)
    overview = Overview(40)
    for row in range(60):
        overview.add(Bucket(row, row + 2.0, math.nan if row < 9 else row / 10, row in (44, 45, 50), row in (46, 47)))
    pictures.draw_anomalies(overview, 2.5, 50, 12, tmp_path / "x.png")
    assert overview.rows_each == 2
    whole, close, scores, near = figures[0].axes
    lines = {line.get_label(): list(line.get_xdata()) for line in scores.lines}
    assert lines["score"] == list(range(0, 60, 2))
    assert lines["alarm"] == [44, 50]
    assert near.lines[0].get_xdata().tolist() == list(range(40, 60, 2))
    assert scores.lines[1].get_ydata() == [2.5, 2.5]
    assert whole.lines[0].get_ydata().tolist() == [row + 1.5 for row in range(0, 60, 2)]  # amid lowest and highest
    assert scores.get_ylim()[0] == 0
    assert len(whole.patches) == 1, "the normal part"
    assert len(close.patches) == 0, "which is not near by"


def test_curves_show_what_there_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    figures: list[Any] = []
    monkeypatch.setattr(pictures, "_save", lambda figure, path: figures.append(figure))
    line = {"train_loss": 0.25, "check_loss": 0.5}
    log = [{"epoch": epoch, **line, "train_accuracy": 25.0, "check_accuracy": 75.0} for epoch in (1, 2)]
    pictures.draw_curves(log, tmp_path / "x.png", "check")
    pictures.draw_curves([{"epoch": 1, "train_loss": 500.0, "check_loss": 1.0}, {"epoch": 2, **line}],
                         tmp_path / "x.png", "check", has_dropout=False)  # fmt: skip
    both, one = figures
    assert [axes.get_ylabel() for axes in both.axes] == ["loss", "accuracy in %"]
    assert [axes.get_ylabel() for axes in one.axes] == ["loss"]
    assert [axes.get_yscale() for axes in (both.axes[0], one.axes[0])] == ["linear", "log"]
    assert [list(curve.get_ydata()) for curve in both.axes[1].lines] == [[25, 25], [75, 75]]
    assert "Dropout" in both.get_suptitle()
    assert "Dropout" not in one.get_suptitle()
