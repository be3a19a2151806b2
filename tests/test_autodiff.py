"""Central differences, the chain rule, and backpropagation through graphs of every form.

The graphs are made of Scalars. What the derivatives should be comes from calculus, or from the same computation done
forwards: `Dual` carries a number together with its derivatives, and so never has to walk a graph.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import Context, GraphError, Scalar, ScalarFunction, ScalarHistory, central_difference
from minitorch.autodiff import wrap_tuple

from .checks import seeds

# Central differences


@pytest.mark.task1_1
@given(x=st.floats(-10, 10), epsilon=st.floats(0.1, 1))
def test_central_difference_goes_to_both_sides(x: float, epsilon: float) -> None:
    # With a step this large, the slope of a chord of x^3 is visibly another than that of a one-sided difference:
    # ((x + e)^3 - (x - e)^3) / 2e = 3 x^2 + e^2.
    assert central_difference(lambda z: z**3, x, epsilon=epsilon) == pytest.approx(3 * x**2 + epsilon**2, abs=1e-9)


@pytest.mark.task1_1
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: x, lambda x: 1.0),
        (lambda x: x * x, lambda x: 2 * x),
        (np.exp, np.exp),
        (np.sin, np.cos),
        (lambda x: 1 / x, lambda x: -1 / x**2),
    ],
)
@pytest.mark.parametrize("x", [-2.0, -0.5, 0.25, 3.0])
def test_central_difference_is_close_to_the_derivative(f: Any, slope: Any, x: float) -> None:
    assert central_difference(f, x) == pytest.approx(slope(x), rel=1e-8)


@pytest.mark.task1_1
@pytest.mark.parametrize(("arg", "slope"), [(0, 15.0), (1, 10.0), (2, 6.0)])
def test_central_difference_moves_one_argument_only(arg: int, slope: float) -> None:
    assert central_difference(lambda x, y, z: x * y * z, 2.0, 3.0, 5.0, arg=arg) == pytest.approx(slope, rel=1e-8)


@pytest.mark.task1_1
def test_central_difference_evaluates_twice_around_the_point() -> None:
    seen: list[tuple[float, ...]] = []

    def f(*point: float) -> float:
        seen.append(point)
        return 0.0

    central_difference(f, 4.0, 8.0, arg=1, epsilon=0.5)
    assert sorted(seen) == [(4.0, 7.5), (4.0, 8.5)]


@pytest.mark.task1_2
def test_central_difference_of_scalars() -> None:
    x, y = Scalar(2.0), Scalar(3.0)
    assert central_difference(lambda a, b: a * b * b, x, y, arg=1).data == pytest.approx(12.0, rel=1e-8)
    assert (x.data, y.data) == (2.0, 3.0)


# One step of the chain rule


class Weigh(ScalarFunction):
    """f(x, y) = 2 x + 3 y + 10"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        return 2 * x + 3 * y + 10

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        return 2 * d_output, 3 * d_output


class Product(ScalarFunction):
    """f(x, y) = x y + x"""

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        ctx.save_for_backward(x, y)
        return x * y + x

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        x, y = ctx.saved_values
        return d_output * (y + 1), d_output * x


class Cube(ScalarFunction):
    """f(x) = x^3; its backward returns a number, not a tuple"""

    @staticmethod
    def forward(ctx: Context, x: float) -> float:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Context, d_output: float) -> float:
        (x,) = ctx.saved_tensors  # the same values, under the name that PyTorch gives them
        return 3 * x * x * d_output


@pytest.mark.task1_3
def test_chain_rule_of_a_history_made_by_hand() -> None:
    x, y = Scalar(0.0), Scalar(0.0)
    made = Scalar(0.0, ScalarHistory(Weigh, Context(), [x, y]))
    (first, dx), (second, dy) = made.chain_rule(d_output=5)
    assert first is x
    assert second is y
    assert (dx, dy) == (10, 15)


@pytest.mark.task1_3
@given(x=st.floats(-10, 10), y=st.floats(-10, 10), d=st.floats(-10, 10))
def test_chain_rule_uses_what_arrives_and_what_was_saved(x: float, y: float, d: float) -> None:
    a, b = Scalar(x), Scalar(y)
    pairs = list(Product.apply(a, b).chain_rule(d_output=d))
    assert [v is w for (v, _), w in zip(pairs, (a, b))] == [True, True]
    assert [derivative for _, derivative in pairs] == pytest.approx([d * (y + 1), d * x])


