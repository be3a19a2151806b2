"""Task 3.1 as a student may write it: an iteration for each cell of the output, with indices of its own."""

# minitorch/fast_ops.py

import numpy as np
from numba import prange

from .jit import broadcast_index, index_to_position, to_index


def tensor_map(fn):
    fn = njit(fn)

    def _map(out, out_shape, out_strides, in_storage, in_shape, in_strides):
        for ordinal in prange(len(out)):
            out_index = np.empty(len(out_shape), np.int64)
            in_index = np.empty(len(in_shape), np.int64)
            to_index(ordinal, out_shape, out_index)
            broadcast_index(out_index, out_shape, in_shape, in_index)
            x = in_storage[index_to_position(in_index, in_strides)]
            out[index_to_position(out_index, out_strides)] = fn(x)

    return njit(_map, parallel=True, calls=fn)


def tensor_zip(fn):
    fn = njit(fn)

    def _zip(out, out_shape, out_strides, a_storage, a_shape, a_strides, b_storage, b_shape, b_strides):
        for ordinal in prange(len(out)):
            out_index = np.empty(len(out_shape), np.int64)
            a_index = np.empty(len(a_shape), np.int64)
            b_index = np.empty(len(b_shape), np.int64)
            to_index(ordinal, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            broadcast_index(out_index, out_shape, b_shape, b_index)
            x = a_storage[index_to_position(a_index, a_strides)]
            y = b_storage[index_to_position(b_index, b_strides)]
            out[index_to_position(out_index, out_strides)] = fn(x, y)

    return njit(_zip, parallel=True, calls=fn)


def tensor_reduce(fn):
    fn = njit(fn)

    def _reduce(out, out_shape, out_strides, a_storage, a_shape, a_strides, reduce_dim):
        length, step = a_shape[reduce_dim], a_strides[reduce_dim]
        for ordinal in prange(len(out)):
            index = np.empty(len(out_shape), np.int64)
            to_index(ordinal, out_shape, index)
            place = index_to_position(index, out_strides)
            first = index_to_position(index, a_strides)  # the output has index 0 in the folded dimension
            accumulated = out[place]
            for j in range(length):
                accumulated = fn(a_storage[first + j * step], accumulated)
            out[place] = accumulated

    return njit(_reduce, parallel=True, calls=fn)
