"""Which case of a suite notices which wrong solution: the misconceptions about central differences."""

import numpy as np
import numpy.typing as npt

from docs.figures.drawing import Drawing
from minitorch import autodiff
from project.course.cases import Case, Outcome
from project.course.catalogue import Misconception, misconceptions
from project.course.judging import judge
from project.course.suites import cases_of

TASK = "1_1"
FUNCTION = "central_difference"  # the one function of this task, in `minitorch/autodiff.py`

LEFT, TOP, CELL = 152, 44, 28


def notices(case: Case, wrong: Misconception) -> bool:
    """Whether a case fails with a wrong solution in the place of the library's function."""
    (text,) = wrong.solution.values()
    names: dict[str, object] = {}
    exec(text, names)
    right = getattr(autodiff, FUNCTION)
    setattr(autodiff, FUNCTION, names[FUNCTION])
    try:
        outcome = Outcome("values", case.compute())
    except Exception as error:
        outcome = Outcome("error", error=str(error))
    finally:
        setattr(autodiff, FUNCTION, right)
    return not judge(case, "plain", outcome).passed


def kills() -> npt.NDArray[np.bool_]:
    """For each wrong solution, a row with an answer for each case."""
    cases = cases_of(TASK)
    return np.array([[notices(case, wrong) for case in cases] for wrong in misconceptions(TASK)])


def draw() -> Drawing:
    """A row for each wrong solution, a column for each case, and a filled cell where the case fails."""
    names = [wrong.id.partition("-")[2].replace("-", " ") for wrong in misconceptions(TASK)]
    table = kills()
    rows, columns = table.shape
    caught = table.sum(1)
    told = ", ".join(f"{name}: {count}" for name, count in zip(names, caught))
    drawing = Drawing(
        LEFT + columns * CELL + 44,
        TOP + (rows + 1) * CELL + 12,
        f"A table of {rows} wrong solutions and {columns} cases. Each wrong solution is noticed by some of the cases;"
        f" by how many: {told}. The cases notice from {table.sum(0).min()} to {table.sum(0).max()} of them each.",
    )
    drawing.text(LEFT + columns * CELL / 2, 18, "cases of the suite")
    for column in range(columns):
        drawing.text(LEFT + (column + 0.5) * CELL, TOP - 6, str(column + 1), "faint")
    for row, name in enumerate(names):
        y = TOP + row * CELL
        drawing.text(LEFT - 8, y + CELL / 2 + 6, name, anchor="end")
        for column in range(columns):
            style = "gradient strong" if table[row, column] else "zero"
            drawing.box(LEFT + column * CELL + 3, y + 3, CELL - 6, CELL - 6, style)
            if table[row, column]:
                drawing.text(LEFT + (column + 0.5) * CELL, y + CELL / 2 + 6, "\u00d7", "gradient strong")
        style = "strong" if caught[row] == 1 else ""
        drawing.text(LEFT + columns * CELL + 22, y + CELL / 2 + 6, str(caught[row]), style)
    y = TOP + rows * CELL
    drawing.text(LEFT - 8, y + CELL / 2 + 8, "how many", anchor="end")
    for column, count in enumerate(table.sum(0)):
        drawing.text(LEFT + (column + 0.5) * CELL, y + CELL / 2 + 8, str(count))
    return drawing
