"""What a code, or the words of another system, say of an address: that it is dead, full, or that the mail was not wanted."""

import re
from typing import Literal

#: dead: nobody has the address. full: later perhaps. refused: the mail was not taken, whatever is true of the address.
Meaning = Literal["dead", "full", "refused"]

# RFC 3463. Not 1.7 and 1.8, which speak of the sender's address, nor 1.5, which says that the address is valid.
_DEAD = frozenset({"1.0", "1.1", "1.2", "1.3", "1.4", "1.6", "1.10", "2.1"})
_FULL = frozenset({"2.2", "3.1"})
#: Codes that say nothing: what other words say counts instead.
_VAGUE = frozenset({"0.0", "1.0", "2.0", "3.0", "4.0", "5.0", "6.0", "7.0"})

_CODE = re.compile(r"(?<![\w.])([245])\.([0-7])\.(\d{1,3})(?![\w]|\.\d)")
_REPLY = re.compile(r"(?<![\w.-])([45])\d\d(?=[ -])")
_FULL_WORDS = re.compile(
    r"over ?quota|out of quota|quota.{0,20}exceed|exceed.{0,40}quota|mail ?box.{0,10}\bfull\b|full mailbox|"
    r"insufficient.{0,20}(?:storage|space)|空间不足|容量|已满|超出配额",
    re.IGNORECASE,
)
_DEAD_WORDS = re.compile(
    r"user unknown|unknown user|no such (?:user|recipient|mailbox|address|person)|user not found|"
    r"(?:recipient|mailbox|address|account|user)\b.{0,60}?(?:does(?: not|n't) exist|not found|is unknown|is disabled|"
    r"inactive|no longer)|"
    r"does(?: not|n't) have an? .{0,40}account|no mailbox (?:here )?by that name|unrouteable address|"
    r"invalid (?:recipient|mailbox)|mailbox unavailable|用户不存在|(?:收件人|地址|邮箱|帐号|账号).{0,60}?不存在|无此用户",
    re.IGNORECASE,
)
_LONGEST = 20_000


def code_in(text: str) -> str | None:
    """The first enhanced code of a refusal or a delay in a text: `5.1.1`. Addresses of the net look alike and are none."""
    return next((found[0] for found in _CODE.finditer(text[:_LONGEST]) if found[1] != "2"), None)


def is_passing(text: str) -> bool | None:
    """Whether the reply of a server in a text is one that may pass (4xx); None where there is no reply."""
    found = _REPLY.search(text[:_LONGEST])
    return found[1] == "4" if found else None


def meaning(status: str, said: str) -> Meaning:
    """What a status and the words beside it mean; a status that says nothing gives way to the code within the words."""
    detail = status.partition(".")[2]
    if detail in _VAGUE:
        better = code_in(said)
        if better is not None and better.partition(".")[2] not in _VAGUE:
            return meaning(better, "")
        return _by_words(said, unless="dead" if detail == "1.0" else "refused")
    if detail in _FULL:
        return "full"
    return "dead" if detail in _DEAD else "refused"


def _by_words(said: str, unless: Meaning) -> Meaning:
    if _FULL_WORDS.search(said[:_LONGEST]):
        return "full"
    return "dead" if _DEAD_WORDS.search(said[:_LONGEST]) else unless
