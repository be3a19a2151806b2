"""Train a network to know the normal course of a series, and raise the alarm where it does something else.

    python project/run_anomaly.py

learns from 1 200 normal values of an arterial blood pressure to predict the next one, and then watches 7 501 of them:
the normal part once more, and what comes behind it, where the patient begins to bleed. The alarm is raised where the
network is far more surprised than it ever was in the normal part. The script writes the weights, a log and pictures
into project/runs/anomaly. It works on any file:

    python project/run_anomaly.py --csv FILE --column NAME --train-size 1000

takes the first 1 000 rows of the file as normal, and goes through all of it without keeping it in memory.
"""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import minitorch
from minitorch import Adam, Sequential, Tensor
from minitorch.errors import ArgumentError, explain
from project import series
from project.anomaly import (
    DTYPE,
    MARGIN,
    MAX_NORM,
    PIECE,
    TOLERANCE,
    Findings,
    Scale,
    Watch,
    build_network,
    cut_windows,
    find_anomalies,
)
from project.training import (
    BACKENDS,
    INTERRUPTED,
    Array,
    Settings,
    Totals,
    Training,
    import_pictures,
    number_between,
    run_main,
    settings_from,
    slices,
    training_parser,
)

VALUE, LABEL = "value", "is_anomaly"  # the columns of the series that comes with the script
VALIDATION = 5  # of the normal part, the last fifth is held out
PATIENCE = 10
DEFAULT_OUT = Path(__file__).parent / "runs" / "anomaly"


@dataclass
class AnomalySettings(Settings):
    """What decides the numbers of a run; also, which series is learned from, and how.

    Attributes:
        csv: The file; an empty text for the series that comes with the script.
        column: The column that holds the series.
        train_size: The number of rows at its beginning that are normal.
        window: The number of values that a prediction comes from.
    """

    csv: str
    column: str
    train_size: int
    window: int


