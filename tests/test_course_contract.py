"""The names, signatures and habits that programs of the MiniTorch course rely on.

The programs in here are written the way students write them, in this order: numbers, modules, Scalars, tensors, fast
tensors, networks. Each is compared with what NumPy or plain arithmetic says about the same computation.
"""

import ast
import copy
import dataclasses
import inspect
import math
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
import minitorch as mt
from minitorch import (
    Context,
    MathTest,
    MathTestVariable,
    Scalar,
    ScalarFunction,
    ScalarHistory,
    Tensor,
    TensorBackend,
    TensorData,
    derivative_check,
    grad_check,
    operators,
    tensor,
)

from .checks import lay_out, random_array, seeds

# Names and signatures

# Calls that course code makes. What each argument is does not matter here, only that it is accepted.
CALLS = {
    ("task0_1", "operators"): """
        mul(x, y) add(x, y) lt(x, y) eq(x, y) max(x, y) is_close(x, y) id(x) neg(x) sigmoid(x) relu(x) log(x) exp(x)
        inv(x) log_back(x, d) inv_back(x, d) relu_back(x, d)""",
    ("task0_3", "operators"): "map(fn) zipWith(fn) reduce(fn, start) negList(ls) addLists(a, b) sum(ls) prod(ls)",
    ("task0_4", "module"): """
        Module() Module.train(m) Module.eval(m) Module.named_parameters(m) Module.parameters(m) Module.modules(m)
        Module.add_parameter(m, k, v) Module.__call__(m, x, y) Parameter(x) Parameter(x, name) Parameter(x, name=n)
        Parameter.update(p, x)""",
    ("task1_1", "autodiff"): "central_difference(f, x, y, arg=1, epsilon=e) central_difference(f, x)",
    ("task1_2", "scalar"): """
        Scalar(v) Scalar(v, history) Scalar(v, name=n) ScalarHistory() ScalarHistory(fn, ctx, inputs)
        ScalarHistory(last_fn=fn, ctx=c, inputs=i) Scalar.log(s) Scalar.exp(s) Scalar.sigmoid(s) Scalar.relu(s)""",
    ("task1_2", "scalar_functions"): """
        wrap_tuple(x) ScalarFunction.apply(x, y) Add.forward(ctx, a, b) Log.forward(ctx, a) Mul.forward(ctx, a, b)
        Inv.forward(ctx, a) Neg.forward(ctx, a) Sigmoid.forward(ctx, a) ReLU.forward(ctx, a) Exp.forward(ctx, a)
        LT.forward(ctx, a, b) EQ.forward(ctx, a, b)""",
    ("task1_2", "testing"): "MathTest._tests() MathTest._comp_testing() MathTestVariable._comp_testing()",
    ("task1_3", "scalar"): "Scalar.chain_rule(s, d) Scalar.is_leaf(s) Scalar.is_constant(s)",
    ("task1_3", "autodiff"): """
        Context() Context(no_grad, saved) Context(no_grad=n, saved_values=v) Context.save_for_backward(c, x, y)
        Variable.accumulate_derivative(v, x) Variable.is_leaf(v) Variable.is_constant(v) Variable.chain_rule(v, d)""",
    ("task1_4", "autodiff"): "topological_sort(variable) backpropagate(variable, deriv)",
    ("task1_4", "scalar"): "Scalar.backward(s) Scalar.backward(s, d) Scalar.accumulate_derivative(s, x)",
    ("task1_4", "testing"): "derivative_check(f, x, y)",
    ("task1_5", "optim"): "Optimizer(ps) SGD(ps) SGD(ps, rate) SGD(ps, lr=r) SGD.zero_grad(o) SGD.step(o)",
    ("task2_1", "tensor_data"): """
        index_to_position(index, strides) to_index(ordinal, shape, out_index) strides_from_shape(shape)
        TensorData(storage, shape) TensorData(storage, shape, strides) TensorData.to_cuda_(t)
        TensorData.is_contiguous(t) TensorData.index(t, i) TensorData.indices(t) TensorData.sample(t)
        TensorData.get(t, key) TensorData.set(t, key, v) TensorData.tuple(t) TensorData.to_string(t)
        TensorData.permute(t, i, j)""",
    ("task2_2", "tensor_data"): """
        broadcast_index(big_index, big_shape, shape, out_index) shape_broadcast(s, t)
        TensorData.shape_broadcast(s, t)""",
    ("task2_3", "tensor_ops"): """
        TensorOps.map(fn) TensorOps.zip(fn) TensorOps.reduce(fn) TensorOps.reduce(fn, start)
        TensorOps.matrix_multiply(a, b) SimpleOps.map(fn) SimpleOps.zip(fn) SimpleOps.reduce(fn, start) tensor_map(fn)
        tensor_zip(fn) tensor_reduce(fn) TensorBackend(ops)""",
    ("task2_3", "tensor_functions"): """
        wrap_tuple(x) Function.apply(x, y) Neg.forward(ctx, a) Inv.forward(ctx, a) Add.forward(ctx, a, b)
        All.forward(ctx, a, dim) View.forward(ctx, a, shape) Copy.forward(ctx, a) MatMul.forward(ctx, a, b)
        Mul.forward(ctx, a, b) Sigmoid.forward(ctx, a) ReLU.forward(ctx, a) Log.forward(ctx, a) Exp.forward(ctx, a)
        Sum.forward(ctx, a, dim) LT.forward(ctx, a, b) EQ.forward(ctx, a, b) IsClose.forward(ctx, a, b)
        Permute.forward(ctx, a, order)""",
    ("task2_3", "creation"): """
        zeros(shape) zeros(shape, backend) zeros(shape, backend=b) rand(shape) rand(shape, backend)
        rand(shape, backend=b, requires_grad=r) tensor(ls) tensor(ls, backend)
        tensor(ls, backend=b, requires_grad=r)""",
    ("task2_3", "tensor"): """
        Tensor(v, backend=b) Tensor(v, back, name, backend) Tensor(v, back=h, name=n, backend=b)
        Tensor.make(storage, shape) Tensor.make(storage, shape, strides, backend=b) Tensor.requires_grad_(t, x)
        Tensor.requires_grad(t) Tensor.to_numpy(t) Tensor.item(t) Tensor.contiguous(t) Tensor.zeros(t)
        Tensor.zeros(t, shape) Tensor.tuple(t) Tensor.detach(t) Tensor._new(t, td) Tensor._ensure_tensor(t, b)
        Tensor._type_(t, backend) Tensor.all(t) Tensor.all(t, dim) Tensor.is_close(t, y) Tensor.sigmoid(t)
        Tensor.relu(t) Tensor.log(t) Tensor.exp(t) Tensor.sum(t) Tensor.sum(t, dim) Tensor.sum(t, dim=d) Tensor.mean(t)
        Tensor.mean(t, dim) Tensor.permute(t, i, j) Tensor.view(t, i, j)""",
    ("task2_4", "tensor"): """
        History() History(last_fn=f, ctx=c, inputs=i) Tensor.expand(t, other) Tensor.accumulate_derivative(t, x)
        Tensor.is_leaf(t) Tensor.is_constant(t) Tensor.chain_rule(t, d) Tensor.backward(t) Tensor.backward(t, g)
        Tensor.zero_grad_(t)""",
    ("task2_4", "testing"): "grad_check(f, x, y)",
    ("task3_1", "fast_ops"): """
        njit(fn) FastOps.map(fn) FastOps.zip(fn) FastOps.reduce(fn) FastOps.reduce(fn, start) tensor_map(fn)
        tensor_zip(fn) tensor_reduce(fn)""",
    ("task3_2", "fast_ops"): """
        FastOps.matrix_multiply(a, b)
        tensor_matrix_multiply(out, out_shape, out_strides, a, a_shape, a_strides, b, b_shape, b_strides)""",
    ("task4_1", "fast_conv"): """
        Conv1dFun.apply(input, weight) conv1d(input, weight)
        tensor_conv1d(out, oshape, ostrides, osize, inp, ishape, istrides, weight, wshape, wstrides, reverse)""",
    ("task4_2", "fast_conv"): """
        Conv2dFun.apply(input, weight) conv2d(input, weight)
        tensor_conv2d(out, oshape, ostrides, osize, inp, ishape, istrides, weight, wshape, wstrides, reverse)""",
    ("task4_3", "nn"): "tile(input, kernel) avgpool2d(input, kernel)",
    ("task4_4", "nn"): """
        argmax(input, dim) Max.forward(ctx, input, dim) max(input, dim) softmax(input, dim) logsoftmax(input, dim)
        maxpool2d(input, kernel) dropout(input, rate) dropout(input, rate, ignore) dropout(input, rate, ignore=i)""",
}


