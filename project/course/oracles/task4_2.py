"""The oracles of task 4.2, convolution in two dimensions."""

import itertools
from typing import Any

import numpy as np


def kernel(input: Any, weight: Any, out_height: int, out_width: int, reverse: bool, layout: str = "rows") -> Any:
    """Every output is a sum of products; what lies outside of the input counts as 0."""
    batch, channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    out = np.zeros((batch, out_channels, out_height, out_width))
    sign = -1 if reverse else 1
    for h, w, i, j in itertools.product(*map(range, (out_height, out_width, k_height, k_width))):
        row, column = h + sign * i, w + sign * j
        if 0 <= row < height and 0 <= column < width:
            for b, o, c in itertools.product(*map(range, (batch, out_channels, channels))):
                out[b, o, h, w] += float(input[b, c, row, column]) * float(weight[o, c, i, j])
    return {"output": out}


def function(input: Any, weight: Any, upstream: Any, backend: str, layout: str, wanted: Any) -> Any:
    """Each product of the forward pass hands the upstream gradient to its two factors."""
    batch, channels, height, width = input.shape
    out_channels, _, k_height, k_width = weight.shape
    grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
    for i, j in itertools.product(range(min(k_height, height)), range(min(k_width, width))):
        for h, w in itertools.product(range(height - i), range(width - j)):
            for b, o, c in itertools.product(*map(range, (batch, out_channels, channels))):
                grad_input[b, c, h + i, w + j] += upstream[b, o, h, w] * weight[o, c, i, j]
                grad_weight[o, c, i, j] += upstream[b, o, h, w] * input[b, c, h + i, w + j]
    return {
        "output": kernel(input, weight, height, width, False)["output"],
        "gradient of the input": grad_input if "input" in wanted else None,
        "gradient of the weight": grad_weight if "weight" in wanted else None,
    }


def no_complaints(**inputs: Any) -> Any:
    """Whoever watches has nothing to say."""
    return {"complaints": []}
