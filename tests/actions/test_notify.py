"""notify: a mail to staff in the shop's language, with the customer's values in it."""

from datetime import datetime
from email import message_from_bytes

import sqlalchemy as sa

from tests.speaking import bought, told


def test_a_person_is_told_in_the_shops_language(sqlite_store: sa.Engine, now: datetime) -> None:
    world, ways = bought(sqlite_store, now, "- notify: late\n    to: boris", language="de", first_name="Mei")
    german = "---\nsubject: Zu spät\n---\nZu spät.\n"
    english = "---\nsubject: {{ customer.first_name }} waits\n---\nLate.\n"
    world.edit({**world.files, "messages/late/en.md": english, "messages/late/de.md": german})
    world.tick()
    (letter,) = ways["email"].taken  # type: ignore[attr-defined]
    mail = message_from_bytes(letter.content)
    assert (letter.recipient, mail["Subject"]) == ("boris@shop.example", "Mei waits")
    assert mail["List-Unsubscribe"] is None


def test_where_everybody_of_a_team_is_away_all_are_told(sqlite_store: sa.Engine, now: datetime) -> None:
    away = "away: [2026-03-01..2026-03-05]"
    world, ways = bought(sqlite_store, now, "- notify: late\n    to: sales")
    settings = world._settings.replace(", away: [2026-03-01..2026-03-05]", "").replace(
        "@shop.example}", f"@shop.example, {away}}}"
    )
    world.edit(world.files, settings)
    world.tick()
    assert {address for _, address in told(ways)} == {f"{one}@shop.example" for one in ("anna", "boris", "clara")}
