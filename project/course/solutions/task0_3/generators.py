"""Task 0.3 in another way: numbers are handed out one at a time, and no operator of task 0.1 is used."""

# minitorch/operators.py

import functools


def map(fn):
    def apply(values):
        for x in values:
            yield fn(x)

    return apply


def zipWith(fn):
    return lambda left, right: (fn(x, y) for x, y in zip(left, right))


def reduce(fn, start):
    return lambda values: functools.reduce(lambda result, x: fn(x, result), values, start)


def negList(values):
    return map(lambda x: -x)(values)


def addLists(left, right):
    return zipWith(lambda x, y: x + y)(left, right)


def sum(values):
    return reduce(lambda x, total: x + total, 0)(values)


def prod(values):
    return reduce(lambda x, product: x * product, 1)(values)
