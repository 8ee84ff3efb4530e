"""Frames and chunks of Solo's port protocol (docs/protocol.md, section 2)."""

from __future__ import annotations

import os
import struct

from .messagepack import pack, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

MAX_FRAME_BYTES = 1_048_576
"""Longest payload of one frame."""

_HEAD = struct.Struct(">I")
# What the map around a chunk's data takes, at most.
_CHUNK_HEAD_BYTES = 64
_READ_BYTES = 262_144


class ProtocolError(Exception):
    """The other side does not keep to the protocol, which a kernel always does."""


def frames_of(message: Any, message_id: int) -> Iterator[bytes]:
    """The frames of a message: one, or chunks when it is longer than a frame may be."""
    payload = pack(message)
    if len(payload) <= MAX_FRAME_BYTES:
        yield _HEAD.pack(len(payload)) + payload
        return
    size = MAX_FRAME_BYTES - _CHUNK_HEAD_BYTES
    for index, start in enumerate(range(0, len(payload), size)):
        data = payload[start : start + size]
        last = start + size >= len(payload)
        chunk = pack({"type": "chunk", "id": message_id, "index": index, "last": last, "data": data})
        yield _HEAD.pack(len(chunk)) + chunk


def mark_of(session: bytes) -> bytes:
    """The frame that answers a ``hello``: everything in front of it is skipped by the kernel."""
    payload = pack(session)
    return _HEAD.pack(len(payload)) + payload


class MessageReader:
    """Reads messages from a descriptor, joining those that come in chunks."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = bytearray()
        self._at = 0
        # Grows in place: memory that is touched for the first time is what costs most.
        self._chunks = bytearray()

    def read(self) -> dict[str, Any] | None:
        """The next message; None at the end of the stream."""
        while True:
            payload = self._frame()
            if payload is None:
                return None
            message = unpack(payload)
            if not isinstance(message, dict):
                raise ProtocolError("a message is a map")
            if message.get("type") == "hello":
                # A kernel that was killed in the middle of a message does not go on with it.
                self._chunks = bytearray()
            if message.get("type") != "chunk":
                return message
            if message["index"] == 0:
                self._chunks = bytearray()
            self._chunks += message["data"]
            if message["last"]:
                whole = unpack(self._chunks)
                self._chunks = bytearray()
                return whole

    def _frame(self) -> bytes | None:
        if not self._fill(_HEAD.size):
            return None
        (length,) = _HEAD.unpack_from(self._buffer, self._at)
        if length > MAX_FRAME_BYTES:
            raise ProtocolError(f"a frame of {length} bytes")
        if not self._fill(_HEAD.size + length):
            return None
        start = self._at + _HEAD.size
        self._at = start + length
        with memoryview(self._buffer) as view:
            return bytes(view[start : self._at])

    def _fill(self, wanted: int) -> bool:
        while len(self._buffer) - self._at < wanted:
            data = os.read(self._descriptor, _READ_BYTES)
            if not data:
                return False
            del self._buffer[: self._at]
            self._at = 0
            self._buffer += data
        return True
