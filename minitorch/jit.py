"""numba, configured in one place: how functions are compiled, and where the compiled code is kept.

Compiling a parallel kernel takes seconds, so the machine code is kept on disk, in the `__pycache__` folder beside
the source, or in the user's cache folder if that one is read-only. numba can do this by itself, but misses two things
that a library under study needs:

- It notices a change of the file that a kernel stands in, but not of the files whose functions the kernel calls. Who
  edits `operators.py` would go on running the old code. Here the cache is stamped with the contents of the kernel's
  file and of every file that it imports, directly or not.
- A kernel made by a factory, such as `tensor_map(fn)`, contains the compiled `fn`, which numba names by a random
  number; so the next process would never recognise it. Here it is named by its place in the package.

Setting the environment variable NUMBA_DISABLE_JIT=1 turns all kernels into the plain Python that they are written in.
"""

import contextlib
import functools
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba
from numba.core import caching

from . import tensor_data

Fn = TypeVar("Fn", bound=Callable[..., Any])

_PACKAGE_FOLDER = Path(__file__).parent
_PACKAGE = __name__.rpartition(".")[0]


@functools.cache
def _imported_files(name: str) -> frozenset[str]:
    """The names of a file of this package and of all files of it that it imports, directly or not."""
    source = (_PACKAGE_FOLDER / f"{name}.py").read_text(encoding="utf-8")
    names = {name}
    for package_import, module_import in re.findall(r"^from \. import ([\w, ]+)|^from \.(\w+) import", source, re.M):
        for imported in re.findall(r"\w+", package_import or module_import):
            names |= _imported_files(imported)
    return frozenset(names)


@functools.cache
def _stamp(name: str) -> str:
    """A number that changes whenever one of `_imported_files(name)` does."""
    digest = hashlib.sha256()
    for imported in sorted(_imported_files(name)):
        digest.update((_PACKAGE_FOLDER / f"{imported}.py").read_bytes())
    return digest.hexdigest()


class _Stamped:
    """Makes a cache location of numba valid for as long as the stamp stays the same."""

    _py_file: str

    def get_source_stamp(self) -> str:
        return _stamp(Path(self._py_file).stem)

    def get_disambiguator(self) -> str:
        # numba adds the line number to a cache file's name, and so leaves a file behind whenever a line is added above.
        return "kernel"


class _BesideSource(_Stamped, caching.InTreeCacheLocator):
    """The `__pycache__` folder beside the source."""


class _UserFolder(_Stamped, caching.UserWideCacheLocator):
    """The cache folder of the user."""


class _NamedFolder(_Stamped, caching.UserProvidedCacheLocator):
    """The folder that the environment variable NUMBA_CACHE_DIR names."""


class _KernelCacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_NamedFolder, _BesideSource, _UserFolder]


class _KernelCache(caching.FunctionCache):
    _impl_class = _KernelCacheImpl


def _is_ours(fn: Callable[..., Any]) -> bool:
    """True if the function stands in this package under its own name, so that the name identifies it."""
    return fn.__module__.rpartition(".")[0] == _PACKAGE and "<" not in fn.__qualname__


def _compile(fn: Callable[..., Any], parallel: bool, reassociate: bool, cache: bool) -> Any:
    options: dict[str, Any] = {"error_model": "numpy"}  # 1 / 0 is inf, as NumPy has it, and no test slows the loop down
    if parallel:
        options["parallel"] = True
    if reassociate:
        # Let the compiler add up a sum in several partial sums side by side. NaN and infinity stay what they are.
        options["fastmath"] = {"reassoc", "contract", "nsz"}
    dispatcher = numba.njit(**options)(fn)
    if _is_ours(fn):
        dispatcher._set_uuid(f"{fn.__module__}.{fn.__qualname__}")
    if cache:
        # If no folder can be written to, the kernel is compiled anew in each process, which only costs time.
        with contextlib.suppress(RuntimeError):
            dispatcher._cache = _KernelCache(fn)
        if parallel:
            dispatcher.parallel_diagnostics = functools.partial(_parallel_diagnostics, dispatcher, options)
    return dispatcher


def _parallel_diagnostics(dispatcher: Any, options: dict[str, Any], signature: Any = None, level: int = 1) -> None:
    """Print what numba made of a kernel's loops. Compiled code from disk cannot tell; so it is compiled once more."""
    fresh = numba.njit(**options)(dispatcher.py_func)
    for known in dispatcher.signatures:
        fresh.compile(known)
    fresh.parallel_diagnostics(signature, level)


_ours: dict[Callable[..., Any], Any] = {}  # the functions of this package that have been compiled, by what they were


def njit(fn: Fn, *, parallel: bool = False, reassociate: bool = False, calls: Callable[..., Any] | None = None) -> Fn:
    """Compile a function when it is first called, for the types that it is called with.

    Args:
        fn: The function, in the part of Python that numba understands. A function that is compiled already is
            returned as it is.
        parallel: Whether the loops over `prange` run on all processor cores.
        reassociate: Whether sums may be reordered for speed. The order is fixed when the function is compiled, so
            results still do not depend on the number of threads.
        calls: For a kernel made by a factory: the function from elsewhere that it calls. The kernel is kept on disk
            only if that function belongs to this package and was compiled here; a change of any other would go
            unnoticed.
    """
    if numba.config.DISABLE_JIT or hasattr(fn, "py_func"):  # type: ignore[attr-defined]
        return fn
    if fn in _ours:
        return _ours[fn]
    cache = calls is None or _ours.get(getattr(calls, "py_func", calls)) is calls
    dispatcher = _compile(fn, parallel, reassociate, cache and fn.__module__.rpartition(".")[0] == _PACKAGE)
    if _is_ours(fn):
        _ours[fn] = dispatcher
    return dispatcher


index_to_position = njit(tensor_data.index_to_position)
to_index = njit(tensor_data.to_index)
broadcast_index = njit(tensor_data.broadcast_index)
