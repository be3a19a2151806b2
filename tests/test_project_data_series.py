"""Labelled sequences in `.ts` files, and columns of numbers in CSV files."""

import csv
import gc
import io
import math
import os
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch import ArgumentError, DataFileError
from project import japanese_vowels, series
from project.japanese_vowels import load, parse_ts
from project.padding import pad
from project.series import read_columns

pytestmark = pytest.mark.task4_5

PATH = Path("folder") / "some.ts"

finite = st.floats(allow_nan=False, allow_infinity=False)


# The vowels


@pytest.mark.parametrize(("part", "cases"), [("TRAIN", 270), ("TEST", 370)])
def test_the_vowels_are_complete(part: str, cases: int) -> None:
    sequences = load(part)
    text = (japanese_vowels.FOLDER / f"JapaneseVowels_{part}.ts").read_text(encoding="ascii")
    lines = text.split("@data\n")[1].split()
    assert len(sequences.values) == len(lines) == cases
    assert sequences.classes == list("123456789")
    assert sequences.labels.dtype == np.int64
    assert sequences.labels.tolist() == [int(line[-1]) - 1 for line in lines]
    for values, line in zip(sequences.values, lines):
        assert values.dtype == np.float64
        assert values.tolist() == [list(map(float, channel.split(","))) for channel in line[:-2].split(":")]
    assert {len(values) for values in sequences.values} == {12}
    times = [values.shape[1] for values in sequences.values]
    assert (min(times), max(times)) == (7, {"TRAIN": 26, "TEST": 29}[part])


def test_speakers_speak_as_often_as_the_publication_says() -> None:
    assert np.bincount(load("TRAIN").labels).tolist() == [30] * 9
    assert np.bincount(load("TEST").labels).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]


def test_vowels_are_padded_behind_their_end() -> None:
    sequences = load("TRAIN")
    padded, lengths = pad(sequences.values)
    assert padded.shape == (270, 12, lengths.max())
    for row, values, length in zip(padded, sequences.values, lengths):
        assert row[:, :length].tolist() == values.tolist()
        assert not row[:, length:].any()


@pytest.mark.parametrize("part", ["train", "", "../JapaneseVowels_TRAIN"])
def test_a_part_that_does_not_exist_is_refused(part: str) -> None:
    with pytest.raises(ArgumentError, match=r"no such part(.|\n)*'TRAIN' or 'TEST'") as caught:
        load(part)
    assert repr(part) in str(caught.value)


# The .ts format


@st.composite
def ts_cases(draw: st.DrawFn) -> tuple[list[list[list[float]]], list[str], list[str]]:
    """Values (case, channel, time), the label of each case, and the classes."""
    channels = draw(st.integers(1, 3))
    names = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=3)
    classes = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    values, labels = [], []
    for _ in range(draw(st.integers(1, 4))):
        time = draw(st.integers(1, 5))
        row = st.lists(finite, min_size=time, max_size=time)
        values.append(draw(st.lists(row, min_size=channels, max_size=channels)))
        labels.append(draw(st.sampled_from(classes)))
    return values, labels, classes


@given(ts_cases(), st.sampled_from(["\n", "\r\n", "\n\n", "\n# not a case\n"]), st.booleans(), st.booleans())
def test_a_ts_file_is_read_as_it_was_written(
    cases: tuple[list[list[list[float]]], list[str], list[str]], end: str, with_flags: bool, with_count: bool
) -> None:
    values, labels, classes = cases
    lines = ["# a comment", "", "@problemName Some", f"@CLASSLABEL true {' '.join(classes)}"]
    lines += ["@timeStamps false", "@missing FALSE", "@univariate false"] * with_flags
    lines += [f"@dimensions {len(values[0])}"] * with_count
    lines += ["@Data"]
    for case, label in zip(values, labels):
        lines.append(":".join([",".join(map(repr, channel)) for channel in case] + [label]))
    read = parse_ts((end.join(lines) + end).encode(), PATH)
    assert [array.tolist() for array in read.values] == values
    assert all(array.dtype == np.float64 for array in read.values)
    assert read.classes == classes
    assert [read.classes[label] for label in read.labels] == labels


