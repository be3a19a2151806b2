"""What graphs of numbers, written as text, compute. Their derivatives are carried forward, beside the values."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FUNCTIONS: dict[str, Callable[..., tuple[float, list[float]]]] = {
    "plus": lambda x, y: (x + y, [1.0, 1.0]),
    "weigh": lambda x, y: (2 * x + 3 * y + 10, [2.0, 3.0]),
    "cube": lambda x: (x**3, [3 * x**2]),
    "wave": lambda x, y: (math.sin(x + 2 * y), [math.cos(x + 2 * y), 2 * math.cos(x + 2 * y)]),
    "damp": lambda x: (0.9999 * x, [0.9999]),
    "frugal": lambda x, y: (5 * x - y, [5.0, -1.0]),
}
"""The value and the partial derivatives of each function."""


@dataclass(frozen=True)
class Node:
    """A variable of a graph.

    Attributes:
        value: Its value.
        is_constant: Whether nobody wants a derivative by it.
        parents: The operands of the step that computed it: names, and plain numbers as texts.
        partials: Its derivatives by the operands.
        slopes: Its derivatives by the leaves, for those that it depends on.
    """

    value: float
    is_constant: bool
    parents: list[str]
    partials: list[float]
    slopes: dict[str, float]


def evaluate(leaves: str, constants: str, steps: str) -> dict[str, Node]:
    """Compute a graph from its beginning to its end."""
    nodes: dict[str, Node] = {}
    for text, is_constant in ((leaves, False), (constants, True)):
        for entry in text.split(", ") if text else []:
            name, number = entry.split(" = ")
            nodes[name] = Node(float(number), is_constant, [], [], {} if is_constant else {name: 1.0})
    for step in steps.split(", ") if steps else []:
        name, words = step.split(" = ")
        *before, function, last = words.split()
        parents = [*before, last]
        # A plain number among the operands becomes a leaf of its own, so what is computed from it is no constant.
        operands = [nodes.get(parent) or Node(float(parent), False, [], [], {}) for parent in parents]
        value, partials = FUNCTIONS[function](*[operand.value for operand in operands])
        slopes: dict[str, float] = {}
        for operand, partial in zip(operands, partials):
            for leaf, slope in operand.slopes.items():
                slopes[leaf] = slopes.get(leaf, 0.0) + partial * slope
        nodes[name] = Node(value, all(operand.is_constant for operand in operands), parents, partials, slopes)
    return nodes


def last(nodes: dict[str, Any]) -> str:
    """The name of the variable that was made last."""
    return list(nodes)[-1]
