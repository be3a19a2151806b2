"""What is handed on of a grading: to Gradescope, a gradebook, a build server, students, and the instructor.

Everything here is made from records alone (`records.py`), so it can be made again at any time. Students' names, what
their code printed and what it raised can be anything; no report may break because of it.
"""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from project.course.pages import printable
from project.course.records import CaseGrade, Record, TaskGrade, by_student, write_whole
from project.course.tasks import tasks

KINDS = {
    "solved": ("✓", "solved"),
    "wrong": ("✗", "wrong"),
    "crashed": ("!", "crashed, or took too long"),
    "missing": ("○", "not written yet"),
    "waiting": ("…", "not graded yet"),
}
"""How the reports show what became of a task: a sign, so that nobody needs to tell colours apart, and words."""


def kind_of(task: TaskGrade) -> str:
    """Which of the KINDS a task is: its state, but for wrong ones that did not even come to an end."""
    failing = next((case for case in task.cases if case.name == task.failing), None)
    ended = failing is None or failing.status not in ("crashed", "timeout")
    return task.state if ended or task.state != "wrong" else "crashed"


def full_title(task: str) -> str:
    """The number and the title of a task: "4.1 Convolution in one dimension"."""
    return f"{tasks()[task].number} {tasks()[task].title}"


def find_grade(record: Record, task: str) -> TaskGrade | None:
    """What was said about a task, if it was asked for."""
    return next((grade for grade in record.tasks if grade.task == task), None)


def graded_tasks(records: Sequence[Record]) -> list[str]:
    """The tasks that any of the records is about, in the order of the course."""
    found = {grade.task for record in records for grade in record.tasks}
    return [number for number in tasks() if number in found]


def in_a_sentence(record: Record) -> str:
    """How far a submission came."""
    solved = sum([task.state == "solved" for task in record.tasks])
    waiting = sum([task.state == "waiting" for task in record.tasks])
    sentence = f"{record.points:g} of {record.most:g} points: {solved} of {counted(len(record.tasks), 'task')} solved."
    return sentence + (f" {counted(waiting, 'task')} not graded yet." if waiting else "")


def counted(number: int, noun: str) -> str:
    """A number of things: "1 task", "2 tasks"."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def settings(made_with: Mapping[str, Any]) -> str:
    """With what a submission was graded, in a line."""
    return "; ".join([f"{name}: {setting(value)}" for name, value in made_with.items()])


def setting(value: Any) -> str:
    """A setting in words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join([f"{name} {in_mib(inner)}" for name, inner in value.items()])
    if isinstance(value, (list, tuple)):
        return ", ".join([setting(inner) for inner in value])
    return str(value)


def in_mib(value: Any) -> str:
    """A limit: large round numbers are numbers of bytes, which nobody can read."""
    mib = 1 << 20
    return f"{value // mib} MiB" if isinstance(value, int) and value >= mib and value % mib == 0 else setting(value)


# Gradescope


def gradescope(record: Record) -> dict[str, Any]:
    """The contents of `results.json`, as Gradescope reads it (`gradescope.schema.json`)."""
    return {
        "score": record.points,
        "execution_time": round(record.seconds),
        "output": printable("\n".join([in_a_sentence(record), *record.notes])),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "extra_data": {"fingerprint": record.fingerprint, "made_with": dict(record.made_with)},
        "tests": [gradescope_test(task) for task in record.tasks],
    }


def gradescope_test(task: TaskGrade) -> dict[str, Any]:
    """A task, as Gradescope reads it."""
    misconception = [task.misconception["id"]] if task.misconception else []
    return {
        "score": task.points,
        "max_score": task.most,
        "status": "passed" if task.state == "solved" else "failed",
        "name": full_title(task.task),
        "number": tasks()[task.task].number,
        "output": printable(task.report or state_sentence(task)),
        "output_format": "text",
        "tags": [task.state, *misconception],
        "visibility": "visible",
    }


def state_sentence(task: TaskGrade) -> str:
    """What there is to say about a task without a report."""
    if task.state == "solved":
        return f"Solved: {counted(len(task.cases), 'case')} right."
    return {"waiting": "It has not been graded yet.", "missing": "It is not written yet."}.get(
        task.state, "It is wrong."
    )


