"""What cases need that ask for the gradient of something computed from a tensor."""

from minitorch import Tensor
from project.course.inputs import Array, numbers


def gradient_of(x: Tensor, out: Tensor, upstream: Array) -> Array | None:
    """The gradient of a leaf, as `out.backward(upstream)` leaves it there.

    It is None where none arrives, and where `out` has another shape than the upstream gradient: then its value is wrong
    anyway, and says more than an exception would.
    """
    if out.requires_grad() and out.shape == upstream.shape:
        out.backward(upstream)
    return numbers(x.grad)
