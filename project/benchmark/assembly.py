"""What the compiler made of the steps of the ladder: how many numbers their arithmetic handles at a time.

    python -m project.benchmark.assembly STEP

A processor has its instructions for arithmetic in two forms: *scalar* ones take one number, *packed* ones, or vector
instructions, take as many as a register holds. Machine code tells them apart by their names: of x86, vfmadd231ss
multiplies and adds one float32, and vfmadd231ps 4, 8 or 16 of them, in a register xmm, ymm or zmm; of ARM, fmadd s0
takes one, and fmla v0.4s takes four.

What is counted is how many of them stand in the code, and not how often each of them runs: a loop that takes eight
numbers at a time stands there once, and so does the one beside it for what is left over.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numba

from minitorch import sliding
from project.benchmark import cases, ours, textbook
from project.benchmark import ladder as steps
from project.benchmark.measure import OURS, Plan, Task, as_tasks
from project.benchmark.processes import in_turn, run_program
from project.benchmark.workload import ConvShape

# Multiplications, additions, subtractions, and what does two of them at once.
X86 = re.compile(r"^\s+v?(?:mul|add|sub|fn?m(?:add|sub)\d{3})([ps])([sd])\s(.*)$", re.M)
ARM_SCALAR = re.compile(r"^\s+(?:fmul|fadd|fsub|fn?madd|fn?msub)\s+[sd]\d", re.M)
ARM_PACKED = re.compile(r"^\s+(?:fmul|fadd|fsub|fmla|fmls)(?:\s+v\d+)?\.(\d)[sd]\b", re.M)  # "fmla v0.4s", "fmla.4s v0"
REGISTERS = {"xmm": 16, "ymm": 32, "zmm": 64}
"""How many bytes a register of x86 holds."""

SMALL = ConvShape(1, 1, 1, 3, 2)


@dataclass(frozen=True)
class Arithmetic:
    """The instructions of arithmetic in machine code; of an unknown processor, none.

    Attributes:
        packed: How many of them take several numbers at a time.
        scalar: How many take one.
        at_once: How many numbers one of them takes, at most.
    """

    packed: int
    scalar: int
    at_once: int


def arithmetic_in(code: str) -> Arithmetic:
    """Count the instructions of arithmetic in assembly code."""
    taken = [int(numbers) for numbers in ARM_PACKED.findall(code)]
    taken += [1] * len(ARM_SCALAR.findall(code))
    for form, precision, operands in X86.findall(code):
        size = max((REGISTERS[name] for name in re.findall("[xyz]mm", operands)), default=0)
        taken.append(1 if form == "s" else size // (4 if precision == "s" else 8))
    packed = sum(numbers > 1 for numbers in taken)
    return Arithmetic(packed, len(taken) - packed, max(taken, default=0))


def arithmetic_of(kernel: Any) -> Arithmetic | None:
    """Count the instructions of arithmetic in a kernel, as it was compiled for the arguments of its first call.

    It is compiled anew, for numba cannot show code that it found on disk.

    Returns:
        The numbers; None where numba is switched off, for then there is nothing to read.
    """
    if not hasattr(kernel, "py_func"):
        return None
    signature = kernel.signatures[0]
    fresh = numba.jit(**kernel.targetoptions)(kernel.py_func)
    fresh.compile(signature)
    return arithmetic_in(fresh.inspect_asm(signature))


KERNELS: Mapping[str, Any] = {
    **{name: textbook.tensor_conv2d if each is steps.compiled else each for name, each in steps.STEPS.items()},
    OURS: sliding.slide_task,
}
"""The kernels of all steps. (That of the library does a task at a time, and is called by the loop that all share.)"""


def ladder(plan: Plan) -> list[Task]:
    """The steps of the ladder: how long they take, and what the compiler made of them."""

    def program(name: str) -> Callable[[], Mapping[str, float]]:
        return lambda: json.loads(run_program("-m", "project.benchmark.assembly", name, threads=plan.threads))

    compiled = [name for name, kernel in KERNELS.items() if name != "loops" and hasattr(kernel, "py_func")]
    programs = {name: program(name) for name in compiled}
    tasks = as_tasks(cases.ladder(plan), plan)
    if programs:  # none, where numba is switched off
        tasks.append(Task("instructions", lambda: in_turn(programs, 1, steps.QUANTITIES)))
    return tasks


def main(argv: list[str]) -> int:
    """Print what the compiler made of one step, and return the exit status."""
    (name,) = argv
    work = ours.convolution_forward(SMALL, "float32") if name == OURS else steps.step(name, SMALL)
    work()
    found = arithmetic_of(KERNELS[name])
    print(json.dumps(None if found is None else asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
