"""The smaller scripts, and what all scripts share."""

import argparse
import random
import re
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import minitorch
from minitorch import SGD, Parameter, Scalar
from project import (
    parallel_check,
    run_fast_tensor,
    run_manual,
    run_scalar,
    run_tensor,
    toy,
    training,
)

# The shared loop


@pytest.mark.task1_5
def test_the_training_loop_takes_one_step_a_batch_and_adds_up() -> None:
    parameter = Parameter(Scalar(1.0))
    optimizer = SGD([parameter], lr=0.5)
    schedule = minitorch.StepLR(optimizer, step_size=1, gamma=0.1)

    def objective(batch: float) -> tuple[Scalar, int, int]:
        return parameter.value * batch, 1, 2  # the slope is the batch itself

    seen = [
        (totals.loss, totals.correct, totals.count, parameter.value.data)
        for totals in training.train_epoch([1.0, 2.0], objective, optimizer, schedule)
    ]
    # 1 - 0.5 * 1 = 0.5, with a loss of 1 for each of two items; then 0.5 - 0.05 * 2 = 0.4, with a loss of 1 again.
    np.testing.assert_allclose(seen, [(2, 1, 2, 0.5), (4, 2, 4, 0.4)])


@pytest.mark.task1_5
def test_the_training_loop_forgets_old_gradients() -> None:
    parameter = Parameter(Scalar(1.0))
    parameter.value.derivative = 100.0
    for _ in training.train_epoch([1.0], lambda b: (parameter.value * b, 0, 1), SGD([parameter], lr=0.5)):
        pass
    assert parameter.value.data == 0.5


@pytest.mark.task1_5
def test_totals_are_averages_over_items() -> None:
    totals = training.Totals(loss=6.0, correct=3, count=4)
    assert totals.mean_loss == 1.5
    assert totals.accuracy == 75.0


@pytest.mark.task4_5
@pytest.mark.parametrize("draws", [0, 1])
def test_the_random_state_can_be_saved_and_put_back(draws: int, tmp_path: Path) -> None:
    for _ in range(draws):
        random.gauss(0, 1)  # keeps a second number in store
    minitorch.save(training.random_state(), tmp_path / "state.npz")
    expected = [random.gauss(0, 1), random.random(), random.random()]
    random.seed(1)
    training.set_random_state(minitorch.load(tmp_path / "state.npz"))
    assert [random.gauss(0, 1), random.random(), random.random()] == expected


@pytest.mark.task4_5
def test_the_progress_bar_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        progress = training.Progress("epoch 1/5", total=100, unit=" images", done=20)
        progress.update(60, "loss 0.5")
        assert progress.close() > 0
        shown = capsys.readouterr().err
        assert ("epoch 1/5" in shown) == terminal


@pytest.mark.house("command lines belong to no task")
@pytest.mark.parametrize(
    ("reader", "good", "bad"),
    [
        (training.number_between(1, kind=int), ["1", "50"], ["0", "-3", "1.5", "x", ""]),
        (training.number_between(0, open_low=True), ["0.1", "1e-9", "5"], ["0", "-1", "nan", "inf", "x"]),
        (training.number_between(-2, 2), ["-2", "2", "0"], ["2.1", "-2.1", "nan"]),
    ],
)
def test_numbers_on_the_command_line_are_checked(reader: Any, good: list[str], bad: list[str]) -> None:
    assert [reader(text) for text in good] == [float(text) for text in good]
    for text in bad:
        with pytest.raises(argparse.ArgumentTypeError, match="not a"):
            reader(text)


