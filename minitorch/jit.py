"""numba, configured in one place: how functions are compiled, and where the compiled code is kept.

Compiling a parallel kernel takes seconds, so the machine code is kept on disk, in the `__pycache__` folder beside
the source, or in the user's cache folder if that one is read-only. numba can do this by itself, but misses three things
that a library under study needs:

- It notices a change of the file that a kernel stands in, but not of the files whose functions the kernel calls. Who
  edits `operators.py` would go on running the old code. Here the cache is stamped with the contents of the kernel's
  file and of every file that it imports, directly or not.
- A kernel made by a factory, such as `tensor_map(fn)`, contains the compiled `fn`, which numba names by a random
  number; so the next process would never recognise it. Here a function of this package is known by its name, and any
  other by its contents.
- Machine code calls functions by names that numba tells apart by a number, counted up from 1 in every process. Where
  kernels come together that several processes compiled, one name would stand for several functions, and all kernels
  would call the one that was loaded first. Here the numbers are drawn at random.

Setting the environment variable NUMBA_DISABLE_JIT=1 turns all kernels into the plain Python that they are written in.
"""

import builtins
import contextlib
import functools
import hashlib
import inspect
import re
import secrets
import types
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numba
from numba._dispatcher import compute_fingerprint
from numba.core import bytecode, caching, cgutils
from numba.extending import intrinsic

from . import tensor_data

FOREIGN_KERNELS = 100
"""How many kernels of functions from elsewhere are kept on disk; the oldest make room for new ones."""

_PACKAGE_FOLDER = Path(__file__).parent
_PLAIN = bool(numba.config.DISABLE_JIT)  # type: ignore[attr-defined]


# What identifies a kernel


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


def _stands_here(fn: Callable[..., Any]) -> bool:
    """True if the function stands in a file of this package. (Its name may lie: `functools.wraps` copies names.)"""
    code = getattr(fn, "__code__", None)
    return code is not None and Path(code.co_filename).parent == _PACKAGE_FOLDER


def _is_ours(fn: Callable[..., Any]) -> bool:
    """True if the function stands in this package under its own name, so that the name identifies it."""
    return _stands_here(fn) and "<" not in fn.__qualname__


def _written(options: dict[str, Any]) -> str:
    """How a function is compiled, as a text that is the same in every process; each lists a set in another order."""
    return repr(sorted((name, sorted(v) if isinstance(v, set) else v) for name, v in options.items()))


class _UnknownContentsError(Exception):
    """What a function computes cannot be told from the function alone."""


