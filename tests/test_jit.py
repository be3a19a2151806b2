"""The cache of compiled kernels: it saves time, and never runs old code.

Each test works on a copy of the package and runs small programs in processes of their own, since a process compiles a
kernel only once. The first program takes seconds, and the others start from what it left in the cache.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import minitorch

pytestmark = pytest.mark.house("the cache of compiled kernels is no task of the course")

NEGATE = "minitorch.FastBackend.neg_map(minitorch.tensor([[1, 2], [3, 4]]))"
MULTIPLY = (
    "minitorch.FastBackend.matrix_multiply(minitorch.tensor([[1, 2], [3, 4]]), minitorch.tensor([[1, 0], [0, 1]]))"
)
EXAMPLES = {NEGATE: [[-1, -2], [-3, -4]], MULTIPLY: [[1, 2], [3, 4]]}

PROGRAM = """
import json, sys
from numba.core import event
import minitorch

{setup}
with event.install_recorder("numba:compile") as recorder:
    values = [eval(expression).to_numpy().tolist() for expression in sys.argv[1:]]
print(json.dumps([minitorch.__file__, values, len(recorder.buffer)]))
"""


def run(folder: Path, *expressions: str, setup: str = "", **environment: str) -> tuple[list[Any], bool]:
    """Compute tensors in a new process, with the copy of the package in `folder`.

    Returns:
        The values of the expressions, and whether anything was compiled.
    """
    # The settings of this process, under which the tests themselves run, must not reach the new one.
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA_", "PYTHON"))}
    completed = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM.format(setup=setup), *expressions],
        cwd=folder,
        # Byte code of Python is recognised by its time and size, and an edit may change neither.
        env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stderr
    file, values, compilations = json.loads(completed.stdout)
    assert Path(file).is_relative_to(folder), "the process did not import the copy"
    return values, compilations > 0


def cache_files(folder: Path) -> set[str]:
    """The names of all files in the cache of the copy."""
    return {path.name for path in (folder / "minitorch" / "__pycache__").iterdir()}


def edit(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that a file of the copy contains exactly once."""
    path = folder / "minitorch" / file
    source = path.read_text(encoding="utf-8")
    assert source.count(old) == 1
    path.write_text(source.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, with a cache that was filled by one process."""
    folder = tmp_path_factory.mktemp("compiled").resolve()
    source = Path(minitorch.__file__).parent
    shutil.copytree(source, folder / "minitorch", ignore=shutil.ignore_patterns("__pycache__"))
    values, anything_compiled = run(folder, *EXAMPLES)
    assert values == list(EXAMPLES.values())
    assert anything_compiled, "without this, none of the tests here could fail"
    return folder


@pytest.fixture
def copy(compiled: Path, tmp_path: Path) -> Path:
    """A copy to edit, cache included."""
    shutil.copytree(compiled / "minitorch", tmp_path / "minitorch")
    return tmp_path.resolve()


def test_second_process_compiles_nothing(compiled: Path) -> None:
    assert run(compiled, *EXAMPLES) == (list(EXAMPLES.values()), False)


def test_editing_an_operator_changes_the_result(copy: Path) -> None:
    """The kernel stands in fast_ops.py, which did not change; but it calls the operator."""
    edit(copy, "operators.py", "return -x\n", "return -10 * x\n")
    assert run(copy, NEGATE) == ([[[-10, -20], [-30, -40]]], True)


def test_editing_the_index_arithmetic_changes_the_result(copy: Path) -> None:
    """fast_ops.py imports it by way of jit.py. With this edit, each row is read, and written, where the first lies."""
    edit(copy, "tensor_data.py", "position += index[i] * strides[i]", "position += 0 * index[i] * strides[i]")
    assert run(copy, MULTIPLY) == ([[[3, 0], [0, 0]]], True)  # [1, 2] @ [[1, 0], [1, 0]]


def test_editing_an_unrelated_file_keeps_the_cache(copy: Path) -> None:
    edit(copy, "nn.py", "# Dropout\n", "# Dropout, edited\n")
    assert run(copy, NEGATE) == ([EXAMPLES[NEGATE]], False)


def test_edits_leave_no_files_behind(copy: Path) -> None:
    """An edit replaces the cached kernel, even where it moves the kernel to another line."""
    before = cache_files(copy)
    for file in ("operators.py", "fast_ops.py"):
        path = copy / "minitorch" / file
        path.write_text("# One line more.\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    assert run(copy, NEGATE) == ([EXAMPLES[NEGATE]], True)
    assert cache_files(copy) == before


def test_kernels_of_foreign_functions_are_not_kept(copy: Path) -> None:
    """Nobody would notice an edit of a function from elsewhere, so its kernel is compiled in each process."""
    before = cache_files(copy)
    foreign = "def triple(x):\n    return 3 * x"
    expression = "minitorch.FastOps.map(triple)(minitorch.tensor([1, 2]))"
    assert run(copy, expression, setup=foreign) == ([[3, 6]], True)
    assert cache_files(copy) == before


def test_without_a_folder_to_write_to_kernels_still_run(copy: Path) -> None:
    """All three places for a cache lie below a regular file, where nobody can make a folder, not even root."""
    shutil.rmtree(copy / "minitorch" / "__pycache__")
    (copy / "minitorch" / "__pycache__").write_text("a file", encoding="utf-8")
    (copy / "file").write_text("a file", encoding="utf-8")
    nowhere = str(copy / "file" / "folder")
    places = {"NUMBA_CACHE_DIR": nowhere, "HOME": nowhere, "XDG_CACHE_HOME": nowhere, "LOCALAPPDATA": nowhere}
    assert run(copy, NEGATE, **places) == ([EXAMPLES[NEGATE]], True)


def test_named_cache_folder_is_used(copy: Path) -> None:
    """NUMBA_CACHE_DIR goes before the folder beside the source; it gets the same stamps."""
    shutil.rmtree(copy / "minitorch" / "__pycache__")
    named = {"NUMBA_CACHE_DIR": str(copy / "cache")}
    assert run(copy, NEGATE, **named) == ([EXAMPLES[NEGATE]], True)
    assert run(copy, NEGATE, **named) == ([EXAMPLES[NEGATE]], False)
    assert not (copy / "minitorch" / "__pycache__").exists()


def test_without_jit_everything_is_plain_python(copy: Path) -> None:
    """So that a debugger can step into kernels. Edits count too, and the cache is left alone."""
    before = cache_files(copy)
    edit(copy, "operators.py", "return -x\n", "return -10 * x\n")
    assert run(copy, *EXAMPLES, NUMBA_DISABLE_JIT="1") == ([[[-10, -20], [-30, -40]], EXAMPLES[MULTIPLY]], False)
    assert cache_files(copy) == before
