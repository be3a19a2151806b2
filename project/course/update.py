"""Brings a student's copy up to date with a newer release, without touching what the student wrote.

Each release keeps a record of the files as they were handed out. With it, three texts of a file are at hand: as it was
handed out, as the student has it now, and as the newer release has it. What only one side changed is taken from that
side; where both changed the same lines, the student's file stays, and the new one is put beside it.
"""

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from merge3 import Merge3

from minitorch.errors import StateError, explain

RECORD = Path("project") / "course" / "handed_out.json.xz"
"""Where a release keeps the texts of its files."""

OWN = ("__pycache__", ".git", ".venv", ".course", ".pytest_cache", ".hypothesis", "runs", "minitorch.egg-info")
"""Folders that come into being when the repository is used."""


def read_files(folder: Path) -> dict[str, bytes]:
    """All files of a repository, by their names within it."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    relative = {path.relative_to(folder): path for path in files}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in sorted(relative.items())
        if not set(name.parts) & set(OWN) and name != RECORD and path.suffix != ".pyc"
    }


def keep_record(folder: Path) -> None:
    """Keep the texts of all files of a release; of files that are not text, nothing but that they are there."""
    record: dict[str, str | None] = {}
    for name, content in read_files(folder).items():
        try:
            record[name] = content.decode("utf-8")
        except UnicodeDecodeError:
            record[name] = None
    (folder / RECORD).write_bytes(lzma.compress(json.dumps(record, sort_keys=True).encode()))


def read_record(folder: Path) -> dict[str, str | None]:
    """Read the record of a release.

    Raises:
        StateError: There is none.
    """
    if not (folder / RECORD).is_file():
        raise StateError(
            explain(
                "This is no repository that was handed out to students.",
                got=str(folder),
                expected=f"a folder with the file {RECORD.as_posix()}",
                fix="name the folder of a release",
            )
        )
    return json.loads(lzma.decompress((folder / RECORD).read_bytes()))


@dataclass
class Changes:
    """What an update does.

    Attributes:
        written: The new contents of files, by their names.
        removed: Files that the newer release does not have any more, and the student has not changed.
        merged: Files in which the student's changes and the new ones were brought together.
        conflicts: Files in which both changed the same lines.
    """

    written: dict[str, bytes] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)


def merge(mine: str, base: str, theirs: str) -> str | None:
    """Bring two changed versions of a text together; None if both changed the same lines in different ways."""
    base_lines, own_lines, new_lines = [text.splitlines(keepends=True) for text in (base, mine, theirs)]
    merged = Merge3(base_lines, own_lines, new_lines)
    pieces = list(merged.merge_groups())
    if any(piece[0] == "conflict" for piece in pieces):
        return None
    return "".join([line for piece in pieces for line in piece[1]])


def plan(mine: Mapping[str, bytes], base: Mapping[str, str | None], theirs: Mapping[str, bytes]) -> Changes:
    """Decide what to do with each file.

    Args:
        mine: The student's files.
        base: The files as they were handed out; None for what is no text.
        theirs: The files of the newer release.
    """
    changes = Changes()
    for name, new in theirs.items():
        own, old = mine.get(name), base.get(name)
        if own == new:
            continue
        if own is None and name in base:
            continue  # the student has removed it
        unchanged = own is None or (name in base and (old is None or own == old.encode()))
        if unchanged:
            changes.written[name] = new
            continue
        assert own is not None
        if old is not None and new == old.encode():
            continue  # only the student has changed it
        try:
            merged = merge(own.decode("utf-8"), old or "", new.decode("utf-8"))
        except UnicodeDecodeError:
            merged = None
        if merged is None:
            changes.conflicts.append(name)
            changes.written[f"{name}.new"] = new
        else:
            changes.merged.append(name)
            changes.written[name] = merged.encode()
    for name, old in base.items():
        if name not in theirs and name in mine and old is not None and mine[name] == old.encode():
            changes.removed.append(name)
    return changes


def update(folder: Path, newer: Path) -> Changes:
    """Bring a student's repository up to date.

    Args:
        folder: The student's repository.
        newer: The folder of the newer release.

    Raises:
        StateError: One of the two is no repository that was handed out.
    """
    record = read_record(newer)
    changes = plan(read_files(folder), read_record(folder), {name: (newer / name).read_bytes() for name in record})
    for name, content in changes.written.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    for name in changes.removed:
        (folder / name).unlink()
    # What the student has not taken over in a conflict counts as handed out all the same: it lies beside the file.
    (folder / RECORD).write_bytes((newer / RECORD).read_bytes())
    return changes
