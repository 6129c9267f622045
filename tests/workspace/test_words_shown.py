"""The pages of texts and of conditions: their examples are read by the engine itself, and no word lacks one."""

import re
from pathlib import Path
from typing import Annotated

import pytest
from click.testing import CliRunner
from pydantic import BaseModel, TypeAdapter

from engine.catalogue import RESULTS, Field, Type
from engine.cli.imports import command
from engine.conditions import Flawed, read, segments_in
from engine.conditions.kinds import KINDS, USE
from engine.rehearse.people import SPECIAL
from engine.render.sandbox import FILTERS, LOOP, TESTS
from engine.settings.channels import Chat, Email, Sms, Webhook
from engine.settings.settings import Limits, Working
from engine.store.importing import KINDS as FILES
from engine.workspace import schema
from engine.workspace.catalogue import builtin
from engine.workspace.reference import conditions, files, imports, messages

GRAMMAR = Path(__file__).parents[2] / "engine" / "conditions" / "grammar.lark"
SHOWN = [*conditions.COMPARING, *conditions.MOMENTS, *conditions.JOINING, *conditions.ANSWERS, *conditions.SCOPES]
EXAMPLES = [text for text, _ in SHOWN]
#: What the reader knows only to say what to write instead.
_NOT_OF_IT = {"="}


def _scope() -> dict[str, dict[str, Field]]:
    known = builtin()
    event = dict(known.events[conditions.EVENT].fields)
    asked = Field(conditions.YES_NO, Type.YES_NO)
    return {
        "customer": {**known.fields, conditions.YES_NO: asked},
        "event": event,
        "it": event,
        "gift": dict(RESULTS["voucher"]),
    }


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_condition_shown_is_one(text: str) -> None:
    try:
        tree = read(text, _scope(), [conditions.SEGMENT], "EUR")
    except Flawed as flawed:
        pytest.fail(str(flawed))
    assert segments_in(tree) <= {conditions.SEGMENT}


def test_every_word_of_the_grammar_has_an_example() -> None:
    terminals = re.findall(r'^[A-Z]+: ("\S+"(?: \| "\S+")*)$', GRAMMAR.read_text(encoding="utf-8"), re.MULTILINE)
    words = {word for one in terminals for word in re.findall(r'"(\S+)"', one)} - _NOT_OF_IT
    assert {"and", "contains", "ago", "<=", "!="} <= words
    shown = {word for text in EXAMPLES for word in re.findall(r"[a-z]+|[<>=!]+", text)}
    assert words - shown == set()


def test_every_type_says_what_goes_with_it() -> None:
    assert set(USE) == set(KINDS) == set(Type)
    assert all(USE[kind][1:] in conditions.page() for kind in Type)


@pytest.mark.parametrize(
    ("known", "shown"),
    [
        (FILTERS, messages.FILTERS_SHOWN),
        (TESTS, messages.TESTS_SHOWN),
        (LOOP, messages.LOOPS_SHOWN),
    ],
)
def test_every_filter_test_and_word_of_a_loop_has_an_example_that_uses_it(known: object, shown: object) -> None:
    assert isinstance(shown, dict)
    assert set(shown) == set(known)  # type: ignore[call-overload]
    for word, (example, _) in shown.items():
        assert re.search(rf"\b{word}\b", example)


def test_an_example_prints_what_the_page_says() -> None:
    assert messages.printed("{{ customer.last_order_at | date }}") == "March 1, 2026"
    assert messages.printed("{{ customer.last_name | default('dear guest') }}") == "dear guest"
    assert messages.printed("{# nobody reads it #}") == "nothing"


def test_an_example_that_is_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no filter"):
        messages.printed("{{ customer.tier | shout }}")


def test_every_key_of_a_customer_in_a_test_that_is_no_field_is_on_its_page() -> None:
    assert [key for key in SPECIAL if f"`{key}`" not in files.test()] == []


@pytest.mark.parametrize("model", [Working, Limits, Email, Sms, Chat, Webhook])
def test_a_default_is_shown_as_an_author_writes_it(model: type[BaseModel]) -> None:
    """Each default that the code has is in the schema, and read from there is what the code has."""
    shown = schema.settings()["$defs"][model.__name__]["properties"]
    said = {
        name: field
        for name, field in model.model_fields.items()
        if not field.is_required() and field.default_factory is None and field.default not in (None, ())
    }
    assert said
    for name, field in said.items():
        written = shown[field.alias or name]["default"]
        read = TypeAdapter(Annotated[field.annotation, field]).validate_python(written)
        assert read == field.default, name


@pytest.mark.parametrize("kind", sorted(FILES))
def test_every_column_of_a_file_to_import_says_what_stands_in_it(kind: str) -> None:
    listed = CliRunner().invoke(command, [kind, "--columns"]).output.splitlines()
    for column, line in zip(FILES[kind].columns, listed, strict=False):
        assert line.split()[0] == column.name
        assert column.holds and line.endswith(column.holds)
        assert ("needed" in line) is column.required
    assert f"## `{kind}`" in imports.page()


def test_an_import_without_a_file_names_the_way_to_its_columns() -> None:
    said = CliRunner().invoke(command, ["orders"])
    assert said.exit_code == 2
    assert "regulars import orders --columns" in said.output
