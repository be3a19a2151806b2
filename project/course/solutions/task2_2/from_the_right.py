"""Task 2.2, both functions from the last dimension on; an index too large for a stretched dimension is cut down."""

# minitorch/tensor_data.py


def shape_broadcast(shape1, shape2):
    sizes = []
    for place in range(1, max(len(shape1), len(shape2)) + 1):
        pair = {shape[-place] for shape in (shape1, shape2) if place <= len(shape)}
        pair.discard(1)
        if len(pair) > 1:
            raise BroadcastError(f"{shape1} and {shape2} differ in the dimension that is number {place} from the right")
        sizes.insert(0, pair.pop() if pair else 1)
    return tuple(sizes)


def broadcast_index(big_index, big_shape, shape, out_index):
    big, small = len(big_shape), len(shape)
    while small > 0:
        big -= 1
        small -= 1
        out_index[small] = min(big_index[big], shape[small] - 1)
