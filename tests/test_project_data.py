"""What the loaders of data share: the files of the repository, lines and numbers in files, and padding."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from minitorch import ArgumentError, DataFileError
from project import japanese_vowels, mnist, movie_reviews, series
from project.data_files import line_error, open_file, read_checked, read_number, spread, text_lines
from project.padding import pad

pytestmark = pytest.mark.task4_5

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "project" / "data"
PATH = Path("folder") / "some.txt"

# All files, with the sizes and digests that the loaders know.
CHECKS = {
    **{mnist.FOLDER / name: check for name, check in mnist.FILES.items()},
    **{movie_reviews.FOLDER / name: check for name, check in movie_reviews.FILES.items()},
    **{japanese_vowels.FOLDER / name: check for name, check in japanese_vowels.FILES.items()},
    **series.FILES,
}


# The files of the repository


def test_every_data_file_has_its_size_and_digest() -> None:
    assert set(CHECKS) == {path for path in DATA.rglob("*") if path.is_file() and path.suffix != ".md"}
    for path, (size, digest) in CHECKS.items():
        contents = path.read_bytes()
        assert (len(contents), hashlib.sha256(contents).hexdigest()) == (size, digest)


def test_the_page_about_the_data_names_every_file_and_digest() -> None:
    text = (DATA / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^    ([0-9a-f]{64})  (\S+)$", text, re.M))
    assert listed == {digest: path.relative_to(DATA).as_posix() for path, (_, digest) in CHECKS.items()}
    for folder in {path.parent.name for path in CHECKS}:
        assert f"| `{folder}/` |" in text


def test_git_leaves_the_ends_of_lines_in_data_alone(tmp_path: Path) -> None:
    # In a repository of its own, where git is told to change line ends: only the attributes stop it.
    path = tmp_path / "project" / "data" / "folder" / "reviews.txt"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"one\r\ntwo\r\n")
    shutil.copy(ROOT / ".gitattributes", tmp_path)

    def git(*arguments: str) -> bytes:
        command = ["git", "-c", "core.autocrlf=input", "-c", "core.safecrlf=false", *arguments]
        return subprocess.run(command, cwd=tmp_path, check=True, capture_output=True).stdout

    git("init", "-q")
    git("add", ".")
    assert git("show", ":project/data/folder/reviews.txt") == b"one\r\ntwo\r\n"


LOADS: list[tuple[Path, Callable[[Path], Any]]] = [
    (movie_reviews.FOLDER / "movieReviewSnippets_GroundTruth.txt", movie_reviews.load),
    (japanese_vowels.FOLDER / "JapaneseVowels_TRAIN.ts", lambda folder: japanese_vowels.load("TRAIN", folder)),
    (japanese_vowels.FOLDER / "JapaneseVowels_TEST.ts", lambda folder: japanese_vowels.load("TEST", folder)),
]


@pytest.mark.parametrize(("path", "load"), LOADS, ids=lambda value: getattr(value, "name", ""))
def test_loaders_check_the_file_first(path: Path, load: Callable[[Path], Any], tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match=rf"missing(.|\n)*{path.name}(.|\n)*git checkout"):
        load(tmp_path)
    contents = path.read_bytes()
    (tmp_path / path.name).write_bytes(contents[:-1])
    with pytest.raises(DataFileError, match="cut short"):
        load(tmp_path)
    # Another character near the end, which could be read like the right one.
    (tmp_path / path.name).write_bytes(contents[:-5] + b"1" + contents[-4:])
    with pytest.raises(DataFileError, match="altered"):
        load(tmp_path)


def test_the_series_are_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    series.check_files()
    for path, check in series.FILES.items():
        copy = tmp_path / path.name
        copy.write_bytes(path.read_bytes().replace(b"63.73215", b"63.73216", 1))
        others = {other: value for other, value in series.FILES.items() if other != path}
        with monkeypatch.context() as patch:
            patch.setattr(series, "FILES", {**others, copy: check})
            with pytest.raises(DataFileError, match=rf"altered(.|\n)*{path.name}"):
                series.check_files()


def test_a_checked_file_is_returned_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "some.bin"
    contents = bytes(range(256))
    path.write_bytes(contents)
    digest = hashlib.sha256(contents).hexdigest()
    assert read_checked(path, 256, digest) == contents
    for size in (255, 257):
        with pytest.raises(DataFileError, match=rf"256 bytes(.|\n)*{size} bytes"):
            read_checked(path, size, digest)
    path.write_bytes(contents[::-1])
    with pytest.raises(DataFileError, match="altered"):
        read_checked(path, 256, digest)
    with pytest.raises(DataFileError, match="missing"):
        read_checked(tmp_path, 256, digest)


def test_a_file_that_somebody_names_is_opened_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.bin"
    path.write_bytes(b"a\r\nb")
    with open_file(path) as file:
        assert file.read() == b"a\r\nb"
    with pytest.raises(DataFileError, match=r"cannot be opened(.|\n)*nothing.bin: No such file"):
        open_file(tmp_path / "nothing.bin")
    with pytest.raises(DataFileError, match=r"cannot be opened(.|\n)*: Is a directory"):
        open_file(tmp_path)


# Lines and numbers


def test_a_part_is_taken_from_everywhere() -> None:
    assert spread(7, 7) == spread(7, 9) == [0, 1, 2, 3, 4, 5, 6]
    assert spread(7, 3) == [0, 3, 6]
    assert spread(7, 1) == [0]
    assert spread(0, 3) == []
    gaps = set(np.diff(spread(9511, 2000)))
    assert gaps == {4, 5}


def test_an_error_about_a_line_answers_all_questions() -> None:
    error = line_error("Something is odd.", PATH, 7, got="a", expected="b", fix="do c")
    assert isinstance(error, DataFileError)
    assert str(error) == f"Something is odd.\n  got:      {PATH}, line 7: a\n  expected: b\n  fix:      do c"


@pytest.mark.parametrize(
    ("contents", "lines"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a", ["a"]),
        (b"a\n", ["a"]),
        (b"a\r\nb", ["a", "b"]),
        (b"a\r\n\r\nb\n\n", ["a", "", "b", ""]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        # Characters at which str.splitlines would divide.
        ("a\u2028b\x0bc\x85d\re\n".encode(), ["a\u2028b\x0bc\x85d\re"]),
    ],
)
def test_text_is_divided_into_lines(contents: bytes, lines: list[str]) -> None:
    assert text_lines(contents, PATH) == lines


@pytest.mark.parametrize(
    ("contents", "line"),
    [(b"\xe9t\xe9", 1), (b"a\nb\xff\nc", 2), (b"\xef\xbb\xbf\n\n\xff\n", 3), (b"a\n" * 10 + b"\xc3", 11)],
)
def test_another_encoding_is_found_in_its_line(contents: bytes, line: int) -> None:
    with pytest.raises(DataFileError, match=rf"not in UTF-8(.|\n)*some.txt, line {line}: the byte 0x"):
        text_lines(contents, PATH)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", " ", "\t"]))
def test_finite_numbers_are_read_as_python_reads_them(value: float, space: str) -> None:
    assert read_number(f"{space}{value!r}{space}", PATH, 1, "here") == value


@pytest.mark.parametrize("text", ["1", "-2", "+.5", "1e-3", "1E5", "007"])
def test_numbers_are_read_in_all_spellings(text: str) -> None:
    assert read_number(text, PATH, 1, "here") == float(text)


MISSING, INFINITE, NO_NUMBER = "A value is missing", "infinite, or too large", "not a number"
BAD_NUMBERS = {
    **dict.fromkeys(["", " ", "?", " ? ", "nan", "NaN", "-nan"], MISSING),
    **dict.fromkeys(["inf", "-Infinity", "1e999"], INFINITE),
    **dict.fromkeys(["1,5", "abc", "0x10", "1 2", "1_000", "--1", "None", "1\0", "(0,1)"], NO_NUMBER),
}


@pytest.mark.parametrize(("text", "what"), BAD_NUMBERS.items())
def test_what_is_no_finite_number_is_refused(text: str, what: str) -> None:
    with pytest.raises(DataFileError, match=what) as caught:
        read_number(text, PATH, 12, "column 3")
    assert f"{PATH}, line 12: column 3, {text!r}" in str(caught.value)


# Padding


@st.composite
def batches(draw: st.DrawFn) -> list[npt.NDArray[Any]]:
    """Arrays without a zero in them, so that padding can be told apart, that differ in the last dimension only."""
    dtype = draw(st.sampled_from([np.int64, np.float32, np.float64]))
    leading = draw(st.lists(st.integers(1, 3), max_size=2))
    elements: Any = st.integers(1, 99) if dtype == np.int64 else st.floats(1, 99, width=32)
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=5))
    return [draw(nps.arrays(dtype, (*leading, length), elements=elements)) for length in lengths]


@given(batches())
def test_padding_keeps_values_in_front_and_fills_up_with_zeros(sequences: list[npt.NDArray[Any]]) -> None:
    before = [sequence.copy() for sequence in sequences]
    padded, lengths = pad(sequences)
    width = max(sequence.shape[-1] for sequence in before)
    assert padded.shape == (len(before), *before[0].shape[:-1], width)
    assert padded.dtype == before[0].dtype
    assert lengths.dtype == np.int64
    assert lengths.tolist() == [sequence.shape[-1] for sequence in before]
    for row, length, sequence, given_sequence in zip(padded, lengths, before, sequences):
        np.testing.assert_array_equal(row[..., :length], sequence)
        np.testing.assert_array_equal(given_sequence, sequence)
        assert not row[..., length:].any()


def test_padding_without_a_limit_is_as_wide_as_the_longest() -> None:
    padded, lengths = pad([np.array([5, 6]), np.array([7]), np.array([2, 3, 4])])
    assert padded.tolist() == [[5, 6, 0], [7, 0, 0], [2, 3, 4]]
    assert lengths.tolist() == [2, 1, 3]


def test_padding_keeps_fractions_beside_whole_numbers() -> None:
    padded, _ = pad([np.array([1, 2]), np.array([0.5])])
    assert padded.tolist() == [[1.0, 2.0], [0.5, 0.0]]


def test_padding_takes_many_sequences() -> None:
    padded, _ = pad([np.array([1])] * 200)
    assert padded.shape == (200, 1)


@pytest.mark.parametrize(
    "shapes", [[], [()], [(0,)], [(3,), (0,)], [(2, 3), (3, 3)], [(3,), (1, 3)], [(2, 0), (2, 1)]], ids=str
)
def test_what_cannot_be_padded_is_refused(shapes: list[tuple[int, ...]]) -> None:
    with pytest.raises(ArgumentError, match="cannot be padded") as caught:
        pad([np.ones(shape) for shape in shapes])
    assert (str(shapes[0]) if shapes else "no sequences") in str(caught.value)
