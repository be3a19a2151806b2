"""Memory for large results, used over and over again.

A training step makes the same large arrays as the step before it, and drops them at its end. The operating system takes
dropped memory back, and hands it out again in pages of 4096 bytes, each of which it fills with zeros when it is first
touched. That costs about as much time as the whole arithmetic of a step. So large blocks are kept for the next array of
the same size, instead of being returned.
"""

import collections
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

LARGE = 2**16
"""From how many bytes on a block is kept. Smaller ones are well looked after by Python and NumPy."""

MOST_KEPT = 2**28
"""How many bytes are kept at most while nobody uses them; beyond, those that were dropped first are returned."""

ALIGNMENT = 64
"""Blocks begin at multiples of so many bytes: the lines in which a processor fetches memory."""

_kept: dict[int, list[npt.NDArray[np.uint8]]] = {}  # by size in bytes; sizes that were dropped last stand last
_bytes_kept = 0
# Blocks that nobody uses any more, but that have not been put into `_kept` yet.
_dropped: collections.deque[npt.NDArray[np.uint8]] = collections.deque()
_lock = threading.Lock()


class _Loan:
    """A block that arrays lie in. NumPy keeps it for as long as any array, or view of one, is alive."""

    __slots__ = ("__array_interface__", "block")

    def __init__(self, block: npt.NDArray[np.uint8], count: int, dtype: np.dtype[Any]) -> None:
        self.block = block
        address, _ = block.__array_interface__["data"]
        aligned = -(-address // ALIGNMENT) * ALIGNMENT
        # This attribute is how NumPy asks an object for the memory of an array.
        self.__array_interface__ = {"data": (aligned, False), "shape": (count,), "typestr": dtype.str, "version": 3}

    def __del__(self) -> None:
        # This may run at any moment, in any thread, even in the middle of `empty`: whoever has the lock will see to it.
        _dropped.append(self.block)
        _keep_dropped()


def _keep_dropped() -> None:
    """Keep the blocks that were dropped, unless another thread is at it."""
    while _dropped and _lock.acquire(blocking=False):
        try:
            while _dropped:
                _keep(_dropped.popleft())
        finally:
            _lock.release()


def _keep(block: npt.NDArray[np.uint8]) -> None:
    """Keep a block for the next array of its size."""
    global _bytes_kept
    if block.nbytes > MOST_KEPT:
        return
    blocks = _kept.pop(block.nbytes, [])
    blocks.append(block)
    _kept[block.nbytes] = blocks
    _bytes_kept += block.nbytes
    while _bytes_kept > MOST_KEPT:
        size, oldest = next(iter(_kept.items()))
        oldest.pop()
        _bytes_kept -= size
        if not oldest:
            del _kept[size]


def empty(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of `count` numbers, which hold whatever was in memory before."""
    global _bytes_kept
    if count < LARGE // 16:  # too few, whatever the type: this is the path of all small tensors, and kept short
        return np.empty(count, dtype)
    kind = np.dtype(dtype)
    size = count * kind.itemsize
    if size < LARGE:
        return np.empty(count, kind)
    size += ALIGNMENT
    block = None
    with _lock:
        blocks = _kept.get(size)
        if blocks:
            block = blocks.pop()
            _bytes_kept -= size
            if not blocks:
                del _kept[size]
    _keep_dropped()
    if block is None:
        block = np.empty(size, np.uint8)
    return np.asarray(_Loan(block, count, kind))


def zeros(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of `count` zeros."""
    array = empty(count, dtype)
    array.fill(0)
    return array
