"""The figures of the guide, one script each, drawn from tensors that the library computes.

Each script has a function `draw`. It returns a `Drawing`, or several of them as `Steps`, and the guide shows what it
returns. To see a figure by itself, or all of them as files:

    python -m docs.figures sliding_window --out figures
"""
