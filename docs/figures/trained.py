"""A network that reads digits, for the figures that show what one has learned.

It is the network of `project/run_mnist_multiclass.py`, trained as there, but on a part of the images and for a shorter
time. Figures that are drawn by the same process share it.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from minitorch import FastBackend, Sequential, Tensor
from project import mnist
from project.run_mnist_multiclass import MnistSettings, MnistTraining, evaluate, to_input
from project.training import train_epoch

TRAIN_SIZE = 20000
EPOCHS = 2
SEED = 0

Array = npt.NDArray[Any]


@dataclass
class Trained:
    """A trained network, and what is known of it.

    Attributes:
        model: The network, in evaluation mode.
        losses: The mean loss of each batch, in the order of training.
        images: The images it was not trained on, of shape (digits, 28, 28), from 0 to 255.
        labels: What they are, of shape (digits,).
        probabilities: What the network says of them, of shape (digits, 10).
    """

    model: Sequential
    losses: list[float]
    images: Array
    labels: Array
    probabilities: Array


@functools.cache
def trained() -> Trained:
    """Train the network, once in each process; it takes some seconds."""
    images, labels = mnist.load("train")
    test = mnist.load("t10k")
    settings = MnistSettings(EPOCHS, 64, 0.05, SEED, "fast", TRAIN_SIZE, len(test[1]))
    run = MnistTraining(settings, (images[:TRAIN_SIZE], labels[:TRAIN_SIZE]), test)
    run.model.train()
    losses = []
    for epoch in range(EPOCHS):
        run.epoch = epoch  # the order of the images depends on it
        before = 0.0, 0
        for totals in train_epoch(run.batches(), run.objective, run.optimizer, run.schedule):
            losses.append((totals.loss - before[0]) / (totals.count - before[1]))
            before = totals.loss, totals.count
    probabilities = evaluate(run.model, *test, run.backend).probabilities
    assert isinstance(run.model, Sequential)
    return Trained(run.model, losses, *test, probabilities)


def stages(model: Sequential, image: Array) -> list[Array]:
    """What each layer makes of an image (28, 28): the input, and then the output of one layer after the other."""
    x = input_of(image)
    made = [x.to_numpy()[0]]
    for layer in model.modules():
        x = layer(x)
        made.append(x.to_numpy()[0])
    return made


def input_of(image: Array) -> Tensor:
    """An image (28, 28) as the network takes it, (1, 1, 28, 28)."""
    return to_input(np.asarray(image)[None], FastBackend)
