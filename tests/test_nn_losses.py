"""Softmax, dropout and losses."""

import math
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import minitorch

from .checks import LAYOUTS, check_function, lay_out, random_array, seeds

on_both_backends = pytest.mark.parametrize("backend", [minitorch.SimpleBackend, minitorch.FastBackend], ids=repr)
layouts = st.sampled_from(LAYOUTS)


# Softmax and logsoftmax


def check_softmax(array: Any, dim: int, rng: np.random.Generator, **settings: Any) -> None:
    s = scipy.special.softmax(array.astype(float), axis=dim)
    check_function(
        lambda x: minitorch.softmax(x, dim),
        [array],
        s,
        lambda upstream: [s * (upstream - (upstream * s).sum(axis=dim, keepdims=True))],
        rng=rng,
        **settings,
    )


def check_logsoftmax(array: Any, dim: int, rng: np.random.Generator, **settings: Any) -> None:
    s = scipy.special.softmax(array.astype(float), axis=dim)
    check_function(
        lambda x: minitorch.logsoftmax(x, dim),
        [array],
        scipy.special.log_softmax(array.astype(float), axis=dim),
        lambda upstream: [upstream - s * upstream.sum(axis=dim, keepdims=True)],
        rng=rng,
        **settings,
    )


both_softmaxes = pytest.mark.parametrize("check", [check_softmax, check_logsoftmax])


@pytest.mark.task4_4
@both_softmaxes
@on_both_backends
@given(seed=seeds(), dim=st.integers(-3, 2), scale=st.sampled_from([0.01, 1.0, 10.0, 100.0]), layout=layouts)
def test_softmax_along_each_dimension(
    check: Any, backend: minitorch.TensorBackend, seed: int, dim: int, scale: float, layout: str
) -> None:
    """Also where one class is all but certain, and its log-probability all but 0."""
    rng = np.random.default_rng(seed)
    check(scale * rng.normal(size=(2, 3, 5)), dim, rng, layouts=[layout], backend=backend, atol=1e-9)


@pytest.mark.task4_4
@both_softmaxes
@on_both_backends
@pytest.mark.parametrize(
    "row", [[1000.0, 0.0, -1000.0], [1000.0, 1000.0, 999.0], [-1000.0, -1000.0, -1001.0], [0.0, -40.0, 40.0], [3.0]]
)
def test_softmax_of_extremes(check: Any, backend: minitorch.TensorBackend, row: list[float]) -> None:
    """e^1000 overflows, and e^-1000 is 0; neither may show (a warning would fail the test too)."""
    check(np.array([row]), 1, np.random.default_rng(3), backend=backend, atol=1e-12)


