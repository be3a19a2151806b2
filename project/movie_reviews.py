"""Sentences from film reviews with the ratings that people gave them, and the words that they are made of."""

import os
import re
import reprlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from minitorch.errors import ArgumentError, DataFileError, explain
from project.data_files import line_error, open_file, read_checked, read_number, text_lines

FOLDER = Path(__file__).parent / "data" / "movie_reviews"

# Size in bytes and SHA-256 of each file, as it was obtained.
FILES = {
    "movieReviewSnippets_GroundTruth.txt": (
        1383098,
        "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
    ),
}

# The reviews


class Review(NamedTuple):
    """A sentence and how its readers rated it.

    Attributes:
        text: The sentence.
        rating: The mean of many ratings, from -4 (very negative) to 4 (very positive).
    """

    text: str
    rating: float


def load(folder: Path = FOLDER) -> list[Review]:
    """Read all 10 605 reviews, in the order of the file.

    Args:
        folder: Where the file is.

    Raises:
        DataFileError: The file is missing, cut short, or not the one that was published.
    """
    ((name, check),) = FILES.items()
    return parse(read_checked(folder / name, *check), folder / name)


def parse(contents: bytes, path: Path) -> list[Review]:
    r"""Read reviews, one in each line: a number that is not used, the rating and the text, with tabs between.

    Args:
        contents: The contents of the file, in UTF-8, with LF or CR LF at the end of each line.
        path: The file that they come from, for error messages.

    Raises:
        DataFileError: The contents are not UTF-8; there are no reviews; a row has another number of fields; a rating
            is no number from -4 to 4; or a text is empty.
    """
    reviews = []
    for line, row in enumerate(text_lines(contents, path), 1):
        fields = row.split("\t")
        if len(fields) != 3:
            raise line_error(
                "A row has another number of fields.",
                path,
                line,
                got=f"{len(fields)}, in {reprlib.repr(row)}",
                expected="3, with tabs between: a number, the rating and the text",
                fix="mend the line, or remove it",
            )
        rating = read_number(fields[1], path, line, "the rating")
        if not -4 <= rating <= 4:
            raise line_error(
                "A rating is out of range.",
                path,
                line,
                got=rating,
                expected="-4 to 4",
                fix="bring ratings to this scale",
            )
        if not fields[2].strip():
            raise line_error(
                "A text is empty.", path, line, got=repr(fields[2]), expected="a sentence", fix="remove the line"
            )
        reviews.append(Review(fields[2], rating))
    if not reviews:
        raise DataFileError(
            explain(
                "A file has no reviews in it.",
                got=f"{path}, without a line",
                expected="a review in each line",
                fix="check that the file is complete",
            )
        )
    return reviews


def split(reviews: Sequence[Review]) -> tuple[list[Review], list[Review]]:
    """Divide the reviews into those to train on and those to test with.

    Every tenth review is for testing, beginning with the first. Those rated exactly 0 are left out: they are neither
    positive nor negative.

    Args:
        reviews: All reviews, in the order of the file.

    Returns:
        The reviews to train on (9 511, if all were given), and those to test with (1 057).
    """
    parts: tuple[list[Review], list[Review]] = ([], [])
    for number, review in enumerate(reviews):
        if review.rating != 0:
            parts[number % 10 == 0].append(review)
    return parts


# The words

# A word holds an apostrophe only between letters: two of them, '', are a quotation mark in these reviews.
_WORD = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[!?]")


