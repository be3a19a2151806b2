"""How the cells of an image lie in memory, and how `tile` brings those of a tile together."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing

IMAGE = [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]]
TILE = (2, 3)
LOOKS = ("input", "weight")  # of the tiles, from left to right

LEFT = 40
ROWS = 32, 176, 330  # the heights of the image, and of the storage before and after


def draw() -> Drawing:
    """The image, its storage, and the storage of its tiles, with a line from each cell to where it went."""
    height, width = len(IMAGE), len(IMAGE[0])
    image = minitorch.tensor(IMAGE).view(1, 1, height, width)
    tiles, _, count = minitorch.tile(image, TILE)  # (1, 1, 1, tiles, cells of a tile)
    before, after = image.to_numpy().ravel(), tiles.to_numpy().ravel()
    place_of = {value: place for place, value in enumerate(before)}
    tile_of = {int(IMAGE[row][column]): column // TILE[1] for row, column in np.ndindex(height, width)}
    drawing = Drawing(
        LEFT * 2 + CELL * len(before),
        ROWS[2] + CELL + 34,
        f"An image of {height} rows and {width} columns with {count} tiles of {TILE[0]} rows and {TILE[1]} columns. In"
        f" memory it lies row by row, {before.astype(int).tolist()}, so that a tile is interrupted by its neighbour."
        f" What tile returns lies in the order {after.astype(int).tolist()}: one tile after the other.",
    )
    left = LEFT + CELL * (len(before) - width) / 2
    drawing.text(left, ROWS[0] - 10, "image: tile A and tile B", "strong", anchor="start")
    looks = {(row, column): LOOKS[column // TILE[1]] for row, column in np.ndindex(height, width)}
    drawing.cells(left, ROWS[0], IMAGE, styles=looks)
    for y, name, values in ((ROWS[1], "in memory: row by row", before), (ROWS[2], "after tile: tile by tile", after)):
        drawing.text(LEFT, y - 10, name, "strong", anchor="start")
        drawing.cells(LEFT, y, values, styles={place: LOOKS[tile_of[value]] for place, value in enumerate(values)})
    for place, value in enumerate(after):
        start = LEFT + CELL * (place_of[value] + 0.5), ROWS[1] + CELL + 2
        end = LEFT + CELL * (place + 0.5), ROWS[2] - 34
        drawing.arrow(start, end, LOOKS[tile_of[value]])
    for place, value in enumerate(after):
        letter = "AB"[tile_of[value]]
        drawing.text(LEFT + CELL * (place + 0.5), ROWS[2] + CELL + 24, letter, f"{LOOKS[tile_of[value]]} strong")
    return drawing
