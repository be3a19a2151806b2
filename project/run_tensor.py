"""Train a network of tensors, with the readable backend, to separate two kinds of points (module 2 of the course)."""

import argparse

from minitorch import SimpleBackend
from project.toy import TensorToyTrain, run_toy
from project.training import run_main


class TensorTrain(TensorToyTrain):
    """The training of a network on the readable backend.

    Args:
        hidden_layers: The width of the hidden layers.
    """

    def __init__(self, hidden_layers: int) -> None:
        super().__init__(hidden_layers, SimpleBackend)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""

    def build(arguments: argparse.Namespace) -> TensorTrain:
        return TensorTrain(arguments.hidden)

    return run_toy(argv, "Train a network of tensors to separate points.", build, lr=0.5, hidden=4)


if __name__ == "__main__":
    run_main(main)
