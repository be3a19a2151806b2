"""The oracles of task 0.5, a classifier set by hand."""

import math
from typing import Any

import numpy as np


def labels(dataset: str, points: Any) -> Any:
    """The labels by the definition of the data set."""
    first, second = points.T
    inside = {"Simple": first < 0.5, "Diag": first + second < 0.5}[dataset]
    return {"label of each point": inside.astype(float)}


def refused(dataset: str) -> Any:
    """No line separates these points."""
    return {"raises an ArgumentError": True}


def probabilities(weights: Any, bias: float, points: Any) -> Any:
    """The sigmoid of the sum, by a form that cannot overflow."""
    sums = [math.fsum([weights[0] * x1, weights[1] * x2, bias]) for x1, x2 in points.tolist()]
    return {"probability of each point": np.array([0.5 + 0.5 * math.tanh(0.5 * total) for total in sums])}
