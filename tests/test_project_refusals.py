"""Settings and data with which the training scripts cannot work, and what they say of them (task 4.5)."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from project import run_anomaly, run_sentiment
from project.anomaly import PIECE, Scale, Watch, build_network
from project.run_anomaly import AnomalySettings, AnomalyTraining
from project.training import StopRequest

pytestmark = pytest.mark.task4_5


def normal_training(**changes: Any) -> AnomalyTraining:
    """A training on a few waves."""
    plain: dict[str, Any] = {"epochs": 2, "batch_size": 4, "lr": 0.002, "seed": 0, "backend": "fast"}
    series: dict[str, Any] = {"csv": "", "column": "value", "train_size": 30, "window": 6}
    return AnomalyTraining(AnomalySettings(**{**plain, **series, **changes}), np.sin(np.arange(30.0)))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_a_series_whose_squares_do_not_fit_is_refused(size: float) -> None:
    with pytest.raises(minitorch.ArgumentError, match=r"squares are finite(.|\n)*another unit"):
        Scale.of(size * np.sin(np.arange(20.0)))


def test_a_long_series_is_looked_at_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = build_network(5, minitorch.FastBackend), []
    original = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda self, x: (seen.append(x.shape[0]), original(self, x))[1])
    watch = Watch(model, minitorch.FastBackend, Scale(0.0, 1.0), 5)
    assert len(watch.scores(np.sin(np.arange(2.0 * PIECE + 7)))) == 2 * PIECE + 7
    assert seen == [PIECE - 5, PIECE, 7]


def test_a_run_that_ran_away_is_told_and_leaves_its_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = normal_training()
    with StopRequest() as stop:
        run.run_epoch(stop)
    monkeypatch.setattr(run, "test", lambda: run_anomaly.Totals(loss=float("nan"), count=1))
    with pytest.raises(minitorch.StateError, match=r"run away(.|\n)*validation loss nan(.|\n)*smaller --lr"):
        run.run(tmp_path, resume=False)
    assert len(run.log) == 1
    assert not (tmp_path / "weights.npz").exists()


def test_resuming_nothing_says_so_before_anything_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(minitorch.DataFileError, match="no such file"):
        normal_training().run(tmp_path / "new", resume=True, about="about")
    assert capsys.readouterr().out == ""


def test_a_trained_network_is_not_tested_again(tmp_path: Path) -> None:
    (tmp_path / "weights.npz").touch()
    with pytest.raises(minitorch.ArgumentError, match="not tested again"):
        run_sentiment.main(["--interactive", "--target-accuracy", "50", "--out", str(tmp_path)])


def test_a_series_is_a_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(minitorch.ArgumentError, match=r"read twice(.|\n)*no file"):
            run_anomaly.main(["--csv", str(path), "--out", str(tmp_path / "out")])


def test_a_series_in_another_encoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.csv"
    rows = "\n".join(f"{number},{np.sin(number)}" for number in range(20))
    path.write_bytes(f"Zeit,Gr\xf6\xdfe\n{rows}\n".encode("latin-1"))
    arguments = ["--csv", str(path), "--column", "Gr\xf6\xdfe", "--train-size", "15", "--window", "3", "--epochs", "1"]
    with pytest.raises(minitorch.DataFileError, match="not in the encoding utf-8"):
        run_anomaly.main([*arguments, "--out", str(tmp_path / "out")])
    monkeypatch.setattr(run_anomaly, "draw_pictures", lambda *given: None)
    assert run_anomaly.main([*arguments, "--encoding", "latin-1", "--out", str(tmp_path / "out")]) == 0


def test_weights_never_stand_beside_the_words_of_another_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights.npz").touch()
    monkeypatch.setattr(run_sentiment.Vocabulary, "save", lambda self, path: (_ for _ in ()).throw(KeyboardInterrupt))
    run = run_sentiment.SentimentTraining.__new__(run_sentiment.SentimentTraining)
    run.vocabulary = run_sentiment.Vocabulary(["good"])
    with pytest.raises(KeyboardInterrupt):
        run.save(tmp_path)
    assert not (tmp_path / "weights.npz").exists()
