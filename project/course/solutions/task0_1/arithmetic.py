"""Task 0.1 in another way: comparisons are numbers to compute with, and sigmoid is a tanh."""

# minitorch/operators.py

import math


def mul(x, y):
    return y * x


def id(x):
    return +x


def add(x, y):
    return y + x


def neg(x):
    return -1.0 * x


def lt(x, y):
    return float(y > x)


def eq(x, y):
    return float(not (x < y or x > y))


def max(x, y):
    return (x + y + abs(x - y)) / 2


def is_close(x, y):
    return float(-1e-2 < x - y < 1e-2)


def sigmoid(x):
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def relu(x):
    return x * (x > 0)


def relu_back(x, d):
    return d * (x >= 0)


def log(x):
    return math.log2(x + EPS) * math.log(2)


def log_back(x, d):
    return d * (1 / (x + EPS))


def exp(x):
    return math.e**x


def inv(x):
    return x**-1


def inv_back(x, d):
    return d * -(x**-2)
