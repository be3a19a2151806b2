"""Reads what students hand in: folders, zip files and git checkouts, of which nothing is trusted and nothing is run.

Only source files of the two packages are read, and only as text. Links are not followed, and nothing is unpacked.
"""

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

WANTED = re.compile(r"((?:[^/]+/){0,3}?)((?:minitorch|project)/(?!__)[A-Za-z_]\w*\.py)")
"""A path that is read: a source file of a package, in a repository that stands three folders deep at most."""

SKIPPED = re.compile(r"(^|/)(\.[^/]*|__MACOSX|__pycache__|site-packages|node_modules)/")
"""Paths that lead through such folders belong to no solution."""

FILE_SIZE = 1 << 20
"""The largest source file that is read, in bytes."""

COUNT = 400
"""How many source files are read, at most."""

ENTRIES = 50_000
"""How many entries of a folder or a zip file are looked at."""


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
        elif zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                _read(submission, _in_archive(archive, submission.notes))
        else:
            submission.notes.append("There is neither a folder nor a zip file.")
    except TooMuchError as error:
        submission.files.clear()
        submission.notes.append(str(error))
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        submission.files.clear()
        submission.notes.append(f"It cannot be read: {error}")
    if not submission.files and not submission.notes:
        submission.notes.append("There is no folder minitorch or project with source files in it.")
    return submission


def _in_folder(root: Path, notes: list[str]) -> dict[str, Callable[[int], bytes]]:
    """The files of a folder: for each path within it, what reads so many bytes of it."""
    found: dict[str, Callable[[int], bytes]] = {}
    for path in _walk(root):
        name = path.relative_to(root).as_posix()
        mode = path.lstat().st_mode
        is_package = path.name in ("minitorch", "project") and not stat.S_ISDIR(mode)
        if not WANTED.fullmatch(name) and not is_package:
            continue
        if stat.S_ISREG(mode) and not is_package:
            found[name] = lambda size, path=path: _head(path, size)  # type: ignore[misc]
        else:
            kind = "a link, and links are not followed" if stat.S_ISLNK(mode) else "neither a file nor a folder"
            notes.append(f"{name} is {kind}.")
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
        name = member.filename.replace("\\", "/")
        if not WANTED.fullmatch(name):
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            notes.append(f"{name} is a link, and links are not followed.")
        else:
            found[name] = lambda size, member=member: _head_of_member(archive, member, size)  # type: ignore[misc]
    return found


def _head_of_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> bytes:
    """The first bytes of a file in a zip file, of which no more is unpacked than that."""
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
        if match and ".." not in path.split("/") and not SKIPPED.search(path):
            places.setdefault(match[1], {})[match[2]] = path
    if not places:
        return
    place = min(places, key=lambda place: (place.count("/"), place))
    if len(places) > 1:
        others = ", ".join(sorted(other or "." for other in places if other != place)[:3])
        submission.notes.append(f"There are several repositories in it; {place or '.'} was graded, and not {others}.")
    if len(places[place]) > COUNT:
        raise TooMuchError(f"There are more than {COUNT} source files in it.")
    for name, path in sorted(places[place].items()):
        content = readers[path](FILE_SIZE + 1)
        if len(content) > FILE_SIZE:
            submission.notes.append(f"{name} is larger than {FILE_SIZE >> 20} MiB, and was not read.")
            continue
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            submission.notes.append(f"{name} is no text in UTF-8 (at byte {error.start}), and was not read.")
            continue
        submission.files[name] = text.replace("\r\n", "\n").replace("\r", "\n")


def name_submissions(sources: list[Path]) -> dict[str, Path]:
    """Give each submission a name that is safe as the name of a folder, and that no other one has."""
    named: dict[str, Path] = {}
    for source in sources:
        plain = source.absolute().name
        plain = re.sub(r"[^\w .@+=-]", "_", plain.removesuffix(".zip")).strip(" .") or "submission"
        name, number = plain, 2
        while name.casefold() in {other.casefold() for other in named}:
            name, number = f"{plain} ({number})", number + 1
        named[name] = source
    return named
