"""The forms of the files: the keys of a playbook, a segment and a test, with words for editors."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from engine.blocks import Conditions, Steps
from engine.settings.braking import Guarded
from engine.settings.change import Change
from engine.settings.declared import Declared
from engine.settings.literals import Duration, Entry, Name, Share, Text
from engine.workspace.playbook import IfRunning, Purpose, Status

Stops = Annotated[tuple[Any, ...], WithJsonSchema({"$ref": "#/$defs/stops"})]
When = Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/$defs/trigger"})]


class GoalForm(Declared):
    """What counts as success of a playbook."""

    event: Text = Field(description="The event, as the catalogue names it.")
    where: Conditions | None = Field(default=None, description="Which of these events; its fields are `event.*`.")
    within: Duration = Field(description="How long after entry it still counts.")


class Header(Change, Guarded):
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
    key: Text | None = Field(
        default=None,
        description="What one run is about, if not the customer as a whole: `event.order_id`. `enter`, `if_running`, "
        "`stop_when` and waits then speak of this order; `enter: once per 30 days per customer` does not.",
    )
    enter: Entry = Field(
        default=None, description="How often one customer, or one `key`, may enter; without it, `always`."
    )
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
    suspend_while: Conditions | None = Field(
        default=None,
        description="While all of these hold a run stands still; the lengths it waits are moved on by that time, dates are not.",
    )
    goal: GoalForm | None = Field(default=None, description="What counts as success.")
    do: Steps = Field(description="The steps, in order.")


class SegmentForm(Declared):
    """A named audience."""

    segment: Name = Field(description="The segment's id: `customer in segment vip`.")
    title: Text | None = Field(default=None, description="Who that is, for people.")
    description: Text | None = Field(default=None, description="More of that.")
    match: Conditions = Field(description="All of these must hold.")


def _rows(*kinds: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "object", "additionalProperties": {"type": list(kinds), "title": "fields"}})


class GivenForm(Declared):
    """The world in which a test begins."""

    customers: Annotated[Mapping[Name, Any], _rows("object", "null")] = Field(
        default_factory=dict,
        description="Customers by id, with their fields, and words for consent, tags and the holdout. Each has an address for "
        "mails and agrees to them, if nothing else is said; other fields that are not given are missing.",
    )
    products: Annotated[Mapping[Name, Any], _rows("object", "null")] = Field(
        default_factory=dict, description="Products by id: `title`, `category`, `price`, `link`, `lasts_days`."
    )
    wishes: tuple[Any, ...] = Field(
        default=(),
        description="Who waits for what: `customer` and `product`.",
        json_schema_extra={"items": {"type": "object"}},
    )
    reservations: Annotated[Mapping[Name, Any], _rows("object")] = Field(
        default_factory=dict, description="Reservations by id: `customer` and the fields of `reservation.*`."
    )
    subscriptions: Annotated[Mapping[Name, Any], _rows("object")] = Field(
        default_factory=dict, description="Subscriptions by id: `customer` and the fields of `subscription.*`."
    )
    vouchers: Annotated[Mapping[Text, Any], _rows("object")] = Field(
        default_factory=dict, description="Vouchers by code: `customer`, `kind` and the fields of `voucher.*`."
    )


class CaseForm(Declared):
    """One test."""

    name: Text = Field(description="What must happen, in a sentence.")
    about: Text | None = Field(
        default=None, description="What of the language it shows; the reference prints it as an example of that."
    )
    given: GivenForm | None = Field(default=None, description="Further customers of this test alone.")
    start: Text | None = Field(
        default=None, description="When the virtual clock begins, if not just before the first event."
    )
    events: tuple[Any, ...] = Field(
        default=(), description="What happens.", json_schema_extra={"items": {"$ref": "#/$defs/happening"}}
    )
    split: Mapping[Name, Text] = Field(
        default_factory=dict, description="Which way everybody goes: the id of the `split`, and the name of the way."
    )
    asleep: tuple[Text, ...] = Field(
        default=(),
        description="From when until when nothing runs, two moments: what happens then is caught up with after.",
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
