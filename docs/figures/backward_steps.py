"""The chain rule on a small graph: values on the way there, derivatives on the way back."""

from collections.abc import Sequence

import minitorch
from docs.figures.drawing import Drawing, Steps, number
from minitorch import Scalar, Variable

X, Y = 2, 3

PLACES = {"x": (110, 70), "y": (430, 70), "a": (318, 190), "b": (140, 310), "z": (318, 430)}  # the middle of each box
WIDE, HIGH = 100, 56
OFFSETS = {  # where the label of an edge stands, seen from its middle
    ("z", "a"): (10, 12, "start"),
    ("z", "b"): (-10, 16, "end"),
    ("b", "a"): (-4, 22, "start"),
    ("b", "x"): (-10, 6, "end"),
    ("a", "x"): (10, -8, "start"),
    ("a", "y"): (14, 12, "start"),
}
SIGNS = {"Mul": "\u00d7", "Add": "+"}


def make_graph() -> dict[str, Scalar]:
    """x and y, and what is computed from them, by name."""
    x, y = Scalar(X, name="x"), Scalar(Y, name="y")
    a = x * y
    b = a + x
    z = a * b
    a.name, b.name, z.name = "a", "b", "z"
    return {v.name: v for v in (x, y, a, b, z)}


def draw() -> Steps:
    """The graph with its values; then one drawing for each variable that hands on its derivative; then the result."""
    graph = make_graph()
    parts: dict[str, list[float]] = {"z": [1.0]}  # what has arrived at each variable
    labels: dict[tuple[str, str], str] = {}  # what went along each edge
    frames = [draw_frame(graph, {}, {}, "", "forward: from the leaves to the result")]
    for v in minitorch.topological_sort(graph["z"]):
        if v.is_leaf():
            continue
        arrived = sum(parts[v.name])
        for (parent, part), (_, slope) in zip(v.chain_rule(arrived), v.chain_rule(1.0)):
            parts.setdefault(parent.name, []).append(part)
            labels[v.name, parent.name] = f"{number(arrived)} \u00d7 {number(slope)} = {number(part)}"
        told = f"{v.name} has all its parts: it hands on its {number(arrived)}, times each slope"
        frames.append(draw_frame(graph, parts, labels, v.name, told))
    graph["z"].backward()
    for name in ("x", "y"):
        assert graph[name].derivative == sum(parts[name])
    frames.append(draw_frame(graph, parts, labels, "", "the leaves keep the sum of what arrived"))
    return Steps(frames, still=len(frames) - 1)


def formula(v: Variable) -> str:
    """How a variable was computed."""
    if v.history is None or v.history.last_fn is None:
        return v.name
    left, right = v.parents
    return f"{v.name} = {left.name} {SIGNS[v.history.last_fn.__name__]} {right.name}"


def draw_frame(
    graph: dict[str, Scalar],
    parts: dict[str, list[float]],
    labels: dict[tuple[str, str], str],
    active: str,
    told: str,
) -> Drawing:
    """The graph while `active` hands on what has arrived at it."""
    values = ", ".join(f"{formula(v)} = {number(v.data)}" for v in graph.values())
    sums = {name: as_sum(arrived) for name, arrived in parts.items()}
    derivatives = "; ".join(f"with respect to {name}: {text}" for name, text in sums.items())
    drawing = Drawing(
        560,
        508,
        f"The graph {values}. Step: {told}. " + (f"Derivatives of z so far, {derivatives}." if derivatives else ""),
    )
    for v in graph.values():
        for parent in v.parents:
            draw_edge(drawing, v.name, parent.name, labels, v.name == active)
    for name, v in graph.items():
        x, y = PLACES[name]
        style = "output" if name == "z" else "input" if v.is_leaf() else "plain"
        drawing.box(x - WIDE / 2, y - HIGH / 2, WIDE, HIGH, f"{style} strong" if name == active else style)
        drawing.text(x, y - 5, formula(v))
        drawing.text(x, y + 18, number(v.data), "strong")
        if name in sums:
            text = f"\u2202z/\u2202{name} = {sums[name]}"
            if v.is_leaf():
                drawing.text(x, y - HIGH / 2 - 12, text, "gradient strong")
            elif name == "b":
                drawing.text(x - 22, y + HIGH / 2 + 22, text, "gradient strong", "end")
            else:
                drawing.text(x + WIDE / 2 + 8, y + 6, text, "gradient strong", "start")
    drawing.text(280, 495, told)
    return drawing


def as_sum(arrived: Sequence[float]) -> str:
    """What arrived, added up: 8 + 6 = 14."""
    total = number(sum(arrived))
    return total if len(arrived) == 1 else f"{' + '.join(map(number, arrived))} = {total}"


def draw_edge(drawing: Drawing, name: str, parent: str, labels: dict[tuple[str, str], str], active: bool) -> None:
    """The line between a variable and one that it was computed from, with what was handed on."""
    (x1, y1), (x2, y2) = PLACES[parent], PLACES[name]
    top, bottom = (x1, y1 + HIGH / 2), (x2, y2 - HIGH / 2)
    if active:
        drawing.arrow(bottom, top, "gradient strong")
    else:
        drawing.arrow(top, bottom, "faint")
    if (name, parent) in labels:
        x, y, anchor = OFFSETS[name, parent]
        middle = (top[0] + bottom[0]) / 2 + x, (top[1] + bottom[1]) / 2 + y
        drawing.text(*middle, labels[name, parent], "gradient", anchor)
