"""Says in plain words what is wrong with a result, and which misunderstanding it looks like; never the solution."""

import re
from collections.abc import Mapping, Sequence

from project.course.answers import Known, expected, known
from project.course.cases import find_difference
from project.course.drawings import DRAWINGS, place
from project.course.judging import Verdict
from project.course.runner import THREADS
from project.course.tasks import tasks

STAGE_WORDS = {
    "plain": "in plain Python",
    "one thread": "compiled, on one thread",
    "threads": f"compiled, on {THREADS} threads",
}

COMPLAINTS = "complaints"
"""The name of the value by which cases say what `watched.complaints_about` has found."""


def is_alike(verdict: Verdict, misconception: Known) -> bool:
    """Whether a case came out as it does with a misconception."""
    return find_difference(verdict.outcome.trace, misconception.traces[verdict.case.id], 1e-6, 1e-9) is None


def recognise(verdict: Verdict, verdicts: Mapping[str, Verdict]) -> tuple[Known, int, int] | None:
    """Find the known misconception whose result is the same in this case.

    Args:
        verdict: What came out of the case.
        verdicts: What came out of all cases of the task.

    Returns:
        The one that agrees in the most cases; in how many; and in how many it is known. None if there is none.
    """
    if verdict.outcome.status not in ("values", "error"):
        return None
    best = None
    for candidate in known(verdict.case.task):
        if verdict.case.id not in candidate.traces or not is_alike(verdict, candidate):
            continue
        others = [verdicts[id] for id in candidate.traces if id in verdicts]
        agreeing = sum([is_alike(other, candidate) for other in others])
        if best is None or agreeing / len(others) > best[1] / best[2]:
            best = candidate, agreeing, len(others)
    return best


def missing_task(verdict: Verdict) -> str:
    """The number of the task that is not written yet, where a case found that out: its own, or another one."""
    needed = re.search(r"Task (\d)\.(\d)", verdict.outcome.error)
    number = f"{needed[1]}_{needed[2]}" if needed else ""
    return number if number in tasks() else verdict.case.task


def has_complaints(verdict: Verdict) -> bool:
    """Whether what is wrong is told in words, by the watcher of memory."""
    if verdict.difference is None or verdict.difference.where != COMPLAINTS:
        return False
    said = verdict.outcome.values.get(COMPLAINTS)
    return isinstance(said, list) and len(said) > 0 and all(isinstance(words, str) and words for words in said)


def describe(verdict: Verdict) -> str:
    """What happened in a case that failed, in a sentence or two."""
    outcome, difference = verdict.outcome, verdict.difference
    if outcome.status == "missing":
        number = missing_task(verdict)
        if number == verdict.case.task:
            return f"It is not written yet. {outcome.error}"
        return (
            f"It needs an earlier task, which is not written yet. {outcome.error}\n"
            f"To go on without it, borrow the reference: --reference {number}"
        )
    if outcome.status == "error":
        return f"It raised {outcome.error}"
    if outcome.status != "values" or difference is None:
        return outcome.error
    if has_complaints(verdict):
        return "\n".join([f"{complaint[0].upper()}{complaint[1:]}." for complaint in outcome.values[COMPLAINTS]])
    sentence = f"{place(difference.where, difference.cell) if difference.cell else difference.where} {difference.what}."
    if difference.cells > 1:
        sentence += f" {difference.wrong} of {difference.cells} cells differ."
    return sentence


def report(verdict: Verdict, verdicts: Mapping[str, Verdict]) -> str:
    """The whole story of a case that failed.

    Args:
        verdict: The verdict on the case.
        verdicts: Those on all cases of the task.
    """
    case, outcome = verdict.case, verdict.outcome
    task = tasks()[case.task]
    how = STAGE_WORDS[verdict.stage] + (", on other random numbers than those you have" if verdict.seed else "")
    lines = [f'Task {task.number}, {task.title.lower()}. The case "{case.name}", {how}:', ""]
    lines += [f"  {line}" for line in describe(verdict).splitlines()]
    if outcome.status == "values" and verdict.difference is not None and not has_complaints(verdict):
        drawing = DRAWINGS[case.drawing or "cells"]
        drawn = drawing(case.copied_inputs(), outcome.values, expected(case), verdict.difference)
        lines += ["", *[f"    {line}".rstrip() for line in drawn]]
    found = recognise(verdict, verdicts)
    if found is not None:
        misconception, agreeing, count = found
        same = "Your result equals that of" if outcome.status == "values" else "Your code fails just as it does with"
        cells = " in every cell" if outcome.status == "values" else ""
        where = cells if agreeing == count else f" here, and in {agreeing} of {count} cases like this"
        lines += ["", f"  {same} *{misconception.name}*{where}.", f"  {misconception.hint}"]
    if outcome.printed.strip():
        lines += ["", "  Your code printed:", *[f"    {line}" for line in outcome.printed.strip().splitlines()[-10:]]]
    if verdict.seed:
        lines += [
            "",
            "  On the numbers that you have, all is right. Does your code depend on particular numbers?",
        ]
    else:
        lines += ["", f'  To run this case alone: python -m project.course run "{case.id}"']
    return "\n".join(lines)


def first_failing(verdicts: Mapping[str, Verdict], task: str) -> Verdict | None:
    """The smallest case of a task that failed."""
    failed = [verdict for verdict in verdicts.values() if verdict.case.task == task and not verdict.passed]
    return failed[0] if failed else None


def failing_tasks(verdicts: Mapping[str, Verdict]) -> Sequence[str]:
    """The tasks of which a case failed, in the order of the course."""
    return [number for number in tasks() if first_failing(verdicts, number) is not None]
