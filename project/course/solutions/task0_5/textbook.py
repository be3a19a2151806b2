"""Task 0.5 as a student may write it: one line for each data set that has one."""

# project/run_manual.py


def choose_weights(dataset):
    if dataset == "Simple":
        return -1.0, 0.0, 0.5
    if dataset == "Diag":
        return -1.0, -1.0, 0.5
    raise ArgumentError(f"No straight line separates the labels of {dataset}.")


class Network(Module):
    def forward(self, x):
        x1, x2 = x
        total = self.w1.value * x1 + self.w2.value * x2 + self.bias.value
        return operators.sigmoid(total)
