"""The cases of task 0.5, a classifier set by hand."""

from typing import Any

import numpy as np

from minitorch import ArgumentError
from project import run_manual
from project.course.cases import Case, Values
from project.course.inputs import Array, rng_for
from project.course.suites.plain_numbers import as_array

TASK = "0_5"


def run_weights(dataset: str, points: Array) -> Values:
    """On which side of the chosen line each point lies: 1 where the sum is more than 0."""
    w1, w2, bias = run_manual.choose_weights(dataset)
    return {"label of each point": np.array([float(w1 * x1 + w2 * x2 + bias > 0) for x1, x2 in points.tolist()])}


def run_refusal(dataset: str) -> Values:
    """Whether an ArgumentError is raised; if not, what is returned."""
    try:
        returned = run_manual.choose_weights(dataset)
    except ArgumentError:
        return {"raises an ArgumentError": True}
    return {"raises an ArgumentError": False, "returns": as_array(returned)}


def run_network(weights: tuple[float, float], bias: float, points: Array) -> Values:
    """The network's result for each point."""
    training = run_manual.ManualTrain()
    training.set_weights(*weights, bias)
    return {"probability of each point": as_array([training.run_one((x1, x2)) for x1, x2 in points.tolist()])}


def weights_case(name: str, dataset: str, points: Any) -> Case:
    """A case for `choose_weights` and points of a data set."""
    inputs = {"dataset": dataset, "points": np.array(points)}
    return Case(TASK, f"choose_weights: {dataset}, {name}", run_weights, "labels", inputs)


def network_case(name: str, weights: tuple[float, float], bias: float, points: Any) -> Case:
    """A case for the network."""
    inputs = {"weights": weights, "bias": bias, "points": np.array(points)}
    return Case(TASK, f"network: {name}", run_network, "probabilities", inputs)


def _cases() -> list[Case]:
    rng = rng_for(TASK)
    unit_square = rng.uniform(0.0, 1.0, (60, 2))  # (points, 2)
    height = np.linspace(0.02, 0.98, 7)
    step = 1e-5 * np.array([-1.0, 1.0])
    near_half = np.array([(0.5 + d, x2) for x2 in height for d in step])  # (14, 2), on both sides of x1 = 0.5
    near_diagonal = np.array([(x2 / 2, 0.5 - x2 / 2 + d) for x2 in height for d in step])
    points = rng.uniform(-2.0, 2.0, (9, 2))
    cases = [
        weights_case("one point on the left", "Simple", [(0.25, 0.5)]),
        weights_case("one point on the right", "Simple", [(0.75, 0.5)]),
        weights_case("many points", "Simple", unit_square),
        weights_case("points close to the line", "Simple", near_half),
        weights_case("one point in the corner", "Diag", [(0.125, 0.25)]),
        weights_case("one point far from the corner", "Diag", [(0.75, 0.625)]),
        weights_case("many points", "Diag", np.concatenate([unit_square, unit_square / 2])),
        weights_case("points close to the line", "Diag", near_diagonal),
    ]
    for dataset in ("Split", "Xor", "Circle", "Spiral"):
        cases.append(Case(TASK, f"choose_weights: {dataset}", run_refusal, "refused", {"dataset": dataset}))
    cases += [
        network_case("a point on the line", (2.0, -1.0), 0.0, [(1.0, 2.0)]),
        network_case("the first weight only", (2.0, 0.0), 0.0, [(0.5, 3.0), (-0.25, 3.0)]),
        network_case("the second weight only", (0.0, 2.0), 0.0, [(3.0, 0.5), (3.0, -0.25)]),
        network_case("the bias only", (0.0, 0.0), 1.5, [(0.5, 0.25)]),
        network_case("weights that differ, and many points", (1.5, -0.75), 0.5, points),
        network_case("a line far away", (300.0, 200.0), -1000.0, points),
    ]
    return cases


CASES = _cases()
