"""What everything that an author declares has in common: it is frozen, and nothing unknown is let through."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema


class Declared(BaseModel):
    """What an author declares: frozen, and nothing unknown is let through."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)


def _number(value: Any) -> Any:
    return value if isinstance(value, int) else int(str(value)) if str(value).isdecimal() else value


#: A number as it stands in a file.
Count = Annotated[int, BeforeValidator(_number)]
#: The name of an environment variable that holds a secret; the secret itself never stands in a file.
Secret = Annotated[
    str, WithJsonSchema({"type": "string", "pattern": "^[A-Z][A-Z0-9_]*$", "title": "name of an environment variable"})
]
