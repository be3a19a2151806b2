"""A convolution with channels: two go in, three come out, and there is a window for each pair."""

import minitorch
from docs.figures.drawing import Drawing, Steps, number

INPUT = [[1, 0, 2, 1, 3, 0, 1, 2], [0, 1, 1, 2, 0, 1, 3, 1]]  # (in_channels, width)
WEIGHT = [  # (out_channels, in_channels, k_width)
    [[1, 0, 2], [0, 1, 1]],
    [[2, 1, 0], [1, 0, 1]],
    [[0, 1, 1], [2, 1, 0]],
]
PLACE = 2  # where the window is shown

LEFT, SIZE, GAP = 88, 36, 26


def draw() -> Steps:
    """One drawing for each channel of the output."""
    output = minitorch.conv1d(minitorch.tensor([INPUT]), minitorch.tensor(WEIGHT))  # (1, out_channels, width)
    values = output.to_numpy()[0].tolist()
    return Steps([draw_step(channel, values) for channel in range(len(WEIGHT))])


def draw_step(channel: int, output: list[list[float]]) -> Drawing:
    """The weights of one channel of the output at work, and the channels that are done."""
    ins, width, k_width = len(INPUT), len(INPUT[0]), len(WEIGHT[0][0])
    block = k_width * SIZE
    total = number(output[channel][PLACE])
    drawing = Drawing(
        LEFT + 3 * block + 2 * GAP + 16,
        420,
        f"An input of {ins} channels and {width} places. At place {PLACE} the window covers {ins} times {k_width}"
        f" cells. The weights {WEIGHT[channel]} of output channel {channel} meet them; the sum of all products is"
        f" {total}.",
    )
    drawing.text(LEFT - 12, 62, "input", "input strong", anchor="end")
    covered = {(c, PLACE + k): "input strong" for c in range(ins) for k in range(k_width)}
    drawing.cells(LEFT, 20, INPUT, "input", styles=covered, size=SIZE)
    drawing.text(LEFT - 12, 192, "weight", "weight strong", anchor="end")
    for out, weights in enumerate(WEIGHT):
        left = LEFT + out * (block + GAP)
        drawing.text(left + block / 2, 138, f"for output {out}", "weight" if out == channel else "faint")
        drawing.cells(left, 150, weights, "weight strong" if out == channel else "faint", size=SIZE)
    terms = [
        f"{weight}\u00d7{INPUT[c][PLACE + k]}" for c, row in enumerate(WEIGHT[channel]) for k, weight in enumerate(row)
    ]
    drawing.text(LEFT + (3 * block + 2 * GAP) / 2, 258, f"{' + '.join(terms)} = {total}", "code", size=15)
    drawing.text(LEFT - 12, 350, "output", "output strong", anchor="end")
    shown = [[number(x) if out <= channel else "" for x in row] for out, row in enumerate(output)]
    drawing.cells(LEFT, 290, shown, "output", styles={(channel, PLACE): "output strong"}, size=SIZE)
    return drawing
