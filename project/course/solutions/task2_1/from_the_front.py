"""Task 2.1, from the first dimension on: how many cells a step along it skips, says how many steps to make."""

# minitorch/tensor_data.py


def index_to_position(index, strides):
    return int((index * strides).sum())


def to_index(ordinal, shape, out_index):
    rest = ordinal
    skipped = 1
    for size in shape:
        skipped *= size
    for i in range(len(shape)):
        skipped = skipped // shape[i]
        out_index[i] = rest // skipped
        rest = rest - out_index[i] * skipped


class TensorData:
    def permute(self, *order):
        assert list(sorted(order)) == list(range(len(self.shape))), f"{order} is no order of {self.dims} dimensions"
        axes = list(order)
        # The shape and the strides as arrays can be picked from all at once.
        shape, strides = self._shape[axes], self._strides[axes]
        return TensorData(self._storage, tuple(shape.tolist()), tuple(strides.tolist()))
