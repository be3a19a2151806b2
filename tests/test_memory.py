"""The pool of large blocks: memory is used again, but never while anybody may still look at it."""

import copy
import gc
import multiprocessing
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
    """How many bytes the pool keeps, used or not, by a count of the blocks themselves."""
    total = sum(len(block) for blocks in memory._kept.values() for block in blocks)
    assert memory._bytes_kept == total
    assert all(len(block) == size for size, blocks in memory._kept.items() for block in blocks)
    return total


def free() -> int:
    """How many bytes of those nobody uses."""
    counts = [(size, references) for size in memory._kept for references in map(sys.getrefcount, memory._kept[size])]
    return sum(size for size, references in counts if references == memory._FREE)


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
    assert (kept(), free()) == (memory.LARGE, 0)
    del first
    assert (kept(), free()) == (memory.LARGE, memory.LARGE)
    second = memory.empty(COUNT, np.float64)
    assert address(second) == place
    assert (kept(), free()) == (memory.LARGE, 0)
    third = memory.empty(COUNT, np.float64)
    assert not overlap(second, third)
    assert (kept(), free()) == (2 * memory.LARGE, 0)
    del second
    assert address(memory.empty(COUNT, np.float64)) == place, "it took another block than the free one"


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


@pytest.mark.parametrize("count", [COUNT, COUNT + 1, COUNT * 5 // 4, COUNT * 5 // 4 + 1, 5 * COUNT, 7 * COUNT + 3])
def test_a_block_has_room_for_its_array_and_for_little_more(count: int) -> None:
    array = memory.empty(count, np.float64)
    array[:] = np.arange(count)
    assert 8 * count <= kept() <= 8 * count * 5 / 4
    del array
    # An array that is a little smaller, or as large as there is room for, lies in the same block.
    for other in (count, kept() // 8):
        assert memory.empty(other, np.float64).size == other
        assert kept() == free()


def test_a_block_of_another_size_is_not_touched() -> None:
    first = memory.empty(COUNT, np.float64)
    del first
    other = memory.empty(COUNT + 1, np.float64)
    other[:] = 1.0
    assert free() == memory.LARGE
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
        assert free() == 0, name
        other = memory.zeros(2 * COUNT, np.float64)
        assert address(other) != place, name
        del view
        assert free() == 16 * COUNT, name
        again = memory.empty(2 * COUNT, np.float64)
        assert address(again) == place, name
        del again, other


def test_blocks_begin_where_a_cache_line_does() -> None:
    arrays = [memory.empty(COUNT + i, np.float64) for i in range(40)]
    assert {address(array) % 64 for array in arrays} == {0}


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_writes_into_memory_of_its_own() -> None:
    for method in {"fork"} & set(multiprocessing.get_all_start_methods()):  # there is no such thing on Windows
        array = memory.zeros(COUNT, np.float64)
        child = multiprocessing.get_context(method).Process(target=array.fill, args=(1.0,))
        child.start()
        child.join()
        assert child.exitcode == 0
        assert (array == 0).all()


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
    monkeypatch.setattr(memory, "MOST_KEPT", 4 * memory.LARGE + 100)
    arrays = [memory.empty(COUNT, np.float64) for _ in range(6)]
    assert kept() == 4 * memory.LARGE
    assert [array.flags.owndata for array in arrays] == [False] * 4 + [True] * 2, "the rest has to come from NumPy"
    for number, array in enumerate(arrays):
        array[:] = number
    assert [array.mean() for array in arrays] == [0, 1, 2, 3, 4, 5]
    del array
    arrays.clear()
    assert free() == 4 * memory.LARGE
    # A block that is larger than the cap is not kept at all, and drives no other away.
    array = memory.empty(100 * COUNT, np.float64)
    del array
    assert free() == kept() == 4 * memory.LARGE


def test_the_sizes_that_were_asked_for_longest_ago_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [COUNT * 7 // 4, COUNT * 6 // 4, COUNT * 5 // 4, COUNT]
    sizes = [8 * count for count in counts]
    monkeypatch.setattr(memory, "MOST_KEPT", sum(sizes[:3]) + 1000)
    for count in counts[:3]:
        memory.empty(count, np.float64)
    assert list(memory._kept) == sizes[:3]
    memory.empty(counts[0], np.float64)  # one that is asked for again is now the last to go
    assert list(memory._kept) == [sizes[1], sizes[2], sizes[0]]
    memory.empty(counts[3], np.float64)
    assert list(memory._kept) == [sizes[2], sizes[0], sizes[3]]
    assert kept() <= memory.MOST_KEPT


def test_a_block_in_use_never_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST_KEPT", 3 * memory.LARGE + 100)
    used, dropped = memory.empty(COUNT, np.float64), memory.empty(COUNT, np.float64)
    used[:] = 7.0
    place = address(used)
    del dropped
    for extra in range(1, 20):
        memory.empty(COUNT + extra, np.float64)[:] = 0.0
    assert (used == 7.0).all()
    assert kept() <= memory.MOST_KEPT
    assert len(memory._kept[memory.LARGE]) == 1, "the free block of the same size should have gone"
    del used
    assert address(memory.empty(COUNT, np.float64)) == place


def test_many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """No two arrays that are alive at once share memory, whoever made them."""
    monkeypatch.setattr(memory, "MOST_KEPT", 5 * memory.LARGE)
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


def test_garbage_may_make_tensors_while_it_is_collected() -> None:
    """Python may collect garbage at any moment, also in the middle of `empty`, and then runs what stands in __del__."""
    made: list[Any] = []

    class Finalized:
        def __init__(self) -> None:
            self.cycle = self

        def __del__(self) -> None:
            made.append(memory.empty(COUNT, np.float64))

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(300):
            Finalized()
            made.append(memory.empty(COUNT, np.float64))
    finally:
        gc.set_threshold(*before)
    gc.collect()
    assert len(made) == 600
    for number, array in enumerate(made):
        array[:] = number
    assert [array[-1] for array in made] == list(range(600)), "two arrays share memory"
    kept()


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
    assert free() == memory.LARGE
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
