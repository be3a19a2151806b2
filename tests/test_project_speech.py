"""The network that tells speakers apart, and the script that trains it."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import FastBackend, TensorBackend
from project import japanese_vowels, pictures, run_speech
from project.japanese_vowels import Sequences
from project.padding import pad
from project.run_speech import Scale, SpeechNetwork, SpeechSettings, SpeechTraining, evaluate, main, shortened
from project.training import INTERRUPTED, StopRequest, settings_from

from . import oracles
from .checks import filled_up, interrupt_after

pytestmark = pytest.mark.task4_5

FILTERS, CHANNELS, SPEAKERS = 4, 3, 5
# Two epochs of three batches: 4 + 4 + 1 recordings, one of each speaker.
SMALL = ["--epochs", "2", "--batch-size", "4", "--train-size", "9", "--test-size", "7"]

draw_real_pictures = run_speech.draw_pictures


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the script train a smaller network and draw nothing, so that these tests are quick, also in plain Python."""
    monkeypatch.setattr(run_speech, "FILTERS", FILTERS)
    monkeypatch.setattr(run_speech, "draw_pictures", lambda *given: None)


def random_network(seed: int, backend: TensorBackend = FastBackend) -> SpeechNetwork:
    """A network of random weights of the size 1."""
    model = SpeechNetwork(CHANNELS, SPEAKERS, backend)
    rng = np.random.default_rng(seed)
    model.load_state_dict({name: rng.normal(size=array.shape) for name, array in model.state_dict().items()})
    model.eval()
    return model


def random_recordings(seed: int, lengths: Sequence[int], channels: int = CHANNELS) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(channels, length)).astype(np.float32) for length in lengths]


LENGTHS = [5, 1, 2, 7, 3]


# The network


def first_layer(state: dict[str, Any], values: Any) -> Any:
    x = values[None].astype(np.float64)
    return np.maximum(oracles.conv1d(x, state["first.weight"])[0] + state["first.bias"], 0)


def logits_of(state: dict[str, Any], values: Any) -> Any:
    """What the network makes of one recording, of shape (channels, time)."""
    hidden = first_layer(state, values)
    second = np.maximum(oracles.conv1d(hidden[None], state["second.weight"])[0] + state["second.bias"], 0)
    return state["output.weight"] @ second.mean(1) + state["output.bias"]


def test_the_network_is_what_numpy_computes(backend: TensorBackend) -> None:
    model = random_network(1, backend)
    recordings = random_recordings(2, LENGTHS)
    logits = model(*pad(recordings))
    assert logits.dtype == np.float32
    expected = [logits_of(model.state_dict(), values) for values in recordings]
    np.testing.assert_allclose(logits.to_numpy(), expected, rtol=1e-5, atol=1e-5)


def test_a_new_network_has_the_sizes_of_the_module() -> None:
    model = SpeechNetwork(CHANNELS, SPEAKERS, FastBackend)
    state = model.state_dict()
    assert {name: array.shape for name, array in state.items()} == {
        "first.weight": (FILTERS, CHANNELS, run_speech.WIDTH),
        "first.bias": (FILTERS, 1),
        "second.weight": (FILTERS, FILTERS, run_speech.WIDTH),
        "second.bias": (FILTERS, 1),
        "output.weight": (SPEAKERS, FILTERS),
        "output.bias": (SPEAKERS,),
    }
    assert {array.dtype for array in state.values()} == {np.dtype(np.float32)}
    rates = [part.rate for part in model.modules() if isinstance(part, minitorch.Dropout)]
    assert rates == [run_speech.HIDDEN_DROPOUT, run_speech.OUTPUT_DROPOUT]


def fill_up(values: Any, lengths: Any, filling: float, more: int) -> Any:
    """Make sequences `more` steps longer, and put something behind the end of each."""
    longer = np.concatenate([values, np.zeros((*values.shape[:2], more), values.dtype)], 2)
    return np.where(np.arange(longer.shape[2]) < lengths[:, None, None], longer, np.float32(filling))


@pytest.mark.parametrize("more", [0, 1, 6])
def test_filling_up_changes_no_result(more: int) -> None:
    model = random_network(3)
    recordings = random_recordings(4, LENGTHS)
    values, lengths = pad(recordings)
    together = model(fill_up(values, lengths, 0.0, more), lengths).to_numpy()
    for recording, logits in zip(recordings, together):
        np.testing.assert_allclose(model(*pad([recording])).to_numpy()[0], logits, rtol=1e-5, atol=1e-6)


