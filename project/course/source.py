"""Rewrites source files: puts other functions into the place of those that are there, and leaves all else as it is.

Stubs, solutions, wrong solutions and references are all the same to this file: a *solution* is a text that says, under
headings such as `# minitorch/fast_conv.py`, what is to stand in which file. Functions and methods replace those of the
same name; imports, and functions and constants of other names, are added.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import libcst as cst

from minitorch.errors import ArgumentError, explain

HEADING = re.compile(r"^# ((?:minitorch|project|tests)/[\w/]+\.py)$", re.M)


def read_solution(text: str) -> dict[str, str]:
    """Divide a solution into its sections: what is to stand in which file.

    Raises:
        ArgumentError: There is no heading.
    """
    parts = HEADING.split(text)
    sections = dict(zip(parts[1::2], parts[2::2]))
    if not sections:
        raise ArgumentError(
            explain(
                "A solution does not say which files its functions belong to.",
                got=text[:60],
                expected="headings such as '# minitorch/fast_conv.py', each on a line of its own",
                fix="write a heading above the functions",
            )
        )
    return sections


class _Replace(cst.CSTTransformer):
    """Replaces functions by others, by their paths. What was found is taken out of `functions`."""

    def __init__(self, functions: dict[str, cst.FunctionDef], added: dict[str, list[cst.FunctionDef]]) -> None:
        self.functions = functions
        self.added = added  # methods that a class does not have yet, by the class
        self.outer: list[str] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.outer.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        path = ".".join(self.outer)
        self.outer.pop()
        block = updated_node.body
        new = [self.functions.pop(f"{path}.{f.name.value}") for f in self.added.get(path, [])]
        if not new or not isinstance(block, cst.IndentedBlock):
            return updated_node
        new = [function.with_changes(leading_lines=[cst.EmptyLine(indent=False)]) for function in new]
        return updated_node.with_changes(body=block.with_changes(body=[*block.body, *new]))

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
        self.outer.append(node.name.value)
        return ".".join(self.outer) not in self.functions

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        path = ".".join(self.outer)
        self.outer.pop()
        if path not in self.functions:
            return updated_node
        return self.functions.pop(path).with_changes(leading_lines=original_node.leading_lines)


def is_import(statement: cst.CSTNode) -> bool:
    """Whether a statement is a line of imports."""
    return isinstance(statement, cst.SimpleStatementLine) and isinstance(
        statement.body[0], (cst.Import, cst.ImportFrom)
    )


def is_text(statement: cst.CSTNode) -> bool:
    """Whether a statement is nothing but a text, such as the one that a file begins with."""
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )


def _methods(definition: cst.ClassDef) -> list[cst.FunctionDef]:
    """The methods of a class."""
    return [statement for statement in definition.body.body if isinstance(statement, cst.FunctionDef)]


def rewrite(source: str, section: str) -> str:
    """Put the functions of a section of a solution into the text of a source file."""
    module, new = cst.parse_module(source), cst.parse_module(section)
    known: dict[str, set[str]] = {}  # what there is: the names of the file, and the methods of each class
    for statement in module.body:
        if isinstance(statement, cst.ClassDef):
            known[statement.name.value] = {method.name.value for method in _methods(statement)}
        elif isinstance(statement, cst.FunctionDef):
            known[statement.name.value] = set()
    functions: dict[str, cst.FunctionDef] = {}
    methods_added: dict[str, list[cst.FunctionDef]] = {}
    imports, others = [], []
    for statement in new.body:
        if is_import(statement):
            imports.append(statement)
        elif isinstance(statement, cst.FunctionDef) and statement.name.value in known:
            functions[statement.name.value] = statement
        elif isinstance(statement, cst.ClassDef) and statement.name.value in known:
            name = statement.name.value
            for method in _methods(statement):
                functions[f"{name}.{method.name.value}"] = method
                if method.name.value not in known[name]:
                    methods_added.setdefault(name, []).append(method)
        else:
            others.append(statement)
    wanted = {path.split(".")[0] for path in functions}
    module = module.visit(_Replace(functions, methods_added))
    body = list(module.body)
    top = [i for i, statement in enumerate(body) if is_import(statement) or (i == 0 and is_text(statement))]
    last_import = max(top, default=-1)  # or the text that a file begins with
    # What is new stands right above the first thing that uses it, if that does not stand above an import.
    first = min(
        [
            i
            for i, statement in enumerate(body)
            if isinstance(statement, (cst.FunctionDef, cst.ClassDef)) and statement.name.value in wanted
        ],
        default=len(body),
    )
    first = max(first, last_import + 1)
    body = [*body[: last_import + 1], *imports, *body[last_import + 1 : first], *others, *body[first:]]
    return module.with_changes(body=body).code


def plant(tree: Path, solution: Mapping[str, str]) -> None:
    """Put a solution into the files of a folder.

    Raises:
        ArgumentError: A file is not there.
    """
    for name, section in solution.items():
        file = tree / name
        if not file.is_file():
            raise ArgumentError(
                explain(
                    "A solution is for a file that does not exist.",
                    got=name,
                    expected="a file of this repository",
                    fix="correct the heading of the section",
                )
            )
        file.write_text(rewrite(file.read_text(encoding="utf-8"), section), encoding="utf-8")


def edit(text: str, edits: Sequence[Mapping[str, str]]) -> str:
    """Replace pieces of a text, each of which must stand there exactly once.

    Args:
        text: The text.
        edits: What to replace (`old`), and by what (`new`).

    Raises:
        ArgumentError: A piece is not there, or several times.
    """
    for change in edits:
        count = text.count(change["old"])
        if count != 1:
            raise ArgumentError(
                explain(
                    "A piece of text cannot be replaced.",
                    got=f"it stands there {count} times: {change['old']!r}",
                    expected="a piece that stands there once",
                    fix="write more of the lines around it",
                )
            )
        text = text.replace(change["old"], change["new"])
    return text
