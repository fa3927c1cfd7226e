"""Work on many things at once, each result as it comes."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def as_finished(
    items: Iterable[T], work: Callable[[T], R], workers: int, *, stop: Callable[[], None] | None = None
) -> Generator[tuple[T, R], None, None]:
    """Each item with what `work` gives for it, in the order in which they finish; `workers` at once.

    Items are drawn only as workers come free. What `work` raises is raised here. A caller that leaves early, or an
    error, ends it: items not begun are left; with `stop`, which must make the work under way end, it is called and
    waited for, so that no thread outlives the generator; without, threads end by themselves.
    """
    if workers == 1 and stop is None:
        for item in items:
            yield item, work(item)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="work")
    running: dict[Future[R], T] = {}
    try:
        rest = iter(items)
        while True:
            for item in islice(rest, workers - len(running)):
                running[pool.submit(work, item)] = item
            if not running:
                return
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield running.pop(future), future.result()
    finally:
        if stop is not None and running:
            stop()
        pool.shutdown(wait=stop is not None, cancel_futures=True)
