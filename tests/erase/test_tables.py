"""The registry of what an erase does: no table and no text of one escapes it."""

import importlib
import pkgutil

import pytest
import sqlalchemy as sa

import engine.store
from engine.erase.tables import TABLES, Anonymised, Deleted, Nobodys, emptied
from engine.store.customers import metadata

for _module in pkgutil.iter_modules(engine.store.__path__, "engine.store."):
    if not _module.ispkg:
        importlib.import_module(_module.name)

KEPT = {name: rule for name, rule in TABLES.items() if isinstance(rule, Anonymised)}


def test_every_table_is_in_the_registry() -> None:
    assert sorted(TABLES) == sorted(metadata.tables)


def test_a_table_that_names_a_customer_is_nobodys_only_by_mistake() -> None:
    mistaken = [
        name
        for name, rule in TABLES.items()
        if isinstance(rule, Nobodys) and {"customer_id", "address", "recipient"} & {*metadata.tables[name].c.keys()}
    ]
    assert mistaken == []


@pytest.mark.parametrize("name", sorted(KEPT))
def test_every_text_of_a_row_that_stays_is_kept_or_emptied(name: str) -> None:
    table, rule = metadata.tables[name], KEPT[name]
    values = emptied(table, rule)
    for column in table.columns:
        text = isinstance(column.type, (sa.Text, sa.JSON))
        assert not text or column.name in rule.keeps or column.name in values or column.name == "state"
        assert values.get(column.name, "") is not None or column.nullable, f"{name}.{column.name} cannot be empty"
    assert {*rule.keeps, *rule.values} <= {*table.c.keys()}
    assert "customer_id" not in rule.keeps


def test_what_is_found_through_other_rows_comes_before_them() -> None:
    order = list(TABLES)
    for name, rule in TABLES.items():
        if isinstance(rule, (Deleted, Anonymised)):
            through = {
                element.name
                for element in sa.sql.visitors.iterate(rule.where)
                if isinstance(element, sa.Table) and element.name != name
            }
            assert all(order.index(name) < order.index(other) for other in through), (name, through)
