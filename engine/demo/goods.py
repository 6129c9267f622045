"""What the demo's tea house offers, what an order holds of it, and what happens to products: back in stock, cheaper."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from engine.demo.chance import between, chance, pick
from engine.demo.telling import Telling

#: Id, title, category, price in minor units, and how many days a piece lasts.
_SHELF: Final = (
    ("longjing", "West Lake Longjing", "tea", 16_800, 40),
    ("tieguanyin", "Tieguanyin oolong", "tea", 12_800, 45),
    ("puer", "Aged pu-erh cake", "tea", 26_800, 120),
    ("jasmine-pearls", "Jasmine pearls", "tea", 9_800, 35),
    ("lapsang", "Lapsang souchong", "tea", 8_800, 30),
    ("white-peony", "White peony", "tea", 11_800, 60),
    ("gaiwan", "Porcelain gaiwan", "ware", 15_800, None),
    ("yixing-pot", "Yixing teapot", "ware", 58_800, None),
    ("cups", "Four tasting cups", "ware", 7_800, None),
    ("plums", "Dried plums", "sweets", 2_800, None),
    ("mooncakes", "Mooncakes", "sweets", 8_800, None),
)
#: A line stands for each piece of it that is bought: leaves more often than pots.
_BOUGHT: Final = tuple(row for row in _SHELF for _ in range(3 if row[2] == "tea" else 1))
_MOST_LINES: Final = 4
#: Days between two events of one product.
_SELDOM: Final = (50, 90)


def product(*words: object) -> tuple[str, str, str, int]:
    """A product that somebody might buy: id, title, category, price."""
    row = pick(_BOUGHT, *words)
    return row[0], row[1], row[2], row[3]


def products(at: datetime) -> Iterator[Telling]:
    """The shelf, told when the history begins."""
    for id_, title, category, price, lasts in _SHELF:
        link = f"https://tea.example.com/{id_}"
        row = {"id": id_, "title": title, "category": category, "price": price, "link": link, "lasts_days": lasts}
        yield Telling(at, "products", id_, row)


def lines(order: str, items: int, total: int) -> Iterator[dict[str, Any]]:
    """The lines of an order: several products, whose amounts are together what was paid."""
    count = min(items, between(1, _MOST_LINES, order, "lines"))
    chosen = list(dict.fromkeys(product(order, "product", number)[0] for number in range(max(count, 1))))
    category = {row[0]: row[2] for row in _SHELF}
    for number, id_ in enumerate(chosen):
        first = number == 0
        amount = total // len(chosen) + (total % len(chosen) if first else 0)
        pieces = items // len(chosen) + (items % len(chosen) if first else 0)
        named = {"product": id_, "category": category[id_]}
        yield {"order_id": order, "line": number + 1, **named, "quantity": max(pieces, 1), "amount": amount}


def goods_events(begins: datetime, until: datetime) -> Iterator[Telling]:
    """Now and then a product is back in stock, or costs less for a while."""
    for id_, title, _, price, _ in _SHELF:
        at, turn = begins, 0
        while (
            at := at + timedelta(days=between(*_SELDOM, id_, turn, "next"), hours=between(8, 20, id_, turn))
        ) < until:
            turn += 1
            said: dict[str, Any] = {"product": id_, "title": title, "price": price}
            name = "product.back_in_stock"
            if chance(id_, turn, "cheaper") < 0.5:
                name = "product.price_dropped"
                said |= {"old_price": price, "price": price * pick((80, 85, 95), id_, turn) // 100}
            key = f"{id_}-{turn}"
            row = {"id": key, "name": name, "product": id_, "occurred_at": at, "payload": said}
            yield Telling(at, "goods_events", key, row)
