"""The workspace of the simulation: a playbook for each way in which a customer can enter and a message can go."""

from functools import cache
from zoneinfo import ZoneInfo

from engine.source.printing import print_problems
from engine.workspace import Workspace, load_texts

SETTINGS = """
brand: {name: Fine Shop, address: '1 High Street, Springfield'}
timezone: Europe/Berlin
currency: EUR
topics:
  offers: {title: Offers}
channels:
  email: {from: Fine Shop <hello@shop.example>}
  webhooks: {till: {url: TILL_URL, secret: TILL_SECRET}}
limits:
  send_window: 08:00-20:00
  cap: 3 per 7 days
delivery: {evidence_wait: 12 hours, max_uncertain_resends: 1}
"""

SHOP = ZoneInfo("Europe/Berlin")
#: How often a customer may be told something, and within which hours of his day; as the settings say it.
CAP, PER_DAYS, OPENS, CLOSES = 3, 7, 8, 20

PLAYBOOKS = {
    "thanks": """
playbook: thanks
if_running: parallel
when: {event: order.paid}
do:
  - voucher: gift
    as: gift
  - email: thanks
  - points: grant
    amount: 10
  - wait: 2 days
  - email: reminder
  - tag: thanked
""",
    "receipt": """
playbook: receipt
purpose: transactional
if_running: parallel
when: {event: order.paid}
do:
  - email: receipt
  - webhook: till
    sends: [customer.id, event.order_id]
""",
    "win-back": """
playbook: win-back
when: {enters: [customer.last_order_at before 3 days ago]}
do:
  - email: miss-you
""",
    "birthday": """
playbook: birthday
when: {anniversary: customer.birthday, at: 09:00}
delivery: {on_uncertain: review}
do:
  - email: birthday
""",
    "weekly": """
playbook: weekly
when: {every: monday, at: 10:00}
delivery: {on_uncertain: resend}
do:
  - email: weekly
""",
}
#: What becomes of messages of which nobody knows, by playbook.
POLICIES = {
    "thanks": "assume_sent",
    "receipt": "resend",
    "win-back": "assume_sent",
    "birthday": "review",
    "weekly": "resend",
}
MESSAGES = ("thanks", "reminder", "receipt", "miss-you", "birthday", "weekly")
_TEXT = "---\nsubject: {name}\n---\nHello {{{{ customer.first_name | default('you') }}}}, this is {name}.\n"


#: The files, by their paths.
TEXTS = {
    "settings/regulars.yaml": SETTINGS,
    "settings/vouchers.yaml": "gift: {title: A gift, value: 5}\n",
    **{f"{name}.yaml": text for name, text in PLAYBOOKS.items()},
    **{f"messages/{name}/en.md": _TEXT.format(name=name) for name in MESSAGES},
}


@cache
def workspace() -> Workspace:
    """All of it, checked."""
    found = load_texts(TEXTS)
    assert not found.errors, print_problems(found.problems, found.texts)
    return found
