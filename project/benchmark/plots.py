"""The picture of a benchmark, drawn with matplotlib into a file."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from project.benchmark.cases import ARITHMETIC
from project.benchmark.measure import OURS, TEXTBOOK, ratio
from project.benchmark.report import fitted_slope, names_of, number_of, peak_of
from project.benchmark.targets import geometric_mean, speedup
from project.benchmark.workload import CHANNELS_LAST, COMPILED, EAGER

Case = Mapping[str, Any]

ARITHMETIC_ALONE = "arithmetic that touches no memory"

# Colours that the colour-blind can tell apart (Okabe and Ito, 2008).
COLOURS = {
    OURS: "#D55E00",
    EAGER: "#0072B2",
    CHANNELS_LAST: "#56B4E9",
    COMPILED: "#CC79A7",
    TEXTBOOK: "#999999",
    ARITHMETIC_ALONE: "#777777",
}
DTYPE_COLOURS = {"float32": "#D55E00", "float64": "#0072B2"}
KIND_COLOURS = {"map": "#D55E00", "zip": "#0072B2", "reduce": "#009E73"}


def draw(groups: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw a panel for each part of the results; one without results says so."""
    panels: list[tuple[str, str, Callable[[Any, Sequence[Case]], None]]] = [
        ("training", "Training throughput (more is better)", _training),
        ("conv", "Convolution with gradients, ours against PyTorch", _conv_ratios),
        ("conv", "Convolution in float32, against the peak of the processor", _conv_speeds),
        ("elementwise", "Map, zip and reduce, ours against NumPy", _elementwise),
        ("scaling", "Time of a training step", lambda axes, cases: _growth(axes, cases, "batch", "batch size")),
        ("scaling", "Two threads against one", _threads),
        (
            "scaling",
            "Convolution 16x4x8, kernel 3: size of the image",
            lambda axes, cases: _growth(axes, cases, "size", "height x width", power=2),
        ),
        ("scaling", "Convolution of c to c channels: time / c x c", _channels),
    ]
    figure = Figure(figsize=(15, 21), layout="constrained")
    quick = any(group["quick"] for group in groups.values())
    figure.suptitle("Benchmark" + (", partly of a quick run that proves nothing" if quick else ""), fontsize=16)
    for axes, (group, title, panel) in zip(figure.subplots(4, 2).ravel(), panels):
        axes.set_title(title)
        cases = groups.get(group, {}).get("cases", [])
        if cases:
            panel(axes, cases)
        else:
            axes.set_axis_off()
            axes.text(0.5, 0.5, "not measured", ha="center", va="center", transform=axes.transAxes)
    figure.savefig(path, dpi=110, facecolor="white")


def _bars(axes: Any, labels: Sequence[str], series: Mapping[str, Sequence[float]], colours: Mapping[str, str]) -> None:
    """Groups of bars; NaN leaves a gap."""
    width = 0.8 / max(len(series), 1)
    for i, (name, values) in enumerate(series.items()):
        places = np.arange(len(labels)) + (i - (len(series) - 1) / 2) * width
        axes.bar(places, values, width, label=name, color=colours.get(name))
    axes.set_xticks(range(len(labels)), labels)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def _slant(axes: Any) -> None:
    """Turn the labels below the bars, so that long ones have room."""
    for label in axes.get_xticklabels():
        label.set(rotation=25, ha="right", rotation_mode="anchor")


def _line_at_one(axes: Any, text: str) -> None:
    axes.axhline(1.0, color="black", linewidth=1, linestyle="--", label=text)


def _median(case: Case, contender: str) -> float:
    return case["contenders"].get(contender, {}).get("median", np.nan)


def _training(axes: Any, cases: Sequence[Case]) -> None:
    series = {name: [case["labels"]["batch"] / _median(case, name) for case in cases] for name in names_of(cases)}
    _bars(axes, [str(case["labels"]["batch"]) for case in cases], series, COLOURS)
    tops = [1e-9]
    for i, (name, values) in enumerate(series.items()):
        # From the median to the quartiles, which are turned around when seconds become images a second.
        spreads = [case["contenders"].get(name, {}).get("quartiles", [np.nan] * 2) for case in cases]
        batches = [case["labels"]["batch"] for case in cases]
        below = [value - batch / high for value, batch, (_, high) in zip(values, batches, spreads)]
        above = [batch / low - value for value, batch, (low, _) in zip(values, batches, spreads)]
        tops += [batch / low for batch, (low, _) in zip(batches, spreads)]
        places = np.arange(len(cases)) + (i - (len(series) - 1) / 2) * 0.8 / len(series)
        axes.errorbar(places, values, [below, above], fmt="none", ecolor="black", elinewidth=1, capsize=3)
    axes.set_xlabel("batch size")
    axes.set_ylabel("images per second")
    axes.set_ylim(0, 1.25 * np.nanmax(tops))  # room for the legend
    axes.legend(frameon=False, ncols=2, loc="upper left")


