"""The pages of the guide as a browser shows them: on a desk and on a phone, light and dark, on paper, and offline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from docs.tests.conftest import DOCS

pytestmark = pytest.mark.house("the guide is no task of the course")

WIDTHS = {"desk": 1280, "phone": 390}
THEMES = ("light", "dark")
SMALLEST_TEXT = 9.0
"""How many pixels high the letters of a figure are at least."""
LEAST_CONTRAST = 4.5
"""Of letters with what is behind them: WCAG 2.2, success criterion 1.4.3, level AA."""

PAGES = sorted(
    str(path.relative_to(DOCS).with_suffix(".html"))
    for path in DOCS.rglob("*.md")
    if not {"_build", "tests"} & set(path.relative_to(DOCS).parts)
)

# What to look for in a page. Letters are compared with what lies behind their middle: the last cell that was drawn
# there, or else the page.
LOOK = """
([smallest, leastContrast, stepped]) => {
  const found = [];
  // All of the page, or one of the figures that are stepped through.
  const shown = stepped === null ? document : document.querySelectorAll(".steps")[stepped];
  const seen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgb = (colour, under) => {
    seen.fillStyle = under; seen.fillRect(0, 0, 1, 1);
    seen.fillStyle = colour; seen.fillRect(0, 0, 1, 1);
    return [...seen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (channels) => {
    const [r, g, b] = channels.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y);
    return (bright + 0.05) / (dark + 0.05);
  };

  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) found.push(`the page is ${wide} wide, and the window ${innerWidth}`);
  const room = document.querySelector("article").getBoundingClientRect();
  for (const element of document.querySelectorAll("article p, article figure, article svg, article img")) {
    const box = element.getBoundingClientRect();
    const scrolls = element.closest(".table-wrapper, .highlight, details:not([open])");
    if (!scrolls && box.width && box.right > room.right + 1) found.push(`<${element.tagName}> leaves the page`);
  }
  for (const image of document.querySelectorAll("article img")) {
    if (!image.naturalWidth) found.push(`the picture ${image.src} is missing`);
    if (!image.alt) found.push(`the picture ${image.src} has no text in its place`);
  }

  const page = getComputedStyle(document.body).backgroundColor;
  for (const svg of shown.querySelectorAll("svg.drawing")) {
    const name = (svg.getAttribute("aria-label") || "without words").slice(0, 60);
    const frame = svg.getBoundingClientRect();
    if (!frame.width) continue;  // a step that is not shown
    const scale = frame.width / svg.viewBox.baseVal.width;
    const boxes = [...svg.querySelectorAll("rect")].filter((rect) => getComputedStyle(rect).fill !== "none");
    const texts = [...svg.querySelectorAll("text")].filter((text) => text.textContent.trim());
    for (const text of texts) {
      const box = text.getBoundingClientRect();
      const words = text.textContent.trim();
      const size = parseFloat(getComputedStyle(text).fontSize) * scale;
      if (size < smallest) found.push(`${name}: "${words}" is ${size.toFixed(1)} pixels high`);
      const across = box.left < frame.left - 1 || box.right > frame.right + 1;
      const down = box.top < frame.top - 4 || box.bottom > frame.bottom + 4;
      if (across || down)
        found.push(`${name}: "${words}" leaves the figure`);
      const x = (box.left + box.right) / 2, y = (box.top + box.bottom) / 2;
      const under = boxes.filter((rect) => {
        const place = rect.getBoundingClientRect();
        return place.left <= x && x <= place.right && place.top <= y && y <= place.bottom;
      });
      const behind = under.length ? rgb(getComputedStyle(under.at(-1)).fill, page) : rgb(page, "white");
      const ratio = contrast(rgb(getComputedStyle(text).fill, page), behind);
      if (ratio < leastContrast) found.push(`${name}: "${words}" has a contrast of ${ratio.toFixed(1)}`);
    }
    // The box of a text is higher than its letters, so boxes may touch; words that run into each other overlap more.
    texts.forEach((text, i) => {
      const a = text.getBoundingClientRect();
      for (const other of texts.slice(i + 1)) {
        const b = other.getBoundingClientRect();
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (across > 2 && down > 0.4 * Math.min(a.height, b.height))
          found.push(`${name}: "${text.textContent.trim()}" and "${other.textContent.trim()}" overlap`);
      }
    });
  }
  return found;
}
"""


@pytest.fixture(scope="module", params=[(w, t) for w in WIDTHS for t in THEMES], ids=lambda p: "-".join(p))
def reader(request: pytest.FixtureRequest, browser: Browser) -> Iterator[BrowserContext]:
    """A window of some width, of a reader who prefers light or dark pages."""
    width, theme = request.param
    context = browser.new_context(viewport={"width": WIDTHS[width], "height": 900}, color_scheme=theme)
    yield context
    context.close()


@pytest.fixture(scope="module")
def desk(browser: Browser) -> Iterator[Page]:
    """A single page on a desk, to try things on."""
    context = browser.new_context(viewport={"width": WIDTHS["desk"], "height": 900})
    yield context.new_page()
    context.close()


def url(site: Path, page: str) -> str:
    return (site / page).as_uri()


def is_common(character: str) -> bool:
    """Whether the fonts of all major systems have a character: it stands in one of the old character sets."""
    for encoding in ("cp1252", "cp437", "mac_roman", "cp1253"):
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            continue
        return True
    return character in "\u2190\u2191\u2192\u2193\u2194\u2212"  # arrows, and the minus sign


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_read(reader: BrowserContext, site: Path, page: str) -> None:
    opened = reader.new_page()
    asked: list[str] = []
    wrong: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(url(site, page))
    found: list[str] = opened.evaluate(LOOK, [SMALLEST_TEXT, LEAST_CONTRAST, None])
    # Steps that are hidden are looked at too.
    for figure in range(opened.locator(".steps").count()):
        steps = opened.locator(".steps").nth(figure)
        for _ in range(steps.locator(".step").count() - 1):
            steps.get_by_role("button", name="One step on").click()
            found += opened.evaluate(LOOK, [SMALLEST_TEXT, LEAST_CONTRAST, figure])
    words: str = opened.evaluate("document.body.textContent")
    opened.close()
    assert not set(found)
    assert not wrong
    assert not {character for character in words if not (character.isspace() or is_common(character))}
    assert not [address for address in asked if not address.startswith(("file:", "data:"))], "the site works offline"


def test_steps_can_be_walked_through(desk: Page, site: Path) -> None:
    desk.goto(url(site, "guide/conv1d.html"))
    figure = desk.locator(".steps").first
    shown = figure.locator(".step:visible svg")
    first = shown.get_attribute("aria-label")
    assert "1 of 6" in figure.inner_text()
    figure.get_by_role("button", name="One step on").click()
    assert shown.count() == 1
    assert shown.get_attribute("aria-label") != first
    figure.get_by_role("button", name="One step back").click()
    assert shown.get_attribute("aria-label") == first
    figure.get_by_role("button", name="Show all steps").click()
    desk.wait_for_timeout(1500)
    assert "2 of 6" in figure.inner_text()


def test_paper_shows_one_step_and_no_buttons(desk: Page, site: Path) -> None:
    desk.goto(url(site, "guide/conv1d.html"))
    desk.emulate_media(media="print")
    for figure in desk.locator(".steps").all():
        assert figure.locator(".step:visible").count() == 1
        assert figure.locator(".step.still").is_visible()
        assert figure.locator("button:visible").count() == 0
    desk.emulate_media(media="screen")


def test_without_scripts_a_figure_shows_one_step(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url(site, "guide/conv1d.html"))
    assert all(figure.locator(".step:visible").count() == 1 for figure in page.locator(".steps").all())
    context.close()


def test_answers_are_hidden_until_they_are_asked_for(desk: Page, site: Path) -> None:
    desk.goto(url(site, "guide/conv1d.html"))
    answers = desk.locator("details.sd-dropdown")
    assert answers.count() == 3
    body = answers.first.locator(".sd-card-text").first
    assert not body.is_visible()
    answers.first.locator("summary").click()
    assert body.is_visible()


@pytest.mark.parametrize("words", ["stride", "conv1d", "topological"])
def test_search_works_offline(desk: Page, site: Path, words: str) -> None:
    desk.goto(f"{url(site, 'search.html')}?q={words}")
    desk.wait_for_selector("#search-results li", timeout=10_000)
    assert desk.locator("#search-results li").count() >= 1


PLANTED: dict[str, tuple[str, str]] = {
    "a wide block": ('<p style="width: 3000px">x</p>', "wide"),
    "tiny letters": (
        '<svg class="drawing" viewBox="0 0 500 50"><text x="9" y="20" font-size="5">tiny</text></svg>',
        "high",
    ),
    "letters beyond the edge": (
        '<svg class="drawing" viewBox="0 0 500 50"><text x="490" y="20" font-size="17">beyond</text></svg>',
        "leaves the figure",
    ),
    "words upon words": (
        '<svg class="drawing" viewBox="0 0 500 50"><text x="9" y="20" font-size="17">one</text>'
        '<text x="12" y="22" font-size="17">two</text></svg>',
        "overlap",
    ),
    "pale letters": (
        '<svg class="drawing" viewBox="0 0 500 50"><text x="9" y="20" style="fill: #ddd" font-size="17">a</text></svg>',
        "contrast",
    ),
    "a picture that is not there": ('<img src="nowhere.png" alt="nothing">', "missing"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_cannot_be_read_is_noticed(desk: Page, site: Path, name: str) -> None:
    planted, told = PLANTED[name]
    desk.goto(url(site, "guide/conv1d.html"))
    desk.evaluate("(planted) => { document.querySelector('article section').innerHTML += planted; }", planted)
    desk.wait_for_timeout(100)
    found: Any = desk.evaluate(LOOK, [SMALLEST_TEXT, LEAST_CONTRAST, None])
    assert any(told in line for line in found), found
