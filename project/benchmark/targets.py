"""What the library is meant to reach, and whether it does, worked out from the results of the groups."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from project.benchmark.cases import (
    ARITHMETIC,
    BATCHES,
    CONV_SHAPES,
    DTYPES,
    ELEMENTWISE_SIZES,
    MATRIX_SIZES,
    OPERATIONS,
    SEQUENCE_NETWORKS,
    TEXTBOOK_SHAPE,
    THREAD_BATCH,
    THREAD_SHAPES,
)
from project.benchmark.measure import OURS, TEXTBOOK, best_peer, ratio
from project.benchmark.processes import AFTER_NUMBA, MEMORY_BATCH, MEMORY_STEPS
from project.benchmark.workload import EPOCHS, LINKS

Groups = Mapping[str, Mapping[str, Any]]

LARGE = 10**5  # elements from which on map, zip and reduce are compared with NumPy


@dataclass(frozen=True)
class Target:
    """One figure.

    Attributes:
        name: What it is.
        value: What was measured; None if something that it needs is missing.
        must: What has to be reached.
        aim: What is hoped for.
        at_most: Whether small values are good.
        unit: What stands behind the numbers: x for a ratio, s for seconds.
        detail: What else is worth knowing.
        condition: Whether everything else holds that the figure asks for.
    """

    name: str
    value: float | None
    must: float
    aim: float
    at_most: bool = False
    unit: str = "x"
    detail: str = ""
    condition: bool = True

    def reaches(self, bound: float) -> bool | None:
        """Whether the value is as good as the bound; None if it was not measured."""
        if self.value is None:
            return None
        return self.condition and (self.value <= bound if self.at_most else self.value >= bound)

    def as_row(self) -> dict[str, Any]:
        """All of it, as it is kept."""
        return {**asdict(self), "must_met": self.reaches(self.must), "aim_met": self.reaches(self.aim)}


def contenders(groups: Groups, group: str, **labels: Any) -> dict[str, Any]:
    """The contenders of the case with these labels; none if it was not measured, or only by a quick run."""
    measured = groups.get(group, {})
    for case in [] if measured.get("quick") else measured.get("cases", []):
        if all(case["labels"].get(name) == value for name, value in labels.items()):
            return case["contenders"]
    return {}


def median(groups: Groups, group: str, contender: str, **labels: Any) -> float | None:
    """The median of one contender of a case."""
    return contenders(groups, group, **labels).get(contender, {}).get("median")


def complete(values: Iterable[float | None]) -> list[float] | None:
    """The values, if none is missing. A mean or a worst case of those that happen to be there would mislead."""
    found = list(values)
    known = [value for value in found if value is not None]
    return known if known and len(known) == len(found) else None


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """The geometric mean, in which twice as fast and half as fast cancel out; None if a value is missing."""
    known = complete(values)
    return math.exp(sum(math.log(value) for value in known) / len(known)) if known else None


def worst(values: Mapping[str, float | None]) -> tuple[float | None, str]:
    """The smallest value, and a text that says where it was found."""
    known = complete(values.values())
    if not known:
        return None, ""
    return min(known), f"worst: {min(known):.2f} ({min(values, key=lambda name: values[name] or 0)})"


def speedup(found: Mapping[str, Mapping[str, Any]], prefix: str = "") -> float | None:
    """How many times faster two threads are than one; None if one of them was not measured.

    Args:
        found: The contenders of the case.
        prefix: What stands before "threads 1" and "threads 2" in their names.
    """
    one, two = (found.get(f"{prefix}threads {number}", {}).get("median") for number in (1, 2))
    return one / two if one and two else None


def evaluate(groups: Groups) -> list[dict[str, Any]]:
    """All figures, in the order in which they are reported."""
    rows = [
        *_training(groups),
        *_conv(groups),
        _matmul(groups),
        *_elementwise(groups),
        _small(groups),
        *_startup(groups),
        _memory(groups),
        *_threads(groups),
        _full(groups),
    ]
    return [row.as_row() for row in rows]


def _training(groups: Groups) -> list[Target]:
    networks = [
        *[(f"batch {batch}", contenders(groups, "training", batch=batch)) for batch in BATCHES],
        *[(network, contenders(groups, "sequences", network=network)) for network in SEQUENCE_NETWORKS],
    ]
    rows = []
    for name, found in networks:
        peer = best_peer(found)
        detail = f"best peer: {peer}" if peer else ""
        rows.append(Target(f"training throughput against PyTorch, {name}", ratio(found), 1.0, 1.5, detail=detail))
    return rows


def _conv(groups: Groups) -> list[Target]:
    ratios = {
        dtype: {str(s): ratio(contenders(groups, "conv", shape=str(s), dtype=dtype)) for s in CONV_SHAPES}
        for dtype in DTYPES
    }
    worst_32, where_32 = worst(ratios["float32"])
    _, where_64 = worst(ratios["float64"])
    textbook = ratio(contenders(groups, "conv", shape=str(TEXTBOOK_SHAPE), dtype="float32"), against=TEXTBOOK)
    conv = "convolution and gradients"
    means = {dtype: geometric_mean(ratios[dtype].values()) for dtype in DTYPES}
    return [
        Target(f"{conv} against PyTorch, float32, geometric mean of 8 shapes", means["float32"], 1.0, 1.5),
        Target(f"{conv} against PyTorch, float32, worst shape", worst_32, 0.5, 1.0, detail=where_32),
        Target(
            f"{conv} against PyTorch, float64, geometric mean of 8 shapes", means["float64"], 1.0, 1.5, detail=where_64
        ),
        Target(f"{conv} against the textbook kernel, {TEXTBOOK_SHAPE}", textbook, 50, 100),
    ]


def _matmul(groups: Groups) -> Target:
    ratios = {
        str(size): ratio(contenders(groups, "matmul", size=size, dtype="float32"))
        for size in MATRIX_SIZES
        if size >= 256
    }
    value, where = worst(ratios)
    return Target("matrix product against NumPy, float32, worst of 256 to 1024", value, 0.4, 0.8, detail=where)


def _elementwise(groups: Groups) -> list[Target]:
    rows = []
    for kind in ("map", "zip", "reduce"):
        ratios = {
            f"{name}, {size:.0e}, {dtype}": ratio(
                contenders(groups, "elementwise", operation=name, size=size, dtype=dtype)
            )
            for name in OPERATIONS
            for size in ELEMENTWISE_SIZES
            for dtype in DTYPES
            if OPERATIONS[name] == kind and size >= LARGE
        }
        _, where = worst(ratios)
        title = f"{kind} against NumPy, {LARGE:.0e} elements and more, geometric mean"
        rows.append(Target(title, geometric_mean(ratios.values()), 1.0, 2.0, detail=where))
    return rows


def _small(groups: Groups) -> Target:
    ratios = [ratio(contenders(groups, "small", link=link, backward=True)) for link in LINKS]
    mean = geometric_mean(ratios)
    value = None if mean is None else 1 / mean
    return Target("small operation, forward + backward: our time / PyTorch's", value, 3.0, 1.0, at_most=True)


def _startup(groups: Groups) -> list[Target]:
    after = median(groups, "startup", AFTER_NUMBA, quantity="import")
    both = median(groups, "startup", "numba and minitorch", quantity="import")
    numba = median(groups, "startup", "numba", quantity="import")
    difference = "" if both is None or numba is None else f"difference of both imports: {both - numba:.3f} s"
    warm = median(groups, "startup", OURS, quantity="warm seconds")
    compiled = contenders(groups, "startup", quantity="warm compilations").get(OURS, {}).get("rounds")
    cold = median(groups, "startup", OURS, quantity="cold seconds")
    return [
        Target("import minitorch, beyond import numba", after, 0.15, 0.05, True, "s", difference),
        Target(
            "first training step of a warm process, with 0 compilations",
            warm if compiled else None,
            3.0,
            1.5,
            True,
            "s",
            f"compilations: {max(compiled):.0f}" if compiled else "",
            condition=not compiled or max(compiled) == 0,
        ),
        Target("first training step on a cold machine", cold, 40, 20, True, "s"),
    ]


def _memory(groups: Groups) -> Target:
    found = contenders(groups, "memory", quantity="peak", batch=MEMORY_BATCH, steps=MEMORY_STEPS)
    speed = ratio(found)
    value = None if speed is None else 1 / speed
    return Target(f"peak memory, batch {MEMORY_BATCH}: ours / PyTorch's", value, 1.0, 0.7, at_most=True)


def _threads(groups: Groups) -> list[Target]:
    rows = []
    for work in (*[f"convolution {shape}" for shape in THREAD_SHAPES], f"training, batch {THREAD_BATCH}"):
        found = contenders(groups, "scaling", along="threads", work=work)
        limit = speedup(found, f"{ARITHMETIC}, ")
        detail = "" if limit is None else f"arithmetic alone: {limit:.2f} x"
        rows.append(Target(f"two threads against one, {work}", speedup(found), 1.6, 1.9, detail=detail))
    return rows


def _full(groups: Groups) -> Target:
    speed = ratio(contenders(groups, "full", quantity="seconds", epochs=EPOCHS))
    value = None if speed is None else 1 / speed
    return Target("full training run: our time / PyTorch's", value, 1.0, 0.7, at_most=True)
