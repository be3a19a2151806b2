"""Task 4.2 in one dimension: a row of the output is a sum of 1-D convolutions of rows of the input."""

# minitorch/fast_conv.py

from numba import prange

from .jit import njit


@njit
def add_row(out, out_row, input, input_row, weight, weight_row, direction):
    """Add a 1-D convolution to a row of the output. Each row is given by its first place, its stride and its size."""
    out_first, out_stride, out_width = out_row
    input_first, input_stride, width = input_row
    weight_first, weight_stride, k_width = weight_row
    for w in range(out_width):
        total = 0.0
        for j in range(k_width):
            column = w + direction * j
            if 0 <= column < width:
                total += input[input_first + column * input_stride] * weight[weight_first + j * weight_stride]
        out[out_first + w * out_stride] += total


@njit(parallel=True)
def tensor_conv2d(
    out,
    out_shape,
    out_strides,
    out_size,
    input,
    input_shape,
    input_strides,
    weight,
    weight_shape,
    weight_strides,
    reverse,
):
    s, u, v = out_strides, input_strides, weight_strides
    direction = -1 if reverse else 1
    for b in prange(out_shape[0]):
        for o in range(out_shape[1]):
            for h in range(out_shape[2]):
                out_row = b * s[0] + o * s[1] + h * s[2], s[3], out_shape[3]
                for c in range(input_shape[1]):
                    for i in range(weight_shape[2]):
                        row = h + direction * i
                        if 0 <= row < input_shape[2]:
                            input_row = b * u[0] + c * u[1] + row * u[2], u[3], input_shape[3]
                            weight_row = o * v[0] + c * v[1] + i * v[2], v[3], weight_shape[3]
                            add_row(out, out_row, input, input_row, weight, weight_row, direction)


class Conv2dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        grad_input, grad_weight = input.zeros(), weight.zeros()
        swapped = weight.permute(1, 0, 2, 3)
        tensor_conv2d(*grad_input.tuple(), grad_input.size, *grad_output.tuple(), *swapped.tuple(), True)
        view = grad_weight.permute(1, 0, 2, 3)
        operands = (*input.permute(1, 0, 2, 3).tuple(), *grad_output.permute(1, 0, 2, 3).tuple())
        tensor_conv2d(*view.tuple(), view.size, *operands, False)
        return grad_input, grad_weight
