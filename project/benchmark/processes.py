"""What is measured on whole processes, begun anew each time: start-up, memory, and a full training run."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from project.benchmark import peers
from project.benchmark.measure import OURS, ContenderError, Plan, Task, interleave, result, thread_settings
from project.benchmark.workload import CHANNELS_LAST, EAGER, EPOCHS

ROOT = Path(__file__).parent.parent.parent
AFTER_NUMBA = "minitorch after numba"
MEMORY_BATCH, MEMORY_STEPS = 512, 20
FEW = 3  # rounds of what takes long, or hardly varies
SHORT_RUN = ("--epochs", "1", "--train-size", "640", "--test-size", "500")


def run_program(*arguments: str, threads: int, **settings: str) -> str:
    """Run Python in a new process, and return what it printed.

    Args:
        arguments: Those of the interpreter.
        threads: How many threads it gets.
        settings: More environment variables.

    Raises:
        ContenderError: It failed.
    """
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **thread_settings(threads), **settings},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise ContenderError(done.stderr.strip() or f"the process ended with exit code {done.returncode}")
    return done.stdout


def in_turn(
    programs: Mapping[str, Callable[[], Mapping[str, float]]],
    rounds: int,
    quantities: Mapping[str, tuple[str, str]],
    **labels: Any,
) -> list[dict[str, Any]]:
    """Run programs in turn, round by round.

    Args:
        programs: Those to run, by contender. Each returns several quantities.
        rounds: How often to run each.
        quantities: For each of those, the name of the case that it makes, and its unit.
        labels: More labels of those cases.

    Returns:
        The results, a case for each quantity.
    """
    answers, errors = interleave(list(programs), rounds, lambda name: programs[name]())
    return [
        result(
            title,
            {"quantity": quantity, **labels},
            list(programs),
            {name: [float(answer[quantity]) for answer in found] for name, found in answers.items()},
            errors,
            unit,
        )
        for quantity, (title, unit) in quantities.items()
    ]


def eager_variants() -> tuple[str, ...]:
    """The variants of PyTorch that are compared here; none if it is not installed."""
    return (EAGER, CHANNELS_LAST) if peers.torch_installed() else ()


# Start-up

TIMED_IMPORT = "import time; {before}; started = time.perf_counter(); {timed}; print(time.perf_counter() - started)"


def imports(plan: Plan) -> list[dict[str, Any]]:
    """Seconds of importing the library and its peers."""
    statements = {
        "numba": ("pass", "import numba"),
        "numba and minitorch": ("pass", "import minitorch"),
        AFTER_NUMBA: ("import numba", "import minitorch"),
    }
    if peers.torch_installed():
        statements["PyTorch"] = ("pass", "import torch")

    def program(before: str, timed: str) -> Callable[[], Mapping[str, float]]:
        code = TIMED_IMPORT.format(before=before, timed=timed)
        return lambda: {"import": float(run_program("-c", code, threads=plan.threads))}

    programs = {name: program(*both) for name, both in statements.items()}
    in_turn(programs, 1, {})  # once unmeasured, so that the files are in memory and compiled to byte code
    return in_turn(programs, plan.rounds, {"import": ("import", "s")})


def first_step(plan: Plan, kind: str) -> list[dict[str, Any]]:
    """Seconds from the start of the interpreter to the end of the first training step, and kernels compiled.

    Args:
        plan: How to measure.
        kind: "warm", with all kernels on disk, or "cold", with none.
    """

    def program() -> Mapping[str, float]:
        with tempfile.TemporaryDirectory() as folder:
            settings = {"NUMBA_CACHE_DIR": folder} if kind == "cold" else {}
            arguments = ("-m", "project.benchmark.startup", repr(time.time()))
            report = json.loads(run_program(*arguments, threads=plan.threads, **settings))
        return {f"{kind} {quantity}": value for quantity, value in report.items()}

    quantities = {
        f"{kind} seconds": (f"first training step, {kind}", "s"),
        f"{kind} compilations": (f"kernels compiled until then, {kind}", "kernels"),
    }
    if kind == "cold":
        return in_turn({OURS: program}, min(plan.rounds, FEW), quantities)
    in_turn({OURS: program}, 1, {})  # once unmeasured, to fill the cache
    return in_turn({OURS: program}, plan.rounds, quantities)


def startup(plan: Plan) -> list[Task]:
    """Imports, and the first training step. A quick run does without the cold start, which takes long."""
    tasks = [Task("import", lambda: imports(plan)), Task("first step, warm", lambda: first_step(plan, "warm"))]
    if not plan.quick:
        tasks.append(Task("first step, cold", lambda: first_step(plan, "cold")))
    return tasks


# Memory


def memory(plan: Plan) -> list[Task]:
    """Peak memory of training with large batches."""
    batch, steps = (2, 2) if plan.quick else (MEMORY_BATCH, MEMORY_STEPS)

    def program(name: str) -> Callable[[], Mapping[str, float]]:
        arguments = ("-m", "project.benchmark.memory", name, str(batch), str(steps))
        return lambda: json.loads(run_program(*arguments, threads=plan.threads))

    def run() -> list[dict[str, Any]]:
        quantities = {
            "peak": (f"{steps} training steps of batch {batch}, whole process", "MiB"),
            "growth": ("beyond what it held once model and data were built", "MiB"),
        }
        programs = {name: program(name) for name in (OURS, *eager_variants())}
        in_turn({OURS: programs[OURS]}, 1, {})  # once unmeasured, for a process that compiles kernels needs more
        return in_turn(programs, min(plan.rounds, FEW), quantities, batch=batch, steps=steps)

    return [Task("training", run)]


# A full training run


def accuracy_of(output: str) -> float:
    """The test accuracy that a training script printed at the end, in percent."""
    found = re.findall(r"^test accuracy ([\d.]+) %", output, re.M)
    if not found:
        raise ContenderError(f"the script printed no test accuracy, but: {output.strip()[-500:]}")
    return float(found[-1])


def full(plan: Plan) -> list[Task]:
    """The training script as it comes, against the same training with PyTorch. It is run once, for it takes minutes."""
    options, epochs = (SHORT_RUN, 1) if plan.quick else ((), EPOCHS)

    def program(module: str, *arguments: str) -> Callable[[], Mapping[str, float]]:
        def run() -> Mapping[str, float]:
            started = time.perf_counter()
            output = run_program("-m", module, *arguments, *options, threads=plan.threads)
            return {"seconds": time.perf_counter() - started, "accuracy": accuracy_of(output)}

        return run

    def run() -> list[dict[str, Any]]:
        with tempfile.TemporaryDirectory() as folder:
            script = ("project.run_mnist_multiclass", "--out", folder)
            run_program("-m", *script, *SHORT_RUN, threads=plan.threads)  # fills the cache of compiled kernels
            programs = {OURS: program(*script)}
            for variant in eager_variants():
                programs[variant] = program("project.benchmark.torch_mnist", "--variant", variant)
            quantities = {"seconds": ("whole run", "s"), "accuracy": ("test accuracy", "%")}
            return in_turn(programs, 1, quantities, epochs=epochs)

    return [Task("training run", run)]
