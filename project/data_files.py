"""What the loaders of data share: files that are checked before use, and errors that name a file and a line."""

import hashlib
import math
import reprlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from minitorch.errors import DataFileError, explain

# Parts of the data


def spread(count: int, size: int) -> list[int]:
    """Which of `count` rows to take, if up to `size` are wanted: evenly spread, for a file may be in some order."""
    chosen: list[int] = np.linspace(0, count - 1, min(count, size)).round().astype(int).tolist()
    return chosen


# Whole files


def read_checked(path: Path, size: int, digest: str) -> bytes:
    """Read a file of the repository after a check that it is the right one.

    Args:
        path: The file.
        size: How many bytes it has.
        digest: Its SHA-256, in hexadecimal digits.

    Returns:
        The contents.

    Raises:
        DataFileError: The file is missing, cut short, or not the one that was published.
    """
    if not path.is_file():
        raise DataFileError(
            explain(
                "A data file is missing.",
                got=f"no file {path}",
                expected=f"{path.name}, {size} bytes",
                fix="restore it from the repository: git checkout project/data",
            )
        )
    contents = path.read_bytes()
    if len(contents) != size or hashlib.sha256(contents).hexdigest() != digest:
        what = "cut short" if len(contents) < size else "altered"
        raise DataFileError(
            explain(
                f"A data file was {what}.",
                got=f"{path}, {len(contents)} bytes, SHA-256 {hashlib.sha256(contents).hexdigest()[:16]}...",
                expected=f"{size} bytes, SHA-256 {digest[:16]}...",
                fix="restore it from the repository: git checkout project/data",
            )
        )
    return contents


def open_file(path: Path) -> BinaryIO:
    """Open a file that somebody named, to read its bytes.

    Raises:
        DataFileError: There is no such file, it is a folder, or it may not be read.
    """
    try:
        return open(path, "rb")
    except OSError as error:
        raise DataFileError(
            explain(
                "A file cannot be opened.",
                got=f"{path}: {error.strerror}",
                expected="a file that can be read",
                fix="check the path",
            )
        ) from error


# Lines


def line_error(what: str, path: Path, line: int, *, got: object, expected: object, fix: str) -> DataFileError:
    """Return the error to raise about one line of a file; lines are counted from 1. See `explain` for the rest."""
    return DataFileError(explain(what, got=f"{path}, line {line}: {got}", expected=expected, fix=fix))


def text_lines(contents: bytes, path: Path) -> list[str]:
    r"""Divide the contents of a text file into lines.

    Args:
        contents: Text in UTF-8; a byte order mark may stand before it.
        path: The file that they come from, for error messages.

    Returns:
        The lines, without the LF or CR LF at their ends.

    Raises:
        DataFileError: The contents are not UTF-8.
    """
    try:
        text = contents.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The position counts from behind a byte order mark, as do the bytes that the error carries.
        line = error.object.count(b"\n", 0, error.start) + 1
        raise line_error(
            "A text file is not in UTF-8.",
            path,
            line,
            got=f"the byte {error.object[error.start]:#x}",
            expected="text in UTF-8",
            fix="save the file in this encoding",
        ) from error
    # Not str.splitlines: to that, a line ends at some rare characters too, which may stand inside of a text.
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if not lines[-1]:  # behind the end of the last line
        lines.pop()
    return lines


def read_number(text: str, path: Path, line: int, place: str) -> float:
    """Read a number that stands in a line of a file.

    Args:
        text: How the number is written.
        path: The file, for error messages.
        line: The line, counted from 1.
        place: Where in the line it stands, for instance "column 3".

    Raises:
        DataFileError: The number is missing (nothing, `?` or NaN), infinite, or something else than a number.
    """
    try:
        value = math.nan if text.strip() in ("", "?") else float(text)
    except ValueError:
        what = "A value is not a number."
    else:
        if math.isnan(value):
            what = "A value is missing."
        elif math.isinf(value):
            what = "A value is infinite, or too large."
        elif "_" in text:  # Python reads 1_000 as a thousand; in a data file, it is more likely a mistake
            what = "A value is not a number."
        else:
            return value
    raise line_error(
        what, path, line, got=f"{place}, {reprlib.repr(text)}", expected="a finite number", fix="mend the line"
    )
