"""The networks on sequences in the benchmark: the same sizes, the same batches and the same work for both libraries."""

import importlib
import importlib.util
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend
from project import anomaly, japanese_vowels, movie_reviews, run_anomaly, run_sentiment, run_speech, sentiment
from project.benchmark import cases, ours, peers, torch_sequences, workload
from project.benchmark.measure import Plan
from project.benchmark.workload import COMPILED, EAGER
from project.movie_reviews import Vocabulary
from project.training import Clipped

from . import oracles

pytestmark = pytest.mark.house("the benchmark is no task of the course")

NETWORKS = cases.SEQUENCE_NETWORKS

# The sizes


def test_the_networks_of_both_libraries_have_the_same_sizes() -> None:
    of_scripts = {
        "DIMENSIONS": sentiment.DIMENSIONS,
        "CHANNELS": sentiment.CHANNELS,
        "WIDTHS": sentiment.WIDTHS,
        "MEMBERS": sentiment.MEMBERS,
        "WORD_DROPOUT": sentiment.WORD_DROPOUT,
        "PHRASE_DROPOUT": sentiment.PHRASE_DROPOUT,
        "SPEECH_FILTERS": run_speech.FILTERS,
        "SPEECH_WIDTH": run_speech.WIDTH,
        "HIDDEN_DROPOUT": run_speech.HIDDEN_DROPOUT,
        "OUTPUT_DROPOUT": run_speech.OUTPUT_DROPOUT,
        "LABEL_SMOOTHING": run_speech.LABEL_SMOOTHING,
        "ANOMALY_FILTERS": anomaly.FILTERS,
        "ANOMALY_WIDTH": anomaly.WIDTH,
        "MAX_NORM": anomaly.MAX_NORM,
    }
    assert {name: getattr(torch_sequences, name) for name in of_scripts} == of_scripts


def test_the_batches_are_as_large_as_those_of_the_scripts() -> None:
    assert run_sentiment.parse([]).batch_size == workload.SENTENCES
    assert run_speech.parse([]).batch_size == workload.RECORDINGS
    options = run_anomaly.parse([])
    assert (options.batch_size, options.window) == (workload.WINDOWS, workload.WINDOW)


def test_the_data_is_as_that_of_the_scripts() -> None:
    rest, _ = movie_reviews.split(movie_reviews.load())
    train = [review.text for number, review in enumerate(rest) if number % run_sentiment.VALIDATION != 0]
    assert len(Vocabulary.of(train, run_sentiment.LEAST)) == workload.WORDS
    assert max(len(movie_reviews.words(text)) for text in train) >= workload.LONGEST_SENTENCE
    parts = [japanese_vowels.load(part) for part in ("TRAIN", "TEST")]
    lengths = [values.shape[1] for part in parts for values in part.values]
    assert (min(lengths), max(lengths)) == (workload.SHORTEST_RECORDING, workload.LONGEST_RECORDING)
    assert {len(values) for part in parts for values in part.values} == {workload.RECORDED_CHANNELS}
    assert len(parts[0].classes) == workload.SPEAKERS


# The batches


def test_a_batch_of_sentences_is_filled_up_with_zeros() -> None:
    numbers, lengths, targets = workload.batch_of_sentences()
    assert numbers.shape == (workload.SENTENCES, workload.LONGEST_SENTENCE)
    assert numbers.dtype == lengths.dtype == np.int64
    for row, length in zip(numbers, lengths):
        assert 1 <= length <= workload.LONGEST_SENTENCE
        assert row[:length].min() > 1
        assert row[:length].max() < workload.WORDS
        assert not row[length:].any()
    assert (targets.shape, targets.dtype) == ((workload.SENTENCES,), np.float32)
    assert 0 <= targets.min() < targets.max() <= 1


def test_a_batch_of_recordings_is_filled_up_with_zeros() -> None:
    values, lengths, labels = workload.batch_of_recordings()
    assert values.shape == (workload.RECORDINGS, workload.RECORDED_CHANNELS, workload.LONGEST_RECORDING)
    assert values.dtype == np.float32
    for row, length in zip(values, lengths):
        assert workload.SHORTEST_RECORDING <= length <= workload.LONGEST_RECORDING
        assert (row[:, :length] != 0).all()
        assert not row[:, length:].any()
    assert labels.shape == (workload.RECORDINGS,)
    assert set(labels.tolist()) <= set(range(workload.SPEAKERS))
    assert len(set(labels.tolist())) > 2


