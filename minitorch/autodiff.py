"""Automatic differentiation, for numbers and tensors alike.

A `Variable` that was computed remembers how: its `History` names the `Function` that made it, the inputs it was made
from, and the `Context` with what the function kept for later. Following the histories backwards from a result gives
its graph. `backpropagate` walks that graph once, from the result to the leaves, and hands every leaf its derivative.

This file knows neither `Scalar` nor `Tensor`. It asks the variables themselves for the little that differs.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import GraphError, explain


def central_difference(f: Callable[..., Any], *vals: Any, arg: int = 0, epsilon: float = 1e-6) -> Any:
    """Approximate the derivative of `f` with respect to one argument, from two evaluations of `f`.

    That is `(f(..., x_arg + epsilon, ...) - f(..., x_arg - epsilon, ...)) / (2 * epsilon)`. Taking a step to both sides
    makes the error shrink with the square of epsilon.

    Args:
        f: A function of numbers (or of variables, which then gives a variable).
        vals: The point at which to differentiate, x_0 ... x_n.
        arg: The number of the argument to differentiate by.
        epsilon: Half the distance between the two evaluations.

    Returns:
        The approximation, a number (or a variable).

    Examples:
        >>> import minitorch
        >>> minitorch.central_difference(lambda x, y: x * x * y, 3, 10, arg=0, epsilon=0.5)
        60.0
    """
    right, left = list(vals), list(vals)
    right[arg] = right[arg] + epsilon
    left[arg] = left[arg] - epsilon
    return (f(*right) - f(*left)) / (2 * epsilon)


@dataclass(slots=True)
class Context:
    """What a `Function` keeps from its forward pass for its backward pass.

    Attributes:
        no_grad: True if no input needs a gradient; then nothing is kept.
        saved_values: What `save_for_backward` was given.
        needs_input_grad: For each variable among the inputs, whether anybody will ask for its gradient. A costly
            `backward` may return None for the others.

    Examples:
        >>> import minitorch
        >>> ctx = minitorch.Context()
        >>> ctx.save_for_backward(2, 3)
        >>> ctx.saved_values
        (2, 3)
        >>> ctx = minitorch.Context(no_grad=True)
        >>> ctx.save_for_backward(2, 3)
        >>> ctx.saved_values
        ()
    """

    no_grad: bool = False
    saved_values: tuple[Any, ...] = ()
    needs_input_grad: tuple[bool, ...] = ()

    def save_for_backward(self, *values: Any) -> None:
        """Keep `values` for the backward pass, unless there will be none."""
        if not self.no_grad:
            self.saved_values = values

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved values, under the name that PyTorch gives them."""
        return self.saved_values


@dataclass(slots=True)
class History:
    """How a variable came about.

    A variable without a history (None) is a constant. An empty history marks a leaf: nobody computed it, and its
    derivative is wanted. Any other history belongs to an intermediate result.

    Attributes:
        last_fn: The `Function` that computed the variable, or None for a leaf.
        ctx: The context of that call.
        inputs: The variables that it was called with.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(2)
        >>> x.history == minitorch.History()
        True
        >>> y = x * 3
        >>> y.history.last_fn.__name__, y.history.inputs
        ('Mul', [Scalar(2.0), Scalar(3.0)])
    """

    last_fn: type["Function"] | None = None
    ctx: Context | None = None
    inputs: Sequence["Variable"] = ()


