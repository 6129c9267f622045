"""The parts of a trigger or a step that hold conditions, or further steps."""

from typing import Annotated, Any, Protocol

from pydantic import BeforeValidator, PlainSerializer, ValidationInfo, WithJsonSchema

from engine.conditions import Tree


class Reader(Protocol):
    """Reads conditions as they stand at one place of a playbook; handed to pydantic as the validation context."""

    def conditions(self, raw: Any) -> Tree:
        """The tree of a condition, a list of them, or `any:`/`all:` blocks. Raises what the check knows how to place."""

    def of_event(self, event: str | None) -> "Reader":
        """The same where the fields of that event are `it.*`."""


def _read(raw: Any, info: ValidationInfo) -> Tree:
    if info.context is None:
        raise ValueError("conditions can be read only as a part of a playbook")
    reader: Reader = info.context
    return reader.conditions(raw)


def _read_awaited(raw: Any, info: ValidationInfo) -> Tree:
    if info.context is None:
        raise ValueError("conditions can be read only as a part of a playbook")
    reader: Reader = info.context
    return reader.of_event(info.data.get("event")).conditions(raw)


#: One condition, or a list of which all must hold; `any:` and `all:` blocks nest.
Conditions = Annotated[
    Tree, BeforeValidator(_read), PlainSerializer(str), WithJsonSchema({"$ref": "#/$defs/conditions"})
]
#: The same beside an `event` that stands above it in the same declaration.
OfEvent = Annotated[
    Tree, BeforeValidator(_read_awaited), PlainSerializer(str), WithJsonSchema({"$ref": "#/$defs/conditions"})
]
#: Steps inside a step: read by the walk through the playbook, which knows what exists at each of them.
Steps = Annotated[tuple[Any, ...], WithJsonSchema({"$ref": "#/$defs/steps"})]
