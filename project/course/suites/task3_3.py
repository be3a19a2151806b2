"""The cases of task 3.3, map, zip and reduce of a backend that NumPy computes on."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minitorch
from minitorch import Tensor, TensorBackend
from project.course.cases import Case, Values
from project.course.inputs import Array, lay_out, numbers, random_array, rng_for
from project.course.suites.backends import FUNCTIONS, tolerance
from project.numpy_ops import NumpyBackend, NumpyOps

TASK = "3_3"

BACKENDS: dict[str, TensorBackend] = {
    "NumpyBackend": NumpyBackend,
    "SimpleBackend": minitorch.SimpleBackend,
    "FastBackend": minitorch.FastBackend,
}


def on(array: Array, layout: str = "rows", backend: str = "NumpyBackend") -> Tensor:
    """A constant on a backend."""
    return lay_out(array, layout, BACKENDS[backend])


def facts(out: Tensor, *inputs: Tensor) -> Values:
    """What is to be known of a result besides its numbers."""
    storages = [x._tensor._storage for x in inputs]
    return {
        "type of the result": str(out.dtype),
        "result on the backend of a": out.backend is inputs[0].backend,
        "result lies in memory row by row": out.is_contiguous(),
        "result shares its memory with an input": any(np.shares_memory(out._tensor._storage, s) for s in storages),
        "inputs afterwards": [numbers(x) for x in inputs],
    }


def run_map(function: str, a: Array, layout: str = "rows") -> Values:
    """A map into a new tensor."""
    return {"output": numbers(NumpyOps.map(FUNCTIONS[function])(on(a, layout)))}


def run_map_into(
    function: str, a: Array, out_shape: Sequence[int], layout: str = "rows", out_layout: str = "rows"
) -> Values:
    """A map into a tensor that is given, and held sevens before."""
    out = on(np.full(out_shape, 7.0), out_layout)
    returned = NumpyOps.map(FUNCTIONS[function])(on(a, layout), out)
    return {"output": numbers(out), "the output is returned": returned is out}


def run_zip(function: str, a: Array, b: Array, a_layout: str = "rows", b_layout: str = "rows") -> Values:
    """A zip."""
    return {"output": numbers(NumpyOps.zip(FUNCTIONS[function])(on(a, a_layout), on(b, b_layout)))}


def run_reduce(function: str, a: Array, dim: int, start: float, layout: str = "rows") -> Values:
    """A reduction, which is called twice: nothing of the first time may be left."""
    reduction = NumpyOps.reduce(FUNCTIONS[function], start)
    reduction(on(a, layout), dim)
    return {"output": numbers(reduction(on(a, layout), dim))}


def map_facts(function: str, a: Array, layout: str, backend: str) -> Values:
    """What is to be known of the result of a map."""
    x = on(a, layout, backend)
    return facts(NumpyOps.map(FUNCTIONS[function])(x), x)


def zip_facts(function: str, a: Array, b: Array, layout: str, backend: str, b_backend: str) -> Values:
    """What is to be known of the result of a zip."""
    x, y = on(a, layout, backend), on(b, layout, b_backend)
    return facts(NumpyOps.zip(FUNCTIONS[function])(x, y), x, y)


def reduce_facts(function: str, a: Array, dim: int, layout: str, backend: str) -> Values:
    """What is to be known of the result of a reduction."""
    x = on(a, layout, backend)
    return facts(NumpyOps.reduce(FUNCTIONS[function], 0.0)(x, dim), x)


def run_gradients(x: Array, w: Array, b: Array, upstream: Array) -> Values:
    """sigmoid(x w + b), summed along dimension 1: forward and backward, on the backend alone."""
    leaves = [
        on(array, layout).requires_grad_(True) for array, layout in ((x, "rotated"), (w, "rows"), (b, "reversed"))
    ]
    out = (leaves[0] * leaves[1] + leaves[2]).sigmoid().sum(1)
    out.backward(upstream)
    return {
        "output": numbers(out),
        "gradient of x": numbers(leaves[0].grad),
        "gradient of w": numbers(leaves[1].grad),
        "gradient of b": numbers(leaves[2].grad),
    }


# The cases


def map_case(name: str, a: Any, **settings: Any) -> Case:
    """A case for a map into a new tensor."""
    a = np.asarray(a)
    inputs = {"function": "2 x + 1", "a": a} | settings
    return Case(TASK, f"map: {name}", run_map, "mapped", inputs, tolerance(a), tolerance(a))


def map_into_case(name: str, a: Any, out_shape: Sequence[int], **settings: Any) -> Case:
    """A case for a map into a tensor that is given."""
    inputs = {"function": "2 x + 1", "a": np.asarray(a), "out_shape": out_shape} | settings
    return Case(TASK, f"map: {name}", run_map_into, "mapped_into", inputs)


def zip_case(name: str, a: Any, b: Any, **settings: Any) -> Case:
    """A case for a zip."""
    a, b = np.asarray(a), np.asarray(b)
    inputs = {"function": "x - 2 y", "a": a, "b": b} | settings
    return Case(TASK, f"zip: {name}", run_zip, "zipped", inputs, tolerance(a), tolerance(a))


def reduce_case(
    name: str, a: Any, dim: int, function: str = "x + accumulated", start: float = 0.0, **settings: Any
) -> Case:
    """A case for a reduction: a sum, unless another function is given."""
    a = np.asarray(a)
    inputs = {"function": function, "a": a, "dim": dim, "start": start} | settings
    return Case(TASK, f"reduce: {name}", run_reduce, "reduced", inputs, tolerance(a), tolerance(a))


def facts_case(name: str, run: Callable[..., Values], **inputs: Any) -> Case:
    """A case for what is to be known of a result besides its numbers."""
    return Case(TASK, name, run, "facts", inputs | {"layout": "reversed"})


def _map_cases(rng: np.random.Generator) -> list[Case]:
    matrix, cube, row = random_array(rng, (2, 3)), random_array(rng, (2, 3, 4)), random_array(rng, (3,))
    single = matrix.astype(np.float32)
    inputs = {"function": "2 x + 1", "a": matrix}
    return [
        map_case("a single number", [3.0]),
        map_case("a matrix", matrix),
        map_case("a transposed matrix", matrix, layout="reversed"),
        map_case("three dimensions, rotated in memory", cube, layout="rotated"),
        map_case("no cells at all", np.zeros((2, 0))),
        map_into_case("into an output that is given", matrix, (2, 3)),
        map_into_case("into an output that is transposed in memory", matrix, (2, 3), out_layout="reversed"),
        map_into_case("a row, into each row of the output", row, (2, 3)),
        map_into_case("a column, into each column of the output", matrix[:, :1], (4, 2, 3), layout="reversed"),
        facts_case("map: what kind of tensor", map_facts, **inputs, backend="NumpyBackend"),
        facts_case("map: a tensor of another backend", map_facts, **inputs, backend="SimpleBackend"),
        facts_case("map: float32", map_facts, function="2 x + 1", a=single, backend="NumpyBackend"),
    ]


def _zip_cases(rng: np.random.Generator) -> list[Case]:
    matrix, other, row = random_array(rng, (2, 3)), random_array(rng, (2, 3)), random_array(rng, (3,))
    single, other_single = matrix.astype(np.float32), other.astype(np.float32)
    inputs = {"function": "x - 2 y", "backend": "NumpyBackend", "b_backend": "NumpyBackend"}
    return [
        zip_case("a single pair of numbers", [3.0], [5.0]),
        zip_case("two matrices", matrix, other),
        zip_case("a is transposed", matrix, other, a_layout="reversed"),
        zip_case("b is transposed", matrix, other, b_layout="reversed"),
        zip_case("a row of b for each row of a", matrix, row),
        zip_case("a column of a, a row of b", matrix[:, :1], row),
        zip_case("a lacks two dimensions", matrix, random_array(rng, (4, 5, 2, 3)), b_layout="rotated"),
        facts_case("zip: what kind of tensor", zip_facts, **inputs, a=matrix, b=other),
        facts_case("zip: two of float32", zip_facts, **inputs, a=single, b=other_single),
        facts_case("zip: float32 and float64", zip_facts, **inputs, a=single, b=other),
        facts_case("zip: float64 and float32", zip_facts, **inputs, a=matrix, b=other_single),
        facts_case(
            "zip: tensors of two backends", zip_facts, **inputs | {"b_backend": "FastBackend"}, a=matrix, b=other
        ),
    ]


def _reduce_cases(rng: np.random.Generator) -> list[Case]:
    matrix, cube = random_array(rng, (2, 3)), random_array(rng, (2, 3, 4))
    single = matrix.astype(np.float32)
    inputs = {"function": "x + accumulated", "dim": 0}
    return [
        reduce_case("the sum of a row", [1.0, 20.0, 300.0], 0),
        reduce_case("the sum of a row, starting from 5", [1.0, 20.0, 300.0], 0, start=5.0),
        reduce_case("the product of a row", [2.0, 3.0, 5.0], 0, "x * accumulated", 1.0),
        reduce_case(
            "the largest number of a row", [-2.0, -3.0, -1.0, -4.0], 0, "the larger of x and accumulated", -1e9
        ),
        reduce_case("the rows of a matrix", matrix, 1),
        reduce_case("the columns of a matrix", matrix, 0),
        reduce_case("a transposed matrix", matrix, 1, layout="reversed"),
        *[reduce_case(f"rotated in memory, folding dimension {d}", cube, d, layout="rotated") for d in range(3)],
        reduce_case("a dimension of size 0, starting from 5", np.zeros((2, 0, 3)), 1, start=5.0),
        reduce_case("a fold that depends on the order", cube, 1, "x + accumulated / 2", 3.0),
        facts_case("reduce: what kind of tensor", reduce_facts, **inputs, a=matrix, backend="NumpyBackend"),
        facts_case("reduce: float32", reduce_facts, **inputs, a=single, backend="NumpyBackend"),
        facts_case("reduce: a tensor of another backend", reduce_facts, **inputs, a=matrix, backend="SimpleBackend"),
    ]


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    inputs = {
        "x": random_array(rng, (4, 3)),
        "w": random_array(rng, (3,)),
        "b": random_array(rng, (4, 1)),
        "upstream": random_array(rng, (4, 1)),
    }
    gradients = Case(TASK, "gradients of sigmoid(x w + b), summed", run_gradients, "gradients", inputs)
    return [*_map_cases(rng), *_zip_cases(rng), *_reduce_cases(rng), gradients]


CASES = _cases()
