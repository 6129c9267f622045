"""chat: the message's words for a chat, or the body of its mail as plain text."""

from datetime import datetime

import sqlalchemy as sa

from tests.speaking import bought


def _said(store: sa.Engine, now: datetime, text: str) -> tuple[str, str]:
    world, ways = bought(store, now, "- chat: late", first_name="Mei *")
    world.edit({**world.files, "messages/late/en.md": text})
    world.tick()
    (letter,) = ways["chat"].taken  # type: ignore[attr-defined]
    return letter.recipient, letter.text


def test_its_own_words_come_first(sqlite_store: sa.Engine, now: datetime) -> None:
    text = "---\nsubject: Late\nchat: Late, {{ customer.first_name }}\n---\nThe mail.\n"
    assert _said(sqlite_store, now, text) == ("mei-chat", "Late, Mei *")


def test_without_them_the_body_goes_as_plain_text(sqlite_store: sa.Engine, now: datetime) -> None:
    text = "---\nsubject: Late\n---\nDear **{{ customer.first_name }}**,\n\n[look](https://shop.example)\n"
    assert _said(sqlite_store, now, text)[1] == "Dear Mei *,\n\nlook: https://shop.example"
