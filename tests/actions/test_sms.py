"""sms: the message's own words for text messages, to the number on record."""

from datetime import datetime

import sqlalchemy as sa

from tests.speaking import bought, ends, told


def test_it_goes_to_the_number_on_record(sqlite_store: sa.Engine, now: datetime) -> None:
    world, ways = bought(sqlite_store, now, "- sms: late", first_name="Mei")
    world.tick()
    (letter,) = ways["sms"].taken  # type: ignore[attr-defined]
    assert (letter.recipient, letter.text) == ("+4930123456", "'Your parcel is late, Mei'")


def test_a_number_without_its_country_is_a_strangers(sqlite_store: sa.Engine, now: datetime) -> None:
    world, ways = bought(sqlite_store, now, "- sms: late", phone="030 123456")
    world.tick()
    assert told(ways) == []
    assert ends(world) == [("sms", "suppressed", "no valid sms address")]
