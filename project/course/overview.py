"""What the instructor gets of a grading: a page on all submissions, a gradebook, and the grades for a build server."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from project.course.pages import STYLE, as_code, as_text
from project.course.records import Record, TaskGrade, by_student, stuck_at, write_whole
from project.course.reports import (
    KINDS,
    as_csv,
    as_junit,
    counted,
    find_grade,
    full_title,
    graded_tasks,
    kind_of,
    settings,
)
from project.course.tasks import tasks

PAGE_STYLE = """
:root { --solved: #cdebd3; --wrong: #f9d2c7; --crashed: #e2d0f5; --missing: #e4e4e4; --waiting: transparent; }
@media (prefers-color-scheme: dark) {
  :root { --solved: #1d4a2b; --wrong: #6a2c1f; --crashed: #4b3170; --missing: #3a3d42; --waiting: transparent; }
}
h1 { margin-bottom: .3rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .2rem; }
p { margin: .3rem 0; }
.numbers { display: flex; flex-wrap: wrap; gap: .6rem; }
.numbers p { flex: 1 1 9rem; margin: 0; padding: .6rem .8rem; border: 1px solid var(--faint); border-radius: .4rem; }
.numbers b { display: block; font-size: 1.8rem; line-height: 1.2; font-weight: 600; }
h2 { margin-top: 2.2rem; border-bottom: 1px solid var(--faint); }
a { color: var(--kill); }
p a, li a, td a { text-decoration-thickness: 1px; text-underline-offset: .15em; }
nav { margin: .8rem 0; }
nav a { margin-right: 1rem; white-space: nowrap; }
.grades td, .grades th, .legend span { text-align: center; }
.grades td:first-child, .grades th:first-child { text-align: left; overflow-wrap: anywhere;
  min-width: 7.5rem; max-width: min(16rem, 40vw); }
.grades .cell { min-width: 1.9rem; }
.grades .module { border-left: 3px solid var(--paper); }
.grades td:last-child, .grades th:last-child { text-align: right; padding-left: 1rem; white-space: nowrap; }
.legend > * { margin-right: 1.2rem; white-space: nowrap; }
.legend span { display: inline-block; width: 1.9rem; margin-right: .3rem; border: 1px solid var(--faint); }
.solved { background: var(--solved); } .wrong { background: var(--wrong); } .crashed { background: var(--crashed); }
.missing { background: var(--missing); } .waiting { background: var(--waiting); }
.bar { background: var(--faint); height: .55rem; width: 100%; min-width: 6rem; border-radius: .2rem; overflow: hidden; }
.bar i { display: block; height: 100%; background: var(--kill); }
.ranking { list-style: none; padding: 0; }
.ranking > li { display: grid; grid-template-columns: 8rem 1fr; gap: 0 1.2rem; margin-bottom: 1rem; }
.ranking .bar { margin: .2rem 0 .3rem; }
@media (max-width: 600px) {
  .ranking > li { grid-template-columns: 1fr; }
  .ranking > li > div:first-child { width: 8rem; }
}
.tasks td { border-bottom: 1px solid var(--faint); padding: .35rem 1rem .35rem 0; }
.tasks th { padding-right: 1rem; }
.tasks td:first-child { min-width: min(15rem, 45vw); }
.tasks td { white-space: nowrap; }
.tasks td:first-child, .tasks td:last-child { white-space: normal; }
.tasks td:last-child { min-width: 14rem; }
details { margin: .2rem 0; }
details li, code { overflow-wrap: anywhere; }
footer { margin-top: 2.5rem; border-top: 1px solid var(--faint); }
"""
"""What this page needs besides the style of all pages."""

SECTIONS = {
    "students": "Students and tasks",
    "misconceptions": "Misconceptions, the most frequent first",
    "tasks": "Tasks, the hardest first",
    "stuck": "Who is stuck where",
    "notes": "Notes on submissions",
}
"""The headings of the page, by their ids."""


def as_page(records: Sequence[Record]) -> str:
    """What the instructor sees of all submissions: one page, which needs nothing else and runs no script."""
    ordered = by_student(records)
    title = f"Grades of {counted(len(ordered), 'submission')}"
    bodies = {
        "students": grades_table(ordered),
        "misconceptions": misconception_ranking(ordered),
        "tasks": task_ranking(ordered),
        "stuck": stuck_lists(ordered),
        "notes": note_list(ordered),
    }
    contents = [f'<a href="#{id}">{heading}</a>' for id, heading in SECTIONS.items()]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<title>{title}</title><meta name="viewport" content="width=device-width">',
        f'<style>{STYLE}{PAGE_STYLE}</style></head><body><h1 id="summary">{title}</h1>',
        f"<nav>{' '.join(contents)}</nav>",
        *summary(ordered),
    ]
    for id, body in bodies.items():
        parts += [f'<section><h2 id="{id}">{SECTIONS[id]}</h2>', *body, "</section>"]
    return "\n".join([*parts, *footer(ordered), "</body></html>"]) + "\n"


def link(record: Record) -> str:
    """The name of a student, as a link to what the student is told."""
    return (
        f'<a href="students/{quote(record.student, safe="", errors="replace")}/report.md">{as_text(record.student)}</a>'
    )


def links(records: Sequence[Record]) -> str:
    """The names of students."""
    return ", ".join([link(record) for record in records])


def bar(number: int, most: int) -> str:
    """A bar that shows a share."""
    return f'<div class="bar"><i style="width: {100 * number / most:.0f}%"></i></div>'


def summary(records: Sequence[Record]) -> list[str]:
    """The submissions in four numbers."""
    done = [record for record in records if record.is_done]
    mean = f"{sum([record.points for record in done]) / len(done):.1f}" if done else "-"
    most = max([record.most for record in records], default=0)
    full = sum([is_all_solved(record) for record in records])
    return [
        '<div class="numbers">',
        f"<p><b>{len(records)}</b> submissions</p>",
        f"<p><b>{len(done)}</b> of them graded so far</p>",
        f"<p><b>{mean}</b> of {most:g} points is the mean of those</p>",
        f"<p><b>{full}</b> solved everything</p></div>",
    ]


def is_all_solved(record: Record) -> bool:
    """Whether a submission has solved all of its tasks."""
    return all(task.state == "solved" for task in record.tasks)


def grades_table(records: Sequence[Record]) -> list[str]:
    """A row for each student, and a column for each task."""
    numbers = graded_tasks(records)
    firsts = {number for before, number in zip(["", *numbers], numbers) if before[:1] != number[:1]}
    module = {number: " module" if number in firsts else "" for number in numbers}
    legend = [f'<small><span class="{kind}">{sign}</span>{words}</small>' for kind, (sign, words) in KINDS.items()]
    parts = [
        f'<p class="legend">{" ".join(legend)}</p>',
        '<div class="wide"><table class="grades"><tr><th>student</th>',
    ]
    for number in numbers:
        parts.append(
            f'<th class="{module[number]}" title="{as_text(tasks()[number].title)}">{tasks()[number].number}</th>'
        )
    parts.append("<th>points</th></tr>")
    for record in records:
        parts.append(f'<tr><th scope="row">{link(record)}</th>')
        for number in numbers:
            grade = find_grade(record, number)
            parts.append(grade_cell(grade, module[number]) if grade else f'<td class="cell{module[number]}"></td>')
        parts.append(f"<td>{record.points:g} of {record.most:g}</td></tr>")
    parts.append("<tr><td><small>solved by</small></td>")
    for number in numbers:
        solved = sum([grade.state == "solved" for r in records if (grade := find_grade(r, number)) is not None])
        parts.append(f"<td><small>{solved}</small></td>")
    return [*parts, "<td></td></tr></table></div>"]


def grade_cell(grade: TaskGrade, module: str) -> str:
    """What became of a task of a student. Whoever hovers over it learns which case failed."""
    sign, words = KINDS[kind_of(grade)]
    title = f"{full_title(grade.task)}: {words}, {grade.points:g} of {grade.most:g} points"
    if grade.cases:
        title += f"; {grade.passed} of {counted(len(grade.cases), 'case')} right"
    if grade.failing:
        title += f". It fails at: {grade.failing}"
    return f'<td class="cell {kind_of(grade)}{module}" title="{as_text(title)}">{sign}</td>'


def misconception_ranking(records: Sequence[Record]) -> list[str]:
    """Which misconceptions were met, and whose they are."""
    found: dict[tuple[str, str], tuple[Mapping[str, str], list[Record]]] = {}
    for record in records:
        for task in record.tasks:
            if task.misconception:
                key = task.task, task.misconception["id"]
                found.setdefault(key, (task.misconception, []))[1].append(record)
    if not found:
        return ["<p>No known misconception was met.</p>"]
    longest = max([len(who) for _, who in found.values()])
    parts = ['<ol class="ranking">']
    for (number, _), (misconception, who) in sorted(found.items(), key=lambda entry: (-len(entry[1][1]), entry[0])):
        parts += [
            f"<li><div>{counted(len(who), 'student')}{bar(len(who), longest)}</div>",
            f"<div><b>{as_code(misconception['name'])}</b> <small>task {as_text(full_title(number))}</small>",
            f"<br>{as_code(misconception['hint'])}<br><small>{links(who)}</small></div></li>",
        ]
    return [*parts, "</ol>"]


def task_ranking(records: Sequence[Record]) -> list[str]:
    """How many solved each task, out of those with whom it has been graded, and where most of the others fail."""
    rows = []
    for number in graded_tasks(records):
        grades = [grade for record in records if (grade := find_grade(record, number)) is not None]
        judged = [grade for grade in grades if grade.state != "waiting"]
        if judged:
            kinds = Counter([kind_of(grade) for grade in judged])
            rows.append((kinds["solved"] / len(judged), number, kinds, judged))
    if not rows:
        return ["<p>Nothing has been graded yet.</p>"]
    parts = ['<div class="wide"><table class="tasks"><tr><th>task</th><th>solved</th><th>others</th>']
    parts.append("<th>the case at which most fail</th></tr>")
    for _, number, kinds, judged in sorted(rows, key=lambda row: row[0]):
        others = [f"{kinds[kind]} {KINDS[kind][1]}" for kind in KINDS if kind != "solved" and kinds[kind]]
        parts += [
            f"<tr><td>{as_text(full_title(number))}</td>",
            f"<td>{kinds['solved']} of {len(judged)}{bar(kinds['solved'], len(judged))}</td>",
            f"<td>{'<br>'.join(others)}</td><td>{hardest_case(judged)}</td></tr>",
        ]
    return [*parts, "</table></div>"]


def hardest_case(grades: Sequence[TaskGrade]) -> str:
    """The case of a task at which most students fail who have written something; the smallest one of several."""
    failed = [case.name for grade in grades for case in grade.cases if not case.passed and case.status != "missing"]
    return "".join([f"{as_code(name)} <small>({count})</small>" for name, count in Counter(failed).most_common(1)])


def stuck_lists(records: Sequence[Record]) -> list[str]:
    """For each task the students whose first unsolved one it is, with the commands that run what fails there."""
    stuck: dict[str, list[tuple[Record, TaskGrade]]] = {}
    for record in records:
        first = stuck_at(record)
        if first is not None:
            stuck.setdefault(first.task, []).append((record, first))
    parts = []
    for number in graded_tasks(records):
        if number in stuck:
            who = [record for record, _ in stuck[number]]
            parts.append(f"<h3>{as_text(full_title(number))} <small>({counted(len(who), 'student')})</small></h3>")
            parts.append(f"<p>{links(who)}</p>")
            replays = [
                f"<li>{as_text(record.student)}: {as_code(task.failing)}<br><code>{as_text(task.replay)}</code></li>"
                for record, task in stuck[number]
                if task.replay
            ]
            if replays:
                parts += ["<details><summary>Run again what fails</summary><ul>", *replays, "</ul></details>"]
    full = [record for record in records if is_all_solved(record)]
    waiting = [record for record in records if stuck_at(record) is None and not is_all_solved(record)]
    for title, some in (("Not known yet", waiting), ("Solved everything", full)):
        if some:
            parts.append(f"<h3>{title} <small>({counted(len(some), 'student')})</small></h3><p>{links(some)}</p>")
    return parts


def note_list(records: Sequence[Record]) -> list[str]:
    """What was to be noted about submissions."""
    noted = [record for record in records if record.notes]
    items = [f"<li>{link(record)}: {'<br>'.join([as_text(note) for note in record.notes])}</li>" for record in noted]
    return ["<ul>", *items, "</ul>"] if items else ["<p>None.</p>"]


def footer(records: Sequence[Record]) -> list[str]:
    """With what the submissions were graded. If that changed in between, each is told, with how many it was."""
    lines = Counter([settings(record.made_with) for record in records if record.made_with])
    texts = [
        as_text(line) + (f" ({counted(count, 'submission')})" if len(lines) > 1 else "")
        for line, count in lines.items()
    ]
    return ["<footer>", *[f"<p><small>Graded with {text}</small></p>" for text in texts], "</footer>"]


def write_overview(records: Sequence[Record], folder: Path) -> None:
    """Write what is about all submissions: `index.html`, `grades.csv` and `junit.xml`.

    Args:
        records: What was said about the submissions.
        folder: The folder to write to.
    """
    write_whole(folder / "grades.csv", as_csv(records))
    write_whole(folder / "junit.xml", as_junit(records))
    write_whole(folder / "index.html", as_page(records))
