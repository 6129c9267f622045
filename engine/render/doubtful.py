"""What is doubtful about a text for mails that can be sent all the same: its length, and pictures that nobody hears of."""

import re

from engine.render.message import Message
from engine.render.places import at_offset, place
from engine.source.problem import Problem

_PICTURE = re.compile(r"!\[\s*\]\([^)\n]*\)")
#: Gmail shows 102 kB of a mail and hides the rest, the way to leave with it; the layout takes about as much as the words.
_LONG = 50_000


def doubts_of_mail(message: Message) -> list[Problem]:
    """Warnings about the body."""
    part = message.body
    if part is None:
        return []
    found = [
        Problem(
            at_offset(message, part, one.start(), len(one[0])),
            "silent-picture",
            "a picture without words says nothing to those who do not see it",
            ("say in the square brackets what is to be seen:  ![a cup of tea](https://…)",),
            severity="warning",
        )
        for one in _PICTURE.finditer(part.text)
    ]
    size = len(part.text.encode())
    if size > _LONG:
        text = f"this text has {size // 1000} kB; a mail of more than 102 kB is cut off by Gmail, its end with the way to leave"
        at = place(message, part, 1, 1, 1)
        found.append(Problem(at, "long-mail", text, ("shorten it, or link to a page",), severity="warning"))
    return found
