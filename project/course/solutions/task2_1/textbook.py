"""Task 2.1 as a student may write it: sums of products, remainders, and two tuples in another order."""

# minitorch/tensor_data.py


def index_to_position(index, strides):
    position = 0
    for i, stride in zip(index, strides):
        position += i * stride
    return position


def to_index(ordinal, shape, out_index):
    rest = ordinal
    for i in range(len(shape) - 1, -1, -1):  # the last dimension changes fastest
        out_index[i] = rest % shape[i]
        rest = rest // shape[i]


class TensorData:
    def permute(self, *order):
        if sorted(order) != list(range(len(self.shape))):
            raise ShapeError(f"The order {order} does not name each dimension of the shape {self.shape} once.")
        shape = tuple(self.shape[i] for i in order)
        strides = tuple(self.strides[i] for i in order)
        return TensorData(self._storage, shape, strides)
