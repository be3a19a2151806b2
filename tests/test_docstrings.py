"""The docstrings: their examples show what really happens, and every public class and function has one."""

import ast
import doctest
import functools
import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

import minitorch

pytestmark = pytest.mark.house("the examples in docstrings belong to no task")

PACKAGE = Path(minitorch.__file__).parent
SOURCES = sorted(PACKAGE.glob("*.py"))


# Docstrings are read from the source. doctest's own search passes by functions that numba has compiled, and by the text
# that stands below a constant.


parse = functools.cache(ast.parse)


def is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def texts_of(source: str) -> Iterator[tuple[str, int]]:
    """All texts that stand by themselves in a file, as docstrings do and texts below a constant, and their lines."""
    for node in ast.walk(parse(source)):
        if isinstance(node, ast.stmt) and is_text(node):
            yield ast.literal_eval(node.value), node.lineno  # type: ignore[attr-defined]


def docstring_of(name: str, source: str) -> str:
    """The docstring of a class or a function of a file, or the text below a constant; empty if there is none."""
    body = parse(source).body
    for node, below in zip(body, [*body[1:], None]):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return ast.get_docstring(node) or ""
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if is_text(below) and name in [getattr(target, "id", None) for target in targets]:
            return ast.literal_eval(below.value)  # type: ignore[union-attr]
    return ""


def examples_in(text: str) -> list[doctest.Example]:
    return doctest.DocTestParser().get_examples(text)


def failures_in(source: str, name: str = "planted.py") -> str:
    """Run the examples of all docstrings of a file, each in an empty namespace of its own, and say what is wrong."""
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    for text, line in texts_of(source):
        runner.run(doctest.DocTestParser().get_doctest(text, {}, name, name, line - 1), out=report.append)
    return "".join(report)


def defining_files() -> dict[str, str]:
    """The public names, each with the source of the file that it comes from."""
    tree = parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    sources = {node.module: (PACKAGE / f"{node.module}.py").read_text(encoding="utf-8") for node in imports}
    return {alias.name: sources[node.module] for node in imports for alias in node.names}


def wants_example(name: str, value: object) -> bool:
    """Whether a name stands for a class or a function. Constants do not, nor do types that have got another name."""
    if not callable(value) or typing.get_origin(value) is not None:
        return False
    return not isinstance(value, type) or value.__name__ == name


# The examples


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_examples_show_what_really_happens(path: Path) -> None:
    report = failures_in(path.read_text(encoding="utf-8"), path.name)
    assert not report, report


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_examples_stand_at_the_end_and_can_be_typed_as_they_stand(path: Path) -> None:
    for text, line in texts_of(path.read_text(encoding="utf-8")):
        if examples_in(text):
            place = f"{path.name}, line {line}"
            assert re.search(r"^ *Examples:\n +>>> import minitorch\n", text, re.M), place
            assert text.count(">>> import minitorch\n") == 1, place
            behind = text.partition("Examples:\n")[2]
            assert not re.search(r"^ *(Args|Attributes|Returns|Raises):$", behind, re.M), place
            assert any(example.want for example in examples_in(text)), f"{place}: an example that shows nothing"


def test_every_public_class_and_function_has_an_example() -> None:
    sources = defining_files()
    wanted = [name for name in sources if wants_example(name, getattr(minitorch, name))]
    assert len(wanted) > 100
    assert not [name for name in wanted if not examples_in(docstring_of(name, sources[name]))]


# The checker is checked


PLANTED = '''"""A file.

Examples:
    >>> import minitorch
    >>> minitorch.prod([2, 3])
    6.0
"""

from numba import njit

from minitorch import prod


class Box:
    def area(self):
        """An area.

        Examples:
            >>> import minitorch
            >>> minitorch.prod([2, 4])
            8.0
        """


@njit
def double(x):
    """2 x

    Examples:
        >>> import minitorch
        >>> minitorch.prod([2, 5])
        10.0
    """


SIZE = 3
"""How many.

Examples:
    >>> import minitorch
    >>> minitorch.prod([2, 6])
    12.0
"""
'''


@pytest.mark.parametrize("right", ["6.0", "8.0", "10.0", "12.0"])
def test_a_wrong_output_is_noticed_wherever_it_stands(right: str) -> None:
    assert failures_in(PLANTED) == ""
    report = failures_in(PLANTED.replace(f"{right}\n", "7.0\n"))
    assert f"Expected:\n    7.0\nGot:\n    {right}" in report
    assert report.count("Expected:") == 1


def test_an_example_finds_nothing_that_a_reader_has_not_typed() -> None:
    report = failures_in(PLANTED.replace("minitorch.prod([2, 5])", "prod([2, 5])"))
    assert "NameError: name 'prod' is not defined" in report


def test_a_missing_example_is_noticed() -> None:
    for name in ("Box", "double", "SIZE", "nothing"):
        assert bool(examples_in(docstring_of(name, PLANTED))) == (name in ("double", "SIZE"))


def test_constants_and_other_names_of_types_need_no_example() -> None:
    for name in ("Tensor", "MapProto", "ShapeError", "conv1d", "prod"):
        assert wants_example(name, getattr(minitorch, name))
    for name in ("FastBackend", "MAX_DIMS", "datasets", "ScalarHistory", "Storage", "UserShape", "TensorLike"):
        assert not wants_example(name, getattr(minitorch, name))
    assert wants_example("index_to_position", minitorch.jit.index_to_position)  # compiled
