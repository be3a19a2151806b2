"""What is taken of whole solutions: those of all tasks, and what a forward keeps for its backward."""

import ast
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path

import libcst as cst
import pytest

from project.course import taking
from project.course.catalogue import alternatives
from project.course.planting import textbook
from project.course.rehearsal import released
from project.course.source import read_solution, rewrite
from project.course.taking import files_for, names_of, take
from project.course.tasks import tasks

from .test_course_taking import STUB, run, unused

pytestmark = pytest.mark.house("the course tool is no task of the course")

# The whole course


@pytest.fixture(scope="module")
def release() -> Iterator[tuple[Path, Mapping[str, str]]]:
    """A repository in which all tasks are to be solved, and its files."""
    with released(list(tasks().values())) as folder:
        sources = [file for name in ("minitorch", "project") for file in (folder / name).glob("*.py")]
        yield folder, {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in sources}


@pytest.fixture
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was handed out is the same in many tests."""
    monkeypatch.setattr(taking, "HandedOut", HANDED_OUT_ONCE)


HANDED_OUT_ONCE = functools.cache(taking.HandedOut)


@functools.cache
def functions_of(text: str) -> dict[str, str]:
    """The functions of a file and the methods of its classes, as they are apart from comments."""
    found = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef):
            found[node.name] = ast.dump(node)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{m.name}": ast.dump(m) for m in node.body if isinstance(m, ast.FunctionDef)}
    return found


def test_no_two_tasks_share_a_function() -> None:
    owners: dict[tuple[str, str], str] = {}
    for task in tasks().values():
        for target in task.targets:
            assert owners.setdefault((target.module, target.outermost), task.id) == task.id
            assert target.outermost == target.path or target.path.startswith(f"{target.outermost}.")


@pytest.mark.usefixtures("read_once")
def test_all_textbook_solutions_together_are_taken(release: tuple[Path, Mapping[str, str]]) -> None:
    folder, handed_out = release
    files = dict(handed_out)
    for number in tasks():
        for name, section in read_solution(textbook(number)).items():
            files[name] = rewrite(files[name], section)
    taken = take(files, handed_out, list(tasks().values()))
    assert (taken.notes, taken.broken, taken.files) == ([], {}, {})
    for task in tasks().values():
        found, problem = files_for(task, taken, folder)
        assert problem == ""
        own = {(target.module, target.outermost) for target in task.targets}
        for name in {module for module, _ in own}:
            wanted, stubs = functions_of(files[name]), functions_of(handed_out[name])
            assert (
                functions_of(found[name]).items()
                >= {path: wanted[path] for module, path in own if module == name}.items()
            )
            others = {
                path: text for path, text in stubs.items() if (name, path.replace("forward", "backward")) not in own
            }
            later = {(t.module, t.outermost) for n, o in tasks().items() if n not in task.before for t in o.targets}
            others = {path: text for path, text in others.items() if (name, path) not in own | later}
            assert functions_of(found[name]).items() >= others.items()


@pytest.mark.usefixtures("read_once")
@pytest.mark.parametrize("number", tasks())
def test_every_correct_solution_is_taken_as_a_whole(release: tuple[Path, Mapping[str, str]], number: str) -> None:
    folder, handed_out = release
    task = tasks()[number]
    for alternative, solution in alternatives(number).items():
        files = {name: rewrite(handed_out[name], section) for name, section in solution.items()}
        taken = take(files, handed_out, list(tasks().values()))
        assert [note for note in taken.notes if "you changed" in note or "has to be" in note] == [], alternative
        assert taken.broken == taken.files == {}
        found, problem = files_for(task, taken, folder)
        assert problem == ""
        for name in solution:
            others = {target.outermost for other in tasks().values() if other != task for target in other.targets}
            wanted = {path: text for path, text in functions_of(files[name]).items() if path not in others}
            assert functions_of(found[name]).items() >= wanted.items(), f"{alternative}: {name}"
            assert lines_of(files[name]) <= lines_of(found[name]), f"{alternative}: {name}"


def lines_of(text: str) -> set[str]:
    """The imports and constants of a file."""
    return {ast.unparse(node) for node in ast.parse(text).body if not isinstance(node, ast.ClassDef | ast.FunctionDef)}


# What `forward` keeps for `backward`


FUNCTIONS = {"1_4": ("1_2", "minitorch/scalar_functions.py"), "2_4": ("2_3", "minitorch/tensor_functions.py")}


@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize(("number", "alternative"), [("1_4", "counting_uses"), ("2_4", "from_the_course")])
def test_forward_comes_along_if_backward_needs_what_it_keeps(
    release: tuple[Path, Mapping[str, str]], tmp_path: Path, number: str, alternative: str, alone: bool
) -> None:
    # Tasks 1.2 and 2.3 ask for `forward`, tasks 1.4 and 2.4 for `backward`, and what is kept is the student's choice.
    earlier, name = FUNCTIONS[number]
    reference = rewrite(release[1][name], read_solution(textbook(earlier))[name])
    (tmp_path / "minitorch").mkdir()
    (tmp_path / name).write_text(reference, encoding="utf-8")
    solution = alternatives(number)[alternative][name]
    handed_out = reference if alone else release[1][name]
    chosen = [tasks()[one] for one in ([number] if alone else [earlier, number])]
    files = {name: rewrite(reference, solution)}
    taken = take(files, {name: handed_out}, chosen)
    assert taken.notes == []
    found, problem = files_for(tasks()[number], taken, tmp_path)
    assert problem == ""
    assert functions_of(found[name]).items() >= functions_of(solution).items()


def test_forward_stays_that_of_the_reference_if_it_keeps_the_same(tmp_path: Path) -> None:
    name = FUNCTIONS["1_4"][1]
    stubs = f"import math\n\n\nclass Mul:\n    def forward(ctx, a, b):\n        {STUB}\n"
    stubs += f"\n    def backward(ctx, d):\n        {STUB}\n"
    right = "class Mul:\n    def forward(ctx, a, b):\n        ctx.save_for_backward(a, b)\n        return a * b\n"
    (tmp_path / "minitorch").mkdir()
    (tmp_path / name).write_text(rewrite(stubs, right), encoding="utf-8")
    wrong = right.replace("a * b", "7") + "\n    def backward(ctx, d):\n        return d\n"
    taken = take({name: wrong}, {name: stubs}, [tasks()["1_2"], tasks()["1_4"]])
    space = run(taken, tmp_path, "1_4", name)
    assert space["Mul"].backward(None, 5) == 5
    assert "return 7" not in files_for(tasks()["1_4"], taken, tmp_path)[0][name]
    # Who has not written `forward` yet can have written `backward`.
    unwritten = wrong[: wrong.index("ctx.save")] + STUB + wrong[wrong.index("\n\n    def backward") :]
    taken = take({name: unwritten}, {name: stubs}, [tasks()["1_2"], tasks()["1_4"]])
    assert "a * b" in files_for(tasks()["1_4"], taken, tmp_path)[0][name]
    # A change of what is no task's, and is not needed either, is noted.
    taken = take({name: wrong}, {name: rewrite(stubs, right)}, [tasks()["1_4"]])
    assert unused(taken.notes[0]) == "Mul.forward"


def test_names_of_statements() -> None:
    for text, wanted in {"a = b = 1": ["a", "b"], "a, (b, c) = x": [], "a: int": [], "a.b = 1": [], "f()": []}.items():
        assert names_of(cst.parse_statement(text)) == wanted
