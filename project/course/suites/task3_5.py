"""The cases of task 3.5, training with the fast backend."""

from collections.abc import Sequence
from typing import Any

import numpy as np

import minitorch
from minitorch import SimpleOps, TensorBackend
from minitorch.datasets import Graph
from project import toy
from project.course.cases import Case, Values
from project.course.inputs import Array, numbers, random_array, rng_for
from project.run_fast_tensor import FastTrain

TASK = "3_5"

ANOTHER = TensorBackend(SimpleOps)
"""A backend that is neither of those of the library, and computes like the readable one."""

BACKENDS = {"simple": minitorch.SimpleBackend, "fast": minitorch.FastBackend, "another": ANOTHER}

DEFAULT = "the one that is used unless another is named"


def build(hidden: int, backend: str) -> FastTrain:
    """The training that the student's class builds."""
    return FastTrain(hidden) if backend == DEFAULT else FastTrain(hidden, BACKENDS[backend])


def name_of(backend: TensorBackend) -> str:
    """The name of a backend in this suite."""
    return next((name for name, known in BACKENDS.items() if known is backend), repr(backend))


def run_build(hidden: int, backend: str) -> Values:
    """What the network looks like, and on which backend it computes."""
    training = build(hidden, backend)
    weights = [parameter.value for parameter in training.model.parameters()]
    return {
        "shapes of the weights": [list(weight.shape) for weight in weights],
        "backend of the weights": [name_of(weight.backend) for weight in weights],
        "backend of the points": name_of(training.backend),
        "width that train() will use": training.hidden_layers,
    }


def run_network(hidden: int, backend: str, weights: Sequence[Array], points: Sequence[tuple[float, float]]) -> Values:
    """The probabilities that the network gives, once it has certain weights."""
    training = build(hidden, backend)
    for parameter, array in zip(training.model.parameters(), weights, strict=True):
        parameter.update(minitorch.tensor(array, backend=BACKENDS[backend]))
    probabilities = training.run_many(points)
    return {"probabilities": numbers(probabilities), "their backend": name_of(probabilities.backend)}


def losses_of(training: toy.ToyTrain, data: Graph) -> list[float]:
    """The losses of five epochs, each of them starting from the same random numbers."""
    losses: list[float] = []
    minitorch.manual_seed(3)
    training.train(data, 0.5, 5, lambda epoch, loss, correct, all_losses: losses.extend(all_losses))
    return losses


def run_training(hidden: int, points: Sequence[tuple[float, float]], labels: Sequence[int]) -> Values:
    """Whether the fast backend learns the same as the readable one does in the last task of module 2."""
    data = Graph(len(points), list(points), list(labels))
    losses = losses_of(build(hidden, "fast"), data)
    others = losses_of(toy.TensorToyTrain(hidden, minitorch.SimpleBackend), data)
    return {
        "epochs": len(losses),
        "the losses fall": losses[-1] < losses[0],
        "the losses are those of the readable backend": bool(np.allclose(losses, others, rtol=1e-6)),
    }


def build_case(name: str, hidden: int, backend: str) -> Case:
    """A case for the network as it is built."""
    return Case(TASK, name, run_build, "build", {"hidden": hidden, "backend": backend}, stages=("plain",))


def network_case(name: str, backend: str, stages: tuple[str, ...] = ("plain",)) -> Case:
    """A case for what the network computes, on random weights."""
    rng = rng_for(name)
    hidden = 3
    shapes = [(hidden, 2), (hidden,), (hidden, hidden), (hidden,), (1, hidden), (1,)]
    inputs: dict[str, Any] = {
        "hidden": hidden,
        "backend": backend,
        "weights": [random_array(rng, shape) for shape in shapes],
        "points": [(0.25, 0.5), (0.75, 0.125), (1.0, 0.0), (0.0, 0.625)],
    }
    return Case(TASK, name, run_network, "network", inputs, stages=stages)


def _cases() -> list[Case]:
    points = [(0.125, 0.5), (0.25, 0.75), (0.375, 0.25), (0.625, 0.875), (0.75, 0.125), (0.875, 0.5)]
    training = {"hidden": 4, "points": points, "labels": [1, 1, 1, 0, 0, 0]}
    return [
        build_case("the simple backend", 2, "simple"),
        build_case("the fast backend", 3, "fast"),
        build_case("a backend that is not of the library", 3, "another"),
        build_case("no backend is named", 4, DEFAULT),
        network_case("probabilities, on the simple backend", "simple"),
        network_case("probabilities, on a backend that is not of the library", "another"),
        network_case("probabilities, on the fast backend", "fast", ("plain", "one thread", "threads")),
        Case(TASK, "five epochs of training", run_training, "training", training, stages=("plain", "threads")),
    ]


CASES = _cases()