def _contents(value: Any, outer: tuple[Any, ...] = ()) -> str:
    """Write down all that decides what a value means in compiled code: for a function, its code and whatever it uses.

    Args:
        value: A function, or something that a function uses.
        outer: The functions on the way to it.

    Raises:
        _UnknownContentsError: The value is of a kind that can change behind its name.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple):
        return f"({', '.join(_contents(item, outer) for item in value)})"
    if isinstance(value, types.ModuleType) and value.__name__ in ("math", "numpy"):
        return f"module {value.__name__}"
    if isinstance(value, types.BuiltinFunctionType) and value.__module__ in ("builtins", "math"):
        return f"built-in {value.__module__}.{value.__name__}"
    options = _written(value.targetoptions) if hasattr(value, "py_func") else ""
    fn = getattr(value, "py_func", value)
    if not isinstance(fn, types.FunctionType) or fn in outer:
        raise _UnknownContentsError
    if _is_ours(fn):
        stem = Path(fn.__code__.co_filename).stem
        return f"{stem}.{fn.__qualname__} {options} {_stamp(stem)}"
    code = fn.__code__
    try:
        closed_over = tuple([cell.cell_contents for cell in fn.__closure__ or ()])
    except ValueError:  # a cell is still empty
        raise _UnknownContentsError from None
    used: dict[str, Any] = {}
    for name in code.co_names:  # among them attributes, such as the exp of math.exp, which are no names of their own
        if name in fn.__globals__:
            used[name] = fn.__globals__[name]
        elif hasattr(builtins, name):
            used[name] = f"built-in {name}"
    parts = [code.co_code.hex(), " ".join(code.co_names), _contents(code.co_consts), _contents(fn.__defaults__)]
    parts += [_contents(value, (*outer, fn)) for value in closed_over]
    parts += [f"{name} = {_contents(value, (*outer, fn))}" for name, value in used.items()]
    return "\n".join([options, *parts])


def _identity(calls: Callable[..., Any]) -> str | None:
    """A short text for what a function computes, the same in every process; None if nobody can tell."""
    try:
        return hashlib.sha256(_contents(calls).encode()).hexdigest()[:32]
    except _UnknownContentsError:
        return None


# Where kernels are kept


class _Stamped:
    """Makes a cache location of numba valid for as long as the stamp stays the same."""

    _py_file: str
    _kernel: Callable[..., Any]

    @classmethod
    def from_function(cls, py_func: Callable[..., Any], py_file: str) -> Any:
        locator = super().from_function(py_func, py_file)  # type: ignore[misc]
        if locator is not None:
            locator._kernel = py_func
        return locator

    def get_source_stamp(self) -> str:
        return _stamp(Path(self._py_file).stem)

    def get_disambiguator(self) -> str:
        # numba adds the line number to a cache file's name, and so leaves a file behind whenever a line is added above.
        # Kernels of functions from elsewhere have files of their own, which can be told from the others and removed.
        calls = getattr(self._kernel, "calls", None)
        return (
            "kernel" if calls is None or _is_ours(getattr(calls, "py_func", calls)) else f"foreign_{_identity(calls)}"
        )


class _BesideSource(_Stamped, caching.InTreeCacheLocator):
    """The `__pycache__` folder beside the source."""


class _UserFolder(_Stamped, caching.UserWideCacheLocator):
    """The cache folder of the user."""


class _NamedFolder(_Stamped, caching.UserProvidedCacheLocator):
    """The folder that the environment variable NUMBA_CACHE_DIR names."""


class _KernelCacheImpl(caching.CompileResultCacheImpl):
    _locator_classes = [_NamedFolder, _BesideSource, _UserFolder]


class _LabelledFiles(caching.IndexDataCacheFile):
    """Writes into each file what it holds, and looks at that before it is used.

    numba keeps an index that says which numbered file holds which kernel. Two processes that compile at the same time
    may both choose the same number, and one that is ended may have written the index and not the file.
    """

    def save(self, key: Any, data: Any) -> None:
        super().save(key, (self._source_stamp, key, data))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        return found[2] if found is not None and found[:2] == (self._source_stamp, key) else None


class _KernelFiles(caching.FunctionCache):
    """The files of one kernel."""

    _impl_class = _KernelCacheImpl

    def __init__(self, fn: Callable[..., Any], options: str) -> None:
        super().__init__(fn)
        self._options = options
        self._cache_file = _LabelledFiles(
            cache_path=self._cache_path,
            filename_base=self._impl.filename_base,
            source_stamp=self._impl.locator.get_source_stamp(),
        )

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        calls = getattr(self._py_func, "calls", None)
        identity = None if calls is None else _identity(calls)
        checks_bounds = bool(numba.config.BOUNDSCHECK)  # type: ignore[attr-defined]
        return sig, codegen.magic_tuple(), self._options, checks_bounds, identity


class _KernelCache(caching.NullCache):
    """Looks for a compiled kernel on disk when it is first needed. Where no folder can be written to, keeps nothing."""

    def __init__(self, fn: Callable[..., Any], options: str) -> None:
        self._fn = fn
        self._options = options

    @functools.cached_property
    def _files(self) -> Any:
        try:
            return _KernelFiles(self._fn, self._options)
        except RuntimeError:  # no such folder; then kernels are compiled anew in each process, which only costs time
            return caching.NullCache()

    def _is_as_it_was(self) -> bool:
        """False if the function that the kernel calls may have been compiled when it meant something else."""
        calls = getattr(self._fn, "calls", None)
        if calls is None or _is_ours(calls.py_func):
            return True
        if not hasattr(calls, "identity"):
            calls.identity = None if calls.signatures else _identity(calls)
        return calls.identity is not None and calls.identity == _identity(calls)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        return self._files.load_overload(sig, target_context) if self._is_as_it_was() else None

    def save_overload(self, sig: Any, data: Any) -> None:
        if not self._is_as_it_was():
            return
        self._files.save_overload(sig, data)
        if self._files.cache_path is not None:
            _make_room(Path(self._files.cache_path))


def _make_room(folder: Path) -> None:
    """Remove the oldest kernels of functions from elsewhere, if there are too many."""
    indices = list(folder.glob("*-foreign_*.nbi"))
    with contextlib.suppress(OSError):  # another process may be doing the same
        for index in sorted(indices, key=lambda path: path.stat().st_mtime)[:-FOREIGN_KERNELS]:
            for file in [index, *folder.glob(f"{index.stem}.*.nbc")]:
                file.unlink()


# Compilation


bytecode.FunctionIdentity._unique_ids = iter(lambda: secrets.randbits(64), None)  # type: ignore[assignment]

_ours: dict[tuple[Any, str], Any] = {}  # the functions of this package that have been compiled, by what and how


def njit(
    fn: Callable[..., Any] | None = None,
    *,
    parallel: bool = False,
    fuse: bool = False,
    reassociate: bool = False,
    calls: Callable[..., Any] | None = None,
) -> Any:
    """Compile a function when it is first called, for the types that it is called with.

    It is a decorator, without settings or with them: `@njit` and `@njit(parallel=True)`.

    Args:
        fn: The function, in the part of Python that numba understands. A function that is compiled already is
            returned as it is. Left out, as in `@njit(parallel=True)`, a decorator with these settings is returned.
        parallel: Whether the loops over `prange` run on all processor cores.
        fuse: Whether a * b + c may be computed in one step, which rounds once instead of twice.
        reassociate: Whether, besides, sums may be reordered, to be added up in several partial sums side by side. The
            order is fixed when the function is compiled, so results still do not depend on the number of threads.
        calls: For a kernel made by a factory: the function that it was made for.
    """
    if fn is None:
        return functools.partial(njit, parallel=parallel, fuse=fuse, reassociate=reassociate, calls=calls)
    if _PLAIN or hasattr(fn, "py_func"):
        return fn
    # 1 / 0 is inf, as NumPy has it, and no test slows the loop down. And no entry is compiled for callers in C.
    options: dict[str, Any] = {"error_model": "numpy", "no_cfunc_wrapper": True}
    if parallel:
        options["parallel"] = True
    # Neither of these changes what becomes of NaN and infinity.
    if reassociate:
        options["fastmath"] = {"reassoc", "contract", "nsz"}
    elif fuse:
        options["fastmath"] = {"contract"}
    written = _written(options)
    if (fn, written) in _ours:
        return _ours[fn, written]
    dispatcher = numba.njit(**options)(fn)
    dispatcher.addresses = {}  # see `prepare`
    is_kernel = _is_ours(fn) or calls is not None
    if is_kernel and _stands_here(fn) and (calls is None or _identity(calls) is not None):
        fn.calls = calls  # type: ignore[attr-defined]
        dispatcher._cache = _KernelCache(fn, written)
        # Now, and not when it is first needed: until then the files may be edited, and this process keeps the old code.
        _stamp(Path(fn.__code__.co_filename).stem)
    if _is_ours(fn):
        _ours[fn, written] = dispatcher
    return dispatcher


# What kernels that run on several cores need


WORKERS: int = 1 if _PLAIN else numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
"""Among how many workers the tasks of a parallel kernel are divided, at most; one for each core.