HEADER = "# a comment\n@dimensions 2\n@classLabel true a b\n@data\n"
CASE = "1,2:3,4:a\n"  # line 5, behind this header


def test_spaces_around_values_do_not_matter() -> None:
    read = parse_ts((HEADER + " 1 , 2 : 3,4 : a \n").encode(), PATH)
    assert read.values[0].tolist() == [[1, 2], [3, 4]]
    assert read.labels.tolist() == [0]


def test_a_byte_order_mark_does_not_matter() -> None:
    assert parse_ts(b"\xef\xbb\xbf" + (HEADER[12:] + CASE).encode(), PATH).labels.tolist() == [0]


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("1,2:3,4:c", "unknown class(.|\n)*line 6: 'c'(.|\n)*one of a, b"),
        ("1,2:3,4:A", "unknown class(.|\n)*line 6: 'A'"),
        ("1,2:3,4:", "unknown class(.|\n)*line 6: ''"),
        ("1,2:3,4", "unknown class(.|\n)*line 6: '3,4'"),
        ("a", "number of channels(.|\n)*line 6: 0\n(.|\n)*expected: 2"),
        ("1,2:a", "number of channels(.|\n)*line 6: 1\n(.|\n)*expected: 2"),
        ("1,2:3,4:5,6:b", "number of channels(.|\n)*line 6: 3\n(.|\n)*expected: 2"),
        ("1,2:3:b", "differ in length(.|\n)*line 6: 1 values in channel 2(.|\n)*expected: 2"),
        ("1,2:3,4,5:b", "differ in length(.|\n)*line 6: 3 values in channel 2(.|\n)*expected: 2"),
        ("1,2:3,?:b", "missing(.|\n)*line 6: channel 2, value 2, '[?]'"),
        ("1,2:,4:b", "missing(.|\n)*line 6: channel 2, value 1, ''"),
        ("1,2::b", "missing(.|\n)*line 6: channel 2, value 1, ''"),
        ("NaN,2:3,4:b", "missing(.|\n)*line 6: channel 1, value 1, 'NaN'"),
        ("1,2:-inf,4:b", "infinite(.|\n)*line 6: channel 2, value 1, '-inf'"),
        ("1,two:3,4:b", "not a number(.|\n)*line 6: channel 1, value 2, 'two'"),
        ("(0,1),(1,2):3,4:b", r"not a number(.|\n)*line 6: channel 1, value 1, '\(0'"),
        ("@data", "unknown class(.|\n)*line 6: '@data'"),
    ],
)
def test_a_damaged_case_is_named(case: str, message: str) -> None:
    for contents in (HEADER + CASE + case, HEADER + CASE + case + "\n" + CASE):
        with pytest.raises(DataFileError, match=message) as caught:
            parse_ts(contents.encode(), PATH)
        assert str(PATH) in str(caught.value)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ("", "no line @data(.|\n)*some.ts"),
        ("# only\n@dimensions 2\n", "no line @data(.|\n)*some.ts"),
        (HEADER, "no cases(.|\n)*some.ts"),
        (HEADER + "\n# nothing\n", "no cases(.|\n)*some.ts"),
        ("@classLabel true a\n1,2:a\n@data\n", "not belong into the header(.|\n)*line 2: '1,2:a'"),
        ("@dimensions 1\n@Dimensions 2\n", "not belong into the header(.|\n)*line 2: @dimensions for the second time"),
        ("@data\n1:a\n", "no class labels(.|\n)*line 1: a header without @classLabel"),
        ("#\n@classLabel false\n@data\n1:a\n", "no class labels(.|\n)*line 2: @classLabel false"),
        ("#\n@classLabel\n@data\n1:a\n", "no class labels(.|\n)*line 2: @classLabel\n"),
        ("#\n@classLabel true\n@data\n1:a\n", "no class labels(.|\n)*line 2: @classLabel true\n"),
        ("#\n@classLabel a b\n@data\n1:a\n", "no class labels(.|\n)*line 2: @classLabel a b"),
        ("#\n@classLabel true a b a\n@data\n1:a\n", "no class labels(.|\n)*line 2: @classLabel true a b a"),
        ("@targetLabel true\n@data\n1:2\n", "no class labels"),
        *[
            (
                f"@classLabel true a\n@dimensions{value}\n@data\n1:a\n",
                f"channels cannot be read(.|\n)*line 2: .*{value}\n",
            )
            for value in ("", " two", " 0", " -1", " 1 2", " 1.0")
        ],
        *[
            (f"# no\n{entry}\n@classLabel true a\n@data\n1:a\n", f"not supported(.|\n)*line 2: '{entry}'")
            for entry in ("@missing true", "@missing TRUE", "@timeStamps true", "@timestamps True", "@missing")
        ],
        # Without a number in the header, the first case tells it.
        ("@classLabel true a\n@data\n1:2:a\n1:a\n", "number of channels(.|\n)*line 4: 1\n(.|\n)*expected: 2"),
        ("@classLabel true a\n@data\na\n", "number of channels(.|\n)*line 3: 0\n(.|\n)*expected: 1 or more"),
    ],
)
def test_a_damaged_ts_file_is_refused(contents: str, message: str) -> None:
    with pytest.raises(DataFileError, match=message) as caught:
        parse_ts(contents.encode(), PATH)
    assert str(PATH) in str(caught.value)


