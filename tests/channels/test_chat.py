"""Chat over apprise: what can be known of its answers, and where it is not let."""

import importlib
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.channels import Accepted, Done, Failed, Letter, Outcome, Retry, Uncertain
from engine.channels.chat import ChatDoor, read_lines
from engine.channels.inside import Allowed
from engine.channels.veil import Veil
from engine.settings.channels import Chat
from tests import faulty_http as way
from tests.channels.over_http import ALLOWED, sent
from tests.faulty_http import Behaviour, answers, closed_port, faulty

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it


@contextmanager
def door(url: str, allowed: Allowed = ALLOWED) -> Iterator[ChatDoor]:
    """Chat with the service at this address."""
    chat = Chat(url="CHAT_URL").model_copy(update={"timeout": 0.4})
    opened = ChatDoor(chat, {"CHAT_URL": url}, allowed)
    yield opened
    opened.close()


def letter(recipient: str = "12345", text: str = "Your tea is here") -> Letter:
    return Letter.of_text("chat", "0123abcd", recipient, text)


def outcome_of(behaviour: Behaviour) -> Outcome:
    with faulty(behaviour) as server, door(f"json://127.0.0.1:{server.port}/T0kenOfTheShop/{{address}}") as chat:
        (found,) = sent(chat, [letter()])
    return found


def test_what_arrives() -> None:
    with faulty(answers(200)) as server, door(f"json://127.0.0.1:{server.port}/to/{{address}}") as chat:
        assert isinstance(chat.offer([letter()])[0], Accepted)
        assert not server.opened
        assert sent(chat, [letter(text="你好 <b>&</b> {address}")]) == [Done("200 taken")]
    (asked,) = server.asked
    assert asked.target.startswith("/to/12345")
    assert json.loads(asked.body)["message"] == "你好 <b>&</b> {address}"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, (Failed, False)),
        (404, (Failed, True)),
        (410, (Failed, True)),
        (401, (Retry, "relay")),
        (403, (Retry, "relay")),
        (429, (Retry, "relay")),
        (500, (Retry, "message")),
        (503, (Retry, "relay")),
        (504, (Uncertain, None)),
    ],
)
def test_statuses(status: int, outcome: tuple[type[Outcome], object]) -> None:
    found = outcome_of(answers(status))
    detail = found.suppress if isinstance(found, Failed) else found.scope if isinstance(found, Retry) else None
    assert (type(found), detail) == outcome


def test_one_attempt_and_no_redirect() -> None:
    with (
        faulty(answers(200)) as second,
        faulty(answers(302, location=second.url)) as first,
        door(f"json://127.0.0.1:{first.port}/{{address}}?retry=5&redirect=yes") as chat,
    ):
        (found,) = sent(chat, [letter()])
    assert isinstance(found, Failed)
    assert "redirects are not followed" in found.reply
    assert len(first.asked) == 1
    assert not second.asked
    with faulty(answers(500)) as server, door(f"json://127.0.0.1:{server.port}/{{address}}?retry=5") as chat:
        sent(chat, [letter()])
    assert len(server.asked) == 1


@pytest.mark.parametrize("behaviour", [way.hangs, way.drops, way.trickles, way.breaks_in_the_head])
def test_silence_after_the_request_is_a_doubt(behaviour: Behaviour) -> None:
    assert isinstance(outcome_of(behaviour), Uncertain)


def test_a_refused_connection_is_certain() -> None:
    with door(f"json://127.0.0.1:{closed_port()}/{{address}}") as chat:
        (found,) = sent(chat, [letter()])
    assert isinstance(found, Retry)
    assert found.scope == "relay"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "[::1]"])
def test_a_server_inside_is_not_called(host: str) -> None:
    with faulty(answers(200)) as server, door(f"json://{host}:{server.port}/{{address}}", Allowed([])) as chat:
        (found,) = sent(chat, [letter()])
    assert not isinstance(found, Done)
    assert not server.opened