(`numba.set_num_threads` may leave a core more than one of them. To ask for that number takes longer than it saves.)
"""


def _take_number(numbers: Any, place: int) -> int:
    """Return one of the numbers in an array, and leave the next higher one in its place.

    When it is compiled, this is a single instruction of the processor, so no two cores ever get the same number.
    """
    number = numbers[place]
    numbers[place] += 1
    return number


@intrinsic
def _take_number_at_once(typing_context: Any, numbers: Any, place: Any) -> Any:
    """`_take_number`, for compiled code: numba has no such instruction in Python, so it is written for LLVM."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(numbers)(context, builder, arguments[0])
        number = builder.gep(array.data, [arguments[1]])
        return builder.atomic_rmw("add", number, context.get_constant(numba.types.int64, 1), "monotonic")

    return numba.types.int64(numbers, numba.types.int64), generate


take_number: Callable[[Any, int], int] = _take_number if _PLAIN else _take_number_at_once  # type: ignore[assignment]


def prepare(fn: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what a parallel loop needs, to do tasks by means of `call`.

    Args:
        fn: A function that takes the number of a task, and `arguments`.
        arguments: The rest of its arguments.

    Returns:
        The address of the function's machine code, compiled for arguments of such types; then the arguments, with the
        parts of tuples in a row, for numba lets no tuple into a parallel loop within another. (Machine code takes the
        parts of a tuple one by one anyway.) Where numba is switched off, the function itself and its arguments.
    """
    if _PLAIN:
        return fn, *arguments
    kind = compute_fingerprint(arguments)  # a few bytes that tell the types of the arguments
    address = fn.addresses.get(kind)
    if address is None:
        types_ = (numba.types.int64, *[numba.typeof(argument) for argument in arguments])
        fn.compile(types_)
        compiled = fn.overloads[types_]
        address = fn.addresses[kind] = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    if tuple in map(type, arguments):
        arguments = tuple([part for a in arguments for part in (a if type(a) is tuple else (a,))])
    return address, *arguments


def _call(fn: Callable[..., None], arguments: tuple[Any, ...]) -> bool:
    """Call a function that returns nothing, and return whether it raised no error.

    When it is compiled, `fn` is the address of a compiled function (see `prepare`), and the arguments must be of the
    types that it was compiled for. (In plain Python, an error goes its own way.)
    """
    fn(*arguments)
    return True


@intrinsic
def _call_address(typing_context: Any, fn: Any, arguments: Any) -> Any:
    """`_call`, for compiled code: a jump to the address, as numba makes it to a function that it knows."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = context.call_conv.get_function_type(numba.types.none, arguments.types)
        function = builder.inttoptr(values[0], kind.as_pointer())
        own_values = cgutils.unpack_tuple(builder, values[1])
        status, _ = context.call_conv.call_function(builder, function, numba.types.none, arguments.types, own_values)
        return builder.not_(status.is_error)

    return numba.types.boolean(numba.types.int64, arguments), generate


call: Callable[[Any, tuple[Any, ...]], bool] = _call if _PLAIN else _call_address  # type: ignore[assignment]


def recompiled(fn: Any, kinds: Iterable[tuple[Any, ...]]) -> Any:
    """Compile a function anew, for numba to tell how it did that: of code that comes from disk, it knows nothing.

    Args:
        fn: A compiled function whose last parameter is `*arguments`.
        kinds: numba's types of its arguments, as many times as it is to be compiled.
    """
    fresh = numba.jit(**fn.targetoptions)(fn.py_func)
    starred = len(inspect.signature(fn.py_func).parameters) - 1  # where *arguments begin
    for kind in kinds:
        fresh.compile((*kind[:starred], numba.types.StarArgTuple.from_types(kind[starred:])))
    return fresh


# For kernels that look up the place of every cell, as the first ones that students write do.
index_to_position = njit(tensor_data.index_to_position)
to_index = njit(tensor_data.to_index)
broadcast_index = njit(tensor_data.broadcast_index)
