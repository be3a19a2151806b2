"""Measure the library against NumPy and PyTorch, in one run, side by side.

    python -m project.benchmark

writes all results, a table and a picture into project/runs/benchmark. PyTorch comes with pip install -e '.[bench]'.
Results of other groups that are there already, made on the same machine with the same versions, are kept.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project.benchmark import assembly, cases, peers, processes, report
from project.benchmark.measure import Case, Plan, Task, as_tasks, available_threads
from project.training import Progress, number_between, run_main

CASES: dict[str, Callable[[Plan], list[Case]]] = {
    "training": cases.training,
    "sequences": cases.sequences,
    "conv": cases.conv,
    "matmul": cases.matmul,
    "elementwise": cases.elementwise,
    "small": cases.small,
    "scaling": cases.scaling,
}
PROCESSES: dict[str, Callable[[Plan], list[Task]]] = {
    "ladder": assembly.ladder,
    "startup": processes.startup,
    "memory": processes.memory,
    "full": processes.full,
}
GROUPS = (
    *("training", "sequences", "conv", "ladder", "matmul", "elementwise", "small"),
    *("startup", "memory", "scaling", "full"),
)
RUNS = Path(__file__).parent.parent / "runs"
DEFAULT_OUT, QUICK_OUT = RUNS / "benchmark", RUNS / "benchmark-quick"
DEFAULT_ROUNDS, QUICK_ROUNDS = 7, 1


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m project.benchmark",
        description="Measure the library against NumPy and PyTorch.",
        epilog="Exit status: 0 success, 1 something could not be measured, 2 wrong arguments, 130 interrupted.",
    )
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="GROUP", help=f"of {', '.join(GROUPS)}")
    parser.add_argument(
        "--rounds",
        type=number_between(1, kind=int),
        help=f"how often each contender is measured; {DEFAULT_ROUNDS} if left out, and less than 5 says little",
    )
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that all works; proves nothing")
    parser.add_argument(
        "--out", type=Path, help=f"folder for the results; {DEFAULT_OUT.relative_to(RUNS.parent.parent)} if left out"
    )
    return parser.parse_args(argv)


def measure_group(name: str, plan: Plan) -> list[dict[str, Any]]:
    """Measure all cases of a group, and tell how far it has come."""
    tasks = as_tasks(CASES[name](plan), plan) if name in CASES else PROCESSES[name](plan)
    progress = Progress(name, len(tasks), " cases")
    found = []
    for done, task in enumerate(tasks, start=1):
        if progress.bar is None:
            print(f"{name} {done}/{len(tasks)}: {task.name}", flush=True)
        measured = task.run()
        for line in report.failures(measured):
            print(line, file=sys.stderr)
        found += measured
        progress.update(done, task.name)
    progress.close()
    return found


def draw(results: dict[str, Any], out: Path) -> None:
    """Draw the picture, if matplotlib is there."""
    try:
        from project.benchmark import plots
    except ImportError as error:
        print(f"No picture was drawn, for {error.name} is not installed: pip install -e '.[bench]'")
        return
    plots.draw(results, out / "benchmark.png")


def main(argv: list[str]) -> int:
    """Run the benchmark and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out or (QUICK_OUT if arguments.quick else DEFAULT_OUT)
    rounds = arguments.rounds or (QUICK_ROUNDS if arguments.quick else DEFAULT_ROUNDS)
    plan = Plan(rounds=rounds, threads=available_threads(), quick=arguments.quick)
    here = report.machine(plan.threads)
    groups = report.read(out / "results.json", here)
    if not peers.torch_installed():
        print("PyTorch is not installed, so it is left out: pip install -e '.[bench]'")
    if plan.quick:
        print("A quick run: it shows that all works, and proves nothing.")

    text, failed = "", False
    for name in [name for name in GROUPS if not arguments.only or name in arguments.only]:
        measured = measure_group(name, plan)
        failed = failed or bool(report.failures(measured))
        groups[name] = {
            "command": " ".join(["python -m project.benchmark", *argv]),
            "rounds": plan.rounds,
            "quick": plan.quick,
            "library": report.library_stamp(),
            "cases": measured,
        }
        text = report.write(out, here, groups)  # after each group, so that an interrupted run keeps what it has
    draw(groups, out)
    print(f"\n{text}\nThe results are in {out}")
    return 1 if failed else 0


if __name__ == "__main__":
    run_main(main)
