"""The page of what conditions may mention: the catalogue's own keys, and all words of the built-in one."""

from collections.abc import Iterator

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
            *parts(of, None),
            "## The built-in catalogue",
            "Of the built-in store; a shop's own `settings/catalogue.yaml` takes its place.",
            "\n".join(_words()),
        ]
    )


def _words() -> Iterator[str]:
    catalogue = builtin()
    yield "| word | type |\n| --- | --- |"
    for field in catalogue.fields.values():
        yield f"| `customer.{field.name}` | {_type(field)} |"
    for event in catalogue.events.values():
        for field in event.fields.values():
            yield f"| `event.{field.name}` of `{event.name}` | {_type(field)} |"
    for record in catalogue.records.values():
        for field in record.fields.values():
            yield f"| `{record.name}.{field.name}` | {_type(field)} |"
    for kind, shown in RESULTS.items():
        for field in shown.values():
            yield f"| `NAME.{field.name}` of a {kind} kept `as: NAME` | {_type(field)} |"


def _type(field: Field) -> str:
    words = str(field.type).replace("_", "/")
    return f"{words}: {', '.join(field.choices)}" if field.choices else words
