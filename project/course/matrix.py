"""The kill matrix: which case of the suites notices which wrong solution, and whether all correct ones are accepted."""

import html
import json
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.course import answers, pages
from project.course.cases import STAGES, find_difference
from project.course.catalogue import Misconception, alternatives, misconceptions
from project.course.judging import Verdict, judge_all
from project.course.planting import planted
from project.course.suites import cases_of
from project.course.tasks import tasks

STUDY = (142, 52)
"""How many wrong solutions were tried on the tests that the course itself hands out, in a study, and how many of them
passed all of those tests."""


@dataclass(frozen=True)
class Job:
    """A solution to be tried.

    Attributes:
        task: The number of its task.
        name: Its name: that of a file, or the id of a misconception.
        solution: What to plant.
        misconception: The misconception that it is; None for a correct solution.
        stages: The stages to run.
    """

    task: str
    name: str
    solution: Mapping[str, str]
    misconception: Misconception | None
    stages: Sequence[str]


@dataclass(frozen=True)
class Trial:
    """What the suite said about a solution.

    Attributes:
        job: The solution.
        verdicts: The verdicts, by the id of the case.
    """

    job: Job
    verdicts: Mapping[str, Verdict]

    @property
    def failing(self) -> list[Verdict]:
        """The verdicts on the cases that failed, from the smallest case on."""
        return [verdict for verdict in self.verdicts.values() if not verdict.passed]

    @property
    def is_fine(self) -> bool:
        """Whether the suite did what it should: accept a correct solution, or notice a wrong one."""
        return bool(self.failing) == (self.job.misconception is not None)


def make_jobs(numbers: Sequence[str], compiled: bool = False) -> list[Job]:
    """The solutions of some tasks: first the correct ones, then the wrong ones.

    Args:
        numbers: The tasks.
        compiled: Whether correct solutions are also tried with compiled kernels, which takes long.
    """
    stages = STAGES if compiled else STAGES[:1]
    jobs = [
        Job(number, name, solution, None, stages)
        for number in numbers
        for name, solution in alternatives(number).items()
    ]
    return jobs + [
        Job(number, wrong.id, wrong.solution, wrong, STAGES[:1])
        for number in numbers
        for wrong in misconceptions(number)
    ]


def try_solution(job: Job) -> Trial:
    """Plant a solution in a copy of the repository, and run the suite of its task there."""
    with planted(job.solution) as tree:
        return Trial(job, judge_all(cases_of(job.task), tree, job.stages))


def try_all(jobs: Sequence[Job], each: Callable[[Trial], None], at_once: int | None = None) -> list[Trial]:
    """Try solutions, several at a time. Returns the trials in the order of the jobs.

    Args:
        jobs: The solutions.
        each: Is told every trial when it is done, in that order.
        at_once: How many at a time; one for each core if left out.
    """
    trials = []
    with ThreadPoolExecutor(at_once or os.cpu_count() or 1) as pool:  # the threads only wait for other processes
        for trial in pool.map(try_solution, jobs):
            each(trial)
            trials.append(trial)
    return trials


def known_from(trials: Sequence[Trial]) -> list[answers.Known]:
    """What is kept of misconceptions, to recognise them: their results in the smallest cases that they get wrong."""
    found = []
    for trial in trials:
        wrong = trial.job.misconception
        if wrong is not None:
            told = [] if wrong.varies else trial.failing[: answers.MOST_OUTCOMES]
            few = {verdict.case.id: verdict.outcome.trace for verdict in told}
            found.append(answers.Known(wrong.id, wrong.task, wrong.name, wrong.hint, few))
    return found


def outdated(trials: Sequence[Trial]) -> list[str]:
    """The misconceptions of which other results are stored than those that came out now.

    Errors are left out of this: their words differ between versions of Python and NumPy.
    """
    found = []
    for new in known_from(trials):
        stored = next((known for known in answers.known(new.task) if known.id == new.id), None)
        if (
            stored is None
            or stored.traces.keys() != new.traces.keys()
            or not all("error" in trace or is_same(trace, stored.traces[id]) for id, trace in new.traces.items())
        ):
            found.append(new.id)
    return found


def is_same(trace: Mapping[str, Any], stored: Mapping[str, Any]) -> bool:
    """Whether two traces agree, but for rounding."""
    return find_difference(trace, stored, 1e-6, 1e-9) is None