@pytest.mark.task1_3
@pytest.mark.parametrize("number_first", [True, False])
def test_chain_rule_has_a_pair_for_plain_numbers_too(number_first: bool) -> None:
    x = Scalar(5.0)
    out = Product.apply(10, x) if number_first else Product.apply(x, 10)
    pairs = list(out.chain_rule(d_output=5))
    assert len(pairs) == 2
    assert pairs[1 if number_first else 0][0] is x
    assert pairs[0 if number_first else 1][0].data == 10.0
    assert [d for _, d in pairs] == ([30.0, 50.0] if number_first else [55.0, 25.0])


@pytest.mark.task1_3
def test_chain_rule_of_a_single_derivative() -> None:
    x = Scalar(2.0)
    ((variable, derivative),) = Cube.apply(x).chain_rule(d_output=-1.0)
    assert variable is x
    assert derivative == -12.0


@pytest.mark.task1_3
def test_chain_rule_passes_the_same_variable_twice() -> None:
    x = Scalar(3.0)
    pairs = list(Product.apply(x, x).chain_rule(d_output=2.0))
    assert [v is x for v, _ in pairs] == [True, True]
    assert [d for _, d in pairs] == [8.0, 6.0]


@pytest.mark.task1_3
@pytest.mark.parametrize(("variable", "kind"), [(Scalar(1.0), "a leaf"), (Scalar(1.0, None), "a constant")])
def test_chain_rule_needs_a_computed_variable(variable: Scalar, kind: str) -> None:
    with pytest.raises(GraphError, match=rf"got: +{kind}\n  expected: the result of some Function"):
        variable.chain_rule(1.0)


@pytest.mark.task1_3
@pytest.mark.parametrize("returned", [(), (1.0,), 1.0, (1.0, 2.0, 3.0)])
def test_a_wrong_number_of_derivatives_is_noticed(returned: Any) -> None:
    class Broken(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float, y: float) -> float:
            return x + y

        @staticmethod
        def backward(ctx: Context, d_output: float) -> Any:
            return returned

    x, y = Scalar(1.0), Scalar(2.0)
    count = len(returned) if isinstance(returned, tuple) else 1
    with pytest.raises(GraphError, match=rf"Broken\.backward.*\n  got: +{count} derivatives for 2 inputs\n"):
        Broken.apply(x, y).chain_rule(1.0)
    with pytest.raises(GraphError, match="one derivative for each variable"):
        Broken.apply(x, 2.0).backward()
    assert x.derivative is None


@pytest.mark.task1_3
@pytest.mark.parametrize(
    ("x", "expected"), [((1, 2), (1, 2)), (3.0, (3.0,)), ((), ()), ([1, 2], ([1, 2],)), (None, (None,))]
)
def test_wrap_tuple(x: Any, expected: tuple) -> None:
    assert wrap_tuple(x) == expected


# Contexts and histories


@pytest.mark.task1_3
def test_a_context_keeps_what_it_is_given() -> None:
    ctx = Context()
    assert ctx.saved_values == ()
    ctx.save_for_backward(1.0, "two", [3])
    assert ctx.saved_values == ctx.saved_tensors == (1.0, "two", [3])


@pytest.mark.task1_3
def test_a_context_without_gradients_keeps_nothing() -> None:
    ctx = Context(no_grad=True)
    ctx.save_for_backward(1.0, 2.0)
    assert ctx.saved_values == ()


@pytest.mark.task1_3
def test_apply_remembers_function_context_and_inputs() -> None:
    x, y = Scalar(2.0), Scalar(3.0)
    out = Product.apply(x, y)
    assert out.history.last_fn is Product
    assert out.history.ctx.saved_values == (2.0, 3.0)
    assert [v is w for v, w in zip(out.parents, (x, y))] == [True, True]
    assert not out.is_leaf()
    assert not out.is_constant()


