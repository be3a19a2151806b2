"""What is true of the operators, whatever the numbers (task 0.2 of the course).

Each function here takes a namespace with the functions of `minitorch.operators`: the module itself, or an impostor with
mistakes in it. It raises AssertionError where the property does not hold for the given numbers. Floats are rounded, so
what is equal in mathematics need only be nearly equal here.
"""

from typing import Any


def _agree(x: float, y: float, size: float = 1.0) -> bool:
    """Whether two results are the same but for rounding, if the numbers that led to them are of a certain size."""
    return abs(x - y) <= 1e-9 * size


def sigmoid_is_a_probability(operators: Any, x: float) -> None:
    """Check that sigmoid(x) is a probability.

    It is never less than 0 or more than 1; 1 - sigmoid(x) is sigmoid(-x); sigmoid(0) is 0.5; and it never falls as x
    grows.

    Args:
        operators: The operators to check.
        x: Any number.

    Raises:
        AssertionError: Their sigmoid is none.
    """
    probability = operators.sigmoid(x)
    assert 0.0 <= probability <= 1.0, f"sigmoid({x}) is {probability}"
    assert _agree(1.0 - probability, operators.sigmoid(-x)), f"sigmoid({x}) and sigmoid({-x}) do not add up to 1"
    assert _agree(operators.sigmoid(0.0), 0.5), "sigmoid(0) is not 0.5"
    assert probability <= operators.sigmoid(x + 1.0), f"sigmoid falls between {x} and {x + 1.0}"


def less_is_transitive(operators: Any, x: float, y: float, z: float) -> None:
    """Check that x is less than z wherever x is less than y and y is less than z; always by `operators.lt`.

    Args:
        operators: The operators to check.
        x: Any number.
        y: Any number.
        z: Any number.

    Raises:
        AssertionError: Their lt is not transitive.
    """
    if operators.lt(x, y) and operators.lt(y, z):
        assert operators.lt(x, z), f"{x} is less than {y}, that is less than {z}, but {x} is not less than {z}"


def multiplication_is_symmetric(operators: Any, x: float, y: float) -> None:
    """Check that mul(x, y) is mul(y, x).

    Args:
        operators: The operators to check.
        x: Any number.
        y: Any number.

    Raises:
        AssertionError: Their mul is not symmetric.
    """
    one, other = operators.mul(x, y), operators.mul(y, x)
    assert _agree(one, other, 1.0 + abs(one)), f"mul gives {one} and {other} for {x} and {y}"


def multiplication_distributes(operators: Any, x: float, y: float, z: float) -> None:
    """Check that x times the sum of y and z is the sum of x times y and x times z; always by `mul` and `add`.

    Args:
        operators: The operators to check.
        x: Any number.
        y: Any number.
        z: Any number.

    Raises:
        AssertionError: Their mul does not distribute over their add.
    """
    first, second = operators.mul(x, y), operators.mul(x, z)
    whole, parts = operators.mul(x, operators.add(y, z)), operators.add(first, second)
    # The two products may nearly cancel: then what they were rounded by is large in comparison with their sum.
    assert _agree(whole, parts, 1.0 + abs(first) + abs(second)), f"{whole} is not {parts}"


def your_own_property(operators: Any, x: float, y: float) -> None:
    """Check that neither of two numbers is larger than their max, and that it is one of them.

    Args:
        operators: The operators to check.
        x: Any number.
        y: Any number.

    Raises:
        AssertionError: Their max is none.
    """
    largest = operators.max(x, y)
    assert not operators.lt(largest, x), f"{x} is larger than the maximum {largest}"
    assert not operators.lt(largest, y), f"{y} is larger than the maximum {largest}"
    assert largest in (x, y), f"the maximum {largest} is neither {x} nor {y}"
