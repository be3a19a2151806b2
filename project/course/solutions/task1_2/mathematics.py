"""Task 1.2 without the operators: everything is computed with Python and `math`, and inputs are kept, not outputs."""

# minitorch/scalar_functions.py

import math


class Mul(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b


class Inv(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a**-1


class Neg(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        return 0.0 - a


class Sigmoid(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return 0.5 * (math.tanh(0.5 * a) + 1.0)


class ReLU(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return max(0.0, a)


class Exp(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return math.e**a


class LT(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        return float(a < b)


class EQ(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        return float(a == b)


# minitorch/scalar.py


class Scalar(Variable):
    def __sub__(self, b):
        return self + -1 * b

    def __neg__(self):
        return Neg.apply(self)

    def __lt__(self, b):
        return LT.apply(self, b)

    def __gt__(self, b):
        return LT.apply(b, self)

    def __eq__(self, b):
        return EQ.apply(b, self)

    def log(self):
        return Log.apply(self)

    def exp(self):
        return Exp.apply(self)

    def sigmoid(self):
        return Sigmoid.apply(self)

    def relu(self):
        return ReLU.apply(self)
