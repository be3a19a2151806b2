"""The cases of task 2.5, training a network of tensors."""

from typing import Any

import numpy as np

import minitorch
from minitorch import Module, Parameter, SimpleBackend, SimpleOps, TensorBackend
from minitorch.datasets import Graph
from minitorch.layers import Linear
from minitorch.tensor_functions import Mul, Sum
from project.course.cases import Case, Values
from project.course.inputs import Array, lay_out, leaf, numbers, random_array, rng_for
from project.toy import TensorToyTrain

TASK = "2_5"

CLOSE = 1e-4
"""How close a loss must come: a logarithm that adds a little to its argument is fine, too."""


class WeightedSum(Module):
    """A stand-in for the network: the logit of a point is a weighted sum of its two coordinates."""

    def __init__(self, weights: Array) -> None:
        super().__init__()
        self.weights = Parameter(lay_out(weights))

    def forward(self, x: Any) -> Any:
        """(points, 2) becomes (points, 1)."""
        return Sum.apply(Mul.apply(x, self.weights.value), 1)


class StandIn(TensorToyTrain):
    """The training of a stand-in for the network."""

    def __init__(self, weights: Array) -> None:
        self.weights = weights
        super().__init__(1, SimpleBackend)

    def build(self) -> Module:
        """The stand-in."""
        return WeightedSum(self.weights)


def as_graph(points: Array, labels: Array) -> Graph:
    """Points and labels as the training gets them."""
    return Graph(len(points), [(x1, x2) for x1, x2 in points.tolist()], [int(y) for y in labels])


# Linear


def make_linear(weight: Array, bias: Array | None) -> Linear:
    """A layer with given weights."""
    out_features, in_features = weight.shape
    layer = Linear(in_features, out_features, bias=bias is not None)
    layer.weight.update(lay_out(weight))
    if layer.bias is not None and bias is not None:
        layer.bias.update(lay_out(bias))
    return layer


def run_linear(x: Array, weight: Array, bias: Array | None = None, layout: str = "rows") -> Values:
    """What a layer computes from a batch."""
    return {"output": numbers(make_linear(weight, bias).forward(lay_out(x, layout)))}


def linear_gradients(x: Array, weight: Array, upstream: Array, bias: Array | None = None) -> Values:
    """The gradients of a layer's input, weight and bias."""
    layer, batch = make_linear(weight, bias), leaf(x)
    layer.forward(batch).backward(lay_out(upstream))
    values: Values = {
        "gradient of the input": numbers(batch.grad),
        "gradient of the weight": numbers(layer.weight.value.grad),
    }
    if layer.bias is not None:
        values["gradient of the bias"] = numbers(layer.bias.value.grad)
    return values


# The network


def describe_network(hidden: int) -> Values:
    """What can be seen of a network from outside."""
    network = TensorToyTrain(hidden, SimpleBackend).build()
    return {"shapes of the parameters": sorted([list(p.value.shape) for p in network.parameters()])}


def build_twice(hidden: int) -> Values:
    """Whether a network that is built later is another one."""
    training = TensorToyTrain(hidden, SimpleBackend)
    one, other = training.build().parameters(), training.build().parameters()
    differ = [not np.array_equal(np.array(p.value), np.array(q.value)) for p, q in zip(one, other)]
    return {
        "parameters that both have": len({id(p) for p in one} & {id(p) for p in other}),
        "they start with different numbers": any(differ),
    }


def find_backends(hidden: int) -> Values:
    """Whether a network computes with the backend that it was asked to."""
    backend = TensorBackend(SimpleOps)
    training = TensorToyTrain(hidden, backend)
    backends = [p.value.backend for p in training.build().parameters()]
    return {
        "parameters on the backend": sum([found is backend for found in backends]),
        "output on the backend": training.logits([(0.25, 0.75)]).backend is backend,
    }


def fill(network: Module, **weights: Array) -> None:
    """Give the parameters of a network the weights of the same shape, wherever they stand in it."""
    by_shape = {array.shape: array for array in weights.values()}
    for parameter in network.parameters():
        parameter.update(lay_out(by_shape[parameter.value.shape]))


def run_network(points: Array, **weights: Array) -> Values:
    """What a network with given weights computes."""
    training = TensorToyTrain(len(weights["second"]), SimpleBackend)
    fill(training.model, **weights)
    return {"logits": numbers(training.logits(as_graph(points, points[:, 0]).X))}


