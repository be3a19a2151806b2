"""Files of arrays: what is saved comes back, what is damaged is noticed, and nothing in a file is ever executed."""

import io
import os
import pickle
import resource
import struct
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import minitorch
from minitorch import DataFileError, Module, Parameter, Scalar

pytestmark = pytest.mark.task4_5

SMALL = {"weight": np.array([[1.0, -2.0, 0.5]]), "steps": np.array(3)}


def exactly(state: Any) -> dict[str, Any]:
    """What a state holds, to the last bit."""
    assert all(isinstance(array, np.ndarray) for array in state.values())
    return {name: (array.dtype, array.shape, array.tobytes()) for name, array in state.items()}


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small file."""
    minitorch.save(SMALL, tmp_path / "small.npz")
    return tmp_path / "small.npz"


# There and back

TYPES = [np.float64, np.float32, np.int64, np.int16, np.uint8, np.bool_, np.complex128, "U3"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the examples of property tests, which write over each other's files."""
    return tmp_path_factory.mktemp("examples")


@given(data=st.data())
def test_round_trip(folder: Path, data: st.DataObject) -> None:
    name = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)
    array = st.sampled_from(TYPES).flatmap(lambda t: arrays.arrays(t, arrays.array_shapes(min_dims=0, min_side=0)))
    state = data.draw(st.dictionaries(name, array, max_size=4))
    minitorch.save(state, folder / "example.npz")
    assert exactly(minitorch.load(folder / "example.npz")) == exactly(state)


@pytest.mark.parametrize(
    "names",
    [["file"], ["allow_pickle"], ["args", "kwds", "self"], ["weight", "weight.npy"], ["arr_0"], ["a/b", "..", ""]],
)
def test_any_name_will_do(tmp_path: Path, names: list[str]) -> None:
    state = {name: np.array([float(i)]) for i, name in enumerate(names)}
    minitorch.save(state, tmp_path / "names.npz")
    assert exactly(minitorch.load(tmp_path / "names.npz")) == exactly(state)


def test_special_numbers_survive(tmp_path: Path) -> None:
    state = {"x": np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324, 1 / 3])}
    minitorch.save(state, tmp_path / "x.npz")
    assert exactly(minitorch.load(tmp_path / "x.npz")) == exactly(state)


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda x: x[::-1, ::2], np.transpose], ids=["columns", "slice", "T"]
)
def test_arrays_may_lie_in_memory_in_any_way(tmp_path: Path, layout: Any) -> None:
    array = layout(np.arange(20.0).reshape(4, 5))
    minitorch.save({"x": array}, tmp_path / "x.npz")
    np.testing.assert_array_equal(minitorch.load(tmp_path / "x.npz")["x"], array)


def test_plain_numbers_scalars_and_tensors_are_saved_as_arrays(tmp_path: Path) -> None:
    state = {"number": 2.5, "list": [1, 2], "scalar": Scalar(3.0), "tensor": minitorch.tensor([[4.0], [5.0]])}
    minitorch.save(state, tmp_path / "x.npz")
    loaded = minitorch.load(tmp_path / "x.npz")
    assert {name: array.tolist() for name, array in loaded.items()} == {
        "number": 2.5,
        "list": [1, 2],
        "scalar": 3.0,
        "tensor": [[4.0], [5.0]],
    }


def test_loaded_arrays_can_be_changed(small: Path) -> None:
    loaded = minitorch.load(small)
    loaded["weight"][...] = 0.0
    assert exactly(minitorch.load(small)) == exactly(SMALL)


@pytest.mark.parametrize("name", ["model.npz", "model", "model.ckpt"])
@pytest.mark.parametrize("kind", [str, Path])
def test_the_file_has_the_name_it_was_given(tmp_path: Path, name: str, kind: type) -> None:
    path = kind(tmp_path / name)
    minitorch.save(SMALL, path)
    assert os.listdir(tmp_path) == [name]
    assert exactly(minitorch.load(path)) == exactly(SMALL)


