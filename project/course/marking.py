"""Marks a submission: takes the student's solutions out of it, and judges a task; or runs one of its cases again."""

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from minitorch.errors import ArgumentError, explain
from project.course.assignment import AGAIN, FIRST, Assignment, prepare
from project.course.diagnosis import describe, missing_task, recognise, report
from project.course.judging import Verdict, judge, judge_all
from project.course.records import RECORD, CaseGrade, TaskGrade, read_if_whole
from project.course.runner import ROOT, run_cases
from project.course.sandbox import Limits, Sandbox
from project.course.submissions import Submission
from project.course.suites import cases_of
from project.course.tasks import Task, tasks

SUBMITTED = "submitted.json"
"""The name of the file that keeps the source files of a submission as they were graded."""

TAKING = 120
"""How many seconds it may take to read the source files of a submission."""

WORDS = 300
"""How much is kept of what is said about a case, in characters."""

STORY = 20_000
"""How much is kept of the whole story of a case, in characters."""


@dataclass(frozen=True)
class Job:
    """A task of a submission, to be judged.

    Attributes:
        submission: What was handed in.
        task: The task.
        files: The files that the student's solution stands in, to be put into the base of the task.
        problem: Why there are none; as a rule nothing.
        remark: What is to be said besides, if it is not solved.
    """

    submission: Submission
    task: Task
    files: Mapping[str, str]
    problem: str
    remark: str = ""


def waiting_grade(task: Task) -> TaskGrade:
    """What is said about a task before it is judged."""
    return TaskGrade(task.id, "waiting", 0.0, task.points)


def take_from(submission: Submission, assignment: Assignment) -> tuple[list[Job], list[str]]:
    """Take a student's solutions out of a submission, in a process of its own (`taking.py`).

    Returns:
        A job for each task; and notes.
    """
    request = {
        "files": submission.files,
        "handed_out": str(assignment.handed_out),
        "tasks": [task.id for task in assignment.chosen],
        "bases": {number: str(base) for number, base in assignment.bases.items()},
    }
    parser = Sandbox(walls=False, limits=assignment.limits)  # it reads code and runs none
    try:
        done = subprocess.run(
            parser.command(ROOT, ["-m", "project.course.taking"]),
            input=json.dumps(request),
            env=parser.environment(ROOT),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=TAKING,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        problem = "Its source files cannot be read: whatever reads them ends, or does not come to an end."
        return [Job(submission, task, {}, problem) for task in assignment.tasks], [problem]
    answer = json.loads(done.stdout)
    jobs = [Job(submission, task, **answer["tasks"][task.id]) for task in assignment.tasks]
    return jobs, answer["notes"]


def missing_files(submission: Submission, task: Task) -> list[str]:
    """The files of a task that were not handed in."""
    modules = dict.fromkeys(target.module for target in task.targets)
    return [module for module in modules if module not in submission.files]


def judge_job(job: Job, assignment: Assignment, sandbox: Sandbox) -> TaskGrade:
    """Judge a task of a submission."""
    started = time.monotonic()
    missing = missing_files(job.submission, job.task)
    if job.problem or missing:
        absent = f"There is no {' and no '.join(missing)} in what was handed in, or none that can be read."
        said = job.problem or "\n".join([absent, *job.submission.notes])
        return replace(waiting_grade(job.task), state="missing" if missing else "wrong", report=said)
    with tempfile.TemporaryDirectory(prefix="minitorch-", ignore_cleanup_errors=True) as folder:
        tree = Path(folder) / "tree"
        plant_job(job, assignment, tree)
        until = time.monotonic() + assignment.limits.task
        verdicts = judge_all(cases_of(job.task.id), tree, FIRST, None, sandbox, AGAIN, assignment.seed, until)
    grade = as_grade(job.task, verdicts, time.monotonic() - started)
    solved = grade.state == "solved" or not job.remark
    return grade if solved else replace(grade, report=f"{grade.report}\n\n{job.remark}")


def plant_job(job: Job, assignment: Assignment, tree: Path) -> None:
    """Make the folder that a task of a submission is judged in."""
    shutil.copytree(assignment.bases[job.task.id], tree)
    for name, text in job.files.items():
        (tree / name).write_text(text, encoding="utf-8", errors="replace")


def as_grade(task: Task, verdicts: Mapping[str, Verdict], seconds: float) -> TaskGrade:
    """Sum up the verdicts on the cases of a task.

    The case to be told about is the smallest that is wrong; only where none is wrong, one that is not written yet.

    Raises:
        LookupError: There are none, which says nothing about the solution.
    """
    if not verdicts:
        raise LookupError(f"No case of task {task.number} was run.")
    failed = [verdict for verdict in verdicts.values() if not verdict.passed]
    wrong = [verdict for verdict in failed if verdict.outcome.status != "missing" or missing_task(verdict) != task.id]
    told = next(iter([*wrong, *failed]), None)
    state = "solved" if told is None else "wrong" if wrong else "missing"
    cases = [
        CaseGrade(
            verdict.case.name,
            verdict.stage,
            verdict.outcome.status,
            verdict.passed,
            "" if verdict.passed else describe(verdict)[:WORDS],
            verdict.seed,
        )
        for verdict in verdicts.values()
    ]
    points = task.points if state == "solved" else 0.0
    grade = TaskGrade(task.id, state, points, task.points, tuple(cases), seconds)
    if told is None:
        return grade
    found = recognise(told, verdicts)
    known = {"id": found[0].id, "name": found[0].name, "hint": found[0].hint} if found else None
    return replace(grade, failing=told.case.name, report=report(told, verdicts)[:STORY], misconception=known)


def replay(folder: Path, case: str) -> str:
    """Run a case of a graded submission again, just as it was run, and say what is wrong; nothing, if it is right.

    Args:
        folder: The folder of the submission's reports.
        case: The id of the case, such as "4_1: one tap".

    Raises:
        ArgumentError: There is no such submission, or no such case in its record.
        StateError: Nothing can be graded on this machine.
    """
    number, _, name = case.partition(": ")
    record = read_if_whole(folder / RECORD)
    grades = [grade for grade in record.tasks if grade.task == number] if record else []
    graded = [graded for grade in grades for graded in grade.cases if graded.name == name]
    if record is None or not graded:
        raise ArgumentError(
            explain(
                "This case was not graded.",
                got=f'"{case}" in {folder}',
                expected="the folder of a submission that was graded, and a case in its record",
                fix="take the command from the page of the instructor, or from record.json",
            )
        )
    chosen = [tasks()[grade.task] for grade in record.tasks]
    files = json.loads((folder / SUBMITTED).read_text(encoding="utf-8"))
    submission = Submission(record.student, folder, files)
    limits = Limits(**record.made_with["limits"])
    with tempfile.TemporaryDirectory(prefix="minitorch-", ignore_cleanup_errors=True) as work:
        assignment = prepare(
            chosen, Path(work), record.made_with["seed"], record.made_with["sandbox"], limits, judged=[tasks()[number]]
        )
        jobs, _ = take_from(submission, assignment)
        (job,) = jobs
        plant_job(job, assignment, Path(work) / "tree")
        stage, seed = graded[0].stage, graded[0].seed
        (found,) = [found for found in cases_of(number, seed) if found.name == name]
        outcome = run_cases([found], stage, Path(work) / "tree", None, Sandbox(assignment.walls, limits), seed)[
            found.id
        ]
    verdict = judge(found, stage, outcome, seed)
    return "" if verdict.passed else report(verdict, {found.id: verdict})
