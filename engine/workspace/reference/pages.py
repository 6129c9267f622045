"""The pages: one for each trigger, step, guard and setting, and one for each kind of file, linked from the first."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from pydantic import BaseModel

from engine.actions import ACTIONS
from engine.guards import GUARDS
from engine.settings import Settings
from engine.triggers import TRIGGERS
from engine.workspace import schema
from engine.workspace.forms import PlaybookForm, RehearsalForm, SegmentForm
from engine.workspace.load import Workspace
from engine.workspace.reference import catalogue
from engine.workspace.reference.examples import Example, Examples
from engine.workspace.reference.tables import keys, parts, prose, sentence

_INDEX = "README.md"
_HEAD = """# Reference

Every word of the files that a marketer writes. `regulars schema --reference` makes these pages from the declarations that the
engine itself reads by, and the examples from the example workspace, whose playbooks are checked and tested with every change;
do not edit them by hand. **Bold** keys must be there.
"""


def pages(workspace: Workspace) -> dict[str, str]:
    """Each page by its path below the folder of the reference. Examples are taken from `workspace`."""
    examples = Examples(workspace)
    made = {
        **{f"triggers/{word}.md": _trigger(word, examples) for word in TRIGGERS},
        **{f"steps/{verb}.md": _step(verb, examples) for verb in ACTIONS},
        **{f"guards/{name}.md": _guard(name, examples) for name in GUARDS},
        **{f"settings/{name}.md": _setting(name, examples) for name in Settings.model_fields},
        "playbook.md": _playbook(examples),
        "segment.md": _whole("A segment: `segments/NAME.yaml`", SegmentForm, "segment"),
        "test.md": _whole("A test: `tests/NAME.test.yaml`", RehearsalForm, "test"),
        "catalogue.md": catalogue.page(),
        **{f"{kind}.md": _named(kind) for kind in schema.KINDS if kind not in _OWN},
    }
    return {_INDEX: _index(made), **{name: text.rstrip() + "\n" for name, text in made.items()}}


#: Kinds of files with pages of their own make.
_OWN = ("playbook", "segment", "test", "catalogue", "settings")


def _index(made: Mapping[str, str]) -> str:
    groups = {
        "When a run begins: triggers": "triggers/",
        "What a run does: steps": "steps/",
        "What holds a message back: guards": "guards/",
        "Settings: `settings/regulars.yaml`": "settings/",
    }
    files = [name for name in made if "/" not in name]
    parts = [_HEAD, "## Files\n", *(_entry(name, made[name]) for name in sorted(files))]
    for title, folder in groups.items():
        parts += [f"\n## {title}\n", *(_entry(name, made[name]) for name in made if name.startswith(folder))]
    return "\n".join(parts) + "\n"


def _entry(name: str, text: str) -> str:
    title, _, rest = text.partition("\n")
    said = next((line for line in rest.splitlines() if line and line[0] not in "#|`-"), "")
    return f"* [{title.removeprefix('# ')}]({name}): {sentence(said)}"


def _trigger(word: str, examples: Examples) -> str:
    model, properties = TRIGGERS[word], schema.playbook()["$defs"]["trigger"]["properties"]
    inner = parts(schema.playbook(), model)
    return _page(f"`when: {word}`", [prose(model), keys(model, properties), *inner], examples.of_trigger(word))


def _step(verb: str, examples: Examples) -> str:
    model, properties = ACTIONS[verb], schema.playbook()["$defs"]["step"]["properties"]
    inner = parts(schema.playbook(), model)
    return _page(f"`{verb}`", [prose(model), keys(model, properties), *inner], examples.of_step(verb))


def _guard(name: str, examples: Examples) -> str:
    guard = GUARDS[name]
    told = prose(guard)
    position = list(GUARDS).index(name)
    order = f"Asked as number {position + 1} of {len(GUARDS)}, when a message is claimed and again at the last instant."
    return _page(f"`{name.replace('_', ' ')}`", [told, order], examples.about(name), "test")


def _setting(name: str, examples: Examples) -> str:
    info = Settings.model_fields[name]
    described = schema.settings()["properties"][info.alias or name]
    tables = parts(schema.settings(), Settings, only=name)
    body = [info.description or "", *(tables or [f"A {described.get('title') or described.get('type', 'text')}."])]
    return _page(f"`{name}`", body, examples.of_setting(name))


def _playbook(examples: Examples) -> str:
    properties = schema.playbook()["properties"]
    body = [prose(PlaybookForm), keys(PlaybookForm, properties), *parts(schema.playbook(), PlaybookForm)]
    used = [(key, examples.of_key(key)) for key in properties]
    shown = [f"### `{key}`\n\n{_shown(found[0])}" for key, found in used if found and key not in ("when", "do")]
    return "\n\n".join(["# A playbook: `NAME.yaml`", *body, "## Examples of its keys", *shown])


def _whole(title: str, model: type[BaseModel], kind: str) -> str:
    of = schema.KINDS[kind]()
    return "\n\n".join([f"# {title}", prose(model), keys(model, of["properties"]), *parts(of, model)])


def _named(kind: str) -> str:
    """A file that is a mapping of names."""
    of = schema.KINDS[kind]()
    return "\n\n".join([f"# `settings/{kind}.yaml`", of.get("description", ""), *parts(of, None)])


def _page(title: str, body: Sequence[str], found: Sequence[Example], of: str = "playbook") -> str:
    return "\n\n".join([f"# {title}", *(one for one in body if one), *_example(found, of)])


def _example(found: Sequence[Example], of: str) -> Iterator[str]:
    if not found:
        return
    yield f"## Example\n\n{_shown(found[0])}"
    others = list(dict.fromkeys(one.file for one in found if one.file != found[0].file))
    if others:
        kinds = "tests" if of == "test" else "playbooks"
        yield f"More of it in these {kinds}: {', '.join(map(_link, others))}."


def _shown(example: Example) -> str:
    return f"```yaml\n{example.text}\n```\n\nFrom {_link(example.file)}."


def _link(file: str) -> str:
    name = PurePosixPath(file)
    return f"`{'/'.join(name.parts[-2:] if name.parts[-2:-1] == ('tests',) else name.parts[-1:])}`"
