"""What a test gives beside its customers: products, wishes, reservations, lines of orders, events about products."""

import pytest

from engine.rehearse.reading import read_tests
from engine.rehearse.script import TestFile
from tests.rehearse.shop import problems, shop

HEAD = """\
playbook: thanks
given:
  customers:
    mei: {}
  products:
    oolong: {title: Oolong, price: 12.50, lasts_days: 30}
  wishes:
    - {customer: mei, product: oolong}
  reservations:
    r1: {customer: mei, starts_at: 2026-04-01 18:30, party: 2}
tests:
  - name: it
    events:
      - HAPPENS
    until: 2026-06-01 00:00
    expect: nothing
"""
PAID = "{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 20, lines: [{product: oolong, amount: 12.50}]}"


def read(happens: str) -> TestFile:
    found = read_tests("t.yaml", HEAD.replace("HAPPENS", happens), shop())
    assert isinstance(found, TestFile), found
    return found


def test_what_is_given_becomes_rows() -> None:
    goods = dict(read(PAID).cases[0].goods)
    assert goods["products"] == {"id": "oolong", "title": "Oolong", "price": 1250, "lasts_days": 30}
    assert goods["wishes"] == {"customer_id": "mei", "product": "oolong"}
    assert (goods["reservations"]["customer_id"], goods["reservations"]["party"]) == ("mei", 2)


def test_an_order_has_lines() -> None:
    (one,) = read(PAID).cases[0].happenings
    assert one.payload == {"total": 2000, "lines": [{"product": "oolong", "amount": 1250}]}


def test_an_event_about_a_product_happens_to_nobody() -> None:
    (one,) = (
        read("{at: 2026-03-01 12:00, event: product.back_in_stock, product: oolong, price: 12}").cases[0].happenings
    )
    assert (one.customer, one.about, one.payload) == ("", "oolong", {"price": 1200})


def test_a_reservation_changes_and_a_wish_is_made() -> None:
    (one,) = read("{at: 2026-03-01 12:00, customer: mei, reservation: r1, state: cancelled}").cases[0].happenings
    assert one.record == ("reservations", {"id": "r1", "customer_id": "mei", "state": "cancelled"})
    (one,) = read("{at: 2026-03-01 12:00, customer: mei, wish: cup}").cases[0].happenings
    assert one.record == ("wishes", {"customer_id": "mei", "product": "cup"})


def test_a_reservation_that_is_known_says_whose_it_is() -> None:
    (given,) = read("{at: 2026-03-01 12:00, reservation: r1, state: cancelled}").cases[0].happenings
    assert given.record == ("reservations", {"id": "r1", "customer_id": "mei", "state": "cancelled"})
    made = (
        "{at: 2026-03-01 12:00, customer: mei, reservation: r2, starts_at: 2026-04-02 18:30}\n"
        "      - {at: 2026-03-02 12:00, reservation: r2, state: cancelled}"
    )
    assert [one.customer for one in read(made).cases[0].happenings] == ["mei", "mei"]


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("{at: 2026-03-01 12:00, event: order.paid, total: 20}", "event needs `customer`"),
        ("{at: 2026-03-01 12:00, reservation: r9, state: kept}", "event needs `customer`"),
        ("{at: 2026-03-01 12:00, event: product.back_in_stock}", "`product.back_in_stock` needs `product`"),
        (
            "{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 20, lines: [{amount: 1}]}",
            "a line needs `product`",
        ),
        (
            "{at: 2026-03-01 12:00, customer: mei, event: order.paid, total: 20, lines: [{prodct: x}]}",
            "there is no field `prodct` here",
        ),
        ("{at: 2026-03-01 12:00, customer: mei, reservation: r1, sate: kept}", "there is no field `sate` here"),
        ("{at: 2026-03-01 12:00, customer: mei, reservation: r1, state: gone}", "`gone` is not a value of `state`"),
    ],
)
def test_mistakes_are_told(happens: str, said: str) -> None:
    assert said in problems(HEAD.replace("HAPPENS", happens))
