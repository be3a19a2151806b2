"""Grades submissions: each task of each in a process of its own, several at a time, and never with a record missing.

The order of events is what makes an interruption harmless. Before anything is run, each submission has a record that
says that its tasks are waiting. After each task the record is written anew, as a whole. Who grades into the same folder
again goes on with the tasks that still wait, and with submissions that have changed.
"""

import hashlib
import json
import queue
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from minitorch.errors import ArgumentError, explain
from project.course.assignment import AGAIN, FIRST, Assignment, key_of, prepare
from project.course.diagnosis import describe, missing_task, recognise, report
from project.course.judging import Verdict, judge, judge_all
from project.course.overview import write_overview
from project.course.records import RECORD, CaseGrade, Record, TaskGrade, as_json, read_record, write_whole
from project.course.reports import write_student
from project.course.runner import ROOT, run_cases
from project.course.sandbox import Limits, Sandbox
from project.course.submissions import Submission, name_submissions, read_submission
from project.course.suites import cases_of
from project.course.tasks import Task, tasks

SUBMITTED = "submitted.json"
"""The name of the file that keeps the source files of a submission as they were graded."""

RUN = "grading.json"
"""The name of the file that keeps what all submissions of a folder are graded with."""

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


# One submission


def waiting_grade(task: Task) -> TaskGrade:
    """What is said about a task before it is judged."""
    return TaskGrade(task.id, "waiting", 0.0, task.points)


def first_record(name: str, source: Path, chosen: Sequence[Task]) -> Record:
    """The record of a submission of which nothing is known yet."""
    return Record(name, str(source), "", tuple([waiting_grade(task) for task in chosen]))


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


