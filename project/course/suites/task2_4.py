"""The cases of task 2.4, tensor operations backward."""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch import Tensor, tensor_functions
from minitorch.autodiff import wrap_tuple
from minitorch.tensor_functions import EQ, LT, Add, Copy, Exp, Log, Mul, Permute, ReLU, Sigmoid, Sum, View
from project.course.cases import Case, Values
from project.course.inputs import Array, lay_out, leaf, numbers, random_array, rng_for

TASK = "2_4"

# Graphs of several functions. Their names are what is computed; shapes are those of the cases below.
GRAPHS: dict[str, Callable[..., Tensor]] = {
    "x * x": lambda x: Mul.apply(x, x),
    "x * exp(x)": lambda x: Mul.apply(x, Exp.apply(x)),
    "x * y": Mul.apply,
    "x < y": LT.apply,
    "x == y": EQ.apply,
    "sigmoid(sigmoid(x))": lambda x: Sigmoid.apply(Sigmoid.apply(x)),
    "log(sigmoid(exp(relu(x))))": lambda x: Log.apply(Sigmoid.apply(Exp.apply(ReLU.apply(x)))),
    "exp(x) + exp(y)": lambda x, y: Add.apply(Exp.apply(x), Exp.apply(y)),
    "sigmoid(x) + relu(y)": lambda x, y: Add.apply(Sigmoid.apply(x), ReLU.apply(y)),
    "x * exp(y)": lambda x, y: Mul.apply(x, Exp.apply(y)),
    "sum over dim 1 of x * y": lambda x, y: Sum.apply(Mul.apply(x, y), 1),
    # (6, 4) -> (2, 3, 4) -> (4, 2, 3)
    "view, then permute": lambda x: Permute.apply(View.apply(x, (2, 3, 4)), (2, 0, 1)),
    # (4, 6) -> (2, 2, 3, 2) -> (2, 3, 2, 2) -> (6, 4): the tiles of 2 by 2, one a row
    "cut into tiles": lambda x: View.apply(
        Copy.apply(Permute.apply(View.apply(x, (2, 2, 3, 2)), (0, 2, 1, 3))),
        (6, 4),
    ),
    # (3, 2) and (2, 4) -> (3, 2, 1) * (2, 4) -> (3, 1, 4) -> (3, 4)
    "rows of x times columns of y": lambda x, y: View.apply(
        Sum.apply(Mul.apply(View.apply(x, (3, 2, 1)), y), 1),
        (3, 4),
    ),
    # (2, 3) and (6,) -> (3, 2)
    "permute(x) + view(y)": lambda x, y: Add.apply(Permute.apply(x, (1, 0)), View.apply(y, (3, 2))),
}


def fitted(variable: Tensor, arrived: Any) -> Array | None:
    """A gradient in the shape of its tensor, as the graph brings it there; as it is, if that cannot be done."""
    if arrived is None:
        return None
    try:
        np.broadcast_shapes(variable.shape, getattr(arrived, "shape", ()))
    except ValueError:
        return np.array(arrived)
    return numbers(variable._fit(arrived))


def step_back(
    function: str,
    a: Array,
    upstream: Array,
    b: Array | None = None,
    settings: tuple[Any, ...] = (),
    layout: str = "rows",
    upstream_layout: str = "rows",
) -> Values:
    """A Function on one or two tensors, and its `backward` on its own: the gradients, in the shapes of the inputs."""
    leaves = [leaf(array, layout) for array in (a, b) if array is not None]
    kind = getattr(tensor_functions, function)
    out = kind.apply(*leaves, *settings)
    derivatives = wrap_tuple(kind.backward(out.history.ctx, lay_out(upstream, upstream_layout)))
    values: Values = {"number of gradients": len(derivatives)}
    for name, variable, derivative in zip("ab", leaves, derivatives):
        values[f"gradient of {name}"] = fitted(variable, derivative)
    return values


