"""Two shapes that are broadcast, dimension by dimension, from the right."""

import minitorch
from docs.figures.drawing import CELL, Drawing, Steps

SHAPES = ((4, 1, 3), (2, 1))

LEFT, GAP = 150, 62


def draw() -> Steps:
    """One drawing for each dimension of the result, the last dimension first."""
    dims = max(len(shape) for shape in SHAPES)
    return Steps([draw_step(dim) for dim in range(dims - 1, -1, -1)], still=dims - 1)


def draw_step(now: int) -> Drawing:
    """The shapes below each other, and the sizes of the result that are known so far."""
    result = minitorch.shape_broadcast(*SHAPES)
    dims = len(result)
    filled = [["missing"] * (dims - len(shape)) + [str(size) for size in shape] for shape in SHAPES]
    met = [column[now] for column in filled]
    rule = explain(met, result[now])
    drawing = Drawing(
        380,
        3 * GAP + 66,
        f"The shapes {SHAPES[0]} and {SHAPES[1]} below each other, flush at the right. In dimension {now} of the"
        f" result, {rule}. Known of the result so far: {', '.join(str(size) for size in result[now:])}.",
    )
    for row, (name, shape, sizes) in enumerate(zip("ab", SHAPES, filled)):
        y = 10 + GAP * row
        kind = ("input", "weight")[row]
        drawing.text(LEFT - 16, y + 26, f"{name} {shape}", f"{kind} strong", anchor="end")
        for dim, size in enumerate(sizes):
            style = "zero" if size == "missing" else kind
            text = "" if size == "missing" else size
            drawing.cells(LEFT + GAP * dim, y, [text], f"{style} strong" if dim == now else style)
    y = 10 + GAP * 2 + 10
    drawing.text(LEFT - 16, y + 26, "result", "output strong", anchor="end")
    for dim, known_size in enumerate(result):
        known = dim >= now
        style = "output strong" if dim == now else "output"
        drawing.cells(LEFT + GAP * dim, y, [str(known_size) if known else ""], style if known else "faint")
    drawing.text(190, y + CELL + 38, rule, "strong")
    return drawing


def explain(met: list[str], size: int) -> str:
    """Say in words what becomes of two sizes that meet."""
    if "missing" in met:
        return f"missing counts as 1: stretched to {size}"
    if "1" in met:
        return f"{met[0]} meets {met[1]}: 1 is stretched to {size}"
    return f"{met[0]} meets {met[1]}: they are equal"
