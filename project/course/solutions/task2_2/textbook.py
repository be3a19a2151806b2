"""Task 2.2 as a student may write it: shapes aligned at the right, one pair of sizes after the other."""

# minitorch/tensor_data.py


def shape_broadcast(shape1, shape2):
    dims = max(len(shape1), len(shape2))
    left = (1,) * (dims - len(shape1)) + tuple(shape1)
    right = (1,) * (dims - len(shape2)) + tuple(shape2)
    sizes = []
    for a, b in zip(left, right):
        if a == 1:
            sizes.append(b)
        elif b == 1 or a == b:
            sizes.append(a)
        else:
            raise IndexingError(f"{shape1} and {shape2} cannot be broadcast: {a} meets {b}.")
    return tuple(sizes)


def broadcast_index(big_index, big_shape, shape, out_index):
    missing = len(big_shape) - len(shape)
    for i in range(len(shape)):
        if shape[i] == 1:
            out_index[i] = 0  # stretched: there is only one place to read
        else:
            out_index[i] = big_index[missing + i]