class AnomalyTraining(Training):
    """The training of the network on the normal part of a series.

    Args:
        settings: The settings.
        normal: The normal part, of shape (rows,).
    """

    script = "run_anomaly.py"
    items = "windows"
    held_out = "validation"
    has_accuracy = False
    model: Sequential

    def __init__(self, settings: AnomalySettings, normal: Array) -> None:
        self.scale = Scale.of(normal)
        self.backend = BACKENDS[settings.backend]
        self.windows, self.following = cut_windows(self.scale.apply(normal), settings.window)
        if len(self.following) < 2:
            raise ArgumentError(
                explain(
                    "The normal part is too short: nothing can be held out, to know when to stop.",
                    got=f"{len(normal)} rows, and windows of {settings.window}",
                    expected=f"{settings.window + 2} rows or more",
                    fix="choose a longer normal part, or a shorter window",
                )
            )
        train_count = max(1, len(self.following) * (VALIDATION - 1) // VALIDATION)
        minitorch.manual_seed(settings.seed)
        model = build_network(settings.window, self.backend)
        optimizer = Adam(model.parameters(), lr=settings.lr)
        super().__init__(settings, model, optimizer, train_count, patience=PATIENCE, max_norm=MAX_NORM)

    def take(self, chosen: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Windows (batch, 1, window), and the values (batch,) that follow them."""
        return self.windows[chosen], self.following[chosen]

    def objective(self, batch: tuple[Array, Array]) -> tuple[Tensor, int, int]:
        """The mean squared error of a batch; no predictions that are right or wrong; and how many there were."""
        windows, following = batch
        predicted = self.model(minitorch.tensor(windows, backend=self.backend, dtype=DTYPE))  # (batch, 1)
        return minitorch.mse_loss(predicted.view(len(following)), following), 0, len(following)

    def test(self) -> Totals:
        """The mean squared error on the windows that are held out."""
        self.model.eval()
        totals = Totals()
        windows, following = self.windows[self.count :], self.following[self.count :]
        for chosen in slices(len(following), PIECE):
            loss, _, count = self.objective((windows[chosen], following[chosen]))
            totals.loss += float(loss) * count
            totals.count += count
        return totals

    def watch(self) -> Watch:
        """What watches a series from its beginning on, with the network as it is."""
        return Watch(self.model, self.backend, self.scale, self.windows.shape[2])


def read_normal(path: Path, columns: Sequence[str], encoding: str, size: int) -> Array:
    """The first rows of a series, of shape (size,).

    Args:
        path: The file.
        columns: The column of the series, and that of the labels if there is one.
        encoding: The encoding of the file.
        size: How many rows are said to be normal.

    Raises:
        ArgumentError: The series is shorter, or an anomaly is labelled in them.
    """
    rows = series.read_columns(path, columns, encoding)
    normal = list(itertools.islice(rows, size))
    rows.close()
    if len(normal) < size:
        raise ArgumentError(
            explain(
                "The series is shorter than its normal part is said to be.",
                got=f"{len(normal)} rows in {path}",
                expected=f"{size} rows or more, as --train-size says",
                fix="give a smaller --train-size, and leave rows to watch",
            )
        )
    labelled = [number for number, (_, *labels) in enumerate(normal) if any(labels)]
    if labelled:
        raise ArgumentError(
            explain(
                "The normal part of the series is not normal.",
                got=f"an anomaly that is labelled in row {labelled[0]} of {path}",
                expected=f"no anomaly in the first {size} rows",
                fix="give a smaller --train-size",
            )
        )
    return np.array([value for value, *_ in normal])


# The script


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = training_parser(
        "Train a network to know the normal course of a series, and raise the alarm where it does something else.",
        AnomalyTraining.items,
        epochs=40,
        batch_size=32,
        lr=0.002,
        out=DEFAULT_OUT,
    )
    whole = number_between(1, kind=int)
    parser.add_argument("--csv", default="", help="the file to watch, if not the blood pressure that is here")
    parser.add_argument("--column", default=VALUE, help="the column of the file that holds the series")
    parser.add_argument("--encoding", default="utf-8", help="the encoding of the file")
    parser.add_argument("--label", help="the column that is not 0 where an anomaly is known, if there is one")
    parser.add_argument("--window", type=whole, default=64, help="the values that a prediction comes from")
    parser.add_argument("--train-size", type=whole, default=1200, help="rows at the beginning, all of them normal")
    parser.add_argument("--test-size", type=whole, help="rows to watch, from the first one on; all, if left out")
    parser.add_argument(
        "--target-alarms",
        type=number_between(0, kind=int),
        help=f"rows that may raise the alarm more than {TOLERANCE} rows from a known anomaly, which must have the "
        "highest score; the exit status tells whether it was so",
    )
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    out: Path = arguments.out
    settings = settings_from(AnomalySettings, arguments)
    if settings.csv:
        settings.csv = str(Path(settings.csv).resolve())  # so that --resume knows the file by whatever path
    normal_path = path = Path(settings.csv)
    if path.exists() and not path.is_file() and settings.csv:
        raise ArgumentError(
            explain(
                "The series is read twice, once for its normal part.",
                got=f"{path}, which is no file",
                expected="a file",
                fix="write the series into a file first",
            )
        )
    label = arguments.label
    if not settings.csv:
        series.check_files()
        normal_path, path, label = series.TRAIN, series.TEST, label or LABEL
    if arguments.target_alarms is not None and label is None:
        raise ArgumentError(
            explain(
                "Whether an alarm is right can only be told where anomalies are known.",
                got="--target-alarms without --label",
                expected="the column that is not 0 where an anomaly is known",
                fix="name it with --label, or leave out --target-alarms",
            )
        )
    columns = [settings.column] if label is None else [settings.column, label]
    rows = series.read_columns(path, columns, arguments.encoding)  # so that a wrong name is told before the training
    normal = read_normal(normal_path, columns, arguments.encoding, settings.train_size)
    run = AnomalyTraining(settings, normal)
    about = (
        f"{run.count} windows to train on, {len(run.following) - run.count} to know when to stop, "
        f"backend {settings.backend}"
    )
    if not run.run(out, arguments.resume, about):
        rows.close()
        return INTERRUPTED

    threshold = MARGIN * float(np.nanmax(run.watch().scores(normal)))
    print(f"the alarm is raised at {threshold:.2f}, {MARGIN:g} times the highest score of the normal part", flush=True)
    found = find_anomalies(run.watch(), itertools.islice(rows, arguments.test_size), threshold, settings.train_size)
    rows.close()
    draw_pictures(run, found, settings.train_size, out)
    print(f"weights, log and pictures are in {out}")
    return report(found, label is not None, arguments.target_alarms)


def report(found: Findings, has_labels: bool, target: int | None) -> int:
    """Say what was found, and return the exit status."""
    top = "nothing behind the normal part"
    if found.top >= 0:
        where = "" if not has_labels else ", at the known anomaly" if found.top_is_near else ", not at a known anomaly"
        top = f"highest score {found.top_score:.2f} in row {found.top}{where}"
    print(f"{found.rows} rows, {found.alarms} alarms; {top}")
    if has_labels:
        print(f"{found.false_rows} rows raised a false alarm, more than {TOLERANCE} rows from a known anomaly")
    if target is None:
        return 0
    reached = found.top_is_near and found.false_rows <= target
    outcome = "reached" if reached else "missed"
    print(f"target, the highest score at the anomaly and at most {target} false rows: {outcome}")
    return 0 if reached else 1


def draw_pictures(run: AnomalyTraining, found: Findings, normal_rows: int, out: Path) -> None:
    """Draw how training went, and what was found, if matplotlib is there."""
    pictures = import_pictures()
    if pictures is None:
        return
    pictures.draw_curves(run.log, out / "curves.png", run.held_out, has_dropout=False)
    pictures.draw_anomalies(found.overview, found.threshold, found.top, normal_rows, out / "anomalies.png")


if __name__ == "__main__":
    run_main(main)