def test_a_ts_file_in_another_encoding_is_refused() -> None:
    with pytest.raises(DataFileError, match=r"not in UTF-8(.|\n)*some.ts, line 2: the byte 0xe9"):
        parse_ts(f"# one\n# \u00e9\n{HEADER}{CASE}".encode("latin-1"), PATH)


# Columns of CSV files


def write(folder: Path, contents: str | bytes) -> Path:
    path = folder / "some.csv"
    path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
    return path


@pytest.mark.parametrize(("path", "rows"), [(series.TRAIN, 1200), (series.TEST, 7501)])
def test_the_columns_of_the_blood_pressure(path: Path, rows: int) -> None:
    read = list(read_columns(path, ["value", "is_anomaly", "timestamp"]))
    fields = [line.split(",") for line in path.read_text(encoding="ascii").split("\n")[1:] if line]
    assert read == [(float(value), float(is_anomaly), float(time)) for time, value, is_anomaly in fields]
    assert len(read) == rows
    anomaly = [row for row, (_, is_anomaly, _) in enumerate(read) if is_anomaly]
    assert anomaly == (list(range(4187, 4199)) if path == series.TEST else [])


names = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n\ufeff"), min_size=1, max_size=4)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[float]], list[str]]:
    """The header, the rows, and the columns to read."""
    header = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    rows = draw(st.lists(st.lists(finite, min_size=len(header), max_size=len(header)), max_size=5))
    return header, rows, draw(st.lists(st.sampled_from(header), min_size=1, max_size=5))


@given(
    tables(),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.sampled_from(["", "\n", "\r\n\n"]),
)
def test_columns_are_read_as_the_csv_module_reads_them(
    tmp_path_factory: pytest.TempPathFactory,
    table: tuple[list[str], list[list[float]], list[str]],
    end: str,
    quoting: Any,
    encoding: str,
    behind: str,
) -> None:
    header, rows, wanted = table
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=quoting).writerows([header, *rows])
    path = tmp_path_factory.mktemp("csv") / "some.csv"
    path.write_bytes((text.getvalue() + behind).encode(encoding))
    with open(path, encoding="utf-8-sig", newline="") as file:
        expected = [tuple([float(row[name]) for name in wanted]) for row in csv.DictReader(file)]
    assert expected == [tuple([row[header.index(name)] for name in wanted]) for row in rows]
    assert list(read_columns(path, wanted)) == expected
    assert list(read_columns(path, wanted, "utf-8-sig")) == expected


