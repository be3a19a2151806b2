"""The properties of the operators: right operators have them, and impostors are found out."""

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch import operators
from project import properties

pytestmark = pytest.mark.task0_2

numbers = st.floats(-1e6, 1e6)

PROPERTIES: dict[str, int] = {
    "sigmoid_is_a_probability": 1,
    "less_is_transitive": 3,
    "multiplication_is_symmetric": 2,
    "multiplication_distributes": 3,
    "your_own_property": 2,
}

IMPOSTORS: list[tuple[str, str, Callable[..., Any], tuple[float, ...]]] = [
    ("sigmoid_is_a_probability", "sigmoid", lambda x: 0.5 + x, (3.0,)),
    ("sigmoid_is_a_probability", "sigmoid", lambda x: 0.5 ** math.exp(-x), (1.0,)),
    ("sigmoid_is_a_probability", "sigmoid", lambda x: operators.sigmoid(-x), (1.0,)),
    ("sigmoid_is_a_probability", "sigmoid", lambda x: operators.sigmoid(x) if x else 1.0, (1.0,)),
    ("less_is_transitive", "lt", lambda x, y: 0.0 < y - x < 1.5, (1.0, 2.0, 3.0)),
    ("multiplication_is_symmetric", "mul", lambda x, y: x * x * y, (1.0, 2.0)),
    ("multiplication_distributes", "mul", lambda x, y: x * y + 1.0, (1.0, 2.0, 3.0)),
    ("multiplication_distributes", "add", lambda x, y: x + y + 1.0, (2.0, 2.0, 3.0)),
    ("your_own_property", "max", lambda x, y: x, (1.0, 2.0)),
    ("your_own_property", "max", lambda x, y: y, (2.0, 1.0)),
    ("your_own_property", "max", lambda x, y: x + y, (2.0, 1.0)),
]


@pytest.mark.parametrize("name", PROPERTIES)
@given(data=st.data())
def test_the_operators_have_their_properties(name: str, data: st.DataObject) -> None:
    arguments = data.draw(st.tuples(*[numbers] * PROPERTIES[name]))
    getattr(properties, name)(operators, *arguments)


@pytest.mark.parametrize(("name", "mistaken", "impostor", "arguments"), IMPOSTORS)
def test_impostors_are_found_out(
    name: str, mistaken: str, impostor: Callable[..., Any], arguments: tuple[float, ...]
) -> None:
    namespace = SimpleNamespace(**vars(operators) | {mistaken: impostor})
    with pytest.raises(AssertionError):
        getattr(properties, name)(namespace, *arguments)
