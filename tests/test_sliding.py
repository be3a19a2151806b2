"""How the windows of a convolution slide: the copies of the input, and sizes at which the work is divided."""

from typing import Any

import numba
import numpy as np
import pytest

from minitorch import sliding
from minitorch.fast_conv import tensor_conv2d
from minitorch.inner_loops import CELLS, add_dot_products

from .checks import random_array

pytestmark = pytest.mark.task4_2

TOLERANCE: dict[Any, float] = {np.float64: 1e-13, np.float32: 1e-5}


def arguments(array: Any) -> tuple[Any, Any, Any]:
    """Storage, shape and strides of a contiguous array."""
    return array.ravel(), np.array(array.shape), np.array(array.strides) // array.itemsize


@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "turned around"])
@pytest.mark.parametrize("margins", [(0, 0), (1, 2), (0, 5), (3, 0)])
@pytest.mark.parametrize(("rows", "pitch"), [(5, 4), (7, 4), (3, 4), (5, 6), (6, 2), (5, 1), (6, 11)])
@pytest.mark.parametrize("width", [4, 9])
def test_an_image_in_a_plane_of_zeros(
    width: int, rows: int, pitch: int, margins: tuple[int, int], turned: bool
) -> None:
    rng = np.random.default_rng(rows * pitch)
    images, (top, left) = random_array(rng, (2, 3, 5, width)), margins
    storage, _, strides = arguments(images)
    image, first, steps = images[1, 2], 1 * strides[0] + 2 * strides[1], (int(strides[2]), int(strides[3]))
    if turned:
        image, first, steps = image[::-1, ::-1], first + 4 * steps[0] + width - 1, (-steps[0], -steps[1])
    plane = np.zeros(rows * pitch)
    another = np.full(images.size, 7.0)  # whatever was copied there before is replaced
    for cells in (another, storage):
        sliding.copy_image(plane, pitch, (top, left), cells, int(first), (5, width), steps)

    expected = np.zeros((rows, pitch))
    for h in range(rows):
        for w in range(pitch):
            row, column = h - top, w - left
            if 0 <= row < 5 and 0 <= column < width:
                expected[h, w] = image[row, column]
    np.testing.assert_array_equal(plane.reshape(rows, pitch), expected)


def convolve(input: Any, weight: Any, out_sides: tuple[int, int], reverse: bool) -> Any:
    """The kernel on arrays; the output begins as NaN, to see that all of it is written."""
    out = np.full((input.shape[0], weight.shape[0], *out_sides), np.nan, input.dtype)
    storage, shape, strides = arguments(out)
    tensor_conv2d(storage, shape, strides, out.size, *arguments(input), *arguments(weight), reverse)
    return storage.reshape(out.shape)


def expected_convolution(input: Any, weight: Any, out_sides: tuple[int, int], reverse: bool) -> Any:
    """The same, with a shifted copy of the whole input for each weight of the window."""
    (height, width), (_, _, kh, kw) = out_sides, weight.shape
    out = np.zeros((input.shape[0], weight.shape[0], height, width))
    room = max(height, input.shape[2]) + kh, max(width, input.shape[3]) + kw
    padded = np.zeros((*input.shape[:2], 2 * room[0], 2 * room[1]))  # zeros on all sides, wide enough for any window
    padded[:, :, room[0] : room[0] + input.shape[2], room[1] : room[1] + input.shape[3]] = input
    for i in range(kh):
        for j in range(kw):
            top, left = (room[0] - i, room[1] - j) if reverse else (room[0] + i, room[1] + j)
            window = padded[:, :, top : top + height, left : left + width]
            out += np.einsum("bchw,oc->bohw", window, weight[:, :, i, j].astype(np.float64))
    return out