def test_other_encodings_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "gr\u00f6\u00dfe,b\n1,2\n".encode("cp1252"))
    assert list(read_columns(path, ["gr\u00f6\u00dfe"], "cp1252")) == [(1.0,)]


def test_a_column_that_is_not_asked_for_may_hold_anything(tmp_path: Path) -> None:
    path = write(tmp_path, 'a,b,,\n1,"x, ""y""\nz",?,nan\n2,,,\n')
    assert list(read_columns(path, ["a"])) == [(1.0,), (2.0,)]


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert list(read_columns(write(tmp_path, "a,b"), ["b"])) == []


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "empty(.|\n)*some.csv"),
        (b"\n\n", "empty(.|\n)*some.csv"),
        (b"\n\na\n1\n", "in the middle(.|\n)*line 1"),
        (b"a,c\n1,2\n", "column is missing(.|\n)*line 1, with the columns 'a', 'c'(.|\n)*one column 'b'"),
        (b"0,1\n1,2\n", "column is missing(.|\n)*line 1, with the columns '0', '1'(.|\n)*header line"),
        (b"a,b,b\n1,2,3\n", "more than once(.|\n)*line 1, with the columns 'a', 'b', 'b'"),
        (b"a,caf\xe9,b\n1,2,3\n", "not in the encoding utf-8(.|\n)*line 1"),
        ("a,b\n1,2\n".encode("utf-16"), "not in the encoding utf-8(.|\n)*line 1"),
        ("a,b\n1,2\n".encode("utf-16-le"), "byte 0(.|\n)*line 1"),
        (b'a,"b\n1,2\n', "cannot be read as CSV(.|\n)*line 2"),
        (b"a,b\r1,2\r", "cannot be read as CSV(.|\n)*line 1"),
        (b"a,b" + b" " * 2**18, "too long(.|\n)*line 1"),
        (b"a,b" + b" " * 2**17, "cannot be read as CSV(.|\n)*line 1"),
    ],
)
def test_the_header_is_checked_at_the_call(contents: bytes, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, contents)
    with pytest.raises(DataFileError, match=message) as caught:
        read_columns(path, ["a", "b"])
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"5", "number of fields(.|\n)*line 3: 1\n(.|\n)*expected: 2"),
        (b"5,6,7", "number of fields(.|\n)*line 3: 3\n(.|\n)*expected: 2"),
        (b"5,6,", "number of fields(.|\n)*line 3: 3\n(.|\n)*expected: 2"),
        (b"", "in the middle(.|\n)*line 3: nothing, and another row in line 4"),
        (b"5,", "missing(.|\n)*line 3: column 'b', ''"),
        (b"?,6", "missing(.|\n)*line 3: column 'a', '[?]'"),
        (b"nan,6", "missing(.|\n)*line 3: column 'a', 'nan'"),
        (b"5,inf", "infinite(.|\n)*line 3: column 'b', 'inf'"),
        (b"5,six", "not a number(.|\n)*line 3: column 'b', 'six'"),
        (b'5,"6,5"', "not a number(.|\n)*line 3: column 'b', '6,5'"),
        (b"5;6", "number of fields(.|\n)*line 3: 1\n"),
        (b"5,\xe9", "not in the encoding utf-8(.|\n)*line 3: "),
        (b"5,6\0", "byte 0(.|\n)*line 3: "),
        (b'"5"1,6', "cannot be read as CSV(.|\n)*line 3: "),
        (b"5,6" + b" " * 2**18, "too long(.|\n)*line 3: "),
    ],
)
def test_a_damaged_row_is_named_when_its_turn_comes(row: bytes, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, b"a,b\n3,4\n" + row + b"\n7,8\n")
    rows = read_columns(path, ["a", "b"])
    assert next(rows) == (3.0, 4.0)
    with pytest.raises(DataFileError, match=message) as caught:
        next(rows)
    assert str(path) in str(caught.value)
    assert list(rows) == []


