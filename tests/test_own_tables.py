"""A shop that keeps its customers in tables of its own: numbers for keys, times as text or as the database has them."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from engine.channels import Record
from engine.shop import Shop
from engine.store.customers import consents
from engine.store.ledger import enrolments, outbox
from engine.tick import Tick
from tests.shop import SECRETS, playbook, workspace_of

CATALOGUE = """
customers: {table: clients, key: client_no, numbered: true, timezone: zone, language: tongue}
tables:
  sales: {customer: client_no, key: sale_no, numbered: true, time: sold_at, stored: STORED}
customer:
  email: {text: clients.mail}
  first_name: {text: clients.given_name}
  rank: {choice: [new, regular], column: clients.rank}
  born_on: {date: clients.born_on}
  last_sale_at: {time: clients.last_sale_at, stored: STORED}
metrics:
  customer.sales_3_months: {count: sales, over: 3 months}
events:
  sale.made:
    table: sales
    only: {kind: sale}
    fields:
      total: {money: sales.cents, required: true}
"""

FILES = {
    **playbook(
        "thanks", "when: {event: sale.made, where: [event.total >= 10]}\ndo:\n  - email: thanks\n  - tag: thanked"
    ),
    **playbook(
        "quiet",
        """
        when:
          enters: [customer.last_sale_at before 30 days ago, customer.rank is regular, customer.sales_3_months >= 1]
        do:
          - email: quiet
        """,
    ),
    **playbook("born", "when: {anniversary: customer.born_on, at: 10:00}\ndo:\n  - email: born"),
    **playbook("weekly", "when: {every: monday, at: 10:00}\nif: [customer.rank is new]\ndo: [{task: look}]"),
    "messages/thanks/en.md": "---\nsubject: Thank you, {{ customer.first_name }}\n---\nYou paid {{ event.total }}.\n",
}

#: A Sunday.
LAUNCH = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _own_tables(store: sa.Engine) -> str:
    """Makes the shop's tables as its own programs would; gives the way they keep times."""
    time, stored = ("TIMESTAMPTZ", "native") if store.dialect.name == "postgresql" else ("TEXT", "iso")
    with store.begin() as connection:
        for statement in (
            "DROP TABLE IF EXISTS clients",
            "DROP TABLE IF EXISTS sales",
            f"CREATE TABLE clients (client_no INTEGER PRIMARY KEY, mail TEXT, given_name TEXT, zone TEXT, tongue TEXT,"
            f" rank TEXT, born_on DATE, last_sale_at {time})",
            f"CREATE TABLE sales (sale_no INTEGER PRIMARY KEY, client_no INTEGER, kind TEXT, cents BIGINT, sold_at {time})",
            "INSERT INTO clients VALUES (7, 'mei@example.com', 'Mei', 'Asia/Shanghai', 'en', 'regular', '1990-03-05',"
            " '2026-02-10 12:00:00+00:00')",
            "INSERT INTO clients VALUES (8, 'tom@example.com', 'Tom', NULL, NULL, 'new', NULL, NULL)",
            "INSERT INTO sales VALUES (1, 7, 'sale', 4000, '2026-02-10 12:00:00+00:00')",
        ):
            connection.exec_driver_sql(statement)
        connection.execute(
            sa.insert(consents),
            [
                {"customer_id": one, "channel": "email", "topic": "*", "given": True, "at": LAUNCH, "how": "form"}
                for one in "78"
            ],
        )
    return stored


@pytest.fixture
def tick(store: sa.Engine) -> Tick:
    files = {**FILES, "settings/catalogue.yaml": CATALOGUE.replace("STORED", _own_tables(store))}
    made = Tick(Shop(store, workspace_of(files)), Record(), SECRETS)
    made(LAUNCH)
    return made


def _what_happened(store: sa.Engine) -> list[tuple[str, str, str]]:
    with store.connect() as connection:
        columns = (enrolments.c.playbook, enrolments.c.customer_id, enrolments.c.occasion)
        return [(row[0], row[1], row[2]) for row in connection.execute(sa.select(*columns).order_by(*columns))]


def _sale(store: sa.Engine, number: int, client: int, kind: str, cents: int, at: datetime) -> None:
    with store.begin() as connection:
        statement = sa.text("INSERT INTO sales VALUES (:number, :client, :kind, :cents, :at)")
        when = at if store.dialect.name == "postgresql" else at.strftime("%Y-%m-%d %H:%M:%S")
        connection.execute(statement, {"number": number, "client": client, "kind": kind, "cents": cents, "at": when})


def test_an_event_of_an_own_table_fires_once_and_is_in_the_text(store: sa.Engine, tick: Tick) -> None:
    at = LAUNCH + timedelta(minutes=1)
    _sale(store, 2, 8, "sale", 1250, at)
    _sale(store, 3, 8, "return", 9900, at)
    _sale(store, 4, 8, "sale", 999, at)
    for minutes in (2, 2, 5):
        tick(LAUNCH + timedelta(minutes=minutes))
    assert _what_happened(store) == [("thanks", "8", "2")]
    with store.connect() as connection:
        assert connection.execute(sa.select(outbox.c.state, outbox.c.message)).all() == [("sent", "thanks")]
        assert connection.execute(sa.text("SELECT customer_id, tag FROM customer_tags")).all() == [("8", "thanked")]


