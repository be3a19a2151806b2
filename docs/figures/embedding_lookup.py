"""Looking up words in a table, and what comes back to the table."""

import numpy as np

import minitorch
from docs.figures.drawing import CELL, Drawing

WORDS = ["(padding)", "dull", "and", "film"]
TABLE = [[0, 0], [3, -1], [1, 2], [5, 4]]
SENTENCE = [1, 2, 1, 0]  # "dull and dull", filled up with padding
UPSTREAM = [[1, 2], [3, 4], [5, 6], [7, 8]]

LEFT, RIGHT = 130, 440
TOP, BOTTOM = 60, 316


def draw() -> Drawing:
    """Above, rows of the table go to the places of the sentence; below, gradients go the other way."""
    table = minitorch.tensor(TABLE, requires_grad=True)
    rows = minitorch.embedding(SENTENCE, table, padding_idx=0)  # (places, numbers)
    rows.backward(np.array(UPSTREAM))
    assert table.grad is not None
    sums = table.grad.to_numpy()

    names = [WORDS[number] for number in SENTENCE]
    known = range(1, len(WORDS))  # all but padding
    told = ", ".join(f"of {WORDS[number]}: {numbers_in(sums[number])}" for number in known)
    drawing = Drawing(
        RIGHT + 2 * CELL + 40,
        BOTTOM + len(TABLE) * CELL + 14,
        f"Looking up: the sentence {' '.join(names)} gets the rows {', '.join(map(numbers_in, rows.to_numpy()))} of"
        f" the table. Going back: the places have the gradients {', '.join(map(numbers_in, UPSTREAM))}, and the rows of"
        f" the table get the sums of theirs, {told}. Padding gets none.",
    )
    for top, style, titles in (
        (TOP, "", ("weight", "the table", "output", "rows looked up")),
        (BOTTOM, "gradient", ("gradient", "its gradient", "gradient", "what arrives")),
    ):
        drawing.text(LEFT + CELL, top - 16, titles[1], f"{titles[0]} strong")
        drawing.text(RIGHT + CELL, top - 16, titles[3], f"{titles[2]} strong")
        for number, word in enumerate(WORDS):
            drawing.text(LEFT - 12, top + (number + 0.5) * CELL + 6, f"{number} {word}", anchor="end")
        for place, number in enumerate(SENTENCE):
            drawing.text(RIGHT - 12, top + (place + 0.5) * CELL + 6, WORDS[number], anchor="end")
            ends = (
                (LEFT + 2 * CELL + 6, top + (number + 0.5) * CELL),
                (RIGHT - 106, top + (place + 0.5) * CELL),
            )
            if top == TOP:
                drawing.arrow(*ends)
            elif number > 0:
                drawing.arrow(ends[1], ends[0], style)
    drawing.cells(LEFT, TOP, TABLE, "weight", styles={(0, column): "zero" for column in range(2)})
    drawing.cells(RIGHT, TOP, rows.to_numpy(), "output")
    drawing.cells(LEFT, BOTTOM, sums, "gradient", styles={(0, column): "zero" for column in range(2)})
    drawing.cells(RIGHT, BOTTOM, UPSTREAM, "gradient")
    return drawing


def numbers_in(row: object) -> str:
    """The numbers of a row, as they are read aloud."""
    return " and ".join(f"{number:g}" for number in np.asarray(row))
