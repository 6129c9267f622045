"""A share of the seeds; and that the oracle finds what it should, in a life whose ledger was falsified."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from engine.store.ledger import outbox
from tests.simulation import one
from tests.simulation.findings import findings, message_key
from tests.simulation.lived import Lived
from tests.simulation.outside import Taken

SEEDS = 40
#: A seed without faults, in which customers are told enough to make something of it.
SOUND = 4


@pytest.mark.parametrize("first", range(0, SEEDS, 8))
def test_nothing_is_wrong_in_a_share_of_the_seeds(first: int) -> None:
    assert [found for seed in range(first, first + 8) for found in one.live(seed)[1]] == []


@pytest.fixture(scope="module")
def _sound() -> tuple[Lived, sqlite3.Connection]:
    found, kept = one.lived(SOUND), sqlite3.connect(":memory:")
    assert findings(found) == []
    with found.store.connect() as connection:
        connection.connection.driver_connection.backup(kept)
    return found, kept


@pytest.fixture
def lived(_sound: tuple[Lived, sqlite3.Connection]) -> Lived:
    """A life in which nothing is wrong, to be falsified."""
    sound, kept = _sound
    with sound.store.connect() as connection:
        kept.backup(connection.connection.driver_connection)
    outside = replace(sound.outside, ledger=[*sound.outside.ledger])
    return replace(sound, outside=outside, answers=[*sound.answers])


def _marketing(lived: Lived) -> list[tuple[dict, Taken]]:
    rows = {message_key(row): row for row in lived.rows("SELECT * FROM outbox WHERE purpose = 'marketing'")}
    return [(rows[taken.key], taken) for taken in lived.outside.ledger if taken.key in rows]


def _falsify(lived: Lived, place: int, **values: object) -> None:
    ledger = lived.outside.ledger
    ledger[place] = replace(ledger[place], **values)


def _sent_twice(lived: Lived) -> None:
    row, taken = next((row, taken) for row, taken in _marketing(lived) if row["playbook"] == "thanks")
    assert not row["dup_risk"]
    lived.outside.ledger.append(taken)


def _lost(lived: Lived) -> None:
    del lived.outside.ledger[0]


def _other_bytes(lived: Lived) -> None:
    lived.outside.ledger.append(replace(lived.outside.ledger[0], hash="other"))


def _nobodys(lived: Lived) -> None:
    _falsify(lived, 0, key="of no message")


def _by_night(lived: Lived) -> None:
    row, taken = _marketing(lived)[0]
    zone = lived.zone(row["customer_id"], taken.order)
    night = taken.at.astimezone(zone).replace(hour=3)
    _falsify(lived, lived.outside.ledger.index(taken), at=night)


def _without_a_cap(lived: Lived) -> None:
    row, first = _marketing(lived)[0]
    rows = [one for one in lived.rows("SELECT * FROM outbox") if one["purpose"] == "marketing"]
    assert len(rows) > 3
    _write(lived, sa.update(outbox).where(outbox.c.purpose == "marketing").values(customer_id=row["customer_id"]))
    for other in lived.rows("SELECT * FROM outbox WHERE purpose = 'marketing'")[:4]:
        lived.outside.ledger.append(replace(first, key=message_key(other)))


def _after_the_end(lived: Lived) -> None:
    _, taken = _marketing(lived)[0]
    _falsify(lived, lived.outside.ledger.index(taken), at=lived.now + timedelta(days=365))
    _write(lived, sa.update(outbox).values(expires_at=lived.now))


def _to_who_left(lived: Lived) -> None:
    row, _ = _marketing(lived)[0]
    lived.answers.insert(0, (-1, row["customer_id"], "*", False))


def _never_entered(lived: Lived) -> None:
    _write(lived, sa.text("DELETE FROM enrolments WHERE playbook = 'receipt'"))


def _entered_twice(lived: Lived) -> None:
    _write(lived, sa.text("UPDATE enrolments SET playbook = 'receipt', occasion = id WHERE playbook = 'thanks'"))


def _no_voucher(lived: Lived) -> None:
    _write(lived, sa.text("DELETE FROM vouchers"))


def _in_hand(lived: Lived) -> None:
    _write(lived, sa.update(outbox).values(state="sending"))


def _waits_for_ever(lived: Lived) -> None:
    _write(lived, sa.update(outbox).values(state="planned", due_at=lived.begins))


def _write(lived: Lived, statement: sa.Executable) -> None:
    with lived.store.begin() as connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("falsify", "rule"),
    [
        (_sent_twice, "nothing_lost_or_doubled_in_silence"),
        (_sent_twice, "copies_as_declared"),
        (_lost, "nothing_lost_or_doubled_in_silence"),
        (_other_bytes, "same_bytes"),
        (_nobodys, "nothing_lost_or_doubled_in_silence"),
        (_by_night, "within_hours"),
        (_without_a_cap, "below_the_cap"),
        (_after_the_end, "never_too_late"),
        (_to_who_left, "nobody_who_left"),
        (_never_entered, "one_run_for_each_occasion"),
        (_entered_twice, "one_run_for_each_occasion"),
        (_no_voucher, "effects_exactly_once"),
        (_in_hand, "at_rest"),
        (_waits_for_ever, "at_rest"),
    ],
)
def test_the_oracle_finds_it(lived: Lived, falsify: Callable[[Lived], None], rule: str) -> None:
    falsify(lived)
    assert {found.partition(":")[0] for found in findings(lived)} >= {rule}
