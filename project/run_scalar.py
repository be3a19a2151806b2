"""Train a network of Scalars, one number at a time, to separate two kinds of points (module 1 of the course)."""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch import Module, Scalar, ScalarLinear
from minitorch.datasets import Graph, Point
from project.toy import ToyTrain, run_toy
from project.training import run_main


class Network(Module):
    """2 -> hidden -> hidden -> 1, on Scalars.

    Args:
        hidden_layers: The width of the hidden layers.
    """

    def __init__(self, hidden_layers: int) -> None:
        super().__init__()
        self.layer1 = ScalarLinear(2, hidden_layers, Scalar)
        self.layer2 = ScalarLinear(hidden_layers, hidden_layers, Scalar)
        self.layer3 = ScalarLinear(hidden_layers, 1, Scalar)

    def forward(self, x: Sequence[Any]) -> Scalar:
        """The probability of label 1 for a point."""
        middle = [h.relu() for h in self.layer1(x)]
        end = [h.relu() for h in self.layer2(middle)]
        return self.layer3(end)[0].sigmoid()


class ScalarTrain(ToyTrain):
    """The training of such a network.

    Args:
        hidden_layers: The width of the hidden layers.
    """

    def __init__(self, hidden_layers: int) -> None:
        self.hidden_layers = hidden_layers
        self.model = self.build()

    def build(self) -> Network:
        """Make a new network."""
        return Network(self.hidden_layers)

    def run_one(self, x: Point) -> Scalar:
        """The probability of label 1 for one point."""
        return self.model((Scalar(x[0], name="x_1"), Scalar(x[1], name="x_2")))

    def run_many(self, X: Sequence[Point]) -> Any:
        """The probability of label 1 for each point, an array of shape (points, 1)."""
        return np.array([[self.run_one(x).data] for x in X])

    def objective(self, data: Graph) -> tuple[Scalar, int, int]:
        """The mean loss over all points, how many are on the right side, and how many there are."""
        total, correct = Scalar(0.0), 0
        for x, y in zip(data.X, data.y):
            probability = self.run_one(x)
            right = probability if y == 1 else 1.0 - probability
            total = total - right.log()
            correct += int(right.data > 1 / 2)
        return total / len(data.y), correct, len(data.y)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""

    def build(arguments: argparse.Namespace) -> ScalarTrain:
        return ScalarTrain(arguments.hidden)

    return run_toy(argv, "Train a network of Scalars to separate points.", build, lr=0.5, hidden=2)


if __name__ == "__main__":
    run_main(main)
