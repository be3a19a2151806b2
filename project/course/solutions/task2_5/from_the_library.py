"""Task 2.5 with the loss that the library has, and a layer that adds up along the first dimension."""

# minitorch/layers.py


class Linear(Module):
    def forward(self, x):
        batch = x.shape[0]
        weight = self.weight.value.permute(1, 0)  # (in, out)
        rows = x.permute(1, 0).contiguous().view(self.in_features, batch, 1)
        spread = weight.contiguous().view(self.in_features, 1, self.out_features)
        out = (rows * spread).sum(0)  # (in, batch, out) -> (1, batch, out)
        if self.bias is not None:
            out = self.bias.value + out
        return out.view(batch, self.out_features)


# project/toy.py

import numpy as np

from minitorch import Linear, ReLU


class TwoHiddenLayers(Module):
    def __init__(self, backend, hidden):
        super().__init__()
        self.end = Linear(hidden, 1, backend=backend)
        self.middle = Linear(hidden, hidden, backend=backend)
        self.start = Linear(2, hidden, backend=backend)
        self.relu = ReLU()

    def forward(self, x):
        return self.end(self.relu(self.middle(self.relu(self.start(x)))))


class TensorToyTrain(ToyTrain):
    def build(self):
        return TwoHiddenLayers(self.backend, self.hidden_layers)

    def objective(self, data):
        labels = np.array(data.y, dtype=float)[:, None]
        logits = self.logits(data.X)
        loss = minitorch.binary_cross_entropy_with_logits(logits, labels)
        right = (logits.to_numpy() > 0) == (labels == 1)
        return loss, right.sum(), data.N
