"""The forms of settings/catalogue.yaml: fields, metrics, events, records and lists, with words for editors."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.catalogue import Stored
from engine.clocks.times import Length
from engine.settings.declared import Declared
from engine.settings.literals import Duration, Text

_WORD = r"[a-z][a-z0-9_]*"
_TABLE = r"[A-Za-z_][A-Za-z0-9_]*"


def _pattern(pattern: str, title: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": f"^{pattern}$", "title": title, "examples": [example]})


def _named(names: str, target: str | None = None) -> dict[str, Any]:
    values = {"additionalProperties": {"$ref": f"#/$defs/{target}"}} if target else {}
    return {**values, "propertyNames": {"pattern": f"^{names}$"}}


def _ago(text: Any) -> Length:
    return Length.parse(str(text).removesuffix(" ago"))


def _flag(text: Any) -> Any:
    return {"true": True, "false": False}.get(str(text).lower(), text)


Source = Annotated[str, _pattern(rf"{_TABLE}(?:\.{_TABLE}){{1,2}}", "column", "customers.tier")]
Flag = Annotated[bool, BeforeValidator(_flag), WithJsonSchema({"type": "boolean"})]
Ago = Annotated[
    Length,
    BeforeValidator(_ago),
    PlainSerializer(str, return_type=str),
    _pattern(r"\d{1,4} (?:minute|hour|day|week|month|year)s? ago", "moment in the past", "3 months ago"),
]
_Choice = Annotated[tuple[Text, ...], Field(min_length=1)]


class CustomersForm(Declared):
    """The table of customers."""

    table: Text = Field(default="customers", description="The table with one row for each customer.")
    key: Text = Field(default="id", description="Its column with the customer's id.")
    numbered: Flag = Field(default=False, description="Whether that id is a number in the store.")
    timezone: Text | None = Field(default=None, description="Its column with an IANA time zone; empty is the brand's.")
    language: Text | None = Field(default=None, description="Its column with a language tag such as zh-CN.")
    position: Text | None = Field(
        default=None,
        description="Its column with the number of the writing transaction; without one, everybody is looked at.",
    )


class TableForm(Declared):
    """A table that holds what customers did, or what they have."""

    through: Text | None = Field(
        default=None, description="Another table whose rows these are parts of, and that knows customer and time."
    )
    by: Text | None = Field(default=None, description="With `through`: the column with the key of the row there.")
    customer: Text = Field(default="customer_id", description="Its column with the customer's id.")
    key: Text = Field(default="id", description="Its column that names the row: an event's id is its occasion.")
    numbered: Flag = Field(default=False, description="Whether that key is a number in the store.")
    time: Text | None = Field(default=None, description="Its column with the time of what happened.")
    stored: Stored = Field(
        default="native",
        description="How it keeps times: the database's own way, ISO 8601 text in UTC, or seconds since 1970.",
    )
    position: Text | None = Field(default=None, description="Its column with the number of the writing transaction.")


class FieldForm(Declared):
    """A field: its type, and the `table.column` (or `table.column.member` of a JSON document) that holds it."""

    text: Source | None = Field(default=None, description="A text, compared exactly.")
    choice: _Choice | None = Field(default=None, description="One of these words; `column` says where it is stored.")
    number: Source | None = Field(default=None, description="A number.")
    money: Source | None = Field(default=None, description="An amount, stored in whole minor units of the currency.")
    yes_no: Source | None = Field(default=None, description="A yes or no.")
    date: Source | None = Field(default=None, description="A calendar day.")
    time: Source | None = Field(default=None, description="An instant.")
    tags: Source | None = Field(default=None, description="Any number of words, one a row of a table of their own.")
    column: Source | None = Field(default=None, description="Where a choice is stored.")
    required: Flag = Field(default=False, description="Whether it is never missing.")
    never_negative: Flag = Field(default=False, description="Whether it is never less than 0, as a count is.")
    writable: Flag = Field(default=False, description="Whether a step may write it, with `set`.")
    ignore_case: Flag = Field(
        default=False, description="Whether the column holds folded text, so that case does not count."
    )
    stored: Stored = Field(default="native", description="How a time is kept; see tables.")


class ElementsForm(Declared):
    """A list inside an event: rows of another table that name the event."""

    table: Text = Field(description="The table whose rows are the elements.")
    event: Text = Field(description="Its column with the event's key.")
    key: Text = Field(description="Its column that tells the elements of one event apart.")
    word: Annotated[str, _pattern(_WORD, "word", "line")] = Field(description="What one of them is called: `line.*`.")
    fields: Mapping[str, Any] = Field(
        description="Its fields; a bare type means the column of that name.",
        json_schema_extra=_named(_WORD, "event_field"),
    )


class EventForm(Declared):
    """An event: rows of a table, or of the built-in `events` table where no table is named."""

    table: Text | None = Field(default=None, description="The table whose rows are these events, as `tables` names it.")
    time: Text | None = Field(
        default=None, description="Its column with the time of the event, if not the table's own."
    )
    about: Literal["customer", "product"] = Field(
        default="customer",
        description="Whether it happens to a customer, or to a product and so to all who wait for it.",
    )
    only: Mapping[Text, Text] = Field(
        default_factory=dict, description="Which rows: columns and the value they must have."
    )
    fields: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Its fields as `event.*`; `items_count: number` is a member of the built-in table's payload.",
        json_schema_extra=_named(_WORD, "event_field"),
    )
    lists: Mapping[str, ElementsForm] = Field(
        default_factory=dict,
        description="Its lists, such as an order's lines: `each: event.lines`.",
        json_schema_extra=_named(_WORD),
    )


class RecordForm(Declared):
    """A record: something a customer has, whose dates can begin a run: a reservation, a subscription, a voucher."""

    table: Text = Field(description="The table that keeps it, as `tables` names it.")
    fields: Mapping[str, Any] = Field(
        description="Its fields, `reservation.*`; a bare type means the column of that name.",
        json_schema_extra=_named(_WORD, "event_field"),
    )


class ListForm(Declared):
    """A personal list, such as wishes: which customers wait for which product."""

    table: Text = Field(description="The table that keeps it, as `tables` names it.")
    item: Text = Field(description="Its column with the product.")
    word: Annotated[str, _pattern(_WORD, "word", "wish")] = Field(description="What one of them is called: `wish.*`.")
    fields: Mapping[str, Any] = Field(
        description="Its fields; a bare type means the column of that name.",
        json_schema_extra=_named(_WORD, "event_field"),
    )


class RecommendForm(Declared):
    """Products for a text: what those bought who bought what the customer bought, and what he does not have yet."""

    bought: Source = Field(description="The column with the products that customers bought: `order_lines.product`.")
    most: Annotated[
        int, BeforeValidator(int), Field(ge=1, le=20), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 20})
    ] = Field(default=3, description="How many products at most.")
    products: Text = Field(default="products", description="The table of products, by `id`.")
    fields: Mapping[str, Any] = Field(
        description="What a text may print of a product; a bare type means the column of that name.",
        json_schema_extra=_named(_WORD, "event_field"),
    )


class MetricForm(Declared):
    """A metric: an aggregate over a customer's rows of one table, or over his events, within a window of time."""

    count: Annotated[str, _pattern(rf"{_TABLE}(?:\.{_TABLE})*", "table or event", "orders")] | None = Field(
        default=None, description="How many rows of a table, or events of a name."
    )
    sum: Source | None = Field(default=None, description="The sum of a column, or of an event's field.")
    average: Source | None = Field(default=None, description="The average of a column, or of an event's field.")
    min: Source | None = Field(default=None, description="The smallest value of a column.")
    max: Source | None = Field(default=None, description="The largest value of a column.")
    days_between: Annotated[str, _pattern(rf"{_TABLE}(?:\.{_TABLE})*", "table or event", "orders")] | None = Field(
        default=None,
        description="The average number of whole days between one and the next: the customer's own rhythm. Missing below three.",
    )
    share_of: Source | None = Field(
        default=None, description="How many percent of a column's sum belong to the rows that `only` names."
    )
    only: Mapping[Text, Any] = Field(
        default_factory=dict,
        description="Which rows: columns and the value, or the list of values, that they may have.",
        json_schema_extra={"additionalProperties": {"type": ["string", "array"], "items": {"type": "string"}}},
    )
    over: Duration | None = Field(default=None, description="The length of the window; all of the past, if not said.")
    ending: Ago | None = Field(default=None, description="When the window ends, if not now: `3 months ago`.")
    across: Annotated[str, _pattern(rf"{_TABLE}\.{_TABLE}", "column of customers", "customers.company")] | None = Field(
        default=None,
        description="A column of customers: the rows of all customers who share its value count, as of one company.",
    )
    type: Literal["number", "money"] | None = Field(
        default=None, description="The type, where no field of the catalogue reads the same column."
    )


