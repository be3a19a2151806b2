"""Reads what students hand in: folders, zip files and git checkouts, of which nothing is trusted and nothing is run.

Only source files of the two packages are read, and only as text. Links are not followed, and nothing is unpacked.
"""

import re
import stat
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from project.course.tasks import tasks

WANTED = re.compile(r"((?:[^/]+/){0,3}?)((?:minitorch|project)/(?!__)[A-Za-z_]\w*\.py)")
"""A path that is read: a source file of a package, in a repository that stands three folders deep at most."""

SKIPPED = re.compile(r"(^|/)(\.[^/]*|__MACOSX|__pycache__|site-packages|node_modules)/")
"""Paths that lead through such folders belong to no solution, or, through "..", out of it."""

FILE_SIZE = 1 << 20
"""The largest source file that is read, in bytes."""

COUNT = 400
"""How many source files are read, at most."""

ENTRIES = 50_000
"""How many entries of a folder or a zip file are looked at."""

ALL_SIZE = 16 << 20
"""How large all source files together are, at most, in bytes."""

NOTES = 20
"""How many notes there are on a submission, at most."""

NAME_SIZE = 100
"""How long the name of a submission is, at most, in bytes: file systems end at 255, and their paths not much later."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.I)
"""Names that a folder cannot have on Windows."""


@dataclass
class Submission:
    """What a student handed in.

    Attributes:
        name: The name of its folder or file, which no other submission has.
        source: Where it was read from.
        files: The texts of its source files, by their names within the repository.
        notes: What could not be read, and why.
    """

    name: str
    source: Path
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class TooMuchError(Exception):
    """There is more in a submission than anybody would write."""


def read_submission(source: Path, name: str) -> Submission:
    """Read a folder or a zip file. Whatever is wrong with it is noted."""
    submission = Submission(name, source)
    try:
        if source.is_dir():
            readers = _in_folder(source, submission.notes)
            _read(submission, readers)
        elif source.is_file() and zipfile.is_zipfile(source):  # not a pipe, which would be waited for
            with zipfile.ZipFile(source) as archive:
                _read(submission, _in_archive(archive, submission.notes))
        else:
            submission.notes.append("It is neither a folder nor a zip file, or one that is damaged.")
    except TooMuchError as error:
        submission.files.clear()
        submission.notes.append(str(error))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        submission.files.clear()
        submission.notes.append(f"It cannot be read: {error}")
    if not submission.files and not submission.notes:
        submission.notes.append("There is no folder minitorch or project with source files in it.")
    if len(submission.notes) > NOTES:
        submission.notes[NOTES:] = [f"There is more of that kind: {len(submission.notes) - NOTES} notes."]
    return submission


def is_wanted(name: str) -> bool:
    """Whether a file is read, by its path within what was handed in."""
    return WANTED.fullmatch(name) is not None and not SKIPPED.search(name)


def _in_folder(root: Path, notes: list[str]) -> dict[str, Callable[[int], bytes]]:
    """The files of a folder: for each path within it, what reads so many bytes of it."""
    found: dict[str, Callable[[int], bytes]] = {}
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        mode = path.lstat().st_mode
        if is_wanted(name) and stat.S_ISREG(mode):
            found[name] = lambda size, path=path: _head(path, size)  # type: ignore[misc]
        elif stat.S_ISLNK(mode) and (is_wanted(name) or path.name in ("minitorch", "project")):
            notes.append(f"{name} is a link, and links are not followed.")
        elif is_wanted(name):
            notes.append(f"{name} is not a file.")
    return found


def _walk(root: Path) -> Iterator[Path]:
    """All that is in a folder and those in it, not very deep, and not through links."""
    waiting, seen = [(root, 0)], 0
    while waiting:
        folder, depth = waiting.pop()
        for path in sorted(folder.iterdir()):
            seen += 1
            if seen > ENTRIES:
                raise TooMuchError(f"There are more than {ENTRIES} files and folders in it.")
            yield path
            if depth < 4 and stat.S_ISDIR(path.lstat().st_mode) and not SKIPPED.search(f"{path.name}/"):
                waiting.append((path, depth + 1))


def _head(path: Path, size: int) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as file:
        return file.read(size)


def _in_archive(archive: zipfile.ZipFile, notes: list[str]) -> dict[str, Callable[[int], bytes]]:
    """The files of a zip file: for each path within it, what reads so many bytes of it."""
    found: dict[str, Callable[[int], bytes]] = {}
    members = archive.infolist()
    if len(members) > ENTRIES:
        raise TooMuchError(f"There are more than {ENTRIES} files and folders in it.")
    for member in members:
        name = member.filename.replace("\\", "/").removeprefix("./")
        if not is_wanted(name):
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            notes.append(f"{name} is a link, and links are not followed.")
        else:
            found[name] = lambda size, member=member: _head_of_member(archive, member, size)  # type: ignore[misc]
    return found


def _head_of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> bytes:
    """The first bytes of a file in a zip file, of which no more is unpacked than that."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # others are unpacked by the gigabyte
        raise zipfile.BadZipFile(f"{member.filename} is compressed in an unusual way.")
    try:
        with archive.open(member) as file:
            return file.read(size)
    except (RuntimeError, zlib.error, EOFError) as error:  # it has a password, or is damaged
        raise zipfile.BadZipFile(f"{member.filename}: {error}") from error


