"""voucher: issues a voucher to the customer, with a code of its own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Run
from engine.catalogue import RESULTS, Catalogue
from engine.catalogue import Field as Shown
from engine.settings.change import Counted
from engine.settings.literals import Duration, Name


class IssueVoucher(Action):
    """Issues a voucher of a declared kind; `as` names it for later steps and texts (`gift.code`, `gift.expires_at`)."""

    verb: ClassVar[str] = "voucher"
    counts: ClassVar[Counted | None] = "vouchers"

    voucher: Name = Field(description="The kind, as declared in settings/vouchers.yaml.")
    result: Name | None = Field(default=None, alias="as", description="Name under which later steps and texts find it.")
    expires: Duration | None = Field(default=None, description="How long it can be redeemed; without it, for ever.")

    def makes(self, catalogue: Catalogue) -> Mapping[str, Mapping[str, Shown]]:
        fields = RESULTS["voucher"]
        if self.expires is not None:
            fields = {**fields, "expires_at": replace(fields["expires_at"], required=True)}
        return {self.result: fields} if self.result is not None else {}

    def shows(self) -> tuple[tuple[str, str], ...]:
        return (("voucher", self.voucher),)

    def run(self, run: Run) -> Move:
        expires_at = self.expires.after(run.now, run.zone) if self.expires else None
        return run.issue_voucher(self.voucher, self.result, expires_at)
