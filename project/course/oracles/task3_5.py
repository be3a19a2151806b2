"""The oracles of task 3.5, training with the fast backend."""

from typing import Any

import numpy as np


def build(hidden: int, backend: str) -> Any:
    """Two inputs, two hidden layers of the same width, one output; each layer has weights and a bias."""
    used = backend if backend in ("simple", "fast", "another") else "fast"
    return {
        "shapes of the weights": [[hidden, 2], [hidden], [hidden, hidden], [hidden], [1, hidden], [1]],
        "backend of the weights": [used] * 6,
        "backend of the points": used,
        "width that train() will use": hidden,
    }


def network(hidden: int, backend: str, weights: Any, points: Any) -> Any:
    """Three layers one after the other, with ReLU between them; the last one gives the logit."""
    weight1, bias1, weight2, bias2, weight3, bias3 = weights
    x = np.maximum(np.array(points) @ weight1.T + bias1, 0)  # (points, hidden)
    x = np.maximum(x @ weight2.T + bias2, 0)
    return {"probabilities": 1 / (1 + np.exp(-(x @ weight3.T + bias3))), "their backend": backend}


def training(hidden: int, points: Any, labels: Any) -> Any:
    """The backend decides how fast it goes, and about nothing else."""
    return {"epochs": 5, "the losses fall": True, "the losses are those of the readable backend": True}