def calls() -> list[Any]:
    """Each call on its own, under the task that it belongs to."""
    found = []
    for (task, module), text in CALLS.items():
        for call in text.replace(") ", ")\n").splitlines():
            if call.strip():
                mark = getattr(pytest.mark, task)
                found.append(pytest.param(module, call.strip(), marks=mark, id=f"{module}.{call.strip()}"))
    return found


@pytest.mark.parametrize(("module", "call"), calls())
def test_every_call_of_the_course_fits_a_signature(module: str, call: str) -> None:
    expression = ast.parse(call, mode="eval").body
    assert isinstance(expression, ast.Call)
    found: Any = sys.modules[f"minitorch.{module}"]
    for name in ast.unparse(expression.func).split("."):
        found = getattr(found, name)
    keywords = {str(keyword.arg): None for keyword in expression.keywords}
    # A function compiled by numba keeps the Python function that it was made from.
    inspect.signature(getattr(found, "py_func", found)).bind(*[None] * len(expression.args), **keywords)


ATTRIBUTES = {
    "task0_4": [(mt.Module, "training _parameters _modules"), (lambda: mt.Parameter(1), "value name")],
    "task1_3": [
        (Context, "no_grad saved_values saved_tensors"),
        (ScalarHistory, "last_fn ctx inputs"),
        (lambda: Scalar(1.0), "data history derivative name unique_id parents"),
    ],
    "task2_1": [(lambda: TensorData([1.0], (1,)), "_storage _shape _strides shape strides dims size")],
    "task2_3": [
        (lambda: tensor([1.0]), "_tensor history backend f grad name unique_id shape size dims parents"),
        (lambda: mt.SimpleOps, "cuda"),
        (lambda: mt.SimpleBackend, "cuda"),
    ],
}


@pytest.mark.parametrize(
    ("make", "names"),
    [
        pytest.param(*row, marks=getattr(pytest.mark, task), id=row[1])
        for task, rows in ATTRIBUTES.items()
        for row in rows
    ],
)
def test_objects_have_the_attributes_that_the_course_reads(make: Callable[[], Any], names: str) -> None:
    made = make()
    assert not [name for name in names.split() if not hasattr(made, name)]


TOP_LEVEL = {
    "task0_1": "operators prod",
    "task0_4": "Module Parameter datasets",
    "task1_1": "central_difference",
    "task1_2": "MathTest MathTestVariable Scalar ScalarFunction ScalarHistory",
    "task1_3": "Context",
    "task1_4": "derivative_check",
    "task1_5": "SGD",
    "task2_1": "IndexingError TensorData UserIndex UserShape UserStrides Index Shape Strides Storage OutIndex MAX_DIMS",
    "task2_2": "shape_broadcast index_to_position to_index broadcast_index",
    "task2_3": "SimpleBackend SimpleOps Tensor TensorBackend rand tensor zeros",
    "task2_4": "grad_check History Function",
    "task3_1": "FastOps",
    "task4_1": "Conv1dFun",
    "task4_2": "Conv2dFun",
    "task4_3": "avgpool2d",
    "task4_4": "dropout logsoftmax maxpool2d max softmax",
}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=getattr(pytest.mark, task)) for task, names in TOP_LEVEL.items() for n in names.split()],
)
def test_every_name_that_the_course_imports_is_at_the_top(name: str) -> None:
    assert hasattr(minitorch, name)


@pytest.mark.task0_1
@pytest.mark.parametrize("name", ["operators", "module", "autodiff", "scalar", "fast_ops", "fast_conv", "nn", "optim"])
def test_submodules_are_attributes(name: str) -> None:
    assert inspect.ismodule(getattr(mt, name))


@pytest.mark.task0_1
def test_where_a_submodule_and_a_thing_share_a_name_the_thing_is_meant() -> None:
    assert callable(mt.tensor)
    assert not inspect.ismodule(mt.tensor)
    assert mt.max is mt.nn.max
    assert mt.prod is mt.operators.prod
    assert mt.to_index is sys.modules["minitorch.tensor_data"].to_index  # plain Python, whose source a page can show


@pytest.mark.task0_5
def test_datasets_is_a_dict_of_the_six_problems() -> None:
    assert list(mt.datasets) == ["Simple", "Diag", "Split", "Xor", "Circle", "Spiral"]
    rules: dict[str, Callable[[float, float], bool]] = {
        "Simple": lambda a, b: a < 0.5,
        "Diag": lambda a, b: a + b < 0.5,
        "Split": lambda a, b: a < 0.2 or a > 0.8,
        "Xor": lambda a, b: (a < 0.5 and b > 0.5) or (a > 0.5 and b < 0.5),
        "Circle": lambda a, b: (a - 0.5) * (a - 0.5) + (b - 0.5) * (b - 0.5) > 0.1,
    }
    for name, rule in rules.items():
        graph = mt.datasets[name](50)
        assert graph.N == len(graph.X) == len(graph.y) == 50
        assert graph.y == [int(rule(*point)) for point in graph.X]


@pytest.mark.task0_5
@pytest.mark.parametrize("count", [0, 1, 2, 7, 10, 51])
def test_the_spiral_has_as_many_points_as_asked_for_and_stays_in_the_square(count: int) -> None:
    graph = mt.datasets["Spiral"](count)
    assert graph.N == len(graph.X) == len(graph.y) == count
    assert all(0 <= a <= 1 and 0 <= b <= 1 for a, b in graph.X)
    assert graph.y == sorted(graph.y)
    assert abs(graph.y.count(0) - graph.y.count(1)) == count % 2


@pytest.mark.task0_1
def test_an_unknown_name_of_the_library_is_an_error() -> None:
    with pytest.raises(AttributeError):
        _ = mt.tensro


# Numbers (module 0)


@pytest.mark.task0_1
def test_is_close_is_absolute_and_nan_is_never_close() -> None:
    assert mt.operators.is_close(1e9, 1e9 + 0.009)
    assert not mt.operators.is_close(0.0, 0.011)
    assert not mt.operators.is_close(0.011, 0.0)
    assert not mt.operators.is_close(math.nan, math.nan)
    assert float(mt.operators.is_close(1.0, 1.0)) == 1.0


@pytest.mark.task0_1
def test_log_adds_the_epsilon_of_the_course() -> None:
    assert operators.EPS == 1e-6
    assert operators.log(0.0) == pytest.approx(math.log(1e-6))
    assert operators.log_back(0.0, 2.0) == pytest.approx(2e6)


@pytest.mark.task0_3
def test_the_functions_on_lists_are_curried() -> None:
    assert list(operators.map(lambda x: x + 0.5)([1.0, 2.0])) == [1.0 + 0.5, 2.0 + 0.5]
    assert list(operators.zipWith(lambda x, y: x - y)([5.0, 7.0], [1.0, 4.0])) == [4.0, 3.0]
    # fn(x, folded so far), from left to right: 1 - 10, then 2 - (-9), then 3 - 11.
    assert operators.reduce(lambda x, folded: x - folded, 10.0)([1.0, 2.0, 3.0]) == -8.0
    first, second = operators.addLists([1.0, 2.0], [10.0, 20.0])
    assert (first, second) == (11.0, 22.0)
    assert [x for x in operators.negList([1.0, -2.0])] == [-1.0, 2.0]  # noqa: C416
    assert operators.sum([]) == 0
    assert mt.prod((2, 3, 4)) == 24


@pytest.mark.task0_1
def test_every_function_of_mathtest_runs_on_floats() -> None:
    one, two, red = MathTest._tests()
    assert [name for name, _ in one] == [
        *("addConstant", "complex", "cube", "div", "exp", "explog", "inv", "log", "multConstant", "neg", "relu", "sig"),
        *("square", "subConstant"),
    ]
    assert [name for name, _ in two] == ["add2", "div2", "eq2", "gt2", "lt2", "mul2"]
    assert [name for name, _ in red] == ["mean_full_red", "mean_red", "sum_red"]
    for _, function in one:
        assert isinstance(function(2.0), float)
    for _, function in two:
        assert isinstance(function(2.0, 3.0), float)
    for _, function in red:
        assert function([2.0, 4.0]) in (6.0, 3.0)


# Modules (module 0)


class Leg(mt.Module):
    def __init__(self) -> None:
        super().__init__()
        self.length = mt.Parameter(7)


class Chair(mt.Module):
    def __init__(self) -> None:
        super().__init__()
        self.seat = mt.Parameter(3)
        self.left, self.right = Leg(), Leg()
        self.colour = "green"
        self.spare = [mt.Parameter(1), Leg()]

    def forward(self, weight: int, *, scale: int = 1) -> int:
        return self.seat.value * weight * scale


@pytest.mark.task0_4
def test_assigning_registers_parameters_and_modules_only() -> None:
    chair = Chair()
    assert list(chair.__dict__["_parameters"]) == ["seat"]
    assert list(chair.__dict__["_modules"]) == ["left", "right"]
    names = [name for name, parameter in chair.named_parameters() if isinstance(parameter, mt.Parameter)]
    assert names == ["seat", "left.length", "right.length"]
    assert len(chair.parameters()) == 3
    assert chair.colour == "green"
    assert chair.modules() == [chair.left, chair.right]


