"""The cases of task 4.4: maximum, softmax, max pooling and dropout."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import minitorch
from minitorch import nn
from project.course.cases import Case, Values
from project.course.inputs import BACKENDS, Array, lay_out, leaf, numbers, random_array, rng_for
from project.course.suites.gradients import gradient_of
from project.course.suites.pooling import pooling_case, pooling_cases

TASK = "4_4"

ABOUT_EPS = 1e-5
"""How exact softmax and its logarithm must be: `Tensor.log` adds 1e-6 to its argument, and may be used."""


# Functions of a tensor and a dimension


def run_argmax(input: Array, dim: int, backend: str, layout: str) -> Values:
    """Where the maximum stands."""
    return {"output": numbers(nn.argmax(lay_out(input, layout, BACKENDS[backend]), dim))}


def run_function(function: str, input: Array, dim: int, upstream: Array, backend: str, layout: str) -> Values:
    """One of the other functions of `nn`, forward and backward."""
    x = leaf(input, layout, backend)
    out = getattr(nn, function)(x, dim)
    return {"output": numbers(out), "gradient of the input": gradient_of(x, out, upstream)}


def function_case(
    function: str, special: str, input: Any, dim: int, backend: str = "simple", layout: str = "rows"
) -> Case:
    """A case with a random upstream gradient. The input is numbers, or the shape of random ones."""
    name = f"{function}: {special}"
    rng = rng_for(name)
    input = random_array(rng, input) if isinstance(input, tuple) else np.array(input, float)
    inputs = {"input": input, "dim": dim, "backend": backend, "layout": layout}
    if function == "argmax":
        return Case(TASK, name, run_argmax, "argmax", inputs, drawing="along")
    shape = [1 if i == dim and function == "max" else size for i, size in enumerate(input.shape)]
    inputs |= {"function": function, "upstream": random_array(rng, shape)}
    atol = 1e-11 if function == "max" else ABOUT_EPS
    return Case(TASK, name, run_function, function, inputs, atol=atol, drawing="along")


def cases_of_all_dimensions(function: str) -> list[Case]:
    """Each dimension, and every order in which tensors lie in memory."""
    cases = [function_case(function, f"dimension {dim} of three", (2, 5, 3), dim) for dim in (2, 1, 0)]
    cases += [
        function_case(function, f"memory in the order '{layout}'", (3, 2, 4, 5), dim, layout=layout)
        for dim, layout in ((1, "reversed"), (2, "rotated"))
    ]
    return [*cases, function_case(function, "the fast backend", (4, 3, 2), 1, "fast", "rotated")]


# Ties: who of several equal cells gets the gradient is left open, but not how much they get together


def divided(gradient: Array | None, tied: Array, add_up: Callable[[Array], Array]) -> Values:
    """A gradient in two parts: what cells that tie get together, and what all other cells get."""
    return {
        "gradient of all cells that tie": None if gradient is None else add_up(np.where(tied, gradient, 0.0)),
        "gradients of the other cells": None if gradient is None else gradient[~tied],
    }


def run_max_of_ties(input: Array, tied: Array, dim: int, upstream: Array) -> Values:
    """The maximum along a dimension."""
    x = leaf(input)
    out = nn.max(x, dim)
    return {"output": numbers(out)} | divided(gradient_of(x, out, upstream), tied, lambda g: g.sum(dim, keepdims=True))


def run_maxpool2d_of_ties(input: Array, tied: Array, kernel: tuple[int, int], upstream: Array) -> Values:
    """The maximum of each tile."""
    x = leaf(input)
    out = nn.maxpool2d(x, kernel)
    (batch, channel, height, width), (kh, kw) = input.shape, kernel

    def add_up(cells: Array) -> Array:
        return cells.reshape(batch, channel, height // kh, kh, width // kw, kw).sum((3, 5))

    return {"output": numbers(out)} | divided(gradient_of(x, out, upstream), tied, add_up)


def ties_cases() -> list[Case]:
    """Cases in which cells tie."""
    rng = rng_for("ties")
    some, pixels = rng.random((3, 5, 4)) < 0.5, rng.random((2, 3, 4, 9)) < 0.3
    some[:, 2], pixels[:, :, ::2, ::3] = True, True  # one at least in each group
    drawn: list[tuple[str, str, Array, dict[str, Any], tuple[int, ...]]] = [
        ("max", "some cells tie along dimension 1", some, {"dim": 1}, (3, 1, 4)),
        ("maxpool2d", "some cells of a tile tie", pixels, {"kernel": (2, 3)}, (2, 3, 2, 3)),
    ]
    cases = []
    by_hand = {"tied": np.array([[True, False, True]]), "input": np.array([[5.0, 2.0, 5.0]])}
    inputs: dict[str, Any] = {**by_hand, "dim": 1, "upstream": np.array([[1.5]])}
    cases.append(Case(TASK, "max: two of three cells tie", run_max_of_ties, "max_of_ties", inputs))
    for function, special, tied, how, out_shape in drawn:
        cells = np.where(tied, 2.5, random_array(rng, tied.shape))  # of which none is above 2
        inputs = {"input": cells, "tied": tied, "upstream": random_array(rng, out_shape), **how}
        run = run_max_of_ties if function == "max" else run_maxpool2d_of_ties
        cases.append(Case(TASK, f"{function}: {special}", run, f"{function}_of_ties", inputs))
    return cases


# Dropout: which cells it drops is left to chance, but not how many, nor what becomes of the others


def run_dropout(input: Array, rate: float, ignore: bool, upstream: Array) -> Values:
    """Dropout that leaves nothing to chance. The input is added, for at rate 1 there may be no graph otherwise."""
    x = leaf(input)
    out = nn.dropout(x, rate, ignore)
    total = out + x
    return {"output": numbers(out), "gradient of output plus input": gradient_of(x, total, upstream)}


def drop(input: Array, rate: float, seed: int | None, backend: str = "simple") -> Array:
    """What dropout makes of a constant; after a new seed, unless it is None."""
    if seed is not None:
        minitorch.manual_seed(seed)
    out = numbers(nn.dropout(lay_out(input, backend=BACKENDS[backend]), rate))
    assert out is not None
    return out


def run_dropped(input: Array, rate: float, seed: int, backend: str) -> Values:
    """How many cells are dropped."""
    return {"share of the cells that are dropped": np.equal(drop(input, rate, seed, backend), 0).mean()}


def run_dropped_rows(input: Array, rate: float, seed: int) -> Values:
    """How many cells are dropped in each row, and in each column."""
    dropped = np.equal(drop(input, rate, seed), 0)
    return {
        "share of dropped cells in each row": dropped.mean(1),
        "share of dropped cells in each column": dropped.mean(0),
    }


def run_kept(input: Array, rate: float, seed: int) -> Values:
    """By what the cells that are kept are multiplied."""
    out = drop(input, rate, seed)
    factors = (out / input)[out != 0]
    return {
        "smallest factor of a kept cell": factors.min() if factors.size else None,
        "largest factor of a kept cell": factors.max() if factors.size else None,
    }


def run_dropout_gradient(input: Array, rate: float, seed: int, upstream: Array, backend: str, layout: str) -> Values:
    """Whether the gradient of each cell is multiplied by the same factor as the cell."""
    minitorch.manual_seed(seed)
    x = leaf(input, layout, backend)
    out = nn.dropout(x, rate)
    gradient = gradient_of(x, out, upstream)
    cells = numbers(out)
    assert cells is not None
    difference = None if gradient is None else np.abs(gradient / upstream - cells / input).max()
    return {
        "largest difference between the factors of a cell and of its gradient": difference,
        "input afterwards": numbers(x),
    }


def run_seeds(input: Array, rate: float, seeds: tuple[int, int]) -> Values:
    """Whether the same cells are dropped again."""
    first, second, other, again = [drop(input, rate, seed) == 0 for seed in (seeds[0], None, seeds[1], seeds[0])]
    return {
        "the same cells, after the same seed": bool((first == again).all()),
        "the same cells, in a second call": bool((first == second).all()),
        "the same cells, after another seed": bool((first == other).all()),
    }


def deviations(rate: float, n: int) -> float:
    """Six standard deviations of the share of `n` cells that are dropped: none in a hundred million is further off."""
    return 6 * math.sqrt(rate * (1 - rate) / n)


def dropout_cases() -> list[Case]:
    """The cases of dropout."""
    rng = rng_for("dropout")
    few, upstream, many = random_array(rng, (3, 5)), random_array(rng, (3, 5)), random_array(rng, (40, 60))
    cases = []
    for special, rate, ignore in (
        ("nothing is dropped at rate 0", 0.0, False),
        ("all is dropped at rate 1", 1.0, False),
        ("ignored at rate 0", 0.0, True),
        ("ignored at rate 0.5", 0.5, True),
        ("ignored at rate 1", 1.0, True),
    ):
        inputs = {"input": few, "rate": rate, "ignore": ignore, "upstream": upstream}
        cases.append(Case(TASK, f"dropout: {special}", run_dropout, "dropout", inputs))
    for rate, backend in ((0.25, "simple"), (0.8, "simple"), (0.1, "fast")):
        name = f"dropout: how many of 2400 cells are dropped at rate {rate}"
        inputs = {"input": many, "rate": rate, "seed": 1, "backend": backend}
        cases.append(Case(TASK, name, run_dropped, "dropped", inputs, 0.0, deviations(rate, many.size)))
    for rate in (0.25, 0.8):
        name = f"dropout: what is kept at rate {rate} is scaled"
        cases.append(Case(TASK, name, run_kept, "kept", {"input": many[:10], "rate": rate, "seed": 2}))
    name = "dropout: each row and each column is dropped cell by cell"
    inputs = {"input": many, "rate": 0.5, "seed": 3}
    cases.append(Case(TASK, name, run_dropped_rows, "dropped_rows", inputs, 0.0, deviations(0.5, len(many))))
    for backend, layout in (("simple", "rows"), ("simple", "rotated"), ("fast", "reversed")):
        name = f"dropout: the gradient, on the {backend} backend, memory in the order '{layout}'"
        drawn = {"input": random_array(rng, (3, 4, 5)), "upstream": random_array(rng, (3, 4, 5))}
        inputs = drawn | {"rate": 0.4, "seed": 4, "backend": backend, "layout": layout}
        cases.append(Case(TASK, name, run_dropout_gradient, "dropout_gradient", inputs))
    inputs = {"input": many[:5], "rate": 0.5, "seeds": (5, 6)}
    return [*cases, Case(TASK, "dropout: the same seed drops the same cells", run_seeds, "seeds", inputs)]


def _cases() -> list[Case]:
    apart = [[1000.0, 999.0, 1001.0], [-1000.0, -1002.0, -999.0]]
    cases = [
        function_case("argmax", "one row", [[3, -2, 7, 5]], 1),
        function_case("argmax", "one column", [[3], [7], [-2]], 0),
        function_case("argmax", "two rows", [[3, -2, 7], [5, 9, 4]], 1),
        function_case("argmax", "two cells tie", [[3, 7, 7, -2]], 1),
        function_case("argmax", "all cells tie", [[4, 4], [-1, -1], [0, 0]], 1),
        function_case("argmax", "cells that nearly tie", [[2.001, 2.002, 2.0]], 1),
        function_case("argmax", "negative numbers", [[-3, -2, -7], [-5, -9, -4]], 0),
        *cases_of_all_dimensions("argmax"),
        function_case("max", "one row", [[3, -2, 7, 5]], 1),
        function_case("max", "one column", [[3], [7], [-2]], 0),
        function_case("max", "two rows", [[3, -2, 7], [5, 9, 4]], 1),
        function_case("max", "negative numbers", [[-3, -2, -7], [-5, -9, -4]], 1),
        function_case("max", "cells that nearly tie", [[2.001, 2.002, 2.0]], 1),
        function_case("max", "a dimension of size 1", (3, 1, 2), 1),
        *cases_of_all_dimensions("max"),
    ]
    for function in ("softmax", "logsoftmax"):
        cases += [
            function_case(function, "a single cell", [[3]], 1),
            function_case(function, "two equal cells", [[2, 2]], 1),
            function_case(function, "one row", [[0.5, 0, 1]], 1),
            function_case(function, "some far below the maximum", [[-20, 0, -60, 1]], 1),
            function_case(function, "two rows", [[0.5, -1, 2], [1, 0, -0.5]], 1),
            function_case(function, "two columns", [[0.5, -1], [2, 1], [0, -0.5]], 0),
            *cases_of_all_dimensions(function),
            function_case(function, "large negative numbers", [[-1000, -999, -998.5]], 1),
            function_case(function, "large numbers", [[1000, 999, 998.5]], 1),
            function_case(function, "numbers from -1000 to 1000", [[1000, -1000, 0]], 1),
            function_case(function, "rows that are far apart", apart, 1),
        ]
    ties = ties_cases()
    pooling = pooling_cases(TASK, "maxpool2d")
    negative = -np.arange(1.0, 9.0).reshape(1, 1, 2, 4)
    pooling.insert(3, pooling_case(TASK, "maxpool2d", "negative numbers", negative, (2, 2)))
    return [*cases, *ties[:2], *pooling, *ties[2:], *dropout_cases()]


CASES = _cases()
