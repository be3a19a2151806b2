"""Task 0.1 as a student may write it: one line a function, and two branches where there is a bend."""

# minitorch/operators.py

import math


def mul(x, y):
    return x * y


def id(x):
    return x


def add(x, y):
    return x + y


def neg(x):
    return -x


def lt(x, y):
    return 1.0 if x < y else 0.0


def eq(x, y):
    return 1.0 if x == y else 0.0


def max(x, y):
    return x if x > y else y


def is_close(x, y):
    return abs(x - y) < 1e-2


def sigmoid(x):
    # An exponential of a negative number cannot overflow.
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    return math.exp(x) / (1.0 + math.exp(x))


def relu(x):
    return x if x > 0 else 0.0


def relu_back(x, d):
    return d if x > 0 else 0.0


def log(x):
    return math.log(x + EPS)


def log_back(x, d):
    return d / (x + EPS)


def exp(x):
    return math.exp(x)


def inv(x):
    return 1.0 / x


def inv_back(x, d):
    return -d / x**2
