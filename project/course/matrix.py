"""The kill matrix: which case of the suites notices which wrong solution."""

import sys
from concurrent.futures import ThreadPoolExecutor

from project.course.cases import Case, Outcome, find_difference
from project.course.catalogue import alternatives, misconceptions, planted, run_suite
from project.course.oracles import expected
from project.course.suites import cases_of
from project.course.tasks import find_task, tasks


def passed(case: Case, outcome: Outcome) -> bool:
    """Whether the outcome of a case is right."""
    return outcome.status == "values" and find_difference(outcome.values, expected(case), case.rtol, case.atol) is None


def main() -> int:
    """Plant the solutions of some tasks, one at a time, and print what the suites say."""
    compiled = "--compiled" in sys.argv  # also run right solutions compiled (slow)
    wanted = [find_task(number).id for number in sys.argv[1:] if number != "--compiled"] or list(tasks())
    bad = 0
    jobs = [("right", task, name, sol) for task in wanted for name, sol in alternatives(task).items()]
    jobs += [("wrong", m.task, m.id, m.solution) for task in wanted for m in misconceptions(task)]

    def work(job):
        kind, task, name, solution = job
        with planted(solution) as tree:
            outcomes = run_suite(task, tree)["plain"]
            if compiled and kind == "right":
                for stage in ("one thread", "threads"):
                    more = run_suite(task, tree, (stage,))[stage]
                    outcomes |= {k: o for k, o in more.items() if k not in outcomes or o.status != "values"}
                    outcomes |= {c.id: more[c.id] for c in cases_of(task) if c.id in more and not passed(c, more[c.id])}
        return job, outcomes

    with ThreadPoolExecutor(2) as pool:
        for (kind, task, name, _), outcomes in pool.map(work, jobs):
            failing = [c for c in cases_of(task) if c.id in outcomes and not passed(c, outcomes[c.id])]
            ok = bool(failing) == (kind == "wrong")
            bad += not ok
            print(f"{'ok ' if ok else 'BAD'} {kind} {task} {name}: {len(failing)} of {len(outcomes)} cases fail")
            for c in failing if kind == "right" else failing[:1]:
                o = outcomes[c.id]
                d = find_difference(o.values, expected(c), c.rtol, c.atol)
                print(f"      {c.name}: {o.status} {o.error} {f'{d.where} {d.what}' if d and o.status == 'values' else ''}")
    return bad


if __name__ == "__main__":
    sys.exit(main())
