"""Which pixels of a digit decide: by the gradient of the pixels, and by covering a part of the image."""

import numpy as np

import minitorch
from docs.figures.drawing import Drawing
from docs.figures.trained import Array, input_of, trained
from project.run_mnist_multiclass import to_input

DIGIT = 12  # which image of the test data
PATCH = 7  # height and width of the part that is covered

SIZE = 224
ACROSS, DOWN = 280, 276  # from one image to the next


def draw() -> Drawing:
    """To the left the image, whole and covered; to the right, how much each place of it matters."""
    network = trained()
    image, label = network.images[DIGIT], int(network.labels[DIGIT])

    # By how much would the score of the right digit change with each pixel?
    x = input_of(image).requires_grad_(True)
    scores = x
    for layer in network.model.modules()[:-1]:  # all but LogSoftmax
        scores = layer(scores)
    scores[0, label : label + 1].sum().backward()
    assert x.grad is not None
    strength = np.abs(x.grad.to_numpy()[0, 0])  # (28, 28)
    strongest = int(strength.argmax())

    # What becomes of the probability when a part of the image is covered with paper?
    copies = covered(image)
    probabilities = np.exp(network.model(to_input(copies, minitorch.FastBackend)).to_numpy())  # (28 * 28, 10)
    kept = probabilities[:, label]
    worst = int(kept.argmin())
    other = int(probabilities[worst].argmax())
    drawing = Drawing(
        2 * ACROSS,
        2 * DOWN + 8,
        f"An image of the digit {label}, and below it the same image with a part covered: the probability of {label}"
        f" falls from {100 * network.probabilities[DIGIT, label]:.0f} % to {100 * kept[worst]:.0f} %, and the most"
        f" probable digit is {other}. Beside them, the strength of the gradient of each pixel, which is greatest around"
        f" row {strongest // 28}, column {strongest % 28}, and how much of the probability is lost when the square"
        f" around a pixel is covered: most around row {worst // 28}, column {worst % 28}.",
    )
    pictures = (
        (f"a {label}", image),
        ("strength of the gradient", strength),
        (f"covered here, it is a {other}", copies[worst]),
        ("lost by covering", kept.max() - kept.reshape(image.shape)),
    )
    for place, (name, pixels) in enumerate(pictures):
        row, column = divmod(place, 2)
        left, top = 28 + ACROSS * column, 38 + DOWN * row
        drawing.text(left + SIZE / 2, top - 12, name, "strong")
        drawing.picture(left, top, pixels, SIZE)
    return drawing


def covered(image: Array) -> Array:
    """Copies of an image, (28 * 28, 28, 28), each with the square around one of the pixels covered with paper."""
    copies = np.repeat(image[None], image.size, 0)
    for place, (row, column) in enumerate(np.ndindex(image.shape)):
        top, left = max(0, row - PATCH // 2), max(0, column - PATCH // 2)
        copies[place, top : row + PATCH // 2 + 1, left : column + PATCH // 2 + 1] = 0
    return copies
