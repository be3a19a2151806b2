"""The oracles of task 2.5, training a network of tensors."""

from typing import Any

import numpy as np


def run_linear(x: Any, weight: Any, bias: Any = None, layout: str = "rows") -> Any:
    """Every output is a weighted sum of the inputs, plus a bias."""
    out = np.zeros((len(x), len(weight)))
    for n, o in np.ndindex(*out.shape):
        out[n, o] = sum(x[n, i] * weight[o, i] for i in range(x.shape[1])) + (0.0 if bias is None else bias[o])
    return {"output": out}


def linear_gradients(x: Any, weight: Any, upstream: Any, bias: Any = None) -> Any:
    """Each product of an input and a weight hands the upstream gradient of its output to both."""
    values = {
        "gradient of the input": np.einsum("no,oi->ni", upstream, weight),
        "gradient of the weight": np.einsum("no,ni->oi", upstream, x),
    }
    return values if bias is None else values | {"gradient of the bias": upstream.sum(0)}


# The network: its weights are called first, second and third; the two hidden biases are equal.


def parameter_shapes(hidden: int) -> list[list[int]]:
    """A weight and a bias for each of the three layers."""
    return [[hidden, 2], [hidden], [hidden, hidden], [hidden], [1, hidden], [1]]


def describe_network(hidden: int) -> Any:
    """The shapes, sorted."""
    return {"shapes of the parameters": sorted(parameter_shapes(hidden))}


def build_twice(hidden: int) -> Any:
    """Two networks that are built one after the other have nothing in common."""
    return {"parameters that both have": 0, "they start with different numbers": True}


def find_backends(hidden: int) -> Any:
    """Everything is computed on the backend that was asked for."""
    return {"parameters on the backend": len(parameter_shapes(hidden)), "output on the backend": True}


def layers(points: Any, weights: Any) -> list[Any]:
    """What the three layers compute, each before its ReLU."""
    one = points @ weights["first"].T + weights["biases"][0]
    two = np.maximum(one, 0) @ weights["second"].T + weights["biases"][1]
    return [one, two, np.maximum(two, 0) @ weights["third"].T + weights["biases"][2]]


def read_weights(first: Any, second: Any, third: Any, hidden_bias: Any, last_bias: Any) -> dict[str, Any]:
    """The weights of a network, with a bias for each layer."""
    return {"first": first, "second": second, "third": third, "biases": [hidden_bias, hidden_bias, last_bias]}


def run_network(points: Any, **weights: Any) -> Any:
    """The logits."""
    return {"logits": layers(points, read_weights(**weights))[2]}


def sigmoid(x: Any) -> Any:
    """The sigmoid, of numbers of any size."""
    return 0.5 * (1 + np.tanh(x / 2))


def mean_loss(logits: Any, labels: Any) -> float:
    """The mean of -ln p for the points of label 1, and of -ln(1 - p) for the others."""
    signs = np.where(labels == 1, 1.0, -1.0)
    return float(np.mean(np.logaddexp(0, -signs * logits[:, 0])))


def backward(points: Any, labels: Any, weights: Any) -> tuple[float, dict[str, Any]]:
    """The loss, and its gradients, under the names of the weights."""
    one, two, logits = layers(points, weights)
    third = (sigmoid(logits) - labels[:, None]) / len(labels)
    second = third @ weights["third"] * (two > 0)
    first = second @ weights["second"] * (one > 0)
    gradients = {
        "first": first.T @ points,
        "second": second.T @ np.maximum(one, 0),
        "third": third.T @ np.maximum(two, 0),
        "biases": [first.sum(0), second.sum(0), third.sum(0)],
    }
    return mean_loss(logits, labels), gradients


def network_gradients(points: Any, labels: Any, **weights: Any) -> Any:
    """The loss, and the gradients by their shapes."""
    loss, gradients = backward(points, labels, read_weights(**weights))
    values: dict[str, Any] = {"loss": loss}
    for gradient in (gradients["first"], gradients["second"], gradients["third"], *gradients["biases"]):
        values.setdefault(f"gradients of shape {gradient.shape}", []).append(gradient)
    return {name: sorted(v, key=lambda g: g.ravel().tolist()) if name != "loss" else v for name, v in values.items()}


def take_steps(points: Any, labels: Any, steps: int, rate: float, **weights: Any) -> Any:
    """Gradient descent: each step goes against the gradient."""
    current, losses, right = read_weights(**weights), [], 0
    for _ in range(steps):
        right = int(((layers(points, current)[2][:, 0] > 0) == (labels == 1)).sum())
        loss, gradients = backward(points, labels, current)
        losses.append(loss)
        biases = [bias - rate * gradient for bias, gradient in zip(current["biases"], gradients["biases"])]
        current = {name: current[name] - rate * gradients[name] for name in ("first", "second", "third")}
        current["biases"] = biases
    return {"losses": losses, "correct in the end": right}


def train(points: Any, labels: Any, hidden: int, rate: float, epochs: int) -> Any:
    """Training makes the loss smaller."""
    return {"steps": epochs, "the loss gets smaller": True}


# The objective, where the logit of a point is a weighted sum of its coordinates


def run_objective(points: Any, labels: Any, weights: Any) -> Any:
    """A point is right if its logit is positive and its label 1, or neither."""
    logits = (points @ weights)[:, None]
    correct = sum(int((x > 0) == (y == 1)) for x, y in zip(logits[:, 0], labels))
    return {"loss": mean_loss(logits, labels), "correct": correct, "count": len(labels)}


def objective_gradient(points: Any, labels: Any, weights: Any) -> Any:
    """The slope of the loss at each logit is the probability less the label."""
    slopes = (sigmoid(points @ weights) - labels) / len(labels)
    return {"gradient of the weights": slopes @ points}


def far_logits(points: Any, labels: Any, weights: Any) -> Any:
    """Numbers, whatever they are."""
    return {
        "the loss is a number": True,
        "the gradient consists of numbers": True,
        "correct": run_objective(points, labels, weights)["correct"],
    }