# Gradebook

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""What a text begins with that a spreadsheet may run as a formula."""


def as_csv(records: Sequence[Record]) -> str:
    """The grades as a table that gradebooks and spreadsheets read: a row for each student.

    Points of a task that has not been graded yet are left empty: that is not the same as none.
    """
    numbers = graded_tasks(records)
    names = [tasks()[number].number for number in numbers]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["student", "points", "most", *[f"task {n}" for n in names], *[f"state {n}" for n in names]])
    for record in by_student(records):
        grades = [find_grade(record, number) for number in numbers]
        points = [f"{grade.points:g}" if grade and grade.state != "waiting" else "" for grade in grades]
        states = [grade.state if grade else "" for grade in grades]
        writer.writerow([harmless(record.student), f"{record.points:g}", f"{record.most:g}", *points, *states])
    return table.getvalue()


def harmless(text: str) -> str:
    """A text for a cell of a spreadsheet, which it takes for a text."""
    clean = printable(text)
    return f"'{clean}" if clean.startswith(FORMULA) else clean


# JUnit

TAGS = {"waiting": "skipped", "error": "error", "crashed": "error", "timeout": "error"}
"""As what JUnit knows a case that is not right, by its status; all others as a `failure`."""


def as_junit(records: Sequence[Record]) -> str:
    """The grades as JUnit writes them, which build servers show: a suite for each student, with all cases.

    How long a single case took is not known. The time of a task is divided among its cases, so that sums are right.
    """
    root = ET.Element("testsuites")
    for record in by_student(records):
        suite = ET.SubElement(root, "testsuite", name=printable(record.student))
        for task in record.tasks:
            cases = junit_cases(task)
            for case in cases:
                add_case(suite, task, case, task.seconds / len(cases))
        suite.set("time", f"{record.seconds:.3f}")
    for element in [root, *root]:
        for name, path in (("tests", ""), ("failures", "/failure"), ("errors", "/error"), ("skipped", "/skipped")):
            element.set(name, str(len(element.findall(f".//testcase{path}"))))
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def junit_cases(task: TaskGrade) -> Sequence[CaseGrade]:
    """The cases of a task; where none was run, one that stands for all of them."""
    whole = CaseGrade(tasks()[task.task].title, "", task.state, task.state == "solved", state_sentence(task))
    return (whole,) if task.state == "waiting" or not task.cases else task.cases


def add_case(suite: ET.Element, task: TaskGrade, case: CaseGrade, seconds: float) -> None:
    """Add a case to a suite; where the report tells its story, with the report."""
    entry = ET.SubElement(
        suite, "testcase", classname=tasks()[task.task].marker, name=printable(case.name), time=f"{seconds:.3f}"
    )
    if not case.passed:
        lines = printable(case.what).splitlines() or [case.status]
        verdict = ET.SubElement(entry, TAGS.get(case.status, "failure"), message=lines[0], type=case.status)
        has_report = task.report and (case.name == task.failing or not task.cases)
        verdict.text = printable(task.report) if has_report else "\n".join(lines)


# The page of a student


def as_markdown(record: Record) -> str:
    """What a student is told: the points, what is wrong with each task that is not solved, and notes."""
    lines = [
        f"# {as_words(record.student)}",
        "",
        in_a_sentence(record),
        "",
        "| task | | state | points |",
        "|---|---|---|---:|",
    ]
    for task in record.tasks:
        about, state = tasks()[task.task], KINDS[kind_of(task)][1]
        lines.append(f"| {about.number} | {as_words(about.title)} | {state} | {task.points:g} of {task.most:g} |")
    for task in record.tasks:
        if task.state not in ("solved", "waiting"):
            lines += ["", f"## {as_words(full_title(task.task))}", "", fenced(task.report or state_sentence(task))]
    if record.notes:
        lines += ["", "## Notes", "", *[f"- {as_words(note)}" for note in record.notes]]
    if record.made_with:
        lines += ["", "---", "", f"Graded with {as_words(settings(record.made_with))}"]
    return "\n".join(lines) + "\n"


def as_words(text: str) -> str:
    """A text as a line of Markdown, in which nothing is markup."""
    line = " ".join(printable(text).split())
    escaped = re.sub(r"([\\`*_{}\[\]<>#|!&~$])", r"\\\1", line)
    # At the beginning, these would make a list or a rule.
    return re.sub(r"^(\d*)([-+=]|[.)](?= |$))", r"\1\\\2", escaped)


def fenced(text: str) -> str:
    """A text as a block of Markdown that shows it as it is."""
    clean = printable(text).strip("\n")
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", clean)), default=0))  # longer than any that is in it
    return f"{fence}text\n{clean}\n{fence}"


# Files


def write_student(record: Record, folder: Path) -> None:
    """Write what a student gets: `students/NAME/results.json` for Gradescope, and `report.md` to be read.

    Args:
        record: What was said about the submission. The name of its student must be one that a folder can have.
        folder: The folder of all reports.
    """
    own = folder / "students" / record.student
    write_whole(own / "results.json", json.dumps(gradescope(record), indent=1) + "\n")
    write_whole(own / "report.md", as_markdown(record))
