"""MessagePack in its plain form (https://github.com/msgpack/msgpack/blob/master/spec.md), standard library only.

Packs and unpacks None, bool, int (64 bits), float, str, bytes, list and tuple, dict, and aware ``datetime`` (the timestamp
extension, -1). Every other extension is refused, as the port protocol does.
"""

from __future__ import annotations

import struct
from datetime import datetime, timedelta, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_DEPTH = 64
"""How deep values may lie in one another."""

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class MessagePackError(ValueError):
    """A value that has no plain MessagePack form, or bytes that are none."""


def pack(value: Any) -> bytes:
    """The MessagePack of a value. Raises :class:`MessagePackError` for what has none."""
    out = bytearray()
    _pack(value, out, 0)
    return bytes(out)


def unpack(data: bytes | bytearray | memoryview) -> Any:
    """The value of bytes that are exactly one. Raises :class:`MessagePackError` otherwise."""
    view = memoryview(data)
    try:
        value, end = _unpack(view, 0, 0)
    except (IndexError, OverflowError, struct.error, UnicodeDecodeError) as error:
        raise MessagePackError(f"the value is cut off or damaged: {error}") from error
    if end != len(view):
        raise MessagePackError(f"{len(view) - end} bytes behind the value")
    return value


def _pack(value: Any, out: bytearray, depth: int) -> None:
    if value is None:
        out.append(0xC0)
    elif value is True:
        out.append(0xC3)
    elif value is False:
        out.append(0xC2)
    elif isinstance(value, int):
        _pack_int(value, out)
    elif isinstance(value, float):
        out += struct.pack(">Bd", 0xCB, value)
    elif isinstance(value, str):
        data = value.encode()
        _pack_head(len(data), out, (0xA0, 31), (0xD9, 0xDA, 0xDB))
        out += data
    elif isinstance(value, (bytes, bytearray, memoryview)):
        data = bytes(value)
        _pack_head(len(data), out, None, (0xC4, 0xC5, 0xC6))
        out += data
    elif isinstance(value, (list, tuple)):
        _enter(depth)
        _pack_head(len(value), out, (0x90, 15), (None, 0xDC, 0xDD))
        for item in value:
            _pack(item, out, depth + 1)
    elif isinstance(value, dict):
        _enter(depth)
        _pack_head(len(value), out, (0x80, 15), (None, 0xDE, 0xDF))
        for key, item in value.items():
            _pack(key, out, depth + 1)
            _pack(item, out, depth + 1)
    elif isinstance(value, datetime) and value.tzinfo is not None:
        past = value - _EPOCH
        seconds = past.days * 86_400 + past.seconds
        out += struct.pack(">BBbIq", 0xC7, 12, -1, past.microseconds * 1_000, seconds)
    else:
        raise MessagePackError(f"{type(value).__name__} has no MessagePack form here")


def _enter(depth: int) -> None:
    if depth >= MAX_DEPTH:
        raise MessagePackError(f"more than {MAX_DEPTH} values lie in one another")


def _pack_int(value: int, out: bytearray) -> None:
    if 0 <= value < 0x80:
        out.append(value)
    elif -32 <= value < 0:
        out.append(value + 256)
    elif 0 <= value < 1 << 8:
        out += struct.pack(">BB", 0xCC, value)
    elif 0 <= value < 1 << 16:
        out += struct.pack(">BH", 0xCD, value)
    elif 0 <= value < 1 << 32:
        out += struct.pack(">BI", 0xCE, value)
    elif 0 <= value < 1 << 64:
        out += struct.pack(">BQ", 0xCF, value)
    elif -(1 << 63) <= value < 0:
        out += struct.pack(">Bq", 0xD3, value)
    else:
        raise MessagePackError("an integer has at most 64 bits")


def _pack_head(
    length: int, out: bytearray, fixed: tuple[int, int] | None, codes: tuple[int | None, int, int]
) -> None:
    short, medium, long = codes
    if fixed is not None and length <= fixed[1]:
        out.append(fixed[0] | length)
    elif short is not None and length < 1 << 8:
        out += struct.pack(">BB", short, length)
    elif length < 1 << 16:
        out += struct.pack(">BH", medium, length)
    elif length < 1 << 32:
        out += struct.pack(">BI", long, length)
    else:
        raise MessagePackError("a value has at most 4 GiB")


