"""The cases of task 3.2, matrix multiplication in parallel."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch import fast_matmul
from minitorch.tensor_functions import MatMul
from project.course.cases import Case, Values
from project.course.inputs import Array, lay_out, leaf, numbers, random_array, rng_for
from project.course.suites.backends import bare, cells_of, tolerance
from project.course.watched import complaints_about

TASK = "3_2"

COMPILED = ("one thread", "threads")


def empty_product(a: Array, b: Array, layout: str = "rows") -> tuple[Array, Array, Array]:
    """Storage, shape and strides of zeros, of the shape that the product has."""
    shape = (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])
    return bare(np.zeros(shape, a.dtype), layout)


def run_kernel(a: Array, b: Array, a_layout: str = "rows", b_layout: str = "rows", out_layout: str = "rows") -> Values:
    """The kernel on bare storage: a (..., n, k), b (..., k, m)."""
    out = empty_product(a, b, out_layout)
    fast_matmul.tensor_matrix_multiply(*out, *bare(a, a_layout), *bare(b, b_layout))
    return {"output": cells_of(*out)}


def watch_kernel(a: Array, b: Array) -> Values:
    """What the kernel does that it must not: leaving an array, or writing into a cell from two iterations."""
    arguments = (*empty_product(a, b), *bare(a), *bare(b))
    return {"complaints": complaints_about(fast_matmul.tensor_matrix_multiply, arguments, {0: "out", 3: "a", 6: "b"})}


def run_function(
    a: Array, b: Array, upstream: Array, backend: str, wanted: str, a_layout: str = "rows", b_layout: str = "rows"
) -> Values:
    """The gradients of a product. `wanted` names the operands that want one: "a", "b", or "ab"."""
    x = leaf(a, a_layout, backend) if "a" in wanted else lay_out(a, a_layout)
    y = leaf(b, b_layout, backend) if "b" in wanted else lay_out(b, b_layout)
    MatMul.apply(x, y).backward(upstream)
    return {"gradient of a": numbers(x.grad), "gradient of b": numbers(y.grad)}


def kernel_case(name: str, a: Any, b: Any, **settings: Any) -> Case:
    """A case for the kernel."""
    a, b = np.asarray(a), np.asarray(b)
    inputs = {"a": a, "b": b} | settings
    return Case(TASK, name, run_kernel, "kernel", inputs, tolerance(a), tolerance(a), drawing="matrices")


def watched_case(name: str, a: Array, b: Array) -> Case:
    """A case in which every access to memory is watched."""
    name = f"every access to memory is watched{name}"
    return Case(TASK, name, watch_kernel, "no_complaints", {"a": a, "b": b}, stages=("plain",))


def function_case(
    name: str,
    a_shape: Sequence[int],
    b_shape: Sequence[int],
    backend: str = "simple",
    wanted: str = "ab",
    **layouts: str,
) -> Case:
    """A case for the gradients, on random numbers, with a random upstream gradient."""
    rng = rng_for(name)
    shape = (*np.broadcast_shapes(a_shape[:-2], b_shape[:-2]), a_shape[-2], b_shape[-1])
    inputs = {
        "a": random_array(rng, a_shape),
        "b": random_array(rng, b_shape),
        "upstream": random_array(rng, shape),
        "backend": backend,
        "wanted": wanted,
    }
    return Case(TASK, f"gradients: {name}", run_function, "function", inputs | layouts, stages=("plain",))


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3, 4))
    stack_a, stack_b = random_array(rng, (5, 2, 3)), random_array(rng, (5, 3, 4))
    return [
        kernel_case("one number times one number", [[3.0]], [[5.0]]),
        kernel_case("a row times a column", [[1.0, 2.0, 3.0]], [[10.0], [100.0], [1000.0]]),
        kernel_case("a column times a row", [[1.0], [2.0], [3.0]], [[10.0, 100.0]]),
        kernel_case("two by two", [[1.0, 2.0], [3.0, 4.0]], [[10.0, 100.0], [1000.0, 10000.0]]),
        kernel_case("all sizes differ", a, b),
        kernel_case("nothing to add up", np.zeros((2, 0)), np.zeros((0, 3))),
        kernel_case("no rows at all", np.zeros((0, 3)), b),
        kernel_case("float32", a.astype(np.float32), b.astype(np.float32)),
        kernel_case("a is transposed in memory", a, b, a_layout="reversed"),
        kernel_case("b is transposed in memory", a, b, b_layout="reversed"),
        kernel_case("both are transposed in memory", a, b, a_layout="reversed", b_layout="reversed"),
        kernel_case("the output is transposed in memory", a, b, out_layout="reversed"),
        kernel_case("a batch of one", stack_a[:1], stack_b[:1]),
        kernel_case("a batch of products", stack_a, stack_b),
        kernel_case("the same a for a batch of b", stack_a[:1], stack_b),
        kernel_case("the same b for a batch of a", stack_a, stack_b[:1]),
        kernel_case("a without a batch, b with one", a, stack_b),
        kernel_case("a with a batch, b without one", stack_a, b),
        kernel_case("a batch, a rotated in memory", stack_a, stack_b, a_layout="rotated"),
        kernel_case("a batch, b reversed in memory", stack_a, stack_b, b_layout="reversed"),
        kernel_case("a batch, the output rotated in memory", stack_a, stack_b, out_layout="rotated"),
        kernel_case("two leading dimensions", random_array(rng, (5, 4, 2, 3)), random_array(rng, (5, 4, 3, 2))),
        kernel_case(
            "leading dimensions broadcast in both directions",
            random_array(rng, (5, 1, 2, 3)),
            random_array(rng, (4, 3, 6)),
            b_layout="rotated",
        ),
        watched_case("", a, b),
        watched_case(", with a batch", stack_a, stack_b[:1]),
        function_case("one row and one column", (1, 2), (2, 1)),
        function_case("square matrices", (3, 3), (3, 3)),
        function_case("all sizes differ", (2, 3), (3, 4)),
        function_case("only a wants its gradient", (2, 3), (3, 4), wanted="a"),
        function_case("only b wants its gradient", (2, 3), (3, 4), wanted="b"),
        function_case("transposed in memory", (2, 3), (3, 4), a_layout="reversed", b_layout="reversed"),
        function_case("a batch of products", (5, 2, 3), (5, 3, 4)),
        function_case("a batch of three matrices, three by three", (3, 3, 3), (3, 3, 3)),
        function_case("the same b for a batch of a", (5, 2, 3), (3, 4)),
        function_case("the same a for a batch of b", (1, 2, 3), (5, 3, 4), b_layout="rotated"),
        function_case("the fast backend", (2, 3), (3, 4), "fast"),
        function_case("the fast backend, with a batch", (5, 2, 3), (5, 3, 4), "fast"),
        *_large_cases(rng),
    ]


def _large_cases(rng: np.random.Generator) -> list[Case]:
    """Large enough for several threads to get in each other's way."""
    flat = {"a": random_array(rng, (50, 60)), "b": random_array(rng, (60, 40)), "b_layout": "reversed"}
    batch = {"a": random_array(rng, (8, 20, 30)), "b": random_array(rng, (1, 30, 25)), "a_layout": "rotated"}
    return [
        Case(TASK, "large matrices", run_kernel, "kernel", flat, stages=COMPILED),
        Case(TASK, "a large batch", run_kernel, "kernel", batch, stages=COMPILED),
    ]


CASES = _cases()
