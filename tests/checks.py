"""The check that every differentiable operation must pass, and what to feed it with.

What an operation should compute comes from the test, written with NumPy, SciPy or plain loops; nothing in here calls
the library to find out what is right.
"""

import os
import signal
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import minitorch
from minitorch import Tensor, TensorBackend
from project.course.inputs import LAYOUTS as LAYOUTS
from project.course.inputs import lay_out
from project.course.inputs import random_array as random_array


def seeds() -> st.SearchStrategy[int]:
    """Seeds for `numpy.random.default_rng`."""
    return st.integers(0, 2**32 - 1)


def on_backends(simple: pytest.MarkDecorator, fast: pytest.MarkDecorator) -> Any:
    """Run a test on both backends; each case is marked with the task that makes its backend able to pass."""
    return pytest.mark.parametrize(
        "backend",
        [
            pytest.param(minitorch.SimpleBackend, id="simple", marks=simple),
            pytest.param(minitorch.FastBackend, id="fast", marks=fast),
        ],
    )


def filled_up(sequences: Sequence[Any], least: int) -> tuple[Any, Any]:
    """Sequences of different lengths in one array, filled up with zeros to the longest or further; and the lengths."""
    lengths = [sequence.shape[-1] for sequence in sequences]
    width = max(least, *lengths)
    sides = [[(0, 0)] * (sequence.ndim - 1) + [(0, width - sequence.shape[-1])] for sequence in sequences]
    return np.stack([np.pad(sequence, side) for sequence, side in zip(sequences, sides)]), np.array(lengths)


def interrupt_after(patch: pytest.MonkeyPatch, kind: type, steps: int) -> None:
    """Press Ctrl-C during a step of a `Training`: the real signal, which reaches it in the middle of its work."""
    original, seen = kind.objective, []  # type: ignore[attr-defined]

    def objective(self: Any, batch: Any) -> Any:
        seen.append(None)
        if len(seen) == steps:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, batch)

    patch.setattr(kind, "objective", objective)


def unbroadcast(gradient: Any, shape: Sequence[int]) -> Any:
    """Add up a gradient over the dimensions that broadcasting stretched (NumPy only)."""
    extra = gradient.ndim - len(shape)
    gradient = gradient.sum(axis=tuple(range(extra))) if extra else gradient
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 and gradient.shape[i] != 1)
    return gradient.sum(axis=stretched, keepdims=True) if stretched else gradient


def check_function(
    function: Callable[..., Tensor],
    arrays: Sequence[Any],
    value: Any,
    gradients: Callable[[Any], Sequence[Any]],
    *,
    layouts: Sequence[str] | None = None,
    backend: TensorBackend = minitorch.SimpleBackend,
    rng: np.random.Generator,
    rtol: float = 1e-9,
    atol: float = 1e-11,
) -> None:
    """Compare every cell of an operation's value and gradients with what they should be.

    Args:
        function: The operation, on tensors.
        arrays: The values of its tensors, one NumPy array each.
        value: The right result, a NumPy array.
        gradients: From a random upstream gradient of the result's shape, the right gradient of each input.
        layouts: How each input lies in memory; row by row if left out.
        backend: The backend to compute with.
        rng: Where the upstream gradient comes from.
        rtol: The relative tolerance.
        atol: The absolute tolerance.
    """
    layouts = layouts or ["rows"] * len(arrays)
    leaves = [lay_out(a, layout, backend).requires_grad_(True) for a, layout in zip(arrays, layouts, strict=True)]
    out = function(*leaves)
    value = np.asarray(value)

    assert out.shape == value.shape, f"the result has shape {out.shape} instead of {value.shape}"
    assert out.dtype == np.result_type(*[a.dtype for a in arrays])
    assert out.backend is backend
    np.testing.assert_allclose(out.to_numpy(), value, rtol=rtol, atol=atol)

    upstream = rng.normal(size=value.shape)
    expected = gradients(upstream)
    out.backward(upstream)
    for leaf, array, gradient in zip(leaves, arrays, expected, strict=True):
        assert leaf.grad is not None, "no gradient arrived"
        assert leaf.grad.shape == leaf.shape
        assert leaf.grad.dtype == leaf.dtype
        np.testing.assert_allclose(leaf.grad.to_numpy(), gradient, rtol=rtol, atol=atol)
        np.testing.assert_array_equal(leaf.to_numpy(), array, err_msg="the operation changed its input")

    # Gradients add up over repeated passes, and no two of them share memory.
    out.backward(upstream)
    for leaf, gradient in zip(leaves, expected, strict=True):
        np.testing.assert_allclose(leaf.grad.to_numpy(), 2 * np.asarray(gradient), rtol=rtol, atol=2 * atol)
    storages = [leaf.grad._tensor._storage for leaf in leaves]
    storages += [leaf._tensor._storage for leaf in leaves] + [out._tensor._storage]
    for i, storage in enumerate(storages[: len(leaves)]):
        assert not any(np.shares_memory(storage, other) for other in storages[i + 1 :]), "a gradient shares its memory"

    # An input that needs no gradient gets none, and the others do not notice.
    for only in range(len(leaves)):
        inputs = [lay_out(a, layout, backend) for a, layout in zip(arrays, layouts, strict=True)]
        inputs[only].requires_grad_(True)
        function(*inputs).backward(upstream)
        for i, x in enumerate(inputs):
            assert (x.grad is not None) == (i == only)
        np.testing.assert_allclose(inputs[only].grad.to_numpy(), expected[only], rtol=rtol, atol=atol)
