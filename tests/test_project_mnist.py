"""The MNIST data files, and the script that trains on them."""

import csv
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from project import mnist, run_mnist_multiclass
from project.run_mnist_multiclass import MnistSettings, MnistTraining, main
from project.training import INTERRUPTED, StopRequest

from .checks import interrupt_after

pytestmark = pytest.mark.task4_5

# Two epochs of three batches: 2 + 2 + 1 images.
SMALL = ["--epochs", "2", "--batch-size", "2", "--train-size", "5", "--test-size", "3"]

build_real_network = run_mnist_multiclass.build_network
draw_real_pictures = run_mnist_multiclass.draw_pictures


def build_small_network(backend: minitorch.TensorBackend) -> minitorch.Sequential:
    """The same layers as the real network with fewer channels: what is tested here does not depend on their number."""
    kind: Any = {"backend": backend, "dtype": np.float32}
    return minitorch.Sequential(
        minitorch.Conv2d(1, 1, (3, 3), **kind),
        minitorch.ReLU(),
        minitorch.Conv2d(1, 2, (3, 3), **kind),
        minitorch.ReLU(),
        minitorch.MaxPool2d((4, 4)),
        minitorch.Flatten(),
        minitorch.Linear(98, 6, **kind),
        minitorch.ReLU(),
        minitorch.Dropout(0.25),
        minitorch.Linear(6, 10, **kind),
        minitorch.LogSoftmax(1),
    )


