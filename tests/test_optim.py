"""Optimizers and schedules, step by step against the update rules written out in NumPy."""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import (
    SGD,
    Adam,
    ArgumentError,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    Optimizer,
    Parameter,
    Scalar,
    StateError,
    StepLR,
)

from .checks import seeds

# A parameter may hold a Scalar or a tensor; these are the kinds of value to try, by shape and type.
KINDS: dict[str, tuple[tuple[int, ...], Any]] = {
    "float64": ((2, 3), np.float64),
    "float32": ((3, 2), np.float32),
    "one cell": ((1,), np.float64),
}


def make(array: Any) -> Parameter:
    """A parameter with a tensor."""
    return Parameter(minitorch.tensor(array))


def read(parameter: Parameter) -> Any:
    """The values of a parameter, as an array."""
    return np.array(parameter.value)


def give(parameter: Parameter, gradient: Any) -> None:
    """Let a backward pass leave this gradient for a parameter: a leaf hands on what it is given."""
    parameter.value.backward(float(gradient) if isinstance(parameter.value, Scalar) else gradient)


# The update rules. Each takes the gradients of one parameter, None where there was none, and yields its values.


def sgd_rule(x: Any, gradients: Any, lr: float, momentum: float = 0.0, weight_decay: float = 0.0) -> Iterator[Any]:
    velocity = np.zeros_like(x)
    for g in gradients:
        if g is not None:
            velocity = momentum * velocity + g + weight_decay * x
            x = x - lr * velocity
        yield x


def adam_rule(
    x: Any, gradients: Any, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8
) -> Iterator[Any]:
    m, v, t = np.zeros_like(x), np.zeros_like(x), 0
    for g in gradients:
        if g is not None:
            t += 1
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g**2
            x = x - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps)
        yield x


SETTINGS: list[tuple[type[Optimizer], Callable[..., Iterator[Any]], dict[str, Any]]] = [
    (SGD, sgd_rule, {"lr": 0.5}),
    (SGD, sgd_rule, {"lr": 0.1, "momentum": 0.9}),
    (SGD, sgd_rule, {"lr": 0.1, "weight_decay": 0.3}),
    (SGD, sgd_rule, {"lr": 0.1, "momentum": 0.6, "weight_decay": 0.3}),
    (Adam, adam_rule, {"lr": 0.1}),
    (Adam, adam_rule, {"lr": 0.1, "betas": (0.6, 0.8), "eps": 0.1}),
    (Adam, adam_rule, {"lr": 0.1, "betas": (0.0, 0.0)}),
]


each_setting = pytest.mark.parametrize(
    ("kind", "rule", "settings"),
    SETTINGS,
    ids=[f"{kind.__name__} {', '.join(settings)}" for kind, _, settings in SETTINGS],
)


# Steps


def follow(optimizer: Optimizer, parameters: list[Parameter], gradients: list[list[Any]]) -> list[list[Any]]:
    """Walk through the gradients, one list for each step; return each parameter's values after each step."""
    seen: list[list[Any]] = [[] for _ in parameters]
    for step in gradients:
        optimizer.zero_grad()
        for parameter, gradient in zip(parameters, step, strict=True):
            if gradient is not None:
                give(parameter, gradient)
        optimizer.step()
        for values, parameter in zip(seen, parameters):
            values.append(read(parameter))
    return seen


def random_gradients(rng: np.random.Generator, shapes: list[tuple[int, ...]], steps: int) -> list[list[Any]]:
    """Random gradients of the given shapes; one in five is missing."""
    return [[None if rng.random() < 0.2 else rng.normal(size=shape) for shape in shapes] for _ in range(steps)]


@pytest.mark.task1_5
@given(seed=seeds())
def test_sgd_on_scalars(seed: int) -> None:
    rng = np.random.default_rng(seed)
    start, gradients = rng.normal(size=3), rng.normal(size=(4, 3))
    parameters = [Parameter(Scalar(x)) for x in start]
    follow(SGD(parameters, lr=0.25), parameters, gradients.tolist())
    expected = start - 0.25 * gradients.sum(axis=0)
    assert [p.value.data for p in parameters] == pytest.approx(expected, rel=1e-12)


