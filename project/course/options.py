"""The options that several commands of the course tool share."""

import argparse


def add_tasks(parser: argparse.ArgumentParser) -> None:
    """Options that choose tasks."""
    parser.add_argument("--task", action="append", default=[], metavar="N_M", help="a task; may be given several times")
    parser.add_argument("--module", action="append", default=[], metavar="N", help="all tasks of a module")
    parser.add_argument("--all", action="store_true", help="all tasks of the course")


def chosen_tasks(arguments: argparse.Namespace, otherwise_all: bool) -> list[str]:
    """The numbers of the tasks that the options choose, in the order of the course."""
    from project.course.tasks import find_task, tasks

    wanted = {find_task(number).id for number in arguments.task}
    for module in arguments.module:
        of_module = {number for number in tasks() if number.startswith(f"{module}_")}
        if not of_module:
            raise SystemExit(f"error: there is no module {module}; the modules are 0 to 4")
        wanted |= of_module
    if arguments.all or (otherwise_all and not wanted):
        wanted = set(tasks())
    if not wanted:
        raise SystemExit("error: choose tasks with --task 4_1, --module 4 or --all")
    return [number for number in tasks() if number in wanted]


def count(text: str) -> int:
    """Read a whole number of at least 1 from the command line."""
    from project.training import number_between  # imports the library, which `do_run` must not do too early

    return number_between(1, kind=int)(text)
