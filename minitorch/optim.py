"""Optimizers, which change parameters along their gradients, and schedules, which change the learning rate.

An optimizer sees nothing but parameters. Their values may be tensors or Scalars: it takes the numbers of either as a
NumPy array, computes the new ones, and has the old value make a new one like itself. No step needs a graph.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .errors import ArgumentError, DTypeError, StateError, explain
from .fast_adam import adam_direction
from .memory import empty
from .module import Parameter


def _check_range(owner: object, name: str, value: float, low: float, high: float = math.inf) -> float:
    """Return `value` if low <= value < high, else raise ArgumentError."""
    if not low <= value < high:
        raise ArgumentError(
            explain(
                f"{type(owner).__name__} cannot work with this {name}.",
                got=f"{name}={value}",
                expected=f"{low} or more" + (f", and less than {high}" if high < math.inf else ""),
                fix=f"choose a {name} in that range",
            )
        )
    return value


def _check_steps(owner: object, name: str, value: int) -> int:
    """Return `value` if it is a whole number of at least 1, else raise ArgumentError."""
    if value != int(value):
        raise ArgumentError(
            explain(
                f"{type(owner).__name__} counts in whole steps.",
                got=f"{name}={value}",
                expected="a whole number of at least 1",
                fix=f"round {name}",
            )
        )
    return int(_check_range(owner, name, value, 1))


def _gradient(parameter: Parameter) -> np.ndarray | None:
    """What the last backward pass left for a parameter, to be read only; without dimensions for a Scalar."""
    value = parameter.value
    if hasattr(value, "derivative"):
        return None if value.derivative is None else np.array(value.derivative)
    gradient = getattr(value, "grad", None)
    return None if gradient is None else gradient.numbers()


class Optimizer:
    """What all optimizers share: the parameters, the learning rate, and a memory per parameter.

    Args:
        parameters: The parameters to change, usually `model.parameters()`.
        lr: The learning rate, the size of a step.

    Attributes:
        lr: The current learning rate; schedules change it.
        memory: For each parameter, by its number, the named quantities that the optimizer remembers.
        remembers: The names of those quantities.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Parameter(minitorch.Scalar(3))
        >>> optimizer = minitorch.SGD([x], lr=0.25)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     (x.value * x.value).backward()
        ...     optimizer.step()
        ...     print(x)
        Scalar(1.5)
        Scalar(0.75)
    """

    remembers: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Parameter], lr: float = 1.0) -> None:
        self.parameters = list(parameters)
        self.lr = _check_range(self, "lr", lr, 0.0)
        self.memory: list[dict[str, Any]] = [{} for _ in self.parameters]

    def zero_grad(self) -> None:
        """Forget all gradients, so that the next backward pass starts from nothing.

        Examples:
            >>> import minitorch
            >>> x = minitorch.Parameter(minitorch.ones(1))
            >>> (x.value * x.value).backward()
            >>> minitorch.SGD([x]).zero_grad()
            >>> print(x.value.grad)
            None
        """
        for parameter in self.parameters:
            value = parameter.value
            if hasattr(value, "derivative"):
                value.derivative = None
            elif hasattr(value, "grad"):
                value.grad = None

    def step(self) -> None:
        """Change every parameter that has a gradient. Its new value is a fresh leaf, without a gradient.

        Examples:
            >>> import minitorch
            >>> x = minitorch.Parameter(minitorch.tensor([3]))
            >>> (x.value * 10).backward()
            >>> minitorch.SGD([x], lr=0.1).step()
            >>> x
            tensor([2.], shape=(1,), requires_grad=True)
        """
        for parameter, memory in zip(self.parameters, self.memory):
            old, gradient = parameter.value, _gradient(parameter)
            if gradient is not None:
                value = old.numbers()  # of the shape of the parameter; without dimensions for a Scalar
                direction = self._direction(value, gradient, memory)
                # value - lr * direction, in memory that is used again; see `memory.py`.
                moved = empty(value.size, value.dtype).reshape(value.shape)
                np.multiply(direction, self.lr, out=moved)
                np.subtract(value, moved, out=moved)
                parameter.update(old.like(moved))

    def _direction(self, value: np.ndarray, gradient: np.ndarray, memory: dict[str, Any]) -> np.ndarray:
        """The direction of steepest increase, as this optimizer sees it; `step` walks the other way.

        Value and gradient are to be read only; what shall be remembered of them has to be copied.
        """
        raise NotImplementedError

    def state_dict(self) -> dict[str, np.ndarray]:
        """The learning rate and the memory, as arrays; the parameters themselves belong to the model's state.

        Examples:
            >>> import minitorch
            >>> x = minitorch.Parameter(minitorch.tensor([3]))
            >>> optimizer = minitorch.SGD([x], lr=0.5, momentum=0.5)
            >>> (x.value * 10).backward()
            >>> optimizer.step()
            >>> optimizer.state_dict()
            {'lr': array(0.5), '0.velocity': array([10.])}
        """
        state = {"lr": np.array(self.lr)}
        for number, memory in enumerate(self.memory):
            state.update({f"{number}.{name}": np.array(quantity) for name, quantity in memory.items()})
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned. Everything is checked before anything is changed.

        Args:
            state: The arrays by name.

        Raises:
            StateError: The state names a parameter that is not there, lacks the learning rate, or an array has
                neither the shape of its parameter nor is a single number.
            ArgumentError: The learning rate is negative.
        """
        memory: list[dict[str, Any]] = [{} for _ in self.parameters]
        for key, array in state.items():
            seen, kind = np.shape(array), np.asarray(array).dtype.kind
            number, _, name = key.partition(".")
            found = f"{key!r} of shape {seen} and type {np.asarray(array).dtype}"
            if key == "lr":
                if seen != () or kind not in "fiu":
                    self._refuse(found, "one number")
            elif not number.isdecimal() or int(number) >= len(memory) or name not in self.remembers:
                self._refuse(found, "no such entry")
            else:
                value = self.parameters[int(number)].value
                wanted = np.asarray(value)
                if seen not in ((), wanted.shape) or kind not in "fiu":
                    self._refuse(found, f"numbers of shape {wanted.shape}")
                memory[int(number)][name] = float(array) if seen == () else np.array(array, dtype=wanted.dtype)
        for i, quantities in enumerate(memory):
            for name in self.remembers:
                if quantities and name not in quantities:
                    self._refuse(f"no entry '{i}.{name}'", "all that is remembered of a parameter")
        if "lr" not in state:
            self._refuse("no entry 'lr'", "the learning rate under 'lr'")
        self.lr = _check_range(self, "lr", float(state["lr"]), 0.0)
        self.memory = memory

    def _refuse(self, got: str, expected: str) -> None:
        raise StateError(
            explain(
                f"The state does not belong to this {type(self).__name__} with {len(self.parameters)} parameters.",
                got=got,
                expected=expected,
                fix="load it into an optimizer over the same parameters as the one that was saved",
            )
        )


