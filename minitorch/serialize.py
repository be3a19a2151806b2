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

    Examples:
        >>> import minitorch
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     minitorch.save(minitorch.Linear(2, 1).state_dict(), f"{folder}/layer.npz")
        ...     sorted(minitorch.load(f"{folder}/layer.npz"))
        ['bias', 'weight']
    """
    arrays = {}
    for name, value in state.items():
        try:
            arrays[name] = np.asarray(value)
        except ValueError:  # a ragged list
            arrays[name] = np.empty((), dtype=object)
        if arrays[name].dtype.hasobject:
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
    with open(unfinished, "wb") as file:
        # An .npz file is a zip archive with a .npy file for each array. A ZipInfo made from the name alone bears no
        # date, so that the same arrays always give the same bytes.
        with zipfile.ZipFile(file, "w") as archive:
            for name, array in arrays.items():
                with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)
            # The checksums of an archive tell whether an array has changed, but not whether one has vanished.
            archive.comment = _comment(len(arrays))
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


def load(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read the arrays that `save` wrote.

    Args:
        path: The file.

    Returns:
        The arrays by name, for instance for `Module.load_state_dict`.

    Raises:
        DataFileError: The file is missing, cut short, altered, or no such file at all.

    Examples:
        >>> import minitorch
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     minitorch.save({"steps": 3, "weight": [[1, 2]]}, f"{folder}/state.npz")
        ...     minitorch.load(f"{folder}/state.npz")
        {'steps': array(3), 'weight': array([[1, 2]])}
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
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if archive.comment != _comment(len(names)):
                raise zipfile.BadZipFile("not all of the arrays are there")
            # Every array in a zip archive carries a checksum; testing it compares the two.
            if archive.testzip() is not None:
                raise zipfile.BadZipFile("a checksum does not match")
            state = {}
            for name in names:
                with archive.open(name) as entry:
                    state[name.removesuffix(".npy")] = np.lib.format.read_array(entry, allow_pickle=False)
            return state
    except Exception as error:  # a damaged archive can fail in a dozen ways; all of them mean the same to the reader
        raise DataFileError(
            explain(
                "The file is damaged, or it is not an .npz file.",
                got=f"{path}: {error}",
                expected="an .npz file, complete and unaltered, as minitorch.save wrote it",
                fix="restore it from a copy, or make it again",
            )
        ) from error


def _comment(count: int) -> bytes:
    """What stands at the end of an archive of so many arrays."""
    return f"minitorch: {count} arrays".encode()
