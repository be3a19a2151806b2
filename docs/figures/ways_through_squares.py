"""How many ways lead back from the result of repeated squaring to each number before it."""

import minitorch
from docs.figures.drawing import Drawing
from minitorch import Scalar

SQUARINGS = 4

BOX, GAP, LEFT, TOP = 62, 50, 20, 50


def draw() -> Drawing:
    """The chain, from x to the result; two edges lead from each square to what was squared."""
    numbers = [Scalar(1, name="x")]
    for place in range(1, SQUARINGS + 1):
        numbers.append(numbers[-1] * numbers[-1])
        numbers[-1].name = f"y{place}"
    ways = {numbers[-1].name: 1}
    for v in minitorch.topological_sort(numbers[-1]):
        for parent in v.parents:  # the same number twice, for it is both factors
            ways[parent.name] = ways.get(parent.name, 0) + ways[v.name]
    told = ", ".join(f"{v.name} in {ways[v.name]}" for v in reversed(numbers))
    drawing = Drawing(
        LEFT + (SQUARINGS + 1) * BOX + SQUARINGS * GAP + LEFT,
        TOP + 150,
        f"A chain of {SQUARINGS} squarings, {' to '.join(v.name for v in numbers)}. Each square is its predecessor"
        f" times itself, so two edges lead back. Going back from the result, a walk can reach {told} ways.",
    )
    for place, v in enumerate(numbers):
        left = LEFT + place * (BOX + GAP)
        middle = left + BOX / 2
        style = "input" if v.is_leaf() else "output" if place == SQUARINGS else "plain"
        drawing.box(left, TOP, BOX, 56, style)
        drawing.text(middle, TOP + 34, v.name, "strong")
        for side, _ in zip((-1, 1), v.parents):
            drawing.arrow((left - 2, TOP + 28 + 14 * side), (left - GAP + 2, TOP + 28 + 14 * side), "gradient")
        drawing.text(middle, TOP + 92, str(ways[v.name]), "gradient strong")
    drawing.text(LEFT, TOP - 22, "each factor is an edge of its own", anchor="start")
    drawing.text(LEFT, TOP + 130, "ways from the result back to each number", "gradient", anchor="start")
    return drawing
