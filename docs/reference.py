"""What Sphinx has to be taught for the reference: to show names, types and settings as they stand in the source.

Sphinx looks at finished objects. There `Shape` has become an array of NumPy's, the default `SimpleBackend` the text
that it prints, and `conv1d` a method `apply`. So signatures are read in the source, and so is what is written below an
assignment such as `conv1d = Conv1dFun.apply`.
"""

import ast
import functools
import importlib
import inspect
import textwrap
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.nodes import make_refnode

PACKAGE = Path(__file__).parents[1] / "minitorch"


def public_names() -> dict[str, str]:
    """Every public name of the library, and the file that defines it; files are public too, and come from ""."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    return {alias.name: node.module or "" for node in imports for alias in node.names}


# Signatures


class Unquote(ast.NodeTransformer):
    """Takes types out of their quotes, which only Python needs."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        """A text becomes the type that it names."""
        return ast.parse(node.value, mode="eval").body if isinstance(node.value, str) else node


def written_signature(function: Any, bound: bool) -> tuple[str, str | None]:
    """The arguments of a function in parentheses, and the type of its result, as they stand in the source.

    Args:
        function: The function.
        bound: Whether to leave out the first argument, `self` or `cls`.
    """
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(tree, ast.FunctionDef)
    for node in ast.walk(tree.args):
        if isinstance(node, ast.arg) and node.annotation:
            node.annotation = Unquote().visit(node.annotation)
    if bound:
        (tree.args.posonlyargs or tree.args.args).pop(0)
    returned = Unquote().visit(tree.returns) if tree.returns else None
    return f"({ast.unparse(tree.args)})", ast.unparse(returned) if returned else None


def is_static(name: str) -> bool:
    """Whether a method, given by its full name, stands in its class as a static one."""
    package, *classes, method = name.split(".")
    owner = functools.reduce(getattr, classes, importlib.import_module(package))
    return isinstance(inspect.getattr_static(owner, method), staticmethod)


def show_signature(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, signature: str | None, result: str | None
) -> tuple[str | None, str | None] | None:
    """Tell Sphinx the signature to show; None leaves it as it is."""
    if what == "exception":
        return None
    if what == "class":
        function = vars(obj).get("__init__")
        if function is None or function.__module__ != obj.__module__:
            return "", None  # what is made without arguments, or never by hand
    elif what == "function" and inspect.ismethod(obj):
        return None  # another name of some `apply`: the page says what it takes
    else:
        function = inspect.unwrap(getattr(obj, "__func__", obj))
    if not inspect.isfunction(function) or not Path(function.__code__.co_filename).is_file():
        return None  # written by nobody, as the __init__ of a dataclass
    arguments, result = written_signature(function, what != "function" and not (what == "method" and is_static(name)))
    return arguments, result if what in ("function", "method") else None


# Texts below assignments


@functools.cache
def texts_below(module: str) -> dict[tuple[str, str], list[str]]:
    """What is written below the assignments in a file."""
    return ModuleAnalyzer.for_module(f"minitorch.{module}").find_attr_docs()


def show_text(app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Put the text below the assignment in the place of what the assigned object says of itself."""
    public = name.removeprefix("minitorch.")
    module = public_names().get(public)
    text = texts_below(module).get(("", public)) if module else None
    if text:
        lines[:] = text


# Links


def find_file(app: Sphinx, module: str, name: str) -> str | None:
    """The file whose code is shown for a name, which may be `Tensor.shape`."""
    if module != "minitorch":
        return module
    file = public_names().get(name.partition(".")[0])
    return f"minitorch.{file}" if file else None


def find_lines(app: Sphinx, module: str) -> tuple[str, dict[str, tuple[str, int, int]]] | None:
    """The code of a file, and on which lines each name is defined: those of assignments as well."""
    if not module.startswith("minitorch."):
        return None
    analyzer = ModuleAnalyzer.for_module(module)
    lines = dict(analyzer.find_tags())
    for node in ast.parse(analyzer.code).body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name):
            lines[target.id] = "other", node.lineno, node.end_lineno or node.lineno
    return analyzer.code, lines


def find_target(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: nodes.TextElement
) -> nodes.reference | None:
    """Lead from a type, such as `Tensor` or `minitorch.tensor.Tensor`, to where the reference has it."""
    if node.get("refdomain") != "py":
        return None
    objects = env.domains.python_domain.objects
    name = node["reftarget"].rpartition(".")[2]
    for target in (f"minitorch.{name}", f"minitorch.tensor_data.{name}", f"minitorch.datasets.{name}"):
        if target in objects:
            place = objects[target]
            return make_refnode(app.builder, node["refdoc"], place.docname, place.node_id, contnode, target)
    return None


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of all this."""
    app.connect("autodoc-process-signature", show_signature)
    app.connect("autodoc-process-docstring", show_text, priority=400)  # before Google's style is read
    app.connect("viewcode-follow-imported", find_file)
    app.connect("viewcode-find-source", find_lines)
    app.connect("missing-reference", find_target)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
