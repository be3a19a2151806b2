"""How a tensor lies in memory: flat storage, seen through a shape and strides.

Storage is one long row of numbers. The strides say how far apart, in that row, neighbours along each dimension lie.
The cell (i, j, k) of a tensor with strides (s0, s1, s2) is number i*s0 + j*s1 + k*s2 of the storage. Turning a tensor
around (`permute`) thus only reorders shape and strides; no number is moved.

The first three functions are plain Python that `jit.py` also compiles, so they use nothing but loops over arrays.
"""

import functools
import itertools
import math
import operator
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .errors import BroadcastError, ContiguityError, DTypeError, IndexingError, ShapeError, explain

MAX_DIMS = 32
"""The most dimensions that a tensor can have (NumPy up to version 1 had the same limit)."""

Storage: TypeAlias = npt.NDArray[Any]
OutIndex: TypeAlias = npt.NDArray[np.int64]
Index: TypeAlias = npt.NDArray[np.int64]
Shape: TypeAlias = npt.NDArray[np.int64]
Strides: TypeAlias = npt.NDArray[np.int64]

UserIndex: TypeAlias = Sequence[int]
UserShape: TypeAlias = Sequence[int]
UserStrides: TypeAlias = Sequence[int]

# Inside TensorData, `tuple` is the name of a method; so the types that need it are named here.
Sizes: TypeAlias = tuple[int, ...]
KernelArguments: TypeAlias = tuple[Storage, Shape, Strides]


# Index arithmetic


def index_to_position(index: Index, strides: Strides) -> int:
    """Return where in the storage a cell lies: the sum of index times stride over all dimensions.

    Args:
        index: The cell, one number per dimension.
        strides: The strides of the tensor.

    Returns:
        The position, a whole number.

    Examples:
        >>> import minitorch
        >>> minitorch.index_to_position((1, 2), strides=(3, 1))
        5
    """
    position = 0
    for i in range(len(strides)):
        position += index[i] * strides[i]
    return position


def to_index(ordinal: int, shape: Shape, out_index: OutIndex) -> None:
    """Find the cell that comes at place `ordinal` when all cells are counted row by row.

    Counting 0 ... size-1 visits every cell exactly once, the last dimension changing fastest, like the digits of an
    odometer.

    Args:
        ordinal: The place in the count.
        shape: The shape of the tensor.
        out_index: Is filled with the cell, one number per dimension.

    Examples:
        >>> import minitorch
        >>> cell = [0, 0]
        >>> minitorch.to_index(5, (2, 3), cell)
        >>> cell
        [1, 2]
    """
    rest = ordinal
    for i in range(len(shape) - 1, -1, -1):
        out_index[i] = rest % shape[i]
        rest = rest // shape[i]


def broadcast_index(big_index: Index, big_shape: Shape, shape: Shape, out_index: OutIndex) -> None:
    """Find the cell of a smaller tensor that broadcasting puts at a cell of the larger one.

    Shapes are aligned at the right. A dimension that the smaller tensor lacks is skipped; one of size 1 is stretched,
    so it is always read at 0.

    Args:
        big_index: The cell of the larger tensor.
        big_shape: The shape of the larger tensor.
        shape: The shape of the smaller tensor.
        out_index: Is filled with the cell of the smaller tensor.

    Examples:
        >>> import minitorch
        >>> cell = [0, 0]
        >>> minitorch.broadcast_index((3, 1, 2), (4, 2, 3), (2, 1), cell)
        >>> cell
        [1, 0]
    """
    skipped = len(big_shape) - len(shape)
    for i in range(len(shape)):
        out_index[i] = big_index[skipped + i] if shape[i] > 1 else 0


def shape_broadcast(shape1: UserShape, shape2: UserShape) -> tuple[int, ...]:
    """Return the shape that two shapes broadcast to.

    Aligned at the right, two sizes must be equal, or one of them must be 1 or missing.

    Raises:
        BroadcastError: Two sizes differ and neither is 1.

    Examples:
        >>> import minitorch
        >>> minitorch.shape_broadcast((4, 1, 3), (2, 1))
        (4, 2, 3)
    """
    sizes = []
    for a, b in itertools.zip_longest(reversed(shape1), reversed(shape2), fillvalue=1):
        if a != b and a != 1 and b != 1:
            raise BroadcastError(
                explain(
                    "Two shapes cannot be broadcast together.",
                    got=f"{tuple(shape1)} and {tuple(shape2)}, which meet with sizes {a} and {b}",
                    expected="aligned at the right, equal sizes, or one of the two of size 1",
                    fix="give one tensor a dimension of size 1 in that place with .view(...)",
                )
            )
        sizes.append(b if a == 1 else a)
    return tuple(reversed(sizes))


