"""The suites of the tasks: `pytest -m task4_1` says what is still wrong with task 4.1.

What students write is run in processes of its own, first in plain Python, then with compiled kernels; here it is only
judged. The cases stand in `project/course/suites/`.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from project.course.cases import Case
from project.course.diagnosis import describe, first_failing, report
from project.course.judging import Verdict, judge_all
from project.course.planting import with_references
from project.course.suites import all_cases
from project.course.tasks import tasks


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each case; with `-m task4_1`, of those of that task only, which is faster."""
    wanted = set(re.findall(r"\btask(\d_\d)\b", metafunc.config.option.markexpr)) & set(tasks())
    only_tasks = wanted and not re.search(r"\bnot\b|\bhouse\b", metafunc.config.option.markexpr)
    cases = all_cases(sorted(wanted) if only_tasks else None)
    parameters = [
        pytest.param(case, id=case.id, marks=getattr(pytest.mark, tasks()[case.task].marker)) for case in cases
    ]
    metafunc.parametrize("case", parameters)


@pytest.fixture(scope="session")
def verdicts(request: pytest.FixtureRequest) -> Mapping[str, Verdict]:
    """The verdicts on all cases that were chosen."""
    chosen = [item.callspec.params["case"] for item in request.session.items if item.path == Path(__file__)]
    return judge_all(chosen, with_references(request.config.getoption("--reference")))


def test_case(case: Case, verdicts: Mapping[str, Verdict]) -> None:
    if case.id not in verdicts:
        pytest.fail("It is run with compiled kernels, as soon as all else of the task is right.", pytrace=False)
    verdict = verdicts[case.id]
    if not verdict.passed:
        first = first_failing(verdicts, case.task)
        # The whole story of the smallest case is worth reading; of all others, a line will do.
        pytest.fail(report(verdict, verdicts) if verdict is first else describe(verdict), pytrace=False)
