"""The house rules of the repository, read from its files: who may import whom, and what importing it may do."""

import ast
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import pytest_ignore_collect

pytestmark = pytest.mark.house("holds the files of the library to the design, whatever they compute")

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minitorch"

# A file imports only from lower floors, so there is an order in which the library can be read.
FLOORS = {
    "operators": 0,
    "errors": 0,
    "module": 0,
    "datasets": 0,
    "memory": 0,
    "serialize": 1,
    "autodiff": 1,
    "tensor_data": 1,
    "jit": 2,
    "inner_loops": 2,
    "sharing": 2,
    "scalar_functions": 2,
    "tensor_ops": 2,
    "slicing": 2,
    "scalar": 3,
    "fast_matmul": 3,
    "fast_ops": 3,
    "fast_conv": 3,
    "fast_pool": 3,
    "fast_embedding": 3,
    "fast_adam": 3,
    "optim": 4,
    "sliding": 3,
    "tensor_functions": 3,
    "tensor": 4,
    "creation": 5,
    "nn": 6,
    "testing": 6,
    "layers": 7,
    "sequences": 7,
    "__init__": 8,
}

# On the lowest floor, two files need the wording of errors; and what kernels are made of has to be compiled.
SIDEWAYS = {
    ("module", "errors"),
    ("datasets", "errors"),
    ("inner_loops", "jit"),
    ("sharing", "jit"),
    ("fast_ops", "fast_matmul"),
    ("fast_conv", "sliding"),
}

# Two files promise more than their floor asks for.
NOTHING_BUT = {"serialize": {"errors"}, "optim": {"errors", "module", "memory", "fast_adam"}}

NETWORK_AND_CLOCK = {
    *("socket", "socketserver", "ssl", "http", "urllib", "ftplib", "smtplib", "imaplib", "poplib", "xmlrpc"),
    *("asyncio", "requests", "time", "datetime", "sched", "webbrowser"),
}

