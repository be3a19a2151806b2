"""What the cases of the chain rule and of backpropagation have in common: graphs of Scalars, written as text.

A graph is built from leaves ("a = 2.0, b = -1.5"), constants, and steps ("c = a weigh b, d = cube c"), each of which
applies one function. The functions are made for these cases, so that a graph needs nothing of what students write.
"""

import math

from minitorch import Context, Scalar, ScalarFunction, ScalarHistory
from minitorch.scalar_functions import Add


class Weigh(ScalarFunction):
    """f(x, y) = 2 x + 3 y + 10"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        """Weigh the inputs."""
        return 2 * x + 3 * y + 10

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """df = 2 dx + 3 dy"""
        return 2 * d_output, 3 * d_output


class Cube(ScalarFunction):
    """f(x) = x^3; its backward returns a number, not a tuple"""

    @staticmethod
    def forward(ctx: Context, x: float) -> float:
        """Raise to the power of 3."""
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """df = 3 x^2 dx"""
        (x,) = ctx.saved_values
        return 3 * x * x * d_output


class Wave(ScalarFunction):
    """f(x, y) = sin(x + 2 y)"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        """Keep the angle, and take its sine."""
        ctx.save_for_backward(x + 2 * y)
        return math.sin(x + 2 * y)

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        """df = cos(x + 2 y) (dx + 2 dy)"""
        (angle,) = ctx.saved_values
        return math.cos(angle) * d_output, 2 * math.cos(angle) * d_output


class Damp(ScalarFunction):
    """f(x) = 0.9999 x"""

    @staticmethod
    def forward(ctx: Context, x: float) -> float:
        """Take a little away."""
        return 0.9999 * x

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        """df = 0.9999 dx"""
        return 0.9999 * d_output


class Frugal(ScalarFunction):
    """f(x, y) = 5 x - y; its backward returns None for an input that needs no derivative"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        """Weigh the inputs."""
        return 5 * x - y

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float | None, float | None]:
        """df = 5 dx - dy"""
        needs_x, needs_y = ctx.needs_input_grad
        return 5 * d_output if needs_x else None, -d_output if needs_y else None


FUNCTIONS = {"plus": Add, "weigh": Weigh, "cube": Cube, "wave": Wave, "damp": Damp, "frugal": Frugal}


def entries(text: str) -> list[str]:
    """The entries of a text that are divided by commas; none, if it is empty."""
    return text.split(", ") if text else []


def build(leaves: str, constants: str, steps: str) -> dict[str, Scalar]:
    """Make the Scalars of a graph, by their names. An operand that is no name is a plain number."""
    variables: dict[str, Scalar] = {}
    for text, is_leaf in ((leaves, True), (constants, False)):
        for entry in entries(text):
            name, number = entry.split(" = ")
            variables[name] = Scalar(float(number), ScalarHistory() if is_leaf else None)
    for step in entries(steps):
        name, words = step.split(" = ")
        *before, function, last = words.split()
        operands = [variables[word] if word in variables else float(word) for word in (*before, last)]
        variables[name] = FUNCTIONS[function].apply(*operands)
    return variables


def name_of(variable: object, variables: dict[str, Scalar]) -> str:
    """The name of a variable; what it is, if it is none of them."""
    for name, known in variables.items():
        if known is variable:
            return name
    return f"the number {variable.data}" if isinstance(variable, Scalar) else type(variable).__name__


def collected(variables: dict[str, Scalar], leaves: str) -> list[str]:
    """Which of the variables that are no leaves have collected a derivative."""
    names = [entry.split(" = ")[0] for entry in entries(leaves)]
    return [name for name, v in variables.items() if name not in names and v.derivative is not None]
