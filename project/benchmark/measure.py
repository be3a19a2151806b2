"""Fair measurements: every contender in a process of its own, in turn, round by round.

Two libraries in one process would each keep a pool of threads, and threads that wait for work keep the processor busy
for a while. So each contender builds its work in a process of its own, warms up, and then waits. This process asks one
after the other for a round of repetitions, begins each time with another one, and pauses in between until the threads
of the last one sleep. Whatever disturbs the machine for a while thus disturbs all of them alike.

Nothing here imports the library, or any peer: the process of a contender must hold that contender only.
"""

import contextlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

OURS, TEXTBOOK = "minitorch", "textbook"
PAUSE = 0.02  # seconds between two rounds, in which the threads of the last contender go to sleep
PATIENCE = 900.0  # seconds to wait for an answer
WARM_UP_CALLS = 3
WARM_UP_SECONDS = 1.0  # after those calls, for times that still change

Work = Callable[[], object]


@dataclass(frozen=True)
class Contender:
    """One of those that are compared.

    Attributes:
        name: Its name in the report.
        build: A function of a module, which imports what it needs, and returns the work to measure.
        arguments: What to call it with.
        threads: How many threads it gets, if not as many as all others.
        share: Which part of the work it does, for one that is too slow for all of it. Times are given for the whole.
    """

    name: str
    build: Callable[..., Work]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Case:
    """A piece of work that several contenders do.

    Attributes:
        name: Its name in the report.
        labels: What distinguishes it from the other cases of its group.
        contenders: Those who do it.
        parts: How many operations one call consists of; times are given for one of them.
        patience: How many times as many rounds it gets as planned.
    """

    name: str
    labels: Mapping[str, Any]
    contenders: Sequence[Contender]
    parts: float = 1.0
    patience: int = 1


@dataclass(frozen=True)
class Plan:
    """How to measure.

    Attributes:
        rounds: How often each contender is asked, in a case that does not ask for more.
        threads: How many threads each gets.
        quick: Whether this only checks that everything works.
    """

    rounds: int
    threads: int
    quick: bool = False

    @property
    def round_seconds(self) -> float:
        """About how long a round of one contender takes. A call that is slower than this makes a longer round."""
        return 0.01 if self.quick else 0.2


class ContenderError(Exception):
    """A contender that could not do its work, and what it said."""


# Rounds


def rotated(names: Sequence[str], number: int) -> list[str]:
    """The order of a round: each begins with another contender."""
    start = number % len(names) if names else 0
    return [*names[start:], *names[:start]]


def interleave(
    names: Sequence[str], rounds: int, ask: Callable[[str], Any]
) -> tuple[dict[str, list[Any]], dict[str, str]]:
    """Ask each of `names` once a round.

    Returns:
        The answers of each, and what those said who raised a ContenderError; they are not asked again.
    """
    answers: dict[str, list[Any]] = {name: [] for name in names}
    errors: dict[str, str] = {}
    for number in range(rounds):
        for name in rotated(names, number):
            if name not in errors:
                try:
                    answers[name].append(ask(name))
                except ContenderError as error:
                    errors[name] = str(error)
    return {name: found for name, found in answers.items() if name not in errors}, errors


# Statistics


def summary(rounds: Sequence[float]) -> dict[str, Any]:
    """All rounds of a contender, their median, and the first and third quartile as their spread."""
    low, middle, high = np.quantile(rounds, [0.25, 0.5, 0.75]).tolist()
    return {"rounds": list(rounds), "median": middle, "quartiles": [low, high]}