def gradients_by_shape(network: Module) -> Values:
    """The gradients of all parameters. The two hidden biases have the same shape: theirs are put into order."""
    found: dict[str, list[Any]] = {}
    for parameter in network.parameters():
        found.setdefault(f"gradients of shape {parameter.value.shape}", []).append(numbers(parameter.value.grad))
    return {name: sorted(some, key=lambda g: [] if g is None else g.ravel().tolist()) for name, some in found.items()}


def network_gradients(points: Array, labels: Array, **weights: Array) -> Values:
    """The loss of a network with given weights, and the gradients of all of them."""
    training = TensorToyTrain(len(weights["second"]), SimpleBackend)
    fill(training.model, **weights)
    loss, _, _ = training.objective(as_graph(points, labels))
    loss.backward()
    return {"loss": float(loss)} | gradients_by_shape(training.model)


def take_steps(points: Array, labels: Array, steps: int, rate: float, **weights: Array) -> Values:
    """The losses of a network in a few steps of gradient descent, and how many points are correct in the end."""
    training = TensorToyTrain(len(weights["second"]), SimpleBackend)
    fill(training.model, **weights)
    losses, right = [], 0
    for _ in range(steps):
        loss, correct, _ = training.objective(as_graph(points, labels))
        loss.backward()
        losses.append(float(loss))
        right = int(correct)
        for parameter in training.model.parameters():
            value, gradient = numbers(parameter.value), numbers(parameter.value.grad)
            assert value is not None
            parameter.update(lay_out(value - rate * (0 if gradient is None else gradient)))
    return {"losses": losses, "correct in the end": right}


def train(points: Array, labels: Array, hidden: int, rate: float, epochs: int) -> Values:
    """Whether a whole training, as the scripts do it, makes the loss smaller."""
    minitorch.manual_seed(3)
    seen: list[float] = []
    training = TensorToyTrain(hidden, SimpleBackend)
    training.train(as_graph(points, labels), rate, epochs, lambda epoch, total, correct, losses: seen.extend(losses))
    return {"steps": len(seen), "the loss gets smaller": bool(seen[-1] < seen[0])}


# The objective


def run_objective(points: Array, labels: Array, weights: Array) -> Values:
    """The objective, where the logit of a point is a weighted sum of its coordinates."""
    loss, correct, count = StandIn(weights).objective(as_graph(points, labels))
    return {"loss": float(loss), "correct": float(correct), "count": float(count)}


def objective_gradient(points: Array, labels: Array, weights: Array) -> Values:
    """The gradient of the loss, as it arrives at the weights."""
    training = StandIn(weights)
    loss, _, _ = training.objective(as_graph(points, labels))
    loss.backward()
    return {"gradient of the weights": numbers(training.model.weights.value.grad)}


def far_logits(points: Array, labels: Array, weights: Array) -> Values:
    """Whether the objective gives numbers where the network is very sure of itself, rightly and wrongly."""
    training = StandIn(weights)
    loss, correct, _ = training.objective(as_graph(points, labels))
    loss.backward()
    gradient = numbers(training.model.weights.value.grad)
    return {
        "the loss is a number": bool(np.isfinite(float(loss))),
        "the gradient consists of numbers": gradient is not None and bool(np.isfinite(gradient).all()),
        "correct": int(correct),
    }


