"""Tokens of unsubscribe links."""

import re

import pytest
from itsdangerous import URLSafeSerializer

from engine.render import Leave, read_unsubscribe_token, unsubscribe_token

OLD, NEW = "an old secret of the shop", "a new secret of the shop"


def test_a_token_says_who_leaves_what_and_is_safe_in_a_url() -> None:
    token = unsubscribe_token([NEW], "c-17", "email", "offers")
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert read_unsubscribe_token([NEW], token) == Leave("c-17", "email", "offers")
    assert read_unsubscribe_token([NEW], unsubscribe_token([NEW], "c-17", "email", None)) == Leave(
        "c-17", "email", None
    )


def test_links_of_an_old_secret_keep_working_and_new_ones_take_the_new() -> None:
    before, after = unsubscribe_token([OLD], "c", "email", None), unsubscribe_token([OLD, NEW], "c", "email", None)
    assert read_unsubscribe_token([OLD, NEW], before) == Leave("c", "email", None)
    assert read_unsubscribe_token([NEW], after) == Leave("c", "email", None)
    assert read_unsubscribe_token([NEW], before) is None


@pytest.mark.parametrize("customer", ["c1", "客户", "a/b?c=d", "x" * 200])
def test_every_changed_letter_breaks_it(customer: str) -> None:
    token = unsubscribe_token([NEW], customer, "email", "offers")
    assert read_unsubscribe_token([NEW], token) == Leave(customer, "email", "offers")
    for place in range(len(token) - 1):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert read_unsubscribe_token([NEW], changed) is None


@pytest.mark.parametrize("token", ["", ".", "abc", "é", "a" * 5000, "\x00"])
def test_nonsense_is_no_token(token: str) -> None:
    assert read_unsubscribe_token([NEW], token) is None


def test_a_token_of_another_purpose_is_none_of_ours() -> None:
    other = URLSafeSerializer([NEW], salt="regulars.preferences").dumps(["c", "email", None])
    assert read_unsubscribe_token([NEW], str(other)) is None


@pytest.mark.parametrize("secrets", [[], ["short"], [NEW, ""]])
def test_a_secret_that_could_be_guessed_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="16 characters"):
        unsubscribe_token(secrets, "c", "email", None)
