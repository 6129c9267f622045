"""What goes between the engine and the processes that write its messages: frames with a length, and plain data."""

import json
import struct
from collections.abc import Callable, Iterator, Mapping, Set
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from engine.render.message import Message, Part
from engine.render.values import Money, Several

#: To the child: a text, known from then on by how many came before it; a message to be written with one of them.
TEXT, JOB = b"T", b"J"
#: From it: that it can write; a letter, or the parts of a mail; why there is none; that one went beyond its limit.
READY, LETTER, CONTENT, REFUSED, BUSY, LARGE = b"R", b"L", b"C", b"F", b"B", b"M"

_HEAD = struct.Struct(">cI")
_PARTS = ("subject", "body", "preheader", "sms", "chat")
# The one key by which what JSON does not know is told from a mapping: names of fields are never written so.
_KIND = "="


class Garbled(ValueError):
    """What came is no frame."""


def frame(kind: bytes, payload: bytes) -> bytes:
    """One piece of the conversation."""
    return _HEAD.pack(kind, len(payload)) + payload


class Frames:
    """Takes bytes as they come and gives whole frames. Raises `Garbled` for one that would be longer than may be."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._held = bytearray()

    def feed(self, more: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The frames that are whole now: kind and payload."""
        held = self._held
        held += more
        at = 0
        while len(held) - at >= _HEAD.size:
            kind, length = _HEAD.unpack_from(held, at)
            if length > self._longest:
                raise Garbled
            end = at + _HEAD.size + length
            if len(held) < end:
                break
            with memoryview(held) as view:
                payload = bytes(view[at + _HEAD.size : end])
            yield kind, payload
            at = end
        del held[:at]


# --- Plain data -----------------------------------------------------------------------------------------------------------


def _tagged(kind: str, value: Any) -> dict[str, Any]:
    return {_KIND: kind, "v": value}


_WRITES: Mapping[type, Callable[[Any], Any]] = {
    Money: lambda value: _tagged("money", [value.minor, value.currency]),
    datetime: lambda value: _tagged("moment", value.isoformat()),
    date: lambda value: _tagged("day", value.isoformat()),
    time: lambda value: _tagged("hour", value.isoformat()),
    Decimal: lambda value: _tagged("number", str(value)),
    Fraction: lambda value: _tagged("share", [value.numerator, value.denominator]),
    Several: lambda value: _tagged("several", [list(value.listed), value.count]),
}
_READS: Mapping[str, Callable[[Any], Any]] = {
    "money": lambda value: Money(int(value[0]), str(value[1])),
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "hour": time.fromisoformat,
    "number": Decimal,
    "share": lambda value: Fraction(*value),
    "several": lambda value: Several(value[0], value[1]),
    "odd": lambda _: object(),
}


def _written(value: Any) -> Any:
    """What JSON does not know. Of an object nothing goes over but that it is there: no text can print it."""
    write = _WRITES.get(type(value))
    if write is not None:
        return write(value)
    for known, like in _WRITES.items():
        if isinstance(value, known):
            return like(value)
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(value) if isinstance(value, Set) else _tagged("odd", None)


def _read(found: dict[str, Any]) -> Any:
    kind = found.get(_KIND)
    return found if kind is None else _READS[kind](found["v"])


_ENCODER = json.JSONEncoder(default=_written, separators=(",", ":"), check_circular=False)
_DECODER = json.JSONDecoder(object_hook=_read)


def dumped(data: Any) -> bytes:
    """Plain data as bytes. Raises `ValueError` for a number that has no written form."""
    return _ENCODER.encode(data).encode("ascii")


def loaded(data: bytes) -> Any:
    """Plain data from bytes. Raises `ValueError` for what is none."""
    return _DECODER.decode(data.decode("ascii"))


def dumped_message(message: Message) -> bytes:
    """A message as bytes: the same ones for the same texts."""
    parts = {name: part for name in _PARTS if (part := getattr(message, name)) is not None}
    told = {name: [part.text, part.line, part.column] for name, part in parts.items()}
    return dumped([message.id, message.language, message.file, told])


def loaded_message(data: bytes) -> Message:
    """The message again."""
    name, language, file, parts = loaded(data)
    return Message(name, language, file, **{one: Part(*part) for one, part in parts.items()})
