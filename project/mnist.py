"""The MNIST digits, from the files in `project/data/mnist`."""

import gzip
from pathlib import Path

import numpy as np
import numpy.typing as npt

from project.data_files import read_checked

FOLDER = Path(__file__).parent / "data" / "mnist"

# Size in bytes and SHA-256 of each file, as it was obtained.
FILES = {
    "train-images-idx3-ubyte.gz": (9719462, "d2cebd02927d553943b2679536bf602ec0cdcb6555ad87dda5d640e1d425faaf"),
    "train-labels-idx1-ubyte.gz": (28881, "2a107763ddf1eef92815bfbb1b855b662a7228add9dfab29de697c644d666cda"),
    "t10k-images-idx3-ubyte.gz": (1616531, "4e612d6003de73386763f2c35c044ab376e830da80adb2347651a1f182f103a1"),
    "t10k-labels-idx1-ubyte.gz": (4540, "909a5aeb9fcec3f171b427c45622a55f69dc15dd80bd0624413cbfbe12553c1c"),
}

Bytes = npt.NDArray[np.uint8]


def load(part: str, folder: Path = FOLDER) -> tuple[Bytes, Bytes]:
    """Read the images and labels of one part of the data.

    Args:
        part: "train" (60 000 digits) or "t10k" (10 000 digits, for testing).
        folder: Where the files are.

    Returns:
        The images, of shape (digits, 28, 28), 0 for paper and 255 for ink; and the labels, of shape (digits,).

    Raises:
        DataFileError: A file is missing, cut short, or not the one that was published.
    """
    # An IDX file begins with a magic number and the sizes, four bytes each; then come the values, a byte each.
    images = np.frombuffer(_read(folder / f"{part}-images-idx3-ubyte.gz"), np.uint8, offset=16)
    labels = np.frombuffer(_read(folder / f"{part}-labels-idx1-ubyte.gz"), np.uint8, offset=8)
    return images.reshape(-1, 28, 28), labels


def _read(path: Path) -> bytes:
    """The unpacked contents of a file, after a check that it is the right one."""
    return gzip.decompress(read_checked(path, *FILES[path.name]))
