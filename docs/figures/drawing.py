"""Drawings in SVG: rows of cells with numbers in them, arrows, text and small images.

Colours are named by what they stand for, and defined in one place, `docs/_static/figures.css`, for light pages, dark
ones and paper. No figure relies on colour alone: whatever is coloured has a name beside it as well.

Drawings are narrow, so that they can be read on a phone: at most `WIDEST` units wide, with text of `TEXT` units.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import numpy.typing as npt
from PIL import Image

WIDEST = 560
TEXT = 17
CELL = 40
STYLES = ("input", "weight", "output", "gradient", "zero", "plain", "faint")
"""What a cell may be: three kinds of tensors, a gradient, a zero beyond the edge, anything else, what to overlook."""

STYLESHEET = Path(__file__).parents[1] / "_static" / "figures.css"
SVG = "http://www.w3.org/2000/svg"


def number(value: float) -> str:
    """A number as short as it can be shown: 18, -0.5, 1.23. A minus is as long as a plus."""
    text = f"{float(value):.3g}"
    return ("0" if text == "-0" else text).replace("-", "\u2212")


class Drawing:
    """A drawing, and what is to be seen on it in words.

    x grows to the right and y downwards, from 0 in the upper left corner.

    Args:
        width: At most `WIDEST`.
        height: As high as it has to be.
        alt: What somebody who cannot see the drawing should know; it is read aloud in its place.
    """

    def __init__(self, width: float, height: float, alt: str) -> None:
        if width > WIDEST or not alt.strip():
            raise ValueError(f"A drawing is at most {WIDEST} wide (got {width}), and says in words what it shows.")
        self.width, self.height, self.alt = width, height, " ".join(alt.split())
        self.root = ElementTree.Element(
            "svg",
            {"xmlns": SVG, "class": "drawing", "viewBox": f"0 0 {width:g} {height:g}", "role": "img"},
        )
        self.root.set("aria-label", self.alt)
        self.root.set("style", f"max-width: {width:g}px")

    def _add(self, tag: str, style: str, **attributes: float | str) -> ElementTree.Element:
        written = {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:g}"
            for name, value in attributes.items()
        }
        return ElementTree.SubElement(self.root, tag, {"class": style, **written})

    def text(self, x: float, y: float, text: str, style: str = "", anchor: str = "middle", size: float = TEXT) -> None:
        """Write text; (x, y) is the middle of it, or with `anchor` "start" or "end" one of its ends.

        Styles: "code" is as wide for each letter, "strong" is bold, "faint" is grey; and the names of cells.
        """
        element = self._add("text", style, x=x, y=y, text_anchor=anchor, font_size=max(size, TEXT - 2))
        element.text = text

    def box(self, x: float, y: float, width: float, height: float, style: str = "plain") -> None:
        """A rectangle. With "frame" in its style it is an outline only."""
        self._add("rect", style, x=x, y=y, width=width, height=height, rx=3)

    def line(self, points: Sequence[tuple[float, float]], style: str = "") -> None:
        """Straight lines from point to point. With "dashed" in its style it is interrupted."""
        self._add("polyline", f"line {style}".strip(), points=" ".join(f"{x:g},{y:g}" for x, y in points))

    def arrow(self, start: tuple[float, float], end: tuple[float, float], style: str = "") -> None:
        """An arrow from point to point."""
        (x1, y1), (x2, y2) = start, end
        length = float(np.hypot(x2 - x1, y2 - y1))
        ux, uy = (x2 - x1) / length, (y2 - y1) / length
        neck = x2 - 9 * ux, y2 - 9 * uy
        self.line([start, neck], style)
        sides = [(neck[0] - 5 * uy, neck[1] + 5 * ux), (neck[0] + 5 * uy, neck[1] - 5 * ux)]
        points = " ".join(f"{x:g},{y:g}" for x, y in [end, *sides])
        self._add("polygon", f"head {style}".strip(), points=points)

    def cells(
        self,
        x: float,
        y: float,
        values: Any,
        style: str = "plain",
        styles: Mapping[Any, str] | None = None,
        size: float = CELL,
    ) -> None:
        """A row or a table of cells with what stands in them.

        Args:
            x: The left edge of the first cell.
            y: Its upper edge.
            values: Numbers or words, of shape (columns,) or (rows, columns). A tensor will do.
            style: The style of all cells: one of `STYLES`, and "strong" for a thick outline.
            styles: The styles of some cells, by index: a column, or a pair (row, column).
            size: The width and height of a cell.
        """
        flat = np.ndim(values) == 1
        table = np.atleast_2d(np.asarray(values))
        kinds = {place: (styles or {}).get(place[1] if flat else place, style) for place in np.ndindex(table.shape)}
        # Those with a thick outline come last, or else their neighbours would cover a part of it.
        for (row, column), kind in sorted(kinds.items(), key=lambda item: "strong" in item[1]):
            value = table[row, column]
            left, top = x + column * size, y + row * size
            self._add("rect", f"cell {kind}", x=left, y=top, width=size, height=size)
            text = value if isinstance(value, str) else number(value)
            self.text(left + size / 2, top + size / 2 + 6, text, f"in-{kind}")

    def picture(self, x: float, y: float, pixels: npt.ArrayLike, size: float) -> None:
        """A small image in shades of grey, from its smallest number, black, to its largest, white.

        Args:
            x: Its left edge.
            y: Its upper edge.
            pixels: Numbers, of shape (height, width).
            size: The width at which it is shown.
        """
        numbers = np.asarray(pixels, dtype=float)
        low, high = float(numbers.min()), float(numbers.max())
        shades = np.uint8(255 * (numbers - low) / (high - low or 1))
        file = io.BytesIO()
        Image.fromarray(shades).save(file, "png")
        link = "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
        height = size * numbers.shape[0] / numbers.shape[1]
        self._add("image", "pixels", x=x, y=y, width=size, height=height, href=link, preserveAspectRatio="none")
        self._add("rect", "frame", x=x, y=y, width=size, height=height)

    def svg(self) -> str:
        """The drawing, to be put into a page that knows the stylesheet."""
        return ElementTree.tostring(self.root, encoding="unicode")

    def file(self) -> str:
        """The drawing as a file of its own, which carries its stylesheet with it."""
        style = ElementTree.Element("style")
        style.text = STYLESHEET.read_text(encoding="utf-8")
        self.root.insert(0, style)
        text = self.svg()
        self.root.remove(style)
        return text


@dataclass
class Steps:
    """Drawings of the same size that follow each other, to be stepped through.

    Attributes:
        frames: The drawings.
        still: Which of them stands for all on paper, and where scripts are switched off.
    """

    frames: Sequence[Drawing]
    still: int = 0


def frames_of(drawn: "Drawing | Steps") -> Sequence[Drawing]:
    """The drawings of a figure, whether it moves or not."""
    return drawn.frames if isinstance(drawn, Steps) else [drawn]
