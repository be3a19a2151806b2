"""The oracles of task 4.3, average pooling."""

from typing import Any

import numpy as np

from project.course.oracles.pooling import new_shape, tiles_of


def tile(images: Any, kernel: tuple[int, int], backend: str, layout: str) -> Any:
    """Each tile is a rectangle of the image, and each cell of the image goes to one tile."""
    shape = new_shape(images, kernel)
    tiles = np.empty((*shape, kernel[0] * kernel[1]))
    for place, cells in tiles_of(images, kernel):
        tiles[place] = np.sort(images[cells].ravel())
    return {
        "cells of each tile, in order of size": tiles,
        "new height": shape[2],
        "new width": shape[3],
        "gradient of the input": images**2,
    }


def avgpool2d(function: str, images: Any, kernel: tuple[int, int], upstream: Any, backend: str, layout: str) -> Any:
    """Every cell of a tile has an equal part in its mean."""
    out, gradient = np.empty(new_shape(images, kernel)), np.empty(images.shape)
    for place, cells in tiles_of(images, kernel):
        out[place] = images[cells].mean()
        gradient[cells] = upstream[place] / images[cells].size
    return {"output": out, "gradient of the input": gradient}


def refusal(function: str, images: Any, kernel: tuple[int, int]) -> Any:
    """Tiles must divide the images without rest."""
    return {"refused": images.shape[2] % kernel[0] != 0 or images.shape[3] % kernel[1] != 0}
