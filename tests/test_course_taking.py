"""What is taken out of submissions: what the student was to write and what it needs, and nothing else."""

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from project.course.source import rewrite
from project.course.taking import Addition, Taken, add, files_for, take
from project.course.tasks import tasks

pytestmark = pytest.mark.house("the course tool is no task of the course")

NUMBERS = "minitorch/operators.py"  # tasks 0.1 and 0.3
MODULES = "minitorch/module.py"  # task 0.4
KERNELS = "minitorch/tensor_ops.py"  # task 2.3: functions inside of functions

STUB = "raise NotImplementedError"

HANDED_OUT = {
    NUMBERS: f'''"""Operators."""

import math
from typing import Any

EPS = 1e-6
"""A small number."""

if math.pi > 3:
    LARGE = 7.0


# The product
def mul(x: float, y: float) -> float:
    """Multiply."""
    {STUB}


def neg(x: float) -> float:
    {STUB}


def given(x: float) -> float:
    """Is not to be written."""
    return x + EPS


def map(fn: Any) -> Any:
    {STUB}


def negList(numbers: Any) -> Any:
    {STUB}
''',
    MODULES: f'''"""Modules."""

import math


class Base:
    pass


class Module(Base):
    """A module."""

    mode = "train"

    def __init__(self) -> None:
        self._name = ""

    @property
    def name(self) -> str:
        return self._name

    @name.setter
    def name(self, new: str) -> None:
        self._name = new

    def train(self) -> None:
        """Turn training on."""
        {STUB}

    def eval(self) -> None:
        {STUB}

    def parameters(self) -> list:
        return []
''',
    KERNELS: f'''"""Kernels."""


def tensor_map(fn):
    """A kernel."""

    def _map(out, values):
        {STUB}

    return _map
''',
}


def unused(note: str) -> str:
    """What a note says was not used."""
    (said,) = re.findall(r": not used, as it is no part of your tasks: (.*)\. Used are the functions", note)
    return said


def take_changed(*changes: tuple[str, str], name: str = NUMBERS, numbers: Sequence[str] = ("0_1",)) -> Taken:
    """What is taken if pieces of a file are replaced; what is to replace "" comes at the end."""
    text = HANDED_OUT[name]
    for old, new in changes:
        assert not old or text.count(old) == 1
        text = text.replace(old, new) if old else f"{text}\n\n{new}"
    return take(HANDED_OUT | {name: text}, HANDED_OUT, [tasks()[number] for number in numbers])


def hand_out(folder: Path) -> Path:
    """Write the files that are handed out."""
    for name, text in HANDED_OUT.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return hand_out(tmp_path)


def run(taken: Taken, base: Path, number: str = "0_1", name: str = NUMBERS) -> dict[str, Any]:
    """Run the file in which a task is judged, and return what it defines."""
    files, problem = files_for(tasks()[number], taken, base)
    assert problem == ""
    space: dict[str, Any] = {"__package__": "minitorch"}
    exec(compile(files[name] if name in files else HANDED_OUT[name], name, "exec", dont_inherit=True), space)
    return space


def body(name: str, signature: str) -> str:
    """The stub of a function, up to its end."""
    start = HANDED_OUT[name].index(f"def {signature}")
    return HANDED_OUT[name][start : HANDED_OUT[name].index(STUB, start) + len(STUB)]


MUL = (body(NUMBERS, "mul"), "def mul(x, y):\n    return x * y")
NEG = (body(NUMBERS, "neg"), "def neg(x):\n    return -x")


# Functions of tasks


def test_a_function_of_a_task_is_taken(base: Path) -> None:
    taken = take_changed(MUL)
    assert set(taken.own) == {"0_1"}
    assert (taken.added, taken.files, taken.broken, taken.notes) == ({}, {}, {}, [])
    space = run(taken, base)
    assert space["mul"](2, 3) == 6
    assert space["given"](1) == 1 + space["EPS"]
    assert "# The product\ndef mul(x, y)" in files_for(tasks()["0_1"], taken, base)[0][NUMBERS]
    with pytest.raises(NotImplementedError):
        space["neg"](1)


def test_nothing_is_taken_where_nothing_was_done(base: Path) -> None:
    taken = take(HANDED_OUT, HANDED_OUT, list(tasks().values()))
    assert taken == Taken()
    assert files_for(tasks()["0_1"], taken, base) == ({}, "")
    assert take({}, HANDED_OUT, list(tasks().values())) == Taken()


