"""What a playbook can do at all, gathered from what its steps show."""

from dataclasses import replace
from typing import ClassVar

import pytest

from engine.action import Action
from engine.rehearse.vocabulary import Vocabulary
from tests.shop import playbook, workspace_of


class Wrap(Action):
    """An action whose word nobody has declared."""

    verb: ClassVar[str] = "wrap"

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("wrapped", "paper"),)


def test_a_word_that_is_not_declared_is_named_with_the_place_where_it_belongs() -> None:
    (found,) = workspace_of(playbook("one", "when: {event: order.paid}\ndo: [{tag: x}]")).playbooks.values()
    wrapping = replace(found, steps={name: replace(one, action=Wrap()) for name, one in found.steps.items()})
    with pytest.raises(LookupError, match=r"`wrap` shows `wrapped`, which is not in WORDS \(engine/happened\.py\)"):
        Vocabulary.of(wrapping)
