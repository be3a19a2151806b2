"""How the tasks of a parallel kernel are shared out among the cores.

Cores are not equally fast: laptops have slow ones that save power, and in a data centre two machines may share a core.
Were each given half of the tasks, the fast one would wait for the slow one. So each has a share of its own, from which
it takes one task after the other, and whoever is done first goes on with what the others have not got to.

That each begins with its own share, and always the same one, matters too: what a core wrote in one kernel it finds in
its own cache in the next.

A parallel kernel is a loop over the workers, one for each core (`jit.count_workers`):

    tickets = deal_out(tasks, workers)
    for worker in prange(workers):
        task = next_task(tickets, worker, tasks)
        while task < tasks:
            ...
            task = next_task(tickets, worker, tasks)
"""

import numpy as np
import numpy.typing as npt

from .jit import njit, take_number

Tickets = npt.NDArray[np.int64]

LINE = 8
"""How many numbers of 8 bytes a cache line has. Two cores that write into the same one would wait for each other."""


@njit
def deal_out(tasks: int, workers: int) -> Tickets:
    """Divide the tasks into a share for each worker.

    Returns:
        Of shape (workers * LINE,): at the beginning of each line, the first task of a share that nobody has taken yet.
    """
    tickets = np.empty(workers * LINE, np.int64)
    for worker in range(workers):
        tickets[worker * LINE] = worker * tasks // workers
    return tickets


@njit
def next_task(tickets: Tickets, worker: int, tasks: int) -> int:
    """Take the next task of a worker's own share, or if there is none left, of another one.

    Args:
        tickets: See `deal_out`.
        worker: The number of the worker.
        tasks: How many tasks there are in all.

    Returns:
        The number of the task; or that of all tasks, if there is nothing left to do.
    """
    workers = len(tickets) // LINE
    for other in range(workers):
        share = (worker + other) % workers
        task = take_number(tickets, share * LINE)
        if task < (share + 1) * tasks // workers:
            return task
    return tasks
