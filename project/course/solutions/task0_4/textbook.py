"""Task 0.4 as a student may write it: each module does its own part, and asks those below it to do the same."""

# minitorch/module.py


class Module:
    def train(self):
        self.training = True
        for child in self.modules():
            child.train()

    def eval(self):
        self.training = False
        for child in self.modules():
            child.eval()

    def named_parameters(self):
        found = []
        for name, parameter in self._parameters.items():
            found.append((name, parameter))
        for child_name, child in self._modules.items():
            for name, parameter in child.named_parameters():
                found.append((f"{child_name}.{name}", parameter))
        return found

    def parameters(self):
        return [parameter for _, parameter in self.named_parameters()]
