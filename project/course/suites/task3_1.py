"""The cases of task 3.1, map, zip and reduce in parallel."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch import fast_ops
from minitorch.jit import njit
from project.course.cases import Case, Values
from project.course.inputs import Array, random_array, rng_for
from project.course.suites.backends import FUNCTIONS, bare, cells_of, tolerance
from project.course.watched import complaints_about

TASK = "3_1"

COMPILED = ("one thread", "threads")


@functools.cache
def kernel(make: Callable[..., Any], function: str) -> Callable[..., None]:
    """The kernel of a function, made once in a process: to compile it takes seconds."""
    return make(njit(FUNCTIONS[function]))


def run_map(
    function: str, input: Array, out_shape: Sequence[int], before: float, layout: str = "rows", out_layout: str = "rows"
) -> Values:
    """Map into an output that holds the number `before` in every cell."""
    out = bare(np.full(out_shape, before, input.dtype), out_layout)
    kernel(fast_ops.tensor_map, function)(*out, *bare(input, layout))
    return {"output": cells_of(*out)}


def run_zip(
    function: str,
    a: Array,
    b: Array,
    out_shape: Sequence[int],
    a_layout: str = "rows",
    b_layout: str = "rows",
    out_layout: str = "rows",
) -> Values:
    """Zip into an output of zeros."""
    out = bare(np.zeros(out_shape, a.dtype), out_layout)
    kernel(fast_ops.tensor_zip, function)(*out, *bare(a, a_layout), *bare(b, b_layout))
    return {"output": cells_of(*out)}


def start_of(input: Array, dim: int, start: float) -> Array:
    """What the output of a reduction holds at first: the start value, of size 1 in the dimension to be folded."""
    shape = [1 if i == dim else size for i, size in enumerate(input.shape)]
    return np.full(shape, start, input.dtype)


def run_reduce(
    function: str, input: Array, dim: int, start: float, layout: str = "rows", out_layout: str = "rows"
) -> Values:
    """Fold a dimension, beginning with the start value that the output holds."""
    out = bare(start_of(input, dim, start), out_layout)
    kernel(fast_ops.tensor_reduce, function)(*out, *bare(input, layout), dim)
    return {"output": cells_of(*out)}


# The same, watched. The function is not compiled, nor is the kernel: these cases run in plain Python only.


def watch_map(function: str, input: Array, out_shape: Sequence[int]) -> Values:
    """What the kernel of a map does that it must not: leaving an array, or writing into a cell from two iterations."""
    arguments = (*bare(np.zeros(out_shape)), *bare(input))
    return {"complaints": complaints_about(kernel(fast_ops.tensor_map, function), arguments, {0: "out", 3: "input"})}


def watch_zip(function: str, a: Array, b: Array, out_shape: Sequence[int]) -> Values:
    """The same for a zip."""
    arguments = (*bare(np.zeros(out_shape)), *bare(a), *bare(b))
    names = {0: "out", 3: "a", 6: "b"}
    return {"complaints": complaints_about(kernel(fast_ops.tensor_zip, function), arguments, names)}


def watch_reduce(function: str, input: Array, dim: int, start: float) -> Values:
    """The same for a reduction."""
    arguments = (*bare(start_of(input, dim, start)), *bare(input), dim)
    return {"complaints": complaints_about(kernel(fast_ops.tensor_reduce, function), arguments, {0: "out", 3: "a"})}


# The cases


def map_case(
    name: str, input: Any, out_shape: Sequence[int] | None = None, before: float = 0.0, **settings: Any
) -> Case:
    """A case for map. The output has the shape of the input unless another is given."""
    input = np.asarray(input)
    out_shape = input.shape if out_shape is None else out_shape
    inputs = {"function": "2 x + 1", "input": input, "out_shape": out_shape, "before": before}
    return Case(TASK, f"map: {name}", run_map, "mapped", inputs | settings, tolerance(input), tolerance(input))


def zip_case(name: str, a: Any, b: Any, out_shape: Sequence[int] | None = None, **settings: Any) -> Case:
    """A case for zip. The output has the shape of a unless another is given."""
    a, b = np.asarray(a), np.asarray(b)
    inputs = {"function": "x - 2 y", "a": a, "b": b, "out_shape": a.shape if out_shape is None else out_shape}
    return Case(TASK, f"zip: {name}", run_zip, "zipped", inputs | settings, tolerance(a), tolerance(a))


def reduce_case(
    name: str,
    input: Any,
    dim: int,
    function: str = "x + accumulated",
    start: float = 0.0,
    stages: tuple[str, ...] = ("plain", *COMPILED),
    **settings: Any,
) -> Case:
    """A case for reduce: a sum, unless another function is given."""
    input = np.asarray(input)
    inputs = {"function": function, "input": input, "dim": dim, "start": start}
    allowed = tolerance(input)
    return Case(TASK, f"reduce: {name}", run_reduce, "reduced", inputs | settings, allowed, allowed, stages=stages)


def watched_case(name: str, run: Callable[..., Values], **inputs: Any) -> Case:
    """A case in which every access to memory is watched."""
    return Case(TASK, f"{name}, every access to memory is watched", run, "no_complaints", inputs, stages=("plain",))


def _map_cases(rng: np.random.Generator) -> list[Case]:
    column, row, matrix = (random_array(rng, shape) for shape in ((2, 1), (3,), (2, 3)))
    cube = random_array(rng, (2, 3, 4))
    return [
        map_case("a single number", [3.0]),
        map_case("a row", [1.0, -2.0, 3.0]),
        map_case("a matrix", matrix),
        map_case("into an output that held other numbers", matrix, before=7.0),
        map_case("no cells at all", np.zeros((2, 0))),
        map_case("a tensor without dimensions", np.array(3.0)),
        map_case("float32", matrix.astype(np.float32)),
        map_case("a transposed matrix", matrix, layout="reversed"),
        map_case("into a transposed matrix", matrix, out_layout="reversed"),
        map_case("three dimensions, rotated in memory", cube, layout="rotated"),
        map_case("into three dimensions, rotated in memory", cube, out_layout="rotated"),
        map_case("a row for each row of the output", row.reshape(1, 3), (2, 3)),
        map_case("a row without a second dimension, for each row of the output", row, (2, 3)),
        map_case("a column for each column of the output", column, (2, 3)),
        map_case("a column of the same number", [5.0], (4, 1)),
        map_case("broadcast in the middle of four dimensions", random_array(rng, (3, 1, 5)), (2, 3, 4, 5)),
        map_case("broadcast, and both rotated in memory", cube, (5, 2, 3, 4), layout="rotated", out_layout="rotated"),
        watched_case("map", watch_map, function="2 x + 1", input=matrix, out_shape=(2, 3)),
        watched_case("map: broadcast", watch_map, function="2 x + 1", input=column, out_shape=(4, 2, 3)),
    ]


def _zip_cases(rng: np.random.Generator) -> list[Case]:
    column, row, matrix, other = (random_array(rng, shape) for shape in ((2, 1), (1, 3), (2, 3), (2, 3)))
    cube, block = random_array(rng, (2, 3, 4)), random_array(rng, (2, 3, 4))
    return [
        zip_case("a single pair of numbers", [3.0], [5.0]),
        zip_case("two rows", [1.0, -2.0, 3.0], [10.0, 20.0, 30.0]),
        zip_case("two matrices", matrix, other),
        zip_case("no cells at all", np.zeros((0, 3)), np.zeros((0, 3))),
        zip_case("float32", matrix.astype(np.float32), other.astype(np.float32)),
        zip_case("a is transposed", matrix, other, a_layout="reversed"),
        zip_case("b is transposed", matrix, other, b_layout="reversed"),
        zip_case("both are transposed", matrix, other, a_layout="reversed", b_layout="reversed"),
        zip_case("the output is transposed", matrix, other, out_layout="reversed"),
        zip_case("three dimensions, each in an order of its own", cube, block, a_layout="rotated", b_layout="reversed"),
        zip_case("a row of b for each row of a", matrix, row),
        zip_case("a row of a for each row of b", row, matrix, (2, 3)),
        zip_case("a column of b for each column of a", matrix, column),
        zip_case("a single number with each cell", matrix, [4.0]),
        zip_case("a column and a row make a matrix", column, row, (2, 3)),
        zip_case("b lacks two dimensions", random_array(rng, (2, 5, 2, 3)), other),
        zip_case("a lacks two dimensions, and is transposed", matrix, random_array(rng, (4, 5, 2, 3)), (4, 5, 2, 3)),
        watched_case("zip", watch_zip, function="x - 2 y", a=matrix, b=other, out_shape=(2, 3)),
        watched_case("zip: broadcast", watch_zip, function="x - 2 y", a=row, b=column, out_shape=(2, 3)),
    ]


def _reduce_cases(rng: np.random.Generator) -> list[Case]:
    matrix, cube = random_array(rng, (2, 3)), random_array(rng, (2, 3, 4))
    plain = ("plain",)
    cases = [
        reduce_case("a single number", [3.0], 0),
        reduce_case("the sum of a row", [1.0, 20.0, 300.0], 0),
        reduce_case("the sum of a row, starting from 5", [1.0, 20.0, 300.0], 0, start=5.0),
        reduce_case("the product of a row", [2.0, 3.0, 5.0], 0, "x * accumulated", 1.0, plain),
        reduce_case(
            "the largest number of a row", [-2.0, -3.0, -1.0, -4.0], 0, "the larger of x and accumulated", -1e9, plain
        ),
        reduce_case("the rows of a matrix", matrix, 1),
        reduce_case("the columns of a matrix", matrix, 0),
        reduce_case("a dimension of size 1", random_array(rng, (3, 1, 2)), 1),
        reduce_case("a dimension of size 0, starting from 5", np.zeros((2, 0, 3)), 1, start=5.0),
        reduce_case("float32", cube.astype(np.float32), 1),
        reduce_case("a transposed matrix", matrix, 1, layout="reversed"),
        *[reduce_case(f"three dimensions, folding dimension {dim}", cube, dim) for dim in range(3)],
        *[reduce_case(f"rotated in memory, folding dimension {dim}", cube, dim, layout="rotated") for dim in range(3)],
        reduce_case("into an output that is rotated in memory", cube, 1, out_layout="rotated"),
        reduce_case("a fold that depends on the order", cube, 1, "x + accumulated / 2", 3.0, plain),
        reduce_case("four dimensions, rotated in memory", random_array(rng, (3, 2, 5, 4)), 2, layout="rotated"),
    ]
    for dim in range(2):
        inputs = {"function": "x + accumulated", "input": random_array(rng, (3, 4)), "dim": dim, "start": 0.0}
        cases.append(watched_case(f"reduce: dimension {dim}", watch_reduce, **inputs))
    return cases


def _large_cases(rng: np.random.Generator) -> list[Case]:
    """Large enough for several threads to get in each other's way."""
    a, b = random_array(rng, (60, 7, 50)), random_array(rng, (7, 50))
    inputs = {"function": "2 x + 1", "input": a, "out_shape": a.shape, "before": 0.0, "layout": "rotated"}
    both = {"function": "x - 2 y", "a": a, "b": b, "out_shape": a.shape, "a_layout": "reversed"}
    fold = {"function": "x + accumulated", "input": a, "start": 0.0, "layout": "rotated"}
    return [
        Case(TASK, "map: large", run_map, "mapped", inputs, stages=COMPILED),
        Case(TASK, "zip: large", run_zip, "zipped", both, stages=COMPILED),
        *[
            Case(
                TASK,
                f"reduce: large, folding dimension {dim}",
                run_reduce,
                "reduced",
                fold | {"dim": dim},
                stages=COMPILED,
            )
            for dim in range(3)
        ],
    ]


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    return [*_map_cases(rng), *_zip_cases(rng), *_reduce_cases(rng), *_large_cases(rng)]


CASES = _cases()
