"""The oracles of task 4.5, a network for images."""

import itertools
import math
from typing import Any

import numpy as np

PIXEL_MEAN, PIXEL_DEVIATION = 33.318, 78.567


def flatten(input: Any, upstream: Any, layout: str) -> Any:
    """Cells keep their order, row by row."""
    rows = [[item[cell] for cell in np.ndindex(*item.shape)] for item in input]
    return {"output": np.array(rows), "gradient of the input": upstream.reshape(input.shape)}


def sequential(x: float, lines: list[tuple[float, float]]) -> Any:
    """One after the other."""
    for slope, shift in lines:
        x = slope * x + shift
    return {"output": x}


def dropout(input: Any, rate: float, upstream: Any) -> Any:
    """In evaluation nothing happens."""
    return {"output": input, "gradient of the input": upstream}


def dropped(input: Any, rate: float, seed: int) -> Any:
    """In training the rate is the probability of being dropped."""
    return {"share of the cells that are dropped": rate}


def conv_parameters(kind: str, in_channels: int, out_channels: int, kernel: Any, bias: bool) -> Any:
    """A window for each pair of channels, and a bias for each output channel, that broadcasts over all places."""
    window = [kernel] if kind == "Conv1d" else list(kernel)
    weights = out_channels * in_channels * math.prod(window)
    return {
        "shape of the weight": [out_channels, in_channels, *window],
        "shape of the bias": [out_channels, *[1 for _ in window]] if bias else None,
        "number of numbers to learn": weights + (out_channels if bias else 0),
    }


def conv_settings(backend: str, dtype: str) -> Any:
    """What was asked for."""
    return {"types of the parameters": [dtype, dtype], "all on the backend": True, "sizes": [2, 5, [3, 4]]}


def conv_start(in_channels: int, out_channels: int, kernel: Any, seed: int) -> Any:
    """Uniform between -1 / sqrt(n) and 1 / sqrt(n), where n numbers go into each output."""
    bound = 1 / math.sqrt(in_channels * math.prod(kernel))
    return {"smallest weight": -bound, "largest weight": bound, "mean weight": 0.0}


def conv_seeds(seeds: tuple[int, int]) -> Any:
    """The seed decides, and nothing else."""
    return {
        "the same weights, after the same seed": True,
        "the same weights, in a second layer": False,
        "the same weights, after another seed": False,
    }


def conv2d(input: Any, weight: Any, bias: Any, upstream: Any, backend: str, layout: str) -> Any:
    """Sums of products, of what lies within the image; each product hands the gradient to its two factors."""
    batch, in_channels, height, width = input.shape
    out_channels, _, kh, kw = weight.shape
    out = np.zeros((batch, out_channels, height, width))
    grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
    places = itertools.product(*map(range, (batch, out_channels, height, width)))
    for (b, o, h, w), c, i, j in itertools.product(places, range(in_channels), range(kh), range(kw)):
        if h + i < height and w + j < width:
            out[b, o, h, w] += input[b, c, h + i, w + j] * weight[o, c, i, j]
            grad_input[b, c, h + i, w + j] += upstream[b, o, h, w] * weight[o, c, i, j]
            grad_weight[o, c, i, j] += upstream[b, o, h, w] * input[b, c, h + i, w + j]
    expected = {"output": out, "gradient of the input": grad_input, "gradient of the weight": grad_weight}
    if bias is not None:
        expected["output"] = out + bias.reshape(-1, 1, 1)
        expected["gradient of the bias"] = np.array([upstream[:, o].sum() for o in range(out_channels)])
    return expected


# Whole networks, forward


def convolved(images: Any, weight: Any, bias: Any) -> Any:
    """A convolution that is anchored at the top left, with zeros past the edges, and its bias."""
    height, width = images.shape[2:]
    padded = np.pad(images, [(0, 0), (0, 0), (0, weight.shape[2] - 1), (0, weight.shape[3] - 1)])
    out = np.zeros((len(images), len(weight), height, width)) + bias.reshape(-1, 1, 1)
    for i, j in np.ndindex(*weight.shape[2:]):
        out += np.einsum("bchw,oc->bohw", padded[:, :, i : i + height, j : j + width], weight[:, :, i, j])
    return out


def pooled(images: Any, kh: int, kw: int) -> Any:
    """The largest cell of each tile."""
    columns = np.stack([images[:, :, :, j::kw] for j in range(kw)]).max(0)
    return np.stack([columns[:, :, i::kh] for i in range(kh)]).max(0)