# First byte of a scalar → its struct.
_SCALARS = {
    0xCA: struct.Struct(">f"),
    0xCB: struct.Struct(">d"),
    0xCC: struct.Struct(">B"),
    0xCD: struct.Struct(">H"),
    0xCE: struct.Struct(">I"),
    0xCF: struct.Struct(">Q"),
    0xD0: struct.Struct(">b"),
    0xD1: struct.Struct(">h"),
    0xD2: struct.Struct(">i"),
    0xD3: struct.Struct(">q"),
}
_LENGTHS = {1: struct.Struct(">B"), 2: struct.Struct(">H"), 4: struct.Struct(">I")}
_BINARIES = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_TEXTS = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_ARRAYS = {0xDC: 2, 0xDD: 4}
_MAPS = {0xDE: 2, 0xDF: 4}
_FIXED_EXTENSIONS = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
_EXTENSIONS = {0xC7: 1, 0xC8: 2, 0xC9: 4}


def _unpack(view: memoryview, at: int, depth: int) -> tuple[Any, int]:
    first = view[at]
    at += 1
    if first < 0x80:
        return first, at
    if first >= 0xE0:
        return first - 256, at
    if first < 0x90:
        return _unpack_map(view, at, first & 0x0F, depth)
    if first < 0xA0:
        return _unpack_array(view, at, first & 0x0F, depth)
    if first < 0xC0:
        return _unpack_text(view, at, first & 0x1F)
    if first == 0xC0:
        return None, at
    if first in (0xC2, 0xC3):
        return first == 0xC3, at
    if first in _SCALARS:
        form = _SCALARS[first]
        return form.unpack_from(view, at)[0], at + form.size
    for forms, read in ((_TEXTS, _unpack_text), (_BINARIES, _unpack_binary)):
        if first in forms:
            length, at = _length(view, at, forms[first])
            return read(view, at, length)
    for forms, enter in ((_ARRAYS, _unpack_array), (_MAPS, _unpack_map)):
        if first in forms:
            length, at = _length(view, at, forms[first])
            return enter(view, at, length, depth)
    if first in _FIXED_EXTENSIONS:
        return _unpack_timestamp(view, at, _FIXED_EXTENSIONS[first])
    if first in _EXTENSIONS:
        length, at = _length(view, at, _EXTENSIONS[first])
        return _unpack_timestamp(view, at, length)
    raise MessagePackError(f"byte 0x{first:02x} begins no value")


def _length(view: memoryview, at: int, size: int) -> tuple[int, int]:
    return _LENGTHS[size].unpack_from(view, at)[0], at + size


def _take(view: memoryview, at: int, length: int) -> memoryview:
    if at + length > len(view):
        raise IndexError("the end comes too early")
    return view[at : at + length]


def _unpack_text(view: memoryview, at: int, length: int) -> tuple[str, int]:
    return str(_take(view, at, length), "utf-8"), at + length


def _unpack_binary(view: memoryview, at: int, length: int) -> tuple[bytes, int]:
    return bytes(_take(view, at, length)), at + length


def _unpack_array(view: memoryview, at: int, length: int, depth: int) -> tuple[list[Any], int]:
    _enter(depth)
    items: list[Any] = []
    for _ in range(length):
        item, at = _unpack(view, at, depth + 1)
        items.append(item)
    return items, at


def _unpack_map(view: memoryview, at: int, length: int, depth: int) -> tuple[dict[Any, Any], int]:
    _enter(depth)
    items: dict[Any, Any] = {}
    for _ in range(length):
        key, at = _unpack(view, at, depth + 1)
        if isinstance(key, (list, dict)):
            raise MessagePackError("a key is neither an array nor a map")
        items[key], at = _unpack(view, at, depth + 1)
    return items, at


def _unpack_timestamp(view: memoryview, at: int, length: int) -> tuple[datetime, int]:
    kind = view[at]
    data = _take(view, at + 1, length)
    if kind != 0xFF or length not in (4, 8, 12):
        raise MessagePackError(f"extension type {kind - 256 if kind > 127 else kind} has no meaning here")
    if length == 4:
        nanoseconds, seconds = 0, struct.unpack(">I", data)[0]
    elif length == 8:
        both = struct.unpack(">Q", data)[0]
        nanoseconds, seconds = both >> 34, both & ((1 << 34) - 1)
    else:
        nanoseconds, seconds = struct.unpack(">Iq", data)
    return _EPOCH + timedelta(seconds=seconds, microseconds=nanoseconds // 1_000), at + 1 + length
