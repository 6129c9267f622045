"""The workspace that the killed daemons run: every kind of effect, and nothing that a model of ten lines cannot foretell."""

from pathlib import Path
from textwrap import dedent

#: Connections to the relay, and so the most mails that one process can have in the air.
CONNECTIONS = 5
#: Marketing messages that one customer gets within a day; those who order all the time meet it.
CAP = 25
#: From this sum of all orders on, in whole units of the currency.
MILESTONE = 1_000
POINTS = 10
SECRET = "the-killer-signs-with-this-and-nobody-else"
#: Who tells the events, and its key. In the store its events are named `SOURCE:ID`.
SOURCE, SOURCE_KEY = "webshop", "the-key-of-a-shop-in-the-tests"
WEBHOOK_SECRET = "whsec_" + "a2lsbGVya2lsbGVya2lsbGVya2lsbGVy"

_SETTINGS = """
brand: {{name: Fine Shop, address: '1 High Street, Springfield'}}
timezone: UTC
currency: EUR
web: {{url: 'https://shop.example/m'}}
topics:
  offers: {{title: Offers}}
channels:
  email:
    from: Fine Shop <hello@shop.example>
    host: 127.0.0.1
    port: {smtp}
    connections: {connections}
    timeout: 1 minute
  webhooks:
    till: {{url: TILL_URL, secret: TILL_SECRET}}
  allow_inside: [127.0.0.1]
limits:
  cap: {cap} per 1 day
  send_window: 00:00-23:59
sources:
  {source}: {{key: SHOP_KEY}}
delivery:
  evidence_wait: 1 minute
{more}
"""

_CATALOGUE = """
extends: built-in
events:
  parcel.received: {fields: {order_id: text}}
  parcel.praised: {fields: {order_id: text}}
  basket.left: {fields: {basket: text}}
"""

_VOUCHERS = """
gift: {title: A gift, value: 10, code: 'GIFT-{random}'}
"""

_PLAYBOOKS = {
    # One of everything that goes out, and a deed of the database, in one step of the engine.
    "receipt": """
        purpose: transactional
        key: event.order_id
        if_running: parallel
        when:
          event: order.paid
        do:
          - points: grant
            amount: {points}
          - webhook: till
            sends: [event.order_id, event.total]
          - email: receipt
    """,
    # A voucher that a mail mentions, and a run that sleeps until an event wakes it.
    "thanks": """
        topic: offers
        key: event.order_id
        if_running: parallel
        when:
          event: parcel.received
        do:
          - voucher: gift
            as: gift
            expires: 30 days
          - tag: thanked
          - email: thanks
          - wait_for: parcel.praised
            where: it.order_id is event.order_id
            within: 12 hours
            then:
              - email: praise
            else:
              - stop: silence
    """,
    # A wait that is over while the killing goes on.
    "reminder": """
        topic: offers
        key: event.basket
        if_running: parallel
        when:
          event: basket.left
        do:
          - email: basket
          - wait: 1 minute
          - email: basket-again
    """,
    # A membership that is kept, and changes by the sum of other rows.
    "milestone": """
        topic: offers
        when:
          enters:
            - customer.lifetime_spend >= {milestone}
        do:
          - tag: regular
          - email: milestone
    """,
    # Time alone.
    "minutes": """
        purpose: transactional
        enter: always
        if_running: parallel
        when:
          cron: "* * * * *"
        if:
          - customer.tier is platinum
        do:
          - points: grant
            amount: 1
    """,
}

_MESSAGES = {
    "receipt": "Order {{ event.order_id }} for {{ event.total | money }} is paid.",
    "thanks": "Your parcel {{ event.order_id }} has come. A gift: **{{ gift.code }}**, until {{ gift.expires_at | date }}.",
    "praise": "Thank you for the praise of {{ event.order_id }}.",
    "basket": "The basket {{ event.basket }} waits for you.",
    "basket-again": "The basket {{ event.basket }} still waits for you.",
    "milestone": "You are one of our regulars now.",
}

#: The mails of each playbook, in their order, for the model.
MAILS = {
    "receipt": ("receipt",),
    "thanks": ("thanks", "praise"),
    "reminder": ("basket", "basket-again"),
    "milestone": ("milestone",),
    "minutes": (),
}


def write_workspace(
    folder: Path,
    smtp: int,
    more: str = "",
    only: tuple[str, ...] = tuple(_PLAYBOOKS),
    connections: int = CONNECTIONS,
) -> Path:
    """Writes the files; `smtp` is the port of the relay, `more` further settings."""
    settings = _SETTINGS.format(smtp=smtp, source=SOURCE, connections=connections, cap=CAP, more=more)
    files = {
        "settings/regulars.yaml": settings,
        "settings/catalogue.yaml": _CATALOGUE,
        "settings/vouchers.yaml": _VOUCHERS,
    }
    for name in only:
        body = dedent(_PLAYBOOKS[name]).replace("{points}", str(POINTS)).replace("{milestone}", str(MILESTONE))
        files[f"{name}.yaml"] = f"playbook: {name}\nstatus: active\n{body}"
    for name, text in _MESSAGES.items():
        if any(name in MAILS[playbook] for playbook in only):
            files[f"messages/{name}/en.md"] = (
                f"---\nsubject: {name}\n---\nHello {{{{ customer.first_name }}}},\n\n{text}\n"
            )
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip(), encoding="utf-8")
    return folder


def environment(http: int) -> dict[str, str]:
    """The variables that the workspace asks for."""
    return {
        "REGULARS_SECRET": SECRET,
        "SHOP_KEY": SOURCE_KEY,
        "TILL_URL": f"http://127.0.0.1:{http}/till",
        "TILL_SECRET": WEBHOOK_SECRET,
    }
