"""The names, signatures and habits that programs of the MiniTorch course rely on.

The programs in here are written the way students write them: with numbers and modules; with Scalars, tensors, fast
tensors and networks in the files beside this one. Each is compared with what NumPy or plain arithmetic says about the
same computation.
"""

import ast
import inspect
import math
import sys
from collections.abc import Callable
from typing import Any

import pytest

import minitorch
import minitorch as mt
from minitorch import (
    Context,
    MathTest,
    Scalar,
    ScalarHistory,
    TensorData,
    operators,
    tensor,
)

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
