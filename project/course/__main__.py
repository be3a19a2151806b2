"""The command line of the course tool: `python -m project.course --help`."""

import argparse
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

from project.course.options import add_tasks, chosen_tasks


def do_check(arguments: argparse.Namespace) -> int:
    """Say how far the tasks are."""
    from project.course.check import check
    from project.course.planting import with_references

    return check(chosen_tasks(arguments, otherwise_all=True), with_references(arguments.reference))


def do_run(arguments: argparse.Namespace) -> int:
    """Run a single case in this process."""
    os.environ["NUMBA_DISABLE_JIT"] = "0" if arguments.compiled else "1"  # before numba is imported
    from project.course.cases import Outcome
    from project.course.diagnosis import report
    from project.course.judging import judge
    from project.course.suites import all_cases

    found = [case for case in all_cases() if case.id == arguments.case]
    if not found:
        print(f'error: there is no case "{arguments.case}"', file=sys.stderr)
        return 2
    values = found[0].compute()
    verdict = judge(found[0], "one thread" if arguments.compiled else "plain", Outcome("values", values))
    print("It is right." if verdict.passed else report(verdict, {verdict.case.id: verdict}))
    return 0 if verdict.passed else 1


def do_update(arguments: argparse.Namespace) -> int:
    """Take over a newer release."""
    from project.course.runner import ROOT
    from project.course.update import update

    changes = update(ROOT, arguments.release)
    new = [name for name in changes.written if name not in changes.merged and not name.endswith(".new")]
    print(f"{len(new)} files are new or newer, {len(changes.removed)} are gone.")
    for name in changes.merged:
        print(f"  {name}: your changes and the new ones are both in it")
    for name in changes.conflicts:
        print(f"  {name}: you and the release changed the same lines; yours stays, and the new one is {name}.new")
    return 1 if changes.conflicts else 0


def main(argv: list[str]) -> int:
    """Run a command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m project.course", description="The tasks of the course.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(name: str, do: Callable[[argparse.Namespace], int], help: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, description=do.__doc__, help=help)
        added.set_defaults(do=do)
        return added

    check = command("check", do_check, "say how far all tasks are, and what is wrong")
    add_tasks(check)
    check.add_argument(
        "--reference", action="append", default=[], metavar="N_M", help="use the reference for this task; repeatable"
    )
    run = command("run", do_run, "run a single case, in this very process, so that a debugger can be used")
    run.add_argument("case", help='the case, as in "4_1: one tap"')
    run.add_argument("--compiled", action="store_true", help="with compiled kernels")
    update = command("update", do_update, "take over a newer release, without touching what you wrote")
    update.add_argument("release", type=Path, help="the folder of the newer release")
    if importlib.util.find_spec("project.course.instructor") is not None:
        importlib.import_module("project.course.instructor").add_commands(command)
    arguments = parser.parse_args(argv)
    if arguments.command == "run":  # whatever the student's code raises is shown the way Python shows it
        return do_run(arguments)
    from minitorch.errors import MinitorchError

    try:
        return arguments.do(arguments)
    except MinitorchError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
