"""How tasks are shared out among the cores: each is done once, whoever does it."""

import time
from typing import Any

import numba
import numpy as np
import pytest

from minitorch import sharing
from minitorch.jit import njit, take_number
from minitorch.sharing import LINE, deal_out, next_task, share_out

pytestmark = pytest.mark.task3_1

WORKERS = pytest.mark.parametrize("workers", [1, 2, 3, 7])
TASKS = pytest.mark.parametrize("tasks", [0, 1, 2, 5, 16, 1001])


@numba.njit
def numbers_taken(numbers: Any, place: int, count: int) -> Any:
    taken = np.empty(count, np.int64)
    for i in range(count):
        taken[i] = take_number(numbers, np.int64(place))
    return taken


def test_numbers_are_taken_in_their_order_from_one_place_only() -> None:
    numbers = np.array([3, 40, 5])
    assert numbers_taken(numbers, 1, 3).tolist() == [40, 41, 42]
    assert numbers.tolist() == [3, 43, 5]


@numba.njit
def tasks_of(tickets: Any, worker: int, tasks: int, most: int) -> Any:
    """The tasks that a worker is given, one after the other, until there are none, or `most`."""
    given = []
    task = next_task(tickets, np.int64(worker), tasks)
    while task < tasks and len(given) < most:
        given.append(task)
        task = next_task(tickets, np.int64(worker), tasks)
    return np.array(given, np.int64)


@WORKERS
@TASKS
def test_a_worker_that_is_alone_does_all_the_tasks_and_begins_with_its_own(tasks: int, workers: int) -> None:
    for worker in range(workers):
        given = tasks_of(deal_out(tasks, workers), worker, tasks, tasks + 1).tolist()
        own = list(range(worker * tasks // workers, (worker + 1) * tasks // workers))
        assert given[: len(own)] == own
        assert sorted(given) == list(range(tasks))


@WORKERS
def test_a_worker_helps_the_next_ones_with_what_they_have_not_got_to(workers: int) -> None:
    tasks = 5 * workers
    tickets = deal_out(tasks, workers)
    for worker in range(1, workers):
        numbers_taken(tickets, worker * LINE, 3)  # each of the others has begun
    given = tasks_of(tickets, 0, tasks, tasks).tolist()
    assert given == [0, 1, 2, 3, 4] + [5 * worker + done for worker in range(1, workers) for done in (3, 4)]


@njit
def work(task: int, done: Any, by: Any, patience: Any) -> None:
    """Note that the task was done, and on which core."""
    total = 0.0
    for i in range(patience[task]):
        total += np.sqrt(i + total)
    done[task] += 1 + (total < 0)
    by[task] = numba.get_thread_id()


@WORKERS
@TASKS
def test_every_task_is_done_once(tasks: int, workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "WORKERS", workers)
    for patience in (np.zeros(tasks, np.int64), 30 * np.arange(tasks)):
        for _ in range(1 if numba.config.DISABLE_JIT else 20):
            done, by = np.zeros(tasks, np.int64), np.full(tasks, -1)
            share_out(work, tasks, done, by, patience)
            assert (done == 1).all()
            assert (by >= 0).all()


def test_a_single_task_wakes_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "run", None)
    done, by = np.zeros(1, np.int64), np.full(1, -1)
    share_out(work, 1, done, by, np.zeros(1, np.int64))
    assert done.tolist() == [1]
    share_out(work, 0, done, by, np.zeros(1, np.int64))
    assert done.tolist() == [1]


def test_a_fast_core_does_more_than_a_slow_one() -> None:
    if numba.config.DISABLE_JIT or numba.config.NUMBA_NUM_THREADS < 2:
        return  # there is one core only
    tasks, deadline = 200, time.monotonic() + 60
    patience = np.full(tasks, 500)
    patience[0] = 2_000_000  # whoever takes this one has no time for others
    while True:  # for a moment, the other core may have been busy with something else
        by = np.full(tasks, -1)
        share_out(work, tasks, np.zeros(tasks, np.int64), by, patience)
        if (by == by[0]).sum() < tasks // 4:
            break
        assert time.monotonic() < deadline, f"the busy worker did {(by == by[0]).sum()} of {tasks} tasks"


@njit
def add_up(task: int, out: Any, numbers: Any, pair: Any, factor: float, twice: bool, offset: float) -> None:
    """Something with arguments of all kinds."""
    first, second = pair
    out[task] = (2 if twice else 1) * factor * (numbers[task] + first[task]) + second + offset


def read_only(numbers: Any) -> Any:
    """The same numbers, in an array that cannot be written to."""
    copy = numbers.copy()
    copy.flags.writeable = False
    return copy


@pytest.mark.parametrize("out", [np.zeros(8), np.zeros(16, np.float32)[::2]], ids=["float64", "float32, every other"])
@pytest.mark.parametrize("factor", [3, 0.5])
@pytest.mark.parametrize(
    ("numbers", "first"),
    [
        (np.arange(8.0), np.arange(8, dtype=np.float32)),
        (np.arange(16.0)[::2], read_only(np.arange(8.0))),
        (np.arange(8, dtype=np.float32), np.arange(8)),
        (np.arange(8.0)[::-1], np.arange(8.0)),
    ],
    ids=["two types", "a stride", "whole numbers", "backwards"],
)
def test_arguments_of_any_type(numbers: Any, first: Any, factor: float, out: Any) -> None:
    """Machine code is found by the types of its arguments; that for other types would read wrong numbers."""
    for tasks in (1, 2, 8):
        for twice, offset in ((False, -1), (True, 0.25), (True, -1)):
            out[:] = 0
            share_out(add_up, tasks, out, numbers, (first, 10), factor, twice, offset)
            expected = (2 if twice else 1) * factor * (numbers + first) + 10 + offset
            assert out[:tasks].tolist() == expected[:tasks].tolist()
            assert (out[tasks:] == 0).all()


@njit
def refuse(task: int, numbers: Any, refused: int) -> None:
    if task == refused:
        raise ValueError("this task is refused")
    numbers[task] += 1


@pytest.mark.parametrize("refused", [0, 1, 5, 9])
def test_errors_do_not_get_lost(refused: int) -> None:
    """Whoever does the task: what is raised in a thread of its own, Python would not see."""
    numbers = np.zeros(10)
    for _ in range(5):
        with pytest.raises(ValueError, match="this task is refused"):
            share_out(refuse, 10, numbers, refused)
    share_out(refuse, 10, numbers, 10)
    assert numbers[refused] == 1


def test_what_fails_once_is_an_error_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that could not get the memory that it needs may succeed later; but its results are missing."""
    monkeypatch.setattr(sharing, "run", lambda *arguments: 4)
    with pytest.raises(MemoryError):
        share_out(refuse, 10, np.zeros(10), 10)


def test_there_is_a_worker_for_each_core() -> None:
    cores = 1 if numba.config.DISABLE_JIT else numba.config.NUMBA_NUM_THREADS
    assert cores == sharing.WORKERS
