"""Sequences of different lengths: masks, what is taken over time, and that filling up never changes a result."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import (
    ArgumentError,
    ShapeError,
    Tensor,
    TensorBackend,
    conv1d,
    embedding,
    max_over_time,
    mean_over_time,
    sequence_mask,
)

from .checks import LAYOUTS, check_function, lay_out, random_array, seeds

pytestmark = [pytest.mark.task4_5, pytest.mark.usefixtures("one_thread")]

on_both_backends = pytest.mark.parametrize("backend", [minitorch.SimpleBackend, minitorch.FastBackend], ids=repr)
layouts = st.sampled_from(LAYOUTS)
LENGTHS = [4, 1, 6]


def expected_mask(lengths: Any, width: int) -> Any:
    mask = np.zeros((len(lengths), 1, width))
    for i, length in enumerate(lengths):
        for step in range(int(length)):
            mask[i, 0, step] = 1
    return mask


def over_time(fold: Callable[[Any], Any], x: Any, lengths: Any) -> Any:
    """Fold the real steps of each channel of each sequence."""
    return np.array([[fold(channel[:length]) for channel in sequence] for sequence, length in zip(x, lengths)])


def gradient_of_maximum(x: Any, lengths: Any, upstream: Any) -> Any:
    """The gradient of a channel, in equal parts for the real steps that are its maximum."""
    gradient = np.zeros(x.shape)
    for i, c in np.ndindex(x.shape[:2]):
        real = x[i, c, : lengths[i]]
        winners = np.flatnonzero(real == real.max())
        gradient[i, c, winners] = upstream[i, c] / len(winners)
    return gradient


def gradient_of_mean(x: Any, lengths: Any, upstream: Any) -> Any:
    gradient = np.zeros(x.shape)
    for i, c in np.ndindex(x.shape[:2]):
        gradient[i, c, : lengths[i]] = upstream[i, c] / lengths[i]
    return gradient


# The mask


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "lengths",
    [LENGTHS, tuple(LENGTHS), np.array(LENGTHS, np.uint8), np.array(LENGTHS, float), minitorch.tensor(LENGTHS)],
    ids=["list", "tuple", "uint8", "float", "tensor"],
)
def test_masks(lengths: Any, dtype: Any, backend: TensorBackend) -> None:
    mask = sequence_mask(lengths, 6, minitorch.zeros(2, 3, backend=backend, dtype=dtype, requires_grad=True))
    assert mask.shape == (3, 1, 6)
    assert mask.dtype == dtype
    assert mask.backend is backend
    assert mask.is_constant()
    np.testing.assert_array_equal(mask.to_numpy(), expected_mask(LENGTHS, 6))


def test_masks_of_other_widths() -> None:
    like = minitorch.zeros(1)
    np.testing.assert_array_equal(sequence_mask([1, 2, 3], 3, like).to_numpy(), expected_mask([1, 2, 3], 3))
    np.testing.assert_array_equal(sequence_mask([2], 9, like).to_numpy(), expected_mask([2], 9))
    np.testing.assert_array_equal(sequence_mask([1, 1], 1, like).to_numpy(), np.ones((2, 1, 1)))
    assert sequence_mask([], 4, like).shape == (0, 1, 4)


# Over time


@on_both_backends
@given(seed=seeds(), layout=layouts, masked=st.booleans(), ties=st.booleans())
def test_max_over_time(backend: TensorBackend, seed: int, layout: str, masked: bool, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, 3) if masked else np.full(3, 6)
    x = rng.integers(-2, 2, (3, 4, 6)).astype(float) if ties else random_array(rng, (3, 4, 6))
    mask = lay_out(expected_mask(lengths, 6), "rotated", backend) if masked else None
    check_function(
        lambda t: max_over_time(t, mask),
        [x],
        over_time(np.max, x, lengths),
        lambda upstream: [gradient_of_maximum(x, lengths, upstream)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@on_both_backends
@given(seed=seeds(), layout=layouts, masked=st.booleans())
def test_mean_over_time(backend: TensorBackend, seed: int, layout: str, masked: bool) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 7, 3) if masked else np.full(3, 6)
    x = random_array(rng, (3, 4, 6))
    mask = lay_out(expected_mask(lengths, 6), "reversed", backend) if masked else None
    check_function(
        lambda t: mean_over_time(t, mask),
        [x],
        over_time(np.mean, x, lengths),
        lambda upstream: [gradient_of_mean(x, lengths, upstream)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@pytest.mark.parametrize("masked", [False, True])
def test_single_precision_stays(masked: bool, backend: TensorBackend) -> None:
    rng = np.random.default_rng(1)
    x, lengths = random_array(rng, (3, 2, 6), np.float32), LENGTHS if masked else [6, 6, 6]
    mask = sequence_mask(lengths, 6, minitorch.zeros(1, dtype="float32")) if masked else None
    for function, fold, gradient in [
        (max_over_time, np.max, gradient_of_maximum),
        (mean_over_time, np.mean, gradient_of_mean),
    ]:
        check_function(
            lambda t, function=function: function(t, mask),
            [x],
            over_time(fold, x, lengths),
            lambda upstream, gradient=gradient: [gradient(x, lengths, upstream)],
            backend=backend,
            rng=rng,
            rtol=1e-5,
        )


def test_the_maximum_of_negative_numbers_is_none_of_the_zeros_behind_them(backend: TensorBackend) -> None:
    rng = np.random.default_rng(2)
    x = -rng.uniform(1, 2, (3, 2, 6))
    x[:, 1] *= 1e300  # as far from zero as numbers go
    for i, length in enumerate(LENGTHS):
        x[i, :, length:] = 0
    check_function(
        lambda t: max_over_time(t, sequence_mask(LENGTHS, 6, t)),
        [x],
        over_time(np.max, x, LENGTHS),
        lambda upstream: [gradient_of_maximum(x, LENGTHS, upstream)],
        backend=backend,
        rng=rng,
    )


def test_steps_behind_the_end_do_not_tie(backend: TensorBackend) -> None:
    # After a ReLU, all may be 0: the real steps share the gradient, and those behind them get none of it.
    for value in (0.0, 2.0, -2.0):
        x = minitorch.tensor(np.full((2, 1, 5), value), backend=backend, requires_grad=True)
        max_over_time(x, sequence_mask([2, 5], 5, x)).backward(np.array([[3.0], [-10.0]]))
        half, fifth = 3 / 2, -10 / 5
        np.testing.assert_allclose(x.grad.to_numpy(), [[[half, half, 0, 0, 0]], [[fifth] * 5]], rtol=1e-15)


def test_an_input_of_minus_infinity_is_a_number_too(backend: TensorBackend) -> None:
    # As where one class is masked out. Only of the real steps can something be the maximum.
    x = minitorch.tensor([[[-math.inf, -3.0, 5.0], [-math.inf, -math.inf, 1.0]]], backend=backend)
    assert max_over_time(x, sequence_mask([2], 3, x)).to_numpy().tolist() == [[-3.0, -math.inf]]


def test_the_mask_is_a_constant(backend: TensorBackend) -> None:
    rng = np.random.default_rng(3)
    x = lay_out(random_array(rng, (2, 3, 4)), "rows", backend).requires_grad_()
    mask = sequence_mask([4, 2], 4, x).requires_grad_()
    (max_over_time(x, mask) + mean_over_time(x, mask)).backward(rng.normal(size=(2, 3)))
    assert x.grad is not None
    assert mask.grad is None


# Filling up never changes a result


SIZES = {"w1": (4, 2, 3), "b1": (4, 1), "w2": (3, 4, 2), "b2": (3, 1)}


def network(x: Tensor, mask: Tensor, w1: Tensor, b1: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """Two convolutions with bias, and both ways to come to an end: (batch, 2, width) becomes (batch, 6)."""
    hidden = (conv1d(x * mask, w1) + b1).relu() * mask
    out = conv1d(hidden, w2) + b2
    return minitorch.concatenate([max_over_time(out, mask), mean_over_time(out, mask)], 1)


def run(sequences: list[Any], width: int, rubbish: float, state: dict[str, Any], upstream: Any, backend: Any) -> Any:
    """Fill sequences up to a width and run the network on all of them: outputs, and the gradients of everything."""
    filled = np.full((len(sequences), 2, width), rubbish)
    for row, sequence in zip(filled, sequences):
        row[:, : sequence.shape[1]] = sequence
    x = lay_out(filled, "rows", backend).requires_grad_()
    weights = {name: lay_out(array, "rows", backend).requires_grad_() for name, array in state.items()}
    out = network(x, sequence_mask([sequence.shape[1] for sequence in sequences], width, x), **weights)
    out.backward(upstream)
    return out.to_numpy(), x.grad.to_numpy(), {name: weight.grad.to_numpy() for name, weight in weights.items()}


@on_both_backends
@given(
    seed=seeds(),
    lengths=st.lists(st.integers(1, 6), min_size=1, max_size=4),
    more=st.integers(0, 4),
    rubbish=st.sampled_from([0.0, 1.0, -1e6]),
)
def test_filling_up_never_changes_a_result(
    backend: TensorBackend, seed: int, lengths: list[int], more: int, rubbish: float
) -> None:
    rng = np.random.default_rng(seed)
    state = {name: random_array(rng, shape) for name, shape in SIZES.items()}
    sequences = [random_array(rng, (2, length)) for length in lengths]
    upstream = rng.normal(size=(len(lengths), 6))
    out, of_inputs, of_weights = run(sequences, max(lengths) + more, rubbish, state, upstream, backend)

    summed = {name: np.zeros(shape) for name, shape in SIZES.items()}
    for i, sequence in enumerate(sequences):  # each alone, and filled up with nothing
        length = sequence.shape[1]
        alone, of_input, of_its_weights = run([sequence], length, 0.0, state, upstream[i : i + 1], backend)
        np.testing.assert_allclose(out[i : i + 1], alone, rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(of_inputs[i, :, :length], of_input[0], rtol=1e-10, atol=1e-12)
        assert not of_inputs[i, :, length:].any(), "what was filled up has no say in anything"
        for name, gradient in of_its_weights.items():
            summed[name] += gradient
    for name, gradient in of_weights.items():
        np.testing.assert_allclose(gradient, summed[name], rtol=1e-9, atol=1e-11)


def classify(words: Any, lengths: list[int], table: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Sentences, of shape (batch, width), become (batch, 3)."""
    steps = embedding(words, table, padding_idx=0).permute(0, 2, 1)  # (batch, 2, width)
    return max_over_time(conv1d(steps, weight) + bias, sequence_mask(lengths, steps.shape[2], steps))


