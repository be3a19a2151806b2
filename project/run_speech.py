"""Train a network to tell nine speakers apart by how they say two vowels, and show what it listens for.

    python project/run_speech.py

trains on 270 recordings of /ae/ and tests on 370 others. A recording is 12 numbers for each of 7 to 29 moments (the
shape of the mouth, as the coefficients of a cepstrum), so it is a sequence of 12 channels, and no two need be equally
long: they are filled up with zeros, which a mask keeps out of all results. The script writes the weights, a log and
pictures into project/runs/speech.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import minitorch
from minitorch import (
    Adam,
    Conv1d,
    Dropout,
    Linear,
    Module,
    Tensor,
    TensorBackend,
    mean_over_time,
    sequence_mask,
)
from project import japanese_vowels
from project.data_files import spread
from project.japanese_vowels import Sequences
from project.padding import pad
from project.training import (
    BACKENDS,
    INTERRUPTED,
    Array,
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
TRAIN_SIZE, TEST_SIZE = 270, 370
FILTERS, WIDTH = 64, 3  # of each convolution
# There are few recordings, so everything helps that keeps the network from learning them by heart: dropout, noise that
# makes each of them new in each epoch (its standard deviation, where that of the numbers is 1), and smoothed labels.
HIDDEN_DROPOUT, OUTPUT_DROPOUT = 0.2, 0.4
NOISE = 0.3
LABEL_SMOOTHING = 0.1
EVALUATION_BATCH = 100
SHOWN_FILTERS = 16
DEFAULT_OUT = Path(__file__).parent / "runs" / "speech"


class SpeechNetwork(Module):
    """Two convolutions, each followed by ReLU, and the mean over time.

    Args:
        channels: The channels of a recording.
        speakers: The number of speakers.
        backend: The backend of the weights.
    """

    def __init__(self, channels: int, speakers: int, backend: TensorBackend) -> None:
        super().__init__()
        kind: Any = {"backend": backend, "dtype": DTYPE}
        self.first = Conv1d(channels, FILTERS, WIDTH, **kind)
        self.hidden_dropout = Dropout(HIDDEN_DROPOUT)
        self.second = Conv1d(FILTERS, FILTERS, WIDTH, **kind)
        self.output_dropout = Dropout(OUTPUT_DROPOUT)
        self.output = Linear(FILTERS, speakers, **kind)

    def responses(self, values: Tensor, mask: Tensor) -> Tensor:
        """What the first filters respond to: (batch, channels, width) becomes (batch, filters, width)."""
        # Behind the end of a recording, the bias of a filter would make numbers of zeros. The mask takes them away.
        return self.first(values).relu() * mask

    def forward(self, values: Array, lengths: Array) -> Tensor:
        """Judge recordings.

        Args:
            values: Of shape (batch, channels, width), filled up with zeros.
            lengths: How many steps each has, of shape (batch,).

        Returns:
            A logit for each speaker, of shape (batch, speakers).
        """
        x = minitorch.tensor(values, backend=self.output.weight.value.backend, dtype=DTYPE)
        mask = sequence_mask(lengths, values.shape[2], like=x)  # (batch, 1, width)
        hidden = self.hidden_dropout(self.responses(x, mask))  # (batch, filters, width)
        heard = mean_over_time(self.second(hidden).relu(), mask)  # (batch, filters)
        return self.output(self.output_dropout(heard))


@dataclass
class Scale:
    """Brings each channel to mean 0 and standard deviation 1, as they are in the recordings to train on.

    Attributes:
        mean: Of shape (channels, 1).
        deviation: Of shape (channels, 1).
    """

    mean: Array
    deviation: Array

    @classmethod
    def of(cls, values: Sequence[Array]) -> "Scale":
        """Measure recordings, each of shape (channels, time)."""
        together = np.concatenate(values, axis=1)  # (channels, all steps)
        # Where a channel never changes, rounding may make its deviation a little more than 0.
        changes = together.min(1, keepdims=True) < together.max(1, keepdims=True)
        return cls(together.mean(1, keepdims=True), np.where(changes, together.std(1, keepdims=True), 1))

    def apply(self, values: Sequence[Array]) -> list[Array]:
        """Scale recordings."""
        return [((recording - self.mean) / self.deviation).astype(DTYPE) for recording in values]


@dataclass
class SpeechSettings(Settings):
    """What decides the numbers of a run; also, how many recordings there are."""

    train_size: int
    test_size: int


class SpeechTraining(Training):
    """The training of the network on recordings.

    Args:
        settings: The settings.
        train: The recordings to train on.
        test: The recordings to test on.
    """

    script = "run_speech.py"
    items = "recordings"
    model: SpeechNetwork

    def __init__(self, settings: Settings, train: Sequences, test: Sequences) -> None:
        scale = Scale.of(train.values)
        self.train = scale.apply(train.values), train.labels
        self.held_back = scale.apply(test.values), test.labels
        minitorch.manual_seed(settings.seed)
        model = SpeechNetwork(len(train.values[0]), len(train.classes), BACKENDS[settings.backend])
        super().__init__(settings, model, Adam(model.parameters(), lr=settings.lr), len(train.labels))

    def take(self, chosen: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Values (batch, channels, width) with noise, numbers of steps (batch,), and labels (batch,)."""
        recordings, labels = self.train
        noisy = [recordings[i] + NOISE * rng.standard_normal(recordings[i].shape, dtype=DTYPE) for i in chosen]
        values, lengths = pad(noisy)
        return values, lengths, labels[chosen]

    def objective(self, batch: tuple[Array, Array, Array]) -> tuple[Tensor, int, int]:
        """The loss of a batch, how many speakers were recognised, and how many there were."""
        values, lengths, labels = batch
        logits = self.model(values, lengths)  # (batch, speakers)
        loss = minitorch.cross_entropy(logits, labels, LABEL_SMOOTHING)
        return loss, int((logits.numbers().argmax(1) == labels).sum()), len(labels)

    def test(self) -> Totals:
        """Loss and accuracy on the test recordings."""
        return evaluate(self.model, *self.held_back)[0]


