"""Draws, as text, where a result differs: the numbers that go into the first wrong cell, and what becomes of them.

A drawing takes the inputs of a case, what it got, what was expected, and the difference, and returns lines of text.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from project.course.cases import Difference, Values

FEW = 60
"""Up to how many cells an array is shown as a whole."""

AROUND = 5
"""How many cells are shown on either side of one that is wrong."""


def number(x: Any) -> str:
    """A number, short."""
    return f"{float(x):.4g}"


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of text in columns; the first column is aligned at the left, all others at the right."""
    columns = max(len(row) for row in rows)
    full = [[*row, *[""] * (columns - len(row))] for row in rows]
    widths = [max(len(row[i]) for row in full) for i in range(columns)]
    lines = []
    for row in full:
        cells = [row[0].ljust(widths[0]), *[cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]]
        lines.append("  ".join(cells).rstrip())
    return lines


def place(name: str, index: Iterable[Any]) -> str:
    """The name of a cell or a row: input[0, 1, :]."""
    return f"{name}[{', '.join(str(i) for i in index)}]"


def whole(name: str, array: Any) -> list[str]:
    """An array with its name; only its shape, where it is large."""
    array = np.asarray(array)
    if array.size > FEW:
        return [f"{name}: of shape {array.shape}"]
    text = np.array2string(array, separator=", ", formatter={"all": number}, max_line_width=100)
    first, *rest = text.splitlines() or [""]
    head = f"{name} = "
    return [head + first, *[" " * len(head) + line for line in rest]]


def value_at(values: Any, where: str) -> Any:
    """A value by its name in a Difference; names themselves may contain dots, so the longest one is tried first."""
    return values.get(where) if isinstance(values, dict) else None


