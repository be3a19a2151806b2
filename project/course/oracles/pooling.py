"""What pooling should give, tile by tile."""

import itertools
from collections.abc import Iterator
from typing import Any


def tiles_of(images: Any, kernel: tuple[int, int]) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """Every tile of the images: its place (b, c, i, j) among the tiles, and the index of its cells in the images."""
    batch, channel, height, width = images.shape
    kh, kw = kernel
    for b, c, i, j in itertools.product(range(batch), range(channel), range(height // kh), range(width // kw)):
        yield (b, c, i, j), (b, c, slice(i * kh, (i + 1) * kh), slice(j * kw, (j + 1) * kw))


def new_shape(images: Any, kernel: tuple[int, int]) -> tuple[int, ...]:
    """How many images, channels, and tiles down and across there are."""
    batch, channel, height, width = images.shape
    return batch, channel, height // kernel[0], width // kernel[1]
