"""Tasks in worker processes, their results in order."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nbframes.export import limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_THREADS: Final = "POLARS_MAX_THREADS"


class Task(NamedTuple):
    """A call of a function that a new process can import."""

    function: Callable[..., object]
    arguments: tuple[object, ...]


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def results(tasks: Iterable[Task], jobs: int) -> Iterator[object]:
    """Run tasks in ``jobs`` processes and give their results in the order of the tasks.

    Tasks are taken as workers become free, so that a long iterator of large arguments costs little memory. Closing the
    iterator ends the processes. One job means this process.
    """
    with workers(jobs) as run:
        yield from run(tasks)


@contextmanager
def workers(jobs: int) -> Iterator[Callable[[Iterable[Task]], Iterator[Any]]]:
    """Keep ``jobs`` processes for several rounds of tasks; gives what `results` is for one round."""
    if jobs == 1:
        yield lambda tasks: (task.function(*task.arguments) for task in tasks)
        return
    pool = ProcessPoolExecutor(
        jobs, mp_context=multiprocessing.get_context("spawn"), initializer=limits.use, initargs=(limits.current(),)
    )
    try:
        yield lambda tasks: _in_order(pool, tasks, 2 * jobs)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, tasks: Iterable[Task], ahead: int) -> Iterator[object]:
    waiting: deque[Future[object]] = deque()
    for task in tasks:
        with _lean_processes():
            waiting.append(pool.submit(task.function, *task.arguments))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _lean_processes() -> Iterator[None]:
    """Make new processes leave the user's script alone and give Polars one thread each.

    Without the first, a script would need ``if __name__ == "__main__"``; the second because every core has a process.
    """
    main, threads = sys.modules["__main__"], os.environ.get(_THREADS)
    sys.modules["__main__"] = ModuleType("__main__")
    os.environ[_THREADS] = "1"
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        if threads is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = threads
