"""Task 2.5 as a student may write it: a layer by broadcasting, and the loss as the logarithm of a probability."""

# minitorch/layers.py


class Linear(Module):
    def forward(self, x):
        batch = x.shape[0]
        # (batch, 1, in) * (out, in) -> (batch, out, in)
        products = x.contiguous().view(batch, 1, self.in_features) * self.weight.value
        out = products.sum(2).view(batch, self.out_features)
        if self.bias is None:
            return out
        return out + self.bias.value


# project/toy.py

from minitorch import Linear


class Network(Module):
    def __init__(self, hidden, backend):
        super().__init__()
        self.layer1 = Linear(2, hidden, backend=backend)
        self.layer2 = Linear(hidden, hidden, backend=backend)
        self.layer3 = Linear(hidden, 1, backend=backend)

    def forward(self, x):
        middle = self.layer1(x).relu()
        end = self.layer2(middle).relu()
        return self.layer3(end)


class TensorToyTrain(ToyTrain):
    def build(self):
        return Network(self.hidden_layers, self.backend)

    def objective(self, data):
        logits = self.logits(data.X)
        labels = minitorch.tensor([[float(y)] for y in data.y], backend=self.backend)  # (points, 1)
        ones = logits.sigmoid()
        right = labels * ones + (1.0 - labels) * (1.0 - ones)
        loss = -right.log().mean()
        correct = 0
        for i, y in enumerate(data.y):
            says_one = logits[i, 0] > 0
            if says_one == (y == 1):
                correct += 1
        return loss, correct, len(data.y)
