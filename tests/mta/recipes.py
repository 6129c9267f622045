"""The recipes' mails as they leave, written by the engine while the recipes' own tests play."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from engine.channels import Letter, Record
from engine.rehearse.play import play
from engine.rehearse.script import Case
from engine.rehearse.stage import Stage
from engine.rehearse.suite import Suite
from engine.workspace import Workspace, load

PLAYBOOKS = Path(__file__).parents[2] / "playbooks"


@cache
def examples() -> Workspace:
    """The example workspace."""
    return load(PLAYBOOKS)


def mails(*, whole: bool) -> dict[tuple[str, str, str], Letter]:
    """The mails by playbook, language and subject: each test in every language, or in one after the other by turns."""
    workspace, stage = examples(), Stage()
    assert workspace.settings is not None
    languages = workspace.settings.languages
    found = {}
    for number, (tests, case) in enumerate(Suite(workspace).chosen):
        for language in languages if whole else _turn(languages, number):
            for subject, letter in _played(workspace, stage, tests.playbook, _speaking(case, language)):
                found[tests.playbook, language, subject] = letter
    return found


def _turn(languages: Sequence[str], number: int) -> Sequence[str]:
    return (languages[number % len(languages)],)


def _speaking(case: Case, language: str) -> Case:
    people = {name: replace(person, row={**person.row, "language": language}) for name, person in case.people.items()}
    return replace(case, people=people)


def _played(workspace: Workspace, stage: Stage, playbook: str, case: Case) -> Iterator[tuple[str, Letter]]:
    record = Record()
    play(workspace, workspace.playbooks[playbook], case, stage, record)
    for letter in record.letters:
        if letter.channel == "email":
            head = letter.content.partition(b"\r\n\r\n")[0].decode("ascii")
            yield next(line for line in head.split("\r\n") if line.startswith("Subject:")), letter
