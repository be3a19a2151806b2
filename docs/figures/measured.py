"""What the benchmark measured, in words, for pages and figures: `docs/results/benchmark.json` is its results.json.

A page writes {{ ladder_rows_gain }} and gets "4.66 x". What was not measured has no name here, so a page that speaks of
it cannot be built.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from project.benchmark.cases import BATCHES, CONV_SHAPES, DTYPES, LADDER_SHAPES, SEQUENCE_NETWORKS, TEXTBOOK_SHAPE
from project.benchmark.ladder import QUANTITIES, STEPS
from project.benchmark.measure import OURS, TEXTBOOK, best_peer, ratio
from project.benchmark.report import best_variant, digits, scaled, table
from project.benchmark.targets import contenders, geometric_mean, worst

RESULTS = Path(__file__).parents[1] / "results" / "benchmark.json"
LADDERS = dict(zip(("ladder", "deep_ladder", "large_ladder"), LADDER_SHAPES))
"""The names of the ladders, one for each shape: small images with few channels, with many, and large images."""

Named = Iterator[tuple[str, str]]


def groups() -> dict[str, Any]:
    """The groups of results."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8"))["groups"]
    return found


def steps_of(ladder: str = "ladder") -> dict[str, Any]:
    """What was measured of each step of a ladder, of the library, and of PyTorch's variants."""
    return contenders(groups(), "ladder", shape=str(LADDERS[ladder]))


def time(seconds: float) -> str:
    """A time, in the unit in which it is easiest to read: 17.4 ms. (The space does not break, here and in ratios.)"""
    factor, unit = scaled(seconds, "s")
    return f"{digits(seconds * factor)}\u00a0{unit.replace('us', 'µs')}"


def times(ratio: float) -> str:
    """A ratio, with two decimals or three digits: 0.77 x, 1.90 x, 61.7 x, 10,300 x."""
    if ratio >= 1000:
        return f"{float(f'{ratio:.3g}'):,.0f}\u00a0x"
    return f"{ratio:.2f}\u00a0x" if ratio < 10 else f"{digits(ratio)}\u00a0x"


def substitutions() -> dict[str, str]:
    """All that pages can speak of, by name."""
    results = json.loads(RESULTS.read_text(encoding="utf-8"))
    found = dict(_machine(results["machine"]))
    for ladder in LADDERS:
        found |= dict(_ladder(results["groups"], ladder))
    return found | dict(_training(results["groups"])) | dict(_convolution(results["groups"]))


def _machine(machine: Mapping[str, Any]) -> Named:
    """machine_processor, machine_cores, machine_threads, machine_system, and the versions: machine_numba."""
    for name, value in machine.items():
        if value is not None:
            yield f"machine_{name.lower()}", str(value)


def _ladder(results: Mapping[str, Any], ladder: str) -> Named:
    """Of each step, as in ladder_one_row_time: its time, that of a product, its gain, and its machine code.

    Besides, ladder_shape; ladder_table, all of it; ladder_all_gain, from plain Python to the library; and
    ladder_textbook_gain and ladder_pytorch_gain, how many times as fast the library is as those.
    """
    found = contenders(results, "ladder", shape=str(LADDERS[ladder]))
    made = {quantity: contenders(results, "ladder", quantity=quantity) for quantity in QUANTITIES}
    products = LADDERS[ladder].products
    medians = {name: each["median"] for name, each in found.items() if "median" in each}
    best = best_variant(found)
    rows, before = [], None
    for name in [*STEPS, OURS, *([best] if best else [])]:
        if name not in medians:
            before = None
            continue
        key = f"{ladder}_{'pytorch' if name == best else name.replace(' ', '_')}"
        row = [name, time(medians[name]), times(before / medians[name]) if before and name != best else ""]
        yield f"{key}_time", row[1]
        yield f"{key}_product", time(medians[name] / products)
        if row[2]:
            yield f"{key}_gain", row[2]
        for quantity, counted in made.items():
            count = f"{counted[name]['median']:.0f}" if "median" in counted.get(name, {}) else ""
            row.append(count)
            if count:
                yield f"{key}_{quantity}", count
        rows.append(row)
        before = medians[name]
    if rows:
        yield f"{ladder}_shape", str(LADDERS[ladder])
        yield f"{ladder}_table", table(["step", "time", "gain", "packed", "scalar", "at once"], rows)
    for name, against in (("all", "loops"), ("textbook", "parallel"), ("pytorch", best)):
        gain = ratio(found, against) if against else None
        if gain:
            yield f"{ladder}_{name}_gain", times(gain)


def _training(results: Mapping[str, Any]) -> Named:
    """training_64_gain: training against the best of PyTorch's variants; sentiment_gain, for the other networks."""
    networks = {f"training_{batch}": contenders(results, "training", batch=batch) for batch in BATCHES}
    networks |= {name: contenders(results, "sequences", network=name) for name in SEQUENCE_NETWORKS}
    for name, found in networks.items():
        gain = ratio(found)
        if gain:
            yield f"{name}_gain", times(gain)
            yield f"{name}_peer", str(best_peer(found))


def _convolution(results: Mapping[str, Any]) -> Named:
    """Convolution with gradients: conv_float32_gain, a mean over all shapes; the worst of them; and the textbook."""
    for dtype in DTYPES:
        gains = {str(s): ratio(contenders(results, "conv", shape=str(s), dtype=dtype)) for s in CONV_SHAPES}
        mean, (least, _) = geometric_mean(gains.values()), worst(gains)
        if mean and least:
            yield f"conv_{dtype}_gain", times(mean)
            yield f"conv_{dtype}_worst_gain", times(least)
            yield f"conv_{dtype}_worst_shape", next(shape for shape, gain in gains.items() if gain == least)
    gain = ratio(contenders(results, "conv", shape=str(TEXTBOOK_SHAPE), dtype="float32"), against=TEXTBOOK)
    if gain:
        yield "conv_textbook_gain", times(gain)
