"""Rewriting source files: solutions are planted, stubs are put in, and helpers that nobody needs any more go."""

import shutil
import textwrap
from pathlib import Path

import pytest

from minitorch.errors import ArgumentError
from project.course.prune import prune
from project.course.source import edit, plant, read_solution, rewrite
from project.course.stubs import put_stubs
from project.course.tasks import Target, Task

pytestmark = pytest.mark.house("the course tool is no task of the course")

FILE = '''"""A file."""

import math

# About numbers


def double(x: float) -> float:  # twice
    """2 x

    Args:
        x: The number.
    """
    return _scale(x, 2.0)


def _scale(x: float, by: float) -> float:
    return x * by  # a product


class Circle:
    """A circle."""

    # The area
    def area(self, r: float) -> float:
        """pi r^2"""
        return math.pi * r**2

    def _unused(self) -> None:
        return None


def outer(fn):
    def inner(x):
        return fn(x)

    return inner
'''


def section(text: str) -> str:
    return textwrap.dedent(text)


def test_a_solution_is_divided_by_its_headings() -> None:
    text = '"""A solution."""\n\n# minitorch/a.py\n\nx = 1\n\n# project/b.py\ny = 2  # minitorch/c.py\n'
    assert read_solution(text) == {"minitorch/a.py": "\n\nx = 1\n\n", "project/b.py": "\ny = 2  # minitorch/c.py\n"}


def test_a_solution_without_headings_is_refused() -> None:
    with pytest.raises(ArgumentError, match="headings"):
        read_solution("x = 1")


def test_functions_are_replaced_and_all_else_stays() -> None:
    new = rewrite(
        FILE,
        section("""
        def double(x):
            return x + x

        class Circle:
            def area(self, r):
                return 3 * r * r
        """),
    )
    assert "    return x + x\n" in new
    assert "        return 3 * r * r\n" in new
    assert "return _scale(x, 2.0)" not in new
    assert "# About numbers\n\n\ndef double" in new
    assert "# The area\n    def area(self, r):" in new
    assert "def _scale(x: float, by: float) -> float:\n    return x * by  # a product" in new
    compile(new, "new", "exec")


def test_imports_helpers_and_methods_are_added() -> None:
    new = rewrite(
        FILE,
        section("""
        import cmath

        TWO = 2

        def twice(x):
            return TWO * x

        def double(x):
            return twice(x)

        class Circle:
            def again(self, r):
                return 1
        """),
    )
    assert "import math\nimport cmath\n" in new
    assert new.index("TWO = 2") < new.index("def twice") < new.index("def double")
    space: dict[str, object] = {}
    exec(compile(new, "new", "exec"), space)
    assert space["double"](4) == 8
    assert space["Circle"]().again(1) == 1


def test_a_solution_for_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="does not exist"):
        plant(tmp_path, {"minitorch/nothing.py": "x = 1"})


def test_edits_must_hit_exactly_once() -> None:
    assert edit("a b c", [{"old": "b", "new": "x"}, {"old": "x c", "new": "y"}]) == "a y"
    for old in ("z", "a"):
        with pytest.raises(ArgumentError, match="cannot be replaced"):
            edit("a a b", [{"old": old, "new": ""}])


def make_task(*targets: Target) -> Task:
    parts = {"what": "Do it.", "approach": "Think.", "example": "1 becomes 2.", "hints": "None."}
    return Task("9_1", "A task", 1, (), (), parts, targets, False)