@pytest.mark.task0_4
def test_a_computed_name_goes_through_add_parameter() -> None:
    chair = Chair()
    added = chair.add_parameter("arm_1", 5)
    assert chair.arm_1 is added
    assert (added.name, added.value) == ("arm_1", 5)
    assert dict(chair.named_parameters())["arm_1"] is added


@pytest.mark.task0_4
def test_train_and_eval_reach_every_level() -> None:
    top = mt.Module()
    top.middle = mt.Module()
    top.middle.bottom = Chair()
    top.eval()
    assert [m.training for m in (top, top.middle, top.middle.bottom, top.middle.bottom.left)] == [False] * 4
    top.train()
    assert [m.training for m in (top, top.middle, top.middle.bottom, top.middle.bottom.left)] == [True] * 4


@pytest.mark.task0_4
def test_calling_a_module_runs_forward() -> None:
    assert Chair()(2, scale=10) == 60
    with pytest.raises(NotImplementedError):
        Leg()(1)


@pytest.mark.task0_4
def test_a_misspelled_attribute_is_an_error() -> None:
    with pytest.raises(AttributeError, match="saet"):
        _ = Chair().saet
    assert not hasattr(Chair(), "mode")


@pytest.mark.task0_4
def test_a_parameter_tells_its_value_that_it_is_wanted() -> None:
    class Spy:
        asked: tuple[Any, ...] = ()

        def requires_grad_(self, flag: bool) -> None:
            self.asked += (flag,)

    first, second = Spy(), Spy()
    parameter = mt.Parameter(first)
    parameter.update(second)
    assert (first.asked, second.asked) == ((True,), (True,))
    assert (str(mt.Parameter(42)), repr(mt.Parameter("x"))) == ("42", "'x'")


@pytest.mark.task0_4
def test_a_printed_module_shows_its_tree() -> None:
    lines = str(Chair()).splitlines()
    assert lines[0].startswith("Chair(")
    assert [line.strip() for line in lines[1:3]] == ["(left): Leg()", "(right): Leg()"]


# Scalars (module 1)


class Affine(ScalarFunction):
    """3 a + 5 b + 1, the way students write it: static methods and a context."""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        return 3 * a + 5 * b + 1

    @staticmethod
    def backward(ctx: Context, d: float) -> tuple[float, float]:
        return 3 * d, 5 * d


class Product(ScalarFunction):
    """a b, with saved values."""

    @staticmethod
    def forward(ctx: Context, a: float, b: float) -> float:
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx: Context, d: float) -> tuple[float, float]:
        a, b = ctx.saved_values
        return d * b, d * a


class Twice(ScalarFunction):
    """2 a, whose backward returns a bare number."""

    @staticmethod
    def forward(ctx: Context, a: float) -> float:
        return 2 * a

    @staticmethod
    def backward(ctx: Context, d: float) -> float:
        return 2 * d


@pytest.mark.task1_1
def test_central_difference_of_each_argument() -> None:
    def volume(a: float, b: float, c: float) -> float:
        return a * b * b * c

    for arg, slope in enumerate((9 * 4, 2 * 2 * 3 * 4, 2 * 9)):
        assert mt.central_difference(volume, 2.0, 3.0, 4.0, arg=arg) == pytest.approx(slope, rel=1e-6)
    assert mt.central_difference(operators.exp, 2) == pytest.approx(math.exp(2), rel=1e-6)


@pytest.mark.task1_2
def test_central_difference_of_scalars_has_data() -> None:
    slope = mt.central_difference(lambda a, b: a * b, Scalar(2.0), Scalar(7.0), arg=0)
    assert slope.data == pytest.approx(7.0, rel=1e-6)


@pytest.mark.task1_2
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_mathtest_computes_the_same_on_floats_and_scalars(kind: int) -> None:
    for name, on_floats, on_scalars in MathTestVariable._comp_testing()[kind]:
        numbers = [2.25, -0.375][: kind + 1]
        result = on_scalars(*[Scalar(x) for x in numbers])
        assert result.data == pytest.approx(on_floats(*numbers), rel=1e-12), name


@pytest.mark.task1_2
def test_a_scalar_keeps_the_name_it_is_given() -> None:
    x = Scalar(1.0, name="width")
    assert x.name == "width"
    x.name = "height"
    assert x.name == "height"
    assert isinstance(Scalar(1.0).name, str)


@pytest.mark.task1_2
def test_forward_must_return_a_float() -> None:
    class Whole(ScalarFunction):
        @staticmethod
        def forward(ctx: Context, a: float) -> Any:
            return 2

    class NumPys(Whole):
        @staticmethod
        def forward(ctx: Context, a: float) -> Any:
            return np.float64(2)

    with pytest.raises(TypeError, match="float"):
        Whole.apply(Scalar(1.0))
    assert NumPys.apply(Scalar(1.0)).data == 2.0


@pytest.mark.task1_2
def test_numpy_numbers_beside_a_scalar_leave_it_a_scalar() -> None:
    # NumPy asks the left operand first, and would make a bare number of the Scalar: the graph would be cut.
    x = Scalar(3.0)
    for y in (np.float64(2) * x, np.float32(2) + x, np.int64(2) - x, np.float64(2) / x):
        assert isinstance(y, Scalar)
    (np.float64(2) * x).backward()
    assert x.derivative == 2.0


@pytest.mark.task1_2
@pytest.mark.parametrize("other", ["2", [2.0], None, 1j], ids=repr)
def test_a_scalar_is_combined_with_numbers_only(other: Any) -> None:
    with pytest.raises(TypeError):
        _ = Scalar(1.0) + other


@pytest.mark.task1_3
def test_the_history_is_the_second_argument() -> None:
    inputs = [Scalar(4.0), Scalar(6.0)]
    y = Scalar(0.0, ScalarHistory(Affine, Context(), inputs))
    assert [(v.unique_id, d) for v, d in y.chain_rule(d_output=2.0)] == [
        (inputs[0].unique_id, 6.0),
        (inputs[1].unique_id, 10.0),
    ]
    y = Scalar(0.0, ScalarHistory(last_fn=Twice, ctx=Context(), inputs=inputs[:1]))
    ((_, d),) = y.chain_rule(d_output=5)
    assert d == 10.0


@pytest.mark.task1_3
def test_the_chain_rule_has_an_entry_for_a_plain_number_too() -> None:
    x = Scalar(6.0)
    y = Product.apply(10, x)
    assert y.data == 60.0
    (number, d_number), (variable, d_variable) = y.chain_rule(d_output=5)
    assert (variable is x, d_variable) == (True, 50.0)
    assert (number.is_leaf(), number.data, d_number) == (True, 10.0, 30.0)


@pytest.mark.task1_3
def test_a_context_without_gradients_keeps_nothing() -> None:
    quiet, keeping = Context(no_grad=True), Context()
    quiet.save_for_backward(1.0, 2.0)
    keeping.save_for_backward(1.0, 2.0)
    assert (quiet.saved_values, keeping.saved_values, keeping.saved_tensors) == ((), (1.0, 2.0), (1.0, 2.0))
    assert dataclasses.is_dataclass(Context)
    assert dataclasses.is_dataclass(ScalarHistory)


@pytest.mark.task1_4
def test_derivatives_of_all_paths_are_added() -> None:
    x = Scalar(0.5)
    left, right = Twice.apply(x), Affine.apply(x, 0.0)
    Affine.apply(left, right).backward(d_output=5)
    assert x.derivative == 5 * (3 * 2 + 5 * 3)
    assert left.derivative is None  # only leaves collect


@pytest.mark.task1_4
def test_a_variable_used_at_different_depths_is_expanded_once() -> None:
    x = Scalar(1.0)
    near = Twice.apply(x)
    far = Twice.apply(Twice.apply(Twice.apply(near)))
    Affine.apply(far, near).backward()
    assert x.derivative == 3 * 16 + 5 * 2


@pytest.mark.task1_4
def test_backward_again_adds_up() -> None:
    x = Scalar(3.0)
    y = x * x
    y.backward()
    y.backward()
    assert x.derivative == 12.0


@pytest.mark.task1_4
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_derivative_check_accepts_every_function_of_mathtest(kind: int) -> None:
    for _, _, function in MathTestVariable._comp_testing()[kind]:
        derivative_check(function, *[Scalar(2.25), Scalar(-0.375)][: kind + 1])


@pytest.mark.task1_4
def test_derivative_check_notices_a_wrong_derivative() -> None:
    class Wrong(Twice):
        @staticmethod
        def backward(ctx: Context, d: float) -> float:
            return 2.002 * d

    derivative_check(Twice.apply, Scalar(2.0))
    with pytest.raises(AssertionError):
        derivative_check(Wrong.apply, Scalar(2.0))


