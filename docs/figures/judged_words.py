"""Real sentences, judged by a trained network: what each word adds to the verdict, and the windows that found it."""

import functools

import numpy as np

import minitorch
from docs.figures.drawing import Drawing, Steps
from minitorch import Adam, FastBackend
from project import movie_reviews
from project.movie_reviews import Vocabulary
from project.padding import pad
from project.sentiment import Explanation, SentimentNetwork, explain_opinion

SENTENCES = (
    "It looks good, but it is essentially empty.",
    "An entertaining, if ultimately minor, thriller.",
    "What begins brightly gets bogged down over 140 minutes.",
)
EACH = 750  # sentences of praise to train on, and of blame
CLEAR = 1.5  # the rating from which on praise is clear
EPOCHS, BATCH = 4, 50
SHOWN = 6  # windows of each sentence, at most

TOP, ROW = 66, 32
AXIS, LONGEST = 250, 64  # where bars begin, and the length of the longest
LEFT, COLUMN = 376, 62  # where the windows stand


@functools.cache
def trained() -> tuple[SentimentNetwork, Vocabulary]:
    """A network of `project/sentiment.py`, trained on sentences that are clearly praise, or clearly blame."""
    reviews, _ = movie_reviews.split(movie_reviews.load())
    chosen = [review for review in reviews if review.rating > CLEAR][:EACH]
    chosen += [review for review in reviews if review.rating < -CLEAR][:EACH]
    vocabulary = Vocabulary.of([review.text for review in chosen])
    numbers = [vocabulary.numbers(review.text) for review in chosen]
    praise = np.array([review.rating > 0 for review in chosen], np.float32)

    minitorch.manual_seed(0)
    model = SentimentNetwork(len(vocabulary), FastBackend)
    optimizer = Adam(model.parameters(), lr=0.005)
    for epoch in range(EPOCHS):
        order = np.random.default_rng(epoch).permutation(len(chosen))
        for batch in np.array_split(order, len(order) // BATCH):
            logits = model(*pad([numbers[i] for i in batch])).view(len(batch))
            optimizer.zero_grad()
            minitorch.binary_cross_entropy_with_logits(logits, praise[batch]).backward()
            optimizer.step()
    model.eval()
    return model, vocabulary


def draw() -> Steps:
    """One drawing for each sentence."""
    model, vocabulary = trained()
    explained = [explain_opinion(model, vocabulary, sentence) for sentence in SENTENCES]
    height = TOP + ROW * max(len(explanation.words) for explanation in explained) + 14
    return Steps([draw_sentence(explanation, height) for explanation in explained])


def draw_sentence(explanation: Explanation, height: float) -> Drawing:
    """The words below each other, a bar for each, and a bracket for each window that found something."""
    words, parts, phrases = explanation.words, explanation.parts, explanation.phrases
    verdict = "praise" if explanation.logit > 0 else "blame"
    told = ", ".join(f"{word} {signed(part)}" for word, part in zip(words, parts))
    strongest = sorted(phrases, key=lambda phrase: -abs(phrases[phrase]))
    placed = place(strongest)
    seen = ", ".join(f"'{' '.join(words[a : a + n])}' {signed(phrases[a, n])}" for a, n in placed)
    drawing = Drawing(
        560,
        height,
        f"The network takes this sentence for {verdict}, with the logit {signed(explanation.logit)}. Its words add to"
        f" the logit: {told}. The strongest windows: {seen}.",
    )
    drawing.text(10, 24, f"{verdict}: logit {signed(explanation.logit)}", "strong", anchor="start")
    drawing.text(AXIS - 8, 52, "blame", "weight strong", anchor="end")
    drawing.text(AXIS + 8, 52, "praise", "input strong", anchor="start")
    drawing.text(LEFT - 8, 52, "strongest windows", anchor="start")
    scale = LONGEST / max(abs(parts))
    for row, (word, part) in enumerate(zip(words, parts)):
        y = TOP + row * ROW
        drawing.text(128, y + ROW / 2 + 6, word, anchor="end")
        length = abs(part) * scale
        style = "input" if part > 0 else "weight"
        drawing.box(AXIS if part > 0 else AXIS - length, y + 5, max(length, 1), ROW - 10, style)
        # Numbers stand on the empty side of the axis.
        x, anchor = (AXIS - 8, "end") if part > 0 else (AXIS + 8, "start")
        drawing.text(x, y + ROW / 2 + 6, signed(part), anchor=anchor)
    drawing.line([(AXIS, TOP), (AXIS, TOP + ROW * len(words))])
    for (first, count), column in placed.items():
        x, y = LEFT + column * COLUMN, TOP + first * ROW
        style = "input" if phrases[first, count] > 0 else "weight"
        drawing.line(
            [(x - 6, y + 4), (x, y + 4), (x, y + count * ROW - 4), (x - 6, y + count * ROW - 4)], f"{style} strong"
        )
        drawing.text(x + 5, y + count * ROW / 2 + 6, signed(phrases[first, count]), style, anchor="start")
    return drawing


def place(strongest: list[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Give each of the strongest windows, its first word and its number of words, a column in which it has room."""
    columns: list[set[int]] = [set() for _ in range((560 - LEFT) // COLUMN + 1)]
    placed = {}
    for first, count in strongest[:SHOWN]:
        covered = set(range(first, first + count))
        for column, taken in enumerate(columns):
            if not taken & covered:
                taken |= covered
                placed[first, count] = column
                break
    return placed


def signed(value: float) -> str:
    """A number with its sign, or 0.0."""
    text = f"{value:+.1f}".replace("-", "\u2212")
    return "0.0" if text[1:] == "0.0" else text
