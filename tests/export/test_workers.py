"""Tasks in worker processes."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

from nbframes.export.workers import Task, results


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_come_in_the_order_of_the_tasks(jobs) -> None:
    tasks = (Task(math.factorial, (n,)) for n in range(20))
    assert list(results(tasks, jobs)) == [math.factorial(n) for n in range(20)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_task_arrives(jobs) -> None:
    with pytest.raises(ValueError, match="factorial"):
        list(results([Task(math.factorial, (-1,))], jobs))


def test_tasks_are_taken_as_they_are_needed() -> None:
    taken = []
    tasks = (Task(math.factorial, (n,)) for n in range(100) if not taken.append(n))
    first = results(tasks, 2)
    next(first)
    assert len(taken) < 10
    first.close()


def test_a_script_needs_no_guard_for_its_main_module(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import math\nfrom nbframes.export.workers import Task, results\n"
        "print(list(results([Task(math.factorial, (n,)) for n in (3, 4)], 2)))\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.stdout == "[6, 24]\n", done.stderr
