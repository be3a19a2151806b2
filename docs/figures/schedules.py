"""The learning rate that three schedules set, step by step."""

from docs.figures.drawing import Drawing
from docs.figures.plots import BLUE, GREEN, ORANGE, as_drawing, new_plot
from minitorch import SGD, CosineAnnealingLR, LinearLR, LRScheduler, Optimizer, Parameter, StepLR, tensor

STEPS = 20


def rates(schedule: LRScheduler) -> list[float]:
    """The learning rate at the start, and after each step."""
    told = [schedule.optimizer.lr]
    for _ in range(STEPS):
        schedule.step()
        told.append(schedule.optimizer.lr)
    return told


def new_optimizer() -> Optimizer:
    """An optimizer with the learning rate 1."""
    return SGD([Parameter(tensor([1]))], lr=1)


def draw() -> Drawing:
    """Three curves, each with its name beside it."""
    figure, axes = new_plot(height=300)
    curves = {
        f"LinearLR(total_iters={STEPS})": (rates(LinearLR(new_optimizer(), total_iters=STEPS)), BLUE, "-"),
        f"CosineAnnealingLR(T_max={STEPS})": (rates(CosineAnnealingLR(new_optimizer(), T_max=STEPS)), ORANGE, "--"),
        "StepLR(step_size=5, gamma=0.5)": (rates(StepLR(new_optimizer(), step_size=5, gamma=0.5)), GREEN, ":"),
    }
    for name, (curve, colour, line) in curves.items():
        drawstyle = "steps-post" if "Step" in name else "default"
        axes.plot(curve, line, color=colour, label=name, drawstyle=drawstyle, linewidth=2.5)
    axes.set(xlabel="steps done", ylabel="learning rate", xlim=(0, STEPS), ylim=(0, 1.55))  # room for the legend
    axes.set(xticks=range(0, STEPS + 1, 5), yticks=[0, 0.5, 1])
    axes.legend(loc="upper right", fontsize=16, frameon=False)
    told = "; ".join(
        f"{name} sets {curve[0]:g} at first, {curve[STEPS // 4]:.2g} after a quarter of the steps,"
        f" {curve[STEPS // 2]:.2g} after half, {curve[-1]:.2g} at the end"
        for name, (curve, _, _) in curves.items()
    )
    return as_drawing(figure, "schedules", f"The learning rate over {STEPS} steps: {told}.")