@pytest.mark.task1_3
def test_apply_of_constants_gives_a_constant() -> None:
    kept: list[Context] = []

    class Watched(Product):
        @staticmethod
        def forward(ctx: Context, x: float, y: float) -> float:
            kept.append(ctx)
            return Product.forward(ctx, x, y)

    out = Watched.apply(Scalar(2.0, None), Scalar(3.0, None))
    assert out.data == 8.0
    assert out.is_constant()
    assert kept[0].no_grad
    assert kept[0].saved_values == ()


@pytest.mark.task1_3
def test_apply_says_which_inputs_need_a_gradient() -> None:
    out = Product.apply(Scalar(2.0), Scalar(3.0, None))
    assert out.history.ctx.needs_input_grad == (True, False)


@pytest.mark.task1_3
def test_leaves_and_constants() -> None:
    leaf, constant = Scalar(1.0), Scalar(1.0, None)
    assert (leaf.is_leaf(), leaf.is_constant(), list(leaf.parents)) == (True, False, [])
    assert (constant.is_leaf(), constant.is_constant(), list(constant.parents)) == (False, True, [])


@pytest.mark.task1_3
def test_apply_without_a_variable_is_refused() -> None:
    with pytest.raises(TypeError, match=r"Product\.apply was given no variable\.\n  got: +\(int, float\)\n"):
        Product.apply(1, 2.0)


@pytest.mark.task1_3
def test_a_function_must_define_forward() -> None:
    class Empty(ScalarFunction):
        pass

    with pytest.raises(NotImplementedError, match="must define the static method forward"):
        Empty.apply(Scalar(1.0))


@pytest.mark.task1_3
def test_a_function_without_backward_cannot_be_differentiated() -> None:
    class Forward(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, x: float) -> float:
            return 2 * x

    x = Scalar(1.0)
    with pytest.raises(GraphError, match=r"no derivative(.|\n)*fix: +call \.detach\(\)"):
        Forward.apply(x).backward()
    assert x.derivative is None


@pytest.mark.task1_3
def test_the_base_variable_leaves_six_answers_to_its_kinds() -> None:
    base = minitorch.Variable()
    calls: list[Any] = [
        lambda: base.accumulate_derivative(1.0),
        base.detach,
        lambda: base.like(1.0),
        lambda: base._fit(1.0),
        lambda: base._operands([1.0]),
        lambda: base._wrap(1.0, None),
    ]
    for call in calls:
        with pytest.raises(NotImplementedError):
            call()


# Backpropagation: graphs with a known answer


@pytest.mark.task1_4
@given(x=st.floats(-10, 10), y=st.floats(-10, 10), d=st.floats(-10, 10))
def test_backward_through_two_functions(x: float, y: float, d: float) -> None:
    a, b = Scalar(x), Scalar(y)
    Weigh.apply(Product.apply(a, b), b).backward(d_output=d)  # 2 (x y + x) + 3 y + 10
    assert a.derivative == pytest.approx(d * 2 * (y + 1), abs=1e-12)
    assert b.derivative == pytest.approx(d * (2 * x + 3), abs=1e-12)


@pytest.mark.task1_4
def test_backward_starts_from_one() -> None:
    x = Scalar(2.0)
    Cube.apply(x).backward()
    assert x.derivative == 12.0


@pytest.mark.task1_4
def test_backward_from_zero_is_not_backward_from_one() -> None:
    x = Scalar(2.0)
    Cube.apply(x).backward(0.0)
    assert x.derivative == 0.0


@pytest.mark.task1_4
def test_backward_of_a_leaf_is_one() -> None:
    x = Scalar(7.0)
    x.backward()
    assert x.derivative == 1.0


@pytest.mark.task1_4
def test_doubling_twice() -> None:
    a = Scalar(1.0)
    b = a + a
    c = b + b
    c.backward(5.0)
    assert a.derivative == 20.0
    assert b.derivative is None, "only leaves collect"


@pytest.mark.task1_4
@pytest.mark.parametrize("order", ["short first", "long first"])
def test_a_skip_connection(order: str) -> None:
    # The paths from y to b have different lengths. A walk that goes level by level meets b too early, along the short
    # path, and carries only a part of its derivative on.
    a = Scalar(3.0)
    b = Cube.apply(a)
    detour = Cube.apply(Cube.apply(b))
    y = b + detour if order == "short first" else detour + b
    y.backward()
    assert a.derivative == pytest.approx(3 * 3.0**2 + 27 * 3.0**26, rel=1e-12)  # y = a^3 + a^27


