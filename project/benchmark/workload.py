"""What is measured: the shapes and the data, which are the same for every contender.

The processes of all contenders import this, so it imports NumPy only.
"""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

# Training: the settings of project/run_mnist_multiclass.py. They stand here once more, for importing that script
# imports the library; a test sees to it that they agree.
LEARNING_RATE, MOMENTUM, BATCH_SIZE, EPOCHS, SEED = 0.05, 0.9, 64, 5, 0
PIXEL_MEAN, PIXEL_DEVIATION = np.float32(33.318), np.float32(78.567)
EVALUATION_BATCH = 500
DATA = Path(__file__).parent.parent / "data" / "mnist"

EAGER, CHANNELS_LAST, COMPILED = "PyTorch", "PyTorch channels_last", "PyTorch compiled"
"""The variants of PyTorch: as it comes, with the channels as innermost dimension in memory, and torch.compile."""


def digits(part: str) -> tuple[Array, Array]:
    """Images (digits, 28, 28) and labels (digits,) of one part of the data, "train" or "t10k"; see project/mnist.py."""
    with (
        gzip.open(DATA / f"{part}-images-idx3-ubyte.gz") as images,
        gzip.open(DATA / f"{part}-labels-idx1-ubyte.gz") as labels,
    ):
        return (
            np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 28, 28),
            np.frombuffer(labels.read(), np.uint8, offset=8),
        )


def batch_of_digits(batch: int) -> tuple[Array, Array]:
    """The first images (batch, 28, 28) of the test data, and their labels (batch,)."""
    images, labels = digits("t10k")
    return images[:batch], labels[:batch]


def to_pixels(images: Array) -> Array:
    """Images (batch, 28, 28) of bytes become numbers (batch, 1, 28, 28) around 0, about 1 in size."""
    return (images[:, None, :, :].astype(np.float32) - PIXEL_MEAN) / PIXEL_DEVIATION


# The networks on sequences: batches as large as those of project/run_sentiment.py, run_speech.py and run_anomaly.py,
# filled with random numbers, for what is in them makes no difference to the time.

SENTENCES, LONGEST_SENTENCE, WORDS = 50, 40, 9224
RECORDINGS, SHORTEST_RECORDING, LONGEST_RECORDING, RECORDED_CHANNELS, SPEAKERS = 30, 7, 29, 12, 9
WINDOWS, WINDOW = 32, 64


def batch_of_sentences() -> tuple[Array, Array, Array]:
    """Numbers of words (sentences, width), filled up with 0; how many there are (sentences,); targets (sentences,)."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(2, LONGEST_SENTENCE + 1, SENTENCES)
    # As in any text, half of all words come from the few that are frequent.
    numbers = np.exp(rng.uniform(np.log(2), np.log(WORDS), (SENTENCES, LONGEST_SENTENCE))).astype(np.int64)
    numbers[np.arange(LONGEST_SENTENCE) >= lengths[:, None]] = 0
    return numbers, lengths, rng.random(SENTENCES, np.float32)


def batch_of_recordings() -> tuple[Array, Array, Array]:
    """Values (recordings, channels, steps), filled up with 0; numbers of steps (recordings,); labels (recordings,)."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(SHORTEST_RECORDING, LONGEST_RECORDING + 1, RECORDINGS)
    values = rng.standard_normal((RECORDINGS, RECORDED_CHANNELS, LONGEST_RECORDING), np.float32)
    values *= np.arange(LONGEST_RECORDING) < lengths[:, None, None]
    return values, lengths, rng.integers(0, SPEAKERS, RECORDINGS)


def batch_of_windows() -> tuple[Array, Array]:
    """Windows of a series (windows, 1, width), and the value that follows each of them (windows, 1)."""
    rng = np.random.default_rng(0)
    return rng.standard_normal((WINDOWS, 1, WINDOW), np.float32), rng.standard_normal((WINDOWS, 1), np.float32)


class ConvShape(NamedTuple):
    """The sizes of a convolution in `rank` dimensions, all of them of one size."""

    batch: int
    in_channels: int
    out_channels: int
    size: int
    kernel: int
    rank: int = 2

    def __str__(self) -> str:
        return f"{'x'.join(str(number) for number in self[:5])}{' 1-D' if self.rank == 1 else ''}"

    @property
    def products(self) -> int:
        """Multiplications of the forward pass, counting those with zeros past the edge."""
        places, window = self.size**self.rank, self.kernel**self.rank
        return self.batch * self.in_channels * self.out_channels * places * window

    @property
    def flops(self) -> int:
        """Multiplications and additions of the forward pass and of both gradients, each of which has as many."""
        return 3 * 2 * self.products

    def arrays(self, dtype: str) -> tuple[Array, Array, Array]:
        """Random numbers: the input (batch, in_channels, size, ...), the weight, and the gradient of the output."""
        rng = np.random.default_rng(0)
        places, window = (self.size,) * self.rank, (self.kernel,) * self.rank
        shapes = (
            (self.batch, self.in_channels, *places),
            (self.out_channels, self.in_channels, *window),
            (self.batch, self.out_channels, *places),
        )
        input, weight, upstream = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
        return input, weight, upstream


def random_array(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Array:
    """Random numbers of the normal distribution."""
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


# Chains of operations on tensors of one number. The same code runs with the tensors of both libraries.

CHAIN_LENGTH = 20
LINKS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "multiply": lambda x, w, b: x * w,
    "add": lambda x, w, b: x + w,
    "sigmoid": lambda x, w, b: x.sigmoid(),
    "mixed": lambda x, w, b: (x * w + b).relu(),
}
OPERATIONS = {"multiply": 1, "add": 1, "sigmoid": 1, "mixed": 3}
"""How many operations a link of each chain consists of."""
CHAIN_START = (0.75, 1.01, 0.01)  # x, w and b


def chain(link: str, backward: bool, x: Any, w: Any, b: Any) -> Callable[[], None]:
    """Work: a chain of operations that begins with x and, if wanted, the gradients of x, w and b."""
    step = LINKS[link]

    def work() -> None:
        y = x
        for _ in range(CHAIN_LENGTH):
            y = step(y, w, b)
        if backward:
            y.backward()
            x.grad = w.grad = b.grad = None

    return work
