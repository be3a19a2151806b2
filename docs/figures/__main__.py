"""Draw figures into files: python -m docs.figures [NAME ...] --out FOLDER."""

import argparse
import importlib
from pathlib import Path

from docs.figures.drawing import Drawing, Steps, frames_of

TOOLS = ("__init__", "__main__", "drawing", "plots", "measured", "trained")
"""What stands beside the scripts, and draws nothing by itself."""


def names() -> list[str]:
    """The names of all figures."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in TOOLS)


def draw(name: str) -> Drawing | Steps:
    """Run the script of a figure."""
    drawn: Drawing | Steps = importlib.import_module(f"docs.figures.{name}").draw()
    return drawn


def main() -> None:
    """Read the command line, and draw."""
    parser = argparse.ArgumentParser(prog="python -m docs.figures", description="Draw the figures of the guide.")
    parser.add_argument("names", nargs="*", choices=[[], *names()], metavar="NAME", help="all, if left out")
    parser.add_argument("--out", type=Path, default=Path("figures"), help="the folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.names or names():
        frames = frames_of(draw(name))
        for place, frame in enumerate(frames):
            suffix = f"-{place}" if len(frames) > 1 else ""
            path = arguments.out / f"{name}{suffix}.svg"
            path.write_text(frame.file(), encoding="utf-8")
            print(path)


if __name__ == "__main__":
    main()