def _cases() -> list[Case]:
    rng = rng_for(TASK)

    def linear(name: str, x: Any, weight: Any, bias: Any = None, **settings: Any) -> Case:
        inputs = {"x": np.asarray(x), "weight": np.asarray(weight)} | settings
        inputs |= {} if bias is None else {"bias": np.asarray(bias)}
        return Case(TASK, name, run_linear, "run_linear", inputs)

    def gradients(name: str, batch: int, in_features: int, out_features: int, bias: bool = True) -> Case:
        shapes: dict[str, tuple[int, ...]] = {
            "x": (batch, in_features),
            "weight": (out_features, in_features),
            "upstream": (batch, out_features),
        }
        shapes |= {"bias": (out_features,)} if bias else {}
        inputs = {operand: random_array(rng, shape) for operand, shape in shapes.items()}
        return Case(TASK, name, linear_gradients, "linear_gradients", inputs)

    batch, square = random_array(rng, (5, 3)), random_array(rng, (3, 3))
    weight, bias = random_array(rng, (4, 3)), random_array(rng, (4,))
    # Every hidden unit is above 0 for some of the points, and below 0 for others.
    weights = {
        "first": np.array([[1.0, -0.5], [-0.75, 0.6], [0.7, 0.9]]),
        "second": np.array([[0.9, -1.1, 0.5], [-0.8, 0.7, 0.6], [-0.55, 1.3, -0.65]]),
        "third": np.array([[1.2, -0.9, 0.7]]),
        "hidden_bias": np.array([0.3, -0.2, 0.4]),
        "last_bias": np.array([-1.5]),
    }
    points, labels = random_array(rng, (7, 2)), np.array([0, 1, 1, 0, 1, 0, 0])
    # Weights of 1 and 0: the logits are the first coordinates.
    first = np.array([1.0, 0.0])
    both = np.array([0.75, 0.5])
    logits = np.array([[-1.0, 5.0], [-0.25, 4.0], [0.25, 3.0], [2.0, 2.0]])
    sure = {"points": np.array([[1.0, 2.0], [-1.0, 2.0], [1.0, 3.0], [-1.0, 3.0]]), "labels": np.array([1, 0, 0, 1])}
    data = {"points": points, "labels": labels}

    def objective(name: str, run: Any, points: Array, labels: Any, weights: Array = first) -> Case:
        inputs = {"points": points, "labels": np.asarray(labels), "weights": weights}
        return Case(TASK, name, run, run.__name__, inputs, CLOSE, CLOSE)

    return [
        linear("linear: one input, one output", [[3.0]], [[2.0]]),
        linear("linear: one input, one output, and a bias", [[3.0]], [[2.0]], [10.0]),
        linear("linear: two inputs, one output", [[3.0, 5.0]], [[2.0, 100.0]]),
        linear("linear: one input, two outputs", [[3.0]], [[2.0], [100.0]], [10.0, 20.0]),
        linear("linear: a batch of two", [[3.0, 5.0], [7.0, 9.0]], [[2.0, 100.0]], [10.0]),
        linear("linear: three inputs, three outputs", batch[:1], square),
        linear("linear: a batch of three, three inputs, three outputs", batch[:3], square, bias[:3]),
        linear("linear: all sizes differ, no bias", batch, weight),
        linear("linear: all sizes differ", batch, weight, bias),
        linear("linear: an input that lies column by column in memory", batch, weight, bias, layout="reversed"),
        gradients("linear: gradients, one input, one output", 1, 1, 1),
        gradients("linear: gradients, a batch of two", 2, 1, 1),
        gradients("linear: gradients, three inputs, three outputs", 2, 3, 3),
        gradients("linear: gradients, all sizes differ", 5, 3, 4),
        gradients("linear: gradients, no bias", 5, 3, 4, bias=False),
        Case(TASK, "build: the shapes of the parameters", describe_network, "describe_network", {"hidden": 5}),
        Case(TASK, "build: a new network each time", build_twice, "build_twice", {"hidden": 3}),
        Case(TASK, "build: the backend that was asked for", find_backends, "find_backends", {"hidden": 3}),
        Case(TASK, "build: the output for one point", run_network, "run_network", {"points": points[:1]} | weights),
        Case(TASK, "build: the output for seven points", run_network, "run_network", {"points": points} | weights),
        objective("objective: one point of label 1", run_objective, logits[3:], [1]),
        objective("objective: one point of label 0", run_objective, logits[3:], [0]),
        objective("objective: two points, both right", run_objective, logits[[0, 3]], [0, 1]),
        objective("objective: points close to the boundary", run_objective, logits[1:3], [0, 1]),
        objective("objective: four points, of which two are wrong", run_objective, logits, [0, 1, 0, 1]),
        objective("objective: seven points", run_objective, points, labels, both),
        objective("objective: the gradient for one point", objective_gradient, logits[:1], [0]),
        objective("objective: the gradient for seven points", objective_gradient, points, labels, both),
        Case(TASK, "objective: logits of a thousand", far_logits, "far_logits", sure | {"weights": 1000 * first}),
        Case(
            TASK,
            "all together: the gradient of every parameter",
            network_gradients,
            "network_gradients",
            data | weights,
            CLOSE,
            CLOSE,
        ),
        Case(
            TASK,
            "all together: five steps of gradient descent",
            take_steps,
            "take_steps",
            data | weights | {"steps": 5, "rate": 0.05},
            CLOSE,
            CLOSE,
        ),
        Case(TASK, "all together: training", train, "train", data | {"hidden": 4, "rate": 0.05, "epochs": 10}),
    ]


CASES = _cases()
