"""What time alone does: vouchers and points lapse, staff are reminded, playbooks that waited for vouchers go on."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from engine.desk.chase import Chase
from engine.loyalty.batch import CAUSE, go_on
from engine.loyalty.issue import can_issue
from engine.shop import Shop
from engine.store.brakes import OPEN, Held, held, holds, release_playbook
from engine.store.customers import ISSUED, vouchers
from engine.store.loyalty import points
from engine.store.points import BATCH, lapse_points, over
from engine.store.prepared import Prepared


class Upkeep:
    """The pass over one shop. Its probes say whether there is anything to do."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self._chase = Chase(shop)
        now = sa.bindparam("now", type_=vouchers.c.expires_at.type)
        over_vouchers: tuple[sa.ColumnElement[bool], ...] = (sa.literal_column(ISSUED), vouchers.c.expires_at <= now)
        one: sa.Select[Any] = sa.select(sa.literal_column("1")).limit(1)
        short: tuple[sa.ColumnElement[bool], ...] = (
            sa.literal_column(OPEN),
            holds.c.cause.startswith(CAUSE, autoescape=True),
        )
        dialect = shop.store.dialect.name
        self.probes = (
            Prepared(one.select_from(vouchers).where(*over_vouchers), dialect),
            Prepared(one.select_from(points).where(*over(now)), dialect),
            Prepared(one.select_from(holds).where(*short), dialect),
            *self._chase.probes,
        )
        self._lapse = Prepared(sa.update(vouchers).where(*over_vouchers).values(state="lapsed"), dialect)

    def __call__(self, now: datetime, due: Sequence[bool]) -> bool:
        """Does what the probes found due. Whether runs or messages wait that can go on now."""
        vouchers_lapse, points_lapse, short, *chased = due
        reminded = self._chase(now, chased)
        if vouchers_lapse:
            with self.shop.store.begin() as connection:
                self._lapse.execute(connection, {"now": now})
        lost = BATCH if points_lapse else 0
        while lost == BATCH:
            with self.shop.store.begin() as connection:
                lost = lapse_points(connection, now)
        restocked = short and any([self._restock(one, now) for one in self._short()])
        return restocked or reminded

    def _short(self) -> list[Held]:
        with self.shop.store.connect().execution_options(reading=True) as connection:
            return [one for one in held(connection) if one.cause.startswith(CAUSE)]

    def _restock(self, one: Held, now: datetime) -> bool:
        """Lets a playbook go on where there are vouchers again."""
        name = one.cause.removeprefix(CAUSE)
        kind, currency = self.shop.vouchers.get(name), self.shop.settings.currency
        if kind is None:
            return False
        with self.shop.store.connect().execution_options(reading=True) as connection, connection.begin():
            if not can_issue(connection, name, kind, currency, now):
                return False  # as at most ticks; nobody is kept from writing for it
        with self.shop.store.begin() as connection:
            if not can_issue(connection, name, kind, currency, now):
                return False
            release_playbook(connection, one.playbook, now, "there are vouchers again", cause=one.cause)
            go_on(connection, one, now)
        return True

    @cached_property
    def agenda(self) -> tuple[Prepared, ...]:
        """The next voucher and the next points whose time comes after :after."""
        dialect, found = self.shop.store.dialect.name, []
        for column, alive in ((vouchers.c.expires_at, ISSUED), (points.c.expires_at, "points.remaining > 0")):
            later: tuple[sa.ColumnElement[bool], ...] = (
                sa.literal_column(alive),
                column > sa.bindparam("after", type_=column.type),
            )
            found.append(Prepared(sa.select(sa.func.min(column)).where(*later), dialect))
        return (*found, *self._chase.agenda)
