"""Files of products, wishes, reservations, subscriptions and events about products: in twice without a change."""

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from engine.store.customers import customers, vouchers
from engine.store.goods import goods_events, products, reservations, subscriptions, wishes
from engine.store.importing import KINDS, ImportReport, Reading, import_csv
from tests.store.rows import add_customers, everything, one

FILES = {
    "products": "id,title,category,price,lasts_days,link\noolong,Oolong,tea,128.50,30,https://tea.example/oolong\ncup,Cup,,,,\n",
    "wishes": "customer,product,at\nmei,oolong,2026-02-01\n",
    "reservations": "id,customer,starts_at,subject,state,party\nr1,mei,2026-04-01 18:30,Tea table,,4\n",
    "subscriptions": "id,customer,plan,state,amount,renews_on\ns1,mei,Tea of the month,ACTIVE,49.90,2026-04-01\n",
    "goods_events": "id,event,product,at,price\ne1,product.back_in_stock,oolong,2026-02-20,128.50\n",
}
EVENTS = {"order.paid": {"total": "money"}, "cart.updated": {"total": "money"}}
GOODS_EVENTS = {"product.back_in_stock": {"product": "text", "title": "text", "price": "money"}}


@pytest.fixture
def reading(now: datetime) -> Reading:
    return Reading(2, ZoneInfo("Europe/Berlin"), now, EVENTS, GOODS_EVENTS)


def load(store: sa.Engine, folder: Path, kind: str, text: str, reading: Reading) -> Any:
    path = folder / f"{kind}.csv"
    path.write_text(text)
    return import_csv(store, kind, path, reading)


def rejected(done: Any) -> list[str]:
    assert isinstance(done, ImportReport) and done.rejected_file is not None, done
    return [line.rstrip("\n") for line in done.rejected_file.read_text().splitlines()[1:]]


def test_all_kinds_go_in_and_the_same_again_changes_nothing(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading
) -> None:
    add_customers(store, now, "mei")
    first = [load(store, tmp_path, kind, text, reading) for kind, text in FILES.items()]
    before = everything(store)
    again = [load(store, tmp_path, kind, text, replace(reading, now=now)) for kind, text in FILES.items()]
    assert [(done.new, done.rejected) for done in first] == [(2, 0), (1, 0), (1, 0), (1, 0), (1, 0)]
    assert [(done.unchanged, done.rejected) for done in again] == [(2, 0), (1, 0), (1, 0), (1, 0), (1, 0)]
    assert everything(store) == before


def test_the_fields_become_values_of_the_store(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading
) -> None:
    add_customers(store, now, "mei")
    for kind, text in FILES.items():
        load(store, tmp_path, kind, text, reading)
    assert one(store, products, id="oolong")[1:] == ("Oolong", "tea", 12850, "https://tea.example/oolong", 30)
    assert one(store, wishes, customer_id="mei").at == datetime.fromisoformat("2026-01-31T23:00Z")
    booked = one(store, reservations, id="r1")
    assert (booked.starts_at, booked.state) == (datetime.fromisoformat("2026-04-01T16:30Z"), "booked")
    assert (booked.party, booked.made_at) == (4, now)
    plan = one(store, subscriptions, id="s1")
    assert (plan.state, plan.amount, plan.renews_on) == ("active", 4990, date(2026, 4, 1))
    event = one(store, goods_events, id="e1")
    assert (event.product, event.payload) == ("oolong", {"price": 12850})


