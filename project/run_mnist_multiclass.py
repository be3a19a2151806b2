"""Train a convolutional network to read handwritten digits, and show what it has learned.

    python project/run_mnist_multiclass.py

trains on 60 000 digits and tests on 10 000 others. It writes the weights, a log and pictures into project/runs/mnist.
Ctrl-C saves and ends; the same command with --resume goes on from there, and ends with the very same numbers as if it
had never been interrupted.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch
from minitorch import (
    SGD,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Module,
    ReLU,
    Sequential,
    Tensor,
    TensorBackend,
)
from project import mnist
from project.training import (
    BACKENDS,
    INTERRUPTED,
    Settings,
    Totals,
    Training,
    add_sizes,
    add_target_accuracy,
    import_pictures,
    reach,
    run_main,
    settings_from,
    slices,
    training_parser,
)

DTYPE = np.float32
MOMENTUM = 0.9
# Mean and standard deviation of all pixels of the training images, which run from 0 to 255. Inputs around 0 of size 1
# are what the initial weights are made for (LeCun et al., 1998).
PIXEL_MEAN, PIXEL_DEVIATION = DTYPE(33.318), DTYPE(78.567)
EVALUATION_BATCH = 500
DEFAULT_OUT = Path(__file__).parent / "runs" / "mnist"

Array = npt.NDArray[Any]


def build_network(backend: TensorBackend) -> Sequential:
    """The network of the course, after LeNet: 28 x 28 pixels become the log-probabilities of ten digits."""
    kind: Any = {"backend": backend, "dtype": DTYPE}
    return Sequential(
        Conv2d(1, 4, (3, 3), **kind),  # (batch, 4, 28, 28)
        ReLU(),
        Conv2d(4, 8, (3, 3), **kind),  # (batch, 8, 28, 28)
        ReLU(),
        MaxPool2d((4, 4)),  # (batch, 8, 7, 7)
        Flatten(),  # (batch, 392)
        Linear(392, 64, **kind),  # (batch, 64)
        ReLU(),
        Dropout(0.25),
        Linear(64, 10, **kind),  # (batch, 10)
        LogSoftmax(1),
    )


def to_input(images: Array, backend: TensorBackend) -> Tensor:
    """Images (batch, 28, 28) of bytes become a tensor (batch, 1, 28, 28) of numbers around 0, about 1 in size."""
    pixels = (images[:, None, :, :].astype(DTYPE) - PIXEL_MEAN) / PIXEL_DEVIATION
    return minitorch.tensor(pixels, backend=backend, dtype=DTYPE)


@dataclass
class MnistSettings(Settings):
    """What decides the numbers of a run; also, how many images there are."""

    train_size: int
    test_size: int


@dataclass
class Evaluation:
    """How well the network does on a set of images.

    Attributes:
        totals: Loss and accuracy.
        probabilities: What it says of each image, of shape (images, 10).
    """

    totals: Totals
    probabilities: Array


class MnistTraining(Training):
    """The training of the network on digits.

    Args:
        settings: The settings.
        train: Images and labels to train on.
        test: Images and labels to test on.
    """

    script = "run_mnist_multiclass.py"
    items = "images"

    def __init__(self, settings: Settings, train: tuple[Array, Array], test: tuple[Array, Array]) -> None:
        self.train_images, self.train_labels = train
        self.test_images, self.test_labels = test
        self.backend = BACKENDS[settings.backend]
        minitorch.manual_seed(settings.seed)
        model = build_network(self.backend)
        optimizer = SGD(model.parameters(), lr=settings.lr, momentum=MOMENTUM)
        super().__init__(settings, model, optimizer, len(self.train_labels))

    def take(self, chosen: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Images (batch, 28, 28) and labels (batch,)."""
        return self.train_images[chosen], self.train_labels[chosen]

    def objective(self, batch: tuple[Array, Array]) -> tuple[Tensor, int, int]:
        """The loss of a batch, how many digits were right, and how many there were."""
        images, labels = batch
        log_probabilities = self.model(to_input(images, self.backend))  # (batch, 10)
        loss = minitorch.nll_loss(log_probabilities, labels)
        correct = int((log_probabilities.to_numpy().argmax(1) == labels).sum())
        return loss, correct, len(labels)

    def test(self) -> Totals:
        """Loss and accuracy on the test images."""
        return evaluate(self.model, self.test_images, self.test_labels, self.backend).totals


def evaluate(model: Module, images: Array, labels: Array, backend: TensorBackend) -> Evaluation:
    """Test the network, with dropout switched off. The parameters stay as they are."""
    model.eval()
    totals, probabilities = Totals(), []
    for chosen in slices(len(labels), EVALUATION_BATCH):
        log_probabilities = model(to_input(images[chosen], backend)).detach()  # (batch, 10)
        totals.loss += float(minitorch.nll_loss(log_probabilities, labels[chosen])) * len(labels[chosen])
        probabilities.append(np.exp(log_probabilities.to_numpy()))
    everything = np.concatenate(probabilities)
    totals.correct = int((everything.argmax(1) == labels).sum())
    totals.count = len(labels)
    return Evaluation(totals, everything)


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = training_parser(
        "Train a convolutional network to read handwritten digits.",
        MnistTraining.items,
        epochs=5,
        batch_size=64,
        lr=0.05,
        out=DEFAULT_OUT,
    )
    add_sizes(parser, MnistTraining.items, train=60000, test=10000)
    add_target_accuracy(parser)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out
    settings = settings_from(MnistSettings, arguments)
    train, test = mnist.load("train"), mnist.load("t10k")
    train = train[0][: settings.train_size], train[1][: settings.train_size]
    test = test[0][: settings.test_size], test[1][: settings.test_size]
    run = MnistTraining(settings, train, test)
    about = f"{len(train[1])} images to train on, {len(test[1])} to test on, backend {settings.backend}"
    if not run.run(out, arguments.resume, about):
        return INTERRUPTED
    evaluation = evaluate(run.model, *test, run.backend)
    draw_pictures(run, evaluation, out)
    accuracy = evaluation.totals.accuracy
    print(f"test accuracy {accuracy:.2f} % after {run.epoch} epochs; weights, log and pictures are in {out}")
    return reach(accuracy, arguments.target_accuracy)


def draw_pictures(run: MnistTraining, evaluation: Evaluation, out: Path) -> None:
    """Draw what the network has learned, if matplotlib is there."""
    pictures = import_pictures()
    if pictures is None:
        return
    pictures.draw_curves(run.log, out / "curves.png")
    pictures.draw_confusion(run.test_labels, evaluation.probabilities, out / "confusion.png")
    pictures.draw_mistakes(run.test_images, run.test_labels, evaluation.probabilities, out / "mistakes.png")

    # What the two convolutions make of the first digit of the test data.
    layers = run.model.modules()
    digit = to_input(run.test_images[:1], run.backend)
    maps, stages = digit, []
    for layer in layers[:4]:
        maps = layer(maps)
        if isinstance(layer, ReLU):
            stages.append(maps.to_numpy()[0])  # (channels, 28, 28)
    kernels = [np.asarray(layers[i].weight.value) for i in (0, 2)]  # (4, 1, 3, 3) and (8, 4, 3, 3)
    pictures.draw_features(run.test_images[0], kernels, stages, out / "features.png")


if __name__ == "__main__":
    run_main(main)
