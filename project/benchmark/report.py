"""Where the results go: the file that keeps them, and the document that shows them."""

import hashlib
import importlib.metadata
import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from minitorch.errors import DataFileError, explain
from project.benchmark import targets
from project.benchmark.cases import ARITHMETIC
from project.benchmark.ladder import QUANTITIES, STEPS
from project.benchmark.measure import OURS, TEXTBOOK, best_peer, ratio

PACKAGE = Path(__file__).parent.parent.parent / "minitorch"

Case = Mapping[str, Any]


# What is kept


def version(package: str) -> str | None:
    """The version of a package; None if it is not installed."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def processor() -> str:
    """The name of the processor."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def machine(threads: int) -> dict[str, Any]:
    """Everything outside of the library that the results depend on."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": threads,
        "system": platform.platform(),
        "Python": platform.python_version(),
        "numba": version("numba"),
        "NumPy": version("numpy"),
        "PyTorch": version("torch"),
    }


def library_stamp() -> str:
    """A text that changes with the source of the library, to tell apart groups measured before and after a change."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def read(path: Path, here: Mapping[str, Any]) -> dict[str, Any]:
    """The groups of an earlier run, if it was made on this machine with these versions; otherwise none.

    Raises:
        DataFileError: The file is not a benchmark's.
    """
    if not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        known, groups = kept["machine"], kept["groups"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataFileError(
            explain(
                "The earlier results cannot be read.",
                got=f"{path}, {type(error).__name__}: {error}",
                expected="results.json of an earlier benchmark",
                fix="remove the file, or choose another folder with --out",
            )
        ) from error
    if known != dict(here):
        print(f"The earlier results in {path} come from another machine or other versions; they are replaced.")
        return {}
    return groups


def write(out: Path, here: Mapping[str, Any], groups: Mapping[str, Any]) -> str:
    """Write results.json and table.md, and return the text of the latter."""
    rows = targets.evaluate(groups)
    results = {"machine": dict(here), "groups": dict(groups), "targets": rows}
    out.mkdir(parents=True, exist_ok=True)
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    text = document(here, groups, rows)
    (out / "table.md").write_text(text, encoding="utf-8")
    return text


# Numbers and tables


def scaled(value: float, unit: str) -> tuple[float, str]:
    """The factor and the unit in which a value is easiest to read."""
    if unit == "s":
        for factor, name in ((1.0, "s"), (1e3, "ms"), (1e6, "us")):
            if value * factor >= 1:
                return factor, name
        return 1e9, "ns"
    return 1.0, unit


def digits(value: float) -> str:
    """A number with three digits that count."""
    if value == 0 or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}"


def spread(found: Mapping[str, Any] | None, unit: str, convert: Callable[[float], float] = float) -> str:
    """The median of a contender, and its quartiles between brackets."""
    if found is None:
        return ""
    if "error" in found:
        return "failed"
    middle, *quartiles = [convert(value) for value in (found["median"], *found["quartiles"])]
    factor, name = scaled(middle, unit)
    low, high = sorted(quartiles)
    return f"{digits(middle * factor)} {name} [{digits(low * factor)}, {digits(high * factor)}]"


def times(value: float | None) -> str:
    """A ratio."""
    return "" if value is None else f"{value:.2f} x"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [list(header), ["---"] * len(header), *[list(row) for row in rows]]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def fitted_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The power of x that y grows with: the slope of a straight line through the logarithms of both."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])


def number_of(contender: str) -> int:
    """The number at the end of a contender's name, as in "batch 16"."""
    return int(contender.split()[-1])


def names_of(cases: Sequence[Case]) -> list[str]:
    """The names of all contenders, in the order in which they first appear."""
    return list(dict.fromkeys(name for case in cases for name in case["contenders"]))


# The groups


def show_cases(cases: Sequence[Case]) -> str:
    """A row for each case and a column for each contender."""
    names = names_of(cases)
    rows = [
        [
            case["name"],
            *[spread(case["contenders"].get(name), case["unit"]) for name in names],
            times(ratio(case["contenders"])) if case["unit"] in ("s", "MiB") else "",
        ]
        for case in cases
    ]
    return table(["case", *names, "best peer / ours"], rows)


def images_per_second(batch: int) -> Callable[[float], float]:
    """Turns the seconds of a step into images a second."""
    return lambda seconds: batch / seconds


