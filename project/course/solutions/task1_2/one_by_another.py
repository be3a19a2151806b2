"""Task 1.2 with operations of Scalars that are made of each other, where that is possible."""

# minitorch/scalar_functions.py


class Mul(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(b, a)
        return a * b


class Inv(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        out = 1 / a
        ctx.save_for_backward(out)
        return out


class Neg(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        return -a


class Sigmoid(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(operators.sigmoid(a), operators.sigmoid(-a))
        return operators.sigmoid(a)


class ReLU(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        is_on = a > 0
        ctx.save_for_backward(is_on)
        return a * is_on


class Exp(ScalarFunction):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(operators.exp(a))
        return operators.exp(a)


class LT(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        if a < b:
            return 1.0
        return 0.0


class EQ(ScalarFunction):
    @staticmethod
    def forward(ctx, a, b):
        return 1.0 - max(operators.lt(a, b), operators.lt(b, a))


# minitorch/scalar.py


class Scalar(Variable):
    def __sub__(self, b):
        return -(-self + b)

    def __neg__(self):
        return self * -1.0

    def __lt__(self, b):
        return LT.apply(self, b)

    def __gt__(self, b):
        other = b if isinstance(b, Scalar) else Scalar(b)
        return other < self

    def __eq__(self, b):
        return EQ.apply(self, b)

    def log(self):
        return Log.apply(self)

    def exp(self):
        return Exp.apply(self)

    def sigmoid(self):
        return Sigmoid.apply(self)

    def relu(self):
        return ReLU.apply(self)
