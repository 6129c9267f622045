"""The pages: one for each trigger, step, guard and setting, and one for each kind of file, linked from the first."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from engine.action import Action
from engine.actions import ACTIONS
from engine.guards import GUARDS
from engine.settings import Settings
from engine.triggers import TRIGGERS
from engine.workspace import schema
from engine.workspace.forms import PlaybookForm, SegmentForm
from engine.workspace.load import Workspace
from engine.workspace.reference import catalogue, conditions, files, imports, messages
from engine.workspace.reference.examples import Example, Examples
from engine.workspace.reference.tables import keys, kind, parts, prose, sentence, table

_INDEX = "README.md"
_HEAD = """# Reference

Every word of the files that a marketer writes. `make schema` makes these pages from the declarations that the engine itself
reads by, and takes the examples from the example workspace, whose playbooks are checked and tested with every change; do not
edit them by hand. **Bold** keys must be there.
"""

#: The keys by which authors govern a guard: those of a playbook or of a step.
_GOVERNED = {
    "cap": ("cap",),
    "complaint": ("if_complaint",),
    "consent": ("topic",),
    "expiry": ("max_lateness",),
    "hold": ("brakes",),
    "priority": ("priority",),
    "run_state": ("stop_when",),
    "send_window": ("send_window",),
    "suspension": ("suspend_while",),
}
#: So many other files are named where a word is used a lot.
_MANY = 6


def pages(workspace: Workspace, at: str) -> dict[str, str]:
    """Each page by its path below the folder of the reference, from which the examples' workspace lies at `at`."""
    examples = Examples(workspace)
    made = {
        **{f"triggers/{word}.md": _trigger(word, examples) for word in TRIGGERS},
        **{f"steps/{verb}.md": _step(verb, examples) for verb in ACTIONS},
        **{f"guards/{name}.md": _guard(name, examples) for name in GUARDS},
        **{f"settings/{name}.md": _setting(name, examples) for name in Settings.model_fields},
        "playbook.md": _playbook(examples),
        "segment.md": _segment(examples),
        "messages.md": _and(messages.page(), examples.of_file("messages/goes-with/en.md")),
        "conditions.md": _and(conditions.page(), examples.of_file("segments/churn-risk.yaml", "match")),
        "catalogue.md": _and(catalogue.page(), examples.of_file("catalogue.yaml", "metrics")),
        "test.md": _test(examples),
        "vouchers.md": _and(files.named("vouchers"), examples.of_entries("vouchers.yaml", ("value", "share", "pool"))),
        "series.md": _and(files.named("series"), examples.of_file("series.yaml")),
        "holidays.md": _and(files.holidays(), examples.of_file("holidays.yaml")),
        "holiday-dates.md": _and(files.named("holiday-dates"), examples.of_file("holiday-dates.yaml", "mid-autumn")),
        "imports.md": imports.page(),
    }
    linked = {name: _linked(name, text.rstrip() + "\n", at) for name, text in made.items()}
    return {_INDEX: _index(made), **linked}


def _linked(name: str, text: str, at: str) -> str:
    return text.replace("](workspace:", f"]({'../' * name.count('/')}{at}/")


def _index(made: Mapping[str, str]) -> str:
    groups = {
        "When a run begins: triggers": "triggers/",
        "What a run does: steps": "steps/",
        "What holds a message back: guards": "guards/",
        "Settings: `settings/regulars.yaml`": "settings/",
    }
    whole = [name for name in made if "/" not in name]
    lines = [_HEAD, "## Files, and what stands in them\n", *(_entry(name, made[name]) for name in whole)]
    for title, folder in groups.items():
        lines += [f"\n## {title}\n", *(_entry(name, made[name]) for name in made if name.startswith(folder))]
    return "\n".join(lines) + "\n"


def _entry(name: str, text: str) -> str:
    title, *paragraphs = text.split("\n\n")
    said = " ".join(next((one for one in paragraphs if one[0] not in "#|`-"), "").split())
    return f"* [{title.removeprefix('# ')}]({name}): {sentence(said)}"


def _trigger(word: str, examples: Examples) -> str:
    model, properties = TRIGGERS[word], schema.playbook()["$defs"]["trigger"]["properties"]
    body = [prose(model), keys(model, properties), *parts(schema.playbook(), model)]
    return _and(_joined(f"`when: {word}`", body), examples.of_trigger(word))


def _step(verb: str, examples: Examples) -> str:
    model, properties = ACTIONS[verb], schema.playbook()["$defs"]["step"]["properties"]
    body = [prose(model), keys(model, properties), *parts(schema.playbook(), model), _told(model)]
    return _and(_joined(f"`{verb}`", body), examples.of_step(verb))