@pytest.mark.task1_5
def test_sgd_goes_downhill() -> None:
    # (w - 3)^2 + (v + 1)^2 has its minimum at w = 3, v = -1.
    w, v = Parameter(Scalar(0.0)), Parameter(Scalar(0.0))
    optimizer = SGD([w, v], lr=0.2)
    for _ in range(50):
        optimizer.zero_grad()
        a, b = w.value - 3.0, v.value + 1.0
        (a * a + b * b).backward()
        optimizer.step()
    assert (w.value.data, v.value.data) == pytest.approx((3.0, -1.0), abs=1e-9)


@pytest.mark.task1_5
def test_the_default_learning_rate_of_sgd_is_one() -> None:
    parameter = Parameter(Scalar(5.0))
    give(parameter, 2.0)
    SGD([parameter]).step()
    assert parameter.value.data == 3.0


@pytest.mark.task4_5
@each_setting
@given(seed=seeds())
def test_steps_on_scalars(kind: Any, rule: Any, settings: dict[str, Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = rng.normal(size=2)
    parameters = [Parameter(Scalar(x)) for x in start]
    gradients = random_gradients(rng, [(), ()], 6)
    seen = follow(kind(iter(parameters), **settings), parameters, gradients)
    for i in range(2):
        expected = list(rule(start[i], [step[i] for step in gradients], **settings))
        np.testing.assert_allclose(seen[i], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.task4_5
@each_setting
@pytest.mark.parametrize("seed", range(3))
def test_steps_on_tensors(kind: Any, rule: Any, settings: dict[str, Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    start = [rng.normal(size=shape).astype(dtype) for shape, dtype in KINDS.values()]
    parameters = [make(array) for array in start]
    gradients = random_gradients(rng, [array.shape for array in start], 4)
    seen = follow(kind(parameters, **settings), parameters, gradients)
    for i, array in enumerate(start):
        expected = list(rule(array.astype(np.float64), [step[i] for step in gradients], **settings))
        coarse = array.dtype == np.float32
        for mine, right in zip(seen[i], expected):
            assert mine.shape == array.shape
            assert mine.dtype == array.dtype
            np.testing.assert_allclose(mine, right, rtol=1e-4 if coarse else 1e-9, atol=1e-5 if coarse else 1e-12)


@pytest.mark.task4_5
@each_setting
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (2, 1, 3), (0, 2)], ids=str)
def test_a_step_keeps_the_shape(kind: Any, rule: Any, settings: dict[str, Any], shape: tuple[int, ...]) -> None:
    # Otherwise a model that was saved after training could not be loaded into a new one.
    parameter = make(np.ones(shape))
    (values,) = follow(kind([parameter], **settings), [parameter], [[np.full(shape, 2.0)]] * 2)
    assert [array.shape for array in values] == [shape] * 2


@pytest.mark.task4_5
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(scale: float) -> None:
    parameter = make(np.zeros(4))
    give(parameter, scale * np.array([1.0, -2.0, 3.0, 0.0]))
    Adam([parameter], lr=0.1).step()
    np.testing.assert_allclose(read(parameter), [-0.1, 0.1, -0.1, 0.0], rtol=1e-4)


@pytest.mark.task4_5
@each_setting
def test_a_gradient_of_zero_does_no_harm(kind: Any, rule: Any, settings: dict[str, Any]) -> None:
    parameters = [make(np.zeros((2, 3))), Parameter(Scalar(0.0))]
    seen = follow(kind(parameters, **settings), parameters, [[np.zeros((2, 3)), 0.0]] * 3)
    for values in seen:
        np.testing.assert_array_equal(values[-1], 0.0)


@pytest.mark.task4_5
@each_setting
@pytest.mark.parametrize("value", [Scalar(1.0), minitorch.tensor([1.0, 2.0])], ids=["scalar", "tensor"])
def test_a_step_makes_a_fresh_leaf(kind: Any, rule: Any, settings: dict[str, Any], value: Any) -> None:
    # Training loops that never call zero_grad() rely on this: a gradient that stayed would be counted again.
    parameter = Parameter(value.detach())
    (parameter.value * 2.0 * parameter.value).backward(np.ones(value.shape) if hasattr(value, "shape") else None)
    old = parameter.value
    kind([parameter], **settings).step()
    assert parameter.value is not old
    assert parameter.value.is_leaf()
    assert (parameter.value.derivative if isinstance(old, Scalar) else parameter.value.grad) is None


@pytest.mark.task4_5
@each_setting
def test_a_parameter_without_a_gradient_stays(kind: Any, rule: Any, settings: dict[str, Any]) -> None:
    parameters = [make(np.ones(3)), Parameter(Scalar(1.0)), Parameter(2.0), make(np.ones(3))]
    before = [p.value for p in parameters]
    give(parameters[3], np.ones(3))
    kind(parameters, **settings).step()
    assert [p.value is old for p, old in zip(parameters, before)] == [True, True, True, False]


@pytest.mark.task4_5
@each_setting
def test_a_step_leaves_values_and_gradients_that_others_hold(kind: Any, rule: Any, settings: dict[str, Any]) -> None:
    parameter = make(np.array([1.0, 2.0, 4.0]))
    optimizer = kind([parameter], **settings)
    held = []
    for step in range(3):
        give(parameter, np.array([1.0, -2.0, 3.0]) * (step + 1))
        held += [(x, x.to_numpy()) for x in (parameter.value, parameter.value.grad)]
        optimizer.step()
    for x, values in held:
        np.testing.assert_array_equal(x.to_numpy(), values)


@pytest.mark.task4_5
@each_setting
@pytest.mark.parametrize("value", [1.0, [1.0, 2.0]], ids=["scalar", "tensor"])
def test_the_memory_holds_no_graph(kind: Any, rule: Any, settings: dict[str, Any], value: Any) -> None:
    # A graph in there would grow with every step, and nothing of it would ever be given back.
    parameter = make(value) if isinstance(value, list) else Parameter(Scalar(value))
    optimizer = kind([parameter], **settings)
    for _ in range(3):
        give(parameter, np.ones_like(value))
        optimizer.step()
    assert all(getattr(x, "history", None) is None for x in optimizer.memory[0].values())


@pytest.mark.task4_5
def test_zero_grad_forgets_every_gradient() -> None:
    parameters = [make(np.ones((2, 3))), Parameter(Scalar(1.0)), Parameter(2.0)]
    give(parameters[0], np.ones((2, 3)))
    give(parameters[1], 1.0)
    optimizer = SGD(parameters)
    optimizer.zero_grad()
    assert parameters[0].value.grad is None
    assert parameters[1].value.derivative is None
    optimizer.step()
    np.testing.assert_array_equal(read(parameters[0]), 1.0)


@pytest.mark.task4_5
def test_gradients_add_up_until_zero_grad() -> None:
    parameter = make(np.zeros(2))
    give(parameter, np.array([1.0, 2.0]))
    give(parameter, np.array([10.0, 20.0]))
    SGD([parameter], lr=1.0).step()
    np.testing.assert_array_equal(read(parameter), [-11.0, -22.0])


@pytest.mark.task4_5
def test_the_learning_rate_can_be_changed_on_the_way() -> None:
    parameter = Parameter(Scalar(0.0))
    optimizer = SGD([parameter], lr=1.0)
    for lr in (1.0, 10.0, 0.0):
        optimizer.lr = lr
        give(parameter, 1.0)
        optimizer.step()
    assert parameter.value.data == -11.0


@pytest.mark.task4_5
def test_an_optimizer_without_a_rule_cannot_step() -> None:
    parameter = Parameter(Scalar(0.0))
    give(parameter, 1.0)
    with pytest.raises(NotImplementedError):
        Optimizer([parameter]).step()
    assert parameter.value.data == 0.0


@pytest.mark.task4_5
@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda p: SGD(p, lr=-0.5), r"SGD cannot .* lr\.\n  got: +lr=-0\.5\n  expected: 0\.0 or more\n  fix: "),
        (lambda p: Adam(p, lr=math.nan), r"got: +lr=nan\n"),
        (lambda p: SGD(p, lr=math.inf), r"got: +lr=inf\n"),
        (lambda p: SGD(p, momentum=1.0), r"got: +momentum=1\.0\n  expected: 0\.0 or more, and less than 1\.0\n"),
        (lambda p: SGD(p, momentum=-0.1), r"got: +momentum=-0\.1\n"),
        (lambda p: SGD(p, weight_decay=-1.0), r"got: +weight_decay=-1\.0\n"),
        (lambda p: Adam(p, betas=(0.9, 1.0)), r"Adam .*\n  got: +beta=1\.0\n"),
        (lambda p: Adam(p, betas=(-0.5, 0.9)), r"got: +beta=-0\.5\n"),
        (lambda p: Adam(p, eps=-1e-8), r"got: +eps=-1e-08\n"),
        (lambda p: StepLR(SGD(p), step_size=0), r"StepLR .*\n  got: +step_size=0\n  expected: 1 or more\n"),
        (lambda p: StepLR(SGD(p), 3, gamma=-0.5), r"got: +gamma=-0\.5\n"),
        (lambda p: LinearLR(SGD(p), start_factor=-0.5), r"got: +start_factor=-0\.5\n"),
        (lambda p: LinearLR(SGD(p), end_factor=-0.5), r"got: +end_factor=-0\.5\n"),
        (lambda p: LinearLR(SGD(p), total_iters=0), r"got: +total_iters=0\n"),
        (lambda p: CosineAnnealingLR(SGD(p), T_max=0), r"got: +T_max=0\n"),
        (lambda p: CosineAnnealingLR(SGD(p), 5, end_factor=-0.5), r"got: +end_factor=-0\.5\n"),
    ],
)
def test_settings_outside_their_range_are_refused(build: Callable[[list[Parameter]], Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        build([Parameter(Scalar(1.0))])


# The state of an optimizer


def starting_parameters() -> list[Parameter]:
    rng = np.random.default_rng(7)
    tensors = [make(rng.normal(size=shape).astype(dtype)) for shape, dtype in KINDS.values()]
    return [*tensors, Parameter(Scalar(0.3)), make(np.ones(2))]


def train(optimizer: Optimizer, steps: range) -> None:
    """Steps with gradients that depend on the number of the step only; the last parameter never has one."""
    for step in steps:
        rng = np.random.default_rng(step)
        for parameter in optimizer.parameters[:-1]:
            give(parameter, rng.normal(size=read(parameter).shape))
        optimizer.step()


def exactly(optimizer: Optimizer) -> list[tuple[Any, bytes]]:
    return [(read(p).dtype, read(p).tobytes()) for p in optimizer.parameters]


@pytest.mark.task4_5
@each_setting
def test_a_loaded_state_continues_bit_for_bit(kind: Any, rule: Any, settings: dict[str, Any]) -> None:
    whole = kind(starting_parameters(), **settings)
    train(whole, range(8))

    first = kind(starting_parameters(), **settings)
    train(first, range(5))
    state = first.state_dict()
    assert all(isinstance(array, np.ndarray) and array.dtype.kind == "f" for array in state.values())
    copies = [Parameter(p.value.like(read(p))) for p in first.parameters]
    second = kind(copies, **{**settings, "lr": 123.0})
    second.load_state_dict(state)
    assert second.lr == settings["lr"]
    train(second, range(5, 8))
    assert exactly(second) == exactly(whole)


@pytest.mark.task4_5
@each_setting
def test_the_state_is_a_copy_in_both_directions(kind: Any, rule: Any, settings: dict[str, Any]) -> None:
    optimizer, twin = [kind(starting_parameters(), **settings) for _ in range(2)]
    train(optimizer, range(3))
    train(twin, range(3))
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    for array in (*state.values(), *optimizer.state_dict().values()):
        array[...] = -5.0
    train(optimizer, range(3, 5))
    train(twin, range(3, 5))
    assert exactly(optimizer) == exactly(twin)


def spoiled(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    optimizer = Adam(starting_parameters())
    train(optimizer, range(2))
    state = optimizer.state_dict()
    state["lr"] = np.array(77.0)
    change(state)
    return state


@pytest.mark.task4_5
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("lr"), r"this Adam with 5 parameters\.\n  got: +no entry 'lr'\n"),
        (lambda s: s.clear(), r"got: +no entry 'lr'\n"),
        (
            lambda s: s.update({"5.mean": np.zeros(2)}),
            r"got: +'5\.mean' of shape \(2,\).*\n  expected: no such entry\n",
        ),
        (lambda s: s.update({"-1.mean": np.zeros(2)}), r"got: +'-1\.mean'"),
        (lambda s: s.update(rate=np.zeros(2)), r"got: +'rate'"),
        (
            lambda s: s.update({"0.mean": np.zeros((3, 2))}),
            r"'0\.mean' of shape \(3, 2\).*\n  expected: .*shape \(2, 3\)\n",
        ),
        (lambda s: s.update({"3.mean": np.zeros(1)}), r"'3\.mean' of shape \(1,\).*\n  expected: .*shape \(\)\n"),
        (lambda s: s.update(lr=np.zeros(2)), r"got: .*lr"),
        (lambda s: s.update({"0.mean": np.full((2, 3), "text")}), r"got: +'0\.mean'"),
        (lambda s: s.pop("0.square"), r"0\.square"),
        (lambda s: s.update({"0.velocity": np.zeros((2, 3))}), r"got: +'0\.velocity'"),
    ],
    ids=["lr", "empty", "number", "negative", "name", "shape", "rank", "lr shape", "text", "incomplete", "foreign"],
)
def test_a_state_that_does_not_fit_changes_nothing(change: Callable, message: str) -> None:
    optimizer = Adam(starting_parameters())
    train(optimizer, range(5, 9))
    before = {name: array.tolist() for name, array in optimizer.state_dict().items()}
    with pytest.raises(StateError, match=message) as error:
        optimizer.load_state_dict(spoiled(change))
    assert "\n  fix:      " in str(error.value)
    assert {name: array.tolist() for name, array in optimizer.state_dict().items()} == before


