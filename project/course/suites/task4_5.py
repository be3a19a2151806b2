"""The cases of task 4.5, a network for images."""

import math
from typing import Any

import numpy as np

import minitorch
from minitorch import (
    Conv1d,
    Conv2d,
    Dropout,
    Flatten,
    Linear,
    LogSoftmax,
    MaxPool2d,
    Module,
    Parameter,
    ReLU,
    Sequential,
    Tensor,
)
from project import run_mnist_multiclass as script
from project.course.cases import Case, Values
from project.course.inputs import BACKENDS, Array, lay_out, leaf, numbers, random_array, rng_for
from project.course.suites.gradients import gradient_of

TASK = "4_5"

CONVOLUTIONS = {"Conv1d": Conv1d, "Conv2d": Conv2d}


def set_parameters(module: Module, arrays: list[Array], backend: str = "simple") -> list[Tensor]:
    """Give the parameters of a module other values, in the shapes that they have. Returns these tensors."""
    parameters = module.parameters()
    for parameter, array in zip(parameters, arrays):
        parameter.update(leaf(array.reshape(parameter.value.shape), backend=backend))
    return [parameter.value for parameter in parameters]


# Flatten, Sequential and Dropout


def run_flatten(input: Array, upstream: Array, layout: str) -> Values:
    """A batch, laid out in rows."""
    x = leaf(input, layout)
    out = Flatten()(x)
    return {"output": numbers(out), "gradient of the input": gradient_of(x, out, upstream)}


class Line(Module):
    """A layer for plain numbers: a line."""

    def __init__(self, slope: float, shift: float) -> None:
        super().__init__()
        self.slope, self.shift = slope, shift

    def forward(self, x: float) -> float:
        """slope * x + shift"""
        return self.slope * x + self.shift


def run_sequential(x: float, lines: list[tuple[float, float]]) -> Values:
    """A chain of lines."""
    return {"output": Sequential(*[Line(slope, shift) for slope, shift in lines])(x)}


def run_dropout(input: Array, rate: float, upstream: Array) -> Values:
    """The layer in evaluation."""
    x, layer = leaf(input), Dropout(rate)
    layer.training = False
    out = layer(x)
    return {"output": numbers(out), "gradient of the input": gradient_of(x, out, upstream)}


def run_dropped(input: Array, rate: float, seed: int) -> Values:
    """How many cells the layer drops in training, where it begins."""
    minitorch.manual_seed(seed)
    out = numbers(Dropout(rate)(lay_out(input)))
    return {"share of the cells that are dropped": float(np.mean(out == 0))}


# Convolution


def run_conv_parameters(kind: str, in_channels: int, out_channels: int, kernel: Any, bias: bool) -> Values:
    """Which parameters a layer has."""
    layer = CONVOLUTIONS[kind](in_channels, out_channels, kernel, bias)
    shapes = {name: list(parameter.value.shape) for name, parameter in layer.named_parameters()}
    return {
        "shape of the weight": shapes.get("weight"),
        "shape of the bias": shapes.get("bias"),
        "number of numbers to learn": sum([math.prod(shape) for shape in shapes.values()]),
    }


def run_conv_settings(backend: str, dtype: str) -> Values:
    """Whether a layer honours backend and type, and keeps its sizes."""
    layer = Conv2d(2, 5, (3, 4), backend=BACKENDS[backend], dtype=dtype)
    values = [parameter.value for parameter in layer.parameters()]
    return {
        "types of the parameters": [str(value.dtype) for value in values],
        "all on the backend": all(value.backend is BACKENDS[backend] for value in values),
        "sizes": [layer.in_channels, layer.out_channels, list(layer.kernel_size)],
    }


def run_conv_start(in_channels: int, out_channels: int, kernel: Any, seed: int) -> Values:
    """Between which numbers the weights of a new layer lie."""
    minitorch.manual_seed(seed)
    weight = numbers(Conv2d(in_channels, out_channels, kernel).weight.value)
    assert weight is not None
    return {"smallest weight": weight.min(), "largest weight": weight.max(), "mean weight": weight.mean()}


