"""The cases of task 2.3, the forward pass of tensor operations."""

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import SimpleOps, Tensor, TensorBackend, Variable, tensor_functions, tensor_ops
from minitorch.tensor_data import Sizes
from project.course.cases import Case, Values
from project.course.inputs import Array, lay_out, numbers, random_array, rng_for
from project.course.suites.backends import FUNCTIONS, bare, cells_of, tolerance

TASK = "2_3"

EXPRESSIONS: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "-x": lambda x, y: -x,
    "x.sigmoid()": lambda x, y: x.sigmoid(),
    "x.relu()": lambda x, y: x.relu(),
    "x.log()": lambda x, y: x.log(),
    "x.exp()": lambda x, y: x.exp(),
    "x - y": lambda x, y: x - y,
    "x * y": lambda x, y: x * y,
    "x < y": lambda x, y: x < y,
    "x > y": lambda x, y: x > y,
    "x == y": lambda x, y: x == y,
    "x.is_close(y)": lambda x, y: x.is_close(y),
    "x.sum()": lambda x, y: x.sum(),
    "x.sum(0)": lambda x, y: x.sum(0),
    "x.sum(1)": lambda x, y: x.sum(1),
    "x.sum(2)": lambda x, y: x.sum(2),
    "x.mean()": lambda x, y: x.mean(),
    "x.mean(0)": lambda x, y: x.mean(0),
    "x.mean(1)": lambda x, y: x.mean(1),
    "x.all()": lambda x, y: x.all(),
    "x.all(0)": lambda x, y: x.all(0),
    "x.all(1)": lambda x, y: x.all(1),
    "x.permute(1, 0)": lambda x, y: x.permute(1, 0),
    "x.permute(1, 2, 0)": lambda x, y: x.permute(1, 2, 0),
    "x.view(6)": lambda x, y: x.view(6),
    "x.view(4, 6)": lambda x, y: x.view(4, 6),
}
"""What tensors are asked for, of themselves or together with a second operand."""

ARITHMETIC = (
    "-x",
    "x.sigmoid()",
    "x.relu()",
    "x.log()",
    "x.exp()",
    "x - y",
    "x * y",
    "x.sum()",
    "x.sum(1)",
    "x.mean()",
    "x.mean(1)",
)
COMPARISONS = ("x < y", "x > y", "x == y", "x.is_close(y)", "x.all()", "x.all(1)")
LAYOUT = ("x.permute(1, 0)", "x.view(6)")


