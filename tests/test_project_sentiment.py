"""The networks that judge film reviews, why they say so, and the script that trains them."""

import csv
import io
import re
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend, TensorBackend
from project import movie_reviews, run_sentiment, sentiment
from project.data_files import spread
from project.movie_reviews import Review, Vocabulary
from project.padding import pad
from project.run_sentiment import Sentences, SentimentTraining, describe, evaluate, main, strongest_phrases, talk
from project.sentiment import Committee, Explanation, SentimentNetwork, explain_opinion, explain_verdict
from project.training import INTERRUPTED

from . import oracles
from .checks import filled_up, interrupt_after

pytestmark = pytest.mark.task4_5

DIMENSIONS, CHANNELS, MEMBERS = 3, 4, 2
KNOWN = ["good", "bad", "film", "not", "very", "a", "!", "dull"]
SKLEARN = ("sklearn.feature_extraction.text", "sklearn.linear_model", "sklearn.pipeline")
# Two epochs of three batches: of 6 sentences, the first is held out.
SMALL = ["--epochs", "2", "--batch-size", "2", "--train-size", "6", "--test-size", "3"]

draw_real_pictures = run_sentiment.draw_pictures


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks, no pictures and no baseline, so that these tests are quick, also in plain Python."""
    monkeypatch.setattr(sentiment, "DIMENSIONS", DIMENSIONS)
    monkeypatch.setattr(sentiment, "CHANNELS", CHANNELS)
    for module in (sentiment, run_sentiment):
        monkeypatch.setattr(module, "MEMBERS", MEMBERS)
    monkeypatch.setattr(run_sentiment, "draw_pictures", lambda *given: None)
    for name in SKLEARN:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(KNOWN)


def random_network(words: int, seed: int, backend: TensorBackend = FastBackend, kind: Any = Committee) -> Any:
    """Networks of random weights of the size 1, in which each window finds something in some sentences only."""
    model = kind(words, backend)
    rng = np.random.default_rng(seed)
    state = {name: rng.normal(size=array.shape).astype(np.float32) for name, array in model.state_dict().items()}
    for name, array in state.items():
        if name.endswith("embedding.weight"):
            array[0] = 0  # padding
    model.load_state_dict(state)
    model.eval()
    return model


def random_sentences(seed: int, lengths: Sequence[int], words: int) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.integers(1, words, length) for length in lengths]


# The network


def found_by(state: dict[str, Any], words: Any) -> dict[int, Any]:
    """From the numbers of words (words, dimensions): by width, what each channel finds where (channels, words)."""
    x = words.T[None].astype(np.float64)
    return {
        width: np.maximum(oracles.conv1d(x, state[f"conv{width}.weight"])[0] + state[f"conv{width}.bias"], 0)
        for width in sentiment.WIDTHS
    }


def logit_of(state: dict[str, Any], words: Any, places: dict[int, Any] | None = None) -> float:
    """The verdict on one sentence, from the numbers of its words; if wanted, from what is found at given places."""
    found = found_by(state, words)
    places = places or {width: channels.argmax(1) for width, channels in found.items()}
    strongest = np.concatenate([channels[range(CHANNELS), places[width]] for width, channels in found.items()])
    return float(state["output.weight"][0] @ strongest + state["output.bias"][0])


def opinions_of(state: dict[str, Any], sentences: Sequence[Any]) -> Any:
    """What the members of a committee say of sentences, from the numbers of their words: (sentences, members)."""
    opinions = []
    for number in range(MEMBERS):
        own = {name.split(".", 1)[1]: array for name, array in state.items() if name.startswith(f"member{number}.")}
        opinions.append([logit_of(own, own["embedding.weight"][numbers]) for numbers in sentences])
    return np.array(opinions).T


def test_the_networks_are_what_numpy_computes(backend: TensorBackend) -> None:
    model = random_network(9, 1, backend)
    sentences = random_sentences(2, [5, 1, 3, 2, 4], 9)
    expected = opinions_of(model.state_dict(), sentences)
    np.testing.assert_allclose(model.opinions(*pad(sentences)).to_numpy(), expected, rtol=1e-5, atol=1e-5)
    logits = model(*pad(sentences))
    assert logits.shape == (5, 1)
    np.testing.assert_allclose(logits.to_numpy()[:, 0], expected.mean(1), rtol=1e-5, atol=1e-5)
    assert expected.min() < 0 < expected.max()


def test_a_new_network_has_the_sizes_of_the_module() -> None:
    model = SentimentNetwork(9, FastBackend)
    state = model.state_dict()
    expected = {"embedding.weight": (9, DIMENSIONS), "output.bias": (1,)}
    expected["output.weight"] = (1, CHANNELS * len(sentiment.WIDTHS))
    for width in sentiment.WIDTHS:
        expected[f"conv{width}.weight"] = (CHANNELS, DIMENSIONS, width)
        expected[f"conv{width}.bias"] = (CHANNELS, 1)
    assert {name: array.shape for name, array in state.items()} == expected
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}
    assert not state["embedding.weight"][0].any()
    rates = [part.rate for part in model.modules() if isinstance(part, minitorch.Dropout)]
    assert rates == [sentiment.WORD_DROPOUT, sentiment.PHRASE_DROPOUT]
    members = Committee(9, FastBackend).modules()
    assert len(members) == MEMBERS
    first, second = (member.state_dict() for member in members)
    assert not any((first[name] == second[name]).all() for name in first), "members that think alike are no committee"


@pytest.mark.parametrize("least", [4, 5, 9])
def test_filling_up_changes_no_verdict(least: int) -> None:
    model = random_network(9, 3)
    sentences = random_sentences(4, [1, 4, 2, 3], 9)
    together = model(*filled_up(sentences, least)).to_numpy()
    for sentence, logit in zip(sentences, together):
        np.testing.assert_allclose(model(*pad([sentence])).to_numpy()[0], logit, rtol=1e-5)
        np.testing.assert_allclose(model(*filled_up([sentence], least)).to_numpy()[0], logit, rtol=1e-5)


def gradients(model: Any, numbers: Any, lengths: Any, upstream: Any) -> dict[str, Any]:
    for parameter in model.parameters():
        parameter.value.grad = None
    model(numbers, lengths).backward(upstream)
    return {name: parameter.value.grad.to_numpy() for name, parameter in model.named_parameters()}


def test_filling_up_changes_no_gradient() -> None:
    model = random_network(9, 5)
    sentences = random_sentences(6, [1, 4, 2, 3], 9)
    upstream = np.random.default_rng(7).normal(size=(4, 1)).astype(np.float32)
    alone = [gradients(model, *pad([numbers]), part[None]) for numbers, part in zip(sentences, upstream)]
    for least in (1, 7):
        together = gradients(model, *filled_up(sentences, least), upstream)
        for name, gradient in together.items():
            expected = sum(part[name] for part in alone)
            np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5, err_msg=name)
            assert not (name.endswith("embedding.weight") and gradient[0].any())


def test_dropout_is_at_work_in_training_only() -> None:
    model = random_network(9, 8)
    batch = pad(random_sentences(9, [3, 4], 9))
    rest = [model(*batch).to_numpy().tolist() for _ in range(2)]
    model.train()
    work = [model(*batch).to_numpy().tolist() for _ in range(6)]
    assert rest[0] == rest[1]
    assert any(logits != work[0] for logits in work)


# Why it says so

TEXTS = [
    "good", "Bad!", "not a good film", "A very, very dull film", "nobody knows zorro", "good good good film !",
    "not bad", "a film", "very good, not very dull", "film a bad dull not very good ! nobody",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("text", TEXTS)
def test_the_parts_of_words_and_of_phrases_add_up_to_the_verdict(vocabulary: Vocabulary, text: str, seed: int) -> None:
    model = random_network(len(vocabulary), seed, kind=SentimentNetwork)
    state, numbers = model.state_dict(), vocabulary.numbers(text)
    logit = float(model(*pad([numbers]))[0, 0])
    why = explain_opinion(model, vocabulary, text)
    close: Any = {"rel": 1e-5, "abs": 1e-5}
    assert why.words == movie_reviews.words(text)
    assert why.parts.shape == (len(numbers),)
    assert why.logit == pytest.approx(logit, **close)
    assert why.parts.sum() + why.rest == pytest.approx(logit, **close)
    assert sum(why.phrases.values()) + state["output.bias"][0] == pytest.approx(logit, **close)

    words = state["embedding.weight"][numbers].astype(np.float64)
    assert why.logit == pytest.approx(logit_of(state, words), **close)
    # As long as the strongest places stay where they are, the verdict is a sum with a term for each word, which grows
    # with the numbers of the word. So its slope is the part of the word.
    places = {width: found.argmax(1) for width, found in found_by(state, words).items()}
    for number, part in enumerate(why.parts):
        up, down = words.copy(), words.copy()
        up[number] *= 1 + 1e-6
        down[number] *= 1 - 1e-6
        slope = (logit_of(state, up, places) - logit_of(state, down, places)) / 2e-6
        assert slope == pytest.approx(part, rel=1e-4, abs=1e-4)

    expected: dict[tuple[int, int], float] = {}
    outputs = state["output.weight"].reshape(len(sentiment.WIDTHS), CHANNELS)
    for (width, found), weights in zip(found_by(state, words).items(), outputs):
        for channel, weight in zip(found, weights):
            place = int(channel.argmax())
            if channel[place] > 0:
                phrase = place, min(width, len(numbers) - place)
                expected[phrase] = expected.get(phrase, 0) + weight * channel[place]
    assert why.phrases == pytest.approx(expected, **close)


@pytest.mark.parametrize("text", TEXTS)
def test_the_verdict_of_all_is_explained_by_the_mean_of_what_each_says(vocabulary: Vocabulary, text: str) -> None:
    model = random_network(len(vocabulary), 5)
    why = explain_verdict(model, vocabulary, text)
    each = [explain_opinion(member, vocabulary, text) for member in model.modules()]
    bias = np.mean([member.output.bias.value.to_numpy() for member in model.modules()])
    close: Any = {"rel": 1e-5, "abs": 1e-5}
    assert why.words == movie_reviews.words(text)
    assert why.logit == pytest.approx(float(model(*pad([vocabulary.numbers(text)]))), **close)
    assert why.parts.sum() + why.rest == pytest.approx(why.logit, **close)
    assert sum(why.phrases.values()) + bias == pytest.approx(why.logit, **close)
    np.testing.assert_allclose(why.parts, sum(one.parts for one in each) / MEMBERS, rtol=1e-6, atol=1e-9)
    for phrase in {phrase for one in each for phrase in one.phrases}:
        assert why.phrases[phrase] == pytest.approx(sum(one.phrases.get(phrase, 0.0) for one in each) / MEMBERS)


def test_a_word_without_a_part_can_be_left_out(monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary) -> None:
    # With windows of one word, that is: longer ones would see other neighbours then.
    monkeypatch.setattr(sentiment, "WIDTHS", (1,))
    text = "a very good not dull bad film !"
    removed = 0
    for seed in range(5):
        model = random_network(len(vocabulary), seed)
        why = explain_verdict(model, vocabulary, text)
        for word, part in zip(why.words, why.parts):
            fewer = " ".join(other for other in why.words if other != word)
            logit = float(model(*pad([vocabulary.numbers(fewer)]))[0, 0])
            if part == 0:
                removed += 1
                assert logit == pytest.approx(why.logit, rel=1e-5, abs=1e-5)
            else:
                assert abs(logit - why.logit) > 1e-4
    assert removed > 5


def test_a_network_that_finds_nothing_says_what_its_bias_says(vocabulary: Vocabulary) -> None:
    model = random_network(len(vocabulary), 1)
    state = model.state_dict()
    for name, array in state.items():
        if "conv" in name and name.endswith("bias"):
            array[:] = -1e3
    model.load_state_dict(state)
    why = explain_verdict(model, vocabulary, "a good film")
    assert why.parts.tolist() == [0, 0, 0]
    assert why.phrases == {}
    assert why.logit == why.rest == pytest.approx(float(model(*pad([vocabulary.numbers("a good film")]))))
    assert describe(model, vocabulary, "a good film", False).endswith("a(+0.00) good(+0.00) film(+0.00)")
    assert describe(model, vocabulary, "a good film", True).endswith("a good film")


def fixed(words: str, parts: Sequence[float], phrases: dict[tuple[int, int], float], logit: float = 1.0) -> Explanation:
    return Explanation(words.split(), np.array(parts), 0.0, phrases, logit)


def test_the_strongest_phrases_stand_in_order(monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary) -> None:
    known = {
        "one": fixed("a b c", [0, 0, 0], {(0, 1): 2.0, (0, 2): 0.5, (1, 2): -3.0, (2, 1): 0.0}),
        "two": fixed("b a b", [0, 0, 0], {(1, 1): 1.0, (1, 2): 0.25, (0, 1): -1.0}),
        "three": fixed("d", [0], {(0, 1): -2.0}),
    }
    monkeypatch.setattr(run_sentiment, "explain_verdict", lambda model, vocabulary, text: known[text])
    model = random_network(len(vocabulary), 0)
    reviews = [Review(text, 1.0) for text in known]
    praise = [("a", 1.5, 2), ("a b", 0.375, 2)]
    blame = [("b", -1.0, 1), ("d", -2.0, 1), ("b c", -3.0, 1)]
    assert strongest_phrases(model, vocabulary, reviews, 9) == praise + blame
    assert strongest_phrases(model, vocabulary, reviews, 2) == praise + blame[1:]
    assert strongest_phrases(model, vocabulary, reviews, 1) == praise[:1] + blame[2:]


# Colours, and what is read from the keyboard


def test_colours_grow_with_the_part_of_a_word() -> None:
    text = run_sentiment.coloured(fixed("a b c d e", [4, -4, 2, -1, 0.01], {}), True)
    shades = re.findall(r"(?:\x1b\[38;5;(\d+)m)?(\w)(?:\x1b\[0m)?", text)
    blues, oranges = ([str(shade) for shade in run] for run in (run_sentiment.BLUES, run_sentiment.ORANGES))
    assert shades == [(blues[-1], "a"), (oranges[-1], "b"), (blues[1], "c"), (oranges[0], "d"), ("", "e")]
    assert re.sub(r"\x1b\[[\d;]*m", "", text) == "a b c d e"
    assert run_sentiment.coloured(fixed("a b", [4, -0.126], {}), False) == "a(+4.00) b(-0.13)"


@pytest.mark.parametrize(("logit", "said"), [(2.0, "praise, 88 %"), (-2.0, "blame, 88 %"), (0.01, "praise, 50 %")])
def test_the_verdict_is_told_with_its_certainty(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, logit: float, said: str
) -> None:
    monkeypatch.setattr(run_sentiment, "explain_verdict", lambda *given: fixed("good film", [1, 1], {}, logit))
    assert describe(random_network(10, 0), vocabulary, "good film", False).startswith(said)


class Keyboard(io.TextIOWrapper):
    """What is typed, or read from a file."""

    def __init__(self, contents: bytes, is_terminal: bool = False, errors: str = "strict") -> None:
        super().__init__(io.BytesIO(contents), encoding="utf-8", errors=errors)
        self.isatty = lambda: is_terminal  # type: ignore[method-assign]


def judge(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, keyboard: Keyboard, is_terminal: bool = False
) -> None:
    monkeypatch.setattr(sys, "stdin", keyboard)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    talk(random_network(len(vocabulary), 1), vocabulary)


def test_sentences_are_judged_until_there_are_no_more(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "a good film\n\n...\nZorro is not bad, zorro é\n"
    judge(monkeypatch, vocabulary, Keyboard(lines.encode()))
    text = capsys.readouterr().out
    model = random_network(len(vocabulary), 1)
    expected = [float(model(*pad([vocabulary.numbers(line)]))) for line in ("a good film", lines.splitlines()[-1])]
    assert re.findall("praise|blame", text) == ["praise" if logit > 0 else "blame" for logit in expected]
    assert text.count("A text has no words in it.") == 2
    assert "(never seen: zorro, is, e)" in text
    assert not set("\x1b\r>") & set(text)
    assert re.search(r"a\([+-]\d\.\d\d\) good\([+-]\d\.\d\d\) film\([+-]\d\.\d\d\)\n", text)


@pytest.mark.parametrize("no_colour", [None, "", "1"])
@pytest.mark.parametrize("is_terminal", [False, True])
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch,
    vocabulary: Vocabulary,
    capsys: pytest.CaptureFixture[str],
    is_terminal: bool,
    no_colour: str | None,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_colour is not None:
        monkeypatch.setenv("NO_COLOR", no_colour)
    judge(monkeypatch, vocabulary, Keyboard(b"a good film\n"), is_terminal)
    assert ("\x1b[38;5;" in capsys.readouterr().out) == (is_terminal and no_colour is None)


def test_at_a_keyboard_there_is_a_prompt_and_an_empty_line_ends(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, capsys: pytest.CaptureFixture[str]
) -> None:
    judge(monkeypatch, vocabulary, Keyboard(b"good\n...\n  \nbad\n", is_terminal=True))
    text = capsys.readouterr().out
    assert "empty line ends" in text
    assert text.count("> ") == 3
    assert "good(" in text
    assert "bad(" not in text


@pytest.mark.parametrize("errors", ["strict", "surrogateescape"])
def test_bytes_that_are_no_text_are_refused(
    monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, capsys: pytest.CaptureFixture[str], errors: str
) -> None:
    with pytest.raises(minitorch.DataFileError, match=r"cannot be read as text(.|\n)*utf-8"):
        judge(monkeypatch, vocabulary, Keyboard(b"good\ncaf\xe9\n", errors=errors))
    if errors == "surrogateescape":  # line by line
        assert "good(" in capsys.readouterr().out


# The data


def write_reviews(monkeypatch: pytest.MonkeyPatch, count: int) -> list[Review]:
    """Let the script read reviews, each with a word of its own that is frequent enough to be learned, and one not."""
    least = run_sentiment.LEAST
    texts = [f"own{i} " * least + f"rare{i} " * (least - 1) + ("good film", "bad")[i % 2] for i in range(count)]
    reviews = [Review(text, i % 3 - 1 / 2) for i, text in enumerate(texts)]
    monkeypatch.setattr(movie_reviews, "load", lambda: reviews)
    return reviews


def test_the_vocabulary_comes_from_the_part_to_train_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = write_reviews(monkeypatch, 3 * run_sentiment.VALIDATION)
    assert main(["--epochs", "1", "--batch-size", "8", "--out", str(tmp_path)]) == 0
    rest, test = movie_reviews.split(reviews)
    held_out = [review for number, review in enumerate(rest) if number % run_sentiment.VALIDATION == 0]
    train = [review for review in rest if review not in held_out]
    assert min(len(train), len(held_out), len(test)) >= 3
    words = Vocabulary.load(tmp_path / "vocabulary.txt").words[2:]
    assert sorted(words) == sorted({word for review in train for word in review.text.split() if "rare" not in word})


def test_targets_are_as_certain_as_the_readers(vocabulary: Vocabulary) -> None:
    ratings = [-4.0, -0.5, 0.25, 3.0]
    sentences = Sentences([Review("a good zorro", rating) for rating in ratings], vocabulary)
    np.testing.assert_allclose(sentences.targets, [1 / (1 + np.exp(-rating)) for rating in ratings], rtol=1e-6)
    assert sentences.labels.tolist() == [0, 0, 1, 1]
    assert sentences.numbers[0].tolist() == [vocabulary.words.index("a"), vocabulary.words.index("good"), 1]


def reviews_at_random(count: int) -> list[Review]:
    rng = np.random.default_rng(4)
    return [Review(" ".join(rng.choice([*KNOWN, "zorro"], rng.integers(1, 6))), rng.normal()) for _ in range(count)]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_the_test_is_what_numpy_computes(monkeypatch: pytest.MonkeyPatch, vocabulary: Vocabulary, size: int) -> None:
    monkeypatch.setattr(run_sentiment, "EVALUATION_BATCH", size)
    model = random_network(len(vocabulary), 3)
    model.train()
    reviews = reviews_at_random(7)
    totals = evaluate(model, Sentences(reviews, vocabulary))
    logits = opinions_of(model.state_dict(), [vocabulary.numbers(review.text) for review in reviews]).mean(1)
    targets = 1 / (1 + np.exp(-np.array([review.rating for review in reviews])))
    losses = np.log1p(np.exp(logits)) - targets * logits
    assert totals.mean_loss == pytest.approx(losses.mean(), rel=1e-5)
    assert totals.accuracy == pytest.approx(100 * ((logits > 0) == (targets > 0.5)).mean())
    assert totals.count == 7


def test_a_batch_keeps_sentences_and_targets_together(vocabulary: Vocabulary) -> None:
    reviews = reviews_at_random(6)
    options = run_sentiment.parse(["--batch-size", "4"])
    run = SentimentTraining(
        run_sentiment.settings_from(run_sentiment.SentimentSettings, options), vocabulary, reviews, reviews[:2]
    )
    chosen = [4, 1, 5, 0]
    numbers, lengths, targets = run.take(np.array(chosen), np.random.default_rng(0))
    for row, length, target, number in zip(numbers, lengths, targets, chosen):
        assert row[:length].tolist() == vocabulary.numbers(reviews[number].text).tolist()
        assert not row[length:].any()
        assert target == pytest.approx(1 / (1 + np.exp(-reviews[number].rating)))
    run.model = random_network(len(vocabulary), 2)
    loss, correct, count = run.objective((numbers, lengths, targets))
    # Each member has a loss of its own, and the verdict is that of all.
    opinions = opinions_of(run.model.state_dict(), [run.sentences.numbers[number] for number in chosen])
    losses = np.log1p(np.exp(opinions)) - targets[:, None] * opinions
    right = [int(((logits > 0) == (targets > 0.5)).sum()) for logits in (opinions.mean(1), *opinions.T)]
    assert (float(loss), correct, count) == (pytest.approx(losses.mean(), rel=1e-5), right[0], 4)
    assert len(set(right)) > 1, "a member must be right more often than the committee, or less"


# A run


def used_of_all() -> tuple[list[Review], list[Review]]:
    """The sentences that a run of `SMALL` learns from, those held out among them, and those that it is tested on."""
    rest, test = movie_reviews.split(movie_reviews.load())
    return [rest[i] for i in spread(len(rest), 6)], [test[i] for i in spread(len(test), 3)]


def run(out: Path, *more: str) -> int:
    return main([*SMALL, "--out", str(out), *more])


def losses_of(out: Path, column: str) -> list[float]:
    with open(out / "log.csv", encoding="utf-8") as file:
        return [float(line[column]) for line in csv.DictReader(file)]


def test_a_run_writes_weights_log_vocabulary_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_sentiment, "draw_pictures", draw_real_pictures)
    out = tmp_path / "new" / "folder"
    assert run(out) == 0
    files = {"checkpoint.npz", "weights.npz", "log.csv", "vocabulary.txt", "curves.png", "phrases.png"}
    assert {path.name for path in out.iterdir()} == files
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in files if name.endswith("png"))
    text = capsys.readouterr()
    vocabulary = Vocabulary.load(out / "vocabulary.txt")
    held_out = len(range(0, 6, run_sentiment.VALIDATION))
    assert f"{6 - held_out} sentences to train on, {held_out} to know when to stop, 3 to test on" in text.out
    assert f"{len(vocabulary)} words" in text.out
    assert "baseline" not in text.out
    assert not set("\r\x1b") & set(text.out + text.err)

    # The network that is kept is the one with the smallest loss on the sentences that were held out.
    rest, test = used_of_all()
    weights = minitorch.load(out / "weights.npz")
    model = Committee(len(vocabulary), FastBackend)
    model.load_state_dict(weights)
    validation = Sentences(rest[:: run_sentiment.VALIDATION], vocabulary)
    assert evaluate(model, validation).mean_loss == min(losses_of(out, "validation_loss"))
    assert not weights["member0.embedding.weight"][0].any()
    accuracy = evaluate(model, Sentences(test, vocabulary)).accuracy
    assert f"test accuracy {accuracy:.2f} % after 2 epochs" in text.out


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("first", "3"), ("second", "3"), ("other", "4")):
        run(tmp_path / name, "--seed", seed)
    logs = {path.parent.name: path.read_bytes() for path in tmp_path.glob("*/log.csv")}
    assert logs["first"] == logs["second"] != logs["other"]
    first, second = (minitorch.load(tmp_path / name / "weights.npz") for name in ("first", "second"))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first | second)


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(tmp_path / "whole") == 0
    with monkeypatch.context() as patch:
        interrupt_after(patch, SentimentTraining, 2)
        assert run(tmp_path / "parts") == INTERRUPTED
    minitorch.manual_seed(99)
    assert run(tmp_path / "parts", "--resume") == 0
    for name in ("weights.npz", "checkpoint.npz"):
        whole, parts = (minitorch.load(tmp_path / part / name) for part in ("whole", "parts"))
        assert all(whole[key].tobytes() == parts[key].tobytes() for key in whole | parts)
    for name in ("log.csv", "vocabulary.txt"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "parts" / name).read_bytes()


def test_the_simple_backend_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_reviews(monkeypatch, 9)
    for backend in ("fast", "simple"):
        assert run(tmp_path / backend, "--backend", backend, "--train-size", "4") == 0
    for column in ("train_loss", "validation_loss"):
        assert losses_of(tmp_path / "fast", column) == pytest.approx(losses_of(tmp_path / "simple", column), rel=1e-4)
    fast, simple = (minitorch.load(tmp_path / backend / "weights.npz") for backend in ("fast", "simple"))
    for name in fast | simple:
        np.testing.assert_allclose(fast[name], simple[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(minitorch.ArgumentError, match=r"nothing to train on(.|\n)*--train-size 1"):
        run(tmp_path / "out", "--train-size", "1")
    assert not (tmp_path / "out").exists()


def test_the_target_is_for_the_sentences_to_test_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Sentences] = []
    monkeypatch.setattr(run_sentiment, "evaluate", lambda _, given: seen.append(given) or run_sentiment.Totals(1, 3, 4))
    assert run(tmp_path, "--target-accuracy", "75") == 0
    vocabulary = Vocabulary.load(tmp_path / "vocabulary.txt")
    _, test = used_of_all()
    assert [words.tolist() for words in seen[-1].numbers] == [vocabulary.numbers(r.text).tolist() for r in test]
    assert run(tmp_path, "--resume", "--target-accuracy", "75.5") == 1


# A trained network is used again


def test_a_trained_network_judges_without_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Keyboard(b"a film\n"))
    assert run(tmp_path, "--interactive") == 0
    trained = capsys.readouterr().out
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", Keyboard(b"a film\n"))
        patch.setattr(SentimentTraining, "run", lambda *given: pytest.fail("trained once more"))
        assert main(["--interactive", "--out", str(tmp_path)]) == 0
    _, verdict = capsys.readouterr().out.splitlines(keepends=True)  # the first line says which network judges
    assert re.fullmatch(r"(praise|blame), .*a\(.*film\(.*\n", verdict)
    assert trained.endswith(verdict)


def test_without_a_vocabulary_that_fits_a_trained_network_is_refused(tmp_path: Path) -> None:
    run(tmp_path)
    path = tmp_path / "vocabulary.txt"
    words = path.read_text(encoding="utf-8")
    for contents, error, match in (
        ("two words\n", minitorch.DataFileError, r"vocabulary is damaged(.|\n)*vocabulary\.txt, line 1"),
        (words + "zebra\n", minitorch.StateError, "embedding"),
        (None, minitorch.DataFileError, r"cannot be opened(.|\n)*vocabulary\.txt"),
    ):
        path.unlink() if contents is None else path.write_text(contents, encoding="utf-8")
        with pytest.raises(error, match=match):
            main(["--interactive", "--out", str(tmp_path)])


# The baseline


def test_the_baseline_is_told_where_scikit_learn_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    used: list[Any] = []
    pipeline = types.SimpleNamespace(
        fit=lambda texts, labels: used.append(list(zip(texts, labels))),
        score=lambda texts, labels: used.append(list(zip(texts, labels))) or 5 / 8,
    )
    for name, member in zip(SKLEARN, ("TfidfVectorizer", "LogisticRegression", "make_pipeline")):
        module = types.ModuleType(name)
        setattr(module, member, lambda *steps, **settings: pipeline)
        monkeypatch.setitem(sys.modules, name, module)
    assert run(tmp_path) == 0
    assert "test accuracy 62.50 %" in capsys.readouterr().out
    # It learns from the sentences that the network learns from and those that tell when to stop, and from no others.
    assert used == [[(review.text, review.rating > 0) for review in reviews] for reviews in used_of_all()]