def test_the_same_arrays_give_the_same_bytes(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # So that two files can be compared; a date in there would make them differ.
    with monkeypatch.context() as patch:
        patch.setattr(time, "localtime", lambda *_: time.gmtime(1_000_000_000))
        minitorch.save(SMALL, small.with_name("then.npz"))
    assert small.with_name("then.npz").read_bytes() == small.read_bytes()


def test_saving_again_replaces_the_file(small: Path) -> None:
    minitorch.save({"other": np.zeros(2)}, small)
    assert list(minitorch.load(small)) == ["other"]
    assert os.listdir(small.parent) == [small.name]


# Damage


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        DataFileError, match=r"no such file\.\n  got: .*nowhere\.npz\n  expected: .*\n  fix: +check the path"
    ):
        minitorch.load(tmp_path / "nowhere.npz")
    with pytest.raises(OSError, match="no such file"):
        minitorch.load(str(tmp_path / "nowhere.npz"))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataFileError, match="no such file"):
        minitorch.load(tmp_path)


def bytes_of_npy() -> bytes:
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def bytes_of_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("letter.txt", "Dear reader,")
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"weight = 3\n", bytes_of_npy(), pickle.dumps({"weight": 3.0}), bytes_of_zip()],
    ids=["empty", "two bytes", "text", "npy", "pickle", "zip"],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataFileError, match=r"damaged, or (.|\n)*got: .*x\.npz(.|\n)*expected: (.|\n)*fix: "):
        minitorch.load(tmp_path / "x.npz")


def test_a_file_that_was_cut_short_is_noticed_at_every_length(small: Path) -> None:
    content = small.read_bytes()
    for length in range(len(content)):
        small.write_bytes(content[:length])
        with pytest.raises(DataFileError, match="damaged"):
            minitorch.load(small)


@pytest.mark.parametrize("flip", [0xFF, *[1 << bit for bit in range(8)]])
def test_a_changed_byte_is_noticed_or_does_not_matter(small: Path, flip: int) -> None:
    content = small.read_bytes()
    refused = 0
    for place in range(len(content)):
        small.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a warning is not enough: most programs show none
                loaded = minitorch.load(small)
        except DataFileError:
            refused += 1
            continue
        # A few bytes hold nothing but the date, say.
        assert exactly(loaded) == exactly(SMALL), f"byte {place} of {len(content)} was changed"
    assert refused > len(content) / 2


@pytest.mark.parametrize(
    ("old", "new"),
    [(struct.pack("<d", 40_000.0), struct.pack("<d", 40_000.5)), (b"(50000,)", b"(10000,)")],
    ids=["a value", "the size"],
)
def test_a_change_inside_a_large_array_is_noticed(tmp_path: Path, old: bytes, new: bytes) -> None:
    # A large array is read piece by piece. With a smaller size, its end would never be reached.
    minitorch.save({"x": np.arange(50_000.0)}, tmp_path / "x.npz")
    content = (tmp_path / "x.npz").read_bytes()
    assert content.count(old) == 1
    (tmp_path / "x.npz").write_bytes(content.replace(old, new))
    with pytest.raises(DataFileError, match="damaged"):
        minitorch.load(tmp_path / "x.npz")


# Nothing is executed


exploded: list[str] = []


def explode() -> None:
    exploded.append("bang")


class Bomb:
    """Runs `explode` when it is unpickled."""

    def __reduce__(self) -> Any:
        return explode, ()


def bytes_of_bomb() -> bytes:
    """A file of one array, a bomb."""
    file = io.BytesIO()
    np.save(file, np.array([Bomb()], dtype=object))
    return file.getvalue()


@pytest.mark.parametrize("form", ["npz", "npy", "pickle", "disguise"])
def test_a_file_cannot_run_code(small: Path, form: str) -> None:
    if form == "npz":
        np.savez(small, weight=np.zeros(2), bomb=np.array([Bomb()], dtype=object))
    elif form == "npy":
        small.write_bytes(bytes_of_bomb())
    elif form == "pickle":
        small.write_bytes(pickle.dumps(Bomb()))
    else:  # a file as the library writes it, with bombs in the place of the arrays
        with zipfile.ZipFile(small) as archive:
            names, comment = archive.namelist(), archive.comment
        with zipfile.ZipFile(small, "w") as archive:
            for name in names:
                archive.writestr(name, bytes_of_bomb())
            archive.comment = comment
    exploded.clear()
    with pytest.raises(DataFileError, match="damaged"):
        minitorch.load(small)
    assert exploded == []


