"""The literal registry of actions: the verbs of the language."""

from collections.abc import Mapping

from engine.action import Action
from engine.actions.approve import Approve
from engine.actions.chat import Chat
from engine.actions.choose import Choose
from engine.actions.email import Email
from engine.actions.extend import Extend
from engine.actions.message import Message
from engine.actions.notify import Notify
from engine.actions.points import Points
from engine.actions.repeat import Repeat
from engine.actions.series import Series
from engine.actions.set import SetField
from engine.actions.sms import Sms
from engine.actions.split import Split
from engine.actions.stop import Stop
from engine.actions.tag import Tag
from engine.actions.task import GiveTask
from engine.actions.undo import Undo
from engine.actions.untag import Untag
from engine.actions.voucher import IssueVoucher
from engine.actions.wait import Wait
from engine.actions.wait_first import WaitFirst
from engine.actions.wait_for import WaitFor
from engine.actions.wait_until import WaitUntil
from engine.actions.webhook import Webhook

ACTIONS: Mapping[str, type[Action]] = {
    "email": Email,
    "sms": Sms,
    "chat": Chat,
    "message": Message,
    "notify": Notify,
    "webhook": Webhook,
    "voucher": IssueVoucher,
    "extend": Extend,
    "undo": Undo,
    "points": Points,
    "tag": Tag,
    "untag": Untag,
    "task": GiveTask,
    "approve": Approve,
    "wait": Wait,
    "wait_until": WaitUntil,
    "wait_for": WaitFor,
    "wait_first": WaitFirst,
    "choose": Choose,
    "split": Split,
    "repeat": Repeat,
    "series": Series,
    "set": SetField,
    "stop": Stop,
}
