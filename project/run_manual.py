"""Classify points with weights set by hand: the first network, before there is any training (module 0 of the course).

    python project/run_manual.py --weights -10 0 --bias 5

The model computes sigmoid(w1 * x1 + w2 * x2 + b), the probability of label 1. The weights above say "label 1 on the
left of x1 = 0.5". Change them and see which points change sides. Without them, the script takes weights that fit the
data set, if there are any.
"""

import argparse
from collections.abc import Sequence

import minitorch
from minitorch import ArgumentError, Module, Parameter, operators
from minitorch.datasets import Graph, Point
from minitorch.errors import explain
from project.training import number_between, run_main


class Network(Module):
    """Two weights, a bias and a sigmoid, on plain numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w2, self.bias = Parameter(0.0), Parameter(0.0), Parameter(0.0)

    def forward(self, x: Sequence[float]) -> float:
        """The probability of label 1 for a point: the sigmoid of w1 * x1 + w2 * x2 + bias."""
        return operators.sigmoid(self.w1.value * x[0] + self.w2.value * x[1] + self.bias.value)


def choose_weights(dataset: str) -> tuple[float, float, float]:
    """Choose the line that puts every point of a data set on the right side.

    Args:
        dataset: The name of the data set, as in `minitorch.datasets`.

    Returns:
        w1, w2 and bias: w1 * x1 + w2 * x2 + bias is more than 0 for the points with label 1, and for no others.

    Raises:
        ArgumentError: No straight line separates the points of this data set.
    """
    lines = {"Simple": (-10.0, 0.0, 5.0), "Diag": (-10.0, -10.0, 5.0)}
    if dataset not in lines:
        raise ArgumentError(
            explain(
                "No straight line separates the two labels.",
                got=dataset,
                expected=f"one of {', '.join(lines)}",
                fix="choose another data set, or train a network with a hidden layer",
            )
        )
    return lines[dataset]


class ManualTrain:
    """The model, under the name by which the course uses it.

    Args:
        hidden_layers: Accepted for the sake of the course's other models; this one has no hidden layer.
    """

    def __init__(self, hidden_layers: int = 0) -> None:
        self.model = Network()

    def set_weights(self, w1: float, w2: float, bias: float) -> None:
        """Choose the line that separates the classes: w1 * x1 + w2 * x2 + bias = 0."""
        self.model.w1.update(w1)
        self.model.w2.update(w2)
        self.model.bias.update(bias)

    def run_one(self, x: Point) -> float:
        """The probability of label 1 for one point."""
        return self.model((x[0], x[1]))


def sketch(data: Graph, training: ManualTrain, columns: int = 48, rows: int = 20) -> str:
    """The unit square as text: the model's label 1 is dotted, points are 0 and 1, and those on the wrong side are X."""
    canvas = []
    for row in range(rows):
        x2 = 1 - (row + 0.5) / rows  # the first line is the top
        canvas.append(["." if training.run_one(((c + 0.5) / columns, x2)) > 0.5 else " " for c in range(columns)])
    for (x1, x2), y in zip(data.X, data.y):
        row, column = min(int((1 - x2) * rows), rows - 1), min(int(x1 * columns), columns - 1)
        right = (training.run_one((x1, x2)) > 0.5) == (y == 1)
        canvas[row][column] = str(y) if right else "X"
    border = "+" + "-" * columns + "+"
    return "\n".join([border, *["|" + "".join(line) + "|" for line in canvas], border])


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    names = {name.lower(): name for name in minitorch.datasets}
    finite = number_between(-1e9, 1e9)
    parser = argparse.ArgumentParser(
        description="Classify points with weights set by hand.",
        epilog="Exit status: 0 success, 1 the target accuracy was missed, 2 wrong arguments.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    # What is not given is left out, and chosen later: the default depends on the data set.
    chosen = {"type": finite, "default": argparse.SUPPRESS, "help": "chosen for the data set if not given"}
    parser.add_argument("--weights", nargs=2, metavar=("W1", "W2"), **chosen)
    parser.add_argument("--bias", **chosen)
    parser.add_argument("--dataset", choices=list(names), default="simple", type=str.lower)
    parser.add_argument("--points", type=number_between(2, kind=int), default=50, help="number of points")
    parser.add_argument("--seed", type=number_between(0, kind=int), default=0, help="seed of the points")
    parser.add_argument("--target-accuracy", type=number_between(1, 100, open_low=True), help="in percent")
    arguments = parser.parse_args(argv)

    name = names[arguments.dataset]
    data = minitorch.datasets[name](arguments.points, seed=arguments.seed)
    training = ManualTrain()
    try:
        w1, w2, bias = choose_weights(name)
    except ArgumentError:  # no line is right: this one is a start
        w1, w2, bias = -10.0, 0.0, 5.0
    w1, w2 = getattr(arguments, "weights", (w1, w2))
    training.set_weights(w1, w2, getattr(arguments, "bias", bias))
    correct = sum((training.run_one(x) > 0.5) == (y == 1) for x, y in zip(data.X, data.y))
    accuracy = 100 * correct / data.N
    print(sketch(data, training))
    print("Dots: the model says 1. Digits: points on the right side. X: points on the wrong side.")
    print(f"{correct} of {data.N} points are on the right side ({accuracy:.1f} %)")
    return 0 if arguments.target_accuracy is None or accuracy >= arguments.target_accuracy else 1


if __name__ == "__main__":
    run_main(main)
