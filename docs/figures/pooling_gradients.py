"""Where the gradient of pooling goes: all of it to the maximum, or equal parts of it to every cell."""

from collections.abc import Callable
from typing import Any

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing, number
from docs.figures.pooling_tiles import IMAGE, TILE

UPSTREAM = [[6, 12], [18, 24]]

LEFT, RIGHT = 20, 410  # where the images begin, and where what is pooled


def gradient(pool: Callable[[minitorch.Tensor, tuple[int, int]], minitorch.Tensor]) -> list[list[float]]:
    """The gradient of the image, if `UPSTREAM` is that of the pooled image."""
    image = minitorch.tensor([[IMAGE]], requires_grad=True)  # (1, 1, height, width)
    pool(image, TILE).backward(minitorch.tensor([[UPSTREAM]]))
    assert image.grad is not None
    rows: list[list[float]] = image.grad.to_numpy()[0, 0].tolist()
    return rows


def listed(rows: list[list[float]]) -> str:
    """The numbers in words, row by row."""
    return "; ".join(", ".join(number(x) for x in row) for row in rows)


def draw() -> Drawing:
    """The image, then the gradient that each kind of pooling hands back to it."""
    maxima = minitorch.maxpool2d(minitorch.tensor([[IMAGE]]), TILE).to_numpy()[0, 0]
    by_max, by_mean = gradient(minitorch.maxpool2d), gradient(minitorch.avgpool2d)
    block = CELL * len(IMAGE) + 52
    drawing = Drawing(
        RIGHT + 2 * CELL + 20,
        3 * block + 8,
        f"The image {IMAGE} and the maxima of its tiles {maxima.astype(int).tolist()}. The gradient that arrives is"
        f" {UPSTREAM}. Max pooling hands back {listed(by_max)}: each part to the cell"
        f" that was the maximum, and where two tie, half to each. Average pooling hands back"
        f" {listed(by_mean)}: equal parts to all cells of a tile.",
    )
    kh, kw = TILE
    won = np.array(IMAGE) == maxima.repeat(kh, 0).repeat(kw, 1)  # as large as the maximum of its tile
    draw_row(drawing, 34, ("image", IMAGE, won), ("maximum of each tile", maxima))
    for place, (name, cells) in enumerate((("max", by_max), ("average", by_mean)), start=1):
        title = f"gradient of the image, {name} pooling"
        arrived = ("gradient that arrives", UPSTREAM)
        draw_row(drawing, 34 + block * place, (title, cells, np.array(cells) != 0), arrived, "gradient")
    return drawing


def draw_row(
    drawing: Drawing, top: float, image: tuple[str, Any, np.ndarray], pooled: tuple[str, Any], style: str = ""
) -> None:
    """An image on the left and what belongs to its tiles on the right, with names; gradients go to the left.

    Args:
        drawing: Where to draw.
        top: The upper edge of the image.
        image: Its name, its numbers, and which of its cells to bring out.
        pooled: The name and the numbers on the right.
        style: "gradient" for gradients.
    """
    name, cells, chosen = image
    name_right, results = pooled
    height, width = chosen.shape
    drawing.text(LEFT, top - 8, name, f"{style} strong", anchor="start")
    looks = dict.fromkeys(zip(*np.nonzero(chosen)), style or "input strong")
    drawing.cells(LEFT, top, cells, "faint", styles=looks)
    right, bottom = LEFT + CELL * width, top + CELL * height
    # A thicker line parts the tiles.
    for x in range(LEFT + CELL * TILE[1], right, CELL * TILE[1]):
        drawing.line([(x, top), (x, bottom)], "strong")
    for row in range(TILE[0], height, TILE[0]):
        drawing.line([(LEFT, top + CELL * row), (right, top + CELL * row)], "strong")
    middle = (top + bottom) / 2
    ends = [(right + 14, middle), (RIGHT - 14, middle)]
    start, end = reversed(ends) if style else ends
    drawing.arrow(start, end, style)
    drawing.text(RIGHT + 2 * CELL, middle - CELL - 12, name_right, anchor="end", size=15)
    drawing.cells(RIGHT, middle - CELL, results, style or "output")
