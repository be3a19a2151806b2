"""What cases are fed with: random numbers, and arrays that lie in memory in every way that an array can lie."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import minitorch
from minitorch import Tensor, TensorBackend, TensorData

Array: TypeAlias = npt.NDArray[Any]

LAYOUTS = ("rows", "reversed", "rotated")
"""Ways for the same cells to lie in memory: row by row; column by column; or with the dimensions rotated by one."""

BACKENDS = {"simple": minitorch.SimpleBackend, "fast": minitorch.FastBackend}

_seed: ContextVar[int] = ContextVar("seed", default=0)  # each thread has its own


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Cases that are made inside get the random numbers of this seed; all others get those of seed 0."""
    before = _seed.set(seed)
    try:
        yield
    finally:
        _seed.reset(before)


def rng_for(name: str) -> np.random.Generator:
    """Random numbers for a case: the same ones in every process, and others for every name and every seed."""
    number, seed = zlib.crc32(name.encode()), _seed.get()
    return np.random.default_rng([number, seed] if seed else number)


def random_array(rng: np.random.Generator, shape: Sequence[int], dtype: Any = np.float64) -> Array:
    """Random numbers between 0.5 and 2 in size, of random sign: none of them near a bend or a pole at 0."""
    return (rng.uniform(0.5, 2.0, shape) * rng.choice([-1.0, 1.0], shape)).astype(dtype)


def strided(array: Any, layout: str) -> tuple[Array, Array, Array]:
    """Storage, shape and strides of an array that lies in memory in one of the LAYOUTS: what a kernel is given."""
    array = np.asarray(array)
    axes = list(range(array.ndim))
    order = {"rows": axes, "reversed": axes[::-1], "rotated": axes[1:] + axes[:1]}[layout]
    stored = np.ascontiguousarray(np.transpose(array, order))  # the storage holds this one row by row
    strides = np.empty(array.ndim, np.int64)
    for axis, step in zip(order, stored.strides):
        strides[axis] = step // stored.itemsize
    return stored.ravel().copy(), np.array(array.shape, np.int64), strides


def lay_out(array: Any, layout: str = "rows", backend: TensorBackend = minitorch.SimpleBackend) -> Tensor:
    """A constant tensor that holds `array`, lying in memory in one of the LAYOUTS."""
    storage, shape, strides = strided(array, layout)
    return Tensor(TensorData(storage, tuple(shape.tolist()), tuple(strides.tolist())), backend=backend)


def leaf(array: Any, layout: str = "rows", backend: str = "simple") -> Tensor:
    """A tensor that holds `array` and wants its gradient."""
    return lay_out(array, layout, BACKENDS[backend]).requires_grad_(True)


def numbers(tensor: Tensor | None) -> Array | None:
    """The cells of a tensor as an array; None for None, such as a gradient that never came.

    The storage is read with NumPy alone, so the answer does not depend on what students write.
    """
    if tensor is None:
        return None
    data = tensor._tensor
    steps = [stride * data._storage.itemsize for stride in data.strides]
    return np.array(np.lib.stride_tricks.as_strided(data._storage, data.shape, steps))
