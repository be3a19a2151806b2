"""A step of Adam, for all numbers of a parameter in a single walk through memory.

The formulas of Adam take a dozen operations of NumPy, each of which writes an array that the next one reads. A table of
words has half a million numbers, and memory is slower than arithmetic; so here all operations are done for one number,
before the next one is looked at.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from . import memory
from .jit import njit
from .sharing import share_out

Array = npt.NDArray[Any]

PIECE = 2**14
"""How many numbers a task has; less would not be worth waking another core for."""


@njit
def adam_task(
    task: int,
    direction: Array,
    mean: Array,
    square: Array,
    gradient: Array,
    old_mean: Array,
    old_square: Array,
    settings: Array,
) -> None:
    """Do some numbers of a step; see `adam_direction`.

    Args:
        task: The number of the task.
        direction: Is filled with the direction.
        mean: Is filled with the running mean of the gradient.
        square: Is filled with the running mean of its square.
        gradient: The gradient.
        old_mean: The running mean before this step.
        old_square: That of the square.
        settings: How much of both means is kept, and how much of the gradient comes in; what both means are multiplied
            by because they started at zero; and what is added to the divisor: of the type of all other numbers.
    """
    keep1, take1, keep2, take2, scale1, scale2, eps = settings
    first = task * PIECE
    last = min(first + PIECE, len(gradient))
    directions, means, squares = direction[first:last], mean[first:last], square[first:last]
    gradients, old_means, old_squares = gradient[first:last], old_mean[first:last], old_square[first:last]
    for i in range(last - first):
        g = gradients[i]
        m = keep1 * old_means[i] + take1 * g
        s = keep2 * old_squares[i] + take2 * (g * g)
        means[i] = m
        squares[i] = s
        directions[i] = (m * scale1) / (np.sqrt(s * scale2) + eps)


def as_array(numbers: Any, like: Array) -> Array:
    """Numbers in an array of the shape and the type of another one: as they are, or one number in all places."""
    if isinstance(numbers, np.ndarray) and numbers.shape == like.shape and numbers.dtype == like.dtype:
        return numbers
    return np.full(like.shape, numbers, like.dtype)


def adam_direction(
    gradient: Array, mean: Any, square: Any, steps: float, betas: tuple[float, float], eps: float
) -> tuple[Array, Array, Array]:
    """Compute the direction of a step of Adam, and what it leaves behind for the next one.

    Args:
        gradient: The gradient, of any shape.
        mean: The running mean of all gradients before, of the same shape; or a number.
        square: The running mean of their squares, likewise.
        steps: The number of steps, this one included.
        betas: How much of both means is kept.
        eps: Added to the divisor.

    Returns:
        The direction, and the new running means; all of the shape and the type of the gradient.
    """
    shape, dtype = gradient.shape, gradient.dtype
    before = [gradient, *[as_array(numbers, gradient) for numbers in (mean, square)]]
    after = [memory.empty(gradient.size, dtype) for _ in range(3)]
    beta1, beta2 = betas
    # Both means started at zero. Dividing by the weight that they have gathered since undoes that.
    scales = 1 / (1 - beta1**steps), 1 / (1 - beta2**steps)
    settings = np.array([beta1, 1 - beta1, beta2, 1 - beta2, *scales, eps], dtype)
    tasks = -(-gradient.size // PIECE)  # rounded up
    share_out(adam_task, tasks, *after, *[array.reshape(-1) for array in before], settings)
    direction, new_mean, new_square = [array.reshape(shape) for array in after]
    return direction, new_mean, new_square
