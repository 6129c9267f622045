"""The reference of the language: a page made from the same declarations as the checks and the schemas."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from engine.actions import ACTIONS
from engine.catalogue import RESULTS
from engine.settings import Settings, Voucher
from engine.triggers import TRIGGERS
from engine.workspace import schema
from engine.workspace.forms import PlaybookForm, SegmentForm
from engine.workspace.load import load_texts

_HEAD = """# Reference

Every key of the files that a marketer writes. Made by `regulars schema --reference` from the declarations that the engine
itself reads by; do not edit it by hand. **Bold** keys must be there.
"""


def text() -> str:
    """The page, as Markdown."""
    properties = schema.playbook()["$defs"]
    parts = [
        _HEAD,
        _section("A playbook", PlaybookForm, schema.playbook()["properties"]),
        "## `when`: one trigger\n",
        *(_word(word, model, properties["trigger"]["properties"]) for word, model in TRIGGERS.items()),
        "## `do`: steps, one verb each\n",
        *(_word(word, model, properties["step"]["properties"]) for word, model in ACTIONS.items()),
        *_models(schema.playbook(), "Branch", "GoalForm"),
        _section("A segment: `segments/NAME.yaml`", SegmentForm, schema.segment()["properties"]),
        _section("Settings: `settings/regulars.yaml`", Settings, schema.settings()["properties"]),
        *_models(schema.settings()),
        _section(
            "A kind of voucher: `settings/vouchers.yaml`", Voucher, schema.vouchers()["$defs"]["voucher"]["properties"]
        ),
        "## What conditions may mention\n",
        "\n".join(_fields()),
    ]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def write(path: Path) -> None:
    """Writes the page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(), encoding="utf-8")


def is_stale(path: Path) -> bool:
    """Whether the page is missing, or not what the declarations say."""
    return not path.is_file() or path.read_text(encoding="utf-8") != text()


def _word(word: str, model: type[BaseModel], properties: Mapping[str, Any]) -> str:
    return f"### `{word}`\n\n{_prose(model)}\n\n{_table(model, properties)}"


def _section(title: str, model: type[BaseModel], properties: Mapping[str, Any]) -> str:
    return f"## {title}\n\n{_prose(model)}\n\n{_table(model, properties)}"


def _prose(model: type[BaseModel]) -> str:
    return "\n\n".join(" ".join(part.split()) for part in (model.__doc__ or "").strip().split("\n\n"))


def _table(model: type[BaseModel], properties: Mapping[str, Any]) -> str:
    lines = ["| key | value | meaning |", "| --- | --- | --- |"]
    for name, field in model.model_fields.items():
        key = field.alias or name
        shown = f"**`{key}`**" if field.is_required() else f"`{key}`"
        lines.append(f"| {shown} | {_value(properties.get(key, {}))} | {_cell(field.description or '')} |")
    return "\n".join(lines)


def _value(of: Mapping[str, Any]) -> str:
    default = f"; default `{of['default']}`" if "default" in of else ""
    if "enum" in of:
        return _cell(" ".join(f"`{one}`" for one in of["enum"]) + default)
    if "examples" in of:
        return _cell(f"{of.get('title', 'text')}, such as `{of['examples'][0]}`{default}")
    reference = str(of.get("$ref", "")).rpartition("/")[2]
    named = of.get("title") or reference or of.get("type", "text")
    return _cell((named.removesuffix("Form").lower() if isinstance(named, str) else "text") + default)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")


def _models(of: Mapping[str, Any], *only: str) -> Iterator[str]:
    """The parts of a file that have keys of their own."""
    for name, part in sorted(of.get("$defs", {}).items()):
        if only and name not in only:
            continue
        lines = [
            f"### {name.removesuffix('Form')}\n",
            part.get("description", ""),
            "",
            "| key | value | meaning |",
            "| --- | --- | --- |",
        ]
        for key, one in part.get("properties", {}).items():
            shown = f"**`{key}`**" if key in part.get("required", ()) else f"`{key}`"
            lines.append(f"| {shown} | {_value(one)} | {_cell(one.get('description', ''))} |")
        yield "\n".join(lines)


def _fields() -> Iterator[str]:
    """The built-in catalogue, as words and types."""
    catalogue = load_texts({}).catalogue
    if catalogue is None:
        raise ValueError("the built-in catalogue cannot be read")
    yield "The built-in catalogue; a shop's own `settings/catalogue.yaml` takes its place.\n"
    yield "| field | type |\n| --- | --- |"
    for field in catalogue.fields.values():
        yield f"| `customer.{field.name}` | {_type(field)} |"
    for event in catalogue.events.values():
        for field in event.fields.values():
            yield f"| `event.{field.name}` of `{event.name}` | {_type(field)} |"
    for kind, shown in RESULTS.items():
        for field in shown.values():
            yield f"| `NAME.{field.name}` of a {kind} kept `as: NAME` | {_type(field)} |"


def _type(field: Any) -> str:
    words = str(field.type).replace("_", "/")
    return f"{words}: {', '.join(field.choices)}" if field.choices else words
