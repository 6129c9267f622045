"""Tokens that are not ours, of every kind that somebody could try: each must be answered like all the others."""

import base64
import json
from hashlib import sha256

from itsdangerous import URLSafeSerializer

from engine.render import seal, unsubscribe_token
from tests.shop import SECRETS

GOOD = unsubscribe_token(SECRETS, "mei", "email", "offers", 1)
_RAW = base64.urlsafe_b64decode(GOOD + "=" * (-len(GOOD) % 4))
_SAID = ["mei", "email", "offers", 1]


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _flipped(bit: int) -> str:
    changed = bytearray(_RAW)
    changed[bit // 8] ^= 1 << (bit % 8)
    return _b64(bytes(changed))


def _signed(salt: str, secret: str = SECRETS[0], derivation: str = "hmac", said: object = _SAID[:3]) -> str:
    signer = {"digest_method": sha256, "key_derivation": derivation}
    return str(URLSafeSerializer([secret], salt=salt, signer_kwargs=signer).dumps(said))


HOSTILE: dict[str, str] = {
    **{f"cut to {length}": GOOD[:length] for length in (1, 2, 15, 16, 21, 22, 32, 43, len(GOOD) - 2, len(GOOD) - 1)},
    **{f"bit {bit} flipped": _flipped(bit) for bit in (0, 1, 7, 63, 127, 128, 129, 200, len(_RAW) * 8 - 1)},
    **{f"cut in front by {length}": GOOD[length:] for length in (1, 4, 16)},
    "longer by a letter": GOOD + "A",
    "longer by a block": _b64(_RAW + b" " * 16),
    "padded": GOOD + "==",
    "twice": GOOD + GOOD,
    "reversed": GOOD[::-1],
    "in capitals": GOOD.upper(),
    "in small letters": GOOD.lower(),
    "with a space": f"{GOOD[:9]} {GOOD[9:]}",
    "with a line break": f"{GOOD[:9]}%0a{GOOD[9:]}",
    "with a NUL": f"{GOOD}%00",
    "with a point": f"{GOOD}.",
    "in standard base64": base64.b64encode(b"\xff" * 48).decode().replace("/", "%2F"),
    "tag alone": _b64(_RAW[:16]),
    "tag of another": _b64(_RAW[:16] + base64.urlsafe_b64decode(unsubscribe_token(SECRETS, "tom", "email", "offers") + "==")[16:]),
    "blocks swapped": _b64(_RAW[:16] + _RAW[32:48] + _RAW[16:32]),
    "all zero": _b64(bytes(48)),
    "all ones": _b64(b"\xff" * 48),
    "text in the clear": _b64(json.dumps(_SAID).encode()),
    "text behind an empty tag": _b64(bytes(16) + json.dumps(_SAID).encode().ljust(32)),
    "a hash of the id": sha256(b"mei").hexdigest(),
    "an id": "mei",
    "an address": "mei@example.com",
    "an address, encoded": "mei%40example.com",
    "a number": "1",
    "another number": "2",
    "minus one": "-1",
    "a large number": "9" * 200,
    "a UUID": "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
    "a JWT without a signature": _b64(b'{"alg":"none"}') + "." + _b64(b'{"sub":"mei"}') + ".",
    "another secret": unsubscribe_token(["a secret of somebody else"], "mei", "email", "offers", 1),
    "the word for no secret": unsubscribe_token(["nothing-is-signed"], "mei", "email", "offers", 1),
    "purpose of the choices": seal(SECRETS, "preferences", ["mei"]),
    "purpose of undo": seal(SECRETS, "undo.2", ["mei", {}]),
    "purpose written otherwise": seal(SECRETS, "Unsubscribe", _SAID),
    "no purpose": seal(SECRETS, "", _SAID),
    "unknown customer": unsubscribe_token(SECRETS, "nobody", "email", "offers", 1),
    "customer of an empty name": unsubscribe_token(SECRETS, "", "email", "offers", 1),
    "signed for another purpose": _signed("regulars.preferences.1"),
    "signed without a purpose": _signed("itsdangerous"),
    "signed with another secret": _signed("regulars.unsubscribe.1", "a secret of somebody else"),
    "signed another way": _signed("regulars.unsubscribe.1", derivation="none"),
    "signed, of too few words": _signed("regulars.unsubscribe.1", said=["mei"]),
    "signed, but no list": _signed("regulars.unsubscribe.1", said={"customer": "mei"}),
    "signed, of an unknown customer": _signed("regulars.unsubscribe.1", said=["nobody", "email", None]),
    "SQL": "'%20OR%201=1--",
    "a template": "%7B%7B7*7%7D%7D",
    "a script": "%3Cscript%3Ealert(1)%3C%2Fscript%3E",
    "a way out of the folder": "..%2f..%2fetc%2fpasswd",
    "dots": "%2e%2e",
    "not UTF-8": "%ff%fe",
    "letters of another script": "%E9%80%80%E8%AE%A2",
    "a long one": "A" * 2048,
    "a longer one": "A" * 8000,
    "a semicolon": f"{GOOD};jsessionid=1",
    "slash behind": f"{GOOD}/",
    "a folder behind": f"{GOOD}/x",
}  # fmt: skip
