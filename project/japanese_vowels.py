"""Nine speakers who say /ae/, and files in `.ts` format in general: labelled sequences of several channels."""

import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch.errors import ArgumentError, DataFileError, explain
from project.data_files import line_error, read_checked, read_number, text_lines

FOLDER = Path(__file__).parent / "data" / "japanese_vowels"

# Size in bytes and SHA-256 of each file, as it was obtained.
FILES = {
    "JapaneseVowels_TRAIN.ts": (487971, "68a430eabd919cc77f40b1f5f3bc0dcafacc1486bca9260785aeb7d262cc78cd"),
    "JapaneseVowels_TEST.ts": (649132, "b3d41d6a0ca3bcad3afb9ca7d4365382aa51341e2e58bae2a574babdda5b9462"),
}


class Sequences(NamedTuple):
    """Labelled sequences, which may differ in length.

    Attributes:
        values: An array of shape (channels, time) for each case.
        labels: The class of each case as an index into `classes`, of shape (cases,).
        classes: The names of the classes, in the order of the file's header.
    """

    values: list[npt.NDArray[np.float64]]
    labels: npt.NDArray[np.int64]
    classes: list[str]


def load(part: str, folder: Path = FOLDER) -> Sequences:
    """Read one part of the data: 12 channels over 7 to 29 steps in each case, and nine classes, the speakers.

    Args:
        part: "TRAIN" (270 cases) or "TEST" (370 cases).
        folder: Where the files are.

    Raises:
        ArgumentError: There is no such part.
        DataFileError: The file is missing, cut short, or not the one that was published.
    """
    name = f"JapaneseVowels_{part}.ts"
    if name not in FILES:
        raise ArgumentError(
            explain(
                "The data has no such part.", got=repr(part), expected="'TRAIN' or 'TEST'", fix="ask for one of these"
            )
        )
    return parse_ts(read_checked(folder / name, *FILES[name]), folder / name)


# The .ts format: comments behind #, then a header of lines such as "@dimensions 12" up to "@data", then a case in each
# line. A case is its channels and its class, with colons between; the values of a channel have commas between.

Lines = Iterator[tuple[int, str]]
Header = dict[str, tuple[int, list[str]]]


def parse_ts(contents: bytes, path: Path) -> Sequences:
    """Read sequences with class labels in the `.ts` format of sktime and aeon.

    Args:
        contents: The contents of the file, in UTF-8.
        path: The file that they come from, for error messages.

    Returns:
        The sequences. The channels of a case are equally long, and all cases have the same number of channels.

    Raises:
        DataFileError: The contents are not UTF-8; the header or the cases are missing; there are no class labels; a
            case has a class that the header does not name, another number of channels than the others, or channels of
            different lengths; a value is missing, infinite or no number; or the values have time stamps.
    """
    stripped = ((line, text.strip()) for line, text in enumerate(text_lines(contents, path), 1))
    lines = ((line, text) for line, text in stripped if text and not text.startswith("#"))
    header = _read_header(lines, path)
    classes = _read_classes(header, path)
    channels = _read_dimensions(header, path)
    values, labels = [], []
    for line, text in lines:
        *parts, label = text.split(":")
        if label.strip() not in classes:
            raise line_error(
                "A case has an unknown class.",
                path,
                line,
                got=f"{reprlib.repr(label.strip())} behind the last colon",
                expected=f"one of {', '.join(classes)}",
                fix="mend the line, or add the class to the line @classLabel",
            )
        # Without a number in the header, the first case tells how many channels there are.
        channels = channels or len(parts)
        if not parts or len(parts) != channels:
            raise line_error(
                "A case has another number of channels.",
                path,
                line,
                got=len(parts),
                expected=channels or "1 or more, and then the class, with colons between",
                fix="mend the line, or the line @dimensions",
            )
        values.append(_read_channels(parts, path, line))
        labels.append(classes.index(label.strip()))
    if not values:
        raise DataFileError(
            explain(
                "A .ts file has no cases.",
                got=f"{path}, with nothing behind @data",
                expected="a case in each line behind @data",
                fix="check that the file is complete",
            )
        )
    return Sequences(values, np.array(labels, dtype=np.int64), classes)


def _read_header(lines: Lines, path: Path) -> Header:
    """Read up to the line @data: the line number and the words of each entry, by its name in small letters."""
    header: Header = {}
    for line, text in lines:
        key, *words = text.split()
        key = key.lower()
        if key == "@data":
            return header
        if not key.startswith("@") or key in header:
            raise line_error(
                "A line does not belong into the header of a .ts file.",
                path,
                line,
                got=f"{key} for the second time" if key in header else reprlib.repr(text),
                expected="entries such as @dimensions 12, each of them once, and @data before the first case",
                fix="mend the header",
            )
        header[key] = line, words
        # What would change how the cases are to be read must not be overlooked.
        if key in ("@timestamps", "@missing") and [word.lower() for word in words] != ["false"]:
            raise line_error(
                "This kind of .ts file is not supported.",
                path,
                line,
                got=reprlib.repr(text),
                expected=f"{text.split()[0]} false: values without time stamps, and none of them missing",
                fix="fill in or leave out what is missing, and write values only",
            )
    raise DataFileError(
        explain(
            "A .ts file has no line @data.",
            got=f"{path}, which ends before it",
            expected="a header, the line @data, and a case in each line behind it",
            fix="check that the file is complete, and a .ts file",
        )
    )


def _read_classes(header: Header, path: Path) -> list[str]:
    """The classes that the header names."""
    line, words = header.get("@classlabel", (1, []))
    has_classes, *classes = words or ["false"]
    if has_classes.lower() != "true" or not classes or len(set(classes)) < len(classes):
        raise line_error(
            "A .ts file has no class labels.",
            path,
            line,
            got=" ".join(["@classLabel", *words]) if "@classlabel" in header else "a header without @classLabel",
            expected="@classLabel true, and the names of the classes, each of them once",
            fix="choose a file for classification, or mend its header",
        )
    return classes


def _read_dimensions(header: Header, path: Path) -> int:
    """The number of channels that the header tells, or 0."""
    line, words = header.get("@dimensions", (0, ["0"]))
    if line and not (len(words) == 1 and words[0].isdecimal() and int(words[0]) > 0):
        raise line_error(
            "The number of channels cannot be read.",
            path,
            line,
            got=" ".join(["@dimensions", *words]),
            expected="@dimensions and a whole number, 1 or more",
            fix="mend the header",
        )
    return int(words[0])


def _read_channels(parts: list[str], path: Path, line: int) -> npt.NDArray[np.float64]:
    """Read the channels of one case, of shape (channels, time)."""
    rows: list[list[float]] = []
    for channel, part in enumerate(parts, 1):
        row = [
            read_number(value, path, line, f"channel {channel}, value {place}")
            for place, value in enumerate(part.split(","), 1)
        ]
        if rows and len(row) != len(rows[0]):
            raise line_error(
                "The channels of a case differ in length.",
                path,
                line,
                got=f"{len(row)} values in channel {channel}",
                expected=f"{len(rows[0])}, as in channel 1",
                fix="mend the line",
            )
        rows.append(row)
    return np.array(rows, dtype=np.float64)
