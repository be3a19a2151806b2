"""The layers that models are built from: modules that own their weights, or just know a setting.

Weights start from the uniform distribution between -1/sqrt(n) and 1/sqrt(n), where n is the number of inputs that
one output is computed from (LeCun et al., "Efficient BackProp", 1998, in the form that PyTorch uses). So the outputs
of a layer neither grow nor vanish with its size.
"""

import math
import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from . import nn
from .creation import draw_uniform, randn, tensor
from .errors import ArgumentError, ShapeError, explain
from .fast_conv import conv1d, conv2d
from .fast_embedding import check_padding, embedding
from .module import Module, Parameter
from .tensor import Tensor
from .tensor_ops import SimpleBackend, TensorBackend


def _check_positive(owner: Module, **sizes: int) -> None:
    """Refuse a layer without inputs, outputs or window."""
    for name, size in sizes.items():
        if not isinstance(size, (int, np.integer)) or isinstance(size, bool) or size < 1:
            raise ArgumentError(
                explain(
                    f"{type(owner).__name__} cannot be built with {name}={size!r}.",
                    got=f"{name}={size!r}",
                    expected="a whole number of at least 1",
                    fix=f"correct {name}",
                )
            )


def _uniform(shape: Sequence[int], inputs: int, backend: TensorBackend, dtype: npt.DTypeLike | None) -> Parameter:
    """A parameter drawn between -1/sqrt(inputs) and 1/sqrt(inputs)."""
    numbers = (2 * draw_uniform(math.prod(shape)) - 1) / math.sqrt(inputs)
    return Parameter(tensor(numbers.reshape(shape), backend, dtype=dtype))


class Linear(Module):
    """Every output is a weighted sum of all inputs, plus a bias: y = x @ weight^T + bias.

    Args:
        in_features: The number of inputs.
        out_features: The number of outputs.
        bias: Whether to add a bias.
        backend: The backend of the weights.
        dtype: The type of the weights, float64 or float32.

    Attributes:
        weight: Of shape (out_features, in_features).
        bias: Of shape (out_features,), or None.

    Raises:
        ArgumentError: A size is no whole number of at least 1.
        ShapeError: In `forward`, the input has fewer than two dimensions, or not in_features cells in the last.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.Linear(2, 3)
        >>> layer.weight.value.shape, layer.bias.value.shape
        ((3, 2), (3,))
        >>> layer(minitorch.zeros(5, 2)).shape
        (5, 3)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        backend: TensorBackend = SimpleBackend,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        super().__init__()
        _check_positive(self, in_features=in_features, out_features=out_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = _uniform((out_features, in_features), in_features, backend, dtype)
        self.bias = _uniform((out_features,), in_features, backend, dtype) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_features) becomes (batch, out_features); further leading dimensions are kept."""
        if x.dims < 2 or x.shape[-1] != self.in_features:
            raise ShapeError(
                explain(
                    f"{self!r} cannot take this input.",
                    got=f"input {x.shape}",
                    expected=f"input (batch, {self.in_features})",
                    fix="use Flatten() or .view(batch, features) before it, or correct in_features",
                )
            )
        out = x @ self.weight.value.permute(1, 0)  # (batch, in) @ (in, out) -> (batch, out)
        return out if self.bias is None else out + self.bias.value

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_features}, {self.out_features}"


