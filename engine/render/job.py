"""One message to be written: everything that it takes, and nothing else of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.render.limits import LONGEST, TOO_LONG, Beyond
from engine.render.mime import MailHeaders, build_mail
from engine.render.template import Content, Template, Unrenderable, render, render_plain

_HEAD = attrgetter(*(field.name for field in fields(MailHeaders)))


@dataclass(frozen=True)
class Refused:
    """A message that is not written, and why."""

    reason: str


#: A mail with its head or the words of another channel, as bytes; the parts of a mail without a head.
Written = bytes | Content


class Job(NamedTuple):
    """A message for one customer. See `render` for the context; a mail without headers is only looked at."""

    template: Template
    channel: str
    context: Mapping[str, Any]
    locale: str
    zone: ZoneInfo
    currency: str
    unsubscribe_url: str | None = None
    headers: MailHeaders | None = None

    def packed(self, number: int) -> list[Any]:
        """The job as plain data; `number` stands for its text."""
        about = (self.channel, self.context, self.locale, self.zone.key, self.currency, self.unsubscribe_url)
        return [number, *about, None if self.headers is None else _HEAD(self.headers)]


def job_of(template: Template, about: list[Any]) -> Job:
    """The job again, from its data after the number."""
    channel, context, locale, zone, currency, unsubscribe_url, head = about
    headers = None if head is None else MailHeaders(*head)
    return Job(template, channel, context, locale, _zone(zone), currency, unsubscribe_url, headers)


def write(job: Job) -> Written | Refused:
    """Writes the message, or says why it cannot be. Nothing is held against its memory and time here: see `child`."""
    message = job.template.message
    try:
        written = _write(job)
        if isinstance(written, bytes) and len(written) > LONGEST:
            raise Beyond(message, TOO_LONG)
    except (Unrenderable, Beyond) as fault:
        return Refused(str(fault))
    except ValueError as fault:
        return Refused(f"{message.id}/{message.language}: {fault}")
    return written


def _write(job: Job) -> Written:
    if job.channel != "email":
        text = render_plain(job.template, job.channel, job.context, job.locale, job.zone, job.currency)
        return text.encode("utf-8", "replace")
    content = render(job.template, job.context, job.locale, job.zone, job.currency, job.unsubscribe_url)
    return content if job.headers is None else build_mail(content, job.headers)


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