def test_a_customer_cannot_choose_the_server() -> None:
    with faulty(answers(200)) as server, door(f"json://{{address}}:{server.port}/", Allowed([])) as chat:
        (found,) = sent(chat, [letter("127.0.0.1")])
    assert isinstance(found, Retry)
    assert "allow_inside" in found.reply
    assert not server.opened


@pytest.mark.parametrize(
    "address", ["", "a b", "1,2", "1/2", "1?to=2", "1&to=2", "1;2", "1%2F2", "1\n2", "a" * 256, "\\1"]
)
def test_an_address_stays_one_address(address: str) -> None:
    with faulty(answers(200)) as server, door(f"json://127.0.0.1:{server.port}/{{address}}") as chat:
        (found,) = sent(chat, [letter(address)])
    assert isinstance(found, Failed)
    assert not found.suppress
    assert not server.opened


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("tgram://123456789:abcdefg_hijklmnop/{address}", "987654321"),
        ("line://abcdefghijklmnop/{address}", "U1234567890abcdef1234567890abcdef"),
        ("slack://xoxb-1234-1234-abcdefgh/{address}", "#general"),
        ("kakaotalk://abcdefgh/{address}", "me"),
    ],
)
def test_services(url: str, address: str) -> None:
    try:
        with door(url) as chat:
            (found,) = chat.offer([letter(address)])
    except ValueError:
        pytest.skip("this version of apprise writes the service's address otherwise")
    assert isinstance(found, Accepted)


def test_an_empty_text_never_leaves() -> None:
    with door("json://127.0.0.1:1/{address}") as chat:
        assert sent(chat, [letter(text=" ")]) == [Failed(None, "the text is empty", suppress=False)]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not set"),
        ("json://chat.example/", "has no {address}"),
        ("nothing://chat.example/{address}", "not the address of a service"),
        ("chat.example/{address}", "not the address of a service"),
        ("tgram://hidden-token/{address}", "not the address of a service"),
    ],
)
def test_addresses_that_do_not_fit(url: str, said: str) -> None:
    with pytest.raises(ValueError, match="CHAT_URL") as fault, door(url):
        pass
    assert said in str(fault.value)
    assert "hidden" not in str(fault.value)


def test_apprise_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def without(name: str, package: str | None = None) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(ValueError, match=r"pip install 'regulars\[chat\]'"), door("json://chat.example/{address}"):
        pass


FAULT = ("WARNING", "A Connection error occurred")
VEIL = Veil(["tgram://123456789:AAbbCCddEEff/{address}"])


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        ([("WARNING", "Failed to send: Forbidden: bot was blocked by the user, error=403.")], Failed(403, "", True)),
        ([("WARNING", "Failed to send: Bad Request: chat not found, error=400.")], Failed(400, "", True)),
        ([("WARNING", "Failed to send: Unauthorized, error=401.")], Retry(None, 401, "", "relay")),
        ([("WARNING", "Failed to send: Not Found, error=404.")], Failed(404, "", False)),
        ([FAULT, ("DEBUG", "Socket Exception: NewConnectionError")], Retry(None, None, "", "relay")),
        ([FAULT, ("DEBUG", "Socket Exception: Read timed out")], Uncertain("")),
        ([], Uncertain("no reason was given")),
    ],
)  # fmt: skip
def test_lines(lines: list[tuple[str, str]], outcome: Outcome) -> None:
    found = read_lines(lines, VEIL, addressed=False)
    assert type(found) is type(outcome)
    assert getattr(found, "code", None) == getattr(outcome, "code", None)
    assert getattr(found, "suppress", None) == getattr(outcome, "suppress", None)


def test_no_secret_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    found = read_lines([("WARNING", "Failed: bot123456789:AAbbCCddEEff/send error=400")], VEIL, addressed=False)
    assert "AAbbCCddEEff" not in found.reply
    told = outcome_of(answers(400, "T0kenOfTheShop"))
    assert "T0kenOfTheShop" not in told.reply
    assert "T0ken" not in capfd.readouterr().err
