"""An agent: methods that are called, a state that stays, a heartbeat that says that it lives."""

from __future__ import annotations

import os
import sys
import threading
import time

from .connection import VERSION, CallError, Connection, StepError
from .registry import Registration, Registry
from .secrets import Secrets
from .state import OPERATION, State
from .steps import Steps
from .workers import Workers

# `typing` is not imported while an agent starts.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    Method = Callable[[Any], Any]
    Replay = Callable[[Any], None]


class CheckpointError(Exception):
    """The kernel could not keep a checkpoint. The one before, and the log, are still there."""


class Agent:
    """One process that takes part in Solo.

    Example::

        from solo_agent import Agent

        agent = Agent()

        @agent.method
        def add(input):
            return {"total": agent.state.increment("total", input["n"])}

        agent.run()

    Constructing it takes standard input and output for the protocol; ``print`` and ``logging`` go to the service's log.

    ``checkpoint_entries`` and ``checkpoint_seconds`` say when a checkpoint is taken without being asked for; ``workers`` how
    many methods run at a time.
    """

    def __init__(
        self,
        *,
        checkpoint_entries: int = 10_000,
        checkpoint_seconds: float = 300.0,
        workers: int = 16,
    ) -> None:
        self._connection = Connection()
        self.state = State(self._connection)
        self.steps = Steps(self._connection)
        self.secrets = Secrets()
        self._registry = Registry(self._connection)
        self.service = os.environ.get("SOLO_SERVICE", "")
        self.tenant = os.environ.get("SOLO_TENANT", "")
        self.instance = os.environ.get("SOLO_INSTANCE", "")
        self.status = "idle"
        self._methods: dict[str, Method] = {}
        self._replays: dict[str, Replay] = {}
        self._on_start: list[Callable[[], None]] = []
        self._on_shutdown: list[Callable[[str], None]] = []
        self._on_reload: Callable[[dict[str, Any]], None] | None = None
        self._snapshot: Callable[[], dict[str, Any]] | None = None
        self._load: Callable[[dict[str, Any]], None] | None = None
        self._entries_limit = checkpoint_entries
        self._seconds_limit = checkpoint_seconds
        self._workers = Workers(workers, "solo-method")
        self._background = Workers(1, "solo-checkpoint")
        self._ready = threading.Event()
        self._checkpoint_lock = threading.Lock()
        self._checkpoint_answer = threading.Event()
        self._checkpoint_id: str | None = None
        self._checkpoint_error: str | None = None
        self._checkpointed_at = 0
        self._checkpointed_when = time.monotonic()
        self._evolution: Callable[[dict[str, Any]], None] | None = None

    # What a program declares before it runs.

    def method(self, function: Method) -> Method:
        """Decorator: ``solo call NAME function JSON`` calls it with the input. What it raises is the caller's error."""
        self._methods[function.__name__] = function
        return function

    def replay(self, operation: str) -> Callable[[Replay], Replay]:
        """Decorator: carries out an entry of :meth:`log` again, after a restart, and for the first time once it is kept."""

        def declare(function: Replay) -> Replay:
            self._replays[operation] = function
            return function

        return declare

    def on_start(self, function: Callable[[], None]) -> Callable[[], None]:
        """Decorator: called with the state in place, before the agent is ready."""
        self._on_start.append(function)
        return function

    def on_shutdown(self, function: Callable[[str], None]) -> Callable[[str], None]:
        """Decorator: called with the reason when the agent is asked to end, before its last checkpoint."""
        self._on_shutdown.append(function)
        return function

    def on_hot_reload(self, function: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        """Decorator: ``solo restart NAME --reload FILE`` calls it with ``code``, ``module`` and ``backup_checkpoint_id``.

        It puts the code in place of what ran, and returns; what it raises is told, and then the old code should still run. A
        change that :meth:`evolution_intent` asked for comes the same way, with its ``target`` as ``module``; empty ``code``
        says that the agent may make the change itself now.
        """
        self._on_reload = function
        return function

    def on_evolution_result(self, function: Callable[[dict[str, Any]], None]) -> Callable[[dict[str, Any]], None]:
        """Decorator: called with ``success``, ``decision``, ``metrics`` and ``reason``.

        After a rollback it is called in the new process, which has the state of before the change.
        """
        self._evolution = function
        return function

    def checkpoint_with(
        self, snapshot: Callable[[], dict[str, Any]], load: Callable[[dict[str, Any]], None]
    ) -> None:
        """Adds data of the agent's own to its checkpoints (such as ``memory_blocks``), and takes it out of them again."""
        self._snapshot, self._load = snapshot, load

    # What it does while it runs.

    def run_steps(self, run: str) -> Steps:
        """The steps of a run of its own, such as one task, whose ids are apart from those of others."""
        return Steps(self._connection, run)

    def call(self, service: str, method: str, input: Any = None, *, timeout: float = 5.0) -> Any:
        """Has another service carry out a method, and returns what it returned. Raises :class:`CallError`.

        The service's ``allow = { call = [...] }`` must name it. ``timeout`` is in seconds; within a method, the call ends with
        the one that led to it at the latest. It is delivered once or never: what becomes of it when the kernel is lost, or the
        instance that had it in work, is unknown.
        """
        return self._connection.ask_once("call", self._call(service, method, input, timeout))

    def send(self, service: str, method: str, input: Any = None, *, timeout: float = 60.0) -> None:
        """Leaves a message in the mailbox of another service. It is delivered at most once, within ``timeout`` seconds."""
        self._connection.ask_once("send", self._call(service, method, input, timeout))

    def _call(self, service: str, method: str, input: Any, timeout: float) -> dict[str, Any]:
        parent = getattr(self._connection.under_way, "request_id", None)
        milliseconds = max(1, round(timeout * 1000))
        return {"service": service, "method": method, "input": input, "timeout_ms": milliseconds, "parent": parent}

    def discover(self, name: str, filters: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """What of the same tenant provides a name, with exactly these fields in its metadata; those that are alive first.

        Each has ``service`` (to :meth:`call` it), ``name``, ``version``, ``alive``, ``url``, ``instances`` (each with ``id``
        and ``port``) and ``metadata``. Raises :class:`RegistryError`.
        """
        return self._registry.discover(name, filters or {})

    def register(
        self,
        name: str,
        *,
        version: str | None = None,
        metadata: dict[str, str] | None = None,
        url: str | None = None,
        ttl: float = 30.0,
    ) -> Registration:
        """Registers what this instance provides. It is renewed while the process lives; the same name again replaces it.

        ``ttl`` is how long it stays when nothing renews it, in seconds, at least 1. ``url`` is where it answers, by default
        where the ingress has the service. Raises :class:`RegistryError`.
        """
        return self._registry.register(name, version, metadata or {}, url, ttl)

    def log(self, operation: str, params: Any) -> None:
        """Keeps an entry of the log, then carries it out with its :meth:`replay`. Returns when both are done."""
        act = self._replays.get(operation)
        if act is None:
            raise ValueError(f"nothing is declared to replay {operation!r}")

        def keep(sequence: int) -> None:
            act(params)
            self.state.passed(sequence)

        self._connection.log(operation, params, keep).wait()

    def checkpoint(self) -> str:
        """Keeps the whole state, which makes the log up to now superfluous. Returns the checkpoint's id."""
        with self._checkpoint_lock:
            kept, sequence = self.state.snapshot()
            own = {} if self._snapshot is None else self._snapshot()
            agent_state = {"id": self.instance, "name": self.service, "version": VERSION, "status": self.status}
            data = {**own, "agent_state": agent_state, "state": kept, "sequence": sequence}
            self._checkpoint_answer.clear()
            self._checkpoint_id = self._checkpoint_error = None
            self._connection.send_checkpoint(data, sequence)
            self._checkpoint_answer.wait()
            if self._checkpoint_id is None:
                raise CheckpointError(self._checkpoint_error)
            self._checkpointed_at, self._checkpointed_when = sequence, time.monotonic()
            return self._checkpoint_id

    def metrics(self, **data: float) -> None:
        """Reports measures, of which ``solo status --json`` shows the latest: ``avg_latency``, ``error_rate``, …"""
        self._connection.send("metrics", data=data)

    def evolution_intent(
        self, reason: str, target: str, new_code: str = "", *, latency: float = 0, memory: float = 0, accuracy: float = 0
    ) -> None:
        """Asks to be changed, which the service's ``evolution = "allow"`` must permit. One change at a time.

        The kernel keeps a checkpoint, then hands ``new_code`` to :meth:`on_hot_reload`, watches the agent, and goes back to the
        checkpoint when it does not stay well or calls :meth:`report_error`. :meth:`on_evolution_result` hears what came of it.
        Call :meth:`metrics` regularly: what it reports before and after is compared. ``latency``, ``memory`` and ``accuracy``
        are what the agent expects, as signed fractions.
        """
        improvement = {"latency": latency, "memory": memory, "accuracy": accuracy}
        hypothesis = {"reason": reason, "target": target, "new_code": new_code, "expected_improvement": improvement}
        self._connection.send_intent(hypothesis)

    def report_error(self, code: str, message: str, stack_trace: str | None = None, context: Any = None) -> None:
        """Records an error as an event of the service."""
        error = {"code": code, "message": message, "stack_trace": stack_trace, "context": context}
        self._connection.send("error", error=error)

    def run(self) -> None:
        """Serves until the agent is asked to end. Call it from the main thread, once everything is declared."""
        threading.Thread(target=self._beat, name="solo-heartbeat", daemon=True).start()
        while True:
            message = self._connection.read()
            if message is None:
                _say("standard input has ended: this program is to be started by `solo deploy --kind port`")
                os._exit(1)
            try:
                self._handle(message)
            except Exception:
                # The message is lost, the agent is not; but a state that could not be restored must not be served.
                _say(f"a {message.get('type')} could not be handled\n{_trace()}")
                if message.get("type") == "restore":
                    os._exit(1)

    def _handle(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "hello":
            about = {"name": f"solo_agent for Python {sys.version_info.major}", "methods": sorted(self._methods)}
            self._connection.greet(message["data"], {**about, "hot_reload": self._on_reload is not None})
        elif kind == "restore":
            self._restore(message)
        elif kind == "wal_flush_ack":
            self._connection.acknowledged(message["sequence"])
            if message["sequence"] - self._checkpointed_at >= self._entries_limit:
                self._checkpoint_soon()
        elif kind == "step_response":
            self._connection.answered(message["request_id"], message.get("data"), message.get("error"))
        elif kind == "checkpoint_ack":
            self._checkpoint_settled(message["checkpoint_id"], None)
        elif kind == "process_request":
            self._workers.submit(self._answer, message["request_id"], message["data"])
        elif kind == "shutdown":
            threading.Thread(target=self._shut_down, args=(message,), name="solo-shutdown").start()
        elif kind == "hot_reload" and self._on_reload is not None:
            self._workers.submit(self._reload, self._on_reload, message)
        elif kind == "evolution_result":
            self._connection.intent_settled()
            if self._evolution is not None:
                self._workers.submit(self._evolution, message)
        elif kind == "error":
            self._refused(message["error"])

    def _restore(self, message: dict[str, Any]) -> None:
        snapshot = message["snapshot"] or {}
        self._connection.fail_pending("the state was set to another point")
        sequence = snapshot.get("sequence", 0)
        self.state.restore(snapshot.get("state", {}), sequence)
        if self._load is not None and message["snapshot"] is not None:
            self._load(snapshot)
        self._checkpointed_at = sequence
        for entry in message["wal_entries"]:
            sequence = entry["sequence"]
            if entry["operation"] == OPERATION:
                self.state.replay(entry["params"], sequence)
            elif entry["operation"] in self._replays:
                self._replays[entry["operation"]](entry["params"])
                self.state.passed(sequence)
        self._connection.sequence = sequence
        for function in self._on_start:
            function()
        self._connection.send("heartbeat")
        self._ready.set()

    def _beat(self) -> None:
        self._ready.wait()
        while True:
            time.sleep(1)
            self._connection.send("heartbeat")
            _, sequence = self.state.snapshot() if self._is_old() else (None, self._checkpointed_at)
            if sequence > self._checkpointed_at:
                self._checkpoint_soon()

    def _is_old(self) -> bool:
        return time.monotonic() - self._checkpointed_when >= self._seconds_limit

    def _checkpoint_soon(self) -> None:
        if not self._checkpoint_lock.locked():
            self._background.submit(self._checkpoint_quietly)

    def _checkpoint_quietly(self) -> None:
        try:
            self.checkpoint()
        except CheckpointError as error:
            _say(f"no checkpoint: {error}")
            self._checkpointed_when = time.monotonic()

    def _checkpoint_settled(self, checkpoint_id: str | None, error: str | None) -> None:
        self._connection.checkpoint_settled()
        self._checkpoint_id, self._checkpoint_error = checkpoint_id, error
        self._checkpoint_answer.set()

    def _answer(self, request_id: str, request: dict[str, Any]) -> None:
        function = self._methods.get(request["message"])
        self._connection.under_way.request_id = request_id
        try:
            if function is None:
                message = f"there is no method {request['message']!r}"
                failure = {"code": "UNKNOWN_METHOD", "message": message}
                return self._connection.send("process_response", request_id=request_id, error=failure)
            answer: dict[str, Any] = {"data": function(request["context"])}
            self._connection.send("process_response", request_id=request_id, **answer)
        except Exception as error:
            _say(f"method {request['message']} failed\n{_trace()}")
            failure = {"code": type(error).__name__, "message": str(error)}
            if isinstance(error, (CallError, StepError)):
                # What the kernel refused, the caller is told as the kernel said it.
                failure = {"code": error.code, "message": error.message}
            self._connection.send("process_response", request_id=request_id, error=failure)
        finally:
            self._connection.under_way.request_id = None

    def _reload(self, reload: Callable[[dict[str, Any]], None], message: dict[str, Any]) -> None:
        request_id = message["request_id"]
        try:
            reload(message)
            self._connection.send("process_response", request_id=request_id, data=None)
        except Exception as error:
            _say(f"new code for {message['module']} was not taken\n{_trace()}")
            failure = {"code": type(error).__name__, "message": str(error)}
            self._connection.send("process_response", request_id=request_id, error=failure)

    def _refused(self, error: dict[str, Any]) -> None:
        _say(f"{error['code']}: {error['message']}")
        if error["code"] == "WAL_FULL":
            self._background.submit(self._make_room, error["message"])
        elif error["code"] == "CHECKPOINT_FAILED":
            self._checkpoint_settled(None, error["message"])

    def _make_room(self, reason: str) -> None:
        try:
            self.checkpoint()
            self._connection.resend()
        except CheckpointError:
            self._connection.fail_pending(reason)
            self.state.forget_unkept()

    def _shut_down(self, message: dict[str, Any]) -> None:
        try:
            self._workers.finish()
            for function in self._on_shutdown:
                function(message["reason"])
            if message["create_checkpoint"]:
                self._checkpoint_quietly()
        except Exception:
            _say(f"the shutdown was not clean\n{_trace()}")
        sys.stderr.flush()
        os._exit(0)


def _trace() -> str:
    # Takes longer to import than all the rest, and most agents never need it.
    import traceback

    return traceback.format_exc()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
