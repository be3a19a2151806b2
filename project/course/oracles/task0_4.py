"""The oracles of task 0.4, modules and parameters. A module is a pair: its own parameters, and the modules below it."""

from typing import Any


def flat(tree: Any, prefix: str = "") -> list[tuple[str, float]]:
    """The parameters of a tree and all below it, with their paths."""
    parameters, children = tree
    found = [(prefix + name, value) for name, value in parameters]
    for name, child in children:
        found += flat(child, f"{prefix}{name}.")
    return found


def paths(tree: Any, prefix: str = "") -> list[str]:
    """The paths of the modules below a tree."""
    found = []
    for name, child in tree[1]:
        found += [prefix + name, *paths(child, f"{prefix}{name}.")]
    return found


def named_parameters(tree: Any, called: str | None = None, times: int = 1) -> Any:
    """All parameters by their paths, in alphabetical order."""
    entries = sorted(flat(tree), key=str)
    return {
        "number of entries": len(entries),
        "names": [name for name, _ in entries],
        "values": [value for _, value in entries],
        "the module's own parameters": [True for _ in entries],
    }


def parameters(tree: Any) -> Any:
    """The values of all parameters, in alphabetical order."""
    values = sorted([value for _, value in flat(tree)], key=str)
    return {
        "number of entries": len(values),
        "values": values,
        "the module's own parameters": [True for _ in values],
    }


def modes(tree: Any, steps: Any) -> Any:
    """Each step sets the mode of a module and of all whose path goes on from there."""
    training = dict.fromkeys(["(top)", *paths(tree)], True)
    for target, method in steps:
        for path in training:
            if target == "(top)" or path == target or path.startswith(f"{target}."):
                training[path] = method == "train"
    return {f"{path} is in training mode": mode for path, mode in training.items()}
