"""The JSON Schemas of every kind of file: built from the declarations that the engine reads by, and committed."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.json_schema import DefsRef, GenerateJsonSchema, JsonRef

from engine.actions import ACTIONS
from engine.catalogue import Aggregate, Type
from engine.clocks.times import DayWindow, Length
from engine.clocks.windows import WeekWindow
from engine.settings import Settings, Voucher
from engine.triggers import TRIGGERS
from engine.workspace import shapes
from engine.workspace.catalogue_forms import CatalogueForm, FieldForm, MetricForm
from engine.workspace.forms import PlaybookForm, RehearsalForm, SegmentForm

Schema = dict[str, Any]

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: What several declarations refer to by name, defined once in each schema that needs it.
_SHARED = ("trigger", "steps", "conditions", "stops", "field", "metric", "event_field", "happening", "expectations")


class _Generate(GenerateJsonSchema):
    """Pydantic's generator, which lets references to the shared definitions stand."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _SHARED:
            self.json_to_defs_refs[JsonRef(f"#/$defs/{name}")] = DefsRef(name)
            self.definitions[DefsRef(name)] = {}
            self._prioritized_defsref_choices[DefsRef(name)] = [DefsRef(name)]

    def encode_default(self, dft: Any) -> Any:
        """A default as an author writes it, where JSON has no form for it."""
        return str(dft) if isinstance(dft, Length | DayWindow | WeekWindow) else super().encode_default(dft)


def _declared(model: type[BaseModel]) -> tuple[Schema, dict[str, Schema]]:
    """A model's own schema and those of the models inside it, made flat."""
    raw = model.model_json_schema(by_alias=True, schema_generator=_Generate)
    inner = {name: _flat(one) for name, one in raw.pop("$defs", {}).items() if name not in _SHARED}
    return _flat(raw), inner


def _flat(schema: Any) -> Any:
    """Without "or nothing" (a key may simply be left out), and without the titles that pydantic makes up."""
    if not isinstance(schema, dict):
        return [_flat(one) for one in schema] if isinstance(schema, list) else schema
    flat: Schema = {}
    for key, value in _merged(schema).items():
        if key == "properties":
            flat[key] = {name: _untitled(_flat(one), name) for name, one in value.items()}
        else:
            flat[key] = _flat(value)
    if flat.get("type") == "object" and "title" in flat:
        flat["title"] = shapes.title(flat["title"])
    return flat


def _merged(schema: Schema) -> Schema:
    """One schema out of "this or nothing", with its default where that can be shown in one word."""
    given = [one for one in schema.get("anyOf", []) if one != {"type": "null"}]
    own = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    merged = {**own, **(given[0] if given else {})}
    if "const" in merged:  # the one word that may stand there is said like one of several
        merged["enum"] = [merged.pop("const")]
    plain = isinstance(schema.get("default"), str | int | float)
    default = _as_written(schema["default"], merged.get("pattern")) if plain else None
    return {**merged, **({"default": default} if default is not None else {})}


def _as_written(default: Any, pattern: str | None) -> Any:
    """A default as an author would write it: pydantic gives `09:00:00` for `09:00`, a number for a share or for seconds."""
    if pattern is None or re.search(pattern, str(default)):
        return default
    forms = (str(default)[:5], f"{default}%", f"{str(default).removesuffix('.0')} seconds")
    return next((one for one in forms if re.search(pattern, one)), None)


def _untitled(schema: Schema, name: str) -> Schema:
    if schema.get("title") == name.replace("_", " ").title():
        schema.pop("title")
    return schema


def words(
    models: Mapping[str, type[BaseModel]], title: str, also: Mapping[str, Schema]
) -> tuple[Schema, dict[str, Schema]]:
    """One object in which exactly one of several words stands, with the keys that go with it.

    It is flat: the keys of all words are optional properties of one object, and each word says which may stand beside
    it. That no word stands there at all, or one of `also` alone, is for the check to say.
    """
    forms: dict[str, dict[str, Schema]] = {}
    beside: dict[str, Schema] = {}
    inner: dict[str, Schema] = {}
    for word, model in models.items():
        own, deeper = _declared(model)
        inner.update(deeper)
        for key, schema in own["properties"].items():
            forms.setdefault(key, {})[word] = schema
        beside[word] = {"propertyNames": {"enum": sorted({*own["properties"], *also})}}
        needed = [key for key in own.get("required", []) if key != word]
        if needed:
            beside[word]["required"] = needed
    properties: dict[str, Schema] = {**also, **{key: _shared(of) for key, of in forms.items()}}
    for key, by_word in forms.items():
        if not _FORM & {*properties[key]}:  # it means something else beside each word
            for word, schema in by_word.items():
                beside[word].setdefault("properties", {})[key] = schema
    described = {"additionalProperties": False, "dependentSchemas": beside, "minProperties": 1, "type": "object"}
    return {**described, "properties": properties, "title": title}, inner


#: What says how a value must look; a key without any of it may be anything.
_FORM = frozenset(("type", "enum", "const", "$ref", "anyOf", "allOf"))


def _shared(forms: Mapping[str, Schema]) -> Schema:
    """What all words say of one key; nothing but its description where it has another form beside each."""
    first, *others = forms.values()
    same = {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}
    differs = {key for one in forms.values() for key in one} - {*same} - {"default", "description", "title"}
    return {**({} if differs else same), "description": first.get("description", "")}


def _whole(title: str, model: type[BaseModel], *shared: str) -> Schema:
    own, inner = _declared(model)
    defs = {name: inner[name] for name in inner}
    for name in shared:
        defs.update(_definition(name))
    return {"$schema": _DRAFT, **own, "title": title, **({"$defs": defs} if defs else {})}


