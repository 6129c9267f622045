"""From a message and a customer to the bytes of a mail, or the words of an SMS or a chat message."""

from engine.render.check import Variable, elements, variables
from engine.render.job import Job, Refused
from engine.render.message import Message, Part, is_language, parse_message
from engine.render.mime import MailHeaders, build_mail
from engine.render.phrases import nearest
from engine.render.press import CannotWrite
from engine.render.presses import Presses, shared_presses
from engine.render.returns import LONGEST_LOCAL, Token, return_address, tokens_in
from engine.render.seal import SHORTEST_SECRET, seal, unseal
from engine.render.template import Content, Template, Unrenderable, compile_message, render, render_plain
from engine.render.unsubscribe import Leave, read_unsubscribe_token, unsubscribe_token
from engine.render.values import Money, Several

__all__ = [
    "LONGEST_LOCAL",
    "SHORTEST_SECRET",
    "CannotWrite",
    "Content",
    "Job",
    "Leave",
    "MailHeaders",
    "Message",
    "Money",
    "Part",
    "Presses",
    "Refused",
    "Several",
    "Template",
    "Token",
    "Unrenderable",
    "Variable",
    "build_mail",
    "compile_message",
    "elements",
    "is_language",
    "nearest",
    "parse_message",
    "read_unsubscribe_token",
    "render",
    "render_plain",
    "return_address",
    "seal",
    "shared_presses",
    "tokens_in",
    "unseal",
    "unsubscribe_token",
    "variables",
]
