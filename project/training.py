"""What the training scripts share: the loop itself, progress on the screen, stopping and going on, command lines."""

import argparse
import contextlib
import csv
import json
import math
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

import minitorch
from minitorch import (
    FastBackend,
    LinearLR,
    LRScheduler,
    MinitorchError,
    Module,
    Optimizer,
    SimpleBackend,
)
from minitorch.errors import ArgumentError, DataFileError, StateError, explain

BACKENDS = {"fast": FastBackend, "simple": SimpleBackend}

INTERRUPTED = 130
"""The exit status of a script that Ctrl-C ended, as shells have it."""

Array = npt.NDArray[Any]


# The loop


@dataclass
class Totals:
    """What has been added up over the batches of an epoch.

    Attributes:
        loss: The sum of the losses of all items.
        correct: How many items were predicted correctly.
        count: How many items there were.
    """

    loss: float = 0.0
    correct: int = 0
    count: int = 0

    @property
    def mean_loss(self) -> float:
        """The loss of an item, on average."""
        return self.loss / self.count

    @property
    def accuracy(self) -> float:
        """The share of correct predictions, in percent."""
        return 100 * self.correct / self.count


class Differentiable(Protocol):
    """A loss: a Scalar, or a tensor of one cell."""

    def __float__(self) -> float: ...

    def backward(self) -> None:
        """Hand every parameter its gradient."""
        ...


Batch = TypeVar("Batch")


def train_epoch(
    batches: Iterable[Batch],
    objective: Callable[[Batch], tuple[Differentiable, int, int]],
    optimizer: Optimizer,
    schedule: LRScheduler | None = None,
    totals: Totals | None = None,
) -> Iterator[Totals]:
    """Train on each batch once. This is the loop of every script here, and of nearly all deep learning.

    Args:
        batches: The batches.
        objective: Computes from a batch the mean loss, the number of correct predictions and the number of items.
        optimizer: Changes the parameters.
        schedule: Changes the learning rate after each step.
        totals: What was added up in an earlier part of the same epoch.

    Yields:
        The totals, after each step.
    """
    totals = totals or Totals()
    for batch in batches:
        optimizer.zero_grad()
        loss, correct, count = objective(batch)
        loss.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        totals.loss += float(loss) * count
        totals.correct += correct
        totals.count += count
        yield totals


class Clipped(Optimizer):
    """An optimizer that goes no further than a gradient of length `max_norm` would lead it.

    Args:
        optimizer: The optimizer that makes the steps.
        max_norm: The greatest length of a gradient; longer ones are shortened to it.
    """

    def __init__(self, optimizer: Optimizer, max_norm: float) -> None:
        super().__init__(optimizer.parameters)
        self.optimizer, self.max_norm = optimizer, max_norm

    def step(self) -> None:
        """Shorten the gradients, and make a step."""
        minitorch.clip_grad_norm_(self.parameters, self.max_norm)
        self.optimizer.step()


# On the screen


class Progress:
    """A progress bar on a terminal; nothing where the output goes to a file, or where tqdm is not installed.

    Args:
        description: The text before the bar.
        total: The number of items to go.
        unit: What the items are called.
        done: How many were done before.
    """

    def __init__(self, description: str, total: int, unit: str, done: int = 0) -> None:
        self.started, self.done_before, self.done = time.perf_counter(), done, done
        self.bar: Any = None
        if sys.stderr.isatty():
            with contextlib.suppress(ImportError):
                from tqdm import tqdm

                self.bar = tqdm(desc=description, total=total, initial=done, unit=unit, unit_scale=True, leave=False)

    def update(self, done: int, text: str) -> None:
        """Show that `done` items are done, and a text behind the bar."""
        if self.bar is not None:
            self.bar.set_postfix_str(text, refresh=False)
            self.bar.update(done - self.done)
        self.done = done

    def close(self) -> float:
        """Remove the bar, and return how many items a second there were."""
        if self.bar is not None:
            self.bar.close()
        return (self.done - self.done_before) / max(time.perf_counter() - self.started, 1e-9)


class StopRequest:
    """Turns Ctrl-C into a question that the training loop asks between two steps, so that no step is left half done.

    Inside `with StopRequest() as stop:`, the first Ctrl-C makes `stop.requested` True. A second one interrupts at once.
    """

    def __init__(self) -> None:
        self.requested = False

    def __enter__(self) -> "StopRequest":
        self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *exception: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


# The state of the random generator, for checkpoints


def random_state() -> dict[str, Array]:
    """The state of Python's random generator, as arrays."""
    version, numbers, next_gauss = random.getstate()
    return {
        "version": np.array(version),
        "numbers": np.array(numbers, dtype=np.uint32),
        "next_gauss": np.array([] if next_gauss is None else [next_gauss]),
    }


