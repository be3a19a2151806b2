"""The trap: three predictions in a row, three targets in a column, and nine differences."""

import minitorch
from docs.figures.drawing import CELL, Drawing, number

PREDICTIONS = [3, 5, 8]
TARGETS = [3, 5, 8]

LEFT, TOP = 150, 116


def draw() -> Drawing:
    """Predictions above, targets at the left, differences between them."""
    count = len(PREDICTIONS)
    prediction = minitorch.tensor(PREDICTIONS)  # (count,)
    target = minitorch.tensor(TARGETS).view(count, 1)  # (count, 1)
    difference = prediction - target  # (count, count), and not (count,)
    wanted = {(place, place): "output strong" for place in range(count)}
    drawing = Drawing(
        480,
        TOP + CELL * count + 16,
        f"Predictions {PREDICTIONS} of shape {prediction.shape} minus targets {TARGETS} of shape {target.shape}: a"
        f" table of shape {difference.shape}. Only the {count} cells of its diagonal were wanted; they"
        f" are {', '.join(number(difference[place, place]) for place in range(count))}.",
    )
    drawing.text(LEFT, 26, f"prediction {prediction.shape}", "input strong", anchor="start")
    drawing.cells(LEFT, 42, PREDICTIONS, "input")
    drawing.text(LEFT - 74, TOP + CELL * count / 2 - 6, "target", "weight strong", anchor="end")
    drawing.text(LEFT - 74, TOP + CELL * count / 2 + 18, str(target.shape), "weight strong", anchor="end")
    drawing.cells(LEFT - CELL - 22, TOP, [[x] for x in TARGETS], "weight")
    drawing.cells(LEFT, TOP, difference.numbers(), "faint", styles=wanted)
    right, middle = LEFT + CELL * count + 18, TOP + CELL * count / 2
    drawing.text(right, middle - 22, "prediction \u2212 target", "output strong", anchor="start")
    drawing.text(right, middle + 6, str(difference.shape), "output strong", anchor="start")
    drawing.text(right, middle + 34, "thick: wanted", anchor="start")
    return drawing
