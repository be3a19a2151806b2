"""The cache of compiled kernels: it saves time, and never runs old code.

Each test works on a copy of the package and runs small programs in processes of their own, since a process compiles a
kernel only once. The first program takes seconds, and the others start from what it left in the cache.
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import minitorch
from minitorch import jit

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
    """A kernel as students write their first: it looks up the place of every cell, by way of jit.py."""
    with (copy / "minitorch" / "fast_conv.py").open("a", encoding="utf-8") as file:
        file.write("\n\nfrom .jit import index_to_position, njit\n")
        file.write("@njit\ndef place(index, strides):\n    return index_to_position(index, strides)\n")
    cell = "minitorch.tensor([minitorch.fast_conv.place(numpy.array([1, 2]), numpy.array([3, 1]))])"
    assert run(copy, cell, setup="import numpy") == ([[5]], True)
    assert run(copy, cell, setup="import numpy") == ([[5]], False)
    edit(copy, "tensor_data.py", "position += index[i] * strides[i]", "position += index[i] * strides[i] * 10")
    assert run(copy, cell, setup="import numpy") == ([[50]], True)


def test_kernels_that_several_processes_compiled_are_not_mixed_up(copy: Path) -> None:
    """Each process compiles one kernel first of all, so they have all in common but the function that they call."""
    operands = "minitorch.ones((4, 2, 3)), minitorch.ones((2, 1))"  # stretched, which makes several tasks
    expressions = {}
    for name, value in {"add": 2.0, "mul": 1.0, "lt": 0.0, "eq": 1.0}.items():
        expression = f"minitorch.FastBackend.{name}_zip({operands})"
        expressions[expression] = [[[value] * 3] * 2] * 4
        run(copy, expression)
    assert run(copy, *expressions) == ([*expressions.values()], False)


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


def foreign_files(folder: Path, ending: str) -> set[str]:
    """The files in the cache that belong to kernels of functions from elsewhere."""
    return {name for name in cache_files(folder) if "foreign" in name and name.endswith(ending)}


def mapped(*functions: str) -> list[str]:
    """Expressions that raise functions to a tensor of 1 and 2."""
    return [f"minitorch.FastOps.map({function})(minitorch.tensor([1, 2]))" for function in functions]


# A function's text, a global number, a compiled function that it calls, a default, and a value that it closes over.
FOREIGN = """
import numba

def of_text(x):
    return {text} * x

def of_global(x):
    return scale * x

@numba.njit
def helper(x):
    return {helper} * x

def of_call(x):
    return helper(x)

def of_default(x, by={default}):
    return by * x

def make(by):
    def of_closure(x):
        return by * x
    return of_closure

def of_builtin(x):
    return {builtin}(x, 2)