def test_the_bomb_works() -> None:
    exploded.clear()
    np.load(io.BytesIO(bytes_of_bomb()), allow_pickle=True)
    assert exploded == ["bang"]


@pytest.mark.parametrize(
    "value",
    [
        np.array([1.0, None], dtype=object),
        None,
        {"nested": np.zeros(2)},
        Bomb(),
        np.zeros(2, dtype=[("number", "f8"), ("object", "O")]),
        [[1.0, 2.0], [3.0]],
    ],
    ids=["object array", "None", "dict", "object", "fields", "ragged"],
)
def test_objects_are_refused(small: Path, value: Any) -> None:
    with pytest.raises(DataFileError, match=r"'culprit' cannot be saved\.\n  got: .*\n  expected: .*\n  fix: "):
        minitorch.save({"fine": np.zeros(2), "culprit": value}, small)
    assert exactly(minitorch.load(small)) == exactly(SMALL), "the old file must stay"
    assert os.listdir(small.parent) == [small.name]


# Interruptions


def test_a_full_disk_leaves_the_old_file(small: Path) -> None:
    # A limit on the size of files stops the writing in the middle, as a full disk would.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            minitorch.save({"weight": np.zeros(10_000)}, small)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert exactly(minitorch.load(small)) == exactly(SMALL)
    # What is left of the attempt does not stand in the way of the next one.
    minitorch.save({"weight": np.zeros(10_000)}, small)
    assert minitorch.load(small)["weight"].shape == (10_000,)


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_an_interruption_before_the_end_leaves_the_old_file(
    small: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            minitorch.save({"weight": np.zeros(9)}, small)
    assert exactly(minitorch.load(small)) == exactly(SMALL)


def test_the_file_is_on_the_disk_before_it_takes_its_name(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # After a power failure, the new name could otherwise belong to a file without contents.
    done: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append("fsync"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda old, new: (done.append("replace"), replace(old, new)))
    minitorch.save(SMALL, small)
    assert done == ["fsync", "replace"]


def test_saving_into_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        minitorch.save(SMALL, tmp_path / "missing" / "x.npz")


# A whole training run


class Network(Module):
    """A hidden layer, in single precision, and a Scalar."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = Parameter(minitorch.rand(3, 4, dtype=np.float32))
        self.last = Parameter(minitorch.rand(4, 1, dtype=np.float32))
        self.scale = Parameter(Scalar(0.5))

    def loss(self, x: Any) -> Any:
        out = ((minitorch.tensor(x) @ self.hidden.value).sigmoid() @ self.last.value).sum()
        return out * out


class Run:
    """A model, its optimizer and its schedule."""

    def __init__(self) -> None:
        self.model = Network()
        self.optimizer = minitorch.Adam(self.model.parameters(), lr=0.05)
        self.schedule = minitorch.CosineAnnealingLR(self.optimizer, 8)

    def train(self, steps: range) -> None:
        for step in steps:
            x = np.random.default_rng(step).normal(size=(2, 3)).astype(np.float32)
            self.optimizer.zero_grad()
            self.model.loss(x).backward()
            (self.model.scale.value * self.model.scale.value).backward()
            self.optimizer.step()
            self.schedule.step()

    def parts(self) -> dict[str, Any]:
        return {"model": self.model, "optimizer": self.optimizer, "schedule": self.schedule}


def test_a_run_that_was_saved_continues_bit_for_bit(tmp_path: Path) -> None:
    first = Run()
    first.train(range(3))
    for name, part in first.parts().items():
        minitorch.save(part.state_dict(), tmp_path / f"{name}.npz")
    second = Run()  # with other random weights
    assert exactly(second.model.state_dict()) != exactly(first.model.state_dict())
    for name, part in second.parts().items():
        part.load_state_dict(minitorch.load(tmp_path / f"{name}.npz"))
    first.train(range(3, 6))
    second.train(range(3, 6))
    for name, part in first.parts().items():
        assert exactly(second.parts()[name].state_dict()) == exactly(part.state_dict())
