"""The cases of task 3.4, matrix multiplication of a backend that NumPy computes on."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from project.course.cases import Case, Values
from project.course.inputs import Array, numbers, random_array, rng_for
from project.course.suites.backends import tolerance
from project.course.suites.task3_3 import facts, on
from project.numpy_ops import NumpyOps

TASK = "3_4"


def run_product(a: Array, b: Array, a_layout: str = "rows", b_layout: str = "rows") -> Values:
    """A product: a (..., n, k), b (..., k, m)."""
    return {"output": numbers(NumpyOps.matrix_multiply(on(a, a_layout), on(b, b_layout)))}


def product_facts(a: Array, b: Array, layout: str, backend: str, b_backend: str) -> Values:
    """What is to be known of a product besides its numbers."""
    x, y = on(a, layout, backend), on(b, layout, b_backend)
    return facts(NumpyOps.matrix_multiply(x, y), x, y)


def run_gradients(a: Array, b: Array, upstream: Array) -> Values:
    """The gradients of a product, computed on the backend alone."""
    x, y = on(a, "reversed").requires_grad_(True), on(b, "rotated").requires_grad_(True)
    out = x @ y
    out.backward(upstream)
    return {"output": numbers(out), "gradient of a": numbers(x.grad), "gradient of b": numbers(y.grad)}


def product_case(name: str, a: Any, b: Any, **settings: Any) -> Case:
    """A case for a product."""
    a, b = np.asarray(a), np.asarray(b)
    return Case(TASK, name, run_product, "product", {"a": a, "b": b} | settings, tolerance(a), tolerance(a))


def facts_case(name: str, a: Array, b: Array, backend: str = "NumpyBackend", b_backend: str = "NumpyBackend") -> Case:
    """A case for what is to be known of a product besides its numbers."""
    inputs = {"a": a, "b": b, "layout": "reversed", "backend": backend, "b_backend": b_backend}
    return Case(TASK, name, product_facts, "facts", inputs)


def gradients_case(name: str, a_shape: Sequence[int], b_shape: Sequence[int]) -> Case:
    """A case for the gradients, on random numbers, with a random upstream gradient."""
    rng = rng_for(name)
    shape = (*np.broadcast_shapes(a_shape[:-2], b_shape[:-2]), a_shape[-2], b_shape[-1])
    inputs = {
        "a": random_array(rng, a_shape),
        "b": random_array(rng, b_shape),
        "upstream": random_array(rng, shape),
    }
    return Case(TASK, f"gradients: {name}", run_gradients, "gradients", inputs)


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    a, b = random_array(rng, (2, 3)), random_array(rng, (3, 4))
    stack_a, stack_b = random_array(rng, (5, 2, 3)), random_array(rng, (5, 3, 4))
    single_a, single_b = a.astype(np.float32), b.astype(np.float32)
    return [
        product_case("one number times one number", [[3.0]], [[5.0]]),
        product_case("a row times a column", [[1.0, 2.0, 3.0]], [[10.0], [100.0], [1000.0]]),
        product_case("two by two", [[1.0, 2.0], [3.0, 4.0]], [[10.0, 100.0], [1000.0, 10000.0]]),
        product_case("all sizes differ", a, b),
        product_case("a is transposed in memory", a, b, a_layout="reversed"),
        product_case("b is transposed in memory", a, b, b_layout="reversed"),
        product_case("nothing to add up", np.zeros((2, 0)), np.zeros((0, 3))),
        product_case("a batch of products", stack_a, stack_b),
        product_case("a batch of three matrices, three by three", *random_array(rng, (2, 3, 3, 3))),
        product_case("the same b for a batch of a", stack_a, stack_b[:1]),
        product_case("a without a batch, b with one", a, stack_b),
        product_case("a with a batch, b without one", stack_a, b, a_layout="rotated"),
        product_case(
            "leading dimensions broadcast in both directions",
            random_array(rng, (5, 1, 2, 3)),
            random_array(rng, (4, 3, 6)),
            b_layout="rotated",
        ),
        facts_case("what kind of tensor", a, b),
        facts_case("two of float32", single_a, single_b),
        facts_case("float32 and float64", single_a, b),
        facts_case("a of another backend", a, b, backend="SimpleBackend"),
        facts_case("b of another backend", a, b, b_backend="SimpleBackend"),
        gradients_case("all sizes differ", (2, 3), (3, 4)),
        gradients_case("the same b for a batch of a", (5, 2, 3), (3, 4)),
    ]


CASES = _cases()
