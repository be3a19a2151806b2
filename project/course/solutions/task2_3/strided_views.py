"""Task 2.3 with NumPy's own view of strided storage; and with operations that are made of each other."""

# minitorch/tensor_ops.py


def view_of(storage, shape, strides):
    """The storage as an array of this shape; writing into the array writes into the storage."""
    steps = [int(stride) * storage.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(storage, tuple(int(size) for size in shape), steps)


def tensor_map(fn):
    def _map(out, out_shape, out_strides, in_storage, in_shape, in_strides):
        result = view_of(out, out_shape, out_strides)
        x = np.broadcast_to(view_of(in_storage, in_shape, in_strides), result.shape)
        for cell in np.ndindex(*result.shape):
            result[cell] = fn(x[cell])

    return _map


def tensor_zip(fn):
    def _zip(out, out_shape, out_strides, a_storage, a_shape, a_strides, b_storage, b_shape, b_strides):
        result = view_of(out, out_shape, out_strides)
        a, b = np.broadcast_arrays(view_of(a_storage, a_shape, a_strides), view_of(b_storage, b_shape, b_strides))
        for cell in np.ndindex(*result.shape):
            result[cell] = fn(a[cell], b[cell])

    return _zip


def tensor_reduce(fn):
    def _reduce(out, out_shape, out_strides, a_storage, a_shape, a_strides, reduce_dim):
        result = np.moveaxis(view_of(out, out_shape, out_strides), reduce_dim, 0)[0:1]
        a = np.moveaxis(view_of(a_storage, a_shape, a_strides), reduce_dim, 0)
        # The input in layers, one for each place along the dimension.
        for layer in a:
            for cell in np.ndindex(*layer.shape):
                result[(0, *cell)] = fn(layer[cell], result[(0, *cell)])

    return _reduce


# minitorch/tensor_functions.py


class Mul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return b.f.mul_zip(a, b)


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a.f.sigmoid_map(a))
        return a.f.sigmoid_map(a)


class ReLU(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        positive = a.f.lt_zip(a._ensure_tensor(0.0), a)
        return a.f.mul_zip(a, positive)


class Log(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.f.log_map(a, a.zeros())


class Exp(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a.f.exp_map(a))
        return a.f.exp_map(a)


class Sum(Function):
    @staticmethod
    def forward(ctx, a, dim):
        ctx.save_for_backward(a.shape)
        return a.f.add_reduce(a, dim)


class LT(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a.f.lt_zip(a, b)


class EQ(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        # Equal is what is smaller on neither side.
        unequal = a.f.add_zip(a.f.lt_zip(a, b), a.f.lt_zip(b, a))
        return a.f.lt_zip(unequal, a._ensure_tensor(0.5))


class IsClose(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a.f.is_close_zip(b, a)


class Permute(Function):
    @staticmethod
    def forward(ctx, a, order):
        ctx.save_for_backward(tuple(order))
        shape = [a.shape[i] for i in order]
        strides = [a._tensor.strides[i] for i in order]
        return type(a).make(a._tensor._storage, shape, strides, a.backend)


# minitorch/tensor.py


class Tensor(Variable):
    def __sub__(self, b):
        return self + self._ensure_tensor(b) * -1.0

    def __mul__(self, b):
        return Mul.apply(self._ensure_tensor(b), self)

    def __neg__(self):
        return self * -1.0

    def __lt__(self, b):
        return self._ensure_tensor(b) > self

    def __gt__(self, b):
        b = self._ensure_tensor(b)
        return LT.apply(b, self)

    def __eq__(self, b):
        return EQ.apply(self._ensure_tensor(b), self)

    def is_close(self, y):
        return IsClose.apply(self, self._ensure_tensor(y))

    def sigmoid(self):
        return Sigmoid.apply(self)

    def relu(self):
        return ReLU.apply(self)

    def log(self):
        return Log.apply(self)

    def exp(self):
        return Exp.apply(self)

    def sum(self, dim=None):
        if dim is not None:
            return Sum.apply(self, dim)
        total = self
        for dim in range(self.dims):
            total = Sum.apply(total, dim)
        return total.view(1)

    def mean(self, dim=None):
        count = self.size if dim is None else self.shape[dim]
        assert count > 0, "no numbers to take the mean of"
        return self.sum(dim) * (1.0 / count)

    def all(self, dim=None):
        if dim is not None:
            return All.apply(self, dim)
        found = self
        for dim in range(self.dims):
            found = All.apply(found, dim)
        return found.view(1)

    def permute(self, *order):
        return Permute.apply(self, order)

    def view(self, *shape):
        return View.apply(self, shape)

    def zero_grad_(self):
        self.grad = None
