"""The literal registry of actions: the verbs of the language."""

from collections.abc import Mapping

from engine.action import Action
from engine.actions.choose import Choose
from engine.actions.email import Email
from engine.actions.stop import Stop
from engine.actions.tag import Tag
from engine.actions.task import GiveTask
from engine.actions.untag import Untag
from engine.actions.voucher import IssueVoucher
from engine.actions.wait import Wait
from engine.actions.wait_for import WaitFor
from engine.actions.wait_until import WaitUntil

ACTIONS: Mapping[str, type[Action]] = {
    "email": Email,
    "voucher": IssueVoucher,
    "tag": Tag,
    "untag": Untag,
    "task": GiveTask,
    "wait": Wait,
    "wait_until": WaitUntil,
    "wait_for": WaitFor,
    "choose": Choose,
    "stop": Stop,
}
