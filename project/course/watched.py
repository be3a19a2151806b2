"""Storage that watches who reads and writes it, for kernels that are run in plain Python.

Compiled, a kernel that reads before the beginning of an array gets whatever lies there in memory, and two iterations of
a `prange` that write into the same cell lose numbers now and then. Tests that wait for that to be seen need luck. Here
every access is looked at, one by one: it is told even where the result happens to be right.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt

OWN = "an array of your own"
"""What an array is called that the kernel itself has made."""

MOST = 3
"""How many complaints are kept: the first ones say enough."""


class Watch:
    """Looks at a run of a kernel.

    Attributes:
        iteration: Which iteration of a `prange` is running, or None.
        complaints: What it did wrong.
    """

    def __init__(self) -> None:
        self.iteration: int | None = None
        self.loops = 0  # how many loops over prange there were so far
        self.complaints: list[str] = []
        self.writers: dict[tuple[int, int], int] = {}  # by loop and address, the iteration that wrote there

    def complain(self, what: str) -> None:
        """Keep a complaint, unless it is known, or there are enough of them."""
        if len(self.complaints) < MOST and what not in self.complaints:
            self.complaints.append(what)

    def written(self, name: str, address: int, cell: int) -> None:
        """Note that the running iteration writes into a cell."""
        if self.iteration is None:
            return
        writer = self.writers.setdefault((self.loops, address), self.iteration)
        if writer != self.iteration:
            place = f"cell {cell} of {name}"
            self.complain(f"two iterations of the same prange write into {place}: run in parallel, one gets lost")

    def iterate(self, *arguments: int) -> Iterator[int]:
        """A `prange` that says which iteration is running."""
        if self.iteration is not None:  # within another one, prange is an ordinary range
            yield from range(*arguments)
            return
        self.loops += 1
        for i in range(*arguments):
            self.iteration = i
            yield i
        self.iteration = None


class Watched(np.ndarray):
    """An array that tells a `Watch` about every access to its cells.

    Attributes:
        watch: Whom to tell.
        name: What the array is called.
        home: Where the memory of the whole array begins.
        born: The iteration of a prange in which it was made, if any: then no other iteration knows it.
    """

    watch: Watch | None = None
    name = ""
    home = 0

    def __array_finalize__(self, source: Any) -> None:
        if isinstance(source, Watched):
            self.watch, self.name, self.home = source.watch, source.name, source.home

    def _look(self, index: Any, writes: bool) -> None:
        """Look at an access to a single cell; what slices reach is looked at when their cells are."""
        watch = self.watch
        places = index if isinstance(index, tuple) else (index,)
        if watch is None or len(places) != self.ndim or not all(isinstance(i, (int, np.integer)) for i in places):
            return
        address = self.__array_interface__["data"][0]
        for place, size, step in zip(places, self.shape, self.strides):
            number = int(place)
            if self.name == OWN and -size <= number < 0:
                number += size  # to count from the end is fine, in an array that one has made
            if not 0 <= number < size:
                what = "writes to" if writes else "reads from"
                watch.complain(f"the kernel {what} place {number} of {self.name}, which has places 0 to {size - 1}")
                return
            address += number * step
        if writes:
            watch.written(self.name, address, (address - self.home) // self.itemsize)

    def __getitem__(self, index: Any) -> Any:
        self._look(index, False)
        return super().__getitem__(index)

    def __setitem__(self, index: Any, value: Any) -> None:
        self._look(index, True)
        super().__setitem__(index, value)


def watch_array(watch: Watch, array: npt.NDArray[Any], name: str) -> Watched:
    """The same memory, watched."""
    watched = array.view(Watched)
    watched.watch, watched.name, watched.home = watch, name, array.__array_interface__["data"][0]
    return watched


@contextlib.contextmanager
def watching() -> Iterator[Watch]:
    """Watch what happens meanwhile: `prange`, and arrays that are made outside of it and used within.

    An index array, say, that is made once before the loop over `prange` is shared by all iterations, and each spoils
    it for the others.
    """
    watch = Watch()
    makers: dict[str, Callable[..., Any]] = {name: getattr(np, name) for name in ("zeros", "empty", "ones")}

    def maker(make: Callable[..., Any]) -> Callable[..., Any]:
        def made(*arguments: Any, **settings: Any) -> Any:
            array = make(*arguments, **settings)
            return array if watch.iteration is not None else watch_array(watch, array, OWN)

        return made

    with contextlib.ExitStack() as stack:
        from numba.misc import special

        stack.enter_context(mock.patch.object(special.prange, "__new__", lambda cls, *args: watch.iterate(*args)))
        for name, make in makers.items():
            stack.enter_context(mock.patch.object(np, name, maker(make)))
        yield watch


def complaints_about(kernel: Callable[..., None], arguments: Sequence[Any], names: dict[int, str]) -> list[str]:
    """Run a kernel, and return what it does that it must not do.

    Args:
        kernel: A kernel that is plain Python.
        arguments: Its arguments.
        names: What the storages among them are called, by their place among the arguments.
    """
    with watching() as watch:
        own = [watch_array(watch, a, names[i]) if i in names else a for i, a in enumerate(arguments)]
        try:
            kernel(*own)
        except IndexError as error:
            watch.complain(f"the kernel leaves an array: {error}")
    return watch.complaints
