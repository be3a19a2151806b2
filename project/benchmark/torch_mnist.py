"""The training of `project/run_mnist_multiclass.py` with PyTorch: the same network, data, batches and schedule.

    python -m project.benchmark.torch_mnist --variant "PyTorch channels_last"

It imports nothing of the library, whose time would otherwise be counted as PyTorch's. It saves nothing and draws no
pictures, which the script of the library does.
"""

import argparse
import sys
from typing import Any

import numpy as np

from project.benchmark import peers, workload
from project.benchmark.workload import CHANNELS_LAST, EAGER, Array


def parse(argv: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description="Train the network of the course with PyTorch.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--variant", choices=[EAGER, CHANNELS_LAST], default=EAGER, help="how images lie in memory")
    parser.add_argument("--epochs", type=int, default=workload.EPOCHS, help="passes over the training data")
    parser.add_argument("--train-size", type=int, default=60000, help="how many images to train on")
    parser.add_argument("--test-size", type=int, default=10000, help="how many images to test on")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the script and return its exit status."""
    arguments = parse(argv)
    import torch

    layout = torch.channels_last if arguments.variant == CHANNELS_LAST else torch.contiguous_format

    def to_tensors(images: Array, digits: Array) -> tuple[Any, Any]:
        pixels = torch.from_numpy(workload.to_pixels(images)).to(memory_format=layout)  # (batch, 1, 28, 28)
        return pixels, torch.from_numpy(digits.astype(np.int64))

    train_images, train_labels = (array[: arguments.train_size] for array in workload.digits("train"))
    test_images, test_labels = (array[: arguments.test_size] for array in workload.digits("t10k"))
    torch.manual_seed(workload.SEED)
    model = peers.torch_network().to(memory_format=layout)
    optimizer = torch.optim.SGD(model.parameters(), lr=workload.LEARNING_RATE, momentum=workload.MOMENTUM)
    batches = -(-len(train_labels) // workload.BATCH_SIZE)  # rounded up
    steps = arguments.epochs * batches
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - min(step / steps, 1))
    nll_loss = torch.nn.functional.nll_loss

    accuracy = 0.0
    for epoch in range(arguments.epochs):
        model.train()
        order = np.random.default_rng([workload.SEED, epoch]).permutation(len(train_labels))
        total_loss, correct = 0.0, 0
        for start in range(0, len(order), workload.BATCH_SIZE):
            chosen = order[start : start + workload.BATCH_SIZE]
            pixels, labels = to_tensors(train_images[chosen], train_labels[chosen])
            optimizer.zero_grad()
            log_probabilities = model(pixels)  # (batch, 10)
            loss = nll_loss(log_probabilities, labels)
            loss.backward()
            optimizer.step()
            schedule.step()
            total_loss += loss.item() * len(labels)
            correct += int((log_probabilities.argmax(1) == labels).sum())
        accuracy = evaluate(torch, model, to_tensors, test_images, test_labels)
        print(
            f"epoch {epoch + 1}/{arguments.epochs}   train: loss {total_loss / len(order):.4f}, "
            f"accuracy {100 * correct / len(order):.2f} %   test: accuracy {accuracy:.2f} %",
            flush=True,
        )
    print(f"test accuracy {accuracy:.2f} % after {arguments.epochs} epochs")
    return 0


def evaluate(torch: Any, model: Any, to_tensors: Any, images: Array, digits: Array) -> float:
    """The test accuracy in percent, with dropout switched off."""
    model.eval()
    correct = 0
    with torch.no_grad():
        for start in range(0, len(digits), workload.EVALUATION_BATCH):
            chosen = slice(start, start + workload.EVALUATION_BATCH)
            pixels, labels = to_tensors(images[chosen], digits[chosen])
            correct += int((model(pixels).argmax(1) == labels).sum())
    return 100 * correct / len(digits)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