def run_conv_seeds(seeds: tuple[int, int]) -> Values:
    """Whether new layers begin with the same weights."""

    def start(seed: int | None) -> Array:
        if seed is not None:
            minitorch.manual_seed(seed)
        weight = numbers(Conv2d(2, 3, (2, 2)).weight.value)
        assert weight is not None
        return weight

    first, second, other, again = start(seeds[0]), start(None), start(seeds[1]), start(seeds[0])
    return {
        "the same weights, after the same seed": bool((first == again).all()),
        "the same weights, in a second layer": bool((first == second).all()),
        "the same weights, after another seed": bool((first == other).all()),
    }


def run_conv2d(input: Array, weight: Array, bias: Array | None, upstream: Array, backend: str, layout: str) -> Values:
    """A layer with given weights, forward and backward."""
    x = leaf(input, layout, backend)
    out_channels, in_channels, *kernel = weight.shape
    layer = Conv2d(in_channels, out_channels, kernel, bias is not None, BACKENDS[backend])
    parameters = set_parameters(layer, [weight] if bias is None else [weight, bias], backend)
    out = layer(x)
    result = {"output": numbers(out), "gradient of the input": gradient_of(x, out, upstream)}
    names = ["gradient of the weight", "gradient of the bias"]
    for name, value, shape in zip(names, parameters, [weight.shape, (out_channels,)]):
        gradient = numbers(value.grad)
        result[name] = None if gradient is None else gradient.reshape(shape)
    return result


# Layers together


def small_network(rate: float) -> Sequential:
    """Images of 2 channels and 4 x 6 pixels become the log-probabilities of 3 classes."""
    return Sequential(
        Conv2d(2, 3, (2, 3)),  # (batch, 3, 4, 6)
        ReLU(),
        MaxPool2d((2, 3)),  # (batch, 3, 2, 2)
        Flatten(),  # (batch, 12)
        Dropout(rate),
        Linear(12, 3),  # (batch, 3)
        LogSoftmax(1),
    )


PARAMETERS = ("weight of the convolution", "bias of the convolution", "weight of Linear", "bias of Linear")


def run_small_network(images: Array, parameters: list[Array], upstream: Array) -> Values:
    """The gradients of all parameters, without dropout."""
    network = small_network(0.5)
    network.eval()
    values = set_parameters(network, parameters)
    x = leaf(images)
    out = network(x)
    result = {"output": numbers(out), "gradient of the images": gradient_of(x, out, upstream)}
    for name, value, array in zip(PARAMETERS, values, parameters):
        gradient = numbers(value.grad)
        result[f"gradient of the {name}"] = None if gradient is None else gradient.reshape(array.shape)
    return result


def run_small_network_with_dropout(
    images: Array, parameters: list[Array], directions: list[Array], upstream: Array, seed: int
) -> Values:
    """In training: what the gradients say of a small step of each parameter, and what becomes of it."""
    network, step = small_network(0.5), 1e-6

    def run(arrays: list[Array]) -> tuple[Tensor, list[Tensor]]:
        values = set_parameters(network, arrays)
        minitorch.manual_seed(seed)  # the same cells are dropped each time
        return network(lay_out(images)), values

    def total(i: int, change: Array) -> float:
        cells = numbers(run([*parameters[:i], parameters[i] + change, *parameters[i + 1 :]])[0])
        assert cells is not None
        return float((cells * upstream).sum())

    out, values = run(parameters)
    out.backward(upstream)
    result: Values = {}
    for i, (name, direction) in enumerate(zip(PARAMETERS, directions)):
        gradient = numbers(values[i].grad)
        along = 0.0 if gradient is None else float((gradient.reshape(direction.shape) * direction).sum())
        slope = (total(i, step * direction) - total(i, -step * direction)) / (2 * step)
        result[f"{name}: there is a gradient"] = bool(gradient is not None and gradient.any())
        result[f"{name}: difference between slope and gradient"] = abs(along - slope)
    return result


# The script


def run_network_parameters(backend: str) -> Values:
    """The parameters of the network, in the order of its layers."""
    network = script.build_network(BACKENDS[backend])
    values = [parameter.value for parameter in network.parameters()]
    return {
        "shapes of the parameters": [list(value.shape) for value in values],
        "number of numbers to learn": sum([value.size for value in values]),
        "types of the parameters": [str(value.dtype) for value in values],
        "all on the backend": all(value.backend is BACKENDS[backend] for value in values),
    }


