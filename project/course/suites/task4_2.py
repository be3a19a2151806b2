"""The cases of task 4.2, convolution in two dimensions."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch import fast_conv
from project.course.cases import Case, Values
from project.course.inputs import LAYOUTS, Array, random_array, rng_for
from project.course.suites import convolution
from project.course.suites.convolution import counted, function_inputs

TASK = "4_2"
ANCHORS = ((False, "top left"), (True, "bottom right"))


def run_kernel(
    input: Array, weight: Array, out_height: int, out_width: int, reverse: bool, layout: str = "rows"
) -> Values:
    """The kernel on bare storage.

    The input is of shape (batch, in_channels, height, width); the weight, (out_channels, in_channels, k_height,
    k_width).
    """
    return convolution.slide(fast_conv.tensor_conv2d, input, weight, (out_height, out_width), reverse, layout)


def watch_kernel(input: Array, weight: Array, out_height: int, out_width: int, reverse: bool) -> Values:
    """Every access of the kernel to memory."""
    return convolution.watch_kernel(fast_conv.tensor_conv2d, input, weight, (out_height, out_width), reverse)


def run_function(
    input: Array, weight: Array, upstream: Array, backend: str, layout: str, wanted: Sequence[str]
) -> Values:
    """The Function on tensors, forward and backward."""
    return convolution.differentiate(fast_conv.Conv2dFun, input, weight, upstream, backend, layout, wanted)


def watch_backward(input: Array, weight: Array, upstream: Array) -> Values:
    """Every write of the backward pass into memory of its own."""
    return convolution.watch_backward(fast_conv.Conv2dFun, input, weight, upstream)


def kernel_inputs(input: Array, weight: Array, reverse: bool, out_sizes: Sequence[int] | None) -> dict[str, Any]:
    """The inputs of a case for the kernel. The output is as large as the input unless other sizes are given."""
    height, width = input.shape[2:] if out_sizes is None else out_sizes
    return {"input": input, "weight": weight, "out_height": height, "out_width": width, "reverse": reverse}


def kernel_case(
    name: str,
    input: Any,
    weight: Any,
    reverse: bool = False,
    out_sizes: Sequence[int] | None = None,
    **settings: Any,
) -> Case:
    """A case for the kernel."""
    input, weight = np.asarray(input), np.asarray(weight)
    inputs = kernel_inputs(input, weight, reverse, out_sizes)
    rtol = 1e-5 if input.dtype == np.float32 else 1e-9
    return Case(TASK, name, run_kernel, "kernel", inputs | settings, rtol, rtol, drawing="conv2d")


def watched_case(name: str, input: Array, weight: Array, reverse: bool, out_sizes: Sequence[int]) -> Case:
    """A case in which the kernel is watched, which is possible in plain Python only."""
    inputs = kernel_inputs(input, weight, reverse, out_sizes)
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
    return Case(TASK, name, run_function, "function", inputs | settings, drawing="conv2d")


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    by_hand, square = counted((1, 1, 3, 4)), counted((1, 1, 3, 3))
    taps = np.array([[[[1.0, 20.0, 300.0], [4.0, 50.0, 600.0]]]])
    input, weight = random_array(rng, (2, 3, 5, 7)), random_array(rng, (4, 3, 2, 3))
    small, small_weight = input[:, :, :3, :4], weight[:2]
    cases = [
        kernel_case("one weight", by_hand, [[[[2.0]]]]),
        kernel_case("two weights side by side", square, [[[[10.0, 1.0]]]]),
        kernel_case("two weights one below the other", square, [[[[10.0], [1.0]]]]),
        kernel_case("two weights side by side, anchored at the right", by_hand, [[[[10.0, 1.0]]]], reverse=True),
        kernel_case("two weights one below the other, anchored at the bottom", by_hand, [[[[10.0], [1.0]]]], True),
        kernel_case("two rows of three weights", by_hand, taps),
        kernel_case("two rows of three weights, anchored at the bottom right", by_hand, taps, reverse=True),
        kernel_case("two channels go in", random_array(rng, (1, 2, 3, 4)), random_array(rng, (1, 2, 2, 3))),
        kernel_case("two channels come out", by_hand, random_array(rng, (2, 1, 2, 3))),
        kernel_case("a batch of two", random_array(rng, (2, 1, 3, 4)), taps),
        kernel_case("images of a single row", input[:, :, :1], small_weight),
        kernel_case("images of a single column", input[..., :1], small_weight),
        kernel_case("a window higher than the image", input[:, :, :2], random_array(rng, (2, 3, 4, 2))),
        kernel_case("a window wider than the image", input[:, :, :3, :2], random_array(rng, (2, 3, 2, 4))),
        kernel_case("a window larger than the image, anchored at the bottom right", input[:, :, :1, :2], weight, True),
        kernel_case("an output smaller than the image", small, small_weight, out_sizes=(2, 3)),
        kernel_case("an output smaller than the image, anchored at the bottom right", small, weight[:1], True, (2, 3)),
        kernel_case("an output larger than the image", small, small_weight, out_sizes=(5, 7)),
        kernel_case("an output larger than the image, anchored at the bottom right", small, small_weight, True, (5, 7)),
        kernel_case("float32", small.astype(np.float32), small_weight.astype(np.float32)),
    ]
    for layout in LAYOUTS:
        for reverse, anchor in ANCHORS:
            name = f"all sizes differ, memory in the order '{layout}', anchored at the {anchor}"
            cases.append(kernel_case(name, input, weight, reverse, layout=layout))
    same = np.repeat(small[:1], 2, 0), np.repeat(weight[:1], 4, 0)
    cases += [
        kernel_case("cells that lie apart in memory", small, small_weight, layout="spread"),
        kernel_case("equal images and equal kernels that lie in memory once", *same, layout="shared"),
    ]
    for reverse, anchor in ANCHORS:
        name = f"every access to memory is watched, anchored at the {anchor}"
        cases.append(watched_case(name, small, small_weight, reverse, (3, 4)))
    cases += [
        watched_case("every access to memory is watched, for a small output", small, small_weight, False, (1, 2)),
        watched_case("every access to memory is watched, for a large output", small, small_weight, True, (4, 6)),
        function_case("gradients: one weight", (1, 1, 2, 3), (1, 1, 1, 1)),
        function_case("gradients: two weights side by side", (1, 1, 2, 3), (1, 1, 1, 2)),
        function_case("gradients: two weights one below the other", (1, 1, 3, 2), (1, 1, 2, 1)),
        function_case("gradients: two channels go in", (1, 2, 3, 4), (1, 2, 2, 3)),
        function_case("gradients: two channels come out", (1, 1, 3, 4), (2, 1, 2, 3)),
        function_case("gradients: as many channels come out as go in", (1, 2, 3, 4), (2, 2, 2, 3)),
        function_case("gradients: a batch of three", (3, 1, 3, 2), (1, 1, 2, 2)),
        function_case("gradients: images of a single row", (2, 3, 1, 4), (2, 3, 1, 2)),
        function_case("gradients: a window larger than the image", (3, 2, 2, 1), (1, 2, 3, 4)),
        function_case("gradients: input and weight of the same shape", (2, 2, 2, 3), (2, 2, 2, 3)),
        function_case("gradients: all sizes differ", (2, 3, 5, 7), (4, 3, 2, 3)),
        function_case("gradients: only the input wants one", (2, 3, 2, 4), (1, 3, 1, 2), wanted=["input"]),
        function_case("gradients: only the weight wants one", (2, 3, 2, 4), (1, 3, 1, 2), wanted=["weight"]),
        function_case("gradients: the fast backend", (2, 3, 3, 4), (1, 3, 2, 3), "fast"),
        function_case("gradients: memory in the order 'reversed'", (2, 3, 3, 4), (4, 3, 2, 1), layout="reversed"),
        function_case("gradients: memory in the order 'rotated'", (2, 3, 3, 4), (4, 3, 2, 1), layout="rotated"),
    ]
    # If the backward pass has kernels of its own, they must not run into the same traps.
    own = function_inputs("watched gradients", (2, 3, 3, 4), (4, 3, 2, 1))
    name = "gradients: every access to memory is watched"
    cases.append(Case(TASK, name, watch_backward, "no_complaints", own, stages=("plain",)))
    # Large enough for several threads to get in each other's way.
    stages = ("one thread", "threads")
    large = kernel_inputs(random_array(rng, (4, 3, 12, 17)), random_array(rng, (6, 3, 3, 2)), False, None)
    large_inputs = function_inputs("large gradients", (4, 3, 9, 11), (6, 3, 3, 2))
    settings = {"backend": "fast", "layout": "rows", "wanted": ["input", "weight"]}
    return [
        *cases,
        Case(TASK, "large", run_kernel, "kernel", large, stages=stages),
        Case(TASK, "gradients: large", run_function, "function", large_inputs | settings, stages=stages),
    ]


CASES = _cases()