class _Conv(Module):
    """What the convolution layers share: checks, weights, and the bias of one number per output channel."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        window: tuple[int, ...],
        bias: bool,
        backend: TensorBackend,
        dtype: npt.DTypeLike | None,
    ) -> None:
        super().__init__()
        _check_positive(self, in_channels=in_channels, out_channels=out_channels)
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, window
        inputs = in_channels * math.prod(window)
        self.weight = _uniform((out_channels, in_channels, *window), inputs, backend, dtype)
        # The trailing sizes of 1 line the bias up with the channels, and broadcast it over all places.
        bias_shape = (out_channels, *[1] * len(window))
        self.bias = _uniform(bias_shape, inputs, backend, dtype) if bias else None

    def _add_bias(self, out: Tensor) -> Tensor:
        return out if self.bias is None else out + self.bias.value

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}"


class Conv1d(_Conv):
    """Slides windows over sequences; anchored at the left, with zeros past the right end, so the width stays.

    Args:
        in_channels: The number of channels of the input.
        out_channels: The number of channels of the output: one window of weights for each.
        kernel_size: The width of the window.
        bias: Whether to add a bias to each output channel.
        backend: The backend of the weights.
        dtype: The type of the weights, float64 or float32.

    Attributes:
        weight: Of shape (out_channels, in_channels, kernel_size).
        bias: Of shape (out_channels, 1), or None.

    Raises:
        ArgumentError: A number of channels is no whole number of at least 1.
        ShapeError: The width of the window is no whole number of at least 1.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.Conv1d(2, 3, kernel_size=4)
        >>> layer.weight.value.shape, layer.bias.value.shape
        ((3, 2, 4), (3, 1))
        >>> layer(minitorch.zeros(5, 2, 6)).shape
        (5, 3, 6)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        bias: bool = True,
        backend: TensorBackend = SimpleBackend,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, nn.as_width(kernel_size), bias, backend, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_channels, width) becomes (batch, out_channels, width)."""
        return self._add_bias(conv1d(x, self.weight.value))


class Conv2d(_Conv):
    """Slides windows over images; anchored at the top left, with zeros past right and bottom, so the size stays.

    Args:
        in_channels: The number of channels of the input.
        out_channels: The number of channels of the output: one window of weights for each.
        kernel_size: Height and width of the window; one number stands for both.
        bias: Whether to add a bias to each output channel.
        backend: The backend of the weights.
        dtype: The type of the weights, float64 or float32.

    Attributes:
        weight: Of shape (out_channels, in_channels, k_height, k_width).
        bias: Of shape (out_channels, 1, 1), or None.

    Raises:
        ArgumentError: A number of channels is no whole number of at least 1.
        ShapeError: The window does not have a height and a width of at least 1.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.Conv2d(2, 5, (3, 4))
        >>> layer.weight.value.shape, layer.bias.value.shape
        ((5, 2, 3, 4), (5, 1, 1))
        >>> layer(minitorch.zeros(1, 2, 6, 7)).shape
        (1, 5, 6, 7)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | Sequence[int],
        bias: bool = True,
        backend: TensorBackend = SimpleBackend,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, nn.as_pair(kernel_size), bias, backend, dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, in_channels, height, width) becomes (batch, out_channels, height, width)."""
        return self._add_bias(conv2d(x, self.weight.value))


class Embedding(Module):
    """Looks up the row of each word in a table that is learned.

    The numbers of a row start from the normal distribution with mean 0, for a word has no inputs to be scaled by.

    Args:
        num_embeddings: The number of words.
        embedding_dim: How many numbers a word has.
        padding_idx: A number that stands for no word, but fills up short sentences. Its row starts as zeros, and gets
            no gradient.
        std: The standard deviation of the first numbers.
        backend: The backend of the weights.
        dtype: The type of the weights, float64 or float32.

    Attributes:
        weight: Of shape (num_embeddings, embedding_dim).

    Raises:
        ArgumentError: A size, the padding or the standard deviation is out of range.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.Embedding(10, 2, padding_idx=0)
        >>> layer([[3, 1, 4], [1, 5, 0]]).shape
        (2, 3, 2)
        >>> layer([0])
        tensor([[0., 0.]], shape=(1, 2), requires_grad=True)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        std: float = 1.0,
        backend: TensorBackend = SimpleBackend,
        dtype: npt.DTypeLike | None = None,
    ) -> None:
        super().__init__()
        _check_positive(self, num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        check_padding(padding_idx, num_embeddings)
        if not 0 <= std < math.inf:
            raise ArgumentError(
                explain(
                    f"{type(self).__name__} cannot be built with std={std}.",
                    got=f"std={std}",
                    expected="a finite number of at least 0",
                    fix="choose a standard deviation such as 1.0 or 0.1",
                )
            )
        self.num_embeddings, self.embedding_dim, self.padding_idx = num_embeddings, embedding_dim, padding_idx
        numbers = std * randn(num_embeddings, embedding_dim).numbers()
        if padding_idx is not None:
            numbers[padding_idx] = 0
        self.weight = Parameter(tensor(numbers, backend, dtype=dtype))

    def forward(self, x: Any) -> Tensor:
        """Whole numbers from 0 to num_embeddings - 1, of any shape (...), become (..., embedding_dim)."""
        return embedding(x, self.weight.value, self.padding_idx)

    def extra_repr(self) -> str:
        """The sizes."""
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings}, {self.embedding_dim}{padding}"


