"""The secrets, the pages, and the command as a whole."""

import json
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.cli.options import OLD_SECRET, SECRET
from engine.doctor import examine
from engine.doctor.pages import link, pages
from engine.doctor.secrets import secrets
from engine.settings.secrets import named_secrets
from engine.web.site import Site
from tests.cli.test_journey import User, user  # noqa: F401
from tests.doctor.ward import HEALTHY, NOW, dns, patient, relay, said, sick
from tests.faulty_http import answers, closed_port, faulty, hangs
from tests.shop import SECRETS, World
from tests.web.serving import served

OURS = {"content_security_policy": "default-src 'none'"}
MANY = "user: shop, password: RELAY_PASSWORD, dkim: {domain: shop.example, selector: s1, key: DKIM_KEY}"
SOURCES = "sources:\n  till: {key: TILL_KEY}\n"


def test_every_variable_that_the_settings_name(sqlite_store: sa.Engine) -> None:
    its = patient(sqlite_store, MANY, more=SOURCES)
    assert dict(named_secrets(its.settings)) == {
        "channels.email.password": "RELAY_PASSWORD",
        "channels.email.dkim.key": "DKIM_KEY",
        "sources.till.key": "TILL_KEY",
    }


def test_secrets_that_are_missing_or_short(sqlite_store: sa.Engine) -> None:
    given = {SECRET: "fifteen letters", OLD_SECRET: "an older one, long enough", "RELAY_PASSWORD": "short"}
    found = sick(secrets(patient(sqlite_store, MANY, more=SOURCES, environment=given)))
    assert found == [
        "fault secrets: REGULARS_SECRET has 15 characters",
        "warn secrets: RELAY_PASSWORD (channels.email.password) has only 5 characters",
        "fault secrets: DKIM_KEY is not set, which channels.email.dkim.key names",
        "fault secrets: TILL_KEY is not set, which sources.till.key names",
    ]
    assert not any(value in repr(found) for value in given.values())
    assert sick(secrets(patient(sqlite_store, marketing=False))) == ["warn secrets: REGULARS_SECRET is not set"]
    assert sick(secrets(patient(sqlite_store))) == ["fault secrets: REGULARS_SECRET is not set"]


def test_what_shuts_a_source_is_a_fault(sqlite_store: sa.Engine) -> None:
    more = "sources:\n  till: {key: TILL_KEY, secret: TILL_SECRET}\n"
    given = {SECRET: "a secret of sixteen letters", "TILL_KEY": "x" * 23, "TILL_SECRET": "whsec_nonsense!"}
    assert sick(secrets(patient(sqlite_store, more=more, environment=given))) == [
        "fault secrets: TILL_KEY (sources.till.key) has less than 24 characters: the source is shut",
        "fault secrets: TILL_SECRET (sources.till.secret) is not whsec_ and a secret in base64: the source is shut",
    ]
    given |= {"TILL_KEY": "x" * 24, "TILL_SECRET": f"whsec_{'A' * 32}"}
    assert sick(secrets(patient(sqlite_store, more=more, environment=given))) == []


def test_the_links_to_leave_are_https(sqlite_store: sa.Engine) -> None:
    assert sick(link(patient(sqlite_store, more="web: {url: 'https://shop.example/r'}\n"))) == []
    plain = "web: {url: 'http://shop.example'}\n"
    (found,) = sick(link(patient(sqlite_store, more=plain)))
    assert found == "fault pages: links to leave begin with http://shop.example, which is not https"
    assert sick(link(patient(sqlite_store, more=plain, marketing=False))) == []


def test_pages_that_answer_and_tell_the_time(sqlite_store: sa.Engine) -> None:
    with faulty(answers(404, date=format_datetime(NOW), **OURS)) as server:
        its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{server.port}/r'}}\n")
        assert said(pages(its)) == [f"ok pages: http://localhost:{server.port}/r answers"]
    assert [one.method for one in server.asked] == ["GET"]
    assert its.told_time == [("the clock of the pages' server", NOW, NOW)]


def test_our_own_pages_are_known_for_ours(sqlite_store: sa.Engine, now: datetime) -> None:
    world = World(sqlite_store, now, {})
    with served(Site(sqlite_store, world.shop, SECRETS, lambda: now)) as url:
        assert sick(pages(patient(sqlite_store, more=f"web: {{url: '{url}'}}\n"))) == []