def test_a_quote_that_is_not_closed_does_not_swallow_rows(tmp_path: Path) -> None:
    rows = read_columns(write(tmp_path, 'a,b\n1,"2\n3,4\n5,6\n'), ["a"])
    with pytest.raises(DataFileError, match=r"cannot be read as CSV(.|\n)*line 4: unexpected end"):
        next(rows)


def test_lines_are_counted_behind_fields_of_several_lines(tmp_path: Path) -> None:
    rows = read_columns(write(tmp_path, 'a,b\n1,"x\ny"\nthree,4\n'), ["a"])
    assert next(rows) == (1.0,)
    with pytest.raises(DataFileError, match="line 4: column 'a', 'three'"):
        next(rows)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=r"cannot be opened(.|\n)*nothing.csv: No such file"):
        read_columns(tmp_path / "nothing.csv", ["a"])
    with pytest.raises(DataFileError, match=r"cannot be opened(.|\n)*Is a directory"):
        read_columns(tmp_path, ["a"])


@pytest.mark.parametrize("columns", [[], (), "value", ""])
def test_columns_must_be_named_in_a_list(columns: Any) -> None:
    with pytest.raises(ArgumentError, match="columns must be named"):
        read_columns(series.TRAIN, columns)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32-be", "klingon", "hex", "cp037", ""])
def test_encodings_without_lines_of_bytes_are_refused(encoding: str) -> None:
    with pytest.raises(ArgumentError, match="encoding cannot be read") as caught:
        read_columns(series.TRAIN, ["value"], encoding)
    assert repr(encoding) in str(caught.value)


def open_files() -> int:
    return len(os.listdir("/proc/self/fd" if os.path.isdir("/proc/self/fd") else "/dev/fd"))


def test_the_file_is_closed_when_reading_ends(tmp_path: Path) -> None:
    path = write(tmp_path, "a\n1\n2\nthree\n")
    gc.collect()
    before = open_files()
    # Closed before the first row, after it, by an error, and because nobody wants it any more.
    for steps in (0, 1):
        rows = read_columns(path, ["a"])
        for _ in range(steps):
            next(rows)
        assert open_files() == before + 1
        rows.close()
        assert open_files() == before
        assert list(rows) == []
    with pytest.raises(DataFileError, match="three"):
        list(read_columns(path, ["a"]))
    assert open_files() == before
    with pytest.raises(DataFileError, match="column is missing"):
        read_columns(path, ["b"])
    assert open_files() == before
    rows = read_columns(path, ["a"])
    del rows
    gc.collect()
    assert open_files() == before
    assert len(list(read_columns(series.TRAIN, ["value"]))) == 1200
    assert open_files() == before


def test_rows_come_before_the_file_has_ended(tmp_path: Path) -> None:
    # A pipe that stays open: whoever waited for its end would wait for ever.
    path = tmp_path / "pipe"
    os.mkfifo(path)
    wanted = threading.Event()

    def feed() -> None:
        with open(path, "wb", buffering=0) as pipe:
            pipe.write(b"a,b\n" + b"1,2\n" * 10000)
            wanted.wait(60)
            pipe.write(b"3,4\n")

    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    rows = read_columns(path, ["b"])
    assert next(rows) == (2.0,)
    wanted.set()
    assert [*rows][-1] == (4.0,)
    thread.join()


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with open(path, "w", encoding="ascii") as file:
        file.write("time,value\n")
        file.writelines(f"{row},{math.sin(row):.12f}\n" for row in range(200_000))
    assert path.stat().st_size > 3_000_000
    tracemalloc.start()
    try:
        count, total = 0, 0.0
        for time, _ in read_columns(path, ["time", "value"]):
            count, total = count + 1, total + time
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (count, total) == (200_000, 200_000 * 199_999 / 2)
    assert peak < 500_000


def test_memory_does_not_grow_with_a_file_that_is_one_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"a" * 5_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match="too long"):
            read_columns(path, ["a"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
