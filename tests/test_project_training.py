"""What the training scripts share: the loop, early stopping, stopping and going on, checkpoints, the log."""

import csv
import os
import random
import signal
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import SGD, Adam, Linear
from project import training
from project.training import Clipped, Settings, Totals, Training

pytestmark = pytest.mark.task4_5

COUNT, FEATURES = 7, 3  # with the batch size below, three batches an epoch: 3 + 3 + 1 points
NOISE = 0.25


class LineTraining(Training):
    """A line through points at random, which move a little whenever they are looked at."""

    script = "run_line.py"
    items = "points"
    held_out = "check"
    losses: list[float] = []  # what the part that is held out shall give in each epoch; computed if there are none

    def __init__(self, settings: Settings, optimizer: Any = SGD, **more: Any) -> None:
        rng = np.random.default_rng(5)
        self.x, self.y = rng.normal(size=(COUNT, FEATURES)), rng.normal(size=COUNT)
        minitorch.manual_seed(settings.seed)
        model = Linear(FEATURES, 1)
        super().__init__(settings, model, optimizer(model.parameters(), lr=settings.lr), COUNT, **more)

    def take(self, chosen: Any, rng: np.random.Generator) -> Any:
        return self.x[chosen] + NOISE * rng.normal(size=(len(chosen), FEATURES)), self.y[chosen]

    def objective(self, batch: Any) -> Any:
        x, y = batch
        found = self.model(minitorch.tensor(x)).view(len(y))
        return minitorch.mse_loss(found, y), int(((found.to_numpy() > 0) == (y > 0)).sum()), len(y)

    def test(self) -> Totals:
        if self.losses:
            return Totals(2 * self.losses[self.epoch], 1, 2)
        return Totals(float(LineTraining.objective(self, (self.x, self.y))[0]) * COUNT, 3, COUNT)


class ShakenTraining(LineTraining):
    """The same, with randomness in the network too, as dropout has it: that of Python's generator."""

    def objective(self, batch: Any) -> Any:
        x, y = batch
        return super().objective((x * random.random(), y + random.gauss(0.0, NOISE)))


def settings(**more: Any) -> Settings:
    return Settings(**{"epochs": 3, "batch_size": 3, "lr": 0.125, "seed": 4, "backend": "simple", **more})


def weights_of(out: Path) -> dict[str, Any]:
    return minitorch.load(out / "weights.npz")


