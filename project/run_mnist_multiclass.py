"""Train a convolutional network to read handwritten digits, and show what it has learned.

    python project/run_mnist_multiclass.py

trains on 60 000 digits and tests on 10 000 others. It writes the weights, a log and pictures into project/runs/mnist.
Ctrl-C saves and ends; the same command with --resume goes on from there, and ends with the very same numbers as if it
had never been interrupted.
"""

import argparse
import csv
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import minitorch
from minitorch import (
    SGD,
    Conv2d,
    Dropout,
    FastBackend,
    Flatten,
    Linear,
    LinearLR,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    Sequential,
    SimpleBackend,
    Tensor,
    TensorBackend,
)
from minitorch.errors import ArgumentError, DataFileError, explain
from project import mnist
from project.training import (
    INTERRUPTED,
    Progress,
    StopRequest,
    Totals,
    number_between,
    random_state,
    run_main,
    set_random_state,
    train_epoch,
)

BACKENDS = {"fast": FastBackend, "simple": SimpleBackend}
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
class Settings:
    """What decides the numbers of a run; a checkpoint can be resumed only under the same settings."""

    epochs: int
    batch_size: int
    lr: float
    seed: int
    train_size: int
    test_size: int
    backend: str


@dataclass
class Evaluation:
    """How well the network does on a set of images.

    Attributes:
        totals: Loss and accuracy.
        probabilities: What it says of each image, of shape (images, 10).
    """

    totals: Totals
    probabilities: Array


