"""Customers, their tags and consents: the same again changes nothing, and nobody is subscribed against their will."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from engine.store import many
from engine.store.customers import consents, customer_tags, customers
from engine.store.ingest import Written, put_customers
from tests.store.rows import everything, one

MEI = {"id": "mei", "email": "mei@example.com", "birthday": date(1992, 2, 29), "tier": "gold", "tags": ("vip",)}


def put(store: sa.Engine, now: datetime, *rows: dict[str, Any]) -> Written:
    with store.begin() as connection:
        return put_customers(connection, rows, now)


def test_a_new_customer_is_stored_and_the_same_again_changes_nothing(store: sa.Engine, now: datetime) -> None:
    first = put(store, now, MEI)
    before = everything(store)
    again = put(store, now + timedelta(days=1), MEI)
    assert (first.new, again.new, again.changed, again.unchanged) == (1, 0, 0, 1)
    assert everything(store) == before
    found = one(store, customers, id="mei")
    assert (found.email, found.birthday, found.created_at, found.timezone) == (
        MEI["email"],
        MEI["birthday"],
        now,
        "",
    )


def test_a_column_that_a_row_does_not_name_stays(store: sa.Engine, now: datetime) -> None:
    put(store, now, MEI)
    done = put(store, now, {"id": "mei", "tier": "silver"}, {"id": "ana", "email": None})
    assert (done.new, done.changed) == (1, 1)
    found = one(store, customers, id="mei")
    assert (found.tier, found.email) == ("silver", "mei@example.com")


def test_a_change_moves_the_position_and_nothing_else_does(store: sa.Engine, now: datetime) -> None:
    put(store, now, MEI, {"id": "ana"})
    mei, ana = (one(store, customers, id=one_id).position for one_id in ("mei", "ana"))
    put(store, now, {**MEI, "tier": "silver"}, {"id": "ana"})
    assert one(store, customers, id="mei").position > mei
    assert one(store, customers, id="ana").position == ana


def test_tags_are_added_and_never_taken_away(store: sa.Engine, now: datetime) -> None:
    put(store, now, MEI)
    position = one(store, customers, id="mei").position
    done = put(store, now, {"id": "mei", "tags": ["new", "new"]})
    assert done.changed == 1
    with store.connect() as connection:
        assert set(connection.scalars(sa.select(customer_tags.c.tag))) == {"vip", "new"}
    assert one(store, customers, id="mei").position > position


def test_a_customer_twice_is_left_out_or_refused(store: sa.Engine, now: datetime) -> None:
    done = put(
        store, now, {"id": "mei", "tier": "gold"}, {"id": "mei", "tier": "gold"}, {"id": "mei", "tier": "silver"}
    )
    assert (done.new, done.unchanged) == (1, 1)
    assert [(bad.index, bad.column) for bad in done.rejected] == [(2, "id")]
    assert one(store, customers, id="mei").tier == "gold"


def test_rows_of_different_columns_are_written_in_one_call(store: sa.Engine, now: datetime) -> None:
    done = put(store, now, *({"id": f"c{n}", **({"tier": "gold"} if n % 2 else {"country": "DE"})} for n in range(7)))
    assert done.new == 7


@pytest.mark.parametrize("said", [True, False])
def test_a_consent_is_written_once(store: sa.Engine, now: datetime, said: bool) -> None:
    first = put(store, now, {"id": "mei", "email_consent": said})
    again = put(store, now + timedelta(days=1), {"id": "mei", "email_consent": said})
    assert (first.new, again.unchanged) == (1, 1)
    found = one(store, consents, customer_id="mei")
    assert (found.channel, found.topic, found.given, found.at, found.how) == ("email", "*", said, now, "import")


@pytest.mark.parametrize(
    ("withdrawn_by", "said", "given"),
    [
        ("import", True, True),  # the shop's own list says otherwise now
        ("unsubscribe link", True, False),  # the customer's word is later than a list without dates
        ("unsubscribe link", timedelta(days=-1), False),
        ("unsubscribe link", timedelta(days=1), True),
    ],
)
def test_a_withdrawn_consent_comes_back_only_by_a_later_word(
    store: sa.Engine, now: datetime, withdrawn_by: str, said: bool | timedelta, given: bool
) -> None:
    row = {"customer_id": "mei", "channel": "email", "topic": "*", "given": False, "at": now, "how": withdrawn_by}
    with store.begin() as connection:
        connection.execute(sa.insert(consents), row)
    value = now + said if isinstance(said, timedelta) else said
    done = put(store, now + timedelta(days=2), {"id": "mei", "email_consent": value})
    assert one(store, consents, customer_id="mei").given is given
    assert sum(done.warnings.values()) == (0 if given else 1)


def test_consent_is_withdrawn_by_a_no(store: sa.Engine, now: datetime) -> None:
    put(store, now, {"id": "mei", "email_consent": True, "sms_consent": True})
    done = put(store, now, {"id": "mei", "email_consent": False})
    assert done.changed == 1
    assert not one(store, consents, customer_id="mei", channel="email").given
    assert one(store, consents, customer_id="mei", channel="sms").given


def test_the_statement_that_writes_consents_is_built_once(sqlite_store: sa.Engine, now: datetime) -> None:
    kinds: tuple[Any, ...] = (True, False, now)
    put(sqlite_store, now, *({"id": f"first{number}", "email_consent": one} for number, one in enumerate(kinds)))
    before = many._writing.cache_info().misses
    put(sqlite_store, now, *({"id": f"then{number}", "email_consent": one} for number, one in enumerate(kinds)))
    assert many._writing.cache_info().misses == before
