"""Layers: what they compute, the names and shapes of their parameters, and the gradients that arrive there."""

import math
import random
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import (
    AvgPool2d,
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Module,
    ReLU,
    Scalar,
    ScalarLinear,
    Sequential,
    Sigmoid,
)

from . import oracles
from .checks import LAYOUTS, check_function, lay_out, random_array, seeds

pytestmark = pytest.mark.task4_5

layouts = st.sampled_from(LAYOUTS)


def shapes_of(module: Module) -> dict[str, tuple[int, ...]]:
    """The shape of every parameter, by its name."""
    return {name: parameter.value.shape for name, parameter in module.named_parameters()}


def randomize(module: Module, rng: np.random.Generator) -> dict[str, Any]:
    """Replace every parameter by random numbers, none close to 0; return them by name."""
    state = {name: random_array(rng, shape) for name, shape in shapes_of(module).items()}
    module.load_state_dict(state)
    return state


# Layers with weights


@given(seed=seeds(), layout=layouts)
def test_linear(seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    layer = Linear(3, 5)
    state = randomize(layer, rng)
    x = random_array(rng, (4, 3))
    check_function(
        layer,
        [x],
        x @ state["weight"].T + state["bias"],
        lambda upstream: [upstream @ state["weight"]],
        layouts=[layout],
        rng=rng,
    )


def test_linear_keeps_further_dimensions() -> None:
    rng = np.random.default_rng(1)
    layer = Linear(3, 5)
    state = randomize(layer, rng)
    x = random_array(rng, (2, 4, 3))
    out = layer(minitorch.tensor(x))
    np.testing.assert_allclose(out.to_numpy(), x @ state["weight"].T + state["bias"], rtol=1e-12)


@given(seed=seeds(), layout=layouts)
def test_conv1d(seed: int, layout: str) -> None:
    """The bias is one number for each output channel, although the width may equal their number."""
    rng = np.random.default_rng(seed)
    layer = Conv1d(2, 5, 3)
    state = randomize(layer, rng)
    x = random_array(rng, (4, 2, 5))
    check_function(
        layer,
        [x],
        oracles.conv1d(x, state["weight"]) + state["bias"].reshape(5, 1),
        lambda upstream: [oracles.conv1d_gradients(x, state["weight"], upstream)[0]],
        layouts=[layout],
        rng=rng,
    )


@given(seed=seeds(), layout=layouts)
def test_conv2d(seed: int, layout: str) -> None:
    rng = np.random.default_rng(seed)
    layer = Conv2d(2, 5, (3, 1))
    state = randomize(layer, rng)
    x = random_array(rng, (4, 2, 3, 5))
    check_function(
        layer,
        [x],
        oracles.conv2d(x, state["weight"]) + state["bias"].reshape(5, 1, 1),
        lambda upstream: [oracles.conv2d_gradients(x, state["weight"], upstream)[0]],
        layouts=[layout],
        rng=rng,
    )


@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (Linear(3, 5), {"weight": (5, 3), "bias": (5,)}),
        (Linear(3, 5, bias=False), {"weight": (5, 3)}),
        (Conv1d(2, 5, 3), {"weight": (5, 2, 3), "bias": (5, 1)}),
        (Conv1d(2, 5, 3, bias=False), {"weight": (5, 2, 3)}),
        (Conv2d(2, 5, (3, 4)), {"weight": (5, 2, 3, 4), "bias": (5, 1, 1)}),
        (Conv2d(2, 5, 3), {"weight": (5, 2, 3, 3), "bias": (5, 1, 1)}),
        (Conv2d(2, 5, (3, 4), bias=False), {"weight": (5, 2, 3, 4)}),
        (ReLU(), {}),
        (Dropout(0.25), {}),
    ],
    ids=repr,
)
def test_parameters_have_names_and_shapes(layer: Module, shapes: dict[str, tuple[int, ...]]) -> None:
    assert shapes_of(layer) == shapes
    assert all(parameter.value.is_leaf() for parameter in layer.parameters())


