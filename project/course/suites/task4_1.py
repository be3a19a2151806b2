"""The cases of task 4.1, convolution in one dimension."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch import fast_conv
from project.course.cases import Case, Values
from project.course.inputs import LAYOUTS, Array, random_array, rng_for
from project.course.suites import convolution
from project.course.suites.convolution import counted, function_inputs

TASK = "4_1"
ANCHORS = ((False, "left"), (True, "right"))


def run_kernel(input: Array, weight: Array, out_width: int, reverse: bool, layout: str = "rows") -> Values:
    """The kernel on bare storage: input (batch, in_channels, width), weight (out_channels, in_channels, k_width)."""
    return convolution.slide(fast_conv.tensor_conv1d, input, weight, (out_width,), reverse, layout)


def watch_kernel(input: Array, weight: Array, out_width: int, reverse: bool) -> Values:
    """Every access of the kernel to memory."""
    return convolution.watch_kernel(fast_conv.tensor_conv1d, input, weight, (out_width,), reverse)


def run_function(
    input: Array, weight: Array, upstream: Array, backend: str, layout: str, wanted: Sequence[str]
) -> Values:
    """The Function on tensors, forward and backward."""
    return convolution.differentiate(fast_conv.Conv1dFun, input, weight, upstream, backend, layout, wanted)


def watch_backward(input: Array, weight: Array, upstream: Array) -> Values:
    """Every write of the backward pass into memory of its own."""
    return convolution.watch_backward(fast_conv.Conv1dFun, input, weight, upstream)


def kernel_case(
    name: str, input: Any, weight: Any, reverse: bool = False, out_width: int | None = None, **settings: Any
) -> Case:
    """A case for the kernel. The output is as wide as the input unless another width is given."""
    input, weight = np.asarray(input), np.asarray(weight)
    inputs = {"input": input, "weight": weight, "out_width": out_width or input.shape[2], "reverse": reverse}
    rtol = 1e-5 if input.dtype == np.float32 else 1e-9
    return Case(TASK, name, run_kernel, "kernel", inputs | settings, rtol, rtol, drawing="conv1d")


def watched_case(name: str, input: Array, weight: Array, reverse: bool, out_width: int) -> Case:
    """A case in which the kernel is watched, which is possible in plain Python only."""
    inputs = {"input": input, "weight": weight, "out_width": out_width, "reverse": reverse}
    return Case(TASK, name, watch_kernel, "no_complaints", inputs, stages=("plain",))


def function_case(
    name: str,
    input_shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    backend: str = "simple",
    layout: str = "rows",
    wanted: Sequence[str] = ("input", "weight"),
) -> Case:
    """A case for the Function, on random numbers, with a random upstream gradient."""
    inputs = function_inputs(name, input_shape, weight_shape)
    settings = {"backend": backend, "layout": layout, "wanted": wanted}
    return Case(TASK, name, run_function, "function", inputs | settings, drawing="conv1d")


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    by_hand = counted((1, 1, 6))
    taps = np.array([[[5.0, 2.0, 3.0]]])
    input, weight = random_array(rng, (2, 3, 7)), random_array(rng, (4, 3, 3))
    cases = [
        kernel_case("one tap", by_hand, [[[2.0]]]),
        kernel_case("two taps", by_hand[:, :, :3], [[[10.0, 1.0]]]),
        kernel_case("three taps", by_hand, taps),
        kernel_case("two taps, anchored at the right", by_hand[:, :, :3], [[[10.0, 1.0]]], reverse=True),
        kernel_case("three taps, anchored at the right", by_hand, taps, reverse=True),
        kernel_case("two channels go in", np.stack([by_hand[0], -10 * by_hand[0]], 1), random_array(rng, (1, 2, 3))),
        kernel_case("two channels come out", by_hand, random_array(rng, (2, 1, 3))),
        kernel_case("a batch of two", random_array(rng, (2, 1, 5)), taps),
        kernel_case("sequences of width 1", random_array(rng, (2, 3, 1)), weight),
        kernel_case("a window wider than the input", input[:, :, :2], weight),
        kernel_case("a window wider than the input, anchored at the right", input[:, :, :2], weight, reverse=True),
        kernel_case("an output narrower than the input", input, weight, out_width=4),
        kernel_case("an output narrower than the input, anchored at the right", input, weight, True, 4),
        kernel_case("an output wider than the input", input, weight, out_width=9),
        kernel_case("an output wider than the input, anchored at the right", input, weight, True, 9),
        kernel_case("float32", input.astype(np.float32), weight.astype(np.float32)),
    ]
    for layout in LAYOUTS:
        for reverse, anchor in ANCHORS:
            name = f"all sizes differ, memory in the order '{layout}', anchored at the {anchor}"
            cases.append(kernel_case(name, input, weight, reverse, layout=layout))
    same = np.repeat(input[:1], 2, 0), np.repeat(weight[:1], 4, 0)
    cases += [
        kernel_case("cells that lie apart in memory", input, weight, layout="spread"),
        kernel_case("equal samples and equal kernels that lie in memory once", *same, layout="shared"),
    ]
    for reverse, anchor in ANCHORS:
        name = f"every access to memory is watched, anchored at the {anchor}"
        cases.append(watched_case(name, input, weight, reverse, out_width=7))
    cases += [
        watched_case("every access to memory is watched, for a narrow output", input, weight, False, out_width=2),
        watched_case("every access to memory is watched, for a wide output", input, weight, True, out_width=9),
        function_case("gradients: one tap", (1, 1, 2), (1, 1, 1)),
        function_case("gradients: one channel", (1, 1, 4), (1, 1, 2)),
        function_case("gradients: two channels go in", (1, 2, 4), (1, 2, 3)),
        function_case("gradients: two channels come out", (1, 1, 4), (2, 1, 3)),
        function_case("gradients: as many channels come out as go in", (1, 2, 5), (2, 2, 3)),
        function_case("gradients: input and weight of the same shape", (2, 2, 3), (2, 2, 3)),
        function_case("gradients: a batch of three", (3, 1, 4), (1, 1, 2)),
        function_case("gradients: sequences of width 1", (2, 3, 1), (4, 3, 1)),
        function_case("gradients: a window wider than the input", (3, 2, 2), (4, 2, 5)),
        function_case("gradients: all sizes differ", (2, 3, 7), (4, 3, 5)),
        function_case("gradients: only the input wants one", (2, 3, 5), (4, 3, 2), wanted=["input"]),
        function_case("gradients: only the weight wants one", (2, 3, 5), (4, 3, 2), wanted=["weight"]),
        function_case("gradients: the fast backend", (2, 3, 7), (4, 3, 5), "fast"),
        function_case("gradients: memory in the order 'reversed'", (2, 3, 7), (4, 3, 2), layout="reversed"),
        function_case("gradients: memory in the order 'rotated'", (2, 3, 7), (4, 3, 2), layout="rotated"),
    ]
    # If the backward pass has kernels of its own, they must not run into the same traps.
    own = function_inputs("watched gradients", (2, 3, 7), (4, 3, 2))
    name = "gradients: every access to memory is watched"
    cases.append(Case(TASK, name, watch_backward, "no_complaints", own, stages=("plain",)))
    # Large enough for several threads to get in each other's way.
    stages = ("one thread", "threads")
    large = {"input": random_array(rng, (16, 5, 50)), "weight": random_array(rng, (6, 5, 4)), "out_width": 50}
    large_inputs = function_inputs("large gradients", (8, 6, 40), (7, 6, 3))
    settings = {"backend": "fast", "layout": "rows", "wanted": ["input", "weight"]}
    return [
        *cases,
        Case(TASK, "large", run_kernel, "kernel", large | {"reverse": False}, stages=stages),
        Case(TASK, "gradients: large", run_function, "function", large_inputs | settings, stages=stages),
    ]


CASES = _cases()
