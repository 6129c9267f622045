"""The page of what `regulars import` takes: the columns of each kind of CSV file."""

from collections.abc import Iterator

from engine.store.importing import KINDS
from engine.store.importing.kind import Kind

#: What a file of each kind has in its rows.
ROWS = {
    "customers": "A customer a row.",
    "orders": "An order a row. It is the events `order.placed`, and with `paid_at` `order.paid`.",
    "order_lines": "A line of an order a row.",
    "events": "An event of a customer a row.",
    "goods_events": "An event of a product a row, such as `product.back_in_stock`.",
    "redemptions": "A voucher that was redeemed a row.",
    "products": "A product a row.",
    "wishes": "Which customer waits for which product.",
    "reservations": "A reservation a row.",
    "subscriptions": "A subscription a row.",
    "consents": "An answer about messages a row, as proof.",
    "suppressions": "An address a row to which nothing goes any more.",
}


def page() -> str:
    """The page, as Markdown."""
    return "\n\n".join(["# Files to import: `regulars import KIND FILE`", _OPENING, *_kinds()])


_OPENING = """Any CSV file in UTF-8 whose first line names its columns, in any order, with commas, semicolons or tabs between them.
**Bold** columns must be there. A row with the same key is the same thing, so that the same file twice changes nothing.
`regulars import KIND --columns` prints these lists."""


def _kinds() -> Iterator[str]:
    for name, kind in KINDS.items():
        lines = [f"| {_shown(kind, one.name)} | {one.holds} |" for one in kind.columns]
        more = (
            ["Further columns are the fields of the event, as the [catalogue](catalogue.md) names them."]
            if kind.payload
            else []
        )
        keys = ", ".join(f"`{one.name}`" for one in kind.columns if one.into in kind.key)
        told = f"{ROWS[name]} Its key is {keys}."
        yield "\n\n".join(
            [f"## `{name}`", told, "\n".join(["| column | what stands in it |", "| --- | --- |", *lines]), *more]
        )


def _shown(kind: Kind, column: str) -> str:
    return f"**`{column}`**" if kind.by_name[column].required else f"`{column}`"