scale = {scale}
closure = make({closure})
"""
KINDS = mapped("of_text", "of_global", "of_call", "of_default", "closure", "of_builtin")
BEFORE = {"text": 2, "scale": 3, "helper": 4, "default": 5, "closure": 6, "builtin": "min"}
AFTER = {"text": 12, "scale": 13, "helper": 14, "default": 15, "closure": 16, "builtin": "max"}


def test_kernels_of_foreign_functions_are_kept_until_anything_about_them_changes(copy: Path) -> None:
    """Nobody notices an edit of a function from elsewhere by its file; so it is known by all that it consists of."""
    old, new = FOREIGN.format(**BEFORE), FOREIGN.format(**AFTER)
    expected = [[2, 4], [3, 6], [4, 8], [5, 10], [6, 12], [1, 2]]
    assert run(copy, *KINDS, setup=old) == (expected, True)
    assert run(copy, *KINDS, setup=old) == (expected, False)
    # Other text elsewhere in the program, other names of files and lines: none of that changes what is computed.
    assert run(copy, *KINDS, setup=f"unrelated = 5\n{old}") == (expected, False)
    assert run(copy, *KINDS, setup=new) == ([[12, 24], [13, 26], [14, 28], [15, 30], [16, 32], [2, 2]], True)
    assert run(copy, *KINDS, setup=old) == (expected, False), "there is room for both"


def test_editing_the_library_counts_for_foreign_functions_too(copy: Path) -> None:
    setup = "from minitorch.operators import neg\ncompiled = minitorch.jit.njit(neg)"
    expressions = mapped("lambda x: compiled(x) + 1")
    assert run(copy, *expressions, setup=setup) == ([[0, -1]], True)
    assert run(copy, *expressions, setup=setup) == ([[0, -1]], False)
    edit(copy, "operators.py", "return -x\n", "return -10 * x\n")
    assert run(copy, *expressions, setup=setup) == ([[-9, -19]], True)


def test_foreign_functions_do_not_disturb_each_other(copy: Path) -> None:
    expressions = mapped("lambda x: x + 1", "lambda x: x + 2", "lambda x: x - 1", "lambda x: 1 - x", "lambda x: x + y")
    expressions += mapped("lambda x: math.floor(x / 2)", "lambda x: math.ceil(x / 2)", "lambda x: x / 2")
    expressions += mapped("lambda x: numpy.sin(0 * x)", "lambda x: numpy.cos(0 * x)")
    expected = [[2, 3], [3, 4], [0, 1], [0, -1], [11, 12], [0, 1], [1, 1], [0.5, 1], [0, 0], [1, 1]]
    setup = "import math, numpy\ny = 10"
    assert run(copy, *expressions, setup=setup) == (expected, True)
    assert run(copy, *expressions[::-1], setup=setup) == (expected[::-1], False)


def test_a_closed_over_value_may_be_called_like_anything_else(copy: Path) -> None:
    """`pow` is here a number, the name of a function of `math`, and a function of Python."""
    setup = "import math\ndef make(pow):\n    return lambda x: math.pow(x, pow)\nscale = 7\n"
    setup += "def make_with(scale):\n    return lambda x: scale * x"
    expressions = mapped("make(2)", "make(3)", "make_with(2)", "make_with(3)", "lambda x: scale * x")
    expected = [[1, 4], [1, 8], [2, 4], [3, 6], [7, 14]]
    assert run(copy, *expressions, setup=setup) == (expected, True)
    assert run(copy, *expressions[::-1], setup=setup) == (expected[::-1], False)


def test_kernels_whose_meaning_cannot_be_told_are_not_kept(copy: Path) -> None:
    """What stands in an array, or in a tuple with one, cannot be seen in the function."""
    before = cache_files(copy)
    setup = """
import numpy
early = numpy.array([{n}.0])
pair = (numpy.array([{n}.0]), 1)
def make(table):
    return lambda x: x * table[0]
too_early = minitorch.FastOps.map(lambda x: x * late[0])
late = numpy.array([{n}.0])
"""
    expressions = mapped("lambda x: x * early[0]", "lambda x: x * pair[0][0]", "make(early)")
    expressions.append("too_early(minitorch.tensor([1, 2]))")
    for n in (2, 3):
        assert run(copy, *expressions, setup=setup.format(n=n)) == ([[n, 2 * n]] * 4, True)
        assert cache_files(copy) == before


def test_numbers_that_change_while_a_program_runs(copy: Path) -> None:
    """numba looks at a global number once, when it compiles; what was made of two of them must not be kept as one."""
    changing = (
        "scale = 2\nkernel = minitorch.FastOps.map(lambda x: scale * x)\nkernel(minitorch.tensor([1]))\nscale = 3"
    )
    large = "minitorch.tensor(kernel(minitorch.ones(9000)).to_numpy()[-2:])"
    run(copy, large, setup=changing)
    steady = "scale = 3\nkernel = minitorch.FastOps.map(lambda x: scale * x)"
    assert run(copy, large, setup=steady)[0] == [[3, 3]]


def test_a_function_may_close_over_something_that_comes_later(copy: Path) -> None:
    setup = """
import numba
def main():
    def doubled(x):
        return later(x)
    kernel = minitorch.FastOps.map(doubled)
    later = numba.njit(lambda x: 2 * x)
    return kernel(minitorch.tensor([1, 2]))