def dropouts(module: Module) -> list[Dropout]:
    """All dropout layers of a network."""
    found = [module] if isinstance(module, Dropout) else []
    return found + [layer for child in module.modules() for layer in dropouts(child)]


def run_network_dropout(backend: str) -> Values:
    """The rates of all dropout layers."""
    return {"rates of dropout": [layer.rate for layer in dropouts(script.build_network(BACKENDS[backend]))]}


def run_network(images: Array, parameters: list[Array], backend: str) -> Values:
    """What the network says of images, in evaluation; and what comes to its dropout."""
    network = script.build_network(BACKENDS[backend])
    set_parameters(network, parameters, backend)
    network.eval()
    seen = []

    def note(x: Tensor) -> Tensor:
        seen.append(list(x.shape))
        return x

    for layer in dropouts(network):
        layer.forward = note  # type: ignore[method-assign]
    out = network(lay_out(images, backend=BACKENDS[backend]))
    return {"output": numbers(out), "shapes of what comes to dropout": seen}


def run_network_gradients(images: Array, upstream: Array, seed: int) -> Values:
    """Whether a step of training reaches every parameter."""
    minitorch.manual_seed(seed)
    network = script.build_network(BACKENDS["fast"])
    network(lay_out(images, backend=BACKENDS["fast"])).backward(upstream)
    gradients = [numbers(parameter.value.grad) for parameter in network.parameters()]
    return {"parameters with a gradient": [g is not None and bool(np.isfinite(g).all() and g.any()) for g in gradients]}


def run_to_input(images: Array, backend: str) -> Values:
    """Images as the network wants them."""
    x = script.to_input(images, BACKENDS[backend])
    return {"pixels": numbers(x), "type": str(x.dtype), "on the backend": x.backend is BACKENDS[backend]}