def show_training(cases: Sequence[Case]) -> str:
    """Images per second."""
    names = names_of(cases)
    rows = [
        [
            case["name"],
            *[
                spread(case["contenders"].get(name), "images/s", images_per_second(case["labels"]["batch"]))
                for name in names
            ],
            times(ratio(case["contenders"])),
        ]
        for case in cases
    ]
    return table(["case", *names, "ours / best peer"], rows)


def peak_of(cases: Sequence[Case], dtype: str) -> float | None:
    """The peak of the processor in operations a second: the best of all rounds."""
    for case in cases:
        found = case["contenders"].get("processor", {})
        if case["labels"].get("peak") == dtype and "rounds" in found:
            return case["labels"]["flops"] / min(found["rounds"])
    return None


def show_conv(cases: Sequence[Case]) -> str:
    """Times, and then operations a second beside the peak of the processor."""
    convolutions = [case for case in cases if "shape" in case["labels"]]
    names = names_of(convolutions)
    seconds, speeds = [], []
    for case in convolutions:
        found, labels = case["contenders"], case["labels"]
        seconds.append(
            [
                case["name"],
                *[spread(found.get(name), "s") for name in names],
                times(ratio(found)),
                times(ratio(found, against=TEXTBOOK)),
            ]
        )
        peak = peak_of(cases, labels["dtype"])
        speeds.append(
            [
                case["name"],
                *[
                    digits(labels["flops"] / found[name]["median"] / 1e9) if "median" in found.get(name, {}) else ""
                    for name in names
                ],
                digits(peak / 1e9) if peak else "",
            ]
        )
    return (
        "A shape is batch x input channels x output channels x size x kernel.\n\n"
        + table(["case", *names, "best peer / ours", "textbook / ours"], seconds)
        + "\nIn GFLOP/s:\n\n"
        + table(["case", *names, "peak of the processor"], speeds)
    )


def best_variant(found: Mapping[str, Any]) -> str | None:
    """The fastest of those in a case of the ladder that are no step of it; None if none was measured."""
    return best_peer({name: each for name, each in found.items() if name not in STEPS})


def show_ladder(cases: Sequence[Case]) -> str:
    """For each shape, a row for each step: its time, the gain on the step before, and what the compiler made of it."""
    made = {case["labels"]["quantity"]: case["contenders"] for case in cases if "quantity" in case["labels"]}
    parts = ["A shape is batch x input channels x output channels x size x kernel.\n"]
    for case in cases:
        if "shape" not in case["labels"]:
            continue
        found, before, rows = case["contenders"], None, []
        for name, each in found.items():
            seconds = each.get("median")
            gain = times(before / seconds) if before and seconds and (name in STEPS or name == OURS) else ""
            speed = digits(case["labels"]["products"] / seconds / 1e9) if seconds else ""
            counts = [made.get(quantity, {}).get(name, {}).get("median") for quantity in QUANTITIES]
            rows.append([name, spread(each, "s"), gain, speed, *["" if n is None else f"{n:.0f}" for n in counts]])
            before = seconds
        header = ["step", "time", "gain", "products a ns", "packed", "scalar", "at once"]
        text = f"{case['name']}:\n\n" + table(header, rows)
        for against in ("parallel", best_variant(found)):
            if against and (speedup := ratio(found, against)):
                text += f"\n{OURS} is {speedup:.2f} times as fast as {against}.\n"
        parts.append(text)
    parts.append(
        "The gain is that on the step before. The last columns count the instructions of arithmetic in the compiled "
        "code: those that take several numbers at a time, those that take one, and how many one takes at most.\n"
    )
    return "\n".join(parts)


def shared_by(count: int) -> Callable[[float], float]:
    """Turns the seconds of the whole into those of one of `count` parts."""
    return lambda seconds: seconds / count