@pytest.mark.task4_4
@both_softmaxes
@on_both_backends
def test_softmax_in_single_precision(check: Any, backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(4)
    check(random_array(rng, (2, 3, 5), np.float32), 1, rng, backend=backend, rtol=1e-5, atol=1e-5)


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("lead", [0.0, 1.0, 5.0, 14.0, 20.0, 100.0])
def test_logsoftmax_of_confident_rows(backend: minitorch.TensorBackend, lead: float) -> None:
    """`Tensor.log` adds EPS = 1e-6 to its argument; nothing of that may be left here."""
    logits = np.array([[lead, 0.0, 0.0, -lead]])
    log_probabilities = minitorch.logsoftmax(minitorch.tensor(logits, backend=backend), 1)
    expected = scipy.special.log_softmax(logits, axis=1)
    np.testing.assert_allclose(log_probabilities.to_numpy(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.task4_4
@pytest.mark.parametrize("function", [minitorch.softmax, minitorch.logsoftmax])
def test_softmax_of_an_empty_batch(function: Any) -> None:
    assert function(minitorch.zeros(0, 3), 1).shape == (0, 3)


# Dropout


@pytest.mark.task4_4
@pytest.mark.parametrize("rate", [0, 0.0])
def test_dropout_at_rate_0_keeps_everything(rate: float) -> None:
    array = random_array(np.random.default_rng(5), (2, 3, 5))
    np.testing.assert_array_equal(minitorch.dropout(minitorch.tensor(array), rate).to_numpy(), array)


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("rate", [1, 1.0])
def test_dropout_at_rate_1_keeps_nothing(backend: minitorch.TensorBackend, rate: float) -> None:
    """Nothing is left, and nothing flows back; the scale 1 / (1 - 1) must not show."""
    rng = np.random.default_rng(6)
    array = random_array(rng, (2, 3, 5))
    zeros = np.zeros(array.shape)
    check_function(
        lambda x: minitorch.dropout(x, rate), [array], zeros, lambda upstream: [zeros], backend=backend, rng=rng
    )


@pytest.mark.task4_4
@pytest.mark.parametrize("rate", [0.0, 0.4, 1.0])
def test_dropout_ignored_keeps_everything(rate: float) -> None:
    rng = np.random.default_rng(7)
    array = random_array(rng, (2, 3, 5))
    check_function(
        lambda x: minitorch.dropout(x, rate, ignore=True), [array], array, lambda upstream: [upstream], rng=rng
    )


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_drops_single_cells_at_the_rate(backend: minitorch.TensorBackend, rate: float) -> None:
    """Within five standard deviations of the binomial distribution: overall, in each row, and in each column."""
    rows, columns = 80, 120
    dropped = minitorch.dropout(minitorch.ones(rows, columns, backend=backend), rate).to_numpy() == 0
    for count, n in [
        (dropped.sum(), rows * columns),
        *[(c, columns) for c in dropped.sum(1)],
        *[(c, rows) for c in dropped.sum(0)],
    ]:
        assert abs(count - rate * n) < 5 * math.sqrt(n * rate * (1 - rate))


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), rate=st.sampled_from([0.1, 0.5, 0.8]), layout=layouts)
def test_dropout_scales_what_it_keeps(backend: minitorch.TensorBackend, seed: int, rate: float, layout: str) -> None:
    """Each cell is dropped, or kept and scaled; and so is its gradient."""
    rng = np.random.default_rng(seed)
    array, upstream = random_array(rng, (3, 4, 5)), rng.normal(size=(3, 4, 5))
    x = lay_out(array, layout, backend).requires_grad_(True)
    minitorch.manual_seed(seed)
    out = minitorch.dropout(x, rate)
    kept = out.to_numpy() != 0
    np.testing.assert_allclose(out.to_numpy(), np.where(kept, array / (1 - rate), 0), rtol=1e-12)
    out.backward(upstream)
    np.testing.assert_allclose(x.grad.to_numpy(), np.where(kept, upstream / (1 - rate), 0), rtol=1e-12)
    assert out.backend is backend


@pytest.mark.task4_4
@pytest.mark.parametrize("rate", [0.001, 1 / 16, 0.4, 15 / 16, 0.999])
def test_dropout_keeps_the_mean_at_any_rate(rate: float) -> None:
    # The standard deviation of the mean is sqrt(rate / (1 - rate) / count); five of them are allowed.
    count = 200_000
    minitorch.manual_seed(5)
    kept = minitorch.dropout(minitorch.ones(count, backend=minitorch.FastBackend), rate).numbers()
    assert abs(kept.mean() - 1) < 5 * math.sqrt(rate / (1 - rate) / count)
    assert 0 < (kept == 0).sum() < count


@pytest.mark.task4_4
def test_dropout_keeps_single_precision() -> None:
    assert minitorch.dropout(minitorch.ones(50, dtype="float32"), 0.5).dtype == np.float32


@pytest.mark.task4_4
def test_dropout_follows_the_seed() -> None:
    """The same seed drops the same cells; another seed, or a second call, drops others."""

    def drop() -> list[float]:
        return minitorch.dropout(minitorch.ones(100), 0.5).to_numpy().tolist()

    minitorch.manual_seed(1)
    first, second = drop(), drop()
    minitorch.manual_seed(1)
    again = drop()
    minitorch.manual_seed(2)
    other = drop()
    assert first == again
    assert first != second
    assert first != other


@pytest.mark.task4_4
@pytest.mark.parametrize("rate", [-0.1, 1.1, 25, float("nan")])
@pytest.mark.parametrize("ignore", [False, True])
def test_dropout_refuses_bad_rates(rate: float, ignore: bool) -> None:
    with pytest.raises(
        minitorch.ArgumentError, match=rf"(?s)got: +rate={rate}\n.*expected: a number from 0 to 1.*fix:"
    ):
        minitorch.dropout(minitorch.ones(3), rate, ignore)


# Losses


LABELS = [4, 0, 2]


@pytest.mark.task4_4
def test_one_hot() -> None:
    like = minitorch.zeros(1, backend=minitorch.FastBackend, dtype="float32")
    rows = minitorch.one_hot([2, 0], 3, like)
    np.testing.assert_array_equal(rows.to_numpy(), [[0, 0, 1], [1, 0, 0]])
    assert rows.dtype == np.float32
    assert rows.backend is minitorch.FastBackend
    assert rows.is_constant()


@pytest.mark.task4_4
@on_both_backends
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "labels", [LABELS, np.array(LABELS), minitorch.tensor(LABELS)], ids=["list", "array", "tensor"]
)
def test_nll_loss(backend: minitorch.TensorBackend, layout: str, labels: Any) -> None:
    rng = np.random.default_rng(8)
    log_probabilities = rng.normal(size=(3, 5))
    right = np.zeros((3, 5))
    right[np.arange(3), LABELS] = 1
    check_function(
        lambda x: minitorch.nll_loss(x, labels),
        [log_probabilities],
        [-(log_probabilities[0, 4] + log_probabilities[1, 0] + log_probabilities[2, 2]) / 3],
        lambda upstream: [-right / 3 * upstream],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


def check_cross_entropy(logits: Any, labels: Any, rng: np.random.Generator, **settings: Any) -> None:
    places = np.arange(len(labels)), np.array(labels)
    gradient = scipy.special.softmax(logits.astype(float), axis=1)
    gradient[places] -= 1
    check_function(
        lambda x: minitorch.cross_entropy(x, labels),
        [logits],
        [-scipy.special.log_softmax(logits.astype(float), axis=1)[places].mean()],
        lambda upstream: [gradient / len(labels) * upstream],
        rng=rng,
        **settings,
    )


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), layout=layouts)
def test_cross_entropy(backend: minitorch.TensorBackend, seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    check_cross_entropy(3 * rng.normal(size=(3, 5)), LABELS, rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@on_both_backends
def test_cross_entropy_of_extreme_logits(backend: minitorch.TensorBackend) -> None:
    """Sure and right, sure and wrong, undecided."""
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0], [0.0, 0.0]])
    check_cross_entropy(logits, [0, 1, 0], np.random.default_rng(9), backend=backend)