def best_peer(contenders: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The peer with the smallest median. The textbook kernel is where the library comes from, and not a peer."""
    peers = [name for name in contenders if name not in (OURS, TEXTBOOK) and "median" in contenders[name]]
    return min(peers, key=lambda name: contenders[name]["median"], default=None)


def ratio(contenders: Mapping[str, Mapping[str, Any]], against: str | None = None) -> float | None:
    """How many times faster the library is than the best peer, or than the one named; None if one was not measured."""
    other = against or best_peer(contenders)
    if other is None or "median" not in contenders.get(OURS, {}) or "median" not in contenders.get(other, {}):
        return None
    return contenders[other]["median"] / contenders[OURS]["median"]


# The process of a contender


def available_threads() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_settings(threads: int) -> dict[str, str]:
    """The environment variables from which numba, PyTorch and NumPy take their number of threads."""
    names = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return dict.fromkeys(names, str(threads))


@contextlib.contextmanager
def _inherited(settings: Mapping[str, str]) -> Iterator[None]:
    """Have processes that start meanwhile inherit these environment variables, and leave Ctrl-C to this one."""
    before = dict(os.environ)
    os.environ.update(settings)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        os.environ.clear()
        os.environ.update(before)


def _seconds(work: Work, repetitions: int) -> float:
    """Seconds per repetition."""
    started = time.perf_counter()
    for _ in range(repetitions):
        work()
    return (time.perf_counter() - started) / repetitions


def _warm_up(work: Work, round_seconds: float) -> int:
    """Repeat the work until its time is stable, and return how many repetitions make a round."""
    times = [_seconds(work, 1) for _ in range(WARM_UP_CALLS)]
    started = time.perf_counter()
    while max(times[-3:]) > 1.2 * min(times[-3:]) and time.perf_counter() - started < WARM_UP_SECONDS:
        times.append(_seconds(work, 1))
    return max(1, round(round_seconds / min(times[-3:])))


def _attempt(action: Callable[[], Any]) -> tuple[str, Any]:
    """What an action returned, or what went wrong."""
    try:
        return "value", action()
    except Exception:
        return "error", traceback.format_exc()


def _serve(connection: Connection, build: Callable[..., Work], arguments: dict[str, Any], round_seconds: float) -> None:
    """What the process of a contender does: build, warm up, then measure a round whenever it is asked to."""

    def prepare() -> tuple[Work, int]:
        work = build(**arguments)
        return work, _warm_up(work, round_seconds)

    kind, prepared = _attempt(prepare)
    with contextlib.suppress(EOFError, ConnectionError):  # the parent is gone, or has no use for this process any more
        if kind == "error":
            connection.send((kind, prepared))
            return
        work, repetitions = prepared
        connection.send((kind, repetitions))
        while True:
            connection.recv()
            connection.send(_attempt(lambda: _seconds(work, repetitions)))


class Worker:
    """The process of a contender, seen from here. It is ready to be asked once it has been made.

    Args:
        contender: What to build in it.
        plan: How to measure.

    Raises:
        ContenderError: It could not be built.
    """

    def __init__(self, contender: Contender, plan: Plan) -> None:
        # "spawn" begins with a fresh interpreter: a forked one would inherit this one's libraries and threads.
        context = multiprocessing.get_context("spawn")
        self.connection, far_end = context.Pipe()
        arguments = (far_end, contender.build, dict(contender.arguments), plan.round_seconds)
        self.process = context.Process(target=_serve, args=arguments)
        with _inherited(thread_settings(contender.threads or plan.threads)):
            self.process.start()
        far_end.close()  # so that the connection ends when the process does
        try:
            self._answer()
        except BaseException:
            self.end()
            raise

    def _answer(self) -> Any:
        if not self.connection.poll(PATIENCE):
            raise ContenderError(f"no answer within {PATIENCE:.0f} seconds")
        try:
            kind, value = self.connection.recv()
        except (EOFError, ConnectionError):
            self.process.join()
            raise ContenderError(f"the process ended with exit code {self.process.exitcode}") from None
        if kind == "error":
            raise ContenderError(value.strip())
        return value

    def round(self) -> float:
        """Let it work for one round, and return the seconds that a repetition took.

        Raises:
            ContenderError: It failed.
        """
        try:
            self.connection.send("round")
        except OSError:
            self.process.join()
            raise ContenderError(f"the process ended with exit code {self.process.exitcode}") from None
        return self._answer()

    def end(self) -> None:
        """End the process."""
        self.connection.close()  # a process that waits to be asked ends by itself; one that works has to be ended
        self.process.join(1)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def measure(case: Case, plan: Plan) -> dict[str, Any]:
    """Measure a case, and return its `result`."""
    workers: dict[str, Worker] = {}
    failed: dict[str, str] = {}
    shares = {contender.name: contender.share for contender in case.contenders}

    def ask(name: str) -> float:
        time.sleep(PAUSE)
        try:
            return workers[name].round() / case.parts / shares[name]
        except ContenderError:
            workers[name].end()  # what still runs would disturb the others
            raise

    try:
        for contender in case.contenders:
            try:
                workers[contender.name] = Worker(contender, plan)
            except ContenderError as error:
                failed[contender.name] = str(error)
        answers, errors = interleave(list(workers), case.patience * plan.rounds, ask)
    finally:
        for worker in workers.values():
            worker.end()
    names = [contender.name for contender in case.contenders]
    return result(case.name, case.labels, names, answers, {**failed, **errors})


@dataclass(frozen=True)
class Task:
    """A step of a benchmark run.

    Attributes:
        name: What to call it on the screen.
        run: Does it, and returns the results of one or several cases.
    """

    name: str
    run: Callable[[], list[dict[str, Any]]]


def as_tasks(cases: Sequence[Case], plan: Plan) -> list[Task]:
    """A task for each case."""

    def measuring(case: Case) -> Callable[[], list[dict[str, Any]]]:
        return lambda: [measure(case, plan)]

    return [Task(case.name, measuring(case)) for case in cases]


def result(
    name: str,
    labels: Mapping[str, Any],
    contenders: Sequence[str],
    answers: Mapping[str, Sequence[float]],
    errors: Mapping[str, str],
    unit: str = "s",
) -> dict[str, Any]:
    """What is kept of a case: name, labels, unit, and for each contender its `summary`, or {"error": text}."""
    found = {each: {"error": errors[each]} if each in errors else summary(answers[each]) for each in contenders}
    return {"name": name, "labels": dict(labels), "unit": unit, "contenders": found}
