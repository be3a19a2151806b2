"""The toy data sets, and a classifier whose weights are set by hand."""

import itertools
import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import ArgumentError, Module, Parameter
from minitorch.datasets import Graph, make_pts

from .checks import seeds

pytestmark = pytest.mark.task0_5


def circle(a: float, b: float) -> bool:
    return math.dist((a, b), (0.5, 0.5)) > math.sqrt(0.1)


# What each label means. The spiral has no rule for a point: there, the arm decides.
RULES: dict[str, Callable[[float, float], bool]] = {
    "Simple": lambda a, b: a < 0.5,
    "Diag": lambda a, b: a + b < 0.5,
    "Split": lambda a, b: not 0.2 <= a <= 0.8,
    "Xor": lambda a, b: (a < 0.5 < b) or (b < 0.5 < a),
    "Circle": circle,
}


def test_there_are_six_data_sets() -> None:
    assert list(minitorch.datasets) == [*RULES, "Spiral"]


@pytest.mark.parametrize("name", [*RULES, "Spiral"])
@pytest.mark.parametrize("n", [0, 1, 2, 7, 10, 50, 51])
def test_every_data_set_has_n_labelled_points_in_the_unit_square(name: str, n: int) -> None:
    graph = minitorch.datasets[name](n)
    assert isinstance(graph, Graph)
    assert graph.N == len(graph.X) == len(graph.y) == n
    for point, label in zip(graph.X, graph.y):
        assert isinstance(point, tuple)
        assert len(point) == 2
        assert all(0.0 <= coordinate < 1.0 for coordinate in point)
        assert type(label) is int
        assert label in (0, 1)


@pytest.mark.parametrize("name", RULES)
@given(seed=seeds())
def test_labels_follow_the_rule(name: str, seed: int) -> None:
    graph = minitorch.datasets[name](60, seed)
    assert graph.y == [int(RULES[name](a, b)) for a, b in graph.X]


@pytest.mark.parametrize(
    ("name", "share"),
    [("Simple", 1 / 2), ("Diag", 1 / 8), ("Split", 2 / 5), ("Xor", 1 / 2), ("Circle", 1 - math.pi / 10)],
)
def test_the_share_of_ones_is_the_area_of_their_region(name: str, share: float) -> None:
    n = 4000
    ones = sum(minitorch.datasets[name](n, seed=3).y)
    # Four standard deviations of a binomial count; the seed is fixed, so the result is too.
    assert abs(ones - n * share) < 4 * math.sqrt(n * share * (1 - share))


def test_points_fill_the_square_evenly() -> None:
    points = make_pts(4000, seed=5)
    for quarter in [(False, False), (False, True), (True, False), (True, True)]:
        inside = sum((a < 0.5, b < 0.5) == quarter for a, b in points)
        assert abs(inside - 1000) < 4 * math.sqrt(1000 * 0.75)


@given(n=st.integers(0, 20), seed=seeds())
def test_points_are_drawn_from_pythons_generator(n: int, seed: int) -> None:
    generator = random.Random(seed)
    expected = [(generator.random(), generator.random()) for _ in range(n)]
    assert make_pts(n, seed) == expected
    minitorch.manual_seed(seed)
    assert make_pts(n) == expected


@pytest.mark.parametrize("name", RULES)
def test_a_seed_repeats_the_points_and_disturbs_nothing_else(name: str) -> None:
    make = minitorch.datasets[name]
    before = random.getstate()
    assert make(20, seed=1) == make(20, seed=1)
    assert make(20, seed=1).X != make(20, seed=2).X
    assert random.getstate() == before
    assert make(20).X != make(20).X


@pytest.mark.parametrize("n", [2, 7, 50])
def test_spiral_is_two_arms_that_mirror_each_other(n: int) -> None:
    graph = minitorch.datasets["Spiral"](n)
    half = n // 2
    assert graph.y == [0] * half + [1] * (n - half)
    if n % 2 == 0:
        for (a, b), (c, d) in zip(graph.X[:half], graph.X[half:]):
            assert (a + c, b + d) == pytest.approx((1.0, 1.0))  # opposite each other, seen from the middle
    for arm in (graph.X[:half], graph.X[half:]):
        distances = [math.dist(point, (0.5, 0.5)) for point in arm]
        assert distances == sorted(distances), "an arm leads outwards"
        assert len(set(distances)) == len(distances)


def test_spiral_arms_wind_around_the_middle() -> None:
    first = minitorch.datasets["Spiral"](200).X[:100]
    angles = [math.atan2(b - 0.5, a - 0.5) for a, b in first]
    turns = sum((after - before) % (2 * math.pi) for before, after in itertools.pairwise(angles))
    assert turns > 1.25 * 2 * math.pi, "more than one turn, so no straight line separates the arms"


@pytest.mark.parametrize("make", [make_pts, *minitorch.datasets.values()])
@pytest.mark.parametrize("n", [-1, 2.0, "5", None])
def test_a_wrong_number_of_points_is_refused(make: Callable, n: object) -> None:
    with pytest.raises(ArgumentError, match=rf"got: +{n}\n  expected: a whole number, 0 or more\n  fix:"):
        make(n)


class HandSet(Module):
    """A classifier with weights that a person chose: label 1 where w1 * a + w2 * b + bias is positive."""

    def __init__(self, w1: float, w2: float, bias: float) -> None:
        super().__init__()
        self.w1, self.w2, self.bias = Parameter(w1), Parameter(w2), Parameter(bias)

    def forward(self, a: float, b: float) -> int:
        return int(self.w1.value * a + self.w2.value * b + self.bias.value > 0)


@pytest.mark.parametrize(("name", "weights"), [("Simple", (-1.0, 0.0, 0.5)), ("Diag", (-1.0, -1.0, 0.5))])
def test_one_line_separates_the_easy_data_sets(name: str, weights: tuple[float, float, float]) -> None:
    graph = minitorch.datasets[name](200)
    model = HandSet(*weights)
    assert [model(a, b) for a, b in graph.X] == graph.y


@pytest.mark.parametrize(
    ("name", "first", "second", "both"),
    [
        # A hidden layer of two lines; the last neuron joins what the two say.
        ("Split", (-1.0, 0.0, 0.2), (1.0, 0.0, -0.8), (1.0, 1.0, -0.5)),  # left strip or right strip
        ("Xor", (-1.0, 0.0, 0.5), (0.0, -1.0, 0.5), None),
    ],
)
def test_a_hidden_layer_separates_the_harder_ones(name: str, first: tuple, second: tuple, both: tuple | None) -> None:
    graph = minitorch.datasets[name](200)
    left, right = HandSet(*first), HandSet(*second)
    if both is not None:
        last = HandSet(*both)
        labels = [last(left(a, b), right(a, b)) for a, b in graph.X]
    else:  # "exactly one of the two" is itself no single line: it takes "or", without "and"
        one, two = HandSet(1.0, 1.0, -0.5), HandSet(1.0, 1.0, -1.5)
        one_not_two = HandSet(1.0, -1.0, -0.5)
        hidden = [(left(a, b), right(a, b)) for a, b in graph.X]
        labels = [one_not_two(one(*h), two(*h)) for h in hidden]
    assert labels == graph.y
