"""A text that is not of the form that its place asks for: what is wrong with it, and what to type instead."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.catalogue import Type
from engine.clocks.times import NotALength
from engine.clocks.windows import DAYS
from engine.source.near import near, suggest
from engine.source.problem import Place, Problem
from engine.workspace.schema import KINDS, Schema

_KINDS_OF_VALUE: Mapping[str, str] = {
    "array": "a list: lines that begin with `- `",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "number": "a number",
    "object": "keys of its own, one a line",
    "string": "a text",
}


@dataclass(frozen=True)
class _Misread:
    """A value where something of another form belongs."""

    place: Place
    name: str
    raw: str
    schema: Schema

    def length(self) -> Problem:
        wrong = NotALength(self.raw, working="working" in self.schema["examples"][0])
        return Problem(self.place, "duration", str(wrong), wrong.helps)

    def days(self) -> Problem:
        meant = near(self.raw.lower(), DAYS)
        helps = (f"did you mean `{meant}`?" if meant else "write for example  monday-friday",)
        return Problem(self.place, "value", f"`{self.raw}` is not a day of the week", helps)

    def secret(self) -> Problem:
        text, key = f"{self.name} itself must not stand in a file", self.name.strip("`")
        variable = "SMTP_PASSWORD" if key == "password" else f"SHOP_{re.sub(r'[^A-Z0-9]', '_', key.upper())}"
        helps = (f"name the environment variable that holds it:  {key}: {variable}",)
        return Problem(self.place, "secret-in-file", text, helps)

    def no_type(self) -> Problem:
        helps = suggest(self.raw, [str(one) for one in Type], "types")
        return Problem(self.place, "unknown-type", f"`{self.raw}` is not a type", helps)

    def step(self) -> Problem:
        return Problem(self.place, "no-verb", f"`{self.raw}` says nothing to do", _as_step(self.raw))

    def no_name(self) -> Problem:
        return Problem(self.place, "value", f"`{self.raw}` is not a name", _as_name(self.raw))


_BY_TITLE: Mapping[str, Callable[[_Misread], Problem]] = {
    "length of time": _Misread.length,
    "day of the week": _Misread.days,
    "days of the week": _Misread.days,
    "name of an environment variable": _Misread.secret,
    "field of an event": _Misread.no_type,
    "step": _Misread.step,
    "name": _Misread.no_name,
}


def misread(place: Place, name: str, raw: str, schema: Schema) -> Problem:
    """A text that is not of the form that its place asks for."""
    title = str(schema.get("title", ""))
    if "{{" in raw:
        text = "`{{ }}` belongs in message texts; what stands here is the same for every customer"
        return Problem(place, "template-in-playbook", text, ("write one value; steps that differ stand in a `choose`",))
    if title in _BY_TITLE:
        return _BY_TITLE[title](_Misread(place, name, raw, schema))
    if title and "examples" in schema:
        return Problem(
            place, "value", f"`{raw}` is not {_article(title)}", (f"write for example  {schema['examples'][0]}",)
        )
    return Problem(place, "value", f"{name} takes {takes(schema)}; `{raw}` is not", _as_part(name, raw, schema))


def takes(schema: Schema) -> str:
    """What a place asks for, in words."""
    if schema.get("title") and "examples" in schema:
        return _article(schema["title"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if set(kinds) >= {"string", "number", "boolean"}:
        return "one text"
    return " or ".join(_KINDS_OF_VALUE[kind] for kind in kinds if kind != "null")


def _article(title: str) -> str:
    return f"{'an' if title[0] in 'aeiou' else 'a'} {title}"


def _as_step(raw: str) -> tuple[str, ...]:
    """`email welcome`, or the colon of another script, as a step."""
    found = re.match(r"([a-z_]+)\s*[:：﹕꞉\s]\s*(\S.*)$", raw)
    if found and found[1] in KINDS["playbook"]()["$defs"]["step"]["dependentSchemas"]:
        return (f"write:  - {found[1]}: {found[2]}",)
    return (f"begin with a verb:  - email: {raw}",)


def _as_name(raw: str) -> tuple[str, ...]:
    """What the name could be, if the text is one written otherwise: with capitals, blanks, other quotes, or as a path."""
    bare = raw.strip().strip("“”„‟‘’‚«»「」『』\"'").removesuffix(".md")
    bare = re.sub(r"[\s.]+", "-", bare.removeprefix("messages/").lower())
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]*", bare):
        return (f"write it as  {bare.strip('-')}",)
    return ("use small letters, digits and `-`",)


def _as_part(name: str, raw: str, schema: Schema) -> tuple[str, ...]:
    """A text where a list of texts, or keys of their own, are needed: how it would look as such."""
    if not name.startswith("`"):
        return ()
    key, kinds = name.strip("`"), schema.get("type", "")
    other = re.match(r"([a-z_]+)\s*[：﹕꞉]\s*(\S.*)$", raw)
    if other and kinds == "object":
        return (f"`：` is not the colon of YAML; write:  {other[1]}: {other[2]}",)
    if "array" in kinds and {"enum", "type"} & set(schema.get("items", {})):
        return (f"write:  {key}: [{', '.join(one.strip() for one in re.split('[,，、;；]', raw))}]",)
    if kinds == "object" and schema.get("required"):
        needed = ", ".join(f"{one}: {_example(schema['properties'].get(one, {}))}" for one in schema["required"])
        return (f"write for example  {key}: {{{needed}}}",)
    return ()


def _example(schema: Schema) -> str:
    return str([*schema.get("examples", []), *schema.get("enum", []), "…"][0])