"""
    assert run(copy, "main()", setup=setup)[0] == [[2, 4]]


def test_the_oldest_foreign_kernels_make_room(copy: Path) -> None:
    edit(copy, "jit.py", "FOREIGN_KERNELS = 100", "FOREIGN_KERNELS = 3")
    expressions = mapped(*[f"lambda x: x + {n}" for n in range(5)])
    expected = [[1 + n, 2 + n] for n in range(5)]
    assert run(copy, *expressions, setup="") == (expected, True)
    assert len(foreign_files(copy, ".nbi")) == 3
    assert len(foreign_files(copy, ".nbc")) == 3, "the code itself stayed behind"
    assert run(copy, *expressions[2:]) == (expected[2:], False), "not the oldest were removed"
    assert run(copy, expressions[0]) == (expected[:1], True)
    assert len(foreign_files(copy, ".nbi")) == 3
    assert run(copy, *expressions[3:], expressions[0]) == (expected[3:] + expected[:1], False)
    # Kernels of the library itself are not counted, and stay.
    assert run(copy, NEGATE)[0] == [EXAMPLES[NEGATE]]
    assert run(copy, NEGATE) == ([EXAMPLES[NEGATE]], False)


def test_numba_can_tell_about_code_from_disk(copy: Path) -> None:
    setup = """
import contextlib, io
def tell(kernel, *arguments):
    kernel(*[part for a in arguments for part in (a.tuple() if isinstance(a, minitorch.Tensor) else (a,))])
    with contextlib.redirect_stdout(io.StringIO()) as text:
        kernel.parallel_diagnostics(level=3)
    found = [line for line in text.getvalue().splitlines() if "for worker in prange(workers):---" in line]
    return minitorch.tensor([len(found) > 0 and all("#" in line for line in found)])
x, out = minitorch.ones(10), minitorch.zeros(10)
matrix, product = minitorch.ones(2, 2), minitorch.zeros(2, 2)
"""
    expressions = [
        "tell(minitorch.fast_ops.tensor_map(minitorch.operators.neg), out, x)",
        "tell(minitorch.fast_ops.tensor_map(lambda x: x + 7), out, x)",
        "tell(minitorch.fast_ops.tensor_reduce(minitorch.operators.add), minitorch.zeros(1), x, 0)",
        "tell(minitorch.fast_ops.tensor_matrix_multiply, product, matrix, matrix)",
    ]
    for _ in range(2):  # the second time, the kernels themselves come from disk
        assert run(copy, *expressions, setup=setup)[0] == [[1]] * 4


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


def test_a_name_that_lies_is_not_believed() -> None:
    @functools.wraps(minitorch.operators.add)
    def mine(x: float, y: float) -> float:
        return x - y

    assert jit._identity(mine) != jit._identity(minitorch.operators.add)
    three, two = (minitorch.tensor([number], minitorch.FastBackend) for number in (3.0, 2.0))
    assert minitorch.FastOps.zip(mine)(three, two).item() == 1.0


def test_a_file_with_another_kernel_is_not_used(tmp_path: Path) -> None:
    """Two processes that compile at the same time may choose the same file for two kernels."""

    def files(stamp: str) -> Any:
        return jit._LabelledFiles(cache_path=str(tmp_path), filename_base="kernel", source_stamp=stamp)

    here = files("stamp")
    here.save("neg", "code of neg")
    assert here.load("neg") == "code of neg"
    here._save_index({"neg": here._data_name(1), "relu": here._data_name(1)})
    assert here.load("relu") is None, "it took the code of neg"
    assert here.load("neg") == "code of neg"
    edited = files("stamp of another day")
    edited._save_index({"neg": edited._data_name(1)})  # and then the process was ended
    assert edited.load("neg") is None, "it took the code of before the edit"


def test_it_is_a_decorator_without_settings_and_with_them() -> None:
    @jit.njit
    def double(x: float) -> float:
        return x + x

    @jit.njit(parallel=True)
    def count(out: Any) -> None:
        for i in numba.prange(len(out)):
            out[i] = i

    numbers = np.zeros(5)
    count(numbers)
    assert double(2.0) == 4.0
    np.testing.assert_array_equal(numbers, np.arange(5.0))
    assert getattr(count, "targetoptions", {"parallel": True})["parallel"]  # in plain Python it stays a function
