"""What a relay says, put together as it comes in: whole replies, and a fault where it is none or never ends."""

import re
from functools import lru_cache
from typing import NamedTuple

_LONGEST_LINE = 2_000
_LONGEST_REPLY = 64_000
_MOST_LINES = 128
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)


class Reply(NamedTuple):
    """A reply of one or several lines (RFC 5321, 4.2)."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Reading:
    """Takes bytes and gives replies. What is no reply leaves a `fault`, and nothing after it is read."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self._rest = b""
        self._code = 0
        self._lines: list[str] = []
        self._size = 0

    @property
    def midway(self) -> bool:
        """Whether a reply has begun and not ended."""
        return bool(self._rest or self._lines)

    def take(self, data: bytes) -> list[Reply]:
        """The replies that are whole with this."""
        if self.fault is not None:
            return []
        lines = (self._rest + data if self._rest else data).split(b"\n")
        self._rest = lines.pop()
        replies = []
        for line in lines:
            if (reply := self._line(line)) is not None:
                replies.append(reply)
        if len(self._rest) > _LONGEST_LINE:
            self.fault = _TOO_LONG
        return replies

    def _line(self, line: bytes) -> Reply | None:
        """The reply that is whole with this line; after a fault there is none."""
        if len(line) > _LONGEST_LINE:
            self.fault = self.fault or _TOO_LONG
        if self.fault is not None:
            return None
        code, more, text = _read(line)
        if not code or (self._lines and code != self._code):
            self.fault = f"the relay said what is no reply: {line[:100].decode('utf-8', 'replace').strip()}"
            return None
        if not more and not self._lines:
            return Reply(code, text)
        self._code = code
        self._lines.append(text)
        self._size += len(line)
        if self._size > _LONGEST_REPLY or len(self._lines) > _MOST_LINES:
            self.fault = "the relay said a reply without an end"
            return None
        if more:
            return None
        lines, self._lines, self._size = self._lines, [], 0
        return Reply(code, "\n".join(lines))


@lru_cache(maxsize=256)  # a relay says the same to every letter, but for the last word
def _read(line: bytes) -> tuple[int, bool, str]:
    """Code, whether the reply goes on, and text; the code is 0 where the line is of no reply."""
    found = _LINE.fullmatch(line.rstrip(b"\r"))
    if found is None:
        return 0, False, ""
    return int(found[1]), found[2] == b"-", (found[3] or b"").decode("utf-8", "replace")


_TOO_LONG = f"the relay said a line of more than {_LONGEST_LINE:,} bytes"
