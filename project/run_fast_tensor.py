"""Train a network of tensors, with the backend of your choice, to separate two kinds of points (module 3)."""

import argparse

from minitorch import FastBackend, SimpleBackend, TensorBackend
from project.toy import TensorToyTrain, run_toy
from project.training import run_main

# "cpu" is what the course calls the fast backend.
BACKENDS = {"fast": FastBackend, "cpu": FastBackend, "simple": SimpleBackend}


class FastTrain(TensorToyTrain):
    """The training of a network on any backend.

    Args:
        hidden_layers: The width of the hidden layers.
        backend: What computes.
    """

    def __init__(self, hidden_layers: int, backend: TensorBackend = FastBackend) -> None:
        super().__init__(hidden_layers, backend)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""

    def extend(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--backend", "--BACKEND", choices=list(BACKENDS), default="fast", help="what computes")

    def build(arguments: argparse.Namespace) -> FastTrain:
        return FastTrain(arguments.hidden, BACKENDS[arguments.backend])

    return run_toy(
        argv, "Train a network of tensors, fast, to separate points.", build, lr=0.5, hidden=10, extend=extend
    )


if __name__ == "__main__":
    run_main(main)