def read_if_whole(file: Path) -> Record | None:
    """Read a record; None, if there is none, or one of another version."""
    try:
        return read_record(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def fingerprint_of(submission: Submission, key: str) -> str:
    """A hash of all that the grades of a submission depend on, the key of its assignment among it."""
    content = json.dumps([key, submission.files, submission.notes], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


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


# All submissions


class Grading:
    """A grading of several submissions into one folder.

    Args:
        sources: The folders and zip files.
        chosen: The tasks that were handed out together.
        out: The folder of the reports. What is in it of an earlier grading is gone on with.
        walls: Whether there is to be a sandbox.
        seed: The seed of the numbers that students do not know. Left out, it is that of the earlier grading, or drawn.
        limits: What a student's process may use.
    """

    def __init__(
        self,
        sources: Sequence[Path],
        chosen: Sequence[Task],
        out: Path,
        walls: bool = True,
        seed: int | None = None,
        limits: Limits = Limits(),
    ) -> None:
        self.chosen, self.out, self.walls, self.limits = list(chosen), out, walls, limits
        self.named = name_submissions(list(sources))
        self.seed = self._find_seed(seed)
        self.lock = threading.Lock()  # for the records and what is made from them
        self.failures: list[str] = []
        """What went wrong that no student is to blame for."""
        self.records = {name: self._read(name, source) for name, source in self.named.items()}
        for name in self.records:
            self._write(name)
        self.write_reports()

    def _find_seed(self, seed: int | None) -> int:
        """The seed: the one that is asked for, that of the earlier grading, or a new one."""
        file = self.out / RUN
        earlier = json.loads(file.read_text(encoding="utf-8"))["seed"] if file.is_file() else None
        chosen = seed if seed is not None else earlier if earlier is not None else 1 + secrets.randbelow(2**32 - 1)
        tasks = [task.id for task in self.chosen]
        write_whole(file, json.dumps({"seed": chosen, "tasks": tasks, "sandbox": self.walls}, indent=1) + "\n")
        return chosen

    def _read(self, name: str, source: Path) -> Record:
        """The record of an earlier grading; or a new one, if there is none that can be read."""
        old = read_if_whole(self.folder(name) / RECORD)
        is_same = old is not None and [grade.task for grade in old.tasks] == [task.id for task in self.chosen]
        return old if old is not None and is_same else first_record(name, source, self.chosen)

    def folder(self, name: str) -> Path:
        """The folder of a submission's reports."""
        return self.out / "students" / name

    def _write(self, name: str) -> None:
        """Write the record of a submission, and what its student gets."""
        record = self.records[name]
        write_whole(self.folder(name) / RECORD, as_json(record))
        write_student(record, self.out)

    def write_reports(self) -> None:
        """Write the reports on all submissions, also on those that were graded into the same folder before."""
        records = dict(self.records)
        for file in sorted((self.out / "students").glob(f"*/{RECORD}")):
            if file.parent.name not in records and (earlier := read_if_whole(file)) is not None:
                records[file.parent.name] = earlier
        write_overview(list(records.values()), self.out)

    def is_done(self) -> bool:
        """Whether everything has been graded as it is now, so that there is nothing to do."""
        key = key_of(self.chosen, self.seed, self.limits, self.walls)
        return all(
            self.records[name].is_done
            and self.records[name].fingerprint == fingerprint_of(read_submission(source, name), key)
            for name, source in self.named.items()
        )

    def run(self, each: Callable[[str], None], stopped: Callable[[], bool], at_once: int) -> None:
        """Grade all that is still waiting.

        Args:
            each: Is told what is done, step by step; there are `steps` of them.
            stopped: Says whether to stop. What has begun is brought to an end.
            at_once: How many tasks are judged at the same time.

        Raises:
            StateError: Nothing can be graded on this machine.
        """
        with tempfile.TemporaryDirectory(prefix="minitorch-", ignore_cleanup_errors=True) as folder:
            assignment = prepare(self.chosen, Path(folder), self.seed, self.walls, self.limits, each)
            free: queue.Queue[int] = queue.Queue()  # of the numbers of sandboxes
            for number in range(at_once):
                free.put(number)

            def judge(job: Job, number: int) -> None:
                try:
                    if not stopped():
                        self._note(job, judge_job(job, assignment, Sandbox(self.walls, self.limits, number)))
                        each(f"{job.submission.name}, task {job.task.number}")
                except Exception as error:  # an error of ours costs no student a point, and no other one their grade
                    self.failures.append(f"{job.submission.name}, task {job.task.number}: {error!r}")
                finally:
                    free.put(number)

            with ThreadPoolExecutor(at_once) as pool:  # the threads only wait for other processes
                for name in self.named:
                    if stopped():
                        break
                    try:
                        jobs = self._begin(name, assignment, each)
                    except Exception as error:  # as above
                        self.failures.append(f"{name}: {error!r}")
                        continue
                    for job in jobs:
                        pool.submit(judge, job, free.get())  # waits until one of them has nothing to do
        self.write_reports()

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return 1 + len(self.chosen) + len(self.chosen) * len(self.named)

    def _begin(self, name: str, assignment: Assignment, each: Callable[[str], None]) -> list[Job]:
        """Read a submission, and find out which of its tasks are still to be judged."""
        submission = read_submission(self.named[name], name)
        fingerprint = fingerprint_of(submission, assignment.key)
        jobs, notes = take_from(submission, assignment)
        with self.lock:
            record = self.records[name]
            if record.fingerprint != fingerprint:
                record = first_record(name, self.named[name], self.chosen)
            self.records[name] = replace(
                record,
                fingerprint=fingerprint,
                notes=(*submission.notes, *notes),
                made_with=assignment.made_with,
                source=str(self.named[name]),
            )
            write_whole(self.folder(name) / SUBMITTED, json.dumps(submission.files))
            self._write(name)
        waiting = {grade.task for grade in record.tasks if grade.state == "waiting"}
        for task in self.chosen:
            if task.id not in waiting:
                each(f"{name}, task {task.number}")
        return [job for job in jobs if job.task.id in waiting]

    def _note(self, job: Job, grade: TaskGrade) -> None:
        """Put a grade into the record of its submission, and write what is made from it."""
        name = job.submission.name
        if grade.failing:
            place = self.folder(name)
            grade = replace(grade, replay=f'python -m project.course replay "{place}" "{grade.task}: {grade.failing}"')
        with self.lock:
            record = self.records[name]
            tasks = [grade if old.task == grade.task else old for old in record.tasks]
            self.records[name] = replace(record, tasks=tuple(tasks))
            self._write(name)
            if self.records[name].is_done:
                self.write_reports()


# One case again


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
    record, run = read_if_whole(folder / RECORD), folder.parent.parent / RUN
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
    settings = json.loads(run.read_text(encoding="utf-8"))
    chosen = [tasks()[id] for id in settings["tasks"]]
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