def _read(submission: Submission, readers: Mapping[str, Callable[[int], bytes]]) -> None:
    """Read the files of the repository that stands the least deep in what was handed in."""
    places: dict[str, dict[str, str]] = {}
    for path in readers:
        match = WANTED.fullmatch(path)
        if match:
            places.setdefault(match[1], {})[match[2]] = path
    if not places:
        return
    modules = {target.module for task in tasks().values() for target in task.targets}
    # A folder around the repository may be called minitorch too, and its setup.py looks like one of the package.
    repositories = [place for place in places if modules & places[place].keys()] or list(places)
    place = min(repositories, key=lambda place: (place.count("/"), place))
    if len(repositories) > 1:
        others = ", ".join(sorted(other or "." for other in repositories if other != place)[:3])
        submission.notes.append(f"There are several repositories in it; {place or '.'} was graded, and not {others}.")
    if len(places[place]) > COUNT:
        raise TooMuchError(f"There are more than {COUNT} source files in it.")
    total = 0
    for name, path in sorted(places[place].items()):
        content = readers[path](FILE_SIZE + 1)
        if len(content) > FILE_SIZE:
            submission.notes.append(f"{name} is larger than {FILE_SIZE >> 20} MiB, and was not read.")
            continue
        total += len(content)
        if total > ALL_SIZE:
            raise TooMuchError(f"Its source files are larger than {ALL_SIZE >> 20} MiB.")
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            submission.notes.append(f"{name} is no text in UTF-8 (at byte {error.start}), and was not read.")
            continue
        submission.files[name] = text.replace("\r\n", "\n").replace("\r", "\n")


def safe_name(*paths: Path) -> str:
    """The names of files and folders as one name that every system can have, and that means nothing to a shell."""
    text = " ".join([path.absolute().name.removesuffix(".zip") for path in paths])
    text = re.sub(r"[^\w .,'()&@+=-]", "_", unicodedata.normalize("NFC", text))
    text = text.encode()[:NAME_SIZE].decode(errors="ignore").strip(" .")
    return f"_{text}" if RESERVED.fullmatch(text) else text or "submission"


def name_submissions(sources: list[Path]) -> dict[str, Path]:
    """Give each submission a name that is safe as the name of a folder, and that no other one has.

    That is the name of its folder or file. Where several have the same one, as in `anna/work.zip` and `bea/work.zip`,
    the folder around it is named too.
    """
    shared = Counter([safe_name(source).casefold() for source in sources])
    named: dict[str, Path] = {}
    for source in sources:
        plain = safe_name(source)
        if shared[plain.casefold()] > 1:
            plain = safe_name(source.absolute().parent, source)
        name, number = plain, 2
        while name.casefold() in {other.casefold() for other in named}:
            name, number = f"{plain} ({number})", number + 1
        named[name] = source
    return named
