"""Durable steps: what is done once, whichever process of the agent does it."""

from __future__ import annotations

import os
import time

from .connection import Connection, StepError
from .messagepack import pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    Result = TypeVar("Result")


class NotDone(Exception):
    """Raised by an effect that knows that it did not happen: it may be tried again."""


class Steps:
    """The steps of one run; ``run=""`` is the service's own, which never ends. Ids are the agent's to choose."""

    def __init__(self, connection: Connection, run: str = "") -> None:
        self._connection = connection
        self._run = run

    def step(self, id: str, work: Callable[[], Result]) -> Result:
        """What ``work`` returned the first time that it did, in whichever process. It runs again only if it never returned."""
        answer = self._until("step.begin", {"run": self._run, "id": id}, "busy")
        if answer["state"] == "done":
            return _value(answer["result"])
        name = {"run": self._run, "id": id}
        begin = time.monotonic()
        try:
            result = pack([work()])
        except BaseException as error:
            self._connection.ask("step.abandon", {**name, "trace": self._trace(begin, str(error))})
            raise
        finished = {**name, "result": result, "trace": self._trace(begin)}
        return _value(self._connection.ask("step.finish", finished)["result"])

    def effect(
        self,
        id: str,
        work: Callable[[str], Result],
        *,
        cost: dict[str, float] | None = None,
        repeatable: bool = False,
    ) -> Result:
        """Something outside that must not happen twice. ``work`` gets the idempotency key to hand on.

        The id is durable before ``work`` is called. A process that ends within leaves an effect whose outcome nobody knows:
        the next one gets :class:`StepError` with ``outcome_unknown`` (``solo effects`` lists and resolves it), unless it is
        ``repeatable``. ``cost`` (``calls``, ``tokens``, ``currency``, ``wall_ms``) is taken from the service's budget.
        """
        name = {"run": self._run, "id": id, "token": os.urandom(16).hex()}
        spent = cost or {}
        answer = self._until("effect.begin", {**name, "cost": spent, "repeatable": repeatable}, "busy")
        if answer["state"] == "done":
            return _value(answer["result"])
        begin = time.monotonic()
        try:
            result = pack([work(answer["key"])])
        except NotDone as error:
            self._finish(name, begin, {"state": "not_done", "reason": str(error)[:500]})
            raise
        except Exception as error:
            self._finish(name, begin, {"state": "unknown", "reason": str(error)[:500]})
            if repeatable:
                raise
            raise StepError("outcome_unknown", f"nobody knows whether effect {id!r} happened: {error}") from error
        elapsed = (time.monotonic() - begin) * 1_000
        self._finish(name, begin, {"state": "done", "result": result, "spent": spent, "elapsed_ms": elapsed})
        return _value(result)

    def sleep(self, id: str, seconds: float) -> None:
        """Pauses until so many seconds after the first time that this was called, in whichever process."""
        due = self._connection.ask("timer.set", {"run": self._run, "id": id, "after_ms": seconds * 1_000})["until"]
        while (left := due / 1_000 - time.time()) > 0:
            time.sleep(left)

    def wait_for(self, name: str, *, id: str | None = None, timeout: float | None = None) -> Any:
        """The value of a signal (``solo signal NAME SIGNAL JSON``). Raises ``TimeoutError`` after ``timeout`` seconds."""
        request: dict[str, Any] = {"run": self._run, "id": id or name, "name": name}
        if timeout is not None:
            request["timeout_ms"] = timeout * 1_000
        answer = self._until("signal.wait", request, "pending")
        if answer["state"] == "timed_out":
            raise TimeoutError(f"no signal {name!r} came in time")
        return unpack(answer["value"])

    def _until(self, operation: str, request: dict[str, Any], again: str) -> dict[str, Any]:
        while (answer := self._connection.ask(operation, request))["state"] == again:
            pass
        return answer

    def _finish(self, name: dict[str, Any], begin: float, outcome: dict[str, Any]) -> None:
        trace = self._trace(begin, outcome.get("reason"))
        self._connection.ask("effect.finish", {**name, "outcome": outcome, "trace": trace})

    def _trace(self, begin: float, error: str | None = None) -> dict[str, Any]:
        """The work as a span of the request that this thread answers."""
        trace: dict[str, Any] = {"span": os.urandom(8).hex(), "elapsed_ms": (time.monotonic() - begin) * 1_000}
        parent = getattr(self._connection.under_way, "request_id", None)
        if parent is not None:
            trace["parent"] = parent
        if error is not None:
            trace["error"] = error[:500]
        return trace


def _value(result: bytes) -> Any:
    content = unpack(result)
    return content[0] if content else None