def test_a_stub_is_taken_as_it_is(base: Path) -> None:
    taken = take_changed(MUL)
    assert any(STUB in function for function in taken.own["0_1"][NUMBERS])
    with pytest.raises(NotImplementedError):
        run(taken, base)["neg"](1)


def test_each_task_has_its_own_functions_only(base: Path) -> None:
    one_list = (body(NUMBERS, "negList"), "def negList(numbers):\n    return [-x for x in numbers]")
    taken = take_changed(MUL, one_list, numbers=("0_1", "0_3"))
    assert taken.notes == []
    assert run(taken, base, "0_1")["mul"](2, 3) == 6
    assert run(taken, base, "0_3")["negList"]([1]) == [-1]
    for number, name in (("0_1", "negList"), ("0_3", "mul")):
        with pytest.raises(NotImplementedError):
            run(taken, base, number)[name](1, 1) if name == "mul" else run(taken, base, number)[name]([])


def test_who_uses_a_later_task_relies_on_their_own(base: Path) -> None:
    """Its reference could do the work of this one. What is not mentioned stays as it was handed out."""
    one_list = (body(NUMBERS, "negList"), "def negList(numbers):\n    return [-x for x in numbers]")
    negated = (body(NUMBERS, "neg"), "def neg(x):\n    return given(x)")
    helper = ("", "def given_one(x):\n    return negList([x])[0]")
    taken = take_changed(one_list, negated, helper, numbers=("0_1", "0_3"))
    with pytest.raises(NotImplementedError):
        run(taken, base, "0_1")["negList"]([1])
    direct = (negated[0], "def neg(x):\n    return negList([x])[0]")
    assert run(take_changed(one_list, direct, numbers=("0_1", "0_3")), base, "0_1")["neg"](2) == -2
    indirect = (negated[0], "def neg(x):\n    return given_one(x)")
    assert run(take_changed(one_list, indirect, helper, numbers=("0_1", "0_3")), base, "0_1")["neg"](2) == -2


def test_the_function_of_a_task_that_was_not_handed_out_is_no_part(base: Path) -> None:
    taken = take_changed(MUL, numbers=("0_3",))
    assert "mul" not in "".join(taken.own["0_3"][NUMBERS])
    assert [unused(note) for note in taken.notes] == ["mul"]
    assert taken.notes[0].startswith(f"{NUMBERS}: ")
    with pytest.raises(NotImplementedError):
        run(taken, base, "0_3")["mul"](1, 1)


def test_decorators_come_along(base: Path) -> None:
    helper = "def twice(fn):\n    return lambda *given: 2 * fn(*given)\n\n\n"
    taken = take_changed((MUL[0], f"{helper}@twice\n# or not\n@twice\n{MUL[1]}"))
    assert taken.notes == []
    assert run(taken, base)["mul"](2, 3) == 24


def test_of_two_functions_of_one_name_the_last_counts_as_in_python(base: Path) -> None:
    assert run(take_changed(MUL, ("", "def mul(x, y):\n    return 7\n")), base)["mul"](2, 3) == 7


def test_methods_are_taken_without_the_rest_of_their_class(base: Path) -> None:
    train = (body(MODULES, "train"), "def train(self) -> None:\n        self.mode = 'on'")
    taken = take_changed(train, ('mode = "train"', 'mode = "none"'), name=MODULES, numbers=("0_4",))
    assert unused(taken.notes[0]) == "Module.mode"
    space = run(taken, base, "0_4", MODULES)
    module = space["Module"]()
    assert module.mode == "train"
    module.train()
    assert module.mode == "on"


def test_what_is_around_an_inner_function_belongs_to_it(base: Path) -> None:
    inner = "    def _map(out, values):\n        out[:] = [fn(x) for x in values]\n"
    old = f"    def _map(out, values):\n        {STUB}\n"
    taken = take_changed((old, f"    size = 1\n\n{inner}"), name=KERNELS, numbers=("2_3",))
    assert taken.notes == []
    out = [0, 0]
    run(taken, base, "2_3", KERNELS)["tensor_map"](abs)(out, [-1, -2])
    assert out == [1, 2]


