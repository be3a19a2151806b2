"""Every differentiable operation on numbers: a `forward`, and its `backward` right below it.

Here the values are plain floats: `forward` receives floats and returns one, and so does `backward`.
"""

from . import operators
from .autodiff import Context, Function
from .autodiff import wrap_tuple as wrap_tuple
from .errors import DTypeError, explain


class ScalarFunction(Function):
    """A Function of Scalars. Plain numbers among the arguments of `apply` become Scalars of their own.

    A `forward` that returns something else than a float raises DTypeError.

    Examples:
        >>> import minitorch
        >>> class Double(minitorch.ScalarFunction):
        ...     @staticmethod
        ...     def forward(ctx, x):
        ...         return 2 * x
        ...
        ...     @staticmethod
        ...     def backward(ctx, d_output):
        ...         return 2 * d_output
        >>> x = minitorch.Scalar(3)
        >>> (Double.apply(x) + 1).backward()
        >>> x.derivative
        2.0
    """

    @classmethod
    def _forward(cls, ctx: Context, *values: float) -> float:
        result = cls.forward(ctx, *values)
        if not isinstance(result, float):
            raise DTypeError(
                explain(
                    f"{cls.__name__}.forward did not return a float.",
                    got=f"{result!r} of type {type(result).__name__}",
                    expected="a float",
                    fix="return 1.0 for True, and float(x) for an int",
                )
            )
        return result


class Add(ScalarFunction):
    """a + b"""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        """Add."""
        return a + b

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """d(a + b) = da + db"""
        return d_output, d_output


class Mul(ScalarFunction):
    """a * b"""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        """Multiply."""
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """d(a * b) = b da + a db"""
        a, b = ctx.saved_values
        return b * d_output, a * d_output


class Neg(ScalarFunction):
    """-a"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Negate."""
        return operators.neg(a)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d(-a) = -da"""
        return -d_output


class Inv(ScalarFunction):
    """1 / a"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Invert."""
        ctx.save_for_backward(a)
        return operators.inv(a)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d(1/a) = -1/a^2 da"""
        (a,) = ctx.saved_values
        return operators.inv_back(a, d_output)


class Log(ScalarFunction):
    """ln(a + EPS)"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Take the natural logarithm."""
        ctx.save_for_backward(a)
        return operators.log(a)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d ln(a + EPS) = 1 / (a + EPS) da"""
        (a,) = ctx.saved_values
        return operators.log_back(a, d_output)


class Exp(ScalarFunction):
    """e^a"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Raise e to the power of a."""
        out = operators.exp(a)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d e^a = e^a da"""
        (out,) = ctx.saved_values
        return out * d_output


class Sigmoid(ScalarFunction):
    """1 / (1 + e^-a)"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Squash into (0, 1)."""
        out = operators.sigmoid(a)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d sigmoid(a) = y (1 - y) da, with y = sigmoid(a)"""
        (out,) = ctx.saved_values
        return operators.sigmoid_back(out, d_output)


class ReLU(ScalarFunction):
    """max(a, 0)"""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        """Replace a negative number by 0."""
        ctx.save_for_backward(a)
        return operators.relu(a)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """d relu(a) = da if a is positive, else 0"""
        (a,) = ctx.saved_values
        return operators.relu_back(a, d_output)


class LT(ScalarFunction):
    """1 if a < b, else 0"""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        """Compare."""
        return operators.lt(a, b)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """A step function is flat: the derivatives are 0."""
        return 0.0, 0.0


class EQ(ScalarFunction):
    """1 if a equals b, else 0"""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        """Compare."""
        return operators.eq(a, b)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """A step function is flat: the derivatives are 0."""
        return 0.0, 0.0