def test_layers_without_bias_add_none() -> None:
    rng = np.random.default_rng(2)
    for layer, shape in [
        (Linear(3, 5, bias=False), (4, 3)),
        (Conv1d(3, 5, 2, bias=False), (4, 3, 6)),
        (Conv2d(3, 5, 2, bias=False), (4, 3, 6, 2)),
    ]:
        assert layer.bias is None
        randomize(layer, rng)
        assert not layer(minitorch.zeros(shape)).to_numpy().any()


@pytest.mark.parametrize(
    ("make", "inputs"),
    [
        (lambda **kw: Linear(16, 200, **kw), 16),
        (lambda **kw: Conv1d(4, 100, 4, **kw), 16),
        (lambda **kw: Conv2d(3, 50, (2, 6), **kw), 36),
    ],
    ids=["Linear", "Conv1d", "Conv2d"],
)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_initial_values(make: Any, inputs: int, dtype: str) -> None:
    """Uniform between the bounds: none beyond, some close to either, and the mean close to 0."""
    bound = 1 / math.sqrt(inputs)
    layer = make(dtype=dtype, backend=minitorch.FastBackend)
    for parameter in layer.parameters():
        values = parameter.value.to_numpy()
        assert parameter.value.dtype == dtype
        assert parameter.value.backend is minitorch.FastBackend
        assert (np.abs(values) <= bound).all()
        assert values.min() < -0.85 * bound
        assert values.max() > 0.85 * bound
        # Five standard deviations of a mean of uniform numbers.
        assert abs(values.mean()) < 5 * bound / math.sqrt(3 * values.size)


def test_initial_values_follow_the_seed() -> None:
    def build(seed: int) -> list[Any]:
        minitorch.manual_seed(seed)
        network = Sequential(Conv1d(2, 3, 2), Conv2d(2, 3, 2), Linear(3, 4))
        return [values.tolist() for values in network.state_dict().values()]

    assert build(1) == build(1)
    for one, other in zip(build(1), build(2)):
        assert one != other


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Linear(0, 2), "in_features=0"),
        (lambda: Linear(2, -1), "out_features=-1"),
        (lambda: Linear(2.0, 2), "in_features=2.0"),
        (lambda: Conv1d(0, 2, 3), "in_channels=0"),
        (lambda: Conv1d(2, 0, 3), "out_channels=0"),
        (lambda: Conv1d(2, 2, 0), "0"),
        (lambda: Conv1d(2, 2, (2, 3)), r"\(2, 3\)"),
        (lambda: Conv1d(2, 2, ()), r"\(\)"),
        (lambda: Conv1d(2, 2, 1.5), "1.5"),
        (lambda: Conv2d(0, 2, 3), "in_channels=0"),
        (lambda: Conv2d(2, 0, 3), "out_channels=0"),
        (lambda: Conv2d(2, 2, (2, 0)), r"\(2, 0\)"),
        (lambda: Conv2d(2, 2, (2, 3, 4)), r"\(2, 3, 4\)"),
        (lambda: MaxPool2d((0, 2)), r"\(0, 2\)"),
        (lambda: AvgPool2d(-1), "-1"),
        (lambda: Dropout(1.5), "rate=1.5"),
        (lambda: Dropout(-0.5), "rate=-0.5"),
        (lambda: ScalarLinear(0, 2), "in_features=0"),
        (lambda: ScalarLinear(2, 0), "out_features=0"),
    ],
)
def test_bad_settings_are_refused_when_the_layer_is_built(make: Any, name: str) -> None:
    with pytest.raises((minitorch.ArgumentError, minitorch.ShapeError), match=rf"(?s)got: .*{name}.*expected:.*fix:"):
        make()


