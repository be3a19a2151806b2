"""A module as a tree: the modules it owns, and the parameters at the ends of the branches with their full names."""

from docs.figures.drawing import Drawing
from minitorch import Linear, Module, Parameter, ReLU, Sequential, tensor

HIDDEN = 3

ROW, INDENT = 46, 44
NAMES = 310  # where the full names begin


class Network(Module):
    """The network of the chapter."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.body = Sequential(Linear(2, hidden), ReLU())
        self.head = Linear(hidden, 1)
        self.scale = Parameter(tensor([1]))


def rows_of(module: Module, label: str, depth: int, path: str) -> list[tuple[int, str, str, str]]:
    """A row for a module and for everything below it: depth, text, shape and full name of a parameter."""
    rows = [(depth, label, "", "")]
    for name, parameter in module._parameters.items():
        shape = str(tuple(parameter.value.shape))
        rows.append((depth + 1, name, shape, path + name))
    for name, child in module._modules.items():
        rows += rows_of(child, f"{name}: {type(child).__name__}", depth + 1, f"{path}{name}.")
    return rows


def draw() -> Drawing:
    """One row for each module and each parameter, indented as deep as it lies in the tree."""
    network = Network(HIDDEN)
    rows = rows_of(network, type(network).__name__, 0, "")
    # The tree was walked here to learn the depths; the full names must be those that the module itself gives.
    assert [name for *_, name in rows if name] == [name for name, _ in network.named_parameters()]
    told = ", ".join(f"{name} of shape {shape}" for _, _, shape, name in rows if name)
    modules = [text for _, text, _, name in rows if not name]
    drawing = Drawing(
        560,
        44 + ROW * len(rows),
        f"A tree. {modules[0]} owns, level by level, the modules {', '.join(modules[1:])}."
        f" Its parameters, with their full names, are {told}.",
    )
    drawing.text(8, 26, "modules and parameters", "strong", anchor="start")
    drawing.text(NAMES, 26, "full name", "weight strong", anchor="start")
    drawing.text(552, 26, "shape", "weight strong", anchor="end")
    above: list[float] = []  # for each depth, the lower edge of the last module there: branches hang from it
    for place, (depth, text, shape, name) in enumerate(rows):
        x, y = 8 + INDENT * depth, 44 + ROW * place
        if depth:
            trunk = x - INDENT + 20
            drawing.line([(trunk, above[depth - 1]), (trunk, y + 17), (x, y + 17)], "faint")
        drawing.box(x, y, 24 + 9.5 * len(text), 34, "weight" if name else "plain")
        drawing.text(x + 12, y + 23, text, anchor="start")
        if name:
            drawing.text(NAMES, y + 23, name, "code", anchor="start")
            drawing.text(552, y + 23, shape, anchor="end")
        above = [*above[:depth], y + 34]
    return drawing
