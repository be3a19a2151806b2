"""Task 2.4 with as little as possible in `backward`: plain numbers and small gradients, that `expand` lets grow."""

# minitorch/tensor_functions.py

from .operators import EPS


class Mul(Function):
    @staticmethod
    def backward(ctx, grad_output):
        # As much as is asked for, and of the shape of the factor.
        a, b = ctx.saved_values
        needs_a, needs_b = ctx.needs_input_grad
        grad_a = a.expand(grad_output.f.mul_zip(b, grad_output)) if needs_a else None
        grad_b = b.expand(grad_output.f.mul_zip(a, grad_output)) if needs_b else None
        return grad_a, grad_b


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.f.sigmoid_map(a)

    @staticmethod
    def backward(ctx, grad_output):
        # 1 - sigmoid(a) is sigmoid(-a)
        (a,) = ctx.saved_values
        return grad_output * a.sigmoid() * (-a).sigmoid()


class ReLU(Function):
    @staticmethod
    def forward(ctx, a):
        out = a.f.relu_map(a)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, grad_output):
        # The output is positive where the input is.
        (out,) = ctx.saved_values
        return (out > 0) * grad_output


class Log(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return grad_output / (a + EPS)


class Exp(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.f.exp_map(a)

    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return grad_output * a.exp()


class Sum(Function):
    @staticmethod
    def forward(ctx, a, dim):
        return a.f.add_reduce(a, as_dim(a, dim))

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output


class LT(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a.f.lt_zip(a, b)

    @staticmethod
    def backward(ctx, grad_output):
        return 0.0, 0.0


class EQ(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a.f.eq_zip(a, b)

    @staticmethod
    def backward(ctx, grad_output):
        return grad_output.zeros(), grad_output.zeros()


class Permute(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (order,) = ctx.saved_values
        return grad_output.permute(*[order.index(dim) for dim in range(len(order))])


class View(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (shape,) = ctx.saved_values
        copy = grad_output.zeros()
        grad_output.f.id_map(grad_output, copy)
        return copy.view(*shape)


# minitorch/tensor.py


class Tensor(Variable):
    def expand(self, other):
        # One row of sizes for both: what is missing counts as 1.
        dims = self.dims if self.dims > other.dims else other.dims
        own = (1,) * (dims - self.dims) + self.shape
        theirs = (1,) * (dims - other.dims) + other.shape
        out = other.contiguous().view(*theirs)
        for dim in range(dims):
            if theirs[dim] > own[dim]:
                out = out.sum(dim)
        return (self.zeros(own) + out).view(*self.shape)