SOURCES = sorted(PACKAGE.glob("*.py"))
TESTS = sorted((ROOT / "tests").glob("*.py"))


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def is_type_checking(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def imports_of(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """The import statements that run: those at the top level."""
    return [node for node in parse(path).body if isinstance(node, ast.Import | ast.ImportFrom)]


def files_imported_by(path: Path) -> set[str]:
    """The files of the package that a file imports."""
    found = set()
    for node in imports_of(path):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found |= {node.module} if node.module else {alias.name for alias in node.names}
    return found


def modules_imported_by(path: Path) -> set[str]:
    """The modules outside of the package that a file imports, without their submodules."""
    found = set()
    for node in imports_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif node.level == 0 and node.module:
            found.add(node.module.partition(".")[0])
    return found


# Who imports whom


def test_every_file_stands_on_a_floor() -> None:
    assert {path.stem for path in SOURCES} == set(FLOORS)


def test_the_design_shows_these_floors() -> None:
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    assert {name: int(floor) for floor, name in re.findall(r"^\| (\d) \| `(\w+)\.py` \|", page, re.M)} == FLOORS


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_file_imports_only_from_lower_floors(path: Path) -> None:
    upwards = {
        imported
        for imported in files_imported_by(path)
        if FLOORS[imported] >= FLOORS[path.stem] and (path.stem, imported) not in SIDEWAYS
    }
    assert not upwards, f"{path.stem} (floor {FLOORS[path.stem]}) imports {upwards}"


@pytest.mark.parametrize("name", NOTHING_BUT)
def test_a_file_that_promises_to_need_little_keeps_its_promise(name: str) -> None:
    assert files_imported_by(PACKAGE / f"{name}.py") <= NOTHING_BUT[name]


def test_no_import_goes_in_a_circle() -> None:
    # Floors alone would allow a circle among neighbours of one floor.
    waiting = {path.stem: files_imported_by(path) for path in SOURCES}
    while ready := [name for name, imported in waiting.items() if not imported & set(waiting)]:
        for name in ready:
            del waiting[name]
    assert not waiting, f"these import each other: {waiting}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_imports_are_plain(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ImportFrom):
            assert all(alias.name != "*" for alias in node.names), "a star import hides where names come from"
            assert node.level <= 1, "an import from outside of the package"
            assert (node.module or "").partition(".")[0] != "minitorch", "inside, imports are relative"
        elif isinstance(node, ast.Import):
            assert all(alias.name.partition(".")[0] != "minitorch" for alias in node.names), "inside, not by its name"
        elif isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            assert name not in ("__import__", "import_module"), "a hidden import"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_imports_stand_at_the_top(path: Path) -> None:
    tree = parse(path)
    at_the_top = set(tree.body)
    for block in filter(is_type_checking, tree.body):
        at_the_top.update(block.body)  # type: ignore[attr-defined]
    everywhere = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    hidden = [node.lineno for node in everywhere if node not in at_the_top]
    assert not hidden, f"imports inside of functions or conditions, in lines {hidden}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_library_needs_only_numpy_and_numba(path: Path) -> None:
    others = modules_imported_by(path) - {"numpy", "numba"}
    assert others <= set(sys.stdlib_module_names)
    assert not others & NETWORK_AND_CLOCK, "no result may depend on the network or on the time of day"


@pytest.mark.parametrize("path", [p for p in SOURCES if p.stem != "jit"], ids=lambda path: path.stem)
def test_only_jit_configures_numba(path: Path) -> None:
    for node in imports_of(path):
        if isinstance(node, ast.Import):
            assert all(alias.name.partition(".")[0] != "numba" for alias in node.names)
        elif (node.module or "").partition(".")[0] == "numba":
            assert {alias.name for alias in node.names} <= {"prange"}


# What importing does


def run_python(code: str) -> str:
    """Run a program in a new process, with numba at work and warnings as errors, and return what it printed."""
    env = {**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_importing_prints_nothing() -> None:
    assert run_python("import minitorch") == ""


def test_importing_loads_only_numpy_and_numba() -> None:
    # numba looks for other packages by itself, so what it and NumPy have loaded already does not count.
    loaded = run_python(
        "import sys, numpy, numba, numba.core.caching\n"
        "before = set(sys.modules)\n"
        "import minitorch\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    others = set(loaded.split()) - {"minitorch", "numpy", "numba", "llvmlite"} - set(sys.stdlib_module_names)
    assert "minitorch" in loaded.split()
    assert not others, f"import minitorch loads {others}"


def test_importing_compiles_nothing() -> None:
    # A compiled function holds one overload for each combination of types; a new one holds none.
    counts = run_python(
        "import gc, numpy, minitorch\n"
        "from numba.core.dispatcher import Dispatcher\n"
        "def count():\n"
        "    return sum(len(x.overloads) for x in gc.get_objects() if isinstance(x, Dispatcher))\n"
        "print(sum(isinstance(x, Dispatcher) for x in gc.get_objects()))\n"
        "print(count())\n"
        "minitorch.jit.index_to_position(numpy.ones(2, int), numpy.ones(2, int))\n"
        "print(count())"
    )
    functions, at_import, after_a_call = map(int, counts.split())
    assert functions > 0
    assert at_import == 0
    assert after_a_call == 1, "the test does not see compiled functions"


# Docstrings


def definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The public classes, functions and methods of a file. What stands inside of a function is nobody's to call."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            is_setter = any(ast.unparse(d).endswith(".setter") for d in node.decorator_list)
            if not is_setter:  # documented by the property that it belongs to
                yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from definitions(node.body, f"{node.name}.")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_everything_public_has_a_docstring(path: Path) -> None:
    tree = parse(path)
    assert ast.get_docstring(tree), "the file itself"
    assert not [name for name, node in definitions(tree.body) if not ast.get_docstring(node)]


# Tests


def test_every_source_file_has_a_test_file() -> None:
    wanted = {f"test_{path.stem}.py" for path in SOURCES if path.stem != "__init__"}
    missing = wanted - {path.name for path in TESTS}
    assert not missing


def marks_of(path: Path) -> set[str]:
    """The task markers that the tests of a file carry."""
    marks, has_tests = set(), False
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.FunctionDef):
            has_tests |= node.name.startswith("test_")
        if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("pytest.mark.task"):
            marks.add(node.attr)
    return marks if has_tests else set()


def test_every_task_has_tests(pytestconfig: pytest.Config) -> None:
    registered = set(re.findall(r"^(task\d_\d)\b", "\n".join(pytestconfig.getini("markers")), re.M))
    assert registered == {f"task{module}_{task}" for module in range(5) for task in range(1, 6)}
    without = registered - set().union(*[marks_of(path) for path in TESTS])
    assert not without


def test_a_marker_finds_all_of_its_tests(request: pytest.FixtureRequest) -> None:
    # With `-m task4_1`, files without tests of that task are not even imported. Those that have some must be.
    marked = {(item.path, mark.name) for item in request.session.items for mark in item.iter_markers()}
    for path, name in marked:
        settings: Any = types.SimpleNamespace(option=types.SimpleNamespace(markexpr=name))
        assert not pytest_ignore_collect(path, settings), f"with -m {name}, {path.name} is left out"


def test_no_test_is_left_out() -> None:
    # A skipped test looks like a passed one, and a failure that is expected is a defect that is accepted.
    excuses = {"skip", "skipif", "xfail", "importorskip", "skipTest"}
    for path in TESTS:
        used = {node.attr for node in ast.walk(parse(path)) if isinstance(node, ast.Attribute)}
        assert not used & excuses, f"{path.name} uses {used & excuses}"


def test_no_number_in_the_source_hits_a_bend() -> None:
    # hypothesis tries numbers that it finds in the source. These lie on bends and poles of the functions in MathTest,
    # where no derivative can be checked; they are therefore written as fractions.
    bends = {6 / 5, 7 / 2, 11 / 2, -7 / 2, -11 / 2, -7 / 10}
    for path in SOURCES + TESTS:
        for node in ast.walk(parse(path)):
            negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
            constant = node.operand if negative else node
            if isinstance(constant, ast.Constant) and isinstance(constant.value, float):
                number = -constant.value if negative else constant.value
                assert number not in bends, f"{path.name}, line {node.lineno}: {number}"


# Installation


def test_installing_needs_only_numpy_and_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    # The build definition runs with a stand-in that only listens, so nothing is built.
    settings: dict[str, Any] = {}
    setuptools = types.ModuleType("setuptools")
    setuptools.setup = lambda **given: settings.update(given)  # type: ignore[attr-defined]
    setuptools.find_packages = lambda *args, **given: ["minitorch"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "setuptools", setuptools)
    monkeypatch.chdir(ROOT)
    path = ROOT / "setup.py"
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), {"__name__": "__main__", "__file__": str(path)})
    names = {re.split(r"[^\w.-]", requirement)[0] for requirement in settings.get("install_requires", [])}
    assert names == {"numpy", "numba"}
