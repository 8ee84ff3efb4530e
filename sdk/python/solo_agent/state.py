"""A key-value state that outlives its process: every change is logged before it counts."""

from __future__ import annotations

import threading

from .connection import Connection, Pending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

OPERATION = "state_update"


class State:
    """Keys are text, values are whatever MessagePack holds. Treat what is read as read-only: it is not a copy.

    A write returns when it is kept. Reads see what is kept; a write that depends on what was there sees also what is on its
    way, so that no update is lost.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        self._kept: dict[str, Any] = {}
        self._latest: dict[str, Any] = {}
        self._applied = 0

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        with self._lock:
            return self._kept.get(key, default)

    def __contains__(self, key: str) -> bool:
        with self._lock:
            return key in self._kept

    def __len__(self) -> int:
        with self._lock:
            return len(self._kept)

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:
        """Keys that begin with a prefix, in order, with their values at this moment."""
        with self._lock:
            found = sorted((key, value) for key, value in self._kept.items() if key.startswith(prefix))
        return iter(found)

    def set(self, key: str, value: Any) -> None:
        """Sets a key."""
        self.apply({key: value})

    def delete(self, key: str) -> None:
        """Removes a key; one that is not there is not an error."""
        self.apply({}, [key])

    def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Replaces a value by what ``change`` makes of it. Returns the new one."""
        with self._lock:
            value = change(self._latest.get(key, default))
            pending = self._log({key: value}, [])
        pending.wait()
        return value

    def increment(self, key: str, by: int | float = 1) -> int | float:
        """Adds to a number, which is 0 at first. Returns the sum."""
        return self.update(key, lambda value: value + by, 0)

    def apply(self, puts: dict[str, Any], deletes: list[str] | None = None) -> None:
        """Several changes at once: all of them are kept, or none."""
        with self._lock:
            pending = self._log(puts, deletes or [])
        pending.wait()

    def snapshot(self) -> tuple[dict[str, Any], int]:
        """Everything that is kept, and the sequence of the last entry in it."""
        with self._lock:
            return dict(self._kept), self._applied

    def restore(self, kept: dict[str, Any], sequence: int) -> None:
        """Replaces everything."""
        with self._lock:
            self._kept = dict(kept)
            self._latest = dict(kept)
            self._applied = sequence

    def replay(self, params: dict[str, Any], sequence: int) -> None:
        """Carries out a logged change again."""
        with self._lock:
            for state in (self._kept, self._latest):
                _change(state, params)
            self._applied = sequence

    def passed(self, sequence: int) -> None:
        """An entry that is not of the state was kept."""
        with self._lock:
            self._applied = max(self._applied, sequence)

    def forget_unkept(self) -> None:
        """What was on its way did not arrive."""
        with self._lock:
            self._latest = dict(self._kept)

    def _log(self, puts: dict[str, Any], deletes: list[str]) -> Pending:
        params = {"put": puts, "delete": deletes}

        def keep(sequence: int) -> None:
            with self._lock:
                _change(self._kept, params)
                self._applied = sequence

        pending = self._connection.log(OPERATION, params, keep)
        _change(self._latest, params)
        return pending


def _change(state: dict[str, Any], params: dict[str, Any]) -> None:
    state.update(params["put"])
    for key in params["delete"]:
        state.pop(key, None)
