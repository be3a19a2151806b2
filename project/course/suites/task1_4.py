"""The cases of task 1.4, backpropagation."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from minitorch import Context, Scalar, autodiff, scalar_functions
from project.course.cases import Case, Values
from project.course.inputs import rng_for
from project.course.suites.scalar_graphs import build, collected, entries, name_of

TASK = "1_4"

EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a b": lambda a, b: a * b,
    "a a": lambda a, b: a * a,
    "a / b": lambda a, b: a / b,
    "a - b": lambda a, b: a - b,
    "a < b": lambda a, b: a < b,
    "a > b": lambda a, b: a > b,
    "a == b": lambda a, b: a == b,
    "3 a b + 2 / a": lambda a, b: 3 * a * b + 2 / a,
    "sigmoid(a b + a)": lambda a, b: (a * b + a).sigmoid(),
    "e^-a relu(b)": lambda a, b: (-a).exp() * b.relu(),
    "log(a a + e^b)": lambda a, b: (a * a + b.exp()).log(),
}


# The derivatives of the functions


def run_backward(function: str, arguments: Sequence[float], arriving: float) -> Values:
    """The backward of a function, on plain numbers, after its forward."""
    ctx = Context()
    chosen = getattr(scalar_functions, function)
    chosen.forward(ctx, *arguments)
    return {"derivatives": list(autodiff.wrap_tuple(chosen.backward(ctx, arriving)))}


def run_expression(expression: str, a: float, b: float, arriving: float) -> Values:
    """The derivatives of an expression."""
    first, second = Scalar(a), Scalar(b)
    EXPRESSIONS[expression](first, second).backward(arriving)
    return {"derivative of a": first.derivative, "derivative of b": second.derivative}


# Graphs


def run_sort(leaves: str, constants: str, steps: str) -> Values:
    """The order of the variables of a graph. Several orders are right; what they have in common is reported."""
    variables = build(leaves, constants, steps)
    order = list(autodiff.topological_sort(list(variables.values())[-1]))
    names = [name_of(v, variables) for v in order]
    places = {name: place for place, name in enumerate(names)}
    too_early = [
        f"{name_of(parent, variables)} before {name}"
        for name, v in zip(names, order)
        for parent in v.parents
        if places.get(name_of(parent, variables), len(names)) < places[name]
    ]
    return {
        "the variables": sorted(names),
        "the first of them": names[0] if names else None,
        "what stands before something computed from it": too_early,
    }


def run_backpropagate(
    leaves: str, constants: str, steps: str, results: Sequence[str], arriving: Sequence[float], alike: bool = False
) -> Values:
    """Backpropagation from one variable of a graph after the other. All of them may bear the same name."""
    variables = build(leaves, constants, steps)
    if alike:
        for variable in variables.values():
            variable.name = "x"
    for result, derivative in zip(results, arriving):
        autodiff.backpropagate(variables[result], derivative)
    names = [entry.split(" = ")[0] for entry in entries(leaves)]
    found: Values = {f"derivative of {name}": variables[name].derivative for name in names}
    return found | {"who has collected something and is no leaf": collected(variables, leaves)}


def run_deep(**inputs: Any) -> Values:
    """Backpropagation through a graph that is deeper than Python lets functions call each other."""
    try:
        return {"how it ended": "well"} | run_backpropagate(**inputs)
    except RecursionError:
        return {"how it ended": "with a RecursionError"}


# The cases


def backward_case(name: str, function: str, *arguments: float, arriving: float = 1.0) -> Case:
    """A case for the derivatives of a function."""
    inputs = {"function": function, "arguments": arguments, "arriving": arriving}
    return Case(TASK, name, run_backward, "backward", inputs)


def expression_case(name: str, expression: str, a: float, b: float, arriving: float = 1.0) -> Case:
    """A case for an expression. What is added within the logarithm is too small to matter."""
    inputs = {"expression": expression, "a": a, "b": b, "arriving": arriving}
    return Case(TASK, name, run_expression, "expression", inputs, rtol=1e-5 if "log" in expression else 1e-9)


def sort_case(name: str, leaves: str, steps: str, constants: str = "") -> Case:
    """A case for the order of a graph."""
    return Case(TASK, name, run_sort, "sort", {"leaves": leaves, "constants": constants, "steps": steps})


def graph_case(
    name: str,
    leaves: str,
    steps: str,
    *arriving: float,
    constants: str = "",
    results: Sequence[str] = (),
    seconds: float = 10.0,
    alike: bool = False,
    deep: bool = False,
) -> Case:
    """A case for backpropagation; from the last variable of the graph, unless others are named."""
    last = (steps or leaves).split(", ")[-1].split(" = ")[0]
    inputs = {
        "leaves": leaves,
        "constants": constants,
        "steps": steps,
        "results": results or [last] * max(1, len(arriving)),
        "arriving": arriving or [1.0],
        "alike": alike,
    }
    run, oracle = (run_deep, "deep") if deep else (run_backpropagate, "backpropagate")
    return Case(TASK, name, run, oracle, inputs, seconds=seconds)


def chain(function: str, length: int) -> str:
    """Steps that follow each other: the first works on a, each other one on what the one before it computed."""
    names = ["a", *[f"v{i}" for i in range(length)]]
    return ", ".join([f"{new} = {function.format(old)}" for old, new in pairwise(names)])


def tangle(length: int) -> str:
    """Steps of which each works on what the one before it computed, and on a random earlier variable."""
    rng = rng_for("tangle")
    names, steps = ["a", "b", "c"], []
    for i in range(length):
        other, function = rng.choice(names), rng.choice(["wave", "plus", "weigh"])
        pair = (names[-1], other) if rng.random() < 0.5 else (other, names[-1])
        steps.append(f"v{i} = {pair[0]} {function} {pair[1]}")
        names.append(f"v{i}")
    return ", ".join(steps)


SKIPS = {
    "the short way first": "b = cube a, c = damp b, d = cube c, e = b wave d",
    "the long way first": "b = cube a, c = damp b, d = cube c, e = d wave b",
}
"""Graphs in which two ways lead from the last variable to b: one of one step, and one of three."""


def _cases() -> list[Case]:
    cases = [
        backward_case("product: two numbers", "Mul", 3.0, -4.0),
        backward_case("product: another derivative arrives", "Mul", 0.5, 1.5, arriving=-2.0),
        backward_case("negation: a number", "Neg", 2.5),
        backward_case("negation: another derivative arrives", "Neg", -1.5, arriving=3.0),
        backward_case("inverse: a number", "Inv", 2.0),
        backward_case("inverse: another derivative arrives", "Inv", -0.5, arriving=1.5),
        backward_case("exponential: a number", "Exp", 0.75),
        backward_case("exponential: another derivative arrives", "Exp", -0.5, arriving=-2.0),
        backward_case("sigmoid: a positive number", "Sigmoid", 0.75),
        backward_case("sigmoid: a negative number", "Sigmoid", -1.25),
        backward_case("sigmoid: another derivative arrives", "Sigmoid", 0.5, arriving=-3.0),
        backward_case("sigmoid: far to the right", "Sigmoid", 1000.0),
        backward_case("sigmoid: far to the left", "Sigmoid", -1000.0),
        backward_case("relu: a positive number", "ReLU", 0.75),
        backward_case("relu: a negative number", "ReLU", -0.75),
        backward_case("relu: a negative number, a negative derivative arrives", "ReLU", -0.75, arriving=-1.5),
        backward_case("relu: another derivative arrives", "ReLU", 0.25, arriving=-2.5),
        backward_case("less: the smaller number first", "LT", 1.0, 2.0, arriving=3.0),
        backward_case("less: the larger number first", "LT", 2.0, 1.0, arriving=3.0),
        backward_case("equal: two numbers that differ", "EQ", 1.0, 2.0, arriving=3.0),
        backward_case("equal: two equal numbers", "EQ", 2.0, 2.0, arriving=3.0),
        sort_case("order: a leaf alone", "a = 1.0", ""),
        sort_case("order: two leaves and a result", "a = 1.0, b = 2.0", "c = a weigh b"),
        sort_case("order: a chain", "a = 0.5", "b = cube a, c = damp b, d = cube c"),
        sort_case("order: what the result does not depend on", "a = 0.5, b = 0.5", "c = cube b, d = cube a"),
        sort_case("order: a variable that is used twice by one function", "a = 0.5", "b = a wave a, c = b plus b"),
        sort_case("order: two leaves of the same value", "a = 2.0, b = 2.0", "c = a weigh b"),
        sort_case("order: a constant among the inputs", "a = 0.5", "b = a weigh k, c = k plus b", "k = 2.0"),
        sort_case("order: a constant alone", "", "", "k = 2.0"),
        sort_case("order: a diamond", "a = 0.5", "b = cube a, c = damp b, d = cube b, e = c wave d"),
        *[sort_case(f"order: a shortcut, {way}", "a = 0.75", steps) for way, steps in SKIPS.items()],
        sort_case("order: a tangle", "a = 0.5, b = -0.25, c = 1.5", tangle(12)),
        graph_case("a leaf alone", "a = 1.0", "", 3.0),
        graph_case("one function", "a = 1.0, b = 2.0", "c = a weigh b"),
        graph_case("one function, another derivative arrives", "a = 1.0, b = 2.0", "c = a weigh b", -2.0),
        graph_case("one function, 0 arrives", "a = 1.0, b = 2.0", "c = a weigh b", 0.0),
        graph_case("two functions, one after the other", "a = 0.5", "b = cube a, c = cube b"),
        graph_case("a leaf that is used twice by one function", "a = 0.5", "b = a wave a", 2.0),
        graph_case("a leaf that is used by two functions", "a = 0.5", "b = cube a, c = a wave b", 2.0),
        graph_case("doubled twice: b = a + a, c = b + b", "a = 1.0", "b = a plus a, c = b plus b", 5.0),
        graph_case("a diamond", "a = 0.5", "b = cube a, c = damp b, d = cube b, e = c wave d"),
        *[graph_case(f"a shortcut, {way}", "a = 0.75", steps) for way, steps in SKIPS.items()],
        graph_case(
            "ways of one, two and three steps", "a = 0.5", "b = damp a, c = a wave b, d = c weigh b, e = d wave a", 1.5
        ),
        graph_case("a plain number among the inputs", "a = 0.5", "b = a wave 2.0, c = 1.5 weigh b", 2.0),
        graph_case("a constant among the inputs", "a = 0.5", "b = k wave a, c = b weigh k", 2.0, constants="k = 2.0"),
        graph_case("a constant that gets no derivative", "a = 0.5", "b = a frugal k", 2.0, constants="k = 2.0"),
        graph_case("a constant that was computed", "a = 0.5", "c = cube k, b = a wave c", 2.0, constants="k = 2.0"),
        graph_case("two leaves of the same value", "a = 2.0, b = 2.0", "c = a weigh b"),
        graph_case("two leaves of the same name", "a = 1.0, b = 2.0", "c = cube a, d = c weigh b", alike=True),
        graph_case("from the middle of a graph", "a = 0.5, b = 1.5", "c = cube a, d = c wave b", 2.0, results=["c"]),
        graph_case("twice from the same result", "a = 0.5, b = 1.5", "c = cube a, d = c wave b", 2.0, 3.0),
        graph_case(
            "from two results that share a leaf",
            "a = 0.5",
            "b = cube a, c = damp b, d = cube b",
            2.0,
            3.0,
            results=["c", "d"],
        ),
        graph_case("a tangle", "a = 0.5, b = -0.25, c = 1.5", tangle(12), 0.75),
        graph_case("a chain of 5000 steps", "a = 0.5", chain("damp {0}", 5000), 2.0, deep=True),
        graph_case("40 doublings", "a = 1.0", chain("{0} plus {0}", 40), seconds=3.0),
    ]
    return [
        *cases,
        expression_case("expression: a product", "a b", 0.5, -1.5, 2.0),
        expression_case("expression: a square", "a a", 1.5, 0.0, 2.0),
        expression_case("expression: a quotient", "a / b", 0.5, -1.5, 2.0),
        expression_case("expression: a difference", "a - b", 0.5, -1.5, 2.0),
        expression_case("expression: less", "a < b", 0.5, 1.5, 2.0),
        expression_case("expression: greater", "a > b", 0.5, 1.5, 2.0),
        expression_case("expression: equal", "a == b", 1.5, 1.5, 2.0),
        expression_case("expression: products and an inverse", "3 a b + 2 / a", 0.5, -1.5),
        expression_case("expression: a sigmoid", "sigmoid(a b + a)", 0.5, 1.5, 2.0),
        expression_case("expression: an exponential and a relu", "e^-a relu(b)", 0.5, 1.5, 2.0),
        expression_case("expression: a relu that lets nothing through", "e^-a relu(b)", 0.5, -1.5, 2.0),
        expression_case("expression: a logarithm", "log(a a + e^b)", 0.5, 0.25, -1.5),
    ]


CASES = _cases()
