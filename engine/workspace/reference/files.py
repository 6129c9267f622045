"""The pages of tests, and of the settings' files that are a mapping of names."""

from engine.workspace import schema
from engine.workspace.forms import RehearsalForm
from engine.workspace.holidays import builtin_texts
from engine.workspace.reference.tables import keys, kind, parts, prose


def test() -> str:
    """Of a test: what stands in it, what may happen, and what may be expected."""
    of = schema.test()
    return "\n\n".join(
        [
            "# A test: `tests/NAME.test.yaml`",
            prose(RehearsalForm),
            keys(RehearsalForm, of["properties"]),
            *parts(of, None),
            _CUSTOMER,
        ]
    )


_CUSTOMER = """### a customer of `given`

Of `mei: {language: zh-CN}` a test knows a customer who lives in the shop's time zone, has the address `mei@example.com`, agrees to
mails, and is not held out. What is given stands in the place of that:

| key | without it | meaning |
| --- | --- | --- |
| `email` | `NAME@example.com` | The address; `email: null` is a customer without one. |
| `phone`, `chat` | missing | The addresses of text and chat messages. |
| `consent`, `email_consent` | `true` | Whether the customer agrees to mails, of any topic; the two mean the same. |
| `sms_consent` | `true` where `phone` is given | Whether to text messages. |
| `chat_consent` | `true` where `chat` is given | Whether to chat messages. |
| `tags` | none | Tags that the customer has: `tags: [newcomer]`. |
| `holdout` | `out` | `in` is among the share that `holdout` of the playbook keeps back; chance decides nothing in a test. |
| `timezone` | the shop's | Where the customer lives: `Europe/Berlin`. |
| other fields of `customer.*` | missing | As the catalogue names them. |

What follows from orders and other events, such as `orders_count` and every metric, is not given; give the events instead."""


def named(name: str) -> str:
    """Of a file that is a mapping of names."""
    of = schema.KINDS[name]()
    entry = of["additionalProperties"]
    told = [of.get("description", ""), entry.get("description", "")]
    inner = parts(of, None)
    shape = [] if inner else [f"Each entry is a name, and under it: {kind(_innermost(entry))}."]
    return "\n\n".join([f"# `settings/{name}.yaml`", *(one for one in told if one), *shape, *inner])


def _innermost(entry: schema.Schema) -> schema.Schema:
    """What stands under a name, said by country where it is so."""
    inner = entry.get("additionalProperties")
    return {"title": f"by country, the {kind(inner)}"} if isinstance(inner, dict) else {"title": f"its {kind(entry)}"}


def holidays() -> str:
    """Of the holidays, with those that every workspace knows."""
    known = builtin_texts()
    told = (
        "A holiday that stands here as well takes other days only in the countries that it names. "
        "`regulars holidays --all` prints the next three days of each."
    )
    rows = [
        f"| `{id_}` | {'; '.join(f'{where}: {day}' for where, day in days.items())} |" for id_, days in known.items()
    ]
    lines = ["| id | by country |", "| --- | --- |", *rows]
    return "\n\n".join([named("holidays"), "## The built-in holidays", told, "\n".join(lines)])
