"""The variables of a graph in a row: an order that backpropagation can follow, and one that it cannot."""

import math
from collections.abc import Sequence

import minitorch
from docs.figures.backward_steps import make_graph
from docs.figures.drawing import Drawing
from minitorch import Scalar, Variable

BOX, STEP, LEFT = 50, 100, 40
ROWS = {"topological order": 150, "breadth first": 360}  # where the boxes of each row begin


def breadth_first(result: Scalar) -> list[Variable]:
    """The variables by their distance from the result."""
    order: list[Variable] = [result]
    for v in order:
        order += [parent for parent in v.parents if all(parent is not known for known in order)]
    return order


def draw() -> Drawing:
    """Both orders, with an arc from each variable to those that it hands something on to."""
    result = make_graph()["z"]
    orders = [list(minitorch.topological_sort(result)), breadth_first(result)]
    names = [" ".join(v.name for v in order) for order in orders]
    back = [
        f"from {v.name} to {parent.name}"
        for place, v in enumerate(orders[1])
        for parent in v.parents
        if any(parent is before for before in orders[1][:place])
    ]
    drawing = Drawing(
        2 * LEFT + 4 * STEP + BOX,
        462,
        f"Two orders of the same graph. Topological order: {names[0]}; each arc leads to the right. Breadth first:"
        f" {names[1]}; the arc {' and '.join(back)} leads back to the left, to a variable that is done already.",
    )
    for (title, top), order in zip(ROWS.items(), orders):
        drawing.text(LEFT, top - 116, title, "strong", anchor="start")
        draw_order(drawing, top, order)
    return drawing


def draw_order(drawing: Drawing, top: float, order: Sequence[Variable]) -> None:
    """A row of boxes, arcs above it that lead on, and arcs below it that lead back."""
    places = {v.name: place for place, v in enumerate(order)}
    for v in order:
        place = places[v.name]
        middle = LEFT + place * STEP + BOX / 2
        style = "input" if v.is_leaf() else "output" if place == 0 else "plain"
        drawing.box(middle - BOX / 2, top, BOX, 40, style)
        drawing.text(middle, top + 26, v.name, "strong")
        for parent in v.parents:
            distance = places[parent.name] - place
            if distance > 0:
                arc(drawing, (middle + 8, top - 3), distance * STEP - 16, -22 * distance, "gradient")
            else:
                arc(drawing, (middle - 8, top + 43), distance * STEP + 16, 26, "gradient strong dashed")
                drawing.text(middle + distance * STEP / 2, top + 88, "too late")


def arc(drawing: Drawing, start: tuple[float, float], wide: float, high: float, style: str) -> None:
    """Half an ellipse that ends in an arrow."""
    x, y = start
    turns = [math.pi * i / 24 for i in range(25)]
    points = [(x + wide * (1 - math.cos(turn)) / 2, y + high * math.sin(turn)) for turn in turns]
    while math.dist(points[-2], points[-1]) < 12:  # the head of an arrow needs room
        del points[-2]
    drawing.line(points[:-1], style)
    drawing.arrow(points[-2], points[-1], style)
