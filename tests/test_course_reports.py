"""The reports on submissions, each read by something else than what wrote it."""

import csv
import html
import io
import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from project.course import reports
from project.course.overview import SECTIONS, as_page, hardest_case, write_overview
from project.course.pages import as_code, printable
from project.course.records import CaseGrade, Record, TaskGrade
from project.course.reports import as_csv, as_junit, as_markdown, gradescope, write_student

pytestmark = pytest.mark.house("the course tool is no task of the course")

SCHEMA = json.loads(Path(reports.__file__).with_name("gradescope.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

NASTY = (
    "</pre></td></script><script>alert(1)</script> & <b>\"bold\" 'x'\n```\n# A heading\n````\n~~~\n]]> <!-- &amp; "
    "| \x00 \x1b[31mred\x1b[0m \x1b]0;a title\x07 \x9b \ud800 \udfff \uffff \u202e \r\n\r* a list\tend"
)
"""What a student's code can print."""

FLIPPED = {"id": "kernel-flipped", "name": "the `kernel` <flipped>", "hint": "Do not turn `it` around."}
MADE_WITH = {"seed": 7, "versions": {"python": "3.11", "numpy": "2.2"}, "limits": {"processes": 64}, "sandbox": True}


def right(name: str) -> CaseGrade:
    return CaseGrade(name, "threads", "values", True)


def solved(task: str, points: float, *names: str) -> TaskGrade:
    return TaskGrade(task, "solved", points, points, tuple([right(name) for name in names]), 2.0)


WRONG = TaskGrade(
    task="4_1",
    state="wrong",
    points=0,
    most=15,
    cases=(
        right("one tap"),
        CaseGrade("two taps", "plain", "values", False, "cell (0, 1) is 3."),
        CaseGrade("long", "plain", "error", False, f"It raised {NASTY}"),
    ),
    seconds=3.0,
    failing="two taps",
    report=f"The whole story of two taps.\nYour code printed:\n{NASTY}",
    misconception=FLIPPED,
    replay='python -m project.course run "4_1: two taps" --from <x>',
)
CRASHED = TaskGrade(
    task="4_2",
    state="wrong",
    points=0,
    most=10,
    cases=(
        CaseGrade("one weight", "plain", "timeout", False, "It took longer than 10 seconds."),
        CaseGrade("two weights", "plain", "crashed", False, "The process ended with signal 11."),
        CaseGrade("three weights", "plain", "values", False),
    ),
    failing="one weight",
    report="The whole story of one weight.",
)
MISSING = TaskGrade(
    task="4_3",
    state="missing",
    points=0,
    most=5,
    cases=(CaseGrade("tile", "plain", "missing", False, "It is not written yet."),),
    failing="tile",
)

GOOD = Record(
    student="Zoë Groß <b>",
    source="/submissions/zoe",
    fingerprint="1a",
    tasks=(
        solved("4_1", 15, "one tap", "two taps", "long"),
        solved("4_2", 10, "one weight", "two weights", "three weights"),
        solved("4_3", 5, "tile"),
    ),
    made_with=MADE_WITH,
)
STUCK = Record(
    student="=1+1",
    source="/submissions/formula",
    fingerprint="2b",
    tasks=(WRONG, CRASHED, MISSING),
    notes=(f"It cannot be read: {NASTY}", "1. This is no list."),
    made_with=MADE_WITH,
)
WAITING = Record(
    student="späte, Anna & #1?",
    source="/submissions/late",
    fingerprint="3c",
    tasks=(
        solved("4_1", 15, "one tap", "two taps", "long"),
        TaskGrade("4_2", "waiting", 0, 10),
        TaskGrade("4_3", "waiting", 0, 5),
    ),
    made_with=MADE_WITH | {"seed": 8},
)
ALL = [GOOD, STUCK, WAITING]


def is_clean(text: str) -> bool:
    """Whether a text can be written to a file, and holds no controls but tabs and ends of lines."""
    text.encode("utf-8")
    return not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\uffff]", text)


class Page(HTMLParser):
    """Reads a page: its tables, links and headings; complains about elements that are not closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[tuple[str, str, str]]] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if tag == "a" else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append(("", given.get("class", ""), given.get("title", "")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if {"td", "th"} & set(self.open):
            text, kind, title = self.rows[-1][-1]
            self.rows[-1][-1] = (text + data, kind, title)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def row(self, first: str) -> list[tuple[str, str, str]]:
        return next(row for row in self.rows if row[0][0] == first)


def section(page: str, id: str) -> str:
    """The part of a page below a heading."""
    return page.split(f'<h2 id="{id}">')[1].split("</section>")[0]


# Text


def test_what_is_printable_stays_and_nothing_else() -> None:
    assert printable("a\tb\nc\r\nd\re ü ✓ 🎉") == "a\tb\nc\nd\ne ü ✓ 🎉"
    assert printable("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\") == "red link"
    assert printable("\x00\ud800\ufffe\x1b") == "\ufffd" * 4
    assert is_clean(printable(NASTY))
    assert not is_clean(NASTY.replace("\ud800", "").replace("\udfff", ""))


def test_code_is_marked_and_the_rest_is_no_markup() -> None:
    assert as_code("a `b<c` & `d`") == "a <code>b&lt;c</code> &amp; <code>d</code>"


# Gradescope


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.fingerprint)
def test_what_gradescope_gets_is_as_documented(record: Record) -> None:
    VALIDATOR.check_schema(SCHEMA)
    results = json.loads(json.dumps(gradescope(record)))
    VALIDATOR.validate(results)
    assert results["score"] == sum([test["score"] for test in results["tests"]]) == record.points
    assert [test["max_score"] for test in results["tests"]] == [15, 10, 5]
    assert [test["number"] for test in results["tests"]] == ["4.1", "4.2", "4.3"]
    assert all(is_clean(text) for text in [results["output"], *[test["output"] for test in results["tests"]]])


def test_gradescope_is_told_what_is_wrong() -> None:
    results = gradescope(STUCK)
    assert results["score"] == 0
    assert results["execution_time"] == 3
    assert results["output"].startswith("0 of 30 points: 0 of 3 tasks solved.\nIt cannot be read")
    assert results["extra_data"] == {"fingerprint": "2b", "made_with": MADE_WITH}
    first, second, third = results["tests"]
    assert first["name"] == "4.1 Convolution in one dimension"
    assert first["output"].startswith("The whole story of two taps.")
    assert first["tags"] == ["wrong", "kernel-flipped"]
    assert second["tags"] == ["wrong"]
    assert third["output"] == "It is not written yet."
    assert {test["status"] for test in results["tests"]} == {"failed"}


def test_gradescope_is_told_what_is_right_and_what_is_still_waiting() -> None:
    assert {test["status"] for test in gradescope(GOOD)["tests"]} == {"passed"}
    results = gradescope(WAITING)
    assert results["output"] == "15 of 30 points: 1 of 3 tasks solved. 2 tasks not graded yet."
    assert [test["status"] for test in results["tests"]] == ["passed", "failed", "failed"]
    assert [test["output"] for test in results["tests"]] == [
        "Solved: 3 cases right.",
        "It has not been graded yet.",
        "It has not been graded yet.",
    ]


MISTAKES: list[dict[str, Any]] = [
    {"points": 3},
    {"score": "3"},
    {"output_format": "markdown"},
    {"visibility": "after_due"},
    {"execution_time": -1},
    {"tests": {}},
    {"leaderboard": [{"name": "time"}]},
]
MISTAKES_IN_TESTS: list[dict[str, Any]] = [
    {"status": "ok"},
    {"max": 3},
    {"score": "3"},
    {"number": 4.1},
    {"tags": "wrong"},
    {"visibility": "shown"},
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=str)
def test_the_schema_rejects_mistakes(mistake: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid(gradescope(GOOD) | mistake)


@pytest.mark.parametrize("mistake", MISTAKES_IN_TESTS, ids=str)
def test_the_schema_rejects_mistakes_in_tests(mistake: dict[str, Any]) -> None:
    results = gradescope(GOOD)
    results["tests"][1] |= mistake
    assert not VALIDATOR.is_valid(results)


def test_the_schema_wants_a_score_in_one_place() -> None:
    assert VALIDATOR.is_valid({"score": 1})
    assert VALIDATOR.is_valid({"tests": [{"score": 1}, {"score": 2}]})
    assert not VALIDATOR.is_valid({"tests": [{"score": 1}, {"name": "without"}]})
    assert not VALIDATOR.is_valid({"output": "nothing"})


# Gradebook


def test_the_gradebook_has_a_row_for_each_student() -> None:
    text = as_csv(ALL)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["student"] for row in rows] == ["'=1+1", "späte, Anna & #1?", "Zoë Groß <b>"]
    assert [row["points"] for row in rows] == ["0", "15", "30"]
    assert {row["most"] for row in rows} == {"30"}
    assert [row["task 4.1"] for row in rows] == ["0", "15", "15"]
    assert [row["task 4.2"] for row in rows] == ["0", "", "10"]
    assert [row["state 4.3"] for row in rows] == ["missing", "waiting", "solved"]
    assert list(rows[0]) == [
        "student",
        "points",
        "most",
        *[f"{of} 4.{n}" for of in ("task", "state") for n in (1, 2, 3)],
    ]
    assert "\r" not in text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\x1b[0m="])
def test_a_name_is_not_run_as_a_formula(start: str) -> None:
    (row,) = csv.DictReader(io.StringIO(as_csv([replace(GOOD, student=f'{start}cmd,"x"\ud800')])))
    assert row["student"] == f'\'{printable(start)}cmd,"x"\ufffd'


def test_tasks_that_only_some_were_asked_for_are_left_empty() -> None:
    other = replace(GOOD, student="a", tasks=(solved("4_5", 7 / 2, "all"),))
    first, second = csv.DictReader(io.StringIO(as_csv([other, GOOD])))
    assert (first["task 4.1"], first["task 4.5"], first["points"]) == ("", "3.5", "3.5")
    assert (second["task 4.1"], second["task 4.5"], second["state 4.5"]) == ("15", "", "")
    assert list(first)[3:7] == ["task 4.1", "task 4.2", "task 4.3", "task 4.5"]
    page = Page(as_page([other, GOOD]))
    assert [cell[0] for cell in page.row("a")] == ["a", "", "", "", "✓", "3.5 of 3.5"]


# JUnit


def test_junit_has_a_suite_for_each_student_and_counts_what_is_in_it() -> None:
    root = ET.fromstring(as_junit(ALL).encode("utf-8"))
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["=1+1", "späte, Anna & #1?", "Zoë Groß <b>"]
    counts = {
        name: tuple([int(suite.get(key, "")) for key in ("tests", "failures", "errors", "skipped")])
        for name, suite in suites.items()
    }
    assert counts == {"=1+1": (7, 3, 3, 0), "späte, Anna & #1?": (5, 0, 0, 2), "Zoë Groß <b>": (7, 0, 0, 0)}
    assert [root.get(key) for key in ("tests", "failures", "errors", "skipped")] == ["19", "3", "3", "2"]
    for suite, record in zip(root, [STUCK, WAITING, GOOD]):
        times = [float(case.get("time", "")) for case in suite]
        assert sum(times) == pytest.approx(float(suite.get("time", "")), abs=0.01)
        assert float(suite.get("time", "")) == record.seconds


def test_junit_tells_wrong_values_from_errors_and_from_what_is_waiting() -> None:
    first, second, _ = ET.fromstring(as_junit(ALL).encode("utf-8"))
    found = {
        (case.get("classname"), case.get("name")): [(verdict.tag, verdict.get("type")) for verdict in case]
        for case in first
    }
    assert found == {
        ("task4_1", "one tap"): [],
        ("task4_1", "two taps"): [("failure", "values")],
        ("task4_1", "long"): [("error", "error")],
        ("task4_2", "one weight"): [("error", "timeout")],
        ("task4_2", "two weights"): [("error", "crashed")],
        ("task4_2", "three weights"): [("failure", "values")],
        ("task4_3", "tile"): [("failure", "missing")],
    }
    assert first[1][0].get("message") == "cell (0, 1) is 3."
    assert first[1][0].text == printable(WRONG.report)
    assert first[2][0].text == printable(f"It raised {NASTY}")
    assert first[5][0].get("message") == "values"
    assert [(case.get("name"), case[0].tag) for case in second[3:]] == [
        ("Convolution in two dimensions", "skipped"),
        ("Average pooling", "skipped"),
    ]


def test_junit_shows_a_task_of_which_no_case_was_run() -> None:
    unread = replace(GOOD, tasks=(TaskGrade("4_1", "missing", 0, 15, report="No file."),))
    ((case,),) = ET.fromstring(as_junit([unread]).encode("utf-8"))
    assert case.get("name") == "Convolution in one dimension"
    assert (case[0].tag, case[0].get("message"), case[0].text) == ("failure", "It is not written yet.", "No file.")


# The page of a student


def blocks_of(text: str) -> tuple[list[str], list[str]]:
    """Divide Markdown as CommonMark does: the contents of fenced blocks, and the lines outside of them."""
    blocks, outside, fence = [], [], ""
    for line in text.split("\n"):
        mark = re.match(r"(`{3,}|~{3,})(.*)$", line)
        if fence and re.fullmatch(rf"{fence[0]}{{{len(fence)},}}\s*", line):
            fence = ""
        elif fence:
            blocks[-1].append(line)
        elif mark:
            fence = mark[1]
            blocks.append([])
        else:
            outside.append(line)
    assert fence == ""
    return ["\n".join(block) for block in blocks], outside


def test_a_student_reads_what_is_wrong_with_each_task() -> None:
    text = as_markdown(STUCK)
    blocks, outside = blocks_of(text)
    assert blocks == [printable(WRONG.report), CRASHED.report, "It is not written yet."]
    assert [line for line in outside if line.startswith("#")] == [
        "# \\=1+1",
        "## 4.1 Convolution in one dimension",
        "## 4.2 Convolution in two dimensions",
        "## 4.3 Average pooling",
        "## Notes",
    ]
    assert [line for line in outside if line.startswith("| 4")] == [
        "| 4.1 | Convolution in one dimension | wrong | 0 of 15 |",
        "| 4.2 | Convolution in two dimensions | crashed, or took too long | 0 of 10 |",
        "| 4.3 | Average pooling | not written yet | 0 of 5 |",
    ]
    assert "0 of 30 points: 0 of 3 tasks solved." in outside
    assert text.endswith(
        "\nGraded with seed: 7; versions: python 3.11, numpy 2.2; limits: processes 64; sandbox: yes\n"
    )


def test_a_student_who_is_done_or_waits_reads_no_complaints() -> None:
    for record in (GOOD, WAITING):
        blocks, outside = blocks_of(as_markdown(record))
        assert blocks == []
        assert [line for line in outside if line.startswith("#")] == [f"# {reports.as_words(record.student)}"]
    assert "| 4.2 | Convolution in two dimensions | not graded yet | 0 of 10 |" in as_markdown(WAITING)


@pytest.mark.parametrize("record", ALL, ids=lambda record: record.fingerprint)
def test_nothing_outside_of_the_blocks_of_a_report_is_markup(record: Record) -> None:
    text = as_markdown(record)
    assert is_clean(text)
    for line in blocks_of(text)[1]:
        if not line.startswith("|"):
            words = re.sub(r"^(#+ |- |---$)", "", line)
            assert not re.search(r"(?<!\\)[`*_\[\]<>#&~|]", words), line
            assert not re.match(r"[-+] |\d+[.)] ", words), line


def test_words_stay_words_in_markdown() -> None:
    assert reports.as_words("a  b\nc\r# d") == "a b c \\# d"
    assert reports.as_words("1. x_y") == "1\\. x\\_y"
    assert reports.as_words("- x") == "\\- x"
    assert reports.as_words("4.1 `x` <b> | \\") == "4.1 \\`x\\` \\<b\\> \\| \\\\"


# The page of the instructor


def test_the_page_is_whole_and_needs_nothing_else() -> None:
    text = as_page(ALL)
    page = Page(text)
    assert is_clean(text)
    assert page.tags["script"] == 0
    assert page.tags["b"] == 5  # the four numbers, and the name of a misconception: none of a student's
    assert not re.search(
        r"\bon\w+=|@import|url\(|src=", text.split("</style>")[0] + "".join(re.findall("<[^>]*>", text))
    )
    assert len(set(page.ids)) == len(page.ids)
    for link in page.links:
        assert link[1:] in page.ids if link.startswith("#") else link.startswith("students/")
    assert page.tags["h2"] == len(SECTIONS)
    assert "prefers-color-scheme: dark" in text


def test_the_page_sums_up() -> None:
    text = Page(as_page(ALL)).text
    assert "Grades of 3 submissions" in text
    assert (
        "\n3 submissions\n2 of them graded so far\n15.0 of 30 points is the mean of those\n1 solved everything" in text
    )


def test_the_page_shows_each_task_of_each_student() -> None:
    page = Page(as_page(ALL))
    shown = {name: [cell[:2] for cell in page.row(name)[1:]] for name in ("=1+1", "späte, Anna & #1?", "Zoë Groß <b>")}
    assert [[cell[0] for cell in row] for row in shown.values()] == [
        ["✗", "!", "○", "0 of 30"],
        ["✓", "…", "…", "15 of 30"],
        ["✓", "✓", "✓", "30 of 30"],
    ]
    kinds = [[cell[1].split()[1] for cell in row[:-1]] for row in shown.values()]
    assert kinds == [["wrong", "crashed", "missing"], ["solved", "waiting", "waiting"], ["solved"] * 3]
    assert page.row("=1+1")[1][2] == (
        "4.1 Convolution in one dimension: wrong, 0 of 15 points; 1 of 3 cases right. It fails at: two taps"
    )
    assert [cell[0] for cell in page.row("solved by")] == ["solved by", "2", "1", "1", ""]
    assert [row[0][0] for row in page.rows[:5]] == ["student", *shown, "solved by"]
    assert [cell[0] for cell in page.row("student")] == ["student", "4.1", "4.2", "4.3", "points"]


def test_what_a_cell_says_ends_with_its_title() -> None:
    task = replace(WRONG, failing='a "b" <c>')
    page = Page(as_page([replace(STUCK, tasks=(task,))]))
    assert page.row("=1+1")[1] == (
        "✗",
        "cell wrong module",
        '4.1 Convolution in one dimension: wrong, 0 of 15 points; 1 of 3 cases right. It fails at: a "b" <c>',
    )


def test_names_link_to_the_folders_of_students() -> None:
    links = Page(as_page(ALL)).links
    assert "students/sp%C3%A4te%2C%20Anna%20%26%20%231%3F/report.md" in links
    assert "students/%3D1%2B1/report.md" in links
    assert "students/Zo%C3%AB%20Gro%C3%9F%20%3Cb%3E/report.md" in links


def test_misconceptions_are_ranked_by_how_many_have_them() -> None:
    rare = {"id": "rare", "name": "a rare one", "hint": "Think."}
    records = [
        replace(STUCK, student="a", tasks=(WRONG, replace(CRASHED, misconception=rare))),
        replace(STUCK, student="b"),
        replace(STUCK, student="c"),
        replace(STUCK, student="d"),
    ]
    part = section(as_page(records), "misconceptions")
    assert re.findall(r"<div>(\d+ students?)<", part) == ["4 students", "1 student"]
    assert re.findall(r"width: (\d+)%", part) == ["100", "25"]
    frequent, other = part.split("<li>")[1:]
    assert "<b>the <code>kernel</code> &lt;flipped&gt;</b> <small>task 4.1 Convolution in one dimension" in frequent
    assert "Do not turn <code>it</code> around." in frequent
    assert re.findall(r">(\w)</a>", frequent) == ["a", "b", "c", "d"]
    assert "a rare one" in other
    assert re.findall(r">(\w)</a>", other) == ["a"]
    assert "No known misconception was met." in section(as_page([GOOD]), "misconceptions")


def test_tasks_are_ranked_by_how_few_have_solved_them() -> None:
    easier = replace(
        STUCK, student="b", tasks=(replace(WRONG, failing="long"), solved("4_2", 10, "one weight"), MISSING)
    )
    page = Page(section(as_page([STUCK, WAITING, GOOD, easier]), "tasks").split("</h2>")[1])
    rows = [[cell[0] for cell in row] for row in page.rows]
    assert rows == [
        ["task", "solved", "others", "the case at which most fail"],
        ["4.3 Average pooling", "1 of 3", "2 not written yet", ""],
        ["4.1 Convolution in one dimension", "2 of 4", "2 wrong", "two taps (2)"],
        ["4.2 Convolution in two dimensions", "2 of 3", "1 crashed, or took too long", "one weight (1)"],
    ]


def test_the_case_is_named_at_which_most_fail() -> None:
    """It need not be the one that each fails at first."""
    early = replace(WRONG, cases=(CaseGrade("one tap", "plain", "values", False), right("two taps"), right("long")))
    late = replace(WRONG, cases=(right("one tap"), right("two taps"), CaseGrade("long", "plain", "error", False)))
    assert hardest_case([early, late, late]) == "long <small>(2)</small>"
    assert hardest_case([early, late]) == "one tap <small>(1)</small>"
    assert hardest_case([MISSING, GOOD.tasks[0]]) == ""


def test_the_page_says_who_is_stuck_where() -> None:
    later = replace(STUCK, student="b", tasks=(solved("4_1", 15, "one tap"), solved("4_2", 10, "one weight"), MISSING))
    part = section(as_page([later, *ALL]), "stuck")
    found = [
        (
            html.unescape(re.sub("<.*?>", "", heading)),
            [html.unescape(name) for name in re.findall(">([^<]*)</a>", rest)],
        )
        for heading, rest in re.findall(r"<h3>(.*?)</h3>(.*?)(?=<h3>|$)", part, re.DOTALL)
    ]
    assert found == [
        ("4.1 Convolution in one dimension (1 student)", ["=1+1"]),
        ("4.3 Average pooling (1 student)", ["b"]),
        ("Not known yet (1 student)", ["späte, Anna & #1?"]),
        ("Solved everything (1 student)", ["Zoë Groß <b>"]),
    ]
    assert part.count("<details>") == 1
    assert f"<code>{html.escape(WRONG.replay)}</code>" in part


def test_the_page_ends_with_notes_and_with_what_it_was_made() -> None:
    text = as_page(ALL)
    notes = Page(section(text, "notes").split("</h2>")[1])
    assert notes.tags["li"] == 1
    assert notes.links == ["students/%3D1%2B1/report.md"]
    assert printable(STUCK.notes[0]) in notes.text
    assert "None." in section(as_page([GOOD]), "notes")
    feet = re.findall("<small>(Graded with .*?)</small>", text)
    rest = "versions: python 3.11, numpy 2.2; limits: processes 64; sandbox: yes"
    assert feet == [
        f"Graded with seed: 7; {rest} (2 submissions)",
        f"Graded with seed: 8; {rest} (1 submission)",
    ]
    assert re.findall("<small>(Graded with .*?)</small>", as_page([GOOD])) == [f"Graded with seed: 7; {rest}"]


# Files


def test_there_are_reports_before_anything_is_graded(tmp_path: Path) -> None:
    fresh = replace(GOOD, tasks=tuple([TaskGrade(task.task, "waiting", 0, task.most) for task in GOOD.tasks]))
    assert "Nothing has been graded yet." in as_page([fresh])
    assert "- of 30 points" in Page(as_page([fresh])).text
    write_overview([], tmp_path)
    assert "Grades of 0 submissions" in Page((tmp_path / "index.html").read_text(encoding="utf-8")).text
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == "student,points,most\n"


def test_all_reports_are_written(tmp_path: Path) -> None:
    records = [replace(record, student=name) for record, name in zip(ALL, ["a b", "ö", "-c"])]
    write_overview(records, tmp_path)
    for record in records:
        write_student(record, tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    own = {f"students/{name}/{file}" for name in ("a b", "ö", "-c") for file in ("results.json", "report.md")}
    assert files == own | {"grades.csv", "junit.xml", "index.html"}
    assert (tmp_path / "grades.csv").read_text(encoding="utf-8") == as_csv(records)
    assert (tmp_path / "junit.xml").read_text(encoding="utf-8") == as_junit(records)
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == as_page(records)
    for record in records:
        folder = tmp_path / "students" / record.student
        assert json.loads((folder / "results.json").read_text(encoding="utf-8")) == gradescope(record)
        assert (folder / "report.md").read_text(encoding="utf-8") == as_markdown(record)


def test_what_a_single_student_gets_is_written_alone(tmp_path: Path) -> None:
    write_student(replace(STUCK, student="a"), tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"students/a/results.json", "students/a/report.md"}