def _told(model: type[Action]) -> str:
    """What the mails of a step to staff may say beside what every text may."""
    scopes = model.model_construct().notice_words().items()
    words = ", ".join(f"`{scope}.{name}`" for scope, fields in scopes for name in fields)
    every = "[what every text may](../messages.md#which-words-there-are)"
    return f"The texts of its messages to staff may say {words}, beside {every}." if words else ""


def _guard(name: str, examples: Examples) -> str:
    guard = GUARDS[name]
    position = list(GUARDS).index(name)
    body = [
        prose(sys.modules[guard.__module__]),
        prose(guard),
        f"Asked as number {position + 1} of {len(GUARDS)}, when a message is claimed and again at the last instant.",
    ]
    governed = [found for key in _GOVERNED.get(name, ()) for found in examples.of_key(key)]
    named = [f"Authors govern it by {' and '.join(f'`{key}:`' for key in _GOVERNED[name])}."] if governed else []
    return _and(_and(_joined(f"`{name}`", [*body, *named]), governed), examples.about(name), "In a test")


def _setting(name: str, examples: Examples) -> str:
    info = Settings.model_fields[name]
    of = schema.settings()
    described = of["properties"][info.alias or name]
    own = described.get("$ref", "").rpartition("/")[2]
    said = info.description or ""
    if own:
        whole = of["$defs"][own].get("description", "")
        body = [*([] if whole.startswith(said.rstrip(".")) else [said]), whole, table(of["$defs"][own])]
    else:
        default = f"; without it: `{described['default']}`" if "default" in described else ""
        body = [said, f"What to write: {kind(described)}{default}."]
    return _and(_joined(f"`{name}`", [*body, *parts(of, Settings, name, own)]), examples.of_setting(name))


def _playbook(examples: Examples) -> str:
    properties = schema.playbook()["properties"]
    body = [prose(PlaybookForm), keys(PlaybookForm, properties), *parts(schema.playbook(), PlaybookForm)]
    used = [(key, examples.of_key(key)) for key in PlaybookForm.model_fields if key not in ("when", "do")]
    used = [(PlaybookForm.model_fields[key].alias or key, found) for key, found in used]
    shown = [f"### `{key}`\n\n{_shown(found[0])}" for key, found in used if found]
    return _joined("A playbook: `NAME.yaml`", [*body, "## Examples of its keys", *shown])


def _segment(examples: Examples) -> str:
    of = schema.segment()
    body = [prose(SegmentForm), keys(SegmentForm, of["properties"]), *parts(of, SegmentForm)]
    return _and(_joined("A segment: `segments/NAME.yaml`", body), examples.of_file("segments/gold-active.yaml"))


def _test(examples: Examples) -> str:
    first, second = "purchase-voucher.test.yaml", "win-back-nobody.test.yaml"
    text = _and(files.test(), examples.of_file(first, "given") + examples.of_file(first, "tests", 0))
    nobody = examples.of_file(second, "given") + examples.about("given")
    return _and(text, nobody, "No consent, no address, held out")


def _joined(title: str, body: Sequence[str]) -> str:
    return "\n\n".join([f"# {title}", *(one for one in body if one)])


def _and(text: str, found: Sequence[Example], title: str = "Example") -> str:
    """A page with an example: the first, and where there are more of it."""
    return "\n\n".join([text, *_example(found, title)])


def _example(found: Sequence[Example], title: str) -> Iterator[str]:
    if not found:
        return
    first = found[0].file
    same = [one for one in found if one.file == first] if PurePosixPath(first).parts[0] in ("settings", "tests") else []
    yield f"## {title}\n\n" + "\n\n".join(map(_block, same or found[:1]))
    yield f"From {_link(first)}."
    others = list(dict.fromkeys(one.file for one in found if one.file != first))
    if others:
        more = f", and {len(others) - _MANY} more" if len(others) > _MANY else ""
        yield f"More of it: {', '.join(map(_link, others[:_MANY]))}{more}."


def _shown(example: Example) -> str:
    return f"{_block(example)}\n\nFrom {_link(example.file)}."


def _block(example: Example) -> str:
    kind = "markdown" if example.file.endswith(".md") else "yaml"
    return f"```{kind}\n{example.text}\n```"


def _link(file: str) -> str:
    """Where in the examples' workspace; `pages` knows the way there."""
    return f"[`{file}`](workspace:{file})"