@pytest.mark.task4_4
def test_cross_entropy_in_single_precision() -> None:
    rng = np.random.default_rng(10)
    check_cross_entropy(random_array(rng, (3, 5), np.float32), LABELS, rng, rtol=1e-4, atol=1e-5)


def check_smoothed(logits: Any, labels: Any, smoothing: float, rng: np.random.Generator, **settings: Any) -> None:
    """The cross entropy between softmax and a target that gives each class its part, and the label the rest."""
    wide, (batch, classes) = logits.astype(float), logits.shape
    target = np.full((batch, classes), smoothing / classes)
    target[np.arange(batch), labels] += 1 - smoothing
    check_function(
        lambda x: minitorch.cross_entropy(x, labels, smoothing),
        [logits],
        [-(target * scipy.special.log_softmax(wide, axis=1)).sum() / batch],
        lambda upstream: [(scipy.special.softmax(wide, axis=1) - target) / batch * upstream],
        rng=rng,
        **settings,
    )


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), smoothing=st.sampled_from([0, 0.0, 0.1, 0.5, 0.9, 1, 1.0]) | st.floats(0, 1), layout=layouts)
def test_label_smoothing(backend: minitorch.TensorBackend, seed: int, smoothing: float, layout: str) -> None:
    rng = np.random.default_rng(seed)
    check_smoothed(3 * rng.normal(size=(3, 5)), LABELS, smoothing, rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@on_both_backends
def test_label_smoothing_of_extreme_logits(backend: minitorch.TensorBackend) -> None:
    logits = np.array([[1000.0, -1000.0], [1000.0, -1000.0], [0.0, 0.0], [40.0, -40.0]])
    check_smoothed(logits, [0, 1, 0, 1], 0.1, np.random.default_rng(13), backend=backend)


@pytest.mark.task4_4
@on_both_backends
def test_label_smoothing_in_single_precision(backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(14)
    logits = random_array(rng, (3, 5), np.float32)
    check_smoothed(logits, LABELS, 0.2, rng, backend=backend, rtol=1e-4, atol=1e-5)


@pytest.mark.task4_4
@on_both_backends
def test_the_ends_of_label_smoothing(backend: minitorch.TensorBackend) -> None:
    rng = np.random.default_rng(15)
    logits, upstream = minitorch.tensor(rng.normal(size=(3, 5)), backend=backend), rng.normal(size=1)

    def loss_and_gradient(labels: Any, **settings: float) -> list[Any]:
        leaf = logits.detach().requires_grad_()
        loss = minitorch.cross_entropy(leaf, labels, **settings)
        loss.backward(upstream)
        return [loss.item(), *leaf.grad.to_numpy().ravel()]

    # With nothing taken from the labels, it is the loss without smoothing, bit for bit.
    assert loss_and_gradient(LABELS, label_smoothing=0.0) == loss_and_gradient(LABELS)
    # With all of it taken, it is the same for all labels.
    one, other = [loss_and_gradient(labels, label_smoothing=1.0) for labels in (LABELS, [1, 1, 3])]
    np.testing.assert_allclose(one, other, rtol=1e-12)
    assert not np.allclose(loss_and_gradient(LABELS), loss_and_gradient([1, 1, 3]))


@pytest.mark.task4_4
@pytest.mark.parametrize("smoothing", [-0.1, 1.1, 10, float("nan"), float("inf")])
def test_label_smoothing_that_is_no_probability(smoothing: float) -> None:
    with pytest.raises(
        minitorch.ArgumentError,
        match=rf"(?s)label smoothing.*got: .*{smoothing}\n.*expected: a number from 0 to 1.*fix:",
    ):
        minitorch.cross_entropy(minitorch.zeros(3, 5), LABELS, smoothing)


classifying = pytest.mark.parametrize("loss", [minitorch.nll_loss, minitorch.cross_entropy])


@pytest.mark.task4_4
@classifying
def test_labels_that_cannot_be_read_are_refused_by_name(loss: Any) -> None:
    for labels, got in (([[1], [1, 2]], "rows of different lengths"), (["a", "b"], "values of type <U1")):
        with pytest.raises(minitorch.ArgumentError, match=rf"(?s)got: +{got}\n.*fix:"):
            loss(minitorch.zeros(2, 5), labels)
    x = minitorch.tensor([[0.5, -2.0], [3.0, 1.0]])
    assert float(loss(x, np.array([True, False]))) == float(loss(x, [1, 0]))


@pytest.mark.task4_4
@classifying
@pytest.mark.parametrize("bad", [5, -1, 1.5, float("nan"), 100])
def test_labels_without_class_are_refused(loss: Any, bad: float) -> None:
    x = minitorch.zeros(3, 5, requires_grad=True)
    with pytest.raises(
        minitorch.ArgumentError, match=rf"(?s)got: +label {bad}.* at place 1\n.*whole numbers from 0 to 4\n.*fix:"
    ):
        loss(x, [0, bad, 2])
    assert x.grad is None


@pytest.mark.task4_4
@classifying
@pytest.mark.parametrize(
    ("shape", "labels"),
    [
        ((3, 5), [0, 1]),
        ((3, 5), [0, 1, 2, 3]),
        ((3, 5), [[0, 1, 2]]),
        ((3, 5), [[0], [1], [2]]),
        ((3, 5), 1),
        ((3, 5), []),
        ((5,), [0, 1, 2, 3, 4]),
        ((3, 5, 1), [0, 1, 2]),
        ((0, 5), []),
    ],
    ids=str,
)
def test_labels_of_another_shape_are_refused(loss: Any, shape: tuple[int, ...], labels: Any) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:"):
        loss(minitorch.zeros(shape), labels)


def check_bce(logits: Any, targets: Any, rng: np.random.Generator, **settings: Any) -> None:
    wide = logits.astype(float)
    check_function(
        lambda x: minitorch.binary_cross_entropy_with_logits(x, targets),
        [logits],
        [(np.logaddexp(0, wide) - targets * wide).mean()],
        lambda upstream: [(scipy.special.expit(wide) - targets) / wide.size * upstream],
        rng=rng,
        **settings,
    )


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), scale=st.sampled_from([0.1, 1.0, 10.0, 100.0]), layout=layouts)
def test_binary_cross_entropy(backend: minitorch.TensorBackend, seed: int, scale: float, layout: str) -> None:
    """Targets are classes, or probabilities between them."""
    rng = np.random.default_rng(seed)
    targets = rng.choice([0.0, 0.25, 1.0], (2, 3, 5))
    check_bce(scale * rng.normal(size=(2, 3, 5)), targets, rng, layouts=[layout], backend=backend)


