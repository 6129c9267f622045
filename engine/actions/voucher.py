"""voucher: issues a voucher to the customer, with a code of its own."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Move, Next, Run
from engine.literals import Duration, Name


class IssueVoucher(Action):
    """Issues a voucher of a declared kind; `as` names it for later steps and texts (`gift.code`, `gift.expires_at`)."""

    verb: ClassVar[str] = "voucher"

    voucher: Name = Field(description="The kind, as declared in settings/vouchers.yaml.")
    result: Name | None = Field(default=None, alias="as", description="Name under which later steps and texts find it.")
    expires: Duration | None = Field(default=None, description="How long it can be redeemed; without it, for ever.")

    def run(self, run: Run) -> Move:
        run.issue_voucher(self.voucher, self.result, self.expires.after(run.now, run.zone) if self.expires else None)
        return Next()
