"""The process that runs cases on what a student wrote: `python -m project.course.child SEED < cases.json`.

It reads a list of cases, `{"task": ..., "name": ...}`, from its standard input. To its standard output it writes a line
that says that it is ready, and then for each case a line of JSON: the case, and what came out. Whatever the student's
code prints is kept apart and sent along. The process knows no answers, and nobody believes it more than that these are
the values that it computed.
"""

import json
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import IO, Any

from project.course.cases import encode
from project.course.suites import cases_of

PRINTED = 2000
"""How much of what was printed is sent along, in characters: the end of it."""

ERROR = 600
"""How much of an error is sent along, in characters: the beginning of it. The compiler's errors fill pages."""

COURSE = Path(__file__).parent


def where_raised(error: BaseException) -> str:
    """The last line of the student's own code, or of the library, that an exception passed through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if COURSE not in Path(frame.filename).parents
    ]
    root = COURSE.parents[1]
    inside = [frame for frame in frames if root in Path(frame.filename).parents]
    if not inside:
        return ""
    frame = inside[-1]
    return f"{Path(frame.filename).relative_to(root).as_posix()}, line {frame.lineno}: {frame.line}"


def run_request(request: dict[str, str], seed: int) -> dict[str, Any]:
    """Find a case and run it, whatever that raises: the files of the suite import those of the student."""
    try:
        (case,) = [case for case in cases_of(request["task"], seed) if case.name == request["name"]]
        return {"status": "values", "values": encode(case.compute())}
    except NotImplementedError as error:
        is_stub = str(error).startswith("Task ")
        return {"status": "missing" if is_stub else "error", "error": str(error), "where": where_raised(error)}
    except RecursionError as error:  # its traceback is long, and says the same again and again
        return {"status": "error", "error": f"RecursionError: {error}", "where": ""}
    except Exception as error:  # whatever the student's code does, it is told and not swallowed
        return {"status": "error", "error": f"{type(error).__name__}: {error}"[:ERROR], "where": where_raised(error)}


def end_of(printed: IO[bytes]) -> str:
    """The end of what was printed."""
    length = printed.seek(0, os.SEEK_END)
    printed.seek(max(length - 4 * PRINTED, 0))  # a character takes four bytes at most
    return printed.read().decode("utf-8", errors="replace")[-PRINTED:]


def main() -> None:
    """Run the cases, in the order in which they are asked for."""
    seed = int(sys.argv[1])
    wanted = json.load(sys.stdin)
    # From here on, what is printed goes to a file, and only this process's own lines go to its standard output.
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    with tempfile.TemporaryFile() as printed:
        os.dup2(printed.fileno(), 1)
        channel.write("ready\n")
        channel.flush()
        for request in wanted:
            printed.seek(0)
            printed.truncate()
            outcome = run_request(request, seed) | request
            sys.stdout.flush()
            outcome["printed"] = end_of(printed)
            channel.write(json.dumps(outcome) + "\n")
            channel.flush()


if __name__ == "__main__":
    main()
