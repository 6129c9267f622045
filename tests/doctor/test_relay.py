"""A conversation with relays that are well, and with those that are not; nothing is sent unless it is asked for."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.daemon import clock
from engine.doctor.clocks import clocks
from engine.doctor.relay import relay as look
from tests.channels.test_dkim import RSA, pem, verified
from tests.doctor.ward import Box, certificate, patient, relay, said, sick
from tests.faulty_http import closed_port

LOGIN = "user: shop, password: RELAY_PASSWORD"
PASSWORD = {"RELAY_PASSWORD": "correct horse"}
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH")


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_relay_that_is_well(sqlite_store: sa.Engine, tmp_path: Path, security: str) -> None:
    key = certificate(tmp_path)
    with relay(security, key) as (port, box):
        mail = f"host: localhost, port: {port}, security: {security}, {LOGIN}"
        found = said(look(patient(sqlite_store, mail, trusts=key, environment=PASSWORD, clock=clock)))
    assert found == [
        f"ok relay: localhost:{port} answers",
        "ok relay: the connection is encrypted; the certificate is valid for 365 more days",
        "ok relay: the relay knows the login",
    ]
    assert box.contents == []


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_ends_soon(sqlite_store: sa.Engine, tmp_path: Path, security: str) -> None:
    key = certificate(tmp_path, days=5)
    with relay(security, key) as (port, _):
        mail = f"host: localhost, port: {port}, security: {security}"
        found = said(look(patient(sqlite_store, mail, trusts=key, clock=clock)))
    assert "warn relay: the connection is encrypted; the certificate is valid for 5 more days" in found


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize(
    ("made", "why"), [({"days": -1}, "expired"), ({"host": "other"}, "localhost"), ({}, "self-signed certificate")]
)
def test_a_certificate_that_is_not_valid(
    sqlite_store: sa.Engine, tmp_path: Path, security: str, made: dict[str, Any], why: str
) -> None:
    key = certificate(tmp_path, **made)
    trusted = certificate(tmp_path, days=100) if not made else key
    with relay(security, key) as (port, _):
        mail = f"host: localhost, port: {port}, security: {security}, {LOGIN}"
        found = said(look(patient(sqlite_store, mail, trusts=trusted, environment=PASSWORD)))
    assert found[-1].startswith(f"fault relay: localhost:{port}: the certificate is not valid: ")
    assert why in found[-1]


def test_a_relay_without_starttls_gets_no_password(sqlite_store: sa.Engine) -> None:
    with relay("none") as (port, _):
        mail = f"host: localhost, port: {port}, security: starttls, {LOGIN}"
        found = said(look(patient(sqlite_store, mail, environment=PASSWORD)))
    assert found == [f"ok relay: localhost:{port} answers", "fault relay: the relay does not offer STARTTLS"]


def test_a_wrong_password_is_said_and_not_shown(sqlite_store: sa.Engine, tmp_path: Path) -> None:
    key = certificate(tmp_path)
    with relay("tls", key) as (port, _):
        mail = f"host: localhost, port: {port}, security: tls, {LOGIN}"
        found = said(look(patient(sqlite_store, mail, trusts=key, environment={"RELAY_PASSWORD": "battery staple"})))
    assert found[-1] == "fault relay: the relay refuses the login (535)"
    assert "battery" not in "".join(found)


def test_nobody_listens(sqlite_store: sa.Engine) -> None:
    port = closed_port()
    (found,) = said(look(patient(sqlite_store, f"host: localhost, port: {port}")))
    assert found.startswith(f"fault relay: localhost:{port} does not answer: ")


def test_something_else_listens(sqlite_store: sa.Engine, tmp_path: Path) -> None:
    with relay("none") as (port, _):
        mail = f"host: localhost, port: {port}, security: tls"
        (found,) = said(look(patient(sqlite_store, mail, tls=ssl.create_default_context(), seconds=0.5)))
    assert found.startswith(f"fault relay: localhost:{port} does not answer: ")


def test_one_mail_goes_where_it_is_asked_for_and_is_signed(sqlite_store: sa.Engine) -> None:
    with relay("none") as (port, box):
        mail = f"host: localhost, port: {port}, dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}"
        keys = {"DKIM_KEY": pem(RSA)}
        found = said(look(patient(sqlite_store, mail, environment=keys, send_to="me@shop.example")))
    assert found[-1] == "ok relay: a mail went to me@shop.example"
    (content,) = box.contents
    assert verified(content)


def test_what_keeps_the_one_mail_back_is_said_as_it_is(sqlite_store: sa.Engine) -> None:
    class Choosy(Box):
        async def handle_RCPT(self, *_: object) -> str:  # noqa: N802
            return "550 5.1.1 nobody of that name"

    with relay("none", box=Choosy()) as (port, _):
        its = patient(sqlite_store, f"host: localhost, port: {port}", send_to="me@shop.example")
        assert sick(look(its)) == ["fault relay: the relay refuses me@shop.example (550)"]
    with relay("none") as (port, _):
        mail = f"host: localhost, port: {port}, dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}"
        (found,) = sick(look(patient(sqlite_store, mail, send_to="me@shop.example")))
    assert found == "fault relay: nothing can be signed: the environment variable DKIM_KEY with the DKIM key is not set"


def test_a_relay_without_a_way_to_log_in_is_named(sqlite_store: sa.Engine) -> None:
    with relay("none") as (port, _):
        found = sick(
            look(patient(sqlite_store, f"host: localhost, port: {port}, security: none, {LOGIN}", environment=PASSWORD))
        )
    assert found == ["fault relay: the relay knows no logins"]


@pytest.mark.parametrize(
    ("apart", "level"), [(0, "ok"), (25, "ok"), (40, "warn"), (-40, "warn"), (400, "fault"), (-400, "fault")]
)
def test_a_relay_that_tells_the_time(sqlite_store: sa.Engine, apart: int, level: str) -> None:
    with relay("none", ident="ESMTP Postfix; Sun, 1 Mar 2026 12:00:00 +0000") as (port, _):
        its = patient(sqlite_store, f"host: localhost, port: {port}")
        ours = its.clock() + timedelta(seconds=apart)
        its.clock = lambda: ours
        list(look(its))
    (found,) = clocks(its)
    assert found.level == level
    assert "the relay's clock" in found.seen


def test_without_mail_there_is_nothing_to_see(sqlite_store: sa.Engine) -> None:
    its = patient(sqlite_store)
    its.settings = its.settings.model_copy(update={"channels": its.settings.channels.without(["email"])})
    assert list(look(its)) == []
