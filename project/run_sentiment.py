"""Train a network to tell praise from blame in film reviews, and show which words decide.

    python project/run_sentiment.py

trains on 9 035 sentences, watches 476 others to know when to stop, and tests on 1 057 that are held back. It
writes the weights, a log and pictures into project/runs/sentiment. With --interactive, it then reads sentences from
the keyboard, and shows its verdict with each word coloured by its part in it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import minitorch
from minitorch import Adam, Tensor
from minitorch.errors import ArgumentError, DataFileError, explain
from project import movie_reviews
from project.data_files import spread
from project.movie_reviews import Review, Vocabulary
from project.padding import pad
from project.sentiment import DTYPE, MEMBERS, Committee, Explanation, explain_verdict
from project.training import (
    BACKENDS,
    INTERRUPTED,
    Array,
    Settings,
    Totals,
    Training,
    add_sizes,
    add_target_accuracy,
    import_pictures,
    reach,
    run_main,
    settings_from,
    slices,
    training_parser,
)

TRAIN_SIZE, TEST_SIZE = 9511, 1057
VALIDATION = 20  # of the sentences to train on, every twentieth is held out
PATIENCE = 3
# A word that was seen less often is treated as one never seen, so that the network learns what to make of those.
LEAST = 2
EVALUATION_BATCH = 250
SHOWN_PHRASES = 14  # of praise, and of blame
# Shades of a terminal's 256 colours, from weak to strong; the colour-blind can tell them apart.
BLUES, ORANGES = (110, 68, 33, 27), (180, 179, 208, 202)
DEFAULT_OUT = Path(__file__).parent / "runs" / "sentiment"


@dataclass
class SentimentSettings(Settings):
    """What decides the numbers of a run; also, how many sentences there are."""

    train_size: int
    test_size: int


class Sentences:
    """Reviews, ready for the network.

    Args:
        reviews: The reviews.
        vocabulary: The words that the network knows.

    Attributes:
        numbers: The numbers of the words of each sentence.
        labels: 1 for praise, 0 for blame, of shape (sentences,).
        targets: How certain the verdict should be, of shape (sentences,): the probability of praise. Readers who gave
            a rating near 0 were not sure, and the network shall not be either.
    """

    def __init__(self, reviews: Sequence[Review], vocabulary: Vocabulary) -> None:
        ratings = np.array([review.rating for review in reviews])
        self.numbers = [vocabulary.numbers(review.text) for review in reviews]
        self.labels = (ratings > 0).astype(np.int64)
        self.targets = (1 / (1 + np.exp(-ratings))).astype(DTYPE)


class SentimentTraining(Training):
    """The training of the network on sentences.

    Args:
        settings: The settings.
        vocabulary: The words that the network knows.
        train: The sentences to train on.
        validation: The sentences that tell when to stop.
    """

    script = "run_sentiment.py"
    items = "sentences"
    held_out = "validation"
    model: Committee

    def __init__(
        self, settings: Settings, vocabulary: Vocabulary, train: Sequence[Review], validation: Sequence[Review]
    ) -> None:
        self.vocabulary = vocabulary
        self.sentences = Sentences(train, vocabulary)
        self.validation = Sentences(validation, vocabulary)
        minitorch.manual_seed(settings.seed)
        model = Committee(len(vocabulary), BACKENDS[settings.backend])
        super().__init__(settings, model, Adam(model.parameters(), lr=settings.lr), len(train), patience=PATIENCE)

    def take(self, chosen: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
        """Numbers of words (batch, width), filled up with 0; numbers of words (batch,); and targets (batch,)."""
        numbers, lengths = pad([self.sentences.numbers[i] for i in chosen])
        return numbers, lengths, self.sentences.targets[chosen]

    def objective(self, batch: tuple[Array, Array, Array]) -> tuple[Tensor, int, int]:
        """The loss of a batch, how many verdicts were right, and how many there were."""
        numbers, lengths, targets = batch
        logits = self.model.opinions(numbers, lengths)  # (batch, members)
        # Each member learns from its own mistakes, and not from those of the committee.
        loss = minitorch.binary_cross_entropy_with_logits(logits, np.repeat(targets[:, None], MEMBERS, 1))
        correct = int(((logits.numbers().mean(1) > 0) == (targets > 1 / 2)).sum())
        return loss, correct, len(targets)

    def test(self) -> Totals:
        """Loss and accuracy on the sentences that are held out."""
        return evaluate(self.model, self.validation)

    def save(self, out: Path) -> None:
        """Save the words too. Weights come last, so that they never stand beside the words of another network."""
        (out / "weights.npz").unlink(missing_ok=True)
        self.vocabulary.save(out / "vocabulary.txt")
        super().save(out)


def evaluate(model: Committee, sentences: Sentences) -> Totals:
    """Test the network, with dropout switched off. The parameters stay as they are."""
    model.eval()
    totals = Totals()
    for chosen in slices(len(sentences.labels), EVALUATION_BATCH):
        logits = model(*pad(sentences.numbers[chosen])).detach().view(-1)  # (batch,)
        targets = sentences.targets[chosen]
        totals.loss += float(minitorch.binary_cross_entropy_with_logits(logits, targets)) * len(targets)
        totals.correct += int(((logits.numbers() > 0) == sentences.labels[chosen]).sum())
        totals.count += len(targets)
    return totals


def baseline_accuracy(train: Sequence[Review], test: Sequence[Review]) -> float | None:
    """What counting words and pairs of words reaches, by TF-IDF and logistic regression; None without scikit-learn.

    How strongly the weights are held small was chosen by cross-validation on the sentences to train on.

    Returns:
        The test accuracy, in percent.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
    except ImportError:
        return None
    pipeline = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=10, max_iter=1000))
    pipeline.fit([review.text for review in train], [review.rating > 0 for review in train])
    score = pipeline.score([review.text for review in test], [review.rating > 0 for review in test])
    return 100 * float(score)


