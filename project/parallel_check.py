"""Show what numba made of the parallel kernels: which loops it runs on several cores, and which it fused or moved.

    python project/parallel_check.py --kernel matmul

All kernels of the library share one parallel loop, which calls their tasks (`minitorch/sharing.py`). It is compiled
anew for the types of each kernel, so that numba has something to tell; this takes a few seconds.
"""

import argparse
from collections.abc import Callable
from typing import Any

import numba

from minitorch import fast_conv, fast_ops, operators, zeros
from minitorch.errors import ArgumentError, explain
from project.training import number_between, run_main


def _map() -> Any:
    kernel = fast_ops.tensor_map(numba.njit(operators.id))
    kernel(*zeros(10).tuple(), *zeros(10).tuple())
    return kernel


def _zip() -> Any:
    kernel = fast_ops.tensor_zip(numba.njit(operators.eq))
    kernel(*zeros(10).tuple(), *zeros(10).tuple(), *zeros(10).tuple())
    return kernel


def _reduce() -> Any:
    kernel = fast_ops.tensor_reduce(numba.njit(operators.add))
    kernel(*zeros(1).tuple(), *zeros(10).tuple(), 0)
    return kernel


def _matmul() -> Any:
    kernel: Any = fast_ops.tensor_matrix_multiply
    kernel(*zeros(1, 2, 2).tuple(), *zeros(1, 2, 2).tuple(), *zeros(1, 2, 2).tuple())
    return kernel


def _conv1d() -> Any:
    kernel: Any = fast_conv.tensor_conv1d
    kernel(*zeros(1, 1, 4).tuple(), 4, *zeros(1, 1, 4).tuple(), *zeros(1, 1, 2).tuple(), False)
    return kernel


def _conv2d() -> Any:
    kernel: Any = fast_conv.tensor_conv2d
    kernel(*zeros(1, 1, 4, 4).tuple(), 16, *zeros(1, 1, 4, 4).tuple(), *zeros(1, 1, 2, 2).tuple(), False)
    return kernel


KERNELS: dict[str, Callable[[], Any]] = {
    "map": _map,
    "zip": _zip,
    "reduce": _reduce,
    "matmul": _matmul,
    "conv1d": _conv1d,
    "conv2d": _conv2d,
}


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    parser = argparse.ArgumentParser(
        description="Show what numba made of the parallel kernels.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--kernel", choices=list(KERNELS), help="only this kernel; all of them if left out")
    parser.add_argument("--level", type=number_between(1, 4, kind=int), default=3, help="how much to tell")
    arguments = parser.parse_args(argv)
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
        raise ArgumentError(
            explain(
                "There is nothing to show while numba is switched off.",
                got="NUMBA_DISABLE_JIT is set",
                expected="numba switched on",
                fix="unset NUMBA_DISABLE_JIT",
            )
        )
    for name in [arguments.kernel] if arguments.kernel else KERNELS:
        print(f"\n{name.upper()}\n", flush=True)
        KERNELS[name]().parallel_diagnostics(level=arguments.level)
    return 0


if __name__ == "__main__":
    run_main(main)