class NotedOps(SimpleOps):
    """Plain loops that note when they are asked to compute.

    Attributes:
        asked: How often that was.
    """

    asked = 0

    @staticmethod
    def map(fn: Callable[[float], float]) -> Any:
        """See `TensorOps.map`."""
        return NotedOps.noted(SimpleOps.map(fn))

    @staticmethod
    def zip(fn: Callable[[float, float], float]) -> Any:
        """See `TensorOps.zip`."""
        return NotedOps.noted(SimpleOps.zip(fn))

    @staticmethod
    def reduce(fn: Callable[[float, float], float], start: float = 0.0) -> Any:
        """See `TensorOps.reduce`."""
        return NotedOps.noted(SimpleOps.reduce(fn, start))

    @staticmethod
    def noted(operation: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """The same operation, which counts its calls."""

        def counting(*arguments: Any) -> Tensor:
            NotedOps.asked += 1
            return operation(*arguments)

        return counting


NOTED = TensorBackend(NotedOps)


# What the cases run


def run_map(function: str, x: Array, out_shape: Sizes, layout: str, out_layout: str) -> Values:
    """The kernel of map on bare storage."""
    out = bare(np.zeros(out_shape, x.dtype), out_layout)
    tensor_ops.tensor_map(FUNCTIONS[function])(*out, *bare(x, layout))
    return {"output": cells_of(*out)}


def run_zip(function: str, x: Array, y: Array, out_shape: Sizes, layout: str, y_layout: str, out_layout: str) -> Values:
    """The kernel of zip on bare storage."""
    out = bare(np.zeros(out_shape, x.dtype), out_layout)
    tensor_ops.tensor_zip(FUNCTIONS[function])(*out, *bare(x, layout), *bare(y, y_layout))
    return {"output": cells_of(*out)}


def run_reduce(function: str, x: Array, dim: int, start: float, layout: str, out_layout: str) -> Values:
    """The kernel of reduce on bare storage, which finds the start value in every cell of the output."""
    out_shape = [1 if i == dim else size for i, size in enumerate(x.shape)]
    out = bare(np.full(out_shape, start, x.dtype), out_layout)
    tensor_ops.tensor_reduce(FUNCTIONS[function])(*out, *bare(x, layout), dim)
    return {"output": cells_of(*out)}


def run_function(function: str, x: Array, layout: str, y: Array | None = None, setting: Any = None) -> Values:
    """The forward pass of a Function."""
    operands = [lay_out(x, layout)] if y is None else [lay_out(x, layout), lay_out(y)]
    settings = [] if setting is None else [setting]
    return {"output": numbers(getattr(tensor_functions, function).apply(*operands, *settings))}


def run_expression(expression: str, x: Array, layout: str, y: Any = None) -> Values:
    """An operator or a method of tensors. The right operand may be a number."""
    right = lay_out(y) if isinstance(y, np.ndarray) else y
    return {"output": numbers(EXPRESSIONS[expression](lay_out(x, layout), right))}


def try_expression(expression: str, x: Array, layout: str) -> Values:
    """Whether something is refused. A check by `assert` counts as well."""
    try:
        EXPRESSIONS[expression](lay_out(x, layout), None)
    except (AssertionError, ValueError):
        return {"refused": True}
    return {"refused": False}


def share_storage(expression: str, x: Array) -> Values:
    """Whether a tensor that only looks different shares the storage."""
    operand = lay_out(x)
    result = EXPRESSIONS[expression](operand, None)
    return {"shares the storage": bool(np.shares_memory(result._tensor._storage, operand._tensor._storage))}


def is_ancestor(variable: Variable, result: Variable) -> bool:
    """Whether a result remembers that it was computed from a variable."""
    waiting = [result]
    while waiting:
        v = waiting.pop()
        if v is variable:
            return True
        waiting += v.history.inputs if v.history is not None else []
    return False


def trace_operands(expressions: tuple[str, ...], x: Array, y: Array) -> Values:
    """Which results remember the operands that they were computed from."""
    found = {}
    for expression in expressions:
        left, right = lay_out(x).requires_grad_(True), lay_out(y).requires_grad_(True)
        result = EXPRESSIONS[expression](left, right)
        found[f"{expression} remembers x"] = is_ancestor(left, result)
        if "y" in expression:
            found[f"{expression} remembers y"] = is_ancestor(right, result)
    return found


def ask_backend(expressions: tuple[str, ...], x: Array, y: Array) -> Values:
    """Whether the backend of the operands does the computing, and belongs to the results too."""
    left, right = lay_out(x, backend=NOTED), lay_out(y, backend=NOTED)
    found = {}
    for expression in expressions:
        before = NotedOps.asked
        result = EXPRESSIONS[expression](left, right)
        found[f"{expression} asks the backend of x"] = NotedOps.asked > before
        found[f"{expression} has the backend of x"] = result.backend is NOTED
    return found


def keep_operands(expressions: tuple[str, ...], x: Array, y: Array) -> Values:
    """What the operands hold after each of the computations."""
    left, right = lay_out(x), lay_out(y)
    found = {}
    for expression in expressions:
        EXPRESSIONS[expression](left, right)
        found[f"x after {expression}"] = numbers(left)
        found[f"y after {expression}"] = numbers(right)
    return found


def find_types(expressions: tuple[str, ...], x: Array, y: float) -> Values:
    """The types of results, where the right operand is a plain number."""
    operand = lay_out(x)
    return {f"the type of {e}": str(EXPRESSIONS[e](operand, y).dtype) for e in expressions}


def forget_gradient(x: Array, grad: Array) -> Values:
    """What is left of a gradient, and whether the tensor still wants one."""
    leaf = lay_out(x).requires_grad_(True)
    leaf.grad = lay_out(grad)
    leaf.zero_grad_()
    return {"gradient": numbers(leaf.grad), "wants a gradient": leaf.requires_grad(), "cells": numbers(leaf)}


# The cases


def map_case(
    name: str, in_shape: Sizes, out_shape: Sizes | None = None, layout: str = "rows", out_layout: str = "rows"
) -> Case:
    """A case for the kernel of map. The output has the shape of the input unless another is given."""
    x = random_array(rng_for(name), in_shape)
    inputs = {"function": "2 x + 1", "x": x, "out_shape": in_shape if out_shape is None else out_shape}
    return Case(TASK, f"map: {name}", run_map, "mapped", inputs | {"layout": layout, "out_layout": out_layout})


def zip_case(
    name: str,
    x_shape: Sizes,
    y_shape: Sizes,
    layouts: tuple[str, str, str] = ("rows", "rows", "rows"),
    dtype: Any = float,
) -> Case:
    """A case for the kernel of zip. The layouts are those of the two inputs and of the output."""
    rng = rng_for(name)
    inputs: dict[str, Any] = {
        "function": "x - 2 y",
        "x": random_array(rng, x_shape, dtype),
        "y": random_array(rng, y_shape, dtype),
        "out_shape": np.broadcast_shapes(x_shape, y_shape),
    }
    settings = dict(zip(("layout", "y_layout", "out_layout"), layouts))
    error = tolerance(inputs["x"])
    return Case(TASK, f"zip: {name}", run_zip, "zipped", inputs | settings, error, error)


def reduce_case(
    name: str,
    shape: Sizes,
    dim: int,
    function: str = "x + accumulated",
    start: float = 0.0,
    layouts: tuple[str, str] = ("rows", "rows"),
    dtype: Any = float,
) -> Case:
    """A case for the kernel of reduce. The layouts are those of the input and of the output."""
    inputs: dict[str, Any] = {
        "function": function,
        "x": random_array(rng_for(name), shape, dtype),
        "dim": dim,
        "start": start,
    }
    settings = dict(zip(("layout", "out_layout"), layouts))
    error = tolerance(inputs["x"])
    return Case(TASK, f"reduce: {name}", run_reduce, "reduced", inputs | settings, error, error)


def function_case(function: str, x: Any, what: str = "", layout: str = "rows", **inputs: Any) -> Case:
    """A case for the forward pass of a Function."""
    name = f"{function}: {what}" if what else function
    inputs = {"function": function, "x": np.asarray(x), "layout": layout} | inputs
    return Case(TASK, name, run_function, "function_value", inputs)


def expression_case(expression: str, what: str, x: Any, layout: str = "rows", **inputs: Any) -> Case:
    """A case for an operator or a method of tensors."""
    inputs = {"expression": expression, "x": np.asarray(x), "layout": layout} | inputs
    return Case(TASK, f"{expression} {what}".strip(), run_expression, "expression_value", inputs)


def _kernel_cases() -> list[Case]:
    return [
        map_case("one number", (1,)),
        map_case("a row of numbers", (4,)),
        map_case("a table", (2, 3)),
        map_case("three dimensions", (2, 3, 4)),
        map_case("an input that lies column by column", (2, 3), layout="reversed"),
        map_case("an output that lies column by column", (2, 3), out_layout="reversed"),
        map_case("input and output lie in different orders", (2, 3, 4), layout="rotated", out_layout="reversed"),
        map_case("a stretched column", (2, 1), (2, 3)),
        map_case("a stretched row", (3,), (2, 3)),
        map_case("stretched and turned around", (3, 1), (2, 3, 4), "reversed", "rotated"),
        map_case("no dimensions", ()),
        map_case("no dimensions, stretched", (), (2, 3)),
        zip_case("one pair of numbers", (1,), (1,)),
        zip_case("two rows of numbers", (4,), (4,)),
        zip_case("two tables", (2, 3), (2, 3)),
        zip_case("the first table lies column by column", (2, 3), (2, 3), ("reversed", "rows", "rows")),
        zip_case("the second table lies column by column", (2, 3), (2, 3), ("rows", "reversed", "rows")),
        zip_case("the output lies column by column", (2, 3), (2, 3), ("rows", "rows", "reversed")),
        zip_case("three dimensions, three orders in memory", (2, 3, 4), (2, 3, 4), ("reversed", "rotated", "rows")),
        zip_case("the first one is stretched", (2, 1), (2, 3)),
        zip_case("the second one is stretched", (2, 3), (2, 1)),
        zip_case("a batch and a bias", (2, 3), (3,)),
        zip_case("a bias and a batch", (3,), (2, 3)),
        zip_case("both are stretched", (2, 1), (1, 3)),
        zip_case("a column and a row without its first dimension", (4, 1), (3,)),
        zip_case("stretched and turned around", (2, 1, 4), (3, 1), ("rotated", "reversed", "reversed")),
        zip_case("float32", (2, 3), (3,), dtype=np.float32),
        reduce_case("one number", (1,), 0),
        reduce_case("a row of numbers", (4,), 0),
        reduce_case("the columns of a table", (2, 3), 0),
        reduce_case("the rows of a table", (2, 3), 1),
        reduce_case("a start value other than 0", (2, 3), 1, start=10.0),
        reduce_case("products", (2, 3), 1, "x * accumulated", 1.0),
        reduce_case("the largest number", (3, 4), 0, "the larger of x and accumulated", -np.inf),
        reduce_case("a fold that depends on the order", (3,), 0, "x + accumulated / 2", 3.0),
        reduce_case("a fold of rows that depends on the order", (2, 4), 1, "x + accumulated / 2", -1.0),
        reduce_case("the first of three dimensions", (2, 3, 4), 0),
        reduce_case("the middle of three dimensions", (2, 3, 4), 1),
        reduce_case("the last of three dimensions", (2, 3, 4), 2),
        reduce_case("an input that lies column by column", (2, 3), 1, layouts=("reversed", "rows")),
        reduce_case("an output that lies column by column", (4, 2, 3), 0, layouts=("rows", "reversed")),
        reduce_case("input and output lie in different orders", (2, 3, 4), 1, layouts=("rotated", "reversed")),
        reduce_case("a dimension of size 1", (3, 1, 2), 1),
        reduce_case("a dimension of size 0", (2, 0), 1, start=5.0),
        reduce_case("float32", (2, 3), 1, dtype=np.float32),
    ]


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    x, y, row = random_array(rng, (2, 3)), random_array(rng, (2, 3)), random_array(rng, (3,))
    near = x + np.array([[0.0, 0.005, -0.005], [0.02, -0.02, 1.0]])  # equal, close from both sides, and not close
    tied = np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])  # 2.0 stands in both
    bends = np.array([[-1.5, 0.0, 2.5], [0.25, -3.0, -0.125]])
    block = random_array(rng, (2, 3, 4))
    holes = np.array([[1.0, 0.5, -2.0], [1.0, 0.0, 3.0]])  # one row and one column have a zero
    functions = [
        function_case("Mul", x, y=y),
        function_case("Mul", x, "a permuted batch and a row", "reversed", y=row),
        function_case("Sigmoid", x, layout="reversed"),
        function_case("Sigmoid", np.array([-800.0, -30.0, 30.0, 800.0]), "numbers far from 0"),
        function_case("ReLU", bends, layout="reversed"),
        function_case("Log", np.abs(x), layout="reversed"),
        function_case("Exp", x, layout="reversed"),
        function_case("Sum", x, "dimension 0", setting=0),
        function_case("Sum", block, "dimension 1 of a permuted tensor", "rotated", setting=1),
        function_case("LT", tied, y=tied[::-1]),
        function_case("LT", x, "a permuted batch and a row", "reversed", y=row),
        function_case("EQ", x, y=near),
        function_case("IsClose", x, y=near),
        function_case("Permute", x, "a table", setting=(1, 0)),
        function_case("Permute", block, "three dimensions", setting=(1, 2, 0)),
    ]
    methods = [
        expression_case("-x", "", x),
        expression_case("x.sigmoid()", "", x),
        expression_case("x.relu()", "", bends),
        expression_case("x.log()", "", np.abs(x)),
        expression_case("x.exp()", "", x),
        expression_case("x - y", "", x, y=y),
        expression_case("x - y", "of a permuted batch and a row", x, "reversed", y=row),
        expression_case("x * y", "", x, y=y),
        expression_case("x < y", "", tied, y=tied[::-1]),
        expression_case("x > y", "", tied, y=tied[::-1]),
        expression_case("x > y", "of a permuted batch and a row", x, "reversed", y=row),
        expression_case("x == y", "", x, y=near),
        expression_case("x == y", "of a table and a row", tied, y=tied[0]),
        expression_case("x.is_close(y)", "", x, y=near),
        expression_case("x - y", "with a number on the right", x, y=1.5),
        expression_case("x * y", "with a number on the right", x, y=-3),
        expression_case("x < y", "with a number on the right", tied, y=2),
        expression_case("x > y", "with a number on the right", tied, y=2.0),
        expression_case("x == y", "with a number on the right", tied, y=2),
        expression_case("x.is_close(y)", "with a number on the right", tied - 0.005, y=2.0),
        expression_case("x.sum()", "of a row", row),
        expression_case("x.sum()", "of a table", x),
        expression_case("x.sum()", "of a permuted tensor", block, "rotated"),
        expression_case("x.sum(0)", "of a table", x),
        expression_case("x.sum(1)", "of a table", x),
        expression_case("x.sum(2)", "of three dimensions", block),
        expression_case("x.mean()", "of a row", row),
        expression_case("x.mean()", "of a table", x),
        expression_case("x.mean()", "of a permuted tensor", block, "rotated"),
        expression_case("x.mean(0)", "of a table", x),
        expression_case("x.mean(1)", "of three dimensions", block),
        expression_case("x.all()", "of numbers without a zero", holes[0]),
        expression_case("x.all()", "of numbers with a zero", holes),
        expression_case("x.all()", "of a permuted table without a zero", x, "reversed"),
        expression_case("x.all(0)", "of a table", holes),
        expression_case("x.all(1)", "of a table", holes),
        expression_case("x.permute(1, 0)", "of a table", x),
        expression_case("x.permute(1, 2, 0)", "of three dimensions", block),
        expression_case("x.permute(1, 2, 0)", "of what was permuted before", block, "reversed"),
        expression_case("x.view(6)", "of a table", x),
        expression_case("x.view(4, 6)", "of three dimensions", block),
    ]
    return [*_kernel_cases(), *functions, *methods, *_cases_of_behaviour(x, y)]


