"""Grades submissions: several at a time, and never with a record missing.

The order of events is what makes an interruption harmless. Before anything is run, each submission has a record that
says that its tasks are waiting. After each task the record is written anew, as a whole. Who grades into the same folder
again goes on with the tasks that still wait, and with submissions that have changed.
"""

import hashlib
import json
import queue
import secrets
import shlex
import tempfile
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from minitorch.errors import ArgumentError, explain
from project.course.assignment import Assignment, key_of, prepare
from project.course.marking import SUBMITTED, Job, judge_job, take_from, waiting_grade
from project.course.overview import write_overview
from project.course.records import RECORD, Record, TaskGrade, as_json, read_if_whole, write_whole
from project.course.reports import write_student
from project.course.sandbox import AT_ONCE, Limits, Sandbox
from project.course.submissions import Submission, name_submissions, read_submission
from project.course.tasks import Task

RUN = "grading.json"
"""The name of the file that keeps what all submissions of a folder are graded with."""


def first_record(name: str, source: Path, chosen: Sequence[Task]) -> Record:
    """The record of a submission of which nothing is known yet."""
    return Record(name, str(source), "", tuple([waiting_grade(task) for task in chosen]))


def fingerprint_of(submission: Submission, key: str) -> str:
    """A hash of all that the grades of a submission depend on, the key of its assignment among it."""
    content = json.dumps([key, submission.files, submission.notes], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


class Grading:
    """A grading of several submissions into one folder.

    Args:
        sources: The folders and zip files.
        chosen: The tasks that were handed out together.
        out: The folder of the reports. What is in it of an earlier grading is gone on with.
        walls: Whether there is to be a sandbox.
        seed: The seed of the numbers that students do not know. Left out, it is that of the earlier grading, or drawn.
        limits: What a student's process may use.

    Raises:
        ArgumentError: The folder has the reports of other tasks in it.
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
        file, numbers = self.out / RUN, [task.id for task in self.chosen]
        try:
            earlier = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None
            fits = earlier is None or (earlier["tasks"] == numbers and isinstance(earlier["seed"], int))
        except (ValueError, KeyError, TypeError):
            fits = False
        if not fits:
            raise ArgumentError(
                explain(
                    "The folder for the reports has those of other tasks, which would be lost.",
                    got=f"{', '.join(numbers)} to be graded, and {file}",
                    expected="a folder for each assignment",
                    fix="choose another --out",
                )
            )
        seed = seed or (earlier["seed"] if earlier else 1 + secrets.randbelow(2**32 - 1))
        write_whole(file, json.dumps({"seed": seed, "tasks": numbers}, indent=1) + "\n")
        return seed

    def _read(self, name: str, source: Path) -> Record:
        """The record of an earlier grading; or a new one, if there is none that can be read."""
        old = read_if_whole(self.folder(name) / RECORD)
        return first_record(name, source, self.chosen) if old is None else old

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
        return all(self._is_graded(read_submission(source, name), key) for name, source in self.named.items())

    def _is_graded(self, submission: Submission, key: str) -> bool:
        """Whether all tasks of a submission have been judged, as it is now."""
        record = self.records[submission.name]
        return record.is_done and record.fingerprint == fingerprint_of(submission, key)

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
            for number in range(min(at_once, AT_ONCE)):
                free.put(number)

            def tell(step: str) -> None:
                with self.lock:  # one after the other
                    each(step)

            def judge(job: Job, number: int) -> None:
                try:
                    if not stopped():
                        self._note(job, judge_job(job, assignment, Sandbox(self.walls, self.limits, number)))
                        tell(f"{job.submission.name}, task {job.task.number}")
                except Exception as error:  # an error of ours costs no student a point, and no other one their grade
                    self.failures.append(f"{job.submission.name}, task {job.task.number}: {error!r}")
                finally:
                    free.put(number)

            with ThreadPoolExecutor(at_once) as pool:  # the threads only wait for other processes
                for name in self.named:
                    if stopped():
                        break
                    try:
                        jobs = self._begin(name, assignment, tell)
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
        if self._is_graded(submission, assignment.key):
            for task in self.chosen:
                each(f"{name}, task {task.number}")
            return []
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
            place = shlex.quote(str(self.folder(name)))
            grade = replace(grade, replay=f'python -m project.course replay {place} "{grade.task}: {grade.failing}"')
        with self.lock:
            record = self.records[name]
            tasks = [grade if old.task == grade.task else old for old in record.tasks]
            self.records[name] = replace(record, tasks=tuple(tasks))
            self._write(name)
            if self.records[name].is_done:
                self.write_reports()
