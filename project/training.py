"""What the training scripts share: the loop itself, progress on the screen, stopping, and checked command lines."""

import argparse
import contextlib
import math
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any, Protocol, TypeVar

import numpy as np

from minitorch import LRScheduler, MinitorchError, Optimizer

INTERRUPTED = 130
"""The exit status of a script that Ctrl-C ended, as shells have it."""


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


def random_state() -> dict[str, np.ndarray]:
    """The state of Python's random generator, as arrays."""
    version, numbers, next_gauss = random.getstate()
    return {
        "version": np.array(version),
        "numbers": np.array(numbers, dtype=np.uint32),
        "next_gauss": np.array([] if next_gauss is None else [next_gauss]),
    }


def set_random_state(state: dict[str, np.ndarray]) -> None:
    """Put Python's random generator into a state that `random_state` returned."""
    next_gauss = state["next_gauss"].tolist()
    numbers = tuple(state["numbers"].tolist())
    random.setstate((int(state["version"]), numbers, next_gauss[0] if next_gauss else None))


# The command line


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
