"""The page of what conditions may mention: the catalogue's own keys, and all words of the built-in one."""

from collections.abc import Iterable, Iterator, Mapping

from engine.catalogue import RESULTS, Field
from engine.workspace import schema
from engine.workspace.catalogue import builtin
from engine.workspace.catalogue_forms import CatalogueForm
from engine.workspace.reference.tables import keys, parts, prose


def page() -> str:
    """The page, as Markdown."""
    of = schema.catalogue()
    return "\n\n".join(
        [
            "# What conditions may mention: `settings/catalogue.yaml`",
            prose(CatalogueForm),
            keys(CatalogueForm, of["properties"]),
            *parts(of, None, but="event_field"),
            "A field of an event is written like any other `field`, without `choice` and `tags`.",
            "## The built-in catalogue",
            "Of the built-in store. A shop's own `settings/catalogue.yaml` takes its place, or adds to it with `extends`.",
            *_words(),
        ]
    )


def _words() -> Iterator[str]:
    catalogue = builtin()
    yield _table("`customer.*`", "word", ((f"`customer.{one.name}`", _type(one)) for one in catalogue.fields.values()))
    events = ((f"`{one.name}`", _fields(one.fields)) for one in catalogue.events.values())
    yield _table("Events, and their `event.*`", "event", events)
    records = ((f"`{one.name}.*`", _fields(one.fields)) for one in catalogue.records.values())
    yield _table("What customers have", "record", records)
    results = (
        (f"a {_ONE.get(kind, kind)} kept `as: NAME`", _fields(shown)) for kind, shown in RESULTS.items() if shown
    )
    yield _table("What a run keeps: `NAME.*`", "result", results)


#: How one of a kind of result is called, where its name is a plural.
_ONE = {"points": "grant of points"}


def _table(title: str, first: str, rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {word} | {said} |" for word, said in rows]
    return "\n".join(
        [f"### {title}\n", f"| {first} | {'type' if first == 'word' else 'fields'} |", "| --- | --- |", *lines]
    )


def _fields(fields: Mapping[str, Field]) -> str:
    return ", ".join(f"`{field.name}` ({_type(field)})" for field in fields.values())


def _type(field: Field) -> str:
    words = str(field.type).replace("_", "/")
    return f"{words}: {', '.join(field.choices)}" if field.choices else words
