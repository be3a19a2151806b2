"""Task 4.1 as a student may write it: every cell of the output, one after the other."""

# minitorch/fast_conv.py

from numba import prange

from .jit import njit


@njit(parallel=True)
def tensor_conv1d(
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
    batch, out_channels, out_width = out_shape
    _, in_channels, width = input_shape
    _, _, k_width = weight_shape
    for row in prange(batch * out_channels):
        b, o = row // out_channels, row % out_channels
        for t in range(out_width):
            total = 0.0
            for c in range(in_channels):
                for k in range(k_width):
                    at = t - k if reverse else t + k
                    if 0 <= at < width:
                        x = input[b * input_strides[0] + c * input_strides[1] + at * input_strides[2]]
                        w = weight[o * weight_strides[0] + c * weight_strides[1] + k * weight_strides[2]]
                        total += x * w
            out[b * out_strides[0] + o * out_strides[1] + t * out_strides[2]] = total


class Conv1dFun(Function):
    @staticmethod
    def backward(ctx, grad_output):
        input, weight = ctx.saved_values
        batch, in_channels, width = input.shape
        out_channels, _, k_width = weight.shape
        # The gradient of the input, (batch, in_channels, width): a convolution anchored at the right.
        grad_input = input.zeros((batch, in_channels, width))
        swapped = weight.permute(1, 0, 2)
        tensor_conv1d(*grad_input.tuple(), grad_input.size, *grad_output.tuple(), *swapped.tuple(), True)
        # The gradient of the weight, (in_channels, out_channels, k_width) at first: the batch plays the channels' part.
        grad_weight = weight.zeros((in_channels, out_channels, k_width))
        long_input = input.permute(1, 0, 2)
        window = grad_output.permute(1, 0, 2)
        tensor_conv1d(*grad_weight.tuple(), grad_weight.size, *long_input.tuple(), *window.tuple(), False)
        return grad_input, grad_weight.permute(1, 0, 2)
