"""The cases of task 1.5, training a network of Scalars."""

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minitorch import SGD, Optimizer, Parameter, Scalar, ScalarLinear
from minitorch.datasets import Graph, Point
from project import run_scalar, training
from project.course.cases import Case, Values
from project.course.inputs import Array, random_array, rng_for

TASK = "1_5"


# The layer


def run_layer(weights: Array, biases: Array, inputs: Array) -> Values:
    """The layer on plain numbers: weights (in_features, out_features), biases (out_features,)."""
    layer = ScalarLinear(len(weights), len(biases))
    fill(layer.parameters(), [*weights.ravel().tolist(), *biases.tolist()])
    return {"outputs": np.array([float(x) for x in layer.forward(inputs.tolist())])}


def run_layer_of_scalars(weights: Array, biases: Array, inputs: Array, upstream: Array) -> Values:
    """The layer on Scalars, and the derivatives of its outputs, each of which is given a derivative of its own."""
    layer = ScalarLinear(len(weights), len(biases), Scalar)
    parameters = layer.parameters()
    fill(parameters, map(Scalar, [*weights.ravel().tolist(), *biases.tolist()]))
    leaves = [Scalar(x) for x in inputs.tolist()]
    outputs = list(layer.forward(leaves))
    for output, derivative in zip(outputs, upstream.tolist()):
        output.backward(derivative)
    found = derivatives([parameter.value for parameter in parameters])
    return {
        "outputs": np.array([float(x) for x in outputs]),
        "derivatives of the weights": found[: weights.size].reshape(weights.shape),
        "derivatives of the biases": found[weights.size :],
        "derivatives of the inputs": derivatives(leaves),
    }


def fill(parameters: Iterable[Parameter], values: Iterable[Any]) -> None:
    """Put values into parameters."""
    for parameter, value in zip(parameters, values):
        parameter.update(value)


def derivatives(scalars: Iterable[Scalar]) -> Array:
    """What Scalars have collected; NaN where nothing came."""
    return np.array([np.nan if x.derivative is None else x.derivative for x in scalars])


# The optimizer


class Cells:
    """Several numbers in one parameter: what an optimizer needs of a tensor, and no more.

    Args:
        values: The numbers.
        gradient: Their gradient.

    Attributes:
        grad: The gradient, of the same kind, or None.
    """

    def __init__(self, values: Any, gradient: Any = None) -> None:
        self.values = np.array(values)
        self.grad = None if gradient is None else Cells(gradient)

    def numbers(self) -> Array:
        """The numbers, to be read only."""
        self.values.flags.writeable = False
        return self.values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype=dtype)

    def like(self, values: Any) -> "Cells":
        """Other numbers of this kind."""
        return Cells(values)


class Leaning(Optimizer):
    """An optimizer whose direction depends on all that it is given: value, gradient, and how often it was asked."""

    def _direction(self, value: Array, gradient: Array, memory: dict[str, Any]) -> Array:
        memory["asked"] = memory.get("asked", 0) + 1
        return memory["asked"] * gradient + 0.5 * value


def with_derivatives(values: Sequence[float], gradients: Sequence[float | None]) -> list[Parameter]:
    """Parameters that hold Scalars, which have collected derivatives."""
    parameters = [Parameter(Scalar(value)) for value in values]
    for parameter, gradient in zip(parameters, gradients):
        parameter.value.derivative = gradient
    return parameters


def run_directions(
    values: Array, gradients: Sequence[Array], momentum: float, weight_decay: float, memories: int = 1
) -> Values:
    """The directions of some steps. The gradient lies in the same memory each time, and parameters may take turns."""
    optimizer = SGD([], 0.1, momentum, weight_decay)
    remembered: list[dict[str, Any]] = [{} for _ in range(memories)]
    value, gradient = values.copy(), np.empty_like(values)
    directions, are_untouched = [], []
    for step, arriving in enumerate(gradients):
        gradient[:] = arriving
        directions.append(np.array(optimizer._direction(value, gradient, remembered[step % memories])))
        are_untouched.append(bool((gradient == arriving).all() and (value == values).all()))
    return {"directions": directions, "value and gradient stay as they are": are_untouched}


