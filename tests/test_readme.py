"""The README: its commands are those that CI runs, its examples run, and its links lead somewhere."""

import doctest
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.house("the README belongs to no task")

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    return re.findall(r"```sh\n(.*?)```", README, re.S)


def test_there_are_exactly_two_commands_of_one_line_each() -> None:
    train, test = commands()
    for command in (train, test):
        assert command.count("\n") == 1
        assert command.startswith("python3 -m venv .venv && .venv/bin/python -m pip install -r requirements.txt && ")
    assert train.strip().endswith("project/run_mnist_multiclass.py")
    assert test.strip().endswith("-m pytest")


def test_ci_runs_the_test_command_word_for_word() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert commands()[1].strip() + " || exit 1\n" in script


def test_the_examples_show_what_really_happens() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.S)
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "README", "README.md", 0)
    assert len(examples.examples) >= 8
    report: list[str] = []
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(examples, out=report.append)
    assert not report, "".join(report)


PAGES = [
    "README.md",
    *(f"docs/{name}.md" for name in ("design", "performance", "instructors", "contributing", "changelog")),
]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if not link.startswith("https://"):
            assert ((ROOT / page).parent / link).exists(), f"{page} links to {link}"


def test_what_the_readme_lists_exists_and_nothing_is_left_out() -> None:
    listed = set(re.findall(r"`(project/\w+\.py)`", README))
    scripts = {f"project/{path.name}" for path in (ROOT / "project").glob("run_*.py")} | {"project/parallel_check.py"}
    assert listed == scripts
