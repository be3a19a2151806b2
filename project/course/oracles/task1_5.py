"""The oracles of task 1.5, training a network of Scalars: with arrays, and with derivatives that were found by hand."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

EPS = 1e-6
"""What the logarithm adds to its input, as the task of the operators says."""

# The layer


def layer(weights: Any, biases: Any, inputs: Any) -> Any:
    """A product of a vector and a matrix, and the biases."""
    return {"outputs": inputs @ weights + biases}


def layer_of_scalars(weights: Any, biases: Any, inputs: Any, upstream: Any) -> Any:
    """The derivative by a weight is its input times what arrives at its output."""
    return {
        "outputs": inputs @ weights + biases,
        "derivatives of the weights": np.outer(inputs, upstream),
        "derivatives of the biases": upstream,
        "derivatives of the inputs": weights @ upstream,
    }


# The optimizer


def velocities(value: Any, gradients: Sequence[Any], momentum: float, weight_decay: float) -> list[Any]:
    """The sum of all gradients so far, each of which is weakened once for every step that has passed since."""
    pulls = [gradient + weight_decay * value for gradient in gradients]
    return [sum(momentum ** (now - then) * pulls[then] for then in range(now + 1)) for now in range(len(pulls))]


def directions(values: Any, gradients: Sequence[Any], momentum: float, weight_decay: float, memories: int) -> Any:
    """Parameters that take turns do not know of each other."""
    found: list[Any] = [None] * len(gradients)
    for turn in range(memories):
        found[turn::memories] = velocities(values, gradients[turn::memories], momentum, weight_decay)
    return {"directions": found, "value and gradient stay as they are": [True] * len(gradients)}


def velocity(values: Any, gradients: Sequence[Any], momentum: float) -> Any:
    """The last velocity."""
    return {"names": ["velocity"], "velocity": velocities(values, gradients, momentum, 0.0)[-1]}


def step(
    values: Sequence[float],
    gradients: Sequence[Sequence[float | None]],
    lr: float,
    kind: str = "SGD",
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> Any:
    """Every parameter walks on its own, and stays where it is when it has no gradient."""
    paths = []
    for number, value in enumerate(values):
        path, before, asked = [], 0.0, 0
        for arriving in gradients:
            gradient = arriving[number]
            if gradient is not None:
                asked += 1
                if kind == "Leaning":
                    direction = asked * gradient + 0.5 * value
                else:
                    before = direction = momentum * before + gradient + weight_decay * value
                value -= lr * direction
            path.append(value)
        paths.append(path)
    return {
        "values after each step": list(np.array(paths).T),
        "who has a derivative afterwards": [],
        "who is a leaf afterwards": list(range(len(values))),
    }


def step_of_cells(values: Any, gradient: Any, lr: float, steps: int) -> Any:
    """The same for each number."""
    for asked in range(1, steps + 1):
        values = values - lr * (asked * gradient + 0.5 * values)
    return {"values": values, "the new value has a gradient": [False] * steps}


def zero_grad(values: Sequence[float], before: Sequence[float | None], arriving: Sequence[float | None]) -> Any:
    """Only what arrives afterwards counts."""
    return {"derivatives": [derivative or 0.0 for derivative in arriving], "values": list(values)}


def zero_grad_of_cells(values: Any, gradient: Any) -> Any:
    """The gradient goes, the values stay."""
    return {"is forgotten": True, "values": values}


# The training loop


def loop(batches: Sequence[Any], scheduled: bool = False, before: Sequence[float] | None = None) -> Any:
    """Every batch is a step of its own, with its own gradient, and its loss counts as often as it has items."""
    weight, rate = 0.0, 1.0
    loss, correct, count = before or (0.0, 0, 0)
    rates, rows = [], []
    for number, (batch_loss, derivative, batch_correct, batch_count) in enumerate(batches, 1):
        loss += (batch_loss + weight) * batch_count
        correct += batch_correct
        count += batch_count
        rows.append([loss, correct, count, number])
        weight -= rate * derivative
        rates.append(rate)
        if scheduled:
            rate /= 2
    return {
        "gradient of each step": [derivative for _, derivative, _, _ in batches],
        "backward passes before each step": list(range(1, len(batches) + 1)),
        "learning rate of each step": rates,
        "learning rate at the end": rate,
        "loss, correct, count and steps so far, after each batch": rows,
        "the totals that were given, at the end": before and [loss, correct, count],
    }


# The network


def divide(values: Any, hidden: int) -> list[tuple[Any, Any]]:
    """The weights and biases of the three layers, from one list of numbers."""
    layers, start = [], 0
    for inputs, outputs in ((2, hidden), (hidden, hidden), (hidden, 1)):
        middle, end = start + inputs * outputs, start + inputs * outputs + outputs
        layers.append((values[start:middle].reshape(inputs, outputs), values[middle:end]))
        start = end
    return layers


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)"""
    return 1.0 / (1.0 + math.exp(-x))


