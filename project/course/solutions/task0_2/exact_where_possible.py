"""Task 0.2 in another way: exact where rounding changes nothing, by NumPy elsewhere; the own property is of exp."""

# project/properties.py

import numpy as np


def sigmoid_is_a_probability(operators, x):
    s = operators.sigmoid
    assert s(x) >= 0.0 and s(x) <= 1.0
    assert s(0.0) == 0.5
    np.testing.assert_allclose(s(x) + s(-x), 1.0)
    if abs(x) < 20:
        # Rising strictly, where floats can show it.
        assert s(x - 0.1) < s(x) < s(x + 0.1)


def less_is_transitive(operators, x, y, z):
    assert operators.lt(x, y) * operators.lt(y, z) <= operators.lt(x, z)


def multiplication_is_symmetric(operators, x, y):
    assert operators.mul(x, y) == operators.mul(y, x)


def multiplication_distributes(operators, x, y, z):
    mul, add = operators.mul, operators.add
    np.testing.assert_allclose(mul(x, add(y, z)), add(mul(x, y), mul(x, z)), rtol=1e-7, atol=1e-9)


def your_own_property(operators, x, y):
    product = operators.mul(operators.exp(x), operators.exp(y))
    np.testing.assert_allclose(operators.exp(operators.add(x, y)), product)
