"""Task 2.5 with the batch and the inputs in front, and a loss of one row."""

# minitorch/layers.py


class Linear(Module):
    def forward(self, x):
        batch = x.shape[0]
        # (batch, in, 1) * (1, in, out) -> (batch, in, out)
        columns = self.weight.value.permute(1, 0).contiguous().view(1, self.in_features, self.out_features)
        products = x.contiguous().view(batch, self.in_features, 1) * columns
        out = products.sum(1).view(batch, self.out_features)
        return out + self.bias.value.view(1, self.out_features) if self.bias is not None else out


# project/toy.py

from minitorch import Linear


class Network(Module):
    def __init__(self, width, backend):
        super().__init__()
        for number, (inputs, outputs) in enumerate([(2, width), (width, width), (width, 1)]):
            setattr(self, f"linear{number}", Linear(inputs, outputs, True, backend))

    def forward(self, x):
        first, *others = self.modules()
        x = first(x)
        for layer in others:
            x = layer(x.relu())
        return x


class TensorToyTrain(ToyTrain):
    def build(self):
        return Network(self.hidden_layers, self.backend)

    def objective(self, data):
        count = len(data.X)
        y = minitorch.tensor(data.y, backend=self.backend)
        out = self.model(minitorch.tensor([list(x) for x in data.X], backend=self.backend)).view(count).sigmoid()
        probability = (out * y) + (out - 1.0) * (y - 1.0)
        loss = (-probability.log() / count).sum().view(1)
        correct = ((out.detach() > 0.5) == y).sum()[0]
        return loss, int(correct), count