class ScalarNeuron(mt.Module):
    """A network of one neuron, with parameters under computed names."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = [self.add_parameter(f"weight_{i}", Scalar(2 * (random.random() - 0.5))) for i in range(2)]
        self.bias = self.add_parameter("offset", Scalar(0.25))

    def forward(self, x: tuple[Scalar, Scalar]) -> Scalar:
        return (x[0] * self.weights[0].value + x[1] * self.weights[1].value + self.bias.value).sigmoid()


@pytest.mark.task1_4
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_scalar_is_a_variable_of_its_own(duplicate: Callable[[Scalar], Scalar]) -> None:
    a = Scalar(2.0)
    b = duplicate(a)
    (a * 10.0 + b * 100.0).backward()
    assert (a.derivative, b.derivative) == (10.0, 100.0)


@pytest.mark.task1_5
def test_training_with_scalars() -> None:
    data = mt.datasets["Simple"](20)
    model = ScalarNeuron()
    optimizer = mt.SGD(model.parameters(), 0.5)
    numbers = np.array([p.value.data for p in model.parameters()])
    points, labels = np.array(data.X), np.array(data.y)
    first_loss = last_loss = 0.0

    for epoch in range(15):
        optimizer.zero_grad()
        total = 0.0
        for (a, b), label in zip(data.X, data.y, strict=True):
            out = model.forward((Scalar(a, name="a"), Scalar(b, name="b")))
            likelihood = out if label == 1 else -out + 1.0
            loss = -likelihood.log()
            (loss / data.N).backward()
            total += loss.data
        optimizer.step()
        first_loss, last_loss = first_loss or total, total

        # The same step by hand. Of the likelihood p, the loss -ln(p + EPS) has the derivative -1 / (p + EPS).
        out = 1 / (1 + np.exp(-(points @ numbers[:2] + numbers[2])))
        likelihood = np.where(labels == 1, out, 1 - out)
        slope = -1 / (likelihood + 1e-6) * np.where(labels == 1, 1, -1) * out * (1 - out) / len(labels)
        numbers = numbers - 0.5 * np.array([*(slope @ points), slope.sum()])
        np.testing.assert_allclose([p.value.data for p in model.parameters()], numbers, rtol=1e-9, err_msg=str(epoch))

    assert last_loss < first_loss


@pytest.mark.task1_5
def test_sgd_puts_in_a_fresh_leaf_without_a_derivative() -> None:
    parameter, idle = mt.Parameter(Scalar(2.0)), mt.Parameter(Scalar(9.0))
    before, resting = parameter.value, idle.value
    (parameter.value * parameter.value).backward()
    mt.SGD([parameter, idle], lr=0.25).step()
    assert parameter.value.data == 2.0 - 0.25 * 4.0
    assert (parameter.value.derivative, parameter.value.is_leaf()) == (None, True)
    assert parameter.value is not before
    assert before.data == 2.0
    assert idle.value is resting  # no derivative, no step


# Tensors: storage and layout (module 2)


@st.composite
def shapes(draw: st.DrawFn) -> tuple[int, ...]:
    return tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))


@st.composite
def tensor_data(draw: st.DrawFn) -> tuple[TensorData, Any]:
    """TensorData of a list in some order of the dimensions, and the array that it should be."""
    shape = draw(shapes())
    numbers = draw(st.lists(st.floats(-100, 100), min_size=math.prod(shape), max_size=math.prod(shape)))
    order = draw(st.permutations(range(len(shape))))
    stored = tuple(shape[i] for i in order)
    back = [order.index(i) for i in range(len(shape))]
    array = np.array(numbers).reshape(stored).transpose(back)
    return TensorData(numbers, stored).permute(*back), array


@pytest.mark.task2_1
@given(drawn=tensor_data())
def test_tensor_data_holds_the_cells_of_the_array(drawn: tuple[TensorData, Any]) -> None:
    data, array = drawn
    assert (data.shape, data.size, data.dims) == (array.shape, array.size, array.ndim)
    cells = list(data.indices())
    assert len(set(cells)) == len(cells) == data.size
    for cell in cells:
        assert data.get(cell) == array[cell]
        assert data._storage[data.index(cell)] == array[cell]
    sampled = data.sample()
    assert sampled in cells
    # The same storage under the same strides, built anew, is the same tensor.
    again = TensorData(list(data._storage), data.shape, data.strides)
    assert [again.get(cell) for cell in cells] == [data.get(cell) for cell in cells]
    assert isinstance(data.to_string(), str)


@pytest.mark.task2_1
def test_strides_and_contiguity() -> None:
    data = TensorData([0.0] * 16, (4, 2, 2))
    assert data.strides == (4, 2, 1)
    assert TensorData([0.0] * 15, (3, 5), (5, 1)).is_contiguous()
    assert not TensorData([0.0] * 15, (5, 3), (1, 5)).is_contiguous()
    assert TensorData([0.0] * 15, (3, 5), (5, 1)).index((1, 2)) == 7
    assert TensorData([0.0] * 15, (5, 3), (1, 5)).index((1, 2)) == 11
    storage, shape, strides = data.tuple()
    assert (len(storage), list(shape), list(strides)) == (16, [4, 2, 2], [4, 2, 1])


@pytest.mark.task2_1
@pytest.mark.parametrize("index", [(-1, 0), (0, -1), (3, 0), (0, 5), (0,), (0, 0, 0), 1], ids=repr)
def test_a_cell_that_is_not_there_is_an_indexing_error(index: Any) -> None:
    data = TensorData([0.0] * 15, (3, 5))
    with pytest.raises(mt.IndexingError):
        data.index(index)
    with pytest.raises(mt.IndexingError):
        _ = Tensor(data, backend=mt.SimpleBackend)[index]


@pytest.mark.task2_1
def test_strides_of_another_length_are_refused() -> None:
    with pytest.raises(mt.IndexingError):
        TensorData([0.0] * 15, (3, 5), (6,))


@pytest.mark.task2_1
@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_nan_and_infinity_can_be_stored_and_printed(number: float) -> None:
    t = Tensor(TensorData([1.0, number], (2,)), backend=mt.SimpleBackend)
    np.testing.assert_array_equal(t.to_numpy(), [1.0, number])
    assert str(number).lstrip("-") in str(t)


@pytest.mark.task2_1
def test_an_array_is_kept_as_storage_and_a_list_becomes_float64() -> None:
    array = np.arange(6.0)
    data = TensorData(array, (2, 3))
    assert data._storage is array
    data.set((1, 2), 70.0)
    assert array[5] == 70.0
    assert TensorData([1, 2], (2,))._storage.dtype == np.float64


@pytest.mark.task2_1
def test_numpy_numbers_are_indices() -> None:
    t = tensor([[1.0, 2.0], [3.0, 4.0]])
    assert t[np.int64(1), np.int32(0)] == 3.0
    assert tensor([5.0, 6.0])[np.int64(1)] == 6.0


@pytest.mark.task2_1
def test_views_share_storage_and_copies_do_not() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    views = [t.view(6), t.permute(1, 0), t.detach()]
    copies = [t.contiguous(), t + 0.0, t * 1.0]
    t[1, 2] = 60.0
    assert [views[0][5], views[1][2, 1], views[2][1, 2]] == [60.0] * 3
    assert [copy[1, 2] for copy in copies] == [6.0] * 3
    copied = t.to_numpy()
    copied[0, 0] = 9.0
    assert t[0, 0] == 1.0


@pytest.mark.task2_1
def test_adding_in_place_binds_a_new_tensor() -> None:
    t = same = tensor([1.0, 2.0])
    t += 1.0
    assert t is not same
    np.testing.assert_array_equal(same.to_numpy(), [1.0, 2.0])


@pytest.mark.task2_1
def test_only_rows_can_be_viewed() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    np.testing.assert_array_equal(t.view(3, 2).to_numpy(), [[1, 2], [3, 4], [5, 6]])
    with pytest.raises(mt.ContiguityError):
        t.permute(1, 0).view(6)
    with pytest.raises(mt.ShapeError):
        t.view(5)
    np.testing.assert_array_equal(t.permute(1, 0).contiguous().view(6).to_numpy(), [1, 4, 2, 5, 3, 6])


@pytest.mark.task2_1
def test_a_loop_over_a_matrix_is_never_silently_empty() -> None:
    # Python builds a loop from t[0], t[1], ... and takes an IndexError as the end: of a matrix it would see nothing.
    with pytest.raises(TypeError, match="one dimension"):
        list(tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    assert list(tensor([1.0, 2.0, 3.0])) == [1.0, 2.0, 3.0]


@pytest.mark.task2_2
@given(data=st.data())
def test_shapes_broadcast_as_in_numpy(data: st.DataObject) -> None:
    one, other = data.draw(shapes()), data.draw(shapes())
    try:
        expected = np.broadcast_shapes(one, other)
    except ValueError:
        for pair in ((one, other), (other, one)):
            with pytest.raises(mt.IndexingError):
                mt.shape_broadcast(*pair)
        return
    for pair in ((one, other), (other, one)):
        result = mt.shape_broadcast(*pair)
        assert isinstance(result, tuple)
        assert result == expected


# Tensors: values (module 2)


@pytest.mark.task2_3
def test_nested_lists_numbers_and_arrays_become_tensors() -> None:
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    t = tensor(rows)
    assert t.shape == (2, 3)
    np.testing.assert_array_equal(t.to_numpy(), rows)
    np.testing.assert_array_equal(tensor(t.to_numpy().tolist()).to_numpy(), rows)
    np.testing.assert_array_equal(tensor(((1, 2), (3, 4))).to_numpy(), [[1, 2], [3, 4]])
    array = np.arange(6).reshape(3, 2).T
    made = tensor(array)
    assert (made.shape, made.dtype) == ((2, 3), np.float64)
    np.testing.assert_array_equal(made.to_numpy(), array)
    array[0, 0] = 99
    assert made[0, 0] == 0.0  # a copy
    assert tensor(5.0).shape == ()
    assert tensor(5.0)[()] == 5.0
    with pytest.raises(mt.IndexingError):
        _ = tensor(5.0)[0]


@pytest.mark.task2_3
def test_ragged_lists_are_refused() -> None:
    with pytest.raises(mt.ShapeError):
        tensor([[1.0, 2.0], [3.0]])


@pytest.mark.task2_3
@given(drawn=tensor_data())
def test_a_tensor_of_tensor_data_computes_what_numpy_does(drawn: tuple[TensorData, Any]) -> None:
    data, array = drawn
    t = Tensor(data, backend=mt.SimpleBackend)
    np.testing.assert_allclose((5 + t * t - t / 4).to_numpy(), 5 + array * array - array / 4, rtol=1e-12)
    np.testing.assert_array_equal((t < 3).to_numpy(), array < 3)
    np.testing.assert_array_equal((t > 3).to_numpy(), array > 3)
    np.testing.assert_array_equal(t.relu().to_numpy(), np.maximum(array, 0))
    np.testing.assert_allclose(t.sigmoid().to_numpy(), 1 / (1 + np.exp(-array)), rtol=1e-12)
    for dim in range(array.ndim):
        folded = t.sum(dim)
        np.testing.assert_allclose(folded.to_numpy(), array.sum(dim, keepdims=True), atol=1e-9)
    assert t.sum().shape == t.mean().shape == t.all().shape == (1,)
    assert t.sum()[0] == pytest.approx(array.sum(), abs=1e-9)
    assert t.mean()[0] == pytest.approx(array.mean(), abs=1e-9)
    assert t.is_close(t + 0.005).all().item() == 1.0
    assert t.is_close(t + 0.015).sum().item() == 0.0


@pytest.mark.task2_3
@pytest.mark.parametrize("kind", [0, 1], ids=["one", "two"])
def test_mathtest_computes_the_same_on_floats_and_tensors(kind: int, backend: TensorBackend) -> None:
    numbers = np.array([[2.25, -0.375, 0.0], [7.0, -1.5, 20.0]])
    for name, on_floats, on_tensors in MathTestVariable._comp_testing()[kind]:
        arrays = [numbers, numbers[::-1]][: kind + 1]
        expected = [on_floats(*[float(x) for x in cell]) for cell in zip(*[a.ravel() for a in arrays], strict=True)]
        result = on_tensors(*[lay_out(a, "reversed", backend) for a in arrays])
        np.testing.assert_allclose(result.to_numpy().ravel(), expected, rtol=1e-12, err_msg=name)


@pytest.mark.task2_3
def test_all_looks_at_every_cell_of_a_permuted_tensor(backend: TensorBackend) -> None:
    cells = np.ones((2, 3, 4))
    assert lay_out(cells, "rotated", backend).all().item() == 1.0
    cells[1, 0, 2] = 0
    t = lay_out(cells, "rotated", backend)
    assert t.all().item() == 0.0
    np.testing.assert_array_equal(t.all(1).to_numpy(), cells.all(1, keepdims=True))


@pytest.mark.task2_3
def test_all_is_one_for_any_numbers_but_zero(backend: TensorBackend) -> None:
    assert tensor([2.0, -3.0, 1e-200, 1e-200], backend=backend).all().item() == 1.0
    assert tensor([2.0, 0.0], backend=backend).all().item() == 0.0


@pytest.mark.task2_3
def test_comparisons_are_cell_by_cell() -> None:
    a, b = tensor([[1.0, 2.0], [3.0, math.nan]]), tensor([[1.0, 5.0], [3.0, math.nan]])
    np.testing.assert_array_equal((a == b).to_numpy(), [[1, 0], [1, 0]])
    np.testing.assert_array_equal((a != b).to_numpy(), [[0, 1], [0, 1]])
    np.testing.assert_array_equal((a == 3).to_numpy(), [[0, 0], [1, 0]])
    assert (a == None) is False  # noqa: E711
    assert (a != None) is True  # noqa: E711


@pytest.mark.task2_3
@pytest.mark.parametrize("one", [1, True, np.float32(1), np.int64(1), np.bool_(True), np.ones(2)], ids=repr)
def test_ones_of_all_kinds_can_be_compared_with(one: Any) -> None:
    t = tensor([1.0, 0.0])
    np.testing.assert_array_equal(np.asarray(t == one), [1, 0])
    np.testing.assert_array_equal(np.asarray(t != one), [0, 1])
    np.testing.assert_array_equal(np.asarray(t < one), [0, 1])


@pytest.mark.task2_3
def test_tensors_and_scalars_can_be_kept_in_a_dict() -> None:
    t, s = tensor([1.0, 2.0]), Scalar(1.0)
    known = {t: "t", s: "s"}
    assert (known[t], known[s]) == ("t", "s")
    assert tensor([1.0, 2.0]) not in known
    assert tensor([0.0]).unique_id != tensor([0.0]).unique_id


@pytest.mark.task2_3
def test_the_truth_of_several_cells_is_refused() -> None:
    assert bool(tensor([2.0]))
    assert not bool(tensor([[0.0]]))
    with pytest.raises(mt.ShapeError):
        bool(tensor([1.0, 1.0]))


@pytest.mark.task2_3
@pytest.mark.parametrize("two", [2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array([2.0])], ids=repr)
def test_numbers_of_all_kinds_stand_beside_a_tensor(two: Any) -> None:
    t = tensor([4.0, 8.0], requires_grad=True)
    for result, expected in [
        *((two + t, [6, 10]), (t + two, [6, 10]), (two * t, [8, 16]), (t * two, [8, 16])),
        *((two - t, [-2, -6]), (t - two, [2, 6]), (two / t, [0.5, 0.25]), (t / two, [2, 4])),
    ]:
        assert isinstance(result, Tensor)
        assert result.requires_grad()
        np.testing.assert_allclose(result.to_numpy(), expected)


@pytest.mark.task2_3
def test_a_number_beside_a_tensor_becomes_a_constant_of_one_cell() -> None:
    backend = TensorBackend(mt.SimpleOps)
    t = tensor([1.0, 2.0], backend=backend, requires_grad=True)
    _, number = (t * 3.0).history.inputs  # type: ignore[union-attr]
    assert isinstance(number, Tensor)
    assert (number.shape, number.history, number.backend) == ((1,), None, backend)


@pytest.mark.task2_3
def test_integer_storage_is_never_computed_in_small_integers(backend: TensorBackend) -> None:
    # Pixels come as uint8, where 1 - 2 would be 255.
    a = Tensor.make(np.array([200, 1, 100], dtype=np.uint8), (3,), backend=backend)
    b = Tensor.make(np.array([100, 2, 100], dtype=np.uint8), (3,), backend=backend)
    np.testing.assert_array_equal((a + b).to_numpy(), [300, 3, 200])
    np.testing.assert_array_equal((a - b).to_numpy(), [100, -1, 0])
    np.testing.assert_array_equal((a * b).to_numpy(), [20000, 2, 10000])
    np.testing.assert_array_equal((-a).to_numpy(), [-200, -1, -100])


@pytest.mark.task2_3
def test_the_left_backend_wins_and_the_right_operand_keeps_its_own() -> None:
    left, right = TensorBackend(mt.SimpleOps), TensorBackend(mt.SimpleOps)
    a, b = tensor([1.0], backend=left), tensor([2.0], backend=right)
    assert (a + b).backend is left
    assert (b.backend, a.backend) == (right, left)


@pytest.mark.task2_3
def test_nan_is_not_swallowed(backend: TensorBackend) -> None:
    t = tensor([math.nan, 1.0], backend=backend)
    for result in (t.relu(), t.sigmoid(), t.exp(), t * 0.0, t + 1.0):
        assert math.isnan(result[0])
    assert math.isnan(t.sum().item())
    assert t.is_close(t)[0] == 0.0


@pytest.mark.task2_3
def test_random_tensors_come_from_pythons_generator() -> None:
    random.seed(7)
    drawn = mt.rand((2, 3)).to_numpy()
    random.seed(7)
    np.testing.assert_array_equal(drawn.ravel(), [random.random() for _ in range(6)])


@pytest.mark.task2_3
def test_the_arguments_of_rand_have_places() -> None:
    t = mt.rand((2, 3), mt.SimpleBackend, True)
    assert (t.shape, t.requires_grad()) == ((2, 3), True)
    z = mt.zeros((2, 3), mt.SimpleBackend)
    assert (z.shape, z.to_numpy().any()) == ((2, 3), False)


# Tensors: gradients (module 2)


class FoldAndScale(mt.Function):
    """k times the sum along a dimension; dimension and factor travel as tensors, as the course has it."""

    @staticmethod
    def forward(ctx: Context, a: Tensor, dim: Tensor, factor: Tensor) -> Tensor:
        ctx.save_for_backward(a.shape, factor)
        return a.f.mul_zip(a.f.add_reduce(a, int(dim.item())), factor)

    @staticmethod
    def backward(ctx: Context, grad_output: Tensor) -> tuple[Tensor, float, float]:
        _, factor = ctx.saved_values
        return grad_output.f.mul_zip(grad_output, factor), 0.0, 0.0


@pytest.mark.task2_4
@given(seed=seeds())
def test_a_function_of_a_student_that_passes_settings_as_tensors(seed: int) -> None:
    rng = np.random.default_rng(seed)
    array, upstream = random_array(rng, (2, 3, 4)), rng.normal(size=(2, 1, 4))
    t = lay_out(array, "rotated").requires_grad_(True)
    out = FoldAndScale.apply(t, tensor([1]), tensor([2.5]))
    np.testing.assert_allclose(out.to_numpy(), 2.5 * array.sum(1, keepdims=True), rtol=1e-9)
    out.backward(tensor(upstream))
    # The gradient that backward returns is smaller than the input, and is broadcast.
    np.testing.assert_allclose(t.grad.to_numpy(), np.broadcast_to(2.5 * upstream, (2, 3, 4)), rtol=1e-9)


@pytest.mark.task2_4
def test_dimensions_shapes_and_orders_may_be_tensors() -> None:
    t = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], requires_grad=True)
    np.testing.assert_array_equal(mt.Sum.apply(t, tensor([0])).to_numpy(), [[5, 7, 9]])
    np.testing.assert_array_equal(mt.View.apply(t, tensor([3, 2])).to_numpy(), [[1, 2], [3, 4], [5, 6]])
    permuted = mt.Permute.apply(t, tensor([1, 0]))
    np.testing.assert_array_equal(permuted.to_numpy(), [[1, 4], [2, 5], [3, 6]])
    permuted.backward(tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    np.testing.assert_array_equal(t.grad.to_numpy(), [[1, 3, 5], [2, 4, 6]])


@pytest.mark.task2_4
def test_forward_sees_constants_and_knows_whether_a_gradient_is_wanted() -> None:
    seen = []

    class Look(mt.Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            seen.append((a.is_constant(), ctx.no_grad))
            return a.f.id_map(a)

    Look.apply(tensor([1.0], requires_grad=True))
    Look.apply(tensor([1.0]))
    assert seen == [(True, False), (True, True)]


@pytest.mark.task2_4
def test_requires_grad_means_what_it_says() -> None:
    kinds = {flag: tensor([1.0, 2.0], requires_grad=flag) for flag in (True, False)}
    assert {flag: t.requires_grad() for flag, t in kinds.items()} == {True: True, False: False}
    assert (kinds[True].is_leaf(), kinds[False].is_constant()) == (True, True)
    for t in (mt.rand((2,)), mt.zeros((2,)), Tensor.make([1.0, 2.0], (2,)), kinds[True].detach()):
        assert t.is_constant()
        for result in (t.view(1, 2), t.permute(0), t.sum(), t + 1, t.contiguous()):
            assert result.is_constant()
    constant = kinds[True]
    constant.requires_grad_(False)
    assert (constant * 2).is_constant()
    with pytest.raises(mt.GraphError):
        (constant * 2).sum().backward()


@pytest.mark.task2_4
def test_only_leaves_collect_and_they_add_up() -> None:
    t = tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    middle = t * t
    loss = middle.sum()
    loss.backward()
    loss.backward()
    np.testing.assert_allclose(t.grad.to_numpy(), [[4, 8], [12, 16]])
    assert middle.grad is None
    with pytest.raises(mt.GraphError):
        middle.accumulate_derivative(mt.zeros((2, 2)))
    t.zero_grad_()
    assert t.grad is None
    assert not hasattr(t, "derivative")  # by that name an optimizer tells a Scalar


@pytest.mark.task2_4
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_of_a_tensor_is_a_variable_of_its_own(duplicate: Callable[[Tensor], Tensor]) -> None:
    # Students copy whole models. A copy that the graph took for its original would swap gradients with it.
    a = tensor([2.0, 3.0], requires_grad=True)
    b = duplicate(a)
    (a * 10.0 + b * 100.0).sum().backward()
    np.testing.assert_array_equal(a.grad.to_numpy(), [10, 10])
    np.testing.assert_array_equal(b.grad.to_numpy(), [100, 100])
    assert b.backend is a.backend


@pytest.mark.task2_4
@given(seed=seeds())
def test_gradients_of_broadcast_operands_have_their_shapes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, upstream = random_array(rng, (3, 1)), random_array(rng, (2, 3, 4)), rng.normal(size=(2, 3, 4))
    x, y = lay_out(a, "reversed").requires_grad_(True), lay_out(b, "rotated").requires_grad_(True)
    (x * y).backward(upstream)
    np.testing.assert_allclose(x.grad.to_numpy(), (upstream * b).sum((0, 2))[:, None], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(y.grad.to_numpy(), upstream * a, rtol=1e-9)


@pytest.mark.task2_4
@given(seed=seeds())
def test_the_gradient_of_a_view_that_was_permuted_afterwards(seed: int) -> None:
    # The gradient arrives in another order than the rows that the view was made of.
    rng = np.random.default_rng(seed)
    array, upstream = random_array(rng, (4, 6)), rng.normal(size=(3, 2, 4))
    t = tensor(array, requires_grad=True)
    t.view(2, 4, 3).permute(2, 0, 1).backward(upstream)
    np.testing.assert_array_equal(t.grad.to_numpy(), upstream.transpose(1, 2, 0).reshape(4, 6))


@pytest.mark.task2_4
def test_expand_brings_a_gradient_into_shape() -> None:
    t = mt.zeros((2, 1))
    same = tensor([[1.0], [2.0]])
    np.testing.assert_array_equal(t.expand(same).to_numpy(), same.to_numpy())
    np.testing.assert_array_equal(t.expand(tensor([3.0])).to_numpy(), [[3], [3]])
    larger = np.arange(24.0).reshape(4, 2, 3)
    np.testing.assert_array_equal(t.expand(tensor(larger)).to_numpy(), larger.sum((0, 2))[:, None])


@pytest.mark.task2_4
@pytest.mark.parametrize("kind", [0, 1, 2], ids=["one", "two", "reduce"])
def test_grad_check_accepts_every_function_of_mathtest(kind: int) -> None:
    a, b = tensor([[2.25, -0.375], [7.0, -1.5]]), tensor([[0.625, 11.0], [-2.0, 3.0]])
    for _, _, function in MathTestVariable._comp_testing()[kind]:
        inputs = [a, b] if kind == 1 else [a]
        grad_check(function, *inputs)
        if kind == 1:
            grad_check(function, a.sum(0), b)
            grad_check(function, a, b.sum(0))
    grad_check(lambda t: t.permute(1, 0), a)


@pytest.mark.task2_4
@pytest.mark.parametrize("error", [1.001, 0.0, -1.0])
def test_grad_check_notices_a_wrong_gradient_in_one_cell(error: float) -> None:
    class Wrong(mt.Function):
        @staticmethod
        def forward(ctx: Context, a: Tensor) -> Tensor:
            return a.f.id_map(a)

        @staticmethod
        def backward(ctx: Context, grad_output: Tensor) -> Tensor:
            gradient = grad_output.contiguous()
            gradient[1, 2] = gradient[1, 2] * error
            return gradient

    with pytest.raises(AssertionError):
        grad_check(Wrong.apply, tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))


class TensorNetwork(mt.Module):
    """Two layers, the first with a ReLU, built of products and sums as in module 2."""

    def __init__(self, hidden: int, backend: TensorBackend) -> None:
        super().__init__()
        self.first = mt.Parameter(2 * (mt.rand((2, hidden), backend=backend) - 0.5))
        self.shift = mt.Parameter(2 * (mt.rand((hidden,), backend=backend) - 0.5))
        self.second = mt.Parameter(2 * (mt.rand((hidden, 1), backend=backend) - 0.5))

    def forward(self, x: Tensor) -> Tensor:
        points, inputs = x.shape
        hidden = self.shift.value.shape[0]
        terms = self.first.value.view(1, inputs, hidden) * x.view(points, inputs, 1)
        h = (terms.sum(1).view(points, hidden) + self.shift.value.view(hidden)).relu()
        products = self.second.value.view(1, hidden, 1) * h.view(points, hidden, 1)
        return products.sum(1).view(points, 1).sigmoid()


class MatrixNetwork(TensorNetwork):
    """The same, with matrix products as in module 3."""

    def forward(self, x: Tensor) -> Tensor:
        return ((x @ self.first.value + self.shift.value).relu() @ self.second.value).sigmoid()


def numpy_gradients(first: Any, shift: Any, second: Any, points: Any, labels: Any) -> tuple[float, list[Any]]:
    """The summed loss -ln(p + EPS) of those networks, and the gradients of the mean loss."""
    before = points @ first + shift
    hidden = np.maximum(before, 0)
    out = 1 / (1 + np.exp(-(hidden @ second)))[:, 0]
    likelihood = np.where(labels == 1, out, 1 - out)
    slope = (-1 / (likelihood + 1e-6) * np.where(labels == 1, 1, -1) * out * (1 - out) / len(labels))[:, None]
    back = slope @ second.T * (before > 0)
    return float(-np.log(likelihood + 1e-6).sum()), [points.T @ back, back.sum(0), hidden.T @ slope]


def train_as_in_the_course(model: TensorNetwork, backend: TensorBackend, epochs: int) -> None:
    """Train on points, and compare loss, accuracy and every parameter with NumPy after every step."""
    data = mt.datasets["Xor"](16)
    points, labels = np.array(data.X), np.array(data.y)
    optimizer = mt.SGD(model.parameters(), lr=0.5)
    numbers = [p.value.to_numpy() for p in model.parameters()]
    for _ in range(epochs):
        optimizer.zero_grad()
        x, y = tensor(data.X, backend=backend), tensor(data.y, backend=backend)
        out = model.forward(x).view(data.N)
        likelihood = (out * y) + (out - 1.0) * (y - 1.0)
        loss = -likelihood.log()
        (loss / data.N).sum().view(1).backward()
        total = loss.sum().view(1)[0]
        optimizer.step()
        correct = int(((out.detach() > 0.5) == y).sum()[0])

        expected_loss, gradients = numpy_gradients(*numbers, points, labels)
        assert total == pytest.approx(expected_loss, rel=1e-9)
        assert correct == ((out.to_numpy() > 0.5) == (labels == 1)).sum()
        numbers = [number - 0.5 * gradient for number, gradient in zip(numbers, gradients, strict=True)]
        for parameter, number in zip(model.parameters(), numbers, strict=True):
            np.testing.assert_allclose(parameter.value.to_numpy(), number, rtol=1e-9, atol=1e-12)


@pytest.mark.task2_5
def test_training_with_tensors() -> None:
    train_as_in_the_course(TensorNetwork(3, mt.SimpleBackend), mt.SimpleBackend, epochs=4)


@pytest.mark.task2_5
def test_a_loop_that_never_calls_zero_grad_does_not_pile_up_gradients() -> None:
    # After each step the parameters are fresh leaves, and loops of the course rely on that.
    x, y = tensor([[1.0, 2.0], [3.0, -1.0], [0.5, 0.25]]), tensor([[1.0], [0.0], [2.0]])
    parameter = mt.Parameter(tensor([[0.5], [-0.25]]))
    optimizer = mt.SGD([parameter], lr=0.1)
    number = parameter.value.to_numpy()
    for _ in range(3):
        prob = (((x * parameter.value.view(1, 2)).sum(1)) - y) * (((x * parameter.value.view(1, 2)).sum(1)) - y)
        loss = -(-prob / y.shape[0]).sum()
        loss.backward()
        optimizer.step()
        number = number - 0.1 * 2 * x.to_numpy().T @ (x.to_numpy() @ number - y.to_numpy()) / 3
        np.testing.assert_allclose(parameter.value.to_numpy(), number, rtol=1e-9)
        assert parameter.value.grad is None
        assert parameter.value.is_leaf()


# The fast backend (module 3)


@pytest.mark.task3_1
def test_backends_are_built_from_operations() -> None:
    simple, fast = TensorBackend(mt.SimpleOps), TensorBackend(mt.FastOps)
    for name in (
        *("neg_map", "sigmoid_map", "relu_map", "log_map", "exp_map", "id_map", "inv_map", "add_zip", "mul_zip"),
        *("lt_zip", "eq_zip", "is_close_zip", "relu_back_zip", "log_back_zip", "inv_back_zip", "add_reduce"),
        *("mul_reduce", "matrix_multiply"),
    ):
        assert callable(getattr(simple, name))
        assert callable(getattr(fast, name))
    assert not simple.cuda
    assert not fast.cuda
    a, b = mt.tensor([[1, 2], [3, 4]], backend=fast), mt.rand((2, 2), backend=fast)
    for result in (a + b, a.sum(1), a @ b, -a, a.permute(1, 0).contiguous(), a.view(4), a.mean(), a.detach()):
        assert result.backend is fast


# Functions compiled by numba itself, or by the library; a function from elsewhere is compiled anew in each process.
NEG = mt.fast_ops.tensor_map(numba.njit()(mt.operators.neg))
LESS = mt.fast_ops.tensor_zip(mt.fast_ops.njit(mt.operators.lt))
ADD = mt.fast_ops.tensor_reduce(mt.fast_ops.njit(mt.operators.add))


@pytest.mark.task3_1
@given(seed=seeds())
def test_kernels_can_be_made_from_compiled_functions(seed: int) -> None:
    # As the course's check of parallel code does it: kernels straight from numba, on storage, shape and strides.
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, (3, 4)), random_array(rng, (3, 4))
    x, y = lay_out(a, "reversed"), tensor(b)

    out = mt.zeros((3, 4))
    NEG(*out.tuple(), *x.tuple())
    np.testing.assert_array_equal(out.to_numpy(), -a)
    LESS(*out.tuple(), *x.tuple(), *y.tuple())
    np.testing.assert_array_equal(out.to_numpy(), a < b)
    out = mt.zeros((3, 1))
    ADD(*out.tuple(), *x.tuple(), 1)
    np.testing.assert_allclose(out.to_numpy(), a.sum(1, keepdims=True), rtol=1e-9, atol=1e-12)


@pytest.mark.task3_2
@given(seed=seeds())
def test_the_matrix_kernel_can_be_called_by_itself(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_array(rng, (2, 3, 4)), random_array(rng, (1, 4, 5))
    out = mt.zeros((2, 3, 5))
    mt.fast_ops.tensor_matrix_multiply(*out.tuple(), *lay_out(a, "rotated").tuple(), *lay_out(b, "reversed").tuple())
    np.testing.assert_allclose(out.to_numpy(), a @ b, rtol=1e-9, atol=1e-12)


@pytest.mark.task3_2
def test_numba_can_tell_how_the_matrix_product_runs_in_parallel() -> None:
    # In a process of its own, twice: the second finds the compiled kernel on disk.
    code = (
        "import minitorch as mt\n"
        "out, a, b = mt.zeros((1, 3, 5)), mt.zeros((1, 3, 4)), mt.zeros((1, 4, 5))\n"
        "mt.fast_ops.tensor_matrix_multiply(*out.tuple(), *a.tuple(), *b.tuple())\n"
        "mt.fast_ops.tensor_matrix_multiply.parallel_diagnostics(level=3)\n"
    )
    env = {**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(Path(mt.__file__).parent.parent)}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "Parallel" in done.stdout


@pytest.mark.task3_2
def test_products_of_matrices_and_of_batches(backend: TensorBackend) -> None:
    rng = np.random.default_rng(0)
    a, b, batch = random_array(rng, (2, 3)), random_array(rng, (3, 4)), random_array(rng, (5, 2, 3))
    x, y, z = [lay_out(array, "reversed", backend) for array in (a, b, batch)]
    np.testing.assert_allclose((x @ y).to_numpy(), a @ b, rtol=1e-9)
    by_hand = (x.contiguous().view(2, 3, 1) * y.contiguous().view(1, 3, 4)).sum(1).view(2, 4)
    np.testing.assert_allclose(by_hand.to_numpy(), a @ b, rtol=1e-9)
    np.testing.assert_allclose((z @ y).to_numpy(), batch @ b, rtol=1e-9)
    with pytest.raises(mt.ShapeError):
        _ = x @ x


@pytest.mark.task3_5
@pytest.mark.parametrize("network", [TensorNetwork, MatrixNetwork])
def test_training_with_the_fast_backend(network: type[TensorNetwork]) -> None:
    backend = TensorBackend(mt.FastOps)
    train_as_in_the_course(network(4, backend), backend, epochs=5)


# Networks (module 4)


@pytest.mark.task4_1
def test_convolution_of_a_line() -> None:
    line = tensor([0, 1, 2, 3]).view(1, 1, 4)
    window = tensor([[1, 2, 3]]).view(1, 1, 3)
    line.requires_grad_(True)
    window.requires_grad_(True)
    out = mt.Conv1dFun.apply(line, window)
    # Anchored at the left, not flipped, zeros past the right end.
    assert [out[0, 0, i] for i in range(4)] == [0 + 2 + 6, 1 + 4 + 9, 2 + 6, 3]
    out.backward(tensor([[[1.0, 10.0, 100.0, 1000.0]]]))
    np.testing.assert_array_equal(line.grad.to_numpy(), [[[1, 12, 123, 1230]]])
    np.testing.assert_array_equal(window.grad.to_numpy(), [[[3210, 321, 32]]])


@pytest.mark.task4_1
def test_grad_check_of_convolution_in_one_dimension() -> None:
    grad_check(mt.Conv1dFun.apply, mt.rand((2, 2, 6)), mt.rand((3, 2, 2)))


@pytest.mark.task4_2
def test_grad_check_of_convolution_in_two_dimensions() -> None:
    grad_check(mt.Conv2dFun.apply, mt.rand((2, 2, 3, 5)), mt.rand((3, 2, 2, 4)))


@pytest.mark.task4_2
def test_weights_without_a_gradient() -> None:
    image = mt.rand((1, 1, 2, 3), requires_grad=True)
    weight = tensor([[[[1.0, 10.0]]]])
    mt.Conv2dFun.apply(image, weight).sum().backward()
    np.testing.assert_array_equal(image.grad.to_numpy(), [[[[1, 11, 11], [1, 11, 11]]]])
    assert weight.grad is None


@pytest.mark.task4_3
@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 2), (3, 2)], ids=str)
def test_average_pooling(kernel: tuple[int, int]) -> None:
    array = random_array(np.random.default_rng(1), (2, 3, 6, 4))
    t = lay_out(array, "reversed")
    kh, kw = kernel
    expected = array.reshape(2, 3, 6 // kh, kh, 4 // kw, kw).mean((3, 5))
    np.testing.assert_allclose(mt.avgpool2d(t, kernel).to_numpy(), expected, rtol=1e-9)
    grad_check(lambda x: mt.avgpool2d(x, kernel), t)


@pytest.mark.task4_4
@pytest.mark.parametrize("kernel", [(2, 2), (2, 1), (1, 2), (3, 2)], ids=str)
def test_maximum_pooling(kernel: tuple[int, int]) -> None:
    array = random_array(np.random.default_rng(2), (2, 3, 6, 4))
    t = lay_out(array, "reversed")
    kh, kw = kernel
    expected = array.reshape(2, 3, 6 // kh, kh, 4 // kw, kw).max((3, 5))
    np.testing.assert_array_equal(mt.maxpool2d(t, kernel).to_numpy(), expected)
    grad_check(lambda x: mt.maxpool2d(x, kernel), t)


@pytest.mark.task4_4
def test_softmax_and_its_logarithm() -> None:
    array = 100 * random_array(np.random.default_rng(3), (1, 2, 3, 4))
    t = tensor(array)
    q = mt.softmax(t, 3)
    np.testing.assert_allclose(q.sum(dim=3).to_numpy(), np.ones((1, 2, 3, 1)), rtol=1e-12)
    cell = q._tensor.sample()
    row = np.exp(array[cell[:3]] - array[cell[:3]].max())
    assert q[cell] == pytest.approx(row[cell[3]] / row.sum(), rel=1e-9)
    np.testing.assert_allclose(mt.logsoftmax(t, 3).exp().to_numpy(), q.to_numpy(), rtol=1e-9, atol=1e-300)
    grad_check(lambda x: mt.softmax(x, dim=2), t / 100)
    grad_check(lambda x: mt.logsoftmax(x, dim=2), t / 100)


@pytest.mark.task4_4
def test_dropout_at_its_ends() -> None:
    t = mt.rand((3, 4))
    np.testing.assert_array_equal(mt.dropout(t, 0.0).to_numpy(), t.to_numpy())
    np.testing.assert_array_equal(mt.dropout(t, 1.0).to_numpy(), np.zeros((3, 4)))
    np.testing.assert_array_equal(mt.dropout(t, 1.0, ignore=True).to_numpy(), t.to_numpy())


@pytest.mark.task4_4
def test_nan_wins_every_maximum() -> None:
    array = np.array([[math.nan, 1.0], [1.0, math.nan], [2.0, 1.0]])
    np.testing.assert_array_equal(mt.max(tensor(array), 1).to_numpy(), [[math.nan], [math.nan], [2.0]])


class ImageNetwork(mt.Module):
    """A small network on images, put together from parameters and functions as in module 4."""

    def __init__(self, backend: TensorBackend) -> None:
        super().__init__()
        self.window = mt.Parameter(0.1 * (mt.rand((3, 1, 2, 3), backend=backend) - 0.5))
        self.offset = mt.Parameter(0.1 * (mt.rand((3, 1, 1), backend=backend) - 0.5))
        self.weight = mt.Parameter(0.1 * (mt.rand((12, 5), backend=backend) - 0.5))

    def forward(self, x: Tensor) -> Tensor:
        h = (mt.conv2d(x, self.window.value) + self.offset.value).relu()
        h = mt.maxpool2d(h, (2, 3)).view(x.shape[0], 12)
        h = mt.dropout(h @ self.weight.value, 0.25, ignore=not self.training)
        return mt.logsoftmax(h, 1)


@pytest.mark.task4_5
def test_a_network_on_images_that_never_calls_zero_grad() -> None:
    backend = TensorBackend(mt.FastOps)
    model = ImageNetwork(backend)
    model.eval()  # without dropout, so that every step can be computed again
    optimizer = mt.SGD(model.parameters(), lr=2.0)
    images = mt.rand((4, 1, 4, 6), backend=backend)
    y = mt.zeros((4, 5), backend=backend)
    for i, label in enumerate([0, 3, 1, 4]):
        y[i, label] = 1.0

    def loss_of(values: list[Any]) -> float:
        """The loss in NumPy, of given parameters."""
        window, offset, weight = values
        padded = np.pad(images.to_numpy(), ((0, 0), (0, 0), (0, 1), (0, 2)))
        h = np.zeros((4, 3, 4, 6)) + offset
        for row, column in np.ndindex(2, 3):
            h = h + window[:, 0, row, column][:, None, None] * padded[:, :, row : row + 4, column : column + 6]
        pooled = np.maximum(h, 0).reshape(4, 3, 2, 2, 2, 3).max((3, 5)).reshape(4, 12)
        out = pooled @ weight
        log_probability = out - np.log(np.exp(out).sum(1, keepdims=True))
        return float(-(log_probability * y.to_numpy()).sum() / 4)

    losses = []
    for _ in range(3):
        before = [p.value.to_numpy() for p in model.parameters()]
        out = model.forward(images.view(4, 1, 4, 6)).view(4, 5)
        prob = (out * y).sum(1)
        loss = -(prob / y.shape[0]).sum()
        assert loss.backend is backend
        loss.view(1).backward()
        optimizer.step()
        losses.append(loss[0])
        assert losses[-1] == pytest.approx(loss_of(before), rel=1e-9)

        # Every number of every parameter has moved against the slope of the loss, seen from both sides.
        for i, parameter in enumerate(model.parameters()):
            moved = (before[i] - parameter.value.to_numpy()) / 2.0
            for cell in np.ndindex(*moved.shape):
                step = np.zeros(moved.shape)
                step[cell] = 1e-5
                right, left = [[b + s * step if j == i else b for j, b in enumerate(before)] for s in (1, -1)]
                assert moved[cell] == pytest.approx((loss_of(right) - loss_of(left)) / 2e-5, rel=1e-5, abs=1e-8)
    assert losses[2] < losses[0]


@pytest.mark.task4_5
def test_a_network_counts_its_right_answers_cell_by_cell() -> None:
    model = ImageNetwork(mt.SimpleBackend)
    model.train()
    out = model(mt.rand((2, 1, 4, 6))).view(2, 5)
    best = [max(range(5), key=lambda j, i=i: out[i, j]) for i in range(2)]
    np.testing.assert_array_equal(best, out.to_numpy().argmax(1))
    np.testing.assert_array_equal(mt.nn.argmax(out, 1).to_numpy().argmax(1), best)
    assert model.training
