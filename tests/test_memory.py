"""The pool of large blocks: memory is used again, but never while anybody may still look at it."""

import copy
import gc
import pickle
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import memory

pytestmark = pytest.mark.house("where numbers lie is no task of the course")

COUNT = memory.LARGE // 8
"""The fewest numbers of float64 that fill a large block."""


@pytest.fixture(autouse=True)
def _pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty pool for each test; what other tests left behind comes back after it."""
    gc.collect()  # arrays of earlier tests, so that they do not arrive during this one
    monkeypatch.setattr(memory, "_kept", {})
    monkeypatch.setattr(memory, "_bytes_kept", 0)
    yield
    gc.collect()


def address(array: Any) -> int:
    """Where in memory an array begins."""
    return array.__array_interface__["data"][0]


def kept() -> int:
    """How many bytes the pool keeps, by a count of the blocks themselves."""
    total = sum(block.nbytes for blocks in memory._kept.values() for block in blocks)
    assert memory._bytes_kept == total
    return total


def overlap(a: Any, b: Any) -> bool:
    """Whether two flat arrays lie over each other."""
    return address(a) < address(b) + b.nbytes and address(b) < address(a) + a.nbytes


@pytest.mark.parametrize("make", [memory.empty, memory.zeros])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, "float32", np.dtype(np.float64)], ids=str)
@pytest.mark.parametrize("count", [0, 1, 7, COUNT - 1, COUNT, COUNT + 1, 2 * COUNT - 1, 2 * COUNT, 3 * COUNT + 1])
def test_arrays_are_what_was_asked_for(make: Any, dtype: Any, count: int) -> None:
    array = make(count, dtype)
    assert array.shape == (count,)
    assert array.dtype == np.dtype(dtype)
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.flags.writeable
    array[:] = np.arange(count)
    assert (array == np.arange(count)).all()
    assert type(array) is np.ndarray
    if make is memory.zeros:
        assert (make(count, dtype) == 0).all()


def test_small_arrays_come_from_numpy() -> None:
    for count, dtype in [(COUNT - 1, np.float64), (2 * COUNT - 1, np.float32), (1, np.float64)]:
        array = memory.empty(count, dtype)
        assert array.flags.owndata
        del array
        assert kept() == 0


def test_a_large_block_is_used_again() -> None:
    first = memory.empty(COUNT, np.float64)
    assert not first.flags.owndata
    place = address(first)
    assert kept() == 0, "a block in use is not in the pool"
    del first
    assert kept() == memory.LARGE + memory.ALIGNMENT
    second = memory.empty(COUNT, np.float64)
    assert address(second) == place
    assert kept() == 0
    third = memory.empty(COUNT, np.float64)
    assert not overlap(second, third)


def test_a_block_serves_any_type_of_its_size() -> None:
    first = memory.empty(COUNT, np.float64)
    first[:] = 1e300
    place = address(first)
    del first
    second = memory.empty(2 * COUNT, np.float32)
    assert address(second) == place
    second[:] = np.arange(2 * COUNT)
    assert second.dtype == np.float32
    assert second[-1] == 2 * COUNT - 1


def test_a_block_of_another_size_is_not_touched() -> None:
    first = memory.empty(COUNT, np.float64)
    del first
    other = memory.empty(COUNT + 1, np.float64)
    other[:] = 1.0
    assert kept() == memory.LARGE + memory.ALIGNMENT
    assert not overlap(other, memory.empty(COUNT, np.float64))


def test_no_block_is_used_again_while_a_view_of_it_is_alive() -> None:
    views = {
        "slice": lambda a: a[5:9],
        "view of a view": lambda a: a[8:][::-2].reshape(2, -1)[1:],
        "transposed": lambda a: a.reshape(2, -1).T,
        "other type": lambda a: a.view(np.uint8)[-1:],
        "memoryview": lambda a: memoryview(a),
        "broadcast": lambda a: np.broadcast_to(a[:1], (3, 4)),
        "strided": lambda a: np.lib.stride_tricks.as_strided(a, (3,), (0,)),
        "array of it": lambda a: np.asarray(memoryview(a)),
        "frombuffer": lambda a: np.frombuffer(a, np.float32),
        "iterator": lambda a: a.flat,
    }
    for name, make in views.items():
        memory._kept.clear()
        memory._bytes_kept = 0
        array = memory.empty(2 * COUNT, np.float64)
        array[:] = 7.0
        place, view = address(array), make(array)
        del array
        gc.collect()
        assert kept() == 0, name
        other = memory.zeros(2 * COUNT, np.float64)
        assert address(other) != place, name
        del view
        assert kept() == 16 * COUNT + memory.ALIGNMENT, name
        again = memory.empty(2 * COUNT, np.float64)
        assert address(again) == place, name
        del again, other


def test_blocks_begin_at_multiples_of_64() -> None:
    assert memory.ALIGNMENT == 64
    arrays = [memory.empty(COUNT + i, np.float64) for i in range(40)]
    assert {address(array) % 64 for array in arrays} == {0}
    # And they end inside of the memory that was asked for.
    for array in arrays:
        block = array.base.block
        assert address(block) <= address(array)
        assert address(array) + array.nbytes <= address(block) + block.nbytes


def test_zeros_are_zeros_in_used_memory() -> None:
    for dtype in (np.float64, np.float32):
        array = memory.empty(3 * COUNT, dtype)
        array[:] = np.nan
        place = address(array)
        del array
        again = memory.zeros(3 * COUNT, dtype)
        assert address(again) == place, "the test looks at fresh memory"
        assert (again == 0).all()
        del again


def test_no_more_is_kept_than_the_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    size = memory.LARGE + memory.ALIGNMENT
    monkeypatch.setattr(memory, "MOST_KEPT", 4 * size + 100)
    arrays = [memory.empty(COUNT, np.float64) for _ in range(6)]
    while arrays:
        arrays.pop()
        assert kept() <= memory.MOST_KEPT
    assert kept() == 4 * size
    # A block that is larger than the cap is not kept at all.
    del arrays
    array = memory.empty(100 * COUNT, np.float64)
    del array
    assert kept() <= memory.MOST_KEPT
    assert max(memory._kept, default=0) <= 4 * size


def test_the_sizes_that_were_dropped_first_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [COUNT, COUNT + 8, COUNT + 16, COUNT + 24]
    sizes = [8 * count + memory.ALIGNMENT for count in counts]
    monkeypatch.setattr(memory, "MOST_KEPT", sum(sizes[:3]) + 100)
    arrays = [memory.empty(count, np.float64) for count in counts]
    for i in (1, 0, 2):
        arrays[i] = None  # type: ignore[call-overload]
    assert list(memory._kept) == [sizes[1], sizes[0], sizes[2]]
    # One that is used and dropped again is now the last to go.
    again = memory.empty(counts[1], np.float64)
    assert list(memory._kept) == [sizes[0], sizes[2]]
    del again
    assert list(memory._kept) == [sizes[0], sizes[2], sizes[1]]
    arrays[3] = None  # type: ignore[call-overload]
    assert sizes[0] not in memory._kept, "the one that was dropped first stayed"
    assert sizes[3] in memory._kept, "the one that was dropped last went"
    assert sizes[1] in memory._kept
    kept()


def test_a_size_that_is_dropped_again_becomes_the_last_to_go() -> None:
    small, other, large = [memory.empty(count, np.float64) for count in (COUNT, COUNT, COUNT + 8)]
    del small
    del large
    del other
    assert list(memory._kept) == [8 * (COUNT + 8) + memory.ALIGNMENT, 8 * COUNT + memory.ALIGNMENT]
    assert len(memory._kept[8 * COUNT + memory.ALIGNMENT]) == 2


def test_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two arrays that are alive at once share memory, whoever made them."""
    monkeypatch.setattr(memory, "MOST_KEPT", 5 * (memory.LARGE + memory.ALIGNMENT))
    failures: list[str] = []

    def work(number: int) -> None:
        try:
            rng = np.random.default_rng(number)
            alive: list[Any] = []
            for step in range(1000):
                array = memory.empty(COUNT + int(rng.integers(3)), np.float64)
                array[:] = 1000 * number + step
                alive.append((array[1:], 1000 * number + step))
                if len(alive) > 3 or rng.random() < 0.3:
                    view, value = alive.pop(int(rng.integers(len(alive))))
                    if not (view == value).all():
                        failures.append(f"thread {number} found the numbers of another")
                    del array, view
        except Exception as error:  # an exception in a thread fails no test by itself
            failures.append(f"thread {number}: {error!r}")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert not failures, failures[:3]
    assert kept() <= memory.MOST_KEPT