class TenPixels(Module):
    """A stand-in for a network: of each image, ten pixels count as the evidence for the ten digits.

    Attributes:
        scale: A parameter, 1, by which everything is multiplied.
    """

    def __init__(self, row: int) -> None:
        super().__init__()
        self.row = row
        self.scale = Parameter(leaf([1.0]))

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 1, 28, 28) becomes log-probabilities (batch, 10)."""
        pixels = numbers(x)
        assert pixels is not None
        evidence = pixels[:, 0, self.row, 5:15].astype(np.float64)  # (batch, 10)
        return lay_out(evidence - np.log(np.exp(evidence).sum(1, keepdims=True))) * self.scale.value


def run_evaluate(images: Array, labels: Array, row: int, rate: float, seed: int) -> Values:
    """A stand-in for the network, evaluated: is it right, and is it left alone?"""
    minitorch.manual_seed(seed)
    stand_in = TenPixels(row)
    model = Sequential(Dropout(rate), stand_in)
    evaluation = script.evaluate(model, images, labels, BACKENDS["simple"])
    totals = evaluation.totals
    return {
        "images": totals.count,
        "right answers": int(totals.correct),
        "mean loss": float(totals.mean_loss),
        "probabilities": np.asarray(evaluation.probabilities),
        "parameter afterwards": numbers(stand_in.scale.value),
        "gradient of the parameter afterwards": numbers(stand_in.scale.value.grad),
    }


# Cases


def layer_cases() -> list[Case]:
    """Flatten, Sequential and Dropout."""
    rng = rng_for("layers")
    cases = []
    for special, shape, layout in (
        ("one image of 2 x 3 pixels", (1, 2, 3), "rows"),
        ("a batch of two", (2, 3, 1), "rows"),
        ("several channels", (2, 3, 4, 5), "rows"),
        ("rows stay as they are", (3, 4), "rows"),
        ("memory in the order 'reversed'", (2, 3, 4, 5), "reversed"),
        ("memory in the order 'rotated'", (2, 3, 4, 5), "rotated"),
    ):
        upstream = random_array(rng, (shape[0], math.prod(shape[1:])))
        inputs = {"input": random_array(rng, shape), "upstream": upstream, "layout": layout}
        cases.append(Case(TASK, f"Flatten: {special}", run_flatten, "flatten", inputs))
    lines = [(float(slope), float(shift)) for slope, shift in rng.integers(1, 10, (11, 2)) / 4]
    for special, count in (("one layer", 1), ("two layers", 2), ("no layers", 0), ("eleven layers", 11)):
        inputs = {"x": 3.0, "lines": lines[:count]}
        cases.append(Case(TASK, f"Sequential: {special}", run_sequential, "sequential", inputs))
    few, upstream, many = random_array(rng, (3, 5)), random_array(rng, (3, 5)), random_array(rng, (20, 50))
    for rate in (0.5, 1.0):
        inputs = {"input": few, "rate": rate, "upstream": upstream}
        cases.append(Case(TASK, f"Dropout: in evaluation, at rate {rate}", run_dropout, "dropout", inputs))
    for rate in (0.25, 0.8):
        inputs = {"input": many, "rate": rate, "seed": 1}
        allowed = 6 * math.sqrt(rate * (1 - rate) / many.size)  # six standard deviations
        cases.append(Case(TASK, f"Dropout: in training, at rate {rate}", run_dropped, "dropped", inputs, 0.0, allowed))
    return cases


def conv_case(
    special: str,
    input_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    bias: bool = True,
    backend: str = "simple",
    layout: str = "rows",
) -> Case:
    """A case for `Conv2d`, on random numbers."""
    name = f"Conv2d: {special}"
    rng = rng_for(name)
    batch, _, height, width = input_shape
    inputs = {
        "input": random_array(rng, input_shape),
        "weight": random_array(rng, weight_shape),
        "bias": random_array(rng, weight_shape[:1]) if bias else None,
        "upstream": random_array(rng, (batch, weight_shape[0], height, width)),
        "backend": backend,
        "layout": layout,
    }
    return Case(TASK, name, run_conv2d, "conv2d", inputs)


def conv_cases() -> list[Case]:
    """The parameters of convolutions, and the layer `Conv2d`."""
    cases = []
    for special, kind, in_channels, out_channels, kernel, bias in (
        ("Conv2d: parameters", "Conv2d", 2, 5, (3, 4), True),
        ("Conv2d: parameters, without bias", "Conv2d", 2, 5, (3, 4), False),
        ("Conv1d: parameters", "Conv1d", 2, 5, 3, True),
        ("Conv1d: parameters, without bias", "Conv1d", 2, 5, 3, False),
    ):
        sizes = {"kind": kind, "in_channels": in_channels, "out_channels": out_channels, "kernel": kernel, "bias": bias}
        cases.append(Case(TASK, special, run_conv_parameters, "conv_parameters", sizes))
    for backend, dtype in (("simple", "float64"), ("fast", "float32")):
        name = f"Conv2d: the {backend} backend and {dtype}"
        cases.append(Case(TASK, name, run_conv_settings, "conv_settings", {"backend": backend, "dtype": dtype}))
    for special, in_channels, kernel in (("a single tap", 1, (1, 1)), ("18 taps", 3, (2, 3))):
        sizes = {"in_channels": in_channels, "out_channels": 900 // in_channels, "kernel": kernel, "seed": 1}
        name = f"Conv2d: where weights start, with {special}"
        # Of so many random numbers, the largest and the smallest come close to the ends; the mean is nearly 0.
        atol = 0.15 / math.sqrt(in_channels * math.prod(kernel))
        cases.append(Case(TASK, name, run_conv_start, "conv_start", sizes, 0.0, atol))
    name = "Conv2d: the same seed gives the same weights"
    cases.append(Case(TASK, name, run_conv_seeds, "conv_seeds", {"seeds": (1, 2)}))
    return [
        *cases,
        conv_case("one tap and one channel", (1, 1, 2, 3), (1, 1, 1, 1)),
        conv_case("without bias", (1, 1, 3, 4), (2, 1, 2, 1), bias=False),
        conv_case("as wide as there are channels", (1, 2, 3, 4), (4, 2, 2, 1)),
        conv_case("all sizes differ", (2, 3, 5, 7), (4, 3, 2, 3)),
        conv_case(
            "the fast backend, memory in the order 'rotated'", (2, 3, 5, 7), (4, 3, 2, 3), True, "fast", "rotated"
        ),
    ]


def network_cases() -> list[Case]:
    """Layers together, in a small network and in that of the script."""
    rng = rng_for("networks")
    shapes = ((3, 2, 2, 3), (3,), (3, 12), (3,))
    small = {
        "images": random_array(rng, (5, 2, 4, 6)),
        "parameters": [random_array(rng, shape) / 2 for shape in shapes],
        "upstream": random_array(rng, (5, 3)),
    }
    dropped = small | {"directions": [random_array(rng, shape) for shape in shapes], "seed": 5}
    large_shapes = ((4, 1, 3, 3), (4,), (8, 4, 3, 3), (8,), (64, 392), (64,), (10, 64), (10,))
    # As large as the weights of a new network, so that the outputs are neither.
    large = [
        (random_array(rng, shape) / math.sqrt(math.prod(shape[1:]) or 1)).astype(np.float32) for shape in large_shapes
    ]
    images = rng.normal(size=(3, 1, 28, 28)).astype(np.float32)
    compiled = ("one thread", "threads")
    name = "layers together: gradients of all parameters"
    cases = [
        Case(TASK, name, run_small_network, "small_network", small, 1e-6, 1e-5),
        Case(
            TASK,
            "layers together: gradients of all parameters, with dropout",
            run_small_network_with_dropout,
            "small_network_with_dropout",
            dropped,
            atol=1e-6,
        ),
    ]
    for backend in BACKENDS:
        name = f"build_network: parameters, on the {backend} backend"
        cases.append(Case(TASK, name, run_network_parameters, "network_parameters", {"backend": backend}))
    cases.append(Case(TASK, "build_network: dropout", run_network_dropout, "network_dropout", {"backend": "simple"}))
    inputs = {"images": images[:1], "parameters": large, "backend": "fast"}
    cases.append(Case(TASK, "build_network: one image", run_network, "network", inputs, 1e-4, 1e-4, seconds=30.0))
    several = "build_network: a batch of three"
    inputs = inputs | {"images": images}
    cases.append(Case(TASK, several, run_network, "network", inputs, 1e-4, 1e-4, stages=compiled))
    inputs = {"images": images, "upstream": random_array(rng, (3, 10)), "seed": 1}
    name = "build_network: a step of training reaches every parameter"
    return [*cases, Case(TASK, name, run_network_gradients, "network_gradients", inputs, stages=compiled)]


def script_cases() -> list[Case]:
    """`to_input` and `evaluate`."""
    rng = rng_for("digits")
    digits = rng.integers(0, 256, (3, 28, 28)).astype(np.uint8)
    cases = []
    for special, images, backend in (
        ("nothing but ink", np.full((1, 28, 28), 255, np.uint8), "simple"),
        ("nothing but paper", np.zeros((1, 28, 28), np.uint8), "simple"),
        ("one image", digits[:1], "simple"),
        ("three images", digits, "simple"),
        ("the fast backend", digits[1:], "fast"),
    ):
        inputs = {"images": images, "backend": backend}
        cases.append(Case(TASK, f"to_input: {special}", run_to_input, "to_input", inputs, 1e-5, 1e-5))
    for special, count, rate in (
        ("one image", 1, 0.0),
        ("seven images", 7, 0.0),
        ("dropout does not disturb it", 7, 0.9),
        ("more images than fit into a batch", 1203, 0.0),
    ):
        images = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        # Three of four labels are what the stand-in for the network will say.
        labels = np.where(np.arange(count) % 4 < 3, images[:, 11, 5:15].argmax(1), rng.integers(0, 10, count))
        inputs = {"images": images, "labels": labels.astype(np.uint8), "row": 11, "rate": rate, "seed": 3}
        cases.append(Case(TASK, f"evaluate: {special}", run_evaluate, "evaluate", inputs, 1e-5, 1e-6))
    return cases


CASES = [*layer_cases(), *conv_cases(), *network_cases(), *script_cases()]
