"""How Sphinx builds the guide."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from docs.figures.measured import substitutions  # noqa: E402

project = "minitorch"
html_title = "minitorch"
author = "the authors of minitorch"
project_copyright = "the authors of minitorch, MIT licence"
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_design",
    "sphinx_copybutton",
    "docs.extension",
    "docs.reference",
]
exclude_patterns = ["_build", "tests"]
nitpicky = True
# Names in signatures that have no page here: those of Python and NumPy, and two that single files use for themselves.
nitpick_ignore_regex = [("py:class", r"(np|npt|numpy|os|collections\.abc)\..*"), ("py:class", "Key|Numbers")]

# Pages are written in Markdown (MyST); docstrings in the reStructuredText of Google's style.
myst_enable_extensions = ["colon_fence", "deflist", "substitution"]
myst_heading_anchors = 3
myst_substitutions = substitutions()  # what the benchmark measured
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_docstring_signature = False  # "relu(a + 1)" tells what a function computes, and not how it is called
python_display_short_literal_types = True
napoleon_use_rtype = False
napoleon_custom_sections = [("Attributes", "params_style")]

# Shown code is copied without its prompts.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_line_continuation_character = "\\"
copybutton_selector = "div:not(.from-file) > div.highlight pre"

html_theme = "furo"
html_static_path = ["_static"]
html_show_sourcelink = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"
html_theme_options = {"navigation_with_keys": True}