@pytest.mark.house("exit statuses belong to no task")
@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (0, 0, ""),
        (1, 1, ""),
        (minitorch.DataFileError("gone"), 2, "error: gone"),
        (PermissionError("closed"), 2, "error: closed"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_scripts_end_with_a_status_and_without_a_traceback(
    outcome: Any, status: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(argv: list[str]) -> int:
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    with pytest.raises(SystemExit) as exit:
        training.run_main(main)
    assert exit.value.code == status
    assert capsys.readouterr().err.strip() == said


# Module 0: by hand


@pytest.mark.task0_5
def test_the_manual_model_is_a_line_and_a_sigmoid() -> None:
    model = run_manual.ManualTrain(3)
    model.set_weights(2.0, -3.0, 0.5)
    for x1, x2 in [(0.0, 0.0), (0.25, 0.75), (1.0, 0.5)]:
        assert model.run_one((x1, x2)) == pytest.approx(1 / (1 + np.exp(-(2 * x1 - 3 * x2 + 0.5))))


@pytest.mark.task0_5
def test_the_manual_script_counts_and_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_manual.main(["--target-accuracy", "100"]) == 0
    text = capsys.readouterr().out
    assert "50 of 50 points" in text
    assert "X" not in text.split("Dots")[0]

    # Turned around, the model is wrong everywhere.
    assert run_manual.main(["--weights", "10", "0", "--bias", "-5", "--target-accuracy", "50"]) == 1
    text = capsys.readouterr().out
    assert "0 of 50 points" in text
    assert "0" not in text.split("Dots")[0]
    assert "X" in text.split("Dots")[0]


@pytest.mark.task0_5
@pytest.mark.parametrize("name", ["Simple", "Diag"])
def test_the_weights_that_are_chosen_put_every_point_on_the_right_side(name: str) -> None:
    model = run_manual.ManualTrain()
    model.set_weights(*run_manual.choose_weights(name))
    data = minitorch.datasets[name](500, seed=3)
    assert [int(model.run_one(x) > 0.5) for x in data.X] == data.y


@pytest.mark.task0_5
@pytest.mark.parametrize("name", ["Split", "Xor", "Circle", "Spiral"])
def test_no_weights_are_chosen_where_no_line_is_right(name: str) -> None:
    with pytest.raises(minitorch.ArgumentError, match=f"got: +{name}"):
        run_manual.choose_weights(name)


@pytest.mark.task0_5
def test_the_manual_script_takes_weights_that_fit_if_none_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_manual.main(["--dataset", "diag", "--target-accuracy", "100"]) == 0
    # No line is right for these: it starts with that of another data set.
    assert run_manual.main(["--dataset", "xor"]) == 0
    by_default = capsys.readouterr().out
    assert run_manual.main(["--dataset", "xor", "--weights", "-10", "0", "--bias", "5"]) == 0
    assert capsys.readouterr().out in by_default
    # What is given counts, and the rest is chosen.
    assert run_manual.main(["--dataset", "diag", "--bias", "-1", "--target-accuracy", "100"]) == 1


# Modules 1 to 3: training


@pytest.mark.task1_5
def test_a_network_of_scalars_learns(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_scalar.main(["--points", "20", "--epochs", "100", "--target-accuracy", "90"]) == 0
    assert "epoch   10" in capsys.readouterr().out


@pytest.mark.task2_5
def test_a_network_of_tensors_learns() -> None:
    assert run_tensor.main(["--points", "20", "--epochs", "60", "--target-accuracy", "90", "--lr", "1"]) == 0


@pytest.mark.task3_5
def test_a_network_learns_on_the_fast_backend() -> None:
    arguments = ["--points", "30", "--epochs", "150", "--dataset", "diag", "--target-accuracy", "95", "--lr", "1"]
    assert run_fast_tensor.main(arguments) == 0


@pytest.mark.task3_5
def test_both_backends_train_alike() -> None:
    data = minitorch.datasets["Xor"](10, seed=4)
    losses: dict[str, list[float]] = {}
    for name in ("fast", "simple"):
        minitorch.manual_seed(5)
        model = run_fast_tensor.FastTrain(3, run_fast_tensor.BACKENDS[name])
        model.train(
            data, 0.5, 10, lambda epoch, loss, correct, all_losses, name=name: losses.update({name: all_losses})
        )
    assert len(losses["fast"]) == 10
    np.testing.assert_allclose(losses["fast"], losses["simple"], rtol=1e-9)


@pytest.mark.task3_5
def test_the_course_spelling_of_the_options_is_understood() -> None:
    arguments = ["--PTS", "6", "--HIDDEN", "3", "--RATE", "0.05", "--BACKEND", "cpu", "--DATASET", "xor"]
    assert run_fast_tensor.main([*arguments, "--epochs", "1"]) == 0


@pytest.mark.task1_5
def test_scalar_loss_and_probability_are_those_of_the_formula() -> None:
    model = run_scalar.ScalarTrain(2)
    data = minitorch.datasets["Simple"](7, seed=1)
    probabilities = model.run_many(data.X)
    assert probabilities.shape == (7, 1)
    right = np.where(np.array(data.y) == 1, probabilities[:, 0], 1 - probabilities[:, 0])
    loss, correct, count = model.objective(data)
    assert loss.data == pytest.approx(-np.log(right + 1e-6).mean())
    assert (correct, count) == ((right > 0.5).sum(), 7)


@pytest.mark.task2_5
def test_tensor_loss_and_probability_are_those_of_the_formula() -> None:
    model = run_tensor.TensorTrain(3)
    data = minitorch.datasets["Circle"](7, seed=1)
    probabilities = model.run_many(data.X).to_numpy()
    assert probabilities.shape == (7, 1)
    assert model.run_one(data.X[2]).item() == probabilities[2, 0]
    right = np.where(np.array(data.y) == 1, probabilities[:, 0], 1 - probabilities[:, 0])
    loss, correct, count = model.objective(data)
    assert loss.item() == pytest.approx(-np.log(right).mean())
    assert (correct, count) == ((right > 0.5).sum(), 7)


@pytest.mark.task2_5
def test_the_picture_of_a_toy_model_is_drawn(tmp_path: Path) -> None:
    assert run_tensor.main(["--points", "6", "--epochs", "1", "--hidden", "2", "--out", str(tmp_path / "a" / "b")]) == 0
    assert (tmp_path / "a" / "b" / "boundary.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.task2_5
def test_without_matplotlib_no_picture_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr("project.pictures", raising=False)
    monkeypatch.delitem(sys.modules, "project.pictures", raising=False)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    toy.draw(run_tensor.TensorTrain(2), minitorch.datasets["Simple"](4), tmp_path / "out")
    assert "No picture" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


@pytest.mark.task2_5
@pytest.mark.parametrize("arguments", [["--points", "1"], ["--dataset", "moons"], ["--lr", "0"], ["--epochs", "-5"]])
def test_nonsense_for_a_toy_script_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        run_tensor.main(arguments)
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.task3_5
def test_the_parallel_check_shows_parallel_loops_or_says_why_not(capsys: pytest.CaptureFixture[str]) -> None:
    if numba.config.DISABLE_JIT:
        with pytest.raises(minitorch.ArgumentError, match="NUMBA_DISABLE_JIT"):
            parallel_check.main(["--kernel", "reduce"])
        return
    assert parallel_check.main(["--kernel", "reduce", "--level", "1"]) == 0
    text = capsys.readouterr().out
    assert "REDUCE" in text
    assert "Parallel structure" in text or "parallel" in text.lower()
    assert re.search(r"for worker in prange\(workers\):-+\| #\d+", text), "no loop that runs on several cores"
