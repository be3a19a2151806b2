"""The commands for instructors. Students' copies have no use for them, and do not have this file."""

import argparse
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from project.course.options import add_tasks, chosen_tasks, count

AddCommand: TypeAlias = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]
"""Adds a command, by its name, the function that does it, and a line of help."""


def add_commands(command: AddCommand) -> None:
    """Add the commands to those of the tool."""
    release = command("release", do_release, "write a repository for students, without the answers to some tasks")
    add_tasks(release)
    release.add_argument("--out", type=Path, required=True, help="the folder to write")
    grade = command("grade", do_grade, "judge what students handed in")
    grade.add_argument("submissions", type=Path, nargs="+", help="folders, zip files or git checkouts")
    add_tasks(grade)
    grade.add_argument("--out", type=Path, required=True, help="folder for the reports")
    grade.add_argument("--seed", type=count, help="seed of the numbers that students do not know; else it is drawn")
    grade.add_argument("--at-once", type=count, default=os.cpu_count() or 1, help="how many tasks at the same time")
    grade.add_argument("--no-sandbox", action="store_true", help="where students' code can do no harm")
    replay = command("replay", do_replay, "run a case of a graded submission again")
    replay.add_argument("folder", type=Path, help="the folder of a submission's reports: OUT/students/NAME")
    replay.add_argument("case", help='the case, as in "4_1: one tap"')
    matrix = command("matrix", do_matrix, "try all correct and all wrong solutions on the suites")
    add_tasks(matrix)
    matrix.add_argument("--compiled", action="store_true", help="try correct solutions with compiled kernels too")
    matrix.add_argument("--every", type=count, default=1, metavar="K", help="try every K-th solution only")
    matrix.add_argument("--out", type=Path, help="folder for the matrix, as a page and as JSON")
    matrix.add_argument("--write", action="store_true", help="store by what misconceptions are recognised")
    rehearse = command("rehearse", do_rehearse, "try out releases, let a robot solve all tasks, and grade a class")
    add_tasks(rehearse)
    rehearse.add_argument("--grading", action="store_true", help="the grading only")


def do_release(arguments: argparse.Namespace) -> int:
    """Write a repository for students."""
    from project.course.release import release
    from project.course.reports import counted
    from project.course.tasks import tasks

    chosen = chosen_tasks(arguments, otherwise_all=False)
    try:
        removed = release([tasks()[number] for number in chosen], arguments.out)
    except FileExistsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    functions = sum([len(tasks()[number].targets) for number in chosen])
    print(f"{arguments.out} is ready: {counted(len(chosen), 'task')}, with {counted(functions, 'function')} to write.")
    print(f"{counted(len(removed), 'helper')} went with their answers.")
    return 0


def do_grade(arguments: argparse.Namespace) -> int:
    """Judge what students handed in. Interrupted, it goes on where it was when it is started again."""
    from project.course.grading import Grading
    from project.course.pages import printable
    from project.course.records import by_student
    from project.course.reports import in_a_sentence
    from project.course.tasks import tasks
    from project.training import INTERRUPTED, Progress, StopRequest

    missing = [str(source) for source in arguments.submissions if not source.exists()]
    if missing:
        raise SystemExit(f"error: there is no {', no '.join(missing)}")
    chosen = [tasks()[number] for number in chosen_tasks(arguments, otherwise_all=False)]
    grading = Grading(arguments.submissions, chosen, arguments.out, not arguments.no_sandbox, arguments.seed)
    interrupted = False
    if not grading.is_done():
        bar = Progress("grading", grading.steps, "task")
        done = itertools.count(1)
        with StopRequest() as stop:
            grading.run(lambda text: bar.update(next(done), printable(text)), lambda: stop.requested, arguments.at_once)
            interrupted = stop.requested
        bar.close()
    for record in by_student(list(grading.records.values())):
        print(f"{printable(record.student)}: {in_a_sentence(record)}")
    print(f"The reports are in {arguments.out}; begin with {arguments.out / 'index.html'}.")
    for failure in grading.failures:
        print(f"error: not graded: {printable(failure)}", file=sys.stderr)
    if interrupted:
        print("Interrupted: start it again to go on.", file=sys.stderr)
        return INTERRUPTED
    return 1 if grading.failures else 0