@pytest.mark.task1_4
def test_a_skip_connection_at_every_step() -> None:
    a = Scalar(1.0)
    previous, current = a, a + 0.0
    for _ in range(20):
        previous, current = current, current + previous
    current.backward()
    assert a.derivative == 17711.0  # a Fibonacci number: 1, 1, 2, 3, 5, ...


@pytest.mark.task1_4
def test_a_chain_of_5000_steps() -> None:
    # Far deeper than Python lets functions call each other.
    a = Scalar(1.0)
    x = a
    for _ in range(5000):
        x = x * 1.0001
    x.backward()
    assert a.derivative == pytest.approx(1.0001**5000, rel=1e-9)


class Doubling(ScalarFunction):
    """f(x, y) = x + y, which counts how often it is differentiated"""

    calls = 0

    @staticmethod
    def forward(ctx: Context, x: float, y: float) -> float:
        return x + y

    @staticmethod
    def backward(ctx: Context, d_output: float) -> tuple[float, float]:
        Doubling.calls += 1
        if Doubling.calls > 40:
            raise AssertionError("a variable was expanded more than once")
        return d_output, d_output


@pytest.mark.task1_4
def test_a_diamond_of_40_layers() -> None:
    # There are 2^40 paths. Whoever walks them one by one will not live to see the end.
    Doubling.calls = 0
    a = Scalar(1.0)
    x = a
    for _ in range(40):
        x = Doubling.apply(x, x)
    x.backward()
    assert a.derivative == 2.0**40
    assert Doubling.calls == 40


@pytest.mark.task1_4
def test_repeated_backward_adds_up() -> None:
    x, y = Scalar(2.0), Scalar(3.0)
    out = x * y
    out.backward()
    out.backward(10.0)
    assert (x.derivative, y.derivative) == (33.0, 22.0)


@pytest.mark.task1_4
def test_two_results_that_share_a_leaf_add_up() -> None:
    x = Scalar(2.0)
    Cube.apply(x).backward()
    (x * 5.0).backward()
    assert x.derivative == 17.0


@pytest.mark.task1_4
def test_constants_collect_nothing_and_change_nothing() -> None:
    x, constant = Scalar(2.0), Scalar(3.0, None)
    (constant * x + constant * constant).backward()
    assert x.derivative == 3.0
    assert constant.derivative is None


@pytest.mark.task1_4
def test_a_derivative_of_none_brings_nothing() -> None:
    class First(ScalarFunction):
        """f(x, y) = x; it says that nobody needs the derivative with respect to y"""

        @staticmethod
        def forward(ctx: Context, x: float, y: float) -> float:
            return x

        @staticmethod
        def backward(ctx: Context, d_output: float) -> tuple[float, None]:
            return d_output, None

    x, y, z = Scalar(2.0), Scalar(3.0), Scalar(4.0)
    (First.apply(x, y * z) + First.apply(x, z) + z).backward()  # z gets nothing along two paths, and 1 along the third
    assert (x.derivative, y.derivative, z.derivative) == (2.0, None, 1.0)


@pytest.mark.task1_4
def test_backward_of_a_constant_is_refused() -> None:
    with pytest.raises(GraphError, match=r"got: +Scalar\(3\.0\)\n  expected: a Scalar that was computed(.|\n)*fix: "):
        Scalar(3.0, None).backward()


@pytest.mark.task1_4
@pytest.mark.parametrize("kind", ["a constant", "the result of a Function"])
def test_only_leaves_accumulate(kind: str) -> None:
    variable = Scalar(1.0, None) if kind == "a constant" else Scalar(1.0) + 1.0
    with pytest.raises(GraphError, match=rf"got: +{kind}\n  expected: a Scalar made by Scalar\(x\)\n  fix:"):
        variable.accumulate_derivative(1.0)
    assert variable.derivative is None


@pytest.mark.task1_4
def test_detach_cuts_the_graph() -> None:
    x = Scalar(2.0)
    cut = (x * 3.0).detach()
    assert cut.is_constant()
    assert cut.data == 6.0
    (cut * x).backward()
    assert x.derivative == 6.0


