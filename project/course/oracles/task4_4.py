"""The oracles of task 4.4: maximum, softmax, max pooling and dropout."""

import math
from typing import Any

import numpy as np

from project.course.oracles.pooling import new_shape, tiles_of


def rows_of(array: Any, dim: int) -> Any:
    """The rows of numbers along a dimension, each with the index at which it stands."""
    for index in np.ndindex(*array.shape[:dim], *array.shape[dim + 1 :]):
        place = (*index[:dim], slice(None), *index[dim:])
        yield place, array[place]


def argmax(input: Any, dim: int, backend: str, layout: str) -> Any:
    """1 at each cell that no other one along the dimension exceeds."""
    out = np.empty(input.shape)
    for place, row in rows_of(input, dim):
        out[place] = [1.0 if all(x >= y for y in row) else 0.0 for x in row]
    return {"output": out}


def max(function: str, input: Any, dim: int, upstream: Any, backend: str, layout: str) -> Any:
    """The largest cell along the dimension gets all of the gradient; here there is only one."""
    out, gradient = np.empty(upstream.shape), np.zeros(input.shape)
    for place, row in rows_of(input, dim):
        winner = sorted(range(len(row)), key=lambda i: row[i])[-1]
        cell = (*place[:dim], winner, *place[dim + 1 :])
        out[place], gradient[cell] = row[winner], upstream[place].item()
    return {"output": out, "gradient of the input": gradient}


def max_of_ties(input: Any, tied: Any, dim: int, upstream: Any) -> Any:
    """Cells that tie get all of the gradient together."""
    return {
        "output": input.max(dim, keepdims=True),
        "gradient of all cells that tie": upstream,
        "gradients of the other cells": np.zeros((~tied).sum()),
    }


def softmax(function: str, input: Any, dim: int, upstream: Any, backend: str, layout: str) -> Any:
    """y_i = e^x_i / sum of e^x_j; so dy_i / dx_j = y_i (1 - y_j) where i = j, and -y_i y_j elsewhere."""
    out, gradient = np.empty(input.shape), np.empty(input.shape)
    for place, row in rows_of(input, dim):
        powers = [math.exp(x - row.max()) for x in row]
        y = np.array(powers) / math.fsum(powers)
        out[place] = y
        gradient[place] = (np.diag(y) - np.outer(y, y)) @ upstream[place]
    return {"output": out, "gradient of the input": gradient}


def logsoftmax(function: str, input: Any, dim: int, upstream: Any, backend: str, layout: str) -> Any:
    """y_i = x_i - ln(sum of e^x_j); so dy_i / dx_j = 1 - p_j where i = j, and -p_j elsewhere, with p = softmax(x)."""
    out, gradient = np.empty(input.shape), np.empty(input.shape)
    for place, row in rows_of(input, dim):
        powers = [math.exp(x - row.max()) for x in row]
        out[place] = row - row.max() - math.log(math.fsum(powers))
        gradient[place] = upstream[place] - np.array(powers) / math.fsum(powers) * math.fsum(upstream[place])
    return {"output": out, "gradient of the input": gradient}


def maxpool2d(function: str, images: Any, kernel: tuple[int, int], upstream: Any, backend: str, layout: str) -> Any:
    """The largest cell of a tile gets all of the gradient; here there is only one."""
    out, gradient = np.empty(new_shape(images, kernel)), np.zeros(images.shape)
    for place, cells in tiles_of(images, kernel):
        out[place] = images[cells].max()
        gradient[cells][images[cells] == out[place]] = upstream[place]
    return {"output": out, "gradient of the input": gradient}


def maxpool2d_of_ties(input: Any, tied: Any, kernel: tuple[int, int], upstream: Any) -> Any:
    """Cells that tie get all of the gradient of their tile together."""
    out = np.empty(new_shape(input, kernel))
    for place, cells in tiles_of(input, kernel):
        out[place] = input[cells].max()
    return {
        "output": out,
        "gradient of all cells that tie": upstream,
        "gradients of the other cells": np.zeros((~tied).sum()),
    }


def dropout(input: Any, rate: float, ignore: bool, upstream: Any) -> Any:
    """Nothing is changed, or nothing is left."""
    kept = 1.0 if ignore or rate == 0 else 0.0
    return {"output": input * kept, "gradient of output plus input": upstream * (kept + 1)}


def dropped(input: Any, rate: float, seed: int, backend: str) -> Any:
    """The rate is the probability of being dropped."""
    return {"share of the cells that are dropped": rate}


def dropped_rows(input: Any, rate: float, seed: int) -> Any:
    """The rate is the same for all cells."""
    rows, columns = input.shape
    return {
        "share of dropped cells in each row": np.full(rows, rate),
        "share of dropped cells in each column": np.full(columns, rate),
    }


def kept(input: Any, rate: float, seed: int) -> Any:
    """What is kept is scaled up so that the mean stays the same."""
    return {"smallest factor of a kept cell": 1 / (1 - rate), "largest factor of a kept cell": 1 / (1 - rate)}


def dropout_gradient(input: Any, rate: float, seed: int, upstream: Any, backend: str, layout: str) -> Any:
    """The gradient of a product with a constant; and the input is left alone."""
    return {
        "largest difference between the factors of a cell and of its gradient": 0.0,
        "input afterwards": input,
    }


def seeds(input: Any, rate: float, seeds: tuple[int, int]) -> Any:
    """The seed decides, and nothing else."""
    return {
        "the same cells, after the same seed": True,
        "the same cells, in a second call": False,
        "the same cells, after another seed": False,
    }
