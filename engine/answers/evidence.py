"""The evidence for consent: every answer of a customer, in words."""

from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.store.customers import consent_log, consents


def answers(connection: sa.Connection, customer: str, zone: ZoneInfo, channel: str | None = None) -> list[str]:
    """The answers in their order, each with when, how and where from; the one that holds is marked."""
    key = ("channel", "topic", "given", "at")
    mine = [consents.c.customer_id == customer, *([consents.c.channel == channel] if channel else [])]
    standing = {
        tuple(row[name] for name in key): row for row in connection.execute(sa.select(consents).where(*mine)).mappings()
    }
    logged = [consent_log.c.customer_id == customer, *([consent_log.c.channel == channel] if channel else [])]
    order = (consent_log.c.at, consent_log.c.channel, consent_log.c.topic, consent_log.c.given)
    kept = {
        tuple(row[name] for name in key): row
        for row in connection.execute(sa.select(consent_log).where(*logged).order_by(*order)).mappings()
    }
    found = []
    for one, row in sorted({**standing, **kept}.items(), key=lambda pair: (pair[0][3], pair[0][:2], pair[0][2])):
        word = "agreed to" if row["given"] else "withdrew"
        topic = "every topic" if row["topic"] == "*" else row["topic"]
        source = f" ({row['source']})" if row["source"] else ""
        at = row["at"].astimezone(zone).strftime("%Y-%m-%d %H:%M")
        found.append(
            f"{at}  {word} {row['channel']}, {topic}: {row['how']}{source}{'  holds' if one in standing else ''}"
        )
    return found
