"""What the tests of the guide share: a copy to follow it in, the site, and a browser to read it with."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
BUILD = re.compile(r"-m (sphinx .*)$", re.M)
"""The command that builds the site, where contributing.md and CI show it."""


@pytest.fixture(scope="session")
def site() -> Path:
    """The folder of the site, built by the command that contributing.md shows, where warnings are errors."""
    (command,) = BUILD.findall((DOCS / "contributing.md").read_text(encoding="utf-8"))
    done = subprocess.run(
        [sys.executable, "-m", *shlex.split(command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert done.stderr == ""
    return ROOT / shlex.split(command)[-1]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert program, "The pages are looked at with Chromium: install it, as by `apt install chromium`."
    with sync_playwright() as playwright:
        # Inside of a container, Chromium cannot build a sandbox of its own; it reads our own pages only.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()
