"""State dictionaries in files: NumPy's `.npz` archives, which hold arrays and nothing that could be executed."""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .errors import DataFileError, explain


def save(state: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    """Write arrays by name into an `.npz` file.

    The file appears under its name only once it is complete: an interruption leaves the previous one untouched.

    Args:
        state: The arrays, for instance from `Module.state_dict()`.
        path: The file to write; it should end in `.npz`.

    Raises:
        DataFileError: An entry holds something other than numbers or text.
    """
    arrays = {name: np.asarray(value) for name, value in state.items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise DataFileError(
                explain(
                    f"The entry {name!r} cannot be saved.",
                    got=f"Python objects, {type(state[name]).__name__}",
                    expected="an array of numbers or text",
                    fix="convert it to an array first",
                )
            )
    path = Path(path)
    unfinished = path.with_name(path.name + ".part")
    # Passing an open file, not a name, keeps np.savez from adding an ending of its own.
    with open(unfinished, "wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the arrays that `save` wrote.

    Raises:
        DataFileError: The file is missing, cut short, altered, or no such file at all.
    """
    if not Path(path).is_file():
        raise DataFileError(
            explain(
                "There is no such file.",
                got=path,
                expected="an .npz file that minitorch.save wrote",
                fix="check the path",
            )
        )
    try:
        # Every array in a zip archive carries a checksum; reading it compares the two.
        with zipfile.ZipFile(path) as archive, np.load(path, allow_pickle=False) as arrays:
            if archive.testzip() is not None:
                raise zipfile.BadZipFile("a checksum does not match")
            return {name: arrays[name] for name in arrays.files}
    except Exception as error:  # a damaged archive can fail in a dozen ways; all of them mean the same to the reader
        raise DataFileError(
            explain(
                "The file is damaged, or it is not an .npz file.",
                got=f"{path}: {error}",
                expected="an .npz file, complete and unaltered, as minitorch.save wrote it",
                fix="restore it from a copy, or make it again",
            )
        ) from error
