"""The ladder from the textbook loop to the fast kernel: each step computes the same, and what is told of it is true."""

import json
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
import pytest
from scipy.signal import correlate2d

from project.benchmark import assembly, cases, ladder, measure, ours, peers, report
from project.benchmark.assembly import Arithmetic
from project.benchmark.measure import Case, Contender, ContenderError, Plan
from project.benchmark.workload import ConvShape

from . import oracles
from .test_project_benchmark import sleeps
from .test_project_benchmark_report import case, group

pytestmark = pytest.mark.house("the benchmark is no task of the course")

Array = npt.NDArray[Any]
COMPILES = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]

# The steps

SHAPES = {  # of input and weight
    "odd kernel": ((2, 3, 5, 7), (4, 3, 3, 5)),
    "even kernel": ((3, 2, 7, 4), (5, 2, 2, 4)),
    "kernel higher and wider than the image": ((2, 2, 2, 3), (3, 2, 4, 5)),
    "kernel as large as the image": ((1, 2, 3, 4), (2, 2, 3, 4)),
    "kernel of one cell": ((2, 3, 4, 5), (6, 3, 1, 1)),
    "one channel": ((3, 1, 6, 4), (1, 1, 3, 2)),
    "a batch of one": ((1, 4, 6, 5), (8, 4, 3, 3)),
    "rows longer than any vector": ((1, 1, 3, 70), (2, 1, 2, 3)),
    "an empty batch": ((0, 2, 3, 4), (3, 2, 2, 2)),
}


