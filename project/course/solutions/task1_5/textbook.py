"""Task 1.5 as a student may write it: the layer, the optimizer, the loop, the network and its loss, one line a step."""

# minitorch/layers.py


class ScalarLinear(Module):
    def forward(self, inputs):
        outputs = []
        for j in range(len(self.biases)):
            total = self.biases[j].value
            for i, x in enumerate(inputs):
                total = total + x * self.weights[i][j].value
            outputs.append(total)
        return outputs


# minitorch/optim.py


class Optimizer:
    def zero_grad(self):
        for parameter in self.parameters:
            value = parameter.value
            if hasattr(value, "derivative"):  # a Scalar
                value.derivative = None
            else:  # a tensor
                value.grad = None

    def step(self):
        for parameter, memory in zip(self.parameters, self.memory):
            value = parameter.value
            if hasattr(value, "derivative"):  # a Scalar
                gradient = None if value.derivative is None else np.array(value.derivative)
            else:  # a tensor
                gradient = None if value.grad is None else value.grad.numbers()
            if gradient is None:
                continue
            direction = self._direction(value.numbers(), gradient, memory)
            parameter.update(value.like(value.numbers() - self.lr * direction))


class SGD(Optimizer):
    def _direction(self, value, gradient, memory):
        pull = gradient + self.weight_decay * value
        velocity = self.momentum * memory.get("velocity", 0.0) + pull
        memory["velocity"] = velocity
        return velocity


# project/training.py


def train_epoch(batches, objective, optimizer, schedule=None, totals=None):
    if totals is None:
        totals = Totals()
    for batch in batches:
        optimizer.zero_grad()
        loss, correct, count = objective(batch)
        loss.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
        totals.loss += float(loss) * count
        totals.correct += correct
        totals.count += count
        yield totals


# project/run_scalar.py


class Network(Module):
    def __init__(self, hidden_layers):
        super().__init__()
        self.layer1 = ScalarLinear(2, hidden_layers, Scalar)
        self.layer2 = ScalarLinear(hidden_layers, hidden_layers, Scalar)
        self.layer3 = ScalarLinear(hidden_layers, 1, Scalar)

    def forward(self, x):
        first = [h.relu() for h in self.layer1(x)]
        second = [h.relu() for h in self.layer2(first)]
        (out,) = self.layer3(second)
        return out.sigmoid()


class ScalarTrain(ToyTrain):
    def objective(self, data):
        loss, correct = Scalar(0.0), 0
        for x, y in zip(data.X, data.y):
            probability = self.run_one(x)
            right = probability if y == 1 else 1.0 - probability
            loss = loss - right.log()
            if right.data > 0.5:
                correct += 1
        return loss / len(data.X), correct, len(data.X)
