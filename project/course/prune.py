"""Removes helpers that only served functions which have been removed: they would give the answer away.

What nobody mentions any more, and somebody did before, goes: functions, classes, constants, private methods, and
files of which nothing is left. Names are compared as they are written, wherever they stand. So a helper may stay that
shares its name with something else; `rehearsal.leaks` looks for that.

What students may need stays: imports of all that still exists, and the constants of scripts.
"""

import ast
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Unit:
    """A statement that can be removed on its own.

    Attributes:
        file: The file that it stands in.
        owner: The class that it belongs to, or an empty text.
        bound: The names that it gives to something.
        mentioned: All names that it mentions.
        lines: Its first and its last line.
        source: The module that it imports from, without the packages around it; None, if it is no import.
    """

    file: Path
    owner: str
    bound: frozenset[str]
    mentioned: frozenset[str]
    lines: tuple[int, int]
    source: str | None

    @property
    def is_import(self) -> bool:
        """Whether it is an import."""
        return self.source is not None


def mentioned_names(node: ast.AST) -> set[str]:
    """All names that a piece of code mentions: variables, attributes, and those in quoted annotations."""
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str) and len(part.value) < 80:
            found.update(part.value.replace("|", " ").replace("[", " ").replace("]", " ").replace(".", " ").split())
    return found


def bound_names(node: ast.stmt) -> list[str]:
    """The names that a statement gives to something."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [(alias.asname or alias.name).split(".")[0] for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def read_units(file: Path) -> list[Unit]:
    """Divide a file into units: its statements, and those in its classes."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    units = []

    def add(node: ast.stmt, owner: str, mentioned: set[str], last: int) -> None:
        first = min([node.lineno, *[d.lineno for d in getattr(node, "decorator_list", [])]])
        source = (node.module or "").split(".")[-1] if isinstance(node, ast.ImportFrom) else None
        source = "" if isinstance(node, ast.Import) else source
        units.append(Unit(file, owner, frozenset(bound_names(node)), frozenset(mentioned), (first, last), source))

    for i, node in enumerate(body):
        last = node.end_lineno or node.lineno
        follower = body[i + 1] if i + 1 < len(body) else None
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and is_text(follower):
            assert follower is not None
            last = follower.end_lineno or last  # the text below a constant says what it is
        if isinstance(node, ast.ClassDef):
            head = ast.Module([ast.Expr(part) for part in [*node.bases, *node.decorator_list]], [])
            add(node, node.name, mentioned_names(head), last)
            for member in node.body:
                add(member, node.name, mentioned_names(member), member.end_lineno or member.lineno)
        elif not is_text(node):
            add(node, "", mentioned_names(node), last)
    return units


def is_text(node: ast.stmt | None) -> bool:
    """Whether a statement is nothing but a text, such as a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def used_names(units: Iterable[Unit]) -> dict[str, list[Unit]]:
    """For each name the units that mention it; imports do not count, but for those that make it public."""
    users: dict[str, list[Unit]] = {}
    for unit in units:
        names = unit.bound if unit.file.name == "__init__.py" else frozenset() if unit.is_import else unit.mentioned
        for name in names:
            users.setdefault(name, []).append(unit)
    return users


def is_used(name: str, unit: Unit, users: Mapping[str, list[Unit]]) -> bool:
    """Whether anything mentions a name, besides the unit that it is the name of."""
    is_class = unit.owner != "" and name == unit.owner
    return any(
        user != unit and not (is_class and user.file == unit.file and user.owner == name)
        for user in users.get(name, [])
    )


def is_helper(unit: Unit, name: str) -> bool:
    """Whether a unit may be removed: anything of a file itself, and private methods."""
    top = unit.owner == "" or name == unit.owner
    is_constant_of_script = name.isupper() and unit.file.parent.name == "project"
    private = name.startswith("_") and not name.startswith("__")
    return not unit.is_import and not is_constant_of_script and (top or private)


def prune(tree: Path, before: Path, kept: Container[str] = ()) -> list[str]:
    """Remove what nobody mentions any more.

    Args:
        tree: The folder in which functions have been removed.
        before: The same folder as it was.
        kept: Names that stay in any case.

    Returns:
        What was removed: names of files, and names in files.
    """
    old_files = python_files(before)
    old_units = [unit for file in old_files for unit in read_units(file)]
    old_users = used_names(old_units)
    old = {(u.file.relative_to(before), name): u for u in old_units for name in u.bound}
    by_file = {file: read_units(file) for file in python_files(tree)}
    removed: list[str] = []
    gone: set[tuple[str, str]] = set()  # (file without its ending, name)
    while True:
        changed = False
        users = used_names([unit for units in by_file.values() for unit in units])
        for file, units in list(by_file.items()):
            name_of_file = file.relative_to(tree)
            doomed = [
                (unit, name)
                for unit in units
                for name in unit.bound
                if is_helper(unit, name)
                and name not in kept
                and not is_used(name, unit, users)
                and (name_of_file, name) in old
                and is_used(name, old[name_of_file, name], old_users)
            ]
            idle = {name for unit in units for name in unit.bound if unit.is_import and (unit.source, name) in gone}
            if not doomed and not idle:
                continue
            changed = True
            removed += [f"{name_of_file.as_posix()}: {name}" for _, name in doomed]
            gone |= {(file.stem, name) for _, name in doomed}
            remove(file, [unit for unit, _ in doomed], [unit for unit in units if unit.is_import], idle)
            by_file[file] = read_units(file)
            if all(unit.is_import for unit in by_file[file]) and file.name != "__init__.py":
                file.unlink()
                del by_file[file]
                removed.append(name_of_file.as_posix())
        if not changed:
            return removed


def python_files(tree: Path) -> list[Path]:
    """The files of the library and of the scripts; not those of the course tool."""
    files = [*(tree / "minitorch").glob("*.py"), *(tree / "project").glob("*.py")]
    return sorted(files)


def remove(file: Path, units: Iterable[Unit], imports: Iterable[Unit], idle: set[str]) -> None:
    """Take units and imported names out of a file, with the comments right above them."""
    lines = file.read_text(encoding="utf-8").splitlines()
    gone: set[int] = set()
    new: dict[int, str] = {}
    for unit in units:
        first, last = unit.lines
        while first > 1 and lines[first - 2].lstrip().startswith("#") and lines[first - 2].strip():
            first -= 1
        while first > 1 and not lines[first - 2].strip():
            first -= 1
        gone.update(range(first, last + 1))
    for unit in imports:
        if not unit.bound & idle:
            continue
        first, last = unit.lines
        statement = ast.parse("\n".join(lines[first - 1 : last])).body[0]
        assert isinstance(statement, (ast.Import, ast.ImportFrom))
        statement.names = [a for a in statement.names if (a.asname or a.name).split(".")[0] not in idle]
        gone.update(range(first, last + 1))
        if statement.names:
            new[first] = ast.unparse(statement)
    kept = [new.get(i, line) for i, line in enumerate(lines, 1) if i not in gone or i in new]
    text = "\n".join(kept).rstrip() + "\n"
    text = re.sub(r"\n{4,}", "\n\n\n", text)  # no more than two empty lines
    text = re.sub(r"\n{3}(?=from |import )", "\n\n", text)  # and one between imports
    file.write_text(text, encoding="utf-8")
