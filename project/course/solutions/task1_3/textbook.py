"""Task 1.3 as a student may write it: the function is asked for its derivatives, and each goes with its input."""

# minitorch/autodiff.py


class Variable:
    def chain_rule(self, d_output):
        history = self.history
        if history is None or history.last_fn is None:
            raise GraphError("The chain rule needs a variable that a Function computed.")
        derivatives = history.last_fn._backward(history.ctx, d_output)
        if len(derivatives) != len(history.inputs):
            raise GraphError(f"{history.last_fn.__name__}.backward returned a wrong number of derivatives.")
        pairs = []
        for variable, derivative in zip(history.inputs, derivatives):
            if derivative is not None:
                derivative = variable._fit(derivative)
            pairs.append((variable, derivative))
        return pairs