def words(text: str) -> list[str]:
    """Divide a text into words, in small letters and without accents; `!` and `?` count as words too.

    >>> words("''It's a café!''")
    ["it's", 'a', 'cafe', '!']
    """
    # NFKD writes é as e and an accent, which is a mark that combines with the letter before it.
    letters = unicodedata.normalize("NFKD", text)
    plain = "".join([letter for letter in letters if not unicodedata.combining(letter)])
    return _WORD.findall(plain.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'"))


# What stands in the list of words at 0 and 1. No text gives these words.
PADDING, UNKNOWN = "", "?unknown?"


class Vocabulary:
    """The words that were seen in training, by number.

    Number 0 is padding, behind the end of a text; 1 stands for every word that is not in the vocabulary.

    Args:
        known: The words from number 2 on, all different, and each as `words` returns it.

    Attributes:
        words: All words by number, with place holders at 0 and 1.

    Raises:
        ArgumentError: There are no words, one stands there twice, or one is no single word.
    """

    def __init__(self, known: Sequence[str]) -> None:
        fault = _find_fault(known)
        if fault is not None:
            number, what = fault
            raise ArgumentError(
                explain(
                    "A vocabulary cannot be made from these words.",
                    got=f"word {number}: {what}",
                    expected="one or more different words, as `words` returns them",
                    fix="use Vocabulary.of, which finds the words in texts",
                )
            )
        self.words = [PADDING, UNKNOWN, *known]
        self._numbers = {word: number for number, word in enumerate(self.words)}

    @classmethod
    def of(cls, texts: Iterable[str], least: int = 2) -> "Vocabulary":
        """Find the words of the texts to train on: the most frequent first, and equally frequent ones by the alphabet.

        Args:
            texts: The texts.
            least: How often a word must occur to be taken in.

        Raises:
            ArgumentError: `texts` is a single text, `least` is not positive, or no word occurs so often.
        """
        if isinstance(texts, str):
            raise ArgumentError(
                explain(
                    "A vocabulary is made from many texts.",
                    got=f"one text, {reprlib.repr(texts)}",
                    expected="for instance a list of texts",
                    fix="put the text into a list",
                )
            )
        counts = Counter([word for text in texts for word in words(text)])
        known = sorted([word for word in counts if counts[word] >= least], key=lambda word: (-counts[word], word))
        if least < 1 or not known:
            raise ArgumentError(
                explain(
                    "There is no word for the vocabulary.",
                    got=f"least={least}, and texts with {len(counts)} different words",
                    expected="a word that occurs at least so often, and least=1 or more",
                    fix="give more texts, or another limit",
                )
            )
        return cls(known)

    def __len__(self) -> int:
        return len(self.words)

    def numbers(self, text: str) -> npt.NDArray[np.int64]:
        """Return the numbers of the words in a text, of shape (words,). Unknown words become 1.

        Raises:
            ArgumentError: There are no words in the text.
        """
        found = words(text)
        if not found:
            raise ArgumentError(
                explain(
                    "A text has no words in it.",
                    got=reprlib.repr(text),
                    expected="one word or more, in Latin letters",
                    fix="leave this text out",
                )
            )
        return np.array([self._numbers.get(word, 1) for word in found], dtype=np.int64)

    def save(self, path: Path) -> None:
        """Write the words from number 2 on into a file, one in each line, in UTF-8.

        The file appears under its name only once it is complete: an interruption leaves the previous one untouched.
        """
        unfinished = path.with_name(path.name + ".part")
        unfinished.write_bytes("".join([f"{word}\n" for word in self.words[2:]]).encode())
        os.replace(unfinished, path)

    @classmethod
    def load(cls, path: Path) -> "Vocabulary":
        """Read the words that `save` wrote.

        Raises:
            DataFileError: The file is missing or damaged: a line does not hold one word, or the same as another line.
        """
        with open_file(path) as file:
            contents = file.read()
        known = text_lines(contents, path)
        fault = _find_fault(known)
        if fault is None and not contents.endswith(b"\n"):
            fault = len(known), f"{known[-1]!r}, without an end of the line"
        if fault is not None:
            line, what = fault
            raise line_error(
                "A file of a vocabulary is damaged.",
                path,
                line,
                got=what,
                expected="different words, one in each line, as Vocabulary.save wrote them",
                fix="restore it from a copy, or train again",
            )
        return cls(known)


def _find_fault(known: Sequence[str]) -> tuple[int, str] | None:
    """Find the first entry, counted from 1, that cannot stand in a vocabulary, and say what is wrong with it."""
    seen: set[str] = set()
    for number, word in enumerate(known, 1):
        if words(word) != [word]:
            return number, f"{reprlib.repr(word)}, which is not one word"
        if word in seen:
            return number, f"{word!r} for the second time"
        seen.add(word)
    return None if seen else (1, "nothing")
