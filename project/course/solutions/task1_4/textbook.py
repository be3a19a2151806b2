"""Task 1.4 as a student may write it: a depth-first walk with a stack of its own, then one pass in its order."""

# minitorch/autodiff.py


def topological_sort(variable):
    if variable.is_constant():
        return []
    finished = []
    seen = {variable.unique_id}
    # Each entry is a variable, and those of its parents that are still to be visited.
    stack = [(variable, iter(variable.parents))]
    while stack:
        v, parents = stack[-1]
        for parent in parents:
            if not parent.is_constant() and parent.unique_id not in seen:
                seen.add(parent.unique_id)
                stack.append((parent, iter(parent.parents)))
                break
        else:  # all parents are done
            finished.append(v)
            stack.pop()
    return finished[::-1]


def backpropagate(variable, deriv):
    derivatives = {variable.unique_id: deriv}
    for v in topological_sort(variable):
        derivative = derivatives[v.unique_id]
        if v.is_leaf():
            v.accumulate_derivative(derivative)
            continue
        for parent, part in v.chain_rule(derivative):
            if parent.is_constant():
                continue
            if parent.unique_id in derivatives:
                part = derivatives[parent.unique_id] + part
            derivatives[parent.unique_id] = part


# minitorch/scalar_functions.py


class Mul(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        a, b = ctx.saved_values
        return b * d_output, a * d_output


class Inv(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return operators.inv_back(a, d_output)


class Neg(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return -d_output


class Sigmoid(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (out,) = ctx.saved_values
        return out * (1.0 - out) * d_output


class ReLU(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (a,) = ctx.saved_values
        return operators.relu_back(a, d_output)


class Exp(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        (out,) = ctx.saved_values
        return d_output * out


class LT(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return 0.0, 0.0  # the two inputs of "less"


class EQ(ScalarFunction):
    @staticmethod
    def backward(ctx, d_output):
        return 0.0, 0.0  # the two inputs of "equal"