def gradients(model: SpeechNetwork, values: Any, lengths: Any, upstream: Any) -> dict[str, Any]:
    for parameter in model.parameters():
        parameter.value.grad = None
    model(values, lengths).backward(upstream)
    return {name: parameter.value.grad.to_numpy() for name, parameter in model.named_parameters()}


def test_filling_up_changes_no_gradient() -> None:
    model = random_network(5)
    recordings = random_recordings(6, LENGTHS)
    upstream = np.random.default_rng(7).normal(size=(len(LENGTHS), SPEAKERS)).astype(np.float32)
    alone = [gradients(model, *pad([values]), part[None]) for values, part in zip(recordings, upstream)]
    for least in (1, 11):
        for name, gradient in gradients(model, *filled_up(recordings, least), upstream).items():
            expected = sum(part[name] for part in alone)
            np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5, err_msg=name)


def test_filters_respond_to_nothing_behind_the_end() -> None:
    model = random_network(8)
    recordings = random_recordings(9, LENGTHS)
    values, lengths = pad(recordings)
    x = minitorch.tensor(values, backend=FastBackend, dtype=np.float32)
    found = model.responses(x, minitorch.sequence_mask(lengths, values.shape[2], like=x)).to_numpy()
    for responses, recording in zip(found, recordings):
        length = recording.shape[1]
        np.testing.assert_allclose(responses[:, :length], first_layer(model.state_dict(), recording), atol=1e-5)
        assert not responses[:, length:].any()


def test_dropout_is_at_work_in_training_only() -> None:
    model = random_network(10)
    batch = pad(random_recordings(11, [3, 4]))
    rest = [model(*batch).to_numpy().tolist() for _ in range(2)]
    model.train()
    work = [model(*batch).to_numpy().tolist() for _ in range(6)]
    assert rest[0] == rest[1]
    assert any(logits != work[0] for logits in work)


# Scaling


def test_recordings_are_scaled_channel_by_channel() -> None:
    recordings = [3 * values + np.array([[5.0], [-2.0], [0.0]]) for values in random_recordings(12, LENGTHS)]
    scaled = Scale.of(recordings).apply(recordings)
    assert {values.dtype for values in scaled} == {np.dtype(np.float32)}
    assert [values.shape for values in scaled] == [values.shape for values in recordings]
    together, before = np.concatenate(scaled, 1), np.concatenate(recordings, 1)
    for channel in range(CHANNELS):
        mean = sum(before[channel]) / len(before[channel])
        deviation = (sum((before[channel] - mean) ** 2) / len(before[channel])) ** 0.5
        np.testing.assert_allclose(together[channel], (before[channel] - mean) / deviation, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("constant", [0.0, 2.0, 70.3])
def test_a_channel_that_never_changes_becomes_zero(constant: float) -> None:
    recordings = [values.astype(np.float64) for values in random_recordings(13, [400, 3])]
    for values in recordings:
        values[1] = constant
    scaled = Scale.of(recordings).apply([*recordings, np.full((CHANNELS, 2), constant + 1)])
    for values in scaled[:2]:
        np.testing.assert_allclose(values[1], 0, atol=1e-5)
    np.testing.assert_allclose(scaled[2][1], 1, rtol=1e-5)  # where there is no scale, numbers keep theirs


def parts(seed: int = 0, shift: float = 0.0) -> tuple[Sequences, Sequences]:
    """Recordings to train on, and others to test on, which are shifted."""
    classes = [f"speaker {number}" for number in range(SPEAKERS)]
    train = Sequences([v.astype(float) for v in random_recordings(seed, LENGTHS)], np.array([4, 0, 2, 1, 3]), classes)
    test = [values.astype(float) + shift for values in random_recordings(seed + 1, [4, 2, 6])]
    return train, Sequences(test, np.array([1, 3, 0]), classes)


def training(shift: float = 0.0, *more: str) -> SpeechTraining:
    options = run_speech.parse(["--epochs", "2", "--batch-size", "2", "--train-size", "5", *more])
    return SpeechTraining(settings_from(SpeechSettings, options), *parts(0, shift))


def test_only_the_part_to_train_on_is_measured() -> None:
    near, far = training(), training(shift=100.0)
    for a, b in zip(near.train[0], far.train[0]):
        np.testing.assert_array_equal(a, b)
    together = np.concatenate(near.train[0], 1)
    np.testing.assert_allclose(together.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(together.std(1), 1, rtol=1e-5)
    deviation = np.concatenate(parts()[0].values, 1).std(1, keepdims=True)
    for a, b in zip(near.held_back[0], far.held_back[0]):
        np.testing.assert_allclose(b - a, np.broadcast_to(100 / deviation, a.shape), rtol=1e-4)


# Noise


def test_recordings_to_train_on_get_noise_that_depends_on_the_generator_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_speech, "NOISE", 0.25)
    run = training()
    chosen = np.array([3, 0, 4] * 200)
    values, lengths, labels = run.take(chosen, np.random.default_rng(1))
    again, _, _ = run.take(chosen, np.random.default_rng(1))
    other, _, _ = run.take(chosen, np.random.default_rng(2))
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, again)
    assert np.abs(values - other).max() > 0
    assert labels.tolist() == [1, 4, 3] * 200
    assert lengths.tolist() == [LENGTHS[i] for i in chosen]
    noise = []
    for row, length, number in zip(values, lengths, chosen):
        noise.append((row[:, :length] - run.train[0][number]).ravel())
        assert not row[:, length:].any(), "there is no noise behind the end"
    together = np.concatenate(noise)
    assert abs(together.mean()) < 0.05 * run_speech.NOISE
    assert together.std() == pytest.approx(run_speech.NOISE, rel=0.05)
    for first, second in zip(noise[::3], noise[3::3]):  # two of the same recording
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.9


