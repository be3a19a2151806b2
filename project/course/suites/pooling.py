"""What the cases of average pooling and of max pooling share."""

from typing import Any

import numpy as np

from minitorch import nn
from project.course.cases import Case, Values
from project.course.inputs import Array, leaf, numbers, random_array, rng_for
from project.course.suites.gradients import gradient_of


def run_pooling(
    function: str, images: Array, kernel: tuple[int, int], upstream: Array, backend: str, layout: str
) -> Values:
    """One of the functions of `nn` on images of shape (batch, channel, height, width), forward and backward."""
    x = leaf(images, layout, backend)
    out = getattr(nn, function)(x, kernel)
    return {"output": numbers(out), "gradient of the input": gradient_of(x, out, upstream)}


def pooling_case(
    task: str,
    function: str,
    special: str,
    images: Any,
    kernel: tuple[int, int],
    backend: str = "simple",
    layout: str = "rows",
) -> Case:
    """A case with a random upstream gradient. Images are numbers, or the shape of random ones."""
    name = f"{function}: {special}"
    rng = rng_for(name)
    images = random_array(rng, images) if isinstance(images, tuple) else np.array(images, float)
    batch, channel, height, width = images.shape
    inputs = {
        "function": function,
        "images": images,
        "kernel": kernel,
        "upstream": random_array(rng, (batch, channel, height // kernel[0], width // kernel[1])),
        "backend": backend,
        "layout": layout,
    }
    return Case(task, name, run_pooling, function, inputs, drawing="pooling")


def pooling_cases(task: str, function: str) -> list[Case]:
    """What every kind of pooling must get right, from the smallest to the largest."""
    image = np.array([1, 6, 2, -3, 5, -4, -7, 9, 3, 8, 0, 11]).reshape(1, 1, 2, 6)
    return [
        pooling_case(task, function, "tiles of a single cell", [[[[3, -2, 5]]]], (1, 1)),
        pooling_case(task, function, "tiles of one row and two columns", image, (1, 2)),
        pooling_case(task, function, "tiles of two rows and one column", image.reshape(1, 1, 4, 3), (2, 1)),
        pooling_case(task, function, "tiles of two rows and three columns", image, (2, 3)),
        pooling_case(task, function, "tiles wider than high, on a grid of 2 x 5", (1, 1, 4, 15), (2, 3)),
        pooling_case(task, function, "tiles higher than wide, on a grid of 3 x 2", (1, 1, 9, 4), (3, 2)),
        pooling_case(task, function, "three channels", (1, 3, 4, 2), (2, 1)),
        pooling_case(task, function, "a batch of two", (2, 1, 4, 2), (2, 1)),
        pooling_case(task, function, "all sizes differ", (2, 3, 15, 8), (3, 2)),
        pooling_case(task, function, "memory in the order 'reversed'", (2, 3, 4, 15), (2, 3), layout="reversed"),
        pooling_case(task, function, "memory in the order 'rotated'", (2, 3, 4, 15), (2, 3), layout="rotated"),
        pooling_case(task, function, "the fast backend", (2, 3, 8, 15), (4, 3), "fast", "rotated"),
    ]
