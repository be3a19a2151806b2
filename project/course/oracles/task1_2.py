"""The oracles of task 1.2, Scalars and their functions."""

import math
from collections.abc import Callable, Sequence
from typing import Any


def sigmoid(x: float) -> float:
    """1 / (1 + e^-x), by way of the hyperbolic tangent, which cannot overflow."""
    return (1.0 + math.tanh(x / 2.0)) / 2.0 if x > -30.0 else math.exp(x)


def relu(x: float) -> float:
    """x, if it is positive, else 0."""
    return max(x, 0.0)


FUNCTIONS: dict[str, Callable[..., float]] = {
    "Mul": lambda x, y: x * y,
    "Neg": lambda x: -x,
    "Inv": lambda x: 1.0 / x,
    "Exp": math.exp,
    "Sigmoid": sigmoid,
    "ReLU": relu,
    "LT": lambda x, y: float(x < y),
    "EQ": lambda x, y: float(x == y),
}

EXPRESSIONS: dict[str, Callable[[float, float], float]] = {
    "a - b": lambda a, b: a - b,
    "-a": lambda a, b: -a,
    "a < b": lambda a, b: float(a < b),
    "a > b": lambda a, b: float(a > b),
    "a == b": lambda a, b: float(a == b),
    "log a": lambda a, b: math.log(a),
    "e^a": lambda a, b: math.exp(a),
    "sigmoid a": lambda a, b: sigmoid(a),
    "relu a": lambda a, b: relu(a),
    "sigmoid(relu(a b - 0.5) - 2 / e^b)": lambda a, b: sigmoid(relu(a * b - 0.5) - 2.0 / math.exp(b)),
}


def forward(function: str, arguments: Sequence[float]) -> Any:
    """The value of a function."""
    return {"result": FUNCTIONS[function](*arguments)}


def many(function: str, arguments: Sequence[Sequence[float]]) -> Any:
    """The values of a function at many places."""
    return {"results": [FUNCTIONS[function](*place) for place in arguments]}


def expression(expression: str, a: float, b: float, b_is_a_number: bool) -> Any:
    """The value, and the Scalars that it depends on."""
    both = " b" in expression and not b_is_a_number
    return {
        "result": EXPRESSIONS[expression](a, b),
        "the result is a Scalar": True,
        "the result leads back to": ["a", "b"] if both else ["a"],
    }