@pytest.mark.task4_4
@on_both_backends
def test_binary_cross_entropy_of_extreme_logits(backend: minitorch.TensorBackend) -> None:
    logits = np.array([1000.0, -1000.0, 1000.0, -1000.0, 40.0, -40.0])
    check_bce(logits, np.array([1.0, 0.0, 0.0, 1.0, 1.0, 0.0]), np.random.default_rng(11), backend=backend)


@pytest.mark.task4_4
@pytest.mark.parametrize("target", [0.0, 0.25, 1.0])
def test_binary_cross_entropy_of_logit_0(target: float) -> None:
    """The formula bends around 0 to be stable, but its slope there is that of everywhere: sigmoid(0) - t."""
    x = minitorch.tensor([0.0], requires_grad=True)
    loss = minitorch.binary_cross_entropy_with_logits(x, [target])
    loss.backward()
    np.testing.assert_allclose(loss.item(), math.log(2), rtol=1e-12)
    np.testing.assert_allclose(x.grad.item(), 0.5 - target, rtol=1e-12)


@pytest.mark.task4_4
def test_binary_cross_entropy_in_single_precision() -> None:
    rng = np.random.default_rng(12)
    targets = rng.choice([0.0, 1.0], (2, 3)).astype(np.float32)
    check_bce(random_array(rng, (2, 3), np.float32), targets, rng, rtol=1e-4, atol=1e-5)