def evaluate(model: SpeechNetwork, recordings: Sequence[Array], labels: Array) -> tuple[Totals, Array]:
    """Test the network, without dropout, noise and smoothing. The parameters stay as they are.

    Returns:
        Loss and accuracy; and the logits, of shape (recordings, speakers).
    """
    model.eval()
    totals, everything = Totals(count=len(labels)), []
    for chosen in slices(len(labels), EVALUATION_BATCH):
        logits = model(*pad(recordings[chosen])).detach()  # (batch, speakers)
        totals.loss += float(minitorch.cross_entropy(logits, labels[chosen])) * len(labels[chosen])
        everything.append(logits.to_numpy())
    together = np.concatenate(everything)
    totals.correct = int((together.argmax(1) == labels).sum())
    return totals, together


def draw_pictures(run: SpeechTraining, logits: Array, speakers: Sequence[str], out: Path) -> None:
    """Draw how training went, who was taken for whom, and what the first filters hear, if matplotlib is there."""
    pictures = import_pictures()
    if pictures is None:
        return
    recordings, labels = run.held_back
    pictures.draw_curves(run.log, out / "curves.png")
    pictures.draw_confusion(labels, logits, out / "confusion.png", speakers, "recordings")

    # The first recording of each of three speakers, side by side.
    shown = [int(np.flatnonzero(labels == label)[0]) for label in np.unique(labels)[:3]]
    values, lengths = pad([recordings[i] for i in shown])
    x = minitorch.tensor(values, backend=run.model.output.weight.value.backend, dtype=DTYPE)
    responses = run.model.responses(x, sequence_mask(lengths, values.shape[2], like=x)).to_numpy()
    # Of the filters, those that respond most, in the order in which they do.
    strongest = np.argsort(-responses.max((0, 2)), kind="stable")[:SHOWN_FILTERS]
    strongest = strongest[np.argsort(responses[0, strongest].argmax(1), kind="stable")]
    heard = [
        (f"speaker {speakers[labels[i]]}", values[row, :, :length], responses[row, strongest, :length])
        for row, (i, length) in enumerate(zip(shown, lengths))
    ]
    pictures.draw_responses(heard, out / "filters.png")


def shortened(recordings: Sequences, size: int) -> Sequences:
    """Some of the recordings, evenly spread over the file, in which those of a speaker stand together."""
    chosen = spread(len(recordings.labels), size)
    return Sequences([recordings.values[i] for i in chosen], recordings.labels[chosen], recordings.classes)


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = training_parser(
        "Train a network to tell speakers apart by how they say two vowels.",
        SpeechTraining.items,
        epochs=60,
        batch_size=30,
        lr=0.003,
        out=DEFAULT_OUT,
    )
    add_sizes(parser, SpeechTraining.items, train=TRAIN_SIZE, test=TEST_SIZE)
    add_target_accuracy(parser)
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out
    settings = settings_from(SpeechSettings, arguments)
    train = shortened(japanese_vowels.load("TRAIN"), settings.train_size)
    test = shortened(japanese_vowels.load("TEST"), settings.test_size)
    run = SpeechTraining(settings, train, test)
    about = (
        f"{len(train.labels)} recordings to train on, {len(test.labels)} to test on, {len(train.classes)} speakers, "
        f"backend {settings.backend}"
    )
    if not run.run(out, arguments.resume, about):
        return INTERRUPTED
    totals, logits = evaluate(run.model, *run.held_back)
    draw_pictures(run, logits, train.classes, out)
    print(f"test accuracy {totals.accuracy:.2f} % after {run.epoch} epochs; weights, log and pictures are in {out}")
    return reach(totals.accuracy, arguments.target_accuracy)


if __name__ == "__main__":
    run_main(main)