def assert_same(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert left.keys() == right.keys()
    for name in left:
        assert left[name].tobytes() == right[name].tobytes(), name


def read_log(out: Path) -> list[dict[str, str]]:
    with open(out / "log.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The loop


class Line:
    """The training above, in NumPy."""

    def __init__(self, run: LineTraining) -> None:
        self.x, self.y = run.x, run.y
        state = run.model.state_dict()
        self.weight, self.bias = state["weight"][0].copy(), state["bias"].copy()
        self.lengths: list[float] = []  # of the gradients
        self.log: list[float] = []

    def train(self, epochs: int, size: int, lr: float, seed: int, max_norm: float) -> None:
        step, steps = 0, epochs * -(-COUNT // size)
        for epoch in range(epochs):
            order = np.random.default_rng([seed, epoch]).permutation(COUNT)
            losses = []
            for number, start in enumerate(range(0, COUNT, size)):
                chosen = order[start : start + size]
                rng = np.random.default_rng([seed, epoch, number])
                x = self.x[chosen] + NOISE * rng.normal(size=(len(chosen), FEATURES))
                error = x @ self.weight + self.bias - self.y[chosen]
                losses += (error**2).tolist()
                gradient = np.append(2 * error @ x, 2 * error.sum()) / len(chosen)
                length = np.sqrt((gradient**2).sum())
                self.lengths.append(length)
                gradient = gradient * (lr * (1 - step / steps) * min(1, max_norm / length))
                self.weight, self.bias = self.weight - gradient[:-1], self.bias - gradient[-1]
                step += 1
            self.log.append(sum(losses) / COUNT)


@pytest.mark.parametrize("size", [3, 7, 10])
@pytest.mark.parametrize("max_norm", [None, 0.75])
def test_training_is_what_numpy_computes(tmp_path: Path, size: int, max_norm: float | None) -> None:
    run = LineTraining(settings(batch_size=size), max_norm=max_norm)
    line = Line(run)
    assert run.run(tmp_path, resume=False)
    line.train(3, size, 0.125, 4, np.inf if max_norm is None else max_norm)
    np.testing.assert_allclose(weights_of(tmp_path)["weight"][0], line.weight, rtol=1e-10)
    np.testing.assert_allclose(weights_of(tmp_path)["bias"], line.bias, rtol=1e-10)
    assert [float(row["train_loss"]) for row in read_log(tmp_path)] == pytest.approx(line.log)
    if size == 3:
        assert max(line.lengths) > 0.75 > min(line.lengths), "some gradients must be too long, and some not"


@pytest.mark.parametrize("length", [0.01, 0.5, 8.0, 1e4])
def test_a_clipped_step_is_never_longer_and_a_short_one_stays_as_it_is(length: float) -> None:
    max_norm, lr = 0.5, 0.25
    gradients = [np.random.default_rng(1).normal(size=shape) for shape in ((1, FEATURES), (1,))]
    before_scaling = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    gradients = [gradient * (length / before_scaling) for gradient in gradients]
    moved = []
    for clipped in (False, True):
        minitorch.manual_seed(1)
        model = Linear(FEATURES, 1)
        optimizer: Any = SGD(model.parameters(), lr=lr)
        if clipped:
            optimizer = Clipped(optimizer, max_norm)
        before = [parameter.value.to_numpy() for parameter in model.parameters()]
        for parameter, gradient in zip(model.parameters(), gradients):
            parameter.value.accumulate_derivative(parameter.value.like(gradient))
        optimizer.step()
        after = [parameter.value.to_numpy() for parameter in model.parameters()]
        moved.append([old - new for old, new in zip(before, after)])
    plain, short = moved
    for a, b in zip(plain, short):
        if length < max_norm:
            assert a.tobytes() == b.tobytes()
        else:
            np.testing.assert_allclose(b, a * (max_norm / length), rtol=1e-9, atol=1e-15)  # the direction stays
    assert np.sqrt(sum((step**2).sum() for step in short)) <= lr * max_norm * (1 + 1e-9)


def test_clipping_forgets_the_old_gradients_with_the_others() -> None:
    model = Linear(FEATURES, 1)
    optimizer = Clipped(SGD(model.parameters(), lr=0.5), 1.0)
    for parameter in model.parameters():
        parameter.value.accumulate_derivative(parameter.value.like(np.ones(parameter.value.shape)))
    optimizer.zero_grad()
    assert [parameter.value.grad for parameter in model.parameters()] == [None, None]


# Early stopping


def stop_of(losses: list[float], epochs: int, patience: int) -> tuple[int, int]:
    """After which epoch training ends, and which epoch is the best one."""
    best, since = 0, 0
    for epoch, loss in enumerate(losses[:epochs], 1):
        if best == 0 or loss < losses[best - 1]:
            best, since = epoch, 0
        else:
            since += 1
        if since == patience:
            return epoch, best
    return epochs, best


COURSES = [
    [5.0, 4.0, 3.0, 2.0, 1.0, 0.5],
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
    [5.0, 4.0, 4.0, 4.0, 1.0, 1.0],  # as small as before is no improvement
    [5.0, 6.0, 4.0, 5.0, 6.0, 1.0],
    [3.0, 2.0, 3.0, 1.0, 2.0, 1.5],
]


def states_of(run: LineTraining) -> list[dict[str, Any]]:
    """Note the network after each epoch of a run, from now on."""
    states = []
    original = run.run_epoch
    run.run_epoch = lambda stop: (original(stop), states.append(run.model.state_dict()))  # type: ignore[assignment,func-returns-value,misc]
    return states


@pytest.mark.parametrize("patience", [1, 2, 3])
@pytest.mark.parametrize("losses", COURSES)
def test_training_ends_when_patience_does_and_keeps_the_best(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], losses: list[float], patience: int
) -> None:
    run = LineTraining(settings(epochs=len(losses)), optimizer=Adam, patience=patience)
    assert (run.best_epoch, run.finished) == (0, False)
    run.losses = losses
    states = states_of(run)
    assert run.run(tmp_path, resume=False)
    end, best = stop_of(losses, len(losses), patience)
    assert run.epoch == len(states) == end
    assert run.best_epoch == best
    assert_same(weights_of(tmp_path), states[best - 1])
    assert_same(run.model.state_dict(), states[best - 1])  # what the script goes on with
    assert [float(row["check_loss"]) for row in read_log(tmp_path)] == losses[:end]
    assert f"network of epoch {best} is kept" in capsys.readouterr().out


def test_without_patience_the_last_network_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = LineTraining(settings(epochs=4))
    run.losses = [1.0, 2.0, 3.0, 4.0]
    states = states_of(run)
    assert run.run(tmp_path, resume=False)
    assert len(states) == 4
    assert_same(weights_of(tmp_path), states[-1])
    assert "kept" not in capsys.readouterr().out
    assert not any(name.startswith("best/") for name in minitorch.load(tmp_path / "checkpoint.npz"))


# Stopping and going on


def press_ctrl_c(run: LineTraining, steps: int) -> None:
    """Press it during a step: the real signal, which comes in the middle of the work."""
    original = run.objective
    seen: list[None] = []

    def objective(batch: Any) -> Any:
        seen.append(None)
        if len(seen) == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return original(batch)

    run.objective = objective  # type: ignore[method-assign]


def run_in_parts(out: Path, make: Callable[[], LineTraining], stops: list[int]) -> LineTraining:
    """Run, with Ctrl-C after so many steps of each part; each part begins as a new process would."""
    for number, steps in enumerate(stops):
        run = make()
        press_ctrl_c(run, steps)
        random.seed(1000 + number)  # a new process would not have the generator of the old one
        if number == 0:
            minitorch.manual_seed(run.settings.seed)
        assert not run.run(out, resume=number > 0)
        assert not (out / "weights.npz").exists()
    random.seed(99)
    run = make()
    random.seed(98)
    assert run.run(out, resume=True)
    return run


def whole_run(out: Path, make: Callable[[], LineTraining]) -> LineTraining:
    run = make()
    minitorch.manual_seed(run.settings.seed)
    assert run.run(out, resume=False)
    return run


def assert_same_files(left: Path, right: Path) -> None:
    assert_same(minitorch.load(left / "checkpoint.npz"), minitorch.load(right / "checkpoint.npz"))
    assert_same(weights_of(left), weights_of(right))
    assert (left / "log.csv").read_bytes() == (right / "log.csv").read_bytes()


@pytest.mark.parametrize("steps", range(1, 9))
def test_a_run_interrupted_in_any_batch_goes_on_bit_for_bit(tmp_path: Path, steps: int) -> None:
    def make() -> LineTraining:
        return ShakenTraining(settings(), optimizer=Adam, max_norm=0.5)

    whole_run(tmp_path / "whole", make)
    run_in_parts(tmp_path / "parts", make, [steps])
    assert_same_files(tmp_path / "whole", tmp_path / "parts")


def test_a_run_interrupted_in_every_batch_goes_on_bit_for_bit(tmp_path: Path) -> None:
    def make() -> LineTraining:
        return ShakenTraining(settings(), optimizer=Adam, patience=9)

    whole_run(tmp_path / "whole", make)
    run_in_parts(tmp_path / "parts", make, [1] * 8)
    assert_same_files(tmp_path / "whole", tmp_path / "parts")


@pytest.mark.parametrize("steps", [1, 4, 6, 8, 11])
def test_the_best_network_is_kept_also_after_an_interruption(tmp_path: Path, steps: int) -> None:
    def make() -> LineTraining:
        run = ShakenTraining(settings(epochs=9), optimizer=Adam, patience=2)
        run.losses = [3.0, 1.0, 2.0, 1.0] + [0.5] * 5  # epoch 2 is the best, and epoch 4 the last
        return run

    states = states_of(run := make())
    minitorch.manual_seed(run.settings.seed)
    assert run.run(tmp_path / "whole", resume=False)
    assert_same(weights_of(tmp_path / "whole"), states[1])
    found = run_in_parts(tmp_path / "parts", make, [steps])
    assert (found.epoch, found.best_epoch) == (4, 2)
    assert_same_files(tmp_path / "whole", tmp_path / "parts")


def test_ctrl_c_in_the_last_batch_comes_too_late(tmp_path: Path) -> None:
    run = LineTraining(settings())
    press_ctrl_c(run, 9)
    assert run.run(tmp_path, resume=False)
    assert (tmp_path / "weights.npz").exists()


def test_ctrl_c_while_testing_waits_for_the_end_of_the_epoch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_run(tmp_path / "whole", lambda: LineTraining(settings()))
    original = LineTraining.test
    with monkeypatch.context() as patch:
        patch.setattr(LineTraining, "test", lambda self: os.kill(os.getpid(), signal.SIGINT) or original(self))
        run = LineTraining(settings())
        assert not run.run(tmp_path / "parts", resume=False)
    assert (run.epoch, run.batch) == (1, 0)
    assert LineTraining(settings()).run(tmp_path / "parts", resume=True)
    np.testing.assert_array_equal(*[weights_of(tmp_path / name)["weight"] for name in ("whole", "parts")])
    assert (tmp_path / "whole" / "log.csv").read_bytes() == (tmp_path / "parts" / "log.csv").read_bytes()


def test_an_interruption_says_how_to_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = LineTraining(settings())
    press_ctrl_c(run, 4)
    assert not run.run(tmp_path, resume=False)
    text = capsys.readouterr().out
    assert "Interrupted in epoch 2" in text
    assert "--resume" in text
    assert [row["epoch"] for row in read_log(tmp_path)] == ["1"]


def test_a_finished_run_stays_as_it_is(tmp_path: Path) -> None:
    def make() -> LineTraining:
        run = LineTraining(settings(), patience=1)
        run.losses = [1.0, 2.0, 3.0]
        return run

    whole_run(tmp_path, make)
    before = minitorch.load(tmp_path / "checkpoint.npz"), weights_of(tmp_path)
    run = make()
    press_ctrl_c(run, 1)
    assert run.run(tmp_path, resume=True)
    assert_same(before[0], minitorch.load(tmp_path / "checkpoint.npz"))
    assert_same(before[1], weights_of(tmp_path))
    assert_same(run.model.state_dict(), before[1])


def test_a_new_run_keeps_the_checkpoint_of_the_old_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = LineTraining(settings())
    press_ctrl_c(run, 2)
    run.run(tmp_path, resume=False)
    assert "previous" not in capsys.readouterr().out
    interrupted = minitorch.load(tmp_path / "checkpoint.npz")
    assert LineTraining(settings(seed=5)).run(tmp_path, resume=False)
    assert_same(minitorch.load(tmp_path / "checkpoint-previous.npz"), interrupted)
    assert "checkpoint-previous.npz" in capsys.readouterr().out


def test_the_state_of_the_generator_comes_back_with_a_number_kept_for_later() -> None:
    for draws in (0, 1, 2):  # gauss makes two numbers at a time, and keeps one
        random.seed(3)
        for _ in range(draws):
            random.gauss(0.0, 1.0)
        state = training.random_state()
        expected = [random.gauss(0.0, 1.0), random.random(), random.gauss(0.0, 1.0)]
        random.seed(4)
        training.set_random_state(state)
        assert [random.gauss(0.0, 1.0), random.random(), random.gauss(0.0, 1.0)] == expected


# Checkpoints that are refused


def test_nothing_to_resume_is_refused_and_nothing_is_created(tmp_path: Path) -> None:
    with pytest.raises(minitorch.DataFileError, match="no such file"):
        LineTraining(settings()).run(tmp_path / "new", resume=True)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("missing", ["place", "settings", "log", "totals/count", "model/", "optimizer/", "random/"])
def test_a_checkpoint_that_lacks_something_is_refused(missing: str) -> None:
    run = LineTraining(settings(), optimizer=Adam)
    state = {name: array for name, array in run.state_dict().items() if not name.startswith(missing)}
    with pytest.raises(minitorch.DataFileError, match=r"not written by this script(.|\n)*run_line\.py"):
        run.load_state_dict(state)


@pytest.mark.parametrize(
    ("name", "value"), [("settings", "{"), ("log", "no"), ("place", [1, 2, 3]), ("place", ["a", "b"])]
)
def test_a_checkpoint_with_nonsense_is_refused(name: str, value: Any) -> None:
    run = LineTraining(settings())
    with pytest.raises(minitorch.DataFileError, match="not written by this script"):
        run.load_state_dict({**run.state_dict(), name: np.array(value)})


def test_other_settings_are_refused_and_named(tmp_path: Path) -> None:
    whole_run(tmp_path, lambda: LineTraining(settings()))
    before = minitorch.load(tmp_path / "checkpoint.npz")
    run = LineTraining(settings(epochs=8, lr=0.5))
    own = run.model.state_dict()
    with pytest.raises(minitorch.ArgumentError, match=r"epochs=8, lr=0.5\n(.|\n)*epochs=3, lr=0.125\n"):
        run.run(tmp_path, resume=True)
    assert_same(run.model.state_dict(), own)
    assert_same(before, minitorch.load(tmp_path / "checkpoint.npz"))


# The log and the screen


class SilentTraining(LineTraining):
    has_accuracy = False


def test_a_log_without_accuracy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for kind in (LineTraining, SilentTraining):
        assert kind(settings()).run(tmp_path, resume=False)
        accuracies = ["train_accuracy", "check_accuracy"] if kind.has_accuracy else []
        columns = {"epoch", "train_loss", "check_loss", *accuracies}
        assert [set(row) for row in read_log(tmp_path)] == [columns] * 3
        assert [row["epoch"] for row in read_log(tmp_path)] == ["1", "2", "3"]
        assert (", accuracy " in capsys.readouterr().out) == kind.has_accuracy


def test_the_log_holds_all_digits_and_right_accuracies(tmp_path: Path) -> None:
    run = LineTraining(settings(epochs=1))
    run.losses = [1 / 3]
    assert run.run(tmp_path, resume=False)
    (row,) = read_log(tmp_path)
    assert float(row["check_loss"]) == 2 * (1 / 3) / 2
    assert float(row["check_accuracy"]) == 50
    assert float(row["train_accuracy"]) * COUNT / 100 == pytest.approx(
        round(float(row["train_accuracy"]) * COUNT / 100)
    )


def test_the_output_is_clean_where_it_is_no_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert LineTraining(settings()).run(tmp_path, resume=False)
    text = capsys.readouterr()
    assert text.err == ""
    assert not set("\r\x1b") & set(text.out)
    model, _, *lines = text.out.splitlines()
    assert model.startswith("Linear(")
    assert [line[:9] for line in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert all("points/s" in line and "check: loss" in line for line in lines)


class Bar:
    """Stands in for tqdm, and remembers how far it came."""

    bars: list[Any] = []

    def __init__(self, desc: str, total: int, initial: int, **more: Any) -> None:
        self.desc, self.total, self.places, self.closed = desc, total, [initial], False
        Bar.bars.append(self)

    def set_postfix_str(self, text: str, refresh: bool) -> None:
        assert text.startswith("loss ")

    def update(self, more: int) -> None:
        self.places.append(self.places[-1] + more)

    def close(self) -> None:
        self.closed = True


def test_on_a_terminal_a_bar_shows_how_far_each_epoch_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(Bar, "bars", [])
    tqdm = types.ModuleType("tqdm")
    tqdm.tqdm = Bar  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tqdm", tqdm)
    run_in_parts(tmp_path, lambda: LineTraining(settings(epochs=2)), [2])
    assert [(bar.desc, bar.total, bar.places) for bar in Bar.bars] == [
        ("epoch 1/2", 7, [0, 3, 6]),
        ("epoch 1/2", 7, [6, 7]),
        ("epoch 2/2", 7, [0, 3, 6, 7]),
    ]
    assert all(bar.closed for bar in Bar.bars)


def test_without_tqdm_there_is_no_bar(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert LineTraining(settings()).run(tmp_path, resume=False)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("count", "size"), [(0, 3), (1, 3), (3, 3), (7, 3), (6, 1)])
def test_slices_cover_everything_once(count: int, size: int) -> None:
    pieces = [list(range(count))[piece] for piece in training.slices(count, size)]
    assert [item for piece in pieces for item in piece] == list(range(count))
    assert all(len(piece) == size for piece in pieces[:-1])
    assert all(1 <= len(piece) <= size for piece in pieces)
