"""The page of an export that a person reads: what is known, in the order in which people ask for it."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, Final

from engine.catalogue import Type
from engine.export.cells import Cells, Types
from engine.export.known import Known

#: Tables in the order of the page, with their headings; one that is not named comes last, under its own name.
_HEADINGS: Final = {
    "consents": "What you agreed to",
    "consent_log": "Every answer that you gave",
    "suppressions": "Addresses to which nothing goes",
    "events": "What happened",
    "orders": "Orders",
    "order_lines": "What was ordered",
    "vouchers": "Vouchers",
    "voucher_changes": "What was done to vouchers",
    "points": "Points",
    "wishes": "Wishes",
    "reservations": "Reservations",
    "subscriptions": "Subscriptions",
    "supplies": "What will run out",
    "tasks": "What the shop's people had to do for you",
    "customer_tags": "Tags",
    "enrolments": "Playbooks that you were in",
    "memberships": "Audiences that you were compared with",
}
_STYLE: Final = (
    "body{font:15px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;font-size:13px}th,td{border:1px solid #ccc;padding:.2em .5em;text-align:left;"
    "vertical-align:top}pre{white-space:pre-wrap;background:#f6f6f6;padding:1em}h2{margin-top:2em}"
)


def page(known: Known) -> str:
    """The page, as HTML that loads nothing from anywhere."""
    return "\n".join(_lines(known)) + "\n"


def _lines(known: Known) -> Iterator[str]:
    cells = Cells(known.zone, known.currency)
    title = f"What {known.brand} knows of customer {known.person.id}"
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}"><style>{_STYLE}</style></head><body>'
    yield f"<h1>{escape(title)}</h1><p>As of {cells.moment(known.at)}. Times are those of {escape(known.zone.key)}.</p>"
    yield "<h2>Who you are</h2>"
    types = known.types["customer"]
    fields = {name: value for name, value in known.fields.items() if value not in (None, "", [])}
    yield from _table([{"what": name, "value": cells.write(value, types.get(name))} for name, value in fields.items()])
    yield from _messages(known, cells)
    for name in sorted(known.tables, key=lambda one: (list(_HEADINGS).index(one) if one in _HEADINGS else 99, one)):
        yield f"<h2>{escape(_HEADINGS.get(name, name))}</h2>"
        yield from _table([_written(row, known.types[name], known, cells) for row in known.tables[name]])
    for name, rows in known.events.items():
        yield f"<h2>{escape(name)}</h2>"
        yield from _table([_written(row, known.types[f"events-{name}"], known, cells) for row in rows])
    for name, lines in known.reasons.items():
        yield f"<h2>Why you are in “{escape(name)}”, or are not</h2><pre>{escape(chr(10).join(lines))}</pre>"
    yield "</body></html>"


def _messages(known: Known, cells: Cells) -> Iterator[str]:
    yield "<h2>What you were sent</h2>"
    for one in known.messages:
        when = cells.write(one["sent_at"] or one["planned_at"], Type.TIME)
        reason = f" ({one['reason']})" if one["reason"] else ""
        said = f"{when}  {one['message']} by {one['channel']}, playbook {one['playbook']}: {one['state']}{reason}"
        yield f"<p>{escape(said)}</p>"
        if one["text"]:
            yield f"<pre>{escape(one['text'])}</pre>"
    if not known.messages:
        yield "<p>Nothing.</p>"


def _written(row: Mapping[str, Any], types: Types, known: Known, cells: Cells) -> dict[str, str]:
    """A row as people read it; what an event tells has the types of that event."""
    within = known.types.get(f"events-{row.get('name')}", {})
    return {name: cells.write(value, types.get(name), within) for name, value in row.items()}


def _table(rows: Sequence[Mapping[str, str]]) -> Iterator[str]:
    names = [name for name in rows[0] if any(row[name] for row in rows)] if rows else []
    if not names:
        yield "<p>Nothing.</p>"
        return
    yield "<table><tr>" + "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in names) + "</tr>"
    for row in rows:
        yield "<tr>" + "".join(f"<td>{escape(row[name])}</td>" for name in names) + "</tr>"
    yield "</table>"
