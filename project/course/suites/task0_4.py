"""The cases of task 0.4, modules and parameters.

A module is written as a pair: its own parameters, and the modules below it, each with a name.
"""

from collections.abc import Iterable
from typing import Any, TypeAlias

from minitorch import Module, Parameter
from project.course.cases import Case, Values

TASK = "0_4"

Tree: TypeAlias = tuple[list[tuple[str, float]], list[tuple[str, Any]]]


def build(tree: Tree, called: str | None = None) -> tuple[Module, set[int]]:
    """A module, and the identities of all parameters in it. These call themselves `called`, if a name is given."""
    parameters, children = tree
    module, owned = Module(), set()
    for name, value in parameters:
        parameter = Parameter(value, called)
        setattr(module, name, parameter)
        owned.add(id(parameter))
    for name, child_tree in children:
        child, below = build(child_tree, called)
        setattr(module, name, child)
        owned |= below
    return module, owned


def value_of(parameter: Any) -> Any:
    """The value of a parameter; for anything else, what it is."""
    return parameter.value if isinstance(parameter, Parameter) else f"no Parameter but a {type(parameter).__name__}"


def count_of(entries: Any) -> int | None:
    """How many entries there are; None where that cannot be asked."""
    return len(entries) if hasattr(entries, "__len__") else None


def as_pair(entry: Any) -> tuple[str, Any]:
    """An entry of `named_parameters`; what is no pair gets a name that says so."""
    if isinstance(entry, (tuple, list)) and len(entry) == 2:
        return str(entry[0]), entry[1]
    return f"no pair but a {type(entry).__name__}", entry


def listed(pairs: Iterable[tuple[str, Any]], owned: set[int]) -> Values:
    """Names and values in alphabetical order, since the order of the entries is free."""
    entries = sorted([(name, value_of(parameter), id(parameter) in owned) for name, parameter in pairs], key=str)
    return {
        "names": [name for name, _, _ in entries],
        "values": [value for _, value, _ in entries],
        "the module's own parameters": [own for _, _, own in entries],
    }


def run_named_parameters(tree: Tree, called: str | None = None, times: int = 1) -> Values:
    """What `named_parameters` returns when it is called for the last time."""
    module, owned = build(tree, called)
    for _ in range(times):
        entries = module.named_parameters()
    return {"number of entries": count_of(entries)} | listed(map(as_pair, entries), owned)


def run_parameters(tree: Tree) -> Values:
    """What `parameters` returns."""
    module, owned = build(tree)
    entries = module.parameters()
    found = listed([("", parameter) for parameter in entries], owned)
    del found["names"]
    return {"number of entries": count_of(entries)} | found


def run_modes(tree: Tree, steps: list[tuple[str, str]]) -> Values:
    """Which modules are in training mode after some steps: each is the path of a module, and "train" or "eval"."""
    module, _ = build(tree)
    modules = {"(top)": module}

    def walk(tree: Tree, module: Module, path: str) -> None:
        for name, child_tree in tree[1]:
            modules[path + name] = getattr(module, name)
            walk(child_tree, modules[path + name], f"{path}{name}.")

    walk(tree, module, "")
    for path, method in steps:
        getattr(modules[path], method)()
    return {f"{path} is in training mode": bool(module.training) for path, module in modules.items()}


def named_case(name: str, tree: Tree, **settings: Any) -> Case:
    """A case for `named_parameters`."""
    return Case(TASK, f"named_parameters: {name}", run_named_parameters, "named_parameters", {"tree": tree} | settings)


def parameters_case(name: str, tree: Tree) -> Case:
    """A case for `parameters`."""
    return Case(TASK, f"parameters: {name}", run_parameters, "parameters", {"tree": tree})


def modes_case(name: str, tree: Tree, *steps: tuple[str, str]) -> Case:
    """A case for `train` and `eval`."""
    return Case(TASK, name, run_modes, "modes", {"tree": tree, "steps": list(steps)})


EMPTY: Tree = ([], [])
ONE: Tree = ([("weight", 5.0)], [])
TWO: Tree = ([("weight", 5.0), ("bias", -1.0)], [])
BELOW: Tree = ([], [("layer", ONE)])
BOTH: Tree = ([("scale", 9.0)], [("layer", ONE)])
ALIKE: Tree = ([("weight", 1.0)], [("left", ([("weight", 2.0)], [])), ("right", ([("weight", 3.0)], []))])
LEVELS: Tree = (
    [("scale", 9.0)],
    [
        ("middle", ([("bias", 7.0)], [("left", ([("weight", 1.0)], [])), ("right", ([("weight", 2.0)], []))])),
        ("other", ([("weight", 3.0), ("bias", 4.0)], [])),
    ],
)


def chain(length: int) -> Tree:
    """Modules within modules, each with one parameter."""
    tree: Tree = ([("p0", 0.5)], [])
    for i in range(1, length):
        tree = ([(f"p{i}", i + 0.5)], [(f"below{i}", tree)])
    return tree


def network(layers: int) -> Tree:
    """A module with many layers beside each other."""
    return (
        [("scale", 0.25)],
        [(f"layer{i}", ([("weight", float(i)), ("bias", -float(i) - 1)], [])) for i in range(layers)],
    )


CASES = [
    named_case("a module with nothing in it", EMPTY),
    named_case("one parameter", ONE),
    named_case("two parameters", TWO),
    named_case("a module below", BELOW),
    named_case("a parameter and a module below", BOTH),
    named_case("asked for twice", BOTH, times=2),
    named_case("the same name in three modules", ALIKE),
    named_case("parameters with a name of their own", BOTH, called="theta"),
    named_case("three levels", LEVELS),
    named_case("eight levels", chain(8)),
    named_case("twelve modules side by side", network(12)),
    parameters_case("a module with nothing in it", EMPTY),
    parameters_case("two parameters", TWO),
    parameters_case("a parameter and a module below", BOTH),
    parameters_case("the same name in three modules", ALIKE),
    parameters_case("three levels", LEVELS),
    parameters_case("eight levels", chain(8)),
    modes_case("eval: one module", ONE, ("(top)", "eval")),
    modes_case("eval: called twice", ONE, ("(top)", "eval"), ("(top)", "eval")),
    modes_case("eval: a module below", BOTH, ("(top)", "eval")),
    modes_case("eval: three levels", LEVELS, ("(top)", "eval")),
    modes_case("eval: a part only", LEVELS, ("middle", "eval")),
    modes_case("eval: eight levels", chain(8), ("(top)", "eval")),
    modes_case("train: one module, as it starts", ONE, ("(top)", "train")),
    modes_case("train: one module, after eval", ONE, ("(top)", "eval"), ("(top)", "train")),
    modes_case("train: a module below", BOTH, ("(top)", "eval"), ("(top)", "train")),
    modes_case("train: three levels", LEVELS, ("(top)", "eval"), ("(top)", "train")),
    modes_case("train: a part only", LEVELS, ("(top)", "eval"), ("middle", "train")),
    modes_case(
        "train: after a part was evaluated", LEVELS, ("middle.left", "eval"), ("other", "eval"), ("(top)", "train")
    ),
    modes_case("train: eight levels", chain(8), ("(top)", "eval"), ("(top)", "train")),
]