@pytest.mark.parametrize(
    "text", ["neg = lambda x: -x", "neg: object = abs", "neg, other = abs, abs", "class neg:\n    x = 1"]
)
def test_what_is_no_function_is_not_taken_and_the_student_is_told(base: Path, text: str) -> None:
    taken = take_changed(MUL, (NEG[0], text))
    (note,) = taken.notes
    assert "has to be a function" in note
    assert note.endswith(": neg.")
    space = run(taken, base)
    assert space["mul"](2, 3) == 6
    with pytest.raises(NotImplementedError):
        space["neg"](1)


# What students add


@pytest.mark.parametrize(
    ("added", "expression"),
    [
        ("def helper():\n    return 5\n", "helper()"),
        ("def helper(n=4):\n    return 5 if n == 0 else helper(n - 1)\n", "helper()"),
        ("async def helper(): ...\n\n\nFIVE = 5 if helper else 0\n", "FIVE"),
        (
            "class Helper:\n    five = 5\n\n    @staticmethod\n    def get():\n        return Helper.five\n",
            "Helper.get()",
        ),
        ("FIVE = 5\n", "FIVE"),
        ("FIVE: int = 5\n", "FIVE"),
        ("FIVE = OTHER = 5\n", "OTHER"),
        ("TWO, (THREE) = 2, 3\n", "TWO + THREE"),
        ("[TWO, THREE] = 2, 3\n", "TWO + THREE"),
        ("TWO = 2; THREE = 3\n", "TWO + THREE"),
        ("TWO, *THREE = 2, 3\n", "TWO + THREE[0]"),
        ("import cmath\n", "int(cmath.sqrt(25).real)"),
        ("import cmath as c; FIVE = 5\n", "int(c.sqrt(25).real) * FIVE // 5"),
        ("from math import sqrt as root\n", "int(root(25))"),
        ("FOUR = 4\n\n\ndef helper():\n    return FOUR + 1\n\n\nFIVE = helper()\n", "FIVE"),
    ],
)
def test_what_a_solution_needs_comes_along(base: Path, added: str, expression: str) -> None:
    taken = take_changed((MUL[0], f"def mul(x, y):\n    return {expression}"), ("", added))
    assert (taken.notes, taken.broken) == ([], {})
    assert run(taken, base)["mul"](0, 0) == 5


def test_what_must_stand_at_the_beginning_comes_there(base: Path) -> None:
    mul = (MUL[0], "def mul(x: Nothing, y):\n    return x * y")
    taken = take_changed(mul, ("import math\n", "from __future__ import annotations\n\nimport cmath\nimport math\n"))
    assert (taken.notes, taken.broken) == ([], {})
    assert run(taken, base)["mul"](2, 3) == 6
    kernels = HANDED_OUT[KERNELS].replace(
        "def tensor_map(fn):", "from __future__ import annotations\n\n\ndef tensor_map(fn: X):"
    )
    taken = take({KERNELS: kernels}, HANDED_OUT, [tasks()["2_3"]])
    assert run(taken, base, "2_3", KERNELS)["tensor_map"]


def test_additions_stand_where_they_stood(base: Path) -> None:
    # What runs when the file is read must find what it uses, and be found.
    changes = [
        (MUL[0], "def scaled(by):\n    return lambda fn: lambda *g: by * fn(*g)\n\n\n@scaled(EPS)\n" + MUL[1]),
        (NEG[0], "TIMES = [mul, EPS]\n\n\ndef neg(x, times=TIMES):\n    return -times[0](x, 1.0)"),
        ("", "LAST = [given(1.0), TIMES]\nMORE = LAST[:1]\n"),
    ]
    taken = take_changed(
        *changes,
        (f"def map(fn: Any) -> Any:\n    {STUB}", "def map(fn):\n    return LAST, MORE"),
        numbers=("0_1", "0_3"),
    )
    assert taken.notes == []
    space = run(taken, base)
    assert space["neg"](2.0) == -2.0 * space["EPS"]
    space = run(taken, base, "0_3")
    assert space["map"](None)[1] == [1 + space["EPS"]]


def test_methods_and_constants_are_added_to_classes(base: Path) -> None:
    train = (body(MODULES, "train"), "def train(self):\n        self.both = self.size, self.helper()")
    added = (
        "    SIZE = FOUR = 4\n    HALF = SIZE // 2\n\n    @property\n    def size(self):\n        return self.HALF\n\n"
        "    @size.setter\n    def size(self, new):\n        self.HALF = new\n\n"
        "    def helper(self):\n        return 1\n\n    def helper(self):\n        return 2\n\n"
        '    """A text."""\n\n    class Inner:\n        pass\n'
    )
    taken = take_changed(train, ("", added[4:] and added), name=MODULES, numbers=("0_4",))
    assert (taken.notes, taken.broken) == ([], {})
    module = run(taken, base, "0_4", MODULES)["Module"]()
    module.train()
    assert module.both == (2, 2)
    module.size = 3
    module.train()
    assert module.both == (3, 2)
    assert module.Inner


