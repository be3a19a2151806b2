"""The benchmark: the library against its peers, measured side by side. `python -m project.benchmark` runs it."""