def test_noise_dropout_and_smoothing_are_for_training_only(monkeypatch: pytest.MonkeyPatch) -> None:
    run = training()
    seen: list[tuple[bool, Any, Any]] = []
    original = SpeechNetwork.forward

    def forward(self: SpeechNetwork, values: Any, lengths: Any) -> Any:
        seen.append((self.training, values, lengths))
        return original(self, values, lengths)

    monkeypatch.setattr(SpeechNetwork, "forward", forward)
    smoothing: list[float] = []
    cross_entropy = minitorch.cross_entropy
    monkeypatch.setattr(minitorch, "cross_entropy", lambda x, y, s=0.0: smoothing.append(s) or cross_entropy(x, y, s))
    with StopRequest() as stop:
        run.run_epoch(stop)
    assert [mode for mode, _, _ in seen] == [True] * 3 + [False]
    assert smoothing == [run_speech.LABEL_SMOOTHING] * 3 + [0.0]
    np.testing.assert_array_equal(seen[-1][1], pad(run.held_back[0])[0])
    known = [values.tolist() for values in run.train[0]]
    assert run_speech.NOISE == 0 or not any(
        row[:, :length].tolist() in known for _, values, lengths in seen[:3] for row, length in zip(values, lengths)
    )


def log_softmax(logits: Any) -> Any:
    return logits - np.log(np.exp(logits).sum(1, keepdims=True))


