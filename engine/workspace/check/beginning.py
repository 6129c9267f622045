"""The beginning: what `when:` names must exist, and its keys must go together."""

from engine.calendars import ANYWHERE
from engine.source.near import near
from engine.triggers.anniversary import Anniversary
from engine.triggers.date import DateTrigger
from engine.triggers.holiday import HolidayTrigger
from engine.workspace.subject import Subject


def beginning(subject: Subject) -> None:
    """Notes what is wrong with the trigger beyond its form."""
    trigger = subject.trigger
    if isinstance(trigger, DateTrigger | Anniversary | HolidayTrigger):
        _one_side(subject, both=trigger.lead is not None and trigger.lag is not None)
    if isinstance(trigger, HolidayTrigger):
        _holiday(subject, trigger)


def _one_side(subject: Subject, *, both: bool) -> None:
    if both:
        place = subject.draft.source.key_place(("when", "lag"))
        subject.draft.add(place, "two-words", "`lead` and `lag` cannot both be", "keep one of them")


def _holiday(subject: Subject, trigger: HolidayTrigger) -> None:
    known, name = subject.known, trigger.holiday
    if name in known.holidays or name in known.broken_holidays:
        return
    place = subject.draft.source.place(("when", "holiday"))
    meant = near(name, known.holidays) or _of_other_word(name)
    there = ", ".join(sorted(known.holidays))
    help_ = f"did you mean `{meant}`?  (there are {there})" if meant in known.holidays else f"there are: {there}"
    new = f"or declare it in settings/holidays.yaml:  {name}: {{{ANYWHERE}: 12-25}}"
    subject.draft.add(place, "unknown-holiday", f"unknown holiday `{name}`", help_, new)


#: What people call a holiday whose id is another.
_OTHER_WORDS = {
    "chinese-new-year": "lunar-new-year",
    "spring-festival": "lunar-new-year",
    "seollal": "lunar-new-year",
    "tet": "lunar-new-year",
    "moon-festival": "mid-autumn",
    "xmas": "christmas",
    "new-years-day": "new-year",
    "valentine": "valentines-day",
    "russian-christmas": "orthodox-christmas",
    "qingming": "tomb-sweeping",
    "ramadan": "eid-al-fitr",
}


def _of_other_word(name: str) -> str | None:
    return _OTHER_WORDS.get(name)
