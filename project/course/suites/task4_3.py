"""The cases of task 4.3, average pooling."""

from typing import Any

import numpy as np

from minitorch import nn
from project.course.cases import Case, Values
from project.course.inputs import LAYOUTS, Array, leaf, numbers, random_array, rng_for
from project.course.suites.gradients import gradient_of
from project.course.suites.pooling import pooling_cases

TASK = "4_3"


def run_tile(images: Array, kernel: tuple[int, int], backend: str, layout: str) -> Values:
    """Tiles, with their cells in order of size; and, as the upstream gradient of each cell, its square."""
    x = leaf(images, layout, backend)
    tiles, height, width = nn.tile(x, kernel)
    cells = numbers(tiles)
    assert cells is not None
    return {
        "cells of each tile, in order of size": np.sort(cells, -1),
        "new height": int(height),
        "new width": int(width),
        "gradient of the input": gradient_of(x, tiles, cells**2),
    }


def run_refusal(function: str, images: Array, kernel: tuple[int, int]) -> Values:
    """Whether tiles of this size are refused, with whatever exception."""
    try:
        getattr(nn, function)(leaf(images), kernel)
    except NotImplementedError:  # not written yet
        raise
    except Exception:
        return {"refused": True}
    return {"refused": False}


def tile_case(
    special: str, images: Any, kernel: tuple[int, int], backend: str = "simple", layout: str = "rows"
) -> Case:
    """A case for `tile`. Images are numbers, or the shape of random ones."""
    name = f"tile: {special}"
    images = random_array(rng_for(name), images) if isinstance(images, tuple) else np.array(images, float)
    inputs = {"images": images, "kernel": kernel, "backend": backend, "layout": layout}
    return Case(TASK, name, run_tile, "tile", inputs)


def refusal_case(function: str, special: str, kernel: tuple[int, int]) -> Case:
    """A case in which the tiles do not divide images of 6 x 8."""
    inputs = {"function": function, "images": np.arange(96.0).reshape(2, 1, 6, 8), "kernel": kernel}
    return Case(TASK, f"{function}: {special}", run_refusal, "refusal", inputs)


def _cases() -> list[Case]:
    image = np.arange(1.0, 13.0).reshape(1, 1, 2, 6)
    cases = [
        tile_case("tiles of a single cell", image[..., :3], (1, 1)),
        tile_case("tiles of one row and two columns", image, (1, 2)),
        tile_case("tiles of two rows and one column", image.reshape(1, 1, 4, 3), (2, 1)),
        tile_case("tiles of two rows and three columns", image, (2, 3)),
        tile_case("square tiles, one below the other", image.reshape(1, 1, 6, 2), (2, 2)),
        tile_case("tiles wider than high, on a grid of 2 x 5", (1, 1, 4, 15), (2, 3)),
        tile_case("tiles higher than wide, on a grid of 3 x 2", (1, 1, 9, 4), (3, 2)),
        tile_case("three channels", (1, 3, 4, 2), (2, 1)),
        tile_case("a batch of two", (2, 1, 4, 2), (2, 1)),
        tile_case("all sizes differ", (2, 3, 15, 8), (3, 2)),
    ]
    cases += [
        tile_case(f"memory in the order '{layout}'", (2, 3, 4, 15), (2, 3), layout=layout) for layout in LAYOUTS[1:]
    ]
    cases.append(tile_case("the fast backend", (2, 3, 8, 15), (4, 3), "fast", "rotated"))
    cases += pooling_cases(TASK, "avgpool2d")
    return [
        *cases,
        refusal_case("tile", "tiles that do not divide the height", (4, 2)),
        refusal_case("tile", "tiles that do not divide the width", (2, 3)),
    ]


CASES = _cases()
