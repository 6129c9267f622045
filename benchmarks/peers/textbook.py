"""An outbox in SQLite, Jinja2, EmailMessage and aiosmtplib over ten connections; each mail is marked when it was sent."""

import asyncio
import json
import sqlite3
import sys
import time
from email.message import EmailMessage
from email.policy import SMTP as AS_SMTP
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

from aiosmtplib import SMTP
from jinja2 import Environment, Template

_CONNECTIONS = 10


def main() -> None:
    """Takes the file of the work, and prints one line of JSON."""
    work = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    store = sqlite3.connect(work["store"], isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("CREATE TABLE outbox (id INTEGER PRIMARY KEY, recipient TEXT, context TEXT, sent INTEGER DEFAULT 0)")
    rows = [(one["customer"]["email"], json.dumps(one)) for one in work["contexts"]]
    store.execute("BEGIN")
    store.executemany("INSERT INTO outbox (recipient, context) VALUES (?, ?)", rows)
    store.execute("COMMIT")
    plain, page = Environment(), Environment(autoescape=True)
    parts = {name: (page if name == "html" else plain).from_string(text) for name, text in work["parts"].items()}
    before, began = _computed(), time.perf_counter()
    asyncio.run(_drain(store, parts, work))
    told = {"seconds": time.perf_counter() - began, "here": _computed() - before, "children": 0.0}
    assert store.execute("SELECT count(*) FROM outbox WHERE sent = 0").fetchone() == (0,)
    print(json.dumps(told))


async def _drain(store: sqlite3.Connection, parts: dict[str, Template], work: dict) -> None:
    rows = iter(store.execute("SELECT id, recipient, context FROM outbox WHERE sent = 0 ORDER BY id").fetchall())

    async def worker() -> None:
        async with SMTP(hostname="127.0.0.1", port=work["port"], local_hostname="bench.example") as client:
            for number, recipient, context in rows:
                await client.send_message(_mail(parts, number, recipient, json.loads(context), work["sender"]))
                store.execute("UPDATE outbox SET sent = 1 WHERE id = ?", (number,))

    await asyncio.gather(*(worker() for _ in range(_CONNECTIONS)))


def _mail(parts: dict[str, Template], number: int, recipient: str, context: dict, sender: str) -> EmailMessage:
    mail = EmailMessage(policy=AS_SMTP)
    mail["From"], mail["To"], mail["Subject"] = sender, recipient, parts["subject"].render(context)
    mail["Message-ID"] = f"<{number}@tea.example.com>"
    mail["List-Unsubscribe"] = "<https://tea.example.com/letters/0123456789>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(parts["text"].render(context))
    mail.add_alternative(parts["html"].render(context), subtype="html")
    return mail


def _computed() -> float:
    used = getrusage(RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
