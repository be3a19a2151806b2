"""The windows of the first layer of a trained network, and the feature maps that they make of a digit."""

import numpy as np

from docs.figures.drawing import Drawing
from docs.figures.edges_of_a_digit import draw_windows
from docs.figures.trained import stages, trained

DIGIT = 0  # which image of the test data


def draw() -> Drawing:
    """The digit, the four windows in tenths, and the maps after ReLU."""
    network = trained()
    first = network.model[0]
    weight = np.asarray(first.weight.value)[:, 0]  # (4, 3, 3)
    maps = stages(network.model, network.images[DIGIT])[2]  # (4, 28, 28)
    tenths = np.round(10 * weight).astype(int).tolist()
    told = "; ".join(f"filter {place}: {window}" for place, window in enumerate(tenths))
    return draw_windows(
        network.images[DIGIT],
        [f"filter {place}" for place in range(len(tenths))],
        tenths,
        maps,
        f"An image of the digit {network.labels[DIGIT]}, the weights of the four windows of a trained network in tenths"
        f" ({told}), and the feature map that each of them makes of the image.",
    )