@pytest.mark.parametrize(
    "layer", [Linear, lambda *sizes: Conv1d(*sizes, 2), ScalarLinear], ids=["Linear", "Conv1d", "ScalarLinear"]
)
def test_sizes_may_be_numpy_integers(layer: Any) -> None:
    """`labels.max() + 1` is one, and a whole number."""
    assert len(layer(np.int64(3), np.int64(2)).parameters()) > 0


@pytest.mark.parametrize("shape", [(3,), (4, 2), (3, 4), (4, 3, 2), ()], ids=str)
def test_linear_refuses_inputs_of_another_size(shape: tuple[int, ...]) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"Linear\(3, 5\)(?s:.*)expected: input \(batch, 3\)") as caught:
        Linear(3, 5)(minitorch.zeros(shape))
    assert f"input {shape}" in str(caught.value)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (Conv1d(3, 5, 2), (4, 2, 6)),
        (Conv1d(3, 5, 2), (3, 6)),
        (Conv2d(3, 5, 2), (4, 2, 6, 7)),
        (Conv2d(3, 5, 2), (3, 6, 7)),
    ],
    ids=str,
)
def test_convolutions_refuse_inputs_of_another_size(layer: Module, shape: tuple[int, ...]) -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got:.*expected:.*fix:") as caught:
        layer(minitorch.zeros(shape))
    assert f"input {shape} and weight {layer.weight.value.shape}" in str(caught.value)


# Layers without weights


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("layer", "function"),
    [
        (ReLU(), lambda x: np.maximum(x, 0)),
        (Sigmoid(), scipy.special.expit),
        (LogSoftmax(), lambda x: scipy.special.log_softmax(x, axis=-1)),
        (LogSoftmax(1), lambda x: scipy.special.log_softmax(x, axis=1)),
        (AvgPool2d((2, 3)), lambda x: oracles.windows(x, (2, 3)).mean(-1)),
        (AvgPool2d(2), lambda x: oracles.windows(x, (2, 2)).mean(-1)),
        (MaxPool2d((2, 3)), lambda x: oracles.windows(x, (2, 3)).max(-1)),
        (MaxPool2d(2), lambda x: oracles.windows(x, (2, 2)).max(-1)),
        (Flatten(), lambda x: x.reshape(2, 3 * 4 * 6)),
        (Dropout(0), lambda x: x),
    ],
    ids=lambda value: repr(value) if isinstance(value, Module) else "",
)
def test_layers_compute_their_function(layer: Module, function: Any, layout: str) -> None:
    x = random_array(np.random.default_rng(3), (2, 3, 4, 6))
    expected = function(x)
    out = layer(lay_out(x, layout))
    assert out.shape == expected.shape
    np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (0, 2, 3), (1, 2, 3, 5)], ids=str)
def test_flatten_of_other_shapes(shape: tuple[int, ...]) -> None:
    x = random_array(np.random.default_rng(4), shape)
    flat = x.reshape(shape[0], math.prod(shape[1:]))
    np.testing.assert_array_equal(Flatten()(minitorch.tensor(x)).to_numpy(), flat)


def test_flatten_refuses_a_bare_number() -> None:
    with pytest.raises(minitorch.ShapeError, match=r"(?s)got: +input \(\).*expected: input \(batch, ...\).*fix:"):
        Flatten()(minitorch.tensor(3.0))


def test_dropout_honours_the_mode_at_any_depth() -> None:
    """In training, cells are dropped and the rest is scaled; in evaluation, nothing happens."""
    network = Sequential(Sequential(Sequential(Dropout(0.75))))
    x = minitorch.ones(400)
    trained = network(x).to_numpy()
    assert set(trained.tolist()) == {0.0, 4.0}
    network.eval()
    np.testing.assert_array_equal(network(x).to_numpy(), np.ones(400))
    network.train()
    assert 0.0 in network(x).to_numpy()


# Sequential


