"""What is measured in the groups whose contenders wait in processes of their own, and by whom."""

from collections.abc import Callable, Sequence
from typing import Any

from project.benchmark import ladder as steps
from project.benchmark import ours, peak, peers, textbook, torch_sequences, workload
from project.benchmark.measure import OURS, TEXTBOOK, Case, Contender, Plan, available_threads
from project.benchmark.workload import CHANNELS_LAST, COMPILED, EAGER, ConvShape

BATCHES = (16, 64, 128, 512)
SEQUENCE_NETWORKS = ("sentiment", "speech", "anomaly")
CONV_SHAPES = (
    ConvShape(16, 1, 4, 28, 3),
    ConvShape(16, 4, 8, 28, 3),
    ConvShape(128, 4, 8, 28, 3),
    ConvShape(16, 16, 32, 28, 3),
    ConvShape(16, 64, 64, 28, 3),
    ConvShape(16, 3, 64, 32, 5),
    ConvShape(64, 50, 64, 40, 3, rank=1),
    ConvShape(64, 12, 32, 29, 5, rank=1),
)
TEXTBOOK_SHAPE = CONV_SHAPES[1]
TEXTBOOK_FLOPS = 1e9  # more than that takes the textbook kernel two seconds or longer
LADDER_SHAPES = (ConvShape(16, 4, 8, 28, 3), ConvShape(16, 16, 32, 28, 3), ConvShape(16, 4, 8, 280, 3))
MATRIX_SIZES = (64, 128, 256, 512, 1024)
ELEMENTWISE_SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
OPERATIONS = {
    "neg": "map",
    "relu": "map",
    "exp": "map",
    "add": "zip",
    "mul": "zip",
    "sum": "reduce",
    "max": "reduce",
    "sum of columns": "reduce",
    "sum of rows": "reduce",
}
DTYPES = ("float32", "float64")
THREAD_SHAPES: Sequence[ConvShape] = (ConvShape(16, 16, 32, 28, 3), ConvShape(128, 4, 8, 28, 3))
THREAD_BATCH = 128
ARITHMETIC = "arithmetic"
"""What the cores make of work that touches no memory, to see what they can give at the time: with the cores of a
virtual machine, that depends on its neighbours."""
PATIENCE = 3
"""How many times as many rounds a case gets that is a figure by itself, where no other one makes up for its luck."""
SCALING_BATCHES: Sequence[int] = (16, 32, 64, 128, 256, 512, 1024)
SCALING_SIZES: Sequence[int] = (14, 28, 56, 112)
SCALING_CHANNELS: Sequence[int] = (4, 8, 16, 32, 64)


def pytorch(variants: Sequence[str], build: Callable[..., Any], **arguments: Any) -> list[Contender]:
    """Variants of PyTorch that do the same work; none if it is not installed."""
    if not peers.torch_installed():
        return []
    return [Contender(variant, build, {**arguments, "variant": variant}) for variant in variants]


def training(plan: Plan) -> list[Case]:
    """Steps of training the network of the course, in float32."""
    cases = []
    for batch in BATCHES[:1] if plan.quick else BATCHES:
        contenders = [
            Contender(OURS, ours.training_step, {"batch": batch}),
            *pytorch((EAGER, CHANNELS_LAST, COMPILED), peers.torch_training_step, batch=batch),
        ]
        cases.append(Case(f"batch {batch}", {"batch": batch}, contenders, patience=PATIENCE))
    return cases


def sequences(plan: Plan) -> list[Case]:
    """Steps of training the networks on sequences, in float32, on batches of the size that their scripts train on."""
    return [
        Case(
            name,
            {"network": name},
            [
                Contender(OURS, ours.sequence_training_step, {"network": name}),
                *pytorch((EAGER, COMPILED), torch_sequences.training_step, network=name),
            ],
            patience=PATIENCE,
        )
        for name in (SEQUENCE_NETWORKS[-1:] if plan.quick else SEQUENCE_NETWORKS)
    ]


def conv(plan: Plan) -> list[Case]:
    """Convolutions with both gradients, and the peak of the processor.

    torch.compile is left out: it fuses operations that follow each other, and a convolution by itself has nothing to be
    fused with, so the same routine would be called through one more layer.
    """
    shapes: Sequence[ConvShape] = CONV_SHAPES
    dtypes: Sequence[str] = DTYPES
    if plan.quick:
        shapes, dtypes = (ConvShape(2, 1, 2, 6, 3), ConvShape(2, 1, 2, 6, 3, rank=1)), DTYPES[:1]
    cases = []
    for dtype in dtypes:
        for shape in shapes:
            work: dict[str, Any] = {"shape": shape, "dtype": dtype}
            contenders = [
                Contender(OURS, ours.convolution, work),
                # Memory formats are defined for images only.
                *pytorch((EAGER, CHANNELS_LAST)[: shape.rank], peers.torch_convolution, **work),
            ]
            if dtype == "float32" and shape.flops <= TEXTBOOK_FLOPS:
                contenders.append(Contender(TEXTBOOK, textbook.convolution, work))
            labels = {"shape": str(shape), "dtype": dtype, "flops": shape.flops}
            patience = PATIENCE if shape == TEXTBOOK_SHAPE else 1
            cases.append(Case(f"{shape} {dtype}", labels, contenders, patience=patience))
        summit = Contender("processor", peak.multiplications_and_additions, {"dtype": dtype})
        cases.append(Case(f"peak {dtype}", {"peak": dtype, "flops": peak.FLOPS}, [summit]))
    return cases