@pytest.mark.parametrize("more", [0, 1, 5])
def test_sentences_filled_up_with_padding(more: int, backend: TensorBackend) -> None:
    rng = np.random.default_rng(4)
    arrays = [random_array(rng, (6, 2)), random_array(rng, (3, 2, 2)), random_array(rng, (3, 1))]
    arrays[0][0] = 0  # the row of padding
    sentences, upstream = [[3, 1, 5, 3], [2], [4, 3, 3, 1, 1]], rng.normal(size=(3, 3))

    def run_on(filled: list[list[int]], lengths: list[int], upstream: Any) -> tuple[Any, list[Any]]:
        leaves = [lay_out(array, "rows", backend).requires_grad_() for array in arrays]
        out = classify(filled, lengths, *leaves)
        out.backward(upstream)
        return out.to_numpy(), [leaf.grad.to_numpy() for leaf in leaves]

    lengths = [len(sentence) for sentence in sentences]
    width = max(lengths) + more
    out, gradients = run_on([s + [0] * (width - len(s)) for s in sentences], lengths, upstream)
    summed = [np.zeros(array.shape) for array in arrays]
    for i, sentence in enumerate(sentences):
        alone, of_its = run_on([sentence], [len(sentence)], upstream[i : i + 1])
        np.testing.assert_allclose(out[i : i + 1], alone, rtol=1e-12)
        for total, gradient in zip(summed, of_its):
            total += gradient
    for total, gradient in zip(summed, gradients):
        np.testing.assert_allclose(gradient, total, rtol=1e-10, atol=1e-12)
    assert not gradients[0][0].any()


