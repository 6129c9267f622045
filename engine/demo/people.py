"""The demo's customers: everything but what they bought is made up from their number."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from engine.demo.chance import between, chance, pick
from engine.demo.names import NAMES

#: Language, country and zone; a line stands twice where more people live. Each language is at home in enough zones that
#: somewhere it is always between nine in the morning and nine in the evening.
_HOMES = (
    ("zh-CN", "CN", ""),  # without a zone of their own: the brand's
    ("zh-CN", "CN", "Asia/Shanghai"),
    ("zh-CN", "CN", "Asia/Shanghai"),
    ("zh-CN", "GB", "Europe/London"),
    ("zh-CN", "CA", "America/Vancouver"),
    ("en", "US", "America/New_York"),
    ("en", "US", "America/Los_Angeles"),
    ("en", "GB", "Europe/London"),
    ("en", "AU", "Australia/Sydney"),
    ("en", "IN", "Asia/Kolkata"),
    ("ru", "RU", "Europe/Moscow"),
    ("ru", "RU", "Europe/Moscow"),
    ("ru", "RU", "Asia/Novosibirsk"),
    ("ru", "RU", "Asia/Vladivostok"),
    ("ru", "US", "America/New_York"),
    ("ko", "KR", "Asia/Seoul"),
    ("ko", "KR", "Asia/Seoul"),
    ("ko", "US", "America/Los_Angeles"),
    ("ko", "DE", "Europe/Berlin"),
    ("ko", "NZ", "Pacific/Auckland"),
)
_TIERS = ("bronze",) * 11 + ("silver",) * 6 + ("gold",) * 2 + ("platinum",)
#: Of a thousand numbers, the few who work together.
_COLLEAGUES = 0.03
_STAFF = ("Wen", "Mila", "Joon")
_WITHOUT_CONSENT, _WITHOUT_ADDRESS = 0.05, 0.02
_WITH_PHONE, _WITH_CHAT, _PREFERS = 0.5, 0.2, 0.25


@dataclass(frozen=True)
class Person:
    """A customer, with the columns of a CSV file of customers."""

    id: str
    email: str
    phone: str
    first_name: str
    last_name: str
    language: str
    country: str
    timezone: str
    birthday: date
    member_since: date
    member_until: date | None
    wedding_day: date | None
    company: str
    preferred_channel: str
    chat: str
    tier: str
    account_manager: str
    created_at: datetime
    email_consent: str
    sms_consent: str

    def zone(self, of_brand: ZoneInfo) -> ZoneInfo:
        """Where the customer lives, as far as the shop knows."""
        return ZoneInfo(self.timezone) if self.timezone else of_brand


COLUMNS = tuple(field.name for field in fields(Person))


def person(number: str, first_day: date) -> Person:
    """The customer of that number, who signed up some weeks before the history begins."""
    language, country, zone = pick(_HOMES, number, "home")
    given, family = NAMES[language]
    first, first_latin = pick(given, number, "first")
    last, last_latin = pick(family, number, "last")
    tier = pick(_TIERS, number, "tier")
    joined = first_day - timedelta(days=between(5, 200, number, "joined"))
    signed_up = datetime(joined.year, joined.month, joined.day, between(0, 23, number, "hour"), tzinfo=UTC)
    reachable = chance(number, "address") >= _WITHOUT_ADDRESS
    agreed = chance(number, "consent") >= _WITHOUT_CONSENT
    phone = f"+86139{int(number):08}" if chance(number, "phone") < _WITH_PHONE else ""
    chat = f"chat-{number}" if chance(number, "chat") < _WITH_CHAT else ""
    return Person(
        id=number,
        email=f"{first_latin}.{last_latin}.{int(number)}@example.com" if reachable else "",
        phone=phone,
        first_name=first,
        last_name=last,
        language=language,
        country=country,
        timezone=zone,
        birthday=date(1940, 1, 1) + timedelta(days=between(0, 24_800, number, "born")),
        member_since=joined,
        member_until=joined + timedelta(days=between(300, 800, number, "until"))
        if tier in ("gold", "platinum")
        else None,
        wedding_day=date(1975, 1, 1) + timedelta(days=between(0, 16_000, number, "wed"))
        if chance(number, "married") < 0.15
        else None,
        company=f"company-{int(number) // 1000}" if chance(number, "company") < _COLLEAGUES else "",
        preferred_channel=_preferred(number, phone, chat),
        chat=chat,
        tier=tier,
        account_manager=pick(_STAFF, number, "staff"),
        created_at=signed_up,
        email_consent=signed_up.isoformat() if agreed else "no",
        sms_consent=signed_up.isoformat() if agreed and phone and chance(number, "sms") < 0.7 else "",
    )


def _preferred(number: str, phone: str, chat: str) -> str:
    """The channel that a customer chose, if any: one by which he can be reached."""
    ways = ["email", *(["sms", "call"] if phone else []), *(["chat"] if chat else [])]
    return pick(ways, number, "way") if chance(number, "prefers") < _PREFERS else ""