def ladder(plan: Plan) -> list[Case]:
    """The forward pass of convolutions, step by step from the textbook loop to the library; and PyTorch.

    Plain Python computes one channel of one image only, which is that part of all multiplications.
    """
    cases = []
    for shape in (ConvShape(2, 1, 2, 6, 3),) if plan.quick else LADDER_SHAPES:
        work: dict[str, Any] = {"shape": shape, "dtype": "float32"}
        contenders = []
        for name in steps.STEPS:
            share, threads, done = 1.0, None, shape
            if name in steps.TEXTBOOK_STEPS and shape.flops > TEXTBOOK_FLOPS:
                continue
            if name == "loops":
                share, done = 1 / (shape.batch * shape.out_channels), shape._replace(batch=1, out_channels=1)
            if name == "compiled":
                threads = 1
            contenders.append(Contender(name, steps.step, {"name": name, "shape": done}, threads, share))
        contenders.append(Contender(OURS, ours.convolution_forward, work))
        contenders += pytorch((EAGER, CHANNELS_LAST), peers.torch_convolution_forward, **work)
        labels = {"shape": str(shape), "dtype": "float32", "products": shape.products}
        cases.append(Case(f"{shape} float32", labels, contenders))
    return cases


def matmul(plan: Plan) -> list[Case]:
    """Products of square matrices."""
    cases = []
    for dtype in DTYPES[:1] if plan.quick else DTYPES:
        for size in (16,) if plan.quick else MATRIX_SIZES:
            work: dict[str, Any] = {"size": size, "dtype": dtype}
            contenders = [
                Contender(OURS, ours.matrix_product, work),
                Contender("NumPy", peers.numpy_matrix_product, work),
            ]
            cases.append(Case(f"{size} x {size} {dtype}", work, contenders))
    return cases


def elementwise(plan: Plan) -> list[Case]:
    """Map, zip and reduce."""
    cases = []
    for dtype in DTYPES[:1] if plan.quick else DTYPES:
        for name in ("neg", "add", "sum") if plan.quick else OPERATIONS:
            for size in ELEMENTWISE_SIZES[:1] if plan.quick else ELEMENTWISE_SIZES:
                rows = int(size**0.5)
                shape = (rows, size // rows) if " of " in name else (size,)
                work: dict[str, Any] = {"name": name, "shape": shape, "dtype": dtype}
                contenders = [
                    Contender(OURS, ours.operation, work),
                    Contender("NumPy", peers.numpy_operation, work),
                ]
                labels = {"operation": name, "kind": OPERATIONS[name], "size": size, "dtype": dtype}
                cases.append(Case(f"{name} {' x '.join(map(str, shape))} {dtype}", labels, contenders))
    return cases


def small(plan: Plan) -> list[Case]:
    """Operations on tensors of one number, where all the time goes into what surrounds the arithmetic."""
    cases = []
    has_torch = peers.torch_installed()
    for link in ("mixed",) if plan.quick else workload.LINKS:
        for backward in (True, False):
            work: dict[str, Any] = {"link": link, "backward": backward}
            contenders = [Contender(OURS, ours.chain, work)]
            contenders += [Contender(EAGER, peers.torch_chain, work)] if has_torch else []
            operations = workload.CHAIN_LENGTH * workload.OPERATIONS[link]
            name = f"{link}, forward{' + backward' if backward else ''}"
            cases.append(Case(name, work, contenders, parts=operations))
    contenders = [Contender(OURS, ours.creation)] + ([Contender(EAGER, peers.torch_creation)] if has_torch else [])
    cases.append(Case("creation from a number", {"link": "creation"}, contenders))
    return cases


def scaling(plan: Plan) -> list[Case]:
    """How the time grows with the work, and falls with the threads. Here the library is compared with itself."""
    float32 = {"dtype": "float32"}
    batches, sizes, channels, threaded = SCALING_BATCHES, SCALING_SIZES, SCALING_CHANNELS, THREAD_SHAPES
    thread_batch = THREAD_BATCH
    if plan.quick:
        batches, sizes, channels, threaded = (1, 2), (4, 8), (1, 2), (ConvShape(2, 1, 2, 6, 3),)
        thread_batch = 2
    cases = [
        Case(
            "training, batch size",
            {"along": "batch"},
            [Contender(f"batch {batch}", ours.training_step, {"batch": batch}) for batch in batches],
        ),
        Case(
            "convolution 16x4x8, size of the image",
            {"along": "size"},
            [
                Contender(f"size {size}", ours.convolution, {"shape": ConvShape(16, 4, 8, size, 3), **float32})
                for size in sizes
            ],
        ),
        Case(
            "convolution 16xcxcx28x3, channels",
            {"along": "channels"},
            [
                Contender(f"channels {c}", ours.convolution, {"shape": ConvShape(16, c, c, 28, 3), **float32})
                for c in channels
            ],
        ),
    ]
    if available_threads() >= 2:
        works: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
            f"convolution {shape}": (ours.convolution, {"shape": shape, **float32}) for shape in threaded
        }
        works[f"training, batch {thread_batch}"] = (ours.training_step, {"batch": thread_batch})
        for name, (build, arguments) in works.items():
            contenders = [Contender(f"threads {threads}", build, arguments, threads=threads) for threads in (1, 2)]
            contenders += [
                Contender(
                    f"{ARITHMETIC}, threads {threads}", peak.multiplications_and_additions, float32, threads=threads
                )
                for threads in (1, 2)
            ]
            cases.append(Case(f"{name}, threads", {"along": "threads", "work": name}, contenders, patience=PATIENCE))
    return cases
