"""Memory for large results, used over and over again.

A training step makes the same large arrays as the step before it, and drops them at its end. The operating system takes
dropped memory back, and hands it out again in pages of 4096 bytes, each of which it fills with zeros when it is first
touched. That costs about as much time as the whole arithmetic of a step. So large blocks are kept, and a block that
nobody uses any more becomes the next array of its size.

Who uses a block? Each array that lies in it, and each view of such an array, holds a reference to it, and Python counts
references. A block is free when the list that it is kept in holds the only reference to it.
"""

import mmap
import sys
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

LARGE = 2**16
"""From how many bytes on a block is kept. Smaller ones are well looked after by Python and NumPy."""

MOST_KEPT = 2**28
"""How many bytes are kept at most, in use or free."""

_kept: dict[int, list[mmap.mmap]] = {}  # by size in bytes; the size that was asked for last stands last
_bytes_kept = 0
_lock = threading.Lock()


def _new_block(size: int) -> mmap.mmap:
    """Memory straight from the operating system. It begins where a page does, and so where a cache line does."""
    # A forked process shall get a copy; on Windows, where nothing is forked, there is nothing to say.
    return mmap.mmap(-1, size) if sys.platform == "win32" else mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE)


_FREE = next(map(sys.getrefcount, [_new_block(mmap.PAGESIZE)]))
"""The count of references to a block in a list, as `map` sees it, if there are no others."""


def _room_for(size: int) -> int:
    """How large a block is for an array of `size` bytes: four sizes between a power of two and the next.

    Batches of sentences have another width each time. So arrays of about the same size share their blocks; and what a
    block has too much is never touched, so that it takes no memory.
    """
    step = 1 << max(size.bit_length() - 3, 0)
    return -(-size // step) * step  # rounded up


def _make_room(size: int) -> None:
    """Return free blocks, those of the sizes asked for longest ago first, until one of `size` fits or none is left."""
    global _bytes_kept
    for old_size in list(_kept):
        if _bytes_kept + size <= MOST_KEPT:
            return
        blocks = _kept[old_size]
        used = [number for number, references in enumerate(map(sys.getrefcount, blocks)) if references > _FREE]
        if used:
            _kept[old_size] = [blocks[number] for number in used]
        else:
            del _kept[old_size]
        _bytes_kept -= (len(blocks) - len(used)) * old_size


def empty(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of `count` numbers, which hold whatever was in memory before."""
    global _bytes_kept
    if count < LARGE // 16:  # too few, whatever the type: this is the path of all small tensors, and kept short
        return np.empty(count, dtype)
    kind = np.dtype(dtype)
    size = _room_for(count * kind.itemsize)
    if count * kind.itemsize < LARGE or size > MOST_KEPT:
        return np.empty(count, kind)
    # Whoever finds the lock taken does not wait for it. It may have been taken by the same thread: while it is held,
    # Python may collect garbage, or handle a signal, and run code that comes here again.
    if not _lock.acquire(blocking=False):
        return np.empty(count, kind)
    try:
        blocks = _kept[size] = _kept.pop(size, [])
        for number, references in enumerate(map(sys.getrefcount, blocks)):
            if references == _FREE:
                return np.ndarray(count, kind, blocks[number])
        _make_room(size)
        if _bytes_kept + size > MOST_KEPT:  # too much of what is kept is in use
            return np.empty(count, kind)
        block = _new_block(size)
        _bytes_kept += size
        _kept.setdefault(size, []).append(block)
        return np.ndarray(count, kind, block)
    finally:
        _lock.release()


def zeros(count: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """A flat array of `count` zeros."""
    array = empty(count, dtype)
    array.fill(0)
    return array
