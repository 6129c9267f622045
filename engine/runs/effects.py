"""What a batch of runs writes: rows gathered while the steps run, and written together in the transaction of their moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from engine.catalogue import Catalogue
from engine.runs.written import write_choices, write_fields
from engine.store.customers import POSITION, customer_tags, customers, vouchers
from engine.store.desk import tasks
from engine.store.dialect import insert, next_position
from engine.store.ledger import enrolments, outbox

Row = Mapping[str, Any]

#: The key that makes an effect happen once, however often its step is run.
_ONCE = ["enrolment_id", "step", "iteration"]


@dataclass
class Effects:
    """The rows of one batch. Nothing is written before `write`."""

    messages: list[Row] = field(default_factory=list)  # all with the same columns
    vouchers: list[Row] = field(default_factory=list)
    tasks: list[Row] = field(default_factory=list)
    tags: dict[tuple[str, str], bool] = field(default_factory=dict)  # customer and tag -> put (or taken)
    fields: dict[tuple[str, str], Any] = field(default_factory=dict)  # customer and field -> its new value
    variants: list[Row] = field(default_factory=list)
    had: dict[tuple[str, str], set[str]] = field(default_factory=dict)  # customer and series -> messages, old and new
    told: list[Row] = field(default_factory=list)  # the new ones
    released: dict[int, timedelta] = field(default_factory=dict)  # run -> how long it stood still
    moves: list[Row] = field(default_factory=list)

    def write(self, connection: sa.Connection, catalogue: Catalogue, now: datetime) -> None:
        """Writes everything. Raises `sqlalchemy.exc.IntegrityError` where a new code exists already: run the batch again."""
        dialect = connection.dialect.name
        for table, rows in ((outbox, self.messages), (vouchers, self.vouchers), (tasks, self.tasks)):
            if rows:
                once = [*_ONCE, "rank"] if table is outbox else _ONCE
                statement = insert(dialect, table).on_conflict_do_nothing(index_elements=once)
                connection.execute(statement, rows)
        if self.tags:
            self._write_tags(connection, catalogue, now)
        write_fields(connection, catalogue, self.fields)
        write_choices(connection, self.variants, self.told, self.released)
        if self.moves:
            names = [name for name in self.moves[0] if name != "id"]
            statement = (
                sa.update(enrolments)
                .where(enrolments.c.id == sa.bindparam("run_id"))
                .values({name: sa.bindparam(f"new_{name}", type_=enrolments.c[name].type) for name in names})
            )
            connection.execute(
                statement, [{"run_id": row["id"], **{f"new_{name}": row[name] for name in names}} for row in self.moves]
            )

    def _write_tags(self, connection: sa.Connection, catalogue: Catalogue, now: datetime) -> None:
        put = [{"customer_id": who, "tag": tag, "at": now} for (who, tag), stays in self.tags.items() if stays]
        taken = [{"who": who, "what": tag} for (who, tag), stays in self.tags.items() if not stays]
        if put:
            connection.execute(insert(connection.dialect.name, customer_tags).on_conflict_do_nothing(), put)
        if taken:
            mine = (customer_tags.c.customer_id == sa.bindparam("who"), customer_tags.c.tag == sa.bindparam("what"))
            connection.execute(sa.delete(customer_tags).where(*mine), taken)
        if catalogue.customers.name == customers.name:
            # A changed tag can make a customer enter or leave an audience: let the next pass look at him.
            changed = sorted({who for who, _ in self.tags})
            connection.execute(
                sa.update(customers).where(customers.c.id.in_(changed)).values({POSITION: next_position(connection)})
            )
