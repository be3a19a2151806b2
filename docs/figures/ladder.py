"""How long a convolution takes at each step from the textbook loop to the library, as the benchmark measured it."""

from typing import Any

from docs.figures.drawing import Drawing
from docs.figures.measured import LADDERS, steps_of, time, times
from docs.figures.plots import BLUE, GREEN, GREY, INK, ORANGE, as_drawing, new_plot
from project.benchmark.ladder import STEPS, TEXTBOOK_STEPS
from project.benchmark.measure import OURS
from project.benchmark.report import best_variant

STYLE: dict[str, Any] = {"va": "center", "color": INK, "fontsize": 16}
BARS = 0.56  # of the width; to the right of them stand the numbers


def draw() -> Drawing:
    """A bar for each step, on a logarithmic scale, with its time and its gain on the step before."""
    found = steps_of()
    medians = {name: 1000 * found[name]["median"] for name in [*STEPS, OURS] if "median" in found.get(name, {})}
    figure, axes = new_plot(120 + 38 * len(medians))
    low, high = min(medians.values()) / 3, max(medians.values())
    told, before = [], None
    numbers: dict[str, Any] = STYLE | {
        "ha": "right",
        "transform": axes.get_yaxis_transform(),
    }  # across from 0 to 1, down by rows
    axes.text(0.8, -0.9, "time", **numbers)
    axes.text(1, -0.9, "gain", **numbers)
    for row, (name, milliseconds) in enumerate(medians.items()):
        colour = GREEN if name == OURS else BLUE if name in TEXTBOOK_STEPS else ORANGE
        axes.barh(row, milliseconds, color=colour, height=0.62)
        taken, gain = time(milliseconds / 1000), times(before / milliseconds) if before else ""
        axes.text(0.8, row, taken, **numbers)
        axes.text(1, row, gain, **numbers)
        told.append(f"{name} {taken}" + (f", a gain of {gain}" if gain else ""))
        before = milliseconds
    best = best_variant(found)
    if best:
        peer = 1000 * found[best]["median"]
        low = min(low, peer / 2)
        axes.axvline(peer, ymax=1 - 0.5 / (len(medians) + 2), color=GREY, linestyle="--", linewidth=2)
        axes.text(peer * 1.3, len(medians), "PyTorch", **STYLE)
        axes.text(0.8, len(medians), time(peer / 1000), **numbers)
        told.append(f"PyTorch, a dashed line across all bars, {time(peer / 1000)}")
    axes.set_xscale("log")
    axes.set_xlim(low, low * (high / low) ** (1 / BARS))
    axes.set_ylim(len(medians) + 0.7, -1.3)
    axes.set_yticks(range(len(medians)), list(medians))
    ticks = [10.0**power for power in range(-3, 7, 2) if low < 10.0**power <= high]
    axes.set_xticks(ticks, [f"{tick:g} ms" if tick < 1000 else f"{tick / 1000:g} s" for tick in ticks])
    axes.minorticks_off()
    alt = f"The time of a convolution of the shape {LADDERS['ladder']} at each step: {'; '.join(told)}."
    return as_drawing(figure, "ladder", alt)
