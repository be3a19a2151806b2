"""Task 0.2 in another way: by the tolerance of the operators themselves; the own property is of inv and mul."""

# project/properties.py


def complain(holds, what):
    if not holds:
        raise AssertionError(what)


def sigmoid_is_a_probability(operators, x):
    complain(operators.is_close(operators.sigmoid(0), 0.5), "half way at 0")
    points = [x - 2.0, x - 1.0, x, x + 1.0, x + 2.0]
    values = [operators.sigmoid(point) for point in points]
    for point, value in zip(points, values):
        complain(value >= 0.0 and value <= 1.0, "between 0 and 1")
        complain(operators.is_close(value + operators.sigmoid(-point), 1.0), "mirrored")
    complain(all(left <= right for left, right in zip(values, values[1:])), "rising")


def less_is_transitive(operators, x, y, z):
    both = operators.lt(x, y) and operators.lt(y, z)
    complain(operators.lt(x, z) or not both, "transitive")


def multiplication_is_symmetric(operators, x, y):
    complain(operators.is_close(operators.mul(x, y), operators.mul(y, x)), "symmetric")


def multiplication_distributes(operators, x, y, z):
    left = operators.mul(x, operators.add(y, z))
    right = operators.add(operators.mul(x, y), operators.mul(x, z))
    complain(operators.is_close(left, right), "distributes")


def your_own_property(operators, x, y):
    if abs(x) > 1e-3:
        complain(operators.is_close(operators.mul(x, operators.inv(x)), 1.0), "the product with the inverse is 1")