def _conv_ratios(axes: Any, cases: Sequence[Case]) -> None:
    cases = [case for case in cases if "shape" in case["labels"]]
    shapes = list(dict.fromkeys(case["labels"]["shape"] for case in cases))
    series = {
        dtype: [
            next((ratio(c["contenders"]) or np.nan for c in cases if _is(c, shape=shape, dtype=dtype)), np.nan)
            for shape in shapes
        ]
        for dtype in DTYPE_COLOURS
    }
    _bars(axes, shapes, series, DTYPE_COLOURS)
    _slant(axes)
    _line_at_one(axes, "as fast as PyTorch's best variant")
    axes.set_ylim(0, 1.25 * axes.get_ylim()[1])  # room for the legend
    axes.set_ylabel("time of the best peer / ours")
    axes.set_xlabel("batch x in x out x size x kernel")
    axes.legend(frameon=False, ncols=3, loc="upper left")


def _is(case: Case, **labels: Any) -> bool:
    return all(case["labels"].get(name) == value for name, value in labels.items())


def _conv_speeds(axes: Any, cases: Sequence[Case]) -> None:
    chosen = [case for case in cases if "shape" in case["labels"] and case["labels"]["dtype"] == "float32"]
    series = {
        name: [case["labels"]["flops"] / _median(case, name) / 1e9 for case in chosen] for name in names_of(chosen)
    }
    _bars(axes, [case["labels"]["shape"] for case in chosen], series, COLOURS)
    _slant(axes)
    peak = peak_of(cases, "float32")
    if peak:
        axes.axhline(peak / 1e9, color="black", linewidth=1, linestyle="--", label=f"peak: {peak / 1e9:.0f} GFLOP/s")
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * 6)  # room for the legend
    axes.set_ylabel("GFLOP/s (logarithmic)")
    axes.set_xlabel("batch x in x out x size x kernel")
    axes.legend(frameon=False, ncols=2, loc="upper left")


def _elementwise(axes: Any, cases: Sequence[Case]) -> None:
    for kind, colour in KIND_COLOURS.items():
        by_size: dict[int, list[float]] = {}
        for case in cases:
            speed = ratio(case["contenders"])
            if _is(case, kind=kind) and speed is not None:
                by_size.setdefault(case["labels"]["size"], []).append(speed)
        ratios = list(by_size.values())
        axes.fill_between(list(by_size), [*map(min, ratios)], [*map(max, ratios)], color=colour, alpha=0.15)
        axes.plot(list(by_size), [*map(geometric_mean, ratios)], "o-", color=colour, label=kind)
    _line_at_one(axes, "as fast as NumPy")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("elements (geometric mean; shaded: from the worst operation to the best)")
    axes.set_ylabel("time of NumPy / ours")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False, loc="upper right")


def _measured(cases: Sequence[Case], along: str) -> dict[int, float]:
    """The median by the number in the contender's name."""
    found: dict[str, Any] = next((case["contenders"] for case in cases if _is(case, along=along)), {})
    return {number_of(name): each["median"] for name, each in found.items() if "median" in each}


def _growth(axes: Any, cases: Sequence[Case], along: str, label: str, power: int = 1) -> None:
    measured = _measured(cases, along)
    x, y = [number**power for number in measured], [1e3 * seconds for seconds in measured.values()]
    text = f"ours: grows with the power {fitted_slope(x, y):.2f}" if len(x) > 1 else "ours"
    axes.plot(x, y, "o-", color=COLOURS[OURS], label=text)
    if x:
        axes.plot(x, [y[-1] * number / x[-1] for number in x], ":", color="black", label="in proportion")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_xticks(x, [str(number) for number in x])
    axes.set_xlabel(label)
    axes.set_ylabel("milliseconds")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)


def _threads(axes: Any, cases: Sequence[Case]) -> None:
    chosen = [case for case in cases if _is(case, along="threads")]
    series = {
        name: [speedup(case["contenders"], prefix) or np.nan for case in chosen]
        for name, prefix in ((OURS, ""), (ARITHMETIC_ALONE, f"{ARITHMETIC}, "))
    }
    _bars(axes, [case["labels"]["work"].replace(" ", "\n", 1) for case in chosen], series, COLOURS)
    for i, values in enumerate(series.values()):
        for place, value in enumerate(values):
            if np.isfinite(value):
                axes.text(place - 0.2 + 0.4 * i, value / 2, f"{value:.2f}", ha="center", color="white", fontsize=14)
    axes.axhline(2.0, color="black", linewidth=1, linestyle="--")
    axes.set_ylim(0, 2.6)
    axes.set_ylabel("time of one thread / time of two")
    axes.legend(frameon=False, ncols=2, loc="upper left")


def _channels(axes: Any, cases: Sequence[Case]) -> None:
    measured = _measured(cases, "channels")
    x = list(measured)
    y = [1e6 * seconds / channels**2 for channels, seconds in measured.items()]
    slope = f"ours: time grows with the power {fitted_slope(x, list(measured.values())):.2f}" if len(x) > 1 else "ours"
    axes.plot(x, y, "o-", color=COLOURS[OURS], label=slope)
    axes.set_xscale("log", base=2)
    axes.set_xticks(x, [str(number) for number in x])
    axes.set_ylim(0, 1.2 * max(y, default=1))
    axes.set_xlabel("channels c (flat where the cost is exactly that of the multiplications)")
    axes.set_ylabel("microseconds / (c x c)")
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