@pytest.mark.parametrize("size", [1, 2, 100])
def test_the_test_is_what_numpy_computes(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(run_speech, "EVALUATION_BATCH", size)
    model = random_network(14)
    model.train()
    recordings, labels = random_recordings(15, LENGTHS), np.array([0, 4, 4, 2, 1])
    totals, logits = evaluate(model, recordings, labels)
    expected = np.array([logits_of(model.state_dict(), values) for values in recordings])
    np.testing.assert_allclose(logits, expected, rtol=1e-5, atol=1e-5)
    assert totals.mean_loss == pytest.approx(-log_softmax(expected)[range(5), labels].mean(), rel=1e-5)
    assert totals.accuracy == pytest.approx(100 * (expected.argmax(1) == labels).mean())
    assert totals.count == 5


def test_the_objective_is_what_numpy_computes() -> None:
    run = training()
    run.model.eval()
    values, lengths, labels = run.take(np.array([2, 0, 4]), np.random.default_rng(3))
    loss, correct, count = run.objective((values, lengths, labels))
    state = run.model.state_dict()
    logits = np.array([logits_of(state, row[:, :length]) for row, length in zip(values, lengths)])
    targets = np.full((3, SPEAKERS), run_speech.LABEL_SMOOTHING / SPEAKERS)
    targets[range(3), labels] += 1 - run_speech.LABEL_SMOOTHING
    assert float(loss) == pytest.approx(-(targets * log_softmax(logits)).sum(1).mean(), rel=1e-5)
    assert (correct, count) == ((logits.argmax(1) == labels).sum(), 3)


# Fewer recordings


@pytest.mark.parametrize(("part", "enough"), [("TRAIN", 9), ("TEST", 17)])
def test_some_of_the_recordings_are_of_all_speakers(part: str, enough: int) -> None:
    recordings = japanese_vowels.load(part)
    known = [values.tobytes() for values in recordings.values]
    count = len(known)
    for size in [*range(enough, 40), 100, count - 1, count]:
        some = shortened(recordings, size)
        assert len(some.values) == len(some.labels) == size
        assert set(some.labels.tolist()) == set(range(9)), size
        places = [known.index(values.tobytes()) for values in some.values]
        assert places == sorted(set(places))
        assert [recordings.labels[place] for place in places] == some.labels.tolist()
        assert some.classes == recordings.classes
    assert places == list(range(count))
    assert shortened(recordings, 1).labels.tolist() == [0]


# A run


def run(out: Path, *more: str) -> int:
    return main([*SMALL, "--out", str(out), *more])


def log_of(out: Path) -> list[dict[str, float]]:
    with open(out / "log.csv", encoding="utf-8") as file:
        return [{name: float(value) for name, value in line.items()} for line in csv.DictReader(file)]


def test_a_run_writes_weights_log_and_pictures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_speech, "draw_pictures", draw_real_pictures)
    out = tmp_path / "new" / "folder"
    assert run(out) == 0
    files = {"checkpoint.npz", "weights.npz", "log.csv", "curves.png", "confusion.png", "filters.png"}
    assert {path.name for path in out.iterdir()} == files
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in files if name.endswith("png"))
    text = capsys.readouterr()
    assert "9 recordings to train on, 7 to test on, 9 speakers, backend fast" in text.out
    assert not set("\r\x1b") & set(text.out + text.err)
    (told,) = re.findall(r"\ntest accuracy (\S+) % after 2 epochs", text.out)
    assert float(told) == pytest.approx(log_of(out)[-1]["test_accuracy"], abs=0.006)

    # The last network is the one that is kept, and the one that was tested.
    train, test = (shortened(japanese_vowels.load(part), size) for part, size in (("TRAIN", 9), ("TEST", 7)))
    together = np.concatenate(train.values, 1)
    mean, deviation = together.mean(1, keepdims=True), together.std(1, keepdims=True)
    state = minitorch.load(out / "weights.npz")
    logits = np.array([logits_of(state, (values - mean) / deviation) for values in test.values])
    losses = -log_softmax(logits)[range(7), test.labels]
    assert log_of(out)[-1]["test_loss"] == pytest.approx(losses.mean(), rel=1e-4)


def test_a_test_on_one_recording_can_be_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_speech, "draw_pictures", draw_real_pictures)
    assert run(tmp_path, "--epochs", "1", "--train-size", "1", "--test-size", "1") == 0
    assert (tmp_path / "filters.png").stat().st_size > 5000


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(tmp_path: Path) -> None:
    for name, seed in (("first", "3"), ("second", "3"), ("other", "4")):
        run(tmp_path / name, "--seed", seed)
    logs = {path.parent.name: path.read_bytes() for path in tmp_path.glob("*/log.csv")}
    assert logs["first"] == logs["second"] != logs["other"]
    first, second = (minitorch.load(tmp_path / name / "weights.npz") for name in ("first", "second"))
    assert all(first[name].tobytes() == second[name].tobytes() for name in first | second)


@pytest.mark.parametrize("steps", [1, 3, 5])
def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    assert run(tmp_path / "whole") == 0
    with monkeypatch.context() as patch:
        interrupt_after(patch, SpeechTraining, steps)
        assert run(tmp_path / "parts") == INTERRUPTED
    minitorch.manual_seed(99)
    assert run(tmp_path / "parts", "--resume") == 0
    for name in ("weights.npz", "checkpoint.npz"):
        whole, parts = (minitorch.load(tmp_path / part / name) for part in ("whole", "parts"))
        assert all(whole[key].tobytes() == parts[key].tobytes() for key in whole | parts)
    assert (tmp_path / "whole" / "log.csv").read_bytes() == (tmp_path / "parts" / "log.csv").read_bytes()