def _cases_of_behaviour(x: Array, y: Array) -> list[Case]:
    """What results have to be besides right."""

    def behaviour_case(name: str, run: Callable[..., Values], oracle: str, **inputs: Any) -> Case:
        return Case(TASK, name, run, oracle, inputs)

    positive, negative = np.abs(x), -np.abs(y)
    everything = (*ARITHMETIC, *COMPARISONS, *LAYOUT)
    of_x_alone = tuple([e for e in everything if "y" not in e])
    with_a_number = (*of_x_alone, "x - y", "x * y")
    return [
        behaviour_case(
            "x.view(6) of a permuted table", try_expression, "refusal", expression="x.view(6)", x=x, layout="reversed"
        ),
        behaviour_case(
            "x.mean() of nothing", try_expression, "refusal", expression="x.mean()", x=np.zeros((0, 3)), layout="rows"
        ),
        behaviour_case("x.permute(1, 0) moves no number", share_storage, "sharing", expression="x.permute(1, 0)", x=x),
        behaviour_case("x.view(6) moves no number", share_storage, "sharing", expression="x.view(6)", x=x),
        behaviour_case("zero_grad_ on a tensor with a gradient", forget_gradient, "forgotten", x=x, grad=y),
        behaviour_case(
            "the operands stay as they were",
            keep_operands,
            "kept",
            expressions=tuple([e for e in everything if e != "x.log()"]),
            x=x,
            y=y,
        ),
        behaviour_case(
            "results remember their operands",
            trace_operands,
            "traced",
            expressions=(*ARITHMETIC, *LAYOUT),
            x=positive,
            y=negative,
        ),
        behaviour_case(
            "another backend computes",
            ask_backend,
            "backend",
            expressions=(*ARITHMETIC, *COMPARISONS),
            x=positive,
            y=negative,
        ),
        behaviour_case(
            "float32 stays float32",
            find_types,
            "types",
            expressions=with_a_number,
            x=positive.astype(np.float32),
            y=1.5,
        ),
    ]


CASES = _cases()