@pytest.mark.task4_5
def test_the_state_of_another_kind_of_optimizer_is_refused() -> None:
    # Otherwise training would go on without the momentum that it had, and nobody would be told.
    sgd = SGD(starting_parameters(), momentum=0.9)
    with pytest.raises(StateError, match="SGD"):
        sgd.load_state_dict(spoiled(lambda state: None))


@pytest.mark.task4_5
def test_the_state_of_a_new_optimizer_is_its_learning_rate() -> None:
    state = Adam(starting_parameters(), lr=0.25).state_dict()
    assert {name: float(array) for name, array in state.items()} == {"lr": 0.25}


# Schedules


def cosine(t: int, length: int, end: float) -> float:
    return end + (1 - end) * math.cos(min(t, length) / length * math.pi / 2) ** 2  # cos^2 (x/2) = (1 + cos x) / 2


SCHEDULES: dict[str, tuple[Callable[[Optimizer], LRScheduler], list[float]]] = {
    "step": (lambda o: StepLR(o, 3, gamma=0.5), [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]),
    "step default": (lambda o: StepLR(o, 4), [1, 1, 1, 1, 0.1, 0.1, 0.1, 0.1, 0.01, 0.01]),
    "linear default": (lambda o: LinearLR(o), [1, 0.8, 0.6, 0.4, 0.2, 0, 0, 0, 0, 0]),
    "linear up": (lambda o: LinearLR(o, 0.25, 1.0, total_iters=3), [0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]),
    "cosine": (lambda o: CosineAnnealingLR(o, 7), [cosine(t, 7, 0.0) for t in range(10)]),
    "cosine to": (lambda o: CosineAnnealingLR(o, T_max=6, end_factor=0.2), [cosine(t, 6, 0.2) for t in range(10)]),
}

