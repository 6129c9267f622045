"""Suppressions: addresses to which nothing goes any more, whatever the customers agreed to."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.addresses import bare_number, fold_address, parse_by
from engine.store.customers import suppressions
from engine.store.ingest.written import Rejected, Row, Written, batches
from engine.store.many import write
from engine.store.sealed import CUSTOMER, erased_among, folded, is_sealed, seals


def as_looked_up(channel: str, address: str, prefix: str | None = None) -> str:
    """An address in the form in which the last look before a message goes asks for it; `prefix` as in `parse_phone`.

    Raises `ValueError` with a sentence for people: what no message goes to holds no message back either.
    """
    bare = address.strip()
    return bare if channel == CUSTOMER or is_sealed(bare) else fold_address(parse_by(channel, address, prefix))


def put_suppressions(connection: sa.Connection, rows: Sequence[Row], now: datetime) -> Written:
    """Writes suppressions: `address`, `reason`, and `channel` (mail, if not said); one that stands keeps its reason.

    What is no address of its channel is rejected; a number needs its country, see `as_looked_up`. An address whose owner
    was erased stands as a hash already, and is not written down again.
    """
    done = Written()
    for offset, batch in batches(rows):
        found: dict[tuple[str, str], dict[str, Any]] = {}
        for index, row in enumerate(batch, start=offset):
            channel = row.get("channel") or "email"
            try:
                address = as_looked_up(channel, row["address"])
            except ValueError as fault:
                done.rejected.append(Rejected(index, "address", str(fault)))
                continue
            whole = {"channel": channel, "address": address, "reason": row["reason"], "at": row.get("at") or now}
            found.setdefault((channel, address), whole)
        erased = erased_among(connection, found)
        fresh = [whole for key, whole in found.items() if key not in erased]
        written = write(connection, suppressions, fresh)
        done.count((" ".join(key) for key in found), set(), {" ".join(key) for key in written})
    return done


def lift_suppression(connection: sa.Connection, channel: str, address: str, prefix: str | None = None) -> bool:
    """Lets messages go to an address again; False where nothing stood against it."""
    plain = _forms(channel, address, prefix)
    forms = [*plain, *seals(connection, [(channel, form) for form in plain])]
    mine = (suppressions.c.channel == channel, suppressions.c.address.in_(forms))
    return connection.execute(sa.delete(suppressions).where(*mine)).rowcount > 0


def _forms(channel: str, address: str, prefix: str | None) -> set[str]:
    """An erase seals an address as it is looked up and as the customer's row has it: both must go."""
    forms = {folded(channel, address)}
    if channel == "sms":
        forms.add(bare_number(address))
    with suppress(ValueError):  # older versions took what is no address too
        forms.add(as_looked_up(channel, address, prefix))
    return forms


def strays(connection: sa.Connection, prefix: str | None) -> int:
    """How many suppressions hold nothing back, since no address is looked up in that form; older versions took them."""
    columns = (suppressions.c.channel, suppressions.c.address)
    return sum(_is_stray(*row, prefix) for row in connection.execute(sa.select(*columns)))


def _is_stray(channel: str, address: str, prefix: str | None) -> bool:
    try:
        return as_looked_up(channel, address, prefix) != address
    except ValueError:
        return True
