"""Hostile texts: none gets out, none takes more than it may, and each costs its own message only."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from email import message_from_bytes, policy
from pathlib import Path
from textwrap import dedent
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.render import Job, MailHeaders, Message, Part, Presses, Template, compile_message
from engine.render import Refused as Failed
from engine.render.job import write
from tests.render import hostile
from tests.render.mails import CONTEXT, message, template
from tests.render.test_presses import NOW, SOUND

VALUES: dict[str, Any] = {
    "many": ["x"] * 3000, "huge": int("9" * 4000), "exact": Decimal("1E+999999999"), "long": "word " * 500_000,
}  # fmt: skip
#: What no mail may show: Python's objects, files of the system, what the engine knows.
OUTSIDE = re.compile(
    rb"object at 0x|<class|<module|<function|<built-in|root:|environ\(|REGULARS|A SECRET OF THE ENGINE"
)


def job(of: Template, name: str = "Mei", **values: Any) -> Job:
    headers = MailHeaders("a@shop.example", "b@shop.example", "<1@shop.example>", NOW)
    context = {**CONTEXT, "customer": {**CONTEXT["customer"], "first_name": name}, "c": values}
    return Job(of, "email", context, "en", ZoneInfo("UTC"), "EUR", None, headers)


def unchecked(body: str, subject: str = "x") -> Template:
    return Template(Message("bad", "en", "messages/bad/en.md", subject=Part(subject, 2), body=Part(body, 4)))


@pytest.fixture(scope="module")
def presses() -> Iterator[Presses]:
    os.environ["REGULARS_SECRET"] = "A SECRET OF THE ENGINE"
    made = Presses(1)
    yield made
    made.close()
    del os.environ["REGULARS_SECRET"]


def test_there_are_enough_of_them() -> None:
    assert len(hostile.REFUSED) + len(hostile.HEAVY) + len(hostile.NAMES) >= 100


@pytest.mark.parametrize("one", hostile.REFUSED, ids=lambda one: one.name)
def test_a_check_refuses_it(one: hostile.Refused) -> None:
    found = compile_message(message(one.body))
    assert isinstance(found, list) and one.rule in {problem.rule for problem in found}, found


def test_the_sandbox_alone_would_hold_too(presses: Presses) -> None:
    bad = [job(unchecked(one.body)) for one in hostile.REFUSED] + [
        job(unchecked("x", one.body)) for one in hostile.REFUSED
    ]
    good = [job(SOUND, f"customer {number}") for number in range(len(bad))]
    said = list(presses.write([one for pair in zip(bad, good, strict=True) for one in pair]))
    assert said[1::2] == [write(one) for one in good]
    for one, made in zip([*hostile.REFUSED, *hostile.REFUSED], said[::2], strict=True):
        shown = made.reason.encode() if isinstance(made, Failed) else made
        assert isinstance(shown, bytes)
        assert not OUTSIDE.search(shown), (one.name, shown)


def test_what_no_check_can_foresee_costs_its_own_message_only(presses: Presses) -> None:
    bad = [job(template(body), **VALUES) for _, body, _ in hostile.HEAVY]
    good = [job(SOUND, f"customer {number}") for number in range(len(bad))]
    said = list(presses.write([one for pair in zip(bad, good, strict=True) for one in pair]))
    assert said[1::2] == [write(one) for one in good]
    for (name, _, reason), made in zip(hostile.HEAVY, said[::2], strict=True):
        assert isinstance(made, Failed), name
        assert reason in made.reason, (name, made.reason)
        assert not OUTSIDE.search(made.reason.encode()), made.reason
        assert len(made.reason) < 400, made.reason


@pytest.mark.parametrize("name", hostile.NAMES)
def test_what_customers_type_stays_what_it_is(presses: Presses, name: str) -> None:
    text = template(
        "Hello {{ customer.first_name }}\n\n[{{ customer.first_name }}](https://shop.example)",
        "{{ customer.first_name }}",
    )
    made = presses.one(job(text, name))
    assert isinstance(made, bytes)
    mail = message_from_bytes(made, policy=policy.default)
    shown = re.sub(r"[\x00-\x1f\u202e]", "", re.sub(r"[\r\n]+", " ", name)).strip()
    assert mail.keys() == ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    assert " ".join(str(mail["subject"]).split()) == " ".join(shown.split())
    plain, page = (part.get_content() for part in mail.iter_parts())
    assert shown in plain.replace("\n", " ")
    for tag in ("<img", "<script", "onerror=alert(1)>", 'href="javascript', 'href="https://evil', 'onmouseover="'):
        assert tag not in page
    assert page.count("</title>") == page.count("</head>") == 1


def test_of_one_customer_nothing_is_in_the_mail_of_another_also_after_faults(presses: Presses) -> None:
    body = (
        "Hello {{ customer.first_name }} {% for a in c.tags %}{{ loop.index }} {{ a }}{% if loop.last %}.{% endif %}{% endfor %}"
        " {{ c.tags | join(', ') }} {{ c.tags | first | default('-') }} {{ c.word | default('-') | upper }}"
    )
    broken = [
        unchecked("{% set a = c.word %}" + "{% set a = a ~ a %}" * 30 + "{{ a }}"),
        template("{{ c.word }} {{ c.gone }}"),
    ]
    text = template(body, "For {{ customer.first_name }}")
    jobs = []
    for number in range(60):
        own = f"canary{number:03}"
        of = broken[number // 7 % 2] if number % 7 == 3 else text
        jobs.append(job(of, own, word=f"{own} " * (5000 if number % 7 == 3 else 1), tags=[own, own]))
    for number, made in enumerate(presses.write(jobs)):
        said = made.reason.encode() if isinstance(made, Failed) else made
        assert isinstance(said, bytes)
        found = set(re.findall(rb"canary\d\d\d", said.replace(b"=\r\n", b"").lower()))
        assert found <= {f"canary{number:03}".encode()}
        assert found or isinstance(made, Failed)


def test_no_process_takes_more_than_it_may(tmp_path: Path) -> None:
    script = dedent(
        """
        import json, resource
        from engine.render import Presses
        from tests.render.test_hostile import VALUES, job, unchecked
        from tests.render import hostile
        presses = Presses(1)
        greedy = unchecked("{% set a = c.long %}" + "{% set a = a ~ a %}" * 30)
        endless = unchecked("{% for a in c.many %}" * 6 + "{% endfor %}" * 6)
        said = [one.reason for one in presses.write([job(greedy, **VALUES), job(endless, **VALUES)])]
        presses.close()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(json.dumps([said, used.ru_maxrss, used.ru_utime]))
        """
    )
    root = Path(__file__).parents[2]
    told = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True).stdout
    said, kilobytes, seconds = json.loads(told)
    assert said[0] == "the text of bad/en needed more than 256 MiB of memory"
    assert re.fullmatch(r"the text of bad/en took more than (2 s of computing|3 s)", said[1])
    assert kilobytes < 256 * 1024
    assert seconds < 3 * (3 + 1)  # of the four processes at most: their starts, and one that computed twice