def expand(own_shape: tuple[int, ...], gradient: Array, layout: str = "rows") -> Values:
    """A gradient in the shape of a tensor."""
    return {"gradient": numbers(lay_out(np.zeros(own_shape)).expand(lay_out(gradient, layout)))}


def run_graph(graph: str, upstream: Array, times: int = 1, constant: str = "", **operands: Array) -> Values:
    """One of the GRAPHS, forward, and backward a number of times: the gradients of its leaves, and of a constant."""
    tensors = {name: lay_out(array) if name == constant else leaf(array) for name, array in operands.items()}
    out = GRAPHS[graph](*tensors.values())
    for _ in range(times):
        out.backward(lay_out(upstream))
    return {f"gradient of {name}": numbers(tensor.grad) for name, tensor in tensors.items()}


def share_memory(x: Array, y: Array, upstream: Array) -> Values:
    """Which gradients lie in the same memory, though they belong to different tensors."""
    a, b, gradient = leaf(x), leaf(y), lay_out(upstream)
    GRAPHS["permute(x) + view(y)"](a, b).backward(gradient)
    owners = {"x": a.grad, "y": b.grad, "the upstream gradient": gradient}
    memory = {name: tensor._tensor._storage for name, tensor in owners.items() if tensor is not None}
    return {
        f"{one} and {other}": bool(np.shares_memory(memory[one], memory[other]))
        for one, other in itertools.combinations(memory, 2)
    }


def step(name: str, function: str, a: Any, upstream: Any, b: Any = None, **settings: Any) -> Case:
    """A case for one `backward`."""
    arrays = {"a": np.asarray(a), "upstream": np.asarray(upstream)} | ({} if b is None else {"b": np.asarray(b)})
    # What the logarithm adds to its argument need not be seen, but where the argument is close to 0.
    tolerance = 1e-5 if function == "Log" else 1e-9
    return Case(TASK, name, step_back, "step_back", {"function": function} | arrays | settings, tolerance)


def expand_case(name: str, own_shape: tuple[int, ...], shape: tuple[int, ...], layout: str = "rows") -> Case:
    """A case for `expand`, on a random gradient."""
    gradient = random_array(rng_for(name), shape)
    return Case(TASK, name, expand, "expand", {"own_shape": own_shape, "gradient": gradient, "layout": layout})


