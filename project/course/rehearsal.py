"""Rehearses a course: proves, for the tasks as they are, what the instructor relies on.

- A *robot* gets a repository without any answer, and solves the tasks in order with the textbook solutions. After each
  step exactly the suites up to that task must be green; so no suite needs a task that comes after it.
- *Single* releases, one for each task: exactly the suites of the task and of those that build on it must be red, each
  must name the task that is missing, and no line of the answer may be left in any file.
"""

import ast
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from project.course.cases import STAGES
from project.course.judging import Verdict, judge_all
from project.course.planting import textbook
from project.course.release import release
from project.course.runner import ROOT
from project.course.source import plant, read_solution
from project.course.suites import all_cases
from project.course.tasks import Task, tasks

SHORTEST = 20
"""How many characters a line of an answer has, at least, that must not be found: shorter ones stand everywhere."""


@contextmanager
def released(chosen: Sequence[Task], root: Path = ROOT) -> Iterator[Path]:
    """A repository for students, which is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="minitorch-") as folder:
        release(chosen, Path(folder), root)
        yield Path(folder)


def red_suites(verdicts: Sequence[Verdict]) -> set[str]:
    """The tasks of which a case failed."""
    return {verdict.case.task for verdict in verdicts if not verdict.passed}


def run_robot(note: Callable[[str, list[str]], None], numbers: Sequence[str] | None = None) -> bool:
    """Let a robot solve the tasks in order.

    At the end, all suites are run compiled too.

    Args:
        note: Is told, after each step, the task and what is wrong; nothing, if all is as it should be.
        numbers: The first tasks, if not all of them are to be solved.

    Returns:
        Whether all steps went as they should.
    """
    fine = True
    with released(list(tasks().values())) as folder:
        solved: list[str] = []
        steps = [None, *(tasks() if numbers is None else numbers)]
        for number in steps:
            if number is not None:
                plant(folder, read_solution(textbook(number)))
                solved.append(number)
            verdicts = judge_all(all_cases(), folder, STAGES if number == steps[-1] else STAGES[:1])
            red = red_suites(list(verdicts.values()))
            complaints = []
            for task in tasks():
                if (task in red) == (task in solved):
                    failing = [v for v in verdicts.values() if v.case.task == task and not v.passed]
                    complaints.append(
                        f"the suite of {task} is {'red' if task in red else 'green'}"
                        + "".join([f"\n      {v.case.name}: {v.outcome.error or v.difference}" for v in failing[:3]])
                    )
            fine = fine and not complaints
            note("the beginning" if number is None else number, complaints)
    return fine


def suites_without(task: Task) -> tuple[set[str], list[str]]:
    """Release a single task, and run all suites.

    Returns:
        The suites that are red; and those among them that do not say which task is missing.
    """
    with released([task]) as folder:
        verdicts = judge_all(all_cases(), folder, ("plain",))
    red = red_suites(list(verdicts.values()))
    silent = [
        number
        for number in tasks()
        if number in red
        and not any(f"Task {task.number}" in v.outcome.error for v in verdicts.values() if v.case.task == number)
    ]
    return red, silent


# Answers that are left


def find_function(module: ast.Module, path: str) -> ast.FunctionDef | None:
    """A function of a file, by its path: "Conv1dFun.backward"."""
    node: ast.AST = module
    for name in path.split("."):
        inner = [n for n in ast.walk(node) if isinstance(n, (ast.FunctionDef, ast.ClassDef)) and n.name == name]
        if not inner:
            return None
        node = inner[0]
    return node if isinstance(node, ast.FunctionDef) else None


def normal_lines(text: str) -> set[str]:
    """The lines of a text, without the spaces around them and without comments behind them."""
    return {line.split("  # ")[0].strip() for line in text.splitlines()}


def body_lines(source: str, path: str) -> list[str]:
    """The lines of a function's body, without its docstring; nothing, if there is no such function."""
    function = find_function(ast.parse(source), path)
    if function is None:
        return []
    statements = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not statements:
        return []
    last = function.end_lineno or 0
    return source.splitlines()[statements[0].lineno - 1 : last]


def answer_lines(task: Task, root: Path = ROOT) -> set[str]:
    """The lines of all answers to a task that are known: that of the library, and the textbook solution."""
    sections = read_solution(textbook(task.id))
    lines: list[str] = []
    for target in task.targets:
        lines += body_lines((root / target.module).read_text(encoding="utf-8"), target.path)
        lines += body_lines(sections.get(target.module, ""), target.path)
    return normal_lines("\n".join(lines))


def library_lines(tree: Path) -> set[str]:
    """The lines of the library and of the scripts."""
    files = [*(tree / "minitorch").glob("*.py"), *(tree / "project").glob("*.py")]
    return normal_lines("\n".join([file.read_text(encoding="utf-8") for file in files]))


def lines_outside(task: Task, root: Path) -> set[str]:
    """The lines of the library and the scripts that belong to no target of a task."""
    lines: set[str] = set()
    for file in [*(root / "minitorch").glob("*.py"), *(root / "project").glob("*.py")]:
        source = rest = file.read_text(encoding="utf-8")
        for target in task.targets:
            if target.module == file.relative_to(root).as_posix():
                rest = rest.replace("\n".join(body_lines(source, target.path)), "", 1)
        lines |= normal_lines(rest)
    return lines


def leaks(task: Task, root: Path = ROOT) -> list[str]:
    """Lines of an answer that are left in a release of its task.

    Looked for, in every file, are the lines that the release has taken out of the library: of functions, and of helpers
    that went with them. And those of the textbook solution, except such as also stand in what is not to be written.
    """
    with released([task], root) as folder:
        removed = library_lines(root) - library_lines(folder)
        given = normal_lines("\n".join([target.skeleton or "" for target in task.targets]))
        answer = removed | (answer_lines(task, root) - lines_outside(task, root) - given)
        wanted = {line for line in answer if len(line) >= SHORTEST and not line.startswith(("#", "raise ", '"'))}
        found = []
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            if file.suffix not in (".gz", ".npz", ".png", ".xz"):
                left = normal_lines(file.read_text(encoding="utf-8", errors="replace")) & wanted
                found += [f"{file.relative_to(folder).as_posix()}: {line}" for line in sorted(left)]
    return found
