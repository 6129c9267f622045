"""The pages by which customers leave: reached from outside, and over https."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from engine.channels.http import Answer, Call
from engine.doctor.finding import Finding
from engine.doctor.patient import Patient

_NOBODYS_TOKEN = "doctor"  # noqa: S105  (of no customer: the page says that the link is not known)
#: How the policy begins that all our pages have.
_POLICY = "default-src 'none'"


def link(patient: Patient) -> Iterator[Finding]:
    """What the links to leave look like; nothing is asked of the net."""
    url = patient.settings.web.url
    if url.startswith("https://"):
        yield Finding("pages", "ok", f"links to leave begin with {url}")
    elif patient.marketing:
        advice = "write `web: {url: https://…}` in the settings: Gmail and Yahoo refuse marketing without it (RFC 8058)"
        yield Finding("pages", "fault", f"links to leave begin with {url}, which is not https", advice)
    else:
        yield Finding("pages", "ok", "no playbook sends marketing, so no link to leave is needed")


def pages(patient: Patient) -> Iterator[Finding]:
    """Whether the pages answer where the links say."""
    url = patient.settings.web.leaving(_NOBODYS_TOKEN)
    http = patient.http(urlsplit(url).hostname or "")
    try:
        (answer,) = http.ask([Call("GET", url, {}, b"", patient.seconds)])
    finally:
        http.close()
    advice = "start  regulars serve  and lead the address to it"
    level = "fault" if patient.marketing else "warn"
    if not isinstance(answer, Answer):
        yield Finding("pages", level, f"{patient.settings.web.url} does not answer: {answer.reason}", advice)  # type: ignore[arg-type]
        return
    if "date" in answer.headers:
        patient.note_time("the clock of the pages' server", answer.headers["date"])
    if answer.status == 404 and answer.headers.get("content-security-policy", "").startswith(_POLICY):
        yield Finding("pages", "ok", f"{patient.settings.web.url} answers")
    elif answer.status in (200, 404):
        # The shop's own site has a page for what it does not know too, and a link to leave would end there.
        seen = f"{patient.settings.web.url} answers {answer.status}, and not as our pages do"
        yield Finding("pages", level, seen, advice)  # type: ignore[arg-type]
    else:
        yield Finding("pages", level, f"{patient.settings.web.url} answers {answer.status}", advice)  # type: ignore[arg-type]