class Variable:
    """A value that can stand in a graph. `Scalar` and `Tensor` are its two kinds.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(2)
        >>> y = x * x
        >>> x.is_leaf(), y.is_leaf(), y.detach().is_constant()
        (True, False, True)
        >>> y.parents
        [Scalar(2.0), Scalar(2.0)]
    """

    history: History | None
    name: str
    unique_id: int

    # What every variable can tell about its place in the graph

    def is_constant(self) -> bool:
        """True if no derivative with respect to this variable is ever wanted."""
        return self.history is None

    def is_leaf(self) -> bool:
        """True if the variable was made by the user and collects its derivative."""
        return self.history is not None and self.history.last_fn is None

    @property
    def parents(self) -> Sequence["Variable"]:
        """The variables that this one was computed from."""
        return self.history.inputs if self.history is not None else ()

    def chain_rule(self, d_output: Any) -> Iterable[tuple["Variable", Any]]:
        """Carry a derivative one step back, through the function that computed this variable.

        Args:
            d_output: The derivative of the final result with respect to this variable.

        Returns:
            A pair for each input of the function, with the input, and the derivative with respect to it along this path
            (None where the function says that nobody needs it).

        Raises:
            GraphError: The variable is a constant or a leaf, or its function returned a wrong number of derivatives.

        Examples:
            >>> import minitorch
            >>> x, y = minitorch.Scalar(3), minitorch.Scalar(4)
            >>> list((x * y).chain_rule(10))
            [(Scalar(3.0), 40.0), (Scalar(4.0), 30.0)]
        """
        history = self.history
        if history is None or history.last_fn is None or history.ctx is None:
            raise GraphError(
                explain(
                    "The chain rule needs a variable that a Function computed.",
                    got="a constant" if history is None else "a leaf",
                    expected="the result of some Function.apply(...)",
                    fix="call chain_rule on a computed variable; for a leaf, read its derivative after backward()",
                )
            )
        derivatives = history.last_fn._backward(history.ctx, d_output)
        inputs = history.inputs
        # Settings such as a dimension may travel as constants behind the operands; they need no entry of their own.
        left_out = inputs[len(derivatives) :]
        if len(derivatives) > len(inputs) or (left_out and not all(v.is_constant() for v in left_out)):
            raise GraphError(
                explain(
                    f"{history.last_fn.__name__}.backward returned a wrong number of derivatives.",
                    got=f"{len(derivatives)} derivatives for {len(inputs)} inputs",
                    expected="one derivative for each variable that forward was given",
                    fix="return a tuple with one entry per input, in the order of forward's arguments",
                )
            )
        # Nobody asks for the derivative with respect to a constant.
        return [(v, None if d is None or v.history is None else v._fit(d)) for v, d in zip(inputs, derivatives)]

    # What each kind of variable answers for itself

    def accumulate_derivative(self, x: Any) -> None:
        """Add `x` to the derivative that this leaf has collected so far."""
        raise NotImplementedError

    def keep_derivative(self, x: Any) -> None:
        """Add `x`, which nothing else refers to; a leaf may keep it as it is, where it would else take a copy."""
        self.accumulate_derivative(x)

    def detach(self) -> "Variable":
        """Return a constant with the same value."""
        raise NotImplementedError

    def numbers(self) -> Any:
        """Return the value as a NumPy array, to be read only."""
        raise NotImplementedError

    def like(self, values: Any) -> "Variable":
        """Return a constant of this kind that holds `values` (an array of the same shape)."""
        raise NotImplementedError

    def _fit(self, derivative: Any) -> Any:
        """Bring a derivative into the shape of this variable."""
        raise NotImplementedError

    def _operands(self, args: Sequence[Any]) -> tuple[list["Variable"], list[Any]]:
        """Split the arguments of a Function into the variables of the graph and the values to compute with."""
        raise NotImplementedError

    def _wrap(self, result: Any, history: History | None) -> "Variable":
        """Turn what a Function computed into a variable of this kind."""
        raise NotImplementedError


def wrap_tuple(x: Any) -> tuple[Any, ...]:
    """Return `x` if it is a tuple, else a tuple that holds just `x`."""
    return x if isinstance(x, tuple) else (x,)