class ReLU(Module):
    """max(x, 0), cell by cell.

    Examples:
        >>> import minitorch
        >>> minitorch.ReLU()(minitorch.tensor([-1, 2]))
        tensor([0., 2.], shape=(2,))
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; it stays."""
        return x.relu()


class Sigmoid(Module):
    """1 / (1 + e^-x), cell by cell.

    Examples:
        >>> import minitorch
        >>> minitorch.Sigmoid()(minitorch.tensor([-1000, 0, 1000]))
        tensor([0. , 0.5, 1. ], shape=(3,))
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; it stays."""
        return x.sigmoid()


class LogSoftmax(Module):
    """The logarithm of the probabilities that softmax gives, along a dimension.

    Args:
        dim: The dimension; the last one, unless another is given.

    Examples:
        >>> import minitorch
        >>> minitorch.LogSoftmax()(minitorch.tensor([[5, 5, 5, 5]])).exp()
        tensor([[0.25, 0.25, 0.25, 0.25]], shape=(1, 4))
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; it stays."""
        return nn.logsoftmax(x, self.dim)


class _Pool(Module):
    """What the pooling layers share: the size of their tiles."""

    def __init__(self, kernel_size: int | Sequence[int]) -> None:
        super().__init__()
        self.kernel_size = nn.as_pair(kernel_size)

    def extra_repr(self) -> str:
        """The size of the tiles."""
        return f"kernel_size={self.kernel_size}"


class AvgPool2d(_Pool):
    """The mean of each tile of an image; the tiles, of size `kernel_size`, must divide the image.

    Args:
        kernel_size: Height and width of a tile, (kh, kw); one number stands for both.

    Raises:
        ShapeError: The tiles are not of at least 1 x 1; or, in `forward`, do not divide the image.

    Examples:
        >>> import minitorch
        >>> image = minitorch.tensor([[[[1, 2, 3, 4], [3, 6, 5, 8]]]])
        >>> minitorch.AvgPool2d(2)(image)
        tensor([[[[3., 5.]]]], shape=(1, 1, 1, 2))
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) becomes (batch, channel, height / kh, width / kw)."""
        return nn.avgpool2d(x, self.kernel_size)


class MaxPool2d(_Pool):
    """The maximum of each tile of an image; the tiles, of size `kernel_size`, must divide the image.

    Args:
        kernel_size: Height and width of a tile, (kh, kw); one number stands for both.

    Raises:
        ShapeError: The tiles are not of at least 1 x 1; or, in `forward`, do not divide the image.

    Examples:
        >>> import minitorch
        >>> image = minitorch.tensor([[[[1, 2, 3, 4], [3, 6, 5, 8]]]])
        >>> minitorch.MaxPool2d(2)(image)
        tensor([[[[6., 8.]]]], shape=(1, 1, 1, 2))
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) becomes (batch, channel, height / kh, width / kw)."""
        return nn.maxpool2d(x, self.kernel_size)


class Dropout(Module):
    """In training, sets random cells to zero and scales up the rest; in evaluation, does nothing.

    Args:
        rate: The probability of being dropped, from 0 to 1.

    Raises:
        ArgumentError: The rate is not a probability.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.Dropout(0.5)
        >>> sorted(set(layer(minitorch.ones(1000))))
        [0.0, 2.0]
        >>> layer.eval()
        >>> layer(minitorch.ones(3))
        tensor([1., 1., 1.], shape=(3,))
    """

    def __init__(self, rate: float = 0.5) -> None:
        super().__init__()
        nn.check_rate(rate)
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        """Any shape; it stays."""
        return nn.dropout(x, self.rate, ignore=not self.training)

    def extra_repr(self) -> str:
        """The rate."""
        return f"{self.rate}"


