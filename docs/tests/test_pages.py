"""The pages of the guide: each has the same shape, and all of it happens as it is shown."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs import follow
from docs.figures.__main__ import names
from docs.tests.conftest import BUILD, DOCS, ROOT

pytestmark = pytest.mark.house("the guide is no task of the course")

INDEX = (DOCS / "index.md").read_text(encoding="utf-8")
CHAPTERS = re.findall(r"^guide/(\w+)$", INDEX, re.M)
TASKS = {f"task{module}_{task}" for module in range(5) for task in range(1, 6)}


def chapter(name: str) -> str:
    return (DOCS / "guide" / f"{name}.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_table_of_contents() -> None:
    assert sorted(CHAPTERS) == sorted(path.stem for path in (DOCS / "guide").glob("*.md"))


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_goals_tasks_and_questions(name: str) -> None:
    text = chapter(name)
    beginning = r"# .+\n\n:::\{admonition\} What you will be able to do\n:class: goals\n(.*?):::\n"
    goals = re.match(beginning, text, re.S)
    assert goals
    assert 3 <= len(re.findall("^- ", goals.group(1), re.M)) <= 5
    tasks, questions = text.split("\n## Tasks\n")[1].split("\n## Questions\n")
    assert re.findall(r"^\$ \.venv/bin/python -m pytest -m (task\d_\d)$", tasks, re.M)
    assert re.findall(r"^:{3,}\{dropdown\} (\d)\. .+\?$", questions, re.M) == ["1", "2", "3"]


def test_every_task_of_the_course_has_a_chapter() -> None:
    named = set(re.findall(r"-m pytest -m (task\d_\d)$", "\n".join(map(chapter, CHAPTERS)), re.M))
    assert named == TASKS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The copy that the chapters are followed in, one after the other, as a reader does."""
    return tmp_path_factory.mktemp("stranger")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_can_be_followed(name: str, folder: Path) -> None:
    page = DOCS / "guide" / f"{name}.md"
    done = subprocess.run(
        [sys.executable, "-m", "docs.follow", "--collect", "--folder", str(folder), str(page)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not re.search(r": 0 inputs", done.stdout)


def test_contributing_shows_what_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    page = (DOCS / "contributing.md").read_text(encoding="utf-8")
    shown = [line for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.splitlines()]
    for command in shown:
        for part in command.partition("#")[0].split("&&"):
            assert part.strip() in script, f"{part.strip()!r} is shown, and not run"
    assert BUILD.findall(page) == BUILD.findall(script)


# The figures


def test_every_figure_is_shown() -> None:
    shown = re.findall(r"^```\{drawing\} (\w+)$", "\n".join(map(chapter, CHAPTERS)), re.M)
    assert sorted(set(shown)) == names()


def test_figures_can_be_drawn_into_files(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "docs.figures", "sliding_window", "windows_as_rows", "--out", str(tmp_path)],
        cwd=ROOT,
        check=True,
    )
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == [*(f"sliding_window-{step}.svg" for step in range(6)), "windows_as_rows.svg"]
    assert "--fig-ink" in (tmp_path / "windows_as_rows.svg").read_text(encoding="utf-8")


def test_another_kernel_makes_another_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    from docs.figures import sliding_window

    before = sliding_window.draw()
    monkeypatch.setattr(sliding_window, "WEIGHT", [1, -2, 4])
    after = sliding_window.draw()
    assert before.frames[0].svg() != after.frames[0].svg()
    assert "their sum, 9, is cell 0" in after.frames[0].alt  # 1 - 2 * 2 + 4 * 3


# Those who follow pages: what is shown wrongly is noticed


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", "Expected:"),
        ("```python\n>>> 1 / 0\n```\n", "ZeroDivisionError"),
        ("```python\n>>> a = 1\n```\ntext\n```python\n>>> b\n1\n```\n", "NameError"),
        ("```console\n$ echo one\ntwo\n```\n", "should print"),
        ("```console\n$ exit 3\n```\n", "status 3"),
        ("```{code-block} console\n:class: fails\n$ true\n```\n", "status 0"),
        ("```python\nprint(1)\n```\n", "nobody can follow"),
        ("```text\nsome text\n```\n", "nobody can follow"),
        ("```console\nls\n```\n", "nobody can follow"),
    ],
)
def test_a_page_that_is_wrong_is_noticed(page: str, told: str, tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(page, encoding="utf-8")
    session = follow.follow(file, tmp_path)
    assert len(session.failures) == 1
    assert told in session.failures[0]


@pytest.mark.parametrize("collect", [False, True])
def test_the_tests_of_a_task_can_be_left_to_others(collect: bool, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = task0_1\n")
    test = "import pytest\n\n@pytest.mark.task0_1\ndef test_it():\n    assert False\n"
    (tmp_path / "test_it.py").write_text(test, encoding="utf-8")
    file = tmp_path / "page.md"
    file.write_text("```console\n$ .venv/bin/python -m pytest -m task0_1\n```\n", encoding="utf-8")
    assert bool(follow.follow(file, tmp_path, collect=collect).failures) == (not collect)


def test_a_page_that_is_right_is_followed(tmp_path: Path) -> None:
    file = tmp_path / "page.md"
    file.write_text(
        "```python\n>>> def two():\n...     return 2\n...\n>>> two()\n2\n```\n"
        "```{code-block} python\n:caption: own.py\n\nprint('mine')\n```\n"
        f"```console\n$ {sys.executable} own.py\nmine\n$ echo a; \\\n> echo b\na\n...\n```\n"
        "````{code-block} console\n:class: fails\n$ false\n````\n"
        "```python\n>>> two() + 1\n3\n```\n",
        encoding="utf-8",
    )
    session = follow.follow(file, tmp_path)
    assert not session.failures
    assert session.typed == 6