def graph_case(name: str, graph: str, *shapes: tuple[int, ...], upstream: tuple[int, ...], **settings: Any) -> Case:
    """A case for a graph, on random numbers, with a random upstream gradient."""
    rng = rng_for(name)
    arrays = {operand: random_array(rng, shape) for operand, shape in zip("xy", shapes)}
    inputs = {"graph": graph, **arrays, "upstream": random_array(rng, upstream)} | settings
    return Case(TASK, name, run_graph, "run_graph", inputs, 1e-5 if "log" in graph else 1e-9)


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    a, b, upstream = (random_array(rng, (2, 3)) for _ in range(3))
    solid, block = random_array(rng, (2, 3, 4)), random_array(rng, (4, 6))
    cube, cube_upstream = random_array(rng, (3, 3, 3)), random_array(rng, (3, 3, 3))
    four = random_array(rng, (2, 3, 4, 5))
    partly_equal = np.where([[True, False, True], [False, True, False]], a, b)
    cases = [
        step("mul: one cell", "Mul", [3.0], [1.0], [5.0]),
        step("mul: one cell, with an upstream gradient of 10", "Mul", [3.0], [10.0], [5.0]),
        step("mul: two rows", "Mul", a, upstream, b),
        step("mul: operands that lie column by column in memory", "Mul", a, upstream, b, layout="reversed"),
        step("sigmoid: one cell, of 0", "Sigmoid", [0.0], [1.0]),
        step("sigmoid: one cell, with an upstream gradient of 10", "Sigmoid", [1.0], [10.0]),
        step("sigmoid: two rows", "Sigmoid", a, upstream),
        step("sigmoid: far from 0", "Sigmoid", [-1000.0, -40.0, 40.0, 1000.0], [1.0, 2.0, 3.0, 4.0]),
        step("relu: below and above 0", "ReLU", [-2.0, 3.0], [1.0, 1.0]),
        step("relu: upstream gradients of both signs", "ReLU", [-2.0, -3.0, 4.0, 5.0], [-10.0, 20.0, -30.0, 40.0]),
        step("relu: exactly 0", "ReLU", [0.0, -0.0, 1.0], [10.0, 20.0, 30.0]),
        step("relu: two rows", "ReLU", a, upstream),
        step("log: one cell", "Log", [4.0], [1.0]),
        step("log: one cell, with an upstream gradient of 10", "Log", [4.0], [10.0]),
        step("log: two rows", "Log", np.abs(a), upstream),
        step("log: at 0, and close to it", "Log", [0.0, 1e-6], [3.0, 2.0]),
        step("exp: one cell", "Exp", [1.0], [1.0]),
        step("exp: one cell, with an upstream gradient of 10", "Exp", [1.0], [10.0]),
        step("exp: two rows", "Exp", a, upstream),
        step("sum: a row", "Sum", [1.0, 2.0, 4.0], [1.0], settings=(0,)),
        step("sum: a row, with an upstream gradient of 10", "Sum", [1.0, 2.0, 4.0], [10.0], settings=(0,)),
        step("sum: down the columns", "Sum", a, upstream[:1], settings=(0,)),
        step("sum: along the rows", "Sum", a, upstream[:, :1], settings=(1,)),
        step("sum: the middle one of three dimensions", "Sum", solid, random_array(rng, (2, 1, 4)), settings=(1,)),
        step("sum: a dimension of size 1", "Sum", random_array(rng, (2, 1, 3)), solid[:, :1, :3], settings=(1,)),
        step(
            "sum: an upstream gradient that lies column by column in memory",
            "Sum",
            solid,
            random_array(rng, (2, 3, 1)),
            settings=(2,),
            upstream_layout="reversed",
        ),
        step("lt: less, equal and greater", "LT", [1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [2.0, 2.0, 2.0]),
        step("lt: two rows", "LT", a, upstream, b),
        step("eq: equal and not", "EQ", [1.0, 2.0, 3.0], [10.0, 20.0, 30.0], [2.0, 2.0, 2.0]),
        step("eq: two rows", "EQ", a, upstream, partly_equal),
        step("permute: nothing changes places", "Permute", a, upstream, settings=((0, 1),)),
        step("permute: rows and columns", "Permute", a, upstream.reshape(3, 2), settings=((1, 0),)),
        step("permute: the first dimension goes last", "Permute", solid, solid.reshape(3, 4, 2), settings=((1, 2, 0),)),
        step("permute: the last dimension goes first", "Permute", solid, solid.reshape(4, 2, 3), settings=((2, 0, 1),)),
        step("permute: the first and the last", "Permute", solid, solid.reshape(4, 3, 2), settings=((2, 1, 0),)),
        step("permute: a cube, the first dimension goes last", "Permute", cube, cube_upstream, settings=((1, 2, 0),)),
        step("permute: a cube, the first two change places", "Permute", cube, cube_upstream, settings=((1, 0, 2),)),
        step("permute: four dimensions", "Permute", four, four.reshape(4, 2, 5, 3), settings=((2, 0, 3, 1),)),
        step(
            "permute: an upstream gradient that lies in another order in memory",
            "Permute",
            solid,
            solid.reshape(3, 4, 2),
            settings=((1, 2, 0),),
            layout="rotated",
            upstream_layout="reversed",
        ),
        step("view: a row becomes two rows", "View", a.ravel(), upstream, settings=((2, 3),)),
        step("view: two rows become one", "View", a, upstream.ravel(), settings=((6,),)),
        step("view: three dimensions become two", "View", solid, block, settings=((4, 6),)),
        step(
            "view: an upstream gradient that lies column by column in memory",
            "View",
            a.ravel(),
            upstream,
            settings=((2, 3),),
            upstream_layout="reversed",
        ),
        step(
            "view: two dimensions become three, and the upstream gradient lies in another order in memory",
            "View",
            block,
            solid,
            settings=((2, 3, 4),),
            upstream_layout="rotated",
        ),
        expand_case("expand: the same shape", (2, 3), (2, 3)),
        expand_case("expand: a row was used twice", (3,), (2, 3)),
        expand_case("expand: a column was used three times", (2, 1), (2, 3)),
        expand_case("expand: a row of three was used three times", (3,), (3, 3)),
        expand_case("expand: a single cell", (1,), (2, 3)),
        expand_case("expand: two dimensions were missing", (4,), (2, 3, 4)),
        expand_case("expand: a size of 1 between others", (2, 1, 4), (2, 3, 4)),
        expand_case("expand: one dimension missing, one of size 1", (3, 1), (2, 3, 4)),
        expand_case("expand: a gradient that lies in another order in memory", (3, 1), (2, 3, 4), "rotated"),
        expand_case("expand: one more dimension of size 1, column by column in memory", (2, 3), (1, 2, 3), "reversed"),
        expand_case("expand: one gradient for all cells", (2, 3), (1,)),
        expand_case("expand: one gradient for each column", (2, 3), (3,)),
        expand_case("expand: one gradient for each row", (2, 3), (2, 1)),
        graph_case("graph: a constant on the right", "x * y", (2, 3), (2, 3), upstream=(2, 3), constant="y"),
        graph_case("graph: a constant on the left", "x * y", (2, 3), (2, 3), upstream=(2, 3), constant="x"),
        graph_case("graph: a tensor times itself", "x * x", (2, 3), upstream=(2, 3)),
        graph_case("graph: a tensor times a function of it", "x * exp(x)", (2, 3), upstream=(2, 3)),
        graph_case("graph: backward twice adds up", "x * exp(x)", (2, 3), upstream=(2, 3), times=2),
        graph_case("graph: the same function twice", "sigmoid(sigmoid(x))", (2, 3), upstream=(2, 3)),
        graph_case("graph: a chain of four functions", "log(sigmoid(exp(relu(x))))", (2, 3), upstream=(2, 3)),
        graph_case("graph: two branches get the same gradient", "exp(x) + exp(y)", (3,), (3,), upstream=(3,)),
        graph_case("graph: two different branches", "sigmoid(x) + relu(y)", (2, 3), (2, 3), upstream=(2, 3)),
        graph_case("graph: a row times a matrix", "x * y", (4,), (3, 4), upstream=(3, 4)),
        graph_case("graph: a matrix times a column of another block", "x * y", (3, 4), (2, 3, 1), upstream=(2, 3, 4)),
        graph_case("graph: a matrix times a single number", "x * y", (3, 4), (1,), upstream=(3, 4)),
        graph_case("graph: broadcast in the middle of a graph", "x * exp(y)", (2, 3, 4), (3, 1), upstream=(2, 3, 4)),
        graph_case("graph: a row is less than a column", "x < y", (4,), (3, 1), upstream=(3, 4)),
        graph_case("graph: a row equals a column", "x == y", (4,), (3, 1), upstream=(3, 4)),
        graph_case("graph: a weighted sum", "sum over dim 1 of x * y", (3, 4), (4,), upstream=(3, 1)),
        graph_case("graph: a view that is permuted", "view, then permute", (6, 4), upstream=(4, 2, 3)),
        graph_case("graph: an image cut into tiles", "cut into tiles", (4, 6), upstream=(6, 4)),
        graph_case("graph: rows times columns", "rows of x times columns of y", (3, 2), (2, 4), upstream=(3, 4)),
    ]
    memory = {"x": a, "y": b.ravel(), "upstream": upstream.reshape(3, 2)}
    return [*cases, Case(TASK, "graph: every gradient has memory of its own", share_memory, "share_memory", memory)]


CASES = _cases()
