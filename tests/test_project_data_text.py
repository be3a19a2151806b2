"""The film reviews: their rows and their words."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from minitorch import ArgumentError, DataFileError
from project import movie_reviews
from project.data_files import spread
from project.movie_reviews import Review, Vocabulary, load, parse, split, words
from project.padding import pad

pytestmark = pytest.mark.task4_5

PATH = Path("folder") / "reviews.txt"
FILE = movie_reviews.FOLDER / "movieReviewSnippets_GroundTruth.txt"


# The rows


def test_all_reviews_are_read_in_the_order_of_the_file() -> None:
    reviews = load()
    rows = [row.split("\t") for row in FILE.read_bytes().decode("utf-8").split("\r\n")]
    assert len(reviews) == len(rows) == 10605
    assert [review.text for review in reviews] == [text for _, _, text in rows]
    assert [review.rating for review in reviews] == [float(rating) for _, rating, _ in rows]
    assert reviews[2] == Review("Effective but too tepid biopic", -0.6)


def test_every_tenth_review_is_for_testing_and_zeros_are_left_out() -> None:
    reviews = load()
    rest, test = split(reviews)
    assert (len(rest), len(test)) == (9511, 1057)
    assert test == [review for review in reviews[::10] if review.rating != 0]
    without = [review for start in range(0, len(reviews), 10) for review in reviews[start + 1 : start + 10]]
    assert rest == [review for review in without if review.rating != 0]
    assert sum(review.rating == 0 for review in reviews) == 10605 - 9511 - 1057


def test_a_split_counts_rows_from_zero_and_before_zeros_are_left_out() -> None:
    reviews = [Review(f"text {row}", 0.0 if row in (3, 10) else 1.0) for row in range(22)]
    rest, test = split(reviews)
    assert [review.text for review in test] == ["text 0", "text 20"]
    assert [review.text for review in rest] == [f"text {row}" for row in range(22) if row % 10 and row != 3]
    assert split([]) == ([], [])


texts = st.text(st.characters(codec="utf-8", exclude_characters="\t\r\n")).filter(str.strip)


@given(st.lists(st.tuples(texts, st.floats(-4, 4)), min_size=1), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_rows_are_read_as_they_were_written(rows: list[tuple[str, float]], end: str, at_the_end: bool) -> None:
    written = end.join([f"{row}\t{rating!r}\t{text}" for row, (text, rating) in enumerate(rows)])
    assert parse((written + end * at_the_end).encode(), PATH) == rows


GOOD = b"1\t0.5\tgood\r\n"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (b"2\t1\tcaf\xe9", "line 2: the byte 0xe9"),
        (b"2\t1", "number of fields(.|\n)*line 2: 2, "),
        (b"2\t1\ta\tb", "number of fields(.|\n)*line 2: 4, "),
        (b"", "number of fields(.|\n)*line 2: 1, "),
        (b"2\tfine\tgood", "not a number(.|\n)*line 2: the rating, 'fine'"),
        (b"2\t\tgood", "missing(.|\n)*line 2: the rating, ''"),
        (b"2\tnan\tgood", "missing(.|\n)*line 2: the rating, 'nan'"),
        (b"2\tinf\tgood", "infinite(.|\n)*line 2: the rating, 'inf'"),
        (b"2\t4.01\tgood", "out of range(.|\n)*line 2: 4.01\n(.|\n)*-4 to 4"),
        (b"2\t-4.01\tgood", "out of range(.|\n)*line 2: -4.01\n(.|\n)*-4 to 4"),
        (b"2\t1\t", "text is empty(.|\n)*line 2: ''"),
        (b"2\t1\t  ", "text is empty(.|\n)*line 2: '  '"),
    ],
)
def test_a_damaged_row_is_named(row: bytes, message: str) -> None:
    for contents in (GOOD + row + b"\r\n", GOOD + row + b"\r\n" + GOOD):
        with pytest.raises(DataFileError, match=message) as caught:
            parse(contents, PATH)
        assert str(PATH) in str(caught.value)


def test_a_file_without_reviews_is_refused() -> None:
    with pytest.raises(DataFileError, match=r"no reviews(.|\n)*reviews.txt"):
        parse(b"", PATH)


def test_a_part_of_the_reviews_has_praise_and_blame() -> None:
    # The file begins with praise, so its first sentences would not do.
    rest, _ = split(load())
    assert np.mean([review.rating > 0 for review in rest[:2000]]) > 0.9
    part = [rest[i].rating > 0 for i in spread(len(rest), 2000)]
    assert 0.4 < np.mean(part) < 0.6


# The words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Rock's new ''Conan''!", ["the", "rock's", "new", "conan", "!"]),
        ("it''s ''it's'' '''tis'''", ["it", "s", "it's", "tis"]),
        ("there\u2019s \u2019\u2019more\u2019\u2019", ["there's", "more"]),
        ("rock'n'roll dogs' '90s", ["rock'n", "roll", "dogs", "90s"]),
        ("Really?! No...", ["really", "?", "!", "no"]),
        ("co writer/director 3-D, 7.5", ["co", "writer", "director", "3", "d", "7", "5"]),
        ("caf\u00e9 CAFE\u0301 cafe", ["cafe", "cafe", "cafe"]),
        ("na\u00efve \u00c4rger \u0130stanbul \ufb01lm \u210dat", ["naive", "arger", "istanbul", "film", "hat"]),
        ("tab\tnew\r\nline", ["tab", "new", "line"]),
        ("... '' \u65e5\u672c", []),
        ("", []),
    ],
)
def test_texts_are_divided_into_words(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text())
def test_words_are_made_of_few_characters_and_stay_as_they_are(text: str) -> None:
    found = words(text)
    for word in found:
        assert word in ("!", "?") or re.fullmatch(r"[a-z0-9]+('[a-z]+)?", word)
        assert words(word) == [word]
    assert words(" ".join(found)) == found
    # No letter of the alphabet is lost.
    latin = [c for c in unicodedata.normalize("NFKD", text).lower() if c in "abcdefghijklmnopqrstuvwxyz0123456789!?"]
    assert "".join(found).replace("'", "") == "".join(latin)


def test_the_docstring_tells_the_truth() -> None:
    assert words("''It's a caf\u00e9!''") == ["it's", "a", "cafe", "!"]


# The vocabulary


def test_a_vocabulary_has_frequent_words_first_and_ties_by_the_alphabet() -> None:
    vocabulary = Vocabulary.of(["b a, c! d", "B c!", "e b a f"])
    assert vocabulary.words[2:] == ["b", "!", "a", "c"]
    assert len(vocabulary) == 6
    assert Vocabulary.of(["b a, c! d", "B c!", "e b a f"], least=1).words[2:] == ["b", "!", "a", "c", "d", "e", "f"]
    assert Vocabulary.of(["b a, c! d", "B c!", "e b a f"], least=3).words[2:] == ["b"]


def test_the_vocabulary_of_the_reviews() -> None:
    rest, _ = split(load())
    vocabulary = Vocabulary.of(review.text for review in rest)
    # Once more in another way: accents are few, so a table will do, and words are found by cutting at all the rest.
    table = {ord(accented): plain for accented, plain in zip("éóâïèíüáñàôöãûç\u2019", "eoaieiuanaooauc'")}
    counts: Counter[str] = Counter()
    for review in rest:
        text = review.text.lower().translate(table).replace("½", "1 2")
        counts.update(re.findall("[!?]", text))
        for piece in re.split(r"[^a-z0-9']|''", text):
            first, *others = piece.strip("'").split("'", 1)
            counts.update([word for word in ("'".join([first, *others]),) if word])
    frequent = {word for word, count in counts.items() if count > 1}
    assert set(vocabulary.words[2:]) == frequent
    assert len(vocabulary) == len(frequent) + 2
    assert vocabulary.words[2:6] == [word for word, _ in counts.most_common(4)]


def test_numbers_lead_to_the_words_and_unknown_words_are_one() -> None:
    vocabulary = Vocabulary.of(["good film", "good plot"], least=1)
    numbers = vocabulary.numbers("A GOOD plot, a film?")
    assert numbers.dtype == np.int64
    assert numbers.tolist() == [1, 2, 4, 1, 3, 1]
    assert vocabulary.words == ["", "?unknown?", "good", "film", "plot"]


@given(st.lists(st.text("abc'! \u00e9\n."), min_size=1), st.text())
def test_no_text_gives_a_place_holder_for_a_word(training: list[str], text: str) -> None:
    seen = {word for line in training for word in words(line)}
    assume(seen and words(text))
    vocabulary = Vocabulary.of(training, least=1)
    assert sorted(vocabulary.words[2:]) == sorted(seen)
    for word, number in zip(words(text), vocabulary.numbers(text).tolist()):
        assert number == 1 if word not in seen else vocabulary.words[number] == word
        assert word not in vocabulary.words[:2]


@pytest.mark.parametrize("text", ["", "  ", "...", "''", "\u65e5\u672c"])
def test_a_text_without_words_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="no words in it") as caught:
        Vocabulary(["good"]).numbers(text)
    assert repr(text) in str(caught.value)


def test_texts_that_give_no_vocabulary_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"no word for the vocabulary(.|\n)*least=2, and texts with 3 different"):
        Vocabulary.of(["all words", "differ"])
    with pytest.raises(ArgumentError, match="no word for the vocabulary"):
        Vocabulary.of([], least=1)
    with pytest.raises(ArgumentError, match="least=0"):
        Vocabulary.of(["good good"], least=0)
    with pytest.raises(ArgumentError, match=r"many texts(.|\n)*'good good'"):
        Vocabulary.of("good good")


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (["good", "film", "good"], "word 3: 'good' for the second time"),
        (["good", "Film"], "word 2: 'Film', which is not one word"),
        (["good film"], "word 1: 'good film'"),
        (["?unknown?"], "word 1: '[?]unknown[?]'"),
        ([""], "word 1: ''"),
        ([], "word 1: nothing"),
    ],
)
def test_words_that_cannot_be_a_vocabulary_are_refused(known: list[str], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Vocabulary(known)


def test_a_vocabulary_is_read_as_it_was_saved(tmp_path: Path) -> None:
    vocabulary = Vocabulary.of(["it's good!", "good caf\u00e9"], least=1)
    vocabulary.save(tmp_path / "words.txt")
    assert (tmp_path / "words.txt").read_bytes() == b"good\n!\ncafe\nit's\n"
    assert [path.name for path in tmp_path.iterdir()] == ["words.txt"]
    loaded = Vocabulary.load(tmp_path / "words.txt")
    assert loaded.words == vocabulary.words
    assert loaded.numbers("it's a cafe!").tolist() == vocabulary.numbers("it's a cafe!").tolist() == [5, 1, 4, 3]


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "damaged(.|\n)*line 1: nothing"),
        (b"good\nfilm\ngood\n", "damaged(.|\n)*line 3: 'good' for the second time"),
        (b"good\nfilm", "damaged(.|\n)*line 2: 'film', without an end"),
        (b"good\n\nfilm\n", "damaged(.|\n)*line 2: ''"),
        (b"good\nfi lm\n", "damaged(.|\n)*line 2: 'fi lm'"),
        (b"good\ncaf\xe9\n", "not in UTF-8(.|\n)*line 2"),
        (b"good\ncaf\xc3\xa9\n", "damaged(.|\n)*line 2"),
        (b"\x93NUMPY\0", "not in UTF-8(.|\n)*line 1"),
    ],
)
def test_a_damaged_vocabulary_is_refused(contents: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(contents)
    with pytest.raises(DataFileError, match=message) as caught:
        Vocabulary.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="No such file"):
        Vocabulary.load(tmp_path / "words.txt")


def test_an_interruption_leaves_the_saved_vocabulary_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "words.txt"
    Vocabulary(["old"]).save(path)

    def interrupt(source: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        Vocabulary(["new"]).save(path)
    assert path.read_bytes() == b"old\n"


def test_padding_is_no_word_of_any_review() -> None:
    reviews = load()[:300]
    vocabulary = Vocabulary.of([review.text for review in reviews])
    padded, lengths = pad([vocabulary.numbers(review.text) for review in reviews])
    for review, row, length in zip(reviews, padded, lengths):
        assert length == len(words(review.text))
        assert (row[:length] > 0).all()
        assert not row[length:].any()
