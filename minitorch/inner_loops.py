"""The two innermost loops of matrix multiplication and convolution, where nearly all of the time goes; and copying.

Both loops multiply and add, and a processor can do that far faster than it can fetch the numbers from memory. So both
follow one rule: **use every number that was fetched several times.** Twelve sums are computed side by side, 4 rows of
the result times 3 terms, so that 3 numbers and the 4 results serve 12 multiplications. (With more than twelve, the
numbers that are in use would no longer fit into the 16 registers of the processor.)

The loops over p run over neighbouring cells. The compiler turns them into instructions that work on 8 numbers of
float32, or 4 of float64, at once.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from .jit import njit

Array = npt.NDArray[Any]
Pair: TypeAlias = tuple[int, int]

ROWS = 4
"""How many rows of a result are computed side by side."""

TERMS = 3
"""How many terms of each sum are added in one pass."""

CELLS = 960
"""How many cells a row has at most; 4 rows of so many stay in the cache that is nearest to the processor. But rows that
lie nearly 4096 bytes apart, or 8192, may drive each other out of it, depending on where in memory they happen to be.
960 cells are far enough from that, in float32 and in float64; and as a multiple of 16, they leave all rows aligned
alike."""

NEXT = np.int64(1)
"""How far neighbouring cells lie from each other. (For an argument that is written as 1, numba would compile a function
once more.)"""

TASKS = 8
"""How many tasks there should be, at least, to be shared out evenly among the cores."""


def _add_products(
    total: Array, columns: int, cells: Array, starts: Array, weights: Array, corners: Array, places: Array, begin: bool
) -> None:
    """Add weighted stretches of `cells` to four rows of sums:

        total[r, p] += sum over t of weights[corners[r] + places[t]] * cells[starts[t] + p]

    If stretch t is row t of a matrix b, this multiplies a matrix, the weights, by b. If the stretches overlap, each
    beginning a little further on than the last, it slides a window: it is a convolution.

    Args:
        total: The sums, of shape (4, at least `columns`). The rows of an array that was made in compiled code begin at
            multiples of 32 bytes, if they are as long, and this makes the loops clearly faster.
        columns: The length of the stretches.
        cells: Where the stretches lie, a flat row.
        starts: Where each of the stretches begins, of shape (terms,).
        weights: Where the weights lie, a flat row.
        corners: Where in it the weights of each row of sums begin, of shape (4,).
        places: How far from there the weight of each stretch lies, of shape (terms,).
        begin: Whether the first stretch replaces what `total` holds. (To fill it with zeros beforehand would take as
            long as adding two stretches.)
    """
    terms, zero = len(starts), total.dtype.type(0)
    row0, row1, row2, row3 = total[0], total[1], total[2], total[3]
    a, b, c, d = corners[0], corners[1], corners[2], corners[3]
    for t in range(0, terms - TERMS + 1, TERMS):
        t0, t1, t2 = places[t], places[t + 1], places[t + 2]
        a0, a1, a2 = weights[a + t0], weights[a + t1], weights[a + t2]
        b0, b1, b2 = weights[b + t0], weights[b + t1], weights[b + t2]
        c0, c1, c2 = weights[c + t0], weights[c + t1], weights[c + t2]
        d0, d1, d2 = weights[d + t0], weights[d + t1], weights[d + t2]
        # Of a slice the compiler knows that p counts from its first cell on; only then can it take several at a time.
        stretch0 = cells[starts[t] : starts[t] + columns]
        stretch1 = cells[starts[t + 1] : starts[t + 1] + columns]
        stretch2 = cells[starts[t + 2] : starts[t + 2] + columns]
        anew = begin and t == 0
        for p in range(columns):
            x, y, z = stretch0[p], stretch1[p], stretch2[p]  # fetched once, used four times
            row0[p] = (zero if anew else row0[p]) + a0 * x + a1 * y + a2 * z
            row1[p] = (zero if anew else row1[p]) + b0 * x + b1 * y + b2 * z
            row2[p] = (zero if anew else row2[p]) + c0 * x + c1 * y + c2 * z
            row3[p] = (zero if anew else row3[p]) + d0 * x + d1 * y + d2 * z
    for t in range(terms - terms % TERMS, terms):  # the one or two terms that are left
        t0 = places[t]
        a0, b0, c0, d0 = weights[a + t0], weights[b + t0], weights[c + t0], weights[d + t0]
        stretch = cells[starts[t] : starts[t] + columns]
        anew = begin and t == 0
        for p in range(columns):
            x = stretch[p]
            row0[p] = (zero if anew else row0[p]) + a0 * x
            row1[p] = (zero if anew else row1[p]) + b0 * x
            row2[p] = (zero if anew else row2[p]) + c0 * x
            row3[p] = (zero if anew else row3[p]) + d0 * x


def _add_dot_products(
    total: Array, first: int, windows: Array, distance: int, length: int, cells: Array, starts: Array
) -> None:
    """Add the products of four long windows with the cells under them, at three places:

        total[r, first + k] += sum over p of windows[r * distance + p] * cells[starts[k] + p]

    This is the loop for sums of many terms: here the terms are the neighbouring cells.

    Args:
        total: The sums, of shape (4, at least first + 3).
        first: The first of the three columns of `total` to add to.
        windows: Where the windows lie, a flat row.
        distance: How far one window lies from the next.
        length: The length of a window.
        cells: What the windows slide over, a flat row.
        starts: The places, of shape (3,): where in `cells` the window begins.
    """
    row0, row1 = windows[:length], windows[distance : distance + length]
    row2, row3 = windows[2 * distance : 2 * distance + length], windows[3 * distance : 3 * distance + length]
    stretch0 = cells[starts[0] : starts[0] + length]
    stretch1 = cells[starts[1] : starts[1] + length]
    stretch2 = cells[starts[2] : starts[2] + length]
    zero = total.dtype.type(0)  # a plain 0 would turn sums of float32 into float64
    a0 = a1 = a2 = b0 = b1 = b2 = c0 = c1 = c2 = d0 = d1 = d2 = zero
    for p in range(length):
        x, y, z = stretch0[p], stretch1[p], stretch2[p]  # fetched once, used four times
        a, b, c, d = row0[p], row1[p], row2[p], row3[p]  # fetched once, used three times
        a0, a1, a2 = a0 + a * x, a1 + a * y, a2 + a * z
        b0, b1, b2 = b0 + b * x, b1 + b * y, b2 + b * z
        c0, c1, c2 = c0 + c * x, c1 + c * y, c2 + c * z
        d0, d1, d2 = d0 + d * x, d1 + d * y, d2 + d * z
    sums = ((a0, a1, a2), (b0, b1, b2), (c0, c1, c2), (d0, d1, d2))
    for r in range(ROWS):
        for k in range(TERMS):
            total[r, first + k] += sums[r][k]


# An index that may be negative has to be tested, for it would count from the end; an unsigned one never is negative.
_1, _2, _3, _4 = np.uintp(1), np.uintp(2), np.uintp(3), np.uintp(4)
_5, _6, _7, _8 = np.uintp(5), np.uintp(6), np.uintp(7), np.uintp(8)


@njit
def copy_block(
    target: Array, begin: int, to_steps: Pair, source: Array, first: int, from_steps: Pair, rows: int, columns: int
) -> None:
    """Copy a block of cells from one place to another, which must not overlap:

        target[begin + h * down + w * right] = source[first + h * down' + w * right']

    If both lie in neighbouring columns, eight cells are read before any of them is written. Then the compiler need not
    ask whether the reads depend on the writes, and moves all eight at once; for short rows this is several times as
    fast as the plain loop.

    Args:
        target: Where to copy to, a flat row.
        begin: The first cell there.
        to_steps: (down, right): how far below each other, and beside each other, the cells of the block lie there.
        source: Where to copy from, a flat row.
        first: The first cell there.
        from_steps: (down', right').
        rows: The height of the block.
        columns: The width of the block.
    """
    to_right, from_right = to_steps[1], from_steps[1]
    if to_right != 1 or from_right != 1 or columns < 8:
        for h in range(rows):
            t, s = begin + h * to_steps[0], first + h * from_steps[0]
            for w in range(columns):
                target[t + w * to_right] = source[s + w * from_right]
        return
    last = np.uintp(columns - 8)
    for h in range(rows):
        t_row, s_row = np.uintp(begin + h * to_steps[0]), np.uintp(first + h * from_steps[0])
        for w in range(np.uintp(0), np.uintp(columns), _8):
            w = min(w, last)  # the last eight may overlap with those before
            t, s = t_row + w, s_row + w
            a, b, c, d = source[s], source[s + _1], source[s + _2], source[s + _3]
            e, f, g, x = source[s + _4], source[s + _5], source[s + _6], source[s + _7]
            target[t], target[t + _1], target[t + _2], target[t + _3] = a, b, c, d
            target[t + _4], target[t + _5], target[t + _6], target[t + _7] = e, f, g, x


add_products = njit(_add_products, fuse=True)
add_dot_products = njit(_add_dot_products, reassociate=True)
