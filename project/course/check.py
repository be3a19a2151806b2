"""The student's side: how far all tasks are, and what is wrong with the first one that is not right yet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from project.course.diagnosis import first_failing, missing_task, report
from project.course.judging import Verdict, judge_all
from project.course.runner import ROOT
from project.course.suites import all_cases
from project.course.tasks import Task, tasks
from project.training import Progress

BAR = 20
"""How many characters the bar of a task is long."""


def progress_line(task: Task, verdicts: Mapping[str, Verdict]) -> str:
    """A line about a task: its title, how much of it is right, and the first case that is not."""
    own = [verdict for verdict in verdicts.values() if verdict.case.task == task.id]
    right = sum([verdict.passed for verdict in own])
    if not own:
        return f"{task.number}  {task.title:42}  no cases"
    bar = ("#" * (BAR * right // len(own))).ljust(BAR, ".")
    failing = first_failing(verdicts, task.id)
    if failing is None:
        remark = "solved"
    elif failing.outcome.status == "missing":
        needed = missing_task(failing)
        own_remark = "not written yet" if right == 0 else "partly written"
        remark = own_remark if needed == task.id else f"needs task {tasks()[needed].number}, which is not written yet"
    else:
        remark = f'wrong: "{failing.case.name}"'
    return f"{task.number}  {task.title:42}  {bar}  {right:3}/{len(own):<3}  {remark}"


def check(numbers: Sequence[str], tree: Path = ROOT) -> int:
    """Run the suites of some tasks and tell the progress, and what is wrong with the first that is written but wrong.

    Args:
        numbers: The tasks.
        tree: The folder that holds the packages `minitorch` and `project` to be used.

    Returns:
        The exit status: 0 if all of them are solved, else 1.
    """
    cases = all_cases(numbers)
    bar = Progress("cases", len(cases), "case")
    seen: set[str] = set()

    def note(verdict: Verdict) -> None:
        seen.add(verdict.case.id)
        bar.update(len(seen), f"task {tasks()[verdict.case.task].number}, {verdict.stage}")

    verdicts = judge_all(cases, tree, each=note)
    bar.close()
    chosen = [tasks()[number] for number in numbers]
    for task in chosen:
        print(progress_line(task, verdicts))
    solved = [task for task in chosen if first_failing(verdicts, task.id) is None]
    points = sum([task.points for task in solved])
    print(
        f"\n{len(solved)} of {len(chosen)} tasks are solved: {points:g} of {sum([t.points for t in chosen]):g} points."
    )
    unsolved = [failing for task in chosen if (failing := first_failing(verdicts, task.id)) is not None]
    written = [failing for failing in unsolved if failing.outcome.status != "missing"]
    if written or unsolved:
        print(f"\n{report((written or unsolved)[0], verdicts)}")
    return 0 if len(solved) == len(chosen) else 1