def clip_grad_norm_(parameters: Iterable[Parameter] | Parameter, max_norm: float) -> float:
    """Shorten the gradient, of all parameters together, to `max_norm` if it is longer (Pascanu et al., 2013).

    One step on a cliff of the loss then leads no further than any other. The direction stays.

    Args:
        parameters: The parameters, usually `model.parameters()`; those without a gradient do not count.
        max_norm: The greatest length, more than 0: the root of the sum of all squares.

    Returns:
        The length that the gradient had.

    Raises:
        ArgumentError: The greatest length is not more than 0.
        DTypeError: Something else than a parameter is among them.
        StateError: The gradient is not finite; then no direction is right, and nothing is changed.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Parameter(minitorch.zeros(2))
        >>> x.value.backward(minitorch.tensor([30, 40]))
        >>> minitorch.clip_grad_norm_([x], max_norm=5)
        50.0
        >>> x.value.grad
        tensor([3., 4.], shape=(2,))
    """
    if not max_norm > 0:
        raise ArgumentError(
            explain(
                "A gradient cannot be clipped to this length.",
                got=f"max_norm={max_norm}",
                expected="a number more than 0",
                fix="choose a length such as 1.0",
            )
        )
    listed = [parameters] if isinstance(parameters, Parameter) else list(parameters)
    others = sorted({type(other).__name__ for other in listed if not isinstance(other, Parameter)})
    if others:
        raise DTypeError(
            explain(
                "Only gradients of parameters are clipped.",
                got=f"{', '.join(others)} among them",
                expected="parameters, as in clip_grad_norm_(model.parameters(), 1.0)",
                fix="put what is trained into a Parameter",
            )
        )
    max_norm = float(max_norm)  # a number of NumPy may have a type in which little fits
    different = {id(parameter): parameter for parameter in listed}.values()  # each counts once
    pairs = [(parameter, _gradient(parameter)) for parameter in different]
    found = [(parameter.value, gradient) for parameter, gradient in pairs if gradient is not None and gradient.size]
    # The numbers are divided by the largest of them first, for their squares could overflow.
    largest = max([float(np.abs(gradient).max()) for _, gradient in found], default=0.0)
    norm = largest
    if 0 < largest < math.inf:
        norm *= math.sqrt(sum([np.square(np.divide(g, largest, dtype=np.float64)).sum() for _, g in found]))
    if not math.isfinite(norm):
        raise StateError(
            explain(
                "The gradient is not finite, so it cannot be clipped.",
                got=f"a gradient of length {norm}",
                expected="finite numbers in all gradients",
                fix="lower the learning rate, and look for NaN in the data",
            )
        )
    if norm > max_norm:
        factor = max_norm / norm
        for value, gradient in found:
            shortened = np.multiply(gradient, factor, dtype=np.float64)  # a small factor may not fit float32
            if hasattr(value, "derivative"):
                value.derivative = float(shortened)
            else:
                value.grad = value.like(shortened)
    return norm


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay if wanted.

    With gradient g, each step computes v = momentum * v + (g + weight_decay * value), then value -= lr * v
    (Sutskever et al., 2013, in the form that PyTorch uses).

    Args:
        parameters: The parameters to change.
        lr: The learning rate.
        momentum: How much of the previous direction is kept, in [0, 1).
        weight_decay: How strongly values are pulled towards zero, 0 or more.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Parameter(minitorch.Scalar(100))
        >>> optimizer = minitorch.SGD([x], lr=1, momentum=0.5)
        >>> for _ in range(3):
        ...     optimizer.zero_grad()
        ...     (8 * x.value).backward()
        ...     optimizer.step()
        ...     print(x)
        Scalar(92.0)
        Scalar(80.0)
        Scalar(66.0)
    """

    remembers = ("velocity",)

    def __init__(
        self, parameters: Iterable[Parameter], lr: float = 1.0, momentum: float = 0.0, weight_decay: float = 0.0
    ) -> None:
        super().__init__(parameters, lr)
        self.momentum = _check_range(self, "momentum", momentum, 0.0, 1.0)
        self.weight_decay = _check_range(self, "weight_decay", weight_decay, 0.0)

    def _direction(self, value: np.ndarray, gradient: np.ndarray, memory: dict[str, Any]) -> np.ndarray:
        if self.weight_decay:
            gradient = gradient + self.weight_decay * value
        if not self.momentum:
            return gradient
        before = memory.get("velocity", 0.0)
        memory["velocity"] = self.momentum * before + gradient
        return memory["velocity"]


class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015): steps of about the same size for every number, whatever the size of its gradient.

    With gradient g, step number n computes m = beta1 * m + (1 - beta1) * g and s = beta2 * s + (1 - beta2) * g^2, and
    then value -= lr * (m / (1 - beta1^n)) / (sqrt(s / (1 - beta2^n)) + eps).

    Args:
        parameters: The parameters to change.
        lr: The learning rate.
        betas: How much of the running means of the gradient and of its square is kept at each step, in [0, 1).
        eps: Added to the divisor, so that it is never zero.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Parameter(minitorch.tensor([5, 5]))
        >>> optimizer = minitorch.Adam([x], lr=1)
        >>> (x.value * minitorch.tensor([0.001, 1000])).sum().backward()
        >>> optimizer.step()
        >>> x
        tensor([4., 4.], shape=(2,), requires_grad=True)
    """

    remembers = ("steps", "mean", "square")

    def __init__(
        self,
        parameters: Iterable[Parameter],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        super().__init__(parameters, lr)
        beta1, beta2 = betas
        self.betas = (_check_range(self, "beta", beta1, 0.0, 1.0), _check_range(self, "beta", beta2, 0.0, 1.0))
        self.eps = _check_range(self, "eps", eps, 0.0)

    def _direction(self, value: np.ndarray, gradient: np.ndarray, memory: dict[str, Any]) -> np.ndarray:
        steps = memory.get("steps", 0.0) + 1.0
        before = memory.get("mean", 0.0), memory.get("square", 0.0)
        direction, mean, square = adam_direction(gradient, *before, steps, self.betas, self.eps)
        memory.update(steps=steps, mean=mean, square=square)
        return direction


class LRScheduler:
    """Sets an optimizer's learning rate to the starting rate times a factor that depends on the number of steps.

    Args:
        optimizer: The optimizer to steer; its learning rate at this moment is the starting rate.

    Examples:
        >>> import minitorch
        >>> optimizer = minitorch.SGD([], lr=8)
        >>> schedule = minitorch.StepLR(optimizer, step_size=1, gamma=0.5)
        >>> schedule.step()
        >>> optimizer.lr, schedule.base_lr, schedule.steps
        (4.0, 8, 1)
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.base_lr = optimizer.lr
        self.steps = 0
        optimizer.lr = self.base_lr * self._factor(0)

    def step(self) -> None:
        """Go on to the next learning rate: call it once after each `optimizer.step()`, or once per epoch."""
        self.steps += 1
        self.optimizer.lr = self.base_lr * self._factor(self.steps)

    def _factor(self, steps: int) -> float:
        """The factor after a number of steps."""
        raise NotImplementedError

    def state_dict(self) -> dict[str, np.ndarray]:
        """The starting rate and the number of steps, as arrays."""
        return {"base_lr": np.array(self.base_lr), "steps": np.array(self.steps)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, and set the learning rate to match.

        Args:
            state: The arrays by name.

        Raises:
            StateError: An entry is missing or unknown, or is not a single number.
        """
        if set(state) != {"base_lr", "steps"}:
            raise StateError(
                explain(
                    f"The state does not belong to a {type(self).__name__}.",
                    got=f"the names {', '.join(state) or '(none)'}",
                    expected="the names base_lr, steps",
                    fix="pass what state_dict() returned",
                )
            )
        for name, array in state.items():
            if np.shape(array) != ():
                raise StateError(
                    explain(
                        f"The state does not belong to a {type(self).__name__}.",
                        got=f"{name} of shape {np.shape(array)}",
                        expected="one number",
                        fix="pass what state_dict() returned",
                    )
                )
        self.base_lr = float(state["base_lr"])
        self.steps = int(state["steps"])
        self.optimizer.lr = self.base_lr * self._factor(self.steps)


class StepLR(LRScheduler):
    """Multiplies the learning rate by `gamma` after every `step_size` steps.

    Args:
        optimizer: The optimizer to steer.
        step_size: After how many steps the learning rate changes, each time.
        gamma: What it is multiplied by, 0 or more.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> optimizer = minitorch.SGD([], lr=8)
        >>> schedule = minitorch.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(3):
        ...     print(optimizer.lr)
        ...     schedule.step()
        8.0
        8.0
        4.0
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        self.step_size = _check_steps(self, "step_size", step_size)
        self.gamma = _check_range(self, "gamma", gamma, 0.0)
        super().__init__(optimizer)

    def _factor(self, steps: int) -> float:
        return self.gamma ** (steps // self.step_size)


class LinearLR(LRScheduler):
    """Moves the factor in a straight line from `start_factor` to `end_factor`, over `total_iters` steps.

    Args:
        optimizer: The optimizer to steer.
        start_factor: The factor at the beginning, 0 or more.
        end_factor: The factor at the end, 0 or more.
        total_iters: The number of steps in between; afterwards the factor stays.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> optimizer = minitorch.SGD([], lr=8)
        >>> schedule = minitorch.LinearLR(optimizer, 1, 0.5, total_iters=2)
        >>> for _ in range(4):
        ...     print(optimizer.lr)
        ...     schedule.step()
        8.0
        6.0
        4.0
        4.0
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0, end_factor: float = 0.0, total_iters: int = 5
    ) -> None:
        self.start_factor = _check_range(self, "start_factor", start_factor, 0.0)
        self.end_factor = _check_range(self, "end_factor", end_factor, 0.0)
        self.total_iters = _check_steps(self, "total_iters", total_iters)
        super().__init__(optimizer)

    def _factor(self, steps: int) -> float:
        done = min(steps / self.total_iters, 1.0)
        return self.start_factor + (self.end_factor - self.start_factor) * done


class CosineAnnealingLR(LRScheduler):
    """Lets the factor fall from 1 to `end_factor` along half a cosine wave (Loshchilov and Hutter, 2017).

    Args:
        optimizer: The optimizer to steer.
        T_max: The number of steps that the fall takes; afterwards the factor stays.
        end_factor: The factor at the end.

    Raises:
        ArgumentError: A setting is out of its range.

    Examples:
        >>> import minitorch
        >>> optimizer = minitorch.SGD([], lr=8)
        >>> schedule = minitorch.CosineAnnealingLR(optimizer, T_max=2)
        >>> for _ in range(3):
        ...     print(optimizer.lr)
        ...     schedule.step()
        8.0
        4.0
        0.0
    """

    def __init__(self, optimizer: Optimizer, T_max: int, end_factor: float = 0.0) -> None:
        self.T_max = _check_steps(self, "T_max", T_max)
        self.end_factor = _check_range(self, "end_factor", end_factor, 0.0)
        super().__init__(optimizer)

    def _factor(self, steps: int) -> float:
        done = min(steps / self.T_max, 1.0)
        return self.end_factor + (1 - self.end_factor) * (1 + math.cos(math.pi * done)) / 2
