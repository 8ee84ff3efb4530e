"""The registry: services of the same tenant, found by what they provide."""

from __future__ import annotations

import threading

from .connection import Connection, StepError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEAST_TTL = 1.0
"""Seconds."""
RENEWALS_PER_TTL = 3
"""Two may fail before its time is up."""


class RegistryError(Exception):
    """The kernel refused something about the registry. ``code`` is such as ``forbidden`` or ``invalid_request``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Registration:
    """What this instance registered. It is renewed while the process lives, and ends with the instance."""

    def __init__(self, connection: Connection, request: dict[str, Any]) -> None:
        self._connection = connection
        self._request = request
        self._ended = threading.Event()
        self.handle: str = ask(connection, "register", request)
        """As ``solo registry list`` shows it. It is another one after the kernel was away for longer than its time."""
        threading.Thread(target=self._renew, name="solo-registration", daemon=True).start()

    def unregister(self) -> None:
        """Ends it, and its renewal."""
        self._ended.set()
        ask(self._connection, "unregister", {"handle": self.handle})

    def replaced(self) -> None:
        """Another one of the same name has taken its place."""
        self._ended.set()

    def _renew(self) -> None:
        pause = self._request["ttl_ms"] / 1_000 / RENEWALS_PER_TTL
        while not self._ended.wait(pause):
            try:
                ask(self._connection, "renew", {"handle": self.handle})
            except RegistryError as error:
                self._again(error)

    def _again(self, error: RegistryError) -> None:
        # What fails otherwise is tried again the next time.
        if error.code == "not_found" and not self._ended.is_set():
            try:
                self.handle = ask(self._connection, "register", self._request)
            except RegistryError:
                pass


def ask(connection: Connection, operation: str, data: dict[str, Any]) -> Any:
    """Asked again, all of these leave what they left before: they are sent to the next kernel when one is lost."""
    try:
        return connection.ask(f"registry.{operation}", data)
    except StepError as error:
        raise RegistryError(error.code, str(error).partition(": ")[2]) from None


class Registry:
    """What the agent registered, by name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._registrations: dict[str, Registration] = {}

    def discover(self, name: str, filters: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ask(self._connection, "discover", {"name": name, "filters": filters})
        return found

    def register(
        self, name: str, version: str | None, metadata: dict[str, str], url: str | None, ttl: float
    ) -> Registration:
        request: dict[str, Any] = {"name": name, "metadata": metadata, "ttl_ms": round(max(LEAST_TTL, ttl) * 1_000)}
        request.update({key: value for key, value in (("version", version), ("url", url)) if value is not None})
        registration = Registration(self._connection, request)
        before = self._registrations.get(name)
        if before is not None:
            before.replaced()
        self._registrations[name] = registration
        return registration