# What the network says


def coloured(explanation: Explanation, colours: bool) -> str:
    """The words of a sentence, each with its part in the verdict: as a colour, or as a number behind it."""
    strongest = max(abs(part) for part in explanation.parts)
    shown = []
    for word, part in zip(explanation.words, explanation.parts):
        if not colours:
            shown.append(f"{word}({part:+.2f})")
            continue
        shades = BLUES if part > 0 else ORANGES
        strength = 0 if strongest == 0 else round(len(shades) * abs(part) / strongest)
        shown.append(f"\x1b[38;5;{shades[strength - 1]}m{word}\x1b[0m" if strength > 0 else word)
    return " ".join(shown)


def describe(model: Committee, vocabulary: Vocabulary, text: str, colours: bool) -> str:
    """The verdict on a text, and the words that it comes from."""
    explanation = explain_verdict(model, vocabulary, text)
    unknown = [word for word, number in zip(explanation.words, vocabulary.numbers(text)) if number == 1]
    probability = 1 / (1 + np.exp(-explanation.logit))
    verdict = f"praise, {100 * probability:.0f} %" if probability > 1 / 2 else f"blame, {100 - 100 * probability:.0f} %"
    note = f"   (never seen: {', '.join(dict.fromkeys(unknown))})" if unknown else ""
    return f"{verdict:14}{coloured(explanation, colours)}{note}"


def talk(model: Committee, vocabulary: Vocabulary) -> None:
    """Read sentences until there are no more, and judge each.

    Raises:
        DataFileError: A line is not in the encoding of the terminal.
    """
    model.eval()
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    prompt = "> " if sys.stdin.isatty() else ""
    if prompt:
        print("Write a sentence about a film; an empty line ends. Blue words speak for praise, orange ones for blame.")
    while True:
        try:
            text = input(prompt)
            text.encode()  # in some settings, Python smuggles bytes that it cannot read into the text
        except EOFError:
            return
        except UnicodeError as error:
            raise DataFileError(
                explain(
                    "A sentence cannot be read as text.",
                    got=str(error),
                    expected=f"text in {sys.stdin.encoding}",
                    fix="save the sentences in this encoding",
                )
            ) from None
        if prompt and not text.strip():
            return
        try:
            print(describe(model, vocabulary, text, colours), flush=True)
        except ArgumentError as error:  # no words in it
            print(error, flush=True)