SHAPES = {
    "one row of the result has as many cells as there may be": ((1, 1, 20, CELLS // 20), (1, 1, 1, 1)),
    "one cell more than that": ((1, 1, 1, CELLS + 1), (1, 1, 1, 3)),
    "an image in several stretches": ((2, 2, 50, 61), (3, 2, 3, 2)),
    "rows in several stretches": ((1, 2, 3, 2 * CELLS + 5), (2, 2, 2, 3)),
    "many small images at once": ((30, 3, 4, 5), (5, 3, 2, 3)),
    "small images, and a rest": ((19, 2, 3, 3), (4, 2, 2, 2)),
    "fewer images than tasks, many channels": ((1, 3, 6, 7), (37, 3, 3, 3)),
    "so many terms that stretches are short": ((1, 200, 12, 13), (2, 200, 3, 4)),
    "one channel more than a block": ((3, 1, 6, 6), (5, 1, 3, 3)),
    "a window as large as the image": ((2, 3, 6, 7), (2, 3, 6, 7)),
    "a window longer than the image, one channel": ((2, 1, 5, 6), (3, 1, 7, 8)),
    "a window longer than the image, many channels": ((3, 40, 3, 4), (6, 40, 4, 5)),
    "a long window over many small planes": ((2, 70, 2, 2), (9, 70, 3, 3)),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", SHAPES)
def test_sizes_at_which_the_work_is_divided(name: str, reverse: bool, dtype: Any) -> None:
    rng = np.random.default_rng(len(name))
    input_shape, weight_shape = SHAPES[name]
    input, weight = random_array(rng, input_shape, dtype), random_array(rng, weight_shape, dtype)
    sides = input_shape[2], input_shape[3]
    terms = np.prod(weight_shape[1:])
    found = convolve(input, weight, sides, reverse)
    assert found.dtype == dtype
    expected = expected_convolution(input, weight, sides, reverse)
    np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * terms)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("out_sides", [(2, 3), (9, 4), (11, 13)])
def test_outputs_smaller_and_larger_than_the_input(out_sides: tuple[int, int], reverse: bool) -> None:
    rng = np.random.default_rng(0)
    input, weight = random_array(rng, (3, 2, 6, 7)), random_array(rng, (5, 2, 3, 4))
    found = convolve(input, weight, out_sides, reverse)
    np.testing.assert_allclose(found, expected_convolution(input, weight, out_sides, reverse), rtol=0, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("out_sides", [(1, 1), (1, 2), (2, 1), (2, 3)])
@pytest.mark.parametrize("channels", [1, 8, 20])
def test_a_window_that_fills_its_plane(channels: int, out_sides: tuple[int, int], reverse: bool) -> None:
    """A long window is lengthened to a multiple of 8 cells: behind it, there must be nothing but zeros."""
    rng = np.random.default_rng(2)
    input, weight = random_array(rng, (3, channels, 5, 7)), random_array(rng, (6, channels, 5, 7))
    found = convolve(input, weight, out_sides, reverse)
    np.testing.assert_allclose(found, expected_convolution(input, weight, out_sides, reverse), rtol=0, atol=1e-11)


@pytest.fixture
def _threads() -> Any:
    """Give back the number of threads that a test takes away."""
    before = numba.get_num_threads()
    yield
    numba.set_num_threads(before)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("name", SHAPES)
def test_bits_do_not_depend_on_the_number_of_workers(name: str) -> None:
    rng = np.random.default_rng(len(name))
    input_shape, weight_shape = SHAPES[name]
    input, weight = random_array(rng, input_shape, np.float32), random_array(rng, weight_shape, np.float32)
    results = []
    for threads in range(1, numba.config.NUMBA_NUM_THREADS + 1):
        numba.set_num_threads(threads)
        results.append(convolve(input, weight, (input_shape[2], input_shape[3]), False))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])


# The inner loop for long windows


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("length", [0, 1, 7, 8, 33])
def test_twelve_dot_products(length: int, dtype: Any) -> None:
    rng = np.random.default_rng(length)
    distance, starts = length + 3, np.array([0, 2, 11])
    windows, cells = random_array(rng, 4 * distance, dtype), random_array(rng, length + 11, dtype)
    before = random_array(rng, (4, 7), dtype)
    total = before.copy()
    add_dot_products(total, 2, windows, distance, length, cells, starts)
    expected = before.astype(np.float64)
    for r in range(4):
        for k in range(3):
            window, stretch = windows[r * distance : r * distance + length], cells[starts[k] : starts[k] + length]
            expected[r, 2 + k] += window.astype(np.float64) @ stretch.astype(np.float64)
    np.testing.assert_allclose(total, expected, rtol=0, atol=TOLERANCE[dtype] * (length + 1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("name", [name for name in SHAPES if "window" in name])
def test_what_is_no_number_meets_no_other_places(name: str, reverse: bool, bad: float) -> None:
    """Between the rows of a long window lie zeros, and 0 times NaN, or infinity, would be NaN."""
    rng = np.random.default_rng(len(name))
    input_shape, weight_shape = SHAPES[name]
    sides = input_shape[2], input_shape[3]
    for among in ("input", "weight"):
        arrays = {"input": random_array(rng, input_shape), "weight": random_array(rng, weight_shape)}
        arrays[among].ravel()[rng.integers(arrays[among].size)] = bad
        with np.errstate(invalid="ignore"):
            found = convolve(arrays["input"], arrays["weight"], sides, reverse)
            expected = expected_convolution(arrays["input"], arrays["weight"], sides, reverse)
        assert not np.isfinite(expected).all()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-11)


def test_a_missing_number_stays_in_its_own_image() -> None:
    """Small planes are taken together; between them lie zeros of the window, and 0 times NaN would be NaN."""
    rng = np.random.default_rng(1)
    input, weight = random_array(rng, (2, 20, 3, 3)), random_array(rng, (3, 20, 4, 4))
    input[1, 5, 0, 0] = np.nan
    found = convolve(input, weight, (3, 3), False)
    expected = expected_convolution(np.nan_to_num(input), weight, (3, 3), False)
    expected[1, :, 0, 0] = np.nan  # no other window covers the first cell
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