each_schedule = pytest.mark.parametrize(("build", "factors"), SCHEDULES.values(), ids=SCHEDULES)


@pytest.mark.task4_5
@each_schedule
@given(lr=st.floats(0.01, 10))
def test_schedule(build: Callable[[Optimizer], LRScheduler], factors: list[float], lr: float) -> None:
    optimizer = SGD([Parameter(Scalar(0.0))], lr=lr)
    scheduler = build(optimizer)
    seen = []
    for _ in factors:
        seen.append(optimizer.lr)
        scheduler.step()
    assert seen == pytest.approx([lr * factor for factor in factors], rel=1e-12, abs=1e-12)


@pytest.mark.task4_5
def test_the_optimizer_steps_with_the_scheduled_rate() -> None:
    parameter = Parameter(Scalar(0.0))
    optimizer = SGD([parameter], lr=8.0)
    scheduler = StepLR(optimizer, 1, gamma=0.5)
    for _ in range(4):
        give(parameter, 1.0)
        optimizer.step()
        scheduler.step()
    assert parameter.value.data == -(8.0 + 4.0 + 2.0 + 1.0)


@pytest.mark.task4_5
@each_schedule
@pytest.mark.parametrize("steps", [0, 2, 9])
def test_a_schedule_goes_on_where_it_was_saved(
    build: Callable[[Optimizer], LRScheduler], factors: list[float], steps: int
) -> None:
    optimizer, other = SGD([], lr=0.3), SGD([], lr=50.0)
    first, second = build(optimizer), build(other)
    for _ in range(steps):
        first.step()
    state = first.state_dict()
    assert all(isinstance(array, np.ndarray) for array in state.values())
    second.load_state_dict(state)
    for _ in range(4):
        assert other.lr == optimizer.lr
        first.step()
        second.step()


