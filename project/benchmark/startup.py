"""Runs the MNIST script's own code up to the end of its first training step, and says how long that took.

    python -m project.benchmark.startup SECONDS

SECONDS is what time.time() returned when the process was started. Prints the seconds since then, and the number of
kernels that were compiled.
"""

import json
import sys
import time

from numba.core import event

from project import mnist
from project.run_mnist_multiclass import MnistTraining, Settings, parse
from project.training import train_epoch


def main(argv: list[str]) -> int:
    """Run the module and return its exit status."""
    options = vars(parse([]))
    settings = Settings(**{name: options[name] for name in Settings.__dataclass_fields__})
    with event.install_recorder("numba:compile") as recorder:
        run = MnistTraining(settings, mnist.load("train"), mnist.load("t10k"))
        run.model.train()
        next(train_epoch(run.batches(), run.objective, run.optimizer, run.schedule, run.totals))
    seconds = time.time() - float(argv[0])
    compilations = sum(happened.is_start for _, happened in recorder.buffer)
    print(json.dumps({"seconds": seconds, "compilations": compilations}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
