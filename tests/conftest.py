"""What all tests share: repeatable randomness, hypothesis profiles, and the rule that every test belongs to a task."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import numba
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


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Compute on one core: for small tensors, waking the others takes longer than the work."""
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    yield
    numba.set_num_threads(before)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a student go on with the reference for a task."""
    parser.addoption("--reference", action="append", default=[], metavar="N_M", help="use the reference for this task")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m task4_1`, do not even import files that have no test of that task."""
    wanted = re.fullmatch(r"task\d_\d( or task\d_\d)*", config.option.markexpr)
    if wanted is None or collection_path.suffix != ".py" or collection_path.name == "test_tasks.py":
        return None
    text = collection_path.read_text(encoding="utf-8")
    # Where a file makes marks from names, by `getattr(pytest.mark, name)`, the names may stand anywhere in it.
    before = "" if "getattr(pytest.mark, " in text else "mark."
    return None if any(f"{before}{marker}" in text for marker in wanted.group().split(" or ")) else True


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