def do_replay(arguments: argparse.Namespace) -> int:
    """Run a case of a graded submission again, just as it was run."""
    from project.course.marking import replay

    said = replay(arguments.folder, arguments.case)
    print(said or "It is right.")
    return 1 if said else 0


def do_matrix(arguments: argparse.Namespace) -> int:
    """Try the catalogue of solutions."""
    from project.course import answers
    from project.course.matrix import STUDY, Trial, as_data, known_from, make_jobs, outdated, try_all, write
    from project.course.tasks import tasks
    from project.training import Progress

    chosen = chosen_tasks(arguments, otherwise_all=True)
    if arguments.write and (arguments.every > 1 or chosen != list(tasks())):
        raise SystemExit("error: --write needs all solutions of all tasks, or it would forget the others")
    jobs = make_jobs(chosen, arguments.compiled)[:: arguments.every]
    bar = Progress("solutions", len(jobs), "solution")
    done = itertools.count(1)

    def note(trial: Trial) -> None:
        bar.update(next(done), trial.job.name)
        if trial.is_fine:
            return
        what = "a wrong solution passes" if trial.job.misconception else "a correct solution is rejected"
        print(f"task {trial.job.task}, {trial.job.name}: {what}")
        for verdict in trial.failing:
            print(f"    {verdict.case.name} ({verdict.stage}): {verdict.outcome.error or verdict.difference}")

    trials = try_all(jobs, note)
    bar.close()
    data = as_data(trials)
    print(f"{data['noticed']} of {data['misconceptions']} wrong solutions are noticed.")
    print(f"{data['accepted']} of {data['correct solutions']} correct solutions are accepted.")
    print(
        f"(Of {STUDY[0]} wrong solutions, {STUDY[1]} passed the tests that come with the course, in a study of them.)"
    )
    if arguments.out is not None:
        write(trials, arguments.out)
        print(f"The matrix is in {arguments.out / 'matrix.html'} and {arguments.out / 'matrix.json'}.")
    if arguments.write:
        answers.write(answers.FILE, {}, known_from(trials))
        print(f"The results of the misconceptions are in {answers.FILE.name}.")
    old = [] if arguments.write else outdated(trials)
    if old:
        print(f"Of {len(old)} misconceptions other results are stored; use --all --write: {', '.join(old)}")
    return 0 if all(trial.is_fine for trial in trials) and not old else 1


def do_rehearse(arguments: argparse.Namespace) -> int:
    """Rehearse the course: what a release promises is tried out, for each task; and a class is graded."""
    from project.course.classroom import rehearse_grading
    from project.course.rehearsal import leaks, run_robot, suites_without
    from project.course.tasks import tasks

    def note(step: str, complaints: list[str]) -> None:
        print(f"{step}: {'; '.join(complaints) or 'as it should be'}", flush=True)

    if arguments.grading:
        return 0 if rehearse_grading(note) else 1
    fine = True
    for number in chosen_tasks(arguments, otherwise_all=True):
        task = tasks()[number]
        red, silent = suites_without(task)
        wanted = {number} | {n for n, other in tasks().items() if number in (*other.builds_on, *other.uses_later)}
        left = leaks(task)
        complaints = [f"red is {other}, which does not build on it" for other in sorted(red - wanted)]
        complaints += [f"green is {other}, which builds on it" for other in sorted(wanted - red)]
        complaints += [f"the suite of {other} does not say which task is missing" for other in silent]
        complaints += [f"a line of the answer is left in {line}" for line in left]
        fine = fine and not complaints
        print(
            f"without {number}: {'; '.join(complaints) or 'red, as it should be: ' + ', '.join(sorted(red))}",
            flush=True,
        )

    if arguments.all or not (arguments.task or arguments.module):
        fine = run_robot(lambda step, complaints: note(f"robot, {step}", complaints)) and fine
        fine = rehearse_grading(note) and fine
    return 0 if fine else 1
