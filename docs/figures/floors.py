"""The floors of the library: a file, and all files below it that it is built upon, read from their imports."""

import ast
from pathlib import Path

from docs.figures.drawing import TEXT, Drawing, Steps

ROOT = Path(__file__).parents[2]
CHOSEN = ("tensor_data", "tensor_functions", "tensor", "layers")

LEFT, WIDTH, ROW, ROOM = 60, 440, 36, 28  # of a row of rooms, and of a room in it


def draw() -> Steps:
    """One drawing for each chosen file."""
    return Steps([draw_step(name) for name in CHOSEN], still=CHOSEN.index("tensor"))


def read_floors() -> dict[int, list[str]]:
    """The files on each floor, from the test that keeps them there."""
    tree = ast.parse((ROOT / "tests" / "test_architecture.py").read_text(encoding="utf-8"))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    table = next(node.value for node in assigned if ast.unparse(node.targets[0]) == "FLOORS")
    floors: dict[int, list[str]] = {}
    for name, floor in ast.literal_eval(table).items():
        floors.setdefault(floor, []).append(name)
    return floors


def imports_of(name: str) -> set[str]:
    """The files of the library that a file imports when it is run."""
    tree = ast.parse((ROOT / "minitorch" / f"{name}.py").read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.level == 1]
    return {file for node in found for file in ([node.module] if node.module else [alias.name for alias in node.names])}


def all_below(name: str) -> set[str]:
    """The files that a file imports, those that they import, and so on."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        new = imports_of(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def draw_step(chosen: str) -> Drawing:
    """All files as rooms, with those that the chosen file needs in blue."""
    floors, needed = read_floors(), all_below(chosen)
    told = f"{chosen}.py needs {len(needed)} file{'s' if len(needed) > 1 else ''}"
    rooms = [(floor, wrap(floors[floor])) for floor in sorted(floors, reverse=True)]
    drawing = Drawing(
        WIDTH,
        48 + sum(ROW * len(rows) + 8 for _, rows in rooms),
        f"The files of the library on {len(floors)} floors, from floor 0 at the bottom. {told}:"
        f" {', '.join(sorted(needed))}. None of them stands above it.",
    )
    drawing.text((LEFT + WIDTH) / 2, 24, told, "strong")
    drawing.text(LEFT - 28, 24, "floor", "faint")
    y = 44
    for floor, rows in rooms:
        drawing.text(LEFT - 28, y + ROW * len(rows) / 2 + 4, str(floor), "faint strong")
        for row in rows:
            for name, x, width in row:
                style = "output strong" if name == chosen else "input" if name in needed else "zero"
                drawing.box(x, y + 2, width, ROOM, style)
                drawing.text(x + width / 2, y + 21, name, "faint" if style == "zero" else "", size=TEXT - 2)
            y += ROW
        y += 8
        drawing.line([(LEFT - 48, y - 6), (WIDTH - 4, y - 6)], "faint")
    return drawing


def wrap(names: list[str]) -> list[list[tuple[str, float, float]]]:
    """Rooms for files, in rows as wide as the drawing: of each its name, its left edge and its width."""
    rows: list[list[tuple[str, float, float]]] = [[]]
    x: float = LEFT
    for name in names:
        width = 8.8 * len(name) + 16
        if x + width > WIDTH - 4:
            rows.append([])
            x = LEFT
        rows[-1].append((name, x, width))
        x += width + 8
    return rows
