"""The literal registry of triggers: the words that `when:` knows."""

from collections.abc import Mapping

from engine.trigger import Trigger
from engine.triggers.anniversary import Anniversary
from engine.triggers.cron import Cron
from engine.triggers.date import DateTrigger
from engine.triggers.enters import Enters
from engine.triggers.event import EventTrigger
from engine.triggers.every import Every
from engine.triggers.holiday import HolidayTrigger
from engine.triggers.leaves import Leaves
from engine.triggers.once import Once

TRIGGERS: Mapping[str, type[Trigger]] = {
    "event": EventTrigger,
    "enters": Enters,
    "leaves": Leaves,
    "date": DateTrigger,
    "anniversary": Anniversary,
    "holiday": HolidayTrigger,
    "every": Every,
    "cron": Cron,
    "once": Once,
}