class Flatten(Module):
    """Lays out each item of a batch in a single row.

    Raises:
        ShapeError: In `forward`, the input has no dimensions.

    Examples:
        >>> import minitorch
        >>> minitorch.Flatten()(minitorch.zeros(2, 8, 7, 7)).shape
        (2, 392)
    """

    def forward(self, x: Tensor) -> Tensor:
        """(batch, ...) becomes (batch, product of the rest)."""
        if x.dims < 1:
            raise ShapeError(
                explain(
                    "Flatten() takes a batch.",
                    got=f"input {x.shape}",
                    expected="input (batch, ...)",
                    fix="add a batch dimension with .view(1, ...)",
                )
            )
        rows = x if x.is_contiguous() else x.contiguous()
        return rows.view(x.shape[0], math.prod(x.shape[1:]))


class Sequential(Module):
    """A chain of modules: each works on what the one before it returns.

    Args:
        layers: The modules, in order. They are named "0", "1", ...

    Raises:
        ArgumentError: One of the layers is no module.

    Examples:
        >>> import minitorch
        >>> network = minitorch.Sequential(minitorch.Linear(2, 4), minitorch.ReLU(), minitorch.Linear(4, 1))
        >>> network(minitorch.zeros(5, 2)).shape
        (5, 1)
        >>> len(network), network[0]
        (3, Linear(2, 4))
    """

    def __init__(self, *layers: Module) -> None:
        super().__init__()
        for number, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise ArgumentError(
                    explain(
                        f"Sequential(...) takes modules; argument {number} is none.",
                        got=type(layer).__name__,
                        expected="modules, as in Sequential(Linear(2, 4), ReLU(), Linear(4, 1))",
                        fix="pass the layers one by one, and create each: ReLU(), not ReLU",
                    )
                )
            setattr(self, str(number), layer)

    def forward(self, x: Any) -> Any:
        """Pass `x` through all layers."""
        for layer in self.modules():
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.modules())

    def __getitem__(self, number: int) -> Module:
        return self.modules()[number]


class ScalarLinear(Module):
    """`Linear` on single numbers: the layer of the course's first networks.

    Args:
        in_features: The number of inputs.
        out_features: The number of outputs.
        wrap: What makes a parameter's value of a number: `Scalar` to train it, or `float` to compute only.

    Attributes:
        weights: in_features rows of out_features parameters each.
        biases: out_features parameters.

    Raises:
        ArgumentError: A size is no whole number of at least 1.
        ShapeError: In `forward`, there are not in_features inputs.

    Examples:
        >>> import minitorch
        >>> layer = minitorch.ScalarLinear(2, 1, minitorch.Scalar)
        >>> for parameter, value in zip(layer.parameters(), (2, 100, 10)):
        ...     parameter.update(minitorch.Scalar(value))
        >>> layer([3, 5])
        [Scalar(516.0)]
    """

    def __init__(self, in_features: int, out_features: int, wrap: Any = float) -> None:
        super().__init__()
        _check_positive(self, in_features=in_features, out_features=out_features)
        self.weights = [
            [self.add_parameter(f"weight_{i}_{j}", wrap(2 * (random.random() - 0.5))) for j in range(out_features)]
            for i in range(in_features)
        ]
        self.biases = [self.add_parameter(f"bias_{j}", wrap(2 * (random.random() - 0.5))) for j in range(out_features)]

    def forward(self, inputs: Sequence[Any]) -> list[Any]:
        """A list of in_features numbers or Scalars becomes a list of out_features."""
        if len(inputs) != len(self.weights):
            raise ShapeError(
                explain(
                    "ScalarLinear was given a wrong number of inputs.",
                    got=f"{len(inputs)} inputs",
                    expected=f"{len(self.weights)} inputs",
                    fix="pass one number for each input of the layer",
                )
            )
        outputs = []
        for j, bias in enumerate(self.biases):
            total = bias.value
            for x, row in zip(inputs, self.weights):
                total = total + x * row[j].value
            outputs.append(total)
        return outputs
