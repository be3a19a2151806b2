"""A student's copy is brought up to date, and nothing that the student wrote is touched."""

from pathlib import Path

import pytest

from minitorch.errors import StateError
from project.course.update import keep_record, merge, update

pytestmark = pytest.mark.house("the course tool is no task of the course")

OLD = {
    "a.py": "import math\n\n\ndef f():\n    raise NotImplementedError\n\n\ndef g():\n    return 1\n",
    "same.py": "x = 1\n",
    "gone.py": "y = 1\n",
    "data.bin": "",
}
NEW = OLD | {"a.py": OLD["a.py"].replace("return 1", "return 2"), "added.py": "z = 1\n"}
del NEW["gone.py"]


def write(folder: Path, files: dict[str, str], data: bytes) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "data.bin").write_bytes(data)
    (folder / "project" / "course").mkdir(parents=True)
    keep_record(folder)
    return folder


@pytest.fixture
def student(tmp_path: Path) -> Path:
    return write(tmp_path / "student", OLD, b"\xff\x00")


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    return write(tmp_path / "newer", NEW, b"\xff\x01")


def test_what_the_student_did_not_touch_is_replaced(student: Path, newer: Path) -> None:
    changes = update(student, newer)
    assert {name: (student / name).read_text(encoding="utf-8") for name in NEW if name != "data.bin"} == {
        name: text for name, text in NEW.items() if name != "data.bin"
    }
    assert (student / "data.bin").read_bytes() == b"\xff\x01"
    assert not (student / "gone.py").exists()
    assert changes.conflicts == changes.merged == []


def test_the_students_lines_stay_beside_the_new_ones(student: Path, newer: Path) -> None:
    written = OLD["a.py"].replace("raise NotImplementedError", "return math.pi")
    (student / "a.py").write_text(written, encoding="utf-8")
    (student / "gone.py").write_text("y = 2  # mine\n", encoding="utf-8")
    (student / "own.py").write_text("mine = True\n", encoding="utf-8")
    changes = update(student, newer)
    assert changes.merged == ["a.py"]
    assert (student / "a.py").read_text(encoding="utf-8") == written.replace("return 1", "return 2")
    assert (student / "gone.py").read_text(encoding="utf-8") == "y = 2  # mine\n"
    assert (student / "own.py").exists()
    assert update(student, newer).written == {}


def test_in_a_conflict_the_students_file_stays(student: Path, newer: Path) -> None:
    mine = OLD["a.py"].replace("return 1", "return 3")
    (student / "a.py").write_text(mine, encoding="utf-8")
    changes = update(student, newer)
    assert changes.conflicts == ["a.py"]
    assert (student / "a.py").read_text(encoding="utf-8") == mine
    assert (student / "a.py.new").read_text(encoding="utf-8") == NEW["a.py"]


def test_a_file_that_the_student_removed_stays_away(student: Path, newer: Path) -> None:
    (student / "same.py").unlink()
    update(student, newer)
    assert not (student / "same.py").exists()


def test_a_folder_that_was_not_handed_out_is_refused(student: Path, tmp_path: Path) -> None:
    before = sorted(student.rglob("*"))
    with pytest.raises(StateError, match="no repository that was handed out"):
        update(student, tmp_path)
    assert sorted(student.rglob("*")) == before


def test_the_same_change_on_both_sides_is_no_conflict() -> None:
    assert merge("a\nB\n", "a\nb\n", "a\nB\n") == "a\nB\n"
    assert merge("a\nB\n", "a\nb\n", "a\nC\n") is None
