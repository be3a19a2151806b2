"""Every differentiable operation on tensors, easiest first.

Each is a `Function`: `forward` computes with the backend's operations, and `backward`, right below it, returns the
gradients of its inputs. The tensors that arrive in `forward` are constants, so no graph grows inside. Where an input
was broadcast, `backward` may return a gradient of the larger shape; the tensor itself adds it up (`Tensor._fit`).

Dimensions, shapes and orders are plain Python values. Course code that passes them as tensors is understood too.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .autodiff import Context, Function, Variable
from .autodiff import wrap_tuple as wrap_tuple
from .errors import ShapeError, explain
from .slicing import Key, slice_data
from .tensor_data import as_sizes

if TYPE_CHECKING:
    from .tensor import Tensor


def _plain(values: Any) -> Any:
    """Read settings that came as a tensor: its numbers, as plain integers."""
    return [int(x) for x in np.asarray(values).ravel()] if isinstance(values, Variable) else values


def as_dim(a: "Tensor", dim: Any) -> int:
    """Read the number of a dimension of `a`; a negative one counts from the end.

    Raises:
        ShapeError: `a` has no such dimension.
    """
    (number,) = as_sizes(_plain(dim), "dimension")
    if not -a.dims <= number < a.dims:
        raise ShapeError(
            explain(
                "The tensor has no such dimension.",
                got=f"dimension {number} of a tensor of shape {a.shape}",
                expected=f"a number from {-a.dims} to {a.dims - 1}" if a.dims else "a tensor with dimensions",
                fix="dimensions are counted from 0",
            )
        )
    return number % a.dims


# One tensor, cell by cell


class Neg(Function):
    """`-a`, cell by cell

    Examples:
        >>> import minitorch
        >>> minitorch.Neg.apply(minitorch.tensor([1, -2]))
        tensor([-1.,  2.], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Negate each cell."""
        return a.f.neg_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d(-a) = -da"""
        return grad_output.f.neg_map(grad_output)


class Inv(Function):
    """1 / a, cell by cell

    Examples:
        >>> import minitorch
        >>> x = minitorch.tensor([4], requires_grad=True)
        >>> minitorch.Inv.apply(x)
        tensor([0.25], shape=(1,), requires_grad=True)
        >>> (16 / x).backward()
        >>> x.grad
        tensor([-1.], shape=(1,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Invert each cell."""
        ctx.save_for_backward(a)
        return a.f.inv_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d(1/a) = -1/a^2 da"""
        (a,) = ctx.saved_values
        return grad_output.f.inv_back_zip(a, grad_output)


class Sigmoid(Function):
    """1 / (1 + e^-a), cell by cell"""

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Squash each cell into (0, 1)."""
        out = a.f.sigmoid_map(a)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d sigmoid(a) = y (1 - y) da, with y = sigmoid(a)"""
        (out,) = ctx.saved_values
        return grad_output.f.sigmoid_back_zip(out, grad_output)


class ReLU(Function):
    """max(a, 0), cell by cell"""

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Replace negative cells by 0."""
        ctx.save_for_backward(a)
        return a.f.relu_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d relu(a) = da where a is positive, else 0"""
        (a,) = ctx.saved_values
        return grad_output.f.relu_back_zip(a, grad_output)


class Log(Function):
    """ln(a + EPS), cell by cell; EPS, a millionth, keeps the logarithm of 0 finite

    Examples:
        >>> import minitorch
        >>> minitorch.Log.apply(minitorch.tensor([1, 0]))
        tensor([  0.    , -13.8155], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Take the natural logarithm of each cell."""
        ctx.save_for_backward(a)
        return a.f.log_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d ln(a + EPS) = 1 / (a + EPS) da"""
        (a,) = ctx.saved_values
        return grad_output.f.log_back_zip(a, grad_output)


class Exp(Function):
    """e^a, cell by cell

    Examples:
        >>> import minitorch
        >>> x = minitorch.tensor([0], requires_grad=True)
        >>> y = minitorch.Exp.apply(x)
        >>> y.backward()
        >>> y.item(), x.grad.item()
        (1.0, 1.0)
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Raise e to each cell."""
        out = a.f.exp_map(a)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d e^a = e^a da"""
        (out,) = ctx.saved_values
        return grad_output.f.mul_zip(grad_output, out)


class Pow(Function):
    """a to the power of a constant, cell by cell

    Examples:
        >>> import minitorch
        >>> x = minitorch.tensor([2, 3], requires_grad=True)
        >>> (x**3).sum().backward()
        >>> x.grad
        tensor([12., 27.], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", exponent: float) -> "Tensor":
        """Raise each cell to a power."""
        ctx.save_for_backward(a, exponent)
        return a.f.pow_zip(a, a._ensure_tensor(exponent))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """d a^n = n a^(n-1) da"""
        a, exponent = ctx.saved_values
        if exponent == 0:
            return grad_output.zeros()  # the formula below would make 0 * inf of a cell that is 0
        f = grad_output.f
        slope = f.mul_zip(f.pow_zip(a, a._ensure_tensor(exponent - 1)), a._ensure_tensor(exponent))
        return f.mul_zip(slope, grad_output)


# Two tensors, cell by cell


class Add(Function):
    """a + b, cell by cell after broadcasting

    Raises:
        BroadcastError: The shapes do not go together.

    Examples:
        >>> import minitorch
        >>> bias = minitorch.tensor([10, 20], requires_grad=True)
        >>> (minitorch.zeros(3, 2) + bias).sum().backward()
        >>> bias.grad
        tensor([3., 3.], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """Add, after broadcasting."""
        return a.f.add_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor", "Tensor"]:
        """d(a + b) = da + db"""
        return grad_output, grad_output


class Mul(Function):
    """a * b, cell by cell after broadcasting

    Raises:
        BroadcastError: The shapes do not go together.

    Examples:
        >>> import minitorch
        >>> a = minitorch.tensor([2, 3], requires_grad=True)
        >>> b = minitorch.tensor([5, 7])
        >>> (a * b).sum().backward()
        >>> a.grad
        tensor([5., 7.], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """Multiply, after broadcasting."""
        ctx.save_for_backward(a, b)
        return a.f.mul_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """d(a * b) = b da + a db"""
        a, b = ctx.saved_values
        needs_a, needs_b = ctx.needs_input_grad
        f = grad_output.f
        return (
            f.mul_zip(grad_output, b) if needs_a else None,
            f.mul_zip(grad_output, a) if needs_b else None,
        )


class LT(Function):
    """1 where a < b, else 0

    Raises:
        BroadcastError: The shapes do not go together.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([1, 2, 3]) < 2
        tensor([1., 0., 0.], shape=(3,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """Compare, after broadcasting."""
        ctx.save_for_backward(a, b)
        return a.f.lt_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor", "Tensor"]:
        """A step function is flat: the gradients are 0."""
        a, b = ctx.saved_values
        return a.zeros(), b.zeros()


class EQ(Function):
    """1 where a equals b, else 0

    Raises:
        BroadcastError: The shapes do not go together.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([1, 2, 3]) == minitorch.tensor([[1], [3]])
        tensor([[1., 0., 0.],
                [0., 0., 1.]], shape=(2, 3))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """Compare, after broadcasting."""
        ctx.save_for_backward(a, b)
        return a.f.eq_zip(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor", "Tensor"]:
        """A step function is flat: the gradients are 0."""
        a, b = ctx.saved_values
        return a.zeros(), b.zeros()


class IsClose(Function):
    """1 where a and b differ by less than 0.01, else 0; it has no derivative

    Raises:
        BroadcastError: The shapes do not go together.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([1, 2]).is_close(minitorch.tensor([1.001, 2.1]))
        tensor([1., 0.], shape=(2,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """Compare, after broadcasting."""
        return a.f.is_close_zip(a, b)


# One tensor, folded along a dimension


class Sum(Function):
    """The sum along a dimension, which stays with size 1

    Raises:
        ShapeError: There is no such dimension.

    Examples:
        >>> import minitorch
        >>> t = minitorch.tensor([[1, 2, 3], [4, 5, 6]])
        >>> t.sum(1)
        tensor([[ 6.],
                [15.]], shape=(2, 1))
        >>> t.sum()
        tensor([21.], shape=(1,))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", dim: int) -> "Tensor":
        """(..., n, ...) becomes (..., 1, ...)."""
        ctx.save_for_backward(a.shape)
        return a.f.add_reduce(a, as_dim(a, dim))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """Every cell of a sum has the gradient of the sum."""
        (shape,) = ctx.saved_values
        return grad_output.f.id_map(grad_output, grad_output.empty(shape, grad_output.dtype))


class All(Function):
    """1 where no cell along a dimension is 0, else 0; it has no derivative

    Raises:
        ShapeError: There is no such dimension.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([[1, 2], [0, 3]]).all(1)
        tensor([[1.],
                [0.]], shape=(2, 1))
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor", dim: int) -> "Tensor":
        """(..., n, ...) becomes (..., 1, ...): whether there are no zeros."""
        zero = a._ensure_tensor(0.0)
        zeros = a.f.add_reduce(a.f.eq_zip(a, zero), as_dim(a, dim))
        return a.f.eq_zip(zeros, zero)


# Layout


class Permute(Function):
    """The same storage with its dimensions in another order

    Raises:
        ShapeError: The order does not name every dimension exactly once.

    Examples:
        >>> import minitorch
        >>> t = minitorch.zeros(2, 3, 4)
        >>> t.permute(1, 2, 0).shape
        (3, 4, 2)
        >>> minitorch.tensor([[1, 2, 3], [4, 5, 6]]).permute(1, 0)
        tensor([[1., 4.],
                [2., 5.],
                [3., 6.]], shape=(3, 2))
    """

    hands_on_derivatives = True

    @staticmethod
    def forward(ctx: Context, a: "Tensor", order: Sequence[int]) -> "Tensor":
        """Dimension i of the result is dimension order[i] of a."""
        axes = as_sizes(_plain(order), "order of the dimensions")
        ctx.save_for_backward(axes)
        return a._new(a._tensor.permute(*axes))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """Dimension order[i] of the gradient is dimension i of what arrives: the inverse order."""
        (axes,) = ctx.saved_values
        inverse = sorted(range(len(axes)), key=axes.__getitem__)
        return grad_output._new(grad_output._tensor.permute(*inverse))


class View(Function):
    """The same storage under another shape

    Raises:
        ShapeError: The sizes do not multiply to the number of cells.
        ContiguityError: The cells do not lie row by row.

    Examples:
        >>> import minitorch
        >>> minitorch.arange(6).view(2, -1)
        tensor([[0., 1., 2.],
                [3., 4., 5.]], shape=(2, 3))
    """

    hands_on_derivatives = True

    @staticmethod
    def forward(ctx: Context, a: "Tensor", shape: Sequence[int]) -> "Tensor":
        """The cells keep their order, row by row."""
        ctx.save_for_backward(a.shape)
        return a._new(a._tensor.view(*as_sizes(_plain(shape), "shape")))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The same cells under the old shape. What arrives may lie in any order, so it is copied into rows first."""
        (shape,) = ctx.saved_values
        rows = grad_output if grad_output.is_contiguous() else grad_output.f.id_map(grad_output)
        return rows._new(rows._tensor.view(*shape))


class Slice(Function):
    """Some of the cells, in the same storage

    Raises:
        IndexingError: What stands between the brackets names no part.

    Examples:
        >>> import minitorch
        >>> t = minitorch.tensor([[1, 2, 3], [4, 5, 6]], requires_grad=True)
        >>> t[:, 1:]
        tensor([[2., 3.],
                [5., 6.]], shape=(2, 2), requires_grad=True)
        >>> t[:, 1:].sum().backward()
        >>> t.grad
        tensor([[0., 1., 1.],
                [0., 1., 1.]], shape=(2, 3))
    """

    makes_derivatives = True

    @staticmethod
    def forward(ctx: Context, a: "Tensor", key: Key) -> "Tensor":
        """What stands between the brackets of a[...] says which cells; see `slicing.slice_data`."""
        ctx.save_for_backward(a.shape, key)
        return a._new(slice_data(a._tensor, key))

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """The cells that were left out have gradient 0; into the others, the same slice of it, goes what arrives."""
        shape, key = ctx.saved_values
        grad = grad_output.zeros(shape)
        grad.f.id_map(grad_output, grad._new(slice_data(grad._tensor, key)))
        return grad


class Concatenate(Function):
    """Tensors one behind the other, along a dimension

    Examples:
        >>> import minitorch
        >>> minitorch.Concatenate.apply(1, minitorch.zeros(2, 1), minitorch.ones(2, 2))
        tensor([[0., 1., 1.],
                [0., 1., 1.]], shape=(2, 3))
    """

    hands_on_derivatives = True

    @staticmethod
    def forward(ctx: Context, dim: int, *tensors: "Tensor") -> "Tensor":
        """(..., n, ...) and (..., m, ...) become (..., n + m, ...). All other sizes are equal."""
        first = tensors[0]
        dim = as_dim(first, dim)
        shape = list(first.shape)
        shape[dim] = sum([t.shape[dim] for t in tensors])
        out = first.empty(tuple(shape), np.result_type(*[t.dtype for t in tensors]))
        keys, start = [], 0
        for t in tensors:
            keys.append((*[slice(None)] * dim, slice(start, start + t.shape[dim])))
            out.f.id_map(t, out._new(slice_data(out._tensor, keys[-1])))
            start += t.shape[dim]
        ctx.save_for_backward(keys)
        return out

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor", ...]:
        """Each tensor gets the slice of the gradient that belongs to it."""
        (keys,) = ctx.saved_values
        return tuple([grad_output._new(slice_data(grad_output._tensor, key)) for key in keys])


class Copy(Function):
    """The same cells in storage of their own, row by row

    Examples:
        >>> import minitorch
        >>> turned = minitorch.arange(6).view(2, 3).permute(1, 0)
        >>> turned.is_contiguous(), turned.contiguous().is_contiguous()
        (False, True)
    """

    @staticmethod
    def forward(ctx: Context, a: "Tensor") -> "Tensor":
        """Copy each cell."""
        return a.f.id_map(a)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> "Tensor":
        """A copy hands the gradient on."""
        return grad_output


# Matrices


class MatMul(Function):
    """The matrix product a @ b, of shapes (..., n, k) and (..., k, m); leading dimensions are broadcast

    Raises:
        ShapeError: A tensor has fewer than two dimensions, or the two sizes k differ.
        BroadcastError: The leading dimensions do not go together.

    Examples:
        >>> import minitorch
        >>> minitorch.tensor([[1, 2, 3]]) @ minitorch.tensor([[10], [100], [1000]])
        tensor([[3210.]], shape=(1, 1))
        >>> (minitorch.zeros(5, 2, 3) @ minitorch.zeros(3, 4)).shape
        (5, 2, 4)
    """

    makes_derivatives = True

    @staticmethod
    def forward(ctx: Context, a: "Tensor", b: "Tensor") -> "Tensor":
        """(..., n, k) @ (..., k, m) becomes (..., n, m); leading dimensions are broadcast."""
        ctx.save_for_backward(a, b)
        return a.f.matrix_multiply(a, b)

    @staticmethod
    def backward(ctx: Context, grad_output: "Tensor") -> tuple["Tensor | None", "Tensor | None"]:
        """d(a @ b) = da @ b + a @ db, so the gradients are g @ b^T and a^T @ g"""
        a, b = ctx.saved_values
        needs_a, needs_b = ctx.needs_input_grad
        multiply = grad_output.f.matrix_multiply

        def transpose(t: "Tensor") -> "Tensor":
            order = (*range(t.dims - 2), t.dims - 1, t.dims - 2)
            return t._new(t._tensor.permute(*order))

        def product(x: "Tensor", y: "Tensor", like: "Tensor") -> "Tensor":
            """x @ y, laid out as an operand is: a Linear layer's weight comes transposed, and its gradient goes so."""
            *_, down, right = like._tensor.strides
            return multiply(x, y) if down >= right else transpose(multiply(transpose(y), transpose(x)))

        return (
            product(grad_output, transpose(b), a) if needs_a else None,  # (..., n, m) @ (..., m, k) -> (..., n, k)
            product(transpose(a), grad_output, b) if needs_b else None,  # (..., k, n) @ (..., n, m) -> (..., k, m)
        )
