"""Text messages: what goes to a provider, and what its answers mean, also those that lie."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from structlog.testing import capture_logs

from engine.channels import Accepted, Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.http import Answer
from engine.channels.sms import SmsDoor
from engine.settings.channels import Sms
from tests import faulty_http as way
from tests.channels.over_http import ALLOWED, Clock, sent, way_out
from tests.faulty_http import Behaviour, answers, closed_port, faulty

ENVIRONMENT = {"ACCOUNT": "AC0123456789", "TOKEN": "t0ken-of-the-shop", "AUTHORIZATION": "Bearer hidden-from-all"}
TWILIO = {"provider": "twilio", "account": "ACCOUNT", "token": "TOKEN", "from": "+15005550006"}
DESCRIBED = {
    "provider": "http",
    "url": "URL",
    "headers": {"Authorization": "AUTHORIZATION"},
    "fields": {"to": "{to}", "message.text": "{text}", "message.sender": "{from}", "id": "{key}"},
    "from": "Pine",
}
TAKEN = json.dumps({"sid": "SM1", "status": "queued", "error_code": None, "error_message": None})


class Unreadable(dict[str, str]):
    """Headers that no code of ours is ready for, and that repeat a secret."""

    def get(self, *_: object) -> str:
        """Fails."""
        raise OverflowError(f"strange after {ENVIRONMENT['AUTHORIZATION']}")


@contextmanager
def door(url: str, settings: dict[str, Any], environment: dict[str, str] | None = None) -> Iterator[SmsDoor]:
    """Text messages over a provider at this address."""
    written = {**settings, "api": url} if settings["provider"] == "twilio" else settings
    sms = Sms.model_validate(written).model_copy(update={"timeout": 0.4})
    http = way_out()
    yield SmsDoor(sms, environment or {**ENVIRONMENT, "URL": f"{url}/send"}, http, ALLOWED, Clock())
    http.close()


def letter(recipient: str = "+8613812345678", text: str = "Your tea is here") -> Letter:
    return Letter.of_text("sms", "0123abcd", recipient, text)


def outcome_of(behaviour: Behaviour, settings: dict[str, Any] = TWILIO) -> Outcome:
    with faulty(behaviour) as server, door(server.url, settings) as sms:
        (found,) = sent(sms, [letter()])
    return found


def test_what_twilio_gets() -> None:
    with faulty(answers(201, TAKEN)) as server, door(server.url, TWILIO) as sms:
        (found,) = sent(sms, [letter("+86 138-1234-5678", "你好 & {key}")])
    assert isinstance(found, Done)
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("POST", "/2010-04-01/Accounts/AC0123456789/Messages.json")
    assert b64decode(asked.headers["authorization"].removeprefix("Basic ")) == b"AC0123456789:t0ken-of-the-shop"
    assert parse_qs(asked.body.decode()) == {
        "To": ["+8613812345678"],
        "From": ["+15005550006"],
        "Body": ["你好 & {key}"],
    }


def test_a_messaging_service_in_the_place_of_a_number() -> None:
    settings = {name: value for name, value in TWILIO.items() if name != "from"}
    with (
        faulty(answers(201, TAKEN)) as server,
        door(server.url, {**settings, "messaging_service": "MG1"}) as sms,
    ):
        sent(sms, [letter()])
    assert parse_qs(server.asked[0].body.decode())["MessagingServiceSid"] == ["MG1"]


def test_what_a_described_provider_gets() -> None:
    with faulty(answers(200)) as server, door(server.url, DESCRIBED) as sms:
        (found,) = sent(sms, [letter(text='say "{to}"')])
    assert isinstance(found, Done)
    (asked,) = server.asked
    assert asked.headers["authorization"] == "Bearer hidden-from-all"
    assert asked.headers["idempotency-key"] == "0123abcd"
    assert json.loads(asked.body) == {
        "to": "+8613812345678",
        "message": {"text": 'say "{to}"', "sender": "Pine"},
        "id": "0123abcd",
    }


def test_a_form_and_a_number_in_the_address() -> None:
    settings = {**DESCRIBED, "body": "form", "method": "PUT", "fields": {"text": "{text}"}}
    with faulty(answers(200)) as server:
        environment = {**ENVIRONMENT, "URL": f"{server.url}/to/{{to}}?a=b"}
        with door(server.url, settings, environment) as sms:
            sent(sms, [letter(text="a&b=c")])
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("PUT", "/to/%2B8613812345678?a=b")
    assert parse_qs(asked.body.decode()) == {"text": ["a&b=c"]}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}, (Failed, True)),
        (400, {"code": 21211, "message": "Invalid 'To' Phone Number", "status": 400}, (Failed, True)),
        (400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"}, (Failed, True)),
        (400, {"code": 21606, "message": "The From number is not yours"}, (Failed, False)),
        (201, {"sid": "SM1", "status": "failed", "error_code": 30007, "error_message": "filtered"}, (Failed, False)),
        (201, {"sid": "SM1", "status": "undelivered", "error_code": None}, (Failed, False)),
        (201, {"sid": "SM1", "status": "failed", "error_code": 30005}, (Failed, True)),
        (200, {"code": 20003, "message": "Authenticate"}, (Retry, "relay")),
        (404, {"code": 20404, "message": "The requested resource was not found"}, (Retry, "relay")),
        (429, {"code": 20429, "message": "Too Many Requests"}, (Retry, "relay")),
        (401, {"code": 20003, "message": "Authenticate"}, (Retry, "relay")),
        (404, {}, (Failed, False)),
        (410, {}, (Failed, False)),
        (500, {"code": 20500, "message": "Internal Server Error"}, (Retry, "message")),
        (503, {}, (Retry, "relay")),
        (504, {}, (Uncertain, None)),
        (302, {}, (Failed, False)),
        (200, {}, (Uncertain, None)),
        (200, [], (Uncertain, None)),
        (200, {"sid": ""}, (Uncertain, None)),
        (201, {"sid": "SM1", "status": []}, (Done, None)),
        (201, {"sid": "SM1", "status": {"a": 1}}, (Done, None)),
        (400, {"code": [21211]}, (Failed, False)),
        (400, {"code": True}, (Failed, False)),
    ],
)
def test_what_twilio_answers(status: int, body: object, outcome: tuple[type[Outcome], object]) -> None:
    found = outcome_of(answers(status, json.dumps(body)))
    detail = found.suppress if isinstance(found, Failed) else found.scope if isinstance(found, Retry) else None
    assert (type(found), detail) == outcome


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("code", ['"' + "9" * 5000 + '"', "9" * 4000, '"' + "²" * 9 + '"'])
def test_a_code_that_is_none_is_a_refusal_like_any_other(status: int, code: str) -> None:
    with door("http://127.0.0.1:1", TWILIO) as sms:
        found = sms.outcome(letter(), Answer(status, {}, f'{{"code": {code}}}'.encode(), whole=True))
    assert isinstance(found, Failed)
    assert (found.code, found.suppress) == (status, False)


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, Uncertain), (400, Failed), (404, Failed), (500, Retry), (504, Uncertain)]
)
def test_an_answer_that_cannot_be_read_costs_its_own_letter_alone(status: int, outcome: type[Outcome]) -> None:
    with door("http://127.0.0.1:1", DESCRIBED) as sms, capture_logs() as logs:
        strange, plain = Answer(status, Unreadable(), b"{}", whole=True), Answer(400, {}, b"no", whole=True)
        found = [sms.outcome(letter(), one) for one in (strange, plain)]
    assert [type(one) for one in found] == [outcome, Failed]
    ((told, trace),) = [(one["status"], one["exception"]) for one in logs]
    assert told == status
    assert "hidden-from-all" not in trace
    assert "•••" in trace


def test_a_page_of_a_gateway_is_no_promise() -> None:
    assert isinstance(outcome_of(answers(200, "<html>Sign in to the guest network</html>")), Uncertain)
    assert isinstance(outcome_of(answers(200, "[" * 100_000)), Uncertain)


@pytest.mark.parametrize(
    "behaviour", [way.breaks_in_the_body, way.babbles, way.trickles_the_body, way.hangs, way.drops]
)
def test_a_promise_that_broke_off_is_a_doubt(behaviour: Behaviour) -> None:
    assert isinstance(outcome_of(behaviour), Uncertain)


def test_a_wait_is_kept() -> None:
    body = json.dumps({"code": 20429, "message": "Too Many Requests"})
    found = outcome_of(answers(429, body, retry_after="12"))
    assert isinstance(found, Retry)
    assert (found.after, found.code, found.scope) == (timedelta(seconds=12), 429, "relay")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ('{"Code": "OK", "data": [{"status": 0}]}', Done),
        ('{"Code": "OK", "data": [{"status": 7}]}', Failed),
        ('{"Code": "OK"}', Failed),
        ('{"Code": "isv.BUSINESS_LIMIT_CONTROL"}', Failed),
        ("OK", Uncertain),
        ('{"Code": "OK"', Uncertain),
        ("", Uncertain),
    ],
)
def test_an_answer_that_must_look_so(body: str, outcome: type[Outcome]) -> None:
    settings = {**DESCRIBED, "taken_when": {"Code": "OK", "data.0.status": "0"}}
    assert type(outcome_of(answers(200, body), settings)) is outcome


@pytest.mark.parametrize(("path", "suppress"), [("/to/{to}", True), ("/send", False)])
@pytest.mark.parametrize("status", [404, 410])
def test_a_number_is_dead_where_its_own_address_is_not_found(path: str, suppress: bool, status: int) -> None:
    with (
        faulty(answers(status)) as server,
        door(server.url, DESCRIBED, {**ENVIRONMENT, "URL": server.url + path}) as sms,
    ):
        (found,) = sent(sms, [letter()])
    assert isinstance(found, Failed)
    assert found.suppress is suppress


def test_a_refused_connection_is_certain_and_true_of_all() -> None:
    with door(f"http://127.0.0.1:{closed_port()}", TWILIO) as sms:
        (found,) = sent(sms, [letter()])
    assert isinstance(found, Retry)
    assert found.scope == "relay"


def test_several_at_once_each_with_its_own_answer() -> None:
    def by_number(talk: way.Conversation) -> None:
        number = parse_qs(talk.asked.body.decode())["To"][0]
        answers(201, TAKEN)(talk) if number.endswith("1") else way.hangs(talk)

    with faulty(by_number) as server, door(server.url, TWILIO) as sms:
        found = sent(sms, [letter("+4930123450"), letter("nobody"), letter("+4930123451"), letter("+4930123452")])
    assert [type(one) for one in found] == [Uncertain, Failed, Done, Uncertain]


def test_an_offer_calls_nobody() -> None:
    with faulty(answers(201, TAKEN)) as server, door(server.url, TWILIO) as sms:
        assert isinstance(sms.offer([letter()])[0], Accepted)
        assert not server.opened


@pytest.mark.parametrize("recipient", ["", "nobody", "030 1234567", "+1", "+1 <script>", "+4930123456, +4930123457"])
def test_what_is_no_number_never_leaves(recipient: str) -> None:
    with door("http://127.0.0.1:1", TWILIO) as sms:
        (found,) = sent(sms, [letter(recipient)])
    assert isinstance(found, Failed)
    assert not found.suppress


def test_an_empty_text_never_leaves() -> None:
    with door("http://127.0.0.1:1", TWILIO) as sms:
        assert sent(sms, [letter(text=" \n")]) == [Failed(None, "the text is empty", suppress=False)]


def test_the_prefix_of_the_shops_country() -> None:
    with faulty(answers(201, TAKEN)) as server, door(server.url, {**TWILIO, "prefix": "+49"}) as sms:
        sent(sms, [letter("030 1234567")])
    assert parse_qs(server.asked[0].body.decode())["To"] == ["+49301234567"]


@pytest.mark.parametrize("settings", [TWILIO, DESCRIBED])
def test_no_secret_is_told(settings: dict[str, Any]) -> None:
    def parrot(talk: way.Conversation) -> None:
        answers(400, f"{talk.asked.target} {talk.asked.headers}")(talk)

    found = outcome_of(parrot, settings)
    assert isinstance(found, Failed)
    hidden = ["t0ken-of-the-shop", "hidden-from-all", "QUMwMTIzNDU2Nzg5OnQwa2Vu"]
    assert not [one for one in hidden if one in found.reply]


@pytest.mark.parametrize("missing", ["ACCOUNT", "TOKEN"])
def test_a_secret_that_is_not_set(missing: str) -> None:
    environment = {name: value for name, value in ENVIRONMENT.items() if name != missing}
    expected = pytest.raises(ValueError, match=f"the environment variable {missing} .* is not set")
    with expected, door("https://api.example", TWILIO, environment):
        pass


def test_a_header_that_would_break_the_request() -> None:
    environment = {"URL": "https://sms.example/", "AUTHORIZATION": "Bearer a\r\nX-Other: b"}
    with pytest.raises(ValueError, match="AUTHORIZATION"), door("x", DESCRIBED, environment):
        pass


@pytest.mark.parametrize("url", ["http://10.0.0.1", "http://[::1]:80", "nothing", "https://a:b@sms.example"])
@pytest.mark.parametrize("settings", [TWILIO, DESCRIBED])
def test_addresses_that_do_not_fit(url: str, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"URL|channels\.sms\.api") as fault, door(url, settings):
        pass
    assert "a:b@" not in str(fault.value)
