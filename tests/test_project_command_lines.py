"""What the training scripts share on the command line: options, settings, targets and the exit status."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import minitorch
from project import training
from project.training import INTERRUPTED, Settings

pytestmark = pytest.mark.task4_5


@pytest.mark.parametrize(
    ("accuracy", "target", "status", "said"),
    [(90.0, None, 0, ""), (90.0, 90.0, 0, "reached"), (90.5, 90.0, 0, "reached"), (89.99, 90.0, 1, "missed")],
)
def test_the_exit_status_tells_of_the_target(
    capsys: pytest.CaptureFixture[str], accuracy: float, target: float | None, status: int, said: str
) -> None:
    assert training.reach(accuracy, target) == status
    text = capsys.readouterr().out
    assert ("target" in text) == (target is not None)
    assert said in text


def parser() -> argparse.ArgumentParser:
    made = training.training_parser("Train.", "points", epochs=6, batch_size=5, lr=0.25, out=Path("there"))
    training.add_sizes(made, "points", train=40, test=20)
    training.add_target_accuracy(made)
    return made


def test_options_become_settings() -> None:
    assert training.settings_from(Settings, parser().parse_args([])) == Settings(6, 5, 0.25, 0, "fast")
    text = "--epochs 2 --batch-size 1 --lr 1e-3 --seed 9 --backend simple --out x --resume --train-size 40"
    options = parser().parse_args([*text.split(), "--test-size", "1", "--target-accuracy", "100"])
    assert training.settings_from(Settings, options) == Settings(2, 1, 0.001, 9, "simple")
    assert (options.out, options.resume, options.train_size, options.test_size) == (Path("x"), True, 40, 1)
    assert options.target_accuracy == 100


@pytest.mark.parametrize(
    "arguments",
    [
        *(
            "--epochs 0",
            "--epochs two",
            "--epochs 2.5",
            "--epochs",
            "--epochs nan",
            "--batch-size 0",
            "--batch-size -4",
        ),
        *("--lr 0", "--lr -1", "--lr nan", "--lr inf", "--lr fast", "--seed -1", "--seed 0.5", "--backend quantum"),
        *("--train-size 0", "--train-size 41", "--test-size 0", "--test-size 21", "--target-accuracy 1"),
        *("--target-accuracy 101", "--target-accuracy nan", "--unknown", "--resume yes", "file"),
    ],
)
def test_nonsense_on_the_command_line_is_refused(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit:
        parser().parse_args(arguments.split())
    assert exit.value.code == 2
    assert arguments.split()[-1] in capsys.readouterr().err


def raise_error(error: BaseException) -> int:
    raise error


@pytest.mark.parametrize(
    ("outcome", "status", "said"),
    [
        (lambda: 0, 0, ""),
        (lambda: 1, 1, ""),
        (lambda: INTERRUPTED, 130, ""),
        (lambda: raise_error(minitorch.ArgumentError("too much")), 2, "error: too much"),
        (lambda: raise_error(OSError("disk full")), 2, "error: disk full"),
        (lambda: raise_error(KeyboardInterrupt()), 130, "interrupted"),
    ],
)
def test_a_script_ends_with_a_status_and_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: Callable[[], int],
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(sys, "argv", ["script", "--epochs", "2"])
    given = []
    with pytest.raises(SystemExit) as exit:
        training.run_main(lambda argv: given.append(argv) or outcome())  # type: ignore[func-returns-value]
    assert exit.value.code == status
    assert given == [["--epochs", "2"]]
    text = capsys.readouterr()
    assert text.out == ""
    assert text.err.strip() == said


def test_a_mistake_of_the_programmer_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        training.run_main(lambda argv: 1 // 0)
