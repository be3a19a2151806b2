"""Task 0.3 as a student may write it: functions within functions, and a loop in each."""

# minitorch/operators.py


def map(fn):
    def apply(values):
        results = []
        for x in values:
            results.append(fn(x))
        return results

    return apply


def zipWith(fn):
    def apply(left, right):
        results = []
        for x, y in zip(left, right):
            results.append(fn(x, y))
        return results

    return apply


def reduce(fn, start):
    def apply(values):
        result = start
        for x in values:
            result = fn(x, result)
        return result

    return apply


def negList(values):
    return map(neg)(values)


def addLists(left, right):
    return zipWith(add)(left, right)


def sum(values):
    return reduce(add, 0.0)(values)


def prod(values):
    return reduce(mul, 1.0)(values)
