"""Is there enough for all: vouchers for everybody whom a playbook concerns now, and words in the languages they read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa

from engine.actions.voucher import IssueVoucher
from engine.sends import Saying
from engine.settings import Voucher
from engine.shop import Shop
from engine.source.problem import Place, Problem
from engine.store.vouchers import counts, free_codes
from engine.workspace.playbook import Playbook, Step

_RULE = "missing-translation"


@dataclass
class Enough:
    """Looks at the active playbooks of one shop on its store."""

    shop: Shop
    connection: sa.Connection
    now: datetime

    def problems(self, known: Sequence[Problem]) -> list[Problem]:
        """The problems that are known, those about languages with the numbers of customers; and what the store adds."""
        found = list(known)
        for playbook in self.shop.of_status("active"):
            found += self._vouchers(playbook)
            self._languages(playbook, found)
        return sorted(found, key=lambda one: (one.place, one.rule, one.text))

    # --- Vouchers ----------------------------------------------------------------------------------------------------

    def _vouchers(self, playbook: Playbook) -> Iterator[Problem]:
        if playbook.trigger.event_name is not None:
            return  # how many events there will be, nobody knows
        sure = set(_always(playbook))
        for step in playbook.steps.values():
            kind = self.shop.vouchers.get(step.action.voucher) if isinstance(step.action, IssueVoucher) else None
            if kind is not None and isinstance(step.action, IssueVoucher):
                severity = "error" if step.id in sure else "warning"
                for rule, text, help_ in self._lacking(playbook, step.action.voucher, kind):
                    place = self._place(playbook, step, step.action.voucher)
                    yield Problem(place, rule, text, (help_,), severity=severity)  # type: ignore[arg-type]

    def _lacking(self, playbook: Playbook, name: str, kind: Voucher) -> Iterator[tuple[str, str, str]]:
        if kind.at_most is None and kind.budget is None and kind.pool is None:
            return
        people = int(self._audience(playbook) * (1 - playbook.holdout))
        by_state = counts(self.connection, name)
        concerned = f"{people:,} customers are concerned now" if people != 1 else "1 customer is concerned now"
        if kind.budget is not None:
            currency = self.shop.settings.currency
            worth, budget = Voucher.minor(kind.value, currency) or 0, Voucher.minor(kind.budget, currency) or 0
            spent = sum(money for state, (_, money) in by_state.items() if state in ("issued", "redeemed"))
            if people * worth > budget - spent:
                scale = (worth or 1) / float(kind.value or 1)
                left, needed = (budget - spent) / scale, people * worth / scale
                text = f"{concerned}: {people:,} x {kind.value} is {needed:,g} {currency}, and {left:,g} of the budget is left"
                yield (
                    "budget",
                    text,
                    f"raise `budget` of `{name}` in settings/vouchers.yaml, or concern fewer customers",
                )
        if kind.at_most is not None:
            left_over = kind.at_most - sum(number for state, (number, _) in by_state.items() if state != "taken_back")
            if people > left_over:
                text = f"{concerned}, and {max(left_over, 0):,} vouchers `{name}` are left of {kind.at_most:,}"
                yield (
                    "budget",
                    text,
                    f"raise `at_most` of `{name}` in settings/vouchers.yaml, or concern fewer customers",
                )
        if kind.pool is not None and people > (stock := free_codes(self.connection, name)):
            text = f"{concerned}, and the pool of voucher `{name}` has {stock:,} codes"
            yield "stock", text, f"import more:  regulars voucher import {name} FILE"

    def _audience(self, playbook: Playbook) -> int:
        """How many customers meet the trigger's conditions and the playbook's own; a day's trigger concerns everybody once."""
        ground, catalogue = self.shop.ground(playbook), self.shop.catalogue
        trees = [tree for tree in (playbook.trigger.audience, playbook.condition) if tree is not None]
        compiled = [ground.compile(tree) for tree in trees]
        customers = catalogue.table(catalogue.customers.name)
        statement = sa.select(sa.func.count()).select_from(customers).where(*(one.expression for one in compiled))
        zone = self.shop.settings.zone
        params = {name: value for one in compiled for name, value in one.bind(self.now, zone).items()}
        return int(self.connection.execute(statement, params).scalar_one())

    # --- Languages ---------------------------------------------------------------------------------------------------

    @cached_property
    def _readers(self) -> Mapping[str, int]:
        """How many customers read which language."""
        catalogue = self.shop.catalogue
        if catalogue.language is None:
            return {}
        column = catalogue.table(catalogue.customers.name).c[catalogue.language]
        counted = sa.select(column, sa.func.count()).where(column.is_not(None), column != "").group_by(column)
        return {str(language): number for language, number in self.connection.execute(counted)}

    def _languages(self, playbook: Playbook, found: list[Problem]) -> None:
        for step in playbook.steps.values():
            if not isinstance(step.action, Saying) or step.action.to_staff:
                continue
            name = step.action.said()
            versions = self.shop.workspace.messages.get(name, {})
            lacking = {
                one: number for one, number in self._readers.items() if versions and not self._reads(one, versions)
            }
            if lacking:
                self._tell(self._place(playbook, step, name), name, lacking, sorted(versions), found)

    def _reads(self, language: str, versions: Mapping[str, object]) -> bool:
        fallback = self.shop.settings.fallback
        return any(one in versions for one in (language, fallback.get(language), language.split("-")[0]) if one)

    def _tell(
        self, place: Place, name: str, lacking: Mapping[str, int], versions: Sequence[str], found: list[Problem]
    ) -> None:
        readers = ", ".join(
            f"{number:,} customers read {language}" if number > 1 else f"1 customer reads {language}"
            for language, number in sorted(lacking.items())
        )
        first = min(lacking)
        said = [
            one for one in found if one.rule == _RULE and (one.place.file, one.place.line) == (place.file, place.line)
        ]
        for one in said:
            found[found.index(one)] = replace(one, notes=(*one.notes, readers))
        if not said:
            text = f"{readers}, but messages/{name} has only {', '.join(versions)}"
            help_ = f"add messages/{name}/{first}.md, or set `fallback: {{{first}: {versions[0]}}}` in settings/regulars.yaml"
            found.append(Problem(place, _RULE, text, (help_,), severity="warning"))

    def _place(self, playbook: Playbook, step: Step, word: str) -> Place:
        """The word in the step's line."""
        lines = self.shop.workspace.texts.get(playbook.file, "").splitlines()
        line = lines[step.line - 1] if step.line <= len(lines) else ""
        at = max(line.rfind(word), 0)
        return Place(playbook.file, step.line, at + 1, max(len(word), 1))


def _always(playbook: Playbook) -> Iterator[str]:
    """The steps that no branch leads around."""
    step = playbook.first
    seen: set[str] = set()
    while step is not None and step not in seen:
        seen.add(step)
        yield step
        step = playbook.steps[step].next
