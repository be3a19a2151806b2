"""The oracles of task 2.3, the forward pass of tensor operations."""

import math
from typing import Any

import numpy as np

EPS = 1e-6
"""What the logarithm of tensors adds to its operand."""

FUNCTIONS: dict[str, Any] = {
    "2 x + 1": lambda x: 2 * x + 1,
    "x - 2 y": lambda x, y: x - 2 * y,
    "x + accumulated": lambda x, accumulated: x + accumulated,
    "x * accumulated": lambda x, accumulated: x * accumulated,
    "the larger of x and accumulated": max,
    "x + accumulated / 2": lambda x, accumulated: x + accumulated / 2,
}


def mapped(function: str, x: Any, out_shape: Any, layout: str, out_layout: str) -> Any:
    """Every cell by itself, after stretching."""
    stretched = np.broadcast_to(x, out_shape)
    out = np.zeros(out_shape)
    for cell in np.ndindex(*out_shape):
        out[cell] = FUNCTIONS[function](float(stretched[cell]))
    return {"output": out}


def zipped(function: str, x: Any, y: Any, out_shape: Any, layout: str, y_layout: str, out_layout: str) -> Any:
    """Every pair of cells by itself, after stretching."""
    left, right = np.broadcast_to(x, out_shape), np.broadcast_to(y, out_shape)
    out = np.zeros(out_shape)
    for cell in np.ndindex(*out_shape):
        out[cell] = FUNCTIONS[function](float(left[cell]), float(right[cell]))
    return {"output": out}


def reduced(function: str, x: Any, dim: int, start: float, layout: str, out_layout: str) -> Any:
    """Each cell is folded into that cell of the output which has 0 in its place, one after the other."""
    out = np.full([1 if i == dim else size for i, size in enumerate(x.shape)], start)
    for cell in np.ndindex(*x.shape):
        target = (*cell[:dim], 0, *cell[dim + 1 :])
        out[target] = FUNCTIONS[function](float(x[cell]), float(out[target]))
    return {"output": out}


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x) by way of the hyperbolic tangent, which does not overflow."""
    return (1 + np.tanh(x / 2)) / 2


def is_close(x: Any, y: Any) -> Any:
    """1 where x and y differ by less than 0.01."""
    return (abs(x - y) < 0.01) * 1.0


def function_value(function: str, x: Any, layout: str, y: Any = None, setting: Any = None) -> Any:
    """What a Function computes."""
    if function == "Sum":
        return {"output": x.sum(setting, keepdims=True)}
    if function == "Permute":
        return {"output": np.transpose(x, setting)}
    formulas: dict[str, Any] = {
        "Mul": lambda: x * y,
        "Sigmoid": lambda: sigmoid(x),
        "ReLU": lambda: np.maximum(x, 0),
        "Log": lambda: np.log(x + EPS),
        "Exp": lambda: np.exp(x),
        "LT": lambda: (x < y) * 1.0,
        "EQ": lambda: (x == y) * 1.0,
        "IsClose": lambda: is_close(x, y),
    }
    return {"output": formulas[function]()}


def expression_value(expression: str, x: Any, layout: str, y: Any = None) -> Any:
    """What an operator or a method of tensors computes."""
    formulas: dict[str, Any] = {
        "-x": lambda: -x,
        "x.sigmoid()": lambda: sigmoid(x),
        "x.relu()": lambda: np.maximum(x, 0),
        "x.log()": lambda: np.log(x + EPS),
        "x.exp()": lambda: np.exp(x),
        "x - y": lambda: x - y,
        "x * y": lambda: x * y,
        "x < y": lambda: (x < y) * 1.0,
        "x > y": lambda: (x > y) * 1.0,
        "x == y": lambda: (x == y) * 1.0,
        "x.is_close(y)": lambda: is_close(x, y),
        "x.sum()": lambda: np.array([math.fsum(x.ravel())]),
        "x.sum(0)": lambda: x.sum(0, keepdims=True),
        "x.sum(1)": lambda: x.sum(1, keepdims=True),
        "x.sum(2)": lambda: x.sum(2, keepdims=True),
        "x.mean()": lambda: np.array([math.fsum(x.ravel()) / x.size]),
        "x.mean(0)": lambda: x.mean(0, keepdims=True),
        "x.mean(1)": lambda: x.mean(1, keepdims=True),
        "x.all()": lambda: np.array([float((x != 0).all())]),
        "x.all(0)": lambda: (x != 0).all(0, keepdims=True) * 1.0,
        "x.all(1)": lambda: (x != 0).all(1, keepdims=True) * 1.0,
        "x.permute(1, 0)": lambda: np.transpose(x, (1, 0)),
        "x.permute(1, 2, 0)": lambda: np.transpose(x, (1, 2, 0)),
        "x.view(6)": lambda: x.reshape(6),
        "x.view(4, 6)": lambda: x.reshape(4, 6),
    }
    return {"output": formulas[expression]()}


def refusal(**inputs: Any) -> Any:
    """There is nothing sensible to compute."""
    return {"refused": True}


def sharing(**inputs: Any) -> Any:
    """The same numbers are looked at in another way."""
    return {"shares the storage": True}


def forgotten(x: Any, grad: Any) -> Any:
    """The gradient is gone, and nothing else."""
    return {"gradient": None, "wants a gradient": True, "cells": x}


def kept(expressions: Any, x: Any, y: Any) -> Any:
    """Computing changes no operand."""
    return {f"{name} after {e}": value for e in expressions for name, value in (("x", x), ("y", y))}


def traced(expressions: Any, x: Any, y: Any) -> Any:
    """Every result remembers each of its operands."""
    return {f"{e} remembers {name}": True for e in expressions for name in ("x", "y") if name == "x" or "y" in e}


def backend(expressions: Any, x: Any, y: Any) -> Any:
    """Every result is computed by the backend of its operands, and has it."""
    return {f"{e} {does} the backend of x": True for e in expressions for does in ("asks", "has")}


def types(expressions: Any, x: Any, y: Any) -> Any:
    """A plain number changes no type."""
    return {f"the type of {e}": "float32" for e in expressions}
