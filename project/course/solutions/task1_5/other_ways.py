"""Task 1.5 with sums over lists, an optimizer that forgets at the end of a step, and one formula for both labels."""

# minitorch/layers.py


class ScalarLinear(Module):
    def forward(self, inputs):
        products = [[x * w.value for w in row] for x, row in zip(inputs, self.weights)]
        return [sum(column, bias.value) for column, bias in zip(zip(*products), self.biases)]


# minitorch/optim.py


class Optimizer:
    def zero_grad(self):
        for parameter in self.parameters:
            if hasattr(parameter.value, "derivative"):
                parameter.value.derivative = 0.0
            if getattr(parameter.value, "grad", None) is not None:
                parameter.value.grad = None

    def step(self):
        for number, parameter in enumerate(self.parameters):
            old = parameter.value
            found = getattr(old, "derivative", None) if hasattr(old, "derivative") else getattr(old, "grad", None)
            if found is not None:
                numbers = np.array(old)
                way = self.lr * self._direction(numbers, np.array(found), self.memory[number])
                parameter.update(old.like(numbers - way))


class SGD(Optimizer):
    def _direction(self, value, gradient, memory):
        direction = np.array(gradient)
        if self.weight_decay != 0:
            direction += self.weight_decay * value
        if self.momentum != 0:
            if "velocity" in memory:
                direction += self.momentum * memory["velocity"]
            memory["velocity"] = direction.copy()
        return direction


# project/training.py


def train_epoch(batches, objective, optimizer, schedule=None, totals=None):
    totals = Totals() if totals is None else totals
    for batch in batches:
        loss, correct, count = objective(batch)
        totals.count += count
        totals.correct += correct
        totals.loss += count * float(loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule:
            schedule.step()
        yield totals


# project/run_scalar.py

from minitorch import Sequential


class Network(Module):
    def __init__(self, hidden_layers):
        super().__init__()
        sizes = [2, hidden_layers, hidden_layers, 1]
        self.layers = Sequential(*[ScalarLinear(n, m, wrap=Scalar) for n, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        for number in range(3):
            x = self.layers[number](x)
            if number < 2:
                x = [h.relu() for h in x]
        return x[0].sigmoid()


class ScalarTrain(ToyTrain):
    def objective(self, data):
        losses, correct = [], 0
        for (x1, x2), y in zip(data.X, data.y):
            p = self.model((Scalar(x1), Scalar(x2)))
            losses.append(-(y * p.log() + (1 - y) * (1 + -p).log()))
            correct += (p.data > 0.5) == (y == 1)
        return sum(losses) * (1 / data.N), correct, data.N