def test_a_customer_of_an_own_table_enters_when_the_time_has_come(store: sa.Engine, tick: Tick) -> None:
    tick(datetime(2026, 3, 12, 11, 59, tzinfo=UTC))
    assert ("quiet", "7", "1") not in _what_happened(store)
    tick(datetime(2026, 3, 12, 12, 1, tzinfo=UTC))
    assert ("quiet", "7", "1") in _what_happened(store)


def test_local_times_hold_for_own_zones_and_for_customers_without_one(store: sa.Engine, tick: Tick) -> None:
    tick(datetime(2026, 3, 2, 9, 59, tzinfo=UTC))
    assert _what_happened(store) == []
    tick(datetime(2026, 3, 2, 10, 0, tzinfo=UTC))
    assert _what_happened(store) == [("weekly", "8", "2026-03-02T10:00")]
    tick(datetime(2026, 3, 5, 2, 0, tzinfo=UTC))
    assert ("born", "7", "2026") in _what_happened(store)


def test_a_sale_of_an_own_table_is_the_goal_of_a_playbook(store: sa.Engine) -> None:
    files = {
        **playbook(
            "weekly",
            "when: {every: monday, at: 10:00}\ngoal: {event: sale.made, within: 7 days}\ndo:\n  - tag: asked",
        ),
        "settings/catalogue.yaml": CATALOGUE.replace("STORED", _own_tables(store)),
    }
    tick = Tick(Shop(store, workspace_of(files)), Record(), SECRETS)
    tick(LAUNCH)
    tick(datetime(2026, 3, 2, 11, tzinfo=UTC))
    _sale(store, 2, 8, "sale", 1250, datetime(2026, 3, 3, 12, tzinfo=UTC))
    tick(datetime(2026, 3, 3, 12, 1, tzinfo=UTC))
    with store.connect() as connection:
        rows = connection.execute(
            sa.select(enrolments.c.customer_id, enrolments.c.converted_at).order_by("customer_id")
        )
        assert {who: at for who, at in rows} == {"7": None, "8": datetime(2026, 3, 3, 12, tzinfo=UTC)}


def test_a_column_that_is_gone_stops_the_runs_that_ask_for_it_and_no_others(postgres_store: sa.Engine) -> None:
    files = {
        **playbook("asks", "when: {event: sale.made}\nstop_when: [customer.first_name is Bob]\ndo:\n  - tag: asked"),
        **playbook("works", "when: {event: sale.made}\ndo:\n  - tag: worked"),
        "settings/catalogue.yaml": CATALOGUE.replace("STORED", _own_tables(postgres_store)),
    }
    tick = Tick(Shop(postgres_store, workspace_of(files)), Record(), SECRETS)
    tick(LAUNCH)
    with postgres_store.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE clients DROP COLUMN given_name")
    _sale(postgres_store, 2, 8, "sale", 1250, LAUNCH + timedelta(minutes=1))
    tick(LAUNCH + timedelta(minutes=2))
    with postgres_store.connect() as connection:
        columns = (enrolments.c.playbook, enrolments.c.state, enrolments.c.reason)
        (asks, works) = connection.execute(sa.select(*columns).order_by(enrolments.c.playbook)).all()
    assert (works.state, works.reason) == ("done", None)
    assert asks.state == "running"
    assert "the store cannot answer: column clients.given_name does not exist" in asks.reason


FIRMS = """
metrics:
  customer.tea_3_months: {sum: parts.cents, only: {kind: tea}, over: 3 months, type: money}
  customer.firm_average: {average: sales.cents, across: clients.given_name, type: money}
  customer.firm_rhythm: {days_between: sale.made, across: clients.given_name}
"""


def test_parts_and_firms_of_own_tables_are_counted(store: sa.Engine) -> None:
    """Two clients of one name stand for a firm: a sale to one of them lets the other enter."""
    catalogue = CATALOGUE.replace("STORED", _own_tables(store)).replace("\nmetrics:", FIRMS.rstrip("\n"), 1)
    parts = "tables:\n  parts: {through: sales, by: sale_no, key: part_no}"
    catalogue = catalogue.replace("tables:", parts, 1)
    enters = "when: {enters: [customer.firm_average >= 30]}\ndo:\n  - tag: firm"
    tea = "when: {enters: [customer.tea_3_months >= 5]}\ndo:\n  - tag: tea"
    files = {**playbook("firm", enters), **playbook("tea", tea), "settings/catalogue.yaml": catalogue}
    with store.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS parts")
        connection.exec_driver_sql("CREATE TABLE parts (part_no INTEGER, sale_no INTEGER, kind TEXT, cents BIGINT)")
        connection.exec_driver_sql("UPDATE clients SET given_name = 'acme'")
        connection.exec_driver_sql("UPDATE sales SET cents = 100")
    tick = Tick(Shop(store, workspace_of(files)), Record(), SECRETS)
    tick(LAUNCH)
    _sale(store, 2, 8, "sale", 9000, LAUNCH + timedelta(minutes=1))
    with store.begin() as connection:
        connection.exec_driver_sql("INSERT INTO parts VALUES (1, 2, 'tea', 700), (2, 2, 'cup', 100)")
    tick(LAUNCH + timedelta(minutes=2))
    assert _what_happened(store) == [("firm", "7", "1"), ("firm", "8", "1"), ("tea", "8", "1")]