def test_arrays_can_be_copied_and_pickled() -> None:
    array = memory.empty(COUNT, np.float64)
    array[:] = np.arange(COUNT)
    for other in (copy.copy(array), copy.deepcopy(array), pickle.loads(pickle.dumps(array)), array.copy()):
        np.testing.assert_array_equal(other, np.arange(COUNT))
        assert not overlap(array, other)
    tensor = minitorch.zeros(COUNT) + 2.0
    assert not tensor._tensor._storage.flags.owndata, "the tensor does not lie in the pool, as it should for this test"
    other = copy.deepcopy(tensor)
    np.testing.assert_array_equal(other.to_numpy(), np.full(COUNT, 2.0))
    assert not overlap(tensor._tensor._storage, other._tensor._storage)


def test_cycles_give_their_blocks_back() -> None:
    class Holder:
        pass

    holder: Any = Holder()
    holder.self, holder.array = holder, memory.empty(COUNT, np.float64)
    place = address(holder.array)
    del holder
    gc.collect()
    assert kept() == memory.LARGE + memory.ALIGNMENT
    assert address(memory.empty(COUNT, np.float64)) == place


def test_what_is_handed_out_to_numpy_is_safe() -> None:
    """A tensor may die before the array that was taken from it, and before its gradient."""
    x = minitorch.ones(COUNT, backend=minitorch.FastBackend, requires_grad=True)
    y = x * 3.0
    array, view = y.to_numpy(), np.asarray(y.view(2, -1))[1]
    y.backward(np.ones(COUNT))
    grad = x.grad.to_numpy()
    del x, y
    gc.collect()
    for _ in range(20):  # whoever is careless writes over them here
        _ = minitorch.zeros(COUNT, backend=minitorch.FastBackend) - 7.0
    assert (array == 3.0).all()
    assert (view == 3.0).all()
    assert (grad == 3.0).all()


def test_the_end_of_a_program_is_quiet() -> None:
    """Blocks die at any time, also after the names of the modules are gone."""
    program = (
        "import sys, minitorch\n"
        "a = minitorch.zeros(300, 300)\n"
        "class Cycle: pass\n"
        "cycle = Cycle(); cycle.self = cycle; cycle.kept = minitorch.ones(300, 300) + a\n"
        "def f(x=a + a): pass\n"
        "sys.kept = minitorch.kept = minitorch.memory.kept = a * 2.0\n"
        "minitorch.operators.kept = [a.to_numpy()[3:], a - 1.0]\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=Path(minitorch.__file__).parent.parent,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
