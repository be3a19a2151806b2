"""Runs cases in a process of their own, which may crash, hang or lie, and gathers what came out.

The process computes in another folder, that of the student, or one in which a wrong solution was planted. Cases that
were not yet run when it ended are run in a new one, so one bad case costs one case.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from project.course.cases import Case, Outcome, decode

START = 60.0
"""How many seconds a process may take to start."""

COMPILING = 180.0
"""How many seconds a case may take where kernels have to be compiled first."""

THREADS = 4
"""On how many threads the last stage runs: more than one, also where there is only one core."""

ROOT = Path(__file__).parents[2]


def environment(tree: Path, stage: str) -> dict[str, str]:
    """The environment of a process for a stage: it imports from `tree`, and compiles kernels or does not."""
    variables = os.environ | {"PYTHONPATH": str(tree), "PYTHONIOENCODING": "utf-8", "PYTHONHASHSEED": "0"}
    variables["NUMBA_DISABLE_JIT"] = "1" if stage == "plain" else "0"
    variables["NUMBA_NUM_THREADS"] = str(THREADS if stage == "threads" else 1)
    return variables


def _read_lines(stream: IO[str], lines: "queue.Queue[str | None]") -> None:
    """Put each line of a stream into a queue, and None at its end."""
    for line in stream:
        lines.put(line)
    lines.put(None)


def _end(process: "subprocess.Popen[str]") -> None:
    """End a process and all that it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _next_line(lines: "queue.Queue[str | None]", seconds: float) -> str | None:
    """The next line; an empty one, if the process has ended; None, if it takes too long."""
    try:
        return lines.get(timeout=seconds) or ""
    except queue.Empty:
        return None


def _why(
    process: "subprocess.Popen[str]", complaints: "queue.Queue[str | None]", line: str | None, seconds: float
) -> Outcome:
    """Why there is no answer: it takes too long, or the process has ended."""
    if line is None:
        return Outcome("timeout", error=f"It did not come to an end within {seconds:.0f} seconds.")
    if line:
        return Outcome("crashed", error="The process did not answer as it should.")
    process.wait()
    last = "It said nothing."
    while text := _next_line(complaints, 5.0):
        last = text.strip() or last
    status = process.returncode
    how = f"with exit status {status}" if status >= 0 else f"by signal {signal.Signals(-status).name}"
    return Outcome("crashed", error=f"The process ended {how}.\n  {last}")


def _read_outcome(line: str, case: Case) -> Outcome:
    """Read what the process said about a case. It may say anything: what makes no sense counts as a crash."""
    try:
        message: dict[str, Any] = json.loads(line)
        if (message["task"], message["name"]) != (case.task, case.name):
            raise ValueError("it answered for another case")
        error = str(message.get("error", ""))
        if message.get("where"):
            error += f"\n  {message['where']}"
        if message["status"] not in ("values", "missing", "error"):
            raise ValueError("it reported something unknown")
        values = decode(message.get("values")) or {}
        if not isinstance(values, dict):
            raise ValueError("its values have no names")
        return Outcome(message["status"], values, error, str(message.get("printed", "")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        return Outcome("crashed", error=f"The process did not answer as it should: {error}")


def run_cases(
    cases: Sequence[Case], stage: str, tree: Path = ROOT, each: Callable[[Case, Outcome], None] | None = None
) -> dict[str, Outcome]:
    """Run cases, and return what came out of each, by its id.

    Args:
        cases: The cases.
        stage: One of the STAGES; cases that do not belong to it are left out.
        tree: The folder that holds the packages `minitorch` and `project` to be used.
        each: Is told every outcome as soon as there is one.
    """
    waiting = [case for case in cases if stage in case.stages]
    outcomes: dict[str, Outcome] = {}

    def note(case: Case, outcome: Outcome) -> None:
        outcomes[case.id] = outcome
        if each is not None:
            each(case, outcome)

    while waiting:
        done = _run_some(waiting, stage, tree, note)
        waiting = waiting[done:]
    return outcomes


def _run_some(cases: Sequence[Case], stage: str, tree: Path, note: Callable[[Case, Outcome], None]) -> int:
    """Run cases in one process until it ends. Returns how many have an outcome now: one at least."""
    process = subprocess.Popen(
        [sys.executable, "-m", "project.course.child", stage],
        cwd=tree,
        env=environment(tree, stage),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    lines: queue.Queue[str | None] = queue.Queue()
    complaints: queue.Queue[str | None] = queue.Queue()
    readers = [
        threading.Thread(target=_read_lines, args=(stream, target), daemon=True)
        for stream, target in ((process.stdout, lines), (process.stderr, complaints))
    ]
    for reader in readers:
        reader.start()
    with contextlib.suppress(BrokenPipeError), process.stdin:  # it may end at once; why, is found out below
        json.dump([{"task": case.task, "name": case.name} for case in cases], process.stdin)
    try:
        problem = _next_line(lines, START)
        if problem != "ready\n":  # then no case can be run: the library itself may not be importable
            reason = _why(process, complaints, problem, START)
            for case in cases:
                note(case, reason)
            return len(cases)
        for number, case in enumerate(cases):
            allowed = case.seconds if stage == "plain" else COMPILING
            line = _next_line(lines, allowed)
            if not line:
                note(case, _why(process, complaints, line, allowed))
                return number + 1
            note(case, _read_outcome(line, case))
        return len(cases)
    finally:
        _end(process)
        for reader, stream in zip(readers, (process.stdout, process.stderr)):
            reader.join(timeout=5)
            stream.close()