def cells(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """Any case: what went in, and the row in which the first wrong cell stands."""
    lines = []
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            lines += whole(name, value)
        elif isinstance(value, (bool, int, float, str, list, tuple)) and len(repr(value)) <= FEW:
            lines.append(f"{name} = {value!r}")
    ours, theirs = value_at(expected, difference.where), value_at(got, difference.where)
    if isinstance(ours, np.ndarray) and isinstance(theirs, np.ndarray) and difference.cell and ours.size > 1:
        *row, column = difference.cell
        shown = range(max(0, column - AROUND), min(ours.shape[-1], column + AROUND + 1))
        name = place(difference.where, [*row, f"{shown.start}:{shown.stop}" if len(shown) < ours.shape[-1] else ":"])
        rows = [
            [f"expected {name}", *[number(ours[tuple(row)][i]) for i in shown]],
            [f"got {name}", *[number(theirs[tuple(row)][i]) for i in shown]],
            ["", *["^" if i == column else "" for i in shown]],
        ]
        lines += ["", *table(rows)]
    return lines


def products(title: str, terms: Sequence[tuple[str, float, str, float]], got: float, expected: float) -> list[str]:
    """The products that add up to a cell.

    Args:
        title: The name of the cell.
        terms: For each product: the names and the values of its two factors.
        got: What the cell holds.
        expected: What it should hold.
    """
    shown = terms[:12]
    rows = [[one, number(x), "*", other, number(y), "=", number(x * y)] for one, x, other, y in shown]
    if len(terms) > len(shown):
        rows.append([f"... and {len(terms) - len(shown)} more"])
    rows += [["sum, expected", "", "", "", "", "", number(expected)], ["got", "", "", "", "", "", number(got)]]
    return [f"The products that add up to {title}:", *table(rows)]


def sliding_window(inputs: Values, cell: tuple[int, ...], got: float, expected: float) -> list[str]:
    """The input of a 1-D convolution, the kernel below the window, and their products."""
    input, weight, reverse = inputs["input"], inputs["weight"], inputs.get("reverse", False)
    b, o, t = cell
    width, taps = input.shape[2], weight.shape[2]
    low, high = (t - taps + 1, t) if reverse else (t, t + taps - 1)
    first, last = min(low, max(0, low - 3)), max(high, min(width - 1, high + 3))
    columns = range(first, last + 1)
    lines = []
    for c in range(min(input.shape[1], 3)):
        seen = {i: float(input[b, c, i]) if 0 <= i < width else 0.0 for i in columns}
        under = {t - k if reverse else t + k: float(weight[o, c, k]) for k in range(taps)}
        rows = [
            ["place", *[str(i) if 0 <= i < width else "edge" for i in columns]],
            [place("input", (b, c, ":")), *[number(seen[i]) for i in columns]],
            [place("weight", (o, c, ":")), *[number(under[i]) if i in under else "" for i in columns]],
            ["products", *[number(seen[i] * under[i]) if i in under else "" for i in columns]],
        ]
        lines += [*table(rows), ""]
    if input.shape[1] > 3:
        lines.append(f"... and {input.shape[1] - 3} more channels")
    anchor = "right" if reverse else "left"
    lines.append(
        f"The window of {place('output', cell)} is anchored at its {anchor} end; over the edge it meets zeros."
    )
    return [*lines, f"Sum of all products: {number(expected)}; got {number(got)}."]


def conv1d(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """A cell of a 1-D convolution, or of one of its gradients."""
    if difference.cell is None:
        return cells(inputs, got, expected, difference)
    there, right = got[difference.where][difference.cell], expected[difference.where][difference.cell]
    if difference.where == "output":
        return sliding_window(inputs, difference.cell, there, right)
    input, weight, upstream = inputs["input"], inputs["weight"], inputs["upstream"]
    terms = []
    if difference.where == "gradient of the input":
        b, c, t = difference.cell
        for o in range(weight.shape[0]):
            for k in range(weight.shape[2]):
                if t - k >= 0:
                    one, other = place("upstream", (b, o, t - k)), place("weight", (o, c, k))
                    terms.append((one, upstream[b, o, t - k], other, weight[o, c, k]))
    else:
        o, c, k = difference.cell
        for b in range(input.shape[0]):
            for t in range(input.shape[2] - k):
                one, other = place("upstream", (b, o, t)), place("input", (b, c, t + k))
                terms.append((one, upstream[b, o, t], other, input[b, c, t + k]))
    return products(f"the {place(difference.where, difference.cell)}", terms, there, right)


def side_by_side(blocks: Sequence[tuple[str, Sequence[Sequence[float]]]]) -> list[str]:
    """Small tables of numbers beside each other, each under its name."""
    texts = []
    for name, rows in blocks:
        lines = table([["", *map(number, row)] for row in rows])
        width = max(len(name), *map(len, lines))
        texts.append([line.ljust(width) for line in [name, *lines]])
    return ["   ".join(lines).rstrip() for lines in zip(*texts)]


def patch(inputs: Values, cell: tuple[int, ...], got: float, expected: float) -> list[str]:
    """The window of a 2-D convolution, the kernel, and their products, side by side."""
    input, weight, reverse = inputs["input"], inputs["weight"], inputs.get("reverse", False)
    b, o, h, w = cell
    height, width = input.shape[2:]
    kh, kw = weight.shape[2:]
    sign = -1 if reverse else 1
    lines = []
    for c in range(min(input.shape[1], 3)):
        seen, taps = np.zeros((kh, kw)), np.zeros((kh, kw))  # as they lie on the image: from the top, from the left
        for i, j in np.ndindex(kh, kw):
            row, column = (kh - 1 - i, kw - 1 - j) if reverse else (i, j)
            taps[row, column] = weight[o, c, i, j]
            y, x = h + sign * i, w + sign * j
            if 0 <= y < height and 0 <= x < width:
                seen[row, column] = input[b, c, y, x]
        names = place("input", (b, c)) + " under the window", place("weight", (o, c)), "products"
        numbers = seen.tolist(), taps.tolist(), (seen * taps).tolist()
        lines += [*side_by_side(list(zip(names, numbers))), ""]
    if input.shape[1] > 3:
        lines.append(f"... and {input.shape[1] - 3} more channels")
    anchor = "bottom right" if reverse else "top left"
    lines.append(f"The window of {place('output', cell)} is anchored at its {anchor}; over the edge it meets zeros.")
    return [*lines, f"Sum of all products: {number(expected)}; got {number(got)}."]


def conv2d(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """A cell of a 2-D convolution, or of one of its gradients."""
    if difference.cell is None:
        return cells(inputs, got, expected, difference)
    there, right = got[difference.where][difference.cell], expected[difference.where][difference.cell]
    if difference.where == "output":
        return patch(inputs, difference.cell, there, right)
    input, weight, upstream = inputs["input"], inputs["weight"], inputs["upstream"]
    terms = []
    if difference.where == "gradient of the input":
        b, c, h, w = difference.cell
        for o, i, j in np.ndindex(weight.shape[0], min(weight.shape[2], h + 1), min(weight.shape[3], w + 1)):
            one, other = place("upstream", (b, o, h - i, w - j)), place("weight", (o, c, i, j))
            terms.append((one, upstream[b, o, h - i, w - j], other, weight[o, c, i, j]))
    else:
        o, c, i, j = difference.cell
        for b, h, w in np.ndindex(input.shape[0], max(0, input.shape[2] - i), max(0, input.shape[3] - j)):
            one, other = place("upstream", (b, o, h, w)), place("input", (b, c, h + i, w + j))
            terms.append((one, upstream[b, o, h, w], other, input[b, c, h + i, w + j]))
    return products(f"the {place(difference.where, difference.cell)}", terms, there, right)


def pooling(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """A cell of a pooled image with the tile that it comes from; or a cell of the gradient, with its tile."""
    if difference.cell is None:
        return cells(inputs, got, expected, difference)
    images, (kh, kw) = inputs["images"], inputs["kernel"]
    there, right = got[difference.where][difference.cell], expected[difference.where][difference.cell]
    b, c, h, w = difference.cell
    row, column = (h, w) if difference.where == "output" else (h // kh, w // kw)
    top, left = row * kh, column * kw
    name = place("images", (b, c, f"{top}:{top + kh}", f"{left}:{left + kw}"))
    lines = side_by_side([(name, images[b, c, top : top + kh, left : left + kw].tolist())])
    if difference.where != "output":
        upstream = place("upstream", (b, c, row, column))
        lines += [
            "",
            f"The gradient of this tile's output, {upstream}, is {number(inputs['upstream'][b, c, row, column])}.",
        ]
    title = place(difference.where, difference.cell)
    return ["The tile:", *lines, "", f"{title}: expected {number(right)}; got {number(there)}."]


def matrices(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """A cell of a product of matrices: the row and the column that it is made of, and their products."""
    if difference.cell is None:
        return cells(inputs, got, expected, difference)
    *leading, i, j = difference.cell
    shape = tuple(expected["output"].shape[:-2])
    a, b = [np.broadcast_to(inputs[name], (*shape, *inputs[name].shape[-2:])) for name in ("a", "b")]
    terms = []
    for k in range(a.shape[-1]):
        one, other = (*leading, i, k), (*leading, k, j)
        terms.append((place("a", one), a[one], place("b", other), b[other]))
    there, right = got["output"][difference.cell], expected["output"][difference.cell]
    return products(place("output", difference.cell), terms, there, right)


def along(inputs: Values, got: Values, expected: Values, difference: Difference) -> list[str]:
    """What belongs together in a function along a dimension: the line, in that dimension, through the wrong cell."""
    if difference.cell is None:
        return cells(inputs, got, expected, difference)
    dim = inputs["dim"] % inputs["input"].ndim
    line: list[Any] = list(difference.cell)
    line[dim] = slice(None)  # whole, of inputs; the result may have size 1 there
    name = [":" if i == dim else cell for i, cell in enumerate(difference.cell)]
    rows = [[place("input", name), *map(number, inputs["input"][tuple(line)])]]
    if difference.where != "output" and "upstream" in inputs:
        rows.append([place("upstream", name), *map(number, inputs["upstream"][tuple(line)])])
    for word, values in (("expected", expected), ("got", got)):
        rows.append([f"{word} {place(difference.where, name)}", *map(number, values[difference.where][tuple(line)])])
    return table(rows)


DRAWINGS = {
    "cells": cells,
    "conv1d": conv1d,
    "conv2d": conv2d,
    "pooling": pooling,
    "matrices": matrices,
    "along": along,
}
"""All drawings, by the names that cases use."""