@pytest.mark.parametrize(
    ("kind", "text", "reasons"),
    [
        (
            "products",
            "id,price,lasts_days\noolong,-3,1\ncup,3,a week\n",
            ["2,price,is below 0,oolong,-3,1", '3,lasts_days,"`a week` is not an amount'],
        ),
        (
            "wishes",
            "customer,product\nnobody,oolong\nmei,oolong\nmei,oolong\n",
            ["4,customer,", "2,customer,customer `nobody` is unknown"],
        ),
        (
            "reservations",
            "id,customer,starts_at,state\nr1,mei,2026-04-01 18:30,maybe\nr2,mei,,booked\n",
            ['2,state,"`maybe` is none of  booked, kept, missed, cancelled"', "3,starts_at,is empty"],
        ),
        (
            "subscriptions",
            "id,customer,renews_on\ns1,mei,01/04/2026\n",
            ["2,renews_on,`01/04/2026` is not a date"],
        ),
        (
            "goods_events",
            "id,event,product,at\ne1,order.paid,oolong,2026-02-20\ne2,product.sold,oolong,2026-02-20\n",
            [
                "2,event,`order.paid` happens to a customer; import it as  events",
                "3,event,`product.sold` is not an event",
            ],
        ),
        (
            "events",
            "id,event,customer,at\ne1,product.back_in_stock,mei,2026-02-20\n",
            ["2,event,`product.back_in_stock` happens to a product; import it as  goods_events"],
        ),
    ],
)
def test_what_is_wrong_costs_its_row_alone(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading, kind: str, text: str, reasons: list[str]
) -> None:
    add_customers(store, now, "mei")
    found = rejected(load(store, tmp_path, kind, text, reading))
    assert len(found) == len(reasons), found
    assert [line[: len(reason)] for line, reason in zip(found, reasons, strict=True)] == reasons


def test_customers_carry_company_channel_and_wedding(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading
) -> None:
    text = "id,company,household,preferred_channel,chat,wedding_day\nmei,acme,h1,SMS,@mei,2015-06-01\n"
    load(store, tmp_path, "customers", text, reading)
    found = one(store, customers, id="mei")
    assert (found.company, found.household, found.preferred_channel) == ("acme", "h1", "sms")
    assert (found.chat, found.wedding_day) == ("@mei", date(2015, 6, 1))


#: A value of each column that some kind cannot do without.
_VALUES = {
    "id": "x1", "customer": "mei", "product": "oolong", "event": "order.paid", "at": "2026-02-20", "placed_at": "2026-02-20",
    "total": "12.50", "order": "x1", "line": "1", "quantity": "2", "amount": "25", "starts_at": "2026-04-01 18:30",
    "code": "TEN-1", "channel": "email", "given": "yes", "how": "form", "address": "ada@example.com", "reason": "asked",
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_the_columns_that_a_kind_asks_for_are_enough(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading, kind: str
) -> None:
    add_customers(store, now, "mei")
    load(store, tmp_path, "orders", "id,customer,placed_at,total\nx1,mei,2026-02-19,1\n", reading)
    with store.begin() as connection:
        connection.execute(
            sa.insert(vouchers).values(
                kind="gift", code="TEN-1", customer_id="mei", enrolment_id=1, step="0", iteration=0, state="issued",
                issued_at=now,
            )
        )  # fmt: skip
    needed = [one.name for one in KINDS[kind].columns if one.required]
    row = {**_VALUES, "event": "product.back_in_stock" if KINDS[kind].about_goods else "cart.updated"}
    text = f"{','.join(needed)}\n{','.join(row[name] for name in needed)}\n"
    done = load(store, tmp_path, kind, text, reading)
    assert (done.rejected, done.new + done.changed) == (0, 1), done
    again = load(store, tmp_path, kind, text, reading)
    assert (again.unchanged, again.rejected) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "table", "begins"), [("reservations", reservations, "booked"), ("subscriptions", subscriptions, "active")]
)
def test_a_state_that_is_not_told_stays(
    store: sa.Engine, tmp_path: Path, now: datetime, reading: Reading, kind: str, table: sa.Table, begins: str
) -> None:
    add_customers(store, now, "mei")
    head, row = (
        ("id,customer,starts_at", "x1,mei,2026-04-0{}") if kind == "reservations" else ("id,customer,plan", "x1,mei,{}")
    )
    load(store, tmp_path, kind, f"{head}\n{row.format(1)}\n", reading)
    assert one(store, table).state == begins
    ended = "cancelled" if kind == "reservations" else "ended"
    load(store, tmp_path, kind, f"{head},state\n{row.format(1)},{ended}\n", reading)
    moved = load(store, tmp_path, kind, f"{head}\n{row.format(2)}\n", reading)
    assert (moved.changed, one(store, table).state) == (1, ended)
