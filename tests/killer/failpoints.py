"""Which failpoints the killed daemons come to, and why the others are none of theirs."""

from engine.failpoints import FAILPOINTS

#: Failpoints that a daemon which only runs playbooks never comes to, by their beginning, and what kills there instead.
ELSEWHERE = {
    "bounce.": "a mailbox of returned mails; tests/bounces stops the program there",
    "web.": "the pages of customers; tests/web stops the program there",
    "import.": "`regulars import`; tests/store/importing stops the program there",
    "inbox.": "a watched folder; tests/store/importing stops the program there",
    "export.": "`regulars export`; tests/export stops the program there",
    "erase.": "`regulars erase`; tests/erase stops the program there",
    "upkeep.": "upkeep of what is days old; tests/states and tests/simulation stop the program there",
}


#: A life comes there once, when it begins or when a time is over.
ONCE = ("reap.half", "uncertain.decided", "render.child")
#: Those of `regulars serve`, which takes the events of a campaign.
EVENTS = [name for name in FAILPOINTS if name.startswith("events.")]


def failpoints_of_engine() -> list[str]:
    """Those of the engine that a campaign must come to."""
    return [name for name in FAILPOINTS if not name.startswith((*ELSEWHERE, "events."))]
