"""Task 1.3 with a generator, which leaves out the constants and wraps a single derivative itself."""

# minitorch/autodiff.py


class Variable:
    def chain_rule(self, d_output):
        assert not self.is_constant()
        assert not self.is_leaf()
        derivatives = self.history.last_fn.backward(self.history.ctx, d_output)
        if not isinstance(derivatives, tuple):
            derivatives = (derivatives,)
        for variable, derivative in zip(self.parents, derivatives, strict=True):
            if not variable.is_constant():
                yield variable, variable._fit(derivative)