def as_data(trials: Sequence[Trial]) -> dict[str, Any]:
    """The matrix as plain data."""
    wrong = [trial for trial in trials if trial.job.misconception is not None]
    right = [trial for trial in trials if trial.job.misconception is None]
    return {
        "misconceptions": len(wrong),
        "noticed": sum([trial.is_fine for trial in wrong]),
        "correct solutions": len(right),
        "accepted": sum([trial.is_fine for trial in right]),
        "study": {"wrong solutions": STUDY[0], "passed the tests of the course": STUDY[1]},
        "trials": [
            {
                "task": trial.job.task,
                "solution": trial.job.name,
                "correct": trial.job.misconception is None,
                "row": trial.job.misconception.row if trial.job.misconception else None,
                "name": trial.job.misconception.name if trial.job.misconception else None,
                "failing": [verdict.case.name for verdict in trial.failing],
            }
            for trial in trials
        ],
    }


STYLE = """
.wide td:first-child, .wide th:first-child { min-width: min(26rem, 55vw); }
.wide th { min-width: .9rem; padding: 0; text-align: center; font-size: .6rem; }
.kill { background: var(--kill); }
ol { columns: 22rem; padding-left: 2rem; margin: 0 0 1.5rem; }
li { break-inside: avoid; }
"""
"""What this page needs besides the style of all pages."""


def as_html(trials: Sequence[Trial]) -> str:
    """The matrix as a page: for each task a table, with a row for each wrong solution and a column for each case."""
    data = as_data(trials)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Kill matrix</title>',
        f'<meta name="viewport" content="width=device-width"><style>{pages.STYLE}{STYLE}</style></head><body>',
        "<h1>Which case notices which wrong solution</h1>",
        '<table class="summary">',
        f"<tr><td>{data['noticed']} of {data['misconceptions']}</td><td>wrong solutions are noticed</td></tr>",
        f"<tr><td>{data['accepted']} of {data['correct solutions']}</td><td>correct solutions are accepted</td></tr>",
        f"<tr><td>{STUDY[1]} of {STUDY[0]}</td><td>wrong solutions pass the tests that come with the course "
        "<small>(a study of those tests)</small></td></tr></table>",
    ]
    for number in dict.fromkeys([trial.job.task for trial in trials]):
        task = tasks()[number]
        own = [trial for trial in trials if trial.job.task == number]
        names = [case.name for case in cases_of(number) if "plain" in case.stages]
        parts.append(f"<h2>Task {task.number}: {html.escape(task.title)}</h2>")
        accepted = [t for t in own if t.job.misconception is None]
        words = ", ".join([html.escape(t.job.name) + ("" if t.is_fine else " (rejected)") for t in accepted])
        bad = "" if all(t.is_fine for t in accepted) else ' class="bad"'
        parts.append(f"<p{bad}>Correct solutions that were tried: {words or 'none'}.</p>")
        parts.append('<div class="wide"><table><tr><th></th>')
        parts += [f'<th title="{html.escape(name, quote=True)}">{i}</th>' for i, name in enumerate(names, 1)]
        parts.append("</tr>")
        for trial in own:
            wrong = trial.job.misconception
            if wrong is None:
                continue
            failing = {verdict.case.name for verdict in trial.failing}
            title = html.escape(wrong.symptom, quote=True)
            row = f" <small>({wrong.row})</small>" if wrong.row else ""
            bad = "" if trial.is_fine else ' class="bad"'
            parts.append(f'<tr><td title="{title}"{bad}>{pages.as_code(wrong.name)}{row}</td>')
            parts += [f'<td class="cell{" kill" if name in failing else ""}"></td>' for name in names]
            parts.append("</tr>")
        parts.append("</table></div><ol>")
        parts += [f"<li>{pages.as_code(name)}</li>" for name in names]
        parts.append("</ol>")
    parts.append(
        "<p><small>Numbers in parentheses are rows of the study's table. Hover over a name for the symptom.</small></p>"
    )
    return "\n".join([*parts, "</body></html>"]) + "\n"


def write(trials: Sequence[Trial], folder: Path) -> None:
    """Write the matrix as JSON and as a page."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "matrix.json").write_text(json.dumps(as_data(trials), indent=1) + "\n", encoding="utf-8")
    (folder / "matrix.html").write_text(as_html(trials), encoding="utf-8")
