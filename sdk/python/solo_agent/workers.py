"""A few threads that take work from a queue. (``concurrent.futures`` takes longer to import than an agent to start.)"""

from __future__ import annotations

import sys
import threading
from queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Work = Callable[[], Any]


class Workers:
    """At most ``limit`` threads, started as they are needed."""

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._idle = 0

    def submit(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Has a function called soon. What it raises is printed."""
        with self._lock:
            if self._idle > 0:
                self._idle -= 1
            elif len(self._threads) < self._limit:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._threads.append(thread)
                thread.start()
        self._queue.put(lambda: function(*arguments))

    def finish(self) -> None:
        """Returns when all that was submitted is done."""
        with self._lock:
            threads = list(self._threads)
        for _ in threads:
            self._queue.put(None)
        for thread in threads:
            thread.join()

    def _run(self) -> None:
        while True:
            work = self._queue.get()
            if work is None:
                return
            try:
                work()
            except Exception:
                import traceback

                traceback.print_exc(file=sys.stderr)
            with self._lock:
                self._idle += 1