def run_velocity(values: Array, gradients: Sequence[Array], momentum: float) -> Values:
    """What is remembered after some steps: other optimizers go on from it, when it is saved and loaded."""
    optimizer = SGD([], 0.1, momentum)
    memory: dict[str, Any] = {}
    for gradient in gradients:
        optimizer._direction(values, gradient, memory)
    return {"names": sorted(memory), "velocity": np.array(memory.get("velocity", np.nan))}


def run_step(
    values: Sequence[float],
    gradients: Sequence[Sequence[float | None]],
    lr: float,
    kind: str = "SGD",
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> Values:
    """Some steps on parameters that hold Scalars. None among the gradients stands for a parameter without one."""
    parameters = with_derivatives(values, [])
    optimizer = Leaning(parameters, lr) if kind == "Leaning" else SGD(parameters, lr, momentum, weight_decay)
    after = []
    for arriving in gradients:
        for parameter, gradient in zip(parameters, arriving):
            parameter.value.derivative = gradient
        optimizer.step()
        after.append(np.array([parameter.value.data for parameter in parameters]))
    left = [p.value.derivative for p in parameters]
    return {
        "values after each step": after,
        "who has a derivative afterwards": [i for i, derivative in enumerate(left) if derivative is not None],
        "who is a leaf afterwards": [i for i, parameter in enumerate(parameters) if parameter.value.is_leaf()],
    }


def run_step_of_cells(values: Array, gradient: Array, lr: float, steps: int) -> Values:
    """Steps on a parameter that holds several numbers."""
    parameter = Parameter(Cells(values, gradient))
    optimizer = Leaning([parameter], lr)
    had_gradient = []
    for _ in range(steps):
        optimizer.step()
        had_gradient.append(parameter.value.grad is not None)
        parameter.value.grad = Cells(gradient)
    return {"values": np.array(parameter.value), "the new value has a gradient": had_gradient}


def run_zero_grad(values: Sequence[float], before: Sequence[float | None], arriving: Sequence[float | None]) -> Values:
    """What Scalars collect after their derivatives were forgotten."""
    parameters = with_derivatives(values, before)
    SGD(parameters).zero_grad()
    for parameter, new in zip(parameters, arriving):
        if new is not None:
            parameter.value.accumulate_derivative(new)
    return {
        "derivatives": [parameter.value.derivative or 0.0 for parameter in parameters],
        "values": [parameter.value.data for parameter in parameters],
    }


def run_zero_grad_of_cells(values: Array, gradient: Array) -> Values:
    """Whether a gradient of several numbers is forgotten."""
    parameter = Parameter(Cells(values, gradient))
    SGD([parameter]).zero_grad()
    left = parameter.value.grad
    return {"is forgotten": left is None or not np.any(np.asarray(left)), "values": np.array(parameter.value)}


# The training loop


class Loss:
    """A loss of which only the value and the derivative are known.

    Args:
        practice: The training that it belongs to.
        value: Its value.
        derivative: What its backward pass adds to the gradient.
    """

    def __init__(self, practice: "Practice", value: float, derivative: float) -> None:
        self.practice = practice
        self.value = value
        self.derivative = derivative

    def __float__(self) -> float:
        return self.value

    def backward(self) -> None:
        """Add the derivative to the gradient."""
        self.practice.passes += 1
        self.practice.gradient += self.derivative


class Practice(Optimizer):
    """A model of one weight, an optimizer and a schedule in one, that note what happens.

    Attributes:
        weight: The weight; each step lowers it by lr times the gradient.
        gradient: The gradient that has been collected.
        passes: How many backward passes there have been.
        used: The gradient with which each step was made.
        passes_before: How many backward passes there were before each step.
        rates: The learning rate of each step.
    """

    def __init__(self) -> None:
        super().__init__([], 1.0)
        self.weight, self.gradient, self.passes = 0.0, 0.0, 0
        self.used: list[float] = []
        self.passes_before: list[int] = []
        self.rates: list[float] = []

    def zero_grad(self) -> None:
        """Forget the gradient."""
        self.gradient = 0.0

    def step(self) -> None:
        """Change the weight."""
        self.used.append(self.gradient)
        self.passes_before.append(self.passes)
        self.rates.append(self.lr)
        self.weight -= self.lr * self.gradient

    def objective(self, batch: tuple[float, float, int, int]) -> tuple[Loss, int, int]:
        """The loss depends on the weight; its derivative, how many are correct, and how many there are, are given."""
        loss, derivative, correct, count = batch
        return Loss(self, loss + self.weight, derivative), correct, count


class Halving:
    """A schedule that halves the learning rate.

    Args:
        optimizer: The optimizer to steer.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer

    def step(self) -> None:
        """Halve the learning rate."""
        self.optimizer.lr /= 2


def run_loop(
    batches: Sequence[tuple[float, float, int, int]], scheduled: bool = False, before: Sequence[float] | None = None
) -> Values:
    """The training loop. Each batch is a loss, its derivative, how many items are correct, and how many there are."""
    practice = Practice()
    schedule: Any = Halving(practice) if scheduled else None
    earlier = None if before is None else training.Totals(before[0], int(before[1]), int(before[2]))
    rows = []
    loop: Any = training.train_epoch(batches, practice.objective, practice, schedule, earlier)
    for totals in loop:
        rows.append([totals.loss, totals.correct, totals.count, len(practice.used)])
    return {
        "gradient of each step": practice.used,
        "backward passes before each step": practice.passes_before,
        "learning rate of each step": practice.rates,
        "learning rate at the end": practice.lr,
        "loss, correct, count and steps so far, after each batch": rows,
        "the totals that were given, at the end": earlier and [earlier.loss, earlier.correct, earlier.count],
    }


# The network


def run_sizes(hidden: int) -> Values:
    """How many parameters a network has, and how many of them are Scalars."""
    parameters = list(run_scalar.Network(hidden).parameters())
    return {
        "number of parameters": len(parameters),
        "number of Scalars": sum(isinstance(parameter.value, Scalar) for parameter in parameters),
    }


def run_network(hidden: int, values: Array, point: Sequence[float], arriving: float) -> Values:
    """The output for a point, and the derivatives of all parameters: layer by layer, weights before biases."""
    random.seed(0)
    network = run_scalar.Network(hidden)
    parameters = list(network.parameters())
    fill(parameters, map(Scalar, values.tolist()))
    out = network.forward([Scalar(x) for x in point])
    out.backward(arriving)
    return {"probability": float(out), "derivatives": derivatives([parameter.value for parameter in parameters])}


# The objective


class Says:
    """A model that says that the probability of a point is its first coordinate.

    Args:
        X: The points.

    Attributes:
        answers: The Scalars that it answers with, by the coordinate.
    """

    def __init__(self, X: Sequence[Point]) -> None:
        self.answers = {x[0]: Scalar(x[0]) for x in X}

    def __call__(self, x: Sequence[Any]) -> Scalar:
        """Look up the answer."""
        return self.answers[float(x[0])]


class Trained(run_scalar.ScalarTrain):
    """A training whose model is given.

    Args:
        model: The model.
    """

    def __init__(self, model: Any) -> None:
        self.model = model


def run_objective(probabilities: Sequence[float], labels: Sequence[int], arriving: float) -> Values:
    """The loss, what is counted, and the derivative of the loss by each probability."""
    X = [(p, 0.5) for p in probabilities]
    model = Says(X)
    loss, correct, count = Trained(model).objective(Graph(len(X), X, list(labels)))
    loss.backward(arriving)
    return {
        "loss": float(loss),
        "correct": correct,
        "count": count,
        "derivatives of the probabilities": derivatives([model.answers[p] for p in probabilities]),
    }


# Everything together


def run_training(hidden: int, values: Array, points: Array, labels: Sequence[int], lr: float, epochs: int) -> Values:
    """Some epochs of training a network, each with all points at once."""
    random.seed(0)
    network = run_scalar.Network(hidden)
    fill(network.parameters(), map(Scalar, values.tolist()))
    trained = Trained(network)
    optimizer = SGD(network.parameters(), lr)
    X = [(float(x), float(y)) for x, y in points]
    data = Graph(len(X), X, list(labels))
    losses = []
    for _ in range(epochs):
        for totals in training.train_epoch([data], trained.objective, optimizer):
            losses.append(totals.mean_loss)
    after = np.array([parameter.value.data for parameter in network.parameters()])
    return {"losses": np.array(losses), "parameters at the end": after}


# The cases


def layer_case(name: str, weights: Any, biases: Any, inputs: Any) -> Case:
    """A case for the layer on plain numbers."""
    arrays = {"weights": np.array(weights), "biases": np.array(biases), "inputs": np.array(inputs)}
    return Case(TASK, name, run_layer, "layer", arrays)


def direction_case(name: str, steps: int, momentum: float = 0.0, weight_decay: float = 0.0, memories: int = 1) -> Case:
    """A case for the directions of SGD."""
    rng = rng_for(name)
    inputs = {
        "values": random_array(rng, (2, 3)),
        "gradients": [random_array(rng, (2, 3)) for _ in range(steps)],
        "momentum": momentum,
        "weight_decay": weight_decay,
        "memories": memories,
    }
    return Case(TASK, name, run_directions, "directions", inputs)


def step_case(name: str, values: Any, gradients: Any, lr: float, **settings: Any) -> Case:
    """A case for steps on Scalars."""
    inputs = {"values": values, "gradients": gradients, "lr": lr} | settings
    return Case(TASK, name, run_step, "step", inputs)


def loop_case(name: str, *batches: tuple[float, float, int, int], **settings: Any) -> Case:
    """A case for the training loop."""
    return Case(TASK, name, run_loop, "loop", {"batches": batches} | settings)


def network_parameters(rng: np.random.Generator, hidden: int) -> Array:
    """Random parameters for a network, small enough for its outputs not to be near 0 or 1."""
    return rng.uniform(-0.75, 1.25, 2 * hidden + hidden + hidden * hidden + hidden + hidden + 1)


def network_case(name: str, hidden: int, values: Any = None, arriving: float = 1.0) -> Case:
    """A case for a network; random parameters, unless some are given."""
    if values is None:
        values = network_parameters(rng_for(name), hidden)
    inputs = {"hidden": hidden, "values": np.array(values), "point": (0.75, 0.25), "arriving": arriving}
    return Case(TASK, name, run_network, "network", inputs)


def objective_case(name: str, probabilities: Any, labels: Any, arriving: float = 1.0) -> Case:
    """A case for the objective. What is added within the logarithm is too small to matter."""
    inputs = {"probabilities": probabilities, "labels": labels, "arriving": arriving}
    return Case(TASK, name, run_objective, "objective", inputs, rtol=1e-4)


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    layer = {"weights": random_array(rng, (3, 2)), "biases": random_array(rng, (2,)), "inputs": random_array(rng, (3,))}
    hidden = 3
    whole = {
        "hidden": hidden,
        "values": network_parameters(rng, hidden),
        "points": rng.uniform(0.0, 1.0, (5, 2)),
        "labels": (1, 0, 0, 1, 1),
        "lr": 0.5,
        "epochs": 3,
    }
    cells = {"values": random_array(rng, (2, 3)), "gradient": random_array(rng, (2, 3))}
    # Weights and biases of a network of width 1, such that every ReLU lets a positive number through.
    through = [1.0, 2.0, 0.5, 2.0, 0.25]
    cases = [
        layer_case("layer: one weight", [[2.0]], [0.0], [3.0]),
        layer_case("layer: one weight and a bias", [[2.0]], [0.5], [3.0]),
        layer_case("layer: as many outputs as inputs", [[2.0, 3.0], [10.0, 5.0]], [0.5, -0.25], [3.0, 1.0]),
        layer_case("layer: two inputs", [[2.0], [10.0]], [0.5], [3.0, 1.0]),
        layer_case("layer: two outputs", [[2.0, 10.0]], [0.5, -0.25], [3.0]),
        layer_case("layer: a negative output", [[-2.0]], [0.5], [3.0]),
        Case(TASK, "layer: three inputs and two outputs", run_layer, "layer", layer),
        Case(
            TASK,
            "layer: of Scalars",
            run_layer_of_scalars,
            "layer_of_scalars",
            layer | {"upstream": random_array(rng, (2,))},
        ),
        Case(
            TASK,
            "zero_grad: one parameter",
            run_zero_grad,
            "zero_grad",
            {"values": (2.0,), "before": (0.5,), "arriving": (0.25,)},
        ),
        Case(
            TASK,
            "zero_grad: three parameters, one without a derivative",
            run_zero_grad,
            "zero_grad",
            {"values": (2.0, 3.0, 4.0), "before": (0.5, None, -0.5), "arriving": (0.25, 1.0, None)},
        ),
        Case(TASK, "zero_grad: several numbers in one parameter", run_zero_grad_of_cells, "zero_grad_of_cells", cells),
        direction_case("direction: plain", 2),
        direction_case("direction: momentum, the first step", 1, momentum=0.5),
        direction_case("direction: momentum, two steps", 2, momentum=0.5),
        Case(
            TASK,
            "direction: what is remembered",
            run_velocity,
            "velocity",
            {"values": cells["values"], "gradients": [random_array(rng, (2, 3)) for _ in range(3)], "momentum": 0.5},
        ),
        direction_case("direction: momentum, four steps", 4, momentum=0.75),
        direction_case("direction: momentum, two parameters that take turns", 6, momentum=0.75, memories=2),
        direction_case("direction: weight decay", 2, weight_decay=0.25),
        direction_case("direction: momentum and weight decay", 3, momentum=0.75, weight_decay=0.25),
        step_case("step: one parameter", (2.0,), [(0.5,)], 1.0),
        step_case("step: a learning rate", (2.0,), [(0.5,)], 0.1),
        step_case("step: three parameters", (2.0, -1.0, 0.5), [(0.5, -0.25, 4.0)], 0.1),
        step_case("step: a parameter without a derivative", (2.0, -1.0, 0.5), [(0.5, None, 4.0)], 0.1),
        step_case("step: two steps", (2.0, -1.0), [(0.5, -0.25), (1.0, 2.0)], 0.1),
        step_case(
            "step: another optimizer",
            (2.0, -1.0),
            [(0.5, None), (1.0, 2.0), (None, 0.5), (-1.0, 1.5)],
            0.1,
            kind="Leaning",
        ),
        step_case(
            "step: momentum and weight decay",
            (2.0, -1.0),
            [(0.5, -0.25), (1.0, 2.0), (-0.5, 0.75)],
            0.1,
            momentum=0.5,
            weight_decay=0.25,
        ),
        Case(
            TASK,
            "step: several numbers in one parameter",
            run_step_of_cells,
            "step_of_cells",
            cells | {"lr": 0.1, "steps": 2},
        ),
        loop_case("loop: one batch of one item", (0.5, 2.0, 1, 1)),
        loop_case("loop: one batch of four items", (0.5, 2.0, 3, 4)),
        loop_case("loop: two batches", (0.5, 2.0, 3, 4), (0.25, -1.0, 1, 2)),
        loop_case("loop: three batches", (0.5, 2.0, 3, 4), (0.25, -1.0, 1, 2), (1.5, 0.5, 0, 5)),
        loop_case("loop: no batch"),
        loop_case("loop: a schedule", (0.5, 2.0, 3, 4), (0.25, -1.0, 1, 2), (1.5, 0.5, 0, 5), scheduled=True),
        loop_case("loop: an epoch goes on", (0.5, 2.0, 3, 4), (0.25, -1.0, 1, 2), before=(10.0, 5, 8)),
        Case(TASK, "network: its parameters, width 1", run_sizes, "sizes", {"hidden": 1}),
        Case(TASK, "network: its parameters, width 4", run_sizes, "sizes", {"hidden": 4}),
        network_case("network: width 1, a probability above 1/2", 1, [*through, 0.5, -0.25]),
        network_case("network: width 1, a probability below 1/2", 1, [*through, -0.5, 0.25]),
        network_case("network: width 1, nothing passes the first ReLU", 1, [-1.0, -2.0, 0.5, 2.0, 0.25, 0.5, -0.25]),
        network_case("network: width 1, nothing passes the second ReLU", 1, [1.0, 2.0, 0.5, -2.0, 0.25, 0.5, -0.25]),
        network_case("network: width 3", 3),
        network_case("network: width 4, another derivative arrives", 4, arriving=-2.5),
        objective_case("objective: a likely point of label 1", (0.75,), (1,)),
        objective_case("objective: an unlikely point of label 1", (0.125,), (1,)),
        objective_case("objective: a likely point of label 0", (0.75,), (0,)),
        objective_case("objective: an unlikely point of label 0", (0.125,), (0,)),
        objective_case("objective: two points", (0.75, 0.625), (1, 0)),
        objective_case("objective: five points", (0.75, 0.625, 0.25, 0.875, 0.375), (1, 0, 0, 1, 1), -1.5),
    ]
    return [*cases, Case(TASK, "three epochs of training", run_training, "training", whole, rtol=1e-4)]


CASES = _cases()
