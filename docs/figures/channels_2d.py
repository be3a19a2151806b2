"""Several channels in and several out: a window for each pair of them."""

import minitorch
from docs.figures.drawing import Drawing, number

INPUT = [  # (channels, height, width)
    [[1, 0, 2, 1], [0, 1, 3, 0], [2, 1, 0, 1]],
    [[0, 2, 1, 0], [1, 0, 0, 2], [0, 1, 2, 1]],
]
WEIGHT = [  # (channels of the output, channels of the input, height, width)
    [[[1, 0], [0, 1]], [[2, 0], [0, 0]]],
    [[[0, 1], [1, 0]], [[0, 0], [1, 1]]],
    [[[1, 1], [1, 1]], [[-1, 0], [0, -1]]],
]

SIZE = 29  # of a cell
LEFT, TOP = 10, 40
COLUMN, ROW = 166, 124  # from one channel of the input to the next, and from one channel of the output to the next


def draw() -> Drawing:
    """The channels of the input above, those of the output to the right, and the windows where they cross."""
    input, weight = minitorch.tensor(INPUT), minitorch.tensor(WEIGHT)
    height, width = input.shape[1:]
    kernel_height, kernel_width = weight.shape[2:]
    outputs = minitorch.conv2d(input.view(1, *input.shape), weight).to_numpy()[0]  # (channels, height, width)
    first = TOP + height * SIZE + 70  # where the first channel of the output begins
    last = LEFT + COLUMN * len(INPUT) + 20  # where the channels of the output stand
    drawing = Drawing(
        last + SIZE * width + 16,
        first + ROW * len(WEIGHT) - 22,
        f"An input of {len(INPUT)} channels, {height} x {width} each, becomes {len(WEIGHT)} channels. Each channel of"
        f" the output has a window of {kernel_height} x {kernel_width} weights for each channel of the input, and adds"
        f" up what they give. Channel 0 of the output is {outputs[0].astype(int).tolist()}.",
    )
    for c, channel in enumerate(INPUT):
        x = LEFT + COLUMN * c
        drawing.text(x, TOP - 12, f"input[0, {c}]", "input code strong", anchor="start")
        drawing.cells(x, TOP, channel, "input", size=SIZE)
        drawing.arrow((x + 58, TOP + height * SIZE + 8), (x + 58, first - 30), "input")
    for o, output in enumerate(outputs):
        y = first + ROW * o
        middle = y + height * SIZE / 2
        for c, window in enumerate(WEIGHT[o]):
            centre = LEFT + COLUMN * c + 58
            left, top = centre - kernel_width * SIZE / 2, middle - kernel_height * SIZE / 2
            drawing.text(centre, top - 9, f"weight[{o}, {c}]", "weight code", size=15)
            drawing.cells(left, top, window, "weight", size=SIZE)
            sign = "+" if c < len(INPUT) - 1 else "="
            drawing.text(LEFT + COLUMN * c + 136, middle + 6, sign, "strong")
        drawing.text(last, y - 8, f"output[0, {o}]", "output code", anchor="start", size=15)
        drawing.cells(last, y, [[number(value) for value in row] for row in output], "output", size=SIZE)
    return drawing
