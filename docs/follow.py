"""Follow pages of the guide as a stranger would: type what they show, and compare what comes out.

    python -m docs.follow docs/guide/conv1d.md

Works in a copy of the repository, in a folder of its own, where it does, from the top of the page to its bottom,

- what stands behind `>>>` in blocks of `python`, all in one session,
- what stands behind `$` in blocks of `console`, and
- saves blocks of `python` that have a file name as their caption.

Blocks of any other kind are not followed, so a page may not have them; but for directives, such as notes.
"""

import argparse
import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHOWN_ONLY = ("{literalinclude}", "{drawing}", "{toctree}", "{note}", "{eval-rst}", "{glossary}")
"""Directives with nothing to type in them."""
INSTALLATION = "python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt"
"""How a copy is set up. The packages of this Python are used instead, unless the installation is to be tried too."""
TESTS_OF_A_TASK = re.compile(r"\.venv/bin/python -m pytest -m task\d_\d")
"""Lines at the end of each chapter. They take minutes, and CI has run all these tests before it comes to the guide."""
FLAGS = doctest.ELLIPSIS
FENCE = re.compile(r"^(`{3,})\s*(\{?[\w-]*\}?)[ ]*(.*?)\n(.*?)^\1\s*$", re.M | re.S)
OPTION = re.compile(r"^:(\w+):\s*(.*)\n", re.M)


@dataclass
class Block:
    """A fenced block of a page.

    Attributes:
        line: The number of its first line in the page.
        kind: "python", "console", or a directive such as "{drawing}".
        options: The options of a directive, such as its caption.
        text: What stands in it.
    """

    line: int
    kind: str
    options: dict[str, str]
    text: str


def blocks(page: str) -> Iterator[Block]:
    """The blocks of a page, from top to bottom."""
    for found in FENCE.finditer(page):
        line = page.count("\n", 0, found.start()) + 2
        kind, argument, text = found.group(2), found.group(3), found.group(4)
        options = {}
        if kind == "{code-block}":
            kind = argument
            while option := OPTION.match(text):
                options[option.group(1)] = option.group(2)
                text, line = text[option.end() :], line + 1
        yield Block(line, kind, options, text.removeprefix("\n") if options else text)


def copy_repository(folder: Path, install: bool = False) -> None:
    """Copy what belongs to the repository, committed or not.

    Unless everything is to be installed in the copy, it gets the packages of this Python.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    if not install:
        (folder / ".venv").symlink_to(sys.prefix)


class Session:
    """What a stranger has in front of them: a folder, a Python, and what went wrong so far.

    Args:
        folder: The copy to work in.
        page: The name of the page.
        install: Whether to install what the page tells to install.
        collect: Whether to find the tests of tasks only, and not to run them.
    """

    def __init__(self, folder: Path, page: str, install: bool = False, collect: bool = False) -> None:
        self.folder, self.page, self.install, self.collect = folder, page, install, collect
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.runner = doctest.DocTestRunner(verbose=False, optionflags=FLAGS)
        self.checker = doctest.OutputChecker()
        self.typed = 0
        self.failures: list[str] = []

    def follow(self, block: Block) -> None:
        """Do what a block shows."""
        if block.kind == "python" and "caption" in block.options:
            path = self.folder / block.options["caption"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.kind == "python" and block.text.startswith(">>>"):
            self._type_python(block)
        elif block.kind == "console" and block.text.startswith("$ "):
            self._type_commands(block)
        elif block.kind not in SHOWN_ONLY:
            self._fail(block, f"nobody can follow a block of kind {block.kind!r} that begins so:\n{block.text[:200]}")

    def _fail(self, block: Block, what: str) -> None:
        self.failures.append(f"{self.page}, line {block.line}: {what}")

    def _type_python(self, block: Block) -> None:
        # A name for each block, or else doctest would look for the lines of a function in another block.
        name = f"{self.page}, line {block.line}"
        test = doctest.DocTestParser().get_doctest(block.text, self.names, name, self.page, block.line - 1)
        test.globs = self.names  # and not a copy: what one block defines, the next one uses
        self.typed += len(test.examples)
        self.runner.run(test, out=self.failures.append, clear_globs=False)

    def _type_commands(self, block: Block) -> None:
        for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
            command, _, expected = part.partition("\n")
            while command.endswith("\\"):
                more, _, expected = expected.partition("\n")
                command = command[:-1] + more.removeprefix(">").strip()
            self.typed += 1
            done = self.run(command)
            told = done.stdout + done.stderr
            wants_failure = block.options.get("class") == "fails"
            if wants_failure == (done.returncode == 0):
                self._fail(block, f"$ {command}\nended with status {done.returncode}:\n{told[-3000:]}")
            elif expected.strip() and not self.checker.check_output(expected, told, FLAGS):
                self._fail(block, f"$ {command}\nshould print\n{expected}\nand printed\n{told[-6000:]}")

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command line in the folder."""
        if not self.install:
            command = command.removeprefix(INSTALLATION).removeprefix(" && ") or "true"
        if self.collect and TESTS_OF_A_TASK.fullmatch(command):
            command += " --collect-only -q"
        environment = {name: value for name, value in os.environ.items() if name != "NUMBA_DISABLE_JIT"}
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": "" if self.install else str(self.folder), "COLUMNS": "120"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def follow(page: Path, folder: Path, install: bool = False, collect: bool = False) -> Session:
    """Follow a page in a folder that `copy_repository` has filled, and tell how it went."""
    session = Session(folder, page.name, install, collect)
    for block in blocks(page.read_text(encoding="utf-8")):
        session.follow(block)
    return session


def main() -> int:
    """Follow the pages that are named, in one copy; the status is 1 if anything was not as shown."""
    parser = argparse.ArgumentParser(prog="python -m docs.follow", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", nargs="+", type=Path, metavar="PAGE")
    parser.add_argument("--install", action="store_true", help="run commands that install something, too")
    parser.add_argument("--collect", action="store_true", help="find the tests of tasks, and do not run them")
    parser.add_argument("--folder", type=Path, help="where to work; empty, or with a copy; a new one if left out")
    arguments = parser.parse_args()
    pages = [page.resolve() for page in arguments.pages]
    failed = False
    with tempfile.TemporaryDirectory() as passing:
        folder = (arguments.folder or Path(passing)).resolve()
        if not any(folder.iterdir()):
            copy_repository(folder, arguments.install)
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        for page in pages:
            session = follow(page, folder, arguments.install, arguments.collect)
            print(f"{page.name}: {session.typed} inputs, {len(session.failures)} not as shown")
            for failure in session.failures:
                print(failure)
            failed = failed or bool(session.failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
