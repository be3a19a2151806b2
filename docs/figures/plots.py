"""Curves and bars, drawn by matplotlib, with the colours of all other figures.

matplotlib knows no colours that change with the page. So it draws with stand-ins, `INK`, `BLUE` and so on, and these
are exchanged for the names that `docs/_static/figures.css` defines.
"""

import io
import re
from typing import Any
from xml.etree import ElementTree

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from docs.figures.drawing import WIDEST, Drawing

INK, GREY, BLUE, ORANGE, GREEN, PINK = "#010101", "#020202", "#030303", "#040404", "#050505", "#060606"
NAMES = {
    INK: "var(--fig-ink)",
    GREY: "var(--fig-faint)",
    BLUE: "var(--fig-input)",
    ORANGE: "var(--fig-weight)",
    GREEN: "var(--fig-output)",
    PINK: "var(--fig-gradient)",
}
POINTS = 72  # units of a drawing in an inch of matplotlib's
SETTINGS: Any = {
    "svg.fonttype": "none",
    "font.size": 16,
    "axes.edgecolor": GREY,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 16,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 2.5,
}


def new_plot(height: float = 320, width: float = WIDEST) -> tuple[Figure, Axes]:
    """An empty figure of this size, and its axes."""
    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(width / POINTS, height / POINTS), layout="constrained")
        return figure, figure.subplots()


def as_drawing(figure: Figure, name: str, alt: str) -> Drawing:
    """Turn a figure of matplotlib into a drawing.

    Args:
        figure: What `new_plot` made.
        name: The name of the script; it keeps the parts of this figure apart from those of others on the same page.
        alt: What is to be seen, in words.
    """
    file = io.StringIO()
    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    for colour, variable in NAMES.items():
        text = text.replace(colour, variable)
    # Names of parts hold within the whole page, so each gets that of the figure in front.
    text = re.sub(r'(id="|url\(#|href="#)', rf"\g<1>{name}-", text)
    plotted = ElementTree.fromstring(text)
    for element in plotted.iter():  # HTML knows <svg> by heart, so the long names with a namespace in front can go
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    width, height = (figure.get_size_inches() * POINTS).tolist()
    drawing = Drawing(width, height, alt)
    for child in plotted:
        if child.tag != "metadata":
            drawing.root.append(child)
    # The numbers of a viewBox are points here, as in all that matplotlib writes.
    drawing.root.set("viewBox", plotted.attrib["viewBox"])
    return drawing
