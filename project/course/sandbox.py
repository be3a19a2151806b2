"""Starts a process on code that is not trusted: with limits, and in a sandbox where there is one.

The sandbox is bubblewrap, the program `bwrap` of Linux. Inside there is no network, and no other process to be seen. Of
the files of the machine there are, to be read only, those of the system and of Python; and a copy of the folder that
the process works in, which lies in memory, has a limited size, and is gone with the process. Neither the solutions are
there, nor what others handed in, nor the reports. After the first process of the sandbox all others end, whatever they
did to get away.
"""

import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from minitorch.errors import StateError, explain
from project.course.runner import ROOT, Launcher, settings

SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/nix/store")
"""Where programs and libraries of the system stand."""

CONFINE = Path(__file__).with_name("confine.py")

CONFINE_INSIDE = Path("/confine.py")
"""The name of that file inside of the sandbox."""

SOURCE = Path("/source")
"""The name of the folder inside of the sandbox, to be read only."""

INSIDE = Path("/course")
"""The name of the copy of it in which the process works."""

AT_ONCE = 64
"""How many sandboxes there can be at the same time."""

OWNERLESS = 2_000_000_000 + AT_ONCE * os.getpid()
"""The first of as many user numbers that belong to nobody on this machine, for processes that are started by root: the
system counts the processes of a user, so no two may share one."""


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        memory: Bytes of memory, for each process.
        processes: How many processes and threads there may be.
        open_files: How many files each process may have open.
        file: Bytes in a file.
        folder: Bytes in the folder that it works in, if there is a sandbox.
        scratch: Bytes in the folder for temporary files, if there is a sandbox.
        seconds: Seconds of computing, for each process.
        task: Seconds that all cases of a task may take together, in all stages.
    """

    memory: int = 4 << 30
    processes: int = 64
    open_files: int = 256
    file: int = 64 << 20
    folder: int = 256 << 20
    scratch: int = 64 << 20
    seconds: int = 900
    task: int = 600


def python_folders() -> list[Path]:
    """The folders that Python and its packages stand in, without those that stand in another one of them.

    Not those of `sys.path`: that leads to this repository too, and to wherever else a script was started.
    """
    paths = sysconfig.get_paths()
    named = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix}
    named |= {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    if site.ENABLE_USER_SITE:
        named.add(site.getusersitepackages())
    return outermost([Path(name) for name in named if Path(name).is_dir()])


def outermost(folders: Iterable[Path]) -> list[Path]:
    """Folders that stand in none of the others."""
    all_of_them = set(folders)
    return sorted(folder for folder in all_of_them if not all_of_them & set(folder.parents))


def bubblewrap(tree: Path, limits: Limits) -> list[str]:
    """The command that starts a program in a sandbox, without the program.

    Args:
        tree: The folder of which there is to be a copy.
        limits: What may be used.
    """
    command = ["bwrap", "--die-with-parent", "--new-session"]
    if os.getuid() == 0:  # `confine.py` gives the copy to another user and becomes that user: three rights of root
        command += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        command += ["--cap-drop", "ALL"]
        for right in ("CAP_CHOWN", "CAP_SETUID", "CAP_SETGID"):
            command += ["--cap-add", right]
    else:
        command += ["--unshare-user", "--unshare-all", "--disable-userns"]
    for name in SYSTEM:
        command += ["--ro-bind-try", name, name]
    command += ["--proc", "/proc", "--dev", "/dev"]
    for size, folder in ((limits.scratch, Path("/tmp")), (limits.folder, INSIDE)):
        command += ["--size", str(size), "--perms", "1777", "--tmpfs", str(folder)]
    folders = python_folders()
    for folder in [folder for folder in folders if ROOT not in folder.parents]:
        command += read_only(folder)
    if any(folder in ROOT.parents for folder in [*map(Path, SYSTEM), *folders]):
        command += ["--tmpfs", str(ROOT)]  # hides this repository, which has just come along
    for folder in [folder for folder in folders if ROOT in folder.parents]:
        command += read_only(folder)
    command += ["--ro-bind", str(CONFINE), str(CONFINE_INSIDE), "--ro-bind", str(tree), str(SOURCE)]
    return [*command, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", str(INSIDE)]


def read_only(folder: Path) -> list[str]:
    """What bubblewrap is told to show a folder, to be read only, with folders around it that let everybody through."""
    command = []
    for parent in reversed(folder.parents[:-1]):
        command += ["--perms", "0755", "--dir", str(parent)]
    return [*command, "--ro-bind", str(folder), str(folder)]


@dataclass(frozen=True)
class Sandbox(Launcher):
    """How processes on code that is not trusted are started.

    Attributes:
        walls: Whether there is a sandbox; else there are limits, but no walls.
        limits: What they may use.
        number: A number below `AT_ONCE` that no other one has which this process uses at the same time.
    """

    walls: bool = True
    limits: Limits = Limits()
    number: int = 0

    def launch(self, tree: Path, stage: str, seed: int) -> tuple[list[str], dict[str, str]]:
        """The command that starts a process, and its environment, which has nothing in it of that of this process."""
        return self.command(tree, ["-m", "project.course.child", str(seed)]), self.environment(tree) | settings(stage)

    def command(self, tree: Path, arguments: list[str]) -> list[str]:
        """The command that starts Python in a folder, or in a copy of it.

        Args:
            tree: The folder.
            arguments: What Python is to run.
        """
        limits = asdict(self.limits) | {"source": None, "user": None}
        if not self.walls:
            return [sys.executable, "-I", "-S", str(CONFINE), json.dumps(limits), sys.executable, *arguments]
        limits["source"] = str(SOURCE)
        limits["user"] = OWNERLESS + self.number if os.getuid() == 0 else None
        python = [sys.executable, "-I", "-S", str(CONFINE_INSIDE), json.dumps(limits), sys.executable]
        return [*bubblewrap(tree, self.limits), *python, *arguments]

    def environment(self, tree: Path) -> dict[str, str]:
        """The environment of a process: the bare necessities."""
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": str(INSIDE if self.walls else tree),
            "HOME": "/tmp" if self.walls else str(tree),
            "LANG": "C.UTF-8",
            "OPENBLAS_NUM_THREADS": "1",  # its threads would count as processes
        }

    def ending(self, status: int) -> str:
        """In words, how the program inside of the sandbox ended."""
        ended_inside = 128  # bubblewrap adds the number of the signal that ended the program inside to this
        return super().ending(ended_inside - status if self.walls and status > ended_inside else status)


LOOK_AROUND = f"""
import sys
from pathlib import Path

import numba
import numpy

places = [Path(place) for place in sys.path if place not in ("", {str(INSIDE)!r})]
print([str(place) for place in places if (place / "minitorch" / "operators.py").exists()])
"""
"""Prints where the library can be found, which has all answers, besides in the folder where it should be."""


def try_out(sandbox: Sandbox, tree: Path) -> None:
    """Make sure that a process can be started, and that no answers are in its reach.

    Raises:
        StateError: It cannot, or there are.
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
    command = sandbox.command(tree, ["-c", LOOK_AROUND])
    done = subprocess.run(command, env=sandbox.environment(tree), cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StateError(
            explain(
                "No process can be started for students' code.",
                got=(done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1],
                expected="a Python that imports numpy and numba",
                fix="see docs/instructors.md for what the sandbox needs; without it, there is --no-sandbox",
            )
        )
    if sandbox.walls and done.stdout.strip() != "[]":
        raise StateError(
            explain(
                "Students' code could read the answers.",
                got=f"minitorch, with all of them, in {done.stdout.strip()}",
                expected="a Python in which minitorch is not installed, or only by pip install -e",
                fix="use the environment that requirements.txt makes",
            )
        )