def _definition(name: str) -> dict[str, Schema]:
    """A shared definition with those that it needs."""
    if name == "trigger":
        trigger, inner = words(TRIGGERS, "`when`", {})
        return {"trigger": trigger, **inner}
    if name == "steps":
        step, inner = words(ACTIONS, "step", {"id": shapes.STEP_ID})
        return {"step": step, "steps": shapes.STEPS, **inner}
    if name == "field":
        return {"field": _one_of(FieldForm, "field", [one.value for one in Type], {"choice": ["column"]})}
    if name == "event_field":
        types = [one.value for one in Type if one not in (Type.CHOICE, Type.TAGS)]
        field = _one_of(FieldForm, "field of an event", [one.value for one in Type], {})
        return {name: {**field, "type": ["string", "object"], "pattern": f"^(?:{'|'.join(types)})$"}}
    if name == "metric":
        return {"metric": _one_of(MetricForm, "metric", list(get_args(Aggregate)), {})}
    return shapes.DEFINITIONS[name]


def _one_of(model: type[BaseModel], title: str, exclusive: list[str], needs: Mapping[str, list[str]]) -> Schema:
    own, _ = _declared(model)
    others = set(own["properties"]) - set(exclusive)
    own["dependentSchemas"] = {
        word: {
            "propertyNames": {"enum": sorted({word, *others})},
            **({"required": needs[word]} if word in needs else {}),
        }
        for word in exclusive
    }
    return {**own, "title": title, "minProperties": 1}


@cache
def playbook() -> Schema:
    """Of a playbook."""
    return _whole("playbook", PlaybookForm, "trigger", "steps", "conditions", "stops")


@cache
def segment() -> Schema:
    """Of a file under segments/."""
    return _whole("segment", SegmentForm, "conditions")


@cache
def settings() -> Schema:
    """Of settings/regulars.yaml."""
    return _whole("settings", Settings)


@cache
def catalogue() -> Schema:
    """Of settings/catalogue.yaml."""
    return _whole("catalogue", CatalogueForm, "field", "metric", "event_field")


@cache
def vouchers() -> Schema:
    """Of settings/vouchers.yaml: a mapping of kinds."""
    own, _ = _declared(Voucher)
    kinds = {"additionalProperties": {"$ref": "#/$defs/voucher"}, "type": "object", "title": "vouchers"}
    named = {"propertyNames": {"pattern": "^[a-z0-9][a-z0-9._-]*$"}, "description": "The kinds of voucher, by id."}
    return {"$schema": _DRAFT, **kinds, **named, "$defs": {"voucher": {**own, "title": "voucher"}}}


@cache
def series() -> Schema:
    """Of settings/series.yaml: names, each with its messages in order."""
    message = {"type": ["string", "number"], "pattern": "^[a-z0-9][a-z0-9._-]*$", "title": "name"}
    return {
        "$schema": _DRAFT,
        "type": "object",
        "title": "series",
        "description": "Series of messages by name; each customer gets each message once, in this order.",
        "propertyNames": {"pattern": "^[a-z0-9][a-z0-9._-]*$"},
        "additionalProperties": {"type": "array", "minItems": 1, "items": message, "title": "messages"},
    }


@cache
def holidays() -> Schema:
    """Of settings/holidays.yaml: ids, each with the day by country."""
    day = {
        "type": ["string", "number"],
        "title": "day",
        "examples": ["Mid-Autumn Festival", "12-25", "second sunday of may"],
    }
    country = (
        "The day in a country (ISO 3166), as its calendar names it or by a rule; `anywhere` is every other country."
    )
    return {
        "$schema": _DRAFT,
        "type": "object",
        "title": "holidays",
        "description": "Holidays by id; a playbook speaks of them as `holiday: lunar-new-year`.",
        "propertyNames": {"pattern": "^[a-z0-9][a-z0-9._-]*$"},
        "additionalProperties": {**_by_country(day), "description": country},
    }


@cache
def holiday_dates() -> Schema:
    """Of settings/holiday-dates.yaml: the days as they were when they were written down."""
    dates = {"type": "array", "items": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}, "title": "days"}
    return {
        "$schema": _DRAFT,
        "type": "object",
        "title": "holiday dates",
        "description": "Written by `regulars holidays --write`: `regulars validate` says when one has moved.",
        "additionalProperties": _by_country(dates),
    }


def _by_country(schema: Schema) -> Schema:
    names = {"propertyNames": {"pattern": "^(?:[A-Z]{2}|anywhere)$"}}
    return {"type": "object", "additionalProperties": schema, "minProperties": 1, "title": "holiday", **names}


@cache
def test() -> Schema:
    """Of a file under tests/."""
    return _whole("test file", RehearsalForm, "happening", "expectations")


#: The kinds of files, each with its schema.
KINDS = {
    "playbook": playbook,
    "segment": segment,
    "settings": settings,
    "catalogue": catalogue,
    "vouchers": vouchers,
    "series": series,
    "holidays": holidays,
    "holiday-dates": holiday_dates,
    "test": test,
}


def texts() -> dict[str, str]:
    """Each schema as its committed file: name to text."""
    return {
        f"{kind}.schema.json": json.dumps(schema(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        for kind, schema in KINDS.items()
    }


def write(folder: Path) -> list[Path]:
    """Writes the schemas that are not up to date; gives their paths."""
    written = stale(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in written:
        path.write_text(texts()[path.name], encoding="utf-8")
    return written


def stale(folder: Path) -> list[Path]:
    """The schemas that are missing or differ from what the declarations say."""
    paths = {folder / name: text for name, text in texts().items()}
    return [path for path, text in paths.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
