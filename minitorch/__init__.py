"""MiniTorch: deep learning in Python that can be read.

Every public name stands below, in the order of the files, from the bottom of the library to its top.
"""

from . import (
    autodiff,
    errors,
    fast_conv,
    fast_ops,
    layers,
    module,
    nn,
    operators,
    optim,
    scalar,
    scalar_functions,
    tensor_data,
    tensor_functions,
    tensor_ops,
    testing,
)
from .autodiff import Context, Function, History, Variable, backpropagate, central_difference, topological_sort
from .creation import arange, concatenate, manual_seed, ones, rand, randn, stack, tensor, zeros
from .datasets import datasets
from .errors import (
    ArgumentError,
    BroadcastError,
    ContiguityError,
    DataFileError,
    DTypeError,
    GraphError,
    IndexingError,
    MinitorchError,
    ShapeError,
    StateError,
)
from .fast_conv import Conv1dFun, Conv2dFun, conv1d, conv2d
from .fast_embedding import EmbeddingFun, embedding
from .fast_ops import FastBackend, FastOps
from .layers import (
    AvgPool2d,
    Conv1d,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    Linear,
    LogSoftmax,
    MaxPool2d,
    ReLU,
    ScalarLinear,
    Sequential,
    Sigmoid,
)
from .module import Module, Parameter
from .nn import (
    Max,
    argmax,
    avgpool2d,
    binary_cross_entropy_with_logits,
    cross_entropy,
    dropout,
    logsoftmax,
    max,
    maxpool2d,
    mse_loss,
    nll_loss,
    one_hot,
    softmax,
    tile,
    unroll,
    unroll2d,
)
from .operators import prod
from .optim import SGD, Adam, CosineAnnealingLR, LinearLR, LRScheduler, Optimizer, StepLR, clip_grad_norm_
from .scalar import Scalar, ScalarHistory, ScalarLike
from .scalar_functions import ScalarFunction
from .sequences import max_over_time, mean_over_time, sequence_mask
from .serialize import load, save
from .tensor import Tensor, TensorLike
from .tensor_data import (
    MAX_DIMS,
    Index,
    OutIndex,
    Shape,
    Storage,
    Strides,
    TensorData,
    UserIndex,
    UserShape,
    UserStrides,
    broadcast_index,
    index_to_position,
    shape_broadcast,
    strides_from_shape,
    to_index,
)
from .tensor_functions import (
    EQ,
    LT,
    Add,
    All,
    Concatenate,
    Copy,
    Exp,
    Inv,
    IsClose,
    Log,
    MatMul,
    Mul,
    Neg,
    Permute,
    Pow,
    Slice,
    Sum,
    View,
)
from .tensor_ops import MapProto, SimpleBackend, SimpleOps, TensorBackend, TensorOps
from .testing import MathTest, MathTestVariable, derivative_check, grad_check
