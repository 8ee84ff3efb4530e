"""The stream between an agent and its kernel: who writes when, and what has to be said again."""

from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections import OrderedDict
from .frames import MessageReader, frames_of, mark_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

VERSION = 2
"""Of the port protocol."""


class LogFullError(Exception):
    """The kernel could not keep an entry of the log, nor a checkpoint that would have made room."""


class StepError(Exception):
    """The kernel refused something about a step. ``code`` is such as ``outcome_unknown`` or ``budget_exhausted``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class CallError(Exception):
    """A call of another service failed. ``code`` is such as ``forbidden``, ``timeout`` or ``outcome_unknown``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Question:
    """Something that was asked and is not answered yet. ``once``: it must not be asked a second time."""

    def __init__(self, fields: dict[str, Any], once: bool = False) -> None:
        self.fields = fields
        self.once = once
        self.data: Any = None
        self.error: dict[str, str] | None = None
        self.answered = threading.Event()


class Pending:
    """An entry of the log that is not acknowledged yet."""

    def __init__(self, entry: dict[str, Any], apply: Callable[[int], None]) -> None:
        self.entry = entry
        self.apply = apply
        self.error: Exception | None = None
        self.done = threading.Event()

    def wait(self) -> None:
        """Returns once the entry is kept. Waits for a kernel that is away."""
        self.done.wait()
        if self.error is not None:
            raise self.error


class Connection:
    """Frames in both directions. Takes standard input and output for itself: ``print`` goes to the log from then on."""

    def __init__(self) -> None:
        self._input = os.dup(0)
        self._output = os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(line_buffering=True)
        self._reader = MessageReader(self._input)
        # Frames must not be mixed, and entries must be sent in the order of their sequences.
        self._lock = threading.RLock()
        self._greeted = False
        self._messages = 0
        self._pending: OrderedDict[int, Pending] = OrderedDict()
        self._checkpoint: dict[str, Any] | None = None
        self._intent: dict[str, Any] | None = None
        # What each thread is at: ``request_id`` of the request that it answers.
        self.under_way = threading.local()
        self._asked: OrderedDict[str, Question] = OrderedDict()
        self.sequence = 0

    def read(self) -> dict[str, Any] | None:
        """The kernel's next message; None when nobody is left to send one."""
        return self._reader.read()

    def greet(self, hello: dict[str, Any], data: dict[str, Any]) -> None:
        """Answers a ``hello``, and says again what the last kernel did not acknowledge."""
        with self._lock:
            self._write(mark_of(hello["session"]))
            self._greeted = True
            self.send("hello", version=VERSION, data=data)
            if hello["resume"]:
                self.resend()
                self._ask_again()

    def send(self, message_type: str, **fields: Any) -> None:
        """Sends a message, unless no kernel has said hello yet."""
        with self._lock:
            if not self._greeted:
                return
            self._messages += 1
            message = {"type": message_type, "timestamp": int(time.time()), **fields}
            for frame in frames_of(message, self._messages & 0xFFFFFFFF):
                self._write(frame)

    def log(self, operation: str, params: Any, apply: Callable[[int], None]) -> Pending:
        """Sends an entry of the log. ``apply`` is called with its sequence when it is kept, in order."""
        with self._lock:
            entry = {"operation": operation, "params": params, "sequence": self.sequence + 1}
            pending = Pending(entry, apply)
            self.send("wal_entry", data=entry)
            self.sequence += 1
            self._pending[self.sequence] = pending
            return pending

    def acknowledged(self, sequence: int) -> None:
        """Every entry up to this one is kept."""
        kept: list[Pending] = []
        with self._lock:
            while self._pending and next(iter(self._pending)) <= sequence:
                kept.append(self._pending.popitem(last=False)[1])
        for pending in kept:
            pending.apply(pending.entry["sequence"])
        for pending in kept:
            pending.done.set()

    def resend(self) -> None:
        """Sends everything that is not acknowledged again."""
        with self._lock:
            for pending in self._pending.values():
                self.send("wal_entry", data=pending.entry)
            if self._checkpoint is not None:
                self.send("checkpoint", **self._checkpoint)
            if self._intent is not None:
                self.send("evolution_intent", hypothesis=self._intent)

    def ask(self, operation: str, data: dict[str, Any]) -> Any:
        """Asks the kernel something, and the next one if this one does not answer. Raises :class:`StepError`."""
        question = Question({"request_id": os.urandom(8).hex(), "operation": operation, "input": data})
        with self._lock:
            self._asked[question.fields["request_id"]] = question
            self.send("step_request", **question.fields)
        question.answered.wait()
        if question.error is not None:
            raise StepError(question.error["code"], question.error["message"])
        return question.data

    def ask_once(self, operation: str, data: dict[str, Any]) -> Any:
        """Asks this kernel something, and no other. Raises :class:`CallError`."""
        question = Question({"request_id": os.urandom(8).hex(), "operation": operation, "input": data}, once=True)
        with self._lock:
            self._asked[question.fields["request_id"]] = question
            self.send("step_request", **question.fields)
        question.answered.wait()
        if question.error is not None:
            raise CallError(question.error["code"], question.error["message"])
        return question.data

    def _ask_again(self) -> None:
        for request_id, question in list(self._asked.items()):
            if question.once:
                del self._asked[request_id]
                question.error = {"code": "outcome_unknown", "message": "the kernel was lost before it had answered"}
                question.answered.set()
            else:
                self.send("step_request", **question.fields)

    def answered(self, request_id: str, data: Any, error: dict[str, str] | None) -> None:
        """The kernel has answered."""
        with self._lock:
            question = self._asked.pop(request_id, None)
        if question is not None:
            question.data, question.error = data, error
            question.answered.set()

    def send_checkpoint(self, data: dict[str, Any], sequence: int) -> None:
        """Sends a checkpoint, and again to the next kernel if this one does not acknowledge it."""
        with self._lock:
            self._checkpoint = {"data": data, "metadata": {"sequence": sequence}}
            self.send("checkpoint", **self._checkpoint)

    def send_intent(self, hypothesis: dict[str, Any]) -> None:
        """Sends the wish for a change, and again to the next kernel if this one does not say what became of it."""
        with self._lock:
            if self._intent is not None:
                raise RuntimeError("a change is on trial already: its evolution_result has not come yet")
            self._intent = hypothesis
            self.send("evolution_intent", hypothesis=hypothesis)

    def intent_settled(self) -> None:
        """The kernel has said what became of the change."""
        with self._lock:
            self._intent = None

    def checkpoint_settled(self) -> None:
        """The checkpoint under way was kept, or refused."""
        with self._lock:
            self._checkpoint = None

    def fail_pending(self, reason: str) -> None:
        """Gives up on every entry that is not kept."""
        with self._lock:
            failed = list(self._pending.values())
            self._pending.clear()
        for pending in failed:
            pending.error = LogFullError(reason)
            pending.done.set()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._output, view) :]