@pytest.fixture(autouse=True)
def small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script train a smaller network and draw nothing, so that these tests are quick, also in plain Python."""
    monkeypatch.setattr(run_mnist_multiclass, "build_network", build_small_network)
    monkeypatch.setattr(run_mnist_multiclass, "draw_pictures", lambda run, evaluation, out: None)


def run(out: Path, *more: str) -> int:
    return main([*SMALL, "--out", str(out), *more])


def state(out: Path) -> dict[str, Any]:
    return minitorch.load(out / "checkpoint.npz")


def assert_same_state(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


# The data


def test_the_data_has_the_published_sizes_and_digits() -> None:
    images, labels = mnist.load("t10k")
    assert images.shape == (10000, 28, 28)
    assert labels.shape == (10000,)
    assert labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    # The first digit is a 7: its top line begins in row 7, and above that there is only paper.
    assert images[0, 7, 6:10].tolist() == [84, 185, 159, 151]
    assert images[0, :7].max() == 0


def test_the_training_part_is_complete() -> None:
    images, labels = mnist.load("train")
    assert images.shape == (60000, 28, 28)
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


@pytest.fixture
def copied_data(tmp_path: Path) -> Path:
    folder = tmp_path / "mnist"
    folder.mkdir()
    for name in ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"):
        shutil.copy(mnist.FOLDER / name, folder)
    return folder


def test_a_missing_file_is_named(copied_data: Path) -> None:
    (copied_data / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(minitorch.DataFileError, match=r"missing(.|\n)*t10k-labels(.|\n)*git checkout"):
        mnist.load("t10k", copied_data)


def test_a_file_that_was_cut_short_is_named(copied_data: Path) -> None:
    path = copied_data / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(minitorch.DataFileError, match=r"cut short(.|\n)*4440 bytes(.|\n)*4540 bytes"):
        mnist.load("t10k", copied_data)


def test_a_file_with_one_changed_bit_is_named(copied_data: Path) -> None:
    path = copied_data / "t10k-images-idx3-ubyte.gz"
    contents = bytearray(path.read_bytes())
    contents[len(contents) // 2] ^= 1
    path.write_bytes(contents)
    with pytest.raises(minitorch.DataFileError, match=r"altered(.|\n)*t10k-images"):
        mnist.load("t10k", copied_data)


# A run


def test_the_network_is_that_of_the_course() -> None:
    minitorch.manual_seed(1)
    model = build_real_network(minitorch.FastBackend)
    shapes = {name: parameter.value.shape for name, parameter in model.named_parameters()}
    assert shapes == {
        "0.weight": (4, 1, 3, 3),
        "0.bias": (4, 1, 1),
        "2.weight": (8, 4, 3, 3),
        "2.bias": (8, 1, 1),
        "6.weight": (64, 392),
        "6.bias": (64,),
        "9.weight": (10, 64),
        "9.bias": (10,),
    }
    assert all(parameter.value.dtype == np.float32 for parameter in model.parameters())
    x = run_mnist_multiclass.to_input(mnist.load("t10k")[0][:2], minitorch.FastBackend)
    stages = [x := layer(x) for layer in model.modules()]
    assert [stage.shape for stage in stages[:6]] == [(2, 4, 28, 28)] * 2 + [(2, 8, 28, 28)] * 2 + [
        (2, 8, 7, 7),
        (2, 392),
    ]
    np.testing.assert_allclose(np.exp(stages[-1].to_numpy()).sum(1), 1, rtol=1e-5)


def test_pixels_are_standardised() -> None:
    images = mnist.load("train")[0][:20000]
    pixels = run_mnist_multiclass.to_input(images, minitorch.FastBackend).to_numpy()
    assert pixels.shape == (20000, 1, 28, 28)
    assert pixels.dtype == np.float32
    assert abs(pixels.mean()) < 0.01
    assert abs(pixels.std() - 1) < 0.01
    # The order is that of the ink: the darkest pixel stays the darkest.
    assert pixels.ravel()[images.argmax()] == pixels.max()


def test_a_run_writes_weights_log_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_mnist_multiclass, "build_network", build_real_network)
    monkeypatch.setattr(run_mnist_multiclass, "draw_pictures", draw_real_pictures)
    assert run(tmp_path / "new" / "folder") == 0
    out = tmp_path / "new" / "folder"
    written = {path.name for path in out.iterdir()}
    pictures = {"curves.png", "confusion.png", "features.png", "mistakes.png"}
    assert written == {"checkpoint.npz", "weights.npz", "log.csv", *pictures}
    for name in pictures:
        assert (out / name).read_bytes().startswith(b"\x89PNG")
        assert (out / name).stat().st_size > 5000

    with open(out / "log.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["epoch"] for line in lines] == ["1", "2"]
    assert all(np.isfinite(float(value)) for line in lines for value in line.values())

    text = capsys.readouterr()
    assert "epoch 1/2" in text.out
    assert "epoch 2/2" in text.out
    assert "\r" not in text.out + text.err, "progress bars belong on a terminal only"
    assert "\x1b" not in text.out + text.err


def test_the_weights_that_are_saved_are_those_that_were_tested(tmp_path: Path) -> None:
    run(tmp_path)
    with open(tmp_path / "log.csv", encoding="utf-8") as file:
        logged = list(csv.DictReader(file))[-1]
    model = build_small_network(minitorch.FastBackend)
    model.load_state_dict(minitorch.load(tmp_path / "weights.npz"))
    images, labels = mnist.load("t10k")
    result = run_mnist_multiclass.evaluate(model, images[:3], labels[:3], minitorch.FastBackend)
    assert result.totals.mean_loss == float(logged["test_loss"])
    assert result.totals.accuracy == float(logged["test_accuracy"])
    # The loss, computed once more from the probabilities alone.
    right = result.probabilities[np.arange(3), labels[:3]]
    assert result.totals.mean_loss == pytest.approx(-np.log(right).mean(), rel=1e-5)
    np.testing.assert_allclose(result.probabilities.sum(1), 1, rtol=1e-5)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    logs = {}
    for name, seed in (("first", "3"), ("second", "3"), ("other", "4")):
        run(tmp_path / name, "--seed", seed)
        logs[name] = (tmp_path / name / "log.csv").read_bytes()
    assert logs["first"] == logs["second"]
    assert logs["first"] != logs["other"]


def small_run(seed: int = 0) -> MnistTraining:
    images, labels = mnist.load("t10k")
    settings = MnistSettings(epochs=2, batch_size=2, lr=0.05, seed=seed, train_size=5, test_size=2, backend="fast")
    return MnistTraining(settings, (images[:5], labels[:5]), (images[10:12], labels[10:12]))


def test_every_image_is_seen_once_an_epoch_in_an_order_that_changes() -> None:
    training = small_run()
    training.train_images = np.arange(5)  # stands in for the images, to see which ones come
    first = np.concatenate([images for images, _ in training.batches()])
    training.epoch = 1
    second = np.concatenate([images for images, _ in training.batches()])
    assert sorted(first) == sorted(second) == list(range(5))
    assert first.tolist() != second.tolist()


def test_images_and_labels_stay_together() -> None:
    training = small_run()
    known = {image.tobytes(): label for image, label in zip(training.train_images, training.train_labels)}
    for images, labels in training.batches():
        assert [known[image.tobytes()] for image in images] == labels.tolist()


def test_the_learning_rate_falls_in_a_line_to_zero() -> None:
    training = small_run()
    rates = [training.optimizer.lr]
    step = training.schedule.step
    training.schedule.step = lambda: (step(), rates.append(training.optimizer.lr))  # type: ignore[method-assign]
    with StopRequest() as stop:
        while not training.finished:
            training.run_epoch(stop)
    # Two epochs of three batches each.
    np.testing.assert_allclose(rates, 0.05 * np.array([6, 5, 4, 3, 2, 1, 0]) / 6)


def test_dropout_works_in_training_and_rests_in_testing(monkeypatch: pytest.MonkeyPatch) -> None:
    training = small_run()
    modes = []
    original = run_mnist_multiclass.Dropout.forward

    def record(self: Any, x: Any) -> Any:
        modes.append(self.training)
        return original(self, x)

    monkeypatch.setattr(run_mnist_multiclass.Dropout, "forward", record)
    with StopRequest() as stop:
        training.run_epoch(stop)
        training.run_epoch(stop)
    assert modes == [True] * 3 + [False] + [True] * 3 + [False]


# Stopping and going on


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    assert run(tmp_path / "whole") == 0
    with monkeypatch.context() as patch:
        interrupt_after(patch, MnistTraining, steps)
        assert run(tmp_path / "parts") == INTERRUPTED
    assert not (tmp_path / "parts" / "weights.npz").exists()
    minitorch.manual_seed(99)  # a new process would not have the generator of the old one either
    assert run(tmp_path / "parts", "--resume") == 0
    assert_same_state(state(tmp_path / "whole"), state(tmp_path / "parts"))
    for name in ("log.csv",):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_a_finished_run_can_be_resumed_and_stays_as_it_is(tmp_path: Path) -> None:
    run(tmp_path)
    before = state(tmp_path)
    assert run(tmp_path, "--resume") == 0
    assert_same_state(before, state(tmp_path))


def test_the_signal_handler_is_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    run(tmp_path)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_second_interruption_is_immediate() -> None:
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_a_new_run_keeps_the_checkpoint_of_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        interrupt_after(patch, MnistTraining, 2)
        run(tmp_path)
    interrupted = state(tmp_path)
    run(tmp_path)
    assert_same_state(minitorch.load(tmp_path / "checkpoint-previous.npz"), interrupted)


def test_resuming_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(minitorch.DataFileError, match="no such file"):
        run(tmp_path / "nothing", "--resume")
    assert not (tmp_path / "nothing").exists()


def test_resuming_with_other_settings_is_refused_and_names_them(tmp_path: Path) -> None:
    run(tmp_path)
    before = state(tmp_path)
    with pytest.raises(minitorch.ArgumentError, match=r"lr=0.5, seed=7(.|\n)*lr=0.05, seed=0"):
        run(tmp_path, "--resume", "--lr", "0.5", "--seed", "7")
    assert_same_state(before, state(tmp_path))


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "checkpoint.npz"
    contents = path.read_bytes()
    path.write_bytes(contents[: len(contents) // 2])
    with pytest.raises(minitorch.DataFileError, match="damaged"):
        run(tmp_path, "--resume")


def test_a_checkpoint_of_something_else_is_refused(tmp_path: Path) -> None:
    minitorch.save({"weight": np.ones(3)}, tmp_path / "checkpoint.npz")
    with pytest.raises(minitorch.DataFileError, match="not written by this script"):
        run(tmp_path, "--resume")


# Exit status, arguments, missing packages


def test_the_exit_status_tells_whether_the_target_was_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path)
    capsys.readouterr()
    logged = float((tmp_path / "log.csv").read_text(encoding="utf-8").split(",")[-1])
    assert logged < 99, "five images cannot teach the network to read"
    assert run(tmp_path, "--resume", "--target-accuracy", "99") == 1
    assert "missed" in capsys.readouterr().out
    with_target = max(logged, 1.5)
    assert run(tmp_path, "--resume", "--target-accuracy", str(with_target)) == (0 if logged >= with_target else 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--epochs", "0"],
        ["--epochs", "two"],
        ["--epochs", "2.5"],
        ["--batch-size", "-4"],
        ["--lr", "0"],
        ["--lr", "nan"],
        ["--lr", "inf"],
        ["--seed", "-1"],
        ["--train-size", "60001"],
        ["--test-size", "0"],
        ["--backend", "quantum"],
        ["--target-accuracy", "0.985"],
        ["--target-accuracy", "101"],
        ["--unknown"],
    ],
)
def test_nonsense_on_the_command_line_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit:
        main([*arguments, "--out", str(tmp_path / "out")])
    assert exit.value.code == 2
    assert arguments[0] in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_without_matplotlib_the_script_trains_and_says_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run_mnist_multiclass, "draw_pictures", draw_real_pictures)
    monkeypatch.delattr("project.pictures", raising=False)
    monkeypatch.delitem(__import__("sys").modules, "project.pictures", raising=False)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert run(tmp_path) == 0
    assert "No pictures" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {"checkpoint.npz", "weights.npz", "log.csv"}


def test_the_simple_backend_computes_the_same(tmp_path: Path) -> None:
    tiny = ["--epochs", "1", "--batch-size", "2", "--train-size", "2", "--test-size", "1"]
    losses = []
    for backend in ("fast", "simple"):
        assert main([*tiny, "--backend", backend, "--out", str(tmp_path / backend)]) == 0
        with open(tmp_path / backend / "log.csv", encoding="utf-8") as file:
            losses.append(float(next(csv.DictReader(file))["train_loss"]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
