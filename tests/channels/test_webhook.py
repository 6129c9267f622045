"""Webhooks: signed so that the other side can verify them, and one that is down does not hold up another."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from engine.channels import Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.webhook import WebhookDoor, read_secrets, signatures
from engine.settings.channels import Webhook
from tests import faulty_http as way
from tests.channels.over_http import ALLOWED, NOW, Clock, sent, way_out
from tests.faulty_http import Asked, Behaviour, answers, closed_port, faulty

KEY, OLD_KEY = bytes(range(32)), bytes(range(100, 132))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OLD = "whsec_" + base64.b64encode(OLD_KEY).decode()


@contextmanager
def door(urls: dict[str, str], secret: str = SECRET, clock: Clock | None = None) -> Iterator[WebhookDoor]:
    """Webhooks by name, at these addresses."""
    webhooks = {name: Webhook(url=f"{name}_URL", secret="SECRET").model_copy(update={"timeout": 0.4}) for name in urls}
    http = way_out()
    environment = {"SECRET": secret, **{f"{name}_URL": url for name, url in urls.items()}}
    yield WebhookDoor(webhooks, environment, http, ALLOWED, clock or Clock())
    http.close()


def letter(name: str = "crm", key: str = "0123abcd") -> Letter:
    return Letter.of_facts(key, name, {"customer": {"id": "c1"}, "event": {"order_id": "o-7", "title": "茶"}})


def outcome_of(behaviour: Behaviour) -> Outcome:
    with faulty(behaviour) as server, door({"crm": f"{server.url}/hook/T0psecretpath"}) as webhooks:
        (found,) = sent(webhooks, [letter()])
    return found


def verify(asked: Asked, key: bytes) -> dict[str, object]:
    """A receiver, written after the specification: raises where no signature is good."""
    id_, at = asked.headers["webhook-id"], asked.headers["webhook-timestamp"]
    expected = hmac.new(key, b".".join([id_.encode(), at.encode(), asked.body]), hashlib.sha256).digest()
    given = [one.split(",", 1) for one in asked.headers["webhook-signature"].split(" ")]
    assert any(
        version == "v1" and hmac.compare_digest(base64.b64decode(one, validate=True), expected)
        for version, one in given
    )
    assert abs(int(at) - NOW.timestamp()) <= 300
    found: dict[str, object] = json.loads(asked.body)
    return found


def test_the_specifications_own_example() -> None:
    """Secret, id, time and payload of the specification, with its signature."""
    keys = read_secrets("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signatures(keys, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_arrives() -> None:
    with faulty(answers(204)) as server, door({"crm": f"{server.url}/hook"}) as webhooks:
        assert sent(webhooks, [letter()]) == [Done("204")]
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/hook")
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == asked.headers["webhook-id"] == "0123abcd"
    assert verify(asked, KEY) == {"customer": {"id": "c1"}, "event": {"order_id": "o-7", "title": "茶"}}
    assert asked.body == '{"customer":{"id":"c1"},"event":{"order_id":"o-7","title":"茶"}}'.encode()


def test_a_changed_body_does_not_verify() -> None:
    with faulty(answers(204)) as server, door({"crm": server.url}) as webhooks:
        sent(webhooks, [letter()])
    with pytest.raises(AssertionError):
        verify(replace(server.asked[0], body=server.asked[0].body + b" "), KEY)


def test_each_secret_signs_while_one_takes_the_others_place() -> None:
    with faulty(answers(204)) as server, door({"crm": server.url}, f"{SECRET} {OLD}") as webhooks:
        sent(webhooks, [letter()])
    for key in (KEY, OLD_KEY):
        verify(server.asked[0], key)


def test_a_repeated_attempt_has_the_same_key_and_its_own_time() -> None:
    clock = Clock()
    with faulty(answers(500)) as server, door({"crm": server.url}, clock=clock) as webhooks:
        sent(webhooks, [letter()])
        clock.now += timedelta(minutes=2)
        sent(webhooks, [letter()])
    first, second = server.asked
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 120
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    verify(second, KEY)


@pytest.mark.parametrize("behaviour", [way.hangs, way.drops, way.trickles, way.breaks_in_the_head])
def test_silence_after_the_request_is_a_doubt(behaviour: Behaviour) -> None:
    assert isinstance(outcome_of(behaviour), Uncertain)


@pytest.mark.parametrize("behaviour", [way.babbles, way.breaks_in_the_body, way.trickles_the_body])
def test_a_good_status_is_enough(behaviour: Behaviour) -> None:
    assert isinstance(outcome_of(behaviour), Done)


@pytest.mark.parametrize("status", [400, 404, 410, 422, 301, 308])
def test_a_refusal_is_for_good_and_suppresses_nobody(status: int) -> None:
    found = outcome_of(answers(status, location="http://127.0.0.1:1/"))
    assert isinstance(found, Failed)
    assert (found.code, found.suppress) == (status, False)


@pytest.mark.parametrize("status", [401, 403, 408, 425, 429, 500, 502, 503, 504])
def test_a_refusal_that_may_pass(status: int) -> None:
    found = outcome_of(answers(status, retry_after="30"))
    assert found == Retry(timedelta(seconds=30), status, str(status), "message")


def test_one_that_takes_nothing_rests_and_the_others_go_on() -> None:
    clock = Clock()
    with (
        faulty(answers(200)) as good,
        faulty(answers(401)) as bad,
        door({"crm": good.url, "erp": bad.url}, clock=clock) as webhooks,
    ):
        first = sent(webhooks, [letter("erp"), letter("crm")])
        second = sent(webhooks, [letter("erp"), letter("crm")])
        assert [type(one) for one in first + second] == [Retry, Done, Retry, Done]
        assert second[0].after == timedelta(minutes=1)  # type: ignore[union-attr]
        assert len(bad.asked) == 1
        clock.now += timedelta(minutes=1)
        sent(webhooks, [letter("erp")])
        assert len(bad.asked) == 2


def test_a_refused_connection_is_certain() -> None:
    with door({"crm": f"http://127.0.0.1:{closed_port()}/"}) as webhooks:
        (found,) = sent(webhooks, [letter()])
    assert isinstance(found, Retry)
    assert found.scope == "message"


def test_a_webhook_that_is_not_declared_waits() -> None:
    with door({}) as webhooks:
        (found,) = sent(webhooks, [letter("erp")])
    assert found == Retry(None, None, "channels.webhooks of the settings has no `erp`", "message")


def test_no_secret_is_told() -> None:
    def parrot(talk: way.Conversation) -> None:
        said = f"{talk.asked.target} {talk.asked.headers} {SECRET} {SECRET[6:]}"
        answers(400, said)(talk)

    found = outcome_of(parrot)
    assert isinstance(found, Failed)
    assert "T0psecretpath" not in found.reply
    assert SECRET[6:] not in found.reply


@pytest.mark.parametrize(
    "secret",
    [
        "",
        "hunter2",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_no base64!",
        SECRET[6:],
        SECRET + " whsec_x",
        "whsec_" + "A" * 400,
    ],
)
def test_secrets_that_do_not_fit(secret: str) -> None:
    with pytest.raises(ValueError, match="SECRET") as fault, door({"crm": "https://crm.example/"}, secret):
        pass
    assert len(secret) < 7 or secret not in str(fault.value)


@pytest.mark.parametrize(
    "url",
    ["", "crm.example", "http://10.0.0.1/", "https://user:pw1234@crm.example/", "http://[::1]/", "ftp://crm.example/"],
)
def test_addresses_that_do_not_fit(url: str) -> None:
    with pytest.raises(ValueError, match="crm_URL"), door({"crm": url}):
        pass


def test_facts_are_canonical() -> None:
    one = Letter.of_facts("k", "crm", {"b": 1, "a": {"d": None, "c": "é"}})
    two = Letter.of_facts("k", "crm", {"a": {"c": "é", "d": None}, "b": 1})
    assert one == two
    with pytest.raises(ValueError, match="JSON compliant"):
        Letter.of_facts("k", "crm", {"a": float("nan")})
