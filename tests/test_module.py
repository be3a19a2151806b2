"""Modules and parameters: the tree, its names and modes, and saving and loading its values."""

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import Module, Parameter, Scalar, StateError


class Leaf(Module):
    """A module with one parameter."""

    def __init__(self, value: Any = 5.0) -> None:
        super().__init__()
        self.weight = Parameter(value)


class Middle(Module):
    """A module with one parameter and two modules below it."""

    def __init__(self) -> None:
        super().__init__()
        self.bias = Parameter(7.0)
        self.left = Leaf(1.0)
        self.right = Leaf(2.0)


class Top(Module):
    """Three levels."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = Parameter(9.0)
        self.middle = Middle()
        self.other = Leaf(3.0)
        self.setting = "just a string"

    def forward(self, x: float, factor: float = 1.0) -> float:
        return x * self.scale.value * factor


def values(module: Module) -> dict[str, Any]:
    return {name: parameter.value for name, parameter in module.named_parameters()}


EVERYTHING = {
    "scale": 9.0,
    "middle.bias": 7.0,
    "middle.left.weight": 1.0,
    "middle.right.weight": 2.0,
    "other.weight": 3.0,
}

# The tree


@pytest.mark.task0_4
def test_named_parameters_are_dotted_paths() -> None:
    named = Top().named_parameters()
    assert [name for name, _ in named] == list(EVERYTHING)
    assert all(isinstance(parameter, Parameter) for _, parameter in named)
    assert {name: parameter.value for name, parameter in named} == EVERYTHING


@pytest.mark.task0_4
def test_parameters_are_those_of_the_whole_tree() -> None:
    top = Top()
    assert [p.value for p in top.parameters()] == list(EVERYTHING.values())
    assert top.parameters()[2] is top.middle.left.weight


@pytest.mark.task0_4
def test_modules_are_the_direct_children() -> None:
    top = Top()
    children = top.modules()
    assert len(children) == 2
    assert children[0] is top.middle
    assert children[1] is top.other


@pytest.mark.task0_4
@given(depth=st.integers(0, 6), width=st.integers(0, 4))
def test_a_tree_of_any_size(depth: int, width: int) -> None:
    root = Module()
    expected, module, path = [], root, ""
    for level in range(depth + 1):
        for i in range(width):
            module.add_parameter(f"p{i}", level * 10 + i)
            expected.append((f"{path}p{i}", level * 10 + i))
        module.child = Module()
        module, path = module.child, path + "child."
    assert [(name, p.value) for name, p in root.named_parameters()] == expected
    assert len(root.parameters()) == len(expected)


@pytest.mark.task0_4
def test_an_empty_module_has_nothing() -> None:
    module = Module()
    assert module.parameters() == []
    assert module.named_parameters() == []
    assert module.modules() == []
    assert module.state_dict() == {}


@pytest.mark.task0_4
def test_the_course_finds_parameters_and_modules_in_their_tables() -> None:
    top = Top()
    assert list(top.__dict__["_parameters"]) == ["scale"]
    assert list(top.__dict__["_modules"]) == ["middle", "other"]


@pytest.mark.task0_4
def test_a_shared_parameter_has_two_names_but_is_one() -> None:
    top = Top()
    top.other.weight = top.middle.left.weight
    assert [name for name, _ in top.named_parameters()] == list(EVERYTHING)
    assert len(top.parameters()) == len(EVERYTHING) - 1
    top.other.weight.update(-1.0)
    assert top.middle.left.weight.value == -1.0


@pytest.mark.task0_4
def test_a_shared_module_has_its_parameters_once() -> None:
    module = Module()
    module.first = module.second = Leaf()
    assert [name for name, _ in module.named_parameters()] == ["first.weight", "second.weight"]
    assert len(module.parameters()) == 1


# Modes


@pytest.mark.task0_4
def test_a_new_module_is_in_training_mode() -> None:
    top = Top()
    assert [m.training for m in (top, top.middle, top.middle.left, top.other)] == [True] * 4


@pytest.mark.task0_4
def test_modes_reach_three_levels_down() -> None:
    top = Top()
    everything = [top, top.middle, top.middle.left, top.middle.right, top.other]
    for _ in range(2):
        top.eval()
        assert [m.training for m in everything] == [False] * 5
        top.train()
        assert [m.training for m in everything] == [True] * 5


@pytest.mark.task0_4
def test_modes_do_not_reach_upwards_or_sideways() -> None:
    top = Top()
    top.middle.eval()
    assert [top.training, top.other.training] == [True, True]
    assert [top.middle.training, top.middle.left.training, top.middle.right.training] == [False] * 3


# Attributes


@pytest.mark.task0_4
def test_attributes_are_what_was_assigned() -> None:
    top, parameter, module = Top(), Parameter(1.0), Leaf()
    top.p, top.m, top.number = parameter, module, 4
    assert top.p is parameter
    assert top.m is module
    assert top.number == 4
    assert top.setting == "just a string"


@pytest.mark.task0_4
@pytest.mark.parametrize("name", ["wieght", "_hidden", "weight2"])
def test_an_unknown_attribute_is_an_error_that_helps(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"Middle has no attribute '{name}'") as error:
        getattr(Middle(), name)
    assert "\n  got:      " + name in str(error.value)
    assert "bias, left, right" in str(error.value), "the names that there are"
    assert "\n  fix:      check the spelling" in str(error.value)


@pytest.mark.task0_4
def test_hasattr_and_getattr_work_as_everywhere() -> None:
    top = Top()
    assert hasattr(top, "scale")
    assert hasattr(top, "middle")
    assert hasattr(top, "setting")
    assert not hasattr(top, "middel")
    assert getattr(top, "middel", "nothing") == "nothing"


@pytest.mark.task0_4
@pytest.mark.parametrize(
    "before", [Parameter(1.0), Leaf(), "plain", None], ids=["parameter", "module", "plain", "none"]
)
@pytest.mark.parametrize("after", [Parameter(2.0), Leaf(), "other", None], ids=["parameter", "module", "plain", "none"])
def test_a_name_means_only_what_was_assigned_last(before: Any, after: Any) -> None:
    module = Module()
    module.x = before
    module.x = after
    assert module.x is after
    assert [name for name, _ in module.named_parameters()] == (
        ["x"] if isinstance(after, Parameter) else ["x.weight"] if isinstance(after, Module) else []
    )
    assert len(module.modules()) == isinstance(after, Module)


@pytest.mark.task0_4
@pytest.mark.parametrize("name", ["scale", "middle", "setting"])
def test_attributes_can_be_deleted(name: str) -> None:
    top = Top()
    delattr(top, name)
    assert not hasattr(top, name)
    assert not any(known.startswith(name) for known, _ in top.named_parameters())
    with pytest.raises(AttributeError):
        delattr(top, name)


@pytest.mark.task0_4
@pytest.mark.parametrize("value", [Parameter(1.0), Leaf()], ids=["parameter", "module"])
def test_assignment_before_the_module_is_set_up_is_refused(value: Any) -> None:
    class Hasty(Module):
        def __init__(self) -> None:
            self.part = value
            super().__init__()

    kind = type(value).__name__
    message = rf"Hasty\.part was assigned before(.|\n)*got: +self\.part = {kind}(.|\n)*fix: .*first line of __init__"
    with pytest.raises(AttributeError, match=message):
        Hasty()


@pytest.mark.task0_4
def test_a_plain_attribute_may_come_before_the_module_is_set_up() -> None:
    class Early(Module):
        def __init__(self) -> None:
            self.size = 3
            super().__init__()
            self.weight = Parameter(1.0)

    module = Early()
    assert module.size == 3
    assert len(module.parameters()) == 1


@pytest.mark.task0_4
def test_a_copy_has_its_own_parameters() -> None:
    top = Top()
    twin = copy.deepcopy(top)
    assert values(twin) == EVERYTHING
    twin.middle.left.weight.update(100.0)
    twin.eval()
    assert values(top) == EVERYTHING
    assert top.training


@pytest.mark.task0_4
def test_two_modules_share_nothing() -> None:
    first, second = Top(), Top()
    first.extra = Parameter(1.0)
    first.middle.left.weight.update(0.0)
    assert values(second) == EVERYTHING


# Parameters


@pytest.mark.task0_4
def test_add_parameter() -> None:
    module = Module()
    made = [module.add_parameter(f"weight{i}", float(i)) for i in range(3)]
    assert [p.value for p in module.parameters()] == [0.0, 1.0, 2.0]
    assert module.weight1 is made[1]
    assert [p.name for p in made] == ["weight0", "weight1", "weight2"]


@pytest.mark.task0_4
def test_add_parameter_again_replaces_it() -> None:
    module = Leaf(5.0)
    module.add_parameter("weight", 6.0)
    assert values(module) == {"weight": 6.0}


@pytest.mark.task0_4
def test_a_parameter_gets_its_name_from_the_module_unless_it_has_one() -> None:
    module = Module()
    module.first, module.second = Parameter(1.0), Parameter(2.0, name="chosen")
    assert module.first.name == "first"
    assert module.second.name == "chosen"
    assert Parameter(3.0).name is None


@pytest.mark.task0_4
def test_a_parameter_shows_its_value() -> None:
    parameter = Parameter("some text")
    assert str(parameter) == "some text"
    assert repr(parameter) == "'some text'"


@pytest.mark.task0_4
def test_update_reaches_everyone_who_holds_the_parameter() -> None:
    module = Leaf(5.0)
    held = module.parameters()[0]
    held.update(6.0)
    assert module.weight.value == 6.0
    assert module.weight is held


class Wish:
    """Something that can be told, as tensors can, that its gradient is wanted."""

    def __init__(self) -> None:
        self.name = "unnamed"
        self.told: list[bool] = []

    def requires_grad_(self, wanted: bool) -> None:
        self.told.append(wanted)


@pytest.mark.task0_4
def test_a_parameter_asks_for_the_gradient_of_its_value() -> None:
    first, second = Wish(), Wish()
    parameter = Parameter(first, name="weight")
    assert first.told == [True]
    parameter.update(second)
    assert second.told == [True]
    assert parameter.value is second
    assert (first.name, second.name) == ("weight", "weight")


@pytest.mark.task1_2
def test_a_scalar_in_a_parameter_becomes_a_leaf() -> None:
    parameter = Parameter(Scalar(1.0, None))
    assert parameter.value.is_leaf()
    parameter.update(parameter.value * 2.0)
    assert parameter.value.is_leaf()
    assert parameter.value.data == 2.0


# Calling and showing


@pytest.mark.task0_4
def test_calling_a_module_calls_forward() -> None:
    assert Top()(2.0) == 18.0
    assert Top()(2.0, factor=10.0) == 180.0


@pytest.mark.task0_4
def test_a_module_without_forward_cannot_be_called() -> None:
    with pytest.raises(NotImplementedError, match="Leaf defines no forward"):
        Leaf()(1.0)


@pytest.mark.task0_4
def test_repr_shows_the_tree() -> None:
    class Set(Leaf):
        def extra_repr(self) -> str:
            return "size=3"

    top = Top()
    top.middle.right = Set()
    assert (
        repr(top)
        == str(top)
        == ("Top(\n  (middle): Middle(\n    (left): Leaf()\n    (right): Set(size=3)\n  )\n  (other): Leaf()\n)")
    )
    assert repr(Module()) == "Module()"


# Saving and loading


class Network(Module):
    """Parameters of three kinds: tensors of two types, a Scalar, and a plain number."""

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self.layer = Leaf(minitorch.tensor((start + np.arange(6.0)).reshape(2, 3)))
        self.half = Leaf(minitorch.tensor(np.array([start, 7.0], dtype=np.float32)))
        self.scalar = Parameter(Scalar(start + 8.0))
        self.number = Parameter(start + 9.0)


def contents(module: Module) -> dict[str, Any]:
    return {name: np.array(parameter.value).tolist() for name, parameter in module.named_parameters()}


@pytest.mark.task4_5
def test_state_dict_names_every_value() -> None:
    state = Network().state_dict()
    assert list(state) == ["scalar", "number", "layer.weight", "half.weight"]
    assert all(isinstance(array, np.ndarray) for array in state.values())
    assert {name: (array.shape, array.dtype) for name, array in state.items()} == {
        "scalar": ((), np.float64),
        "number": ((), np.float64),
        "layer.weight": ((2, 3), np.float64),
        "half.weight": ((2,), np.float32),
    }
    np.testing.assert_array_equal(state["layer.weight"], [[0, 1, 2], [3, 4, 5]])


@pytest.mark.task4_5
def test_state_dict_is_a_copy() -> None:
    network, plain = Network(), Leaf(np.array([1.0, 2.0]))
    for array in (*network.state_dict().values(), *plain.state_dict().values()):
        array[...] = -1.0
    assert contents(network) == contents(Network())
    assert contents(plain) == {"weight": [1.0, 2.0]}


@pytest.mark.task4_5
def test_load_state_dict() -> None:
    network, source = Network(), Network(start=0.1)
    held = dict(network.named_parameters())
    state = source.state_dict()
    network.load_state_dict(state)
    assert contents(network) == contents(source)
    assert network.number.value == 9.1
    assert type(network.number.value) is float
    for name, parameter in network.named_parameters():
        assert parameter is held[name], "an optimizer that holds the parameter must see the new value"
        old = dict(source.named_parameters())[name].value
        assert type(parameter.value) is type(old)
        assert getattr(parameter.value, "dtype", None) == getattr(old, "dtype", None)
    for parameter in (network.layer.weight, network.scalar):
        assert parameter.value.is_leaf()
    # The arrays were copied: what becomes of them later does not matter.
    for array in state.values():
        array[...] = -1.0
    assert contents(network) == contents(source)


@pytest.mark.task4_5
def test_load_state_dict_keeps_sharing() -> None:
    network = Network()
    network.half.weight = network.layer.weight
    network.load_state_dict({name: array + 1.0 for name, array in network.state_dict().items()})
    assert network.half.weight is network.layer.weight
    np.testing.assert_array_equal(network.layer.weight.value.to_numpy(), [[1, 2, 3], [4, 5, 6]])


@pytest.mark.task4_5
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: s.pop("half.weight"), r"got: +missing: half\.weight; unknown: none\n"),
        (lambda s: s.update(extra=np.zeros(2)), r"got: +missing: none; unknown: extra\n"),
        (lambda s: s.update(hat=s.pop("scalar")), r"got: +missing: scalar; unknown: hat\n"),
        (lambda s: s.clear(), r"got: +missing: scalar, number, layer\.weight, half\.weight; unknown: none\n"),
        (
            lambda s: s.update({"half.weight": np.zeros(3)}),
            r"the shape of 'half\.weight' differs\.\n  got: +\(3,\)\n  expected: \(2,\)\n",
        ),
        (
            lambda s: s.update({"layer.weight": np.zeros((3, 2))}),
            r"the shape of 'layer\.weight' differs\.\n  got: +\(3, 2\)\n  expected: \(2, 3\)\n",
        ),
        (
            lambda s: s.update(scalar=np.zeros(1)),
            r"the shape of 'scalar' differs\.\n  got: +\(1,\)\n  expected: \(\)\n",
        ),
        (lambda s: s.update({"half.weight": np.array(["a", "b"])}), r"'half\.weight'(.|\n)*got: "),
        (lambda s: s.update({"half.weight": np.array([1j, 2j])}), r"'half\.weight'(.|\n)*got: "),
        (lambda s: s.update({"half.weight": np.array([None, None])}), r"'half\.weight'(.|\n)*got: "),
    ],
    ids=["missing", "unknown", "renamed", "empty", "longer", "transposed", "rank", "text", "complex", "objects"],
)
def test_a_state_that_does_not_fit_changes_nothing(spoil: Any, message: str) -> None:
    network = Network()
    state = Network(start=50.0).state_dict()
    spoil(state)
    before = contents(network)
    with pytest.raises(StateError, match=message) as error:
        network.load_state_dict(state)
    assert "\n  fix:      " in str(error.value)
    assert contents(network) == before


@pytest.mark.task4_5
def test_a_parameter_may_hold_an_array() -> None:
    module, array = Leaf(np.array([1.0, 2.0])), np.array([3.0, 4.0])
    module.load_state_dict({"weight": array})
    array[...] = -1.0
    assert isinstance(module.weight.value, np.ndarray)
    assert module.weight.value.tolist() == [3.0, 4.0]


@pytest.mark.task4_5
def test_loading_forgets_old_gradients() -> None:
    network = Network()
    (network.scalar.value * 2.0).backward()
    network.load_state_dict(network.state_dict())
    assert network.scalar.value.derivative is None


@pytest.mark.task0_4
def test_a_name_that_modules_use_themselves_is_refused() -> None:
    module = Module()
    with pytest.raises(AttributeError, match=r"(?s)Module.train is taken.*self.train = Parameter.*another name"):
        module.train = Parameter(1.0)  # type: ignore[assignment, method-assign]
    assert module.parameters() == []
    module.train()  # still the method


@pytest.mark.task0_4
def test_loading_leaves_frozen_parameters_frozen() -> None:
    class Pair(Module):
        def __init__(self) -> None:
            super().__init__()
            self.frozen = Parameter(minitorch.ones(2))
            self.free = Parameter(minitorch.ones(2))

    pair = Pair()
    pair.frozen.value.requires_grad_(False)
    pair.load_state_dict({"frozen": np.zeros(2), "free": np.zeros(2)})
    assert pair.frozen.value.to_numpy().tolist() == pair.free.value.to_numpy().tolist() == [0, 0]
    assert not pair.frozen.value.requires_grad()
    assert pair.free.value.requires_grad()
