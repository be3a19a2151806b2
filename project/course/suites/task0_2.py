"""The cases of task 0.2, properties of the operators."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from project import properties
from project.course.cases import Case, Values
from project.course.inputs import Array

TASK = "0_2"


def floats(ufunc: Callable[..., Any]) -> Callable[..., float]:
    """A function of NumPy as an operator, which returns a float."""
    return lambda *numbers: float(ufunc(*numbers))


RIGHT: dict[str, Callable[..., Any]] = {
    "mul": floats(np.multiply),
    "id": floats(np.positive),
    "add": floats(np.add),
    "neg": floats(np.negative),
    "lt": floats(np.less),
    "eq": floats(np.equal),
    "max": floats(np.maximum),
    "is_close": lambda x, y: bool(np.isclose(x, y, rtol=0.0, atol=0.01)),
    "sigmoid": lambda x: float(np.exp(-np.logaddexp(0.0, -x))),
    "relu": lambda x: float(np.clip(x, 0.0, None)),
    "relu_back": lambda x, d: float(np.heaviside(x, 0.0) * d),
    "log": lambda x: float(np.log(x + 1e-6)),
    "log_back": lambda x, d: float(np.divide(d, x + 1e-6)),
    "exp": floats(np.exp),
    "inv": floats(np.reciprocal),
    "inv_back": lambda x, d: float(-d * np.float_power(x, -2.0)),
}
"""Right operators, made of NumPy's functions: the properties are judged by them, whatever the student's own do."""

IMPOSTORS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sigmoid leaves the range from 0 to 1": ("sigmoid", lambda x: 0.5 + x),
    "sigmoid rises faster on one side": ("sigmoid", lambda x: 0.5 ** float(np.exp(-x))),
    "sigmoid is wrong at 0 only": ("sigmoid", lambda x: RIGHT["sigmoid"](x) if x else 1.0),
    "sigmoid falls": ("sigmoid", lambda x: RIGHT["sigmoid"](-x)),
    "lt asks for close numbers": ("lt", lambda x, y: float(0.0 < y - x < 1.5)),
    "lt asks for different numbers": ("lt", lambda x, y: float(x != y)),
    "mul squares the first number": ("mul", lambda x, y: x * x * y),
    "mul drops a sign": ("mul", lambda x, y: x * abs(y)),
    "mul adds 1": ("mul", lambda x, y: x * y + 1.0),
    "add adds 1": ("add", lambda x, y: x + y + 1.0),
    "add multiplies": ("add", lambda x, y: x * y + x + y),
    "add subtracts": ("add", lambda x, y: x - y),
    "id adds 1": ("id", lambda x: x + 1.0),
    "neg doubles": ("neg", lambda x: -2.0 * x),
    "neg does nothing": ("neg", lambda x: x),
    "lt is always true": ("lt", lambda x, y: 1.0),
    "lt is always false": ("lt", lambda x, y: 0.0),
    "eq is always true": ("eq", lambda x, y: 1.0),
    "eq is always false": ("eq", lambda x, y: 0.0),
    "eq compares sizes": ("eq", lambda x, y: float(x <= y)),
    "max takes the first number": ("max", lambda x, y: x),
    "max takes the second number": ("max", lambda x, y: y),
    "max takes the smaller number": ("max", lambda x, y: min(x, y)),
    "max adds": ("max", lambda x, y: x + y),
    "is_close asks one side only": ("is_close", lambda x, y: x - y < 0.01),
    "is_close is always true": ("is_close", lambda x, y: True),
    "is_close is always false": ("is_close", lambda x, y: False),
    "relu lets a tenth pass": ("relu", lambda x: x if x > 0 else 0.1 * x),
    "relu lets everything pass": ("relu", lambda x: x),
    "relu is always 0": ("relu", lambda x: 0.0),
    "relu adds 1": ("relu", lambda x: RIGHT["relu"](x) + 1.0),
    "relu_back lets everything pass": ("relu_back", lambda x, d: d),
    "relu_back forgets d": ("relu_back", lambda x, d: RIGHT["relu_back"](x, 1.0)),
    "log has the base 10": ("log", lambda x: float(np.log10(x + 1e-6))),
    "log_back forgets d": ("log_back", lambda x, d: RIGHT["log_back"](x, 1.0)),
    "log_back is 0": ("log_back", lambda x, d: 0.0),
    "exp has the base 2": ("exp", floats(np.exp2)),
    "exp adds 1": ("exp", floats(np.expm1)),
    "inv adds 1": ("inv", lambda x: 1.0 / x + 1.0),
    "inv does nothing": ("inv", lambda x: x),
    "inv changes the sign": ("inv", lambda x: -x),
    "inv_back loses its sign": ("inv_back", lambda x, d: -RIGHT["inv_back"](x, d)),
    "inv_back forgets d": ("inv_back", lambda x, d: RIGHT["inv_back"](x, 1.0)),
}
"""Mistakes, by what they are: the operator that is mistaken, and what it does."""

ARGUMENTS = {
    "sigmoid_is_a_probability": 1,
    "less_is_transitive": 3,
    "multiplication_is_symmetric": 2,
    "multiplication_distributes": 3,
    "your_own_property": 2,
}
"""How many numbers each property takes."""


def choices(property: str, numbers: Array) -> Iterator[tuple[float, ...]]:
    """All choices of as many numbers as a property takes."""
    return itertools.product(numbers.tolist(), repeat=ARGUMENTS[property])


def holds(property: str, operators: Any, chosen: tuple[float, ...]) -> bool:
    """Whether a property holds for some operators and numbers."""
    try:
        getattr(properties, property)(operators, *chosen)
    except AssertionError:
        return False
    return True


def check_right(property: str, numbers: Array) -> Values:
    """Of what a property accuses right operators: three choices of numbers at most."""
    right = SimpleNamespace(**RIGHT)
    accused = [chosen for chosen in choices(property, numbers) if not holds(property, right, chosen)]
    return {"accuses right operators at": [", ".join(map(str, chosen)) for chosen in accused[:3]]}


def check_impostor(property: str, impostor: str, numbers: Array) -> Values:
    """Whether a property finds an impostor out, with some of the numbers."""
    operators = impostor_of(*IMPOSTORS[impostor])
    found = [chosen for chosen in choices(property, numbers) if not holds(property, operators, chosen)]
    return {"finds the impostor out": bool(found)}


def check_any_impostor(property: str, numbers: Array) -> Values:
    """Whether a property, of whichever operators it is, finds one of all the impostors out."""
    for impostor, chosen in itertools.product(IMPOSTORS.values(), choices(property, numbers)):
        with contextlib.suppress(ArithmeticError, ValueError):  # the impostor's results may be nothing to compute with
            if not holds(property, impostor_of(*impostor), chosen):
                return {"finds one of the impostors out": True}
    return {"finds one of the impostors out": False}


def impostor_of(mistaken: str, function: Callable[..., Any]) -> SimpleNamespace:
    """The operators with a mistake in one of them."""
    return SimpleNamespace(**RIGHT | {mistaken: function})


def right_case(name: str, property: str, numbers: Any) -> Case:
    """A case in which nothing is to be found."""
    inputs = {"property": property, "numbers": np.array(numbers)}
    return Case(TASK, f"{property}: {name}", check_right, "no_complaints", inputs)


def impostor_case(property: str, impostor: str, numbers: Any) -> Case:
    """A case with an impostor."""
    inputs = {"property": property, "impostor": impostor, "numbers": np.array(numbers)}
    return Case(TASK, f"{property}: an impostor, {impostor}", check_impostor, "impostor_found", inputs)


FEW = [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
ROUNDED = [-7.3, -1.1, 0.1, 0.2, 0.7, 2.9, 9.7]  # none of them is a sum of a few powers of two
CANCELLING = [0.1 + 0.2, -0.3, 10.0, 0.7]  # the sum of the first two is not quite 0
FAR = [-700.0, -200.0, -40.0, -36.5, 36.5, 40.0, 200.0, 700.0]

SIGMOID, LESS, SYMMETRIC, DISTRIBUTES, OWN = ARGUMENTS

CASES = [
    right_case("right operators", SIGMOID, FEW),
    right_case("right operators, and results that are rounded", SIGMOID, ROUNDED),
    right_case("right operators, and results that are rounded to 0 and 1", SIGMOID, FAR),
    impostor_case(SIGMOID, "sigmoid leaves the range from 0 to 1", FEW),
    impostor_case(SIGMOID, "sigmoid rises faster on one side", FEW),
    impostor_case(SIGMOID, "sigmoid is wrong at 0 only", [0.25, 1.5]),
    impostor_case(SIGMOID, "sigmoid falls", FEW),
    right_case("right operators", LESS, FEW),
    impostor_case(LESS, "lt asks for close numbers", FEW),
    impostor_case(LESS, "lt asks for different numbers", FEW),
    right_case("right operators", SYMMETRIC, FEW),
    right_case("right operators, and results that are rounded", SYMMETRIC, ROUNDED),
    impostor_case(SYMMETRIC, "mul squares the first number", FEW),
    impostor_case(SYMMETRIC, "mul drops a sign", FEW),
    right_case("right operators", DISTRIBUTES, FEW),
    right_case("right operators, and results that are rounded", DISTRIBUTES, ROUNDED),
    right_case("right operators, and sums that nearly cancel", DISTRIBUTES, CANCELLING),
    impostor_case(DISTRIBUTES, "mul adds 1", FEW),
    impostor_case(DISTRIBUTES, "mul drops a sign", FEW),
    impostor_case(DISTRIBUTES, "add adds 1", FEW),
    right_case("right operators", OWN, [-2.0, -1.0, 1.0, 2.0, 3.0]),
    right_case("right operators, and results that are rounded", OWN, ROUNDED),
    Case(
        TASK,
        f"{OWN}: one of many impostors",
        check_any_impostor,
        "any_found",
        {"property": OWN, "numbers": np.array([-2.5, -1.0, -0.25, 0.5, 1.0, 2.0, 3.5])},
    ),
]
