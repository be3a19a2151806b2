"""Judges what came out of cases. One stage follows the other: what is right in plain Python is tried compiled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from project.course.answers import expected
from project.course.cases import STAGES, Case, Difference, Outcome, find_difference
from project.course.runner import HERE, ROOT, Launcher, run_cases
from project.course.suites import cases_of
from project.course.tasks import tasks


@dataclass(frozen=True)
class Verdict:
    """What is to be said about a case.

    Attributes:
        case: The case.
        stage: The stage in which it failed, or the last one in which it passed.
        passed: Whether it is right in all stages that were run.
        outcome: What came out in that stage.
        difference: Where the result is not as it should be, if there is one.
        seed: The seed of its random numbers.
    """

    case: Case
    stage: str
    passed: bool
    outcome: Outcome
    difference: Difference | None
    seed: int = 0


def judge(case: Case, stage: str, outcome: Outcome, seed: int = 0) -> Verdict:
    """Compare what came out of a case with what should have."""
    difference = None
    if outcome.status == "values":
        difference = find_difference(outcome.values, expected(case), case.rtol, case.atol)
    return Verdict(case, stage, outcome.status == "values" and difference is None, outcome, difference, seed)


def judge_all(
    cases: Sequence[Case],
    tree: Path = ROOT,
    stages: Sequence[str] = STAGES,
    each: Callable[[Verdict], None] | None = None,
    launcher: Launcher = HERE,
    again: Sequence[str] = (),
    seed: int = 0,
    until: float | None = None,
) -> dict[str, Verdict]:
    """Run cases in all stages, and judge them.

    A task whose cases are not all right in one stage is not tried in the next.

    Args:
        cases: The cases, of one task or several.
        tree: The folder that holds the packages `minitorch` and `project` to be used.
        stages: The stages.
        each: Is told every verdict as soon as there is one.
        launcher: How processes are started.
        again: Stages that are run after these, with random numbers that students do not know. Whoever has written down
            results is noticed there.
        seed: The seed of those.
        until: When, by `time.monotonic`, all has to be done; what is not is given up.

    Returns:
        For the id of each case that was run, its verdict in the last stage that it was run in.
    """
    verdicts: dict[str, Verdict] = {}
    ids = {case.id for case in cases}
    for stage, numbers_of in [*[(stage, 0) for stage in stages], *[(stage, seed) for stage in again]]:
        wrong = {verdict.case.task for verdict in verdicts.values() if not verdict.passed}
        right_so_far = [
            task
            for task in dict.fromkeys([case.task for case in cases])
            if task not in wrong and (stage == "plain" or tasks()[task].compiled)
        ]
        wanted = cases
        if numbers_of:
            wanted = [case for task in right_so_far for case in cases_of(task, numbers_of) if case.id in ids]

        def note(case: Case, outcome: Outcome, stage: str = stage, numbers_of: int = numbers_of) -> None:
            verdict = verdicts[case.id] = judge(case, stage, outcome, numbers_of)
            if each is not None:
                each(verdict)

        wanted = [case for case in wanted if case.task in right_so_far]
        run_cases(wanted, stage, tree, note, launcher, numbers_of, until)
    return verdicts
