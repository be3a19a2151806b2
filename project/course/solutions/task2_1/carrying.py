"""Task 2.1 with carrying, as in long division; and a permutation found by putting each dimension into its new place."""

# minitorch/tensor_data.py


def index_to_position(index, strides):
    position = 0
    for i in range(len(strides) - 1, -1, -1):
        position = position + strides[i] * index[i]
    return position


def to_index(ordinal, shape, out_index):
    carry = ordinal
    dim = len(shape)
    while dim > 0:
        dim -= 1
        carry, out_index[dim] = divmod(carry, shape[dim])


class TensorData:
    def permute(self, *order):
        if len(order) != self.dims or set(order) != set(range(self.dims)):
            raise ValueError(f"{order} does not name each dimension once")
        shape, strides = [0] * self.dims, [0] * self.dims
        for new, old in enumerate(order):
            shape[new], strides[new] = self.shape[old], self.strides[old]
        return TensorData(self._storage, tuple(shape), tuple(strides))
