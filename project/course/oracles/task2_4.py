"""The oracles of task 2.4, tensor operations backward."""

from typing import Any

import numpy as np

EPS = 1e-6
"""What the logarithm adds to its argument."""


def sigmoid(x: Any) -> Any:
    """The sigmoid, of numbers of any size."""
    return 0.5 * (1 + np.tanh(x / 2))


def fold(gradient: Any, own_shape: Any) -> Any:
    """A gradient in the shape of a tensor: each cell adds up what arrives wherever broadcasting put it."""
    big = np.broadcast_shapes(gradient.shape, own_shape)
    gradient = np.broadcast_to(gradient, big)
    out = np.zeros(own_shape)
    for index in np.ndindex(*big):
        own = index[len(big) - len(own_shape) :]
        out[tuple([i if size > 1 else 0 for i, size in zip(own, own_shape)])] += gradient[index]
    return out


def derivatives(function: str, a: Any, b: Any, upstream: Any, settings: Any) -> list[Any]:
    """The gradients of a function's inputs, all of the same shape."""
    if function == "Mul":
        return [upstream * b, upstream * a]
    if function == "Sigmoid":
        return [upstream * sigmoid(a) * sigmoid(-a)]
    if function == "ReLU":
        return [np.where(a > 0, upstream, 0.0)]
    if function == "Log":
        return [upstream / (a + EPS)]
    if function == "Exp":
        return [upstream * np.exp(a)]
    if function == "Sum":
        return [np.repeat(upstream, a.shape[settings[0]], settings[0])]
    if function in ("LT", "EQ"):
        return [np.zeros(a.shape), np.zeros(b.shape)]
    if function == "Permute":
        out = np.zeros(a.shape)
        for index in np.ndindex(*a.shape):
            out[index] = upstream[tuple([index[axis] for axis in settings[0]])]
        return [out]
    assert function == "View"
    return [upstream.reshape(a.shape)]


def step_back(
    function: str,
    a: Any,
    upstream: Any,
    b: Any = None,
    settings: Any = (),
    layout: str = "rows",
    upstream_layout: str = "rows",
) -> Any:
    """One gradient for each input."""
    found = derivatives(function, a, b, upstream, settings)
    return {"number of gradients": len(found)} | {f"gradient of {name}": one for name, one in zip("ab", found)}


def expand(own_shape: Any, gradient: Any, layout: str = "rows") -> Any:
    """The gradient, in the shape of the tensor."""
    return {"gradient": fold(gradient, own_shape)}


def gradients_of(graph: str, upstream: Any, x: Any, y: Any) -> list[Any]:
    """The gradients of a graph's operands, before those of several cells are folded into one."""
    if graph == "x * x":
        return [upstream * 2 * x]
    if graph == "x * exp(x)":
        return [upstream * (1 + x) * np.exp(x)]
    if graph == "x * y":
        return [upstream * y, upstream * x]
    if graph in ("x < y", "x == y"):
        return [np.zeros(x.shape), np.zeros(y.shape)]
    if graph == "sigmoid(sigmoid(x))":
        inner = sigmoid(x)
        return [upstream * sigmoid(inner) * sigmoid(-inner) * inner * (1 - inner)]
    if graph == "log(sigmoid(exp(relu(x))))":
        power = np.exp(np.maximum(x, 0))
        return [upstream / (sigmoid(power) + EPS) * sigmoid(power) * sigmoid(-power) * power * (x > 0)]
    if graph == "exp(x) + exp(y)":
        return [upstream * np.exp(x), upstream * np.exp(y)]
    if graph == "sigmoid(x) + relu(y)":
        return [upstream * sigmoid(x) * sigmoid(-x), upstream * (y > 0)]
    if graph == "x * exp(y)":
        return [upstream * np.exp(y), upstream * x * np.exp(y)]
    if graph == "sum over dim 1 of x * y":
        return [upstream * y, upstream * x]
    if graph == "view, then permute":
        return [np.transpose(upstream, (1, 2, 0)).reshape(6, 4)]
    if graph == "cut into tiles":
        out = np.zeros((4, 6))
        for row, column in np.ndindex(4, 6):
            out[row, column] = upstream[row // 2 * 3 + column // 2, row % 2 * 2 + column % 2]
        return [out]
    assert graph == "rows of x times columns of y"
    return [upstream @ y.T, x.T @ upstream]


def run_graph(graph: str, upstream: Any, x: Any, y: Any = None, times: int = 1, constant: str = "") -> Any:
    """Each leaf has the sum of the gradients that arrived; a constant has none."""
    values = {}
    for name, operand, gradient in zip("xy", (x, y), gradients_of(graph, upstream, x, y)):
        values[f"gradient of {name}"] = None if name == constant else times * fold(gradient, operand.shape)
    return values


def share_memory(x: Any, y: Any, upstream: Any) -> Any:
    """No two gradients share memory."""
    pairs = ("x and y", "x and the upstream gradient", "y and the upstream gradient")
    return dict.fromkeys(pairs, False)