def show_scaling(cases: Sequence[Case]) -> str:
    """A table for each quantity that the time depends on."""
    parts = []
    # What to divide the time by, so that an equal cost shows as an equal number.
    powers = {"batch": ("image", 1), "size": ("place", 2), "channels": ("channel squared", 2), "threads": ("", 0)}
    for case in cases:
        per, power = powers[case["labels"]["along"]]
        found = case["contenders"]
        rows = [
            [name, spread(each, case["unit"])]
            + ([spread(each, "s", shared_by(number_of(name) ** power))] if power else [])
            for name, each in found.items()
        ]
        text = f"{case['name']}:\n\n" + table(["", "time", *([f"time per {per}"] if power else [])], rows)
        measured = {number_of(name): each["median"] for name, each in found.items() if "median" in each}
        if power and len(measured) > 1:
            slope = fitted_slope(list(measured), list(measured.values()))
            text += f"\nThe time grows with the power {slope:.2f}.\n"
        ours, limit = targets.speedup(found), targets.speedup(found, f"{ARITHMETIC}, ")
        if ours is not None:
            text += f"\nTwo threads are {ours:.2f} times as fast as one"
            text += f", and {limit:.2f} times at arithmetic that touches no memory.\n" if limit else ".\n"
        parts.append(text)
    return "\n".join(parts)


def show_full(cases: Sequence[Case]) -> str:
    """Whole runs."""
    return "Ours also saves checkpoints and draws pictures.\n\n" + show_cases(cases)


TITLES: dict[str, tuple[str, Callable[[Sequence[Case]], str]]] = {
    "training": ("Training the network of the course", show_training),
    "sequences": ("Training networks on sequences, time of a step", show_cases),
    "conv": ("Convolution, forward and both gradients", show_conv),
    "ladder": ("Convolution, step by step from the textbook loop", show_ladder),
    "matmul": ("Matrix product", show_cases),
    "elementwise": ("Map, zip and reduce", show_cases),
    "small": ("Tensors of one number, time of an operation", show_cases),
    "startup": ("Start-up", show_cases),
    "memory": ("Memory", show_cases),
    "scaling": ("Scaling", show_scaling),
    "full": ("The full training run", show_full),
}


def show_targets(rows: Sequence[Mapping[str, Any]]) -> str:
    """A row for each figure, and whether it was reached."""
    said = {True: "yes", False: "no", None: ""}
    lines = []
    for row in rows:
        sign = "<=" if row["at_most"] else ">="
        value = "not measured" if row["value"] is None else f"{row['value']:.3f} {row['unit']}"
        bounds = [f"{sign} {row[bound]:g} {row['unit']}" for bound in ("must", "aim")]
        met = [said[row["must_met"]], said[row["aim_met"]]]
        lines.append([row["name"], value, bounds[0], met[0], bounds[1], met[1], row["detail"]])
    return table(["figure", "measured", "must", "met", "aim", "met", ""], lines)


def document(here: Mapping[str, Any], groups: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str:
    """The whole report, in Markdown."""
    parts = ["# Benchmark\n", table(["", ""], [[name, str(value or "not installed")] for name, value in here.items()])]
    if any(group["quick"] for group in groups.values()):
        parts.append(
            "Some of this comes from a quick run, with tiny sizes: it shows that all works and proves nothing.\n"
        )
    if len({group["library"] for group in groups.values()}) > 1:
        parts.append("The library was changed between the groups: compare their stamps.\n")
    parts += [
        "## Figures\n",
        "More than 1 x means that ours is faster than the best peer. Where a figure says *ours / PyTorch's*, less is "
        "better.\n",
        show_targets(rows),
    ]
    for name, (title, show) in TITLES.items():
        if name not in groups:
            continue
        group = groups[name]
        quick = ", a quick run that proves nothing" if group["quick"] else ""
        parts += [
            f"## {title}\n",
            f"`{group['command']}`, {rounds_of(group['cases'])}{quick}, library {group['library']}. "
            "Medians, with the first and third quartile in brackets.\n",
            show(group["cases"]),
            *[f"- {line}" for line in failures(group["cases"])],
        ]
    return "\n".join(parts)


def rounds_of(cases: Sequence[Case]) -> str:
    """How many rounds there were. What takes long has fewer than what was asked for."""
    counts = {len(found.get("rounds", [])) for case in cases for found in case["contenders"].values()} - {0}
    if not counts:
        return "no rounds"
    numbers = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else str(min(counts))
    return f"{numbers} round{'' if counts == {1} else 's'}"


def failures(cases: Sequence[Case]) -> list[str]:
    """A line for each contender that could not do its work."""
    return [
        f"{case['name']}: {name} failed: {found['error'].splitlines()[-1]}"
        for case in cases
        for name, found in case["contenders"].items()
        if "error" in found
    ]
