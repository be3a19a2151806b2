"""The oracles of task 4.1, convolution in one dimension."""

import itertools
from typing import Any

import numpy as np


def kernel(input: Any, weight: Any, out_width: int, reverse: bool, layout: str = "rows") -> Any:
    """Every output is a sum of products; what lies outside of the input counts as 0."""
    batch, channels, width = input.shape
    out_channels, _, taps = weight.shape
    out = np.zeros((batch, out_channels, out_width))
    for b, o, t, c, k in itertools.product(*map(range, (batch, out_channels, out_width, channels, taps))):
        place = t - k if reverse else t + k
        if 0 <= place < width:
            out[b, o, t] += float(input[b, c, place]) * float(weight[o, c, k])
    return {"output": out}


def function(input: Any, weight: Any, upstream: Any, backend: str, layout: str, wanted: Any) -> Any:
    """Each product of the forward pass hands the upstream gradient to its two factors."""
    batch, channels, width = input.shape
    out_channels, _, taps = weight.shape
    grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
    for b, o, t, c, k in itertools.product(*map(range, (batch, out_channels, width, channels, taps))):
        if t + k < width:
            grad_input[b, c, t + k] += upstream[b, o, t] * weight[o, c, k]
            grad_weight[o, c, k] += upstream[b, o, t] * input[b, c, t + k]
    return {
        "output": kernel(input, weight, width, False)["output"],
        "gradient of the input": grad_input if "input" in wanted else None,
        "gradient of the weight": grad_weight if "weight" in wanted else None,
    }


def no_complaints(**inputs: Any) -> Any:
    """Whoever watches has nothing to say."""
    return {"complaints": []}
