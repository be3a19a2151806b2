"""How the tasks of a kernel are shared out among the cores.

Every kernel of the fast backend divides its work into *tasks*, and has a compiled function that does one of them. What
a task computes follows from the shapes alone, so results do not depend on who does it. `share_out` runs the tasks.

Cores are not equally fast: laptops have slow ones that save power, and in a data centre two machines may share a core.
Were each given half of the tasks, the fast one would wait for the slow one. So each has a share of its own, from which
it takes one task after the other, and whoever is done first goes on with what the others have not got to. That each
begins with its own share, and always the same one, matters too: what a core wrote in one kernel it finds in its own
cache in the next.

There is one parallel loop in this library, in `_run`: over the workers, one for each core. It takes any function for a
task, by its address. Were there a parallel loop for each kernel, each would have to be compiled, with the function of
its task in it once more; and that took longer than compiling all the rest.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import prange

from .jit import WORKERS, call, njit, prepare, recompiled, take_number

Fn = TypeVar("Fn", bound=Callable[..., Any])
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


def _run(workers: int, tasks: int, work: Any, *arguments: Any) -> int:
    """Do all tasks, on as many cores as there are workers: call `work`, a function or its address, for each of them.

    Returns:
        The number of a task that raised an error; or that of all tasks, if none did.
    """
    tickets = deal_out(tasks, workers)
    failed = np.empty(1, np.int64)
    failed[0] = tasks
    for worker in prange(workers):
        number = np.int64(worker)  # numba counts prange without a sign, and mixing both kinds of integers gives floats
        task = next_task(tickets, number, tasks)
        while task < tasks:
            if not call(work, (task, *arguments)):
                failed[0] = task
            task = next_task(tickets, number, tasks)
    return failed[0]


run = njit(_run, parallel=True)


def share_out(work: Callable[..., None], tasks: int, *arguments: Any) -> None:
    """Call `work(task, *arguments)` for each task from 0 to `tasks` - 1, on all cores.

    Args:
        work: A compiled function that returns nothing.
        tasks: The number of tasks.
        arguments: What the function is given besides the number of the task.

    Raises:
        MemoryError: One of the tasks could not get the memory that it needs.
    """
    if tasks == 1:  # not worth waking the other cores
        work(0, *arguments)
    elif tasks > 1:
        failed = run(min(tasks, WORKERS), tasks, *prepare(work, arguments))
        if failed < tasks:
            # The error itself is lost: Python does not see what is raised in a thread of numba's. It comes again here.
            work(failed, *arguments)
            raise MemoryError("A task failed, and did not when it was tried again: there was not enough memory.")


def diagnosed(*works: Any) -> Callable[[Fn], Fn]:
    """Give a kernel the method `parallel_diagnostics(level=...)`, which prints what numba made of its parallel loop.

    Args:
        works: The functions that do the kernel's tasks. What is shown is the loop that calls them, for all types of
            arguments that they have been called with.
    """

    def decorate(kernel: Fn) -> Fn:
        def parallel_diagnostics(signature: Any = None, level: int = 1) -> None:
            kinds = set()
            for number, *arguments in {known for work in works for known in work.signatures}:
                # Workers, tasks and the address are integers too. The parts of tuples come in a row: see `prepare`.
                parts = [part for kind in arguments for part in getattr(kind, "types", (kind,))]
                kinds.add((number, number, number, *parts))
            recompiled(run, kinds).parallel_diagnostics(signature, level)

        kernel.parallel_diagnostics = parallel_diagnostics  # type: ignore[attr-defined]
        return kernel

    return decorate
