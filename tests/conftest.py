"""What all tests share: repeatable randomness, hypothesis profiles, and the rule that every test belongs to a task."""

import os

import hypothesis
import pytest

import minitorch

# The examples are the same in every run: a red test stays red until the code is mended. In plain Python, without the
# JIT, kernels are some hundred times slower, so fewer examples have to do.
hypothesis.settings.register_profile("full", deadline=None, derandomize=True, database=None, max_examples=40)
hypothesis.settings.register_profile("quick", parent=hypothesis.settings.get_profile("full"), max_examples=5)
hypothesis.settings.load_profile("quick" if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0" else "full")


@pytest.fixture(autouse=True)
def seed() -> None:
    """Start each test from the same random state, whichever tests ran before it."""
    minitorch.manual_seed(20240229)


@pytest.fixture(params=["simple", "fast"])
def backend(request: pytest.FixtureRequest) -> minitorch.TensorBackend:
    """Each backend of the library in turn."""
    return {"simple": minitorch.SimpleBackend, "fast": minitorch.FastBackend}[request.param]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Fail the run if a test has no task marker, and no `house` marker that says why not."""
    unmarked = [
        item.nodeid
        for item in items
        if not any(mark.name.startswith("task") or (mark.name == "house" and mark.args) for mark in item.iter_markers())
    ]
    if unmarked:
        raise pytest.UsageError(
            "Every test needs a marker, @pytest.mark.taskN_M or @pytest.mark.house(reason). Without: "
            + ", ".join(unmarked)
        )
