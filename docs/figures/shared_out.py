"""Who does which task, and when: halves that are fixed, against shares that others help with."""

import heapq

from docs.figures.drawing import Drawing
from minitorch.sharing import LINE, deal_out, next_task

TASKS = 12
SECONDS = {"A": 1, "B": 1, "C": 2}  # how long each core takes for a task: C is a slow one

LEFT, UNIT, HIGH = 34, 62, 36
STYLES = ("input", "output", "weight")  # one for the share of each core


def fixed() -> list[tuple[int, int, float]]:
    """Each core does its own share: the core, the task, and when it begins."""
    return [
        (worker, task, place * seconds)
        for worker, seconds in enumerate(SECONDS.values())
        for place, task in enumerate(share(worker))
    ]


def helping() -> list[tuple[int, int, float]]:
    """Each core takes the task that the library gives it as soon as it is free."""
    tickets = deal_out(TASKS, len(SECONDS))
    free = [(0.0, worker) for worker in range(len(SECONDS))]  # when each core is free
    done = []
    while free:
        now, worker = heapq.heappop(free)
        task = int(next_task(tickets, worker, TASKS))
        if task < TASKS:
            done.append((worker, task, now))
            heapq.heappush(free, (now + list(SECONDS.values())[worker], worker))
    return done


def share(worker: int) -> range:
    """The tasks that the library deals out to a core to begin with."""
    starts = [int(start) for start in deal_out(TASKS, len(SECONDS))[::LINE]] + [TASKS]
    return range(starts[worker], starts[worker + 1])


def draw() -> Drawing:
    """Both ways, one above the other."""
    ways = {"each its own share": fixed(), "with help": helping()}
    seconds = list(SECONDS.values())
    ends = [max(begin + seconds[worker] for worker, _, begin in way) for way in ways.values()]
    helped = [f"{'ABC'[worker]} does task {task}" for worker, task, _ in ways["with help"] if task not in share(worker)]
    drawing = Drawing(
        LEFT + UNIT * max(ends) + 24,
        430,
        f"{TASKS} tasks on three cores, of which C is half as fast. With fixed shares all is done after {ends[0]:g}"
        f" units of time. With help it is after {ends[1]:g}, for {' and '.join(helped)}, of the share of C.",
    )
    for top, (title, way), end in zip((50, 250), ways.items(), ends):
        drawing.text(LEFT, top - 16, f"{title}: done after {end:g}", "strong", anchor="start")
        for worker, name in enumerate(SECONDS):
            drawing.text(LEFT - 10, top + worker * (HIGH + 8) + 24, name, "strong", anchor="end")
        for worker, task, begin in way:
            owner = next(other for other in range(len(SECONDS)) if task in share(other))
            style = STYLES[owner] if owner == worker else f"{STYLES[owner]} strong"
            left, wide = LEFT + UNIT * begin, UNIT * seconds[worker] - 4
            drawing.box(left, top + worker * (HIGH + 8), wide, HIGH, style)
            drawing.text(left + wide / 2, top + worker * (HIGH + 8) + 24, str(task))
        drawing.arrow((LEFT, top + 142), (LEFT + UNIT * max(ends), top + 142), "faint")
        drawing.text(LEFT + UNIT * max(ends), top + 162, "time", "faint", anchor="end")
    return drawing
