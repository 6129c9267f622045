"""Conditions as SQL use the indexes of the store, stay bare of COALESCE where they can, and bind what moves."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from engine.catalogue import Type
from engine.conditions import Not, compile_value, compile_where
from engine.conditions.tree import Member
from tests.conditions.ground import CATALOGUE, NOW, SEGMENTS, ZONE, condition, filled, rows


def _plan(store: sa.Engine, text: str) -> str:
    compiled = compile_where(condition(text), CATALOGUE, SEGMENTS)
    statement = sa.select(CATALOGUE.customer_key).where(compiled.expression)
    with filled(store, rows(1)) as connection:
        explain = "EXPLAIN QUERY PLAN "
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a table of one row would be read whole
            explain = "EXPLAIN "
        named = type(connection.dialect)(paramstyle="named")
        written = statement.compile(dialect=named, compile_kwargs={"render_postcompile": True})
        values = written.construct_params(compiled.bind(NOW, ZONE))
        explained = sa.text(explain + str(written).replace("::", "\\:\\:")).bindparams(
            *(sa.bindparam(name, value, type_=written.binds[name].type) for name, value in values.items())
        )
        return "\n".join(str(row[-1]) for row in connection.execute(explained))


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("customer.last_order_at before 90 days ago", "ix_customers_last_order_at"),
        ("customer.last_order_at after 2 years ago and customer.tier is gold", "ix_customers_last_order_at"),
        ("customer.first_order_at after today", "ix_customers_first_order_at"),
        ("customer.email is 'mei@example.com'", "ix_customers_email"),
        ("customer.email in ['mei@example.com', 'ann@example.com']", "ix_customers_email"),
        ("not customer.email is not 'mei@example.com'", "ix_customers_email"),
    ],
)
def test_an_atom_searches_the_index_of_its_column(store: sa.Engine, text: str, index: str) -> None:
    plan = _plan(store, text)
    assert index in plan
    assert "SCAN customers" not in plan and "Seq Scan on customers" not in plan


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("customer.tags contains vip", ("customer_tags", "tag=?")),
        ("customer.spend_3_months >= 100", ("ix_orders_customer_id_paid_at", "paid_at>?")),
    ],
)
def test_tags_and_metrics_search_the_rows_of_one_customer(
    sqlite_store: sa.Engine, text: str, index: tuple[str, ...]
) -> None:
    plan = _plan(sqlite_store, text)
    assert all(word in plan for word in index)
    assert "SCAN orders" not in plan and "SCAN customer_tags" not in plan


def test_coalesce_stands_only_below_an_odd_number_of_nots() -> None:
    def sql(text: str) -> str:
        return str(compile_where(condition(text), CATALOGUE, SEGMENTS).expression)

    assert "coalesce" not in sql("customer.last_order_at before 90 days ago and customer.first_name is a")
    assert "coalesce" not in sql("not (customer.first_name is not a)")
    assert sql("not (customer.first_name is a or customer.last_name is not b)").count("coalesce") == 1
    assert "coalesce" not in sql("customer.first_name is not empty and customer.tags not contains a")


def test_the_same_moment_is_one_parameter_computed_once() -> None:
    text = "customer.last_order_at before 90 days ago and customer.first_order_at before 90 days ago"
    compiled = compile_where(condition(text), CATALOGUE, SEGMENTS)
    assert compiled.bind(datetime(2026, 4, 1, 12, tzinfo=UTC), ZONE) == {
        "at_90_days_ago": datetime(2026, 1, 1, 13, tzinfo=UTC)  # 14:00 in Berlin, in summer and in winter
    }


def test_a_column_of_whole_seconds_meets_a_rounded_moment() -> None:
    text = "customer.seen_iso before now or customer.seen_seconds after now"
    bound = compile_where(condition(text), CATALOGUE, SEGMENTS).bind(NOW, ZONE)
    assert bound == {
        "at_now_iso_up": NOW.replace(second=1, microsecond=0),
        "at_now_seconds_down": NOW.replace(second=0, microsecond=0),
    }


def test_a_segment_inside_itself_is_refused() -> None:
    circle = {"one": Not(Member("two")), "two": Not(Member("one"))}
    with pytest.raises(ValueError, match="contains itself"):
        compile_where(Member("one"), CATALOGUE, circle)


def test_tags_are_no_single_value() -> None:
    tags = next(field for field in CATALOGUE.fields.values() if field.type is Type.TAGS)
    with pytest.raises(ValueError, match="list of tags"):
        compile_value(tags, CATALOGUE)
