"""choose: takes the first branch whose conditions hold."""

from typing import ClassVar

from pydantic import Field

from engine.action import Action, Enter, Move, Next, Run
from engine.blocks import Conditions, Steps
from engine.conditions import Tree
from engine.settings.declared import Declared


class Branch(Declared):
    """One way: `if` with `do`, or `else` with its steps."""

    when: Conditions | None = Field(default=None, alias="if", description="All of these must hold.")
    do: Steps | None = Field(default=None, description="Steps of this branch.")
    otherwise: Steps | None = Field(default=None, alias="else", description="Steps for when no branch above holds.")


class Choose(Action):
    """Takes the first branch whose conditions hold; none is no mistake.

    With an `else` one of the branches runs: what all of them keep under one name, and is of one kind, exists also after the
    `choose`. A branch that ends the run with `stop` need not keep it.

    ```yaml
    - choose:
        - if: customer.tier is gold
          do:
            - voucher: gift-20
              as: coupon
              expires: 30 days
        - else:
            - voucher: gift-10
              as: coupon
              expires: 30 days
    - email: your-coupon             # says {{ coupon.code }}
    - wait_until: 7 days before coupon.expires_at
    ```

    The same holds for the ways of a `split`, for both ends of a `wait_for`, and for all branches of a `wait_first`.
    """

    verb: ClassVar[str] = "choose"

    choose: tuple[Branch, ...] = Field(min_length=1, description="The branches, tried from above.")

    def conditions(self) -> tuple[Tree, ...]:
        return tuple(branch.when for branch in self.choose if branch.when is not None)

    def forks(self) -> tuple[str, ...]:
        named = tuple(f"`{branch.when}`" if branch.when is not None else "`else`" for branch in self.choose)
        return named if self.choose[-1].when is None else (*named, "no branch")

    def run(self, run: Run) -> Move:
        for number, branch in enumerate(self.choose):
            if branch.when is None or run.holds(branch.when):
                return Enter(number)
        return Next()