def log_probabilities(rows: Any) -> Any:
    """The logarithm of softmax along dimension 1."""
    rows = rows - rows.max(1, keepdims=True)
    return rows - np.log(np.exp(rows).sum(1, keepdims=True))


def small_output(images: Any, parameters: Any) -> Any:
    """The small network."""
    weight, bias, linear, shift = parameters
    features = pooled(np.maximum(convolved(images, weight, bias), 0), 2, 3)
    return log_probabilities(features.reshape(len(images), -1) @ linear.T + shift)


def small_network(images: Any, parameters: Any, upstream: Any) -> Any:
    """Each gradient is found by changing one number after the other, so little that no ReLU is crossed on the way."""
    values, step = [images, *parameters], 1e-7
    gradients = []
    for i, value in enumerate(values):
        gradient = np.empty(value.shape)
        for cell in np.ndindex(*value.shape):
            sides = []
            for sign in (1, -1):
                changed = value.copy()
                changed[cell] += sign * step
                new = [*values[:i], changed, *values[i + 1 :]]
                sides.append((small_output(new[0], new[1:]) * upstream).sum())
            gradient[cell] = (sides[0] - sides[1]) / (2 * step)
        gradients.append(gradient)
    return {
        "output": small_output(images, parameters),
        "gradient of the images": gradients[0],
        "gradient of the weight of the convolution": gradients[1],
        "gradient of the bias of the convolution": gradients[2],
        "gradient of the weight of Linear": gradients[3],
        "gradient of the bias of Linear": gradients[4],
    }


def small_network_with_dropout(images: Any, parameters: Any, directions: Any, upstream: Any, seed: int) -> Any:
    """A gradient says how steep it is."""
    names = ("weight of the convolution", "bias of the convolution", "weight of Linear", "bias of Linear")
    found = {f"{name}: there is a gradient": True for name in names}
    return found | {f"{name}: difference between slope and gradient": 0.0 for name in names}


def network_parameters(backend: str) -> Any:
    """Two convolutions of 3 x 3 to 4 and 8 channels; of 8 x 7 x 7 features 64, and of these ten digits."""
    shapes = [[4, 1, 3, 3], [4, 1, 1], [8, 4, 3, 3], [8, 1, 1], [64, 392], [64], [10, 64], [10]]
    return {
        "shapes of the parameters": shapes,
        "number of numbers to learn": sum([math.prod(shape) for shape in shapes]),
        "types of the parameters": ["float32"] * 8,
        "all on the backend": True,
    }


def network_dropout(backend: str) -> Any:
    """A single one."""
    return {"rates of dropout": [0.25]}


def network(images: Any, parameters: Any, backend: str) -> Any:
    """The network, in double precision."""
    first, first_bias, second, second_bias, hidden, hidden_bias, last, last_bias = [
        array.astype(np.float64) for array in parameters
    ]
    x = np.maximum(convolved(images.astype(np.float64), first, first_bias), 0)
    x = pooled(np.maximum(convolved(x, second, second_bias), 0), 4, 4)  # (batch, 8, 7, 7)
    x = np.maximum(x.reshape(len(x), 392) @ hidden.T + hidden_bias, 0)
    return {
        "output": log_probabilities(x @ last.T + last_bias),
        "shapes of what comes to dropout": [[len(images), 64]],
    }


def network_gradients(images: Any, upstream: Any, seed: int) -> Any:
    """No parameter is left out."""
    return {"parameters with a gradient": [True] * 8}


# The script


def pixels_of(images: Any) -> Any:
    """Pixels of mean 0 and deviation 1, as far as digits are concerned; in one channel."""
    return ((images.astype(np.float64) - PIXEL_MEAN) / PIXEL_DEVIATION)[:, None]


def to_input(images: Any, backend: str) -> Any:
    """Each pixel for itself."""
    return {"pixels": pixels_of(images), "type": "float32", "on the backend": True}


def evaluate(images: Any, labels: Any, row: int, rate: float, seed: int) -> Any:
    """The ten pixels of the stand-in are the evidence; nothing is dropped, and nothing is learned."""
    said = log_probabilities(pixels_of(images)[:, 0, row, 5:15])
    return {
        "images": len(images),
        "right answers": int((said.argmax(1) == labels).sum()),
        "mean loss": -np.mean([line[label] for line, label in zip(said, labels)]),
        "probabilities": np.exp(said),
        "parameter afterwards": np.array([1.0]),
        "gradient of the parameter afterwards": None,
    }
