"""Task 2.4 with NumPy: gradients may be arrays, of which the tensor that they belong to makes a tensor."""

# minitorch/tensor_functions.py

from .operators import EPS


class Mul(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values
        return grad_output.to_numpy() * b.to_numpy(), grad_output.to_numpy() * a.to_numpy()


class Sigmoid(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_values
        y = out.to_numpy()
        return grad_output.to_numpy() * (y - y * y)


class ReLU(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return np.where(a.to_numpy() > 0, grad_output.to_numpy(), 0.0)


class Log(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return grad_output.to_numpy() / (a.to_numpy() + EPS)


class Exp(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (out,) = ctx.saved_values
        return out.to_numpy() * grad_output.to_numpy()


class Sum(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (shape,) = ctx.saved_values
        return np.broadcast_to(grad_output.to_numpy(), shape)


class LT(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values
        return np.zeros(a.shape), np.zeros(b.shape)


class EQ(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values
        return np.zeros(a.shape), np.zeros(b.shape)


class Permute(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (order,) = ctx.saved_values
        return np.transpose(grad_output.to_numpy(), np.argsort(order))


class View(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (shape,) = ctx.saved_values
        return grad_output.to_numpy().reshape(shape)


# minitorch/tensor.py


class Tensor(Variable):
    def expand(self, other):
        full = np.broadcast_to(other.to_numpy(), np.broadcast_shapes(other.shape, self.shape))
        missing = full.ndim - self.dims
        full = full.sum(axis=(*range(missing),))
        ones = [dim for dim, size in enumerate(self.shape) if size == 1]
        return other._ensure_tensor(full.sum(axis=(*ones,), keepdims=True))