def test_a_method_is_added_to_a_class_that_is_empty(base: Path) -> None:
    new = "class Base:\n    def __len__(self):\n        return 3\n\n    def other(self):\n        return 4\n"
    taken = take_changed(("class Base:\n    pass\n", new), name=MODULES, numbers=("0_4",))
    assert taken.notes == []
    assert len(run(taken, base, "0_4", MODULES)["Module"]()) == 3


def test_files_of_the_student_are_taken(base: Path) -> None:
    mine = "def helper():\n    return 5\n"
    taken = take(HANDED_OUT | {"minitorch/mine.py": mine}, HANDED_OUT, [tasks()["0_1"]])
    assert taken.notes == []
    assert files_for(tasks()["0_1"], taken, base) == ({"minitorch/mine.py": mine}, "")


def test_other_tasks_are_not_burdened_with_what_was_added(base: Path) -> None:
    helpers = "def inner():\n    return 1 / 0\n\n\nBROKEN = [inner]\n\n\nWRONG = BROKEN[0]()\n"
    taken = take_changed((MUL[0], "def mul(x, y):\n    return WRONG"), ("", helpers), numbers=("0_1", "0_3"))
    with pytest.raises(ZeroDivisionError):
        run(taken, base, "0_1")
    assert "inner" not in run(taken, base, "0_3")


def test_the_references_of_other_tasks_keep_what_they_need(base: Path) -> None:
    # Both the student and the reference have a helper of this name. Who mentions it has their own.
    mul = (MUL[0], "def mul(x, y):\n    return helper()")
    taken = take_changed(mul, ("", "def helper():\n    return 'the student'\n"), numbers=("0_1", "0_3"))
    file = base / NUMBERS
    reference = "def helper(x):\n    return 'the reference'\n\n\ndef negList(numbers):\n    return helper(0)\n"
    file.write_text(rewrite(HANDED_OUT[NUMBERS], reference), encoding="utf-8")
    space = run(taken, base, "0_1")
    assert space["mul"](1, 1) == "the student"
    file.write_text(rewrite(HANDED_OUT[NUMBERS], reference.replace("negList(numbers)", "mul(x, y)")), encoding="utf-8")
    assert "the reference" in files_for(tasks()["0_3"], taken, base)[0][NUMBERS]
    assert "the student" not in files_for(tasks()["0_3"], taken, base)[0][NUMBERS]


def test_methods_take_the_place_of_those_of_references() -> None:
    text = "class A:\n    def f(self):\n        return 1\n\n    def g(self):\n        return 2\n"
    added = (Addition("def g(self):\n    return 3\n", frozenset({"g"}), "A", "f"),)
    space: dict[str, Any] = {}
    exec(add(text, added), space)
    assert (space["A"]().f(), space["A"]().g()) == (1, 3)


def test_files_may_end_without_a_line_end_and_be_indented_otherwise(base: Path) -> None:
    text = HANDED_OUT[NUMBERS].replace(*MUL).replace("    ", "\t") + "\n\ndef helper():\n\treturn '''\n  a'''"
    text = text.replace("return x * y", "return helper()")
    taken = take({NUMBERS: text}, HANDED_OUT, [tasks()["0_1"]])
    assert run(taken, base)["mul"](2, 3) == "\n  a"


