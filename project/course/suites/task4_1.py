"""The cases of task 4.1, convolution in one dimension."""

from typing import Any

import numpy as np

from minitorch import fast_conv
from project.course.cases import Case, Values
from project.course.inputs import LAYOUTS, Array, leaf, numbers, random_array, rng_for, strided
from project.course.watched import complaints_about

TASK = "4_1"


def run_kernel(input: Array, weight: Array, out_width: int, reverse: bool, layout: str = "rows") -> Values:
    """The kernel on bare storage: input (batch, in_channels, width), weight (out_channels, in_channels, k_width)."""
    out, out_shape, out_strides = strided(np.zeros((len(input), len(weight), out_width), input.dtype), layout)
    operands = (*strided(input, layout), *strided(weight, layout))
    fast_conv.tensor_conv1d(out, out_shape, out_strides, out.size, *operands, reverse)
    steps = [int(stride) * out.itemsize for stride in out_strides]
    return {"output": np.array(np.lib.stride_tricks.as_strided(out, out_shape.tolist(), steps))}


def watch_kernel(input: Array, weight: Array, out_width: int, reverse: bool) -> Values:
    """What the kernel does that it must not: leaving an array, or writing into a cell from two iterations."""
    out = strided(np.zeros((len(input), len(weight), out_width)), "rows")
    arguments = (*out, out[0].size, *strided(input, "rows"), *strided(weight, "rows"), reverse)
    return {"complaints": complaints_about(fast_conv.tensor_conv1d, arguments, {0: "out", 4: "input", 7: "weight"})}


def run_function(input: Array, weight: Array, upstream: Array, backend: str, layout: str = "rows") -> Values:
    """The Function on tensors, forward and backward."""
    x, w = leaf(input, layout, backend), leaf(weight, layout, backend)
    out = fast_conv.Conv1dFun.apply(x, w)
    out.backward(upstream)
    return {
        "output": numbers(out),
        "gradient of the input": numbers(x.grad),
        "gradient of the weight": numbers(w.grad),
    }


def kernel_case(
    name: str, input: Any, weight: Any, reverse: bool = False, out_width: int | None = None, **settings: Any
) -> Case:
    """A case for the kernel. The output is as wide as the input unless another width is given."""
    input, weight = np.asarray(input), np.asarray(weight)
    inputs = {"input": input, "weight": weight, "out_width": out_width or input.shape[2], "reverse": reverse}
    rtol = 1e-5 if input.dtype == np.float32 else 1e-9
    return Case(TASK, name, run_kernel, "kernel", inputs | settings, rtol, rtol, drawing="conv1d")


def function_case(
    name: str, input_shape: tuple[int, ...], weight_shape: tuple[int, ...], backend: str = "simple", layout: str = "rows"
) -> Case:
    """A case for the Function, on random numbers, with a random upstream gradient."""
    rng = rng_for(name)
    batch, _, width = input_shape
    inputs = {
        "input": random_array(rng, input_shape),
        "weight": random_array(rng, weight_shape),
        "upstream": random_array(rng, (batch, weight_shape[0], width)),
        "backend": backend,
        "layout": layout,
    }
    return Case(TASK, name, run_function, "function", inputs, drawing="conv1d")


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    by_hand = np.arange(1.0, 7.0).reshape(1, 1, 6)
    taps = np.array([[[5.0, 2.0, 3.0]]])
    input, weight = random_array(rng, (2, 3, 7)), random_array(rng, (4, 3, 3))
    cases = [
        kernel_case("one tap", by_hand, [[[2.0]]]),
        kernel_case("two taps", by_hand[:, :, :3], [[[10.0, 1.0]]]),
        kernel_case("the example of the guide", by_hand, taps),
        kernel_case("anchored at the right", by_hand, taps, reverse=True),
        kernel_case("two channels go in", np.stack([by_hand[0], -10 * by_hand[0]], 1), random_array(rng, (1, 2, 3))),
        kernel_case("two channels come out", by_hand, random_array(rng, (2, 1, 3))),
        kernel_case("a batch of two", random_array(rng, (2, 1, 5)), taps),
        kernel_case("sequences of width 1", random_array(rng, (2, 3, 1)), weight),
        kernel_case("a window wider than the input", input[:, :, :2], weight),
        kernel_case("a window wider than the input, anchored at the right", input[:, :, :2], weight, reverse=True),
        kernel_case("an output narrower than the input", input, weight, out_width=4),
        kernel_case("an output wider than the input", input, weight, out_width=9),
        kernel_case("an output wider than the input, anchored at the right", input, weight, True, 9),
        kernel_case("float32", input.astype(np.float32), weight.astype(np.float32)),
    ]
    for layout in LAYOUTS:
        for reverse, anchor in ((False, "left"), (True, "right")):
            name = f"all sizes differ, memory in the order '{layout}', anchored at the {anchor}"
            cases.append(kernel_case(name, input, weight, reverse, layout=layout))
    for reverse, anchor in ((False, "left"), (True, "right")):
        watched = {"input": input, "weight": weight, "out_width": 7, "reverse": reverse}
        name = f"every access to memory is watched, anchored at the {anchor}"
        cases.append(Case(TASK, name, watch_kernel, "no_complaints", watched, stages=("plain",)))
    cases += [
        function_case("gradients: one tap", (1, 1, 2), (1, 1, 1)),
        function_case("gradients: one channel", (1, 1, 4), (1, 1, 2)),
        function_case("gradients: all sizes differ", (2, 3, 7), (4, 3, 5)),
        function_case("gradients: the fast backend", (2, 3, 7), (4, 3, 5), "fast"),
        function_case("gradients: memory in the order 'rotated'", (2, 3, 7), (4, 3, 2), layout="rotated"),
        function_case("gradients: a window wider than the input", (3, 2, 2), (4, 2, 5)),
    ]
    # Large enough for several threads to get in each other's way.
    large = {"input": random_array(rng, (16, 5, 50)), "weight": random_array(rng, (6, 5, 4)), "out_width": 50}
    stages = ("one thread", "threads")
    return [*cases, Case(TASK, "large", run_kernel, "kernel", large | {"reverse": False}, stages=stages)]


CASES = _cases()
