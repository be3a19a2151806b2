"""What is read of submissions, which are not trusted: nothing raises, nothing waits, and nothing else is read."""

import io
import os
import random
import signal
import stat
import string
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from project.course import submissions
from project.course.submissions import (
    COUNT,
    FILE_SIZE,
    NAME_SIZE,
    NOTES,
    WANTED,
    Submission,
    name_submissions,
    read_submission,
)

pytestmark = pytest.mark.house("the course tool is no task of the course")

FILES = {"minitorch/operators.py": "x = 1\n", "project/properties.py": "y = 2\n"}


def make_folder(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def zipped(files: Mapping[str, str | bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def read_bytes(folder: Path, content: bytes) -> Submission:
    file = folder / "submission.zip"
    file.write_bytes(content)
    return read_submission(file, "anna")


def read_both(folder: Path, files: Mapping[str, str | bytes]) -> list[Submission]:
    """The same files, handed in as a folder and as a zip file."""
    return [read_submission(make_folder(folder / "folder", files), "anna"), read_bytes(folder, zipped(files))]


@pytest.fixture
def hurry() -> Iterator[None]:
    """Fails a test that waits."""

    def fail(*_: Any) -> None:
        raise AssertionError("It waits for something that does not come.")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(30)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


# Where the repository stands


@pytest.mark.parametrize(
    "place", ["", "anna/", "a/minitorch-main/", "a/b c/ü/", "minitorch/", "project/", "a/project/"]
)
def test_a_repository_is_found_three_folders_deep(tmp_path: Path, place: str) -> None:
    # A clone of a repository is often called minitorch as well; then its setup.py looks like a file of the package.
    around = {f"{place}{name}": text for name, text in FILES.items()} | {
        f"{place}setup.py": "",
        f"{place}README.md": "",
    }
    for read in read_both(tmp_path, around):
        assert read.files == FILES
        assert read.notes == []
        assert read.name == "anna"


def test_deeper_than_that_nothing_is_found(tmp_path: Path) -> None:
    for read in read_both(tmp_path, {f"a/b/c/d/{name}": text for name, text in FILES.items()}):
        assert read.files == {}
        assert "no folder minitorch" in read.notes[0]


def test_only_source_files_of_the_two_packages_are_read(tmp_path: Path) -> None:
    others = ["minitorch/notes.txt", "minitorch/__init__.py", "minitorch/deep/x.py", "tests/x.py", "minitorch/x.pyc"]
    others += ["project/course/grading.py", "minitorch/x y.py", "minitorch/.py", "x.py", "minitorch/1.py"]
    for read in read_both(tmp_path, FILES | dict.fromkeys(others, "z = 3\n")):
        assert read.files == FILES


def test_names_in_zip_files_may_have_backslashes_and_dots(tmp_path: Path) -> None:
    for start in ("", "hw\\", ".\\"):
        read = read_bytes(tmp_path, zipped({(start + name).replace("/", "\\"): text for name, text in FILES.items()}))
        assert (read.files, read.notes) == (FILES, [])
    read = read_bytes(tmp_path, zipped({f"./{name}": text for name, text in FILES.items()}))
    assert (read.files, read.notes) == (FILES, [])


@pytest.mark.parametrize(
    "place",
    [
        "__MACOSX/",
        "a/__MACOSX/",
        ".venv/",
        ".git/",
        "venv/site-packages/",
        "lib/site-packages/",
        "a/.b/",
        "node_modules/",
    ],
)
def test_what_tools_left_behind_is_ignored(tmp_path: Path, place: str) -> None:
    copies = {f"{place}{name}": "z = 3\n" for name in FILES}
    for read in read_both(tmp_path, FILES | copies | {"__MACOSX/minitorch/._operators.py": b"\0\5\x16\7"}):
        assert (read.files, read.notes) == (FILES, [])
    (tmp_path / "alone").mkdir()
    for read in read_both(tmp_path / "alone", copies):
        assert read.files == {}
        assert len(read.notes) == 1


def test_of_two_repositories_the_one_less_deep_is_read(tmp_path: Path) -> None:
    copy = {f"old/{name}": "z = 3\n" for name in FILES}
    for read in read_both(tmp_path, FILES | copy):
        assert read.files == FILES
        (note,) = read.notes
        assert "several repositories" in note
        assert "not old/" in note
    twins = {f"{place}/{name}": place for name in FILES for place in ("b", "a")}
    read = read_bytes(tmp_path, zipped(twins))
    assert set(read.files.values()) == {"a"}
    assert "a/ was graded, and not b/" in read.notes[0]


def test_files_of_the_student_alone_are_a_repository_too(tmp_path: Path) -> None:
    for read in read_both(tmp_path, {"a/minitorch/mine.py": "z = 3\n"}):
        assert (read.files, read.notes) == ({"minitorch/mine.py": "z = 3\n"}, [])


# Texts


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"x = 1\r\ny = 2\r\n", "x = 1\ny = 2\n"),
        (b"x = 1\ry = 2\r", "x = 1\ny = 2\n"),
        ("s = '\u00fc\u2028'\n".encode(), "s = '\u00fc\u2028'\n"),
        (b"x = 1\0\n", "x = 1\0\n"),  # whatever reads it as Python complains of it
        (b"", ""),
    ],
)
def test_texts_are_read_as_people_write_them(tmp_path: Path, content: bytes, text: str) -> None:
    for read in read_both(tmp_path, {"minitorch/operators.py": content}):
        assert (read.files, read.notes) == ({"minitorch/operators.py": text}, [])