class CatalogueForm(Declared):
    """What conditions may mention, each with its type and where the store keeps it."""

    extends: Literal["built-in"] | None = Field(
        default=None,
        description="`built-in`: this adds to the built-in catalogue. Without it, this stands in its place.",
    )
    customers: CustomersForm = Field(default_factory=CustomersForm, description="The table of customers.")
    tables: Mapping[str, TableForm] = Field(
        default_factory=dict,
        description="Other tables, of what customers did; the built-in `events` needs no entry.",
        json_schema_extra=_named(_TABLE),
    )
    customer: Mapping[str, FieldForm] = Field(
        default_factory=dict, description="The fields `customer.*`.", json_schema_extra=_named(_WORD, "field")
    )
    metrics: Mapping[str, MetricForm] = Field(
        default_factory=dict,
        description="Aggregates, used like fields: `customer.orders_3_months`.",
        json_schema_extra=_named(rf"customer\.{_WORD}", "metric"),
    )
    events: Mapping[str, EventForm] = Field(
        default_factory=dict,
        description="The events, by name: `order.paid`.",
        json_schema_extra=_named(rf"{_WORD}(?:\.{_WORD})*"),
    )
    records: Mapping[str, RecordForm] = Field(
        default_factory=dict,
        description="What customers have, by the word for one: `reservation`.",
        json_schema_extra=_named(_WORD),
    )
    lists: Mapping[str, ListForm] = Field(
        default_factory=dict,
        description="Personal lists that an event about a product can meet: `wishes`.",
        json_schema_extra=_named(_WORD),
    )
    recommend: Mapping[str, RecommendForm] = Field(
        default_factory=dict,
        description="Lists of products for texts: `customer.recommended`.",
        json_schema_extra=_named(rf"customer\.{_WORD}"),
    )
