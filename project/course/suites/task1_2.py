"""The cases of task 1.2, Scalars and their functions."""

from collections.abc import Callable, Sequence
from typing import Any

from minitorch import Context, Scalar, Variable, scalar_functions
from project.course.cases import Case, Values
from project.course.inputs import random_array, rng_for

TASK = "1_2"

EXPRESSIONS: dict[str, Callable[[Any, Any], Any]] = {
    "a - b": lambda a, b: a - b,
    "-a": lambda a, b: -a,
    "a < b": lambda a, b: a < b,
    "a > b": lambda a, b: a > b,
    "a == b": lambda a, b: a == b,
    "log a": lambda a, b: a.log(),
    "e^a": lambda a, b: a.exp(),
    "sigmoid a": lambda a, b: a.sigmoid(),
    "relu a": lambda a, b: a.relu(),
    "sigmoid(relu(a b - 0.5) - 2 / e^b)": lambda a, b: ((a * b - 0.5).relu() - 2 / b.exp()).sigmoid(),
}


def run_forward(function: str, arguments: Sequence[float]) -> Values:
    """The forward function on plain numbers."""
    return {"result": getattr(scalar_functions, function).forward(Context(), *arguments)}


def run_many(function: str, arguments: Sequence[Sequence[float]]) -> Values:
    """The forward function at many places."""
    forward = getattr(scalar_functions, function).forward
    return {"results": [forward(Context(), *[float(x) for x in place]) for place in arguments]}


def run_apply(function: str, arguments: Sequence[float]) -> Values:
    """The function on Scalars, which accept nothing but a float from it."""
    return {"result": getattr(scalar_functions, function).apply(*map(Scalar, arguments)).data}


def leads_back_to(result: Scalar, wanted: dict[str, Any]) -> list[str]:
    """Which of some Scalars a result was computed from, as far as it remembers."""
    met: list[Variable] = []
    waiting: list[Variable] = [result]
    while waiting:
        variable = waiting.pop()
        met.append(variable)
        if variable.history is not None:
            waiting += variable.history.inputs
    return sorted([name for name, variable in wanted.items() if any(variable is other for other in met)])


def run_expression(expression: str, a: float, b: float, b_is_a_number: bool = False) -> Values:
    """An expression of a Scalar a, and of a Scalar or a plain number b."""
    first, second = Scalar(a), b if b_is_a_number else Scalar(b)
    result = EXPRESSIONS[expression](first, second)
    is_scalar = isinstance(result, Scalar)
    return {
        "result": float(result),
        "the result is a Scalar": is_scalar,
        "the result leads back to": leads_back_to(result, {"a": first, "b": second}) if is_scalar else [],
    }


def forward_case(name: str, function: str, *arguments: float) -> Case:
    """A case for one place."""
    return Case(TASK, name, run_forward, "forward", {"function": function, "arguments": arguments})


def many_case(function: str, word: str, count: int) -> Case:
    """A case for many places, together with the extremes."""
    places = random_array(rng_for(function), (20, count)).tolist()
    if function in ("Sigmoid", "ReLU", "Neg"):
        places += [[1000.0], [-1000.0], [0.0]]
    if function == "Exp":
        places += [[-1000.0], [0.0], [20.0]]
    inputs = {"function": function, "arguments": places}
    return Case(TASK, f"{word}: many places", run_many, "many", inputs)


def expression_case(name: str, expression: str, a: float, b: float = 0.0, b_is_a_number: bool = False) -> Case:
    """A case for an expression. What is added within the logarithm is too small to matter."""
    inputs = {"expression": expression, "a": a, "b": b, "b_is_a_number": b_is_a_number}
    return Case(TASK, name, run_expression, "expression", inputs, rtol=1e-5 if "log" in expression else 1e-9)


def _cases() -> list[Case]:
    cases = [
        forward_case("product: two numbers", "Mul", 3.0, -4.0),
        forward_case("negation: a positive number", "Neg", 2.5),
        forward_case("negation: a negative number", "Neg", -1.5),
        forward_case("inverse: a positive number", "Inv", 4.0),
        forward_case("inverse: a negative number", "Inv", -0.5),
        forward_case("exponential: a positive number", "Exp", 1.5),
        forward_case("exponential: a negative number", "Exp", -0.5),
        forward_case("sigmoid: a positive number", "Sigmoid", 1.25),
        forward_case("sigmoid: a negative number", "Sigmoid", -0.75),
        forward_case("sigmoid: far to the right", "Sigmoid", 1000.0),
        forward_case("sigmoid: far to the left", "Sigmoid", -1000.0),
        forward_case("relu: a positive number", "ReLU", 0.75),
        forward_case("relu: a negative number", "ReLU", -0.75),
        forward_case("relu: zero", "ReLU", 0.0),
        forward_case("less: the smaller number first", "LT", 1.0, 2.0),
        forward_case("less: the larger number first", "LT", 2.0, 1.0),
        forward_case("less: two equal numbers", "LT", 2.0, 2.0),
        forward_case("equal: two equal numbers", "EQ", -3.0, -3.0),
        forward_case("equal: two numbers that differ", "EQ", 1.0, 2.0),
        forward_case("equal: two numbers that nearly agree", "EQ", 1.0, 1.001),
        forward_case("equal: two numbers that differ in their sign", "EQ", 1.0, -1.0),
    ]
    functions = [
        ("Mul", "product", 2),
        ("Neg", "negation", 1),
        ("Inv", "inverse", 1),
        ("Exp", "exponential", 1),
        ("Sigmoid", "sigmoid", 1),
        ("ReLU", "relu", 1),
        ("LT", "less", 2),
        ("EQ", "equal", 2),
    ]
    cases += [many_case(*function) for function in functions]
    for function, word, count in functions:
        inputs = {"function": function, "arguments": (0.5, 1.5)[:count]}
        cases.append(Case(TASK, f"{word}: of Scalars", run_apply, "forward", inputs))
    for word, expression in (
        ("minus sign", "-a"),
        ("exponential", "e^a"),
        ("sigmoid", "sigmoid a"),
        ("relu", "relu a"),
    ):
        cases += [
            expression_case(f"{word}: a positive Scalar", expression, 1.5),
            expression_case(f"{word}: a negative Scalar", expression, -1.25),
        ]
    cases += [
        expression_case("logarithm: a Scalar above 1", "log a", 3.0),
        expression_case("logarithm: a Scalar below 1", "log a", 0.5),
    ]
    for word, sign, equal in (("minus", "-", 0.5), ("less", "<", 2.0), ("greater", ">", 2.0), ("equal", "==", 2.0)):
        expression = f"a {sign} b"
        cases += [
            expression_case(f"{word}: a Scalar above another", expression, 2.0, 0.5),
            expression_case(f"{word}: a Scalar below another", expression, -1.5, 0.25),
            expression_case(f"{word}: two Scalars of the same value", expression, equal, equal),
            expression_case(f"{word}: a Scalar above a number", expression, 2.0, 0.5, True),
            expression_case(f"{word}: a Scalar below a number", expression, 0.5, 2.0, True),
            expression_case(f"{word}: a Scalar and its own value as a number", expression, equal, equal, True),
        ]
    return [
        *cases,
        expression_case("all together", "sigmoid(relu(a b - 0.5) - 2 / e^b)", 1.5, 0.75),
    ]


CASES = _cases()