def test_stubs_say_what_to_do_and_keep_how_to_call(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE, encoding="utf-8")
    inner = "    def inner(x):\n        raise NotImplementedError('Task 9.1: here')\n"
    skeleton = f"@keep\ndef outer(fn):\n{inner}    return inner\n"
    targets = (
        Target("a.py", "double", "Twice a number."),
        Target("a.py", "Circle.area", "The area."),
        Target("a.py", "outer", "A function.", skeleton),
    )
    put_stubs(tmp_path, make_task(*targets))
    new = (tmp_path / "a.py").read_text(encoding="utf-8")
    assert '    """Twice a number.\n\n    Task 9.1: A task\n\n    What:\n        Do it.\n' in new
    assert "    Args:\n        x: The number.\n" in new
    assert '    raise NotImplementedError("Task 9.1: write double in a.py.")\n' in new
    assert '        raise NotImplementedError("Task 9.1: write Circle.area in a.py.")\n' in new
    assert "Task 9.1; what to do is said in `double`." in new
    assert '@keep\ndef outer(fn):\n    """A function.' in new
    assert "2 x" not in new
    assert "pi r^2" not in new
    compile(new, "new", "exec")


def test_an_inner_function_can_be_the_target(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE, encoding="utf-8")
    put_stubs(tmp_path, make_task(Target("a.py", "outer.inner", "The inner one.")))
    space: dict[str, object] = {}
    exec((tmp_path / "a.py").read_text(encoding="utf-8"), space)
    made = space["outer"](abs)  # can be made
    with pytest.raises(NotImplementedError, match=r"Task 9\.1: write outer\.inner"):
        made(1)


def test_a_target_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(FILE, encoding="utf-8")
    with pytest.raises(LookupError, match="triple"):
        put_stubs(tmp_path, make_task(Target("a.py", "triple", "Three times.")))


LIBRARY = {
    "a.py": '''"""A."""

import math

from .b import FACTOR, helper
from .c import other

SIZE = 3
"""How many."""

KEPT = 4


# A helper of a helper
def _deep(x):
    return math.sqrt(x) * SIZE


def _near(x):
    return _deep(x)


def answer(x):
    return _near(x) + helper(x) + FACTOR


def stays(x):
    return other(x) + KEPT


def never_used(x):
    return x


class Box:
    def _private(self):
        return 1

    def public(self):
        return self._private()
''',
    "b.py": '"""B."""\n\nFACTOR = 2\n\n\ndef helper(x):\n    return x\n',
    "c.py": '"""C."""\n\n\ndef other(x):\n    return x\n',
    "__init__.py": "from .a import Box, answer, never_used, stays\n",
}


def test_helpers_of_removed_functions_go_and_nothing_else(tmp_path: Path) -> None:
    package = tmp_path / "old" / "minitorch"
    package.mkdir(parents=True)
    (tmp_path / "old" / "project").mkdir()
    for name, text in LIBRARY.items():
        (package / name).write_text(text, encoding="utf-8")
    shutil.copytree(tmp_path / "old", tmp_path / "new")
    file = tmp_path / "new" / "minitorch" / "a.py"
    put_stubs(file.parent, make_task(Target("a.py", "answer", "x"), Target("a.py", "Box.public", "x")))
    removed = prune(tmp_path / "new", tmp_path / "old")
    new = file.read_text(encoding="utf-8")
    assert set(removed) == {
        *[f"minitorch/a.py: {name}" for name in ("_deep", "_near", "SIZE", "_private")],
        *["minitorch/b.py: FACTOR", "minitorch/b.py: helper", "minitorch/b.py"],
    }
    for gone in ("_deep", "_near", "SIZE", "How many", "_private", "from .b", "A helper of a helper"):
        assert gone not in new
    for kept in (
        "import math",
        "from .c import other",
        "KEPT = 4",
        "def stays",
        "def never_used",
        "def answer",
        "class Box",
    ):
        assert kept in new
    assert not (file.parent / "b.py").exists()
    compile(new, "new", "exec")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def f():\n    return 1\n", "import math\nX = 2\ndef f():\n    return X\n"),
        ('"""A file."""\n\ndef f():\n    return 1\n', '"""A file."""\nimport math\nX = 2\n\ndef f():\n    return X\n'),
        ("def f():\n    return 1\nimport os\n", "def f():\n    return X\nimport os\nimport math\nX = 2\n"),
    ],
)
def test_nothing_is_doubled_wherever_imports_stand(source: str, expected: str) -> None:
    assert rewrite(source, "import math\nX = 2\ndef f():\n    return X\n") == expected
