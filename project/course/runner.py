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
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from project.course.cases import Case, Outcome, decode

START = 60.0
"""How many seconds a process may take to start."""

COMPILING = 180.0
"""How many seconds a case may take where kernels have to be compiled first."""

PATIENCE = 3
"""After how many cases of a task that took too long the others of that task are not run any more."""

THREADS = 4
"""On how many threads the last stage runs: more than one, also where there is only one core."""

MOST_SAID = 32 << 20
"""How many bytes a process may say in all; the results of all cases of the course are a tenth of it."""

LONGEST_LINE = 2 << 20
"""How many bytes it may say about a case: ten times as many as any case needs."""

WORDS = 2000
"""How much of a text is kept that it sends, in characters."""

COMPLAINT = 4000
"""How much of what a process complained of before its end is kept, in bytes."""

ROOT = Path(__file__).parents[2]


def settings(stage: str) -> dict[str, str]:
    """What tells a process of a stage whether to compile kernels, and on how many threads they run."""
    return {
        "PYTHONIOENCODING": "utf-8",
        "PYTHONHASHSEED": "0",
        "NUMBA_DISABLE_JIT": "1" if stage == "plain" else "0",
        "NUMBA_NUM_THREADS": str(THREADS if stage == "threads" else 1),
    }


class Launcher:
    """How processes are started that run cases: here, as this very process was, for code that may do what it may."""

    def launch(self, tree: Path, stage: str, seed: int) -> tuple[list[str], dict[str, str]]:
        """The command that starts a process, and its environment.

        Args:
            tree: The folder that holds the packages `minitorch` and `project` to be used.
            stage: One of the STAGES.
            seed: The seed of the cases.
        """
        command = [sys.executable, "-m", "project.course.child", str(seed)]
        return command, os.environ | settings(stage) | {"PYTHONPATH": str(tree)}

    def ending(self, status: int) -> str:
        """In words, how a process ended, by its exit status; a negative one stands for a signal."""
        names = {number.value: number.name for number in signal.Signals}
        return f"with exit status {status}" if status >= 0 else f"by signal {names.get(-status, -status)}"


HERE = Launcher()


