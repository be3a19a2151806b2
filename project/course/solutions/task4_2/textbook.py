"""Task 4.2 as a student may write it: every cell of the output, one after the other."""

# minitorch/fast_conv.py

from numba import prange

from .jit import njit


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
    batch, out_channels, out_height, out_width = out_shape
    _, in_channels, height, width = input_shape
    _, _, k_height, k_width = weight_shape
    s, u, v = out_strides, input_strides, weight_strides
    direction = -1 if reverse else 1
    for image in prange(batch * out_channels):
        b, o = image // out_channels, image % out_channels
        for h in range(out_height):
            for w in range(out_width):
                total = 0.0
                for c in range(in_channels):
                    for i in range(k_height):
                        row = h + direction * i
                        for j in range(k_width):
                            column = w + direction * j
                            if 0 <= row < height and 0 <= column < width:
                                seen = input[b * u[0] + c * u[1] + row * u[2] + column * u[3]]
                                tap = weight[o * v[0] + c * v[1] + i * v[2] + j * v[3]]
                                total += seen * tap
                out[b * s[0] + o * s[1] + h * s[2] + w * s[3]] = total


class Conv2dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        batch, in_channels, height, width = input.shape
        out_channels, _, k_height, k_width = weight.shape
        # The gradient of the input, (batch, in_channels, height, width): a convolution anchored at the bottom right.
        grad_input = input.zeros((batch, in_channels, height, width))
        swapped = weight.permute(1, 0, 2, 3)
        tensor_conv2d(*grad_input.tuple(), grad_input.size, *grad_output.tuple(), *swapped.tuple(), True)
        # The gradient of the weight, with its channels swapped at first: the batch plays the part of the channels.
        grad_weight = weight.zeros((in_channels, out_channels, k_height, k_width))
        long_input = input.permute(1, 0, 2, 3)
        window = grad_output.permute(1, 0, 2, 3)
        tensor_conv2d(*grad_weight.tuple(), grad_weight.size, *long_input.tuple(), *window.tuple(), False)
        return grad_input, grad_weight.permute(1, 0, 2, 3)
