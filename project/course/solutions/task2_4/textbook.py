"""Task 2.4 as a student may write it: each derivative from what `forward` has kept, and from what arrives."""

# minitorch/tensor_functions.py


class Mul(Function):
    @staticmethod
    def backward(ctx, grad_output):
        a, b = ctx.saved_values
        return grad_output * b, grad_output * a


class Sigmoid(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (y,) = ctx.saved_values
        return grad_output * y * (1.0 - y)


class ReLU(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return grad_output.f.relu_back_zip(a, grad_output)


class Log(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (a,) = ctx.saved_values
        return grad_output.f.log_back_zip(a, grad_output)


class Exp(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (power,) = ctx.saved_values
        return power * grad_output


class Sum(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (shape,) = ctx.saved_values
        return grad_output.zeros(shape) + grad_output  # broadcast along the dimension


class LT(Function):
    @staticmethod
    def backward(ctx, grad_output):
        left, right = ctx.saved_values
        return left.zeros(), right.zeros()


class EQ(Function):
    @staticmethod
    def backward(ctx, grad_output):
        one, other = ctx.saved_values
        return one.zeros(), other.zeros()


class Permute(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (order,) = ctx.saved_values
        back = [0] * len(order)
        for place, dim in enumerate(order):
            back[dim] = place
        return grad_output.permute(*back)


class View(Function):
    @staticmethod
    def backward(ctx, grad_output):
        (old_shape,) = ctx.saved_values
        return grad_output.contiguous().view(*old_shape)


# minitorch/tensor.py

from .tensor_data import shape_broadcast


class Tensor(Variable):
    def expand(self, other):
        if other.shape == self.shape:
            return other
        # First copy the gradient into a tensor with every cell that broadcasting makes: it may be smaller than that.
        shape = shape_broadcast(self.shape, other.shape)
        grown = other.zeros(shape)
        other.f.id_map(other, grown)
        # Then add up along each dimension that this tensor lacks, or has with size 1.
        missing = len(shape) - len(self.shape)
        for dim in range(len(shape)):
            if dim < missing or self.shape[dim - missing] == 1:
                grown = grown.f.add_reduce(grown, dim)
        return grown.view(*self.shape)
