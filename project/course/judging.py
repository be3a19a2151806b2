"""Judges what came out of cases. One stage follows the other: what is right in plain Python is tried compiled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from project.course.answers import expected
from project.course.cases import STAGES, Case, Difference, Outcome, find_difference
from project.course.runner import HERE, ROOT, Launcher, run_cases
from project.course.suites import cases_of
from project.course.tasks import tasks

OTHER_NUMBERS = "other numbers"
"""The name of the stage in which the cases have other random numbers than those that students know."""


@dataclass(frozen=True)
class Verdict:
    """What is to be said about a case.

    Attributes:
        case: The case.
        stage: The stage in which it failed, or the last one in which it passed.
        passed: Whether it is right in all stages that were run.
        outcome: What came out in that stage.
        difference: Where the result is not as it should be, if there is one.
    """

    case: Case
    stage: str
    passed: bool
    outcome: Outcome
    difference: Difference | None


def judge(case: Case, stage: str, outcome: Outcome) -> Verdict:
    """Compare what came out of a case with what should have."""
    difference = None
    if outcome.status == "values":
        difference = find_difference(outcome.values, expected(case), case.rtol, case.atol)
    return Verdict(case, stage, outcome.status == "values" and difference is None, outcome, difference)


def judge_all(
    cases: Sequence[Case],
    tree: Path = ROOT,
    stages: Sequence[str] = STAGES,
    each: Callable[[Verdict], None] | None = None,
    launcher: Launcher = HERE,
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
        seed: What is right in all stages is run once more on the random numbers of this seed, unless it is 0. Whoever
            has written down the results that students know is noticed there.
        until: When, by `time.monotonic`, all has to be done; what is not is given up.

    Returns:
        For the id of each case that was run, its verdict in the last stage that it was run in.
    """
    verdicts: dict[str, Verdict] = {}

    def note(stage: str) -> Callable[[Case, Outcome], None]:
        def judged(case: Case, outcome: Outcome) -> None:
            verdict = verdicts[case.id] = judge(case, stage, outcome)
            if each is not None:
                each(verdict)

        return judged

    def right_so_far(cases: Sequence[Case]) -> list[Case]:
        wrong = {verdict.case.task for verdict in verdicts.values() if not verdict.passed}
        return [case for case in cases if case.task not in wrong]

    for stage in stages:
        wanted = [case for case in right_so_far(cases) if stage == "plain" or tasks()[case.task].compiled]
        run_cases(wanted, stage, tree, note(stage), launcher, until=until)
    if seed:
        ids = {case.id for case in cases}
        others = [case for number in dict.fromkeys(case.task for case in cases) for case in cases_of(number, seed)]
        wanted = [case for case in right_so_far(others) if case.id in ids]
        run_cases(wanted, "plain", tree, note(OTHER_NUMBERS), launcher, seed, until)
    return verdicts
