"""The environment variables that settings name: where each is named, and its name. Their values stand nowhere."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from engine.settings.declared import Secret

_MARKS = get_args(Secret)[1:]


def named_secrets(declared: BaseModel, path: str = "") -> Iterator[tuple[str, str]]:
    """The place in the settings (`channels.email.password`) and the variable, for each that is named."""
    for name, info in type(declared).model_fields.items():
        written = f"{path}.{info.alias or name}".lstrip(".")
        value = getattr(declared, name)
        if _is_secret(info) and isinstance(value, str):
            yield written, value
        else:
            yield from _within(value, written, secret=_is_secret(info))


def _within(value: Any, path: str, *, secret: bool) -> Iterator[tuple[str, str]]:
    if isinstance(value, BaseModel):
        yield from named_secrets(value, path)
    elif isinstance(value, Mapping):
        for name, one in value.items():
            if secret and isinstance(one, str):
                yield f"{path}.{name}", one
            else:
                yield from _within(one, f"{path}.{name}", secret=secret)


def _is_secret(info: FieldInfo) -> bool:
    return any(mark in info.metadata for mark in _MARKS) or _speaks_of_secrets(info.annotation)


def _speaks_of_secrets(annotation: Any) -> bool:
    return bool(annotation == Secret) or any(_speaks_of_secrets(one) for one in get_args(annotation))
