"""The three ways to raise a function of numbers to lists: map, zip and reduce."""

from docs.figures.drawing import CELL, Drawing, number
from minitorch import operators

LEFT_LIST = [1.0, 2.0, 3.0]
RIGHT_LIST = [10.0, 20.0, 30.0]

LEFT, PACE = 100, 76  # where the first number stands, and how far it is to the next
MAP, ZIP, REDUCE = 10, 176, 386  # the upper edges of the three blocks


def draw() -> Drawing:
    """Three blocks below each other: lists go in at the top of each, and what comes out stands below."""
    count = len(LEFT_LIST)
    negated = operators.map(operators.neg)(LEFT_LIST)
    added = operators.zipWith(operators.add)(LEFT_LIST, RIGHT_LIST)
    # The list folded up to its beginning, up to its first number, up to its second, and so on.
    fold = operators.reduce(operators.add, 0.0)
    totals = [fold(LEFT_LIST[:length]) for length in range(count + 1)]
    drawing = Drawing(
        LEFT + PACE * (count - 1) + CELL + 100,
        REDUCE + 150,
        f"map(neg) turns {LEFT_LIST} into {negated}, number by number. zipWith(add) turns {LEFT_LIST} and {RIGHT_LIST}"
        f" into {added}, pair by pair. reduce(add, 0.0) begins with {number(totals[0])} and goes along {LEFT_LIST}: so"
        f" far it has {', '.join(number(x) for x in totals[1:])}. The last of these is the result.",
    )
    for name, top in (("map(neg)", MAP), ("zipWith(add)", ZIP), ("reduce(add, 0.0)", REDUCE)):
        drawing.text(12, top + 14, name, "strong code", anchor="start")
    # Whatever stands in a row: where it begins, its upper edge, the numbers and their style.
    rows = (
        (LEFT, MAP + 26, LEFT_LIST, "input"),
        (LEFT, MAP + 98, negated, "output"),
        (LEFT, ZIP + 26, LEFT_LIST, "input"),
        (LEFT, ZIP + 70, RIGHT_LIST, "weight"),
        (LEFT, ZIP + 142, added, "output"),
        (LEFT, REDUCE + 26, LEFT_LIST, "input"),
        (LEFT - PACE, REDUCE + 98, totals[:-1], "plain"),
        (LEFT + PACE * (count - 1), REDUCE + 98, totals[-1:], "output strong"),
    )
    for x, y, values, style in rows:
        for place, value in enumerate(values):
            drawing.cells(x + PACE * place, y, [value], style)
    for place in range(count):
        middle = LEFT + PACE * place + CELL / 2
        for bottom in (MAP + 66, ZIP + 110, REDUCE + 66):
            drawing.arrow((middle, bottom + 3), (middle, bottom + 29))
        left, level = LEFT + PACE * (place - 1) + CELL, REDUCE + 98 + CELL / 2
        drawing.arrow((left + 4, level), (left + PACE - CELL - 4, level))
    last = LEFT + PACE * (count - 1) + CELL + 12
    labels = (
        ("list", "input", (MAP + 26, REDUCE + 26)),
        ("left", "input", (ZIP + 26,)),
        ("right", "weight", (ZIP + 70,)),
        ("output", "output", (MAP + 98, ZIP + 142, REDUCE + 98)),
    )
    for text, style, tops in labels:
        for top in tops:
            drawing.text(last, top + 26, text, f"{style} strong", anchor="start")
    drawing.text(LEFT - PACE + CELL / 2, REDUCE + 92, "start", "faint")
    return drawing
