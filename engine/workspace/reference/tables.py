"""Tables of keys for the reference, from the declarations."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel

_HEAD = ["| key | value | meaning |", "| --- | --- | --- |"]


def prose(declared: Any) -> str:
    """The paragraphs of a docstring."""
    return "\n\n".join(" ".join(part.split()) for part in (declared.__doc__ or "").strip().split("\n\n"))


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


def parts(of: Mapping[str, Any], model: type[BaseModel] | None, only: str | None = None) -> list[str]:
    """Tables of the parts of a file that have keys of their own: those inside `model`, or all."""
    defs = of.get("$defs", {})
    names = sorted(defs) if model is None else _inside(model, only)
    return [_part(name, defs[name]) for name in names if "properties" in defs.get(name, {})]


def _part(name: str, part: Mapping[str, Any]) -> str:
    lines = [f"### {part.get('title') or name.removesuffix('Form')}\n", part.get("description", ""), "", *_HEAD]
    for key, one in part["properties"].items():
        shown = f"**`{key}`**" if key in part.get("required", ()) else f"`{key}`"
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
