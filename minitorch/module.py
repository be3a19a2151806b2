"""Modules: the tree of layers and parameters that makes up a model."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .errors import StateError, explain


class Parameter:
    """A value that training changes.

    The parameter is a box: an optimizer puts a new value into it, and whoever holds the box sees the new value.

    Args:
        x: The value, usually a `Tensor` or a `Scalar`; anything is accepted. A tensor is told that its gradient is
            wanted.
        name: A name to show; the module that owns the parameter sets it.

    Examples:
        >>> import minitorch
        >>> box = minitorch.Parameter(minitorch.tensor([1, 2]))
        >>> box.update(minitorch.tensor([3, 4]))
        >>> box
        tensor([3., 4.], shape=(2,), requires_grad=True)
    """

    def __init__(self, x: Any, name: str | None = None) -> None:
        self.name = name
        self.update(x)

    def update(self, x: Any) -> None:
        """Replace the value. A tensor or a Scalar becomes a leaf that wants its derivative."""
        self.value = x
        if hasattr(x, "requires_grad_"):
            x.requires_grad_(True)
        if self.name and hasattr(x, "name"):
            x.name = self.name

    def __repr__(self) -> str:
        return repr(self.value)

    def __str__(self) -> str:
        return str(self.value)


class Module:
    """A part of a model: it owns parameters and other modules, and computes something with them.

    Assigning a `Parameter` or a `Module` to an attribute is all it takes to own it. What stands in a plain Python list
    is not seen: use `Sequential`, or `add_parameter`.

    Attributes:
        training: True in training, False in evaluation. Layers such as `Dropout` look at it.

    Raises:
        AttributeError: A module was assigned before `super().__init__()`, or under a name that `Module` uses itself; or
            an attribute is read that is not there.

    Examples:
        >>> import minitorch
        >>> class Network(minitorch.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.layer = minitorch.Linear(2, 1)
        ...
        ...     def forward(self, x):
        ...         return self.layer(x)
        >>> network = Network()
        >>> network(minitorch.zeros(5, 2)).shape
        (5, 1)
        >>> network
        Network(
          (layer): Linear(2, 1)
        )
    """

    _modules: dict[str, "Module"]
    _parameters: dict[str, Parameter]
    training: bool

    def __init__(self) -> None:
        self.__dict__.update(_modules={}, _parameters={}, training=True)

    # The tree

    def modules(self) -> list["Module"]:
        """The direct children of this module.

        Examples:
            >>> import minitorch
            >>> minitorch.Sequential(minitorch.Linear(2, 3), minitorch.ReLU()).modules()
            [Linear(2, 3), ReLU()]
        """
        return list(self._modules.values())

    def _walk(self) -> Iterator["Module"]:
        """This module and everything below it."""
        yield self
        for child in self._modules.values():
            yield from child._walk()

    def train(self) -> None:
        """Put this module and everything below it into training mode.

        Examples:
            >>> import minitorch
            >>> network = minitorch.Sequential(minitorch.Dropout(0.5))
            >>> network.eval()
            >>> network.train()
            >>> network[0].training
            True
        """
        for module in self._walk():
            module.training = True

    def eval(self) -> None:
        """Put this module and everything below it into evaluation mode.

        Examples:
            >>> import minitorch
            >>> network = minitorch.Sequential(minitorch.Dropout(0.5))
            >>> network.eval()
            >>> network(minitorch.ones(4))
            tensor([1., 1., 1., 1.], shape=(4,))
        """
        for module in self._walk():
            module.training = False

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """All parameters of the tree with their dotted names, such as ("encoder.layer1.weight", ...).

        Examples:
            >>> import minitorch
            >>> network = minitorch.Sequential(minitorch.Linear(2, 3), minitorch.ReLU())
            >>> [(name, parameter.value.shape) for name, parameter in network.named_parameters()]
            [('0.weight', (3, 2)), ('0.bias', (3,))]
        """
        own = list(self._parameters.items())
        below = [
            (f"{child_name}.{name}", parameter)
            for child_name, child in self._modules.items()
            for name, parameter in child.named_parameters()
        ]
        return own + below

    def parameters(self) -> list[Parameter]:
        """All parameters of the tree; one that is shared by several modules is listed once.

        Examples:
            >>> import minitorch
            >>> layer = minitorch.Linear(2, 3)  # of a weight and a bias
            >>> len(minitorch.Sequential(layer, layer).parameters())
            2
        """
        return list({id(parameter): parameter for _, parameter in self.named_parameters()}.values())

    def add_parameter(self, k: str, v: Any) -> Parameter:
        """Own a parameter whose name is computed, for instance in a loop.

        Args:
            k: The name, under which it can be read as an attribute too.
            v: Its value.

        Returns:
            The new parameter.

        Examples:
            >>> import minitorch
            >>> module = minitorch.Module()
            >>> for i in range(2):
            ...     _ = module.add_parameter(f"weight_{i}", minitorch.Scalar(i))
            >>> module.weight_1
            Scalar(1.0)
        """
        parameter = Parameter(v, k)
        setattr(self, k, parameter)
        return parameter

    # Attributes

    def __setattr__(self, key: str, value: Any) -> None:
        if isinstance(value, (Parameter, Module)) and "_parameters" not in self.__dict__:
            raise AttributeError(
                explain(
                    f"{type(self).__name__}.{key} was assigned before the module was set up.",
                    got=f"self.{key} = {type(value).__name__}(...) before super().__init__()",
                    expected="super().__init__() first",
                    fix="make super().__init__() the first line of __init__",
                )
            )
        if isinstance(value, (Parameter, Module)) and hasattr(type(self), key):
            raise AttributeError(
                explain(
                    f"{type(self).__name__}.{key} is taken: every module has something of that name.",
                    got=f"self.{key} = {type(value).__name__}(...)",
                    expected="a name that Module does not use itself",
                    fix="choose another name",
                )
            )
        # A name means one thing: whatever it meant before is forgotten.
        for table in (self.__dict__, self.__dict__.get("_parameters", {}), self.__dict__.get("_modules", {})):
            table.pop(key, None)
        if isinstance(value, Parameter):
            value.name = value.name or key
            self._parameters[key] = value
        elif isinstance(value, Module):
            self._modules[key] = value
        else:
            super().__setattr__(key, value)

    def __getattr__(self, key: str) -> Any:
        # Python calls this only when the ordinary search has found nothing.
        for table in ("_parameters", "_modules"):
            owned = self.__dict__.get(table, {})
            if key in owned:
                return owned[key]
        known = [*self.__dict__.get("_parameters", {}), *self.__dict__.get("_modules", {})]
        raise AttributeError(
            explain(
                f"{type(self).__name__} has no attribute {key!r}.",
                got=key,
                expected=f"one of its parameters and modules: {', '.join(known) or '(none so far)'}",
                fix="check the spelling, and that __init__ assigns it after super().__init__()",
            )
        )

    def __delattr__(self, key: str) -> None:
        for table in (self._parameters, self._modules):
            if key in table:
                del table[key]
                return
        super().__delattr__(key)

    # Saving and loading

    def state_dict(self) -> dict[str, np.ndarray]:
        """A copy of every parameter's values, by dotted name; `minitorch.save` writes it to a file.

        Examples:
            >>> import minitorch
            >>> state = minitorch.Linear(2, 3).state_dict()
            >>> {name: array.shape for name, array in state.items()}
            {'weight': (3, 2), 'bias': (3,)}
        """
        return {name: np.array(parameter.value) for name, parameter in self.named_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Give every parameter the values that `state_dict` returned.

        Everything is checked first: if one name or shape does not fit, no parameter is changed.

        Args:
            state: An array for each dotted parameter name, of that parameter's shape.

        Raises:
            StateError: A name is missing or unknown, or an array has the wrong shape.

        Examples:
            >>> import minitorch
            >>> layer = minitorch.Linear(2, 1, bias=False)
            >>> layer.load_state_dict({"weight": [[3, 4]]})
            >>> layer.weight
            tensor([[3., 4.]], shape=(1, 2), requires_grad=True)
        """
        parameters = dict(self.named_parameters())
        missing = [name for name in parameters if name not in state]
        unknown = [name for name in state if name not in parameters]
        if missing or unknown:
            raise StateError(
                explain(
                    f"The state does not belong to this {type(self).__name__}: its names differ.",
                    got=f"missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'}",
                    expected=f"exactly the names {', '.join(parameters) or '(none)'}",
                    fix="build the model with the same layers as the one that was saved",
                )
            )
        for name, parameter in parameters.items():
            seen, wanted = np.shape(state[name]), np.shape(np.asarray(parameter.value))
            if seen != wanted:
                raise StateError(
                    explain(
                        f"The state does not belong to this {type(self).__name__}: the shape of {name!r} differs.",
                        got=seen,
                        expected=wanted,
                        fix="build the model with the same sizes as the one that was saved",
                    )
                )
            kind = np.asarray(state[name]).dtype
            if kind.kind not in "fiub":
                raise StateError(
                    explain(
                        f"The state does not belong to this {type(self).__name__}: {name!r} holds no real numbers.",
                        got=f"values of type {kind}",
                        expected="ints and floats",
                        fix="pass what state_dict() returned",
                    )
                )
        # All new values are made before the first parameter changes, for making one may fail.
        new_values: list[Any] = []
        for name, parameter in parameters.items():
            old = parameter.value
            # A Tensor or a Scalar makes its like; a parameter may also be an array or a plain number.
            make = np.array if isinstance(old, np.ndarray) else getattr(old, "like", type(old))
            new_values.append(make(state[name]))
        for parameter, value in zip(parameters.values(), new_values):
            frozen = getattr(parameter.value, "history", True) is None
            parameter.update(value)
            if frozen:  # what was not trained before is not trained now
                value.requires_grad_(False)

    # Calling and showing

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's result: model(x) is model.forward(x)."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the module's result; every module that is called defines its own."""
        raise NotImplementedError(f"{type(self).__name__} defines no forward(...), so it cannot be called.")

    def extra_repr(self) -> str:
        """The settings to show between the parentheses when the module is printed."""
        return ""

    def __repr__(self) -> str:
        """The tree, one child a line."""
        head = f"{type(self).__name__}({self.extra_repr()}"
        if not self._modules:
            return head + ")"
        lines = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self._modules.items()]
        return head + "\n  " + "\n  ".join(lines) + "\n)"
