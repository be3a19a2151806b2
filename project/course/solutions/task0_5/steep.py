"""Task 0.5 in another way: steep lines from a table, the network as a loop, and a sigmoid of its own."""

# project/run_manual.py

import math

LINES = {"Simple": [-1000, 0, 500], "Diag": [-64, -64, 32]}


class NotSeparable(ArgumentError):
    pass


def choose_weights(dataset):
    try:
        return LINES[dataset]
    except KeyError:
        raise NotSeparable(dataset) from None


class Network(Module):
    def forward(self, x):
        total = self.bias.value
        for name, coordinate in zip(("w1", "w2"), x):
            total += coordinate * getattr(self, name).value
        return (1 + math.tanh(total / 2)) / 2
