"""One address stays one address."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.addresses import fold_address, parse_address, parse_mailbox


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("mei@example.com", "mei@example.com"),
        ("  mei@example.com ", "mei@example.com"),
        ("Jo.Bloggs+tea@Shop.Example", "Jo.Bloggs+tea@shop.example"),
        ("x@müller.de", "x@xn--mller-kva.de"),
        ("o'neil@example.com", "o'neil@example.com"),
    ],
)
def test_one_address(written: str, parsed: str) -> None:
    assert parse_address(written) == parsed


@pytest.mark.parametrize(
    "written",
    [
        "",
        "   ",
        "mei",
        "@example.com",
        "mei@",
        "mei@localhost",
        "mei@example..com",
        "a@example.com, evil@example.com",
        "a@example.com;evil@example.com",
        "a@example.com evil@example.com",
        "a@b@example.com",
        "Mei <mei@example.com>",
        "<@a,@b:c@example.com>",
        '"a b"@example.com',
        '"a@example.com,b"@example.com',
        "a@example.com\r\nBcc: evil@example.com",
        "a@example.com\n",
        "a@exam\x00ple.com",
        "a\u2028@example.com",
        "邮箱@example.com",
        "a@[127.0.0.1]",
        "a(comment)@example.com",
        "a" * 65 + "@example.com",
        "a@" + "b" * 64 + ".com",
        "a@" + "b." * 150 + "com",
    ],
)
def test_not_one_address(written: str) -> None:
    with pytest.raises(ValueError, match=r"address"):
        parse_address(written)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.from_regex(r"[A-Za-z0-9._+-]{1,12}@[a-z0-9.-]{1,16}\.[a-z]{2,9}", fullmatch=True))
def test_the_short_way_decides_as_the_long_way(written: str) -> None:
    try:
        expected = validate_email(written, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        with pytest.raises(ValueError, match="address"):
            parse_address(written)
    else:
        assert parse_address(written) == expected


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("hello@shop.example", ("", "hello@shop.example")),
        ("Fine Shop <hello@shop.example>", ("Fine Shop", "hello@shop.example")),
        ('"Fine, \\"old\\" Shop" <hello@shop.example>', ('Fine, "old" Shop', "hello@shop.example")),
    ],
)
def test_a_mailbox_is_a_name_and_an_address(written: str, parsed: tuple[str, str]) -> None:
    assert parse_mailbox(written) == parsed


@pytest.mark.parametrize(
    "written", ["A <a@example.com>, B <b@example.com>", "A <>", "A\nB <a@example.com>", "A <a@b@c.com>"]
)
def test_not_a_mailbox(written: str) -> None:
    with pytest.raises(ValueError):
        parse_mailbox(written)


def test_addresses_that_differ_in_case_or_form_fold_together() -> None:
    assert fold_address(" Mei@Example.com ") == "mei@example.com"
    assert fold_address("jose\u0301@example.com") == fold_address("josé@example.com")
