"""One address stays one address."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.addresses import fold_address, parse_address, parse_mailbox, parse_phone


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


@pytest.mark.parametrize(
    ("written", "prefix", "number"),
    [
        ("+49 30 1234567", None, "+49301234567"),
        (" +49-30/123.45-67 ", None, "+49301234567"),
        ("+49 (0)30 1234567", None, "+49301234567"),
        ("+1 (212) 555-0123", None, "+12125550123"),
        ("(+1) 212 555 0123", None, "+12125550123"),
        ("0049 30 1234567", None, "+49301234567"),
        ("＋86 138 1234 5678", None, "+8613812345678"),
        ("+82\u201010\u20111234\u20125678", None, "+821012345678"),
        ("tel:+49301234567", None, "+49301234567"),
        ("+12345678", None, "+12345678"),
        ("+123456789012345", None, "+123456789012345"),
        ("030 1234567", "+49", "+49301234567"),
        ("(030) 1234567", "+49", "+49301234567"),
        ("138 1234 5678", "+86", "+8613812345678"),
        ("86 138 1234 5678", "+86", "+8613812345678"),
        ("8 (912) 345-67-89", "+7", "+79123456789"),
        ("7 912 345 67 89", "+7", "+79123456789"),
        ("912 345-67-89", "+7", "+79123456789"),
        ("1 212 555 0123", "+1", "+12125550123"),
        ("010-1234-5678", "+82", "+821012345678"),
        ("06 6982", "+39", "+39066982"),
        ("392 1234567", "+39", "+393921234567"),
        ("+44 20 7946 0000", "+49", "+442079460000"),
    ],
)
def test_one_number(written: str, prefix: str | None, number: str) -> None:
    assert parse_phone(written, prefix) == number
    assert parse_phone(number) == number


@pytest.mark.parametrize(
    "written",
    [
        "", " ", "+", "030 1234567", "301234567", "+1234567", "+1234567890123456", "+0301234567", "+49 30 CALL NOW",
        "+49301234567 ext. 5", "+49301234567, +49301234568", "++49301234567", "+49+301234567", "+49301234567\r\nTo: +4930999",
        "'+49301234567", "+٤٩٣٠١٢٣٤٥٦٧", "112", "00000000",
    ],
)  # fmt: skip
def test_no_number(written: str) -> None:
    with pytest.raises(ValueError, match=r"phone number|country"):
        parse_phone(written)


@given(st.text(max_size=30), st.sampled_from([None, "+49", "+7", "+1", "+39"]))
@settings(max_examples=300)
def test_a_number_is_a_plus_and_digits_or_nothing(written: str, prefix: str | None) -> None:
    try:
        found = parse_phone(written, prefix)
    except ValueError:
        return
    assert found[0] == "+"
    assert found[1:].isascii()
    assert found[1:].isdigit()
    assert 8 <= len(found[1:]) <= 15
