"""What Sphinx has to be taught for the guide: how to show a figure that a script draws.

    ```{drawing} sliding_window
    The sentence that stands below.
    ```

runs `docs/figures/sliding_window.py` and puts what it draws into the page. So the figure takes its colours from the
page, light or dark, and its words can be searched. The script stands below it, folded away.
"""

import html
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from docs.figures.__main__ import draw
from docs.figures.drawing import Steps, frames_of

FIGURES = Path(__file__).with_name("figures")


class DrawingDirective(SphinxDirective):
    """A figure, drawn while the page is built."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Draw, and make the nodes of the figure: the drawing, its caption, its script."""
        name = self.arguments[0]
        drawn = draw(name)
        frames = frames_of(drawn)
        path = FIGURES / f"{name}.py"
        self.env.note_dependency(str(path))
        figure = nodes.figure(classes=["drawn", *(["steps"] if isinstance(drawn, Steps) else [])])
        still = drawn.still if isinstance(drawn, Steps) else 0
        for place, frame in enumerate(frames):
            classes = "step still" if place == still else "step"
            figure += nodes.raw("", f'<div class="{classes}">{frame.svg()}</div>', format="html")
        if self.content:
            caption = nodes.caption("", "")
            caption += self.parse_inline(" ".join(self.content))[0]
            figure += caption
        source = path.read_text(encoding="utf-8")
        summary = f"<summary>Drawn by <code>docs/figures/{html.escape(name)}.py</code></summary>"
        code = nodes.literal_block(source, source, language="python")
        script = [
            nodes.raw("", f'<details class="script">{summary}', format="html"),
            code,
            nodes.raw("", "</details>", format="html"),
        ]
        return [figure, *script]


def mark_files(app: Sphinx, page: nodes.document) -> None:
    """Mark code that is shown from a file: it is there to be read, and has no button to copy it.

    The button takes the lines behind `>>>` only, if there are any; of a function, that would be its examples.
    """
    for block in page.findall(nodes.literal_block):
        if "source" in block:
            block["classes"].append("from-file")


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of the directive, of files shown, of styles, and of the buttons of figures that have steps."""
    app.add_directive("drawing", DrawingDirective)
    app.connect("doctree-read", mark_files)
    app.add_css_file("figures.css")
    app.add_css_file("guide.css")
    app.add_js_file("steps.js", loading_method="defer")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
