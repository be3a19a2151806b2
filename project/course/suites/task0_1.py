"""The cases of task 0.1, operators on numbers."""

import dis
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from minitorch import operators
from project.course.cases import Case, Values
from project.course.inputs import Array
from project.course.suites.plain_numbers import as_array

TASK = "0_1"

NAMES = (
    *("mul", "id", "add", "neg", "lt", "eq", "max", "is_close"),
    *("sigmoid", "relu", "relu_back", "log", "log_back", "exp", "inv", "inv_back"),
)

# Pairs of every kind: the first is smaller, and larger; both are negative, and only one is.
MANY_X = [0.5, 3.0, -2.5, -0.75, 4.0, -1.25, 0.125, -6.0]
MANY_Y = [2.5, 1.25, -0.5, -3.0, -1.5, 2.0, 0.375, 5.0]
POSITIVE = [0.5, 0.75, 1.25, 2.0, 3.5, 8.0, 20.0]
UPSTREAM = [3.0, -0.5, 2.0, -1.25, 0.75, -4.0, 1.5]


def results_of(function: str, **arguments: Array) -> list[Any]:
    """What a function returns for the first number of each argument, for the second of each, and so on."""
    columns = [numbers.tolist() for numbers in arguments.values()]
    return [getattr(operators, function)(*numbers) for numbers in zip(*columns)]


def run_function(**inputs: Any) -> Values:
    """A function of one number or of two, on several."""
    return {"result": as_array(results_of(**inputs))}


def find_types(**inputs: Any) -> Values:
    """The types of what a function returns."""
    results = results_of(**inputs)
    return {"types": sorted({"float" if isinstance(one, float) else type(one).__name__ for one in results})}


def names_used(code: CodeType) -> set[str]:
    """The global names that a function uses, also in functions within it."""
    found = {str(step.argval) for step in dis.get_instructions(code) if step.opname == "LOAD_GLOBAL"}
    return found.union(*[names_used(inner) for inner in code.co_consts if isinstance(inner, CodeType)])


def find_calls() -> Values:
    """For each function, which other functions in Python it calls: a compiled kernel could not."""
    calls = {}
    for name in NAMES:
        function = getattr(operators, name)
        used = names_used(function.__code__) if isinstance(function, FunctionType) else set()
        calls[name] = sorted([other for other in used if isinstance(vars(operators).get(other), FunctionType)])
    return calls


def case(name: str, function: str, x: list[float], second: list[float] | None = None, tolerance: float = 1e-9) -> Case:
    """A case for a function on some numbers. The second argument of a derivative is called d, that of others y."""
    inputs: dict[str, Any] = {"function": function, "x": np.array(x)}
    if second is not None:
        inputs["d" if function.endswith("_back") else "y"] = np.array(second)
    return Case(TASK, f"{function}: {name}", run_function, "result", inputs, rtol=tolerance, atol=tolerance)


def types_case(function: str, x: list[float], second: list[float] | None = None) -> Case:
    """A case that asks for the type of the results only."""
    inputs = case("", function, x, second).inputs
    return Case(TASK, f"{function}: results are floats", find_types, "floats", inputs)


CASES = [
    case("one product", "mul", [2.0], [3.0]),
    case("many pairs", "mul", MANY_X, MANY_Y),
    case("one number", "id", [3.0]),
    case("many numbers", "id", MANY_X),
    case("one sum", "add", [2.0], [3.0]),
    case("many pairs", "add", MANY_X, MANY_Y),
    case("a positive number", "neg", [3.0]),
    case("many numbers", "neg", [*MANY_X, 0.0]),
    case("the first is smaller", "lt", [1.0], [2.0]),
    case("the first is larger", "lt", [2.0], [1.0]),
    case("equal numbers", "lt", [2.0], [2.0]),
    case("many pairs", "lt", MANY_X, MANY_Y),
    types_case("lt", [1.0, 2.0], [2.0, 1.0]),
    case("equal numbers", "eq", [2.0, -0.5], [2.0, -0.5]),
    case("different numbers", "eq", [2.0], [3.0]),
    case("nearly equal numbers", "eq", [1.0, -2.0], [1.0 + 1e-7, -2.0 - 1e-7]),
    case("many pairs", "eq", MANY_X, MANY_Y),
    types_case("eq", [1.0, 2.0], [2.0, 2.0]),
    case("the second is larger", "max", [2.0], [3.0]),
    case("the first is larger", "max", [3.0], [2.0]),
    case("two negative numbers", "max", [-3.0], [-2.0]),
    case("many pairs", "max", [*MANY_X, 2.0], [*MANY_Y, 2.0]),
    case("equal numbers", "is_close", [2.0], [2.0]),
    case("the second is much larger", "is_close", [1.0], [3.0]),
    case("the first is much larger", "is_close", [3.0], [1.0]),
    case("a little less than 0.01 apart", "is_close", [1.0, 1.009, -0.004], [1.009, 1.0, 0.004]),
    case("a little more than 0.01 apart", "is_close", [1.0, 1.011, -0.006], [1.011, 1.0, 0.006]),
    case("large numbers", "is_close", [10000.0, 10000.5], [10000.5, 10000.0]),
    case("at 0", "sigmoid", [0.0]),
    case("many numbers", "sigmoid", [-5.0, -2.5, -1.0, -0.25, 0.25, 1.0, 2.5, 5.0]),
    case("a large number", "sigmoid", [1000.0]),
    case("a large negative number", "sigmoid", [-1000.0]),
    case("a positive number", "relu", [3.0]),
    case("a negative number", "relu", [-3.0]),
    case("many numbers", "relu", [*MANY_X, 0.0]),
    types_case("relu", [2.0, -2.0]),
    case("a positive number", "relu_back", [2.0], [3.0]),
    case("a negative number", "relu_back", [-2.0], [3.0]),
    case("many numbers, derivatives of both signs", "relu_back", MANY_X, MANY_Y),
    types_case("relu_back", [2.0, -2.0], [3.0, 3.0]),
    # Less exact, for what is added to x so that log(0) is finite shows best near 0.
    case("many numbers", "log", POSITIVE, tolerance=1e-5),
    case("at 0, and close to it", "log", [0.0, 1e-6, 1e-5]),
    case("one number", "log_back", [2.0], [3.0], tolerance=1e-5),
    case("many numbers, derivatives of both signs", "log_back", POSITIVE, UPSTREAM, tolerance=1e-5),
    case("at 0, and close to it", "log_back", [0.0, 1e-6], [3.0, 2.0]),
    case("at 0 and 1", "exp", [0.0, 1.0]),
    case("many numbers", "exp", MANY_X),
    case("one number", "inv", [4.0]),
    case("many numbers", "inv", MANY_X),
    case("one number", "inv_back", [2.0], [3.0]),
    case("many numbers, derivatives of both signs", "inv_back", MANY_X, MANY_Y),
    Case(TASK, "every function stands on its own", find_calls, "no_calls"),
]
