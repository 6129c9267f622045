"""Tables of keys for the reference, from the declarations."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any, get_args

from pydantic import BaseModel

from engine.workspace.shapes import title

_HEAD = ["| key | value | meaning |", "| --- | --- | --- |"]

_KINDS = {"boolean": "`true` or `false`", "integer": "number", "number": "number"}

#: What people call what schemas share under names of their own.
_SHARED = {"event_field": "field", "happening": "event"}


def prose(declared: Any) -> str:
    """The paragraphs of a docstring, each on one line; an example stays as it is."""
    parts = cleandoc(declared.__doc__ or "").split("\n\n")
    return "\n\n".join(part if part.startswith("```") else " ".join(part.split()) for part in parts)


def sentence(text: str) -> str:
    """The first sentence of a paragraph."""
    return text.split(". ")[0].rstrip(".") + "."


def keys(model: type[BaseModel], properties: Mapping[str, Any]) -> str:
    """The keys of a declaration."""
    lines = list(_HEAD)
    for name, field in model.model_fields.items():
        key = field.alias or name
        shown = f"**`{key}`**" if field.is_required() else f"`{key}`"
        lines.append(f"| {shown} | {_value(properties.get(key, {}))} | {_cell(field.description or '')} |")
    return "\n".join(lines)


def parts(of: Mapping[str, Any], model: type[BaseModel] | None, only: str | None = None, but: str = "") -> list[str]:
    """Tables of the parts of a file that have keys of their own: those inside `model`, or all; without `but`."""
    defs = of.get("$defs", {})
    names = sorted(defs) if model is None else _inside(model, only)
    return [_part(defs[name]) for name in names if name != but and "properties" in defs.get(name, {})]


def _part(part: Mapping[str, Any]) -> str:
    return "\n\n".join(one for one in (f"### {part['title']}", part.get("description", ""), table(part)) if one)


def table(part: Mapping[str, Any]) -> str:
    """The keys of a part of a file, those that must be there first."""
    lines = list(_HEAD)
    needed = part.get("required", ())
    for key, one in sorted(part["properties"].items(), key=lambda item: item[0] not in needed):
        shown = f"**`{key}`**" if key in needed else f"`{key}`"
        lines.append(f"| {shown} | {_value(one)} | {_cell(one.get('description', ''))} |")
    return "\n".join(lines)


def _inside(model: type[BaseModel], only: str | None = None) -> list[str]:
    """The names of the declarations that stand in the fields of one, the nearest first."""
    found: dict[str, None] = {}
    for name, field in model.model_fields.items():
        for inner in _models(field.annotation) if only in (None, name) else ():
            if inner.__name__ not in found:
                found[inner.__name__] = None
                found.update(dict.fromkeys(_inside(inner)))
    return list(found)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _value(of: Mapping[str, Any]) -> str:
    default = f"; default `{_written(of['default'])}`" if "default" in of else ""
    if "enum" in of:
        return _cell(" ".join(f"`{one}`" for one in of["enum"]) + default)
    if "examples" in of:
        return _cell(f"{kind(of)}, such as `{of['examples'][0]}`{default}")
    return _cell(kind(of) + default)


def kind(of: Mapping[str, Any]) -> str:
    """What a value is, in the words of people."""
    reference = str(of.get("$ref", "")).rpartition("/")[2]
    if reference or "title" in of:
        return str(_SHARED.get(reference, title(reference)) if reference else of["title"]).strip("`")
    if of.get("type") == "array":
        return f"list: {kind(of.get('items', {}))}"
    if of.get("type") == "object":
        named = [of.get("additionalProperties"), *of.get("patternProperties", {}).values()]
        return next(
            (f"names, each with: {kind(one)}" for one in named if isinstance(one, Mapping) and one), "names and values"
        )
    return _KINDS.get(str(of.get("type")), "text")


def _written(default: Any) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _cell(words: str) -> str:
    return words.replace("|", "\\|")