# What is refused


@pytest.mark.parametrize(
    ("lengths", "got"),
    [
        ([3, 0], "length 0 at place 1"),
        ([-1, 2], "length -1 at place 0"),
        ([2, 3, 5], "length 5 at place 2"),
        ([2, 0.5], "length 0.5 at place 1"),
        ([2, 2.5], "length 2.5 at place 1"),
        ([math.nan], "length nan at place 0"),
        ([1, math.inf], "length inf at place 1"),
        (minitorch.tensor([1.0, 6.0]), "length 6.0 at place 1"),
        ([[1], [1, 2]], "rows of different lengths"),
        (["a"], "values of type <U1"),
        ([None], "values of type object"),
    ],
    ids=str,
)
def test_lengths_that_are_refused(lengths: Any, got: str) -> None:
    with pytest.raises(ArgumentError, match=r"(?s)expected: whole numbers from 1 to 4, .*fix: +.") as caught:
        sequence_mask(lengths, 4, minitorch.zeros(1))
    assert f"got:      {got}\n" in str(caught.value)


@pytest.mark.parametrize("lengths", [3, [[1, 2]], [[1], [2]], np.ones((2, 0))], ids=str)
def test_lengths_of_another_shape(lengths: Any) -> None:
    with pytest.raises(ShapeError, match=r"(?s)expected: shape \(batch,\)\n.*fix: +.") as caught:
        sequence_mask(lengths, 4, minitorch.zeros(1))
    assert f"got:      lengths of shape {np.shape(lengths)}\n" in str(caught.value)


