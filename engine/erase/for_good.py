"""Erases for good: also what others write who had begun before the erase and are done only after it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from engine.erase.person import Erased, Person, erase, erase_again, person_with
from engine.shop import Shop
from engine.store.dialect import one_view, under_way
from engine.store.faults import unless_in_the_way


@dataclass(frozen=True)
class Patience:
    """How long others are waited for, by which clock, and how often they are looked after."""

    clock: Callable[[], float]
    pause: Callable[[float], object]
    longest: float = 30.0
    between: float = 0.25


@dataclass(frozen=True)
class Finished:
    """What was erased, and the processes of the database that may write more of the person, for they would not end."""

    person: Person
    erased: Erased
    at_work: tuple[int, ...]


def erase_for_good(
    shop: Shop,
    look: Callable[[sa.Connection], Person],
    now: datetime,
    patience: Patience,
    waiting: Callable[[], object] = bool,
) -> Finished:
    """Erases the person whom `look` gives, waits for those who had begun before, and erases what they wrote since.

    Who had begun before knows of no erase, and who has only read so far cannot be told from one who will write. Who
    begins later is refused by the seals. `waiting` is called where there is something to wait for. Raises `CannotSeal`.
    """
    store = one_view(shop.store)

    def first(connection: sa.Connection) -> tuple[Person, Erased]:
        person = look(connection)
        return person, erase(connection, person, now)

    person, erased = unless_in_the_way(store.begin, first)
    before = _under_way(store)
    if before is None:
        return Finished(person, erased, ())
    if before:
        waiting()
    at_work = _waited_for(store, before, patience)

    def again(connection: sa.Connection) -> tuple[Person, Erased]:
        # An import may have brought back the customer with an address of which nothing was known.
        come = person_with(shop, connection, person.id).addresses
        whole = replace(person, addresses=tuple(dict.fromkeys((*person.addresses, *come))))
        return whole, erase_again(connection, whole, erased, now)

    return Finished(*unless_in_the_way(store.begin, again), at_work)


def _waited_for(store: sa.Engine, before: dict[str, int], patience: Patience) -> tuple[int, ...]:
    """The processes of those transactions that have not ended when the patience has."""
    end = patience.clock() + patience.longest
    while before and patience.clock() < end:
        patience.pause(patience.between)
        still = _under_way(store) or {}
        before = {transaction: process for transaction, process in before.items() if transaction in still}
    return tuple(sorted(before.values()))


def _under_way(store: sa.Engine) -> dict[str, int] | None:
    # Each look is a transaction of its own: within one, the server gives the same answer again.
    with store.begin() as connection:
        return under_way(connection)
