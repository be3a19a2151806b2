"""Networks that read sentences, and say why they judge them as they do.

Each is that of Kim ("Convolutional Neural Networks for Sentence Classification", 2014). A word becomes a row of
numbers, which are learned. Windows of one, two and three words slide over the sentence; each channel of a convolution
looks for a kind of phrase, and of what it finds along the sentence only the strongest goes on. So the verdict is a
weighted sum of phrases found, and can be traced back to them, and to their words.

A few thousand sentences are not many, and what a network makes of the rarer words depends on the chance of its first
weights. So three networks learn by themselves, and the mean of their verdicts counts: where chance has led them
astray, it has led each of them elsewhere (Hansen and Salamon, "Neural Network Ensembles", 1990).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from minitorch import (
    Conv1d,
    Dropout,
    Embedding,
    Linear,
    Module,
    Tensor,
    TensorBackend,
    concatenate,
    max_over_time,
    sequence_mask,
)
from project.movie_reviews import Vocabulary
from project.movie_reviews import words as words_of
from project.training import Array

DTYPE = np.float32
DIMENSIONS = 64  # numbers for each word
CHANNELS = 64  # kinds of phrases, for each width
WIDTHS = (1, 2, 3)  # words in a window
WORD_STD = 0.1  # words that begin near zero move soon, and so do not stay where chance has put them
WORD_DROPOUT, PHRASE_DROPOUT = 0.4, 0.5
MEMBERS = 3


class SentimentNetwork(Module):
    """The network: sentences become logits, positive for praise and negative for blame.

    Args:
        words: The number of words in the vocabulary, of which number 0 is padding.
        backend: The backend of the weights.
    """

    def __init__(self, words: int, backend: TensorBackend) -> None:
        super().__init__()
        kind: Any = {"backend": backend, "dtype": DTYPE}
        self.embedding = Embedding(words, DIMENSIONS, padding_idx=0, std=WORD_STD, **kind)
        self.word_dropout = Dropout(WORD_DROPOUT)
        for width in WIDTHS:
            setattr(self, f"conv{width}", Conv1d(DIMENSIONS, CHANNELS, width, **kind))
        self.phrase_dropout = Dropout(PHRASE_DROPOUT)
        self.output = Linear(CHANNELS * len(WIDTHS), 1, **kind)

    @property
    def convolutions(self) -> list[Conv1d]:
        """The convolution of each width."""
        return [getattr(self, f"conv{width}") for width in WIDTHS]

    def forward(self, numbers: Array, lengths: Array) -> Tensor:
        """Judge sentences.

        Args:
            numbers: The numbers of their words, of shape (batch, width), filled up with 0.
            lengths: How many words each has, of shape (batch,).

        Returns:
            Logits, of shape (batch, 1).
        """
        words = self.word_dropout(self.embedding(numbers))  # (batch, width, dimensions)
        words = words.permute(0, 2, 1)  # (batch, dimensions, width): the numbers of a word are channels
        mask = sequence_mask(lengths, numbers.shape[1], like=words)  # (batch, 1, width)
        # ReLU comes last: it lets through as much of the maximum, and has less to do.
        found = [max_over_time(conv(words), mask).relu() for conv in self.convolutions]  # (batch, channels) each
        return self.output(self.phrase_dropout(concatenate(found, 1)))  # (batch, 3 * channels) becomes (batch, 1)


class Committee(Module):
    """Several networks that judge together.

    Args:
        words: The number of words in the vocabulary.
        backend: The backend of the weights.
    """

    def __init__(self, words: int, backend: TensorBackend) -> None:
        super().__init__()
        for number in range(MEMBERS):
            setattr(self, f"member{number}", SentimentNetwork(words, backend))

    def opinions(self, numbers: Array, lengths: Array) -> Tensor:
        """The logits of all members, of shape (batch, members); see `SentimentNetwork.forward`."""
        return concatenate([member(numbers, lengths) for member in self.modules()], 1)

    def forward(self, numbers: Array, lengths: Array) -> Tensor:
        """The mean of their logits, of shape (batch, 1)."""
        return self.opinions(numbers, lengths).mean(1)


@dataclass
class Explanation:
    """Why a sentence was judged so. The parts of all words and `rest` add up to the logit.

    Attributes:
        words: The words of the sentence.
        parts: What each word adds to the logit, of shape (words,).
        rest: What the biases add to it.
        phrases: What the phrases add to it that a channel has found, by their first word and their number of words.
        logit: The verdict: positive for praise.
    """

    words: list[str]
    parts: Array
    rest: float
    phrases: dict[tuple[int, int], float]
    logit: float


def explain_verdict(model: Committee, vocabulary: Vocabulary, text: str) -> Explanation:
    """Trace the verdict on a text back to its words: the mean of what the members say."""
    explained = [explain_opinion(member, vocabulary, text) for member in model.modules()]
    phrases: dict[tuple[int, int], float] = {}
    for member in explained:
        for phrase, moved in member.phrases.items():
            phrases[phrase] = phrases.get(phrase, 0.0) + moved / len(explained)
    return Explanation(
        explained[0].words,
        np.mean([member.parts for member in explained], 0),
        float(np.mean([member.rest for member in explained])),
        phrases,
        float(np.mean([member.logit for member in explained])),
    )


def explain_opinion(model: Module, vocabulary: Vocabulary, text: str) -> Explanation:
    """Trace the logit of a `SentimentNetwork` back to the words of a text.

    Once it is known where each channel has found most, the rest of the network only multiplies and adds. So the logit
    is a sum of products, each of which belongs to a word: the output's weight of a channel, times the weights of its
    window at that word, times the numbers of the word.
    """
    numbers = vocabulary.numbers(text)
    count = len(numbers)
    state = model.state_dict()
    words = state["embedding.weight"][numbers].astype(np.float64)  # (words, dimensions)
    outputs = state["output.weight"].reshape(len(WIDTHS), CHANNELS)
    parts, rest = np.zeros(count), float(state["output.bias"][0])
    phrases: dict[tuple[int, int], float] = {}
    for width, weights in zip(WIDTHS, outputs):
        window = state[f"conv{width}.weight"]  # (channels, dimensions, width)
        bias = state[f"conv{width}.bias"][:, 0]  # (channels,)
        # What each word gives to each channel, at each place of its window; past the end there is nothing.
        products = np.einsum("td,cdk->ctk", words, window)  # (channels, words, width)
        products = np.pad(products, ((0, 0), (0, width - 1), (0, 0)))
        found = bias[:, None] + sum(products[:, k : k + count, k] for k in range(width))  # (channels, words)
        for channel in range(CHANNELS):
            place = int(found[channel].argmax())
            if found[channel, place] <= 0:
                continue  # ReLU lets nothing through
            rest += weights[channel] * bias[channel]
            for k in range(min(width, count - place)):
                parts[place + k] += weights[channel] * products[channel, place + k, k]
            phrase = place, min(width, count - place)
            phrases[phrase] = phrases.get(phrase, 0.0) + weights[channel] * found[channel, place]
    return Explanation(words_of(text), parts, rest, phrases, float(parts.sum() + rest))
