"""Starts a process on code that is not trusted: with limits, and in a sandbox where there is one.

The sandbox is bubblewrap, the program `bwrap` of Linux. Inside there is no network, and no other process to be seen; of
the files of the machine there are, to be read only, those of the system and of Python; and one folder that may be
written to. Neither the solutions are there, nor what others handed in, nor the reports. With the first process of the
sandbox all others end, whatever they did to get away.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from minitorch.errors import StateError, explain
from project.course.runner import ROOT, Launcher, settings

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/nix/store")
"""Where programs and libraries of the system stand."""

INSIDE = Path("/course")
"""The name of the one folder that may be written to, inside of the sandbox."""

CONFINE = Path(__file__).with_name("confine.py")

CONFINE_INSIDE = Path("/confine.py")
"""The name of that file inside of the sandbox."""

OWNERLESS = 60000
"""The first of the user numbers that belong to nobody, for processes that are started by root."""


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        memory: Bytes of memory, for each process.
        processes: How many processes and threads there may be.
        file: Bytes in a file.
        folder: Bytes in all files that it writes; who is found to have more is ended.
        scratch: Bytes in the folder for temporary files.
        seconds: Seconds of computing, for each process.
        task: Seconds that all cases of a task may take together, in all stages.
    """

    memory: int = 4 << 30
    processes: int = 64
    file: int = 64 << 20
    folder: int = 256 << 20
    scratch: int = 64 << 20
    seconds: int = 900
    task: int = 600


def python_folders() -> list[Path]:
    """The folders that Python and its packages stand in, without those that stand in another one of them."""
    named = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, *sys.path}
    folders = {Path(name) for name in named if name and Path(name).is_dir()} - {ROOT, Path.cwd()}
    return outermost(folder for folder in folders if not ROOT.is_relative_to(folder))


def outermost(folders: Iterable[Path]) -> list[Path]:
    """Folders that stand in none of the others."""
    all_of_them = set(folders)
    return sorted(folder for folder in all_of_them if not all_of_them & set(folder.parents))


def bubblewrap(tree: Path, limits: Limits) -> list[str]:
    """The command that starts a program in a sandbox, without the program.

    Args:
        tree: The folder that may be written to.
        limits: What may be used.
    """
    command = ["bwrap", "--die-with-parent", "--new-session"]
    if os.getuid() == 0:  # `confine.py` then changes the user, which needs two rights of root
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-all"]
    for name in SYSTEM:
        command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev", "--size", str(limits.scratch), "--perms", "1777", "--tmpfs", "/tmp"]
    for folder in python_folders():
        for parent in reversed(folder.parents[:-1]):
            command += ["--perms", "0755", "--dir", str(parent)]
        command += ["--ro-bind", str(folder), str(folder)]
    command += ["--ro-bind", str(CONFINE), str(CONFINE_INSIDE), "--bind", str(tree), str(INSIDE)]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(INSIDE)]


@dataclass(frozen=True)
class Sandbox(Launcher):
    """How processes on code that is not trusted are started.

    Attributes:
        walls: Whether there is a sandbox; else there are limits, but no walls.
        limits: What they may use.
        number: A small number that no other one has which is in use at the same time: as root, each has a user of its
            own, so that the limit on processes is its own too.
    """

    walls: bool = True
    limits: Limits = Limits()
    number: int = 0

    def launch(self, tree: Path, stage: str, seed: int) -> tuple[list[str], dict[str, str]]:
        """The command that starts a process, and its environment, which has nothing in it of that of this process."""
        return self.command(tree, ["-m", "project.course.child", str(seed)]), self.environment(tree) | settings(stage)

    def complaint(self, tree: Path) -> str:
        """That it wrote too much, if it did."""
        size = size_of(tree)
        most = self.limits.folder
        return f"It wrote {size >> 20} MiB into its folder, of {most >> 20} MiB at most." if size > most else ""

    def ending(self, status: int) -> str:
        """In words, how the program inside of the sandbox ended."""
        ended_inside = 128  # bubblewrap adds the number of the signal that ended the program inside to this
        return super().ending(ended_inside - status if self.walls and status > ended_inside else status)

    def command(self, tree: Path, arguments: list[str]) -> list[str]:
        """The command that starts Python in a folder.

        Args:
            tree: The folder.
            arguments: What Python is to run.
        """
        user = OWNERLESS + self.number if self.walls and os.getuid() == 0 else None
        if user is not None:
            give_away(tree, user)
        walls = bubblewrap(tree, self.limits) if self.walls else []
        file = CONFINE_INSIDE if self.walls else CONFINE
        limits = json.dumps(asdict(self.limits) | {"user": user})
        return [*walls, sys.executable, "-I", "-S", str(file), limits, sys.executable, *arguments]

    def environment(self, tree: Path) -> dict[str, str]:
        """The environment of a process: the bare necessities."""
        inside = INSIDE if self.walls else tree
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(inside),
            "HOME": "/tmp" if self.walls else str(tree),
            "LANG": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",  # its threads would count as processes
        }


def give_away(tree: Path, user: int) -> None:
    """Make a folder and all that is in it belong to a user. (Root, with few rights left, has to come into it too.)"""
    tree.chmod(0o755)
    for path in [tree, *tree.rglob("*")]:
        os.chown(path, user, user, follow_symlinks=False)


def size_of(tree: Path) -> int:
    """How many bytes there are in the files of a folder. What cannot be read counts nothing."""
    total = 0
    for folder, _, names in os.walk(tree):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:  # it has just been removed
                continue
    return total


def try_out(sandbox: Sandbox, tree: Path) -> None:
    """Make sure that a process can be started.

    Raises:
        StateError: It cannot.
    """
    if sandbox.walls and shutil.which("bwrap") is None:
        raise StateError(
            explain(
                "Students' code is not trusted, and there is no sandbox to run it in.",
                got="no program bwrap on the path",
                expected="bubblewrap, which Linux has a package of",
                fix="install it (apt install bubblewrap); or, on a machine where their code can do no harm, such as a "
                "container of Gradescope, add --no-sandbox",
            )
        )
    command = sandbox.command(tree, ["-c", "import numba, numpy, threading; print('ready')"])
    done = subprocess.run(command, env=sandbox.environment(tree), cwd=tree, capture_output=True, text=True, check=False)
    if done.stdout != "ready\n":
        raise StateError(
            explain(
                "No process can be started for students' code.",
                got=(done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1],
                expected="a Python that imports numpy and numba",
                fix="see docs/instructors.md for what the sandbox needs; without it, there is --no-sandbox",
            )
        )
