"""The three readings agree: SQL selects on both databases, for random conditions, the rows that Python does."""

import os
import random
from functools import cache

import pytest
import sqlalchemy as sa

from engine.catalogue import Type
from engine.conditions import Not, compile_value, compile_where, holds, to_text
from engine.conditions.python import value_of
from engine.conditions.tree import Mention, Tree
from tests.conditions import chance
from tests.conditions.ground import CATALOGUE, FIELDS, NOW, SEGMENTS, ZONE, Row, condition, filled, rows

#: Raise it for a longer search: AGREEMENT=50000 pytest tests/conditions/test_agreement.py
CONDITIONS = int(os.environ.get("AGREEMENT", "3000"))
ROWS = 400
PARTS = 10  # so that the databases' work can be shared between processes


@cache
def _people() -> list[Row]:
    return rows(ROWS)


@cache
def _conditions(part: int) -> list[Tree]:
    seeded = random.Random(part)
    return [chance.tree(seeded) for _ in range(CONDITIONS // PARTS)]


@cache
def _by_python(part: int) -> list[set[str]]:
    records = [(row.id, row.record) for row in _people()]
    return [{key for key, record in records if holds(tree, record, NOW, ZONE, SEGMENTS)} for tree in _conditions(part)]


def _by_sql(connection: sa.Connection, tree: Tree) -> set[str]:
    customers, events = CATALOGUE.table("customers"), CATALOGUE.table("events")
    compiled = compile_where(tree, CATALOGUE, SEGMENTS)
    statement = (
        sa.select(customers.c.id)
        .select_from(customers.join(events, events.c.customer_id == customers.c.id))
        .where(compiled.expression)
    )
    found = [key for (key,) in connection.execute(statement, compiled.bind(NOW, ZONE))]
    assert len(found) == len(set(found))
    return set(found)


def test_sql_selects_what_python_does(store: sa.Engine) -> None:
    everybody = {row.id for row in _people()}
    with filled(store, _people()) as connection:
        for part in range(PARTS):
            for tree, expected in zip(_conditions(part), _by_python(part), strict=True):
                inside, outside = _by_sql(connection, tree), _by_sql(connection, Not(tree))
                assert inside == expected, f"{tree}: {sorted(inside ^ expected)}"
                assert outside == everybody - expected, f"not ({tree}): {sorted(outside ^ (everybody - expected))}"


def test_the_canonical_text_reads_as_the_same_tree() -> None:
    for part in range(PARTS):
        for tree in _conditions(part):
            assert condition(to_text(tree)) == tree, to_text(tree)


@pytest.mark.parametrize("name", [field.name for field in FIELDS if field.type is not Type.TAGS])
def test_a_selected_value_is_the_one_python_compares(store: sa.Engine, name: str) -> None:
    field = CATALOGUE.fields[name]
    compiled = compile_value(field, CATALOGUE)
    customers = CATALOGUE.table("customers")
    with filled(store, _people()[:50]) as connection:
        found = connection.execute(sa.select(customers.c.id, compiled.expression), compiled.bind(NOW, ZONE)).all()
    for key, value in found:
        row = next(row for row in _people() if row.id == key)
        mention = Mention("customer", field)
        assert value_of(mention, {"customer": {name: value}}) == value_of(mention, row.record)
