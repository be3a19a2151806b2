"""Task 2.2 with what NumPy knows about broadcasting, and with remainders: every number divided by 1 leaves 0."""

# minitorch/tensor_data.py


def shape_broadcast(shape1, shape2):
    try:
        return np.broadcast_shapes(tuple(shape1), tuple(shape2))
    except ValueError as error:
        raise IndexingError(str(error)) from error


def broadcast_index(big_index, big_shape, shape, out_index):
    dims = len(shape)
    out_index[:dims] = big_index[len(big_shape) - dims : len(big_shape)] % shape
