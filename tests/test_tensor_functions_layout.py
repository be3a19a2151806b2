"""The functions of tensors that change the layout, and matrix products: values and gradients."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch import ContiguityError, ShapeError, Tensor, TensorBackend

from .checks import LAYOUTS, check_function, lay_out, on_backends, random_array, seeds, unbroadcast

pytestmark = pytest.mark.usefixtures("one_thread")

VALUES = on_backends(pytest.mark.task2_3, pytest.mark.task3_1)
GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_1)
MATRICES = on_backends(pytest.mark.task2_3, pytest.mark.task3_2)
MATRIX_GRADIENTS = on_backends(pytest.mark.task2_4, pytest.mark.task3_2)
layouts = st.sampled_from(LAYOUTS)


# Layout


@VALUES
@given(seed=seeds(), data=st.data())
def test_value_of_permute(seed: int, backend: TensorBackend, data: st.DataObject) -> None:
    rng = np.random.default_rng(seed)
    x = random_array(rng, rng.integers(1, 5, rng.integers(1, 5)))
    order = data.draw(st.permutations(range(x.ndim)))
    t = lay_out(x, data.draw(layouts), backend)
    for out in (t.permute(*order), t.permute(order), t.permute(tuple(order))):
        np.testing.assert_array_equal(out.to_numpy(), np.transpose(x, order))


@GRADIENTS
@pytest.mark.parametrize("layout", ["rows", "rotated"])
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (1, 0, 2, 3), (1, 2, 3, 0), (3, 0, 2, 1), (3, 2, 1, 0)])
def test_gradient_of_permute(order: tuple[int, ...], layout: str, backend: TensorBackend) -> None:
    rng = np.random.default_rng(8)
    x = random_array(rng, (2, 3, 4, 5))
    inverse = np.argsort(order)
    check_function(
        lambda t: t.permute(*order),
        [x],
        np.transpose(x, order),
        lambda upstream: [np.transpose(upstream, inverse)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
@pytest.mark.parametrize("shape", [(6, 20), (120,), (-1,), (2, -1, 5), (5, 4, 3, 2), (1, 120, 1)])
def test_gradient_of_view(shape: tuple[int, ...], backend: TensorBackend) -> None:
    rng = np.random.default_rng(9)
    x = random_array(rng, (2, 3, 4, 5))
    check_function(
        lambda t: t.view(*shape),
        [x],
        x.reshape(shape),
        lambda upstream: [upstream.reshape(x.shape)],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradient_of_tiles(layout: str, backend: TensorBackend) -> None:
    # How pooling cuts an image into tiles of 2 x 3. The gradient that reaches a view here is permuted itself.
    rng = np.random.default_rng(10)
    x = random_array(rng, (2, 3, 4, 9))
    check_function(
        lambda t: t.contiguous().view(2, 3, 2, 2, 3, 3).permute(0, 1, 2, 4, 3, 5).contiguous().view(2, 3, 2, 3, 6),
        [x],
        x.reshape(2, 3, 2, 2, 3, 3).transpose(0, 1, 2, 4, 3, 5).reshape(2, 3, 2, 3, 6),
        lambda u: [u.reshape(2, 3, 2, 3, 2, 3).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape)],
        layouts=[layout],
        backend=backend,
        rng=rng,
    )


@GRADIENTS
def test_gradient_of_view_and_permute_without_a_copy_in_between(backend: TensorBackend) -> None:
    rng = np.random.default_rng(11)
    x = random_array(rng, (4, 6))
    check_function(
        lambda t: t.view(2, 3, 4).permute(1, 2, 0),
        [x],
        x.reshape(2, 3, 4).transpose(1, 2, 0),
        lambda upstream: [upstream.transpose(2, 0, 1).reshape(4, 6)],
        backend=backend,
        rng=rng,
    )


@VALUES
def test_errors_of_view_and_permute(backend: TensorBackend) -> None:
    t = minitorch.zeros(2, 3, backend=backend)
    with pytest.raises(ShapeError, match="number of cells differs"):
        t.view(4)
    with pytest.raises(ContiguityError, match="row by row"):
        t.permute(1, 0).view(6)
    with pytest.raises(ShapeError, match="cannot be put into this order"):
        t.permute(0, 0)


@VALUES
def test_contiguous_copies_always(backend: TensorBackend) -> None:
    t = minitorch.tensor([[1.0, 2.0], [3.0, 4.0]], backend=backend)
    for source in (t, t.permute(1, 0)):
        copy = source.contiguous()
        assert copy.is_contiguous()
        np.testing.assert_array_equal(copy.to_numpy(), source.to_numpy())
        assert not np.shares_memory(copy._tensor._storage, t._tensor._storage)


# Matrix multiplication

PRODUCTS = [
    ((2, 3), (3, 4)),
    ((1, 5), (5, 1)),
    ((5, 1), (1, 7)),
    ((2, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (4, 5)),  # one matrix for the whole batch
    ((3, 4), (2, 4, 5)),
    ((1, 3, 4), (2, 4, 5)),
    ((2, 3, 4), (1, 4, 5)),
    ((2, 3, 4, 5), (2, 3, 5, 7)),
    ((2, 1, 4, 5), (3, 5, 7)),
    ((4, 5), (2, 3, 5, 7)),
    ((0, 3, 4), (4, 5)),
    ((3, 0), (0, 4)),
]


@MATRICES
@pytest.mark.parametrize(("a_shape", "b_shape"), PRODUCTS)
def test_value_of_matrix_product(a_shape: tuple[int, ...], b_shape: tuple[int, ...], backend: TensorBackend) -> None:
    rng = np.random.default_rng(12)
    a, b = random_array(rng, a_shape), random_array(rng, b_shape)
    expected = np.matmul(a, b)
    for a_layout, b_layout in (("rows", "rows"), ("reversed", "rows"), ("rows", "rotated"), ("rotated", "reversed")):
        x, y = lay_out(a, a_layout, backend), lay_out(b, b_layout, backend)
        for out in (x @ y, x @ b, a @ y):
            assert isinstance(out, Tensor)
            assert out.shape == expected.shape
            np.testing.assert_allclose(out.to_numpy(), expected, rtol=1e-12, atol=1e-12)


@MATRIX_GRADIENTS
@pytest.mark.parametrize(("a_shape", "b_shape"), PRODUCTS)
def test_gradient_of_matrix_product(a_shape: tuple[int, ...], b_shape: tuple[int, ...], backend: TensorBackend) -> None:
    rng = np.random.default_rng(13)
    a, b = random_array(rng, a_shape), random_array(rng, b_shape)

    def gradients(upstream: Any) -> list[Any]:
        # A matrix that served a whole batch gets the sum of the gradients of the batch.
        return [
            unbroadcast(np.matmul(upstream, np.swapaxes(b, -1, -2)), a_shape),
            unbroadcast(np.matmul(np.swapaxes(a, -1, -2), upstream), b_shape),
        ]

    check_function(
        lambda x, y: x @ y,
        [a, b],
        np.matmul(a, b),
        gradients,
        layouts=["reversed", "rotated"],
        backend=backend,
        rng=rng,
    )


@MATRIX_GRADIENTS
def test_gradient_of_a_matrix_times_its_transpose(backend: TensorBackend) -> None:
    rng = np.random.default_rng(14)
    a = random_array(rng, (3, 4))
    check_function(
        lambda x: x @ x.permute(1, 0),
        [a],
        a @ a.T,
        lambda upstream: [(upstream + upstream.T) @ a],
        backend=backend,
        rng=rng,
    )


@MATRICES
def test_matrices_that_do_not_fit(backend: TensorBackend) -> None:
    a = minitorch.zeros(2, 3, backend=backend)
    for b in (minitorch.zeros(2, 3), minitorch.zeros(3), np.zeros((4, 3)), 2.0):
        with pytest.raises(ShapeError, match="cannot be multiplied as matrices") as error:
            a @ b
        assert f"(2, 3) @ {np.shape(b) or (1,)}" in str(error.value)


@MATRIX_GRADIENTS
@pytest.mark.parametrize("b_type", [np.float32, np.float64])
def test_matrix_product_in_single_precision(b_type: type, backend: TensorBackend) -> None:
    rng = np.random.default_rng(17)
    a, b = random_array(rng, (3, 4), np.float32), random_array(rng, (2, 4, 5), b_type)

    def gradients(upstream: Any) -> list[Any]:
        return [np.matmul(upstream, b.transpose(0, 2, 1)).sum(0), np.matmul(a.T, upstream)]

    check_function(
        lambda x, y: x @ y, [a, b], np.matmul(a, b), gradients, backend=backend, rng=rng, rtol=1e-4, atol=1e-4
    )
