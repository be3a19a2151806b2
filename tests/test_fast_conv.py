"""Convolution: kernels and Functions, in one and two dimensions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch

from . import oracles
from .checks import LAYOUTS, check_function, random_array, seeds


@pytest.mark.task4_1
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@given(data=st.data(), seed=seeds())
def test_conv1d_value_and_gradients(dtype: type, data: st.DataObject, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sizes = st.integers(1, 7)
    batch, channels, out_channels, width, k = [data.draw(sizes) for _ in range(5)]
    input = random_array(rng, (batch, channels, width), dtype)
    weight = random_array(rng, (out_channels, channels, k), dtype)
    check_function(
        minitorch.conv1d,
        [input, weight],
        oracles.conv1d(input, weight),
        lambda upstream: oracles.conv1d_gradients(input, weight, upstream),
        layouts=[data.draw(st.sampled_from(LAYOUTS)) for _ in range(2)],
        rng=rng,
        rtol=1e-9 if dtype is np.float64 else 1e-4,
        atol=1e-11 if dtype is np.float64 else 1e-3,
    )