@pytest.mark.task4_5
@pytest.mark.parametrize(
    ("state", "message"),
    [
        (
            {"steps": np.array(3)},
            r"belong to a StepLR\.\n  got: +the names steps\n  expected: the names base_lr, steps\n",
        ),
        ({}, r"got: +the names \(none\)\n"),
        ({"steps": np.array(3), "base_lr": np.array(9.0), "gamma": np.array(1.0)}, r"got: .*gamma"),
        ({"steps": np.array(3), "base_lr": np.zeros(2)}, r"got: .*base_lr"),
        ({"steps": np.zeros(2), "base_lr": np.array(9.0)}, r"got: .*steps"),
    ],
    ids=["missing", "empty", "unknown", "rate of two numbers", "steps of two numbers"],
)
def test_a_schedule_refuses_a_state_that_does_not_fit(state: dict[str, Any], message: str) -> None:
    optimizer = SGD([], lr=0.3)
    scheduler = StepLR(optimizer, 2, gamma=0.5)
    scheduler.step()
    with pytest.raises(StateError, match=message):
        scheduler.load_state_dict(state)
    assert (scheduler.base_lr, scheduler.steps, optimizer.lr) == (0.3, 1, 0.3)
    scheduler.step()
    assert optimizer.lr == 0.15


@pytest.mark.task4_5
def test_a_schedule_needs_a_rule() -> None:
    with pytest.raises(NotImplementedError):
        LRScheduler(SGD([]))


@pytest.mark.task4_5
@pytest.mark.parametrize("schedule", [minitorch.StepLR, minitorch.CosineAnnealingLR])
def test_schedules_count_in_whole_steps(schedule: Any) -> None:
    optimizer = SGD([], lr=0.5)
    with pytest.raises(minitorch.ArgumentError, match=r"(?s)whole steps.*=2.5"):
        schedule(optimizer, 2.5)
    assert optimizer.lr == 0.5


@pytest.mark.task4_5
@pytest.mark.parametrize("lr", [-5.0, float("nan"), float("inf")])
def test_a_state_with_an_impossible_learning_rate_is_refused(lr: float) -> None:
    optimizer = SGD([], lr=0.5)
    with pytest.raises(minitorch.ArgumentError, match="lr="):
        optimizer.load_state_dict({"lr": np.array(lr)})
    assert optimizer.lr == 0.5