def set_random_state(state: dict[str, Array]) -> None:
    """Put Python's random generator into a state that `random_state` returned."""
    next_gauss = state["next_gauss"].tolist()
    numbers = tuple(state["numbers"].tolist())
    random.setstate((int(state["version"]), numbers, next_gauss[0] if next_gauss else None))


# A run that can be interrupted


@dataclass
class Settings:
    """What decides the numbers of a run; a checkpoint can be resumed only under the same settings.

    Attributes:
        epochs: Passes over the training data, at most.
        batch_size: Items in a step.
        lr: The first learning rate.
        seed: The seed of all randomness.
        backend: The name of the backend, one of `BACKENDS`.
    """

    epochs: int
    batch_size: int
    lr: float
    seed: int
    backend: str


class Training:
    """A training run: everything that has to be saved to go on later. Each script says in a subclass what it trains.

    Args:
        settings: The settings.
        model: The network.
        optimizer: Changes its parameters. The learning rate falls in a straight line, to zero at the very end.
        count: The number of items to train on.
        patience: After how many epochs without a smaller loss on the part that is held out training ends early; the
            network of the best epoch is then taken. None goes on to the end, and takes the last.
        max_norm: The greatest length of a gradient, or None.

    Attributes:
        script: The name of the script, for error messages.
        items: What the items are called, for the progress bar.
        held_out: What the part that is held out is called.
        has_accuracy: Whether there are predictions to be counted as right or wrong.
        log: A line for each finished epoch.
    """

    script = ""
    items = "items"
    held_out = "test"
    has_accuracy = True

    def __init__(
        self,
        settings: Settings,
        model: Module,
        optimizer: Optimizer,
        count: int,
        patience: int | None = None,
        max_norm: float | None = None,
    ) -> None:
        self.settings, self.model, self.optimizer, self.count = settings, model, optimizer, count
        self.patience, self.max_norm = patience, max_norm
        self.batches_per_epoch = -(-count // settings.batch_size)  # rounded up
        self.schedule = LinearLR(optimizer, total_iters=settings.epochs * self.batches_per_epoch)
        self.epoch = 0  # finished epochs
        self.batch = 0  # finished batches of the epoch that follows
        self.totals = Totals()  # of those batches
        self.log: list[dict[str, float]] = []
        self.best: dict[str, Array] = {}  # the parameters of the best epoch, if they are asked for

    # What a subclass fills in

    def take(self, chosen: Array, rng: np.random.Generator) -> Any:
        """Make a batch of the items with these numbers. `rng` is for whatever is random in it."""
        raise NotImplementedError

    def objective(self, batch: Any) -> tuple[Differentiable, int, int]:
        """The mean loss of a batch, how many predictions were right, and how many items there were."""
        raise NotImplementedError

    def test(self) -> Totals:
        """How well the network does on the part that is held out."""
        raise NotImplementedError

    # Training

    @property
    def best_epoch(self) -> int:
        """The epoch with the smallest loss on the part that is held out, the first if there are several; 0 for none."""
        losses = [line[f"{self.held_out}_loss"] for line in self.log]
        return 1 + losses.index(min(losses)) if losses else 0

    @property
    def finished(self) -> bool:
        """True once all epochs are done, or patience has come to its end."""
        out_of_patience = self.patience is not None and self.epoch - self.best_epoch >= self.patience
        return self.epoch >= self.settings.epochs or (self.epoch > 0 and out_of_patience)

    def batches(self) -> Iterator[Any]:
        """The batches of the current epoch that are still to come.

        The order of the items, and whatever is random in a batch, depend on nothing but the seed, the number of the
        epoch and that of the batch, so that an interrupted epoch can be taken up in the middle.
        """
        size, seed = self.settings.batch_size, self.settings.seed
        order = np.random.default_rng([seed, self.epoch]).permutation(self.count)
        for number in range(self.batch, self.batches_per_epoch):
            chosen = order[number * size : (number + 1) * size]
            yield self.take(chosen, np.random.default_rng([seed, self.epoch, number]))

    def run_epoch(self, stop: StopRequest) -> None:
        """Train for one epoch, or for the rest of one, or until a stop is requested; then test, and log a line."""
        self.model.train()
        description = f"epoch {self.epoch + 1}/{self.settings.epochs}"
        progress = Progress(description, self.count, f" {self.items}", done=self.totals.count)
        optimizer = self.optimizer if self.max_norm is None else Clipped(self.optimizer, self.max_norm)
        for totals in train_epoch(self.batches(), self.objective, optimizer, self.schedule, self.totals):
            self.batch += 1
            progress.update(totals.count, self._describe(totals))
            if stop.requested:
                break
        speed = progress.close()
        if self.batch < self.batches_per_epoch:
            return
        parts = {"train": self.totals, self.held_out: self.test()}
        if not all(math.isfinite(totals.loss) for totals in parts.values()):
            raise StateError(
                explain(
                    "Training has run away: the loss is no finite number any more.",
                    got=", ".join(f"{name} loss {totals.loss}" for name, totals in parts.items()),
                    expected="finite numbers",
                    fix="start again with a smaller --lr",
                )
            )
        line: dict[str, float] = {"epoch": self.epoch + 1}
        for name, totals in parts.items():
            line[f"{name}_loss"] = totals.mean_loss
            if self.has_accuracy:
                line[f"{name}_accuracy"] = totals.accuracy
        self.log.append(line)
        self.epoch, self.batch, self.totals = self.epoch + 1, 0, Totals()
        if self.patience is not None and self.best_epoch == self.epoch:
            self.best = self.model.state_dict()
        results = "   ".join(f"{name}: {self._describe(totals)}" for name, totals in parts.items())
        print(f"{description}   {results}   {speed:,.0f} {self.items}/s", flush=True)

    def _describe(self, totals: Totals) -> str:
        accuracy = f", accuracy {totals.accuracy:.2f} %" if self.has_accuracy else ""
        return f"loss {totals.mean_loss:.4f}{accuracy}"

    def run(self, out: Path, resume: bool, about: str = "") -> bool:
        """Train until all is done, or Ctrl-C is pressed. The checkpoint and the log are written after each epoch.

        Args:
            out: The folder for checkpoint, log and weights.
            resume: Whether to go on with the run whose checkpoint is there. A new one keeps the old checkpoint aside.
            about: What to say of the run when it begins, below the network.

        Returns:
            Whether all is done. Then the network is the one to keep.

        Raises:
            DataFileError: There is nothing to resume.
            StateError: The loss is no finite number any more.
        """
        checkpoint = out / "checkpoint.npz"
        if resume:  # first of all: nothing is created or changed when there is nothing to resume
            self.load_state_dict(minitorch.load(checkpoint))
        print(f"{self.model}\n{about}", flush=True)
        out.mkdir(parents=True, exist_ok=True)
        if not resume and checkpoint.exists():
            aside = out / "checkpoint-previous.npz"
            checkpoint.replace(aside)
            print(
                f"A new run: the checkpoint of the previous one is kept as {aside}. To go on with a run, use --resume."
            )
        with StopRequest() as stop:
            while not self.finished and not stop.requested:
                self.run_epoch(stop)
                minitorch.save(self.state_dict(), checkpoint)
                if self.log:
                    write_log(self.log, out / "log.csv")
        if not self.finished:
            print(
                f"Interrupted in epoch {self.epoch + 1}; saved as {checkpoint}. The same command with --resume goes on."
            )
            return False
        if self.best:
            self.model.load_state_dict(self.best)
            print(
                f"The network of epoch {self.best_epoch} is kept: its loss on the {self.held_out} part is the smallest."
            )
        self.save(out)
        return True

    def save(self, out: Path) -> None:
        """Save the network that is kept."""
        minitorch.save(self.model.state_dict(), out / "weights.npz")

    # Checkpoints

    def state_dict(self) -> dict[str, Array]:
        """Everything that decides how the run goes on, as arrays."""
        parts = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": random_state(),
            "totals": {name: np.array(value) for name, value in asdict(self.totals).items()},
            "best": self.best,
        }
        state = {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        state["place"] = np.array([self.epoch, self.batch])
        state["settings"] = np.array(json.dumps(asdict(self.settings)))
        state["log"] = np.array(json.dumps(self.log))
        return state

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from where `state_dict` was called.

        Raises:
            DataFileError: The state does not come from such a run.
            ArgumentError: It comes from a run with other settings.
        """
        try:
            saved = dict(json.loads(str(state["settings"])))
            log = json.loads(str(state["log"]))
            epoch, batch = (int(number) for number in state["place"])
            parts: dict[str, dict[str, Array]] = {}
            for key, array in state.items():
                part, slash, name = key.partition("/")
                if slash:
                    parts.setdefault(part, {})[name] = array
            totals = Totals(*[parts["totals"][name].item() for name in ("loss", "correct", "count")])
            model, optimizer, schedule = parts["model"], parts["optimizer"], parts["schedule"]
            generator = parts["random"]
        except (KeyError, ValueError, TypeError) as error:
            raise DataFileError(
                explain(
                    "The checkpoint was not written by this script.",
                    got=f"{type(error).__name__}: {error}",
                    expected=f"a checkpoint.npz of {self.script}",
                    fix="start a new run without --resume",
                )
            ) from error
        now = asdict(self.settings)
        differing = [name for name in now if saved.get(name) != now[name]]
        if differing:
            raise ArgumentError(
                explain(
                    "The run cannot be resumed with other settings.",
                    got=", ".join(f"{name}={now[name]}" for name in differing),
                    expected=", ".join(f"{name}={saved.get(name)}" for name in differing),
                    fix="give the same options as when the run was started, or start a new one without --resume",
                )
            )
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)
        self.schedule.load_state_dict(schedule)
        set_random_state(generator)
        self.epoch, self.batch, self.totals, self.log = epoch, batch, totals, log
        self.best = parts.get("best", {})


def write_log(log: list[dict[str, float]], path: Path) -> None:
    """Write the log as CSV, with all digits, so that two runs can be compared exactly."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(log[0]))
        writer.writeheader()
        writer.writerows(log)


def slices(count: int, size: int) -> Iterator[slice]:
    """Cut `count` items into pieces of `size`; the last may be smaller."""
    for start in range(0, count, size):
        yield slice(start, start + size)


def import_pictures() -> ModuleType | None:
    """The module that draws; or None, and a line that says so, where matplotlib is not installed."""
    try:
        from project import pictures
    except ImportError as error:
        print(f"No pictures were drawn, for {error.name} is not installed: pip install -r requirements.txt")
        return None
    return pictures


# The command line


class HelpWithDefaults(argparse.ArgumentDefaultsHelpFormatter):
    """Help that tells the default of each option that has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, False, "") else super()._get_help_string(action)


def training_parser(
    description: str, items: str, *, epochs: int, batch_size: int, lr: float, out: Path
) -> argparse.ArgumentParser:
    """A command line with the options that all trainings share, and their defaults in a script.

    Args:
        description: What the script does.
        items: What the items are called.
        epochs: Passes over the training data.
        batch_size: Items in a step.
        lr: The first learning rate.
        out: The folder for what the script writes.
    """
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Exit status: 0 success, 1 the target was missed, 2 wrong arguments or data, 130 interrupted.",
        formatter_class=HelpWithDefaults,
    )
    parser.add_argument(
        "--epochs", type=number_between(1, kind=int), default=epochs, help="passes over the training data"
    )
    parser.add_argument("--batch-size", type=number_between(1, kind=int), default=batch_size, help=f"{items} per step")
    parser.add_argument("--lr", type=number_between(0, open_low=True), default=lr, help="first learning rate")
    parser.add_argument("--seed", type=number_between(0, kind=int), default=0, help="seed of all randomness")
    parser.add_argument(
        "--backend", choices=list(BACKENDS), default="fast", help=f"simple is plain Python: use few {items}"
    )
    parser.add_argument("--out", type=Path, default=out, help="folder for weights, log and pictures")
    parser.add_argument("--resume", action="store_true", help="go on with the interrupted run in --out")
    return parser


def add_sizes(parser: argparse.ArgumentParser, items: str, train: int, test: int) -> None:
    """Add the options --train-size and --test-size, with all items as defaults."""
    for part, count in (("train", train), ("test", test)):
        parser.add_argument(
            f"--{part}-size",
            type=number_between(1, count, kind=int),
            default=count,
            help=f"how many {items} to {part} on",
        )


def add_target_accuracy(parser: argparse.ArgumentParser) -> None:
    """Add the option --target-accuracy; see `reach`."""
    parser.add_argument(
        "--target-accuracy",
        type=number_between(1, 100, open_low=True),
        help="test accuracy to reach, in percent; the exit status tells whether it was",
    )


def settings_from(kind: type[Any], options: argparse.Namespace) -> Any:
    """Settings of a kind, a dataclass, from the options of the same names."""
    return kind(**{field.name: getattr(options, field.name) for field in fields(kind)})


def reach(accuracy: float, target: float | None) -> int:
    """Say whether a target was reached, if there is one, and return the exit status."""
    if target is None:
        return 0
    reached = accuracy >= target
    print(f"target accuracy {target:.2f} %: {'reached' if reached else 'missed'}")
    return 0 if reached else 1


def number_between(low: float, high: float = math.inf, kind: type = float, open_low: bool = False) -> Any:
    """A type for argparse: a finite number of at least `low` (or more than it, if `open_low`) and at most `high`."""

    def read(text: str) -> Any:
        wanted = f"{'a whole number' if kind is int else 'a number'} {'more than' if open_low else 'of at least'} {low}"
        wanted += f" and at most {high}" if high < math.inf else ""
        try:
            value = kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}") from None
        if not (low < value if open_low else low <= value) or not value <= high or math.isinf(value):
            raise argparse.ArgumentTypeError(f"{text} is not {wanted}")
        return value

    return read


def run_main(main: Callable[[list[str]], int]) -> None:
    """Run a script: errors made by people are shown without a traceback, and the exit status tells how it went.

    The status is 0 for success, 1 for a target that was not reached, 2 for wrong arguments or data, and 130 for Ctrl-C.
    """
    try:
        sys.exit(main(sys.argv[1:]))
    except (MinitorchError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