remembered_broadcast = functools.lru_cache(maxsize=4096)(shape_broadcast)
"""`shape_broadcast` for tuples; a network broadcasts the same few shapes over and over again."""


@functools.lru_cache(maxsize=4096)
def folds_to_undo(shape: tuple[int, ...], own_shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What has to be folded to undo broadcasting.

    Aligned at the right, dimensions that the smaller tensor lacks, and those where it has size 1, were repeated.
    Neighbours that were both repeated, or both not, are as good as one dimension.

    Args:
        shape: The shape that the tensor was broadcast to.
        own_shape: Its own shape.

    Returns:
        A shape with few dimensions to view the large tensor under, and those of them to fold, the last one first.
    """
    sizes: list[int] = []
    repeated: list[bool] = []
    for size, own_size in zip(shape, (1,) * (len(shape) - len(own_shape)) + own_shape):
        if size == 1:
            continue
        if repeated and repeated[-1] == (own_size == 1):
            sizes[-1] *= size
        else:
            sizes.append(size)
            repeated.append(own_size == 1)
    return tuple(sizes), tuple([dim for dim in range(len(sizes) - 1, -1, -1) if repeated[dim]])


def strides_from_shape(shape: UserShape) -> tuple[int, ...]:
    """Return the strides of a tensor whose cells lie row by row.

    Examples:
        >>> import minitorch
        >>> minitorch.strides_from_shape((4, 2, 3))
        (6, 3, 1)
    """
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


def as_sizes(values: Sequence[Any] | int, what: str) -> tuple[int, ...]:
    """Read a list of whole numbers that may be given one by one or as one sequence: f(2, 3) or f((2, 3)).

    Args:
        values: The arguments of f, or one number.
        what: What they are, for the error message.

    Raises:
        ShapeError: A value is not a whole number.
    """
    if type(values) is tuple:
        for value in values:
            if type(value) is not int:
                break
        else:
            return values  # as it should be, and nearly always is
    if isinstance(values, Iterable):
        values = tuple(values)
        if len(values) == 1 and isinstance(values[0], Iterable):
            values = tuple(values[0])
    else:
        values = (values,)
    try:
        return tuple([operator.index(v) for v in values])
    except TypeError:
        raise ShapeError(
            explain(
                f"The {what} must consist of whole numbers.",
                got=values,
                expected="integers, as in (2, 3)",
                fix="convert the numbers with int(...)",
            )
        ) from None


def as_whole_numbers(
    values: Any, low: int, high: int, name: str, refuse: Callable[[str], Exception]
) -> npt.NDArray[np.int64]:
    """Read an array of whole numbers from `low` to `high`, such as labels; it is copied.

    Args:
        values: A list, an array or a tensor, of any shape.
        low: The smallest number that is allowed.
        high: The largest.
        name: What a number is called.
        refuse: Makes the error to raise, from a text that says what was found, and where.
    """
    try:
        numbers = np.asarray(values)
    except ValueError:
        raise refuse("rows of different lengths") from None
    if numbers.dtype.kind not in "iufb":
        raise refuse(f"values of type {numbers.dtype}")
    wrong = ~((numbers >= low) & (numbers <= high) & (numbers == np.floor(numbers)))  # so that NaN is wrong too
    if wrong.any():
        place = tuple(np.argwhere(wrong)[0].tolist())
        where = f"{place[0]}" if numbers.ndim == 1 else f"{place} of shape {numbers.shape}"
        raise refuse(f"{name} {numbers[place]} at place {where}")
    return numbers.astype(np.int64)


def as_storage(numbers: Any) -> Storage:
    """Read numbers as an array that kernels compute with: of float64, or of float32 if that is what they are."""
    array = np.asarray(numbers)
    if array.dtype.type in (np.float64, np.float32) and array.dtype.isnative:
        return array
    if array.size > 0 and array.dtype.kind not in "fiub":
        raise DTypeError(
            explain(
                "A tensor holds real numbers only.",
                got=f"values of type {array.dtype}",
                expected="ints and floats",
                fix="convert the values to numbers first",
            )
        )
    return array.astype(np.float64)


class Layout(NamedTuple):
    """What follows from a shape and strides, and is the same for every tensor that has them.

    Attributes:
        shape: The size of each dimension.
        strides: The strides.
        dims: The number of dimensions.
        size: The number of cells.
        reach: How many numbers the storage must have, for all cells to lie inside of it.
        contiguous: Whether the cells lie in the storage row by row, without gaps.
        shape_array: The shape as an array. Many tensors share it, so it cannot be written to.
        strides_array: The strides as an array, likewise.
    """

    shape: Sizes
    strides: Sizes
    dims: int
    size: int
    reach: int
    contiguous: bool
    shape_array: Shape
    strides_array: Strides


@functools.lru_cache(maxsize=4096)
def find_layout(shape: Sizes, strides: Sizes | None = None) -> Layout:
    """Check a shape and strides, and find what follows from them. A network uses the same few over and over again.

    Raises:
        IndexingError: Shape and strides have different lengths.
        ShapeError: A size, or a stride, is negative.
    """
    row_by_row = strides_from_shape(shape)
    strides = row_by_row if strides is None else strides
    dims, size = len(shape), math.prod(shape)
    if len(strides) != dims or dims > MAX_DIMS:
        raise IndexingError(
            explain(
                "Shape and strides do not go together.",
                got=f"shape {shape} and strides {strides}",
                expected=f"one stride for each dimension, and at most {MAX_DIMS} dimensions",
                fix="leave out the strides to have the cells lie row by row",
            )
        )
    if min(shape, default=0) < 0:
        raise ShapeError(
            explain(
                "A tensor cannot have a negative size.",
                got=f"shape {shape}",
                expected="sizes of 0 or more",
                fix="check the shape",
            )
        )
    last = sum([(n - 1) * stride for n, stride in zip(shape, strides)])
    if min(strides, default=0) < 0:
        raise _strides_outside(shape, strides, last)
    reach = last + 1 if size > 0 else 0
    # A dimension of size 1 has no say in it.
    contiguous = size == 0 or all(n == 1 or a == b for n, a, b in zip(shape, strides, row_by_row))
    arrays = np.array(shape, dtype=np.int64), np.array(strides, dtype=np.int64)
    for array in arrays:
        array.flags.writeable = False
    return Layout(shape, strides, dims, size, reach, contiguous, *arrays)


def _strides_outside(shape: Sizes, strides: Sizes, last: int) -> ShapeError:
    return ShapeError(
        explain(
            "The strides lead outside of the storage.",
            got=f"strides {strides} for shape {shape}: up to position {last}",
            expected=f"strides of 0 or more, that reach at most position {math.prod(shape) - 1}",
            fix="leave out the strides to have the cells lie row by row",
        )
    )


MOST_PLANS = 1024
"""How many plans are remembered of each kind."""


def remembered(plan: Callable[..., Any]) -> Callable[..., Any]:
    """Remember what a function of shapes and strides returns: a network asks for the same few over and over again.

    Args:
        plan: A function of shapes and strides, as tuples, and perhaps of a setting, which is a constant.

    Returns:
        A function that takes the shapes and strides as arrays, the way kernels get them. Those that come from tensors
        are the same arrays whenever they are equal, and cannot be written to. So there is no need to look into them:
        their ids tell which they are, as long as they are kept alive here. (It is the same with small numbers and
        constants. Others are only not found again as fast.)
    """
    by_value = functools.lru_cache(maxsize=MOST_PLANS)(plan)
    by_identity: dict[tuple[int, ...], tuple[Any, tuple[Any, ...]]] = {}

    @functools.wraps(plan)
    def recall(*arguments: Any) -> Any:
        key = tuple(map(id, arguments))
        known = by_identity.get(key)
        if known is None:
            arrays = [a for a in arguments if isinstance(a, np.ndarray)]
            known = by_value(*[tuple(a.tolist()) if isinstance(a, np.ndarray) else a for a in arguments]), arguments
            if not any(array.flags.writeable for array in arrays):
                if len(by_identity) >= MOST_PLANS:
                    by_identity.clear()
                by_identity[key] = known
        return known[0]

    return recall


@functools.lru_cache(maxsize=4096)
def permuted_layout(shape: Sizes, strides: Sizes, axes: Sizes) -> Layout:
    """The layout of a permuted tensor; see `TensorData.permute`."""
    if sorted(axes) != list(range(len(shape))):
        raise ShapeError(
            explain(
                "The dimensions cannot be put into this order.",
                got=f"order {axes} for shape {shape}",
                expected=f"each of the numbers 0 to {len(shape) - 1} exactly once",
                fix="name every dimension, as in permute(1, 0)",
            )
        )
    return find_layout(tuple([shape[i] for i in axes]), tuple([strides[i] for i in axes]))


@functools.lru_cache(maxsize=4096)
def viewed_layout(shape: Sizes, strides: Sizes, sizes: Sizes) -> Layout:
    """The layout of a tensor under another shape; see `TensorData.view`."""
    old = find_layout(shape, strides)
    known = math.prod([size for size in sizes if size != -1])
    if sizes.count(-1) == 1 and known > 0 and old.size % known == 0:
        sizes = tuple([old.size // known if size == -1 else size for size in sizes])
    if min(sizes, default=0) < 0 or math.prod(sizes) != old.size:
        raise ShapeError(
            explain(
                "The tensor cannot be viewed under this shape: the number of cells differs.",
                got=f"shape {shape} with {old.size} cells, to be viewed as {sizes}",
                expected=f"sizes that multiply to {old.size} (one of them may be -1)",
                fix="choose sizes with the same product",
            )
        )
    if not old.contiguous:
        raise ContiguityError(
            explain(
                "The tensor cannot be viewed under another shape: its cells do not lie row by row.",
                got=f"shape {shape} with strides {strides}",
                expected=f"strides {strides_from_shape(shape)}",
                fix="copy the cells into order first: .contiguous().view(...)",
            )
        )
    return find_layout(sizes)


class TensorData:
    """Storage, shape and strides: everything about a tensor but its gradient.

    Args:
        storage: The numbers: a flat NumPy array of float64 or float32, which is kept and shared; or other numbers, in
            an array or a list, which are copied as float64.
        shape: The size of each dimension.
        strides: How far apart in the storage neighbours along each dimension lie; row by row if left out.

    Attributes:
        shape: The size of each dimension.
        strides: The strides.
        dims: The number of dimensions.
        size: The number of cells.

    Raises:
        IndexingError: Shape and strides have different lengths.
        ShapeError: The storage has not exactly one number per cell, or strides lead outside of it.
        DTypeError: The storage holds no real numbers.

    Examples:
        >>> import minitorch
        >>> rows = minitorch.TensorData([1, 2, 3, 4, 5, 6], (2, 3))
        >>> rows.strides, rows.get((1, 0))
        ((3, 1), 4.0)
    """

    __slots__ = ("_layout", "_storage", "dims", "shape", "size", "strides")

    def __init__(self, storage: Any, shape: UserShape, strides: UserStrides | None = None) -> None:
        self._storage: Storage = as_storage(storage)
        layout = find_layout(as_sizes(shape, "shape"), None if strides is None else as_sizes(strides, "strides"))
        self._layout = layout
        self.shape, self.strides, self.dims, self.size = layout.shape, layout.strides, layout.dims, layout.size
        if self._storage.shape != (self.size,):
            raise ShapeError(
                explain(
                    "The storage does not have the size that the shape asks for.",
                    got=f"storage of shape {self._storage.shape} for tensor shape {self.shape}",
                    expected=f"a flat row of {self.size} numbers",
                    fix="pass storage and shape of the same size",
                )
            )
        if layout.reach > self.size:
            raise _strides_outside(self.shape, self.strides, layout.reach - 1)

    @classmethod
    def of(cls, storage: Storage, layout: Layout) -> "TensorData":
        """Join a storage and a layout that are known to fit, without another check.

        The storage may have numbers that belong to no cell, in the gaps between those of a slice.
        """
        made = cls.__new__(cls)
        made._storage = storage
        made._layout = layout
        made.shape, made.strides, made.dims, made.size = layout.shape, layout.strides, layout.dims, layout.size
        return made

    # Layout

    def is_contiguous(self) -> bool:
        """True if the cells lie in the storage row by row, without gaps. A dimension of size 1 has no say in it."""
        return self._layout.contiguous

    @staticmethod
    def shape_broadcast(shape_a: UserShape, shape_b: UserShape) -> Sizes:
        """Return the shape that two shapes broadcast to; see `shape_broadcast`."""
        return shape_broadcast(shape_a, shape_b)

    def permute(self, *order: int) -> "TensorData":
        """Return the same storage with its dimensions in another order.

        Args:
            order: For each dimension of the result, which dimension of this tensor it is.

        Raises:
            ShapeError: `order` does not name every dimension exactly once.

        Examples:
            >>> import minitorch
            >>> columns = minitorch.TensorData([1, 2, 3, 4, 5, 6], (2, 3)).permute(1, 0)
            >>> columns.shape, columns.strides, columns.get((0, 1))
            ((3, 2), (1, 3), 4.0)
        """
        axes = as_sizes(order, "order of the dimensions")
        return TensorData.of(self._storage, permuted_layout(self.shape, self.strides, axes))

    def view(self, *shape: int) -> "TensorData":
        """Return the same storage, row by row, under another shape.

        Args:
            shape: The sizes; one of them may be -1, which stands for whatever is left.

        Raises:
            ShapeError: The sizes do not multiply to the size of this tensor.
            ContiguityError: The cells do not lie row by row.
        """
        sizes = as_sizes(shape, "shape")
        return TensorData.of(self._storage, viewed_layout(self.shape, self.strides, sizes))

    # Cells

    def index(self, index: int | UserIndex) -> int:
        """Return where in the storage a cell lies.

        Args:
            index: The cell: one number per dimension, or a bare number for a tensor of one dimension.

        Raises:
            IndexingError: The tensor has no such cell.
        """
        try:
            cell = as_sizes(index, "index")
        except ShapeError as error:
            raise IndexingError(str(error)) from None
        if len(cell) != self.dims or any(not 0 <= i < size for i, size in zip(cell, self.shape)):
            raise IndexingError(
                explain(
                    "The tensor has no such cell.",
                    got=f"index {cell} for shape {self.shape}",
                    expected=f"{self.dims} numbers, each at least 0 and less than the size in its place",
                    fix="index every dimension, counting from 0",
                )
            )
        return sum([i * stride for i, stride in zip(cell, self.strides)])

    def indices(self) -> Iterator[Sizes]:
        """All cells, row by row."""
        return itertools.product(*[range(size) for size in self.shape])

    def sample(self) -> Sizes:
        """A random cell."""
        return tuple([random.randint(0, size - 1) for size in self.shape])

    def get(self, key: int | UserIndex) -> float:
        """The number in a cell."""
        return self._storage[self.index(key)].item()

    def set(self, key: int | UserIndex, val: float) -> None:
        """Write a number into a cell; everything that shares the storage sees it."""
        self._storage[self.index(key)] = val

    # Ways out

    def tuple(self) -> KernelArguments:
        """Storage, shape and strides as arrays, the way kernels take them."""
        return self._storage, self._layout.shape_array, self._layout.strides_array

    @property
    def _shape(self) -> Shape:
        return self._layout.shape_array

    @property
    def _strides(self) -> Strides:
        return self._layout.strides_array

    def array(self) -> npt.NDArray[Any]:
        """The tensor as a NumPy array that shares the storage."""
        storage = self._storage
        if self._layout.contiguous:
            return storage.reshape(self.shape)
        steps = [stride * storage.strides[0] for stride in self.strides]
        if storage.flags.c_contiguous:
            return np.ndarray(self.shape, storage.dtype, storage, strides=steps)
        return np.lib.stride_tricks.as_strided(storage, self.shape, steps)  # can do this too, ten times slower

    def to_cuda_(self) -> None:
        """Move the storage to a graphics card.

        Raises:
            NotImplementedError: Always; the library computes on the processor only.
        """
        raise NotImplementedError("This library has no CUDA backend: tensors stay in the processor's memory.")

    def to_string(self) -> str:
        """The cells as text, rounded; large tensors are shortened."""
        return np.array2string(self.array(), precision=4, suppress_small=True, separator=", ", threshold=200)
