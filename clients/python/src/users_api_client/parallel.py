"""Work on many items, several at a time, until all are done or one failure ends it all."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Callable, Optional, TypeVar

from .errors import UsersApiError

AT_ONCE = 8

Item = TypeVar("Item")


def for_each(
    items: Iterable[Item], work: Callable[[Item], None], interrupted: Optional[threading.Event] = None
) -> None:
    """Calls `work` with each item. The first error is raised again, and what has not begun by then is left.

    Ctrl-C sets `interrupted`, so that what has begun can end soon.
    """
    stop = threading.Event()

    def unless_stopped(item: Item) -> None:
        if stop.is_set():
            return
        try:
            work(item)
        except UsersApiError:
            stop.set()
            raise

    pool = ThreadPoolExecutor(AT_ONCE)
    jobs = [pool.submit(unless_stopped, item) for item in items]
    try:
        for job in jobs:
            job.result()
    except KeyboardInterrupt:
        if interrupted:
            interrupted.set()
        raise
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