def outputs_and_derivatives(values: Any, hidden: int, x: Any) -> tuple[float, Any]:
    """The logit of a point, and its derivatives by all parameters."""
    (w1, b1), (w2, b2), (w3, b3) = divide(values, hidden)
    first = x @ w1 + b1
    second = np.maximum(first, 0.0) @ w2 + b2
    logit = float((np.maximum(second, 0.0) @ w3 + b3)[0])
    d_second = w3[:, 0] * (second > 0)
    d_first = (w2 @ d_second) * (first > 0)
    parts = [
        np.outer(x, d_first).ravel(),
        d_first,
        np.outer(np.maximum(first, 0.0), d_second).ravel(),
        d_second,
        np.maximum(second, 0.0),
        np.ones(1),
    ]
    return logit, np.concatenate(parts)


def sizes(hidden: int) -> Any:
    """A weight for each pair of an input and an output, and a bias for each output."""
    count = (2 + 1) * hidden + (hidden + 1) * hidden + (hidden + 1)
    return {"number of parameters": count, "number of Scalars": count}


def network(hidden: int, values: Any, point: Sequence[float], arriving: float) -> Any:
    """The sigmoid of the logit."""
    logit, slopes = outputs_and_derivatives(values, hidden, np.array(point))
    probability = sigmoid(logit)
    return {"probability": probability, "derivatives": arriving * probability * (1 - probability) * slopes}


# The objective


def objective(probabilities: Sequence[float], labels: Sequence[int], arriving: float) -> Any:
    """The mean of the losses; the loss of a point is minus the logarithm of the probability of its label."""
    count = len(labels)
    right = [p if label == 1 else 1 - p for p, label in zip(probabilities, labels)]
    signs = [1 if label == 1 else -1 for label in labels]
    return {
        "loss": -sum(map(math.log, right)) / count,
        "correct": sum(p > 1 / 2 for p in right),
        "count": count,
        "derivatives of the probabilities": np.array([-arriving * s / p / count for s, p in zip(signs, right)]),
    }


# Everything together


def training(hidden: int, values: Any, points: Any, labels: Sequence[int], lr: float, epochs: int) -> Any:
    """What `log` adds to its input counts here: some points are far off, with a probability near 0."""
    losses = []
    for _ in range(epochs):
        gradient, loss = np.zeros(len(values)), 0.0
        for x, label in zip(points, labels):
            logit, slopes = outputs_and_derivatives(values, hidden, x)
            probability = sigmoid(logit)
            right, sign = (probability, 1) if label == 1 else (1 - probability, -1)
            loss -= math.log(right + EPS)
            gradient -= sign * probability * (1 - probability) / (right + EPS) * slopes
        losses.append(loss / len(labels))
        values = values - lr * gradient / len(labels)
    return {"losses": np.array(losses), "parameters at the end": values}
