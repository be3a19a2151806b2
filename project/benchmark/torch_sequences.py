"""The networks of `run_sentiment.py`, `run_speech.py` and `run_anomaly.py` in PyTorch, and a step of training each.

PyTorch is imported where it is used, for it may not be installed; so the networks are made by functions.
"""

from collections.abc import Callable
from typing import Any

from project.benchmark import peers, workload
from project.benchmark.measure import Work
from project.benchmark.workload import COMPILED

# The sizes of the networks. They stand here once more, for importing the scripts imports the library; a test sees to
# it that they agree.
DIMENSIONS, CHANNELS, WIDTHS, WORD_DROPOUT, PHRASE_DROPOUT, MEMBERS = 64, 64, (1, 2, 3), 0.4, 0.5, 3
SPEECH_FILTERS, SPEECH_WIDTH, HIDDEN_DROPOUT, OUTPUT_DROPOUT, LABEL_SMOOTHING = 64, 3, 0.2, 0.4, 0.1
ANOMALY_FILTERS, ANOMALY_WIDTH, MAX_NORM = 16, 7, 1.0


def training_step(network: str, variant: str) -> Work:
    """A step of training a network, on a batch that is in memory already."""
    torch = peers.configured_torch()
    torch.manual_seed(workload.SEED)
    model, loss, max_norm = {"sentiment": _sentiment, "speech": _speech, "anomaly": _anomaly}[network](torch)
    optimizer = torch.optim.Adam(model.parameters())
    if variant == COMPILED:
        model = torch.compile(model)

    def work() -> None:
        optimizer.zero_grad()
        loss(model).backward()
        if max_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimizer.step()

    return work


Parts = tuple[Any, Callable[[Any], Any], float | None]
"""A network, a function that computes its loss, and the greatest length of its gradient."""


def _convolution(torch: Any, channels: int, filters: int, width: int) -> Any:
    """A convolution like ours, anchored at the left: zeros past the right end keep the width."""
    return torch.nn.Sequential(torch.nn.ConstantPad1d((0, width - 1), 0.0), torch.nn.Conv1d(channels, filters, width))


def _mask(torch: Any, lengths: Any, width: int) -> Any:
    """True in the steps that are real, of shape (batch, 1, width)."""
    return (torch.arange(width) < lengths[:, None])[:, None, :]


def _sentiment(torch: Any) -> Parts:
    numbers, lengths, targets = [torch.from_numpy(array) for array in workload.batch_of_sentences()]
    from torch import nn

    class Member(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(workload.WORDS, DIMENSIONS, padding_idx=0)
            self.word_dropout, self.phrase_dropout = nn.Dropout(WORD_DROPOUT), nn.Dropout(PHRASE_DROPOUT)
            self.convolutions = nn.ModuleList(_convolution(torch, DIMENSIONS, CHANNELS, width) for width in WIDTHS)
            self.output = nn.Linear(CHANNELS * len(WIDTHS), 1)

        def forward(self, numbers: Any, lengths: Any) -> Any:
            words = self.word_dropout(self.embedding(numbers)).permute(0, 2, 1)  # (batch, dimensions, width)
            mask = _mask(torch, lengths, numbers.shape[1])
            found = [conv(words).masked_fill(~mask, -torch.inf).amax(2).relu() for conv in self.convolutions]
            return self.output(self.phrase_dropout(torch.cat(found, 1)))  # (batch, 1)

    class Committee(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.members = nn.ModuleList(Member() for _ in range(MEMBERS))

        def forward(self, numbers: Any, lengths: Any) -> Any:
            return torch.cat([member(numbers, lengths) for member in self.members], 1)  # (batch, members)

    bce = nn.functional.binary_cross_entropy_with_logits
    wanted = targets[:, None].repeat(1, MEMBERS)
    return Committee(), lambda model: bce(model(numbers, lengths), wanted), None


def _speech(torch: Any) -> Parts:
    values, lengths, labels = [torch.from_numpy(array) for array in workload.batch_of_recordings()]
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = _convolution(torch, workload.RECORDED_CHANNELS, SPEECH_FILTERS, SPEECH_WIDTH)
            self.hidden_dropout, self.output_dropout = nn.Dropout(HIDDEN_DROPOUT), nn.Dropout(OUTPUT_DROPOUT)
            self.second = _convolution(torch, SPEECH_FILTERS, SPEECH_FILTERS, SPEECH_WIDTH)
            self.output = nn.Linear(SPEECH_FILTERS, workload.SPEAKERS)

        def forward(self, values: Any, lengths: Any) -> Any:
            mask = _mask(torch, lengths, values.shape[2])
            hidden = self.hidden_dropout(self.first(values).relu() * mask)
            heard = (self.second(hidden).relu() * mask).sum(2) / mask.sum(2)  # (batch, filters)
            return self.output(self.output_dropout(heard))  # (batch, speakers)

    loss = nn.CrossEntropyLoss(label_smoothing=LABEL_SMOOTHING)
    return Network(), lambda model: loss(model(values, lengths), labels), None


def _anomaly(torch: Any) -> Parts:
    windows, following = [torch.from_numpy(array) for array in workload.batch_of_windows()]
    from torch import nn

    model = nn.Sequential(
        _convolution(torch, 1, ANOMALY_FILTERS, ANOMALY_WIDTH),
        nn.ReLU(),
        _convolution(torch, ANOMALY_FILTERS, ANOMALY_FILTERS, ANOMALY_WIDTH),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(ANOMALY_FILTERS * workload.WINDOW, 1),
    )
    return model, lambda model: nn.functional.mse_loss(model(windows), following), MAX_NORM
