"""What the toy scripts share: training a classifier of points, its command line, and the picture of what it learned."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import minitorch
from minitorch import SGD, Linear, Module, ReLU, Sequential, Tensor, TensorBackend
from minitorch.datasets import Graph, Point
from project.training import Differentiable, number_between, train_epoch

LogFunction = Callable[[int, float, int, list[float]], None]


def default_log_fn(epoch: int, total_loss: float, correct: int, losses: list[float]) -> None:
    """Print a line for an epoch: the loss, and how many points are on the right side."""
    print(f"epoch {epoch:4}   loss {total_loss:9.4f}   correct {correct}", flush=True)


class ToyTrain:
    """A classifier of points and its training. A subclass says what the model is and how it computes.

    Attributes:
        model: The model, made anew by each `train`.
    """

    model: Module

    def build(self) -> Module:
        """Make the model, with random weights."""
        raise NotImplementedError

    def run_many(self, X: Sequence[Point]) -> Any:
        """The probability of label 1 for each point, of shape (points, 1)."""
        raise NotImplementedError

    def objective(self, data: Graph) -> tuple[Differentiable, int, int]:
        """The mean loss over all points, how many are on the right side, and how many there are."""
        raise NotImplementedError

    def train(
        self, data: Graph, learning_rate: float, max_epochs: int = 500, log_fn: LogFunction = default_log_fn
    ) -> int:
        """Train a new model on all points at once, again and again.

        Args:
            data: The points and their labels.
            learning_rate: The size of a step.
            max_epochs: The number of steps.
            log_fn: Is called every ten epochs, and at the end, with the epoch, the sum of the losses of all points,
                the number of correct ones, and all sums so far.

        Returns:
            How many points were on the right side in the last epoch.
        """
        self.model = self.build()
        optimizer = SGD(self.model.parameters(), learning_rate)
        losses: list[float] = []
        correct = 0
        for epoch in range(1, max_epochs + 1):
            for totals in train_epoch([data], self.objective, optimizer):
                losses.append(totals.loss)
                correct = totals.correct
            if epoch % 10 == 0 or epoch == max_epochs:
                log_fn(epoch, losses[-1], correct, losses)
        return correct


class TensorToyTrain(ToyTrain):
    """A network of two hidden layers, computed with tensors.

    Args:
        hidden_layers: The width of the hidden layers.
        backend: What computes.
    """

    def __init__(self, hidden_layers: int, backend: TensorBackend) -> None:
        self.hidden_layers = hidden_layers
        self.backend = backend
        self.model = self.build()

    def build(self) -> Module:
        """2 -> hidden -> hidden -> 1, whose output is the logit of label 1."""
        hidden, backend = self.hidden_layers, self.backend
        return Sequential(
            Linear(2, hidden, backend=backend),
            ReLU(),
            Linear(hidden, hidden, backend=backend),
            ReLU(),
            Linear(hidden, 1, backend=backend),
        )

    def logits(self, X: Sequence[Point]) -> Tensor:
        """The logit of label 1 for each point, of shape (points, 1)."""
        return self.model(minitorch.tensor([list(x) for x in X], backend=self.backend))

    def run_one(self, x: Point) -> Tensor:
        """The probability of label 1 for one point, of shape (1, 1)."""
        return self.run_many([x])

    def run_many(self, X: Sequence[Point]) -> Tensor:
        """The probability of label 1 for each point, of shape (points, 1)."""
        return self.logits(X).detach().sigmoid()

    def objective(self, data: Graph) -> tuple[Tensor, int, int]:
        """The mean loss over all points, how many are on the right side, and how many there are."""
        logits = self.logits(data.X)
        labels = np.array(data.y).reshape(-1, 1)  # (points, 1)
        loss = minitorch.binary_cross_entropy_with_logits(logits, labels)
        correct = int(((logits.to_numpy() > 0) == labels).sum())
        return loss, correct, len(data.y)


def run_toy(
    argv: list[str],
    description: str,
    build: Callable[[argparse.Namespace], ToyTrain],
    *,
    lr: float,
    hidden: int,
    extend: Callable[[argparse.ArgumentParser], None] | None = None,
) -> int:
    """The command line of a toy script.

    Args:
        argv: The arguments.
        description: What the script does.
        build: Makes the training from the arguments that were read.
        lr: The learning rate, unless one is given.
        hidden: The width of the hidden layers, unless one is given.
        extend: Adds arguments of the script's own.

    Returns:
        The exit status: 0, or 1 if the target accuracy was missed.
    """
    parser = argparse.ArgumentParser(
        description=description,
        epilog="Exit status: 0 success, 1 the target accuracy was missed, 2 wrong arguments.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    names = {name.lower(): name for name in minitorch.datasets}
    whole = number_between(1, kind=int)
    parser.add_argument("--dataset", "--DATASET", choices=list(names), default="simple", type=str.lower)
    parser.add_argument("--points", "--PTS", type=number_between(2, kind=int), default=50, help="number of points")
    parser.add_argument("--hidden", "--HIDDEN", type=whole, default=hidden, help="width of the hidden layers")
    parser.add_argument("--lr", "--RATE", type=number_between(0, open_low=True), default=lr, help="learning rate")
    parser.add_argument("--epochs", type=whole, default=500, help="number of steps, each on all points")
    parser.add_argument("--seed", type=number_between(0, kind=int), default=0, help="seed of all randomness")
    parser.add_argument("--target-accuracy", type=number_between(1, 100, open_low=True), help="in percent")
    parser.add_argument("--out", type=Path, help="folder for a picture of the result")
    if extend is not None:
        extend(parser)
    arguments = parser.parse_args(argv)

    minitorch.manual_seed(arguments.seed)
    data = minitorch.datasets[names[arguments.dataset]](arguments.points)
    training = build(arguments)
    correct = training.train(data, arguments.lr, arguments.epochs)
    accuracy = 100 * correct / data.N
    print(f"{correct} of {data.N} points are on the right side ({accuracy:.1f} %)")
    if arguments.out is not None:
        draw(training, data, arguments.out)
    return 0 if arguments.target_accuracy is None or accuracy >= arguments.target_accuracy else 1


def draw(training: ToyTrain, data: Graph, out: Path) -> None:
    """Draw what the model says of every place, if matplotlib is there."""
    try:
        from project import pictures
    except ImportError as error:
        print(f"No picture was drawn, for {error.name} is not installed: pip install -r requirements.txt")
        return
    out.mkdir(parents=True, exist_ok=True)
    pictures.draw_boundary(data.X, data.y, lambda points: np.asarray(training.run_many(points)), out / "boundary.png")
    print(f"The picture is {out / 'boundary.png'}")