def whole_numbers(shape: tuple[int, ...], seed: int) -> Array:
    """Whole numbers in float32: of those, sums are exact, in whatever order they are added up."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(np.float32)


def correlated(input: Array, weight: Array) -> Array:
    """The convolution, by SciPy: of what `full` gives, the part whose windows begin inside of the image."""
    (_, _, k_height, k_width), (batch, _, height, width) = weight.shape, input.shape
    out = np.zeros((batch, len(weight), height, width))
    for b, image in enumerate(input):
        for o, kernel in enumerate(weight):
            for channel, window in zip(image, kernel):
                out[b, o] += correlate2d(channel, window)[k_height - 1 :, k_width - 1 :]
    return out


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", ladder.STEPS)
def test_every_step_is_a_convolution(name: str, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    input, weight = whole_numbers(shapes[0], 1), whole_numbers(shapes[1], 2)
    before = input.copy(), weight.copy()
    out = ladder.STEPS[name](input, weight)
    assert out.dtype == np.float32
    assert out.flags.c_contiguous
    np.testing.assert_array_equal(out, correlated(input, weight))
    np.testing.assert_array_equal(out, oracles.conv2d(input, weight))
    np.testing.assert_array_equal(input, before[0])
    np.testing.assert_array_equal(weight, before[1])


@pytest.mark.parametrize("name", ladder.STEPS)
def test_every_step_rounds_as_float32_does(name: str) -> None:
    rng = np.random.default_rng(3)
    input, weight = (rng.standard_normal(shape, np.float32) for shape in ((2, 3, 4, 6), (5, 3, 3, 2)))
    np.testing.assert_allclose(ladder.STEPS[name](input, weight), correlated(input, weight), rtol=1e-5, atol=1e-5)


def test_the_work_of_a_step_is_the_convolution_of_its_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = ConvShape(2, 2, 3, 4, 3)
    expected = correlated(*shape.arrays("float32")[:2])
    for work in (
        ladder.step("parallel", shape),
        ladder.step("rows", shape),
        ours.convolution_forward(shape, "float32"),
    ):
        result: Any = work()
        assert np.asarray(result).dtype == np.float32
        np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-5, atol=1e-5)
    row = ConvShape(2, 2, 3, 5, 3, rank=1)
    result = ours.convolution_forward(row, "float64")()
    np.testing.assert_allclose(np.asarray(result), oracles.conv1d(*row.arrays("float64")[:2]), rtol=1e-12)


# What is measured


def test_plain_python_does_a_part_and_its_time_is_given_for_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "torch_installed", lambda: True)
    for each in cases.ladder(Plan(rounds=1, threads=2)):
        # On large images, the textbook kernel takes too long.
        first = 3 if each.labels["shape"] == "16x4x8x280x3" else 0
        expected = [*list(ladder.STEPS)[first:], "minitorch", "PyTorch", "PyTorch channels_last"]
        assert [contender.name for contender in each.contenders] == expected
        for contender in each.contenders:
            assert contender.threads == (1 if contender.name == "compiled" else None)
            done = contender.arguments["shape"].products
            assert done == pytest.approx(contender.share * each.labels["products"])
            assert (contender.share < 1) == (contender.name == "loops")
    quick = Plan(rounds=1, threads=2, quick=True)
    found = measure.measure(Case("sleep", {}, [Contender("sleeper", sleeps, share=0.25)]), quick)
    assert 0.08 <= found["contenders"]["sleeper"]["median"] < 0.3  # a fourth of it takes 0.02 seconds


def test_the_number_of_products_is_that_of_plain_loops() -> None:
    assert ConvShape(2, 3, 4, 5, 2).products == 2 * 3 * 4 * 5 * 5 * 2 * 2
    assert ConvShape(2, 3, 4, 5, 2, rank=1).products == 2 * 3 * 4 * 5 * 2


# What the compiler made of it

ASSEMBLY = {
    "AVX2": (
        "\tvmovups\t(%rdi), %ymm0\n\tvfmadd231ps\t(%rsi,%rax,4), %ymm1, %ymm0\n\tvfmadd213ss\t%xmm3, %xmm1, %xmm2\n"
        "\tvmulps\t%xmm0, %xmm1, %xmm2\n\tvaddsd\t%xmm0, %xmm1, %xmm0\n\taddq\t$8, %rax\n\timulq\t%rax, %rbx\n",
        Arithmetic(packed=2, scalar=2, at_once=8),
    ),
    "AVX-512": ("\tvfmadd213pd\t%zmm0, %zmm1, %zmm2 {%k1}\n", Arithmetic(packed=1, scalar=0, at_once=8)),
    "AVX-512, float32": ("\tvsubps\t(%rax), %zmm1, %zmm2\n", Arithmetic(packed=1, scalar=0, at_once=16)),
    "SSE2": ("\tmulps\t%xmm0, %xmm1\n\taddss\t(%rax), %xmm1\n", Arithmetic(packed=1, scalar=1, at_once=4)),
    "ARM": (
        "\tfmla\tv0.4s, v1.4s, v2.s[0]\n\tfmadd\ts0, s1, s2, s0\n\tfadd\td0, d1, d2\n\tadd\tx0, x0, #8\n",
        Arithmetic(packed=1, scalar=2, at_once=4),
    ),
    "ARM as Apple writes it": (
        "\tfmla.2d\tv0, v1, v2\n\tfmul.2d\tv0, v1, v2\n\tfmadd\td0, d1, d2, d0\n",
        Arithmetic(packed=2, scalar=1, at_once=2),
    ),
    "an unknown processor": ("\tfma.rn.f32\t%f1, %f2, %f3\n", Arithmetic(packed=0, scalar=0, at_once=0)),
    "nothing": ("", Arithmetic(packed=0, scalar=0, at_once=0)),
}


@pytest.mark.parametrize(("code", "expected"), ASSEMBLY.values(), ids=ASSEMBLY)
def test_instructions_are_counted_by_how_many_numbers_they_take(code: str, expected: Arithmetic) -> None:
    assert assembly.arithmetic_in(code) == expected


@numba.njit
def square_all(cells: Array) -> None:
    for p in range(len(cells)):
        cells[p] = cells[p] * cells[p]


@numba.njit
def square_again_and_again(cells: Array) -> Any:
    total = cells[0]
    for p in range(len(cells)):
        total = total * total + cells[p]  # needs the one before
    return total


def test_only_independent_cells_are_computed_at_once() -> None:
    for kernel in (square_all, square_again_and_again):
        kernel(np.ones(3, np.float32))
    side_by_side, one_by_one = (assembly.arithmetic_of(k) for k in (square_all, square_again_and_again))
    if not COMPILES:
        assert side_by_side is None
        assert one_by_one is None
        return
    assert side_by_side is not None
    assert side_by_side.packed > 0
    assert side_by_side.at_once >= 4
    assert one_by_one is not None
    assert one_by_one.packed == 0
    assert one_by_one.scalar > 0
    assert one_by_one.at_once == 1


@pytest.mark.parametrize("name", ["nested", "one row"])
def test_a_row_is_computed_several_cells_at_once_and_a_sum_term_by_term(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert assembly.main([name]) == 0
    told = json.loads(capsys.readouterr().out)
    if not COMPILES:
        assert told is None
        return
    assert set(told) == set(ladder.QUANTITIES)
    assert (told["packed"] > 0) == (told["at_once"] > 1) == (name == "one row")
    assert told["scalar"] > 0


def test_what_the_compiler_made_stands_beside_the_times(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def program(*arguments: str, threads: int) -> str:
        asked.append(arguments)
        if arguments[-1] == "rows":
            raise ContenderError("no such step")
        return '{"packed": 5, "scalar": 9, "at_once": 8}'

    monkeypatch.setattr(assembly, "run_program", program)
    tasks = assembly.ladder(Plan(rounds=3, threads=2))
    names = [each.name for each in tasks]
    times = ["16x4x8x28x3 float32", "16x16x32x28x3 float32", "16x4x8x280x3 float32"]
    if not COMPILES:  # there is nothing to read
        assert names == times
        return
    assert names == [*times, "instructions"]
    found = tasks[-1].run()
    compiled = ["compiled", "parallel", "nested", "rows", "padded", "one row", "side by side", "minitorch"]
    assert asked == [("-m", "project.benchmark.assembly", name) for name in compiled]
    assert [(each["labels"]["quantity"], each["unit"]) for each in found] == [
        ("packed", "instructions"),
        ("scalar", "instructions"),
        ("at_once", "numbers"),
    ]
    assert found[1]["contenders"]["padded"]["median"] == 9
    assert "no such step" in found[1]["contenders"]["rows"]["error"]


# The report


def test_the_report_has_a_row_for_each_step() -> None:
    seconds = {name: 10 / 2**place for place, name in enumerate([*ladder.STEPS, "minitorch"])}
    seconds |= {"PyTorch": 0.5, "PyTorch channels_last": 0.25}
    found = [
        case({"shape": "16x4x8x28x3", "products": 10**9}, seconds),
        case({"quantity": "packed"}, {"rows": 20.0, "minitorch": 48.0}, "instructions"),
        case({"quantity": "scalar"}, {"rows": 36.0, "minitorch": 112.0}, "instructions"),
        case({"quantity": "at_once"}, {"rows": 8.0, "minitorch": 8.0}, "numbers"),
    ]
    text = report.document(report.machine(2), {"ladder": group(found)}, [])
    lines = text.splitlines()
    assert "| loops | 10.0 s [10.0, 10.0] |  | 0.100 |  |  |  |" in lines
    assert "| compiled | 5.00 s [5.00, 5.00] | 2.00 x | 0.200 |  |  |  |" in lines
    assert "| rows | 625 ms [625, 625] | 2.00 x | 1.60 | 20 | 36 | 8 |" in lines
    assert "| minitorch | 39.1 ms [39.1, 39.1] | 2.00 x | 25.6 | 48 | 112 | 8 |" in lines
    assert "| PyTorch | 500 ms [500, 500] |  | 2.00 |  |  |  |" in lines
    assert "minitorch is 64.00 times as fast as parallel." in lines
    assert "minitorch is 6.40 times as fast as PyTorch channels_last." in lines


def test_a_step_that_failed_leaves_no_gain_and_no_comparison() -> None:
    failed = {"error": "no"}
    only = case({"shape": "1x1x1x1x1", "products": 1}, {"parallel": 2.0, "nested": 1.0, "rows": 1.0})
    only["contenders"] |= {"parallel": failed, "minitorch": failed}
    text = report.show_ladder([only])
    assert "| parallel | failed |  |  |  |  |  |" in text
    assert "| nested | 1.00 s [1.00, 1.00] |  | 1.00e-09 |  |  |  |" in text
    assert "| rows | 1.00 s [1.00, 1.00] | 1.00 x | 1.00e-09 |  |  |  |" in text
    assert "times as fast" not in text