@pytest.mark.parametrize(
    "content", [b"s = '\xfc'\n", "x = 1\n".encode("utf-16"), b"\xed\xa0\x80", b"#" * (FILE_SIZE + 1)]
)
def test_what_is_no_text_or_too_large_costs_no_other_file(tmp_path: Path, content: bytes) -> None:
    for read in read_both(tmp_path, FILES | {"minitorch/tensor.py": content}):
        assert read.files == FILES
        (note,) = read.notes
        assert note.startswith("minitorch/tensor.py is ")
        assert "was not read" in note
    assert read_both(tmp_path, {"minitorch/tensor.py": b"#" * FILE_SIZE})[1].notes == []


# Zip files that are none, or bombs


@pytest.mark.parametrize(
    "content",
    [b"", b"print('hello')\n", b"PK", b"PK\3\4" + b"\0" * 100, b"PK\5\6" + b"\0" * 17, b"\x1f\x8b\x08tar", b"Rar!"],
)
def test_a_file_that_is_no_zip_file_is_noted(tmp_path: Path, content: bytes) -> None:
    read = read_bytes(tmp_path, content)
    assert read.files == {}
    assert read.notes == ["It is neither a folder nor a zip file, or one that is damaged."]


@pytest.mark.usefixtures("hurry")
def test_what_is_empty_or_is_not_there_is_noted(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits
    (tmp_path / "nowhere").symlink_to(tmp_path / "none")
    for read in (
        read_bytes(tmp_path, zipped({})),
        read_bytes(tmp_path, zipped({"minitorch/": ""})),
        *[read_submission(tmp_path / name, "x") for name in ("empty", "none", "pipe", "nowhere", "a\0b", "x" * 300)],
    ):
        assert read.files == {}
        assert len(read.notes) == 1


def test_a_bomb_of_a_gigabyte_takes_no_memory(tmp_path: Path) -> None:
    file = tmp_path / "bomb.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("minitorch/operators.py", "x = 1\n")
        with archive.open("minitorch/tensor.py", "w", force_zip64=True) as member:
            for _ in range(64):
                member.write(bytes(1 << 24))
    tracemalloc.start()
    try:
        read = read_submission(file, "anna")
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert read.files == {"minitorch/operators.py": "x = 1\n"}
    assert "larger than 1 MiB" in read.notes[0]


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_compression_is_refused(tmp_path: Path, compression: int) -> None:
    # Python unpacks these in pieces as large as the writer of the file pleases: here, 64 MiB out of 80 bytes.
    content = zipped({"minitorch/tensor.py": bytes(1 << 26)}, compression)
    tracemalloc.start()
    try:
        read = read_bytes(tmp_path, content)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()
    assert read.files == {}
    assert "minitorch/tensor.py is compressed in an unusual way" in read.notes[0]


def test_too_much_is_refused_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for read in read_both(tmp_path, FILES | {f"minitorch/x{i}.py": "" for i in range(COUNT)}):
        assert (read.files, read.notes) == ({}, [f"There are more than {COUNT} source files in it."])
    large = {f"minitorch/x{i}.py": bytes(FILE_SIZE) for i in range(20)}
    read = read_bytes(tmp_path, zipped(large))
    assert (read.files, read.notes) == ({}, ["Its source files are larger than 16 MiB."])
    monkeypatch.setattr(submissions, "ENTRIES", 100)
    for name in ("data", "data/deep"):
        for read in read_both(tmp_path / name.replace("/", "-"), FILES | {f"{name}/{i}": "" for i in range(100)}):
            assert (read.files, read.notes) == ({}, ["There are more than 100 files and folders in it."])
    for read in read_both(tmp_path / "fits", FILES | {f"data/{i}": "" for i in range(90)}):
        assert read.files == FILES


def with_flags(content: bytes, flags: int) -> bytes:
    """A zip file of one member, in which flag bits are set."""
    found = bytearray(content)
    found[6] |= flags
    found[found.index(b"PK\1\2") + 8] |= flags
    return bytes(found)


def test_a_zip_file_with_a_password_is_noted(tmp_path: Path) -> None:
    content = zipped({"minitorch/tensor.py": "x = 1\n"}, zipfile.ZIP_STORED)
    read = read_bytes(tmp_path, with_flags(content, 1))
    assert read.files == {}
    assert "encrypted" in read.notes[0]
    for flags in (1 << 5, 1 << 6):  # patches; strong encryption
        read = read_bytes(tmp_path, with_flags(content, flags))
        assert read.files == {}
        assert "cannot be read" in read.notes[0]


def test_damaged_zip_files_are_noted(tmp_path: Path) -> None:
    text = "".join(random.Random(1).choices(string.printable, k=2000)).replace("\r", "")
    content = zipped({"minitorch/tensor.py": text})
    assert read_bytes(tmp_path, content).files == {"minitorch/tensor.py": text}
    for place in range(0, len(content), 97):
        cut = read_bytes(tmp_path, content[:place])
        assert (cut.files, len(cut.notes)) == ({}, 1)
    for place in range(60, 1500, 97):  # in the compressed text
        damaged = read_bytes(tmp_path, content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        assert damaged.files == {}
        assert "cannot be read" in damaged.notes[0]


SAMPLE = zipped({"minitorch/tensor.py": "x = 1\n" * 9, "a/project/b.py": "y"})


@given(st.binary(max_size=300), st.integers(0, len(SAMPLE)), st.integers(0, len(SAMPLE)))
@example(b"\xff" * 4, SAMPLE.index(b"PK\1\2") + 42, SAMPLE.index(b"PK\1\2") + 46)  # where the member begins
@example(b"\x63\0", SAMPLE.index(b"PK\1\2") + 10, SAMPLE.index(b"PK\1\2") + 12)  # how it is compressed
def test_no_bytes_whatever_raise(tmp_path_factory: pytest.TempPathFactory, new: bytes, start: int, stop: int) -> None:
    folder = tmp_path_factory.getbasetemp()
    for content in (new, SAMPLE[:start] + new + SAMPLE[max(start, stop) :]):
        read = read_bytes(folder, content)
        assert read.files or read.notes
        assert all(WANTED.fullmatch(name) for name in read.files)


def test_each_byte_of_a_zip_file_can_be_wrong(tmp_path: Path) -> None:
    for place in range(len(SAMPLE)):
        for byte in (0, 0xFF, SAMPLE[place] ^ 1):
            read = read_bytes(tmp_path, SAMPLE[:place] + bytes([byte]) + SAMPLE[place + 1 :])
            assert read.files or read.notes


# Names that lead elsewhere


OUTSIDE = ["../minitorch/x.py", "../../minitorch/x.py", "a/../minitorch/x.py", "/minitorch/x.py", "//minitorch/x.py"]
OUTSIDE += ["minitorch/../../x.py", "..\\minitorch\\x.py", "minitorch/..\\x.py", "minitorch/./x.py", "minitorch//x.py"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_lead_out_of_the_zip_file_are_not_read(tmp_path: Path, name: str) -> None:
    read = read_bytes(tmp_path, zipped({name: "z = 3\n"}))
    assert read.files == {}
    assert len(read.notes) == 1
    read = read_bytes(tmp_path, zipped(FILES | {name: "z = 3\n"}))
    assert (read.files, read.notes) == (FILES, [])


PIECES = st.sampled_from(
    ["minitorch", "project", "course", "..", ".", "", "a", "x.py", "/", "\\", "\n", "\0", "C:", "ü", "__MACOSX"]
)


@given(st.lists(st.lists(PIECES, min_size=1, max_size=6).map("/".join), min_size=1, max_size=5, unique=True))
@example(["minitorch/x.py\n"])
def test_no_name_whatever_leads_elsewhere(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    content = zipped({name: "z = 3\n" for name in dict.fromkeys(names) if name.partition("\0")[0]})
    read = read_bytes(tmp_path_factory.getbasetemp(), content)
    assert read.files or read.notes
    for name in read.files:
        package, file = name.split("/")
        assert package in ("minitorch", "project")
        assert file.removesuffix(".py").isidentifier()


# Links, pipes, and folders in disguise


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = make_folder(tmp_path / "other", {"minitorch/tensor.py": "secret = 1\n"}) / "minitorch"
    (tmp_path / "secret.py").write_text("secret = 2\n", encoding="utf-8")
    folder = make_folder(tmp_path / "anna", FILES)
    (folder / "minitorch" / "out.py").symlink_to(tmp_path / "secret.py")
    (folder / "minitorch" / "itself.py").symlink_to("itself.py")
    (folder / "minitorch" / "nowhere.py").symlink_to("/dev/nothing")
    (folder / "minitorch" / "inside.py").symlink_to("operators.py")
    (folder / "deep").symlink_to(tmp_path / "other")
    (folder / "around").symlink_to(folder)
    (folder / "up").mkdir()
    (folder / "up" / "minitorch").symlink_to(secret)
    read = read_submission(folder, "anna")
    assert read.files == FILES
    noted = {note.partition(" is a link")[0] for note in read.notes}
    assert noted == {*[f"minitorch/{name}.py" for name in ("out", "itself", "nowhere", "inside")], "up/minitorch"}


def test_a_package_that_is_a_link_is_noted(tmp_path: Path) -> None:
    other = make_folder(tmp_path / "other", FILES)
    folder = make_folder(tmp_path / "anna", {"README.md": ""})
    (folder / "minitorch").symlink_to(other / "minitorch")
    read = read_submission(folder, "anna")
    assert (read.files, read.notes) == ({}, ["minitorch is a link, and links are not followed."])


@pytest.mark.usefixtures("hurry")
def test_what_is_neither_a_file_nor_a_link_is_noted(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "anna", FILES)
    (folder / "minitorch" / "tensor.py").mkdir()
    os.mkfifo(folder / "minitorch" / "nn.py")  # whoever opens it waits
    read = read_submission(folder, "anna")
    assert read.files == FILES
    assert sorted(read.notes) == ["minitorch/nn.py is not a file.", "minitorch/tensor.py is not a file."]


def test_a_file_with_the_name_of_a_package_is_no_matter(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "anna", FILES | {"docs/project": "", "bin/minitorch": ""})
    read = read_submission(folder, "anna")
    assert (read.files, read.notes) == (FILES, [])


def test_links_in_zip_files_are_not_read(tmp_path: Path) -> None:
    buffer = io.BytesIO(zipped(FILES))
    with zipfile.ZipFile(buffer, "a") as archive:
        for name in ("minitorch/tensor.py", ".venv/minitorch/nn.py"):
            link = zipfile.ZipInfo(name)
            link.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, "/etc/passwd")
    read = read_bytes(tmp_path, buffer.getvalue())
    assert read.files == FILES
    assert read.notes == ["minitorch/tensor.py is a link, and links are not followed."]


def test_there_are_not_thousands_of_notes(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "anna", FILES)
    for i in range(NOTES + 5):
        (folder / "minitorch" / f"x{i}.py").symlink_to("operators.py")
    read = read_submission(folder, "anna")
    assert read.files == FILES
    assert len(read.notes) == NOTES + 1
    assert "5 notes" in read.notes[-1]


def test_a_file_that_cannot_be_read_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(submissions, "_head", refuse)
    read = read_submission(make_folder(tmp_path / "anna", FILES), "anna")
    assert read.files == {}
    assert "Permission denied" in read.notes[0]


def test_submissions_do_not_share_their_notes(tmp_path: Path) -> None:
    bad, good = read_bytes(tmp_path, b"x"), read_submission(make_folder(tmp_path / "good", FILES), "good")
    assert bad.notes
    assert (good.files, good.notes) == (FILES, [])


# Names of submissions


def names(*sources: str) -> list[str]:
    return list(name_submissions([Path(source) for source in sources]))


def test_no_two_submissions_have_the_same_name() -> None:
    assert names("/a/anna", "/b/anna", "/c/Anna.zip", "/a/anna.zip", "/bea") == [
        *("a anna", "b anna", "c Anna", "a anna (2)", "bea")
    ]
    assert names("/a/x", "/b/x", "/b x", "/y") == ["a x", "b x", "b x (2)", "y"]
    assert names("/a/straße", "/a/strasse") == ["a straße", "a strasse (2)"]
    assert names("/a/\u00e9", "/a/e\u0301") == ["a \u00e9", "a \u00e9 (2)"]  # the same, as Windows and macOS write it
    assert len(name_submissions([Path("same")] * 30)) == 30


def test_each_name_leads_to_its_submission() -> None:
    sources = [Path("a/anna"), Path("b/anna"), Path("bea.zip")]
    assert list(name_submissions(sources).values()) == sources


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("anna.zip", "anna"),
        ("anna.b@c.de_1+2.zip", "anna.b@c.de_1+2"),
        ("=1+1", "=1+1"),
        ("..", "submission"),
        ("/", "submission"),
        ("   ", "submission"),
        (".zip", "submission"),
        ("a/b", "b"),
        ("a\\b", "a_b"),
        ("dots...", "dots"),
        (".hidden", "hidden"),
        ("dot. .zip", "dot"),
        ('<b>"x`$y\n|?*:%#', "_b__x__y_______"),
        ("O'Neil, A. & B. (1)", "O'Neil, A. & B. (1)"),
        ("日本語", "日本語"),
        ("\udcff", "_"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1.zip", "_com1"),
        ("conny", "conny"),
    ],
)
def test_names_are_safe_as_names_of_folders(source: str, name: str) -> None:
    assert names(source) == [name]


def test_long_names_are_cut() -> None:
    (one, two) = names("/a/" + "ü" * 120 + "1.zip", "/a/" + "ü" * 120 + "2.zip")
    assert one == "a " + "ü" * (NAME_SIZE // 2 - 1)
    assert two == f"{one} (2)"
    assert names("x" * (NAME_SIZE - 1) + "." + "y" * 100) == ["x" * (NAME_SIZE - 1)]


@given(st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1), min_size=1, max_size=6))
def test_every_name_can_be_the_name_of_a_folder(sources: list[str]) -> None:
    named = name_submissions([Path(source) for source in sources])
    assert len({name.casefold() for name in named}) == len(sources)
    for name in named:
        assert not set(name) & set('/\\<>:"|?*\n\r\t\0$`')
        assert name.strip(" .") == name != ""
        assert len(name.encode()) <= NAME_SIZE + 10
