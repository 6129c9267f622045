"""Parts of the schemas that no single declaration holds: conditions, steps, and what a test says of them."""

from typing import Any

from engine.happened import BESIDE, WORDS

_TEXT = {"type": ["string", "number", "boolean"]}
_NAME = "^[a-z0-9][a-z0-9._-]*$"

#: What people call an object, by the name of its declaration.
_TITLES = {
    "Brakes": "`brakes`",
    "Brand": "`brand`",
    "Bounces": "`bounces`",
    "Branch": "branch",
    "CaseForm": "test",
    "Channels": "`channels`",
    "Chat": "`chat`",
    "Collect": "`collect`",
    "CustomersForm": "`customers`",
    "Delivery": "`delivery`",
    "ElementsForm": "list",
    "Dkim": "`dkim`",
    "Email": "`email`",
    "Escalation": "`escalate`",
    "EventForm": "event",
    "First": "branch",
    "GivenForm": "`given`",
    "GoalForm": "`goal`",
    "Imap": "`imap`",
    "Limits": "`limits`",
    "ListForm": "personal list",
    "PerDomain": "`per_domain`",
    "Person": "person",
    "RecommendForm": "recommendation",
    "RecordForm": "record",
    "ShopDelivery": "`delivery`",
    "Sms": "`sms`",
    "Source": "source",
    "Staff": "`staff`",
    "TableForm": "table",
    "Topic": "topic",
    "Variant": "share",
    "Web": "`web`",
    "Webhook": "webhook",
    "Working": "`working`",
}

STEP_ID = {
    **_TEXT,
    "pattern": _NAME,
    "title": "name",
    "description": "The step's id, if not made of its verb and value; people in flight are found again by it.",
}
STEPS = {
    "type": "array",
    "minItems": 1,
    "items": {"$ref": "#/$defs/step"},
    "title": "steps",
}

_LIST = {"type": ["string", "array"], "items": _TEXT}
_ANY_ALL = {
    "any": {"$ref": "#/$defs/conditions", "description": "At least one of these must hold."},
    "all": {"$ref": "#/$defs/conditions", "description": "All of these must hold."},
}
_CONDITIONS = {
    "type": ["string", "array"],
    "minItems": 1,
    "items": {"$ref": "#/$defs/condition"},
    "title": "conditions",
}

DEFINITIONS: dict[str, dict[str, Any]] = {
    "conditions": {
        "conditions": _CONDITIONS,
        "condition": {
            "type": ["string", "object"],
            "properties": _ANY_ALL,
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "title": "condition",
            "examples": ["customer.orders_count >= 1"],
        },
    },
    "stops": {
        "stops": {
            "type": ["string", "array"],
            "minItems": 1,
            "items": {"$ref": "#/$defs/stop"},
            "title": "conditions and events",
        },
        "stop": {
            "type": ["string", "object"],
            "properties": {
                **_ANY_ALL,
                "event": {**_TEXT, "description": "An event of the customer that ends the run."},
                "where": {"$ref": "#/$defs/conditions", "description": "Which of these events; its fields are `it.*`."},
            },
            "additionalProperties": False,
            "minProperties": 1,
            "dependentRequired": {"where": ["event"]},
            "dependentSchemas": {
                "any": {"propertyNames": {"enum": ["any"]}},
                "all": {"propertyNames": {"enum": ["all"]}},
                "event": {"propertyNames": {"enum": ["event", "where"]}},
            },
            "title": "`stop_when`",
        },
    },
    "happening": {
        "happening": {
            "type": "object",
            "required": ["at"],
            "properties": {
                "at": {**_TEXT, "description": "When, as the clocks of the file's time zone show it."},
                "customer": {
                    **_TEXT,
                    "description": "To whom; not said where a product, or a reservation or the like that is known, says it.",
                },
                "event": {**_TEXT, "description": "The event, as the catalogue names it; further keys are its fields."},
                "set": {"type": "object", "description": "Instead of an event: fields of the customer that change."},
                "tag": {**_TEXT, "description": "Instead of an event: a tag that staff put on."},
                "untag": {**_TEXT, "description": "Instead of an event: a tag that staff take off."},
                "wish": {**_TEXT, "description": "Instead of an event: a product that the customer wishes for."},
                "reservation": {**_TEXT, "description": "Instead of an event: one that is made or changed, by its id."},
                "subscription": {**_TEXT, "description": "Instead of an event: one that begins or changes, by its id."},
                "voucher": {**_TEXT, "description": "Instead of an event: one that is issued or changed, by its code."},
                "done": {**_TEXT, "description": "Instead of an event: a task of the customer that staff have done."},
                "approved": {**_TEXT, "description": "Instead of an event: a question that is answered with yes."},
                "refused": {**_TEXT, "description": "Instead of an event: a question that is answered with no."},
            },
            "title": "event",
        }
    },
    "expectations": {
        "expectations": {
            "type": ["string", "array"],
            "pattern": "^nothing$",
            "items": {"$ref": "#/$defs/expectation"},
            "title": "expectations",
        },
        "expectation": {
            "type": "object",
            "required": ["at", "customer"],
            "properties": {
                "at": {**_TEXT, "description": "When; it may end in a time zone: `2027-02-21 10:00 Asia/Shanghai`."},
                "customer": {**_TEXT, "description": "To whom."},
                **{word: {**_TEXT, "description": one.meaning} for word, one in WORDS.items()},
                **{key: {**_TEXT, "description": meaning} for key, meaning in BESIDE.items()},
                "says": {**_LIST, "description": "Words that the text must hold."},
                "never_says": {**_LIST, "description": "Words that the text must not hold."},
            },
            "additionalProperties": False,
            "title": "expectation",
        },
    },
}


def title(name: str) -> str:
    """What people call an object."""
    return _TITLES.get(name, name)
