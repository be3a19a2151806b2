"""The oracles of task 1.3, the chain rule."""

from collections.abc import Sequence
from typing import Any

from project.course.oracles.scalar_graphs import FUNCTIONS, evaluate, last


def chain_rule(leaves: str, constants: str, steps: str, arriving: float) -> Any:
    """Every input gets what arrives, times the derivative by that input."""
    nodes = evaluate(leaves, constants, steps)
    node = nodes[last(nodes)]
    pairs = [
        (parent if parent in nodes else f"the number {parent}", partial * arriving)
        for parent, partial in zip(node.parents, node.partials)
        if parent not in nodes or not nodes[parent].is_constant
    ]
    return {
        "the inputs": [name for name, _ in pairs],
        "their derivatives": [derivative for _, derivative in pairs],
        "who has collected something": [],
    }


def by_hand(values: Sequence[float], arriving: float) -> Any:
    """The same as for any other history."""
    _, partials = FUNCTIONS["weigh"](*values)
    return {"the inputs": ["a", "b"], "their derivatives": [partial * arriving for partial in partials]}


def fitting(function: str, values: Sequence[float], constant: bool, arriving: float) -> Any:
    """Every derivative is brought into form once: it is multiplied by 10."""
    _, partials = FUNCTIONS[function](*values)
    pairs = list(zip("ab", partials))[: len(values) - constant]
    return {"the inputs": [name for name, _ in pairs], "their derivatives": [10 * arriving * p for _, p in pairs]}


def refusal(kind: str) -> Any:
    """There is no function to carry a derivative through."""
    return {"it raises an exception": True}


def refusal_of_count(count: int) -> Any:
    """Two inputs need two derivatives."""
    return {"it raises an exception": True}