# What is left as it was handed out


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("print('hello')", "print('hello')"),
        ("if True:\n    LARGE = 8.0", "if True:"),
        ("for i in range(3):\n    print(i)", "for i in range(3):"),
        ("while False:\n    pass", "while False:"),
        ("with open('x') as file:\n    pass", "with open('x') as file:"),
        ("try:\n    import torch\nexcept ImportError:\n    pass", "try:"),
        ("math.pi = 3.0", "math.pi = 3.0"),
        ("KEPT = math.pi = 3.0", "KEPT = math.pi = 3.0"),
        ("KEPT, math.pi = 1, 3.0", "KEPT, math.pi = 1, 3.0"),
        ("KEPT, *math.pi = 1, 3.0", "KEPT, *math.pi = 1, 3.0"),
        ("KEPT = OTHERS[0] = 3.0", "KEPT = OTHERS[0] = 3.0"),
        ("math.pi: float = 3.0", "math.pi: float = 3.0"),
        ("EPS = 2.0", "EPS"),
        ("KEPT = EPS = 2.0", "KEPT"),
        ("EPS += 1.0", "EPS += 1.0"),
        ("del EPS", "del EPS"),
        ("import cmath; print('hello')", "print('hello')"),
        ("'a text'; print('hello')", "print('hello')"),
        ("KEPT = 1; EPS = 2.0", "EPS"),
        ("def given(x):\n    return 7", "given"),
        ("class given:\n    def f(self):\n        pass", "given"),
        ("@print\ndef given(x: float) -> float:\n    '''Is not to be written.'''\n    return x + EPS", "given"),
        ("assert mul(1, 1) == 1", "assert mul(1, 1) == 1"),
    ],
)
def test_what_is_no_part_of_a_task_is_noted_and_not_taken(base: Path, text: str, note: str) -> None:
    taken = take_changed(MUL, ("", text))
    (said,) = [said for said in taken.notes if "not used" in said]
    assert unused(said) == note
    space = run(taken, base)
    assert space["mul"](2, 3) == 6
    assert space["EPS"] == 1e-6
    assert space["LARGE"] == 7.0
    assert space["given"](1) == 1 + 1e-6
    assert space["math"].pi > 3


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("def __init__(self) -> None", "def __init__(self, x) -> None", "Module.__init__"),
        ('mode = "train"', 'mode = "eval"', "Module.mode"),
        ('mode = "train"', 'mode = "train"\n    print("hello")', 'Module: print("hello")'),
        ("self._name = new", "self._name = 'x'", "Module.name"),
        ("class Module(Base)", "class Module(Base, dict)", "Module"),
        ("class Module(Base)", "@print\nclass Module(Base)", "Module"),
        ("    pass\n", "    if True:\n        x = 1\n", "Base: if True:"),
    ],
)
def test_changes_of_classes_are_noted_and_not_taken(base: Path, old: str, new: str, note: str) -> None:
    taken = take_changed((old, new), name=MODULES, numbers=("0_4",))
    assert [unused(said) for said in taken.notes] == [note]
    files, problem = files_for(tasks()["0_4"], taken, base)
    assert problem == ""
    assert ast.dump(ast.parse(files[MODULES])) == ast.dump(ast.parse(HANDED_OUT[MODULES]))


def test_other_texts_comments_and_the_order_of_imports_are_no_matter() -> None:
    changes = [
        ("def given", "# Mine\ndef given"),
        ('"""Operators."""', '"""My operators."""'),
        ('"""A small number."""', "'''Small.'''"),
        ("import math\nfrom typing import Any\n", "from typing import Any\nimport math\n"),
        ("EPS = 1e-6", "# A number\n\nEPS = 1e-6"),
        ("", "# The end"),
    ]
    taken = take_changed(*changes)
    assert (taken.notes, taken.added) == ([], {})


def test_a_property_that_is_not_changed_gives_no_note() -> None:
    train = (body(MODULES, "train"), "def train(self):\n        return None")
    taken = take_changed(train, name=MODULES, numbers=("0_4",))
    assert (taken.notes, taken.added) == ([], {})


def test_of_many_changes_some_are_named() -> None:
    (note,) = take_changed(*[("", f"print({i})") for i in range(9)]).notes
    assert unused(note) == "print(0), print(1), print(2), print(3), print(4), ..."
    (note,) = take_changed(("", "print(" + "1" * 200 + ")")).notes
    assert len(unused(note)) < 100


def test_unusual_names_are_noted() -> None:
    taken = take_changed(MUL, ("", "import os, sys\n\n\ndef helper():\n    return eval('1')\n"))
    assert taken.notes == [f"{NUMBERS} mentions eval, os, sys, which solutions do not need."]
    taken = take_changed(MUL, ("", "def helper(x):\n    return x.eval(), evaluate\n"))
    assert taken.notes == []
    files = HANDED_OUT | {"minitorch/mine.py": "import subprocess\n"}
    assert take(files, HANDED_OUT, []).notes == ["minitorch/mine.py mentions subprocess, which solutions do not need."]
    # `eval` is the name of a method in this file as it was handed out.
    assert take_changed(("return []", "return self.eval()"), name=MODULES).notes[1:] == []
