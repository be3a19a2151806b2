"""What all pages of the course tool share: how they look, and how text gets into them safely."""

import html
import re

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --faint: #d9d9d9; --kill: #0b6fb8; --bad: #c0392b; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e8; --paper: #16181b; --faint: #3a3d42; --kill: #5bb0ee; --bad: #ff7a6b; }
}
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
td, th { padding: .15rem .4rem; text-align: left; font-weight: normal; vertical-align: top; }
.wide { overflow-x: auto; }
.wide td:first-child, .wide th:first-child { position: sticky; left: 0; background: var(--paper);
  border-bottom: 1px solid var(--faint); }
.cell { padding: 0; border: 1px solid var(--faint); }
.bad { color: var(--bad); font-weight: bold; }
.summary td { vertical-align: baseline; }
.summary td:first-child { font-size: 1.6rem; text-align: right; white-space: nowrap; }
code { font: .92em ui-monospace, monospace; }
small { opacity: .75; }
"""
"""How pages look, in light and dark, also on a phone. Pages add what only they need."""

ESCAPE_CODES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(\x07|\x1b\\)?)")
"""What programs print to colour a terminal, or to give it a title."""

UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters, but for tabs and ends of lines
    "\u202a-\u202e\u2066-\u2069"  # those that turn the direction of the text around them
    "\ud800-\udfff\ufffe\uffff]"  # those that neither UTF-8 nor XML can hold
)
"""Characters that no report may hold."""


def printable(text: str) -> str:
    """A text that any file can hold: without escape codes, and with signs in place of what cannot be printed."""
    one_kind_of_end = text.replace("\r\n", "\n").replace("\r", "\n")
    return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", ESCAPE_CODES.sub("", one_kind_of_end))


def as_text(text: str) -> str:
    """A text as HTML, in which nothing is markup."""
    return html.escape(printable(text))


def as_code(text: str) -> str:
    """A text as HTML, in which what stands between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", as_text(text))