# Backpropagation: random graphs


@dataclass
class Dual:
    """A number, and its derivatives with respect to every leaf; computing with it applies the rules of calculus."""

    value: float
    slopes: Any

    def __add__(self, other: "Dual") -> "Dual":
        return Dual(self.value + other.value, self.slopes + other.slopes)

    def __neg__(self) -> "Dual":
        return Dual(-self.value, -self.slopes)

    def __mul__(self, other: "Dual") -> "Dual":
        return Dual(self.value * other.value, self.slopes * other.value + self.value * other.slopes)

    def sigmoid(self) -> "Dual":
        y = 1 / (1 + np.exp(-self.value))
        return Dual(y, y * (1 - y) * self.slopes)


STEPS: list[Callable[[Any, Any], Any]] = [
    lambda a, b: a + b,
    lambda a, b: a + (-b),
    lambda a, b: a.sigmoid() * b,  # the sigmoid keeps products from growing without bounds
    lambda a, b: -a,
]


def random_graph(rng: np.random.Generator, variables: list[Any]) -> list[Any]:
    """Go on from `variables` with random steps, each from any two that are there. Returns old and new ones."""
    made = list(variables)
    for _ in range(int(rng.integers(1, 25))):
        a, b = made[rng.integers(len(made))], made[rng.integers(len(made))]
        made.append(STEPS[rng.integers(len(STEPS))](a, b))
    return made


@pytest.mark.task1_4
@given(seed=seeds())
def test_derivatives_are_summed_over_all_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(-2, 2, 4)
    leaves = [Scalar(x) for x in values[:3]]
    duals = [Dual(x, slopes) for x, slopes in zip(values[:3], np.eye(3))]
    # The fourth is a constant, of which no derivative is wanted.
    steps = int(rng.integers(2**32))
    scalars = random_graph(np.random.default_rng(steps), [*leaves, Scalar(values[3], None)])
    expected = random_graph(np.random.default_rng(steps), [*duals, Dual(values[3], np.zeros(3))])
    for scalar, dual in zip(scalars, expected):
        assert scalar.data == pytest.approx(dual.value, rel=1e-9, abs=1e-12)
    # The last variable that is no constant; it need not depend on every leaf.
    result = max(i for i, scalar in enumerate(scalars) if not scalar.is_constant())
    upstream = rng.normal()
    scalars[result].backward(upstream)
    for i, leaf in enumerate(leaves):
        slope = upstream * expected[result].slopes[i]
        assert (leaf.derivative or 0.0) == pytest.approx(slope, rel=1e-9, abs=1e-12)


@pytest.mark.task1_4
@given(seed=seeds())
def test_topological_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scalars = random_graph(rng, [Scalar(1.0), Scalar(2.0), Scalar(3.0), Scalar(4.0, None)])
    result = scalars[max(i for i, scalar in enumerate(scalars) if not scalar.is_constant())]

    # What can be reached from the result, without constants; found by following the histories to a standstill.
    reached = {id(result): result}
    frontier = [result]
    while frontier:
        frontier = [v for child in frontier for v in child.history.inputs if v.history is not None]
        frontier = list({id(v): v for v in frontier if id(v) not in reached}.values())
        reached.update({id(v): v for v in frontier})

    order = list(minitorch.topological_sort(result))
    place = {id(v): i for i, v in enumerate(order)}
    assert order[0] is result
    assert len(place) == len(order), "a variable stands in the order twice"
    assert set(place) == set(reached)
    for v in order:
        for parent in v.history.inputs:
            if parent.history is not None:
                assert place[id(v)] < place[id(parent)], "a variable must stand before those it was computed from"


@pytest.mark.task1_4
def test_topological_order_of_a_constant_and_of_a_leaf() -> None:
    leaf = Scalar(1.0)
    assert list(minitorch.topological_sort(Scalar(1.0, None))) == []
    assert [v is leaf for v in minitorch.topological_sort(leaf)] == [True]


@pytest.mark.task1_4
def test_backpropagate_takes_the_derivative_of_the_result() -> None:
    x, y = Scalar(2.0), Scalar(5.0)
    minitorch.backpropagate(x * y, 3.0)
    assert (x.derivative, y.derivative) == (15.0, 6.0)