def test_sequential_calls_its_layers_in_order() -> None:
    class Note(Module):
        def __init__(self, letter: str) -> None:
            super().__init__()
            self.letter = letter

        def forward(self, x: str) -> str:
            return x + self.letter

    # Eleven layers: sorted as texts, "10" would come before "2".
    assert Sequential(*[Note(letter) for letter in "abcdefghijk"])(">") == ">abcdefghijk"
    assert Sequential()("as it was") == "as it was"


def test_sequential_is_indexed_like_a_list() -> None:
    layers = [Linear(2, 3), ReLU(), Linear(3, 1)]
    network = Sequential(*layers)
    assert len(network) == 3
    assert [network[i] is layers[i] for i in (0, 1, 2, -1, -3)] == [True] * 5
    assert list(network) == layers
    with pytest.raises(IndexError):
        network[3]


def test_sequential_names_its_layers_by_number() -> None:
    network = Sequential(Linear(2, 3), ReLU(), Sequential(Conv1d(1, 2, 3, bias=False)))
    assert list(network.state_dict()) == ["0.weight", "0.bias", "2.0.weight"]
    assert [parameter.name for parameter in network.parameters()] == ["weight", "bias", "weight"]


def test_layers_show_their_settings() -> None:
    network = Sequential(
        Conv2d(1, 4, (3, 2)),
        Sequential(ReLU(), MaxPool2d(2), AvgPool2d((1, 2))),
        Flatten(),
        Dropout(0.25),
        Linear(8, 3),
        LogSoftmax(),
        Conv1d(2, 3, 5),
        Sigmoid(),
    )
    assert repr(network).split("\n") == [
        "Sequential(",
        "  (0): Conv2d(1, 4, kernel_size=(3, 2))",
        "  (1): Sequential(",
        "    (0): ReLU()",
        "    (1): MaxPool2d(kernel_size=(2, 2))",
        "    (2): AvgPool2d(kernel_size=(1, 2))",
        "  )",
        "  (2): Flatten()",
        "  (3): Dropout(0.25)",
        "  (4): Linear(8, 3)",
        "  (5): LogSoftmax()",
        "  (6): Conv1d(2, 3, kernel_size=(5,))",
        "  (7): Sigmoid()",
        ")",
    ]


@pytest.mark.parametrize("layer", [ReLU, [ReLU()], None, len], ids=["class", "list", "None", "function"])
def test_sequential_refuses_what_is_no_module(layer: Any) -> None:
    with pytest.raises(minitorch.ArgumentError, match=r"(?s)argument 1 is none.*got:.*expected:.*ReLU\(\), not ReLU"):
        Sequential(Linear(2, 3), layer)


# ScalarLinear


@pytest.mark.parametrize("wrap", [float, Scalar])
def test_scalar_linear(wrap: Any) -> None:
    layer = ScalarLinear(3, 2, wrap)
    weight = np.array([[float(w.value) for w in row] for row in layer.weights])
    bias = np.array([float(b.value) for b in layer.biases])
    assert weight.shape == (3, 2)
    assert all(type(parameter.value) is wrap for parameter in layer.parameters())

    x = [0.5, -2.0, 3.0]
    outputs = layer([wrap(number) for number in x])
    assert all(isinstance(out, wrap) for out in outputs)
    np.testing.assert_allclose([float(out) for out in outputs], np.array(x) @ weight + bias, rtol=1e-12)


def test_scalar_linear_is_differentiable() -> None:
    layer = ScalarLinear(2, 3, Scalar)
    x = [Scalar(0.5), Scalar(-2.0)]
    weight = [[w.value.data for w in row] for row in layer.weights]
    out = layer(x)
    (2 * out[0] - 5 * out[2]).backward()
    assert [[w.value.derivative for w in row] for row in layer.weights] == [[1.0, None, -2.5], [-4.0, None, 10.0]]
    assert [b.value.derivative for b in layer.biases] == [2.0, None, -5.0]
    for number, row in zip(x, weight):
        assert number.derivative == pytest.approx(2 * row[0] - 5 * row[2])


