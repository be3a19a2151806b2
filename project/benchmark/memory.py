"""Trains for some steps and says how much memory the process took.

    python -m project.benchmark.memory CONTENDER BATCH STEPS

Prints the peak of the whole process, and how much that was beyond what it held before the first step, in MiB.
"""

import json
import sys
from pathlib import Path

from project.benchmark.measure import OURS, Work


def resident_memory() -> tuple[float, float]:
    """The memory that this process holds now, and the most that it ever held, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = [line.split() for line in status.read_text(encoding="utf-8").splitlines()]
        sizes = {words[0]: int(words[1]) / 1024 for words in lines if words[0] in ("VmRSS:", "VmHWM:")}
        return sizes["VmRSS:"], sizes["VmHWM:"]
    # What the system counts for getrusage begins with the memory of the process that started this one, so it is second
    # choice. It knows the peak only.
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
    return peak, peak


def build(contender: str, batch: int) -> Work:
    """The training step of a contender. Nothing of the others is imported."""
    if contender == OURS:
        from project.benchmark import ours

        return ours.training_step(batch)
    from project.benchmark import peers

    return peers.torch_training_step(batch, contender)


def main(argv: list[str]) -> int:
    """Run the module and return its exit status."""
    contender, batch, steps = argv[0], int(argv[1]), int(argv[2])
    work = build(contender, batch)
    before, _ = resident_memory()
    for _ in range(steps):
        work()
    _, peak = resident_memory()
    print(json.dumps({"peak": peak, "growth": peak - before}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
