"""The pages of tests, and of the settings' files that are a mapping of names."""

from engine.workspace import schema
from engine.workspace.forms import RehearsalForm
from engine.workspace.holidays import builtin_texts
from engine.workspace.reference.tables import keys, kind, parts, prose


def test() -> str:
    """Of a test: what stands in it, what may happen, and what may be expected."""
    of = schema.test()
    return "\n\n".join(
        [
            "# A test: `tests/NAME.test.yaml`",
            prose(RehearsalForm),
            keys(RehearsalForm, of["properties"]),
            *parts(of, None),
        ]
    )


def named(name: str) -> str:
    """Of a file that is a mapping of names."""
    of = schema.KINDS[name]()
    entry = of["additionalProperties"]
    told = [of.get("description", ""), entry.get("description", "")]
    inner = parts(of, None)
    shape = [] if inner else [f"Each entry is a name, and under it: {kind(_innermost(entry))}."]
    return "\n\n".join([f"# `settings/{name}.yaml`", *(one for one in told if one), *shape, *inner])


def _innermost(entry: schema.Schema) -> schema.Schema:
    """What stands under a name, said by country where it is so."""
    inner = entry.get("additionalProperties")
    return {"title": f"by country, the {kind(inner)}"} if isinstance(inner, dict) else {"title": f"its {kind(entry)}"}


def holidays() -> str:
    """Of the holidays, with those that every workspace knows."""
    known = builtin_texts()
    told = (
        "A holiday that stands here as well takes other days only in the countries that it names. "
        "`regulars holidays --all` prints the next three days of each."
    )
    rows = [
        f"| `{id_}` | {'; '.join(f'{where}: {day}' for where, day in days.items())} |" for id_, days in known.items()
    ]
    lines = ["| id | by country |", "| --- | --- |", *rows]
    return "\n\n".join([named("holidays"), "## The built-in holidays", told, "\n".join(lines)])
