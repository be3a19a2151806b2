"""Pooling, tile by tile: the mean and the maximum of each."""

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps, number

IMAGE = [
    [3, 1, 4, 1, 5, 9],
    [2, 6, 2, 7, 0, 2],
    [8, 0, 1, 5, 5, 6],
    [0, 2, 1, 3, 5, 6],
]
TILE = (2, 3)

LEFT, RIGHT = 20, 310  # where the image begins, and where the results


def draw() -> Steps:
    """One drawing for each tile."""
    height, width = len(IMAGE), len(IMAGE[0])
    image = minitorch.tensor(IMAGE).view(1, 1, height, width)
    means, maxima = minitorch.avgpool2d(image, TILE), minitorch.maxpool2d(image, TILE)
    rows, columns = means.shape[2:]
    results = {name: pooled.to_numpy()[0, 0].tolist() for name, pooled in (("mean", means), ("maximum", maxima))}
    return Steps([draw_step(i, j, results) for i in range(rows) for j in range(columns)], still=rows * columns - 1)


def draw_step(i: int, j: int, results: dict[str, list[list[float]]]) -> Drawing:
    """One tile of the image, and what has come out so far."""
    kh, kw = TILE
    tile = [IMAGE[i * kh + row][j * kw : (j + 1) * kw] for row in range(kh)]
    cells = [cell for row in tile for cell in row]
    told = {name: number(result[i][j]) for name, result in results.items()}
    columns = len(results["mean"][0])
    drawing = Drawing(
        RIGHT + 230,
        60 + CELL * len(IMAGE) + 76,
        f"An image with the rows {IMAGE}, cut into tiles of {kh} rows and {kw} columns. The tile in row {i} and column"
        f" {j} of the grid of tiles holds the numbers {cells}: their mean is {told['mean']}, their maximum"
        f" {told['maximum']}.",
    )
    inside = {(i * kh + row, j * kw + column): "input strong" for row in range(kh) for column in range(kw)}
    drawing.text(LEFT, 32, "image", "input strong", anchor="start")
    drawing.cells(LEFT, 46, IMAGE, "faint", styles=inside)
    for place, (name, result) in enumerate(results.items()):
        # What comes later is left empty.
        shown = [
            [number(y) if row * columns + column <= i * columns + j else "" for column, y in enumerate(line)]
            for row, line in enumerate(result)
        ]
        x = RIGHT + 120 * place
        drawing.text(x, 32, name, "output strong", anchor="start")
        drawing.cells(x, 46, shown, "output", styles={(i, j): "output strong"})
    below = 46 + CELL * len(IMAGE)
    total = " + ".join(number(cell) for cell in cells)
    drawing.text(LEFT, below + 40, f"mean: ({total}) / {len(cells)} = {told['mean']}", "code", anchor="start")
    drawing.text(LEFT, below + 70, f"maximum: {told['maximum']}", "code", anchor="start")
    return drawing
