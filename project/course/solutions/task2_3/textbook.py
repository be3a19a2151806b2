"""Task 2.3 as a student may write it: one loop over all cells for each kernel, and one line for each operation."""

# minitorch/tensor_ops.py


def tensor_map(fn):
    def _map(out, out_shape, out_strides, in_storage, in_shape, in_strides):
        out_index = np.zeros(len(out_shape), np.int64)
        in_index = np.zeros(len(in_shape), np.int64)
        for place in range(len(out)):
            to_index(place, out_shape, out_index)
            broadcast_index(out_index, out_shape, in_shape, in_index)
            x = in_storage[index_to_position(in_index, in_strides)]
            out[index_to_position(out_index, out_strides)] = fn(x)

    return _map


def tensor_zip(fn):
    def _zip(out, out_shape, out_strides, a_storage, a_shape, a_strides, b_storage, b_shape, b_strides):
        out_index = np.zeros(len(out_shape), np.int64)
        a_index = np.zeros(len(a_shape), np.int64)
        b_index = np.zeros(len(b_shape), np.int64)
        for place in range(len(out)):
            to_index(place, out_shape, out_index)
            broadcast_index(out_index, out_shape, a_shape, a_index)
            broadcast_index(out_index, out_shape, b_shape, b_index)
            a = a_storage[index_to_position(a_index, a_strides)]
            b = b_storage[index_to_position(b_index, b_strides)]
            out[index_to_position(out_index, out_strides)] = fn(a, b)

    return _zip


def tensor_reduce(fn):
    def _reduce(out, out_shape, out_strides, a_storage, a_shape, a_strides, reduce_dim):
        index = np.zeros(len(out_shape), np.int64)
        for place in range(len(out)):
            to_index(place, out_shape, index)
            position = index_to_position(index, out_strides)
            total = out[position]
            for j in range(a_shape[reduce_dim]):
                index[reduce_dim] = j
                total = fn(a_storage[index_to_position(index, a_strides)], total)
            out[position] = total

    return _reduce


# minitorch/tensor_functions.py


class Mul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a.f.mul_zip(a, b)


class Sigmoid(Function):
    @staticmethod
    def forward(ctx, a):
        out = a.f.sigmoid_map(a)
        ctx.save_for_backward(out)
        return out


class ReLU(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.f.relu_map(a)


class Log(Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a.f.log_map(a)


class Exp(Function):
    @staticmethod
    def forward(ctx, a):
        out = a.f.exp_map(a)
        ctx.save_for_backward(out)
        return out


class Sum(Function):
    @staticmethod
    def forward(ctx, a, dim):
        ctx.save_for_backward(a.shape)
        return a.f.add_reduce(a, as_dim(a, dim))


class LT(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a.f.lt_zip(a, b)


class EQ(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a.f.eq_zip(a, b)


class IsClose(Function):
    @staticmethod
    def forward(ctx, a, b):
        return a.f.is_close_zip(a, b)


class Permute(Function):
    @staticmethod
    def forward(ctx, a, order):
        axes = tuple(int(i) for i in order)
        ctx.save_for_backward(axes)
        return a._new(a._tensor.permute(*axes))


# minitorch/tensor.py


class Tensor(Variable):
    def __sub__(self, b):
        return Add.apply(self, -self._ensure_tensor(b))

    def __mul__(self, b):
        return Mul.apply(self, self._ensure_tensor(b))

    def __neg__(self):
        return Neg.apply(self)

    def __lt__(self, b):
        return LT.apply(self, self._ensure_tensor(b))

    def __gt__(self, b):
        return LT.apply(self._ensure_tensor(b), self)

    def __eq__(self, b):
        return EQ.apply(self, self._ensure_tensor(b))

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
        if dim is None:
            return Sum.apply(self.contiguous().view(self.size), 0)
        return Sum.apply(self, dim)

    def mean(self, dim=None):
        count = self.size if dim is None else self.shape[dim]
        if count == 0:
            raise ShapeError("There is no mean of no numbers.")
        return self.sum(dim) / count

    def all(self, dim=None):
        if dim is None:
            return All.apply(self.contiguous().view(self.size), 0)
        return All.apply(self, dim)

    def permute(self, *order):
        return Permute.apply(self, order)

    def view(self, *shape):
        return View.apply(self, shape)

    def zero_grad_(self):
        self.grad = None
