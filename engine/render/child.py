"""The process in which texts of authors run: nothing is in it but those texts and the plain data of the messages."""

import gc
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from engine.render import limits
from engine.render.job import Job, Refused, job_of, write
from engine.render.limits import Beyond, Clock, TimeUp, confine
from engine.render.message import Message, Part
from engine.render.mime import MailHeaders
from engine.render.template import Content, Template
from engine.render.wire import (
    BUSY,
    CONTENT,
    JOB,
    LARGE,
    LETTER,
    READY,
    REFUSED,
    TEXT,
    Frames,
    dumped,
    frame,
    loaded,
    loaded_message,
)

_LONGEST = 2**30  # what the engine sends is as long as it is
_READ = 2**20


class Spent(Exception):
    """A message went beyond a limit: what it left behind is not to be trusted with another one."""


@dataclass
class Child:
    """Answers the frames of the engine until their pipe ends."""

    source: int
    sink: int
    clock: Clock
    templates: list[Template] = field(default_factory=list)

    def run(self) -> None:
        """Everything; returns when there is nothing more to be done here."""
        frames = Frames(_LONGEST)
        self.say(READY, b"")
        while more := os.read(self.source, _READ):
            for kind, payload in frames.feed(more):
                if kind == TEXT:
                    self.templates.append(Template(loaded_message(payload)))
                elif kind == JOB:
                    self.answer(payload)

    def answer(self, payload: bytes) -> None:
        """Writes one message within its limits and tells what became of it. Raises `Spent`."""
        try:
            self.clock.begin()
            try:
                kind, told = self.written(payload)
            finally:
                self.clock.end()
        except TimeUp:
            kind, told = BUSY, b""
        except MemoryError:
            kind, told = LARGE, b""
        self.say(kind, told)
        if kind in (BUSY, LARGE):
            raise Spent

    def written(self, payload: bytes) -> tuple[bytes, bytes]:
        """The message, or why there is none; a fault of the engine's own costs this message only."""
        number, *about = loaded(payload)
        template = self.templates[number]
        try:
            done = write(job_of(template, about))
        except RecursionError:
            done = Refused(str(Beyond(template.message, limits.TOO_DEEP)))
        except MemoryError:
            raise
        except Exception as fault:
            done = Refused(str(Beyond(template.message, f"cannot be written: {type(fault).__name__}: {fault}")))
        if isinstance(done, Refused):
            return REFUSED, dumped(done.reason)
        if isinstance(done, Content):
            return CONTENT, dumped([done.subject, done.text, done.html, done.preheader])
        return LETTER, done

    def say(self, kind: bytes, payload: bytes) -> None:
        """Tells the engine."""
        left = memoryview(frame(kind, payload))
        while left:
            left = left[os.write(self.sink, left) :]


def sample() -> Job:
    """The smallest mail there is: who can write it can write, and has then in memory what every mail takes."""
    since = datetime(2026, 1, 1, tzinfo=UTC)
    part = Part("{{ customer.name }}, {{ customer.since | date }}", 1)
    template = Template(Message("sample", "en", "messages/sample/en.md", subject=part, body=part))
    headers = MailHeaders("a@shop.example", "b@shop.example", "<1@shop.example>", since)
    context = {"customer": {"name": "Mei", "since": since}}
    return Job(template, "email", context, "en", ZoneInfo("UTC"), "EUR", None, headers)


def main() -> None:
    """What the process does."""
    sink = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever prints does not speak to the engine
    confine()
    if isinstance(write(sample()), Refused):
        raise SystemExit(1)
    gc.freeze()
    try:
        clock = Clock()
        clock.start()
        Child(0, sink, clock).run()
    except (Spent, BrokenPipeError):
        os._exit(0)  # what is left of the message is let go by the system, not looked through
