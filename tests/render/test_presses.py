"""Messages written by processes of their own: in order, all of them, whatever becomes of a process."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import failpoints
from engine.render import (
    CannotWrite,
    Job,
    MailHeaders,
    Message,
    Money,
    Part,
    Presses,
    Refused,
    Several,
    Template,
    limits,
    press,
    wire,
)
from engine.render.job import job_of, write
from tests.render.mails import BRAND, CONTEXT, SHANGHAI, template

NOW = datetime(2026, 3, 30, 17, 0, tzinfo=UTC)
SOUND = template("Hello {{ customer.first_name }}, {{ event.total | money }}", subject="For {{ customer.first_name }}")


def job(of: Template = SOUND, name: str = "Mei", **values: Any) -> Job:
    """A mail to one customer."""
    headers = MailHeaders("a@shop.example", f"{name}@shop.example", f"<{name}@shop.example>", NOW)
    context = {**CONTEXT, "customer": {"first_name": name}, **values}
    return Job(of, "email", context, "en", SHANGHAI, "EUR", None, headers)


def unchecked(body: str) -> Template:
    """A text that no check has seen."""
    return Template(Message("bad", "en", "messages/bad/en.md", subject=Part("x", 2), body=Part(body, 4)))


@pytest.fixture
def presses() -> Iterator[Presses]:
    made = Presses(1)
    yield made
    made.close()


def pid(presses: Presses) -> int:
    """The child, started."""
    presses.one(job())
    found = presses.presses[0].pid
    assert found is not None
    return found


ENDLESS = unchecked("".join("{% for a in c.many %}" for _ in range(5)) + "{% endfor %}" * 5)
GREEDY = unchecked("{% set a = c.word %}" + "{% set a = a ~ a %}" * 30)
MANY = {"many": ["x"] * 300, "word": "x" * 1000}


@pytest.mark.parametrize("count", [1, 2])
def test_writes_what_this_process_would_write_in_the_order_given(count: int) -> None:
    jobs = [job(name=f"customer{number}") for number in range(120)]
    presses = Presses(count)
    assert list(presses.write(jobs)) == [write(one) for one in jobs]
    assert sum(one.pid is not None for one in presses.presses) == count
    presses.close()
    assert all(one.pid is None for one in presses.presses)


def test_every_kind_of_value_arrives_as_it_was() -> None:
    values = {
        "text": "Zoë\ud800 {{ 7 * 7 }}", "number": 3, "share": 0.5, "yes": True, "none": None, "money": Money(5, "EUR"),
        "moment": NOW, "local": NOW.astimezone(SHANGHAI), "day": date(2026, 1, 1), "hour": time(9, 30),
        "exact": Decimal("1.50"), "part": Fraction(1, 3), "tags": ["a", "b"], "of": {"a": {"b": Money(1, "USD")}},
        "events": Several([{"total": Money(7, "EUR")}], 9),
    }  # fmt: skip
    told = job(event={}, c=values)
    _, *about = wire.loaded(wire.dumped(told.packed(0)))
    arrived = job_of(SOUND, about)
    assert arrived == told
    assert arrived.context["c"]["events"].count == 9
    same = wire.loaded(wire.dumped({"a": MappingProxyType({"b": 1}), "c": frozenset({"y", "x"})}))
    assert same == {"a": {"b": 1}, "c": ["x", "y"]}


def test_of_an_object_nothing_goes_over_and_nothing_can_be_printed(presses: Presses) -> None:
    said = presses.one(job(template("{{ c.thing }}"), c={"thing": Path("/etc/passwd")}))
    assert isinstance(said, Refused) and "not one value" in said.reason
    assert b"passwd" not in wire.dumped({"thing": Path("/etc/passwd")})


def test_words_of_other_channels_and_the_parts_of_a_mail(presses: Presses) -> None:
    plain = Job(SOUND, "chat", CONTEXT, "en", SHANGHAI, "EUR")
    assert presses.one(plain) == write(plain) == "Hello Mei, €320.50".encode()
    shown = job()._replace(headers=None)
    assert presses.one(shown) == write(shown)


def test_a_text_that_does_not_fit_fails_its_message_with_the_place(presses: Presses) -> None:
    said = list(presses.write([job(), job(template("{{ c.gone }}")), job(name="Ada")]))
    assert said[1] == Refused("messages/thanks/en.md:4: this customer has no `c.gone`")
    assert isinstance(said[0], bytes) and isinstance(said[2], bytes)


@pytest.mark.parametrize(
    ("bad", "values", "how"),
    [
        (ENDLESS, MANY, limits.TOO_BUSY),
        (GREEDY, MANY, limits.TOO_LARGE),
        (unchecked("{% for a in c.many %}{% for b in c.many %}Oolong for all{% endfor %}{% endfor %}"), MANY, limits.TOO_LONG),
        (unchecked("{{ " + "(" * 3000 + "c.n" + ")" * 3000 + " }}"), {"n": 1}, limits.TOO_DEEP),
    ],
    ids=["computing", "memory", "length", "depth"],
)  # fmt: skip
def test_a_text_beyond_its_limits_costs_its_own_message_only(
    presses: Presses, bad: Template, values: dict[str, Any], how: str
) -> None:
    jobs = [job(name=f"customer{number}") for number in range(10)]
    said = list(presses.write([*jobs[:5], job(bad, c=values), *jobs[5:]]))
    assert said[5] == Refused(f"the text of bad/en {how}")
    assert [*said[:5], *said[6:]] == [write(one) for one in jobs]


def test_a_text_that_ends_one_process_after_another_is_not_tried_for_ever(presses: Presses) -> None:
    jobs = [job(GREEDY, c=MANY), job()] * 10
    said = list(presses.write(jobs))
    refused = [one.reason for one in said if isinstance(one, Refused)]
    assert refused[:3] == ["the text of bad/en needed more than 256 MiB of memory"] * 3
    assert (
        refused[3:] == ["the text of bad/en needed more than 256 MiB of memory, as it did for 3 others just before"] * 7
    )
    assert said[1::2] == [write(job())] * 10


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(presses: Presses) -> None:
    jobs = [job(name=f"customer{number}") for number in range(300)]
    before, written = pid(presses), presses.write(jobs)
    said = [next(written)]
    os.kill(before, signal.SIGKILL)
    said += written
    assert said == [write(one) for one in jobs]
    assert presses.presses[0].pid != before


def test_who_is_silent_is_tried_once_more_and_then_refused(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SECONDS", 0.2)
    os.kill(pid(presses), signal.SIGSTOP)
    assert presses.one(job()) == write(job())
    stopped = press.Press.fill
    monkeypatch.setattr(press.Press, "fill", lambda one: (os.kill(one.pid, signal.SIGSTOP), stopped(one)))  # type: ignore[arg-type]
    monkeypatch.setattr(press, "_START", 0.2)
    with pytest.raises(CannotWrite, match="nothing was heard of it"):
        presses.one(job())


def test_it_says_why_no_process_can_be_started(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "_BEGIN", "import os; os._exit(7)")
    written = presses.write([job(), job()])
    with pytest.raises(CannotWrite, match="does not start: it ended with status 7"):
        next(written)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(CannotWrite, match="does not start: No such file"):
        presses.one(job())
    monkeypatch.undo()
    assert presses.one(job()) == write(job())


@pytest.mark.parametrize(
    "garbled", [b"X\0\0\0\0", b"L\xff\xff\xff\xff", b"C\0\0\0\1[", b"C\0\0\0\2{}", b"F\0\0\0\x011"]
)
def test_what_is_no_answer_is_not_believed(presses: Presses, monkeypatch: pytest.MonkeyPatch, garbled: bytes) -> None:
    said = f"import os; os.write(1, b'R' + bytes(4)); os.read(0, 9); os.write(1, {garbled!r}); os.read(0, 10**6); os.read(0, 1)"
    monkeypatch.setattr(press, "_BEGIN", said)
    assert presses.one(job()) == Refused("the text of thanks/en ended the process that wrote it")


def test_the_process_has_nothing_of_the_engine(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGULARS_SECRET", "a secret of sixteen and more letters")
    about = Path("/proc") / str(pid(presses))
    assert b"REGULARS" not in (about / "environ").read_bytes()
    assert (about / "cwd").resolve() == Path("/")
    kept = {str(one.readlink()).split(":")[0] for one in (about / "fd").iterdir()}
    assert kept <= {"pipe", "/dev/null"}
    said = (about / "limits").read_text()
    assert f"{limits.MEMORY} " in next(line for line in said.splitlines() if line.startswith("Max address space"))
    assert "Max file size             0 " in said


def test_it_ends_with_the_engine(presses: Presses) -> None:
    about = Path("/proc") / str(pid(presses))
    child = presses.presses[0]._child
    assert child is not None and child.stdin is not None
    child.stdin.close()
    assert child.wait(timeout=10) == 0
    assert not (about / "environ").exists() or (about / "environ").read_bytes() == b""


def test_signals_to_all_processes_let_it_finish(presses: Presses) -> None:
    before = pid(presses)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(before, number)
    assert pid(presses) == before


def test_whoever_does_not_want_the_rest_leaves_it(presses: Presses) -> None:
    written = presses.write([job(GREEDY, c=MANY) for _ in range(3000)])
    del written
    first = presses.write([job(name=f"customer{number}") for number in range(3000)])
    next(first)
    first.close()  # type: ignore[attr-defined]
    assert presses.one(job()) == write(job())


def test_two_batches_under_way_do_not_mix(presses: Presses) -> None:
    one = presses.write([job(name=f"a{number}") for number in range(60)])
    other = presses.write([job(name=f"b{number}") for number in range(60)])
    assert list(other) == [write(job(name=f"b{number}")) for number in range(60)]
    assert list(one) == [write(job(name=f"a{number}")) for number in range(60)]


def test_a_press_that_learnt_many_texts_is_replaced(presses: Presses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(press, "_MOST_TEXTS", 3)
    begun = pid(presses)
    for number in range(9):
        assert isinstance(presses.one(job(template(f"{number}"))), bytes)
    assert presses.presses[0].pid != begun


@pytest.mark.parametrize("name", ["render.child", "render.sent"])
def test_a_crash_at_a_failpoint_leaves_presses_that_write(presses: Presses, name: str) -> None:
    with failpoints.armed(name), pytest.raises(failpoints.Crash):
        presses.one(job())
    presses.close()
    assert presses.one(job()) == write(job())


def test_after_a_fork_the_children_are_the_other_processs(presses: Presses) -> None:
    before = pid(presses)
    child = os.fork()
    if not child:
        same = presses.one(job()) == write(job()) and presses.presses[0].pid != before
        presses.close()
        os._exit(0 if same else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert pid(presses) == before


def test_no_zone_and_no_brand_are_taken_from_the_engine(presses: Presses) -> None:
    told = job(template("{{ c.at | datetime }}"), c={"at": NOW}, brand=BRAND)
    assert presses.one(told._replace(zone=ZoneInfo("America/New_York"))) == write(
        told._replace(zone=ZoneInfo("America/New_York"))
    )
