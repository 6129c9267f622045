"""All doors of a shop: those that the settings declare are there, with their secrets, or the reason why not."""

import pytest

from engine.channels import CHANNELS, Channel, Doors, Letter, Record, open_doors
from engine.settings.channels import Channels
from tests.channels.over_http import Clock, sent
from tests.faulty_http import answers, faulty

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise imports it

WRITTEN = {
    "email": {"from": "Fine Shop <hello@shop.example>"},
    "sms": {"provider": "http", "url": "SMS_URL", "fields": {"to": "{to}", "text": "{text}"}},
    "chat": {"url": "CHAT_URL"},
    "webhooks": {"crm": {"url": "CRM_URL", "secret": "CRM_SECRET"}},
    "allow_inside": ["127.0.0.1"],
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def environment(url: str = "https://provider.example") -> dict[str, str]:
    chat = f"{url}/{{address}}".replace("https", "jsons").replace("http", "json")
    return {"SMS_URL": f"{url}/sms", "CHAT_URL": chat, "CRM_URL": f"{url}/crm", "CRM_SECRET": SECRET}


def test_no_door_without_settings() -> None:
    doors = open_doors(Channels(), {}, Clock())
    assert dict(doors) == {}
    doors.close()


@pytest.mark.parametrize("key", ["email", "sms", "chat", "webhooks"])
def test_a_door_for_each_declaration(key: str) -> None:
    doors = open_doors(Channels.model_validate({key: WRITTEN[key]}), environment(), Clock())
    assert list(doors) == [key.removesuffix("s") if key == "webhooks" else key]
    doors.close()


def test_all_doors_lead_out() -> None:
    with faulty(answers(200)) as server:
        doors = open_doors(Channels.model_validate(WRITTEN), environment(server.url), Clock())
        assert tuple(doors) == CHANNELS
        sent(doors["sms"], [Letter.of_text("sms", "k1", "+49301234567", "Hello")])
        sent(doors["chat"], [Letter.of_text("chat", "k2", "12345", "Hello")])
        sent(doors["webhook"], [Letter.of_facts("k3", "crm", {"a": 1})])
        doors.close()
    assert [asked.target.partition("?")[0] for asked in server.asked] == ["/sms", "/12345", "/crm"]


@pytest.mark.parametrize("missing", ["SMS_URL", "CHAT_URL", "CRM_URL", "CRM_SECRET"])
def test_a_variable_that_is_not_set_is_named(missing: str) -> None:
    known = {name: value for name, value in environment().items() if name != missing}
    with pytest.raises(ValueError, match=f"the environment variable {missing} .* is not set"):
        open_doors(Channels.model_validate(WRITTEN), known, Clock())


def test_rehearsals_record_all_that_leaves_in_its_order() -> None:
    record = Record()
    doors = Doors.all_to(record)
    first = Letter.of_text("sms", "k1", "+49301234567", "Hello")
    second = Letter.of_facts("k2", "crm", {"a": 1})
    third = Letter("k3", "a@shop.example", "b@example.com", b"Subject: x\r\n\r\ny")
    for letter in (first, second, third):
        sent(doors[letter.channel], [letter])
    assert record.letters == [first, second, third]
    assert [one.channel for one in record.letters] == ["sms", "webhook", "email"]
    doors.close()


def test_each_channel_is_closed_once() -> None:
    closed: list[str] = []

    class Closing(Record):
        def close(self) -> None:
            closed.append("channel")

    Doors.all_to(Closing()).close()
    Doors({"email": Closing(), "sms": Closing()}, let_go=lambda: closed.append("way")).close()
    assert closed == ["channel", "channel", "channel", "way"]


def test_more_than_fit_at_once() -> None:
    doors = open_doors(Channels.model_validate(WRITTEN), environment(), Clock())
    for name in ("sms", "chat"):
        channel: Channel = doors[name]
        too_many = [Letter.of_text(name, f"k{n}", "+49301234567", "x") for n in range(channel.width + 1)]
        with pytest.raises(ValueError, match="at once"):
            channel.offer(too_many)
    doors.close()
