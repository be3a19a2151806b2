"""Task 1.4 by counting: a variable is ready as soon as all that used it is done. Functions keep their inputs."""

# minitorch/autodiff.py

from collections import deque


def topological_sort(variable):
    if variable.is_constant():
        return
    uses = {id(variable): 0}
    found = [variable]
    for v in found:  # the list grows while it is walked
        for parent in v.parents:
            if parent.is_constant():
                continue
            if id(parent) not in uses:
                uses[id(parent)] = 0
                found.append(parent)
            uses[id(parent)] += 1
    ready = deque([variable])
    while ready:
        v = ready.popleft()
        yield v
        for parent in v.parents:
            if not parent.is_constant():
                uses[id(parent)] -= 1
                if uses[id(parent)] == 0:
                    ready.append(parent)


def backpropagate(variable, deriv):
    arrived = {id(variable): [deriv]}
    for v in topological_sort(variable):
        first, *others = arrived.pop(id(v))
        for other in others:
            first = first + other
        if v.is_leaf():
            v.accumulate_derivative(first)
        else:
            for parent, part in v.chain_rule(first):
                if part is not None and not parent.is_constant():
                    arrived.setdefault(id(parent), []).append(part)


# minitorch/scalar_functions.py

import math


class Mul(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(b, a)
        return a * b

    @staticmethod
    def backward(ctx, d_output):
        return tuple(d_output * factor for factor in ctx.saved_values)


class Inv(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(1 / a)
        return 1 / a

    @staticmethod
    def backward(ctx, d_output):
        (out,) = ctx.saved_values
        return (-out * out * d_output,)


class Neg(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return (-1.0 * d_output,)


class Sigmoid(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return operators.sigmoid(a)

    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return (d_output * operators.sigmoid(a) * operators.sigmoid(-a),)


class ReLU(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return d_output * (a > 0)


class Exp(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return math.exp(a)

    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return d_output * math.exp(a)


class LT(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return 0, 0


class EQ(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return 0 * d_output, 0 * d_output
