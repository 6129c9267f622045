"""Structure: what the JSON Schema of a file finds, said in words of the language; one mistake, one message."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.source.marks import Path, Source
from engine.source.near import near, suggest
from engine.source.problem import Problem
from engine.workspace.misread import misread, takes
from engine.workspace.schema import KINDS, Schema
from engine.workspace.slips import slip

#: Words of the language that this version does not speak.
LATER = frozenset(["review"])
_BY_KEY = ("additionalProperties", "required", "dependentRequired", "propertyNames")


@cache
def _validator(kind: str) -> Draft202012Validator:
    return Draft202012Validator(KINDS[kind]())


#: A problem, with the path of the value that has it, or would have it if its key stood there.
Finding = tuple[Path, Problem]


def structure(source: Source, kind: str) -> list[Finding]:
    """Everything that the schema of this kind of file finds."""
    by_path: dict[Path, list[ValidationError]] = {}
    for error in _validator(kind).iter_errors(source.data):
        by_path.setdefault(tuple(error.absolute_path), []).append(error)
    return [finding for path, errors in by_path.items() for finding in _translate(source, kind, path, errors)]


def _translate(source: Source, kind: str, path: Path, errors: list[ValidationError]) -> list[Finding]:
    keys = [error for error in errors if _about_keys(error)]
    if not keys:
        by_type = [error for error in errors if error.validator == "type"]
        return [(path, _wrong(source, path, (by_type or errors)[0]))]
    holder = _holder(kind, keys[0])
    words = [word for word in source.at(path) if word in holder.get("dependentSchemas", {})]
    if len(words) > 1:
        return [(path, _two_words(source, path, words, holder["title"]))]
    return list(_keys(source, path, keys, holder))


def _about_keys(error: ValidationError) -> bool:
    return error.validator in _BY_KEY or "propertyNames" in error.absolute_schema_path


def _holder(kind: str, error: ValidationError) -> Schema:
    """The schema of the mapping that an error about its keys was found in."""
    whole = KINDS[kind]()
    schema: Any = whole
    way = list(error.absolute_schema_path)
    inner = [at for at, part in enumerate(way) if part in ("dependentSchemas", "propertyNames")]
    for part in way[: inner[0] if inner else -1]:
        around: Any = _followed(whole, schema)
        schema = around[part]
    return _followed(whole, schema)


def _followed(whole: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def _keys(source: Source, path: Path, errors: list[ValidationError], holder: Schema) -> Iterator[Finding]:
    present = list(source.at(path))
    properties = holder.get("properties", {})
    unknown = [key for key in present if key not in properties] if not holder.get("additionalProperties", True) else []
    for key in unknown:
        yield (*path, key), unknown_key(source, path, key, holder)
    needed = {key: None for error in errors for key in _needed(error) if key not in present}
    words = [word for word in present if word in holder.get("dependentSchemas", {})]
    instead = bool(words and _instead(source, path, words[0], holder))
    for key in needed:
        if not instead and not any(near(word, [key]) for word in unknown):
            yield (*path, key), missing_key(source, path, key, holder)
    for error in errors:
        if "propertyNames" in error.absolute_schema_path:
            yield from _names(source, path, str(error.instance), holder)


def _needed(error: ValidationError) -> list[str]:
    wanted: Any = error.validator_value
    if error.validator == "required":
        return list(wanted)
    if error.validator == "dependentRequired":
        present: Any = error.instance
        return [need for key, needs in wanted.items() if key in present for need in needs]
    return []


def _names(source: Source, path: Path, key: str, holder: Schema) -> Iterator[Finding]:
    """A key that is no name, or one that the word beside it does not go with."""
    place = source.key_place((*path, key))
    words = [word for word in source.at(path) if word in holder.get("dependentSchemas", {})]
    if not words:
        helps: tuple[str, ...] = ("use small letters, digits and `-` or `_`",)
        if holder.get("title") == "holiday":
            helps = ("write a country by its two capital letters, such as JP, or `anywhere`",)
        yield (*path, key), Problem(place, "value", f"`{key}` is not a name", helps)
    elif key in holder["properties"]:
        beside = [one for one in holder["dependentSchemas"][words[0]]["propertyNames"]["enum"] if one != words[0]]
        helps = _instead(source, path, words[0], holder) or slip(holder["title"], key, beside, taken=True)
        helps = helps or suggest(key, beside, "allowed here") or ("leave it out",)
        yield (*path, key), Problem(place, "unknown-key", f"`{words[0]}` has no key `{key}`", helps)


def unknown_key(source: Source, path: Path, key: str, holder: Schema) -> Problem:
    """A key that the mapping at `path` does not have."""
    place = source.key_place((*path, key))
    known = list(holder["properties"])
    words = list(holder.get("dependentSchemas", ()))
    if key in LATER:
        text = f"`{key}` is not part of this version of the language"
        return Problem(place, "not-yet", text, (f"this version knows: {', '.join(words or known)}",))
    present = [word for word in words if word in source.at(path)]
    if present:
        known = holder["dependentSchemas"][present[0]]["propertyNames"]["enum"]
    elif words and (holder["title"] == "step" or near(key, known) is None):
        known = words
    helps = _instead(source, path, present[0], holder) if present else ()
    helps = helps or slip(holder["title"], key, known, taken=bool(present)) or suggest(key, known, "allowed here")
    return Problem(place, "unknown-key", f"{holder['title']} has no key `{key}`", helps)


def _instead(source: Source, path: Path, word: str, holder: Schema) -> tuple[str, ...]:
    """Where one key is unknown and the only one that is needed lacks, the one was written for the other."""
    at, form = source.at(path), holder["dependentSchemas"][word]
    needed = [key for key in form.get("required", ()) if key not in at]
    unknown = [key for key in at if key not in form["propertyNames"]["enum"]]
    alone = len(needed) == len(unknown) == 1 and near(unknown[0], needed) is None
    return (f"`{word}` needs `{needed[0]}`",) if alone else ()


def missing_key(source: Source, path: Path, key: str, holder: Schema) -> Problem:
    """A key that the mapping at `path` must have."""
    words = [word for word in source.at(path) if word in holder.get("dependentSchemas", {})]
    place = source.key_place((*path, *words[:1])) if path or words else source.place(())
    part = f"`{words[0]}`" if words else holder["title"]
    own = holder["dependentSchemas"][words[0]].get("properties", {}) if words else {}
    schema = own.get(key) or holder["properties"].get(key, {})
    example = [*schema.get("examples", []), *schema.get("enum", []), "…" if "type" in schema else ""][0]
    return Problem(place, "missing-key", f"{part} needs `{key}`", (f"add a line:  {key}: {example}".rstrip(),))


def _two_words(source: Source, path: Path, words: list[str], part: str) -> Problem:
    place = source.key_place((*path, words[1]))
    if part == "step":
        text = f"one step cannot both `{words[0]}` and `{words[1]}`"
        return Problem(place, "two-verbs", text, (f"start a new step:  - {words[1]}: ...",))
    text = f"{part} cannot hold both `{words[0]}` and `{words[1]}`"
    helps = ("write a second playbook for the other",) if part == "`when`" else ("keep one of them",)
    return Problem(place, "two-words", text, helps)


def _wrong(source: Source, path: Path, error: ValidationError) -> Problem:
    """One value that is not of the form that its place asks for."""
    place = source.place(path)
    schema: Any = error.schema
    limit: Any = error.validator_value
    name = _name_of(path)
    raw = source.marks[path].raw if path in source.marks else None
    if error.validator == "enum" and raw is not None:
        known = [str(one) for one in limit]
        name = name.removeprefix("each line of ")
        text = f"`{raw}` is not a value of {name} ({', '.join(known)})"
        return Problem(place, "unknown-value", text, suggest(raw, known, "write one of") if near(raw, known) else ())
    if error.validator == "minItems" and limit > 1:
        return Problem(place, "empty", f"{name} needs at least {limit} ways", ("write one more of them",))
    if error.validator in ("minItems", "minProperties"):
        return Problem(place, "empty", f"{name} is empty", ("write something below it, or leave the key out",))
    if error.validator == "maxProperties":
        return Problem(place, "two-words", "`any` and `all` cannot stand in one block", ("nest one in the other",))
    if error.validator in ("minimum", "maximum"):
        least = "at least" if error.validator == "minimum" else "at most"
        return Problem(place, "value", f"{name} must be {least} {limit}")
    if not raw:
        return _no_text(source, path, name, schema)
    return misread(place, name, raw, schema)


def _no_text(source: Source, path: Path, name: str, schema: Schema) -> Problem:
    place = source.place(path)
    if path in source.marks and source.marks[path].raw is not None:
        place = source.key_place(path)
        comment = source.comment_after(path)
        if comment is not None:
            return swallowed(source, path)
        return Problem(place, "no-value", f"{name} has no value", (f"write {takes(schema)} after it, or leave it out",))
    examples = schema.get("examples")
    helps = (f"write for example  {examples[0]}",) if examples else ()
    return Problem(place, "value", f"{name} takes {takes(schema)}", helps)


def swallowed(source: Source, path: Path) -> Problem:
    """` #` in a value begins a comment, so that the rest of the value is lost."""
    place = source.comment_after(path)
    raw = source.raw(path)
    line = source.line(place.line) if place else ""
    rest = line[place.column :].rstrip() if place else ""
    return Problem(
        place or source.place(path),
        "comment",
        "everything after ` #` is a comment, so this condition has no value",
        (f"leave out the `#`:  {raw} {rest}".replace("  ", "  ").rstrip(),),
    )


def _name_of(path: Path) -> str:
    if not path:
        return "the file"
    if isinstance(path[-1], int):
        return f"each line of `{path[-2]}`" if len(path) > 1 else "each line"
    return f"`{path[-1]}`"