@pytest.mark.task4_4
@pytest.mark.parametrize("bad", [-0.1, 1.1, 2.0, float("nan")])
def test_binary_cross_entropy_refuses_targets_that_are_no_probabilities(bad: float) -> None:
    with pytest.raises(minitorch.ArgumentError, match=r"(?s)got:.*expected: numbers from 0 to 1.*fix:"):
        minitorch.binary_cross_entropy_with_logits(minitorch.zeros(3), [0.0, bad, 1.0])


@pytest.mark.task4_4
@on_both_backends
@given(seed=seeds(), layouts=st.tuples(layouts, layouts))
def test_mse_loss(backend: minitorch.TensorBackend, seed: int, layouts: tuple[str, str]) -> None:
    """A target that is itself computed gets its gradient too."""
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, (2, 3, 5)), random_array(rng, (2, 3, 5))
    check_function(
        minitorch.mse_loss,
        [a, b],
        [((a - b) ** 2).mean()],
        lambda upstream: [2 * (a - b) / a.size * upstream, 2 * (b - a) / a.size * upstream],
        layouts=layouts,
        backend=backend,
        rng=rng,
    )


comparing = pytest.mark.parametrize("loss", [minitorch.mse_loss, minitorch.binary_cross_entropy_with_logits])


@pytest.mark.task4_4
@comparing
def test_targets_may_be_lists_arrays_or_tensors(loss: Any) -> None:
    predictions = minitorch.tensor([[0.5, 2.0], [-1.0, 0.0]])
    targets = [[0, 1], [1, 0]]
    values = [loss(predictions, t).item() for t in (targets, np.array(targets), minitorch.tensor(targets))]
    assert values[0] == values[1] == values[2]


@pytest.mark.task4_4
@comparing
@pytest.mark.parametrize("target_shape", [(3,), (1, 3), (2, 1), (1,), (3, 2), (2, 3, 1), (6,)], ids=str)
def test_targets_of_another_shape_are_refused(loss: Any, target_shape: tuple[int, ...]) -> None:
    """Broadcasting would compare every prediction with every target, and train on nonsense."""
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        loss(minitorch.zeros(2, 3), minitorch.zeros(target_shape))
    assert f"predictions (2, 3) and targets {target_shape}" in str(caught.value)


@pytest.mark.task4_4
@comparing
def test_loss_of_nothing_is_refused(loss: Any) -> None:
    with pytest.raises(minitorch.ShapeError, match="no numbers"):
        loss(minitorch.zeros(0, 3), minitorch.zeros(0, 3))


@pytest.mark.task4_4
def test_a_class_that_is_masked_out_leaves_the_loss_of_the_others_alone() -> None:
    logits = minitorch.tensor([[1.0, -np.inf, 3.0]], requires_grad=True)
    loss = minitorch.cross_entropy(logits, [2])
    loss.backward()
    # A softmax over the two classes that are left.
    right = 1 / (1 + np.exp(-2.0))
    assert loss.item() == pytest.approx(-np.log(right), rel=1e-9)
    np.testing.assert_allclose(logits.grad.to_numpy(), [[1 - right, 0, right - 1]], rtol=1e-9)