def test_the_simple_backend_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(japanese_vowels, "load", lambda part: parts()[part == "TEST"])
    for backend in ("fast", "simple"):
        small = ["--epochs", "1", "--batch-size", "2", "--train-size", "3", "--test-size", "2"]
        assert main([*small, "--backend", backend, "--out", str(tmp_path / backend)]) == 0
    (fast,), (simple,) = (log_of(tmp_path / backend) for backend in ("fast", "simple"))
    assert fast == pytest.approx(simple, rel=1e-4)
    fast, simple = (minitorch.load(tmp_path / backend / "weights.npz") for backend in ("fast", "simple"))
    for name in fast | simple:
        np.testing.assert_allclose(fast[name], simple[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_the_exit_status_tells_of_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = np.zeros((7, 9))
    monkeypatch.setattr(run_speech, "evaluate", lambda *given: (run_speech.Totals(1.0, 3, 4), logits))
    assert run(tmp_path, "--target-accuracy", "75") == 0
    assert run(tmp_path, "--resume", "--target-accuracy", "75.5") == 1


@pytest.mark.parametrize("arguments", ["--train-size 271", "--test-size 371", "--train-size 0", "--noise 1"])
def test_nonsense_on_the_command_line_is_refused(arguments: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as exit:
        main([*arguments.split(), "--out", str(tmp_path / "out")])
    assert exit.value.code == 2
    assert not (tmp_path / "out").exists()


# Pictures, also those of other scripts


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The figures that are drawn, instead of files."""
    drawn: list[Any] = []
    monkeypatch.setattr(pictures, "_save", lambda figure, path: drawn.append(figure))
    return drawn


def test_the_confusion_is_counted(figures: list[Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(16)
    labels, scores = rng.integers(0, 3, 20), rng.normal(size=(20, 3))
    pictures.draw_confusion(labels, scores, tmp_path / "x.png", ["ann", "bob", "eve"], "recordings")
    axes = figures[0].axes[0]
    counts: dict[tuple[int, int], int] = {}
    for label, score in zip(labels.tolist(), scores):
        place = label, int(score.argmax())
        counts[place] = counts.get(place, 0) + 1
    assert {text.get_position()[::-1]: int(text.get_text()) for text in axes.texts} == counts
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == ["ann", "bob", "eve"]
    right = sum(count for (row, column), count in counts.items() if row == column)
    assert axes.get_title() == f"{right} of 20 recordings recognised ({5 * right:.2f} %)"


def test_the_responses_that_are_drawn_are_those_of_the_network(figures: list[Any], tmp_path: Path) -> None:
    run = training()
    with StopRequest() as stop:
        run.run_epoch(stop)
    run.model.eval()
    recordings, labels = run.held_back
    draw_real_pictures(run, np.zeros((3, SPEAKERS)), parts()[1].classes, tmp_path)
    panels = [axes.images[0].get_array() for axes in figures[-1].axes if axes.images]
    titles = [axes.get_title() for axes in figures[-1].axes if axes.get_title()]
    # In the order of the speakers, of whom the first recording is shown; their labels are 1, 3 and 0.
    assert titles == [f"speaker speaker {number}" for number in (0, 1, 3)]
    state = run.model.state_dict()
    shown = [recordings[labels.tolist().index(number)] for number in (0, 1, 3)]
    expected = [first_layer(state, values) for values in shown]
    # In the order in which they respond to the first, and of those that do at the same time, the strongest first.
    strength = np.max([responses.max(1) for responses in expected], 0)
    order = sorted(range(FILTERS), key=lambda row: (int(expected[0][row].argmax()), -strength[row]))
    for values, panel, responses, drawn in zip(shown, panels[:3], expected, panels[3:], strict=True):
        np.testing.assert_array_equal(panel, values)
        np.testing.assert_allclose(drawn, responses[order], rtol=1e-4, atol=1e-5)


def test_only_the_filters_that_respond_most_are_drawn(
    figures: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_speech, "SHOWN_FILTERS", 2)
    run = training()
    draw = (run, np.zeros((3, SPEAKERS)), parts()[1].classes, tmp_path)
    with StopRequest() as stop:
        run.run_epoch(stop)
    draw_real_pictures(*draw)
    panels = [axes.images[0].get_array() for axes in figures[-1].axes if axes.images][3:]
    state = run.model.state_dict()
    strength = np.max([first_layer(state, values).max(1) for values in run.held_back[0]], 0)
    drawn = np.max([panel.max(1) for panel in panels], 0)
    np.testing.assert_allclose(sorted(drawn), sorted(strength)[-2:], rtol=1e-4)


def test_phrases_are_drawn(figures: list[Any], tmp_path: Path) -> None:
    pictures.draw_phrases([("very good", 2.0, 3), ("fine", 1.0, 1), ("dull", -4.0, 2)], tmp_path / "x.png")
    axes = figures[0].axes[0]
    assert [text.get_text() for text in axes.texts] == ["very good (3 x)", "fine", "dull (2 x)"]
    assert [bar.get_width() for bar in axes.patches] == [2, 1, -4]
    heights = [bar.get_y() for bar in axes.patches]
    assert heights == sorted(heights, reverse=True)
    low, high = axes.get_xlim()
    assert low == -high < -4
    pictures.draw_phrases([], tmp_path / "x.png")
