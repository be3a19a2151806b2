"""Task 0.4 in another way: what is below comes first, names are handed down, and shared parameters are listed once."""

# minitorch/module.py


def collect(module, path, found):
    for name, child in module.__dict__["_modules"].items():
        collect(child, [*path, name], found)
    for name, parameter in module.__dict__["_parameters"].items():
        found.append([".".join([*path, name]), parameter])


def switch(module, training):
    for child in module.__dict__["_modules"].values():
        switch(child, training)
    module.__dict__["training"] = training


class Module:
    def train(self):
        switch(self, True)
        return self

    def eval(self):
        switch(self, False)
        return self

    def named_parameters(self):
        found = []
        collect(self, [], found)
        return found

    def parameters(self):
        once = []
        for _, parameter in self.named_parameters():
            if all(parameter is not other for other in once):
                once.append(parameter)
        return once
