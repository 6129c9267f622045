"""Tokens of unsubscribe links."""

import base64
import re
from hashlib import sha256

import pytest
from itsdangerous import URLSafeSerializer

from engine.render import Leave, read_unsubscribe_token, seal, unseal, unsubscribe_token

OLD, NEW = "an old secret of the shop", "a new secret of the shop"


def _first_form(secret: str, *said: str | None) -> str:
    signer = {"digest_method": sha256, "key_derivation": "hmac"}
    return str(URLSafeSerializer([secret], salt="regulars.unsubscribe.1", signer_kwargs=signer).dumps(said))


def test_a_token_says_who_leaves_what_and_is_safe_in_a_url() -> None:
    token = unsubscribe_token([NEW], "c-17", "email", "offers", 12)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
    assert read_unsubscribe_token([NEW], token) == Leave("c-17", "email", "offers", 12)
    assert read_unsubscribe_token([NEW], unsubscribe_token([NEW], "c-17", "email", None)) == Leave(
        "c-17", "email", None
    )


def test_nothing_of_what_it_says_can_be_read_off_it() -> None:
    token = unsubscribe_token([NEW], "mei@example.com", "email", "offers")
    sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert not any(word in sealed for word in (b"mei", b"example", b"email", b"offers"))
    assert len(token) == len(unsubscribe_token([NEW], "mei", "email", "offers, news")), "nor how long an id is"


def test_the_same_values_give_the_same_token_and_others_another() -> None:
    said = [("c", "email", None), ("d", "email", None), ("c", "sms", None), ("c", "email", "offers")]
    tokens = {unsubscribe_token([NEW], *one) for one in said} | {unsubscribe_token([NEW], *one) for one in said}
    assert len(tokens) == len(said)


def test_links_of_an_old_secret_keep_working_and_new_ones_take_the_new() -> None:
    before, after = unsubscribe_token([OLD], "c", "email", None), unsubscribe_token([OLD, NEW], "c", "email", None)
    assert read_unsubscribe_token([OLD, NEW], before) == Leave("c", "email", None)
    assert read_unsubscribe_token([NEW], after) == Leave("c", "email", None)
    assert read_unsubscribe_token([NEW], before) is None


@pytest.mark.parametrize("customer", ["c1", "客户", "a/b?c=d", "x" * 200])
def test_every_changed_letter_breaks_it(customer: str) -> None:
    token = unsubscribe_token([NEW], customer, "email", "offers")
    assert read_unsubscribe_token([NEW], token) == Leave(customer, "email", "offers")
    for place in range(len(token)):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_unsubscribe_token([NEW], changed) is None
        assert read_unsubscribe_token([NEW], token[:place]) is None


def test_links_of_the_first_form_are_in_mails_and_work_for_ever() -> None:
    token = _first_form(NEW, "c-17", "email", "offers")
    assert read_unsubscribe_token([OLD, NEW], token) == Leave("c-17", "email", "offers")
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_unsubscribe_token([NEW], changed) is None


@pytest.mark.parametrize("token", ["", ".", "abc", "é", "a" * 5000, "\x00", "=", "AAAA" * 8, "a.b.c"])
def test_nonsense_is_no_token(token: str) -> None:
    assert read_unsubscribe_token([NEW], token) is None


def test_a_seal_of_one_purpose_is_broken_for_every_other() -> None:
    token = seal([NEW], "preferences", ["c", "email", None, None])
    assert unseal([NEW], "preferences", token) == ["c", "email", None, None]
    assert read_unsubscribe_token([NEW], token) is None
    assert unseal([NEW], "preferences", unsubscribe_token([NEW], "c", "email", None)) is None
    other = URLSafeSerializer([NEW], salt="regulars.preferences").dumps(["c", "email", None])
    assert read_unsubscribe_token([NEW], str(other)) is None


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, ""]])
def test_a_secret_that_could_be_guessed_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        unsubscribe_token(secrets, "c", "email", None)
    with pytest.raises(ValueError, match="16 characters"):
        read_unsubscribe_token(secrets, "abc")
