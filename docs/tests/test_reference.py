"""The reference: it has every public name of the library, each in one place."""

import re
from collections import Counter
from pathlib import Path

import pytest

from docs.reference import public_names, written_signature
from docs.tests.conftest import DOCS

pytestmark = pytest.mark.house("the guide is no task of the course")

DIRECTIVE = re.compile(r"^\.\. (currentmodule|py:data|auto(?:data|function|class|exception|module)):: ([\w.]+)", re.M)
PAGES = sorted((DOCS / "api").glob("*.md"))


def documented() -> list[str]:
    """The full names of all that the pages document."""
    names = []
    for page in PAGES:
        current = ""
        for directive, name in DIRECTIVE.findall(page.read_text(encoding="utf-8")):
            if directive == "currentmodule":
                current = name
            else:
                names.append(name if name.startswith("minitorch.") else f"{current}.{name}")
    return names


def test_every_public_name_is_documented_once() -> None:
    times = Counter(documented())
    assert [name for name, count in times.items() if count > 1] == []
    assert [name for name in public_names() if f"minitorch.{name}" not in times] == []


def test_nothing_else_is_said_to_be_public() -> None:
    said = {name.removeprefix("minitorch.") for name in documented()}
    assert {name for name in said if "." not in name} == set(public_names())


def test_every_page_is_in_the_table_of_contents() -> None:
    contents = re.findall(r"^(\w+)$", (DOCS / "api" / "index.md").read_text(encoding="utf-8"), re.M)
    assert sorted([*contents, "index"]) == sorted(page.stem for page in PAGES)


class Example:
    """Has methods that are written in various ways."""

    def method(self, a: "int | str", /, *b: Path, c: float = 1e-6) -> "list[Path]":
        """Does nothing."""
        raise NotImplementedError

    @staticmethod
    def without_types(a, b=Path()):  # type: ignore[no-untyped-def]
        """Does nothing."""


def test_signatures_are_those_of_the_source() -> None:
    assert written_signature(Example.method, bound=True) == (
        "(a: int | str, /, *b: Path, c: float=1e-06)",
        "list[Path]",
    )
    assert written_signature(Example.without_types, bound=False) == ("(a, b=Path())", None)


def test_the_site_shows_signatures_with_links(site: Path) -> None:
    page = (site / "api" / "convolution.html").read_text(encoding="utf-8")
    (signature,) = re.findall(r'<dt[^>]* id="minitorch.conv1d">(.*?)</dt>', page, re.S)
    assert re.sub(r"<[^>]*>|\s", "", signature).startswith("minitorch.conv1d(input:Tensor,weight:Tensor)")
    assert 'href="tensor.html#minitorch.Tensor"' in signature


def test_every_name_has_a_link_to_its_source(site: Path) -> None:
    names = [
        (page.stem, name, signature)
        for page in sorted((site / "api").glob("*.html"))
        for name, signature in re.findall(
            r'<dt class="sig[^>]* id="([^"]*)">(.*?)</dt>', page.read_text(encoding="utf-8"), re.S
        )
    ]
    assert len(names) > 300
    for page, name, signature in names:
        link = re.search(r'href="\.\./(_modules/[^"#]*)#([^"]*)"', signature)
        assert link, f"{name}, on the page {page}, has no link to its source"
        assert f'id="{link[2]}"' in (site / link[1]).read_text(encoding="utf-8")
