"""No secret of the environment stands anywhere: not in logs, the store, sentences of faults, `why`, exports or the doctor."""

import zipfile
from pathlib import Path

import pytest

from engine.settings.secrets import named_secrets
from engine.workspace import load
from tests.cli.test_journey import User, user  # noqa: F401
from tests.faulty_http import closed_port

SETTINGS = """
brand: {{name: Fine Shop, address: '1 High Street, Springfield'}}
timezone: UTC
currency: EUR
topics:
  offers: {{title: Offers}}
channels:
  email:
    from: Fine Shop <hello@shop.example>
    host: 127.0.0.1
    port: {port}
    security: starttls
    user: shop
    password: RELAY_PASSWORD
    dkim: {{domain: shop.example, selector: s1, key: DKIM_KEY}}
  sms: {{provider: http, url: SMS_URL, headers: {{Authorization: SMS_KEY}}, fields: {{to: '{{to}}', text: '{{text}}'}}}}
  webhooks:
    courier: {{url: COURIER_URL, secret: COURIER_SECRET}}
sources:
  till: {{key: TILL_KEY}}
limits:
  send_window: 00:00-23:59
"""
PLAYBOOK = """
playbook: hello
topic: offers
when:
  enters: [customer.orders_count == 0]
  existing: include
do:
  - email: hello
  - sms: hello
  - webhook: courier
"""
MESSAGE = "---\nsubject: Hello\nsms: Hello.\n---\nHello.\n"
CANARY = "canary7Secret"
#: Each with a canary of its own; two do not fit their use, so that the sentence about that is looked at too.
ENVIRONMENT = {
    "REGULARS_SECRET": f"{CANARY}-of-our-own-links",
    "REGULARS_SECRET_OLD": f"{CANARY}-of-older-links",
    "RELAY_PASSWORD": f"{CANARY}-relay",
    "DKIM_KEY": f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
    "SMS_URL": "http://127.0.0.1:{port}/" + CANARY,
    "SMS_KEY": f"Bearer {CANARY}",
    "COURIER_URL": "http://127.0.0.1:{port}/hook/" + CANARY,
    "COURIER_SECRET": f"whsec_{CANARY}",
    "TILL_KEY": f"{CANARY}-till-key-of-24-letters",
}


@pytest.fixture
def shop(user: User) -> User:  # noqa: F811
    port = closed_port()
    user.writes("shop/settings/regulars.yaml", SETTINGS.format(port=port))
    user.writes("shop/thank-you.yaml", PLAYBOOK.replace("hello\ntopic", "thank-you\ntopic"))
    user.writes("shop/messages/hello/en.md", MESSAGE)
    user.writes("customers.csv", "id,email,phone,email_consent,sms_consent\nmei,mei@example.com,+49301234567,yes,yes\n")
    return user


def told(shop: User, *words: str, secrets: dict[str, str]) -> str:
    """All that a command says, faults of its own among it."""
    done = shop.types(*words, env=secrets)
    return f"{done.output}\n{done.exception!r}"


def test_every_variable_has_a_canary(shop: User) -> None:
    settings = load(shop.folder / "shop").settings
    assert settings is not None
    assert {name for _, name in named_secrets(settings)} <= {*ENVIRONMENT}


@pytest.mark.parametrize("fits", [False, True])
def test_no_canary_is_seen_anywhere(shop: User, fits: bool) -> None:
    port = str(closed_port())
    secrets = {name: value.replace("{port}", port) for name, value in ENVIRONMENT.items()}
    if fits:  # so far that messages are tried and fail on the way
        secrets["COURIER_SECRET"] = "whsec_" + "Y2FuYXJ5N1NlY3JldGNhbmFyeTdTZWNyZXQ="
        settings = shop.folder / "shop" / "settings" / "regulars.yaml"
        kept = [line for line in settings.read_text().splitlines() if "dkim:" not in line]
        shop.writes("shop/settings/regulars.yaml", "\n".join([*kept[:-2], *kept[-2:], ""]))
    folder = ("-w", str(shop.folder / "shop"))
    said = [
        told(shop, *words, secrets=secrets)
        for words in (
            ("import", "customers", str(shop.folder / "customers.csv"), *folder),
            ("tick", str(shop.folder / "shop")),
            ("status", str(shop.folder / "shop")),
            ("why", "mei", "thank-you", *folder),
            ("doctor", *folder),
            ("export", "mei", "--out", str(shop.folder / "mei.zip"), *folder),
            ("erase", "mei", "--yes", *folder),
        )
    ]
    with zipfile.ZipFile(shop.folder / "mei.zip") as archive:
        said += [archive.read(name).decode("utf-8", "replace") for name in archive.namelist()]
    hidden = (CANARY, "Y2FuYXJ5N1NlY3JldGNhbmFyeTdTZWNyZXQ")
    for text in said:
        assert not any(one in text for one in hidden), text
    for path in Path(shop.folder).glob("shop.sqlite*"):
        assert not any(one.encode() in path.read_bytes() for one in hidden), path
