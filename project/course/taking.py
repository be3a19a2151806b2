"""Takes out of a submission what the student was to write, and puts it into files that are otherwise as handed out.

`python -m project.course.taking < request.json` does it in a process of its own, for a file of a student can be written
so that whatever parses it ends. Nothing of the file is run.

Taken are the functions of the tasks; functions, classes, methods, constants and imports that the student added; and
files that the student added. For each task there is then a set of files in which these stand, with the reference
solutions of all other tasks.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import libcst as cst

from project.course.source import is_import, rewrite
from project.course.tasks import Task, tasks

REACHES_FOR_CHECKER = re.compile(r"\bproject\s*\.\s*course\b|\bfrom\s+project\s+import\s+course\b")
"""Code that mentions the package which judges it."""

UNUSUAL = {"ctypes", "gc", "inspect", "importlib", "os", "signal", "socket", "subprocess", "sys", "threading"}
UNUSUAL |= {"builtins", "__import__", "compile", "eval", "exec", "globals", "setattr", "open"}
"""Names that no solution needs: whoever mentions one is named to the instructor, and graded like anybody else."""


@dataclass
class Taken:
    """What was taken.

    Attributes:
        own: For each task and file, the functions of the task as text.
        added: For each file, what the student added to it.
        files: Files that the student added.
        broken: Files that cannot be parsed, and why.
        notes: What the student should know.
    """

    own: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    added: dict[str, list[str]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def code(node: cst.CSTNode) -> str:
    """The text of a statement."""
    return cst.Module([node]).code.strip("\n") + "\n"  # type: ignore[list-item]


def names_of(statement: cst.CSTNode) -> list[str]:
    """The names that a constant is given by a statement; none, if it is something else."""
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return []
    line = statement.body[0]
    targets: list[cst.BaseExpression] = []
    if isinstance(line, cst.Assign):
        targets = [target.target for target in line.targets]
    elif isinstance(line, cst.AnnAssign) and line.value is not None:
        targets = [line.target]
    return [target.value for target in targets if isinstance(target, cst.Name)]


def is_future(statement: cst.CSTNode) -> bool:
    """Whether a statement is an import that must stand at the very beginning of a file."""
    return "__future__" in code(statement)


def is_text(statement: cst.CSTNode) -> bool:
    """Whether a statement is nothing but a text."""
    return (
        isinstance(statement, cst.SimpleStatementLine)
        and isinstance(statement.body[0], cst.Expr)
        and isinstance(statement.body[0].value, (cst.SimpleString, cst.ConcatenatedString))
    )


class HandedOut:
    """A file as it was handed out: what there is in it, by name."""

    def __init__(self, text: str) -> None:
        self.parts: dict[str, set[str]] = {}  # the texts of each function, method, class and constant
        self.others: set[str] = set()  # the texts of all else
        for statement in cst.parse_module(text).body:
            if isinstance(statement, cst.FunctionDef):
                self._add(statement.name.value, statement)
            elif isinstance(statement, cst.ClassDef):
                self.parts[statement.name.value] = set()
                for member in statement.body.body:
                    if isinstance(member, cst.FunctionDef):
                        self._add(f"{statement.name.value}.{member.name.value}", member)
                    else:
                        self.others.add(code(member).strip())
            else:
                for name in names_of(statement):
                    self._add(name, statement)
                self.others.add(code(statement).strip())

    def _add(self, name: str, node: cst.CSTNode) -> None:
        """Note a part. A property has several of one name."""
        self.parts.setdefault(name, set()).add(code(node).strip())


def is_addition(statement: cst.CSTNode, before: HandedOut) -> bool:
    """Whether a statement gives something to a name that nothing had in the file as it was handed out."""
    if is_import(statement):
        return not is_future(statement) and code(statement).strip() not in before.others
    names = [statement.name.value] if isinstance(statement, cst.ClassDef) else names_of(statement)
    return bool(names) and not set(names) & before.parts.keys()


def take_file(name: str, text: str, handed_out: str, chosen: Sequence[Task], taken: Taken) -> None:
    """Take out of a file what the student wrote.

    Args:
        name: The name of the file.
        text: The student's file.
        handed_out: The file as it was handed out.
        chosen: The tasks.
        taken: What was taken so far, to which this is added.
    """
    owners = {target.outermost: task.id for task in chosen for target in task.targets if target.module == name}
    before = HandedOut(handed_out)
    changed = []

    def is_news(path: str, node: cst.CSTNode) -> bool:
        """Sort in a function: True if it is one that the student added."""
        if path in before.parts and code(node).strip() not in before.parts[path]:
            changed.append(path)
        return path not in before.parts

    for statement in cst.parse_module(text).body:
        if isinstance(statement, cst.FunctionDef):
            path = statement.name.value
            if path in owners:
                taken.own.setdefault(owners[path], {}).setdefault(name, []).append(code(statement))
            elif is_news(path, statement):
                taken.added.setdefault(name, []).append(code(statement))
        elif isinstance(statement, cst.ClassDef) and statement.name.value in before.parts:
            for member in statement.body.body:
                path = f"{statement.name.value}.{member.name.value}" if isinstance(member, cst.FunctionDef) else ""
                body = statement.body.with_changes(body=[member])
                alone = code(statement.with_changes(body=body, decorators=[], leading_lines=[]))
                if path in owners:
                    taken.own.setdefault(owners[path], {}).setdefault(name, []).append(alone)
                elif path and is_news(path, member):
                    taken.added.setdefault(name, []).append(alone)
                elif not path and code(member).strip() not in before.others and not is_text(member):
                    changed.append(f"{statement.name.value}: {code(member).strip().splitlines()[0][:60]}")
        elif is_addition(statement, before):
            taken.added.setdefault(name, []).append(code(statement))
        elif not is_text(statement) and code(statement).strip() not in before.others:
            changed.append((names_of(statement) or code(statement).strip().splitlines())[0][:60])
    if changed:
        taken.notes.append(
            f"{name}: you changed what is no part of your tasks, and it was graded as it was handed out: "
            f"{', '.join(changed[:5])}{', ...' if len(changed) > 5 else ''}."
        )


def take(files: Mapping[str, str], handed_out: Mapping[str, str], chosen: Sequence[Task]) -> Taken:
    """Take out of a submission what the student wrote.

    Args:
        files: The student's files, by their names.
        handed_out: The files that were handed out.
        chosen: The tasks.
    """
    taken = Taken()
    for name, text in files.items():
        if name not in handed_out:
            if REACHES_FOR_CHECKER.search(text):
                taken.notes.append(f"{name} was not used: it mentions project.course, which judges the solutions.")
            else:
                taken.files[name] = text
        elif text != handed_out[name]:
            try:
                take_file(name, text, handed_out[name], chosen, taken)
            except cst.ParserSyntaxError as error:
                taken.broken[name] = f"{name}, line {error.raw_line}: {error.message}"
            except (RecursionError, ValueError) as error:  # nested too deep; or a character that no source file has
                taken.broken[name] = f"{name}: {str(error)[:200]}"
    unusual = {name: sorted(unusual_names(files[name])) for name in files if files[name] != handed_out.get(name)}
    usual = {name: unusual_names(text) for name, text in handed_out.items()}
    for name, mentioned in unusual.items():
        if new := [word for word in mentioned if word not in usual.get(name, set())]:
            taken.notes.append(f"{name} mentions {', '.join(new)}, which solutions do not need.")
    return taken


def unusual_names(text: str) -> set[str]:
    """Which of the `UNUSUAL` names a text mentions, where they are not the names of methods."""
    return UNUSUAL & set(re.findall(r"(?<![.\w])\w+", text))


def files_for(task: Task, taken: Taken, base: Path) -> tuple[dict[str, str], str]:
    """The files in which a task is judged.

    Args:
        task: The task.
        taken: What was taken from the student.
        base: The folder with the repository as it was handed out, and the references of all other tasks in it.

    Returns:
        The texts of the files that differ from those in the folder; and why there are none, as a rule nothing.
    """
    needed = [target.module for target in task.targets]
    broken = [taken.broken[name] for name in needed if name in taken.broken]
    own = taken.own.get(task.id, {})
    written = [part for parts in (*taken.added.values(), *own.values()) for part in parts]
    if broken:
        return {}, "\n".join(["Its file cannot be read.", *broken])
    if any(REACHES_FOR_CHECKER.search(part) for part in written):
        return {}, "The code mentions project.course, which judges it. That is not graded."
    files = dict(taken.files)
    for name in dict.fromkeys([*taken.added, *own]):
        section = "\n".join([*taken.added.get(name, []), *own.get(name, [])])
        files[name] = rewrite((base / name).read_text(encoding="utf-8"), section)
    return files, ""


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a request: `files`, `handed_out` (a folder) and `bases` (a folder for each task).

    Returns:
        For each task its `files`, or its `problem`; and the `notes`.
    """
    root = Path(request["handed_out"])
    sources = [*(root / "minitorch").glob("*.py"), *(root / "project").glob("*.py")]
    handed_out = {file.relative_to(root).as_posix(): file.read_text(encoding="utf-8") for file in sources}
    chosen = [tasks()[number] for number in request["bases"]]
    taken = take(request["files"], handed_out, chosen)
    found: dict[str, Any] = {}
    for task in chosen:
        files, problem = files_for(task, taken, Path(request["bases"][task.id]))
        found[task.id] = {"files": files, "problem": problem}
    return {"tasks": found, "notes": taken.notes}


if __name__ == "__main__":
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
