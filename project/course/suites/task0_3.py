"""The cases of task 0.3, functions of lists."""

from collections.abc import Callable
from typing import Any

from minitorch import operators
from project.course.cases import Case, Values
from project.course.suites.plain_numbers import as_array

TASK = "0_3"

ONE: dict[str, Callable[[float], float]] = {"2 x": lambda x: 2 * x, "x - 1": lambda x: x - 1, "x x": lambda x: x * x}
TWO: dict[str, Callable[[float, float], float]] = {
    "x - y": lambda x, y: x - y,
    "x + 10 y": lambda x, y: x + 10 * y,
    "x - y / 2": lambda x, y: x - y / 2,
}
"""Functions to be applied to lists, by what they compute."""

ORDINALS = ("first", "second", "third")


def run_map(function: str, lists: list[list[float]]) -> Values:
    """One function of a list, made by `map`, used on several lists; and whether it leaves them as they are."""
    given = [list(values) for values in lists]
    apply = operators.map(ONE[function])
    results = {f"{ordinal} result": as_array(apply(values)) for ordinal, values in zip(ORDINALS, given)}
    return results | {"lists afterwards": given}


def run_zip(function: str, pairs: list[tuple[list[float], list[float]]]) -> Values:
    """One function of two lists, made by `zipWith`, used on several pairs; and whether it leaves them as they are."""
    given = [(list(left), list(right)) for left, right in pairs]
    apply = operators.zipWith(TWO[function])
    results = {f"{ordinal} result": as_array(apply(*pair)) for ordinal, pair in zip(ORDINALS, given)}
    return results | {"lists afterwards": given}


def run_reduce(function: str, start: float, lists: list[list[float]]) -> Values:
    """One function of a list, made by `reduce`, used on several lists; and whether it leaves them as they are."""
    given = [list(values) for values in lists]
    apply = operators.reduce(TWO[function], start)
    results = {f"{ordinal} result": as_array(apply(values)) for ordinal, values in zip(ORDINALS, given)}
    return results | {"lists afterwards": given}


def run_built(function: str, lists: list[Any]) -> Values:
    """A function that is built from the three; and whether it leaves its lists, or tuples, as they are."""
    given = [values if isinstance(values, tuple) else list(values) for values in lists]
    return {"result": as_array(getattr(operators, function)(*given)), "lists afterwards": given}


def map_case(name: str, function: str, *lists: list[float]) -> Case:
    """A case for `map`."""
    return Case(TASK, f"map: {name}", run_map, "mapped", {"function": function, "lists": list(lists)})


def zip_case(name: str, function: str, *pairs: tuple[list[float], list[float]]) -> Case:
    """A case for `zipWith`."""
    return Case(TASK, f"zipWith: {name}", run_zip, "zipped", {"function": function, "pairs": list(pairs)})


def reduce_case(name: str, function: str, start: float, *lists: list[float]) -> Case:
    """A case for `reduce`."""
    inputs = {"function": function, "start": start, "lists": list(lists)}
    return Case(TASK, f"reduce: {name}", run_reduce, "reduced", inputs)


def built_case(name: str, function: str, *lists: Any) -> Case:
    """A case for one of the functions that are built from the three."""
    return Case(TASK, f"{function}: {name}", run_built, "built", {"function": function, "lists": list(lists)})


THREE = [3.0, -1.0, 4.0]
OTHER_THREE = [0.5, 2.0, -6.0]
MANY = [2.5, -1.5, 3.0, 0.25, -4.0, 1.0, 0.75, -2.0, 6.0, 1.25, -0.5, 3.5]
OTHER_MANY = [-3.0, 0.5, 1.75, 2.0, -1.0, 4.5, -0.25, 5.0, 1.5, -2.5, 0.125, 8.0]
LONG = [(-1) ** i * (1 + i / 8) for i in range(200)]

CASES = [
    map_case("one number", "2 x", [3.0]),
    map_case("three numbers", "x - 1", THREE),
    map_case("an empty list", "x - 1", []),
    map_case("one function, used on two lists", "x x", THREE, [5.0, 2.0]),
    map_case("many numbers", "x x", LONG),
    zip_case("one pair", "x + 10 y", ([2.0], [3.0])),
    zip_case("three pairs", "x - y", (THREE, OTHER_THREE)),
    zip_case("empty lists", "x - y", ([], [])),
    zip_case("one function, used on two pairs of lists", "x + 10 y", (THREE, OTHER_THREE), ([5.0, 2.0], [1.0, 7.0])),
    zip_case("many pairs", "x - y", (MANY, OTHER_MANY)),
    reduce_case("one number", "x - y", 2.0, [5.0]),
    reduce_case("an empty list", "x - y", 2.0, []),
    reduce_case("two numbers", "x + 10 y", 0.0, [1.0, 2.0]),
    reduce_case("three numbers, and another start", "x + 10 y", 7.0, [1.0, 2.0, 3.0]),
    reduce_case("one function, used on two lists", "x - y", 1.0, THREE, [5.0, 2.0]),
    reduce_case("many numbers", "x - y / 2", 3.0, LONG),
    built_case("one number", "negList", [3.0]),
    built_case("an empty list", "negList", []),
    built_case("numbers of both signs", "negList", THREE),
    built_case("one pair", "addLists", [2.0], [3.0]),
    built_case("empty lists", "addLists", [], []),
    built_case("many pairs", "addLists", MANY, OTHER_MANY),
    built_case("one number", "sum", [3.0]),
    built_case("an empty list", "sum", []),
    built_case("three numbers", "sum", THREE),
    built_case("many numbers", "sum", LONG),
    built_case("one number", "prod", [3.0]),
    built_case("an empty list", "prod", []),
    built_case("three numbers", "prod", THREE),
    built_case("a shape, which is a tuple of whole numbers", "prod", (2, 3, 4)),
    built_case("many numbers", "prod", MANY),
]
