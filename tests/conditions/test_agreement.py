"""The three readings agree: SQL selects on both databases, for random conditions, the rows that Python does."""

import os
import random
from functools import cache

import pytest
import sqlalchemy as sa

from engine.catalogue import Type
from engine.conditions import Not, compile_value, compile_where, holds, to_text
from engine.conditions.python import value_of
from engine.conditions.terms import Mention
from engine.conditions.tree import Tree
from tests.conditions import chance
from tests.conditions.ground import CATALOGUE, FIELDS, NOW, SEGMENTS, ZONE, Row, condition, filled, rows

#: Raise it for a longer search: AGREEMENT=50000 pytest tests/conditions/test_agreement.py
CONDITIONS = int(os.environ.get("AGREEMENT", "3000"))
ROWS = 400
PARTS = 10  # so that the databases' work can be shared between processes
_CUSTOMERS, _EVENTS = CATALOGUE.table("customers"), CATALOGUE.table("events")
_PEOPLE = sa.select(_CUSTOMERS.c.id).join_from(_CUSTOMERS, _EVENTS, _EVENTS.c.customer_id == _CUSTOMERS.c.id)


@cache
def _people() -> list[Row]:
    return rows(ROWS)


@cache
def _conditions(part: int) -> list[Tree]:
    seeded = random.Random(part)
    return [chance.tree(seeded, seeded.choice([1, 1, 1, 2, 3])) for _ in range(CONDITIONS // PARTS)]


@cache
def _by_python(part: int) -> list[set[str]]:
    records = [(row.id, row.record) for row in _people()]
    return [{key for key, record in records if holds(tree, record, NOW, ZONE, SEGMENTS)} for tree in _conditions(part)]


def _by_sql(connection: sa.Connection, tree: Tree) -> tuple[set[str], set[str]]:
    """The rows of the condition, and those of its opposite."""
    inside, outside = (compile_where(one, CATALOGUE, SEGMENTS) for one in (tree, Not(tree)))
    halves = [_PEOPLE.add_columns(sa.literal(one is inside)).where(one.expression) for one in (inside, outside)]
    moments = {**inside.bind(NOW, ZONE), **outside.bind(NOW, ZONE)}
    found = connection.execute(sa.union_all(*halves), moments).all()
    answers = [{key for key, answer in found if bool(answer) is wanted} for wanted in (True, False)]
    assert len(found) == len(answers[0]) + len(answers[1])
    return answers[0], answers[1]


def test_sql_selects_what_python_does(store: sa.Engine) -> None:
    everybody = {row.id for row in _people()}
    with filled(store, _people()) as connection:
        for part in range(PARTS):
            for tree, expected in zip(_conditions(part), _by_python(part), strict=True):
                inside, outside = _by_sql(connection, tree)
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
    with filled(store, _people()) as connection:
        found = connection.execute(sa.select(customers.c.id, compiled.expression), compiled.bind(NOW, ZONE)).all()
    for key, value in found:
        row = next(row for row in _people() if row.id == key)
        mention = Mention("customer", field)
        assert value_of(mention, {"customer": {name: value}}) == value_of(mention, row.record)
        assert not isinstance(value, float) or value != int(value)
