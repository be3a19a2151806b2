"""Columns of numbers in CSV files, read row by row: a file may be longer than the memory of the computer."""

import csv
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from minitorch.errors import ArgumentError, DataFileError, explain
from project.data_files import line_error, open_file, read_checked, read_number

FOLDER = Path(__file__).parent / "data" / "internal_bleeding"

TRAIN = FOLDER / "135_UCR_Anomaly_InternalBleeding16_TRAIN.csv"
"""Arterial blood pressure, 1 200 rows: timestamp, value, is_anomaly."""

TEST = FOLDER / "135_UCR_Anomaly_InternalBleeding16_TEST.csv"
"""The same columns, 7 501 rows with one anomaly; the first 1 200 are those of `TRAIN`."""

# Size in bytes and SHA-256 of each file, as it was obtained.
FILES = {
    TRAIN: (17991, "a531b6f4f556b17c0321d144c3f6b4a7bdf5e8464b2218566181702e77962c2b"),
    TEST: (118036, "fe26577b94896943e8205d04d56bf2511fe05c008df535a1ec3826adff3597e2"),
}

# A file that is no CSV file may be one endless line; this many bytes of it are enough to say so.
LONGEST_LINE = 2**18


def check_files() -> None:
    """Check that both files are there, as they were published.

    Raises:
        DataFileError: A file is missing, cut short, or altered.
    """
    for path, (size, digest) in FILES.items():
        read_checked(path, size, digest)


def read_columns(path: Path, names: Sequence[str], encoding: str = "utf-8") -> Generator[tuple[float, ...], None, None]:
    """Read columns of a CSV file, with a header line, as a stream of rows.

    The header is checked at once; the rows are read and checked as they are asked for, and take no more memory in a
    long file than in a short one. The file is closed behind the last row, after an error, or by `close()`.

    Args:
        path: The file. Fields have commas between, a byte order mark may stand before the header, and empty lines
            behind the last row.
        names: The columns to read.
        encoding: How text is written as bytes. A line must end with LF or CR LF, which leaves out UTF-16.

    Returns:
        A generator that yields the numbers of each row, in the order of `names`.

    Raises:
        ArgumentError: `names` is empty or a single text, or there is no such encoding.
        DataFileError: The file cannot be opened, is empty, or lacks a column or has it twice. While reading: a line is
            not in the encoding, a row has another number of fields, or a value is missing, infinite or no number.
    """
    if isinstance(names, str) or not names:
        raise ArgumentError(
            explain(
                "The columns must be named.",
                got=repr(names),
                expected="one name or more, in a list",
                fix="write for instance ['value']",
            )
        )
    _check_encoding(encoding)
    rows = _read(path, names, encoding)
    next(rows)  # as far as the header
    return rows


def _check_encoding(encoding: str) -> None:
    """Raise an error unless a line ends with a byte of its own, so that lines can be told apart before decoding."""
    try:
        is_fine = b"\n".decode(encoding) == "\n"
    except (LookupError, UnicodeError):
        is_fine = False
    if not is_fine:
        raise ArgumentError(
            explain(
                "This encoding cannot be read.",
                got=repr(encoding),
                expected="an encoding in which a line ends with the byte 10, such as utf-8, latin-1 or cp1252",
                fix="save the file as UTF-8",
            )
        )


def _read(path: Path, names: Sequence[str], encoding: str) -> Generator[tuple[float, ...], None, None]:
    """Yield an empty tuple when the header is read, and then the rows."""
    with open_file(path) as file:
        rows = _divide(_decode(file, path, encoding), path)
        _, header = next(rows, (0, []))
        positions = _find_columns(header, names, path)
        yield ()
        for line, row in rows:
            if len(row) != len(header):
                raise line_error(
                    "A row has another number of fields.",
                    path,
                    line,
                    got=len(row),
                    expected=f"{len(header)}, as in the header",
                    fix="mend the line",
                )
            yield tuple([read_number(row[i], path, line, f"column {header[i]!r}") for i in positions])


def _decode(file: BinaryIO, path: Path, encoding: str) -> Iterator[str]:
    """Yield the lines of a file as text."""
    line = 0
    while contents := file.readline(LONGEST_LINE + 1):
        line += 1
        what = None
        try:
            text = contents.decode(encoding)
        except UnicodeError:
            what = f"A line is not in the encoding {encoding}."
        else:
            if "\0" in text:
                what = "A line has a byte 0 in it."
        if len(contents) > LONGEST_LINE:
            what = "A line is too long."
        if what is not None:
            raise line_error(
                what,
                path,
                line,
                got=f"{contents[:20]!r}...",
                expected=f"a CSV file in the encoding {encoding}, with lines of at most {LONGEST_LINE} bytes",
                fix="name the right encoding, or save the file as CSV in UTF-8",
            )
        yield text.removeprefix("\ufeff") if line == 1 else text


def _divide(lines: Iterator[str], path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each row, with the number of the line at which it ends."""
    rows = csv.reader(lines, strict=True)
    empty = 0  # the first empty line
    try:
        for row in rows:
            if not row:
                empty = empty or rows.line_num
            elif empty:
                raise line_error(
                    "A line in the middle of a CSV file is empty.",
                    path,
                    empty,
                    got=f"nothing, and another row in line {rows.line_num}",
                    expected="empty lines at the end only",
                    fix="remove the line, or fill in what is missing",
                )
            else:
                yield rows.line_num, row
    except csv.Error as error:
        raise line_error(
            "A line cannot be read as CSV.",
            path,
            rows.line_num,
            got=error,
            expected='fields with commas between, quoted as "..." or not at all',
            fix="mend the line, or save the file as CSV once more",
        ) from error


def _find_columns(header: list[str], names: Sequence[str], path: Path) -> list[int]:
    """Find where in a row the columns stand."""
    if not header:
        raise DataFileError(
            explain(
                "A CSV file is empty.",
                got=path,
                expected="a line with the names of the columns, and rows behind it",
                fix="check that the file is complete",
            )
        )
    for name in names:
        if header.count(name) != 1:
            raise DataFileError(
                explain(
                    "A column is missing." if name not in header else "A column is there more than once.",
                    got=f"{path}, line 1, with the columns {', '.join(map(repr, header))}",
                    expected=f"one column {name!r}",
                    fix="choose one of these columns; or give the file a header line, and commas between the fields",
                )
            )
    return [header.index(name) for name in names]
