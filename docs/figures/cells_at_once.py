"""Two orders of the same multiplications: one sum after the other, and one weight after the other along the row."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [3, 1, 4, 1, 5, 9, 2, 6]
WEIGHT = [2, 1, 3]
AT_ONCE = 4  # numbers that an instruction takes, if their cells lie side by side

SIZE, LEFT, BLOCK = 38, 132, 196
CELLS = INPUT + [0] * (len(WEIGHT) - 1)


def draw() -> Steps:
    """One drawing for each instruction of the second order."""
    width = len(INPUT)
    one_by_one = [(t, k, 1) for t in range(width) for k in range(len(WEIGHT))]
    along = [(t, k, AT_ONCE) for k in range(len(WEIGHT)) for t in range(0, width, AT_ONCE)]
    sums = {"one sum after the other": [0] * width, "along the row": [0] * width}
    frames = []
    for place, both in enumerate(zip(one_by_one, along), start=1):
        for (t, k, taken), values in zip(both, sums.values()):
            for cell in range(t, t + taken):
                values[cell] += CELLS[cell + k] * WEIGHT[k]
        frames.append(draw_step(place, sums, both, (len(one_by_one), len(along))))
    output = minitorch.conv1d(
        minitorch.tensor(INPUT).view(1, 1, width), minitorch.tensor(WEIGHT).view(1, 1, len(WEIGHT))
    )
    assert sums["along the row"] == output.to_numpy().ravel().tolist()
    return Steps(frames, still=len(frames) - 1)


def draw_step(
    place: int, sums: dict[str, list[int]], both: tuple[tuple[int, int, int], ...], needed: tuple[int, int]
) -> Drawing:
    """Both orders after as many instructions."""
    told = [
        f"{name}: input {t + k} to {t + k + taken - 1} times weight {k}, into sum {t} to {t + taken - 1}; sums {values}"
        for (name, values), (t, k, taken) in zip(sums.items(), both)
    ]
    drawing = Drawing(
        LEFT + SIZE * len(CELLS) + 12,
        2 * BLOCK + 6,
        f"The input {INPUT} and the weights {WEIGHT}, after {place} instructions, in two orders. {'. '.join(told)}."
        f" The first order needs {needed[0]} instructions, the second {needed[1]}.",
    )
    for top, (name, values), (t, k, taken), all_of_them in zip((0, BLOCK), sums.items(), both, needed):
        drawing.text(12, top + 24, name, "strong", "start")
        drawing.text(LEFT + SIZE * len(CELLS), top + 24, f"instruction {place} of {all_of_them}", "", "end")
        met = range(t + k, t + k + taken)
        styles = {
            cell: ("input" if cell < len(INPUT) else "zero") + (" strong" if cell in met else "")
            for cell in range(len(CELLS))
        }
        drawing.text(LEFT - 12, top + 66, "input", "input strong", "end")
        drawing.cells(LEFT, top + 42, CELLS, styles=styles, size=SIZE)
        drawing.text(LEFT - 12, top + 106, f"weight {k}", "weight strong", "end")
        for cell in range(t, t + taken):
            x = LEFT + SIZE * (cell + 0.5)
            drawing.text(x + 2, top + 106, f"\u00d7{WEIGHT[k]}", "weight strong")
            drawing.arrow((x + SIZE * k, top + 82), (x, top + 93), "weight")
        drawing.text(LEFT - 12, top + 144, "sums", "output strong", "end")
        changed = dict.fromkeys(range(t, t + taken), "output strong")
        drawing.cells(LEFT, top + 120, [number(value) for value in values], "output", styles=changed, size=SIZE)
    return drawing
