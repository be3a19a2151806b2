"""Task 1.4 with two sets of marks, and with a backpropagation that hands leaves their derivatives part by part."""

# minitorch/autodiff.py


def topological_sort(variable):
    order = []
    entered, left = set(), set()
    stack = [variable]
    while stack:
        v = stack[-1]
        if v.is_constant() or v.unique_id in left:
            stack.pop()
        elif v.unique_id in entered:
            left.add(v.unique_id)
            order.insert(0, v)
            stack.pop()
        else:
            entered.add(v.unique_id)
            stack.extend(v.parents)
    return order


def backpropagate(variable, deriv):
    if variable.is_leaf():
        variable.accumulate_derivative(deriv)
        return
    sums = {variable.unique_id: deriv}
    for v in topological_sort(variable):
        if v.is_leaf():
            continue
        for parent, part in v.chain_rule(sums[v.unique_id]):
            if parent.is_leaf():
                parent.accumulate_derivative(part)
            elif not parent.is_constant():
                known = sums.get(parent.unique_id)
                sums[parent.unique_id] = part if known is None else known + part


# minitorch/scalar_functions.py


class Mul(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        a, b = ctx.saved_tensors
        return operators.mul(b, d_output), operators.mul(a, d_output)


class Inv(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return -d_output / a**2


class Neg(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return operators.neg(d_output)


class Sigmoid(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        out = ctx.saved_values[0]
        return d_output * (out - out**2)


class ReLU(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        a = ctx.saved_values[0]
        return d_output if a >= 0 else 0.0


class Exp(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return ctx.saved_values[0] * d_output


class LT(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return (0.0,) * 2


class EQ(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return (0.0,) * 2
