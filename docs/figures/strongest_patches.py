"""What the windows of the second layer of a trained network answer to: the pieces of images that excite them most."""

import numpy as np

from docs.figures.drawing import WIDEST, Drawing, number
from docs.figures.trained import trained
from minitorch import FastBackend
from project.run_mnist_multiclass import to_input

IMAGES = 1000  # of the test data
SHOWN = 5  # pieces for each window, of different images
SEEN = 5  # two windows of 3 x 3, one after the other, see 5 x 5 pixels
GAP = 6


def draw() -> Drawing:
    """A column for each window, the strongest answer above."""
    network = trained()
    maps = to_input(network.images[:IMAGES], FastBackend)
    for layer in network.model.modules()[:4]:  # both convolutions, each with its ReLU
        maps = layer(maps)
    answers = maps.to_numpy()  # (images, channels, height, width)
    channels, width = answers.shape[1], answers.shape[3]
    strongest = ", ".join(number(answer) for answer in answers.max((0, 2, 3)))
    size = (WIDEST - GAP * (channels + 1)) / channels
    drawing = Drawing(
        WIDEST,
        36 + (size + GAP) * SHOWN,
        f"A column for each of the {channels} channels of the second layer. In it, the {SHOWN} pieces of {SEEN} x"
        f" {SEEN} pixels, of {IMAGES} images, to which the channel answers most strongly. The pieces in a column look"
        f" alike, and those of different columns differ. The strongest answers: {strongest}.",
    )
    for channel in range(channels):
        x = GAP + (size + GAP) * channel
        drawing.text(x + size / 2, 24, str(channel), "strong")
        flat = answers[:, channel].reshape(IMAGES, -1)
        best = np.argsort(-flat.max(1), kind="stable")[:SHOWN]
        for place, image in enumerate(best):
            row, column = divmod(int(flat[image].argmax()), width)
            padded = np.pad(network.images[image], (0, SEEN - 1))  # beyond the edge there is paper
            piece = padded[row : row + SEEN, column : column + SEEN]
            drawing.picture(x, 36 + (size + GAP) * place, piece, size)
    return drawing