class MnistTraining:
    """A training run: everything that has to be saved to go on later.

    Args:
        settings: The settings.
        train: Images and labels to train on.
        test: Images and labels to test on.
    """

    def __init__(self, settings: Settings, train: tuple[Array, Array], test: tuple[Array, Array]) -> None:
        self.settings = settings
        self.train_images, self.train_labels = train
        self.test_images, self.test_labels = test
        self.backend = BACKENDS[settings.backend]
        minitorch.manual_seed(settings.seed)
        self.model = build_network(self.backend)
        self.optimizer = SGD(self.model.parameters(), lr=settings.lr, momentum=MOMENTUM)
        self.batches_per_epoch = -(-len(self.train_labels) // settings.batch_size)  # rounded up
        # The learning rate falls in a straight line, to zero at the very end.
        self.schedule = LinearLR(self.optimizer, total_iters=settings.epochs * self.batches_per_epoch)
        self.epoch = 0  # finished epochs
        self.batch = 0  # finished batches of the epoch that follows
        self.totals = Totals()  # of those batches
        self.log: list[dict[str, float]] = []

    @property
    def finished(self) -> bool:
        """True once all epochs are done."""
        return self.epoch >= self.settings.epochs

    def batches(self) -> Iterator[tuple[Array, Array]]:
        """The batches of the current epoch that are still to come.

        The order of the images depends on nothing but the seed and the number of the epoch, so that an interrupted
        epoch can be taken up in the middle.
        """
        order = np.random.default_rng([self.settings.seed, self.epoch]).permutation(len(self.train_labels))
        size = self.settings.batch_size
        for start in range(self.batch * size, len(order), size):
            chosen = order[start : start + size]
            yield self.train_images[chosen], self.train_labels[chosen]

    def objective(self, batch: tuple[Array, Array]) -> tuple[Tensor, int, int]:
        """The loss of a batch, how many digits were right, and how many there were."""
        images, labels = batch
        log_probabilities = self.model(to_input(images, self.backend))  # (batch, 10)
        loss = minitorch.nll_loss(log_probabilities, labels)
        correct = int((log_probabilities.to_numpy().argmax(1) == labels).sum())
        return loss, correct, len(labels)

    def run_epoch(self, stop: StopRequest) -> None:
        """Train for one epoch, or for the rest of one, or until a stop is requested; then test, and log a line."""
        self.model.train()
        description = f"epoch {self.epoch + 1}/{self.settings.epochs}"
        progress = Progress(description, len(self.train_labels), " images", done=self.totals.count)
        for totals in train_epoch(self.batches(), self.objective, self.optimizer, self.schedule, self.totals):
            self.batch += 1
            progress.update(totals.count, f"loss {totals.mean_loss:.4f}, accuracy {totals.accuracy:.2f} %")
            if stop.requested:
                break
        speed = progress.close()
        if self.batch < self.batches_per_epoch:
            return
        test = evaluate(self.model, self.test_images, self.test_labels, self.backend).totals
        line = {
            "epoch": self.epoch + 1,
            "train_loss": self.totals.mean_loss,
            "train_accuracy": self.totals.accuracy,
            "test_loss": test.mean_loss,
            "test_accuracy": test.accuracy,
        }
        self.log.append(line)
        self.epoch, self.batch, self.totals = self.epoch + 1, 0, Totals()
        print(
            f"{description}   train: loss {line['train_loss']:.4f}, accuracy {line['train_accuracy']:.2f} %   "
            f"test: loss {line['test_loss']:.4f}, accuracy {line['test_accuracy']:.2f} %   {speed:,.0f} images/s",
            flush=True,
        )

    # Checkpoints

    def state_dict(self) -> dict[str, Array]:
        """Everything that decides how the run goes on, as arrays."""
        parts = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "random": random_state(),
            "totals": {name: np.array(value) for name, value in asdict(self.totals).items()},
        }
        state = {f"{part}/{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        state["place"] = np.array([self.epoch, self.batch])
        state["settings"] = np.array(json.dumps(asdict(self.settings)))
        state["log"] = np.array(json.dumps(self.log))
        return state

    def load_state_dict(self, state: dict[str, Array]) -> None:
        """Go on from where `state_dict` was called.

        Raises:
            DataFileError: The state does not come from such a run.
            ArgumentError: It comes from a run with other settings.
        """
        try:
            saved = json.loads(str(state["settings"]))
            log = json.loads(str(state["log"]))
            epoch, batch = (int(number) for number in state["place"])
            parts: dict[str, dict[str, Array]] = {}
            for key, array in state.items():
                part, slash, name = key.partition("/")
                if slash:
                    parts.setdefault(part, {})[name] = array
            totals = Totals(*[parts["totals"][name].item() for name in ("loss", "correct", "count")])
            model, optimizer, schedule = parts["model"], parts["optimizer"], parts["schedule"]
            generator = parts["random"]
        except (KeyError, ValueError, TypeError) as error:
            raise DataFileError(
                explain(
                    "The checkpoint was not written by this script.",
                    got=f"{type(error).__name__}: {error}",
                    expected="a checkpoint.npz of run_mnist_multiclass.py",
                    fix="start a new run without --resume",
                )
            ) from error
        now = asdict(self.settings)
        differing = [name for name in now if saved.get(name) != now[name]]
        if differing:
            raise ArgumentError(
                explain(
                    "The run cannot be resumed with other settings.",
                    got=", ".join(f"{name}={now[name]}" for name in differing),
                    expected=", ".join(f"{name}={saved.get(name)}" for name in differing),
                    fix="give the same options as when the run was started, or start a new one without --resume",
                )
            )
        self.model.load_state_dict(model)
        self.optimizer.load_state_dict(optimizer)
        self.schedule.load_state_dict(schedule)
        set_random_state(generator)
        self.epoch, self.batch, self.totals, self.log = epoch, batch, totals, log


def evaluate(model: Sequential, images: Array, labels: Array, backend: TensorBackend) -> Evaluation:
    """Test the network, with dropout switched off. The parameters stay as they are."""
    model.eval()
    totals, probabilities = Totals(), []
    for start in range(0, len(labels), EVALUATION_BATCH):
        chosen = slice(start, start + EVALUATION_BATCH)
        log_probabilities = model(to_input(images[chosen], backend)).detach()  # (batch, 10)
        totals.loss += float(minitorch.nll_loss(log_probabilities, labels[chosen])) * len(labels[chosen])
        probabilities.append(np.exp(log_probabilities.to_numpy()))
    everything = np.concatenate(probabilities)
    totals.correct = int((everything.argmax(1) == labels).sum())
    totals.count = len(labels)
    return Evaluation(totals, everything)


def write_log(log: list[dict[str, float]], path: Path) -> None:
    """Write the log as CSV, with all digits, so that two runs can be compared exactly."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(log[0]))
        writer.writeheader()
        writer.writerows(log)


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train a convolutional network to read handwritten digits.",
        epilog="Exit status: 0 success, 1 the target accuracy was missed, 2 wrong arguments or data, 130 interrupted.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--epochs", type=number_between(1, kind=int), default=5, help="passes over the training data")
    parser.add_argument("--batch-size", type=number_between(1, kind=int), default=64, help="images per step")
    parser.add_argument("--lr", type=number_between(0, open_low=True), default=0.05, help="first learning rate")
    parser.add_argument("--seed", type=number_between(0, kind=int), default=0, help="seed of all randomness")
    parser.add_argument(
        "--train-size", type=number_between(1, 60000, kind=int), default=60000, help="how many images to train on"
    )
    parser.add_argument(
        "--test-size", type=number_between(1, 10000, kind=int), default=10000, help="how many images to test on"
    )
    parser.add_argument(
        "--backend", choices=list(BACKENDS), default="fast", help="simple is plain Python: use few images"
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT, help="folder for weights, log and pictures")
    parser.add_argument(
        "--target-accuracy",
        type=number_between(1, 100, open_low=True),
        help="test accuracy to reach, in percent; the exit status tells whether it was",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the interrupted run in --out")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out
    checkpoint = out / "checkpoint.npz"
    # Read first: nothing is created or changed when there is nothing to resume.
    saved = minitorch.load(checkpoint) if arguments.resume else None

    options = vars(arguments)
    settings = Settings(**{name: options[name] for name in Settings.__dataclass_fields__})
    train, test = mnist.load("train"), mnist.load("t10k")
    train = train[0][: settings.train_size], train[1][: settings.train_size]
    test = test[0][: settings.test_size], test[1][: settings.test_size]
    run = MnistTraining(settings, train, test)
    if saved is not None:
        run.load_state_dict(saved)

    out.mkdir(parents=True, exist_ok=True)
    if saved is None and checkpoint.exists():
        aside = out / "checkpoint-previous.npz"
        checkpoint.replace(aside)
        print(f"A new run: the checkpoint of the previous one is kept as {aside}. To go on with a run, use --resume.")
    print(run.model)
    print(f"{len(train[1])} images to train on, {len(test[1])} to test on, backend {settings.backend}", flush=True)

    with StopRequest() as stop:
        while not run.finished and not stop.requested:
            run.run_epoch(stop)
            minitorch.save(run.state_dict(), checkpoint)
            if run.log:
                write_log(run.log, out / "log.csv")
    if not run.finished:
        print(f"Interrupted in epoch {run.epoch + 1}; saved as {checkpoint}. The same command with --resume goes on.")
        return INTERRUPTED

    minitorch.save(run.model.state_dict(), out / "weights.npz")
    evaluation = evaluate(run.model, *test, run.backend)
    draw_pictures(run, evaluation, out)
    accuracy = evaluation.totals.accuracy
    print(f"test accuracy {accuracy:.2f} % after {run.epoch} epochs; weights, log and pictures are in {out}")
    if arguments.target_accuracy is None:
        return 0
    reached = accuracy >= arguments.target_accuracy
    print(f"target accuracy {arguments.target_accuracy:.2f} %: {'reached' if reached else 'missed'}")
    return 0 if reached else 1


def draw_pictures(run: MnistTraining, evaluation: Evaluation, out: Path) -> None:
    """Draw what the network has learned, if matplotlib is there."""
    try:
        from project import pictures
    except ImportError as error:
        print(f"No pictures were drawn, for {error.name} is not installed: pip install -r requirements.txt")
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