@pytest.mark.parametrize("status", [200, 404])
def test_a_site_that_is_not_ours_is_not_taken_for_our_pages(sqlite_store: sa.Engine, status: int) -> None:
    with faulty(answers(status, "<h1>The shop's own page</h1>")) as server:
        its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{server.port}'}}\n")
        (found,) = sick(pages(its))
    assert found == f"fault pages: http://localhost:{server.port} answers {status}, and not as our pages do"


@pytest.mark.parametrize("date", ["nonsense", "Sun, 1 Mar 2026 12:00:00", "31 Feb 2026"])
def test_a_date_that_is_none_tells_nothing(sqlite_store: sa.Engine, date: str) -> None:
    with faulty(answers(404, date=date)) as server:
        its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{server.port}'}}\n")
        assert len(list(pages(its))) == 1
    assert its.told_time == []


def test_pages_that_do_not_answer(sqlite_store: sa.Engine) -> None:
    with faulty(hangs) as server:
        its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{server.port}'}}\n", seconds=0.2)
        assert "no answer within 0.2 seconds" in sick(pages(its))[0]
    with faulty(answers(502)) as server:
        its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{server.port}'}}\n")
        assert sick(pages(its)) == [f"fault pages: http://localhost:{server.port} answers 502"]
    its = patient(sqlite_store, more=f"web: {{url: 'http://localhost:{closed_port()}'}}\n", marketing=False)
    assert sick(pages(its))[0].startswith("warn pages: ")


def test_a_look_that_fails_itself_does_not_end_the_others(sqlite_store: sa.Engine) -> None:
    its = patient(sqlite_store, environment={SECRET: "a secret of sixteen letters"})
    its.environment = None  # type: ignore[assignment]
    found = said(examine(its, offline=True))
    assert "fault secrets: the look itself failed (AttributeError)" in found
    assert any(one.startswith("ok clock") for one in found)


def test_all_of_it_at_once(sqlite_store: sa.Engine) -> None:
    with dns(HEALTHY) as names, relay("none") as (port, box), faulty(answers(404, **OURS)) as server:
        more = f"web: {{url: 'http://localhost:{server.port}'}}\n"
        found = list(examine(patient(sqlite_store, f"host: 127.0.0.1, port: {port}", names=names, more=more)))
    checks = list(dict.fromkeys(one.check for one in found))
    assert checks == ["database", "disk", "secrets", "pages", "relay", "mx", "spf", "dkim", "dmarc", "ptr", "clock"]
    assert box.contents == []


def types(shop: User, *words: str, **env: str) -> tuple[int, str]:
    found = shop.types("doctor", *words, "-w", str(shop.folder / "shop"), env=env)
    assert isinstance(found.exception, (SystemExit, type(None))), found.exc_info
    return found.exit_code, found.output


def test_the_command_offline(user: User) -> None:  # noqa: F811
    settings = Path(user.folder / "shop" / "settings" / "regulars.yaml")
    kept = [
        line for line in settings.read_text().splitlines() if not line.startswith(("web:", "  url: http://localhost"))
    ]
    settings.write_text("\n".join([*kept, "web: {url: 'https://shop.example'}", ""]))
    status, said_ = types(user, "--offline", REGULARS_SECRET="a secret of sixteen letters")
    assert status == 0, said_
    assert "warn  database  there is no store yet" in said_
    assert "-> `regulars run` or `regulars import` makes it" in said_
    status, said_ = types(user, "--offline", "--json", REGULARS_SECRET="")
    assert status == 1
    (fault,) = [one for one in json.loads(said_) if one["level"] == "fault"]
    assert (fault["check"], fault["seen"]) == ("secrets", "REGULARS_SECRET is not set")
    assert fault["advice"].startswith("make one with")


def test_the_command_makes_nothing(user: User) -> None:  # noqa: F811
    before = sorted(user.folder.iterdir())
    types(user, "--offline")
    assert sorted(user.folder.iterdir()) == before
    assert types(user, "--send-to", "a@b.c, d@e.f")[0] == 1
    assert types(user, "--store", "mysql://x")[1] == (
        "Error: `mysql://x` is no store; write sqlite:///FILE or postgresql://USER@HOST/NAME\n"
    )
