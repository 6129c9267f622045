"""The forms of the files: the keys of a playbook, a segment, a catalogue and a test, with words for editors."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from engine.blocks import Conditions, Steps
from engine.catalogue import Stored
from engine.literals import Duration, Entry, Name, SendWindow, Share, Text
from engine.settings import Declared
from engine.times import Length
from engine.workspace.playbook import IfRunning, Purpose, Status

Stops = Annotated[tuple[Any, ...], WithJsonSchema({"$ref": "#/$defs/stops"})]
When = Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/$defs/trigger"})]

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


class GoalForm(Declared):
    """What counts as success of a playbook."""

    event: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `event.*`.")
    within: Duration = Field(description="How long after entry it still counts.")


class Header(Declared):
    """The keys of a playbook that need nothing else to be understood."""

    playbook: Name = Field(description="The playbook's id; runs and reports are kept under it, so it never changes.")
    title: Text | None = Field(default=None, description="What it is for, for people.")
    description: Text | None = Field(default=None, description="More of that.")
    owner: Text | None = Field(default=None, description="Who answers for it.")
    status: Status = Field(
        default="active",
        description="Only an active one begins runs; a paused one stands still, a retired one ends them.",
    )
    purpose: Purpose = Field(
        default="marketing", description="Marketing asks for consent, send window and cap; transactional does not."
    )
    topic: Name | None = Field(
        default=None, description="The subscription topic of settings/regulars.yaml that its mail belongs to."
    )
    send_window: SendWindow | None = Field(
        default=None, description="Hours of the customer's day in which its mail may arrive."
    )
    enter: Entry = Field(default=None, description="How often one customer may enter.")
    if_running: IfRunning = Field(default="ignore", description="What a new occasion does while a run goes on.")
    holdout: Share = Field(default=Fraction(0), description="The share of customers who get nothing, for comparison.")


class PlaybookForm(Header):
    """One playbook: when it begins, for whom, and what it does."""

    when: When = Field(description="The trigger: what begins a run.")
    condition: Conditions | None = Field(
        default=None, alias="if", description="Whom it is for: all of these must hold at entry."
    )
    stop_when: Stops | None = Field(
        default=None, description="What ends a run: tested before each step and on each event."
    )
    goal: GoalForm | None = Field(default=None, description="What counts as success.")
    do: Steps = Field(description="The steps, in order.")


class SegmentForm(Declared):
    """A named audience."""

    segment: Name = Field(description="The segment's id: `customer in segment vip`.")
    title: Text | None = Field(default=None, description="Who that is, for people.")
    description: Text | None = Field(default=None, description="More of that.")
    match: Conditions = Field(description="All of these must hold.")


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
    """A table that holds what customers did."""

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
    ignore_case: Flag = Field(
        default=False, description="Whether the column holds folded text, so that case does not count."
    )
    stored: Stored = Field(default="native", description="How a time is kept; see tables.")


class EventForm(Declared):
    """An event: rows of a table, or of the built-in `events` table where no table is named."""

    table: Text | None = Field(default=None, description="The table whose rows are these events, as `tables` names it.")
    time: Text | None = Field(
        default=None, description="Its column with the time of the event, if not the table's own."
    )
    only: Mapping[Text, Text] = Field(
        default_factory=dict, description="Which rows: columns and the value they must have."
    )
    fields: Mapping[str, Any] = Field(
        default_factory=dict,
        description="Its fields as `event.*`; `items_count: number` is a member of the built-in table's payload.",
        json_schema_extra=_named(_WORD, "event_field"),
    )


class MetricForm(Declared):
    """A metric: an aggregate over a customer's rows of one table, within a window of time."""

    count: Annotated[str, _pattern(_TABLE, "table", "orders")] | None = Field(
        default=None, description="How many rows of a table."
    )
    sum: Source | None = Field(default=None, description="The sum of a column.")
    average: Source | None = Field(default=None, description="The average of a column.")
    min: Source | None = Field(default=None, description="The smallest value of a column.")
    max: Source | None = Field(default=None, description="The largest value of a column.")
    over: Duration = Field(description="The length of the window.")
    ending: Ago | None = Field(default=None, description="When the window ends, if not now: `3 months ago`.")
    type: Literal["number", "money"] | None = Field(
        default=None, description="The type, where no field of the catalogue reads the same column."
    )


class CatalogueForm(Declared):
    """What conditions may mention, each with its type and where the store keeps it."""

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


class GivenForm(Declared):
    """The world in which a test begins."""

    customers: Mapping[Name, Any] = Field(
        default_factory=dict,
        description="Customers by id, with their fields; what is not given is missing.",
        json_schema_extra={"additionalProperties": {"type": ["object", "null"]}},
    )


class CaseForm(Declared):
    """One test."""

    name: Text = Field(description="What must happen, in a sentence.")
    given: GivenForm | None = Field(default=None, description="Further customers of this test alone.")
    start: Text | None = Field(
        default=None, description="When the virtual clock begins, if not just before the first event."
    )
    events: tuple[Any, ...] = Field(
        default=(), description="What happens.", json_schema_extra={"items": {"$ref": "#/$defs/happening"}}
    )
    until: Text = Field(description="When the virtual clock ends.")
    expect: Annotated[Any, WithJsonSchema({"$ref": "#/$defs/expectations"})] = Field(
        description="The complete list of what must happen, or `nothing`."
    )


class RehearsalForm(Declared):
    """Tests of one playbook on a virtual clock."""

    playbook: Name = Field(description="The playbook's id.")
    timezone: Text | None = Field(
        default=None, description="The zone of the times in this file; the brand's, if not said."
    )
    given: GivenForm | None = Field(default=None, description="The world in which each test begins.")
    tests: tuple[CaseForm, ...] = Field(min_length=1, description="The tests.")