class Function:
    """A computation that knows its derivative.

    A subclass writes two static methods and is used through `apply`:

    - `forward(ctx, *values)` computes the result. What `backward` will need goes into `ctx.save_for_backward(...)`.
    - `backward(ctx, d_output)` gets the derivative of the final result with respect to this function's output, and
      returns the derivatives with respect to its inputs: one for each variable that `forward` was given.

    Attributes:
        makes_derivatives: Whether everything that `backward` returns was newly made, and nothing else refers to it. A
            leaf need not copy it then, which matters for large tensors.
        hands_on_derivatives: Whether `backward` returns what it was given, in another form, and keeps none of it. Then
            it is as new as it was before.

    Examples:
        >>> import minitorch
        >>> class Square(minitorch.Function):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         ctx.save_for_backward(x)
        ...         return x * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, d_output):
        ...         (x,) = ctx.saved_values
        ...         return 2 * x * d_output
        >>> x = minitorch.tensor([3, 4], requires_grad=True)
        >>> Square.apply(x).sum().backward()
        >>> x.grad
        tensor([6., 8.], shape=(2,))
    """

    makes_derivatives = False
    hands_on_derivatives = False

    @staticmethod
    def forward(ctx: Context, *values: Any) -> Any:
        """Compute the result from the values of the arguments.

        Args:
            ctx: Keeps what `backward` will need.
            values: Floats where `apply` was given Scalars, constants where it was given tensors, and all else as it is.

        Returns:
            A float, or a tensor.
        """
        raise NotImplementedError("A Function must define the static method forward(ctx, *values).")

    @staticmethod
    def backward(ctx: Context, d_output: Any) -> Any:
        """Compute the derivatives with respect to the inputs; a Function without this cannot be differentiated.

        Args:
            ctx: What `forward` has kept.
            d_output: The derivative of the final result with respect to the output, a number or a tensor of its shape.

        Returns:
            A derivative for each variable that `forward` was given, in a tuple if there are several. That of a tensor
            has its shape, or one that broadcasts with it. None stands for one that nobody needs.

        Raises:
            GraphError: The Function has no derivative.
        """
        raise GraphError(
            explain(
                "This function has no derivative.",
                got="backward() through a Function that defines no backward, such as all() or is_close()",
                expected="a graph of differentiable functions",
                fix="call .detach() on what goes into the function, or give the Function a backward",
            )
        )

    @classmethod
    def _forward(cls, ctx: Context, *values: Any) -> Any:
        return cls.forward(ctx, *values)

    @classmethod
    def _backward(cls, ctx: Context, d_output: Any) -> tuple[Any, ...]:
        return wrap_tuple(cls.backward(ctx, d_output))

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run `forward` on the arguments and remember, in the result's history, how it was made.

        The first variable among the arguments decides what kind of variable the result is. Arguments that are no
        variables (a dimension, a shape) reach `forward` as they are.

        Args:
            args: Scalars or tensors, and settings.

        Returns:
            A Scalar or a tensor; a constant if all variables among the arguments are.

        Raises:
            TypeError: There is no variable among the arguments.
            DTypeError: `forward` returned something else than a float, or a tensor.

        Examples:
            >>> import minitorch
            >>> minitorch.Sum.apply(minitorch.tensor([1, 2, 3]), 0)
            tensor([6.], shape=(1,))
        """
        for a in args:
            if isinstance(a, Variable):
                owner = a
                break
        else:
            raise TypeError(
                explain(
                    f"{cls.__name__}.apply was given no variable.",
                    got=f"({', '.join(type(a).__name__ for a in args)})",
                    expected="at least one Scalar or Tensor",
                    fix="wrap a number as Scalar(x) or tensor([x])",
                )
            )
        inputs, values = owner._operands(args)
        needs_input_grad = [v.history is not None for v in inputs]
        if True not in needs_input_grad:
            return owner._wrap(cls._forward(Context(no_grad=True), *values), None)
        ctx = Context(False, (), tuple(needs_input_grad))
        return owner._wrap(cls._forward(ctx, *values), History(cls, ctx, inputs))


def topological_sort(variable: Variable) -> Iterable[Variable]:
    """Order the non-constant variables of a graph so that each comes before everything it was computed from.

    The result comes first and the leaves last. The walk keeps its own stack: a graph may be many thousand steps deep,
    far more than Python lets functions call each other.

    Args:
        variable: The result, the right-most variable of the graph.

    Returns:
        The variables, each once.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(3)
        >>> y = x * x
        >>> list(minitorch.topological_sort(y + x))
        [Scalar(12.0), Scalar(9.0), Scalar(3.0)]
    """
    finished: list[Variable] = []
    seen: set[int] = set()
    # A variable is pushed twice: first to visit its parents, then, below them on the stack, to be finished.
    stack = [(variable, False)]
    while stack:
        v, parents_done = stack.pop()
        if parents_done:
            finished.append(v)
        elif v.history is not None and id(v) not in seen:
            seen.add(id(v))
            stack.append((v, True))
            for parent in v.history.inputs:
                stack.append((parent, False))
    return finished[::-1]


def backpropagate(variable: Variable, deriv: Any) -> None:
    """Add to every leaf of the graph the derivative of `variable` with respect to that leaf.

    A variable that was used several times gets the sum of what arrives along all paths. The topological order makes
    sure that this sum is complete before it is carried on.

    Args:
        variable: The result, the right-most variable of the graph.
        deriv: The derivative of the final quantity with respect to `variable`.

    Examples:
        >>> import minitorch
        >>> x = minitorch.Scalar(3)
        >>> minitorch.backpropagate(x * x + x, 1)
        >>> x.derivative
        7.0
    """
    # By id(), and not by unique_id, which a copy of a variable shares with it. The graph keeps all of them alive.
    pending = {id(variable): deriv}
    newly_made: set[int] = set()  # the variables whose derivative is known to nobody but `pending`
    for v in topological_sort(variable):
        derivative = pending.pop(id(v), None)
        if derivative is None:  # no path brought anything here
            continue
        history = v.history
        if history is None or history.last_fn is None:  # a leaf
            if id(v) in newly_made:
                v.keep_derivative(derivative)
            else:
                v.accumulate_derivative(derivative)
            continue
        fn = history.last_fn
        is_new = fn.makes_derivatives or (fn.hands_on_derivatives and id(v) in newly_made)
        for parent, contribution in v.chain_rule(derivative):
            if contribution is not None and parent.history is not None:
                arrived = pending.get(id(parent))
                pending[id(parent)] = contribution if arrived is None else arrived + contribution
                if is_new:  # then so is the sum, if it was added to something
                    newly_made.add(id(parent))