def test_scalar_linear_names_its_parameters() -> None:
    names = [name for name, _ in ScalarLinear(2, 2).named_parameters()]
    assert names == ["weight_0_0", "weight_0_1", "weight_1_0", "weight_1_1", "bias_0", "bias_1"]


def test_scalar_linear_starts_between_minus_1_and_1() -> None:
    random.seed(1)
    values = [parameter.value for parameter in ScalarLinear(20, 10).parameters()]
    assert all(-1 <= value <= 1 for value in values)
    assert min(values) < -0.9
    assert max(values) > 0.9
    assert abs(sum(values)) < 5 * math.sqrt(len(values) / 3)
    random.seed(1)
    assert values == [parameter.value for parameter in ScalarLinear(20, 10).parameters()]


@pytest.mark.parametrize("count", [0, 2, 4])
def test_scalar_linear_refuses_another_number_of_inputs(count: int) -> None:
    with pytest.raises(minitorch.ShapeError, match=rf"(?s)got: +{count} inputs.*expected: 3 inputs.*fix:"):
        ScalarLinear(3, 2)([1.0] * count)


# A whole network: the graph is connected, from the loss to the first layer


class Network(Module):
    """One layer of each kind, small enough to differentiate by every single parameter."""

    def __init__(self, backend: minitorch.TensorBackend) -> None:
        super().__init__()
        self.conv = Conv2d(2, 3, (2, 3), backend=backend)
        self.hidden = Linear(3 * 2 * 2, 5, backend=backend)
        self.out = Linear(5, 4, backend=backend)
        self.body = Sequential(
            self.conv, ReLU(), MaxPool2d((2, 1)), AvgPool2d((1, 3)), Flatten(), self.hidden, Dropout(0.25), self.out
        )

    def forward(self, x: Any) -> Any:
        return LogSoftmax()(self.body(x))


def test_every_parameter_gets_its_gradient(backend: minitorch.TensorBackend) -> None:
    """Finite, not zero, and right: as central differences see it, one number of one parameter at a time."""
    rng = np.random.default_rng(5)
    network = Network(backend)
    # The layers are listed twice, as attributes and in the chain, but are the same.
    assert list(shapes_of(network))[:6] == [
        "conv.weight", "conv.bias", "hidden.weight", "hidden.bias", "out.weight", "out.bias"
    ]  # fmt: skip
    assert len(network.parameters()) == 6
    images = minitorch.tensor(random_array(rng, (3, 2, 4, 6)), backend=backend)
    labels = [3, 0, 2]

    def loss() -> Any:
        minitorch.manual_seed(7)  # the same cells are dropped each time
        return minitorch.nll_loss(network(images), labels)

    loss().backward()
    gradients = [parameter.value.grad.to_numpy() for parameter in network.parameters()]
    for parameter, gradient in zip(network.parameters(), gradients):
        value = parameter.value
        assert gradient.shape == value.shape
        assert np.isfinite(gradient).all()
        assert gradient.any()
        for cell in np.ndindex(*value.shape):
            at = value[cell]
            value[cell] = at + 1e-6
            right = loss().item()
            value[cell] = at - 1e-6
            left = loss().item()
            value[cell] = at
            assert gradient[cell] == pytest.approx((right - left) / 2e-6, rel=1e-5, abs=1e-8)


def test_state_of_a_network_is_loaded_into_another() -> None:
    rng = np.random.default_rng(6)
    first, second = Network(minitorch.SimpleBackend), Network(minitorch.SimpleBackend)
    images = minitorch.tensor(random_array(rng, (1, 2, 4, 6)))
    first.eval()
    second.eval()
    assert not np.array_equal(first(images).to_numpy(), second(images).to_numpy())
    second.load_state_dict(first.state_dict())
    np.testing.assert_array_equal(first(images).to_numpy(), second(images).to_numpy())
