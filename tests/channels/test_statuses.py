"""A status means one outcome, and a wait is never so short that we hammer, nor longer than ours."""

from datetime import timedelta

import pytest

from engine.channels import Done, Failed, Retry, Uncertain
from engine.channels.statuses import of_status, wait_of
from tests.channels.over_http import NOW

MINUTE = timedelta(minutes=1)
SHORTEST = timedelta(seconds=10)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_done(status: int) -> None:
    assert of_status(status, "r", None, addressed=True, keyed=False) == Done("r")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300, 304])
def test_redirects(status: int) -> None:
    found = of_status(status, "r", None, addressed=True, keyed=False)
    assert found == Failed(status, "r: redirects are not followed", suppress=False)


@pytest.mark.parametrize("status", [401, 402, 403, 407, 429, 503])
def test_nothing_else_would_get_through(status: int) -> None:
    assert of_status(status, "r", MINUTE, addressed=True, keyed=False) == Retry(MINUTE, status, "r", "relay")


@pytest.mark.parametrize("status", [408, 425, 500, 501, 502, 599])
def test_this_one_later(status: int) -> None:
    assert of_status(status, "r", MINUTE, addressed=True, keyed=False) == Retry(MINUTE, status, "r", "message")


@pytest.mark.parametrize("status", [400, 405, 409, 413, 415, 422, 451])
def test_never(status: int) -> None:
    assert of_status(status, "r", None, addressed=True, keyed=False) == Failed(status, "r", suppress=False)


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("addressed", [True, False])
def test_the_address_is_dead_where_it_was_asked_for(status: int, addressed: bool) -> None:
    assert of_status(status, "r", None, addressed=addressed, keyed=False) == Failed(status, "r", suppress=addressed)


def test_a_gateway_that_got_no_answer_leaves_a_doubt_unless_a_key_makes_the_second_time_harmless() -> None:
    assert of_status(504, "r", None, addressed=False, keyed=False) == Uncertain("r")
    assert of_status(504, "r", None, addressed=False, keyed=True) == Retry(None, 504, "r", "message")


@pytest.mark.parametrize("status", [100, 101, 199, 600, 999])
def test_what_is_no_answer(status: int) -> None:
    assert of_status(status, "r", None, addressed=False, keyed=True) == Uncertain("r")


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("90", timedelta(seconds=90)),
        ("0", SHORTEST),
        (" 5 ", SHORTEST),
        ("0" * 5000, SHORTEST),
        (" 11 ", timedelta(seconds=11)),
        ("99999999999999999999999", timedelta(hours=4)),
        ("Sun, 22 Nov 2026 12:01:00 GMT", MINUTE),
        ("Sun, 22 Nov 2026 14:01:00 +0200", MINUTE),
        ("Sunday, 22-Nov-26 12:01:00 GMT", MINUTE),
        ("Sun Nov 22 12:01:00 2026", MINUTE),
        ("Sun, 22 Nov 2026 11:00:00 GMT", SHORTEST),
        ("Sun, 22 Nov 2099 11:00:00 GMT", timedelta(hours=4)),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Nov 2026 12:01:00 GMT", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", SHORTEST),
        ("Mon, 01 Jan 2027 00:00:00 +99999999999999999999", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 99999999999999999999 Jan 2027 00:00:00 GMT", None),
    ],
)
def test_waits(written: str, wait: timedelta | None) -> None:
    assert wait_of({"retry-after": written}, NOW) == wait


def test_no_wait_is_asked_for() -> None:
    assert wait_of({}, NOW) is None
