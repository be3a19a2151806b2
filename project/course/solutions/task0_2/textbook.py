"""Task 0.2 as a student may write it: an assertion for each part of a property."""

# project/properties.py


def nearly(x, y):
    return abs(x - y) < 1e-6


def sigmoid_is_a_probability(operators, x):
    p = operators.sigmoid(x)
    assert 0.0 <= p <= 1.0
    assert nearly(1.0 - p, operators.sigmoid(-x))
    assert nearly(operators.sigmoid(0.0), 0.5)
    assert p <= operators.sigmoid(x + 0.5)


def less_is_transitive(operators, x, y, z):
    if operators.lt(x, y) == 1.0 and operators.lt(y, z) == 1.0:
        assert operators.lt(x, z) == 1.0


def multiplication_is_symmetric(operators, x, y):
    assert nearly(operators.mul(x, y), operators.mul(y, x))


def multiplication_distributes(operators, x, y, z):
    whole = operators.mul(x, operators.add(y, z))
    parts = operators.add(operators.mul(x, y), operators.mul(x, z))
    assert nearly(whole, parts)


def your_own_property(operators, x, y):
    # What relu leaves is never negative, and relu changes it no more.
    once = operators.relu(x)
    assert once >= 0.0
    assert nearly(operators.relu(once), once)