def strongest_phrases(
    model: Committee, vocabulary: Vocabulary, reviews: Sequence[Review], count: int
) -> list[tuple[str, float, int]]:
    """The phrases that move the verdict most wherever they are found: the strongest praise first, and blame last.

    Returns:
        Of `count` phrases of each kind, or as many as there are: the words, what they add to the logit on average, and
        how often they were found.
    """
    found: dict[str, list[float]] = {}
    for review in reviews:
        explanation = explain_verdict(model, vocabulary, review.text)
        for (first, width), moved in explanation.phrases.items():
            found.setdefault(" ".join(explanation.words[first : first + width]), []).append(moved)
    means = sorted([(float(np.mean(moved)), phrase, len(moved)) for phrase, moved in found.items()], reverse=True)
    praise = [entry for entry in means if entry[0] > 0][:count]
    blame = [entry for entry in means if entry[0] < 0][-count:]
    return [(phrase, mean, times) for mean, phrase, times in praise + blame]


def draw_pictures(run: SentimentTraining, vocabulary: Vocabulary, reviews: Sequence[Review], out: Path) -> None:
    """Draw how training went, and which phrases decide, if matplotlib is there."""
    pictures = import_pictures()
    if pictures is None:
        return
    pictures.draw_curves(run.log, out / "curves.png", run.held_out)
    pictures.draw_phrases(strongest_phrases(run.model, vocabulary, reviews, SHOWN_PHRASES), out / "phrases.png")


# The script


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = training_parser(
        "Train a network to tell praise from blame in film reviews.",
        SentimentTraining.items,
        epochs=5,
        batch_size=50,
        lr=0.002,
        out=DEFAULT_OUT,
    )
    add_sizes(parser, SentimentTraining.items, train=TRAIN_SIZE, test=TEST_SIZE)
    add_target_accuracy(parser)
    parser.add_argument(
        "--interactive", action="store_true", help="then judge sentences; a network in --out is not trained again"
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out
    if arguments.interactive and not arguments.resume and (out / "weights.npz").exists():
        if arguments.target_accuracy is not None:
            raise ArgumentError(
                explain(
                    "A network that was trained before is not tested again.",
                    got="--interactive with --target-accuracy, and a network in --out",
                    expected="one of both",
                    fix="leave out --target-accuracy; or leave out --interactive, to train and test a new network",
                )
            )
        print(f"The network in {out} judges. Without --interactive, a new one is trained.", flush=True)
        vocabulary = Vocabulary.load(out / "vocabulary.txt")
        model = Committee(len(vocabulary), BACKENDS[arguments.backend])
        model.load_state_dict(minitorch.load(out / "weights.npz"))
        talk(model, vocabulary)
        return 0

    settings = settings_from(SentimentSettings, arguments)
    rest, test = movie_reviews.split(movie_reviews.load())
    # The ratings of neighbours in the file are alike, so a part of it would be nearly all praise, or nearly all blame.
    rest = [rest[i] for i in spread(len(rest), settings.train_size)]
    test = [test[i] for i in spread(len(test), settings.test_size)]
    validation = rest[::VALIDATION]
    train = [review for number, review in enumerate(rest) if number % VALIDATION != 0]
    if not train:
        raise ArgumentError(
            explain(
                "There is nothing to train on: the first sentence is held out, to know when to stop.",
                got=f"--train-size {settings.train_size}",
                expected="2 sentences or more",
                fix="give more",
            )
        )
    vocabulary = Vocabulary.of([review.text for review in train], least=min(LEAST, len(train)))
    run = SentimentTraining(settings, vocabulary, train, validation)
    about = (
        f"{len(train)} sentences to train on, {len(validation)} to know when to stop, {len(test)} to test on, "
        f"{len(vocabulary)} words, backend {settings.backend}"
    )
    if not run.run(out, arguments.resume, about):
        return INTERRUPTED
    accuracy = evaluate(run.model, Sentences(test, vocabulary)).accuracy
    draw_pictures(run, vocabulary, test, out)
    baseline = baseline_accuracy(rest, test)
    if baseline is not None:
        print(f"baseline, TF-IDF and logistic regression: test accuracy {baseline:.2f} %", flush=True)
    print(f"test accuracy {accuracy:.2f} % after {run.epoch} epochs; weights, log and pictures are in {out}")
    status = reach(accuracy, arguments.target_accuracy)
    if arguments.interactive:
        talk(run.model, vocabulary)
    return status


if __name__ == "__main__":
    run_main(main)
