"""Task 1.5 with Scalars that are changed in place, a loop that forgets gradients last, and means of scaled losses."""

# minitorch/layers.py


class ScalarLinear(Module):
    def forward(self, inputs):
        outputs = [0.0] * len(self.biases)
        for x, row in zip(inputs, self.weights):
            for j, weight in enumerate(row):
                outputs[j] = outputs[j] + weight.value * x
        return [output + bias.value for output, bias in zip(outputs, self.biases)]


# minitorch/optim.py

from .scalar import Scalar

class Optimizer:
    def zero_grad(self):
        for parameter in self.parameters:
            for name in ("derivative", "grad"):
                if hasattr(parameter.value, name):
                    setattr(parameter.value, name, None)

    def step(self):
        for parameter, memory in zip(self.parameters, self.memory):
            value = parameter.value
            if isinstance(value, Scalar):
                if value.derivative is not None:
                    numbers = np.array([value.data])
                    direction = self._direction(numbers, np.array([value.derivative]), memory)
                    value.data -= self.lr * float(direction[0])
                    value.derivative = None
            elif value.grad is not None:
                direction = self._direction(value.numbers(), value.grad.numbers(), memory)
                parameter.update(value.like(value.numbers() - self.lr * direction))


class SGD(Optimizer):
    def _direction(self, value, gradient, memory):
        memory.setdefault("velocity", np.zeros_like(gradient))
        memory["velocity"] = self.weight_decay * value + gradient + self.momentum * memory["velocity"]
        return memory["velocity"].copy()


# project/training.py


def train_epoch(batches, objective, optimizer, schedule=None, totals=None):
    if totals is None:
        totals = Totals(0.0, 0, 0)
    for batch in batches:
        mean, correct, count = objective(batch)
        mean.backward()
        optimizer.step()
        optimizer.zero_grad()
        if schedule is not None:
            schedule.step()
        totals.loss, totals.correct = totals.loss + float(mean) * count, totals.correct + correct
        totals.count = totals.count + count
        yield totals


# project/run_scalar.py


class Network(Module):
    def __init__(self, hidden_layers):
        super().__init__()
        self.into = ScalarLinear(2, hidden_layers, Scalar)
        self.across = ScalarLinear(hidden_layers, hidden_layers, Scalar)
        self.out = ScalarLinear(hidden_layers, 1, Scalar)

    def forward(self, x):
        x = self.into.forward(x)
        x = self.across.forward([h.relu() for h in x])
        x = self.out.forward([h.relu() for h in x])
        return x[0].sigmoid()


class ScalarTrain(ToyTrain):
    def objective(self, data):
        count = len(data.y)
        total, hits = 0.0, 0
        for x, y in zip(data.X, data.y):
            p = self.run_one(x)
            error = (p if y else -p + 1).log() * (-1 / count)
            total = error + total
            hits += round(p.data) == y
        return total, hits, count
