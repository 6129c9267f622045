"""The words of a message by each channel: its own, those of the mail as plain text, or none."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine.render import Template, Unrenderable, compile_message, parse_message, render_plain
from engine.render.message import Message
from engine.render.sms import doubts, sms_parts


def message(text: str, file: str = "messages/hello/en.md") -> Message:
    found = parse_message(file, text)
    assert isinstance(found, Message), found
    return found


def said(channel: str, text: str, **customer: Any) -> str:
    template = compile_message(message(text))
    assert isinstance(template, Template), template
    return render_plain(template, channel, {"customer": customer}, "en", ZoneInfo("UTC"), "EUR")


def test_a_message_may_speak_on_one_channel_alone() -> None:
    found = message("---\nsms: Hello\n---\n")
    assert [channel for channel in ("email", "sms", "chat") if found.speaks(channel)] == ["sms"]


def test_the_body_is_the_chats_too_where_it_has_no_words_of_its_own() -> None:
    found = message("---\nsubject: Hello\n---\nHello.\n")
    assert [channel for channel in ("email", "sms", "chat") if found.speaks(channel)] == ["email", "chat"]


def test_values_go_in_as_they_are() -> None:
    assert said("sms", "---\nsms: Hello {{ customer.name }}!\n---\n", name="<A & *B*>") == "Hello <A & *B*>!"


def test_a_body_goes_without_its_marks() -> None:
    text = "---\nsubject: x\n---\n# Hello\n\n**{{ customer.name }}**, {% if customer.name %}yes{% endif %}\n\n- one\n- two\n"
    assert said("chat", text, name="*A*") == "Hello\n\n*A*, yes\n\n- one\n- two"


def test_a_message_without_words_for_the_channel_says_so() -> None:
    with pytest.raises(Unrenderable, match="`hello` has no words for sms in `en`"):
        said("sms", "---\nsubject: Hello\n---\nHello.\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # each takes the room of two
        ("€" * 81, 2),
        ("茶" * 70, 1),
        ("茶" * 71, 2),
        ("🍵" * 35, 1),  # each is two units of UTF-16
        ("🍵" * 36, 2),
    ],
)
def test_the_parts_of_an_sms(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


def test_a_long_sms_is_doubted_and_says_which_letter_makes_it_long() -> None:
    (doubt,) = doubts(message(f"---\nsms: {'a' * 250}茶\n---\n"))
    assert (doubt.rule, doubt.severity) == ("long-sms", "warning")
    assert "`茶`" in doubt.helps[0]
    assert doubts(message(f"---\nsms: {'a' * 450}\n---\n")) == []
