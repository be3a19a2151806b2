"""The oracles of task 1.4, backpropagation. Nothing is carried backwards here."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from project.course.oracles.scalar_graphs import evaluate, last


def bell(x: float) -> float:
    """The derivative of the sigmoid: 1 / (4 cosh^2(x / 2)); far from 0 it vanishes."""
    return 0.25 / math.cosh(x / 2) ** 2 if abs(x) < 700 else 0.0


PARTIALS: dict[str, Callable[..., list[float]]] = {
    "Mul": lambda x, y: [y, x],
    "Neg": lambda x: [-1.0],
    "Inv": lambda x: [-(x**-2)],
    "Exp": lambda x: [math.exp(x)],
    "Sigmoid": lambda x: [bell(x)],
    "ReLU": lambda x: [float(x > 0)],
    "LT": lambda x, y: [0.0, 0.0],
    "EQ": lambda x, y: [0.0, 0.0],
}
"""The derivatives of each function by its inputs."""

SLOPES: dict[str, Callable[[float, float], tuple[float, float | None]]] = {
    "a b": lambda a, b: (b, a),
    "a a": lambda a, b: (2 * a, None),
    "a / b": lambda a, b: (1 / b, -a / b**2),
    "a - b": lambda a, b: (1.0, -1.0),
    "a < b": lambda a, b: (0.0, 0.0),
    "a > b": lambda a, b: (0.0, 0.0),
    "a == b": lambda a, b: (0.0, 0.0),
    "3 a b + 2 / a": lambda a, b: (3 * b - 2 / a**2, 3 * a),
    "sigmoid(a b + a)": lambda a, b: (bell(a * b + a) * (b + 1), bell(a * b + a) * a),
    "e^-a relu(b)": lambda a, b: (-math.exp(-a) * max(b, 0.0), math.exp(-a) * (b > 0)),
    "log(a a + e^b)": lambda a, b: (2 * a / (a * a + math.exp(b)), math.exp(b) / (a * a + math.exp(b))),
}
"""The derivatives of each expression by a and b; None where it does not depend on b."""


def backward(function: str, arguments: Sequence[float], arriving: float) -> Any:
    """What arrives, times the derivative by each input."""
    return {"derivatives": [arriving * partial for partial in PARTIALS[function](*arguments)]}


def expression(expression: str, a: float, b: float, arriving: float) -> Any:
    """What arrives, times the derivative of the expression."""
    by_a, by_b = SLOPES[expression](a, b)
    return {"derivative of a": arriving * by_a, "derivative of b": None if by_b is None else arriving * by_b}


def sort(leaves: str, constants: str, steps: str) -> Any:
    """All that the result was computed from, and is no constant; nothing stands before what was computed from it."""
    nodes = evaluate(leaves, constants, steps)
    result = last(nodes)
    found: set[str] = set()
    waiting = [result]
    while waiting:
        name = waiting.pop()
        if not nodes[name].is_constant:
            found.add(name)
            waiting += nodes[name].parents
    return {
        "the variables": sorted(found),
        "the first of them": result if found else None,
        "what stands before something computed from it": [],
    }


def backpropagate(
    leaves: str, constants: str, steps: str, results: Sequence[str], arriving: Sequence[float], alike: bool
) -> Any:
    """A leaf collects what arrives at each result, times the derivative of the result by the leaf."""
    nodes = evaluate(leaves, constants, steps)
    found: dict[str, Any] = {}
    for leaf in [entry.split(" = ")[0] for entry in leaves.split(", ")]:
        parts = [d * nodes[result].slopes[leaf] for result, d in zip(results, arriving) if leaf in nodes[result].slopes]
        found[f"derivative of {leaf}"] = sum(parts) if parts else None
    return found | {"who has collected something and is no leaf": []}


def deep(**inputs: Any) -> Any:
    """The depth of a graph makes no difference."""
    return {"how it ended": "well"} | backpropagate(**inputs)
