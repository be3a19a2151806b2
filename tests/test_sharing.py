"""How tasks are shared out among the cores: each is done once, whoever does it."""

import time
from typing import Any

import numba
import numpy as np
import pytest
from numba import prange

from minitorch.jit import count_workers, take_number
from minitorch.sharing import LINE, deal_out, next_task

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


def _do_all(workers: int, tasks: int, done: Any, by: Any, patience: Any) -> None:
    tickets = deal_out(tasks, workers)
    for worker in prange(workers):
        task = next_task(tickets, np.int64(worker), tasks)
        while task < tasks:
            total = 0.0
            for i in range(patience[worker]):  # some are slower than others
                total += np.sqrt(i + total)
            done[task] += 1 + (total < 0)
            by[task] = worker
            task = next_task(tickets, np.int64(worker), tasks)


do_all = numba.njit(parallel=True)(_do_all)


@WORKERS
@TASKS
def test_every_task_is_done_once(tasks: int, workers: int) -> None:
    for patience in (np.zeros(workers, np.int64), 300 * np.arange(workers)):
        for _ in range(1 if numba.config.DISABLE_JIT else 20):
            done, by = np.zeros(tasks, np.int64), np.full(tasks, -1)
            do_all(workers, tasks, done, by, patience)
            assert (done == 1).all()
            assert (by >= 0).all()


def test_a_fast_core_does_more_than_a_slow_one() -> None:
    if numba.config.DISABLE_JIT or numba.config.NUMBA_NUM_THREADS < 2:
        return  # there is one core only
    tasks, deadline = 200, time.monotonic() + 60
    for slow in (0, 1):
        patience = np.full(2, 500)
        patience[slow] = 500_000
        while True:  # for a moment, the other core may have been busy with something else
            by = np.full(tasks, -1)
            do_all(2, tasks, np.zeros(tasks, np.int64), by, patience)
            if (by == slow).sum() < tasks // 4:
                break
            assert time.monotonic() < deadline, f"the slow worker did {(by == slow).sum()} of {tasks} tasks"


def test_there_are_no_more_workers_than_cores_or_tasks() -> None:
    cores = 1 if numba.config.DISABLE_JIT else numba.config.NUMBA_NUM_THREADS
    assert count_workers(0) == (1 if numba.config.DISABLE_JIT else 0)
    assert count_workers(1) == 1
    assert count_workers(10**6) == cores