class _Process:
    """A process that runs cases. Whatever it says is read as it comes, but never more than there is room for."""

    def __init__(self, launcher: Launcher, tree: Path, stage: str, seed: int, cases: Sequence[Case]) -> None:
        self.launcher = launcher
        command, environment = launcher.launch(tree, stage, seed)
        self.process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.lines: queue.Queue[bytes | None] = queue.Queue()
        self.complaint = b""
        wanted = json.dumps([{"task": case.task, "name": case.name} for case in cases]).encode()
        self.threads = [
            threading.Thread(target=self._tell, args=(self.process.stdin, wanted), daemon=True),
            threading.Thread(target=self._read_lines, args=(self.process.stdout, len(cases) + 1), daemon=True),
            threading.Thread(target=self._read_complaint, args=(self.process.stderr,), daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def _tell(self, stream: IO[bytes], text: bytes) -> None:
        """Say which cases are wanted. The process may never listen, so nobody waits for this."""
        with contextlib.suppress(OSError), stream:  # it may have ended; why, is found out elsewhere
            stream.write(text)

    def _read_lines(self, stream: IO[bytes], count: int) -> None:
        """Put the first lines of a stream into the queue; and None at its end, or when it says too much."""
        room = MOST_SAID
        with stream:
            for _ in range(count):
                line = stream.readline(min(room, LONGEST_LINE))
                room -= len(line)
                if not line.endswith(b"\n"):
                    break
                self.lines.put(line)
        self.lines.put(None)

    def _read_complaint(self, stream: IO[bytes]) -> None:
        """Keep the end of what comes from a stream."""
        with stream:
            while piece := os.read(stream.fileno(), COMPLAINT):
                self.complaint = (self.complaint + piece)[-COMPLAINT:]

    def next_line(self, seconds: float) -> str | None:
        """The next line; an empty one, if there will be no more; None, if it takes too long."""
        try:
            return (self.lines.get(timeout=seconds) or b"").decode("utf-8", errors="replace")
        except queue.Empty:
            return None

    def why(self, line: str | None, seconds: float) -> Outcome:
        """Why there is no answer: it takes too long, or the process has ended, or said what it should not."""
        if line is None:
            return Outcome("timeout", error=f"It did not come to an end within {seconds:.0f} seconds.")
        if line:
            return Outcome("crashed", error="The process did not answer as it should.")
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return Outcome("crashed", error="The process does not answer any more, or it said too much.")
        for thread in self.threads:
            thread.join(timeout=5)
        spoken = self.complaint.decode("utf-8", errors="replace").split("\n")
        last = next((text.strip() for text in reversed(spoken) if text.strip()), "It said nothing.")
        return Outcome("crashed", error=f"The process ended {self.launcher.ending(status)}.\n  {last}")

    def end(self) -> None:
        """End the process and all that it started."""
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError):  # it may have ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:  # each closes its stream; unless something that was started lives on, and holds it
            thread.join(timeout=5)


def _read_outcome(line: str, case: Case) -> Outcome:
    """Read what the process said about a case. It may say anything: what makes no sense counts as a crash."""
    try:
        message: dict[str, Any] = json.loads(line)
        if (message["task"], message["name"]) != (case.task, case.name):
            raise ValueError("it answered for another case")
        error = str(message.get("error", ""))[:WORDS]
        if message.get("where"):
            error += f"\n  {str(message['where'])[:WORDS]}"
        if message["status"] not in ("values", "missing", "error"):
            raise ValueError("it reported something unknown")
        values = decode(message.get("values")) or {}
        if not isinstance(values, dict):
            raise ValueError("its values have no names")
        return Outcome(message["status"], values, error, str(message.get("printed", ""))[-WORDS:])
    except Exception as error:  # whatever can be wrong with a line, this process goes on
        return Outcome("crashed", error=f"The process did not answer as it should: {str(error)[:200]}")


def run_cases(
    cases: Sequence[Case],
    stage: str,
    tree: Path = ROOT,
    each: Callable[[Case, Outcome], None] | None = None,
    launcher: Launcher = HERE,
    seed: int = 0,
    until: float | None = None,
) -> dict[str, Outcome]:
    """Run cases, and return what came out of each, by its id.

    Args:
        cases: The cases.
        stage: One of the STAGES; cases that do not belong to it are left out.
        tree: The folder that holds the packages `minitorch` and `project` to be used.
        each: Is told every outcome as soon as there is one.
        launcher: How processes are started.
        seed: The seed with which the cases were made.
        until: When, by `time.monotonic`, all has to be done; what is not is given up.
    """
    waiting = [case for case in cases if stage in case.stages]
    outcomes: dict[str, Outcome] = {}

    def note(case: Case, outcome: Outcome) -> None:
        outcomes[case.id] = outcome
        if each is not None:
            each(case, outcome)

    while waiting and (until is None or time.monotonic() < until):
        process = _Process(launcher, tree, stage, seed, waiting)
        try:
            done = _listen(process, waiting, stage, note, until)
        finally:
            process.end()
        waiting = waiting[done:]
        late = Counter([id.partition(":")[0] for id, outcome in outcomes.items() if outcome.status == "timeout"])
        for case in waiting:
            if late[case.task] >= PATIENCE:
                note(case, Outcome("timeout", error=f"It was not run: {PATIENCE} others took too long."))
        waiting = [case for case in waiting if late[case.task] < PATIENCE]
    for case in waiting:
        note(case, Outcome("timeout", error="It was not run: the cases before it took all the time that there is."))
    return outcomes


def _listen(
    process: _Process,
    cases: Sequence[Case],
    stage: str,
    note: Callable[[Case, Outcome], None],
    until: float | None,
) -> int:
    """Wait for the outcomes of cases until the process fails. Returns how many have one now: one at least."""

    def allowed(seconds: float) -> float:
        return seconds if until is None else max(min(seconds, until - time.monotonic()), 0.0)

    problem = process.next_line(allowed(START))
    if problem != "ready\n":  # then no case can be run: the library itself may not be importable
        reason = process.why(problem, START)
        for case in cases:
            note(case, reason)
        return len(cases)
    for number, case in enumerate(cases):
        seconds = allowed(case.seconds if stage == "plain" else COMPILING)
        line = process.next_line(seconds)
        if not line:
            note(case, process.why(line, seconds))
            return number + 1
        note(case, _read_outcome(line, case))
    return len(cases)