def test_a_batch_of_windows_and_what_follows() -> None:
    windows, following = workload.batch_of_windows()
    assert (windows.shape, windows.dtype) == ((workload.WINDOWS, 1, workload.WINDOW), np.float32)
    assert (following.shape, following.dtype) == ((workload.WINDOWS, 1), np.float32)


@pytest.mark.parametrize("make", [workload.batch_of_sentences, workload.batch_of_recordings, workload.batch_of_windows])
def test_all_contenders_get_the_same_batch(make: Any) -> None:
    for first, second in zip(make(), make()):
        np.testing.assert_array_equal(first, second)


def test_each_network_is_a_case_for_all_contenders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "torch_installed", lambda: False)
    alone = cases.sequences(Plan(rounds=7, threads=2))
    assert [[contender.name for contender in case.contenders] for case in alone] == [["minitorch"]] * 3
    monkeypatch.setattr(peers, "torch_installed", lambda: True)
    every = cases.sequences(Plan(rounds=7, threads=2))
    assert [case.name for case in every] == ["sentiment", "speech", "anomaly"]
    for case in every:
        assert [contender.name for contender in case.contenders] == ["minitorch", EAGER, COMPILED]
        assert {contender.arguments["network"] for contender in case.contenders} == {case.name}


# The work of the library


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks and batches, the same for both libraries, so that these tests are quick, also in plain Python."""
    sizes = {"SENTENCES": 4, "LONGEST_SENTENCE": 6, "WORDS": 20, "RECORDINGS": 4, "SHORTEST_RECORDING": 1}
    sizes |= {"LONGEST_RECORDING": 5, "RECORDED_CHANNELS": 3, "SPEAKERS": 5, "WINDOWS": 3, "WINDOW": 6}
    for name, size in sizes.items():
        monkeypatch.setattr(workload, name, size)
    for module, names in (
        (sentiment, {"DIMENSIONS": 4, "CHANNELS": 3}),
        (torch_sequences, {"DIMENSIONS": 4, "CHANNELS": 3, "SPEECH_FILTERS": 4, "ANOMALY_FILTERS": 2}),
        (run_speech, {"FILTERS": 4}),
        (anomaly, {"FILTERS": 2}),
    ):
        for name, size in names.items():
            monkeypatch.setattr(module, name, size)


def our_parts(monkeypatch: pytest.MonkeyPatch, network: str) -> tuple[Any, Any, Any, Any]:
    """The network, its loss, its optimizer, and the work."""
    parts: list[Any] = []
    original = ours._step

    def step(model: Any, loss: Any, optimizer: Any = None) -> Any:
        parts.extend([model, loss, optimizer])
        return original(model, loss, optimizer)

    monkeypatch.setattr(ours, "_step", step)
    work = ours.sequence_training_step(network)
    model, loss, optimizer = parts
    return model, loss, optimizer, work


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("network", NETWORKS)
def test_our_step_changes_all_parameters_and_trains(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    model, loss, optimizer, work = our_parts(monkeypatch, network)
    assert isinstance(optimizer, Clipped) == (network == "anomaly")
    assert all(parameter.value.backend is FastBackend for parameter in model.parameters())
    assert all(parameter.value.dtype == np.float32 for parameter in model.parameters())
    before = model.state_dict()
    model.eval()
    first = float(loss())
    model.train()
    for _ in range(40):
        work()
    assert all((before[name] != array).any() for name, array in model.state_dict().items())
    model.eval()
    assert float(loss()) < first


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("network", NETWORKS)
def test_every_step_computes_gradients_anew(monkeypatch: pytest.MonkeyPatch, network: str) -> None:
    model, _, _, work = our_parts(monkeypatch, network)
    model.eval()  # without dropout, two passes over the same parameters give the same gradients
    lengths: list[list[Any]] = []
    monkeypatch.setattr(
        minitorch.Optimizer,
        "step",
        lambda self: lengths.append([parameter.value.grad.to_numpy() for parameter in self.parameters]),
    )
    work()
    work()
    for first, second in zip(*lengths):
        np.testing.assert_array_equal(first, second)
    norm = np.sqrt(sum((gradient.astype(float) ** 2).sum() for gradient in lengths[0]))
    assert norm > 0
    assert network != "anomaly" or norm <= anomaly.MAX_NORM * (1 + 1e-5)


@pytest.mark.usefixtures("small")
def test_the_same_step_is_measured_in_every_process(monkeypatch: pytest.MonkeyPatch) -> None:
    states = []
    for seed in (5, 6):
        minitorch.manual_seed(seed)
        model, _, _, work = our_parts(monkeypatch, "speech")
        work()
        states.append(model.state_dict())
    for name in states[0]:
        np.testing.assert_array_equal(states[0][name], states[1][name])


# PyTorch, or what stands in for it where it is not installed: just enough of it, in NumPy, to compute a loss.


class Numbers(np.ndarray):
    """An array with some of the methods of a tensor."""

    def relu(self) -> Any:
        return np.maximum(self, 0).view(Numbers)

    def repeat(self, *times: int) -> Any:
        return numbers(np.tile(np.asarray(self), times))

    def permute(self, *order: int) -> Any:
        return self.transpose(order)

    def masked_fill(self, mask: Any, value: float) -> Any:
        return np.where(mask, value, self).view(Numbers)

    def amax(self, dim: int) -> Any:
        return self.max(dim)


def numbers(array: Any) -> Any:
    return np.asarray(array).view(Numbers)


class Part:
    """Stands in for `torch.nn.Module`. Weights and parts are found in the order in which they were assigned."""

    def __call__(self, *given: Any) -> Any:
        return self.forward(*given)

    def eval(self) -> "Part":
        return self

    def holes(self) -> list[tuple["Part", str]]:
        """Where the weights belong."""
        found: list[tuple[Part, str]] = []
        for name, value in self.__dict__.items():
            if value is None:
                found.append((self, name))
            for part in [value] if isinstance(value, Part) else value if isinstance(value, list) else []:
                found += part.holes()
        return found


class Layer(Part):
    def __init__(self, shape: tuple[int, ...], bias: int = 0) -> None:
        self.weight = None
        if bias:
            self.bias = None
        self.shapes = {"weight": shape, "bias": (bias,)}


class Embedding(Layer):
    def __init__(self, words: int, dimensions: int, padding_idx: int) -> None:
        super().__init__((words, dimensions))
        assert padding_idx == 0

    def forward(self, x: Any) -> Any:
        return self.weight[x]


class Conv1d(Layer):
    def __init__(self, channels: int, filters: int, width: int) -> None:
        super().__init__((filters, channels, width), filters)

    def forward(self, x: Any) -> Any:
        width = self.weight.shape[2]
        found = oracles.conv1d(x, self.weight)[:, :, : x.shape[2] - width + 1]  # where the window fits in
        return numbers(found + self.bias[:, None])


class Linear(Layer):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__((outputs, inputs), outputs)

    def forward(self, x: Any) -> Any:
        return numbers(x @ self.weight.T + self.bias)


class Function(Part):
    def __init__(self, forward: Any) -> None:
        self.forward = forward


class Sequential(Part):
    def __init__(self, *parts: Part) -> None:
        self.parts = list(parts)

    def forward(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


class ModuleList(Sequential):
    def __init__(self, parts: Any) -> None:
        super().__init__(*parts)

    def __iter__(self) -> Any:
        return iter(self.parts)


def pad_end(padding: tuple[int, int], value: float) -> Part:
    assert padding[0] == value == 0
    return Function(lambda x: numbers(np.pad(x, ((0, 0), (0, 0), padding))))


def cross_entropy(label_smoothing: float) -> Any:
    def loss(logits: Any, labels: Any) -> float:
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        right = logs[np.arange(len(labels)), labels].mean()
        return float(-(1 - label_smoothing) * right - label_smoothing * logs.mean())

    return loss


def stand_in() -> Any:
    functional = SimpleNamespace(
        binary_cross_entropy_with_logits=lambda x, y: float((np.log1p(np.exp(x)) - y * x).mean()),
        mse_loss=lambda x, y: float(((x - y) ** 2).mean()),
    )
    nn = SimpleNamespace(
        **{"Module": Part, "Embedding": Embedding, "Conv1d": Conv1d, "Linear": Linear, "Sequential": Sequential},
        **{"ModuleList": ModuleList, "ConstantPad1d": pad_end, "CrossEntropyLoss": cross_entropy},
        ReLU=lambda: Function(lambda x: x.relu()),
        Flatten=lambda: Function(lambda x: x.reshape(len(x), -1)),
        Dropout=lambda rate: Function(lambda x: x),  # which rests
        functional=functional,
    )
    cat, arange = (lambda found, dim: numbers(np.concatenate(found, dim))), (lambda width: numbers(np.arange(width)))
    return SimpleNamespace(nn=nn, from_numpy=numbers, cat=cat, arange=arange, inf=np.inf)


def copy_weights(state: dict[str, Any], model: Any, torch: Any) -> None:
    """Copy the weights of our network over. In both, they stand in the same order."""
    if isinstance(model, Part):
        for (part, name), array in zip(model.holes(), state.values(), strict=True):
            setattr(part, name, numbers(array.reshape(part.shapes[name])))  # type: ignore[attr-defined]
    else:
        for parameter, array in zip(model.parameters(), state.values(), strict=True):
            parameter.data = torch.from_numpy(array.reshape(tuple(parameter.shape)).copy())


LIBRARIES = ["stand-in"] + ["torch"] * (importlib.util.find_spec("torch") is not None)


def library(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    if name == "stand-in":
        monkeypatch.setitem(sys.modules, "torch", stand_in())
    return importlib.import_module("torch")


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("name", LIBRARIES)
@pytest.mark.parametrize("network", NETWORKS)
def test_both_libraries_compute_the_same_loss(monkeypatch: pytest.MonkeyPatch, network: str, name: str) -> None:
    ours_model, our_loss, _, _ = our_parts(monkeypatch, network)
    rng = np.random.default_rng(7)
    state = {key: rng.normal(size=array.shape).astype(np.float32) for key, array in ours_model.state_dict().items()}
    for key, array in state.items():
        if key.endswith("embedding.weight"):
            array[0] = 0  # padding
    ours_model.load_state_dict(state)
    ours_model.eval()

    torch = library(name, monkeypatch)
    model, loss, max_norm = getattr(torch_sequences, f"_{network}")(torch)
    assert max_norm == (anomaly.MAX_NORM if network == "anomaly" else None)
    copy_weights(state, model, torch)
    model.eval()
    expected = our_loss()
    found = loss(model)
    assert (found.item() if name == "torch" else found) == pytest.approx(float(expected), rel=1e-4)
    if name == "torch":
        found.backward()
        expected.backward()
        for (key, parameter), other in zip(ours_model.named_parameters(), model.parameters(), strict=True):
            gradient = other.grad.numpy().reshape(parameter.value.shape)
            np.testing.assert_allclose(gradient, parameter.value.grad.to_numpy(), rtol=1e-3, atol=1e-4, err_msg=key)


class Recorder:
    """Stands in for a network of PyTorch, its loss and its optimizer, and remembers what is asked of it."""

    def __init__(self) -> None:
        self.calls: list[Any] = []
        optim = SimpleNamespace(Adam=lambda parameters: self.calls.append("optimizer") or self)
        clip = SimpleNamespace(clip_grad_norm_=lambda parameters, norm: self.calls.append(("clip", norm)))
        self.torch = SimpleNamespace(
            manual_seed=lambda seed: self.calls.append(("seed", seed)),
            compile=lambda model: self.calls.append("compile") or model,
            optim=optim,
            nn=SimpleNamespace(utils=clip),
        )

    def loss(self, model: Any) -> Any:
        self.calls.append("loss")
        return self

    def __getattr__(self, name: str) -> Any:
        return lambda: self.calls.append(name)


@pytest.mark.parametrize("variant", [EAGER, COMPILED])
@pytest.mark.parametrize("max_norm", [None, 2.0])
def test_a_step_of_pytorch_does_the_same_in_the_same_order(
    monkeypatch: pytest.MonkeyPatch, variant: str, max_norm: float | None
) -> None:
    recorder = Recorder()
    monkeypatch.setattr(peers, "configured_torch", lambda: recorder.torch)
    for network in NETWORKS:
        parts = (recorder, recorder.loss, max_norm)
        monkeypatch.setattr(torch_sequences, f"_{network}", lambda torch, parts=parts: parts)
        recorder.calls.clear()
        work = torch_sequences.training_step(network, variant)
        compiled = ["compile"] if variant == COMPILED else []
        assert recorder.calls == [("seed", workload.SEED), "parameters", "optimizer", *compiled]
        recorder.calls.clear()
        work()
        clipping = [] if max_norm is None else ["parameters", ("clip", max_norm)]
        assert recorder.calls == ["zero_grad", "loss", "backward", *clipping, "step"]
