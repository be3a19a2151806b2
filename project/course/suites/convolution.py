"""What the cases of convolution in one dimension and in two have in common: how kernels and Functions are called."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch import Function
from project.course.cases import Values
from project.course.inputs import BACKENDS, Array, lay_out, leaf, numbers, random_array, rng_for, strided
from project.course.watched import complaints_about

APART = 3
"""How far apart the cells lie in the layout "spread"."""

FOREIGN = 1000.0
"""What lies between them."""


def in_memory(array: Array, layout: str) -> tuple[Array, Array, Array]:
    """Storage, shape and strides of an array that lies in memory in one of these ways.

    - One of the LAYOUTS: each cell has a place of its own, and there are no gaps.
    - "spread": the cells lie apart, and what lies between them is none of the kernel's business.
    - "shared": all entries of the first dimension are equal, and lie in memory once.
    """
    if layout == "shared":
        storage, shape, strides = strided(array[:1], "rows")
        shape[0], strides[0] = len(array), 0
        return storage, shape, strides
    if layout == "spread":
        packed, shape, strides = strided(array, "rows")
        storage = np.full(2 * APART * array.size, FOREIGN, array.dtype)  # the second half holds nothing else
        storage[: APART * array.size : APART] = packed
        return storage, shape, APART * strides
    return strided(array, layout)


def kernel_arguments(
    input: Array, weight: Array, out_sizes: Sequence[int], reverse: bool, layout: str
) -> tuple[Any, ...]:
    """The eleven arguments of a kernel. The output is full of zeros."""
    out = np.zeros((len(input), len(weight), *out_sizes), input.dtype)
    outputs = in_memory(out, "rows" if layout == "shared" else layout)
    return (*outputs, out.size, *in_memory(input, layout), *in_memory(weight, layout), reverse)


def slide(
    kernel: Callable[..., None], input: Array, weight: Array, out_sizes: Sequence[int], reverse: bool, layout: str
) -> Values:
    """Run a kernel on bare storage."""
    arguments = kernel_arguments(input, weight, out_sizes, reverse, layout)
    kernel(*arguments)
    out, shape, strides = arguments[:3]
    steps = [int(stride) * out.itemsize for stride in strides]
    return {"output": np.array(np.lib.stride_tricks.as_strided(out, shape.tolist(), steps))}


def watch_kernel(
    kernel: Callable[..., None], input: Array, weight: Array, out_sizes: Sequence[int], reverse: bool
) -> Values:
    """What a kernel does that it must not: leaving an array, or writing into a cell from two iterations."""
    arguments = kernel_arguments(input, weight, out_sizes, reverse, "rows")
    return {"complaints": complaints_about(kernel, arguments, {0: "out", 4: "input", 7: "weight"})}


def differentiate(
    function: type[Function],
    input: Array,
    weight: Array,
    upstream: Array,
    backend: str,
    layout: str,
    wanted: Sequence[str],
) -> Values:
    """Run a Function on tensors, forward and backward.

    Args:
        function: The Function.
        input: The input.
        weight: The weight.
        upstream: The gradient of the output.
        backend: The name of the backend.
        layout: In which of the LAYOUTS the three lie in memory.
        wanted: Which of "input" and "weight" want their gradient.
    """
    x = leaf(input, layout, backend).requires_grad_("input" in wanted)
    w = leaf(weight, layout, backend).requires_grad_("weight" in wanted)
    out = function.apply(x, w)
    out.backward(lay_out(upstream, layout, BACKENDS[backend]))
    return {
        "output": numbers(out),
        "gradient of the input": numbers(x.grad),
        "gradient of the weight": numbers(w.grad),
    }


def watch_backward(function: type[Function], input: Array, weight: Array, upstream: Array) -> Values:
    """What the backward pass does that it must not, if it computes gradients with kernels of its own."""
    out = function.apply(leaf(input), leaf(weight))
    assert out.history is not None
    arguments = (out.history.ctx, lay_out(upstream))
    return {"complaints": complaints_about(function.backward, arguments, {})}


def function_inputs(name: str, input_shape: Sequence[int], weight_shape: Sequence[int]) -> dict[str, Array]:
    """Random numbers for an input, a weight and the gradient of the output."""
    rng = rng_for(name)
    return {
        "input": random_array(rng, input_shape),
        "weight": random_array(rng, weight_shape),
        "upstream": random_array(rng, (input_shape[0], weight_shape[0], *input_shape[2:])),
    }


def counted(shape: Sequence[int]) -> Array:
    """The numbers 1, 2, 3, ... row by row: small cases that can be followed by hand."""
    return np.arange(1.0, math.prod(shape) + 1).reshape(shape)
