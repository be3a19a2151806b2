"""Task 1.3 with a pair for every input, but no derivative for the constants."""

# minitorch/autodiff.py


class Variable:
    def chain_rule(self, d_output):
        if self.is_constant() or self.is_leaf():
            raise ValueError("nothing was computed here")
        derivatives = wrap_tuple(self.history.last_fn.backward(self.history.ctx, d_output))
        variables = list(self.parents)
        if len(derivatives) != len(variables):
            raise ValueError("one derivative for each input, please")
        wanted = [not v.is_constant() for v in variables]
        return [(v, v._fit(d) if w else None) for v, d, w in zip(variables, derivatives, wanted)]