@pytest.mark.parametrize("function", [max_over_time, mean_over_time])
@pytest.mark.parametrize(
    ("shape", "mask"),
    [
        ((2, 3), None),
        ((2, 3, 4, 5), None),
        ((), None),
        ((2, 3, 0), None),
        ((2, 3, 0), (2, 1, 0)),
        ((2, 3, 4), (2, 3, 4)),  # these would broadcast
        ((2, 3, 4), (1, 1, 4)),
        ((2, 3, 4), (2, 1, 1)),
        ((2, 3, 4), (4,)),
        ((2, 1, 4), (2, 4)),
        ((2, 3, 4), (3, 1, 4)),  # and these would not
        ((2, 3, 4), (2, 1, 5)),
        ((2, 3), (2, 1, 3)),
    ],
    ids=str,
)
def test_shapes_that_do_not_belong_together(
    function: Any, shape: tuple[int, ...], mask: tuple[int, ...] | None
) -> None:
    with pytest.raises(ShapeError, match=r"(?s)expected: input \(batch, channels, width\).*fix: .*sequence_mask") as e:
        function(minitorch.zeros(shape), None if mask is None else minitorch.ones(mask))
    assert f"got:      input {shape}" + ("" if mask is None else f" and mask {mask}") + "\n" in str(e.value)


@pytest.mark.parametrize("function", [max_over_time, mean_over_time])
@pytest.mark.parametrize(
    ("mask", "got"),
    [
        ([[[1, 0, 0]], [[0, 0, 0]]], "numbers from 0.0 to 1.0, and 1 rows of zeros"),
        ([[[1, 1, 2]], [[1, 0, 0]]], "numbers from 0.0 to 2.0, and 0 rows of zeros"),
        ([[[1, 0.5, 0]], [[1, 1, 1]]], "numbers from 0.0 to 1.0, and 0 rows of zeros"),
        ([[[1, math.nan, 0]], [[1, 1, 1]]], "numbers from nan to nan, and 0 rows of zeros"),
    ],
    ids=["empty", "two", "half", "nan"],
)
def test_masks_that_are_none(function: Any, mask: Any, got: str) -> None:
    with pytest.raises(ArgumentError, match=rf"(?s)no mask.*got: +{got}\n.*expected: 0 and 1 only.*fix: +."):
        function(minitorch.ones(2, 3, 3), minitorch.tensor(mask))


@pytest.mark.parametrize("function", [max_over_time, mean_over_time])
def test_arrays_are_no_sequences(function: Any) -> None:
    for arguments in ((np.ones((2, 3, 4)),), (minitorch.ones(2, 3, 4), np.ones((2, 1, 4)))):
        with pytest.raises(minitorch.DTypeError, match=r"(?s)got: +ndarray\n.*fix: .*minitorch.tensor"):
            function(*arguments)
