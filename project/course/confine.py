"""Puts limits on itself, and then becomes another program: `python -I confine.py LIMITS PROGRAM ARGUMENTS...`.

This file stands alone and imports nothing but Python's own modules: it is run in the place of the program that is to be
limited, before any code of a student is near.
"""

import contextlib
import json
import os
import resource
import shutil
import sys
from pathlib import Path


def running_tasks() -> int:
    """How many processes and threads the user of this process has, which the limit on processes counts too."""
    count = 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if process.stat().st_uid == os.getuid():
                count += len(list((process / "task").iterdir()))
    return count


def copy_in(source: str, user: int | None) -> None:
    """Copy a folder into this one, and give it to a user."""
    shutil.copytree(source, ".", dirs_exist_ok=True)
    if user is not None:
        for path in [*sorted(Path().rglob("*"), reverse=True), Path()]:  # folders last: some let only their owner in
            os.chown(path, user, user)


def main() -> None:
    """Set the limits, in the order in which each is still allowed, and run the program."""
    limits = json.loads(sys.argv[1])
    if limits["source"] is not None:
        copy_in(limits["source"], limits["user"])
    if limits["user"] is not None:
        os.setgroups([])
        os.setgid(limits["user"])
        os.setuid(limits["user"])
    with contextlib.suppress(OSError):  # if memory runs short on the machine, this process is the first to go
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    hard = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_CPU: limits["seconds"],
        resource.RLIMIT_FSIZE: limits["file"],
        resource.RLIMIT_AS: limits["memory"],
        resource.RLIMIT_NOFILE: limits["open_files"],
    }
    if Path("/proc/self/task").is_dir():
        hard[resource.RLIMIT_NPROC] = running_tasks() + limits["processes"]
    for name, value in hard.items():
        resource.setrlimit(name, (value, value))
    os.execv(sys.argv[2], sys.argv[2:])


if __name__ == "__main__":
    main()
