"""The schemas: committed as the declarations give them, flat, and understood by tools that know nothing of us."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from engine.actions import ACTIONS
from engine.settings import braking, literals
from engine.triggers import TRIGGERS
from engine.workspace import schema
from engine.workspace.catalogue import builtin_text
from tests.workspace.test_gallery import HERE

ROOT = HERE.parent.parent
SCHEMAS = ROOT / "schemas"
EXAMPLES = ROOT / "playbooks"


def inside(value: Any) -> Iterator[tuple[str, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield str(key), one
        yield from inside(one)


def test_the_committed_schemas_are_up_to_date() -> None:
    assert schema.stale(SCHEMAS) == []


def test_writing_brings_them_up_to_date(tmp_path: Path) -> None:
    assert len(schema.write(tmp_path / "schemas")) == len(schema.KINDS)
    assert schema.write(tmp_path / "schemas") == []


@pytest.mark.parametrize("kind", schema.KINDS)
def test_a_schema_is_valid_and_flat(kind: str) -> None:
    found = schema.KINDS[kind]()
    Draft202012Validator.check_schema(found)
    keys = {key for key, one in inside(found) if not (key == "if" and "description" in one)}
    assert not keys & {"oneOf", "anyOf", "allOf", "if", "not"}


@pytest.mark.parametrize("kind", schema.KINDS)
def test_every_key_is_described(kind: str) -> None:
    found = schema.KINDS[kind]()
    properties = [one for key, one in inside(found) if key == "properties"] + [found.get("properties", {})]
    bare = [name for one in properties for name, field in one.items() if not {"description", "$ref"} & set(field)]
    assert bare == []


def test_the_schema_knows_every_word() -> None:
    defs = schema.playbook()["$defs"]
    assert set(ACTIONS) == set(defs["step"]["dependentSchemas"])
    assert set(TRIGGERS) == set(defs["trigger"]["dependentSchemas"])


FORMS = {
    "Duration": literals.Duration,
    "Span": literals.Span,
    "Clock": literals.Clock,
    "Share": literals.Share,
    "Entry": literals.Entry,
    "Cap": literals.Cap,
    "SendHours": literals.SendHours,
    "LocalMoment": literals.LocalMoment,
    "Days": literals.Days,
    "Ceiling": braking.CeilingText,
    "Canary": braking.CanaryText,
}
WRITTEN = [
    *[
        "7 days",
        "0 days",
        "00 hours",
        "1 day",
        "2 working days",
        "0 working days",
        "9999 years",
        "10000 days",
        "7d",
        "٣ days",
    ],
    *["09:00", "24:00", "9:00", "10:00-20:00", "22:00-06:00", "09:00-09:00", "closed", {"monday": "09:00-21:00"}],
    *[
        {"weekdays": "closed"},
        {"montag": "09:00-21:00"},
        {},
        "10%",
        "0%",
        "100%",
        "101%",
        "33.333%",
        "33.3333%",
        "10",
        "%",
    ],
    *[
        "always",
        "once",
        "once per 30 days",
        "once per 0 days",
        "once per 30 days per customer",
        "twice",
        "3 per 7 days",
    ],
    *["0 per 7 days", "3 per 0 days", "2026-12-20 10:00", "2026-02-30 10:00", "2026-12-20", "monday", "monday-friday"],
    *[["monday", "sunday"], ["mon"], [], "weekdays", "500 per hour", "0 per hour", "500 per hour and 2000 per day"],
    *[
        "500 per day and 2000 per day",
        "5% for 1 day",
        "5% for 0 days",
        "0% for 1 day",
        "100% for 1 day",
        "",
        " 7 days ",
    ],
]
#: What only the reader can know: a day of the calendar, which of two numbers is larger.
ONLY_READ = {
    "٣ days",
    "2026-02-30 10:00",
    "101%",
    "09:00-09:00",
    "0 per 7 days",
    "0% for 1 day",
    "500 per day and 2000 per day",
}


@pytest.mark.parametrize("form", FORMS)
def test_the_schema_and_the_reader_agree(form: str) -> None:
    reader = TypeAdapter(FORMS[form])
    schema_ = Draft202012Validator(reader.json_schema())
    for written in WRITTEN:
        try:
            reader.validate_python(written)
            read = True
        except ValidationError:
            read = False
        if read:
            assert schema_.is_valid(written), written
        elif schema_.is_valid(written):
            assert str(written) in ONLY_READ or isinstance(written, dict), written


def rejected(kind: str, *files: Path) -> set[str]:
    """The files that `check-jsonschema` rejects."""
    given = ["--output-format", "json", "--schemafile", str(SCHEMAS / f"{kind}.schema.json"), *map(str, files)]
    said = json.loads(CliRunner().invoke(check_jsonschema, given).stdout)
    broken = [*said.get("errors", []), *said.get("parse_errors", [])]
    assert said["status"] == ("fail" if broken else "ok")
    return {Path(one["filename"]).stem for one in broken}


def test_a_foreign_tool_accepts_the_examples(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(builtin_text(), "utf-8")
    assert rejected("playbook", *EXAMPLES.glob("*.yaml"), *(HERE / "ok").glob("*.yaml")) == set()
    assert rejected("segment", *EXAMPLES.glob("segments/*.yaml")) == set()
    assert rejected("test", *EXAMPLES.glob("tests/*.yaml")) == set()
    assert rejected("settings", EXAMPLES / "settings" / "regulars.yaml") == set()
    assert rejected("vouchers", EXAMPLES / "settings" / "vouchers.yaml") == set()
    assert rejected("catalogue", catalogue) == set()


def test_a_foreign_tool_rejects_what_is_broken() -> None:
    names = {"01-unknown-key", "03-duration", "17-two-verbs", "keys", "missing-keys", "not-yet", "two-triggers"}
    assert rejected("playbook", *(HERE / "err" / f"{name}.yaml" for name in names)) == names
    settings = HERE / "err" / "broken-settings" / "settings" / "regulars.yaml"
    assert rejected("settings", settings) == {"regulars"}
    catalogue = HERE / "err" / "broken-catalogue" / "settings" / "catalogue.yaml"
    assert rejected("catalogue", catalogue) == {"catalogue"}


def test_the_tool_as_a_shop_runs_it() -> None:
    tool = Path(sys.executable).parent / "check-jsonschema"
    command = [str(tool), "--schemafile", str(SCHEMAS / "playbook.schema.json"), *map(str, EXAMPLES.glob("*.yaml"))]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_editors_are_told_the_schema_of_every_kind_of_file() -> None:
    told = json.loads((ROOT / ".vscode" / "settings.json").read_text(encoding="utf-8"))["yaml.schemas"]
    assert set(told) == {f"./schemas/{name}" for name in schema.texts()}
    assert [place for place in told.values() if not list(ROOT.glob(place))] == []
