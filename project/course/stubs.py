"""Puts stubs in the place of the functions that students write."""

import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

import libcst as cst

from project.course.source import is_import
from project.course.tasks import PARTS, Target, Task, module_docstrings

SECTIONS = re.compile(r"^ *(Args|Returns|Raises|Yields|Examples):$", re.M)
"""Where the part of a docstring begins that says how to call a function; what stands before it may say how it works."""

WIDTH = 112
"""How long the lines of a stub's text may be."""


def wrapped(text: str, indent: str) -> str:
    """Break a text into lines; lines that are broken already stay so."""
    lines = []
    for line in text.splitlines():
        deeper = line[: len(line) - len(line.lstrip())]
        if re.match(r" +\w+: ", line):  # the description of an argument
            deeper += "    "
        lines += textwrap.wrap(line, WIDTH - len(indent), subsequent_indent=deeper) or [""]
    return "\n".join([f"{indent}{line}".rstrip() for line in lines])


def stub_docstring(task: Task, target: Target, original: str, indent: str, first: str) -> str:
    """What a student reads in the place of the solution.

    Args:
        task: The task.
        target: The function.
        original: Its docstring, of which the sections that say how to call it are kept.
        indent: The spaces in front of each line.
        first: The path of the first target of the task in this file: it says everything, the others refer to it.
    """
    parts = [target.what]
    if target.path == first:
        parts.append(f"Task {task.number}: {task.title}")
        parts += [f"{part.capitalize()}:\n" + textwrap.indent(task.parts[part], "    ") for part in PARTS]
    else:
        parts.append(f"Task {task.number}; what to do is said in `{first}`.")
    found = SECTIONS.search(original)
    if found is not None:
        parts.append(original[found.start() :].strip())
    text = "\n\n".join(parts)
    return '"""' + wrapped(text, indent).strip() + f'\n{indent}"""'


def refusal(task: Task, target: Target) -> str:
    """The line that stands in the place of a solution."""
    return f'raise NotImplementedError("Task {task.number}: write {target.path} in {target.module}.")'


def _docstring(function: cst.FunctionDef) -> str:
    """The docstring of a function, without the spaces in front of its lines; empty if there is none."""
    return function.get_docstring() or ""


class _Stub(cst.CSTTransformer):
    """Replaces the bodies of targets by stubs."""

    def __init__(self, task: Task, targets: Sequence[Target]) -> None:
        self.task = task
        self.waiting = {target.path: target for target in targets}
        self.first = targets[0].path
        self.outer: list[str] = []
        self.imports: dict[str, cst.CSTNode] = {}  # what skeletons need, by the text of the line

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.outer.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef, updated_node: cst.ClassDef) -> cst.ClassDef:
        self.outer.pop()
        return updated_node

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.outer.append(node.name.value)

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:
        path = ".".join(self.outer)
        depth = len(self.outer)
        self.outer.pop()
        if path not in self.waiting:
            return updated_node
        target = self.waiting.pop(path)
        indent = "    " * depth
        text = stub_docstring(self.task, target, _docstring(original_node), indent, self.first)
        if target.skeleton is None:
            body = f"def stub():\n{indent}{text}\n{indent}{refusal(self.task, target)}\n"
            stub = cst.ensure_type(cst.parse_statement(body), cst.FunctionDef)
            return updated_node.with_changes(body=stub.body.with_changes(indent=None))
        *imports, last = cst.parse_module(target.skeleton).body
        skeleton = cst.ensure_type(last, cst.FunctionDef)
        self.imports |= {cst.Module([line]).code.strip(): line.with_changes(leading_lines=[]) for line in imports}
        documented = cst.parse_statement(text + "\n")
        block = cst.ensure_type(skeleton.body, cst.IndentedBlock)
        block = block.with_changes(body=[documented, *block.body])
        return skeleton.with_changes(body=block, leading_lines=original_node.leading_lines)


def with_plain_docstring(source: str, module: str) -> str:
    """The text of a file, where its docstring does not tell how the solution works."""
    plain = module_docstrings().get(module)
    whole = re.match(r'"""(.*?)"""', source, re.S)
    return source if plain is None or whole is None else f'"""{plain.strip()}\n"""' + source[whole.end() :]


def put_stubs(tree: Path, task: Task) -> None:
    """Replace the functions of a task by stubs."""
    for module in dict.fromkeys(target.module for target in task.targets):
        file = tree / module
        targets = [target for target in task.targets if target.module == module]
        stub = _Stub(task, targets)
        source = with_plain_docstring(file.read_text(encoding="utf-8"), module)
        new = cst.parse_module(source).visit(stub)
        if stub.waiting:
            raise LookupError(f"{module} has no function {', '.join(stub.waiting)}; the table of tasks names it.")
        imports = [line for text, line in stub.imports.items() if text not in source]
        last = max([i for i, statement in enumerate(new.body) if is_import(statement)], default=-1)
        new = new.with_changes(body=[*new.body[: last + 1], *imports, *new.body[last + 1 :]])
        file.write_text(new.code, encoding="utf-8")
