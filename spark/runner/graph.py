"""Tasks that wait for each other, run side by side. Pure: no Spark, no clock."""
from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Callable, Dict, List, Sequence, Tuple

# name, names of the tasks it waits for, what it does
Task = Tuple[str, Sequence[str], Callable[[], None]]


def run_graph(tasks: Sequence[Task], threads: int) -> None:
    """
    Starts each task once those it waits for are done, earlier ones first. After a failure nothing new starts; what runs
    comes to its end, then the failure of the earliest task is raised.
    """
    waiting: List[Task] = list(tasks)
    running: "Dict[Future[None], str]" = {}
    failed: Dict[str, BaseException] = {}
    done: "set[str]" = set()
    with ThreadPoolExecutor(threads, thread_name_prefix="table") as pool:
        while waiting or running:
            ready = [task for task in waiting if all(name in done for name in task[1])] if not failed else []
            for task in ready[: threads - len(running)]:
                waiting.remove(task)
                running[pool.submit(task[2])] = task[0]
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name, problem = running.pop(future), future.exception()
                if problem is None:
                    done.add(name)
                else:
                    failed[name] = problem
    for name, _, _ in tasks:
        if name in failed:
            raise failed[name]
    if waiting:
        raise RuntimeError(f"tasks wait for each other: {', '.join(task[0] for task in waiting)}")
