"""The cases of task 1.3, the chain rule."""

from collections.abc import Sequence
from typing import Any

from minitorch import Context, Scalar, ScalarFunction, ScalarHistory
from project.course.cases import Case, Values
from project.course.suites.scalar_graphs import Cube, Frugal, Weigh, build, collected, name_of

TASK = "1_3"


class Tenfold(Scalar):
    """A Scalar that brings a derivative into a form of its own: it multiplies it by 10."""

    def _fit(self, derivative: Any) -> float:
        return 10 * derivative


class Chosen(ScalarFunction):
    """f(x, y) = x + y, whose backward returns as many derivatives as it is told"""

    count = 2

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        """Add."""
        return x + y

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, ...]:
        """Not the derivative: a number for each input, or too few, or too many."""
        return (d_output,) * Chosen.count


def read_pairs(variable: Scalar, arriving: float, variables: dict[str, Scalar]) -> Values:
    """The pairs that the chain rule gives. Those for constants are left out: nobody needs them."""
    pairs = [(v, d) for v, d in variable.chain_rule(arriving) if v.history is not None]
    return {
        "the inputs": [name_of(v, variables) for v, _ in pairs],
        "their derivatives": [d for _, d in pairs],
    }


def run_chain_rule(leaves: str, constants: str, steps: str, arriving: float) -> Values:
    """The chain rule for the last variable of a graph. It hands its pairs back, and nobody collects anything yet."""
    variables = build(leaves, constants, steps)
    pairs = read_pairs(list(variables.values())[-1], arriving, variables)
    return pairs | {"who has collected something": collected(variables, "")}


def run_by_hand(values: Sequence[float], arriving: float) -> Values:
    """A variable whose history was made by hand."""
    variables = {"a": Scalar(values[0]), "b": Scalar(values[1])}
    made = Scalar(0.0, ScalarHistory(Weigh, Context(), [variables["a"], variables["b"]]))
    return read_pairs(made, arriving, variables)


def run_fitting(function: str, values: Sequence[float], constant: bool, arriving: float) -> Values:
    """The chain rule for inputs that bring derivatives into a form of their own; the last one may be a constant."""
    variables: dict[str, Scalar] = {name: Tenfold(value) for name, value in zip("ab", values)}
    if constant:
        list(variables.values())[-1].history = None
    functions: dict[str, type[ScalarFunction]] = {"cube": Cube, "weigh": Weigh, "frugal": Frugal}
    return read_pairs(functions[function].apply(*variables.values()), arriving, variables)


def refuses(variable: Scalar) -> bool:
    """Whether the chain rule raises an exception for a variable."""
    try:
        list(variable.chain_rule(1.0))
    except NotImplementedError:  # it is not written yet
        raise
    except Exception:
        return True
    return False


def run_refusal(kind: str) -> Values:
    """The chain rule for a variable that no function computed."""
    return {"it raises an exception": refuses(Scalar(2.0, ScalarHistory() if kind == "leaf" else None))}


def run_count(count: int) -> Values:
    """The chain rule for a function of two inputs that returns a wrong number of derivatives."""
    Chosen.count = count
    return {"it raises an exception": refuses(Chosen.apply(Scalar(2.0), Scalar(3.0)))}


def graph_case(name: str, leaves: str, steps: str, arriving: float, constants: str = "") -> Case:
    """A case for the last variable of a graph."""
    inputs = {"leaves": leaves, "constants": constants, "steps": steps, "arriving": arriving}
    return Case(TASK, name, run_chain_rule, "chain_rule", inputs)


def fitting_case(name: str, function: str, *values: float, constant: bool = False) -> Case:
    """A case for inputs that bring derivatives into a form of their own."""
    inputs = {"function": function, "values": values, "constant": constant, "arriving": -1.5}
    return Case(TASK, name, run_fitting, "fitting", inputs)


CASES = [
    graph_case("two inputs", "a = 1.0, b = -1.0", "c = a weigh b", 1.0),
    graph_case("another derivative arrives", "a = 1.0, b = -1.0", "c = a weigh b", 5.0),
    Case(TASK, "a history made by hand", run_by_hand, "by_hand", {"values": (1.0, -1.0), "arriving": -2.0}),
    graph_case("one input", "a = 2.0", "b = cube a", 1.0),
    graph_case("one input, another derivative arrives", "a = 2.0", "b = cube a", -0.5),
    graph_case("what forward has kept", "a = 0.25, b = -1.5", "c = a wave b", 0.75),
    graph_case("nothing arrives", "a = 0.25, b = -1.5", "c = a wave b", 0.0),
    graph_case("the same input twice", "a = 0.5", "b = a wave a", 2.0),
    graph_case("two inputs of the same value", "a = 0.5, b = 0.5", "c = a wave b", 2.0),
    graph_case("a plain number first", "a = 0.5", "b = 4.0 weigh a", 3.0),
    graph_case("a plain number last", "a = 0.5", "b = a weigh 4.0", 3.0),
    graph_case("inputs that were computed themselves", "a = 0.5, b = 1.5", "c = cube a, d = b wave c", 2.0),
    graph_case("only inputs that were computed", "a = 0.5", "b = cube a, c = cube b, d = b weigh c", 2.0),
    graph_case("a constant first", "a = 0.5", "b = k weigh a", 3.0, "k = 2.0"),
    graph_case("a constant last", "a = 0.5", "b = a wave k", 3.0, "k = 2.0"),
    graph_case("a constant that gets no derivative", "a = 0.5", "b = a frugal k", 3.0, "k = 2.0"),
    fitting_case("an input that brings its derivative into form", "cube", 2.0),
    fitting_case("inputs that bring their derivatives into form", "weigh", 1.0, 2.0),
    fitting_case("no derivative to be brought into form", "frugal", 1.0, 2.0, constant=True),
    Case(TASK, "a leaf", run_refusal, "refusal", {"kind": "leaf"}),
    Case(TASK, "a constant", run_refusal, "refusal", {"kind": "constant"}),
    Case(TASK, "a function that returns too few derivatives", run_count, "refusal_of_count", {"count": 1}),
    Case(TASK, "a function that returns too many derivatives", run_count, "refusal_of_count", {"count": 3}),
]
